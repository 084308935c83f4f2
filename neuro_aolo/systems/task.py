"""What anybody above may know of a system: a batched control task, what it tells, and nothing more.

A state is the task's own (native) description, and only the task reads it. One decision is a row: of ``K``
copies of one network that decide on the same state, the rows of a state lie together, ``B * K`` rows for
``B`` states.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.quantity import Quantity

Floats = NDArray[np.float64]
Observations = NDArray[np.float32]
Flags = NDArray[np.bool_]
Hours = NDArray[np.int64]
Policy = Callable[[Observations], Floats]
"""Observations ``(rows, D)`` to actions ``(rows, A)``, both in [-1, 1]."""

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


@dataclass(frozen=True)
class Served:
    """What a batch of B decisions served and emitted: for ledgers and people; no learner reads it.

    Attributes:
        carbon_g: of each entry, in gCO2e, shape ``(B, entries)``.
        energy_j: drawn at each site, cooling included, shape ``(B, sites)``.
        units: functional units, shape ``(B, units)``.
        margins: of each constraint in its own unit, at least 0 exactly where it holds, ``(B, constraints)``.
        tallies: of a decision, or added up, ``(B, tallies)``; None where the task has none.
    """

    carbon_g: Floats
    energy_j: Floats
    units: Floats
    margins: Floats
    tallies: Floats | None = None

    @property
    def total_g(self) -> Floats:
        """Carbon of each decision in gCO2e, shape ``(B,)``; entries are added up in pairs."""
        parts = list(self.carbon_g.T)
        while len(parts) > 1:
            pairs = [one + other for one, other in zip(parts[::2], parts[1::2], strict=False)]
            parts = pairs + parts[len(parts) - len(parts) % 2 :]
        return parts[0] if parts else np.zeros(len(self.units))


@dataclass(frozen=True)
class Transition:
    """What a batch of decisions on B states led to.

    Attributes:
        next_states: native states that follow, shape ``(B, S)``; also of an episode that has ended.
        costs: of each objective, shape ``(B, objectives)``; also where a constraint is broken.
        slack: how far each constraint is kept, dimensionless, in [-1, 1], shape ``(B, constraints)``: at
            least 0 exactly where it holds, and smooth across.
        reward: one figure that falls with the costs and drops where a constraint is broken, shape ``(B,)``.
        ended: whether the episode has, shape ``(B,)``.
        terminal: whether it has and nothing follows, shape ``(B,)``; an end that is not terminal is a cut.
        served: what was served and emitted.
        agent_costs: the costs that each copy's own decision causes, shape ``(B, agents, objectives)``, which
            add up to ``costs``; None where they cannot be told apart.
    """

    next_states: Floats
    costs: Floats
    slack: Floats
    reward: Floats
    ended: Flags
    terminal: Flags
    served: Served
    agent_costs: Floats | None = None

    @property
    def violated(self) -> Flags:
        """Whether a constraint is broken, shape ``(B,)``."""
        return np.asarray((self.slack < 0.0).any(axis=1))


@dataclass(frozen=True)
class Optimum:
    """The least reachable cost of each of B states: over an episode that starts there, its mean per decision.

    Attributes:
        cost: what is minimised, in units of the first objective, shape ``(B,)``, NaN where no action is
            feasible.
        scale: what a regret is measured in, shape ``(B,)``, NaN where no action is feasible. Equal to
            ``cost`` unless the cost has parts of either sign.
        feasible: shape ``(B,)``.
    """

    cost: Floats
    scale: Floats
    feasible: Flags


@dataclass(frozen=True)
class Reached:
    """What the episodes from B starts came to.

    Attributes:
        costs: mean of each objective per decision, shape ``(B, objectives)``.
        served: totals of each episode.
    """

    costs: Floats
    served: Served


@dataclass(frozen=True)
class Reference:
    """What regret is measured against where no state alone has an optimum: whole episodes on the same draws.

    Attributes:
        name: what people call it, as ``causal optimum``.
        reach: from starts ``(B, S)``, with the generator that a policy's rollout is handed, to what the
            episodes come to.
    """

    name: str
    reach: Callable[[Floats, np.random.Generator], Reached]


@dataclass(frozen=True)
class Hourly:
    """The hours of a task's grids, where they are known hour by hour.

    Attributes:
        hours: how many; after the last the first follows.
        g_per_kwh: carbon intensity of the sites that have a trace, each ``(hours,)``.
        files: of the dated traces, by site.
        states: draws the native states of decisions in given hours ``(n,)``, shape ``(n, S)``.
    """

    hours: int
    g_per_kwh: Mapping[str, Floats]
    files: Mapping[str, str]
    states: Callable[[Hours, np.random.Generator], Floats]


class Task(Protocol):
    """A batched control task with actions and observations in [-1, 1]."""

    @property
    def spec(self) -> Spec:
        """What the task is."""
        ...

    @property
    def hourly(self) -> Hourly | None:
        """Its hours; None where no grid is known hour by hour."""
        ...

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw ``count`` initial native states, shape ``(count, S)``."""
        ...

    def observe(self, states: Floats) -> Observations:
        """Observations in [-1, 1] of native states, shape ``(B * agents, D)``."""
        ...

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        """Apply actions ``(B * agents, A)`` to states ``(B, S)``; those outside [-1, 1] are clipped."""
        ...

    def intensity(self, states: Floats, site: str) -> Floats:
        """Carbon intensity at one of the sites in g/kWh, shape ``(B,)``."""
        ...

    def optimum(self, states: Floats) -> Optimum | Reference | None:
        """The exact optimum of each state, or episodes that do as well as can be; None where nobody knows."""
        ...
