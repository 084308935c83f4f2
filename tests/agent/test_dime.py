"""The learner of several objectives: its parts against second computations, on tasks solved by hand."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from toy_tasks import Bandit, Cliff, Tanks

from neuro_aolo.agent.dime import Dime
from neuro_aolo.agent.dime_config import Combined, DimeConfig
from neuro_aolo.agent.evaluate import Requests, noise_free
from neuro_aolo.agent.factored import FactoredCritic, at, evenly, hats
from neuro_aolo.agent.gaussian import straight_through, surprise
from neuro_aolo.agent.improvement import Improvement
from neuro_aolo.agent.learner import Seeds
from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo.agent.popsan import PopSAN, PopSANConfig
from neuro_aolo.agent.returns import Returns
from neuro_aolo.agent.snapshot import Snapshot
from neuro_aolo.agent.train import train_actor
from neuro_aolo.errors import AgentError

SHORT = DimeConfig(
    total_steps=25_600,
    num_envs=32,
    batch_size=256,
    buffer_size=20_000,
    critic_hidden=(32,),
    actor_batch_size=64,
    evaluate_every=200,
    validation_requests=64,
    checkpoint_share=0.6,
)
BRIEF = dataclasses.replace(SHORT, total_steps=1_280, batch_size=64, evaluate_every=10, actor_starts=0.3)


def mlp(generator: torch.Generator) -> MLP:
    return MLP(3, 2, MLPConfig((16,)), generator)


def popsan(generator: torch.Generator) -> PopSAN:
    return PopSAN(3, 2, PopSANConfig(steps=3, hidden=(8,), decoder_population=4), generator)


def test_hats_are_shares_and_what_lies_between_candidates_is_linear() -> None:
    values = torch.linspace(-1.5, 1.5, 61)
    torch.testing.assert_close(hats(values, 7).sum(-1), torch.ones(61))
    tables = torch.randn(5, 3, 2, 21, generator=torch.Generator().manual_seed(0))
    at_candidates = at(tables, evenly(21)[torch.tensor([[4, 20]])].expand(5, -1))
    torch.testing.assert_close(at_candidates, tables[..., 0, 4] + tables[..., 1, 20])
    actions = torch.tensor([[-0.63, 0.171]]).expand(5, -1)
    expected = torch.tensor(
        [
            [
                float(
                    sum(np.interp(actions[0, f], np.linspace(-1, 1, 21), tables[b, o, f]) for f in range(2))
                )
                for o in range(3)
            ]
            for b in range(5)
        ]
    )
    torch.testing.assert_close(at(tables, actions), expected, rtol=1e-5, atol=1e-5)


def test_a_number_s_network_does_not_see_another_s_costs() -> None:
    critic = FactoredCritic(3, 2, 2, 5, (8,), torch.Generator().manual_seed(1))
    tables = critic(torch.rand(4, 3) * 2.0 - 1.0)
    assert tables.shape == (4, 2, 2, 5)
    tables[:, :, 0].sum().backward()
    assert all(weight.grad is not None and not weight.grad[1].any() for weight in critic.weights)


def test_returns_end_where_chance_or_an_episode_does() -> None:
    """Against sums written out, decision by decision."""
    rng = np.random.default_rng(0)
    steps, rows, count = 4, 6, 30
    discounts = torch.tensor([0.9, 0.0])
    own, ended = rng.random((count, rows)) < 0.7, rng.random((count, rows)) < 0.15
    terminal = ended & (rng.random((count, rows)) < 0.5)
    costs = rng.normal(size=(count, rows, 2)).astype(np.float32)
    returns = Returns(steps, discounts)
    told = [
        returns.add(
            {
                "observation": torch.full((rows, 1), float(t)),
                "action": torch.zeros(rows, 1),
                "outcome": torch.from_numpy(costs[t]),
                "next_observation": torch.full((rows, 1), t + 1.0),
                "own": torch.from_numpy(own[t]),
                "ended": torch.from_numpy(ended[t]),
                "terminal": torch.from_numpy(terminal[t]),
            }
        )
        for t in range(count)
    ]
    assert told[: steps - 1] == [None] * (steps - 1)
    for first, row in np.ndindex(count - steps + 1, rows):
        got = told[first + steps - 1]
        assert got is not None
        total, last = costs[first, row].astype(np.float64), first
        while last - first < steps - 1 and not ended[last, row] and own[last + 1, row]:
            last += 1
            total[0] += 0.9 ** (last - first) * costs[last, row, 0]
        assert got["outcome"][row].numpy() == pytest.approx(total, rel=1e-5, abs=1e-6)
        assert float(got["next_observation"][row, 0]) == last + 1
        follows = 0.0 if terminal[last, row] else 0.9 ** (last - first + 1)
        assert got["reach"][row].tolist() == pytest.approx([follows, 0.0])


@pytest.mark.parametrize("combine", ["dime", "mo-mpo"])
def test_temperatures_keep_policies_as_far_from_uniform_as_allowed(combine: Combined) -> None:
    """Scaling an objective's costs leaves its policy as it is: a temperature takes the stakes out."""
    generator = torch.Generator().manual_seed(3)
    tables = torch.randn(512, 2, 1, 11, generator=generator) * torch.tensor([1.0, 50.0])[:, None, None]
    preference = torch.tensor([0.25, 0.75])
    improvement = Improvement(preference, 1, 11, combine, divergence=0.6)
    optimiser = torch.optim.Adam(improvement.parameters(), lr=0.05)
    for _ in range(600):
        optimiser.zero_grad()
        improvement.dual(tables).backward()
        optimiser.step()
    policies = torch.softmax(-improvement.excess(tables) / improvement.temperatures[..., None], dim=-1)
    apart = (policies * policies.clamp_min(1e-30).log()).sum(-1).mean(0) + math.log(11)
    allowed = [0.6, 0.6] if combine == "dime" else [0.2, 0.6]
    assert apart[:, 0].tolist() == pytest.approx(allowed, rel=0.02)
    shares = [0.25, 0.75] if combine == "dime" else [0.5, 0.5]
    mixed = sum(share * policies[:, r] for r, share in enumerate(shares))
    torch.testing.assert_close(improvement(tables), mixed)


