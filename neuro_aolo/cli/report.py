"""The command that reports on runs: a page of one, or of several side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo.cli.options import JsonOption, QuietOption
from neuro_aolo.cli.output import check_file, check_folder
from neuro_aolo.cli.terminal import out, say, show, with_old_keys
from neuro_aolo.errors import RunError
from neuro_aolo.runs.progress import stage

if TYPE_CHECKING:
    from neuro_aolo.runs.folder import RunFolder
    from neuro_aolo.runs.summary.summary import Summary


def report(
    run_dirs: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Folders that `train` or `run` wrote.")
    ],
    out_file: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Page to write; RUN/report.html if absent, of one run."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Print the tables and the whole answer, of one run.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write summary.json of each run, and a page of one run or of several side by side."""
    if len(run_dirs) == 1:
        report_run(run_dirs[0], as_json, out_file, full=full)
    else:
        from neuro_aolo.runs.folder import RunFolder

        _report_several([RunFolder.open(run_dir) for run_dir in run_dirs], as_json, out_file)


def report_run(run_dir: Path, as_json: bool, out_file: Path | None = None, *, full: bool = False) -> None:
    """Analyse a run, write summary.json and the page, and show what a reader should see first.

    Args:
        run_dir: folder of the run.
        as_json: whether the summary is printed as JSON.
        out_file: the page; in the folder where None.
        full: whether the tables and the whole answer are printed before.

    Raises:
        RunError: the page cannot be written to ``out_file``, or files of the run are missing or wrong.
    """
    from neuro_aolo.report.files import check_page
    from neuro_aolo.report.of_run import report
    from neuro_aolo.report.tables import print_details, print_opening
    from neuro_aolo.runs.files import PAGE

    target = out_file or run_dir / PAGE
    check_page(target)
    check_file(target)
    if run_dir.is_dir():
        check_folder(run_dir)
    with stage(f"{run_dir}: evaluating, simulating, pricing"):
        summary, page = report(run_dir, out_file)

    def in_text() -> None:
        if full:
            print_details(summary, out)
            say("")
        print_opening(summary, out)
        if not full:
            say(f"tables: neuro-aolo report {run_dir} --full")
        say(f"report: {page}")

    show(summary.to_dict(), as_json, in_text, summary.run.system)


def _report_several(folders: Sequence["RunFolder"], as_json: bool, out_file: Path | None) -> None:
    """Analyse the runs, write the summary.json of each, and one page with all of them side by side."""
    from neuro_aolo.report.files import check_page, write_page
    from neuro_aolo.report.html import render_several
    from neuro_aolo.report.side_by_side import Told, table
    from neuro_aolo.report.tables import as_rich

    if out_file is None:
        raise RunError(f"{len(folders)} runs share one page: give --out FILE for it")
    check_page(out_file)
    check_file(out_file)
    for folder in folders:
        check_folder(folder.path)
    names, curves = _names([folder.path for folder in folders]), [folder.metrics() for folder in folders]
    summaries = [_summarised(folder) for folder in folders]
    runs = [Told(*run) for run in zip(names, summaries, curves, strict=True)]
    write_page(out_file, render_several(runs))

    def in_text() -> None:
        out.print(as_rich(table(runs)))
        say(f"report: {out_file}")

    printed = {
        name: with_old_keys(summary.to_dict(), summary.run.system)
        for name, summary in zip(names, summaries, strict=True)
    }
    show({"report": str(out_file), "runs": printed}, as_json, in_text)


def _summarised(folder: "RunFolder") -> "Summary":
    """A run's summary, in its ``summary.json``."""
    from neuro_aolo.runs import answers

    with stage(f"{folder.path}: evaluating, simulating, pricing"):
        return answers.summary(folder.path)


def _names(paths: Sequence[Path]) -> list[str]:
    """The folders' own names, or as they were typed where two have the same.

    Raises:
        RunError: a run was given twice.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise RunError(f"{', '.join(map(str, paths))}: the same run twice: give each one once")
    names = [path.resolve().name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]
