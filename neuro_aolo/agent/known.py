"""Requests with the optimum's own decisions, for policies made of them: in practice nobody has them."""

import numpy as np

from neuro_aolo.agent.inward import REQUESTS, Squash, Trial, inward
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Observations, Optimum, Policy, Task


def solved(task: Task, states: Floats) -> Optimum:
    """The optimum of each state, with its actions.

    Raises:
        AgentError: the task knows none.
    """
    found = task.optimum(states)
    if task.spec.horizon > 1 or not isinstance(found, Optimum) or found.actions is None:
        raise AgentError(
            f"no {task.spec.decision} alone has an optimum whose actions are known: leave that policy out"
        )
    return found


def taught(task: Task, requests: int, rng: np.random.Generator) -> tuple[Observations, Floats]:
    """Observations and optimal actions of ``requests`` drawn ones, those without a feasible action left out.

    Raises:
        AgentError: the optimum's actions are not known, or no request has any.
    """
    states = task.reset(requests, rng)
    optimum = solved(task, states)
    assert optimum.actions is not None
    rows = optimum.feasible.repeat(task.spec.agents)
    if not rows.any():
        raise AgentError(f"none of {requests} requests has a feasible action: draw more, or change the task")
    return task.observe(states)[rows], optimum.actions[rows]


def kept_inside(
    task: Task, compute: Policy, squash: Squash, rng: np.random.Generator, requests: int = REQUESTS
) -> Floats:
    """The shift of what ``compute`` gives that keeps a share of the violation limit on requests apart."""
    states = task.reset(requests, rng)
    known = task.optimum(states)
    if isinstance(known, Optimum):
        states = states[known.feasible]
    return inward(Trial(task, states, compute(task.observe(states)), squash))


def clipped(computed: Floats) -> Floats:
    """Inside [-1, 1]."""
    return np.asarray(np.clip(computed, -1.0, 1.0))
