"""Estimate, then optimise: what is logged, what is fitted, and what the fit is worth."""

import sys

import numpy as np
import pytest

from neuro_aolo.agent.evaluate import Requests
from neuro_aolo.agent.rivals import best_constant_action
from neuro_aolo.comparison.plan import Plan
from neuro_aolo.comparison.table import all_learners, check_learners
from neuro_aolo.errors import AgentError
from neuro_aolo.runs.presets import preset_of
from neuro_aolo.systems.aolo.believed import by_scores
from neuro_aolo.systems.aolo.estimators import estimators as estimators_of
from neuro_aolo.systems.aolo.estimators import log, logged_words
from neuro_aolo.systems.aolo.qoe import quality
from neuro_aolo.systems.aolo.request import peak_words
from neuro_aolo.systems.aolo.ridge import Ridge
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.system import estimators, task
from neuro_aolo.systems.task import expected

NAMES = ("ridge", "boosting", "network")


@pytest.fixture(scope="module")
def small() -> Scenario:
    """Few features and little noise: what can be learnt from few answers."""
    return Scenario.load("prompts").with_values(prompts={"features": 3, "noise_points": 0.2})


@pytest.fixture(scope="module")
def requests(small: Scenario) -> Requests:
    return Requests(expected(task(small)), 400, 1)


def test_only_a_scenario_with_prompts_has_something_to_estimate(small: Scenario) -> None:
    assert tuple(estimators(small)) == NAMES
    paper = Scenario.load("paper")
    assert estimators(paper) == estimators_of(paper, task(paper).spec) == {}


def test_lengths_are_logged_log_uniformly_around_the_peaks(small: Scenario) -> None:
    low, high = logged_words(small)
    assert low == 30.0
    assert high == pytest.approx(798.0)
    inputs, scores = log(small, 40_000, np.random.default_rng(0))
    assert inputs.shape == (40_000, 4)
    assert np.abs(inputs).max() <= 1.0
    np.testing.assert_allclose(
        np.quantile(inputs, [0.25, 0.5, 0.75], axis=0)[:, -1], [-0.5, 0.0, 0.5], atol=0.02
    )
    words = np.exp(np.log(low) + (inputs[:, -1] + 1.0) / 2.0 * np.log(high / low))
    states = np.hstack([np.zeros((len(words), 5)), inputs[:, :3]])
    errors = scores - quality(
        words, peak_words(small, states), small.quality.peak_score, small.quality.sharpness
    )
    assert errors.mean() == pytest.approx(0.0, abs=0.005)
    assert errors.std() == pytest.approx(0.2, rel=0.02)


def test_who_believes_the_truth_decides_as_the_optimum_does(small: Scenario, requests: Requests) -> None:
    curve = small.quality

    def truth(states: np.ndarray, words: np.ndarray) -> np.ndarray:
        return quality(words, peak_words(small, states), curve.peak_score, curve.sharpness)

    found = requests.evaluate(by_scores(small, task(small).spec, truth))
    assert 0.0 <= found.regret < 1e-8
    assert found.violation_rate == 0.0


def test_ridge_finds_what_its_columns_hold() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1.0, 1.0, (4000, 3))
    x, y, t = inputs.T
    true = 3.0 + x * y * t - 2.0 * y**2 + t**5 * x
    fitted = Ridge().fit(inputs, true + 0.1 * rng.standard_normal(4000))
    again = rng.uniform(-1.0, 1.0, (2000, 3))
    x, y, t = again.T
    rest = fitted.predict(again) - (3.0 + x * y * t - 2.0 * y**2 + t**5 * x)
    assert np.sqrt(np.mean(rest**2)) < 0.03


def test_ridge_holds_back_where_there_is_noise_alone() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1.0, 1.0, (500, 5))
    scores = 5.0 + rng.standard_normal(500)
    fitted = Ridge().fit(inputs, scores)
    exact = Ridge().fit(inputs, 5.0 + inputs[:, 0])
    assert fitted.strength > 100.0 * exact.strength
    assert np.std(fitted.predict(inputs)) < 0.5


@pytest.mark.parametrize("name", NAMES)
def test_an_estimate_is_worth_more_than_a_constant(small: Scenario, requests: Requests, name: str) -> None:
    if name != "ridge":
        pytest.importorskip("sklearn", reason="needs the extra rivals")
    constant = requests.evaluate(best_constant_action(task(small), 2000).policy())
    fitted = requests.evaluate(estimators(small)[name](4000, 0))
    assert fitted.violation_rate <= 0.001
    assert fitted.regret < 0.3 * constant.regret


def test_a_seed_fits_the_same_again(small: Scenario, requests: Requests) -> None:
    actions = [estimators(small)["ridge"](2000, seed)(requests.observations) for seed in (3, 3, 4)]
    np.testing.assert_array_equal(actions[0], actions[1])
    assert (actions[0] != actions[2]).any()


def test_a_comparison_takes_them_after_the_rules(small: Scenario) -> None:
    training, popsan = preset_of("sdrl", "tuned")
    plan = Plan(small, "ridge", 0, training, popsan, 1.0)
    assert all_learners(plan)[-5:] == ("mean-curve", *NAMES, "oracle")
    assert plan.settings["logged_requests"] == training.total_steps
    assert not set(NAMES) & set(all_learners(Plan.of("paper", "ridge", 0, training, popsan, 1.0)))


def test_without_scikit_learn_one_line_says_what_to_install(
    small: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    plan = Plan(small, "boosting", 0, *preset_of("sdrl", "tuned"), 1.0)
    with pytest.raises(AgentError, match=r"python -m pip install 'neuro-aolo\[rivals\]'"):
        check_learners(["boosting"], plan)
    assert check_learners(["mean-curve"], plan) == ("mean-curve",)
