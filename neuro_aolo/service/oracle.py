"""The exact optimum of every request: the limit that policies are measured against.

Carbon rises in the answer's length ``kappa`` and in the transmit power ``P`` (in quantile form every node
``P / log2(1 + P q)`` of the truncated mean rises), so for a given length the least power that meets the
transmission time is best. Without a price of quality the shortest admissible answer is best too; with one,
the length is a minimum along that curve of least power, found between the ends of the admissible interval.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special
from scipy.optimize import elementwise

from neuro_aolo.errors import ServiceError
from neuro_aolo.service.request import Outcome, outcome, peak_words
from neuro_aolo.service.scenario import Scenario

NDArray = np.ndarray[Any, np.dtype[np.float64]]
Index = np.ndarray[Any, np.dtype[np.intp]]
_INWARD = 1e-12
_CHUNK = 4096
_GRID = 65


@dataclass(frozen=True)
class Oracle:
    """Optimal action and its cost per request; NaN and not ``feasible`` where no action is feasible.

    Attributes:
        words: Optimal length ``(n,)``, in words.
        power_w: Optimal transmit power ``(n,)``, in W.
        carbon_mg: Carbon of the optimum ``(n,)``, in mg CO2e.
        cost_mg: Carbon less the price of quality ``(n,)``, in mg CO2e.
        feasible: Whether the request has a feasible action ``(n,)``.
    """

    words: NDArray
    power_w: NDArray
    carbon_mg: NDArray
    cost_mg: NDArray
    feasible: np.ndarray[Any, np.dtype[np.bool_]]


def oracle(scenario: Scenario, states: NDArray) -> Oracle:
    """Solve problem (25) exactly (to 1e-12 of each action) for every request.

    Args:
        scenario: The service.
        states: ``(n, S)`` in physical units, columns as ``scenario.state_names``.

    Raises:
        ServiceError: If ``states`` has another shape, or leaves the model's domain.
    """
    states = np.asarray(states, dtype=np.float64)
    if states.ndim != 2 or states.shape[1] != len(scenario.state_names):
        raise ServiceError(
            f"states {states.shape} do not fit {scenario.name!r}: give (n, {len(scenario.state_names)})"
        )
    parts = [_solve(scenario, states[i : i + _CHUNK]) for i in range(0, max(len(states), 1), _CHUNK)]
    words, power_w, result = (np.concatenate([part[k] for part in parts]) for k in range(3))
    carbon_mg, cost_mg, feasible = result.T
    possible = feasible == 1.0
    words, power_w, carbon_mg, cost_mg = (
        np.where(possible, value, np.nan) for value in (words, power_w, carbon_mg, cost_mg)
    )
    return Oracle(words, power_w, carbon_mg, cost_mg, possible)


def _solve(scenario: Scenario, states: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Words, power and ``(n, 3)`` of carbon, cost and feasibility (1 or 0) of one block of requests."""
    low, high = _words_interval(scenario, states)
    possible = low <= high
    low = np.where(possible, low, scenario.actions.words[0])
    words = low
    if scenario.quality.price_mg_per_point > 0.0 and possible.any():
        rows = np.flatnonzero(possible)
        words = low.copy()
        words[rows] = _best_words(scenario, states[rows], low[rows], high[rows])
    power_w = least_power_w(scenario, states, words)
    reachable = possible & np.isfinite(power_w)
    power_w = np.where(reachable, power_w, scenario.actions.power_w[1])
    served = outcome(scenario, states, words, power_w)
    columns = np.stack((served.carbon_mg, served.cost_mg, served.feasible & reachable), axis=1)
    return words, power_w, columns


def least_power_w(scenario: Scenario, states: NDArray, words: NDArray) -> NDArray:
    """Least power, in W, that keeps the transmission time (25d) within its limit; NaN where none does.

    Args:
        scenario: The service.
        states: ``(n, S)`` in physical units.
        words: Length of each answer ``(n,)``, > 0.
    """
    least, most = _power_box(scenario)
    column = {name: states[:, i] for i, name in enumerate(scenario.state_names)}
    gain = column["omega"] / scenario.channel.noise_w
    allowed = np.log(
        scenario.limits.transmission_time_s * column["bandwidth_hz"] / (words * scenario.radio.bits_per_word)
    )

    def excess(log_power: NDArray, m: NDArray, gain: NDArray, allowed: NDArray) -> NDArray:
        shape = np.broadcast_shapes(log_power.shape, m.shape)
        flat = [np.broadcast_to(a, shape).ravel() for a in (m, np.exp(log_power) * gain)]
        return np.asarray(np.log(scenario.rate_table(*flat)).reshape(shape) - allowed)

    arguments = (column["nakagami_m"], gain, allowed)
    ends = [np.full(len(states), np.log(end)) for end in (least, most)]
    at_least, at_most = (excess(end, *arguments) for end in ends)
    power_w = np.where(at_least <= 0.0, least, np.nan)
    rows = np.flatnonzero((at_least > 0.0) & (at_most <= 0.0))
    if rows.size:
        found = elementwise.find_root(
            excess,
            tuple(end[rows] for end in ends),
            args=tuple(a[rows] for a in arguments),
            tolerances={"xatol": 1e-13, "xrtol": 0.0, "fatol": 0.0, "frtol": 0.0},
        )
        power_w[rows] = np.minimum(np.exp(np.maximum(*found.bracket)) * (1.0 + _INWARD), most)
    return power_w


