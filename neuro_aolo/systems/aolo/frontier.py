"""The best action where quality has a price: a minimum along the frontier of least power.

For every length the least power that sends it in time is best. The frontier has two smooth parts: lengths
that the least power of the box sends in time, and beyond them, for every power, the longest answer that it
sends in time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.optimize import elementwise

from neuro_aolo.systems.aolo.admissible import INWARD, least_power_w, longest_words, power_box
from neuro_aolo.systems.aolo.request import outcome
from neuro_aolo.systems.aolo.scenario import Scenario

NDArray = np.ndarray[Any, np.dtype[np.float64]]
Index = np.ndarray[Any, np.dtype[np.intp]]
Scores = Callable[[NDArray, NDArray], NDArray]
"""Score, in points, of answers to states ``(n, S)`` with lengths ``(n,)``: ``(n,)``."""
_CELLS = 32


def best_on_frontier(
    scenario: Scenario,
    states: NDArray,
    short: NDArray,
    long: NDArray,
    start_w: NDArray,
    scores: Scores | None = None,
) -> tuple[NDArray, NDArray]:
    """Words and power, in W, of least cost, each ``(n,)``.

    Args:
        scenario: The service.
        states: ``(n, S)`` in physical units.
        short: Shortest admissible answer ``(n,)``, in words.
        long: Longest answer ``(n,)`` by every constraint but the transmission time, at least ``short``.
        start_w: Least power that sends the shortest answer in time ``(n,)``, in W.
        scores: What is believed of answers in the place of the scenario's own curve.
    """
    least_w, most_w = power_box(scenario)
    end_w = least_power_w(scenario, states, long)
    end_w = _within_energy(scenario, states, start_w, np.where(np.isnan(end_w), most_w, end_w))

    def by_words(words: NDArray, rows: Index) -> tuple[NDArray, NDArray]:
        return words, np.full_like(words, least_w)

    def by_power(log_power: NDArray, rows: Index) -> tuple[NDArray, NDArray]:
        power_w = np.exp(log_power)
        words = longest_words(scenario, states[rows], power_w) * (1.0 - INWARD)
        return np.clip(words, short[rows], long[rows]), power_w

    at_least = np.full_like(short, least_w)
    flat = np.minimum(long, longest_words(scenario, states, at_least) * (1.0 - INWARD))
    parts = ((by_words, short, np.maximum(flat, short)), (by_power, np.log(start_w), np.log(end_w)))

    def cost(words: NDArray, power_w: NDArray, rows: Index) -> NDArray:
        served = outcome(scenario, states[rows], words, power_w)
        if scores is None:
            return np.asarray(served.cost_mg)
        price = scenario.quality.price_mg_per_point
        return np.asarray(served.carbon_mg - price * scores(states[rows], words))

    candidates = [_least(cost, *part) for part in parts]
    # Below the power that the shortest answer takes there is no first part.
    candidates[0][0][start_w > least_w] = np.inf
    rows, best = np.arange(len(states)), np.argmin([candidate[0] for candidate in candidates], axis=0)
    words, power_w = (np.stack([candidate[k] for candidate in candidates])[best, rows] for k in (1, 2))
    return words, power_w


def _within_energy(scenario: Scenario, states: NDArray, start_w: NDArray, end_w: NDArray) -> NDArray:
    """The largest power up to ``end_w`` whose longest answer keeps the energy limit (25b)."""
    limits = scenario.limits

    def excess(power_w: NDArray, rows: Index) -> NDArray:
        words = longest_words(scenario, states[rows], power_w)
        return np.asarray(limits.energy_per_word * words + limits.energy_per_watt * power_w - limits.energy)

    rows = np.arange(len(states))
    over = np.flatnonzero((excess(end_w, rows) > 0.0) & (excess(start_w, rows) <= 0.0))
    if over.size == 0:
        return end_w
    found = elementwise.find_root(
        excess, (start_w[over], end_w[over]), args=(over,), tolerances={"xatol": 0.0, "xrtol": 1e-13}
    )
    result = end_w.copy()
    result[over] = np.maximum(np.minimum(*found.bracket) * (1.0 - INWARD), start_w[over])
    return result


def _least(
    cost_of: Callable[[NDArray, NDArray, Index], NDArray],
    action: Callable[[NDArray, Index], tuple[NDArray, NDArray]],
    low: NDArray,
    high: NDArray,
) -> tuple[NDArray, NDArray, NDArray]:
    """Cost, words and power of one part's best action: a grid's best cell, then Chandrupatla's method."""

    def cost(x: NDArray, rows: Index) -> NDArray:
        return cost_of(*action(x, rows), rows)

    n = len(low)
    rows = np.arange(n)
    grid = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, _CELLS + 1)
    costs = cost(grid.ravel(), np.repeat(rows, _CELLS + 1)).reshape(grid.shape)
    best = costs.argmin(axis=1)
    x, least = grid[rows, best], costs[rows, best]
    left, right = grid[rows, np.maximum(best - 1, 0)], grid[rows, np.minimum(best + 1, _CELLS)]
    # At an end of the part the minimum may still lie just inside: step in; keep the end if that is worse.
    step = 1e-6 * (high - low)
    middle = np.where(best == 0, low + step, np.where(best == _CELLS, high - step, x))
    inside = np.flatnonzero((right > left) & (cost(middle, rows) <= least))
    if inside.size:
        found = elementwise.find_minimum(cost, (left[inside], middle[inside], right[inside]), args=(inside,))
        better = found.f_x < least[inside]
        x[inside] = np.where(better, found.x, x[inside])
        least[inside] = np.minimum(found.f_x, least[inside])
    return least, *action(x, rows)
