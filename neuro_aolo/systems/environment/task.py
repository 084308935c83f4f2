"""An environment as a task: one decision is one step, cost is what is off the reward.

    (1) c = -r        of each step; one objective, discounted
    (2) slack = tanh(margin / scale)

An episode that terminates early has cost 0 from there on: its mean cost is that over the whole horizon, so
that a policy's mean cost times the horizon is minus its mean return.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuro_aolo.systems.environment.episodes import SEEDS, Episodes, Layout
from neuro_aolo.systems.environment.make import Make
from neuro_aolo.systems.environment.outcome import Reader
from neuro_aolo.systems.environment.scenario import SITE, Scenario
from neuro_aolo.systems.environment.spaces import Spaces
from neuro_aolo.systems.task import (
    Constraint,
    Entry,
    Floats,
    Hourly,
    Objective,
    Observations,
    Optimum,
    Served,
    Spec,
    Transition,
)
from neuro_aolo_export.quantity import Quantity, normalise, physical


@dataclass(frozen=True, eq=False)
class EnvironmentTask:
    """A Gymnasium environment as a task.

    States are plain rows of numbers, see :mod:`neuro_aolo.systems.environment.episodes`. Rows are stepped one
    after another: of ``Pendulum-v1`` some 8,000 a second on one core, where a plain loop takes 30,000.

    Attributes:
        scenario: a resolved one.
        make: a new instance of the environment.
        spaces: of it.
    """

    scenario: Scenario
    make: Make
    spaces: Spaces

    @property
    def hourly(self) -> Hourly | None:
        """No grid is known hour by hour."""
        return None

    @cached_property
    def spec(self) -> Spec:
        """What the task is."""
        scenario, spaces = self.scenario, self.spaces
        return Spec(
            observations=tuple(
                Quantity(name, "1", low, high)
                for name, low, high in zip(
                    scenario.observation_names,
                    scenario.observation_low,
                    scenario.observation_high,
                    strict=True,
                )
            ),
            actions=tuple(
                Quantity(name, "1", float(low), float(high))
                for name, low, high in zip(
                    scenario.action_names, spaces.action_low, spaces.action_high, strict=True
                )
            ),
            objectives=(Objective("cost", "reward", scale=self._scale, discount=scenario.discount or 0.0),),
            constraints=tuple(
                Constraint(each.name, each.unit, each.limit, each.title) for each in scenario.margins
            ),
            entries=tuple(
                Entry(each.name, each.title or each.name, each.kind, SITE, each.source)
                for each in scenario.carbon
            ),
            sites=(SITE,),
            horizon=self._horizon,
            violation_limit=scenario.violation_limit,
            decision=scenario.decision,
            mean_over_horizon=True,
            most_starts=scenario.starts,
        )

    @property
    def _horizon(self) -> int:
        assert self.scenario.horizon is not None
        return self.scenario.horizon

    @property
    def _scale(self) -> float:
        assert self.scenario.reward_scale is not None
        return self.scenario.reward_scale

    @cached_property
    def _episodes(self) -> Episodes:
        layout = Layout(len(self.spaces.low), len(self.spaces.action_low), self._horizon)
        return Episodes(self.make, Reader.of(self.scenario, self.spaces), layout)

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw ``count`` episodes: their first states ``(count, S)``."""
        return self._episodes.begin(rng.integers(SEEDS, size=count).astype(np.float64))

    def observe(self, states: Floats) -> Observations:
        """Observations ``(B, D)`` in [-1, 1]: the scenario's bounds mapped onto it, clipped beyond."""
        seen: Observations = normalise(self.spec.observations, states[:, self._episodes.layout.seen])
        return seen

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        """Take one step from each state; nothing is drawn from ``rng``: an episode's seed decides.

        Raises:
            ScenarioError: the environment gives what is no finite number, has ended before, or is not
                deterministic.
        """
        taken = self.spaces.taken(physical(self.spec.actions, actions))
        following, outcomes = self._episodes.step(states, taken)
        count = len(states)
        reward = np.array([each.reward for each in outcomes])
        terminal = np.array([each.terminated for each in outcomes], np.bool_)
        cut = np.array([each.truncated for each in outcomes], np.bool_)
        margins = np.array([each.margins for each in outcomes]).reshape(count, len(self.scenario.margins))
        slack = np.tanh(margins / np.array([each.scale for each in self.scenario.margins]))
        broken = (slack < 0.0).any(axis=1)
        return Transition(
            next_states=following,
            costs=-reward[:, None],
            slack=slack,
            reward=reward - np.where(broken, self.scenario.penalty or 0.0, 0.0),
            ended=terminal | cut | (following[:, 1] >= self._horizon),
            terminal=terminal,
            served=Served(
                carbon_g=np.array([each.carbon_g for each in outcomes]).reshape(
                    count, len(self.scenario.carbon)
                ),
                energy_j=np.array([each.energy_j for each in outcomes]).reshape(count, 1),
                units=np.zeros((count, 0)),
                margins=margins,
            ),
        )

    def intensity(self, states: Floats, site: str) -> Floats:
        """Carbon intensity in g/kWh, the same in every step."""
        return np.full(len(states), self.scenario.intensity_g_per_kwh)

    def optimum(self, states: Floats) -> Optimum | None:
        """Nobody knows it."""
        return None
