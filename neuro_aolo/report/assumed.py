"""What a run's figures rest on: parameters and prices with their grades, versions, and export checks."""

from collections import Counter

from neuro_aolo.report.facts import device_name
from neuro_aolo.runs.summary.summary import ExportFigures, Summary
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import Quantity, amount, count

_COLUMNS = ("what", "value", "grade", "source")


def assumptions(summary: Summary) -> list[Grid]:
    """The scenario's parameters, and the figures of each device, one table each."""
    groups: dict[str, list[tuple[Cell, ...]]] = {}
    for row in summary.assumptions:
        unit = "" if row.unit == "-" else f" {row.unit}"
        title = f"Scenario {summary.run.scenario}"
        if row.profile:
            title = f"{device_name(summary.priced, row.profile)} ({row.profile})"
        source = f"{row.source}; range {row.range}" if row.range else row.source
        groups.setdefault(title, []).append((row.key, f"{row.value}{unit}", row.grade, source))
    return [Grid(title, _COLUMNS, rows, stacks=True) for title, rows in groups.items()]


def grades(summary: Summary) -> list[str]:
    """How many parameters and figures there are of each grade, a sentence each."""
    scenario = Counter(row.grade for row in summary.assumptions if not row.profile)
    figures = Counter(row.grade.split(",")[0] for row in summary.assumptions if row.profile)
    sources = [
        f"{number} {summary.wording.grades.get(grade, grade)}" for grade, number in scenario.most_common()
    ]
    evidence = [f"{number} {grade}" for grade, number in figures.most_common()]
    return [
        f"{count(scenario.total())} parameters of the scenario: {', '.join(sources)}.",
        f"{count(figures.total())} figures of the devices: {', '.join(evidence)}.",
    ]


def made_with(summary: Summary) -> str:
    """What the figures were made with."""
    return ", ".join(
        f"{name} {version}" if version else f"{name} not installed"
        for name, version in summary.versions.items()
    )


def exports(summary: Summary) -> Grid | None:
    """How each exported file ran when it was run back; None where nothing was exported."""
    if not summary.exports:
        return None
    spiking = summary.run.kind == "spiking"
    rows: list[tuple[Cell, ...]] = []
    for check in summary.exports:
        slots = (count(check.slots), count(check.mismatches), count(check.traced)) if spiking else ()
        rows.append(
            (
                check.file if check.current else f"{check.file}, of an earlier network",
                check.run_by,
                count(check.decisions),
                *slots,
                _difference(check),
            )
        )
    of_slots = ("slots", "differ", "traced") if spiking else ()
    columns = ("file", "run by", "decisions", *of_slots, "largest error")
    return Grid("Exported files, each run back beside our simulator", columns, rows, stacks=True)


def _difference(check: ExportFigures) -> Quantity | str:
    return "" if check.action_difference is None else amount(check.action_difference, digits=2)
