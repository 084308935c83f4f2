"""What is made for each row of the table: cells as a comparison makes them, openings, times and a check."""

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
from neuro_aolo.runs.cell_graph import MadeCell
from neuro_aolo.runs.presets import PRESETS
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.task import AoloTask
from reproduction.closed_form import ClosedForm
from reproduction.opening import Opening
from reproduction.sweeps import SWEEPS, Sweep
from reproduction.timing import Timing

RIVALS = ("sac", "ppo", "random")
STRATEGIES = ("outage", "non-outage")
OPENERS = ("SDRL", "SAC")

Work = Plan | Opening | Timing | ClosedForm

ROWS = ("strategies", "carbon", "reduction", *SWEEPS, "theorem", "time")
"""What is made, the most important claims first; the last needs a machine that does nothing else."""


class Training(Plan):
    """A cell without its network, which nothing here reads: half a megabyte each."""

    def make(self) -> MadeCell:
        """Train the learner, and let it decide the held-out requests."""
        return replace(super().make(), graph=None)


@dataclass(frozen=True)
class Setup:
    """How far to go.

    Attributes:
        seeds: of every claim.
        few_seeds: of the values of a sweep on which no claim rests.
        seconds: processor time of training of each of Stable-Baselines3's algorithms.
        steps: requests served in training, by preset, where they are not the preset's own.
        opening_requests: over which the reward at the start of a training is averaged.
        timed_rounds: rounds of a training whose time is taken.
        sweeps: by row.
        closed_form: the check of Theorem 1.
        folder: where cells and tables go.
        comparison: folder of a comparison whose cells are used where their settings are the same.
        jobs: trainings at a time.
        quick: whether this is a smoke run.
    """

    seeds: int
    few_seeds: int
    seconds: float
    steps: Mapping[str, int]
    opening_requests: int
    timed_rounds: int
    sweeps: Mapping[str, Sweep]
    closed_form: ClosedForm
    folder: Path
    comparison: Path
    jobs: int
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

    def seeds_of(self, row: str, value: Any) -> int:
        """Seeds of a value of a sweep."""
        return self.seeds if value in self.sweeps[row].judged else min(self.seeds, self.few_seeds)


def shipped(setup: Setup, seed: int) -> Plan:
    """SDRL with the preset tuned, as a comparison trains it: its cells are taken from there alone."""
    return Training(setup.scenario, "spiking", seed, *setup.preset("tuned"), setup.seconds)


def populations(setup: Setup, seed: int) -> Plan:
    """SDRL with the preset population: population coding, as the paper has it, with settings of ours."""
    return Training(setup.scenario, "spiking", seed, *setup.preset("population"), setup.seconds)


def printed(setup: Setup, seed: int) -> Plan:
    """SDRL with the preset paper: the paper's own settings as far as they are printed."""
    return Training(
        setup.scenario, "spiking", seed, *setup.preset("paper"), setup.seconds, variant="preset-paper"
    )


def rival(setup: Setup, learner: str, seed: int) -> Plan:
    """One of the paper's rivals, as a comparison trains it."""
    return Training(setup.scenario, learner, seed, *setup.preset("population"), setup.seconds)


def swept(setup: Setup, row: str, value: Any, seed: int) -> Plan:
    """SDRL with one setting changed; with the preset's own value it is :func:`populations`."""
    sweep, plan = setup.sweeps[row], populations(setup, seed)
    if getattr(plan.popsan, sweep.setting) == value:
        return plan
    popsan = replace(plan.popsan, **{sweep.setting: value})
    return replace(plan, popsan=popsan, variant=f"{row}-{sweep.label(value)}")


def opening(setup: Setup, strategy: str, learner: str, seed: int) -> Opening:
    """The first requests of a training with the paper's settings."""
    training, popsan = PRESETS["paper"]
    requests = setup.opening_requests
    training = replace(training, evaluate_every=min(training.evaluate_every, requests))
    return Opening(strategy, learner, seed, training, popsan, requests)


def timing(setup: Setup, steps: int, seed: int) -> Timing:
    """A short training of the preset population with so many time steps."""
    training, popsan = PRESETS["population"]
    rounds = setup.timed_rounds
    training = replace(
        training,
        total_steps=rounds * training.num_envs,
        evaluate_every=rounds // 2,
        validation_requests=64,
    )
    return Timing(steps, seed, training, replace(popsan, steps=steps), setup.jobs)


def wanted(setup: Setup, rows: tuple[str, ...] = ROWS) -> list[Work]:
    """Everything to be made, row by row, and in a row seed by seed."""
    made = {"strategies": _openings, "carbon": _carbon, "reduction": _rivals, "time": _times}
    found: list[Work] = []
    for row in (row for row in ROWS if row in rows):
        if row == "theorem":
            found.append(setup.closed_form)
        else:
            found += _swept(setup, row) if row in setup.sweeps else made[row](setup)
    return list({work.name: work for work in found}.values())


def _openings(setup: Setup) -> list[Work]:
    return [
        opening(setup, strategy, learner, seed)
        for seed in range(setup.seeds)
        for learner in OPENERS
        for strategy in STRATEGIES
    ]


def _carbon(setup: Setup) -> list[Work]:
    plans = (printed, populations)
    return [plan(setup, seed) for plan in plans for seed in range(setup.seeds)]


def _rivals(setup: Setup) -> list[Work]:
    return [rival(setup, learner, seed) for seed in range(setup.seeds) for learner in RIVALS]


def _swept(setup: Setup, row: str) -> list[Work]:
    sweep = setup.sweeps[row]
    # What no verdict rests on comes last.
    groups = sweep.judged, [value for value in sweep.values if value not in sweep.judged]
    return [
        swept(setup, row, value, seed)
        for group in groups
        for seed in range(setup.seeds)
        for value in group
        if seed < setup.seeds_of(row, value)
    ]


def _times(setup: Setup) -> list[Work]:
    first, *_, last = setup.sweeps["timesteps"].judged
    return [timing(setup, steps, seed) for seed in range(setup.seeds) for steps in (first, last)]


def compared(setup: Setup, work: Work) -> Cell | None:
    """The cell of the comparison, if it has one with the same settings."""
    if isinstance(work, Plan):
        with suppress(RunError):
            return work.finished(setup.comparison)
    return None


def cells(setup: Setup, plan: Callable[[int], Plan], seeds: int) -> dict[int, Cell]:
    """The finished cells by seed; a seed that is still to be trained is left out."""
    found = {}
    for planned in map(plan, range(seeds)):
        # The comparison's first: where it has the cell, the folder's own may be of other settings.
        cell = compared(setup, planned) or planned.finished(setup.folder)
        if cell is not None:
            found[planned.seed] = cell
    return found


def shipped_cells(setup: Setup) -> dict[int, Cell]:
    """Those of the preset tuned, by seed, as far as the comparison has them."""
    found = {seed: compared(setup, shipped(setup, seed)) for seed in range(setup.seeds)}
    return {seed: cell for seed, cell in found.items() if cell is not None}
