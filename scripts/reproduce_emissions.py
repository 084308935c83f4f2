"""What the paper on emissions per bit says, beside what its equations give: rows with a bar and a verdict.

    python scripts/reproduce_emissions.py                  16 weeks, into results/emissions_per_bit
    python scripts/reproduce_emissions.py --weeks 4 --out /tmp/rows --traces DIR

Rows are kept in OUT/cells, so that the same command goes on after an interrupt; one that was made with other
settings, or with other equations, is refused, and made again by ``--overwrite``. Rows of real grids are made
where DIR holds gb_2020.csv and fr_2020.csv (see emissions/real_grids.py). What was learnt are cells that
scripts/learn_emissions.py has made. The exit code is 1 where a bar is missed.

References:
    C. Kurisummoottil Thomas et al. (2025), arXiv:2509.02395.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import torch

from curves.cells import Values, kept
from emissions.default_cell import accounting, clocks, loads, tie_breaks
from emissions.fronts import TITLES, Front, front, front_rows
from emissions.learnt import FRONT, KEYS, NO_BAR, Group, points
from emissions.learnt import GROUPS as GROUPS_LEARNT
from emissions.learnt import row as learnt_row
from emissions.learnt import settings as learnt_settings
from emissions.real_grids import clean_grid, forecasts, predictor
from emissions.study import SEED, Row
from neuro_aolo.errors import NeuroAoloError, RunError
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
OF_TRACES: Mapping[str, tuple[str, Callable[[Path, int], list[Row]]]] = {
    "forecasts": ("gb_2020.csv", forecasts),
    "clean-grid": ("fr_2020.csv", clean_grid),
    "predictor": ("gb_2020.csv", predictor),
}
MOST_WEEKS_OF_A_TRACE = 6


def main() -> int:
    """Print and write every row; 1 where a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--weeks", type=int, default=16)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "emissions_per_bit")
    parser.add_argument("--traces", type=Path, metavar="DIR", help="of gb_2020.csv and fr_2020.csv")
    parser.add_argument("--overwrite", action="store_true", help="make again what has other settings")
    typed = parser.parse_args()
    torch.set_num_threads(1)
    all_rows: list[Row] = []
    for rows in made(typed.out / "cells", typed.weeks, typed.traces, overwrite=typed.overwrite):
        for row in rows:
            all_rows.append(row)
            verdict = "met   " if row.is_met else "MISSED"
            print(f"{row.number:>3}  {verdict}  {row.claim}: {row.result}", flush=True)
    write_whole(typed.out / "README.md", page(all_rows, typed.weeks))
    return 0 if all(row.is_met for row in all_rows) else 1


def made(cells: Path, weeks: int, traces: Path | None, *, overwrite: bool) -> Iterator[list[Row]]:
    """All rows, those that are kept and those that are missing.

    Args:
        cells: folder of what is kept.
        weeks: of each row.
        traces: folder of real grids; without it rows of these that are not kept are left out.
        overwrite: make again what was made with other settings.

    Raises:
        RunError: a cell is damaged, has other settings, or its trace is missing.
    """
    settings = {"weeks": weeks, "seed": SEED, "day_g": day_g()}
    on_a_trace = settings | {"weeks": min(weeks, MOST_WEEKS_OF_A_TRACE)}
    for name, rows in GROUPS.items():
        yield kept_rows(cells / f"{name}.json", settings, partial(rows, weeks), overwrite=overwrite)
    for name, (trace, of_trace) in OF_TRACES.items():
        file = cells / f"{name}.json"
        if traces is None and not file.exists():
            print(f"     left out: {name}, which needs {trace}: give --traces DIR", flush=True)
            continue
        make = partial(_of_trace, of_trace, traces, trace, on_a_trace["weeks"])
        yield kept_rows(file, on_a_trace, make, overwrite=overwrite)
    known = {
        kind: kept_points(cells / f"front-{kind}.json", settings, partial(front, kind, weeks), overwrite)
        for kind in TITLES
    }
    yield learnt_rows(cells, overwrite=overwrite)
    yield front_rows(known, learnt_front(cells, overwrite=overwrite))


def finished_cells(group: Group, cells: Path, *, overwrite: bool) -> list[Values]:
    """What scripts/learn_emissions.py has finished of a group."""
    files = [(seed, cells / f"learnt-{group.name}-{seed}.json") for seed in range(group.seeds)]
    return [
        kept(file, learnt_settings(group, seed), dict, overwrite=overwrite, keys=KEYS)
        for seed, file in files
        if file.exists()
    ]


def learnt_front(cells: Path, *, overwrite: bool) -> dict[str, Front]:
    """The front of the policies that were learnt, once there is one of every preference."""
    finished = [finished_cells(group, cells, overwrite=overwrite) for group in FRONT]
    if not all(finished):
        print("     left out: the learnt front, of which preferences are missing", flush=True)
        return {}
    return {"what was learnt": points([cell for of_price in finished for cell in of_price])}


def learnt_rows(cells: Path, *, overwrite: bool) -> list[Row]:
    """Row 11 of the cells that scripts/learn_emissions.py has finished."""
    rows = []
    for group in GROUPS_LEARNT:
        finished = finished_cells(group, cells, overwrite=overwrite)
        if finished:
            rows.append(learnt_row(group, finished))
        if len(finished) < group.seeds:
            missing = group.seeds - len(finished)
            print(f"     left out: {missing} of {group.seeds} seeds of {group.title}", flush=True)
    return rows


def _of_trace(
    rows: Callable[[Path, int], list[Row]], traces: Path | None, name: str, weeks: int
) -> list[Row]:
    if traces is None or not (traces / name).is_file():
        raise RunError(f"{name} is not there to make rows of: give the folder that holds it as --traces")
    return rows(traces / name, weeks)


def kept_rows(
    file: Path, settings: Mapping[str, object], rows: Callable[[], list[Row]], *, overwrite: bool
) -> list[Row]:
    """The rows in ``file``, made there where they are missing."""
    found = kept(
        file,
        settings,
        lambda: {"rows": [asdict(row) for row in rows()]},
        overwrite=overwrite,
        keys=frozenset({"rows"}),
    )
    return [Row(**row) for row in found["rows"]]


def kept_points(
    file: Path, settings: Mapping[str, object], points: Callable[[], Front], overwrite: bool
) -> Front:
    """The points in ``file``, likewise."""
    found = kept(
        file, settings, lambda: {"points": points()}, overwrite=overwrite, keys=frozenset({"points"})
    )
    front: Front = found["points"]
    return front


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
        f"`python scripts/reproduce_emissions.py --weeks {weeks} --traces DIR`; {weeks} weeks of the default "
        f"cell, seed {SEED}. Rows 9, 10 and 14 are of real grids, those of P. Wiesner et al. (2021), "
        "doi:10.1145/3464298.3493399: of every fourth ISO week, held out of learning, every other one. "
        "Points of row 13 are in `cells/front-*.json`: ng/bit, uJ/bit, s of delay, share of packets lost.",
        "",
        "| row | claim | result | bar | met |",
        "|---:|---|---|---|---|",
        *(f"| {' | '.join((row.number, row.claim, row.result, row.bar, _verdict(row)))} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def _verdict(row: Row) -> str:
    if row.bar == NO_BAR:
        return ""
    return "yes" if row.is_met else "no"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NeuroAoloError as error:
        sys.exit(f"error: {error}")
