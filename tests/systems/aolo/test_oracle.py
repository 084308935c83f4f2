import numpy as np
import pytest

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.request import outcome, sample_states, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario

PAPER = Scenario.load("paper")
PRICED = PAPER.with_values(quality={"price_mg_per_point": 4.0, "threshold": 5.0})
TIGHT_ENERGY = PRICED.with_values(limits={"energy": 420.0})
SLOW_RADIO = PRICED.with_values(limits={"transmission_time_s": 0.03e-3})
PLAIN_SLOW_RADIO = PAPER.with_values(limits={"transmission_time_s": 0.06e-3})
SHIPPED = [Scenario.load(name) for name in ("mixed", "speech", "grid", "onprem", "urban", "urban-macro")]
EVERY = [PAPER, PRICED, TIGHT_ENERGY, SLOW_RADIO, PLAIN_SLOW_RADIO, *SHIPPED]


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.name)
def test_no_action_on_a_dense_grid_beats_the_oracle(scenario):
    states = sample_states(scenario, 25, np.random.default_rng(2))
    best = oracle(scenario, states)
    grid = np.meshgrid(np.linspace(-1.0, 1.0, 201), np.linspace(-1.0, 1.0, 61) ** 3)
    words, power_w = to_physical(scenario, np.stack(grid, -1).reshape(-1, 2))
    for i, state in enumerate(states):
        served = outcome(scenario, np.repeat(state[None], words.size, 0), words, power_w)
        if served.feasible.any():
            assert best.feasible[i]
            assert best.cost_mg[i] <= served.cost_mg[served.feasible].min() + 1e-9 * best.carbon_mg[i]


@pytest.mark.parametrize("scenario", EVERY, ids=lambda scenario: scenario.name)
def test_the_oracle_is_feasible_locally_optimal_and_close_to_the_grid(scenario):
    states = sample_states(scenario, 200, np.random.default_rng(3))
    best = oracle(scenario, states)
    possible = best.feasible
    assert possible.any()
    served = outcome(scenario, states[possible], best.words[possible], best.power_w[possible])
    assert served.feasible.all()
    np.testing.assert_array_equal(served.cost_mg, best.cost_mg[possible])
    for words_step, power_step in ((-1e-6, 0.0), (1e-6, 0.0), (0.0, -1e-6), (1e-4, 1e-4), (-1e-4, -1e-4)):
        words = best.words[possible] * (1.0 + words_step)
        power_w = np.maximum(best.power_w[possible] * (1.0 + power_step), scenario.actions.power_w[0])
        near = outcome(scenario, states[possible], words, power_w)
        assert (~near.feasible | (near.cost_mg >= served.cost_mg - 1e-9 * served.carbon_mg)).all()


def test_infeasible_requests_are_reported_and_get_no_number():
    scenario = PAPER.with_values(limits={"transmission_time_s": 0.06e-3})
    states = np.array([[2.0, 0.1, 15e6, 200.0, 300.0], [12.0, 10.0, 25e6, 200.0, 300.0]])
    best = oracle(scenario, states)
    assert best.feasible.tolist() == [False, True]
    for value in (best.words, best.power_w, best.carbon_mg, best.cost_mg):
        assert np.isnan(value).tolist() == [True, False]
    for limit in ({"inference_time_s": 0.05}, {"energy": 100.0}, {"power_w": 0.05}):
        assert not oracle(PAPER.with_values(limits=limit), states).feasible.any()


def test_published_character_of_the_paper_scenario():
    states = sample_states(PAPER, 40_000, np.random.default_rng(11))
    best = oracle(PAPER, states)
    assert best.feasible.all()
    np.testing.assert_allclose(best.words, 150.0, rtol=1e-9)
    assert best.carbon_mg.mean() == pytest.approx(18.234, rel=5e-3)
    assert (best.power_w == PAPER.actions.power_w[0]).mean() == pytest.approx(0.195, abs=0.01)
    worst_channel = np.array([[2.0, 0.1, 15e6, 200.0, 300.0]])
    for outage, hardest_w in ((0.01, 16.9), (0.0, 19.6)):
        scenario = PAPER.with_values(channel={"outage_probability": outage})
        assert oracle(scenario, worst_channel).power_w == pytest.approx(hardest_w, abs=0.06)
    constant = outcome(PAPER, states, np.full(40_000, 150.01), np.full(40_000, 20.0))
    assert constant.feasible.all()
    regret = (constant.cost_mg.sum() - best.cost_mg.sum()) / best.carbon_mg.sum()
    assert regret == pytest.approx(6e-5, abs=5e-6)


def test_a_steep_cache_exponent_bounds_no_length():
    # T_I is the same for every length then: the time limit leaves all lengths or none.
    flat = PAPER.with_values(inference={"acceleration_exponent": 1e-300})
    states = sample_states(flat, 5, np.random.default_rng(0))
    np.testing.assert_allclose(oracle(flat, states).words, 150.0, rtol=1e-9)
    assert not oracle(flat.with_values(limits={"inference_time_s": 1e-3}), states).feasible.any()


def test_an_empty_batch_and_a_wrong_shape():
    assert oracle(PAPER, np.empty((0, 5))).words.shape == (0,)
    with pytest.raises(ServiceError, match=r"give \(n, 5\)"):
        oracle(PAPER, np.ones((3, 6)))