def test_the_likeliest_mean_is_that_of_the_policy() -> None:
    candidates = evenly(5)
    weights = torch.tensor([[[0.1, 0.2, 0.3, 0.4, 0.0]]])
    mean = torch.zeros(1, 1, requires_grad=True)
    optimiser = torch.optim.Adam([mean], lr=0.02)
    for _ in range(800):
        optimiser.zero_grad()
        surprise(mean, candidates, weights).backward()
        optimiser.step()
    assert float(mean.detach()) == pytest.approx(float((weights * candidates).sum()), abs=1e-3)


def test_an_actor_at_its_bound_can_leave_it() -> None:
    before = torch.tensor([[3.0, 0.0]], requires_grad=True)
    straight_through(torch.tanh(before), nn.Tanh()).sum().backward()
    assert before.grad is not None
    plain = 1.0 - math.tanh(3.0) ** 2
    assert float(before.grad[0, 0]) == pytest.approx(plain / 0.05, rel=1e-2)
    assert float(before.grad[0, 1]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("combine", "best"),
    # DiME: the mean of 0.7 at -1 and 0.3 at 1. A price takes the cheaper end.
    [("dime", pytest.approx(-0.4, abs=0.1)), ("scalarised", pytest.approx(-1.0, abs=0.15))],
)
def test_a_bandit_s_mixture_is_the_one_that_is_known(combine: Combined, best: object) -> None:
    config = dataclasses.replace(
        SHORT,
        combine=combine,
        preference=(0.7, 0.3),
        returns=1,
        stake=0.05,
        slope_weight=4.0,
        actor_starts=0.2,
    )
    learner = Dime.build(
        Bandit(), lambda generator: MLP(1, 1, MLPConfig((8,)), generator), config, Seeds.of(0)
    )
    _teach(learner, config)
    decided = noise_free(learner.actor)(np.linspace(-1.0, 1.0, 9, dtype=np.float32)[:, None])
    assert decided.mean() == best


