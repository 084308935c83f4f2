"""What counting a decision's operations adds to simulating it in the chip's integers, as a ratio.

A trained actor decides its held-out requests in batches of several sizes. Each repeat simulates a batch and
then counts what was recorded, so that whatever else the machine does falls on both alike; the medians over
the repeats are printed. Run it on a quiet machine: ``python scripts/bench_counting.py runs/mixed``.
"""

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curves.trained import Trained
from neuro_aolo.agent.evaluate import HELD_OUT_REQUESTS
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.pricing.count import count_spiking
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.loihi2.integers import WEIGHT_BITS, QuantizedGraph
from neuro_aolo_export.simulate import simulate_integer

BATCHES = (1, 256, 2_048, 20_000)
GOAL = 0.10
"""Share of a simulated decision's time that counting should stay below."""

_LEAST, _MOST = 5, 2_000
"""Repeats of a batch."""
_QUARTILES = (0.25, 0.5, 0.75)
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclass(frozen=True)
class Cost:
    """Times of one batch size, repeat by repeat.

    Attributes:
        batch: decisions that are simulated and counted at once.
        simulated_s: of each repeat.
        counted_s: of the same repeats.
    """

    batch: int
    simulated_s: tuple[float, ...]
    counted_s: tuple[float, ...]

    @property
    def added(self) -> tuple[float, float, float]:
        """What counting adds to the simulation it follows: lower quartile, median, upper quartile."""
        low, median, high = np.quantile(np.divide(self.counted_s, self.simulated_s), _QUARTILES)
        return float(low), float(median), float(high)


def measure(graph: QuantizedGraph, observations: NDArray[np.float32], seconds: float) -> Cost:
    """Simulate a batch ``(B, D)`` and count it, in turns, for so many seconds."""
    count_spiking(graph, simulate_integer(graph, observations))
    simulated, counted = [], []
    while len(simulated) < _LEAST or (sum(simulated) + sum(counted) < seconds and len(simulated) < _MOST):
        began = time.perf_counter()
        activity = simulate_integer(graph, observations)
        between = time.perf_counter()
        count_spiking(graph, activity)
        ended = time.perf_counter()
        simulated.append(between - began)
        counted.append(ended - between)
    return Cost(len(observations), tuple(simulated), tuple(counted))


def table(costs: list[Cost]) -> str:
    """Rows of text."""
    rows = [f"{'batch':>8} {'repeats':>8} {'simulate, us':>13} {'count, us':>10} {'added':>8}   quartiles"]
    for cost in costs:
        simulated, counted = (
            1e6 * float(np.median(seconds)) / cost.batch for seconds in (cost.simulated_s, cost.counted_s)
        )
        low, median, high = cost.added
        rows.append(
            f"{cost.batch:>8,} {len(cost.counted_s):>8,} {simulated:>13,.2f} {counted:>10,.3f} {median:>8.1%}"
            f"   {low:.1%} - {high:.1%}"
        )
    return "\n".join(rows)


def verdict(costs: list[Cost]) -> str:
    """What counting adds in every batch, a decision alone included, and which keep to the goal."""
    added = ", ".join(
        f"{cost.added[1]:.0%} {'to a decision alone' if cost.batch == 1 else f'in batches of {cost.batch:,}'}"
        for cost in costs
    )
    kept = [f"{cost.batch:,}" for cost in costs if cost.added[1] < GOAL]
    within = f"below {GOAL:.0%} in batches of {', '.join(kept)} only" if len(kept) < len(costs) else ""
    within = within if kept else f"nowhere below {GOAL:.0%}"
    return f"In the median counting adds {added}{f': {within}' if within else ''}."


def bench(arguments: argparse.Namespace) -> str:
    """All that is printed.

    Raises:
        NeuroAoloError: it is no run folder, or its actor has no spikes.
    """
    run = Trained.load(arguments.run, HELD_OUT_REQUESTS)
    graph = run.rounded(arguments.bits)
    own = run.held_out.observations.astype(np.float32)
    costs = []
    for size in arguments.batches:
        # Requests come again where a batch is larger than what was held out.
        observations = np.resize(own, (size, own.shape[1]))
        costs.append(measure(graph, observations, arguments.seconds))
    rate = count_spiking(graph, simulate_integer(graph, own)).firing_rate
    return "\n".join(
        (
            f"{run.scenario}, T = {graph.steps}, a firing rate of {rate:.1%}; us per decision, one core",
            table(costs),
            verdict(costs),
        )
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "run", type=Path, nargs="?", metavar="RUN", help="folder of a trained spiking actor; none is trained"
    )
    parser.add_argument(
        "--batches", type=int, nargs="+", default=list(BATCHES), help="default: 1 256 2048 20000"
    )
    parser.add_argument("--seconds", type=float, default=5.0, help="spent on each batch size (default: 5)")
    parser.add_argument("--bits", type=int, choices=WEIGHT_BITS, default=8, help="of a weight (default: 8)")
    arguments = parser.parse_args()
    if arguments.run is None:
        parser.exit(
            2, "bench_counting: no RUN: name a run folder; neuro-aolo train --out runs/mine makes one\n"
        )
    if min(arguments.batches) < 1:
        parser.exit(2, f"bench_counting: --batches {min(arguments.batches)} is not allowed: give 1 or more\n")
    if not 0.0 <= arguments.seconds < np.inf:
        parser.exit(2, f"bench_counting: --seconds {arguments.seconds:g} is not allowed: give 0 or more\n")
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # NumPy's linear algebra takes every core that it finds when it is imported: start over with one.
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    try:
        print(bench(arguments))
    except (NeuroAoloError, ExportError) as error:
        parser.exit(2, f"bench_counting: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "bench_counting: interrupted\n")


if __name__ == "__main__":
    main()
