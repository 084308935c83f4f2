"""Estimate, then optimise: rivals that log answers of random lengths, fit their scores, and decide by that.

They know all that is known: carbon, times, limits, and the range of lengths in which scores peak. Of the
function from a prompt to its best length they know what the logged scores say.
"""

import warnings
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

import numpy as np

from neuro_aolo.systems.aolo.admissible import power_box, words_interval
from neuro_aolo.systems.aolo.believed import by_scores
from neuro_aolo.systems.aolo.request import outcome, sample_states, scored
from neuro_aolo.systems.aolo.ridge import Ridge
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.rivals import Estimator, scikit_learn
from neuro_aolo.systems.task import Policy, Spec

NDArray = np.ndarray[Any, np.dtype[np.float64]]
_AROUND = 2.0
"""Logged lengths reach beyond the range of the peaks by this factor, as far as limits let them."""
_OUTSIDE = 100.0
"""Points that a length loses per factor of e beyond what was logged."""


class Regressor(Protocol):
    """What is fitted: as scikit-learn has it."""

    def fit(self, inputs: NDArray, scores: NDArray) -> Any:
        """Fit scores ``(n,)`` of inputs ``(n, F + 1)``, the last the length's logarithm, all in [-1, 1]."""

    def predict(self, inputs: NDArray) -> NDArray:
        """Scores ``(n,)`` of inputs ``(n, F + 1)``."""


def estimators(scenario: Scenario, spec: Spec) -> Mapping[str, Estimator]:
    """Estimators by name, where the best length is unknown: none where it is not.

    - ``ridge``: linear in the features, their squares and products, each times powers of the length's
      logarithm, its strength by cross-validation.
    - ``boosting``: gradient boosted trees on histograms, stopped early.
    - ``network``: a multilayer perceptron, stopped early.

    Each then serves a request at the length whose known carbon less the price of the estimated score is
    least, at the least power that sends it in time.
    """
    if scenario.prompts is None:
        return {}
    kinds = {"ridge": _ridge, "boosting": _boosting, "network": _network}
    return {name: partial(_estimate, scenario, spec, kind) for name, kind in kinds.items()}


def logged_words(scenario: Scenario) -> tuple[float, float]:
    """Shortest and longest answer of the log: the range of the peaks and around, as far as limits let it."""
    assert scenario.prompts is not None
    low, high = scenario.prompts.peak_words
    least, most = words_interval(scenario, np.zeros((1, len(scenario.state_names))))
    return max(low / _AROUND, float(least[0])), min(high * _AROUND, float(most[0]))


def log(scenario: Scenario, requests: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """What is logged: inputs ``(n, F + 1)`` in [-1, 1] and one noisy score each ``(n,)``.

    Lengths are log-uniform, whatever the prompt. What a score depends on is fed back wherever an answer goes
    out, so the power is the largest.
    """
    states = sample_states(scenario, requests, rng)
    low, high = np.log(logged_words(scenario))
    words = np.exp(rng.uniform(low, high, requests))
    power_w = np.full(requests, power_box(scenario)[1])
    answered = scored(scenario, outcome(scenario, states, words, power_w), words, rng)
    return _inputs(scenario, states, words), np.asarray(answered.score)


def _inputs(scenario: Scenario, states: NDArray, words: NDArray) -> NDArray:
    assert scenario.prompts is not None
    least, most = scenario.prompts.ranges
    low, high = np.log(logged_words(scenario))
    features = 2.0 * (states[:, -len(least) :] - least) / (most - least) - 1.0
    length = np.clip(2.0 * (np.log(words) - low) / (high - low) - 1.0, -1.0, 1.0)
    return np.column_stack([features, length])


def _estimate(scenario: Scenario, spec: Spec, kind: Any, requests: int, seed: int) -> Policy:
    rng = np.random.default_rng(seed)
    regressor: Regressor = kind(seed)
    inputs, logged = log(scenario, requests, rng)
    with warnings.catch_warnings():
        # A network that still improves at its last epoch is taken as it is.
        warnings.filterwarnings("ignore", "Stochastic Optimizer: Maximum iterations")
        regressor.fit(inputs, logged)
    ends = np.log(logged_words(scenario))

    def scores(states: NDArray, words: NDArray) -> NDArray:
        logs = np.log(words)
        beyond = np.maximum(ends[0] - logs, 0.0) + np.maximum(logs - ends[1], 0.0)
        return np.asarray(regressor.predict(_inputs(scenario, states, words)) - _OUTSIDE * beyond)

    return by_scores(scenario, spec, scores)


def _ridge(seed: int) -> Regressor:
    return Ridge()


def _boosting(seed: int) -> Regressor:
    scikit_learn()
    from sklearn.ensemble import HistGradientBoostingRegressor

    found: Regressor = HistGradientBoostingRegressor(
        learning_rate=0.1, max_iter=1000, max_leaf_nodes=63, early_stopping=True, random_state=seed
    )
    return found


def _network(seed: int) -> Regressor:
    scikit_learn()
    from sklearn.neural_network import MLPRegressor

    found: Regressor = MLPRegressor(
        hidden_layer_sizes=(128, 128), batch_size=512, early_stopping=True, max_iter=60, random_state=seed
    )
    return found
