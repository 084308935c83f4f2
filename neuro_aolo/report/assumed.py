"""What a run's figures rest on: parameters and prices with their grades, versions, and export checks."""

from collections import Counter

from neuro_aolo.report.facts import Summary, device_name
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import Quantity, amount, count

_COLUMNS = ("what", "value", "grade", "source")
_GRADES = {
    "AOLO, table": "from AOLO's table",
    "AOLO": "from elsewhere in AOLO",
    "restored": "restored from what its print lost",
    "chosen": "chosen by this project",
    "CodeCarbon": "from CodeCarbon's data",
    "scenario": "from this scenario or its traces",
}


def assumptions(summary: Summary) -> list[Grid]:
    """The scenario's parameters, and the figures of each device, one table each."""
    groups: dict[str, list[tuple[Cell, ...]]] = {}
    for row in summary["assumptions"]:
        profile, _, name = row["what"].rpartition(": ")
        unit = "" if row["unit"] == "-" else f" {row['unit']}"
        title = (
            f"{device_name(summary, profile)} ({profile})" if profile else f"Scenario {summary['scenario']}"
        )
        cells = (name, f"{row['value']}{unit}", row["grade"], row["source"])
        groups.setdefault(title, []).append(cells)
    return [Grid(title, _COLUMNS, rows, stacks=True) for title, rows in groups.items()]


def grades(summary: Summary) -> list[str]:
    """How many parameters and figures there are of each grade, in words."""
    rows = summary["assumptions"]
    scenario = Counter(row["grade"] for row in rows if ": " not in row["what"])
    figures = Counter(row["grade"].split(",")[0] for row in rows if ": " in row["what"])
    told = [f"{number} {_GRADES.get(grade, grade)}" for grade, number in scenario.most_common()]
    evidence = [f"{number} {grade}" for grade, number in figures.most_common()]
    return [
        f"{count(scenario.total())} parameters of the scenario: {', '.join(told)}.",
        f"{count(figures.total())} figures of the devices: {', '.join(evidence)}.",
    ]


def versions(summary: Summary) -> str:
    """What the figures were made with."""
    found = summary["versions"].items()
    return ", ".join(f"{name} {version}" if version else f"{name} not installed" for name, version in found)


def exports(summary: Summary) -> Grid | None:
    """How each exported file ran when it was run back; None where nothing was exported."""
    if not summary["exports"]:
        return None
    rows: list[tuple[Cell, ...]] = [
        (
            check["file"] if check["current"] else f"{check['file']}, of an earlier network",
            check["run_by"],
            *(count(check[key]) for key in ("decisions", "slots", "mismatches", "traced")),
            _difference(check["action_difference"]),
        )
        for check in summary["exports"]
    ]
    columns = ("file", "run by", "decisions", "slots", "differ", "traced", "largest error")
    return Grid("Exported files, each run back beside our simulator", columns, rows, stacks=True)


def _difference(value: float | None) -> Quantity | str:
    return "" if value is None else amount(value, digits=2)
