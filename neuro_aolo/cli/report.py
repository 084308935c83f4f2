"""The command that reports on runs: a page of one, or of several side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo.cli.options import JsonOption, QuietOption
from neuro_aolo.cli.output import check_file, check_folder
from neuro_aolo.cli.progress import stage
from neuro_aolo.cli.terminal import out, say, show, with_old_keys
from neuro_aolo.errors import RunError

if TYPE_CHECKING:
    from neuro_aolo.runs.folder import RunFolder
    from neuro_aolo.runs.run import Run
    from neuro_aolo.runs.summary.summary import Summary

PAGE = "report.html"


def report(
    run_dirs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders that `train` or `run` wrote.")
    ],
    out_file: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Page to write; RUN/report.html if absent, of one run."),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write summary.json of each run, and a page of one run or of several side by side."""
    from neuro_aolo.runs.folder import RunFolder

    folders = [RunFolder.open(run_dir) for run_dir in run_dirs]
    if len(folders) == 1:
        report_run(folders[0], as_json, out_file)
    else:
        _report_several(folders, as_json, out_file)


def report_run(folder: "RunFolder", as_json: bool, out_file: Path | None = None) -> None:
    """Analyse a run, write summary.json and the page, and show the summary.

    Raises:
        RunError: the page cannot be written to ``out_file``, or files of the run are missing or wrong.
    """
    from neuro_aolo.report.html import check_page, render, write_page
    from neuro_aolo.report.tables import print_summary

    page = out_file or folder.path / PAGE
    check_page(page)
    check_file(page)
    check_folder(folder.path)
    curve = folder.metrics()
    run, summary = _summarised(folder)
    write_page(page, render(summary, curve))

    def in_text() -> None:
        print_summary(summary, out)
        say(f"report: {page}")

    show(summary.to_dict(), as_json, in_text, run.config.system)


def _report_several(folders: Sequence["RunFolder"], as_json: bool, out_file: Path | None) -> None:
    """Analyse the runs, write the summary.json of each, and one page with all of them side by side."""
    from neuro_aolo.report.html import check_page, render_several, write_page
    from neuro_aolo.report.side_by_side import Told, table
    from neuro_aolo.report.tables import as_rich

    if out_file is None:
        raise RunError(f"{len(folders)} runs share one page: give --out FILE for it")
    check_page(out_file)
    check_file(out_file)
    for folder in folders:
        check_folder(folder.path)
    names, curves = _names([folder.path for folder in folders]), [folder.metrics() for folder in folders]
    summarised = [_summarised(folder) for folder in folders]
    summaries = [summary for _, summary in summarised]
    runs = [Told(*run) for run in zip(names, summaries, curves, strict=True)]
    write_page(out_file, render_several(runs))

    def in_text() -> None:
        out.print(as_rich(table(runs)))
        say(f"report: {out_file}")

    printed = {
        name: with_old_keys(summary.to_dict(), run.config.system)
        for name, (run, summary) in zip(names, summarised, strict=True)
    }
    show({"report": str(out_file), "runs": printed}, as_json, in_text)


def _summarised(folder: "RunFolder") -> tuple["Run", "Summary"]:
    """A run, and its summary, newly written."""
    from neuro_aolo.runs.run import Run
    from neuro_aolo.runs.summarise import summarise, write_summary

    with stage(f"{folder.path}: evaluating, simulating, pricing"):
        run = Run.open(folder)
        summary = summarise(run)
        write_summary(run, summary)
    return run, summary


def _names(paths: Sequence[Path]) -> list[str]:
    """The folders' own names, or as they were typed where two have the same.

    Raises:
        RunError: a run was given twice.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise RunError(f"{', '.join(map(str, paths))}: the same run twice: give each one once")
    names = [path.resolve().name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]
