"""Policies that were learnt on the cell, on weeks that no training saw: row 11, cell by cell.

A cell is one training by the settings that ``neuro-aolo train --scenario emissions-per-bit`` takes, but for
what its group changes, and the held-out weeks under its actor.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from curves.cells import Values
from emissions.study import Row
from neuro_aolo.agent.checkpoint import ActorSpec
from neuro_aolo.agent.dime_config import DimeConfig
from neuro_aolo.agent.evaluate import held_out, noise_free
from neuro_aolo.agent.train import train_actor
from neuro_aolo.runs.options import TrainingOptions
from neuro_aolo.systems.emissions_per_bit.figures import figures

MOST_S = 300.0
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
        scenario: parameters of the scenario that differ, table by table.
    """

    name: str
    title: str
    actor: str
    seeds: int
    training: Mapping[str, Any] = field(default_factory=dict)
    most: float | None = None
    scenario: Mapping[str, Any] = field(default_factory=dict)


_PAPER = {"preference": (0.8, 0.0, 0.2)}
_IMITATING = {"warm_start": 6_000}
GROUPS = (
    Group("mlp", "MLP, from scratch", "mlp", 5, most=0.05),
    Group("spiking", "spiking, from scratch", "popsan", 5, most=0.05),
    Group("mlp-warm", "MLP, imitating the causal optimum first", "mlp", 5, _IMITATING, 0.01),
    Group("spiking-warm", "spiking, likewise", "popsan", 5, _IMITATING, 0.02),
    Group("dime", "DiME, preference 0.8, 0, 0.2", "mlp", 3, {**_PAPER, "combine": "dime"}),
    Group("mo-mpo", "MO-MPO, likewise", "mlp", 3, {**_PAPER, "combine": "mo-mpo"}),
    Group("scalarised", "scalarised, likewise", "mlp", 3, _PAPER),
    Group("energy", "energy efficiency alone: 0, 0.5, 0.5", "mlp", 3, {"preference": (0.0, 0.5, 0.5)}),
    Group(
        "renewable",
        "renewable share in the place of carbon",
        "mlp",
        3,
        scenario={"interface": {"objective": "renewable"}},
    ),
)
"""What is trained, the rows that are asked for first."""


def make(group: Group, seed: int) -> Values:
    """Train once, and decide the held-out weeks."""
    torch.set_num_threads(1)
    config = _config(group, seed)
    task = config.system.task(config.scenario)
    names = task.spec.observation_names, task.spec.action_names
    began = time.process_time()
    result = train_actor(task, ActorSpec(*names, config.actor).build, config.training, seed)
    took = time.process_time() - began
    weeks = held_out(task)
    told = figures(config.scenario, weeks.rollout(noise_free(result.actor)).reached, weeks.reached)
    return {
        "figures": told,
        "processor_s": round(took, 1),
        "rounds": config.training.rounds,
        "validation": [[row.requests, row.cost, row.regret] for row in result.metrics],
    }


def settings(group: Group, seed: int) -> Values:
    """All that a cell depends on."""
    config = _config(group, seed)
    return {"seed": seed, "toml": config.to_toml()}


def _config(group: Group, seed: int) -> Any:
    tables = {f"scenario.{key}": value for key, value in group.scenario.items()}
    options = TrainingOptions(scenario="emissions-per-bit", actor=group.actor, seed=seed, settings=tables)
    config = options.config()
    assert isinstance(config.training, DimeConfig)
    return replace(config, training=replace(config.training, **group.training))


def row(group: Group, cells: Sequence[Values]) -> Row:
    """What the cells of a group come to: the middle seed, and the ends."""
    told = [cell["figures"] for cell in cells]
    regrets = sorted(each["regret"] for each in told)
    delay, drops = (max(each[key] for each in told) for key in ("delay_ratio", "drop_rate"))
    processor_s = max(cell["processor_s"] for cell in cells)
    percent = [f"{100 * regret:.1f} %" for regret in regrets]
    result = (
        f"regret {percent[len(percent) // 2]} ({percent[0]} to {percent[-1]}, {len(cells)} seeds), delay "
        f"x{delay:.2f} and drops {100 * drops:.3f} % at most; {told[0]['ng_per_bit']:.2f} ng/bit and "
        f"{told[0]['uj_per_bit']:.1f} uJ/bit of the first; {processor_s:.0f} s of one core at most"
    )
    bar = "none asked for"
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
