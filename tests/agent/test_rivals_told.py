"""What Stable-Baselines3's algorithms are told: batches, ends of episodes, rewards of today's margins."""

from dataclasses import replace
from functools import cached_property

import numpy as np
import pytest
import torch
from toy_tasks import Cliff, Tanks, served_nothing

from neuro_aolo.agent.evaluate import Requests
from neuro_aolo.agent.sb3_config import TUNED, SB3Config
from neuro_aolo.agent.sdrl import SDRL
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.shaping import Shaping
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Observations, Spec, Transition

pytest.importorskip("stable_baselines3")

from neuro_aolo.agent.sb3_env import TaskVecEnv
from neuro_aolo.agent.sb3_model import FadingNoise, Schedule, model_of


class Walk(Cliff):
    """Episodes of three decisions; those that begin below 0 are cut, the others are over for good.

    A state is where the episode began, and the decisions taken so far.
    """

    steps = 0

    @cached_property
    def spec(self) -> Spec:
        return replace(super().spec, horizon=3)

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        return np.column_stack([rng.uniform(-1.0, 1.0, count), rng.integers(0, 2, count), np.zeros(count)])

    def observe(self, states: Floats) -> Observations:
        return (states / 4.0).astype(np.float32)

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        type(self).steps += 1
        following = states + np.array([0.0, 0.0, 1.0])
        ended = following[:, 2] + following[:, 1] >= 3.0
        slack = actions[:, :1] - states[:, :1]
        return Transition(
            next_states=following,
            costs=1.0 + actions[:, :1],
            slack=slack,
            reward=-actions[:, 0],
            ended=ended,
            terminal=ended & (states[:, 0] >= 0.0),
            served=served_nothing(len(states), 1),
        )


def shaping(task: Cliff, **settings: object) -> Shaping:
    given = {
        "objective": "constraints",
        "penalty_weight": 10.0,
        "margin_start": 0.02,
        "margin_max": 0.1,
        "margin_aim": SDRLConfig.margin_aim,
    }
    return Shaping(task.spec, **given | settings)


def environment(task: Cliff, count: int = 16, **settings: object) -> TaskVecEnv:
    return TaskVecEnv(task, count, shaping(task, **settings), np.random.default_rng(0))


def test_one_step_of_the_task_decides_for_all() -> None:
    task = Walk()
    env = environment(task)
    env.reset()
    before = Walk.steps
    observations, rewards, ends, infos = env.step(np.zeros((16, 1), np.float32))
    assert Walk.steps == before + 1
    assert (observations.shape, rewards.shape, ends.shape, len(infos)) == ((16, 3), (16,), (16,), 16)
    assert observations.dtype == np.float32


def test_ends_are_told_as_the_library_wants_them() -> None:
    env = environment(Walk())
    began = env.reset()[:, 0] * 4.0
    late = env._states[:, 1] == 0.0
    for step in range(3):
        observations, _, ends, infos = env.step(np.zeros((16, 1), np.float32))
        if step == 1:
            assert ends.tolist() == (~late).tolist()
            assert ends.any()
    assert ends[late].all()
    for index in np.flatnonzero(late):
        last = infos[index]["terminal_observation"]
        assert last == pytest.approx([began[index] / 4.0, 0.0, 0.75])
        assert infos[index]["TimeLimit.truncated"] == (began[index] < 0.0)
        # What follows is the start of another episode.
        assert observations[index, 2] == 0.0
        assert observations[index, 0] != last[0]
    assert all(infos[index] == {} for index in np.flatnonzero(~ends))


def test_where_decisions_stand_alone_nothing_ends() -> None:
    env = environment(Cliff())
    env.reset()
    for _ in range(3):
        _, _, ends, infos = env.step(np.zeros((16, 1), np.float32))
        assert not ends.any()
        assert infos == [{}] * 16


def test_the_reward_is_that_of_the_equation() -> None:
    task = Cliff()
    rng = np.random.default_rng(3)
    states, actions = task.reset(50, rng), rng.uniform(-1.0, 1.0, (50, 1))
    transition = task.step(states, actions, rng)
    told = shaping(task)
    expected = -(2.0 + actions[:, 0]) / 2.0 - 10.0 * np.maximum(0.02 - transition.slack[:, 0], 0.0)
    assert told.served(transition) - told.penalty(told.slack(transition)) == pytest.approx(expected)
    own = shaping(task, objective="reward")
    assert own.served(transition) - own.penalty(own.slack(transition)) == pytest.approx(
        transition.reward / 2.0
    )


