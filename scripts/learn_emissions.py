"""Train what rows 11 and 13 of the results on emissions per bit are made of, cell by cell.

    python scripts/learn_emissions.py --jobs 2 --traces DIR     all groups, into results/emissions_per_bit
    python scripts/learn_emissions.py --only mlp spiking --jobs 2

where DIR holds gb_2020.csv. A cell takes one to five minutes of a core. Finished ones are kept, so that the
same command goes on after an interrupt; scripts/reproduce_emissions.py makes rows of them.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from curves.cells import Values, kept
from emissions.learnt import FRONT, GROUPS, KEYS, Group, make, row, settings
from neuro_aolo.errors import NeuroAoloError

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Make the cells that are missing."""
    groups = (*GROUPS, *FRONT)
    names = [group.name for group in groups]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "emissions_per_bit")
    parser.add_argument("--overwrite", action="store_true", help="make again what has other settings")
    parser.add_argument("--traces", type=Path, help="folder of real grids; without it they are left out")
    typed = parser.parse_args()
    chosen = [group for group in groups if group.name in typed.only]
    # The seeds of one group first, then the next's: what is interrupted leaves whole rows.
    if typed.traces is None:
        chosen = [group for group in chosen if not group.trace]
    cells = [(group, seed) for group in chosen for seed in range(group.seeds)]
    with ProcessPoolExecutor(typed.jobs, get_context("spawn")) as pool:
        made = {
            pool.submit(cell, group, seed, typed.out / "cells", typed.traces, overwrite=typed.overwrite): (
                group,
                seed,
            )
            for group, seed in cells
        }
        for future in as_completed(made):
            group, seed = made[future]
            figures = future.result()["figures"]
            print(
                f"{group.name:13} seed {seed}: regret {100 * figures['regret']:.2f} %, "
                f"delay x{figures['delay_ratio']:.3f}, drops {100 * figures['drop_rate']:.3f} %",
                flush=True,
            )
    for group in chosen:
        summary = row(group, [cell(group, seed, typed.out / "cells") for seed in range(group.seeds)])
        verdict = "met" if summary.is_met else "MISSED"
        print(f"{verdict:7} {summary.claim}: {summary.result}", flush=True)
    return 0


def cell(
    group: Group, seed: int, folder: Path, traces: Path | None = None, *, overwrite: bool = False
) -> Values:
    """The result of a cell, trained where it is missing."""
    file = folder / f"learnt-{group.name}-{seed}.json"
    return kept(
        file, settings(group, seed), partial(make, group, seed, traces), overwrite=overwrite, keys=KEYS
    )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NeuroAoloError as error:
        sys.exit(f"error: {error}")
