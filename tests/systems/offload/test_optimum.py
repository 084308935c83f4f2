"""The exact optimum beside searches that know nothing of its closed forms."""

from itertools import product

import numpy as np
import pytest

from neuro_aolo.systems.offload.apportion import least_sum
from neuro_aolo.systems.offload.optimum import best, prices
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.serving import Choice, outcome, sample_states
from neuro_aolo.systems.offload.task import OffloadTask

OFFLOAD = Scenario.load("offload")


def test_no_point_of_a_grid_is_better_and_the_best_is_near():
    states = sample_states(OFFLOAD, 12, np.random.default_rng(3))
    found = best(OFFLOAD, states)
    steps, power_w = (
        axis.reshape(-1, 1) for axis in np.meshgrid(np.linspace(1, 250, 250), np.geomspace(0.1, 10, 200))
    )
    for index, state in enumerate(states):
        searched = np.inf
        for server in range(5):
            served = outcome(
                OFFLOAD,
                np.tile(state, (len(steps), 1)),
                Choice(np.full(steps.shape, server), steps, power_w),
            )
            searched = min(searched, np.where(served.kept, served.carbon_mg, np.inf).min())
        if found.feasible[index]:
            assert found.carbon_mg[index] <= searched
            assert searched == pytest.approx(found.carbon_mg[index], rel=0.04)
        else:
            assert searched == np.inf


@pytest.mark.parametrize("name", ["offload", "offload-selector", "offload-shared"])
def test_the_optimal_actions_keep_every_constraint_at_the_optimal_cost(name: str):
    task = OffloadTask(Scenario.load(name))
    states = task.reset(5_000, np.random.default_rng(0))
    optimum = task.optimum(states)
    kept = optimum.feasible
    rows = kept.repeat(task.spec.agents)
    reached = task.step(states[kept], optimum.actions[rows], np.random.default_rng(1))
    assert not reached.violated.any()
    np.testing.assert_allclose(reached.costs[:, 0], optimum.cost[kept], rtol=1e-12)
    np.testing.assert_allclose(-reached.reward, optimum.cost[kept], rtol=1e-12)
    assert np.isnan(optimum.actions[~rows]).all()
    assert np.isnan(optimum.cost[~kept]).all()


def test_no_assignment_of_three_users_is_better():
    scenario = Scenario.load("offload-shared")
    states = sample_states(scenario, 40, np.random.default_rng(5))
    priced, found = prices(scenario, states), best(scenario, states)
    cheapest = np.full(len(states), np.inf)
    for servers in product(range(5), repeat=3):
        together = [servers.count(server) for server in servers]
        total = sum(priced.mg[:, server, n - 1] for server, n in zip(servers, together, strict=True))
        cheapest = np.minimum(cheapest, total)
    np.testing.assert_allclose(np.where(found.feasible, found.carbon_mg, np.inf), cheapest, rtol=1e-12)


def test_the_least_sum_of_units_by_hand():
    """Three units on two servers: 0 and 3, 1 and 2, 2 and 1, 3 and 0 cost 9, 6, 7 and infinitely much."""
    costs = np.array([[[0.0, 1.0, 4.0, np.inf], [0.0, 3.0, 5.0, 9.0]]])
    total, counts = least_sum(costs)
    assert total[0] == 6.0
    np.testing.assert_array_equal(counts, [[1, 2]])


def test_power_follows_the_deadline_only_where_time_is_short():
    states = sample_states(OFFLOAD, 20_000, np.random.default_rng(0))
    patient = states.copy()
    patient[:, OFFLOAD.state_names.index("deadline_s")] = 1e5
    hurried, unhurried = prices(OFFLOAD, states), prices(OFFLOAD, patient)
    both = np.isfinite(hurried.mg)
    assert (hurried.power_w[both] >= unhurried.power_w[both] * (1.0 - 1e-12)).all()
    assert 0.01 < (hurried.power_w[both] > unhurried.power_w[both] * 1.001).mean() < 0.2
