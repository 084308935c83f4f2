"""The cell as a Gymnasium environment with a vector of rewards, alone and batched."""

import warnings
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

from neuro_aolo.errors import ScenarioError, ServiceError
from neuro_aolo.systems.emissions_per_bit.parameters import Interface, Time
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario
from neuro_aolo.systems.emissions_per_bit.task import EmissionsPerBitTask

CELL = "neuro_aolo:EmissionsPerBit-v0"
SHORT = Scenario(name="short", time=Time(slots=4))
FORMS = {
    "server": Interface(),
    "flat": Interface(actions="full", observations="flat"),
    "paper": Interface(actions="full", observations="paper"),
    "forecast": Interface(forecast_hours=6),
}
SIZES = {"server": (48, 8), "flat": (40, 39), "paper": (14, 39), "forecast": (72, 8)}


class Weighed(gym.RewardWrapper, gym.utils.RecordConstructorArgs):
    """One number of a vector of rewards."""

    def __init__(self, env: gym.Env) -> None:
        gym.utils.RecordConstructorArgs.__init__(self)
        super().__init__(env)

    def reward(self, reward: Any) -> float:
        return float(np.dot(reward, [1.0, 0.5, 0.25]))


class OwnWeights(gym.Wrapper, gym.utils.RecordConstructorArgs):
    """Tells a copy of the weights: ``LinearReward`` tells one array at every step, which is refused."""

    def __init__(self, env: gym.Env) -> None:
        gym.utils.RecordConstructorArgs.__init__(self)
        super().__init__(env)

    def step(self, action: Any) -> Any:
        *others, info = self.env.step(action)
        return *others, info | {"reward_weights": info["reward_weights"].copy()}


def of_mo_gymnasium(env: gym.Env) -> gym.Env:
    with warnings.catch_warnings():
        # Of the libraries that it draws with.
        warnings.simplefilter("ignore")
        wrappers = pytest.importorskip("mo_gymnasium").wrappers
    return OwnWeights(wrappers.LinearReward(env, weight=np.array([1.0, 0.5, 0.25])))


def short(form: str) -> Scenario:
    return SHORT.model_copy(update={"interface": FORMS[form]})


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weighed", [Weighed, of_mo_gymnasium])
def test_environment_checker_is_clean(form: str, weighed: Callable[[gym.Env], gym.Env]) -> None:
    env = weighed(gym.make(CELL, scenario=short(form)).unwrapped)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        check_env(env)
    # That a wrapper is there, and has to be, is all that it says.
    assert all("different from the unwrapped version" in str(each.message) for each in said)
    sizes = (env.observation_space.shape, env.action_space.shape)
    assert sizes == tuple((size,) for size in SIZES[form])
    assert env.unwrapped.reward_space.shape == (3,)


@pytest.mark.parametrize("form", FORMS)
def test_a_slot_is_what_the_task_makes_of_it(form: str) -> None:
    env, task = gym.make(CELL, scenario=short(form)), EmissionsPerBitTask(short(form))
    rng = np.random.default_rng(11)
    observation, info = env.reset(seed=11)
    states = task.reset(1, rng)
    np.testing.assert_array_equal(info["state"], states[0])
    np.testing.assert_array_equal(observation, task.observe(states).ravel())
    for slot in range(1, 5):
        action = np.random.default_rng(slot).uniform(-1.2, 1.2, env.action_space.shape).astype(np.float32)
        observation, reward, terminated, truncated, info = env.step(action)
        transition = task.step(states, action.reshape(task.spec.agents, -1).astype(np.float64), rng)
        states = transition.next_states
        np.testing.assert_array_equal(observation, task.observe(states).ravel())
        scales = [objective.scale for objective in task.spec.objectives]
        np.testing.assert_allclose(reward, -transition.costs[0] / scales, rtol=1e-12)
        assert env.unwrapped.reward_space.contains(reward)
        assert (terminated, truncated) == (False, slot == 4)
        assert info["rewards"].shape == (4, 3)
        np.testing.assert_allclose(info["rewards"].sum(axis=0), reward, rtol=1e-9, atol=1e-12)
        assert info["energy_j"].sum() == pytest.approx(transition.served.energy_j[0, 0], rel=1e-12)
        assert info["carbon_g"].sum() == pytest.approx(transition.served.total_g[0], rel=1e-9)
        assert info["bits"].sum() == pytest.approx(transition.served.units[0, 0], rel=1e-12)
        np.testing.assert_array_equal(info["battery_j"], task.layout.batteries(states).energy_j[0])


def test_carbon_of_a_week_is_that_of_its_sources_but_for_what_is_stored() -> None:
    env = gym.make(CELL, scenario=Scenario(name="week"))
    _, first = env.reset(seed=0)
    actions = np.random.default_rng(0)
    source = carbon = 0.0
    truncated, slots = False, 0
    while not truncated:
        action = actions.uniform(-1.0, 1.0, 8).astype(np.float32)
        _, _, _, truncated, info = env.step(action)
        source, carbon, slots = source + info["source_g"].sum(), carbon + info["carbon_g"].sum(), slots + 1
    assert slots == 168
    layout = env.unwrapped.task.layout
    held = [
        layout.batteries(state[None]).carbon_g.sum() for state in (first["state"], env.unwrapped._states[0])
    ]
    assert source == pytest.approx(carbon + held[1] - held[0], rel=1e-9)


