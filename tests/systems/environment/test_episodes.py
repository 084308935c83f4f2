"""States are plain numbers: pure, the same as in a loop of one's own, and enough to go on from."""

from dataclasses import replace
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from worlds import Rover

from neuro_aolo.agent.evaluate import Requests, held_out
from neuro_aolo.agent.learner import Training
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.rollout import rollout
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.snapshot import Snapshot
from neuro_aolo.agent.train import train_actor
from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.environment.as_task import as_task
from neuro_aolo.systems.environment.task import EnvironmentTask
from neuro_aolo.systems.task import Floats, Transition

HORIZON = 8
DRAW = np.random.default_rng(0)


def rovers(**chosen: Any) -> EnvironmentTask:
    return as_task(
        Rover, horizon=HORIZON, margins=["fuel"], carbon=["push", "making"], energy=True, **chosen
    ).task


def gone(task: EnvironmentTask, states: Floats, steps: int, seed: int = 0) -> Floats:
    """States after some random steps."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        states = task.step(states, rng.uniform(-0.3, 0.3, (len(states), 2)), DRAW).next_states
    return states


def assert_same(one: Transition, other: Transition) -> None:
    for name in ("next_states", "costs", "slack", "reward", "ended", "terminal"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name in ("carbon_g", "energy_j", "units", "margins"):
        np.testing.assert_array_equal(getattr(one.served, name), getattr(other.served, name))


def test_rewards_are_those_of_a_loop_of_ones_own() -> None:
    task = as_task("Pendulum-v1").task
    states = task.reset(2, np.random.default_rng(3))
    actions = np.random.default_rng(4).uniform(-1.2, 1.2, (200, 2, 1))
    for row in range(2):
        env = gym.make("Pendulum-v1")
        observation, _ = env.reset(seed=int(states[row, 0]))
        np.testing.assert_array_equal(states[row, 2:5], observation)
        at = states[row : row + 1]
        for step in range(200):
            transition = task.step(at, actions[step, row : row + 1], DRAW)
            at = transition.next_states
            torque = np.clip(2.0 * actions[step, row], -2.0, 2.0).astype(np.float32)
            observation, reward, terminated, truncated, _ = env.step(torque)
            assert transition.reward[0] == reward == -transition.costs[0, 0]
            np.testing.assert_array_equal(at[0, 2:5], observation)
            seen = np.clip(observation / np.array([1.0, 1.0, 8.0]), -1.0, 1.0)
            np.testing.assert_allclose(task.observe(at)[0], seen, atol=1e-6)
            assert (transition.terminal[0], transition.ended[0]) == (terminated, truncated)


def test_a_step_changes_nothing_and_is_the_same_again() -> None:
    task = rovers()
    states = gone(task, task.reset(5, np.random.default_rng(0)), 3)
    kept, actions = states.copy(), np.linspace(-0.5, 0.5, 10).reshape(5, 2)
    first = task.step(states, actions, DRAW)
    gone(task, first.next_states, 2)
    np.testing.assert_array_equal(states, kept)
    assert_same(task.step(states, actions, DRAW), first)
    assert_same(rovers().step(kept, actions, DRAW), first)
    other = task.step(states, -actions, DRAW)
    assert (other.next_states != first.next_states).any(axis=1).all()


def test_a_batch_is_its_rows() -> None:
    task = rovers()
    states = task.reset(300, np.random.default_rng(0))
    moved = gone(task, states, 2)
    actions = np.random.default_rng(2).uniform(-0.3, 0.3, (300, 2))
    whole = task.step(moved, actions, DRAW)
    for row in (0, 7, 299):
        one = slice(row, row + 1)
        assert_same(rovers().step(moved[one], actions[one], DRAW), task.step(moved[one], actions[one], DRAW))
        np.testing.assert_array_equal(whole.reward[row], task.step(moved[one], actions[one], DRAW).reward[0])
    assert task.step(states[:0], actions[:0], DRAW).slack.shape == (0, 1)


def test_what_a_step_tells() -> None:
    task = rovers()
    spec, states = task.spec, task.reset(1, np.random.default_rng(0))
    assert [each.key for each in spec.entries] == ["push", "making"]
    assert (spec.horizon, spec.units, spec.sites) == (HORIZON, (), ("grid",))
    transition = task.step(states, np.array([[0.5, -1.0]]), DRAW)
    served = transition.served
    np.testing.assert_allclose(served.carbon_g, [[0.5, 1.0]])
    np.testing.assert_allclose(served.energy_j, [[5.0]])
    np.testing.assert_allclose(served.margins, [[2.5]])
    scale = task.scenario.margins[0].scale
    assert scale is not None
    np.testing.assert_allclose(transition.slack, np.tanh([[2.5 / scale]]))


def test_a_broken_constraint_is_seen_and_takes_off_the_reward() -> None:
    task = rovers(penalty=7.0)
    at, kept = task.reset(1, np.random.default_rng(0)), []
    for push in (1.0, -1.0, 1.0, -1.0):
        transition = task.step(at, np.array([[push, 0.0]]), DRAW)
        at = transition.next_states
        kept.append(not transition.violated[0])
        off = -transition.costs[0, 0] - transition.reward[0]
        assert off == pytest.approx(0.0 if kept[-1] else 7.0)
        assert kept[-1] == (transition.served.margins[0, 0] >= 0.0)
    assert kept == [True, True, True, False]


def test_an_episode_ends_for_good_or_is_cut() -> None:
    task = rovers()
    starts = task.reset(40, np.random.default_rng(0))
    right = lambda observations: np.tile([1.0, -1.0], (len(observations), 1))  # noqa: E731
    rolled = rollout(task, right, starts, DRAW)
    assert (rolled.decisions < HORIZON).all()
    still = rollout(task, lambda observations: np.zeros((len(observations), 2)), starts, DRAW)
    assert (still.decisions == HORIZON).any()
    at = starts[:1]
    for _ in range(rolled.decisions[0]):
        transition = task.step(at, np.array([[1.0, -1.0]]), DRAW)
        at = transition.next_states
    assert transition.ended[0]
    assert transition.terminal[0]
    with pytest.raises(ScenarioError, match=r"seed \d+ has ended after \d steps: start another"):
        task.step(at, np.array([[1.0, -1.0]]), DRAW)


def test_the_mean_cost_is_the_return_over_the_horizon() -> None:
    """Of a policy of no use, whose episodes end early, against a loop of one's own."""
    task = rovers()
    starts = task.reset(20, np.random.default_rng(1))
    rolled = rollout(task, lambda observations: np.tile([0.8, -1.0], (len(observations), 1)), starts, DRAW)
    returns, env = [], Rover()
    for seed in starts[:, 0]:
        env.reset(seed=int(seed))
        total, done, steps = 0.0, False, 0
        while not done and steps < HORIZON:
            _, reward, done, _, _ = env.step(np.array([[0.8, 0.0]], np.float32))
            total, steps = total + reward, steps + 1
        returns.append(total)
    np.testing.assert_allclose(rolled.cost, -np.array(returns) / HORIZON, rtol=1e-6)
    assert rolled.decisions.min() < rolled.decisions.max()


