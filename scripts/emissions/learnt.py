"""Policies that were learnt on the cell, on weeks that no training saw: rows 11 and 13, cell by cell.

A cell is one training by the settings that ``neuro-aolo train --scenario emissions-per-bit`` takes, but for
what its group changes, and the held-out weeks under its actor.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from curves.cells import Values
from emissions.fronts import G_PER_S, Front
from emissions.real_grids import Year
from emissions.study import G_PER_S as REFERENCE_G_PER_S
from emissions.study import Row
from neuro_aolo.agent.checkpoint import ActorSpec
from neuro_aolo.agent.evaluate import HELD_OUT_SEED, Requests, held_out, noise_free
from neuro_aolo.agent.train import train_actor
from neuro_aolo.errors import RunError
from neuro_aolo.runs.config import RunConfig
from neuro_aolo.runs.options import TrainingOptions
from neuro_aolo.systems.emissions_per_bit.accounts import DELAY_WEIGHT
from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.figures import figures
from neuro_aolo.systems.emissions_per_bit.task import EmissionsPerBitTask
from neuro_aolo.systems.task import Floats, Task

MOST_S = 300.0
NO_BAR = "none asked for"
MOST_DELAY, MOST_DROPS = 1.05, 0.001
KEYS = frozenset({"figures", "processor_s", "rounds", "validation"})


@dataclass(frozen=True)
class Group:
    """Trainings that differ in their seed alone.

    Attributes:
        name: of the group, and of its cells.
        title: what people read.
        actor: kind of the network.
        seeds: how many.
        training: settings that differ from the preset's.
        most: regret that is allowed; None where nothing is asked for.
        settings: of the run that differ, by dotted key.
        trace: file of a real grid; empty for the scenario's own.
    """

    name: str
    title: str
    actor: str = "mlp"
    seeds: int = 3
    training: Mapping[str, Any] = field(default_factory=dict)
    most: float | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    trace: str = ""


_SHORT = {"total_steps": 1_179_648}
_PAPER = {"preference": (0.8, 0.0, 0.2)}
_DIME = {"training.learner": "dime"}
_IMITATING = {
    "warm_start": 3_000,
    "actor_starts": 0.1,
    "std": 0.15,
    "std_end": 0.05,
    "actor_lr": 1e-3,
    **_SHORT,
}
GROUPS = (
    Group("mlp", "MLP, from scratch", seeds=5, most=0.05),
    Group("spiking", "spiking, from scratch", "popsan", 5, most=0.05),
    Group("mlp-warm", "MLP, imitating the causal optimum first", "mlp", 5, _IMITATING, 0.01),
    Group("spiking-warm", "spiking, imitating the causal optimum first", "popsan", 5, _IMITATING, 0.02),
    Group(
        "storage",
        "storage alone, effort by exact search",
        settings={"scenario.interface": {"actions": "storage"}},
        training=_SHORT,
    ),
    Group("dime", "DiME, preference 0.8, 0, 0.2", training={**_PAPER, "combine": "dime"}, settings=_DIME),
    Group(
        "mo-mpo", "MO-MPO, preference 0.8, 0, 0.2", training={**_PAPER, "combine": "mo-mpo"}, settings=_DIME
    ),
    Group(
        "scalarised",
        "scalarised on the same critic, preference 0.8, 0, 0.2",
        training={**_PAPER, "combine": "scalarised"},
        settings=_DIME,
    ),
    Group("paper", "PPO, preference 0.8, 0, 0.2", training={**_PAPER, **_SHORT}),
    Group(
        "energy", "energy efficiency alone: 0, 0.5, 0.5", training={"preference": (0.0, 0.5, 0.5), **_SHORT}
    ),
    Group(
        "renewable",
        "renewable share in the place of carbon",
        settings={"scenario.interface": {"objective": "renewable"}},
        training=_SHORT,
    ),
    Group("gb", "GB 2020, against the program that knows the week", training=_SHORT, trace="gb_2020.csv"),
)
"""What is trained for row 11, the rows that are asked for first."""

FRONT = tuple(
    Group(
        f"front-{price:g}",
        f"delay at {price:g} g/s",
        seeds=3 if price in (G_PER_S[0], G_PER_S[-1]) else 1,
        training={"preference": (1.0, 0.0, DELAY_WEIGHT * price / REFERENCE_G_PER_S), **_SHORT},
    )
    for price in G_PER_S
)
"""What is trained for row 13: one preference each, three seeds at the ends."""


class _Weeks(EmissionsPerBitTask):
    """Episodes that begin in some hours of a year, each as often as the others."""

    def __init__(self, cell: Cell, starts: Sequence[int]) -> None:
        super().__init__(cell)
        self._starts = np.array(starts)

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        hours = rng.permutation(np.resize(rng.permutation(self._starts), count))
        return self.layout.pack(self.cell.fresh(count), self.cell.slot(hours, rng), np.zeros(count))


def make(group: Group, seed: int, traces: Path | None) -> Values:
    """Train once, and decide the held-out weeks."""
    torch.set_num_threads(1)
    config = _config(group, seed)
    cell, task, weeks = _on(group, config, traces)
    names = task.spec.observation_names, task.spec.action_names
    began = time.process_time()
    result = train_actor(task, ActorSpec(*names, config.actor).build, config.training, seed)
    took = time.process_time() - began
    return {
        "figures": figures(cell, weeks.rollout(noise_free(result.actor)).reached, weeks.reached),
        "processor_s": round(took, 1),
        "rounds": config.training.rounds,
        "validation": [[row.requests, row.cost, row.regret] for row in result.metrics],
    }


def _on(group: Group, config: RunConfig, traces: Path | None) -> tuple[Cell, Task, Requests]:
    """The cell, the task to be learnt, and the weeks that it is judged by."""
    if not group.trace:
        task = config.system.task(config.scenario)
        return config.scenario, task, held_out(task)
    if traces is None or not (traces / group.trace).is_file():
        raise RunError(f"{group.trace} is not there to learn on: give the folder that holds it as --traces")
    year = Year.of(traces / group.trace)
    slots = year.cell.time.slots
    days = [
        start
        for start in range(0, len(year.learnt_from) - slots, 24)
        if year.learnt_from[start : start + slots].all()
    ]
    weeks = Requests(_Weeks(year.cell, year.held_out), len(year.held_out), HELD_OUT_SEED)
    return year.cell, _Weeks(year.cell, days), weeks


def settings(group: Group, seed: int) -> Values:
    """All that a cell depends on."""
    on_trace = {"trace": group.trace} if group.trace else {}
    return {"seed": seed, "toml": _config(group, seed).to_toml(), **on_trace}


def _config(group: Group, seed: int) -> RunConfig:
    options = TrainingOptions(
        scenario="emissions-per-bit", actor=group.actor, seed=seed, settings=group.settings
    )
    config = options.config()
    return replace(config, training=replace(config.training, **group.training))


def points(cells: Sequence[Values]) -> Front:
    """Points of a front, as those of rules have them."""
    keys = ("ng_per_bit", "uj_per_bit", "delay_s", "drop_rate")
    return [[cell["figures"][key] for key in keys] for cell in cells]


def row(group: Group, cells: Sequence[Values]) -> Row:
    """What the cells of a group come to: the middle seed, and the ends."""
    of_cells = [cell["figures"] for cell in cells]
    regrets = sorted(each["regret"] for each in of_cells)
    delay, drops = (max(each[key] for each in of_cells) for key in ("delay_ratio", "drop_rate"))
    processor_s = max(cell["processor_s"] for cell in cells)
    percent = [f"{100 * regret:.1f} %" for regret in regrets]
    result = (
        f"regret {percent[len(percent) // 2]} ({percent[0]} to {percent[-1]}, {len(cells)} seeds), delay "
        f"x{delay:.2f} and drops {100 * drops:.3f} % at most; {of_cells[0]['ng_per_bit']:.2f} ng/bit and "
        f"{of_cells[0]['uj_per_bit']:.1f} uJ/bit of the first; {processor_s:.0f} s of one core at most"
    )
    bar = NO_BAR
    is_met = True
    if group.most is not None:
        bar = (
            f"{100 * group.most:.0f} % at most in every seed, x{MOST_DELAY}, drops below "
            f"{100 * MOST_DROPS:.1f} %, {MOST_S:.0f} s"
        )
        is_met = (
            regrets[-1] <= group.most
            and delay <= MOST_DELAY
            and drops < MOST_DROPS
            and processor_s <= MOST_S
            and len(cells) == group.seeds
        )
    return Row("11", group.title, result, bar, is_met)
