"""Slots of the radio cell in a processor second, by how many cells are simulated at once.

    python scripts/bench_cell.py                      64, 256 and 1,024 cells, 3 s each
    python scripts/bench_cell.py --cells 256 --seconds 10

A slot is drawn, decided at random, served, sourced and observed.
"""

import argparse
import time

import numpy as np

from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.task import EmissionsPerBitTask


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", type=int, nargs="+", default=[64, 256, 1024])
    parser.add_argument("--seconds", type=float, default=3.0, help="processor time of each; 3 if absent")
    typed = parser.parse_args()
    task = EmissionsPerBitTask(Cell())
    print(f"{'cells':>6}{'slots per processor second':>28}")
    for cells in typed.cells:
        print(f"{cells:>6}{slots_per_second(task, cells, typed.seconds):>28,.0f}", flush=True)


def slots_per_second(task: EmissionsPerBitTask, cells: int, seconds: float) -> float:
    """Slots of all cells together in a second of processor time."""
    rng = np.random.default_rng(0)
    states = task.reset(cells, rng)
    actions = rng.uniform(-1.0, 1.0, (cells * task.spec.agents, len(task.spec.actions)))
    # The first slot builds tables that all later ones use.
    states = task.step(states, actions, rng).next_states
    began, slots = time.process_time(), 0
    while (passed := time.process_time() - began) < seconds:
        states = task.step(states, actions, rng).next_states
        task.observe(states)
        slots += cells
    return slots / passed


if __name__ == "__main__":
    main()
