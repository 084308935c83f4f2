import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.offload.env import AIGCOffloadEnv
from neuro_aolo.systems.offload.optimum import best
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.serving import sample_states
from neuro_aolo.systems.offload.task import OffloadTask

OFFLOAD = "neuro_aolo:AIGCOffload-v0"
NAMES = ("offload", "offload-selector", "offload-shared")
STATE = [8.0, 20.0, 1.0, 20.0, 0.6, 360.0, *[300.0] * 5, *[1.5] * 5]


@pytest.mark.parametrize("scenario", NAMES)
def test_environment_checker_is_clean(scenario: str):
    env = gym.make(OFFLOAD, scenario=scenario, optimum=True)
    check_env(env.unwrapped)
    assert env.observation_space.shape == (16,)
    assert env.action_space.shape == {"offload": (15,), "offload-selector": (3,)}.get(scenario, (45,))


@pytest.mark.parametrize("name", NAMES)
def test_it_serves_as_the_task_does(name: str):
    scenario = Scenario.load(name)
    task, rng = OffloadTask(scenario), np.random.default_rng(0)
    states = sample_states(scenario, 40, rng)
    actions = rng.uniform(-1.0, 1.0, (40, task.spec.agents * len(task.spec.actions))).astype(np.float32)
    envs = gym.make_vec(OFFLOAD, num_envs=40, scenario=name, optimum=True)
    seen, _ = envs.reset(seed=1, options={"state": states})
    np.testing.assert_array_equal(seen, task.observe(states)[:: task.spec.agents])
    _, rewards, _, _, info = envs.step(actions)
    transition = task.step(states, actions.reshape(-1, len(task.spec.actions)), rng)
    np.testing.assert_allclose(rewards, transition.reward, rtol=1e-12)
    np.testing.assert_allclose(info["carbon_mg"], transition.costs[:, 0], rtol=1e-12)
    np.testing.assert_array_equal(info["kept"], ~transition.violated)
    np.testing.assert_array_equal(info["optimum_mg"], best(scenario, states).carbon_mg)
    single = gym.make(OFFLOAD, scenario=name).unwrapped
    for index in range(5):
        observation, _ = single.reset(options={"state": states[index]})
        np.testing.assert_array_equal(observation, seen[index])
        _, reward, terminated, truncated, one = single.step(actions[index])
        assert reward == pytest.approx(rewards[index], rel=1e-12)
        assert (terminated, truncated) == (False, False)
        np.testing.assert_array_equal(one["server"], info["server"][index])


def test_deciding_is_charged_and_episodes_are_cut():
    env, charged = (gym.make(OFFLOAD, agent_carbon_mg=mg, episode_length=2).unwrapped for mg in (0.0, 5.0))
    action = np.tile([0.0, 0.0, 0.5], 5).astype(np.float32)
    for each in (env, charged):
        each.reset(seed=0, options={"state": STATE})
    _, free, *_ = env.step(action)
    _, paid, _, truncated, info = charged.step(action)
    assert info["kept"] is True
    assert free - paid == pytest.approx(5.0)
    assert not truncated
    assert charged.step(action)[3]


def test_countries_fix_what_is_drawn():
    env = gym.make(OFFLOAD, countries={"server1": "FRA", "user": "DEU"}).unwrapped
    states = np.array([env.reset(seed=seed)[1]["state"] for seed in range(5)])
    assert (np.ptp(states, axis=0) == 0.0).sum() == 2


def test_what_cannot_be_is_refused():
    env = AIGCOffloadEnv()
    with pytest.raises(ServiceError, match="call reset"):
        env.step(np.zeros(15))
    with pytest.raises(
        ServiceError, match=r"server1_wait_s = -1 is not allowed: it must lie in \[0, 1e\+06\]"
    ):
        env.reset(options={"state": [*STATE[:11], -1.0, *STATE[12:]]})
    with pytest.raises(
        ServiceError, match=r'options\["state"\] = .* is not allowed: give finite numbers, \(16,\)'
    ):
        env.reset(options={"state": [1.0]})
    env.reset(seed=0)
    with pytest.raises(ServiceError, match=r"actions of shape \(1, 3\) are not allowed: give \(1, 15\)"):
        env.step(np.zeros(3))


def test_every_place_that_shows_it_says_whose_model_it_is():
    assert "our reconstruction" in (AIGCOffloadEnv.__doc__ or "")
