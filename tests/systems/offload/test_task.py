"""What a step tells beside costs: ledger lines, energy, units, users; and what actions mean."""

import numpy as np
import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.serving import decode, encode, outcome, sample_states
from neuro_aolo.systems.offload.task import OffloadTask

NAMES = ("offload", "offload-selector", "offload-shared")


@pytest.mark.parametrize("name", NAMES)
def test_lines_energy_and_units_add_up(name: str):
    task = OffloadTask(Scenario.load(name))
    spec, rng = task.spec, np.random.default_rng(0)
    states = task.reset(500, rng)
    actions = rng.uniform(-1.2, 1.2, (500 * spec.agents, len(spec.actions)))
    transition = task.step(states, actions, rng)
    served = transition.served
    np.testing.assert_allclose(served.total_g * 1e3, transition.costs[:, 0], rtol=1e-12)
    assert served.carbon_g.shape == (500, len(spec.entries))
    assert served.energy_j.shape == (500, len(spec.sites))
    np.testing.assert_array_equal(served.units, spec.agents)
    operational = np.zeros(500)
    for index, site in enumerate(spec.sites):
        operational += served.energy_j[:, index] * task.intensity(states, site) / 3.6e6
    lines = [index for index, entry in enumerate(spec.entries) if entry.kind == "operational"]
    np.testing.assert_allclose(served.carbon_g[:, lines].sum(axis=1), operational, rtol=1e-12)
    np.testing.assert_array_equal(transition.slack >= 0.0, served.margins >= 0.0)
    assert (np.abs(transition.slack) <= 1.0).all()


def test_each_user_is_told_its_own_carbon_and_all_see_the_same():
    task = OffloadTask(Scenario.load("offload-shared"))
    rng = np.random.default_rng(0)
    states = task.reset(50, rng)
    seen = task.observe(states).reshape(50, 3, -1)
    np.testing.assert_array_equal(seen[:, :1].repeat(3, axis=1), seen)
    transition = task.step(states, rng.uniform(-1.0, 1.0, (150, 15)), rng)
    assert transition.agent_costs is not None
    assert transition.agent_costs.shape == (50, 3, 1)
    np.testing.assert_allclose(transition.agent_costs.sum(axis=1), transition.costs)


def test_the_reward_is_minus_carbon_or_minus_the_penalty_of_each_user():
    scenario = Scenario.load("offload-shared")
    task, rng = OffloadTask(scenario), np.random.default_rng(0)
    states, actions = task.reset(400, rng), rng.uniform(-1.0, 1.0, (1200, 15))
    served = outcome(scenario, states, decode(scenario, actions))
    paid = np.where(served.kept, served.carbon_mg, 3_000.0).sum(axis=1)
    np.testing.assert_allclose(task.step(states, actions, rng).reward, -paid)
    assert served.kept.any(axis=1).any()


@pytest.mark.parametrize("name", NAMES)
def test_actions_mean_what_was_encoded(name: str):
    scenario, rng = Scenario.load(name), np.random.default_rng(0)
    users = scenario.users.count
    server = rng.integers(5, size=(200, users))
    steps, power_w = rng.uniform(1.0, 250.0, (200, users, 5)), rng.uniform(0.1, 10.0, (200, users, 5))
    choice = decode(scenario, encode(scenario, server, steps, power_w))
    np.testing.assert_array_equal(choice.server, server)
    for own, of_each in ((choice.steps, steps), (choice.power_w, power_w)):
        np.testing.assert_allclose(own, np.take_along_axis(of_each, server[..., None], -1)[..., 0])


def test_the_largest_score_serves_with_its_own_numbers():
    scenario = Scenario.load("offload")
    action = np.full((1, 15), -1.0)
    action[0, 9:12] = 0.2, 0.0, 1.0
    action[0, 12:] = 0.1, 1.0, 1.0
    choice = decode(scenario, action)
    assert choice.server[0, 0] == 3
    assert choice.steps[0, 0] == pytest.approx(125.5)
    assert choice.power_w[0, 0] == 10.0


def test_a_selector_has_equal_bins():
    scenario = Scenario.load("offload-selector")
    numbers = np.linspace(-1.0, 1.0, 11)
    servers = decode(scenario, np.stack([numbers, numbers, numbers], axis=1)).server[:, 0]
    np.testing.assert_array_equal(servers, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 4])


def test_what_an_action_may_name_is_told_of_scores_alone():
    assert OffloadTask(Scenario.load("offload")).spec.choice[1] == (3, 4, 5)
    assert OffloadTask(Scenario.load("offload-selector")).spec.choice == ()


def test_observations_are_affine_and_clipped():
    scenario = Scenario.load("offload")
    task = OffloadTask(scenario)
    states = sample_states(scenario, 3, np.random.default_rng(0))
    states[0], states[1] = scenario.bounds.observe_low, scenario.bounds.observe_high
    seen = task.observe(states)
    np.testing.assert_array_equal(seen[:2], [[-1.0] * 16, [1.0] * 16])
    assert (np.abs(seen) <= 1.0).all()


def test_a_penalty_below_the_optimum_is_refused():
    scenario = Scenario.load("offload").with_values(limits={"penalty_mg": 50.0})
    with pytest.raises(ScenarioError, match=r"limits.penalty_mg = 50 is below the .* mg of an optimal task"):
        OffloadTask(scenario)


def test_a_scenario_that_nothing_serves_says_so():
    scenario = Scenario.load("offload").with_values(servers={"tflop_per_s": [1e-3] * 5})
    with pytest.raises(ScenarioError, match="none of 1000 tasks can be served"):
        OffloadTask(scenario)
