"""Episodes, several objectives and several copies of one network, on tasks solved in closed form."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from toy_tasks import Cliff, Tanks, served_nothing

from neuro_aolo.agent.as_env import TaskEnv
from neuro_aolo.agent.evaluate import Requests, held_out, noise_free
from neuro_aolo.agent.experience import Experience
from neuro_aolo.agent.learner import Pace, Seeds, Training
from neuro_aolo.agent.loop import learn
from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo.agent.popsan import PopSAN, PopSANConfig
from neuro_aolo.agent.rollout import Rollout, rollout
from neuro_aolo.agent.sdrl import SDRL
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.snapshot import Snapshot
from neuro_aolo.agent.train import train_actor
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Observations, Policy, Transition

Make = Callable[[torch.Generator], torch.nn.Module]

STEPS = Tanks.steps
SHORT = SDRLConfig(
    total_steps=64_000,
    num_envs=20,
    critic_hidden=(48, 48),
    tau=0.02,
    critic_lr_end=5e-4,
    logits=False,
    output_decay=0.0,
    bias_share=0.0,
    noise_start=0.3,
    noise_end=0.2,
    evaluate_every=50,
    validation_requests=200,
)
BRIEF = dataclasses.replace(SHORT, total_steps=1_600, evaluate_every=7, critic_hidden=(8,))


def mlp(generator: torch.Generator) -> MLP:
    return MLP(3, 2, MLPConfig((32, 32)), generator)


def popsan(generator: torch.Generator) -> PopSAN:
    return PopSAN(3, 2, PopSANConfig(steps=3, hidden=(8, 8), decoder_population=4), generator)


def pumping(shares: Floats) -> Policy:
    """Pumps the same shares from every start, ``(STEPS,)``, and lets no valve leak."""

    def decide(observations: Observations) -> Floats:
        step = np.rint((observations[:, 0].astype(np.float64) + 1.0) / 2.0 * (STEPS - 1)).astype(int)
        return np.column_stack([2.0 * shares[step] - 1.0, observations[:, 2]])

    return decide


def shares_of(amounts: Floats) -> Floats:
    """Shares of what is lacking, of amounts that add up to 1."""
    lacking = 1.0 - np.concatenate([[0.0], np.cumsum(amounts)[:-1]])
    return amounts / lacking


def test_the_optimum_is_the_least_of_all_ways_to_pump() -> None:
    """Every way to split 1 m3 into twentieths, as one row of actions each, through the task itself."""
    task = Tanks()
    split = np.array([part for part in product(range(21), repeat=STEPS - 1) if sum(part) <= 20]) / 20
    start = np.array([[0.0, 1.0, 1.0, 0.3, -0.3]])
    states, cost = np.repeat(start, len(split), axis=0), np.zeros(len(split))
    for step in range(STEPS):
        lacking = states[:, 1]
        share = np.divide(
            split[:, min(step, STEPS - 2)], lacking, out=np.ones_like(lacking), where=lacking > 1e-9
        )
        actions = np.column_stack([2 * share - 1, np.full(len(share), 0.3)] * 2)
        actions[:, 3] = -0.3
        found = task.step(states, actions.reshape(-1, 2), np.random.default_rng(0))
        states, cost = found.next_states, cost + task.spec.cost(found.costs) / STEPS
    assert found.terminal.all()
    optimum = task.optimum(start)
    assert optimum is not None
    assert cost.min() == pytest.approx(optimum.cost[0], rel=1e-9)
    np.testing.assert_allclose(split[cost.argmin()], 1 / STEPS)
    assert cost.max() == pytest.approx(STEPS * optimum.cost[0])


def test_looking_ahead_with_a_discount_costs_what_lagrange_says() -> None:
    weights = 0.9 ** -np.arange(float(STEPS))
    amounts = weights / weights.sum()
    exact = held_out(Tanks(), 500)
    even = exact.evaluate(pumping(shares_of(np.full(STEPS, 1 / STEPS))))
    discounted = exact.evaluate(pumping(shares_of(amounts)))
    late = exact.evaluate(pumping(np.array([0.0, 0.0, 0.0, 0.0, 1.0])))
    assert even.regret == pytest.approx(0.0, abs=1e-9)
    assert discounted.regret == pytest.approx(STEPS * (amounts**2).sum() - 1)
    assert discounted.regret == pytest.approx(0.0221, abs=1e-4)
    assert late.regret == pytest.approx(STEPS - 1)


@pytest.mark.parametrize("told_apart", [True, False])
def test_what_looks_ahead_is_learnt_and_what_does_not_is_not(told_apart: bool) -> None:
    """With one critic of single copies, and with one of both together."""
    exact = held_out(Tanks(), 2_000)
    ahead = train_actor(Tanks(told_apart), mlp, SHORT, seed=0)
    brief = dataclasses.replace(SHORT, total_steps=20_000)
    blind = train_actor(Tanks(told_apart, discounts=(0.0, 0.0)), mlp, brief, seed=0)
    assert exact.evaluate(noise_free(ahead.actor)).regret < 0.05
    assert exact.evaluate(noise_free(blind.actor)).regret > 0.4
    # It learns to pump all at last; what is kept is what it did before it knew.
    assert blind.metrics[-1].regret > 2.0


def test_a_discount_in_the_settings_holds_for_all_objectives() -> None:
    own = Experience.of(Tanks(), reward=False, discount=0.0)
    assert own.discounts == (0.9, 0.0)
    assert Experience.of(Tanks(), reward=False, discount=0.5).discounts == (0.5, 0.5)
    assert Experience.of(Tanks(), reward=True, discount=0.0).discounts == (0.9,)
    assert not Experience.of(Cliff(), reward=False, discount=0.0).looks_ahead


def deciding(task: Tanks, count: int = 6) -> tuple[Observations, Floats, Transition, Observations]:
    """Decisions of the last two steps, as a learner is told of them."""
    rng = np.random.default_rng(1)
    states = task.reset(count, rng)
    states[:, 0] = np.arange(count) % 2 + STEPS - 2
    actions = rng.uniform(-1.0, 1.0, (2 * count, 2))
    found = task.step(states, actions, rng)
    return task.observe(states), actions, found, task.observe(found.next_states)


@pytest.mark.parametrize("told_apart", [True, False])
def test_a_row_is_a_copy_where_costs_are_told_apart_else_a_state(told_apart: bool) -> None:
    task = Tanks(told_apart)
    experience = Experience.of(task, reward=False, discount=0.0)
    observations, actions, found, following = deciding(task)
    kept = dataclasses.replace(found, slack=np.linspace(-1.0, 1.0, 6)[:, None])
    told = experience.tell(observations, actions, kept, following)
    rows = {name: row.double().numpy() for name, row in told.items()}
    scales = np.array([0.1, 0.5])
    if told_apart:
        assert found.agent_costs is not None
        np.testing.assert_array_equal(rows["observation"], observations)
        np.testing.assert_array_equal(rows["action"], actions)
        # As if both copies did alike, so that rows of a state average to its costs.
        np.testing.assert_allclose(rows["outcome"][::2, :2], 2 * found.agent_costs[:, 0] / scales)
        costs = rows["outcome"][:, :2].reshape(-1, 2, 2).mean(axis=1)
        np.testing.assert_allclose(costs, found.costs / scales)
        np.testing.assert_allclose(rows["outcome"][:, 2], np.repeat(kept.slack[:, 0], 2))
    else:
        np.testing.assert_array_equal(rows["observation"], observations.reshape(6, 6))
        np.testing.assert_array_equal(rows["action"], actions.reshape(6, 4))
        np.testing.assert_allclose(rows["outcome"], np.column_stack([found.costs / scales, kept.slack]))
    np.testing.assert_array_equal(rows["follows"][:, 0], np.repeat(~found.terminal, experience.rows))
    assert {name: row.shape[1] for name, row in rows.items() if name != "outcome"} == {
        name: width for name, width in experience.columns.items() if name != "outcome"
    }


@pytest.mark.parametrize("told_apart", [True, False])
def test_nothing_follows_a_terminal_end_and_the_next_state_follows_a_cut(told_apart: bool) -> None:
    task = Tanks(told_apart)
    observations, actions, found, following = deciding(task)
    cut = dataclasses.replace(found, terminal=np.zeros(6, np.bool_))
    assert found.ended.tolist() == found.terminal.tolist() == [False, True] * 3

    def targets(transition: Transition) -> tuple[SDRL, Floats, Floats]:
        learner = SDRL.build(task, mlp, BRIEF, Seeds.of(0))
        learner.remember(observations, actions, transition, following)
        batch = {name: column[: learner.replay.size] for name, column in learner.replay.columns.items()}
        target = learner.targets(batch)
        return learner, (target - batch["outcome"]).numpy(), batch["next_observation"]

    learner, after_terminal, _ = targets(found)
    _, after_cut, successors = targets(cut)
    ended = np.repeat(found.ended, learner.experience.rows)
    assert (after_terminal[ended] == 0.0).all()
    assert (after_terminal[~ended, 0] != 0.0).all()
    # Only energy looks ahead: the worse of the twins, of the true successor and what the actor does there.
    with torch.no_grad():
        decided = learner.actor(successors.reshape(-1, 3)).reshape(len(successors), -1)
        value = 0.9 * learner.critic(successors, decided)[..., 0].amax(0)
    np.testing.assert_allclose(after_cut[:, 0], value, atol=1e-5)
    np.testing.assert_array_equal(after_cut[:, 1], 0.0)
    np.testing.assert_array_equal(after_cut[~ended], after_terminal[~ended])


def run(task: Tanks, make: Make, resume: Snapshot | None = None) -> tuple[Training, list[Snapshot]]:
    kept: list[Snapshot] = []

    def keep(snapshot: Snapshot) -> None:
        copies = {name: value.clone() for name, value in snapshot.tensors.items()}
        kept.append(Snapshot(copies, snapshot.values))

    return train_actor(task, make, BRIEF, seed=1, on_snapshot=keep, resume=resume), kept


@pytest.mark.parametrize("make", [mlp, popsan])
@pytest.mark.parametrize("told_apart", [True, False])
def test_what_was_interrupted_amid_episodes_goes_on_bit_for_bit(
    make: Make, told_apart: bool, tmp_path: Path
) -> None:
    task = Tanks(told_apart)
    whole, snapshots = run(task, make)
    assert len(snapshots) == 12
    assert {float(snapshot.tensors["states"][0, 0]) for snapshot in snapshots} == {0.0, 1.0, 2.0, 3.0, 4.0}
    for number in (0, 4, 9):
        file = tmp_path / f"{number}.safetensors"
        snapshots[number].save(file)
        rest, later = run(task, make, Snapshot.load(file))
        for one, other in zip(later, snapshots[number + 1 :], strict=True):
            assert one.tensors.keys() == other.tensors.keys()
            assert all(torch.equal(value, other.tensors[name]) for name, value in one.tensors.items())
        weights, expected = rest.actor.state_dict(), whole.actor.state_dict()
        assert all(torch.equal(weights[name], value) for name, value in expected.items())
        assert (rest.best, rest.requests) == (whole.best, whole.requests)


def test_a_checkpoint_is_chosen_by_cost_where_nobody_knows_the_optimum() -> None:
    known, unknown = (train_actor(Tanks(known=known), mlp, BRIEF, seed=0) for known in (True, False))
    assert all(np.isnan([row.regret, row.optimal_cost]).all() for row in unknown.metrics)
    costs = [row.cost for row in unknown.metrics]
    assert unknown.best.cost == min(costs)
    assert [row.best for row in unknown.metrics] == [
        cost < min(costs[:i], default=np.inf) for i, cost in enumerate(costs)
    ]
    # The optimum is only looked at: the same is learnt, and the same is best.
    assert costs == [row.cost for row in known.metrics]
    assert known.best.requests == unknown.best.requests == BRIEF.validation_requests


@dataclass(frozen=True)
class Walks(Tanks):
    """Counts up from a number drawn in 0.1 ... 0.4 by a tenth, and ends at about a half: uneven episodes."""

    known: bool = False
    lost: bool = False

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        return np.column_stack([rng.integers(1, 5, count) / 10.0, np.zeros((count, 4))])

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        count = len(states)
        reached = states[:, 0] + 0.1
        ended = np.zeros(count, np.bool_) if self.lost else reached > 0.45
        costs = np.column_stack([reached, np.ones(count)])
        none = served_nothing(count)
        units = reached[:, None]
        return Transition(
            next_states=np.column_stack([reached, states[:, 1:]]),
            costs=costs,
            slack=(0.35 - reached)[:, None],
            reward=-reached,
            ended=ended,
            terminal=ended,
            served=dataclasses.replace(none, units=units, margins=(0.35 - reached)[:, None]),
        )


def still(observations: Observations) -> Floats:
    return np.zeros((len(observations), 2))


def test_a_rollout_counts_each_episode_to_its_end() -> None:
    starts = np.column_stack([[0.1, 0.2, 0.3, 0.4], np.zeros((4, 4))])
    found = rollout(Walks(), still, starts, np.random.default_rng(0))
    passed = [[0.2, 0.3, 0.4, 0.5], [0.3, 0.4, 0.5], [0.4, 0.5], [0.5]]
    assert found.decisions.tolist() == [4, 3, 2, 1]
    np.testing.assert_allclose(found.costs, [[np.mean(each), 1.0] for each in passed])
    np.testing.assert_allclose(found.cost, [np.mean(each) + 0.2 for each in passed])
    np.testing.assert_allclose(found.reward, [-np.mean(each) for each in passed])
    assert found.broken.tolist() == [2, 2, 2, 1]
    assert found.violation_rate == pytest.approx(7 / 10)
    expected = sorted(0.35 - reached for each in passed for reached in each)
    np.testing.assert_allclose(np.sort(found.slack[:, 0]), expected)
    np.testing.assert_allclose(found.served.units[:, 0], [sum(each) for each in passed])
    np.testing.assert_allclose(found.served.margins[:, 0], -0.15)


def test_an_episode_without_end_is_refused() -> None:
    starts = Walks().reset(3, np.random.default_rng(0))
    with pytest.raises(AgentError, match="3 of 3 episodes go on after the 5 decisions of the task's"):
        rollout(Walks(lost=True), still, starts, np.random.default_rng(0))


@dataclass
class Idle:
    """A learner that stands still and keeps what it is told."""

    actor: torch.nn.Module
    told: list[tuple[Observations, Transition, Observations]] = field(default_factory=list)

    def noise(self, progress: float) -> float:
        return 0.0

    def explore(self, observations, progress, served, rng) -> Floats:
        return np.zeros((len(observations), 2))

    def remember(self, observations, actions, transition, following) -> None:
        self.told.append((observations, transition, following))

    def update(self, progress: float, served: int) -> float | None:
        return None

    def judge(self, decided: Rollout) -> float:
        return 0.0

    def state(self) -> Snapshot:
        return Snapshot({}, {})

    def restore(self, state: Snapshot) -> None:
        return None


def test_an_episode_that_has_ended_is_followed_by_the_next_one() -> None:
    idle, task = Idle(mlp(torch.Generator())), Walks()
    learn(task, idle, Pace(30, 8, 30, 10, 1.0), Seeds.of(0))
    ends = 0
    for (_, found, following), (observations, *_) in zip(idle.told, idle.told[1:], strict=False):
        # What is learnt from is the true successor; what is decided next is a fresh start where it ended.
        np.testing.assert_array_equal(following, task.observe(found.next_states))
        ended = np.repeat(found.ended, 2)
        np.testing.assert_array_equal(observations[~ended], following[~ended])
        fresh = np.rint((observations[ended, 0] + 1.0) / 2.0 * (STEPS - 1) * 10)
        assert set(fresh) <= {1, 2, 3, 4}
        ends += int(found.ended.sum())
    assert 60 < ends < 180


def test_episodes_are_judged_on_equal_terms() -> None:
    """What happens after the starts is drawn anew for no checkpoint, and apart from other starts."""

    class Drawn(Walks):
        def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
            found = super().step(states, actions, rng)
            return dataclasses.replace(found, costs=found.costs + rng.uniform(size=(len(states), 1)))

    requests = Requests(Drawn(), 50, 3)
    first, again = requests.rollout(still), requests.rollout(still)
    np.testing.assert_array_equal(first.costs, again.costs)
    other = Requests(Drawn(), 50, 4)
    other.states = requests.states
    assert (other.rollout(still).costs != first.costs).all()


def test_an_environment_has_one_agent() -> None:
    with pytest.raises(AgentError, match="2 agents decide on one state, an environment has one"):
        TaskEnv(Tanks())