def test_one_copy_of_a_batch_is_the_environment_alone() -> None:
    single, batch = gym.make(CELL, scenario=SHORT), gym.make_vec(CELL, num_envs=1, scenario=SHORT)
    (one, told), (rows, batched) = single.reset(seed=3), batch.reset(seed=3)
    np.testing.assert_array_equal(one, rows[0])
    np.testing.assert_array_equal(told["state"], batched["state"][0])
    for slot in range(3):
        action = np.random.default_rng(slot).uniform(-1.0, 1.0, 8).astype(np.float32)
        one, reward, _, _, told = single.step(action)
        rows, rewards, _, _, batched = batch.step(action[None])
        np.testing.assert_array_equal(one, rows[0])
        np.testing.assert_array_equal(reward, rewards[0])
        for key, value in told.items():
            np.testing.assert_array_equal(value, batched[key][0])


@pytest.mark.parametrize("form", FORMS)
def test_the_cells_of_a_batch_do_not_touch_each_other(form: str) -> None:
    batch, task = gym.make_vec(CELL, num_envs=7, scenario=short(form)), EmissionsPerBitTask(short(form))
    _, info = batch.reset(seed=5)
    actions = np.random.default_rng(5).uniform(-1.1, 1.1, batch.action_space.shape).astype(np.float32)
    _, rewards, terminated, truncated, served = batch.step(actions)
    assert rewards.shape == (7, 3)
    assert not terminated.any()
    assert not truncated.any()
    for index, state in enumerate(info["state"]):
        action = actions[index].reshape(task.spec.agents, -1).astype(np.float64)
        decided = task.decide(state[None], action)
        np.testing.assert_allclose(decided.sourced.source_g[0], served["source_g"][index], rtol=1e-12)
        np.testing.assert_allclose(decided.service.delay_s[0], served["delay_s"][index], rtol=1e-12)


def test_a_batch_resets_within_the_step_it_declares() -> None:
    envs = gym.make_vec(CELL, num_envs=3, scenario=SHORT)
    assert envs.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    first, _ = envs.reset(seed=5)
    actions = np.zeros((3, 8), dtype=np.float32)
    for step in range(1, 10):
        observation, _, terminated, truncated, info = envs.step(actions)
        assert not terminated.any()
        assert truncated.all() == (step % 4 == 0)
        assert ("final_obs" in info) == ("final_info" in info) == (step % 4 == 0)
        if step % 4 == 0:
            assert info["_final_obs"].all()
            np.testing.assert_array_equal(info["final_info"]["source_g"], info["source_g"])
            assert envs.observation_space.contains(info["final_obs"])
            # Batteries of the new week are as full as those of any.
            np.testing.assert_array_equal(observation.reshape(3, 4, 12)[..., 0], np.float32(-0.9))
            assert (info["final_obs"] != observation).any()
        assert envs.observation_space.contains(observation)
    again, _ = envs.reset(seed=5)
    np.testing.assert_array_equal(first, again)


def test_two_policies_of_one_seed_face_the_same_week() -> None:
    seen = []
    for action in (-1.0, 1.0):
        env = gym.make(CELL, scenario=SHORT)
        rows = [env.reset(seed=8)[0]]
        rows += [env.step(np.full(8, action, np.float32))[0] for _ in range(4)]
        drawn = [name not in _MOVED for name in env.unwrapped.task.spec.observation_names]
        seen.append(np.array(rows).reshape(5, 4, 12)[..., drawn])
    np.testing.assert_array_equal(*seen)


_MOVED = ("battery_kwh", "battery_g_per_kwh", "batteries_kwh")


def test_the_default_is_the_shipped_scenario() -> None:
    for env in (gym.make(CELL).unwrapped, gym.make_vec(CELL)):
        assert env.scenario == Scenario.load("emissions-per-bit")


def test_the_grid_of_a_country_is_its_own() -> None:
    env = gym.make(CELL, scenario=SHORT, grid_country="deu")
    assert env.unwrapped.scenario.grid_country == "DEU"
    env.reset(seed=0)
    *_, info = env.step(np.zeros(8, np.float32))
    assert info["source_g"] == pytest.approx(info["energy_j"] / 3.6e6 * 380.95, rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"scenario": "speech"}, ScenarioError, "is of the system 'aolo'"),
        ({"scenario": "emissions-per-bit-ful"}, ScenarioError, "did you mean 'emissions-per-bit-full'"),
        ({"scenario": SHORT, "grid_country": "GER"}, ScenarioError, "unknown country 'GER'"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    for make in (gym.make, gym.make_vec):
        with pytest.raises(error, match=message):
            make(CELL, **arguments)


@pytest.mark.parametrize("action", [np.zeros(9), 0.5, np.full(8, np.nan), ["x"] * 8])
def test_actions_of_another_form_are_refused(action: Any) -> None:
    single, batch = gym.make(CELL, scenario=SHORT).unwrapped, gym.make_vec(CELL, num_envs=2, scenario=SHORT)
    for env in (single, batch):
        with pytest.raises(ServiceError, match="before reset"):
            env.step(np.zeros(8))
    single.reset(seed=0)
    batch.reset(seed=0)
    with pytest.raises(ServiceError, match=r"give \(1, 8\) finite numbers"):
        single.step(action)
    with pytest.raises(ServiceError, match=r"give \(2, 8\) finite numbers"):
        batch.step(np.stack([action, action]))


def test_a_batch_refuses_what_it_does_not_do() -> None:
    envs = gym.make_vec(CELL, num_envs=2, scenario=SHORT)
    with pytest.raises(ServiceError, match="one integer"):
        envs.reset(seed=[1, 2])
    with pytest.raises(ServiceError, match="reset_mask"):
        envs.reset(options={"reset_mask": np.array([True, False])})
    with pytest.raises(ServiceError, match="num_envs = 0"):
        gym.make_vec(CELL, num_envs=0, scenario=SHORT)


def test_the_docstring_has_gymnasium_s_sections() -> None:
    document = gym.make(CELL, scenario=SHORT).unwrapped.__doc__
    sections = [line.strip() for line in document.splitlines() if "## " in line]
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
