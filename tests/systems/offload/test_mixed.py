"""The best symmetric mixed policy: by hand, by simulation, and beside policies that know less or more."""

import numpy as np
import pytest

from neuro_aolo.systems.offload.mixed import best_mixed
from neuro_aolo.systems.offload.optimum import best, prices
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.serving import Choice, outcome, sample_states
from neuro_aolo.systems.offload.system import policies, task

SHARED = Scenario.load("offload-shared")


@pytest.fixture(scope="module")
def states() -> np.ndarray:
    drawn = sample_states(SHARED, 1_500, np.random.default_rng(0))
    return drawn[best(SHARED, drawn).feasible]


def test_its_cost_is_what_draws_come_to(states: np.ndarray):
    mixed, rng, tries = best_mixed(SHARED, states), np.random.default_rng(1), 40
    paid = np.zeros(tries)
    for index in range(tries):
        drawn = rng.random((len(states), 3, 1))
        server = (drawn > mixed.chances.cumsum(axis=1)[:, None] - 1e-9).sum(axis=-1)
        rows = np.arange(len(states))[:, None]
        choice = Choice(server, mixed.steps[rows, server], mixed.power_w[rows, server])
        served = outcome(SHARED, states, choice)
        paid[index] = np.where(served.kept, served.carbon_mg, SHARED.limits.penalty_mg).sum(axis=1).mean()
    assert paid.mean() == pytest.approx(mixed.cost_mg.mean(), abs=4.0 * paid.std() / np.sqrt(tries))


def test_it_lies_between_the_optimum_and_the_best_single_server(states: np.ndarray):
    mixed, found, priced = best_mixed(SHARED, states), best(SHARED, states), prices(SHARED, states)
    together = np.where(np.isfinite(priced.mg[..., -1]), priced.mg[..., -1], SHARED.limits.penalty_mg)
    herd = 3.0 * together.min(axis=1)
    assert (mixed.cost_mg >= found.carbon_mg * (1.0 - 1e-12)).all()
    assert (mixed.cost_mg <= herd * (1.0 + 1e-12)).all()
    assert mixed.cost_mg.mean() < 0.8 * herd.mean()
    np.testing.assert_allclose(mixed.chances.sum(axis=1), 1.0)


def test_a_finer_grid_of_chances_changes_little(states: np.ndarray):
    coarse, fine = (best_mixed(SHARED, states[:100], parts).cost_mg for parts in (60, 240))
    assert (fine <= coarse * (1.0 + 1e-12)).all()
    assert coarse.mean() == pytest.approx(fine.mean(), rel=1e-3)


def test_two_users_and_two_equal_servers_by_hand():
    """Each server has time for one: by chances p and 1 - p both meet with p^2 + (1-p)^2, least at 1/2."""
    lists = ("tflop_per_s", "power_w", "pue", "embodied_kg", "lifetime_years")
    lists += tuple(f"{end}_{of}" for end in ("start", "full") for of in ("steps", "quality"))
    servers = {name: [getattr(SHARED.servers, name)[1]] * 2 for name in lists}
    scenario = SHARED.with_values(servers=servers, users={"count": 2})
    # 88 steps take 3.19 s: with 7 s for all, 4 s to upload and 0.05 s to download, two are too late.
    state = np.array([[8.0, 5.0, 1.0, 7.3, 0.6, 360.0, 300.0, 300.0, 0.0, 0.0]])
    priced, mixed = prices(scenario, state), best_mixed(scenario, state)
    assert np.isfinite(priced.mg[0, :, 0]).all()
    assert np.isinf(priced.mg[0, :, 1]).all()
    np.testing.assert_allclose(mixed.chances, [[0.5, 0.5]])
    expected = 2.0 * (0.5 * priced.mg[0, 0, 0] + 0.5 * scenario.limits.penalty_mg)
    assert mixed.cost_mg[0] == pytest.approx(expected)


def test_one_user_draws_nothing():
    scenario = Scenario.load("offload")
    states = sample_states(scenario, 200, np.random.default_rng(0))
    found = best(scenario, states)
    mixed = best_mixed(scenario, states[found.feasible])
    np.testing.assert_allclose(mixed.cost_mg, found.carbon_mg[found.feasible], rtol=1e-12)
    assert set(mixed.chances.ravel()) == {0.0, 1.0}


def test_the_rule_does_better_than_any_that_sends_all_to_one_server(states: np.ndarray):
    system_task, rng = task(SHARED), np.random.default_rng(0)
    reached = {
        name: system_task.step(states, policy(system_task.observe(states)), rng)
        for name, policy in policies(SHARED).items()
    }
    mixed = reached.pop("mixed")
    assert all(mixed.violated.mean() < other.violated.mean() for other in reached.values())
    assert all(mixed.reward.mean() > other.reward.mean() for other in reached.values())
