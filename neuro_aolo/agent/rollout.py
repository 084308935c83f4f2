"""What a policy's decisions lead to: one each where decisions stand alone, else whole episodes."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import (
    Flags,
    Floats,
    Observations,
    Policy,
    Reached,
    Served,
    Task,
    Transition,
)

Counts = NDArray[np.int64]

_SEEN = 1_024
"""Observations kept, spread over the decisions of an episode."""


@dataclass(frozen=True)
class Rollout:
    """What the decisions from N starts led to.

    Attributes:
        decisions: that each episode took, shape ``(N,)``.
        costs: mean of each objective over them, or over the horizon where the task says so, shape
            ``(N, objectives)``.
        cost: mean of what is minimised, in units of the first objective, shape ``(N,)``, likewise.
        reward: mean reward, shape ``(N,)``, likewise.
        broken: decisions that broke a constraint, shape ``(N,)``.
        slack: of every decision, shape ``(sum of decisions, constraints)``.
        served: totals of each episode; of its margins the least.
        seen: some of the observations that were decided on, shape ``(n, D)``.
        actions: that were decided, ``(N * agents, A)``, where each start has one decision; else None.
    """

    decisions: Counts
    costs: Floats
    cost: Floats
    reward: Floats
    broken: Counts
    slack: Floats
    served: Served
    seen: Observations
    actions: Floats | None = None

    @property
    def violation_rate(self) -> float:
        """Share of decisions that broke a constraint."""
        return float(self.broken.sum() / self.decisions.sum())

    @property
    def reached(self) -> Reached:
        """What people and references ask of it."""
        return Reached(self.decisions, self.costs, self.served)


def rollout(task: Task, policy: Policy, starts: Floats, rng: np.random.Generator) -> Rollout:
    """Let ``policy`` decide from each start: once where the horizon is 1, else to the episode's end.

    Args:
        task: what is controlled.
        policy: what decides, row by row: the rows of a state's copies lie together.
        starts: native states, shape ``(N, S)``.
        rng: draws what happens. An episode that has ended goes through its start again, uncounted: the
            others then meet the same draws however long each lasts.

    Raises:
        AgentError: an episode goes on beyond the task's horizon.
    """
    spec, states = task.spec, starts
    going = np.ones(len(starts), np.bool_)
    shown = max(_SEEN // spec.horizon, spec.agents)
    total, margins, slack, seen = np.zeros(()), np.array(np.inf), [], []
    for _ in range(spec.horizon):
        observations = task.observe(states)
        actions = policy(observations)
        transition = task.step(states, actions, rng)
        total = total + np.where(going[:, None], _figures(transition), 0.0)
        margins = np.minimum(margins, np.where(going[:, None], transition.served.margins, np.inf))
        slack.append(transition.slack[going])
        seen.append(observations[:shown])
        going = going & ~transition.ended
        if not going.any():
            break
        states = np.where(going[:, None], transition.next_states, starts)
    if spec.horizon > 1 and going.any():
        raise AgentError(
            f"{going.sum()} of {len(starts)} episodes go on after the {spec.horizon} decisions of the "
            "task's horizon: let the task end them"
        )
    counted, broken, reward, costs, carbon_g, energy_j, units, tallies, busy_s = _apart(total, transition)
    over = float(spec.horizon) if spec.mean_over_horizon else counted
    costs = costs / over
    return Rollout(
        decisions=counted[:, 0].astype(np.int64),
        costs=costs,
        cost=spec.cost(costs),
        reward=(reward / over)[:, 0],
        broken=broken[:, 0].astype(np.int64),
        slack=np.concatenate(slack),
        served=Served(
            carbon_g,
            energy_j,
            units,
            margins,
            tallies if spec.tallies else None,
            busy_s if busy_s.shape[1] else None,
        ),
        seen=np.concatenate(seen),
        actions=actions if spec.horizon == 1 else None,
    )


def _figures(transition: Transition) -> Floats:
    """All that is added up over an episode, side by side."""
    return np.column_stack([np.ones(len(transition.costs)), *_columns(transition)])


def _columns(transition: Transition) -> Iterable[Floats | Flags]:
    served = transition.served
    nothing = np.zeros((len(transition.costs), 0))
    return (
        transition.violated,
        transition.reward,
        transition.costs,
        served.carbon_g,
        served.energy_j,
        served.units,
        nothing if served.tallies is None else served.tallies,
        nothing if served.busy_s is None else served.busy_s,
    )


def _apart(total: Floats, like: Transition) -> list[Floats]:
    """The sums that :func:`_figures` put side by side, each ``(N, its width)``."""
    widths = [1, *(1 if column.ndim == 1 else column.shape[1] for column in _columns(like))]
    return np.split(total, list(accumulate(widths))[:-1], axis=1)
