"""What each shipped scenario is there for."""

import numpy as np
import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.admissible import words_interval
from neuro_aolo.systems.aolo.check import check
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.request import outcome, sample_states
from neuro_aolo.systems.aolo.scenario import Scenario, scenario_names
from neuro_aolo.systems.describe import describe


def test_paper_has_its_calibrated_figures():
    figures = check(Scenario.load("paper"), np.random.default_rng(0))
    assert figures.oracle_carbon_mg == pytest.approx(18.234, rel=5e-3)
    assert figures.random_carbon_mg == pytest.approx(28.92, rel=5e-3)
    assert figures.random_feasible_share == pytest.approx(0.11, abs=2e-3)
    assert figures.feasible_share == 1.0
    wireless = sum(share for name, share in figures.shares.items() if name.startswith("wireless"))
    assert 3e-5 < wireless < 5e-5
    assert sum(figures.shares.values()) == pytest.approx(1.0, rel=1e-12)


def test_mixed_has_no_constant_action():
    scenario = Scenario.load("mixed")
    assert scenario.state_names[-1] == "kappa_peak_words"
    states = sample_states(scenario, 5000, np.random.default_rng(0))
    short, long = words_interval(scenario, states)
    ends = np.array([[60.0], [400.0]]) * np.array([150.0 / 260.0, 413.89 / 260.0])
    np.testing.assert_allclose(ends, [[35, 96], [231, 637]], atol=0.6)
    # Whatever one length is chosen, a quarter of the requests is not served well enough.
    served = [((short <= words) & (words <= long)).mean() for words in np.linspace(30.0, 650.0, 200)]
    assert max(served) < 0.77
    best = oracle(scenario, states)
    assert best.feasible.all()
    np.testing.assert_allclose(best.words, states[:, 5] * 150.0 / 260.0, rtol=1e-9)


def test_speech_needs_power_that_follows_the_channel():
    scenario = Scenario.load("speech")
    states = sample_states(scenario, 20_000, np.random.default_rng(0))
    best = oracle(scenario, states)
    possible = best.feasible
    assert possible.mean() > 0.999
    n = int(possible.sum())
    regrets = []
    for power_w in np.linspace(5.0, 60.0, 56):
        constant = outcome(scenario, states[possible], np.full(n, 150.0001), np.full(n, power_w))
        if (~constant.feasible).mean() <= 1e-3:
            regret = (constant.cost_mg - best.cost_mg[possible]).sum() / best.carbon_mg[possible].sum()
            regrets.append(regret)
    assert 0.1 <= min(regrets) == pytest.approx(0.105, abs=5e-3)
    shares = check(scenario, np.random.default_rng(1), 20_000).shares
    inference = shares["inference_operational"] + shares["inference_embodied"]
    assert (inference, shares["wireless_radio"]) == pytest.approx((0.46, 0.023), abs=5e-3)


def test_grid_answers_grow_longer_when_the_grid_is_clean():
    scenario = Scenario.load("grid")
    states = sample_states(scenario, 4000, np.random.default_rng(0))
    best = oracle(scenario, states)
    assert best.feasible.all()
    intensity = states[:, 3]
    clean, dirty = best.words[intensity < 100.0], best.words[intensity > 300.0]
    assert clean.min() > 200.0
    assert dirty.max() < 125.0
    np.testing.assert_allclose(
        best.cost_mg, best.carbon_mg - 4.0 * _quality_above(scenario, states, best.words)
    )


def _quality_above(scenario: Scenario, states: np.ndarray, words: np.ndarray) -> np.ndarray:
    return outcome(scenario, states, words, np.full(len(words), 20.0)).margins["quality"]


def test_onprem_is_paper_with_a_small_model():
    paper, onprem = Scenario.load("paper"), Scenario.load("onprem")
    states = sample_states(paper, 100, np.random.default_rng(0))
    ratio = oracle(onprem, states).carbon_mg / oracle(paper, states).carbon_mg
    expected = 0.016 * 1.4 / (0.35 * 5.0)
    np.testing.assert_allclose(ratio, expected, rtol=0.01)


@pytest.mark.parametrize("name", scenario_names())
def test_every_parameter_has_a_unit_a_range_and_a_source(name):
    rows = describe(Scenario.load(name))
    assert len(rows) >= 34
    for row in rows:
        assert row.value
        assert row.unit
        assert row.allowed
        assert row.source


def test_a_penalty_costs_more_than_any_optimum_in_every_scenario():
    for name in scenario_names():
        scenario = Scenario.load(name)
        best = oracle(scenario, sample_states(scenario, 5000, np.random.default_rng(0)))
        assert np.nanmax(best.cost_mg) < scenario.limits.penalty_mg


def test_a_scenario_that_nothing_serves_says_so():
    scenario = Scenario.load("paper").with_values(limits={"energy": 10.0})
    with pytest.raises(ScenarioError, match="none of 10 requests has a feasible action"):
        check(scenario, np.random.default_rng(0), 10)
