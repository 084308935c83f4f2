"""AOLO's printed results beside ours: every figure with its interval over seeds, and a verdict.

What a verdict means is fixed in reproduction/verdicts.py. What is made is kept in OUT, and cells of
``neuro-aolo compare`` are used where their settings are the same: after an interrupt the same command goes
on, the most important claims first. The table is of what is there: rows without all seeds say so.
``python scripts/reproduce_paper.py --jobs 1``; ``--dry-run`` tells what is missing and how long it takes,
``--page`` makes the table alone, ``--quick`` is a smoke run. It writes OUT/reproduction.md,
reproduction.csv, sweeps.csv, and a figure for each sweep. Times are measured on a quiet machine alone.
"""

import argparse
import math
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console

from neuro_aolo.agent.stable_baselines import stable_baselines
from neuro_aolo.comparison.table import unfinished
from neuro_aolo.comparison.trained import BASELINES
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.report.tables import as_rich
from neuro_aolo.text.numbers import plain
from neuro_aolo.workers.local import Failure, make
from reproduction.claims import at_stake, carbon, reduction, strategies
from reproduction.closed_form import ClosedForm
from reproduction.expected import missing
from reproduction.finding import Finding
from reproduction.page import NOTES, SMOKE, grids, tally, write
from reproduction.shown import figures, theorem
from reproduction.sweeps import SWEEPS
from reproduction.trainings import ROWS, Setup, Work, compared, wanted
from reproduction.varied import depth, hidden, peak, times, variations
from reproduction.verdicts import SEEDS

OUT = Path("results/reproduce_paper")
QUICK_OUT = Path("results/reproduce_paper_quick")


def main() -> None:
    """Make what is missing, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=ROWS, help="what is made (default: all)")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"seeds of a claim (default: {SEEDS})")
    parser.add_argument(
        "--few-seeds", type=int, default=3, help="seeds of what no claim rests on (default: 3)"
    )
    parser.add_argument("--seconds", type=float, default=75.0, help="time of SAC and of PPO (default: 75)")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time, one core each (default: 1)")
    parser.add_argument("--out", type=Path, help=f"folder to write (default: {OUT}, or {QUICK_OUT})")
    parser.add_argument(
        "--comparison",
        type=Path,
        default=Path("results/paper"),
        help="folder of a comparison whose cells are used (default: results/paper)",
    )
    parser.add_argument("--overwrite", action="store_true", help="make again what has other settings")
    parser.add_argument("--quick", action="store_true", help="a smoke run: one seed, seconds of training")
    parser.add_argument("--dry-run", action="store_true", help="tell what is missing, and make nothing")
    parser.add_argument("--page", action="store_true", help="make nothing but the table of what is there")
    arguments = parser.parse_args()
    for name in ("seeds", "few_seeds", "seconds", "jobs"):
        value = getattr(arguments, name)
        if not 0 < value < math.inf:
            parser.error(f"--{name.replace('_', '-')} {value:g} is not allowed: give a number above 0")
    torch.set_num_threads(1)
    try:
        setup = _setup(arguments)
        works = wanted(setup, tuple(arguments.only))
        if arguments.dry_run:
            print("\n".join(missing(setup, works)))
            return
        failures = [] if arguments.page else made(setup, works, arguments.overwrite)
        tell(setup)
    except NeuroAoloError as error:
        parser.exit(2, f"reproduce_paper: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "reproduce_paper: interrupted; the same command goes on from there\n")
    if failures:
        parser.exit(1, "reproduce_paper: some of it failed; the same command tries that again\n")


def full(folder: Path, comparison: Path) -> Setup:
    """The settings of the table that is kept."""
    return Setup(
        seeds=SEEDS,
        few_seeds=3,
        seconds=75.0,
        steps={},
        opening_requests=3_000,
        timed_rounds=400,
        sweeps=SWEEPS,
        closed_form=ClosedForm(),
        folder=folder,
        comparison=comparison,
        jobs=1,
        quick=False,
    )


def _setup(arguments: argparse.Namespace) -> Setup:
    folder = arguments.out or (QUICK_OUT if arguments.quick else OUT)
    setup = replace(full(folder, arguments.comparison), jobs=arguments.jobs)
    if not arguments.quick:
        names = ("seeds", "few_seeds", "seconds")
        return replace(setup, **{name: getattr(arguments, name) for name in names})
    return replace(
        setup,
        seeds=1,
        few_seeds=1,
        seconds=2.0,
        steps={"population": 1_280, "paper": 100},
        opening_requests=200,
        timed_rounds=20,
        sweeps={row: sweep.judged_alone() for row, sweep in SWEEPS.items()},
        closed_form=ClosedForm((2.0,), (1.0, 600.0)),
        quick=True,
    )


def made(setup: Setup, works: list[Work], overwrite: bool) -> list[Failure]:
    """Make what is missing; what could not be made."""
    left = [
        work for work in unfinished(works, setup.folder, overwrite=overwrite) if compared(setup, work) is None
    ]
    if any(getattr(work, "learner", "") in ("SAC", *BASELINES) for work in left):
        # A missing library is told before the first training, not after.
        stable_baselines()
    print(f"{len(works) - len(left)} of {len(works)} are there", flush=True)

    def on_end(work: Work, failure: Failure | None) -> None:
        print(f"{work.name}: {f'failed: {failure.reason}' if failure else 'made'}", flush=True)

    return make(left, setup.folder, setup.jobs, on_end)


def found(setup: Setup) -> list[Finding]:
    """All rows of the table, as far as what they need is there."""
    peaks = [finding for row in ("timesteps", "encoder", "decoder") for finding in peak(setup, row)]
    return [
        *strategies(setup),
        *reduction(setup),
        *carbon(setup),
        *hidden(setup),
        *depth(setup),
        *peaks,
        *times(setup),
        *theorem(setup),
        *figures(setup),
    ]


def tell(setup: Setup) -> None:
    """Print and write what is there."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    findings, notes = found(setup), [at_stake(setup)]
    varied = [one for row in setup.sweeps for one in variations(setup, row)]
    for grid in grids(setup, findings, varied):
        console.print(as_rich(grid))
    files = write(setup, findings, varied, notes, shlex.join(["python", *sys.argv]))
    smoke = [SMOKE] if setup.quick else []
    for line in (*NOTES, *notes, tally(findings), *smoke, f"written: {', '.join(files)}"):
        console.print(plain(line))


if __name__ == "__main__":
    main()
