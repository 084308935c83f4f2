"""Prompts: a function that nobody knows, noisy scores of it, and the optimum where it is known."""

import gymnasium as gym
import numpy as np
import pytest
import torch

from neuro_aolo.agent.evaluate import held_out
from neuro_aolo.agent.rivals import best_constant_action
from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.peaks import random_peaks
from neuro_aolo.systems.aolo.qoe import quality
from neuro_aolo.systems.aolo.request import (
    observe,
    outcome,
    peak_words,
    sample_states,
    scored,
    to_normalised,
    to_physical,
)
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.system import policies, task
from neuro_aolo.systems.charged import Charged, Overhead
from neuro_aolo.systems.task import expected

AOLO = "neuro_aolo:AOLO-v0"


@pytest.fixture(scope="module")
def shipped() -> Scenario:
    return Scenario.load("prompts")


def drawn(scenario: Scenario, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    states = sample_states(scenario, count, rng)
    return states, *to_physical(scenario, rng.uniform(-1.0, -0.2, (count, 2)))


@pytest.mark.parametrize(("features", "seed"), [(1, 0), (4, 1), (16, 2), (32, 3)])
def test_the_network_has_the_moments_that_its_closed_form_gives(features: int, seed: int) -> None:
    peaks = random_peaks(features, 64, 1.1, seed, (60.0, 400.0))
    depth = peaks.depth(np.random.default_rng(1).uniform(-1.0, 1.0, (features, 200_000)))
    assert depth.mean() == pytest.approx(0.0, abs=0.012)
    assert depth.var() == pytest.approx(1.0, abs=0.02)


def test_the_peaks_spread_evenly_and_a_line_explains_about_half(shipped: Scenario) -> None:
    states = sample_states(shipped, 50_000, np.random.default_rng(0))
    logs, features = np.log(peak_words(shipped, states)), states[:, 5:]
    low, high = np.log([60.0, 400.0])
    shares = (np.quantile(logs, [0.05, 0.25, 0.5, 0.75, 0.95]) - low) / (high - low)
    np.testing.assert_allclose(shares, [0.06, 0.25, 0.5, 0.75, 0.94], atol=0.04)
    columns = np.column_stack([np.ones(len(logs)), features])
    rest = logs - columns @ np.linalg.lstsq(columns, logs, rcond=None)[0]
    assert 0.35 < 1.0 - rest.var() / logs.var() < 0.65


def test_states_hold_the_prompt_and_observations_span_it(shipped: Scenario) -> None:
    states = sample_states(shipped, 1000, np.random.default_rng(0))
    assert shipped.state_names[:2] == ("nakagami_m", "omega")
    assert shipped.state_names[5:] == tuple(f"prompt_{index}" for index in range(1, 17))
    assert states.shape == (1000, 21)
    np.testing.assert_allclose(observe(shipped, states)[:, 5:], states[:, 5:], atol=1e-7)
    kept = [constraint.name for constraint in task(shipped).spec.constraints]
    assert kept == ["energy", "inference_time_s", "transmission_time_s", "power_w"]


def test_tensors_come_to_the_same_as_arrays(shipped: Scenario) -> None:
    states, words, power_w = drawn(shipped, 500)
    arrays = outcome(shipped, states, words, power_w)
    given = [torch.from_numpy(array) for array in (states, words, power_w)]
    given[0].requires_grad_()
    tensors = outcome(shipped, *given)
    for name in ("cost_mg", "carbon_mg", "score"):
        found = getattr(tensors, name)
        np.testing.assert_allclose(found.detach().numpy(), getattr(arrays, name), rtol=1e-12)
    tensors.score.sum().backward()
    assert (given[0].grad[:, 5:].abs().sum(dim=0) > 0.0).all()


def test_scores_scatter_about_the_curve(shipped: Scenario) -> None:
    states, words, power_w = drawn(shipped, 200_000)
    true = outcome(shipped, states, words, power_w)
    curve = quality(words, peak_words(shipped, states), shipped.quality.peak_score, shipped.quality.sharpness)
    np.testing.assert_allclose(true.score, curve, rtol=1e-12)
    found = scored(shipped, true, words, np.random.default_rng(1))
    errors = found.score - true.score
    assert errors.mean() == pytest.approx(0.0, abs=4.0 / np.sqrt(len(words)))
    assert errors.std() == pytest.approx(shipped.prompts.noise_points, rel=0.01)
    assert abs(np.mean(errors**3)) < 0.05
    assert found.score.min() < 0.0
    price = shipped.quality.price_mg_per_point
    np.testing.assert_allclose(found.cost_mg, true.cost_mg - price * errors)
    kept = true.feasible
    assert 0 < kept.sum() < len(kept)
    np.testing.assert_allclose(found.reward[kept], -found.cost_mg[kept])
    assert (found.reward[~kept] == -shipped.limits.penalty_mg).all()


def test_another_answer_has_a_score_of_its_own(shipped: Scenario) -> None:
    states, words, power_w = drawn(shipped, 20_000)

    def errors(longer: float) -> np.ndarray:
        true = outcome(shipped, states, words + longer, power_w)
        return scored(shipped, true, words + longer, np.random.default_rng(1)).score - true.score

    assert abs(np.corrcoef(errors(0.0), errors(0.02))[0, 1]) < 0.03
    np.testing.assert_array_equal(errors(0.0), errors(0.0))


def test_what_is_fed_back_is_one_score_and_what_is_held_out_its_expectation(shipped: Scenario) -> None:
    noisy = task(shipped)
    known, rng = expected(noisy), np.random.default_rng(0)
    states = noisy.reset(5000, rng)
    actions = np.tile(to_normalised(shipped, np.array([120.0]), np.array([20.0])), (5000, 1))
    told, true = (each.step(states, actions, np.random.default_rng(3)) for each in (noisy, known))
    apart = (told.costs - true.costs)[:, 0]
    price = shipped.quality.price_mg_per_point
    assert apart.std() == pytest.approx(price * shipped.prompts.noise_points, rel=0.05)
    np.testing.assert_array_equal(told.next_states, true.next_states)
    np.testing.assert_array_equal(told.slack, true.slack)
    np.testing.assert_array_equal(told.served.carbon_g, true.served.carbon_g)
    charged = Charged(noisy, Overhead("bs", 1.0))
    for each in (noisy, charged):
        assert held_out(each, 10).task.step(states, actions, rng).costs.std() == pytest.approx(
            true.costs.std(), rel=0.01
        )
    paper = task(Scenario.load("paper"))
    assert expected(paper) is paper


@pytest.mark.parametrize(("noise", "features"), [(0.0, 16), (2.0, 3)])
def test_the_optimum_is_that_of_brute_force(shipped: Scenario, noise: float, features: int) -> None:
    scenario = shipped.with_values(prompts={"noise_points": noise, "features": features})
    # Narrow enough for time and energy to hold some answers short.
    scenario = scenario.with_values(state={"bandwidth_hz": {"sample": [3e6, 20e6], "observe": [3e6, 25e6]}})
    states = sample_states(scenario, 20, np.random.default_rng(5))
    best = oracle(scenario, states)
    words, power_w = np.meshgrid(np.geomspace(5.0, 800.0, 600), np.geomspace(0.1, 60.0, 60))
    words, power_w = words.ravel(), power_w.ravel()
    for state, cost in zip(states, best.cost_mg, strict=True):
        tried = outcome(scenario, np.tile(state, (len(words), 1)), words, power_w)
        least = np.min(np.where(tried.feasible, tried.cost_mg, np.inf))
        assert cost <= least + 1e-9
        assert least - cost < 0.1


def test_lengths_follow_the_peak_and_a_wrong_one_costs(shipped: Scenario) -> None:
    states = sample_states(shipped, 4000, np.random.default_rng(0))
    best, peaks = oracle(shipped, states), peak_words(shipped, states)
    assert best.feasible.all()
    assert np.corrcoef(np.log(best.words), np.log(peaks))[0, 1] > 0.95
    ratios = best.words / peaks
    assert 0.6 < np.quantile(ratios, 0.01) < np.quantile(ratios, 0.99) < 1.0


def test_the_mean_curve_knows_all_but_the_function(shipped: Scenario) -> None:
    requests = held_out(task(shipped), 2000)
    (rule,) = policies(shipped).values()
    found = requests.evaluate(rule)
    constant = requests.evaluate(best_constant_action(task(shipped), 2000).policy())
    assert found.violation_rate <= 0.001
    assert 0.3 < found.regret < constant.regret


def test_environments_give_one_score(shipped: Scenario) -> None:
    states = sample_states(shipped, 1, np.random.default_rng(0))
    action = to_normalised(shipped, np.array([150.0]), np.array([20.0])).astype(np.float32)
    batch = gym.make_vec(AOLO, num_envs=2000, scenario=shipped)
    batch.reset(seed=1, options={"state": states[0]})
    _, rewards, *_, info = batch.step(np.tile(action, (2000, 1)))
    price = shipped.quality.price_mg_per_point
    assert rewards.std() == pytest.approx(price * shipped.prompts.noise_points, rel=0.06)
    assert "quality" not in info["margins"]
    paid = info["carbon_mg"] - price * (info["score"] - shipped.quality.threshold)
    np.testing.assert_allclose(-rewards, paid, rtol=1e-9)
    single = gym.make(AOLO, scenario=shipped).unwrapped
    found = []
    for seed in range(2):
        single.reset(seed=seed, options={"state": states[0]})
        found.append(single.step(action[0])[1])
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"quality": {"price_mg_per_point": 0.0}}, "prompts need quality.price_mg_per_point above 0"),
        (
            {"state": {"kappa_peak_words": {"sample": [60.0, 90.0], "observe": [60.0, 90.0]}}},
            "both say where scores peak",
        ),
        ({"prompts": {"peak_words": [400.0, 60.0]}}, "must rise"),
        ({"prompts": {"features": 0}}, "prompts.features = 0 is not allowed"),
        ({"prompts": {"noise_points": -1.0}}, "prompts.noise_points = -1.0 is not allowed"),
        ({"prompts": {"nose_points": 1.0}}, "did you mean 'noise_points'"),
    ],
)
def test_a_wrong_value_is_one_line(shipped: Scenario, changed: dict, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        shipped.with_values(**changed)
