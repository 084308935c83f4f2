"""Tasks so small that what is best in them can be written down."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuro_aolo.systems.task import (
    Constraint,
    Floats,
    Hourly,
    Objective,
    Observations,
    Optimum,
    Served,
    Spec,
    Transition,
)
from neuro_aolo_export.quantity import Quantity


def served_nothing(count: int, constraints: int = 0) -> Served:
    """What tasks without a ledger serve."""
    none = np.zeros((count, 0))
    return Served(none, none, none, np.zeros((count, constraints)))


@dataclass(frozen=True)
class Cliff:
    """Cost 2 + a, with slack a - s / 2: the best action is s / 2, the best constant 1 / 2."""

    noises: int = 2
    violation_limit: float = 0.001

    @cached_property
    def spec(self) -> Spec:
        names = ("s", "noise", "noise2")[: 1 + self.noises]
        return Spec(
            observations=tuple(Quantity(name, "1", -1.0, 1.0) for name in names),
            actions=(Quantity("a", "1", -1.0, 1.0),),
            objectives=(Objective("cost", "1", scale=2.0),),
            constraints=(Constraint("edge", "1", 0.0),),
            violation_limit=self.violation_limit,
        )

    @property
    def hourly(self) -> Hourly | None:
        return None

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        return rng.uniform(-1.0, 1.0, (count, 1 + self.noises))

    def observe(self, states: Floats) -> Observations:
        return states.astype(np.float32)

    def intensity(self, states: Floats, site: str) -> Floats:
        return np.zeros(len(states))

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        action = np.clip(actions[:, 0], -1.0, 1.0)
        slack = (action - states[:, 0] / 2) / 1.5
        cost = 2.0 + action
        never = np.zeros(len(states), np.bool_)
        return Transition(
            next_states=self.reset(len(states), rng),
            costs=cost[:, None],
            slack=slack[:, None],
            reward=np.where(slack < 0.0, -10.0, -cost),
            ended=never,
            terminal=never,
            served=served_nothing(len(states), 1),
        )

    def optimum(self, states: Floats) -> Optimum | None:
        cost = 2.0 + states[:, 0] / 2
        return Optimum(cost, cost, np.ones(len(states), dtype=bool), states[:, :1] / 2)


@dataclass(frozen=True)
class Tanks:
    """Two tanks to be filled in five decisions, each by a copy of one network that sees its own tank.

    A copy pumps a share of what its tank lacks, in the last step all of it, and sets a valve. Pumping
    ``q`` takes ``q^2`` kWh; a valve ``v`` beside the tank's pressure ``z`` leaks ``(v - z)^2`` litres. A
    state holds the step, what either tank lacks, and their pressures.

    Little is best at every step but the last, so whoever does not look ahead pumps all in the last. Of the
    ways to pump ``r`` in the ``n`` steps left, ``q_k = r / n`` takes the least, as ``q^2`` is convex:
    ``r^2 / n``, or ``(r / n)^2`` a decision. With weights ``gamma^k`` Lagrange's condition is
    ``gamma^k q_k = const``, and the least is at ``q_k = r gamma^-k / sum_j gamma^-j``. Valves are best at
    ``v = z``, where nothing leaks.

    Attributes:
        told_apart: whether it is known what each copy's decision costs.
        discounts: of energy and leaks.
        known: whether the optimum is.
    """

    told_apart: bool = True
    discounts: tuple[float, float] = (0.9, 0.0)
    known: bool = True

    steps = 5
    most = 1.5

    @cached_property
    def spec(self) -> Spec:
        energy, leaks = self.discounts
        return Spec(
            observations=(
                Quantity("step", "1", 0.0, self.steps - 1.0),
                Quantity("lacking", "m3", 0.0, self.most),
                Quantity("pressure", "bar", -1.0, 1.0),
            ),
            actions=(Quantity("share", "1", 0.0, 1.0), Quantity("valve", "bar", -1.0, 1.0)),
            objectives=(
                Objective("energy", "kWh", scale=0.1, discount=energy),
                Objective("leaks", "l", scale=0.5, discount=leaks),
            ),
            agents=2,
            horizon=self.steps,
        )

    @property
    def hourly(self) -> Hourly | None:
        return None

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        lacking = rng.uniform(0.5, self.most, (count, 2))
        return np.column_stack([np.zeros(count), lacking, rng.uniform(-0.8, 0.8, (count, 2))])

    def observe(self, states: Floats) -> Observations:
        step = np.repeat(states[:, :1], 2, axis=1) / (self.steps - 1) * 2.0 - 1.0
        rows = np.stack([step, states[:, 1:3] / self.most * 2.0 - 1.0, states[:, 3:]], axis=2)
        return rows.reshape(-1, 3).astype(np.float32)

    def intensity(self, states: Floats, site: str) -> Floats:
        return np.zeros(len(states))

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        step, lacking, pressure = states[:, 0], states[:, 1:3], states[:, 3:]
        share, valve = np.moveaxis(np.clip(actions, -1.0, 1.0).reshape(-1, 2, 2), 2, 0)
        last = step == self.steps - 1
        pumped = lacking * np.where(last[:, None], 1.0, (1.0 + share) / 2)
        each = np.stack([pumped**2, (valve - pressure) ** 2], axis=2)
        costs = each.sum(axis=1)
        return Transition(
            next_states=np.column_stack([step + 1.0, lacking - pumped, pressure]),
            costs=costs,
            slack=np.zeros((len(states), 0)),
            reward=-self.spec.cost(costs),
            ended=last,
            terminal=last,
            served=served_nothing(len(states)),
            agent_costs=each if self.told_apart else None,
        )

    def optimum(self, states: Floats) -> Optimum | None:
        left = self.steps - states[:, :1]
        cost = ((states[:, 1:3] / left) ** 2).sum(axis=1)
        return Optimum(cost, cost, np.ones(len(states), np.bool_)) if self.known else None


@dataclass(frozen=True)
class Bandit:
    """Two costs, ``|a + 1|`` and ``|a - 1|``: the first wants -1, the second 1, and no price lies between."""

    @cached_property
    def spec(self) -> Spec:
        return Spec(
            observations=(Quantity("s", "1", -1.0, 1.0),),
            actions=(Quantity("a", "1", -1.0, 1.0),),
            objectives=(Objective("left", "1"), Objective("right", "1")),
        )

    @property
    def hourly(self) -> Hourly | None:
        return None

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        return rng.uniform(-1.0, 1.0, (count, 1))

    def observe(self, states: Floats) -> Observations:
        return states.astype(np.float32)

    def intensity(self, states: Floats, site: str) -> Floats:
        return np.zeros(len(states))

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        action = np.clip(actions, -1.0, 1.0)
        costs = np.hstack([np.abs(action + 1.0), np.abs(action - 1.0)])
        never = np.zeros(len(states), np.bool_)
        return Transition(
            next_states=self.reset(len(states), rng),
            costs=costs,
            slack=np.zeros((len(states), 0)),
            reward=-costs.sum(axis=1),
            ended=never,
            terminal=never,
            served=served_nothing(len(states)),
        )

    def optimum(self, states: Floats) -> None:
        return None