def test_an_evaluation_is_of_as_many_episodes_as_the_scenario_says() -> None:
    task = rovers(starts=12)
    assert held_out(task).states.shape == held_out(task, 500).states.shape == (12, 4 + 2 * HORIZON)
    assert len(Requests(task, 30, 0).states) == 30
    np.testing.assert_array_equal(held_out(task).states, held_out(rovers(starts=12)).states)


def test_a_state_of_another_environment_is_refused() -> None:
    task = rovers()
    states = gone(task, task.reset(1, np.random.default_rng(0)), 3)
    stormy = as_task(lambda: Rover(gust=0.5), horizon=HORIZON).task
    with pytest.raises(ScenarioError, match="is not deterministic: step 3 of the episode"):
        stormy.step(states, np.zeros((1, 2)), DRAW)


TINY = SDRLConfig(
    total_steps=320, num_envs=4, batch_size=8, evaluate_every=20, learning_starts=20, actor_starts=40
)


def learnt(resume: Snapshot | None = None, kept: list[Snapshot] | None = None) -> Training:
    def keep(snapshot: Snapshot) -> None:
        if kept is not None:
            tensors = {name: value.clone() for name, value in snapshot.tensors.items()}
            kept.append(replace(snapshot, tensors=tensors))

    def make(generator: torch.Generator) -> torch.nn.Module:
        return MLPConfig(hidden=(16,)).build(2, 2, generator)

    return train_actor(rovers(starts=3), make, TINY, seed=5, on_snapshot=keep, resume=resume)


def test_a_resumed_training_ends_bit_for_bit_alike() -> None:
    kept: list[Snapshot] = []
    whole = learnt(kept=kept)
    assert len(kept) == 4
    assert (kept[1].tensors["states"][:, 1] > 0).any()
    resumed = learnt(resume=kept[1])
    for name, value in whole.actor.state_dict().items():
        assert torch.equal(value, resumed.actor.state_dict()[name]), name
    assert [row.cost for row in whole.metrics] == [row.cost for row in resumed.metrics]
