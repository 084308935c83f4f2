"""The best symmetric mixed policy of K users who see the same: each draws its server by the same chances.

One deterministic policy sends all users to one server. Of policies that draw, each user apart and all by the
same chances ``p_m``, n users beside one on its server are binomial, ``N - 1 ~ Bin(K - 1, p_m)``; a user there
has the power with which j users are in time, and pays the penalty where more came. What all pay is

    K sum_m p_m min_j [ c_m(j) P(N <= j) + penalty P(N > j) ],    sum_m p_m = 1,

with the price ``c_m(j)`` of a task at its best steps and power (:func:`~neuro_aolo.systems.offload.optimum.
prices`). Each server adds a function of its own chance alone, and so the least over
chances in steps of ``1 / parts`` is exact, found server by server.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from neuro_aolo.systems.offload.apportion import least_sum
from neuro_aolo.systems.offload.optimum import prices
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.serving import Indices
from neuro_aolo.systems.task import Floats

PARTS = 60
"""Steps of a chance: halves, thirds, quarters, fifths and sixths are among them."""

_BLOCK = 512
"""States at a time: of each a sum for every pair of chances is held."""


@dataclass(frozen=True)
class Mixed:
    """The best symmetric mixed policy of B states.

    Attributes:
        chances: of each server, ``(B, M)``.
        power_w: at each server, ``(B, M)``; the most where it is not used.
        steps: likewise.
        cost_mg: expected carbon of all users, a user's penalty in the place of its carbon where a constraint
            is broken, ``(B,)``.
    """

    chances: Floats
    power_w: Floats
    steps: Floats
    cost_mg: Floats


def best_mixed(scenario: Scenario, states: Floats, parts: int = PARTS) -> Mixed:
    """The best symmetric mixed policy of every state.

    Args:
        scenario: of servers and tasks; with one user the best is to draw nothing, and costs what the optimum
            does.
        states: ``(B, S)`` in physical units.
        parts: steps of a chance.
    """
    pieces = [
        _best(scenario, states[start : start + _BLOCK], parts)
        for start in range(0, max(len(states), 1), _BLOCK)
    ]
    names = ("chances", "power_w", "steps", "cost_mg")
    return Mixed(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))


def _best(scenario: Scenario, states: Floats, parts: int) -> Mixed:
    priced, users = prices(scenario, states), scenario.users.count
    paid, at = _paid(priced.mg, users, scenario.limits.penalty_mg, parts)
    cost_mg, counts = least_sum(paid)
    used = np.take_along_axis(at, counts[..., None], axis=-1)
    power_w = np.take_along_axis(priced.power_w, used, axis=-1)[..., 0]
    return Mixed(counts / parts, power_w, priced.steps, cost_mg)


def _paid(mg: Floats, users: int, penalty_mg: float, parts: int) -> tuple[Floats, Indices]:
    """What all users together pay at a server by its chance, ``(B, M, parts + 1)``, and by which power."""
    chances = np.linspace(0.0, 1.0, parts + 1)
    others = np.arange(users)
    few = binom.cdf(others, users - 1, chances[:, None])
    carbon = np.where(np.isfinite(mg), mg, penalty_mg)[..., None, :]
    each = carbon * few + penalty_mg * (1.0 - few)
    at = each.argmin(axis=-1)
    return users * chances * each.min(axis=-1), at