def test_margins_are_steered_as_our_own_learner_steers_them() -> None:
    task, config = Cliff(violation_limit=0.2), SDRLConfig()
    told = shaping(task)
    ours = SDRL.__new__(SDRL)
    ours.config, ours.margins = config, torch.full((1,), config.margin_start, dtype=torch.float64)
    requests = Requests(task, 500, 1)
    for action in (0.6, 0.0, -0.5, -0.5, -0.5, -0.5, 0.2, 0.6, 0.45, *[-1.0] * 12, *[0.9] * 30):
        decided = requests.rollout(lambda seen, action=action: np.full((len(seen), 1), action))
        told.steer(decided)
        broken = torch.from_numpy((decided.slack < 0.0).mean(axis=0))
        ours.steer_margins(broken, config.margin_aim * task.spec.violation_limit)
        assert told.margins == pytest.approx(ours.margins.numpy())
    assert told.margins[0] < config.margin_start


def test_several_agents_are_refused() -> None:
    with pytest.raises(AgentError, match="2 agents decide on one state, an environment has one"):
        environment(Tanks())


def test_a_batch_has_no_attributes_or_methods_of_single_environments() -> None:
    env = environment(Cliff(), 3)
    assert env.get_attr("num_envs") == [3, 3, 3]
    assert env.env_is_wrapped(object) == [False] * 3
    for refused in (lambda: env.set_attr("task", None), lambda: env.env_method("reset")):
        with pytest.raises(NotImplementedError, match="the environments are one batch"):
            refused()


FEW = SB3Config(num_envs=8, batch_size=32, buffer_size=64, learning_starts=0, hidden=(8,))


def test_what_is_remembered_is_paid_by_the_margins_of_today() -> None:
    task = Cliff()
    env = environment(task, 8)
    model = model_of("td3", env, FEW, lambda: 0.0, 0, np.random.default_rng(0))
    model.learn(8 * 10)
    replay = model.replay_buffer
    assert replay.full
    assert len(replay.slack) == 8

    def paid() -> tuple[Floats, Floats]:
        np.random.seed(1)
        batch = replay.sample(200)
        actions, observed = (part.numpy().astype(np.float64) for part in (batch.actions, batch.observations))
        slack = (actions[:, 0] - observed[:, 0] / 2) / 1.5
        return batch.rewards.numpy()[:, 0], -(2.0 + actions[:, 0]) / 2.0 - 10.0 * np.maximum(
            env.shaping.margins[0] - slack, 0.0
        )

    for margin in (0.02, 0.08):
        env.shaping.margins = np.array([margin])
        found, expected = paid()
        assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("progress", "share"), [(0.0, 0.3), (0.5, 0.3 * (1 / 30) ** 0.5), (1.0, 0.01)])
def test_noise_and_steps_fall_with_time(progress: float, share: float) -> None:
    noise = FadingNoise(FEW, lambda: progress, (4_000, 2), np.random.default_rng(0))
    assert noise().std() == pytest.approx(share, rel=0.03)
    noise.reset([0])
    for name in ("sac", "td3", "ppo"):
        config = replace(FEW, rounds=4) if name == "ppo" else FEW
        model = model_of(name, environment(Cliff(), 8), config, lambda: progress, 0, np.random.default_rng(0))
        rounds = iter([True] * 7)
        schedule = Schedule(config, lambda: progress, lambda left=rounds: next(left, False))
        model.learn(10**6, callback=schedule)
        optimiser = model.policy.optimizer if name == "ppo" else model.actor.optimizer
        assert optimiser.param_groups[0]["lr"] == pytest.approx(1e-3 * 1e-2**progress)
        if name == "ppo":
            assert model.policy.log_std.exp().tolist() == pytest.approx([share])
        if name == "sac":
            assert model.ent_coef_tensor.item() == pytest.approx(share)
        assert model.num_timesteps == 64


def test_the_discount_is_the_tasks_own_unless_one_is_asked_for() -> None:
    for asked, expected in ((0.0, 0.0), (0.7, 0.7)):
        model = model_of(
            "td3",
            environment(Cliff(), 8),
            replace(FEW, discount=asked),
            lambda: 0.0,
            0,
            np.random.default_rng(0),
        )
        assert model.gamma == expected


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"discount": 1.0}, r"discount = 1 must lie in \[0, 1\): lower it below 1"),
        ({"num_envs": 0}, "num_envs = 0 is not allowed"),
        ({"lr": 1e-4, "lr_end": 1e-3}, "lr = 0.0001, lr_end = 0.001: 0 < lr_end <= lr is needed"),
        ({"exploration_end": 0.0}, "exploration = 0.3, exploration_end = 0"),
        ({"penalty_weight": float("nan")}, "penalty_weight = nan is not allowed"),
        ({"hidden": (0,)}, "hidden"),
    ],
)
def test_settings_without_a_meaning_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(AgentError, match=said):
        SB3Config(**settings)


def test_rivals_are_told_and_judged_as_our_own_learner_is() -> None:
    # The weight of the penalty alone is tuned: a larger one than theirs costs them half of what they reach.
    shared = (
        "margin_start",
        "margin_max",
        "margin_aim",
        "validation_requests",
        "checkpoint_share",
    )
    for config in TUNED.values():
        assert config.objective == "constraints"
        assert [getattr(config, name) for name in shared] == [getattr(SDRLConfig, name) for name in shared]
