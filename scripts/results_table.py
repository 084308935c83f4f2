"""The README's table of results, out of what ``neuro-aolo compare`` wrote below results/."""

import csv
import statistics
from collections.abc import Sequence
from pathlib import Path

from neuro_aolo.report.learners import NAMES
from neuro_aolo.text.numbers import plain, significant

RESULTS = Path(__file__).parent.parent / "results"
SCENARIOS = ("paper", "mixed", "speech")
HEAD = (
    "| scenario | learner | seeds | regret, %: median (worst) | violations, %: worst | time, s: median |",
    "|---|---|---:|---:|---:|---:|",
)


def rows(scenario: str, folder: Path = RESULTS) -> list[str]:
    """One row per learner, in the order of the comparison; none where it was not made."""
    file = folder / scenario / "cells.csv"
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        cells = list(csv.DictReader(stream))
    learners = dict.fromkeys(cell["learner"] for cell in cells if cell["learner"] != "oracle")
    return [_row(scenario, name, [cell for cell in cells if cell["learner"] == name]) for name in learners]


def _row(scenario: str, learner: str, cells: Sequence[dict[str, str]]) -> str:
    regret, violations, seconds = (
        [float(cell[key]) for cell in cells] for key in ("regret", "violation_rate", "seconds")
    )
    shown = [
        scenario,
        NAMES.get(learner, learner),
        str(len(cells)),
        f"{_percent(statistics.median(regret))} ({_percent(max(regret))})",
        _percent(max(violations)),
        f"{statistics.median(seconds):.0f}" if any(seconds) else "",
    ]
    return f"| {' | '.join(shown)} |"


def _percent(share: float) -> str:
    return plain(significant(100.0 * share, 3))


def main() -> None:
    """Print the table."""
    print("\n".join((*HEAD, *(row for scenario in SCENARIOS for row in rows(scenario)))))


if __name__ == "__main__":
    main()
