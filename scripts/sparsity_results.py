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

from curves.page import as_csv, made_by, write
from curves.sparsity import Device, Sparse, page
from hardware_profiles.profile import ProfileError, profile_names
from neuro_aolo.agent.evaluate import HELD_OUT_REQUESTS
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.comparison.cell import file_name
from neuro_aolo.energy.bill import Bill
from neuro_aolo.errors import NeuroAoloError, RunError
from neuro_aolo.runs.analysis import Analysis
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.text.numbers import plain
from neuro_aolo_export.errors import ExportError

OUT = Path("results/pareto")


@dataclass(frozen=True)
class Group:
    """The runs of one scenario."""

    scenario: Scenario
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
            text = page(group.scenario.name, group.scenario.limits.violation_rate, group.runs)
            files = {
                "seeds.md": f"{text}\n\n{made_by(command)}\n",
                "devices.csv": as_csv([row for run in group.runs for row in run.rows()]),
            }
            print(plain(f"{text}\n\n{write(arguments.out / file_name(group.scenario), files)}\n"))
    except (NeuroAoloError, ExportError, ProfileError) as error:
        parser.exit(2, f"sparsity_results: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "sparsity_results: interrupted\n")


def grouped(paths: Iterable[Path], requests: int) -> list[Group]:
    """What each run comes to, scenario by scenario.

    Raises:
        RunError: a training was interrupted, two have the same settings, or scenarios of one name differ.
    """
    found: dict[str, tuple[Scenario, list[Sparse]]] = {}
    for path in paths:
        analysis = Analysis(RunFolder.open(path), requests, profiles=profile_names())
        training, scenario = analysis.saved.training, analysis.config.scenario
        if training.get("interrupted"):
            raise RunError(
                f"{path} was interrupted after {training['requests']:,} requests: let "
                "`neuro-aolo train --resume` finish it, or leave it out"
            )
        first, runs = found.setdefault(scenario.name, (scenario, []))
        if scenario != first:
            raise RunError(
                f"{path} was trained on other settings of {scenario.name!r} than {runs[0].run}: leave it out"
            )
        print(path, file=sys.stderr)
        run = measured(path, analysis)
        for other in runs:
            if run.settings == other.settings:
                raise RunError(
                    f"{path} and {other.run} have the same seed, T and weight: leave one of them out"
                )
        runs.append(run)
    return [Group(scenario, ordered(runs)) for scenario, runs in found.values()]


def ordered(runs: Sequence[Sparse]) -> tuple[Sparse, ...]:
    """By T, weight and seed."""
    return tuple(sorted(runs, key=lambda run: run.settings))


def measured(path: Path, analysis: Analysis) -> Sparse:
    """One run in the chip's integers, and what its decision costs on each device that runs it."""
    counts, config, profiler = analysis.counts, analysis.config, analysis.profiler
    assert isinstance(config.actor, PopSANConfig)
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
        run=str(path),
        seed=config.seed,
        steps=counts.steps,
        weight=config.toll.cost_per_uj if config.toll else 0.0,
        firing_rate=counts.firing_rate,
        encoder_spikes=counts.input_spikes - counts.constant_spikes[0],
        synaptic_events=sum(counts.synaptic_events),
        regret=analysis.deployed.regret,
        violation_rate=analysis.deployed.violation_rate,
        devices=tuple(devices),
    )


if __name__ == "__main__":
    main()
