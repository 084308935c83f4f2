"""What a task is, as far as learners, ledgers and people ask: its quantities, objectives and entries."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.quantity import Quantity

Floats = NDArray[np.float64]

EntryKind = Literal["operational", "embodied"]


@dataclass(frozen=True)
class Objective:
    """What the agent should keep small.

    Attributes:
        name: short.
        unit: of its cost.
        scale: order of magnitude of a decision's cost: learners divide by it.
        discount: weight of the next decision's cost, in [0, 1).
        per_mg: cost of a milligram of carbon; 0 where it does not count carbon.
        weight: what one ``scale`` of it counts as in what is minimised: a preference among objectives.
    """

    name: str
    unit: str
    scale: float = 1.0
    discount: float = 0.0
    per_mg: float = 0.0
    weight: float = 1.0


@dataclass(frozen=True)
class Constraint:
    """What a decision must keep.

    Attributes:
        name: short.
        unit: of its margin.
        limit: what is kept, in that unit.
        title: what people read.
    """

    name: str
    unit: str
    limit: float
    title: str = ""


@dataclass(frozen=True)
class Entry:
    """A line of what the system emits.

    Attributes:
        key: of the line.
        name: what people read.
        kind: ``operational`` or ``embodied``.
        site: one of the system's sites.
        source: where the figure comes from.
    """

    key: str
    name: str
    kind: EntryKind
    site: str
    source: str


@dataclass(frozen=True)
class Unit:
    """A functional unit: what a decision serves so many of.

    Attributes:
        key: as ``bit``.
        plural: as people read it.
    """

    key: str
    plural: str


@dataclass(frozen=True)
class Tally:
    """What people ask of an episode beside its carbon, energy and units.

    Attributes:
        key: as ``delay_s``.
        unit: of it.
        title: what people read.
    """

    key: str
    unit: str
    title: str


@dataclass(frozen=True)
class Spec:
    """What a task is, as far as learners, ledgers and people ask.

    Attributes:
        observations: physical quantities that an observation in [-1, 1] spans.
        actions: the same of an action.
        objectives: what is minimised, weighed by their scales.
        constraints: what a decision must keep.
        entries: lines of what the system emits.
        units: functional units of a decision.
        sites: where energy is drawn; the agent stands at one of them.
        agents: copies of one network deciding on the same state, each with its own observations.
        horizon: decisions of an episode; 1: each stands alone, and nothing ends.
        violation_limit: share of decisions in which a policy may break a constraint.
        action_units: units of the actions as people read them after a figure; the quantities' own where
            empty.
        decision: what people call a decision.
        optimum: what people call the exact optimum of a state.
        penalty: what a broken constraint takes off a reward at least; None where rewards have none.
        penalty_name: the parameter that sets it.
        mean_over_horizon: whether an episode that ends early counts as long as any other, at cost 0 from
            there on: its mean cost is then that over the horizon, else that over the decisions taken.
        most_starts: episodes that an evaluation takes at most, where a decision takes long to compute.
        tallies: what is added up over an episode for people to read.
        regret_unit: key of the functional unit whose carbon regret is measured in, over all episodes; empty
            where it is that of what is minimised.
        learner: that learns it by default.
        choices: actions that together name one of several things, by their places: the largest says which.
            What such an action leads to is flat but for the places where another becomes the largest.
    """

    observations: tuple[Quantity, ...]
    actions: tuple[Quantity, ...]
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...] = ()
    entries: tuple[Entry, ...] = ()
    units: tuple[Unit, ...] = ()
    sites: tuple[str, ...] = ("grid",)
    agents: int = 1
    horizon: int = 1
    violation_limit: float = 0.001
    action_units: tuple[str, ...] = ()
    decision: str = "decision"
    optimum: str = "optimum"
    penalty: float | None = None
    penalty_name: str = ""
    mean_over_horizon: bool = False
    most_starts: int | None = None
    tallies: tuple[Tally, ...] = ()
    regret_unit: str = ""
    learner: str = "sdrl"
    choices: tuple[tuple[int, ...], ...] = ()

    @property
    def observation_names(self) -> tuple[str, ...]:
        """One name per observation, in order."""
        return tuple(quantity.name for quantity in self.observations)

    @property
    def action_names(self) -> tuple[str, ...]:
        """One name per action, in order."""
        return tuple(quantity.name for quantity in self.actions)

    @property
    def scale(self) -> float:
        """One unit of what is minimised, in units of the first objective."""
        return self.objectives[0].scale

    def starts(self, count: int) -> int:
        """Starts of an evaluation of which ``count`` are asked for."""
        return count if self.most_starts is None else min(count, self.most_starts)

    def cost(self, costs: Floats) -> Floats:
        """What is minimised, in units of the first objective: ``(..., objectives)`` to ``(...)``."""
        first, *others = self.objectives
        total: Floats = costs[..., 0] * first.weight
        for index, objective in enumerate(others, start=1):
            total = total + costs[..., index] * (objective.weight * first.scale / objective.scale)
        return total
