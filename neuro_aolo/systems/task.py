"""What anybody above may know of a system: a batched control task, what it tells, and nothing more.

A state is the task's own (native) description, and only the task reads it. One decision is a row: of ``K``
copies of one network that decide on the same state, the rows of a state lie together, ``B * K`` rows for
``B`` states.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from neuro_aolo.systems.spec import Constraint, Entry, EntryKind, Floats, Objective, Spec, Tally, Unit

__all__ = [
    "Constraint",
    "Entry",
    "EntryKind",
    "Flags",
    "Floats",
    "Hourly",
    "Hours",
    "Objective",
    "Observations",
    "Optimum",
    "Policy",
    "Reached",
    "Reference",
    "Served",
    "Spec",
    "Tally",
    "Task",
    "Transition",
    "Unit",
    "expected",
]

Observations = NDArray[np.float32]
Flags = NDArray[np.bool_]
Hours = NDArray[np.int64]
Policy = Callable[[Observations], Floats]
"""Observations ``(rows, D)`` to actions ``(rows, A)``, both in [-1, 1]."""


@dataclass(frozen=True)
class Served:
    """What a batch of B decisions served and emitted: for ledgers and people; no learner reads it.

    Attributes:
        carbon_g: of each entry, in gCO2e, shape ``(B, entries)``.
        energy_j: drawn at each site, cooling included, shape ``(B, sites)``.
        units: functional units, shape ``(B, units)``.
        margins: of each constraint in its own unit, at least 0 exactly where it holds, ``(B, constraints)``.
        tallies: of a decision, or added up, ``(B, tallies)``; None where the task has none.
        busy_s: for how long each machine of the system works, ``(B, machines)``; None where it tells none.
    """

    carbon_g: Floats
    energy_j: Floats
    units: Floats
    margins: Floats
    tallies: Floats | None = None
    busy_s: Floats | None = None

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
        actions: that reach it, ``(B * agents, A)`` in [-1, 1], NaN where no action is feasible; None where
            these are not told.
    """

    cost: Floats
    scale: Floats
    feasible: Flags
    actions: Floats | None = None


@dataclass(frozen=True)
class Reached:
    """What the episodes from B starts came to.

    Attributes:
        decisions: that each episode took, shape ``(B,)``.
        costs: mean of each objective per decision, shape ``(B, objectives)``.
        served: totals of each episode.
    """

    decisions: Hours
    costs: Floats
    served: Served


@dataclass(frozen=True)
class Reference:
    """What regret is measured against where no state alone has an optimum: whole episodes on the same draws.

    Attributes:
        name: what people call it, as ``causal optimum``.
        reach: from starts ``(B, S)``, with the generator that a policy's rollout is handed, to what the
            episodes come to.
        decide: from states ``(B, S)`` to actions ``(B * agents, A)`` in [-1, 1], where it knows no more than
            a state holds.
    """

    name: str
    reach: Callable[[Floats, np.random.Generator], Reached]
    decide: Callable[[Floats], Floats] | None = None


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
    """A batched control task with actions and observations in [-1, 1].

    Where what a decision costs is itself drawn, as by one user's score of an answer, it may offer
    ``expected``: the same task with the cost's expectation in its place, for what is held out.
    """

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


def expected(task: Task) -> Task:
    """The task with expectations in the place of drawn costs; the task itself where it draws none."""
    found: Task = getattr(task, "expected", task)
    return found
