"""Whether anything can be done in a scenario: random and extreme actions on its real task."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from neuro_aolo.systems.task import Floats, Optimum, Task, expected
from neuro_aolo.systems.tightest import in_the_way

STATES = 64
RANDOM_ACTIONS = 1_000
_MOST_CORNERS = 64


@dataclass(frozen=True)
class Probe:
    """What the actions tried came to.

    Attributes:
        feasible: share of the states in which one of them keeps every constraint.
        tightest: what stands in the way in the others, as people read it; empty where nothing does.
    """

    feasible: float
    tightest: str = ""


def probe(task: Task, rng: np.random.Generator) -> Probe:
    """Try corners, random actions, and the optimum where it is known, on states of a task.

    Args:
        task: of the scenario.
        rng: of the states and actions.
    """
    spec, tried = task.spec, expected(task)
    if not spec.constraints:
        return Probe(1.0)
    states = tried.reset(STATES, rng)
    kept, limits = in_the_way(tried.step(states, each, rng).slack for each in _actions(tried, states, rng))
    named = (spec.constraints[each] for each in limits)
    return Probe(
        float(kept.mean()),
        " or ".join(
            f"{each.title or each.name} ({each.limit:g} {each.unit})".replace(" -)", ")") for each in named
        ),
    )


def _actions(task: Task, states: Floats, rng: np.random.Generator) -> Iterator[Floats]:
    spec = task.spec
    rows, width = len(states) * spec.agents, len(spec.actions)
    if 2**width <= _MOST_CORNERS:
        corners = np.array(list(product((-1.0, 1.0), repeat=width)))
    else:
        corners = rng.choice([-1.0, 1.0], (_MOST_CORNERS, width))
    yield from (np.tile(corner, (rows, 1)) for corner in (np.zeros(width), *corners))
    for _ in range(RANDOM_ACTIONS):
        yield rng.uniform(-1.0, 1.0, (rows, width))
    best = task.optimum(states) if spec.horizon == 1 else None
    if isinstance(best, Optimum) and best.actions is not None:
        yield np.nan_to_num(best.actions)
