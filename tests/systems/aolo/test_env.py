import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

from neuro_aolo.errors import ScenarioError, ServiceError
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.request import outcome, sample_states
from neuro_aolo.systems.aolo.scenario import Scenario, scenario_names

AOLO = "neuro_aolo:AOLO-v0"
STATE = [3.0, 1.0, 20e6, 200.0, 300.0]


@pytest.mark.parametrize("scenario", scenario_names())
def test_environment_checker_is_clean(scenario):
    env = gym.make(AOLO, scenario=scenario, oracle=True)
    check_env(env.unwrapped)
    assert env.observation_space.shape == (len(Scenario.load(scenario).state_names),)


def test_a_given_state_is_served_as_the_model_says():
    env = gym.make(AOLO, oracle=True)
    observation, info = env.reset(options={"state": STATE})
    np.testing.assert_allclose(observation, [-0.8, 0.9 / 9.9 * 2 - 1, 0.0, -5 / 7, -4 / 7], rtol=1e-6)
    np.testing.assert_array_equal(info["state"], STATE)
    action = np.array([-0.6, -0.5], dtype=np.float32)
    _, reward, terminated, truncated, info = env.step(action)
    words, power_w = 1.0 + 999.0 * (1.0 + float(action[0])) / 2.0, 0.1 + 59.9 * 0.25
    served = outcome(Scenario.load("paper"), np.array([STATE]), np.array([words]), np.array([power_w]))
    assert (terminated, truncated) == (False, False)
    assert info["words"] == pytest.approx(words, rel=1e-12)
    assert info["power_w"] == pytest.approx(power_w, rel=1e-12)
    assert info["feasible"] is True
    assert reward == pytest.approx(-info["carbon_mg"])
    assert info["carbon_mg"] == pytest.approx(served.carbon_mg[0], rel=1e-12)
    assert info["oracle_mg"] == pytest.approx(oracle(Scenario.load("paper"), np.array([STATE])).cost_mg[0])
    assert set(info["margins"]) == {"quality", "energy", "inference_time_s", "transmission_time_s", "power_w"}


def test_a_broken_constraint_costs_the_penalty_and_still_tells_its_carbon():
    env = gym.make(AOLO)
    env.reset(options={"state": STATE})
    _, reward, _, _, info = env.step(np.array([1.0, 1.0], dtype=np.float32))
    assert reward == -100.0
    assert info["feasible"] is False
    assert info["carbon_mg"] > 70.0
    assert info["margins"]["quality"] < 0.0
    assert info["margins"]["energy"] == pytest.approx(1600.0 - 2.0 * 1000.0 - 40.0 * 60.0)


def test_scalar_and_batched_environments_agree():
    scenario, rng = Scenario.load("paper"), np.random.default_rng(0)
    states, actions = sample_states(scenario, 60, rng), rng.uniform(-1.1, 1.1, (60, 2)).astype(np.float32)
    actions[:30] *= np.float32(0.4)
    batch = gym.make_vec(AOLO, num_envs=60, oracle=True, agent_carbon_mg=0.25)
    single = gym.make(AOLO, oracle=True, agent_carbon_mg=0.25).unwrapped
    observations, _ = batch.reset(seed=1, options={"state": states})
    _, rewards, terminated, truncated, info = batch.step(actions)
    assert not terminated.any()
    assert not truncated.any()
    for i in range(60):
        observation, _ = single.reset(options={"state": states[i]})
        np.testing.assert_array_equal(observation, observations[i])
        _, reward, _, _, one = single.step(actions[i])
        assert reward == pytest.approx(rewards[i], rel=1e-12)
        assert one["feasible"] == info["feasible"][i]
        for key in ("carbon_mg", "cost_mg", "words", "power_w"):
            assert one[key] == pytest.approx(info[key][i], rel=1e-12)
        assert one["oracle_mg"] == pytest.approx(info["oracle_mg"][i], rel=1e-11)
        for key, margin in one["margins"].items():
            assert margin == pytest.approx(info["margins"][key][i], rel=1e-12, abs=1e-12)


def test_vector_environment_resets_within_the_step_it_declares():
    envs = gym.make_vec(AOLO, num_envs=3, episode_length=2)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    first, _ = envs.reset(seed=5)
    actions = np.zeros((3, 2), dtype=np.float32)
    for step in range(1, 6):
        observation, _, _, truncated, info = envs.step(actions)
        assert truncated.all() == (step % 2 == 0)
        assert ("final_obs" in info) == ("final_info" in info) == (step % 2 == 0)
        if step % 2 == 0:
            assert info["_final_obs"].all()
            assert info["_final_info"].all()
            np.testing.assert_array_equal(info["final_info"]["carbon_mg"], info["carbon_mg"])
            assert envs.observation_space.contains(info["final_obs"])
            assert (info["final_obs"] != observation).any()
        assert (observation != first).any()
        assert envs.observation_space.contains(observation)
    again, _ = envs.reset(seed=5)
    np.testing.assert_array_equal(first, again)


