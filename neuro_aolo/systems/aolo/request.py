"""Requests: drawing states, observing them, and what an action on them costs. Shared by every environment.

Functions take ``(n, S)`` states and ``(n, A)`` actions, NumPy or torch, and are pure.

References:
    X. Wang, H. Du, Y. Gao, D. I. Kim, "AOLO", 2025, arXiv:2503.04418, problem (25), equations (34) to (36).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.aolo.footprint import Footprint, footprint_of
from neuro_aolo.systems.aolo.qoe import quality
from neuro_aolo.systems.aolo.scenario import LINKED, SIDES, Scenario
from neuro_aolo.systems.arrays import Array, detached, float64, is_torch, namespace
from neuro_aolo.systems.blocks import in_blocks
from neuro_aolo.systems.grid.trace import Hours
from neuro_aolo.units import MG_PER_G

NDArray = np.ndarray[Any, np.dtype[np.float64]]
CONSTRAINTS = ("quality", "energy", "inference_time_s", "transmission_time_s", "power_w")
"""Names of the margins of constraints (25a) to (25e)."""


def constraints(scenario: Scenario) -> tuple[str, ...]:
    """Those of :data:`CONSTRAINTS` that a scenario has: one noisy score of an answer holds no threshold."""
    return CONSTRAINTS if scenario.prompts is None else CONSTRAINTS[1:]


_PEAK = "kappa_peak_words"
_LEAST, _MOST = 1e-12, 1e9
_TURNS = 1e3
"""Standard deviation of that frequency, in radians per word."""


@dataclass(frozen=True)
class Outcome:
    """What serving a batch of requests costs; every array has shape ``(n,)``.

    Attributes:
        carbon_mg: Carbon of each request, feasible or not, in mg CO2e.
        cost_mg: What is minimised: carbon less the price of the quality above its threshold, in mg CO2e.
        reward: Minus the cost where every constraint holds, else minus the penalty, equation (36).
        feasible: Whether every constraint of (25) holds.
        margins: Slack of each constraint by name, in its own unit: at least 0 exactly where the constraint
            holds.
        terms: Times and every carbon term apart, in g.
        score: Of the answer, in points: its expectation, or the one that :func:`scored` drew.
    """

    carbon_mg: Array
    cost_mg: Array
    reward: Array
    feasible: Array
    margins: dict[str, Array]
    terms: Footprint
    score: Array


def sample_states(
    scenario: Scenario, n: int, rng: np.random.Generator, hours: Hours | None = None
) -> NDArray:
    """Draw the states of ``n`` requests.

    Components are uniform and independent. With traces, intensities are those of an hour; features of real
    prompts are those of one of them. With a link, fading and path loss are those of a handset somewhere in
    the cell; beyond the ends of their ranges they count as at the end.

    Args:
        scenario: The service.
        n: Number of requests.
        rng: Source of the draws.
        hours: Hour of each request on the traces' clock ``(n,)``; drawn uniformly where None.

    Returns:
        float64 ``(n, S)`` in physical units, columns as ``scenario.state_names``.
    """
    bounds = scenario.state.bounds
    states = rng.uniform(bounds.sample_low, bounds.sample_high, (n, bounds.sample_low.size))
    if scenario.link is not None:
        for name, drawn in zip(LINKED, scenario.link.draw(n, rng), strict=True):
            column = scenario.state_names.index(name)
            states[:, column] = np.clip(drawn, bounds.sample_low[column], bounds.sample_high[column])
    if scenario.prompts is not None:
        states = np.hstack([states, scenario.prompts.draw(n, rng)])
    if scenario.traces is not None:
        clock = scenario.traces.clock
        hours = rng.integers(clock.hours, size=n) if hours is None else hours
        for site, figures in clock.at(hours).items():
            states[:, scenario.state_names.index(SIDES[site])] = figures
    return states


def observe(scenario: Scenario, states: Array) -> Array:
    """Observation of states: float32 ``(n, S)`` in [-1, 1], affine between the scenario's observed ranges."""
    bounds = scenario.bounds
    low, high = float64(bounds.observe_low, states), float64(bounds.observe_high, states)
    xp = namespace(states)
    unit = xp.clip((float64(states) - low) * (2.0 / (high - low)) - 1.0, -1.0, 1.0)
    return unit.to(xp.float32) if is_torch(states) else unit.astype(np.float32)