def _power_box(scenario: Scenario) -> tuple[float, float]:
    least, most = scenario.actions.power_w
    return least, min(most, scenario.limits.power_w)


def _words_interval(scenario: Scenario, states: NDArray) -> tuple[NDArray, NDArray]:
    """Shortest and longest answer that some power admits; short exceeds long where none does."""
    limits, inference = scenario.limits, scenario.inference
    least_w, most_w = _power_box(scenario)
    short, long = _quality_interval(scenario, states)
    speed = (
        inference.gpus
        * inference.peak_tflop_per_s
        / (inference.tflop_per_operation * inference.operations_per_word)
    )
    in_time = (limits.inference_time_s * speed) ** (1.0 / inference.acceleration_exponent) * (1.0 - _INWARD)
    long = np.minimum(long, min(in_time, scenario.actions.words[1]))
    short = np.maximum(short, scenario.actions.words[0])
    if least_w > most_w:
        return short, np.full_like(long, -np.inf)
    if limits.energy_per_word > 0.0:
        long = np.minimum(long, (limits.energy - limits.energy_per_watt * least_w) / limits.energy_per_word)
    elif limits.energy_per_watt * least_w > limits.energy:
        long = np.full_like(long, -np.inf)
    # The shortest answer at its least power uses the least of everything: without a price it alone counts.
    priced = scenario.quality.price_mg_per_point > 0.0
    return short, _transmittable(scenario, states, short, long) if priced else long


def _quality_interval(scenario: Scenario, states: NDArray) -> tuple[NDArray, NDArray]:
    """Lengths where the QoE curve meets its threshold: ``t exp(1-t) = (Q_th/Q_max)^(1/s)``, Lambert's W."""
    config = scenario.quality
    peak = np.broadcast_to(np.asarray(peak_words(scenario, states), dtype=np.float64), len(states))
    argument = -np.exp(np.log(config.threshold / config.peak_score) / config.sharpness - 1.0)
    short, long = (-special.lambertw(argument, branch).real for branch in (0, -1))
    return peak * short * (1.0 + _INWARD), peak * long * (1.0 - _INWARD)


def _transmittable(scenario: Scenario, states: NDArray, short: NDArray, long: NDArray) -> NDArray:
    """The longest answer up to ``long`` whose least power keeps the energy limit (25b); -inf: none does."""
    limits = scenario.limits

    def excess(words: NDArray, rows: Index) -> NDArray:
        shape = words.shape
        flat, rows = words.ravel(), np.broadcast_to(rows, shape).ravel().astype(np.intp)
        power_w = least_power_w(scenario, states[rows], flat)
        used = limits.energy_per_word * flat + limits.energy_per_watt * power_w
        # Where no power sends the words in time they lie far beyond the limit, but finite to the root finder.
        beyond = np.where(np.isnan(used), np.inf, used - limits.energy)
        return np.asarray(beyond.clip(max=1e9).reshape(shape))

    result = np.where(short <= long, long, -np.inf)
    rows = np.flatnonzero(short <= long)
    at_short, at_long = excess(short[rows], rows), excess(long[rows], rows)
    result[rows[at_short > 0.0]] = -np.inf
    cut = (at_short <= 0.0) & (at_long > 0.0)
    if cut.any():
        kept = rows[cut]
        found = elementwise.find_root(
            excess, (short[kept], long[kept]), args=(kept,), tolerances={"xatol": 0.0, "xrtol": 1e-13}
        )
        result[kept] = np.maximum(np.minimum(*found.bracket) * (1.0 - _INWARD), short[kept])
    return result


def _along(scenario: Scenario, states: NDArray, words: NDArray) -> Outcome:
    power_w = least_power_w(scenario, states, words)
    return outcome(scenario, states, words, np.where(np.isnan(power_w), _power_box(scenario)[1], power_w))


def _best_words(scenario: Scenario, states: NDArray, low: NDArray, high: NDArray) -> NDArray:
    """The length of least cost in [low, high]: the best cell of a grid, then Chandrupatla's minimiser."""

    def cost(words: NDArray, rows: Index) -> NDArray:
        shape = words.shape
        rows = np.broadcast_to(rows, shape).ravel().astype(np.intp)
        return np.asarray(_along(scenario, states[rows], words.ravel()).cost_mg.reshape(shape))

    n = len(states)
    rows = np.arange(n)
    grid = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, _GRID)
    costs = cost(grid, rows[:, None])
    best = costs.argmin(axis=1)
    words, least = grid[rows, best], costs[rows, best]
    left, right = grid[rows, np.maximum(best - 1, 0)], grid[rows, np.minimum(best + 1, _GRID - 1)]
    # At an end of the interval the minimum may still lie just inside: step in; keep the end if that is worse.
    step = 1e-6 * (high - low)
    middle = np.where(best == 0, low + step, np.where(best == _GRID - 1, high - step, words))
    inside = (cost(middle, rows) <= least) & (right > left)
    if inside.any():
        found = elementwise.find_minimum(
            cost, (left[inside], middle[inside], right[inside]), args=(rows[inside],)
        )
        better = found.f_x < least[inside]
        words[inside] = np.where(better, found.x, words[inside])
    return np.asarray(words)
