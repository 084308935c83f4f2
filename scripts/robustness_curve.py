"""Regret against the strength of a chip's faults: noisy weights, lost spikes, stuck neurons.

The integer actor of a run decides the held-out requests on chips drawn at random, several for each kind of
fault and each strength. Chip number i is drawn alike at every strength: its weights err in the same
direction, and the neurons that a weaker fault sticks are stuck under a stronger one. Every result is kept in
OUT/cells: after an interrupt the same command goes on. ``--quick`` is a smoke run. A table is printed, and
written to OUT as Markdown and CSV, with a figure, under the scenario's name.
"""

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from curves.cells import kept
from curves.page import check_positive, common
from curves.robustness import Point, report
from curves.trained import Trained
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.loihi2.faults import Fault, faulty_activity
from neuro_aolo_export.loihi2.integers import WEIGHT_BITS

OUT = Path("results/robustness")
KINDS = tuple(field.name.replace("_", "-") for field in fields(Fault))
STRENGTHS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
KEYS = frozenset({"regret", "violation_rate"})


@dataclass(frozen=True)
class Plan:
    """What to do.

    Attributes:
        strengths: of each kind of fault, in rising order, 0 first.
        draws: chips for each.
        bits: of a weight.
        seed: of the chips.
        folder: where results go.
        overwrite: whether to make again what has other settings.
    """

    strengths: tuple[float, ...]
    draws: int
    bits: int
    seed: int
    folder: Path
    overwrite: bool


def main() -> None:
    """Make what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="folder of a trained spiking actor, or a kept cell of one"
    )
    common(parser, OUT)
    parser.add_argument("--strengths", nargs="+", type=float, default=list(STRENGTHS), help="shares, 0 to 1")
    parser.add_argument("--draws", type=int, default=10, help="chips for each strength (default: 10)")
    parser.add_argument("--bits", type=int, choices=WEIGHT_BITS, default=8, help="of a weight (default: 8)")
    parser.add_argument("--seed", type=int, default=0, help="of the chips (default: 0)")
    arguments = parser.parse_args()
    check_positive(parser, arguments, "requests", "draws")
    if arguments.seed < 0:
        parser.error(f"--seed {arguments.seed} is not allowed: give 0 or more")
    for strength in arguments.strengths:
        if not 0.0 <= strength <= 1.0:
            parser.error(f"--strengths {strength:g} is not allowed: give shares from 0 to 1")
    quick = arguments.quick
    strengths = (0.02, 0.1) if quick else arguments.strengths
    plan = Plan(
        strengths=tuple(sorted({0.0, *strengths})),
        draws=min(arguments.draws, 2) if quick else arguments.draws,
        bits=arguments.bits,
        seed=arguments.seed,
        folder=arguments.out or (OUT.with_name(f"{OUT.name}_quick") if quick else OUT),
        overwrite=arguments.overwrite,
    )
    torch.set_num_threads(1)
    try:
        run = Trained.load(arguments.run, min(arguments.requests, 500) if quick else arguments.requests)
        points = measured(run, plan)
        print(report(run.scenario, points, plan.folder, shlex.join(["python", *sys.argv]), smoke=quick))
    except (NeuroAoloError, ExportError) as error:
        parser.exit(2, f"robustness_curve: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "robustness_curve: interrupted; the same command goes on from there\n")


def measured(run: Trained, plan: Plan) -> list[Point]:
    """Every kind of fault at every strength, kept or made."""
    pairs = [(kind, strength) for kind in KINDS for strength in plan.strengths]
    return [point for kind, strength in pairs for point in _points(run, kind, strength, plan)]


def _points(run: Trained, kind: str, strength: float, plan: Plan) -> list[Point]:
    fault = Fault.parse(f"{kind}={strength!r}")
    # Without a fault every chip is the same.
    draws = plan.draws if strength else 1
    own = {"fault": str(fault), "bits": plan.bits, "seed": plan.seed, "draws": draws}
    name = f"{run.name}-{plan.bits}-{f'{kind}-{strength:g}' if strength else 'no-fault'}-seed{plan.seed}"

    def make() -> Mapping[str, Sequence[float]]:
        print(f"{run.path}: {fault}", file=sys.stderr)
        return _decided(run, fault, draws, plan)

    file = plan.folder / "cells" / f"{name}.json"
    found = kept(file, {**run.settings, **own}, make, overwrite=plan.overwrite, keys=KEYS)
    pairs = zip(found["regret"], found["violation_rate"], strict=True)
    return [Point(kind, strength, draw, *pair) for draw, pair in enumerate(pairs)]


def _decided(run: Trained, fault: Fault, draws: int, plan: Plan) -> Mapping[str, Sequence[float]]:
    """Held-out regret and violations of each chip."""
    qgraph, results = run.rounded(plan.bits), []
    for draw in range(draws):
        rng = np.random.default_rng((plan.seed, draw))
        actions = faulty_activity(qgraph, run.held_out.observations, fault, rng).actions.astype(np.float64)
        results.append(run.held_out.evaluate(lambda observations, decided=actions: decided))
    return {
        "regret": [result.regret for result in results],
        "violation_rate": [result.violation_rate for result in results],
    }


if __name__ == "__main__":
    main()
