"""Whether two sets of values come to the same optimum, by the system's own oracle."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.formulate.cards import deck_of
from neuro_aolo.formulate.grounding import Evidence
from neuro_aolo.formulate.reading import component_of
from neuro_aolo.formulate.scenario_toml import loaded_from, toml_of
from neuro_aolo.formulate.settle import Value, usual
from neuro_aolo.systems.task import Optimum, Reference, Task

ALIKE = 1e-3
"""Relative difference of two optima from which an error matters."""

_STATES, _EPISODES, _SEED = 2_000, 2, 0

Described = tuple[str, Mapping[str, Any]]
"""A scenario that is extended, and values by key; of a component its sample."""


def same_optimum(one: Described, other: Described) -> bool | None:
    """Whether the mean costs of both optima are within :data:`ALIKE`; None where one cannot be had.

    States are drawn with the same numbers in both, each from its own ranges.
    """
    costs = [_cost(*each) for each in (one, other)]
    if None in costs:
        return None
    return math.isclose(costs[0], costs[1], rel_tol=ALIKE)  # type: ignore[arg-type]


def _cost(extends: str, values: Mapping[str, Any]) -> float | None:
    try:
        deck = deck_of(extends)
        own = {key: value for key, value in values.items() if not key.startswith("deployment.")}
        said = {key: Value(key, _whole(key, value, deck), "", Evidence("")) for key, value in own.items()}
        follows = deck.phrases.follows(deck.base.scenario, {key: each.value for key, each in said.items()})
        said |= {key: Value(key, value, why, None) for key, (value, why) in follows.items()}
        loaded = loaded_from(toml_of("described", extends, said, ""), said)
        return _mean(loaded.system.task(loaded.scenario))
    except NeuroAoloError:
        return None


def _whole(key: str, value: Any, deck: Any) -> Any:
    card = deck.cards.get(key)
    if card is None or card.kind != "component":
        return value
    return component_of((value[0], value[1]), usual(deck, key))


def _mean(task: Task) -> float | None:
    rng = np.random.default_rng(_SEED)
    states = task.reset(_STATES if task.spec.horizon == 1 else _EPISODES, rng)
    best = task.optimum(states)
    if isinstance(best, Reference):
        return float(task.spec.cost(best.reach(states, rng).costs).mean())
    if isinstance(best, Optimum) and best.feasible.any():
        return float(best.cost[best.feasible].mean())
    return None
