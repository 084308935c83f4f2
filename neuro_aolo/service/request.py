"""Requests: drawing states, observing them, and what an action on them costs. Shared by every environment.

Functions take ``(n, S)`` states and ``(n, A)`` actions, NumPy or torch, and are pure.

References:
    X. Wang, H. Du, Y. Gao, D. I. Kim, "AOLO", 2025, arXiv:2503.04418, problem (25), equations (34) to (36).
"""

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np

from neuro_aolo.errors import ServiceError
from neuro_aolo.service import footprint as carbon
from neuro_aolo.service.arrays import Array, float64, is_torch, namespace
from neuro_aolo.service.footprint import Footprint
from neuro_aolo.service.parameters import COMPONENT_DOMAIN
from neuro_aolo.service.qoe import quality
from neuro_aolo.service.scenario import Scenario
from neuro_aolo.service.trace import Hours
from neuro_aolo.units import G_PER_KG, MG_PER_G, S_PER_YEAR

NDArray = np.ndarray[Any, np.dtype[np.float64]]
CONSTRAINTS = ("quality", "energy", "inference_time_s", "transmission_time_s", "power_w")
"""Names of the margins of constraints (25a) to (25e)."""

_PEAK = "kappa_peak_words"
_BLOCK = 4096
_LEAST, _MOST = 1e-12, 1e9


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
    """

    carbon_mg: Array
    cost_mg: Array
    reward: Array
    feasible: Array
    margins: dict[str, Array]
    terms: Footprint


def sample_states(
    scenario: Scenario, n: int, rng: np.random.Generator, hours: Hours | None = None
) -> NDArray:
    """Draw the states of ``n`` requests.

    Components are uniform and independent. With traces, intensities are those of an hour.

    Args:
        scenario: The service.
        n: Number of requests.
        rng: Source of the draws.
        hours: Hour of each request on the traces' clock ``(n,)``; drawn uniformly where None.

    Returns:
        float64 ``(n, S)`` in physical units, columns as ``scenario.state_names``.
    """
    low, high = _columns(scenario, "sample")
    states = rng.uniform(low, high, (n, low.size))
    if scenario.traces is not None:
        clock = scenario.traces.clock
        hours = rng.integers(clock.hours, size=n) if hours is None else hours
        for name, figures in clock.at(hours).items():
            states[:, scenario.state_names.index(name)] = figures
    return states


def observe(scenario: Scenario, states: Array) -> Array:
    """Observation of states: float32 ``(n, S)`` in [-1, 1], affine between the scenario's observed ranges."""
    low, high = (float64(bound, states) for bound in _columns(scenario, "observe"))
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
    states, words, power_w = checked(scenario, states, words, power_w)
    return _footprint(scenario, dict(zip(scenario.state_names, states.T, strict=True)), words, power_w)


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
    states, words, power_w = checked(scenario, states, words, power_w)
    n = states.shape[0]
    if is_torch(states) or n <= _BLOCK:
        return _outcome(scenario, states, words, power_w, agent_carbon_mg)
    # Blocks whose every intermediate stays in the processor's cache.
    parts = []
    for start in range(0, n, _BLOCK):
        rows = slice(start, start + _BLOCK)
        parts.append(_outcome(scenario, states[rows], words[rows], power_w[rows], agent_carbon_mg))
    joined: Outcome = _joined(parts)
    return joined


def checked(scenario: Scenario, states: Array, words: Array, power_w: Array) -> tuple[Array, Array, Array]:
    """States, lengths and powers in float64, if the model can serve them.

    Raises:
        ServiceError: If shapes disagree, or a value is outside the model's domain.
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
    if states.shape[0]:
        for name, column in zip(names, states.T, strict=True):
            _check_range(name, column, *COMPONENT_DOMAIN[name])
        _check_range("words", words, _LEAST, _MOST)
        _check_range("power_w", power_w, _LEAST, _MOST)
    return states, words, power_w


def peak_words(scenario: Scenario, states: Array) -> Array:
    """Length of the best score, in words: each request's own ``(n,)`` where the state has it, else one."""
    names = scenario.state_names
    return states[:, names.index(_PEAK)] if _PEAK in names else scenario.quality.peak_words


def _check_range(name: str, value: Array, low: float, high: float) -> None:
    value = value.detach() if is_torch(value) else value
    least, most = float(value.min()), float(value.max())
    if not (least >= low and most <= high):
        wrong = most if least >= low else least
        raise ServiceError(f"{name} = {wrong:g} is not allowed: it must lie in [{low:g}, {high:g}]")


