"""Whether anything can be done in a scenario: random and extreme actions on its real task."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from neuro_aolo.systems.task import Floats, Optimum, Task, expected

STATES = 64
RANDOM_ACTIONS = 1_000
_MOST_CORNERS = 64


@dataclass(frozen=True)
class Probe:
    """What the actions tried came to.

    Attributes:
        feasible: share of the states in which one of them keeps every constraint.
        tightest: the constraint that is furthest from being kept where none does, in the best action; empty
            where all are kept.
        limit: of it, as people read it.
    """

    feasible: float
    tightest: str = ""
    limit: str = ""


def probe(task: Task, rng: np.random.Generator) -> Probe:
    """Try corners, random actions, and the optimum where it is known, on states of a task.

    Args:
        task: of the scenario.
        rng: of the states and actions.
    """
    spec, task = task.spec, expected(task)
    states = task.reset(STATES, rng)
    width = len(spec.actions)
    best = np.full((STATES, max(len(spec.constraints), 1)), -np.inf)
    for actions in (*_candidates(width, rng), *_best_known(task, states)):
        rows = np.broadcast_to(actions, (STATES * spec.agents, width)) if actions.ndim == 1 else actions
        slack = task.step(states, np.array(rows), rng).slack
        if slack.shape[1]:
            better = slack.min(axis=1) > best.min(axis=1)
            best[better] = slack[better]
        else:
            best[:] = 0.0
    kept = best.min(axis=1) >= 0.0
    if kept.all():
        return Probe(1.0)
    worst = np.bincount(best[~kept].argmin(axis=1), minlength=len(spec.constraints)).argmax()
    constraint = spec.constraints[int(worst)]
    return Probe(
        float(kept.mean()), constraint.title or constraint.name, f"{constraint.limit:g} {constraint.unit}".strip(" -")
    )


def _candidates(width: int, rng: np.random.Generator) -> list[Floats]:
    corners = (
        [np.array(ends) for ends in product((-1.0, 1.0), repeat=width)]
        if 2**width <= _MOST_CORNERS
        else list(rng.choice([-1.0, 1.0], (_MOST_CORNERS, width)))
    )
    return [np.zeros(width), *corners, *rng.uniform(-1.0, 1.0, (RANDOM_ACTIONS, width))]


def _best_known(task: Task, states: Floats) -> list[Floats]:
    best = task.optimum(states) if task.spec.horizon == 1 else None
    if not isinstance(best, Optimum) or best.actions is None:
        return []
    return [np.nan_to_num(best.actions)]
