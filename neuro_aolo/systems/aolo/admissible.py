"""The actions that keep constraints (25a) to (25e): lengths between two ends, each with a least power."""

import math
from typing import Any

import numpy as np
from scipy import special
from scipy.optimize import elementwise

from neuro_aolo.systems.aolo.request import peak_words
from neuro_aolo.systems.aolo.scenario import Scenario

NDArray = np.ndarray[Any, np.dtype[np.float64]]
Index = np.ndarray[Any, np.dtype[np.intp]]
_LARGEST_LOG = 700.0
INWARD = 1e-12
"""Relative step off a constraint's edge, so that rounding leaves the action on the right side."""


def power_box(scenario: Scenario) -> tuple[float, float]:
    """Least and largest power, in W, of the action box and (25e); least > largest where none is left."""
    least, most = scenario.actions.power_w
    return least, min(most, scenario.limits.power_w)


def words_interval(scenario: Scenario, states: NDArray) -> tuple[NDArray, NDArray]:
    """Shortest and longest answer by every constraint but the transmission time; short > long: none.

    Args:
        scenario: The service.
        states: ``(n, S)`` in physical units.

    Returns:
        Two arrays ``(n,)``, in words.
    """
    limits, inference = scenario.limits, scenario.inference
    short, long = _quality_interval(scenario, states)
    speed = (inference.gpus * inference.peak_tflop_per_s) / (
        inference.tflop_per_operation * inference.operations_per_word
    )
    short = np.maximum(short, scenario.actions.words[0])
    left_s = limits.inference_time_s - inference.prompt_time_s * (1.0 + INWARD)
    if left_s <= 0.0:
        return short, np.full_like(long, -np.inf)
    # By logarithms: a small exponent's power is beyond every float.
    log_words = math.log(left_s * speed) / inference.acceleration_exponent
    in_time = math.exp(min(log_words, _LARGEST_LOG)) * (1.0 - INWARD)
    long = np.minimum(long, min(in_time, scenario.actions.words[1]))
    least_w, most_w = power_box(scenario)
    spare = limits.energy - limits.energy_per_watt * least_w
    if least_w > most_w or spare < 0.0:
        return short, np.full_like(long, -np.inf)
    by_energy = spare / limits.energy_per_word if limits.energy_per_word > 0.0 else np.inf
    return short, np.minimum(long, by_energy)


def longest_words(scenario: Scenario, states: NDArray, power_w: NDArray) -> NDArray:
    """Longest answer, in words, that a power ``(n,)`` in W sends within the time (25d): ``(n,)``."""
    column = dict(zip(scenario.state_names, states.T, strict=True))
    inverse_rate = scenario.inverse_rate(column, power_w)
    bits = scenario.limits.transmission_time_s * column["bandwidth_hz"] / inverse_rate
    return np.asarray(bits / scenario.radio.bits_per_word)


def least_power_w(scenario: Scenario, states: NDArray, words: NDArray) -> NDArray:
    """Least power, in W, that sends ``words`` ``(n,)`` within the time (25d): ``(n,)``; NaN: none does."""
    least, most = power_box(scenario)

    def excess(log_power: NDArray, wanted: NDArray, rows: Index) -> NDArray:
        return np.asarray(np.log(wanted / longest_words(scenario, states[rows], np.exp(log_power))))

    rows = np.arange(len(states))
    ends = [np.full(len(states), np.log(end)) for end in (least, most)]
    at_least, at_most = (excess(end, words, rows) for end in ends)
    power_w = np.where(at_least <= 0.0, least, np.nan)
    between = np.flatnonzero((at_least > 0.0) & (at_most <= 0.0))
    if between.size:
        found = elementwise.find_root(
            excess,
            (ends[0][between], ends[1][between]),
            args=(words[between], between),
            tolerances={"xatol": 1e-13, "xrtol": 0.0, "fatol": 0.0, "frtol": 0.0},
        )
        power_w[between] = np.minimum(np.exp(np.maximum(*found.bracket)) * (1.0 + INWARD), most)
    return power_w


def _quality_interval(scenario: Scenario, states: NDArray) -> tuple[NDArray, NDArray]:
    """Lengths where the QoE curve meets its threshold: ``t exp(1-t) = (Q_th/Q_max)^(1/s)``, Lambert's W.

    Any length where one noisy score of an answer holds no threshold.
    """
    curve = scenario.quality
    if scenario.prompts is not None:
        return np.zeros(len(states)), np.full(len(states), np.inf)
    peak = np.broadcast_to(np.asarray(peak_words(scenario, states), dtype=np.float64), len(states))
    argument = -np.exp(np.log(curve.threshold / curve.peak_score) / curve.sharpness - 1.0)
    short, long = (float(-special.lambertw(argument, branch).real) for branch in (0, -1))
    return peak * short * (1.0 + INWARD), peak * long * (1.0 - INWARD)
