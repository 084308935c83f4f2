"""The learner that follows its own policy: its parts against second computations, on tasks solved by hand."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from toy_tasks import Bandit, Cliff, Tanks

from neuro_aolo.agent.evaluate import Requests, noise_free
from neuro_aolo.agent.learner import Metrics, Seeds
from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo.agent.popsan import PopSAN, PopSANConfig
from neuro_aolo.agent.ppo import PPO
from neuro_aolo.agent.ppo_config import PPOConfig
from neuro_aolo.agent.snapshot import Snapshot
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.agent.train import train_actor
from neuro_aolo.agent.values import Values, advantages
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.parameters import Time
from neuro_aolo.systems.emissions_per_bit.task import EmissionsPerBitTask

SHORT = PPOConfig(
    total_steps=64_000,
    num_envs=64,
    rollout=10,
    batch_size=160,
    critic_hidden=(32,),
    evaluate_every=100,
    validation_requests=64,
)
BRIEF = dataclasses.replace(SHORT, total_steps=1_600, num_envs=16, rollout=7, evaluate_every=10)


def mlp(generator: torch.Generator) -> MLP:
    return MLP(3, 2, MLPConfig((16,)), generator)


def popsan(generator: torch.Generator) -> PopSAN:
    return PopSAN(3, 2, PopSANConfig(steps=3, hidden=(8,), decoder_population=4), generator)


def test_advantages_are_sums_of_what_was_not_expected() -> None:
    """Against the sum of equation (16) written out, decision by decision."""
    rng = np.random.default_rng(0)
    steps, rows, gae_lambda = 9, 5, 0.7
    gamma = np.array([0.9, 0.0])
    cost, before, after = rng.normal(size=(3, steps, rows, 2))
    ended = rng.random((steps, rows)) < 0.25
    terminal = ended & (rng.random((steps, rows)) < 0.5)
    got = advantages(
        *(torch.from_numpy(each) for each in (cost, before, after, ended, terminal)),
        torch.from_numpy(gamma),
        gae_lambda,
    ).numpy()
    assert terminal.any()
    assert (ended & ~terminal).any()
    for first, row in np.ndindex(steps, rows):
        total, weight = np.zeros(2), np.ones(2)
        for step in range(first, steps):
            expected = 0.0 if terminal[step, row] else gamma * after[step, row]
            total += weight * (cost[step, row] + expected - before[step, row])
            weight = weight * gamma * gae_lambda
            if ended[step, row]:
                break
        np.testing.assert_allclose(got[first, row], total, rtol=1e-9, atol=1e-12)


def test_with_a_lambda_of_one_values_drop_out_of_a_whole_episode() -> None:
    cost, before, after = torch.randn(3, 6, 4, 1, generator=torch.Generator().manual_seed(0)).unbind()
    after[:-1] = before[1:]
    last = torch.arange(6)[:, None].expand(6, 4) == 5
    told = advantages(cost, before, after, last, last, torch.tensor([0.8]), 1.0)
    reached = sum(0.8**step * cost[step] for step in range(6))
    torch.testing.assert_close(told[0] + before[0], reached)


def test_values_tell_each_objective() -> None:
    values = Values(3, 2, (8, 8), torch.Generator().manual_seed(0))
    assert values(torch.rand(5, 3)).shape == (5, 2)


@pytest.mark.parametrize("told_apart", [True, False])
@pytest.mark.parametrize("make", [mlp, popsan])
def test_it_looks_ahead(make: object, told_apart: bool) -> None:
    """Pumping evenly costs a fifth of pumping at the end, which is what whoever does not look ahead does."""
    task = Tanks(told_apart, discounts=(0.98, 0.0))
    result = train_actor(task, make, SHORT, seed=0)  # type: ignore[arg-type]
    assert result.best.regret < 0.2


@pytest.mark.parametrize(("preference", "best"), [((0.7, 0.3), -1.0), ((0.3, 0.7), 1.0)])
def test_a_preference_is_a_price(preference: tuple[float, float], best: float) -> None:
    """Between two ends the cheaper one is best, and no mixture."""
    config = dataclasses.replace(SHORT, rollout=4, batch_size=64, preference=preference)
    result = train_actor(Bandit(), lambda generator: MLP(1, 1, MLPConfig((8,)), generator), config, seed=0)
    decided = noise_free(result.actor)(np.linspace(-1.0, 1.0, 9, dtype=np.float32)[:, None])
    assert decided.mean() == pytest.approx(best, abs=0.1)


def test_noise_falls_and_what_is_served_is_clipped() -> None:
    task, rng = Tanks(), np.random.default_rng(0)
    learner = PPO.build(task, mlp, dataclasses.replace(BRIEF, std=2.0), Seeds.of(0))
    observations = task.observe(task.reset(200, rng))
    served = learner.explore(observations, 0.0, 0, rng)
    assert served.shape == (400, 2)
    assert np.abs(served).max() == 1.0
    assert learner.drawn["drawn"].abs().max() > 1.0
    means = noise_free(learner.actor)(observations)
    drawn = learner.drawn["drawn"].double().numpy()
    assert np.std(drawn - means) == pytest.approx(2.0, rel=0.1)
    assert [learner.noise(progress) for progress in (0.0, 0.5, 1.0)] == pytest.approx([2.0, 0.4, 0.08])


def test_the_first_step_goes_by_the_gradient_of_the_policy() -> None:
    """Where the ratio is 1 nothing is clipped: what costs less becomes likelier."""
    learner = PPO.build(Bandit(), lambda generator: MLP(1, 1, MLPConfig((8,)), generator), BRIEF, Seeds.of(0))
    seen = torch.linspace(-1.0, 1.0, 64)[:, None]
    with torch.no_grad():
        mean = learner.actor(seen)
    drawn = mean + 0.3 * torch.randn(64, 1, generator=torch.Generator().manual_seed(1))
    batch = {
        "observation": seen,
        "mean": mean,
        "drawn": drawn,
        "std": torch.full((64,), 0.3),
        "advantage": -(drawn - mean)[:, 0],
    }
    learner._update_actor(batch, 0.0)
    # What is deployed follows slowly.
    with torch.no_grad():
        moved, followed = mean - learner.policy(seen), mean - learner.actor(seen)
    assert (moved > 0.0).all()
    assert float(followed.mean()) == pytest.approx(0.005 * float(moved.mean()), rel=0.1)


def test_the_critic_learns_alone_first() -> None:
    config = dataclasses.replace(BRIEF, actor_starts=1.0, total_steps=112)
    learner = PPO.build(Tanks(), mlp, config, Seeds.of(3))
    before = [each.clone() for each in learner.actor.parameters()]
    critic = [each.clone() for each in learner.critic.parameters()]
    task, rng = Tanks(), np.random.default_rng(0)
    states = task.reset(config.num_envs, rng)
    losses = []
    for _ in range(config.rounds):
        observations = task.observe(states)
        actions = learner.explore(observations, 0.5, 0, rng)
        transition = task.step(states, actions, rng)
        learner.remember(observations, actions, transition, task.observe(transition.next_states))
        losses.append(learner.update(0.5, 0))
        states = transition.next_states
    assert losses[:-1] == [None] * (config.rollout - 1)
    assert losses[-1] is not None
    assert all(torch.equal(one, other) for one, other in zip(before, learner.actor.parameters(), strict=True))
    assert not any(
        torch.equal(one, other) for one, other in zip(critic, learner.critic.parameters(), strict=True)
    )
    assert not learner.met


@pytest.mark.parametrize("make", [mlp, popsan])
def test_what_was_interrupted_goes_on_bit_for_bit(make: object, tmp_path: Path) -> None:
    """In the middle of a stretch of time, too: 10 rounds are one of 7 and 3 of the next."""
    kept = []

    def keep(snapshot: Snapshot) -> None:
        copies = {name: value.clone() for name, value in snapshot.tensors.items()}
        kept.append(Snapshot(copies, snapshot.values))

    whole = train_actor(Tanks(), make, BRIEF, seed=1, on_snapshot=keep)  # type: ignore[arg-type]
    snapshots = list(kept)
    assert any(name.startswith("met.2.") for name in snapshots[0].tensors)
    file = tmp_path / "snapshot.safetensors"
    snapshots[1].save(file)
    kept.clear()
    rest = train_actor(
        Tanks(),
        make,  # type: ignore[arg-type]
        BRIEF,
        seed=1,
        on_snapshot=keep,
        resume=Snapshot.load(file),
    )
    for one, other in zip(kept, snapshots[2:], strict=True):
        assert one.tensors.keys() == other.tensors.keys()
        assert all(torch.equal(value, other.tensors[name]) for name, value in one.tensors.items())
    expected = whole.actor.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in rest.actor.state_dict().items())
    with pytest.raises(AgentError, match="of another shape"):
        train_actor(Tanks(), mlp if make is popsan else popsan, BRIEF, seed=1, resume=snapshots[1])


def test_a_toll_makes_for_fewer_spikes() -> None:
    costs = {}
    for weight in (0.0, 2.0):
        toll = SpikeToll("loihi2", 1.0, 0.0, weight) if weight else None
        result = train_actor(Tanks(), popsan, SHORT, seed=0, toll=toll)
        requests = Requests(Tanks(), 200, 0)
        costs[weight] = SpikeToll("loihi2", 1.0, 0.0, 1.0).cost(
            result.actor, torch.from_numpy(requests.rollout(noise_free(result.actor)).seen)
        )
    assert costs[2.0] < 0.8 * costs[0.0]


def test_a_warm_start_begins_where_the_reference_stands() -> None:
    """Three days of the cell: from noise the first row is far off, after imitating it is not."""
    task = EmissionsPerBitTask(Cell(time=Time(slots=24)))
    spec = task.spec
    brief = dataclasses.replace(
        BRIEF, total_steps=320, evaluate_every=20, validation_requests=8, actor_starts=1.0, std=0.1
    )
    first = {}
    for updates in (0, 400):
        rows: list[Metrics] = []
        train_actor(
            task,
            lambda generator: MLP(len(spec.observations), len(spec.actions), MLPConfig((64, 64)), generator),
            dataclasses.replace(brief, warm_start=updates),
            seed=0,
            on_metrics=rows.append,
        )
        first[updates] = rows[0].regret
    assert first[400] < 0.1 < first[0]
    with pytest.raises(AgentError, match="nobody to imitate"):
        train_actor(Tanks(), mlp, dataclasses.replace(BRIEF, warm_start=1), seed=0)


def test_what_it_cannot_do_is_said() -> None:
    with pytest.raises(AgentError, match="ppo keeps no constraints"):
        train_actor(Cliff(), mlp, BRIEF, seed=0)
    with pytest.raises(AgentError, match=r"preference has 3 numbers, the objectives are energy, leaks"):
        train_actor(Tanks(), mlp, dataclasses.replace(BRIEF, preference=(1.0, 1.0, 1.0)), seed=0)
    for wrong in (
        {"preference": (0.0, 0.0)},
        {"preference": (-1.0, 1.0)},
        {"gae_lambda": 1.5},
        {"clip": 0.0},
        {"rollout": 0},
        {"std_end": float("nan")},
        {"actor_starts": 2.0},
    ):
        with pytest.raises(AgentError, match=next(iter(wrong))):
            dataclasses.replace(BRIEF, **wrong)  # type: ignore[arg-type]
