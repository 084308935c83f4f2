"""The command that reports on runs: a page of one, or of several side by side."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuro_aolo.cli.terminal import JsonOption, busy, out, say, show
from neuro_aolo.errors import RunError

if TYPE_CHECKING:
    from neuro_aolo.runs.analysis import Analysis
    from neuro_aolo.runs.folder import RunFolder

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
    curve = folder.metrics()
    summary = _summarised(folder)
    write_page(page, render(summary, curve))

    def in_words() -> None:
        print_summary(summary, out)
        say(f"report: {page}")

    show(summary, as_json, in_words)


def _report_several(folders: Sequence["RunFolder"], as_json: bool, out_file: Path | None) -> None:
    """Analyse the runs, write the summary.json of each, and one page with all of them side by side."""
    from neuro_aolo.report.html import check_page, render_several, write_page
    from neuro_aolo.report.side_by_side import Told, table
    from neuro_aolo.report.tables import as_rich

    if out_file is None:
        raise RunError(f"{len(folders)} runs share one page: give --out FILE for it")
    check_page(out_file)
    names, curves = _names([folder.path for folder in folders]), [folder.metrics() for folder in folders]
    summaries = [_summarised(folder) for folder in folders]
    runs = [Told(*run) for run in zip(names, summaries, curves, strict=True)]
    write_page(out_file, render_several(runs))

    def in_words() -> None:
        out.print(as_rich(table(runs)))
        say(f"report: {out_file}")

    show({"report": str(out_file), "runs": {run.name: run.summary for run in runs}}, as_json, in_words)


def _summarised(folder: "RunFolder") -> dict[str, Any]:
    """What a run's summary.json says, newly written."""
    from neuro_aolo.runs.analysis import Analysis
    from neuro_aolo.runs.summary import full_summary

    with busy(f"{folder.path}: evaluating, exporting, simulating, pricing"):
        analysis = Analysis(folder)
        summary = full_summary(analysis)
        folder.write_summary(summary)
        folder.write_emissions(_emissions(analysis, summary))
    return summary


def _emissions(analysis: "Analysis", summary: Mapping[str, Any]) -> str:
    """The run's energy and carbon as CodeCarbon writes it; the time is that of the end of the training."""
    from neuro_aolo.agent.checkpoint import WEIGHTS
    from neuro_aolo.carbon.emissions_csv import emissions_csv, rows

    folder, scenario = analysis.folder.path, analysis.config.scenario
    trained = datetime.fromtimestamp((folder / WEIGHTS).stat().st_mtime, tz=UTC)
    countries = {"dc": scenario.dc_country, "bs": scenario.bs_country}
    name = folder.resolve().name
    return emissions_csv(rows(summary["ledger"], analysis.saved.training, name, trained, countries))


def _names(paths: Sequence[Path]) -> list[str]:
    """The folders' own names, or as they were typed where two have the same.

    Raises:
        RunError: a run was given twice.
    """
    if len({path.resolve() for path in paths}) < len(paths):
        raise RunError(f"{', '.join(map(str, paths))}: the same run twice: give each one once")
    names = [path.resolve().name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]