def _outcome(
    scenario: Scenario, states: Array, words: Array, power_w: Array, agent_carbon_mg: float
) -> Outcome:
    xp = namespace(states)
    column = dict(zip(scenario.state_names, states.T, strict=True))
    terms = _footprint(scenario, column, words, power_w)
    curve, limits = scenario.quality, scenario.limits
    score = quality(words, column.get(_PEAK, curve.peak_words), curve.peak_score, curve.sharpness)
    margins = {
        "quality": score - curve.threshold,
        "energy": limits.energy - limits.energy_per_word * words - limits.energy_per_watt * power_w,
        "inference_time_s": limits.inference_time_s - terms.inference_time_s,
        "transmission_time_s": limits.transmission_time_s - terms.transmission_time_s,
        "power_w": limits.power_w - power_w,
    }
    feasible = margins["quality"] >= 0.0
    for name in CONSTRAINTS[1:]:
        feasible = feasible & (margins[name] >= 0.0)
    carbon_mg = terms.total_g * MG_PER_G
    cost_mg = carbon_mg
    if curve.price_mg_per_point > 0.0:
        cost_mg = carbon_mg - curve.price_mg_per_point * margins["quality"]
    reward = xp.where(feasible, -cost_mg - agent_carbon_mg, -limits.penalty_mg)
    return Outcome(carbon_mg, cost_mg, reward, feasible, margins, terms)


def _footprint(scenario: Scenario, column: dict[str, Array], words: Array, power_w: Array) -> Footprint:
    inference, radio = scenario.inference, scenario.radio
    snr_mean = power_w * column["omega"] * (1.0 / scenario.channel.noise_w)
    inference_s = carbon.inference_time_s(
        words,
        flop_per_operation=inference.tflop_per_operation * 1e12,
        operations_per_word=inference.operations_per_word,
        gpus=inference.gpus,
        peak_flop_per_s=inference.peak_tflop_per_s * 1e12,
        acceleration_exponent=inference.acceleration_exponent,
    )
    transmission_s = carbon.transmission_time_s(
        words,
        scenario.rate_table(column["nakagami_m"], snr_mean),
        bits_per_word=radio.bits_per_word,
        bandwidth_hz=column["bandwidth_hz"],
    )
    return Footprint(
        inference_time_s=inference_s,
        transmission_time_s=transmission_s,
        inference_operational_g=carbon.inference_operational_g(
            inference_s,
            gpus=inference.gpus,
            gpu_power_w=inference.gpu_power_w,
            pue=inference.pue,
            intensity_g_per_kwh=column["dc_intensity_g_per_kwh"],
        ),
        inference_embodied_g=carbon.inference_embodied_g(
            inference_s,
            gpus=inference.gpus,
            gpu_embodied_g=inference.gpu_embodied_kg * G_PER_KG,
            gpu_lifetime_s=inference.gpu_lifetime_years * S_PER_YEAR,
        ),
        wireless_operational_g=carbon.wireless_operational_g(
            words,
            power_w,
            transmission_s,
            bits_per_word=radio.bits_per_word,
            downlink_bit_per_s=radio.downlink_mbit_per_s * 1e6,
            fixed_power_w=radio.fixed_power_w,
            intensity_g_per_kwh=column["bs_intensity_g_per_kwh"],
        ),
        wireless_embodied_g=carbon.wireless_embodied_g(
            words,
            bits_per_word=radio.bits_per_word,
            downlink_bit_per_s=radio.downlink_mbit_per_s * 1e6,
            bs_embodied_g=radio.bs_embodied_kg * G_PER_KG,
            bs_lifetime_s=radio.bs_lifetime_years * S_PER_YEAR,
        ),
        bits=words * radio.bits_per_word,
    )


def _joined(parts: list[Any]) -> Any:
    """Blocks of one kind, arrays or dataclasses and dictionaries of arrays, as one."""
    first = parts[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    if isinstance(first, dict):
        return {key: _joined([part[key] for part in parts]) for key in first}
    return type(first)(*(_joined([getattr(part, f.name) for part in parts]) for f in fields(first)))


@lru_cache(maxsize=64)
def _ranges(ranges: tuple[tuple[float, float], ...]) -> tuple[NDArray, NDArray]:
    low, high = np.array(ranges).T
    return low, high


def _columns(scenario: Scenario, which: str) -> tuple[NDArray, NDArray]:
    """Lower and upper ends of every component's ``sample`` or ``observe`` range, each ``(S,)``."""
    return _ranges(tuple(getattr(getattr(scenario.state, name), which) for name in scenario.state_names))