def to_physical(scenario: Scenario, actions: Array) -> tuple[Array, Array]:
    """Words and transmit power of actions: affine in float64 from [-1, 1], clipped at the action box.

    Args:
        scenario: The service.
        actions: ``(n, 2)``, dimensionless.

    Returns:
        ``(words, power_w)``, each float64 ``(n,)``.
    """
    xp = namespace(actions)
    unit = (xp.clip(float64(actions), -1.0, 1.0) + 1.0) / 2.0
    (least_words, most_words), (least_w, most_w) = scenario.actions.words, scenario.actions.power_w
    words = least_words + (most_words - least_words) * unit[..., 0]
    return words, least_w + (most_w - least_w) * unit[..., 1]


def to_normalised(scenario: Scenario, words: Array, power_w: Array) -> Array:
    """Actions ``(n, 2)`` in float64 of given words and power: the inverse of :func:`to_physical`."""
    xp = namespace(words, power_w)
    columns = []
    for value, (low, high) in ((words, scenario.actions.words), (power_w, scenario.actions.power_w)):
        columns.append((float64(value) - low) / (high - low) * 2.0 - 1.0)
    return xp.stack(columns, -1)


def footprint(scenario: Scenario, states: Array, words: Array, power_w: Array) -> Footprint:
    """Times and carbon of requests, equations (3) to (15), every term separately.

    Args:
        scenario: The service.
        states: ``(n, S)`` in physical units.
        words: Length of each answer ``kappa`` ``(n,)``, > 0.
        power_w: Transmit power ``P`` of each ``(n,)``, in W, > 0.

    Raises:
        ServiceError: If shapes disagree, or a state, length or power is outside the model's domain.
    """
    return outcome(scenario, states, words, power_w).terms


def outcome(
    scenario: Scenario, states: Array, words: Array, power_w: Array, agent_carbon_mg: float = 0.0
) -> Outcome:
    """Carbon, cost, reward and constraints of requests served with given words and power.

    Args:
        scenario: The service.
        states: ``(n, S)`` in physical units, columns as ``scenario.state_names``.
        words: Length of each answer ``(n,)``, > 0.
        power_w: Transmit power of each ``(n,)``, in W, > 0.
        agent_carbon_mg: Carbon of deciding, per request, taken off feasible requests' reward, in mg CO2e.

    Raises:
        ServiceError: If shapes disagree, or a state, length or power is outside the model's domain.
    """
    like = next((array for array in (states, words, power_w) if is_torch(array)), None)
    states, words, power_w = (float64(array, like) for array in (states, words, power_w))
    names = scenario.state_names
    if (
        states.ndim != 2
        or states.shape[1] != len(names)
        or not words.shape == power_w.shape == states.shape[:1]
    ):
        raise ServiceError(
            f"states {tuple(states.shape)}, words {tuple(words.shape)} and power_w {tuple(power_w.shape)} do "
            f"not fit: give (n, {len(names)}), (n,) and (n,), the columns being {', '.join(names)}"
        )
    if like is not None:
        return _outcome(scenario, states.T, words, power_w, agent_carbon_mg)

    def block(rows: slice) -> Outcome:
        # Contiguous columns: each is read several times.
        columns = np.ascontiguousarray(states[rows].T)
        return _outcome(scenario, columns, words[rows], power_w[rows], agent_carbon_mg)

    return in_blocks(block, states.shape[0])


def peak_words(scenario: Scenario, states: Array) -> Array:
    """Length of the best score, in words: each request's own ``(n,)`` where the state tells it, else one."""
    return _peak_words(scenario, states.T)


def _peak_words(scenario: Scenario, columns: Array) -> Array:
    names, prompts = scenario.state_names, scenario.prompts
    if prompts is not None:
        return prompts.peaks.words(columns[-prompts.features :])
    return columns[names.index(_PEAK)] if _PEAK in names else scenario.quality.peak_words