def _teach(learner: Dime, config: DimeConfig) -> None:
    """The rounds of the loop, without its choice among checkpoints, which goes by price."""
    task, rng = Bandit(), np.random.default_rng(0)
    states = task.reset(config.num_envs, rng)
    for index in range(config.rounds):
        observations = task.observe(states)
        actions = learner.explore(observations, index / config.rounds, index * config.num_envs, rng)
        transition = task.step(states, actions, rng)
        learner.remember(observations, actions, transition, task.observe(transition.next_states))
        learner.update(index / config.rounds, index * config.num_envs)
        states = transition.next_states


@pytest.mark.parametrize("told_apart", [True, False])
def test_it_looks_ahead(told_apart: bool) -> None:
    """Pumping evenly costs a fifth of pumping at the end, which is what whoever does not look ahead does."""
    task = Tanks(told_apart, discounts=(0.98, 0.0))
    config = dataclasses.replace(SHORT, total_steps=32_000, combine="scalarised")
    result = train_actor(task, mlp, config, seed=0)
    assert result.best.regret < 0.3


@pytest.mark.parametrize("make", [mlp, popsan])
@pytest.mark.parametrize("combine", ["scalarised", "dime", "mo-mpo"])
def test_what_was_interrupted_goes_on_bit_for_bit(make: object, combine: Combined, tmp_path: Path) -> None:
    config, kept = dataclasses.replace(BRIEF, combine=combine), []

    def keep(snapshot: Snapshot) -> None:
        copies = {name: value.clone() for name, value in snapshot.tensors.items()}
        kept.append(Snapshot(copies, snapshot.values))

    whole = train_actor(Tanks(), make, config, seed=1, on_snapshot=keep)  # type: ignore[arg-type]
    snapshots = list(kept)
    file = tmp_path / "snapshot.safetensors"
    snapshots[1].save(file)
    kept.clear()
    rest = train_actor(
        Tanks(),
        make,  # type: ignore[arg-type]
        config,
        seed=1,
        on_snapshot=keep,
        resume=Snapshot.load(file),
    )
    for one, other in zip(kept, snapshots[2:], strict=True):
        assert one.tensors.keys() == other.tensors.keys()
        assert all(torch.equal(value, other.tensors[name]) for name, value in one.tensors.items())
    expected = whole.actor.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in rest.actor.state_dict().items())


def test_a_checkpoint_is_judged_by_preference() -> None:
    """The loop's cost weighs as the task does; what preference adds to it makes that the preferred one."""
    config = dataclasses.replace(BRIEF, preference=(0.0, 3.0))
    learner = Dime.build(Tanks(), mlp, config, Seeds.of(0))
    rolled = Requests(Tanks(), 20, 0).rollout(noise_free(learner.actor))
    leaks = rolled.costs[:, 1] * 3.0 * 0.1 / 0.5
    assert np.mean(rolled.cost) + learner.judge(rolled) == pytest.approx(float(leaks.mean()), rel=1e-6)


def test_what_it_cannot_do_is_said() -> None:
    with pytest.raises(AgentError, match="keeps no constraints"):
        train_actor(Cliff(), mlp, BRIEF, seed=0)
    with pytest.raises(AgentError, match=r"preference has 3 numbers, the objectives are energy, leaks"):
        train_actor(Tanks(), mlp, dataclasses.replace(BRIEF, preference=(1.0, 1.0, 1.0)), seed=0)
    for wrong in ({"preference": (0.0, 0.0)}, {"exploration": (2.0,)}, {"combine": "best"}, {"tau": 0.0}):
        with pytest.raises(AgentError, match=next(iter(wrong))):
            dataclasses.replace(BRIEF, **wrong)  # type: ignore[arg-type]
