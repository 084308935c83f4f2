"""What is trained for each row of the table: cells as a comparison makes them, and openings."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.comparison.plan import Plan
from neuro_aolo.errors import RunError
from neuro_aolo.runs.cell import Cell
from neuro_aolo.runs.presets import PRESETS
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.task import AoloTask
from reproduction.opening import Opening

RIVALS = ("sac", "ppo", "random")
STRATEGIES = ("outage", "non-outage")
OPENERS = ("SDRL", "SAC")

Work = Plan | Opening


@dataclass(frozen=True)
class Sweep:
    """One setting of the spiking actor, and what it is set to.

    Attributes:
        setting: field of PopSANConfig.
        values: in rising order.
        title: the setting, as people read it.
    """

    setting: str
    values: tuple[Any, ...]
    title: str

    def ends_and_middle(self) -> "Sweep":
        """The same with three values."""
        return replace(self, values=(self.values[0], self.values[len(self.values) // 2], self.values[-1]))


SWEEPS = {
    "hidden": Sweep("hidden", ((16, 16), (64, 64), (256, 256)), "neurons of each of two hidden layers"),
    "timesteps": Sweep("steps", (1, 2, 3, 5, 8, 12), "time steps T of a decision"),
    "encoder": Sweep("encoder_population", (2, 5, 10, 20), "encoder neurons per observation"),
    "decoder": Sweep("decoder_population", (2, 5, 10, 20, 40), "decoder neurons per action"),
}
ROWS = ("carbon", "reduction", "reward", *SWEEPS)


@dataclass(frozen=True)
class Setup:
    """How far to go.

    Attributes:
        rows: some of :data:`ROWS`.
        seeds: of every row but the sweeps.
        sweep_seeds: of the sweeps.
        seconds: processor time of training of each of Stable-Baselines3's algorithms.
        steps: requests served in training, by preset, where they are not the preset's own.
        opening_requests: over which the reward at the start of a training is averaged.
        sweeps: by row.
        folder: where cells and tables go.
        comparison: folder of a comparison whose cells are used where their settings are the same.
        quick: whether this is a smoke run.
    """

    rows: tuple[str, ...]
    seeds: int
    sweep_seeds: int
    seconds: float
    steps: Mapping[str, int]
    opening_requests: int
    sweeps: Mapping[str, Sweep]
    folder: Path
    comparison: Path
    quick: bool

    @cached_property
    def scenario(self) -> Scenario:
        """The paper's."""
        return Scenario.load("paper")

    @cached_property
    def task(self) -> AoloTask:
        """Of that scenario."""
        return AoloTask(self.scenario)

    def preset(self, name: str) -> tuple[SDRLConfig, PopSANConfig]:
        """Settings of the loop and shape of the spiking actor."""
        training, popsan = PRESETS[name]  # type: ignore[index]
        return replace(training, total_steps=self.steps.get(name, training.total_steps)), popsan


def tuned(setup: Setup, seed: int) -> Plan:
    """SDRL with the preset population: population coding, as the paper has it, with settings of ours."""
    return Plan(setup.scenario, "spiking", seed, *setup.preset("population"), setup.seconds)


def printed(setup: Setup, seed: int) -> Plan:
    """SDRL with the preset paper: the paper's own settings as far as they are printed."""
    return Plan(
        setup.scenario, "spiking", seed, *setup.preset("paper"), setup.seconds, variant="preset-paper"
    )


def rival(setup: Setup, learner: str, seed: int) -> Plan:
    """One of the paper's rivals, as a comparison trains it."""
    return Plan(setup.scenario, learner, seed, *setup.preset("population"), setup.seconds)


def swept(setup: Setup, row: str, value: Any, seed: int) -> Plan:
    """SDRL with one setting changed; with the preset's own value it is :func:`tuned`."""
    setting = setup.sweeps[row].setting
    plan = tuned(setup, seed)
    if getattr(plan.popsan, setting) == value:
        return plan
    return replace(
        plan, popsan=replace(plan.popsan, **{setting: value}), variant=f"{row}-{in_figures(value)}"
    )


def opening(setup: Setup, strategy: str, learner: str, seed: int) -> Opening:
    """The first requests of a training with the paper's settings."""
    training, popsan = PRESETS["paper"]
    requests = setup.opening_requests
    training = replace(training, evaluate_every=min(training.evaluate_every, requests))
    return Opening(strategy, learner, seed, training, popsan, requests)


def in_figures(value: Any) -> str:
    """A value of a sweep: of two equal layers, the neurons of one."""
    return str(value[0] if isinstance(value, tuple) else value)


def wanted(setup: Setup) -> list[Work]:
    """Everything to be trained, seed by seed."""
    found: list[Work] = []
    for seed in range(setup.seeds):
        if {"carbon", "reduction"} & set(setup.rows):
            found += [tuned(setup, seed), printed(setup, seed)]
        if "reduction" in setup.rows:
            found += [rival(setup, learner, seed) for learner in RIVALS]
        if "reward" in setup.rows:
            found += [opening(setup, strategy, name, seed) for strategy in STRATEGIES for name in OPENERS]
    found += [
        swept(setup, row, value, seed)
        for seed in range(setup.sweep_seeds)
        for row, sweep in setup.sweeps.items()
        if row in setup.rows
        for value in sweep.values
    ]
    return list({work.name: work for work in found}.values())


def compared(setup: Setup, work: Work) -> Cell | None:
    """The cell of the comparison, if it has one with the same settings."""
    if isinstance(work, Plan):
        with suppress(RunError):
            return work.finished(setup.comparison)
    return None


def cells(setup: Setup, plan: Callable[[int], Plan], seeds: int) -> list[Cell]:
    """The finished cells of all seeds."""
    found = []
    for planned in map(plan, range(seeds)):
        # The comparison's first: where it has the cell, the folder's own may be of other settings.
        cell = compared(setup, planned) or planned.finished(setup.folder)
        assert cell is not None
        found.append(cell)
    return found
