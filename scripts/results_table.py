"""Tables of results for README.md and docs/results.md, of what ``neuro-aolo compare`` wrote below results/.

``python scripts/results_table.py`` prints every learner, ``--short`` those that the README shows.
"""

import argparse
import csv
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from neuro_aolo.report.learners import NAMES
from neuro_aolo.systems.names import load
from neuro_aolo.text.numbers import plain, significant

RESULTS = Path(__file__).parent.parent / "results"
SCENARIOS = ("paper", "mixed", "speech", "prompts")
RULES = ("shortest-answer", "log-linear", "mean-curve")
FITTED = ("optimum-table", "linear-cem", "regressed-mlp", "ridge", "boosting", "network")
FIRST = (*RULES, *FITTED, "constant")
"""What no actor of ours or of Stable-Baselines3 learns: rules, what is fitted, the best constant action."""
SHORT = (*RULES, "network", "spiking", "mlp", "diffusion")
"""Rules, what is fitted without knowing the optimum, and ours."""
RIVALS = ("sac", "td3", "ppo")
"""Of Stable-Baselines3; beside :data:`SHORT` stands the nearest on the scenario."""

HEAD = (
    "| scenario | learner | seeds | regret, %: median (worst) | violations, %: mean (worst) "
    "| time, s: median |",
    "|---|---|---:|---:|---:|---:|",
)

Cells = Sequence[Mapping[str, str]]


def rows(scenario: str, folder: Path = RESULTS, *, short: bool = False) -> list[str]:
    """One row per learner: what is not learnt first, infeasible learners last.

    Args:
        scenario: name of a shipped one.
        folder: with a folder of that name; there are no rows where the comparison was not made.
        short: whether only those are shown that the README shows.
    """
    file = folder / scenario / "cells.csv"
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        cells = list(csv.DictReader(stream))
    limit = load(scenario).scenario.limits.violation_rate
    names = dict.fromkeys(cell["learner"] for cell in cells if cell["learner"] != "oracle")
    of_each = {
        name: [cell for cell in cells if cell["learner"] == name] for name in sorted(names, key=_place)
    }
    in_order = sorted(of_each, key=lambda name: _mean_violations(of_each[name]) > limit)
    if short:
        nearest = sorted(
            (name for name in in_order if name in RIVALS),
            key=lambda name: (_mean_violations(of_each[name]) > limit, _median_regret(of_each[name])),
        )
        in_order = [name for name in in_order if name in (*SHORT, *nearest[:1])]
    return [_row(scenario, name, of_each[name], limit) for name in in_order]


def _row(scenario: str, learner: str, cells: Cells, limit: float) -> str:
    regret, violations = ([float(cell[key]) for cell in cells] for key in ("regret", "violation_rate"))
    seconds = [_seconds(cell) for cell in cells]
    infeasible = _mean_violations(cells) > limit
    shown = [
        scenario,
        NAMES.get(learner, learner),
        str(len(cells)),
        f"infeasible (limit {100.0 * limit:g})"
        if infeasible
        else f"{_percent(_median_regret(cells))} ({_percent(max(regret))})",
        f"{_percent(_mean_violations(cells))} ({_percent(max(violations))})",
        f"{statistics.median(seconds):.0f}" if any(seconds) else "",
    ]
    return f"| {' | '.join(shown)} |"


def _seconds(cell: Mapping[str, str]) -> float:
    """Processor time; of a cell that was made before it was measured, what was."""
    processor_s = float(cell.get("processor_s") or "nan")
    return processor_s if math.isfinite(processor_s) else float(cell["seconds"])


def _place(learner: str) -> int:
    return FIRST.index(learner) if learner in FIRST else len(FIRST)


def _median_regret(cells: Cells) -> float:
    return statistics.median(float(cell["regret"]) for cell in cells)


def _mean_violations(cells: Cells) -> float:
    """That of a policy of any seed."""
    return statistics.fmean(float(cell["violation_rate"]) for cell in cells)


def _percent(share: float) -> str:
    return plain(significant(100.0 * share, 3))


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="only the learners that the README shows")
    short = parser.parse_args().short
    print("\n".join((*HEAD, *(row for scenario in SCENARIOS for row in rows(scenario, short=short)))))


if __name__ == "__main__":
    main()