def scored(scenario: Scenario, expected: Outcome, words: NDArray, rng: np.random.Generator) -> Outcome:
    """What is fed back of requests: their cost and reward by one noisy score of each answer.

    ``score = Q + sigma (g cos(f kappa) + h sin(f kappa))`` with normal ``g``, ``h`` and frequency ``f`` of
    each request: normal about ``Q``, and another draw for lengths a few hundredths of a word apart, so that
    two policies cannot be told apart better than by scores of their own. It is not cut at the ends of the
    scale, and so right on average.

    Args:
        scenario: The service; without prompts, or noise, everything stays as it is.
        expected: What the answers come to on average.
        words: Length of each ``(n,)``.
        rng: Source of the draws.
    """
    prompts = scenario.prompts
    if prompts is None or prompts.noise_points == 0.0:
        return expected
    first, second, frequency = rng.standard_normal((3, len(words)))
    phase = _TURNS * frequency * words
    error = prompts.noise_points * (first * np.cos(phase) + second * np.sin(phase))
    gain_mg = scenario.quality.price_mg_per_point * error
    return replace(
        expected,
        cost_mg=expected.cost_mg - gain_mg,
        reward=np.where(expected.feasible, expected.reward + gain_mg, expected.reward),
        score=expected.score + error,
    )


def _outcome(
    scenario: Scenario, columns: Array, words: Array, power_w: Array, agent_carbon_mg: float
) -> Outcome:
    xp, curve, limits = namespace(columns), scenario.quality, scenario.limits
    _check_domain(scenario, columns, words, power_w)
    column = dict(zip(scenario.state_names, columns, strict=True))
    # A logarithm and two exponentials cost less than a power besides the score's own two.
    log_words = xp.log(words)
    terms = footprint_of(
        scenario.inference,
        scenario.radio,
        words=words,
        power_w=scenario.supplied_w(power_w),
        inverse_rate=scenario.inverse_rate(column, power_w),
        bandwidth_hz=column["bandwidth_hz"],
        dc_intensity_g_per_kwh=column["dc_intensity_g_per_kwh"],
        bs_intensity_g_per_kwh=column["bs_intensity_g_per_kwh"],
        log_words=log_words,
    )
    score = quality(words, _peak_words(scenario, columns), curve.peak_score, curve.sharpness, log_words)
    margins = {
        "quality": score - curve.threshold,
        "energy": limits.energy - limits.energy_per_word * words - limits.energy_per_watt * power_w,
        "inference_time_s": limits.inference_time_s - terms.inference_time_s,
        "transmission_time_s": limits.transmission_time_s - terms.transmission_time_s,
        "power_w": limits.power_w - power_w,
    }
    above, names = margins["quality"], constraints(scenario)
    margins = {name: margins[name] for name in names}
    feasible = margins[names[0]] >= 0.0
    for name in names[1:]:
        feasible = feasible & (margins[name] >= 0.0)
    carbon_mg = terms.total_g * MG_PER_G
    cost_mg = carbon_mg
    if curve.price_mg_per_point > 0.0:
        cost_mg = carbon_mg - curve.price_mg_per_point * above
    reward = xp.where(feasible, -cost_mg - agent_carbon_mg, -limits.penalty_mg)
    return Outcome(carbon_mg, cost_mg, reward, feasible, margins, terms, score)


def _check_domain(scenario: Scenario, columns: Array, words: Array, power_w: Array) -> None:
    if words.shape[0] == 0:
        return
    if is_torch(columns):
        columns, words, power_w = columns.detach(), words.detach(), power_w.detach()
    names, bounds = scenario.state_names, scenario.bounds
    xp = namespace(columns)
    least, most = detached(xp.amin(columns, 1)), detached(xp.amax(columns, 1))
    if not ((least >= bounds.domain_low) & (most <= bounds.domain_high)).all():
        for name, low, high, first, last in zip(
            names, bounds.domain_low, bounds.domain_high, least, most, strict=True
        ):
            _check_range(name, float(first), float(last), float(low), float(high))
    _check_range("words", float(words.min()), float(words.max()), _LEAST, _MOST)
    _check_range("power_w", float(power_w.min()), float(power_w.max()), _LEAST, _MOST)


def _check_range(name: str, least: float, most: float, low: float, high: float) -> None:
    if not (least >= low and most <= high):
        wrong = most if least >= low else least
        raise ServiceError(f"{name} = {wrong:g} is not allowed: it must lie in [{low:g}, {high:g}]")
