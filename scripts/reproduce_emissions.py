"""What the paper on emissions per bit says, beside what its equations give: rows with a bar and a verdict.

    python scripts/reproduce_emissions.py                  16 weeks, into results/emissions_per_bit
    python scripts/reproduce_emissions.py --weeks 4 --out /tmp/rows

Rows are kept in OUT/cells, so that the same command goes on after an interrupt; one that was made with other
settings, or with other equations, is refused, and made again by ``--overwrite``. The exit code is 1 where a
bar is missed.

References:
    C. Kurisummoottil Thomas et al. (2025), arXiv:2509.02395.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from curves.cells import kept
from emissions.default_cell import accounting, clocks, loads, tie_breaks
from emissions.study import SEED, Row
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.files import write_whole
from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.task import EmissionsPerBitTask

ROOT = Path(__file__).parent.parent
GROUPS: Mapping[str, Callable[[int], list[Row]]] = {
    "accounting": accounting,
    "tie-breaks": tie_breaks,
    "clocks": clocks,
    "loads": loads,
}


def main() -> int:
    """Print and write every row; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weeks", type=int, default=16)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "emissions_per_bit")
    parser.add_argument("--overwrite", action="store_true", help="make again what has other settings")
    typed = parser.parse_args()
    all_rows: list[Row] = []
    settings = {"weeks": typed.weeks, "seed": SEED, "day_g": day_g()}
    for name, rows in GROUPS.items():
        for row in kept_rows(typed.out / "cells" / f"{name}.json", settings, rows, overwrite=typed.overwrite):
            all_rows.append(row)
            verdict = "met   " if row.is_met else "MISSED"
            print(f"{row.number:>3}  {verdict}  {row.claim}: {row.result}", flush=True)
    write_whole(typed.out / "README.md", page(all_rows, typed.weeks))
    return 0 if all(row.is_met for row in all_rows) else 1


def kept_rows(
    file: Path, settings: Mapping[str, object], rows: Callable[[int], list[Row]], *, overwrite: bool
) -> list[Row]:
    """The rows in ``file``, made there where they are missing."""
    weeks = int(str(settings["weeks"]))
    found = kept(
        file,
        settings,
        lambda: {"rows": [asdict(row) for row in rows(weeks)]},
        overwrite=overwrite,
        keys=frozenset({"rows"}),
    )
    return [Row(**row) for row in found["rows"]]


def day_g() -> float:
    """Carbon at its sources of a day of random decisions: the equations, as one number in g."""
    task, rng = EmissionsPerBitTask(Cell()), np.random.default_rng(SEED)
    states, grams = task.reset(8, rng), 0.0
    for _ in range(24):
        decided = task.decide(states, rng.uniform(-1.0, 1.0, (8 * task.spec.agents, 2)))
        grams += float(decided.sourced.source_g.sum())
        states = task.follow(states, decided, rng).next_states
    return round(grams, 1)


def page(rows: Sequence[Row], weeks: int) -> str:
    """The rows as a page."""
    lines = [
        "# Emissions per bit: what the equations give",
        "",
        f"`python scripts/reproduce_emissions.py --weeks {weeks}`; {weeks} weeks of the default cell, seed "
        f"{SEED}. Rows that need a learner or a real grid are still to come.",
        "",
        "| row | claim | result | bar | met |",
        "|---:|---|---|---|---|",
        *(f"| {' | '.join((row.number, row.claim, row.result, row.bar, _verdict(row)))} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def _verdict(row: Row) -> str:
    return "yes" if row.is_met else "no"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NeuroAoloError as error:
        sys.exit(f"error: {error}")
