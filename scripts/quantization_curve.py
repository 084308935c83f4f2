"""Regret against the bits of a weight: integers rounded after training, and fine-tuned to be rounded.

For each run, on the same held-out requests: the float actor; the float actor fine-tuned without rounding,
which is the control; and for each number of bits the actor rounded, and fine-tuned with its weights
rounded. All fine-tunings see the same requests, and keep a checkpoint by validation requests of their own;
each takes about a minute. Every result is kept in OUT/cells: after an interrupt the same command goes on.
``--quick`` is a smoke run. A table is printed, and written to OUT as Markdown and CSV, with a figure.
"""

import argparse
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from curves.cells import kept
from curves.page import check_positive, common
from curves.quantization import CONTROL, FINETUNED, FLOAT, NAMES, ROUNDED, Point, report
from curves.trained import Trained, graph_of, on_chip
from neuro_aolo.agent.evaluate import noise_free
from neuro_aolo.agent.finetune import FINETUNING, finetune
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.runs.config import training_table
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.loihi2.integers import WEIGHT_BITS
from neuro_aolo_export.loihi2.quantize import grids, quantize

OUT = Path("results/quantization")
KEYS = frozenset({"regret", "violation_rate", "validation_regret", "seconds"})


@dataclass(frozen=True)
class Plan:
    """What to do.

    Attributes:
        bits: of a weight.
        seed: of the fine-tunings.
        config: of the fine-tunings.
        folder: where results go.
        overwrite: whether to make again what has other settings.
        quick: whether this is a smoke run.
    """

    bits: tuple[int, ...]
    seed: int
    config: SDRLConfig
    folder: Path
    overwrite: bool
    quick: bool


def main() -> None:
    """Make what is missing, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="folder of a trained spiking actor")
    common(parser, OUT)
    parser.add_argument(
        "--bits", nargs="+", type=int, choices=WEIGHT_BITS, default=list(WEIGHT_BITS), help="default: all"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the fine-tunings (default: 0)")
    arguments = parser.parse_args()
    check_positive(parser, arguments, "requests")
    if arguments.seed < 0:
        parser.error(f"--seed {arguments.seed} is not allowed: give 0 or more")
    quick = arguments.quick
    brief = replace(FINETUNING, total_steps=2_560, evaluate_every=10, validation_requests=500)
    plan = Plan(
        bits=tuple(sorted(set(arguments.bits))),
        seed=arguments.seed,
        config=brief if quick else FINETUNING,
        folder=arguments.out or (OUT.with_name(f"{OUT.name}_quick") if quick else OUT),
        overwrite=arguments.overwrite,
        quick=quick,
    )
    requests = min(arguments.requests, 500) if quick else arguments.requests
    torch.set_num_threads(1)
    try:
        runs = [Trained.load(path, requests) for path in arguments.runs]
        points = [point for run in runs for point in measured(run, plan)]
        print(report(points, plan.folder, shlex.join(["python", *sys.argv]), smoke=plan.quick))
    except (NeuroAoloError, ExportError) as error:
        parser.exit(2, f"quantization_curve: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "quantization_curve: interrupted; the same command goes on from there\n")


def measured(run: Trained, plan: Plan) -> list[Point]:
    """Every policy of a run, kept or made."""
    wanted = [(FLOAT, None), (CONTROL, None)]
    wanted += [(policy, bits) for bits in plan.bits for policy in (ROUNDED, FINETUNED)]
    return [_point(run, policy, bits, plan) for policy, bits in wanted]


def _point(run: Trained, policy: str, bits: int | None, plan: Plan) -> Point:
    name = "-".join(str(part) for part in (run.name, policy, bits) if part is not None)
    settings = {**run.settings, "policy": policy, "bits": bits}
    if policy in (CONTROL, FINETUNED):
        settings |= {"seed": plan.seed, "finetuning": training_table(plan.config)}
        name = f"{name}-seed{plan.seed}"

    def make() -> Mapping[str, float | None]:
        print(f"{run.path}: {NAMES[policy]}{f', {bits} bits' if bits else ''}", file=sys.stderr)
        return _decided(run, policy, bits, plan)

    file = plan.folder / "cells" / f"{name}.json"
    found = kept(file, settings, make, overwrite=plan.overwrite, keys=KEYS)
    return Point(run.scenario, str(run.path), policy, bits, **found)


def _decided(run: Trained, policy: str, bits: int | None, plan: Plan) -> Mapping[str, float | None]:
    """Held-out regret and violations of one policy, and what its fine-tuning took."""
    tuned = None
    if policy in (CONTROL, FINETUNED):
        grid = grids(run.rounded(bits)) if bits else None
        tuned = finetune(run.saved, run.task, grid, plan.seed, plan.config)
        if tuned.interrupted:
            raise KeyboardInterrupt
    if bits is None:
        decide = noise_free((tuned.actor if tuned else run.saved).network)
    else:
        decide = on_chip(quantize(graph_of(tuned.actor), bits) if tuned else run.rounded(bits))
    result = run.held_out.evaluate(decide)
    return {
        "regret": result.regret,
        "violation_rate": result.violation_rate,
        "validation_regret": tuned.best.regret if tuned else None,
        "seconds": tuned.metrics[-1].seconds if tuned else None,
    }


if __name__ == "__main__":
    main()
