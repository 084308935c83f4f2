"""What a weight on spikes buys over seeds: firing rate, regret, violations, and every device's bill.

RUNs are trained spiking actors, of several seeds with and without a weight on spikes: `neuro-aolo train
--time-steps 5 --seed S [--spike-weight W]`. Seed by seed, an actor is set beside the one that was trained
without the weight. Tables are printed, and written to OUT/SCENARIO as seeds.md and devices.csv.
``python scripts/sparsity_results.py runs/mixed-t5-* runs/speech-t5-*``
"""

import argparse
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curves.page import as_csv, made_by, write
from curves.sparsity import Device, Sparse, page
from hardware_profiles.profile import ProfileError, profile_names
from neuro_aolo.agent.evaluate import HELD_OUT_REQUESTS
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.errors import NeuroAoloError, RunError
from neuro_aolo.pricing.bill import Bill
from neuro_aolo.runs.cell import file_name
from neuro_aolo.runs.decided import hold_out
from neuro_aolo.runs.deployed import deploy, evaluate_on_chip
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.priced import Pricing, price_run
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summarise import scenario_name
from neuro_aolo.systems.system import System
from neuro_aolo.text.numbers import plain
from neuro_aolo_export.errors import ExportError

OUT = Path("results/pareto")


@dataclass(frozen=True)
class Group:
    """The runs of one scenario, and the first of them as it was trained."""

    first: Run
    runs: tuple[Sparse, ...]


def main() -> None:
    """Evaluate, price, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folders of trained spiking actors")
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder to write (default: {OUT})")
    parser.add_argument(
        "--requests", type=int, default=HELD_OUT_REQUESTS, help=f"held-out (default: {HELD_OUT_REQUESTS})"
    )
    arguments = parser.parse_args()
    if arguments.requests < 1:
        parser.exit(2, f"sparsity_results: --requests {arguments.requests} is not allowed: give 1 or more\n")
    command = shlex.join(["python", *sys.argv])
    try:
        for group in grouped(arguments.runs, arguments.requests):
            config, limit = group.first.config, group.first.task.spec.violation_limit
            text = page(scenario_name(config), limit, group.runs)
            files = {
                "seeds.md": f"{text}\n\n{made_by(command)}\n",
                "devices.csv": as_csv([row for run in group.runs for row in run.rows()]),
            }
            print(plain(f"{text}\n\n{write(arguments.out / file_name(config.scenario), files)}\n"))
    except (NeuroAoloError, ExportError, ProfileError) as error:
        parser.exit(2, f"sparsity_results: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "sparsity_results: interrupted\n")


def grouped(paths: Iterable[Path], requests: int) -> list[Group]:
    """What each run comes to, scenario by scenario.

    Raises:
        RunError: a training was interrupted, two have the same settings, or scenarios of one name differ.
    """
    found: dict[str, tuple[Run, list[Sparse]]] = {}
    for path in paths:
        run = Run.open(RunFolder.open(path))
        training, name = run.saved.training, scenario_name(run.config)
        if training.get("interrupted"):
            raise RunError(
                f"{path} was interrupted after {training['requests']:,} requests: let "
                "`neuro-aolo train --resume` finish it, or leave it out"
            )
        first, runs = found.setdefault(name, (run, []))
        if _trained_on(run) != _trained_on(first):
            raise RunError(
                f"{path} was trained on other settings of {name!r} than {runs[0].run}: leave it out"
            )
        print(path, file=sys.stderr)
        sparse = measured(run, requests)
        for other in runs:
            if sparse.settings == other.settings:
                raise RunError(
                    f"{path} and {other.run} have the same seed, T and weight: leave one of them out"
                )
        runs.append(sparse)
    return [Group(first, ordered(runs)) for first, runs in found.values()]


def _trained_on(run: Run) -> tuple[System, Any, Deployment]:
    """What runs of one group have in common."""
    return run.config.system, run.config.scenario, run.config.deployment


def ordered(runs: Sequence[Sparse]) -> tuple[Sparse, ...]:
    """By T, weight and seed."""
    return tuple(sorted(runs, key=lambda run: run.settings))


def measured(run: Run, requests: int) -> Sparse:
    """A run in the chip's integers, and what its decision costs on each device that runs it."""
    held_out = hold_out(run, requests)
    chip = deploy(held_out)
    profiler = price_run(run, chip, Pricing(profile_names())).profiler
    evaluation = evaluate_on_chip(held_out, chip)
    devices = []
    for name, bill in profiler.spiking.items():
        if not isinstance(bill, Bill):
            continue
        pair = profiler.nearest(name)
        devices.append(
            Device(
                profile=name,
                dynamic_j=bill.dynamic_j.nominal,
                total_low_j=bill.total_j.low,
                total_j=bill.total_j.nominal,
                total_high_j=bill.total_j.high,
                dense_on=pair.dense if pair and not pair.refused else "",
                probability=pair.probability if pair else None,
            )
        )
    return Sparse(
        run=str(run.folder.path),
        seed=run.config.seed,
        steps=chip.counts.steps,
        weight=run.config.spike_weight,
        firing_rate=chip.counts.firing_rate,
        encoder_spikes=chip.counts.input_spikes - chip.counts.constant_spikes[0],
        synaptic_events=sum(chip.counts.synaptic_events),
        regret=evaluation.regret,
        violation_rate=evaluation.violation_rate,
        devices=tuple(devices),
    )


if __name__ == "__main__":
    main()
