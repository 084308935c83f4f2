"""Actions that name one of several things: what critics see of them, and that they are learnt."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
import torch
from toy_tasks import served_nothing

from neuro_aolo.agent import choice
from neuro_aolo.agent.critic import TwinCritic
from neuro_aolo.agent.evaluate import held_out, noise_free
from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.train import train_actor
from neuro_aolo.systems.task import (
    Constraint,
    Floats,
    Hourly,
    Objective,
    Observations,
    Optimum,
    Spec,
    Transition,
)
from neuro_aolo_export.quantity import Quantity

THINGS = ((0, 2), (1, 4))
"""Scores at 0 and 1, a number of each at 2 and 4; 3 is nobody's."""


@dataclass(frozen=True)
class Doors:
    """Three doors: behind door m it costs 2 + d_m + a of its own number, which is to be at least r_m.

    ``d`` and ``r`` are drawn anew for each state, so that what is best jumps from door to door.
    """

    @cached_property
    def spec(self) -> Spec:
        drawn = [f"{what}{door}" for what in "dr" for door in range(3)]
        return Spec(
            observations=tuple(Quantity(name, "1", -1.0, 1.0) for name in drawn),
            actions=tuple(Quantity(f"{what}{door}", "1", -1.0, 1.0) for door in range(3) for what in "sa"),
            choice=((0, 1), (2, 3), (4, 5)),
            objectives=(Objective("cost", "1", scale=2.0),),
            constraints=(Constraint("edge", "1", 0.0),),
            violation_limit=0.02,
        )

    @property
    def hourly(self) -> Hourly | None:
        return None

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        return rng.uniform(-0.8, 0.8, (count, 6))

    def observe(self, states: Floats) -> Observations:
        return states.astype(np.float32)

    def intensity(self, states: Floats, site: str) -> Floats:
        return np.zeros(len(states))

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        rows = np.arange(len(states))
        door = actions[:, ::2].argmax(axis=1)
        number = np.clip(actions[rows, 2 * door + 1], -1.0, 1.0)
        slack = (number - states[rows, 3 + door]) / 2.0
        cost = 2.0 + states[rows, door] + number
        never = np.zeros(len(states), np.bool_)
        return Transition(
            next_states=self.reset(len(states), rng),
            costs=cost[:, None],
            slack=slack[:, None],
            reward=np.where(slack < 0.0, -10.0, -cost),
            ended=never,
            terminal=never,
            served=served_nothing(len(states), 1),
        )

    def optimum(self, states: Floats) -> Optimum:
        cost = (2.0 + states[:, :3] + states[:, 3:]).min(axis=1)
        return Optimum(cost, np.full(len(states), 2.0), np.ones(len(states), np.bool_))


def test_a_thing_is_shown_with_its_own_numbers_and_those_of_no_thing():
    actions = torch.tensor([[0.1, 0.2, 3.0, 4.0, 5.0], [0.9, 0.2, 6.0, 7.0, 8.0]])
    np.testing.assert_array_equal(choice.named(actions, THINGS), [1, 0])
    np.testing.assert_array_equal(choice.taken(actions, THINGS), [[False, True], [True, False]])
    expected = [[[3.0, 4.0], [6.0, 7.0]], [[5.0, 4.0], [8.0, 7.0]]]
    np.testing.assert_array_equal(choice.numbers(actions, THINGS), expected)


def test_critics_estimate_what_is_named_and_are_blind_to_the_others_numbers():
    critic = TwinCritic(3, 5, (8,), 2, True, torch.Generator().manual_seed(0), THINGS)
    seen, actions = torch.rand(6, 3), torch.rand(6, 5) * 2 - 1
    each, named = critic.of_each(seen, actions), choice.named(actions, THINGS)
    assert each.shape == (2, 2, 6, 2)
    assert torch.equal(critic(seen, actions), each[:, named, torch.arange(6)])
    moved = actions.clone()
    moved[:, 4] += 0.3
    assert torch.equal(critic.of_each(seen, moved)[:, 0], each[:, 0])
    assert not torch.equal(critic.of_each(seen, moved)[:, 1], each[:, 1])


def test_without_a_choice_critics_are_what_they_were():
    seen, actions = torch.rand(6, 3), torch.rand(6, 2) * 2 - 1
    critic = TwinCritic(3, 2, (8,), 2, False, torch.Generator().manual_seed(0))
    assert torch.equal(critic(seen, actions), critic.of_each(seen, actions))
    assert critic(seen, actions).shape == (2, 6, 2)


def test_scores_rise_for_what_loses_least_however_wrong_they_stand():
    actions = torch.tensor([[0.999, -0.999, 0.0, 0.0, 0.0]], requires_grad=True)
    lost, close = torch.tensor([[2.0], [1.0]]), torch.zeros(2, 1, dtype=torch.bool)
    choice.misled(actions, THINGS, lost, close).backward()
    assert actions.grad is not None
    assert actions.grad[0, 0] > 0.0 > actions.grad[0, 1]


def test_a_thing_that_comes_too_close_to_a_constraint_is_not_named():
    actions = torch.zeros((1, 5), requires_grad=True)
    lost, close = torch.tensor([[1.0], [2.0]]), torch.tensor([[True], [False]])
    choice.misled(actions, THINGS, lost, close).backward()
    assert actions.grad is not None
    assert actions.grad[0, 0] > 0.0 > actions.grad[0, 1]


def test_a_share_is_drawn_evenly_at_the_numbers_that_are_held():
    actions = np.tile([0.9, -0.9, 0.1, 0.2, 0.3], (4_000, 1))
    drawn = choice.drawn(actions, THINGS, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn[:, 2:], actions[:, 2:])
    other = drawn[:, 1] > drawn[:, 0]
    assert other.mean() == pytest.approx(0.1, abs=0.02)


def test_a_choice_that_jumps_with_the_state_is_learnt():
    config = SDRLConfig(total_steps=48_000, num_envs=64, critic_hidden=(64, 64), evaluate_every=25)
    result = train_actor(Doors(), lambda generator: MLP(6, 6, MLPConfig((64, 64)), generator), config, 0)
    requests = held_out(Doors(), 4_000)
    found = requests.evaluate(noise_free(result.actor))
    one_door = np.tile([1.0, 0.8, -1.0, 0.0, -1.0, 0.0], (len(requests.states), 1))
    constant = requests.evaluate(lambda observations: one_door)
    assert constant.regret > 0.5
    assert found.violation_rate <= 0.03
    assert found.regret < 0.1