def test_episodes_truncate_at_their_length_and_seeds_repeat():
    env = gym.make(AOLO, episode_length=3)
    runs = []
    for _ in range(2):
        observation, _ = env.reset(seed=7)
        rows = [observation]
        for step in range(1, 4):
            observation, _, terminated, truncated, _ = env.step(np.zeros(2, dtype=np.float32))
            rows.append(observation)
            assert (terminated, truncated) == (False, step == 3)
        runs.append(np.array(rows))
    np.testing.assert_array_equal(*runs)


def test_countries_fix_what_is_observed_and_charged():
    env = gym.make(AOLO, dc_country="DEU", bs_country="fra")
    for seed in range(3):
        observation, info = env.reset(seed=seed)
        np.testing.assert_allclose(info["state"][3:], [380.95, 56.039])
        np.testing.assert_allclose(observation[3:], [380.95 / 700 - 1, 56.039 / 700 - 1], rtol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ({"scenario": "papre"}, None, ScenarioError, "did you mean 'paper'"),
        ({"dc_country": "GER"}, None, ScenarioError, "unknown country 'GER'"),
        ({"episode_length": 0}, None, ServiceError, "at least 1"),
        ({"agent_carbon_mg": np.nan}, None, ServiceError, "agent_carbon_mg = nan is not allowed"),
        ({"agent_carbon_mg": -1.0}, None, ServiceError, "at least 0"),
        ({}, {"state": "calm"}, ServiceError, "'calm' is not allowed: give finite numbers"),
        ({}, {"state": [1.0, 2.0]}, ServiceError, "nakagami_m, omega"),
        ({}, {"state": [3.0, 1.0, -20e6, 200.0, 300.0]}, ServiceError, "bandwidth_hz = -2e"),
        ({}, {"state": [3.0, np.nan, 20e6, 200.0, 300.0]}, ServiceError, "finite"),
    ],
)
def test_bad_arguments_are_refused_with_the_value_and_what_is_allowed(arguments, options, error, message):
    for make in (gym.make, gym.make_vec):
        with pytest.raises(error, match=message):
            make(AOLO, **arguments).reset(options=options)


def test_vector_environment_refuses_what_it_does_not_do():
    envs = gym.make_vec(AOLO, num_envs=2)
    with pytest.raises(ServiceError, match="before reset"):
        envs.step(np.zeros((2, 2), dtype=np.float32))
    with pytest.raises(ServiceError, match="one integer"):
        envs.reset(seed=[1, 2])
    with pytest.raises(ServiceError, match="reset_mask"):
        envs.reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(ServiceError, match="num_envs = 0"):
        gym.make_vec(AOLO, num_envs=0)
    with pytest.raises(ServiceError, match="before reset"):
        gym.make(AOLO).unwrapped.step(np.zeros(2))


@pytest.mark.parametrize(
    ("action", "message"),
    [(np.zeros(3), r"shape \(.*3\) are not allowed"), (0.5, "not allowed"), ([np.nan, 0.0], "words = nan")],
)
def test_actions_of_another_form_are_refused(action, message):
    single, batch = gym.make(AOLO).unwrapped, gym.make_vec(AOLO, num_envs=2)
    single.reset(seed=0)
    batch.reset(seed=0)
    with pytest.raises(ServiceError, match=message):
        single.step(action)
    with pytest.raises(ServiceError, match=message):
        batch.step(np.stack([action, action]))


def test_gymnasium_makes_it_one_by_one_or_as_its_own_batch():
    envs = gym.make_vec(AOLO, num_envs=2)
    assert type(envs.unwrapped).__name__ == "AoloVectorEnv"
    copies = gym.make_vec(AOLO, num_envs=2, vectorization_mode="sync")
    for made in (envs, copies):
        observation, info = made.reset(seed=0, options={"state": STATE})
        assert made.observation_space.contains(observation)
        *_, info = made.step(np.zeros((2, 2), dtype=np.float32))
        np.testing.assert_allclose(info["carbon_mg"], info["carbon_mg"][0], rtol=0.0)
        np.testing.assert_allclose(info["words"], 500.5)
    assert not copies.close()


def test_the_docstring_has_gymnasium_s_sections():
    sections = [line.strip() for line in gym.make(AOLO).unwrapped.__doc__.splitlines() if "## " in line]
    assert sections == [
        f"## {title}"
        for title in (
            "Description",
            "Action Space",
            "Observation Space",
            "Rewards",
            "Starting State",
            "Episode End",
            "Arguments",
            "Vectorized environment",
            "Version History",
        )
    ]


def test_importing_the_package_stays_light():
    heavy = "('torch', 'scipy', 'pydantic', 'codecarbon', 'matplotlib')"
    code = f"import sys, neuro_aolo; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
