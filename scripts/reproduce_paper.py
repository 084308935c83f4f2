"""AOLO's printed results beside ours: every figure with its interval over seeds, and a verdict.

What a verdict means is fixed in reproduction/verdicts.py, and printed before the first training. Finished
trainings are kept in OUT/cells and OUT/openings, and those of ``neuro-aolo compare`` are used where their
settings are the same: after an interrupt the same command goes on. Run it on a quiet machine:
``python scripts/reproduce_paper.py``; ``--quick`` is a smoke run. It prints tables, and writes them
(OUT/reproduction.md, reproduction.csv, sweeps.csv) with a figure for each sweep.
"""

import argparse
import math
import shlex
import sys
from pathlib import Path

import torch
from rich.console import Console

from neuro_aolo.agent.stable_baselines import stable_baselines
from neuro_aolo.comparison.table import unfinished
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.report.tables import as_rich
from neuro_aolo.text.numbers import plain
from neuro_aolo.workers.local import Failure, make
from reproduction.findings import reproduced
from reproduction.page import NOTES, SMOKE, grids, write
from reproduction.trainings import ROWS, SWEEPS, Setup, Work, compared, wanted
from reproduction.verdicts import RULES

OUT = Path("results/reproduce_paper")
QUICK_OUT = Path("results/reproduce_paper_quick")


def main() -> None:
    """Train what is missing, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), help="default: all")
    parser.add_argument("--seeds", type=int, default=5, help="seeds of all but the sweeps (default: 5)")
    parser.add_argument("--sweep-seeds", type=int, default=3, help="seeds of the sweeps (default: 3)")
    parser.add_argument("--steps", type=int, help="requests of a training with the preset tuned")
    parser.add_argument(
        "--seconds", type=float, default=180.0, help="time of each of SAC and PPO (default: 180)"
    )
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time, one core each (default: 2)")
    parser.add_argument("--out", type=Path, help=f"folder to write (default: {OUT}, or {QUICK_OUT})")
    parser.add_argument(
        "--comparison",
        type=Path,
        default=Path("results/paper"),
        help="folder of a comparison whose cells are used (default: results/paper)",
    )
    parser.add_argument("--overwrite", action="store_true", help="train again what has other settings")
    parser.add_argument("--quick", action="store_true", help="a smoke run: one seed, seconds of training")
    arguments = parser.parse_args()
    for name in ("seeds", "sweep_seeds", "steps", "seconds", "jobs"):
        value = getattr(arguments, name)
        if value is not None and not 0 < value < math.inf:
            parser.error(f"--{name.replace('_', '-')} {value:g} is not allowed: give a number above 0")
    torch.set_num_threads(1)
    try:
        failures = reproduce(_setup(arguments), arguments.jobs, arguments.overwrite)
    except NeuroAoloError as error:
        parser.exit(2, f"reproduce_paper: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "reproduce_paper: interrupted; the same command goes on from there\n")
    if failures:
        parser.exit(1, "reproduce_paper: some trainings failed; the same command tries them again\n")


def _setup(arguments: argparse.Namespace) -> Setup:
    quick = arguments.quick
    own_steps = {"population": arguments.steps} if arguments.steps else {}
    return Setup(
        rows=tuple(row for row in ROWS if row in arguments.rows),
        seeds=1 if quick else arguments.seeds,
        sweep_seeds=1 if quick else arguments.sweep_seeds,
        seconds=2.0 if quick else arguments.seconds,
        steps={"population": 1_280, "paper": 100} if quick else own_steps,
        opening_requests=200 if quick else 3_000,
        sweeps={row: sweep.ends_and_middle() if quick else sweep for row, sweep in SWEEPS.items()},
        folder=arguments.out or (QUICK_OUT if quick else OUT),
        comparison=arguments.comparison,
        quick=quick,
    )


def reproduce(setup: Setup, jobs: int, overwrite: bool) -> list[Failure]:
    """Train, print and write; what could not be trained."""
    if {"reduction", "reward"} & set(setup.rows):
        # A missing library is told before the first training, not after.
        stable_baselines()
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for line in ([SMOKE] if setup.quick else []) + [f"{word}: {rule}" for word, rule in RULES.items()]:
        console.print(line)
    everything = wanted(setup)
    left = [
        work
        for work in unfinished(everything, setup.folder, overwrite=overwrite)
        if compared(setup, work) is None
    ]
    console.print(f"{len(everything) - len(left)} of {len(everything)} trainings are there")

    def tell(work: Work, failure: Failure | None) -> None:
        console.print(f"{work.name}: {f'failed: {failure.reason}' if failure else 'trained'}")

    failures = make(left, setup.folder, jobs, tell)
    if failures:
        return failures
    findings, variations = reproduced(setup)
    for grid in grids(setup, findings, variations):
        console.print(as_rich(grid))
    files = write(setup, findings, variations, shlex.join(["python", *sys.argv]))
    for line in (*NOTES, *([SMOKE] if setup.quick else []), f"written: {', '.join(files)}"):
        console.print(plain(line))
    return []


if __name__ == "__main__":
    main()
