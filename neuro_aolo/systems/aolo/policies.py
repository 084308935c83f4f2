"""Rules by name: what a line of arithmetic decides, as far as what is observed is enough for it.

Nothing is learnt here. Who writes such a rule knows the equations; who trains an actor is to know what they
are worth beside it.
"""

from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np

from neuro_aolo.systems.aolo.admissible import Index, least_power_w, power_box, words_interval
from neuro_aolo.systems.aolo.believed import by_scores
from neuro_aolo.systems.aolo.frontier import Scores
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.qoe import quality
from neuro_aolo.systems.aolo.request import NDArray, peak_words, sample_states, to_normalised
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.task import Floats, Observations, Policy, Spec
from neuro_aolo_export.quantity import physical

_REQUESTS = 50_000
"""That a rule's numbers are taken from: 50 of them are a violation rate of 0.1 %."""
_SEED = 2503_04418_3
_PROMPTS, _LENGTHS = 10_000, 400
"""Prompts that a mean curve is taken over, and lengths that it is known at."""
_SHARE = 0.6
"""Of the violation limit that a rule uses up there, as checkpoints may."""
_INWARD = 1e-5
"""Relative step off a constraint's edge: what is observed is rounded."""
_PER_DB = np.log(10.0) / 10.0


def rules(scenario: Scenario, spec: Spec) -> Mapping[str, Policy]:
    """The rules of a service.

    - ``shortest-answer``: the shortest answer that is good enough, a fixed share of the length of the best
      one, at one transmit power: the least that sends it in time in as many requests as the limit asks for.
    - ``log-linear``: logarithms of length and power are quadratic in those of the request's state, fitted to
      the optimum's by least squares, the power raised until the limit is kept.

    Where the best length depends on the prompt through a function that nobody knows, both would have to know
    it. There the one rule knows all but the function:

    - ``mean-curve``: what would be optimal if every answer scored as answers of its length do on average.

    Args:
        scenario: of the service.
        spec: of its task.
    """
    if scenario.prompts is not None:
        return {"mean-curve": by_scores(scenario, spec, _mean_curve(scenario))}
    fitted = _Rules(scenario, spec)
    return {"shortest-answer": fitted.shortest, "log-linear": fitted.log_linear}


def _mean_curve(scenario: Scenario) -> Scores:
    """Mean score of answers by their length, over drawn prompts, between lengths in geometric steps."""
    states = sample_states(scenario, _PROMPTS, np.random.default_rng(_SEED))
    peaks, curve = np.asarray(peak_words(scenario, states)), scenario.quality
    grid = np.geomspace(*scenario.actions.words, _LENGTHS)
    means = [float(quality(words, peaks, curve.peak_score, curve.sharpness).mean()) for words in grid]
    logs = np.log(grid)

    def scores(states: NDArray, words: NDArray) -> NDArray:
        return np.interp(np.log(words), logs, means)

    return scores


class _Rules:
    """Rules, whose numbers are found when they are first asked for."""

    def __init__(self, scenario: Scenario, spec: Spec) -> None:
        self.scenario, self.spec = scenario, spec

    def shortest(self, observations: Observations) -> Floats:
        """The shortest answer at one power."""
        states = physical(self.spec.observations, observations)
        words = self._shortest_words(states)
        return _actions(self.scenario, words, np.full_like(words, self._power_w))

    def log_linear(self, observations: Observations) -> Floats:
        """Both by the fit."""
        states = physical(self.spec.observations, observations)
        of_words, of_power = self._coefficients
        words = self._words(states, of_words)
        power_w = np.exp(self._features(states) @ of_power)
        return _actions(self.scenario, words, np.clip(power_w, *power_box(self.scenario)))

    @cached_property
    def _drawn(self) -> NDArray:
        """Requests that have a feasible action."""
        states = sample_states(self.scenario, _REQUESTS, np.random.default_rng(_SEED))
        feasible: NDArray = states[oracle(self.scenario, states).feasible]
        return feasible

    @cached_property
    def _power_w(self) -> float:
        needed = self._needed_w(self._shortest_words(self._drawn))
        return float(np.quantile(needed, 1.0 - _SHARE * self._limit, method="higher"))

    @cached_property
    def _coefficients(self) -> tuple[NDArray, NDArray]:
        """Of the logarithms of the length over the shortest one, and of the power."""
        states, features = self._drawn, self._features(self._drawn)
        fit = partial(_least_squares, features)
        of_words = fit(np.log(oracle(self.scenario, states).words / self._shortest_words(states)))
        needed = np.log(self._needed_w(self._words(states, of_words)))
        of_power = fit(needed)
        short_by = needed - features @ of_power
        of_power[0] += np.quantile(short_by, 1.0 - _SHARE * self._limit, method="higher")
        return of_words, of_power

    @property
    def _limit(self) -> float:
        return self.scenario.limits.violation_rate

    def _shortest_words(self, states: NDArray) -> NDArray:
        words: NDArray = words_interval(self.scenario, states)[0] * (1.0 + _INWARD)
        return words

    def _words(self, states: NDArray, coefficients: NDArray) -> NDArray:
        short, long = words_interval(self.scenario, states)
        words: NDArray = short * (1.0 + _INWARD) * np.exp(self._features(states) @ coefficients)
        return np.clip(words, short * (1.0 + _INWARD), np.maximum(short, long) * (1.0 - _INWARD))

    def _needed_w(self, words: NDArray) -> NDArray:
        """Least power of each drawn request; the most that there is where none is enough."""
        power_w = least_power_w(self.scenario, self._drawn, words)
        return np.where(np.isnan(power_w), power_box(self.scenario)[1], power_w)

    def _features(self, states: NDArray) -> NDArray:
        """1, the logarithm of each number of the state, and their products, ``(n, F)``; dB are logarithms."""
        values = states[:, self._varying]
        logs = np.where(self._decibels[self._varying], values * _PER_DB, np.log(values))
        first, second = np.triu_indices(logs.shape[1])
        return np.hstack([np.ones((len(logs), 1)), logs, logs[:, first] * logs[:, second]])

    @cached_property
    def _decibels(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        return np.array([name.endswith("_db") for name in self.scenario.state_names])

    @cached_property
    def _varying(self) -> Index:
        return np.flatnonzero((self._drawn > 0.0).all(axis=0) & (np.ptp(self._drawn, axis=0) > 0.0))


def _least_squares(features: NDArray, wanted: NDArray) -> NDArray:
    return np.asarray(np.linalg.lstsq(features, wanted, rcond=None)[0], dtype=np.float64)


def _actions(scenario: Scenario, words: NDArray, power_w: NDArray) -> Floats:
    actions: Floats = to_normalised(scenario, words, power_w)
    return actions
