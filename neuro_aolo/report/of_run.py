"""The page of a run, written where it is asked for, and not drawn again where nothing changed."""

import hashlib
from pathlib import Path

from neuro_aolo.report.files import check_page, write_page
from neuro_aolo.runs import answers
from neuro_aolo.runs.files import PAGE
from neuro_aolo.runs.kept import Question
from neuro_aolo.runs.summary.part import Part
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.systems.system import System


class _Drawn(Part):
    """That the page of a summary was drawn."""


def report(path: Path, page: Path | None = None, *, system: System | None = None) -> tuple[Summary, Path]:
    """Analyse a run, write its ``summary.json``, its emissions' files and its page.

    Args:
        path: the run's folder.
        page: where the page goes; ``report.html`` in that folder where None.
        system: what is controlled, where that is no shipped system.

    Returns:
        The summary, and where the page is.

    Raises:
        RunError: the page cannot be written, or files of the run are missing or wrong.
    """
    target = page or path / PAGE
    check_page(target)
    summary = answers.summary(path, system=system)
    drawn = Question(path, "page", {"summary": hashlib.sha256(summary.to_json().encode()).hexdigest()})
    if system is None and drawn.answer(_Drawn, (PAGE,)) is not None:
        if target.resolve() != (path / PAGE).resolve():
            write_page(target, (path / PAGE).read_text(encoding="utf-8"))
        return summary, target
    from neuro_aolo.report.html import render
    from neuro_aolo.runs.folder import RunFolder

    key = drawn.key()
    write_page(target, render(summary, RunFolder(path, system).metrics()))
    if page is None and system is None:
        drawn.keep(_Drawn(), key, (PAGE,))
    return summary, target
