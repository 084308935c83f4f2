"""The training loop on a task whose optimum is known in closed form."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

from neuro_aolo.agent.evaluate import Requests, held_out, noise_free
from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo.agent.popsan import PopSAN, PopSANConfig
from neuro_aolo.agent.replay import Replay
from neuro_aolo.agent.rivals import best_constant_action
from neuro_aolo.agent.sdrl import Metrics, SDRLConfig, train
from neuro_aolo.agent.task import Floats, Observations, Optimum, Transition
from neuro_aolo.errors import AgentError


@dataclass(frozen=True)
class Cliff:
    """Cost 2 + a, violated where a < s / 2: the best action is s / 2, the best constant 1 / 2."""

    observation_names = ("s", "noise", "noise2")
    action_names = ("a",)
    reward_scale = 2.0

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        return rng.uniform(-1.0, 1.0, (count, 3))

    def observe(self, states: Floats) -> Observations:
        return states.astype(np.float32)

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        action = np.clip(actions[:, 0], -1.0, 1.0)
        violated = action < states[:, 0] / 2
        cost = 2.0 + action
        return Transition(self.reset(len(states), rng), np.where(violated, -10.0, -cost), cost, violated)

    def optimum(self, states: Floats) -> Optimum:
        cost = 2.0 + states[:, 0] / 2
        return Optimum(cost, cost, np.ones(len(states), dtype=bool))


SMALL = SDRLConfig(total_steps=60_000, critic_hidden=(64, 64), evaluate_every=25, noise_end=0.02)


def mlp(generator: torch.Generator) -> MLP:
    return MLP(3, 1, MLPConfig((32, 32)), generator)


def popsan(generator: torch.Generator) -> PopSAN:
    return PopSAN(3, 1, PopSANConfig(hidden=(32, 32)), generator)


def test_a_dense_actor_finds_the_state_dependent_edge() -> None:
    config = SDRLConfig(
        total_steps=150_000, critic_hidden=(64, 64), evaluate_every=25, actor_lr=1e-3, noise_end=0.02
    )
    result = train(Cliff(), mlp, config, seed=0)
    found = held_out(Cliff(), 4_000).evaluate(noise_free(result.actor))
    constant = held_out(Cliff(), 4_000).evaluate(best_constant_action(Cliff()).policy())
    assert found.violation_rate <= 0.005
    assert constant.regret == pytest.approx(0.25, abs=0.01)
    assert found.regret < 0.6 * constant.regret


@pytest.mark.parametrize("make", [mlp, popsan])
@pytest.mark.parametrize("discount", [0.0, 0.9])
def test_same_seed_same_weights_other_seed_others(make, discount: float) -> None:
    config = SDRLConfig(
        total_steps=7_000, learning_starts=2_560, evaluate_every=10, critic_hidden=(16,), discount=discount
    )
    runs = [train(Cliff(), make, config, seed) for seed in (3, 3, 4)]
    first, again, other = (torch.cat([p.flatten() for p in run.actor.parameters()]) for run in runs)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert [row.cost for row in runs[0].metrics] == [row.cost for row in runs[1].metrics]


def test_the_best_checkpoint_is_kept() -> None:
    result = train(Cliff(), mlp, SMALL, seed=1)
    limit = SMALL.violation_limit
    scores = [(max(row.violation_rate - limit, 0.0), row.regret) for row in result.metrics]
    assert result.best.score(limit) == min(scores)
    assert [row.best for row in result.metrics] == [
        score < min(scores[:i], default=(np.inf, 0.0)) for i, score in enumerate(scores)
    ]
    assert result.metrics[-1].requests == result.requests == 60_160


def test_an_interrupt_leaves_the_best_actor_so_far() -> None:
    def interrupt(row: Metrics) -> None:
        if row.requests > 20_000:
            raise KeyboardInterrupt

    result = train(Cliff(), mlp, SMALL, seed=0, on_metrics=interrupt)
    assert result.interrupted
    assert 20_000 < result.requests < 30_000
    actions = noise_free(result.actor)(Cliff().observe(np.zeros((4, 3))))
    assert np.isfinite(actions).all()


def test_critics_and_barrier_learn_what_they_should() -> None:
    from neuro_aolo.agent import sdrl

    kept: list[sdrl.Learner] = []
    original = sdrl._Loop.run

    def keep(loop: sdrl._Loop) -> sdrl.Training:
        kept.append(loop.learner)
        return original(loop)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sdrl._Loop, "run", keep)
        train(Cliff(), mlp, SDRLConfig(total_steps=60_000, critic_hidden=(64, 64), noise_end=0.3), seed=0)
    states = torch.rand(2_000, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    actions = torch.rand(2_000, 1, generator=torch.Generator().manual_seed(1)) * 1.2 - 0.6
    cost = kept[0].critic(states, actions).mean(0).detach()
    violated = kept[0].barrier(states, actions).mean(0) > 0
    assert float((cost - (2 + actions[:, 0]) / 2).abs().mean()) < 0.05
    assert float((violated == (actions[:, 0] < states[:, 0] / 2)).float().mean()) > 0.9


def test_regret_counts_violations_and_skips_the_infeasible() -> None:
    class Half(Cliff):
        def optimum(self, states: Floats) -> Optimum:
            best = super().optimum(states)
            feasible = states[:, 0] > 0
            return Optimum(
                np.where(feasible, best.cost, np.nan), np.where(feasible, best.scale, np.nan), feasible
            )

    requests = Requests(Half(), 1_000, 0)
    assert requests.evaluate(lambda obs: np.full((len(obs), 1), -1.0)).violation_rate == 1.0
    exact = requests.evaluate(lambda obs: requests.states[:, :1] / 2)
    assert exact.regret == pytest.approx(0.0, abs=1e-12)
    assert exact.violation_rate == 0.0
    assert (
        exact.requests
        == len(requests.states)
        == int((Cliff().reset(1_000, np.random.default_rng(0))[:, 0] > 0).sum())
    )
    cheap = requests.evaluate(lambda obs: np.full((len(obs), 1), -1.0))
    assert cheap.regret == pytest.approx(1_000 / 1_000 * (cheap.cost / cheap.optimal_cost - 1))


def test_replay_overwrites_the_oldest() -> None:
    replay = Replay(5, {"x": 1}, torch.device("cpu"))
    for start in (0, 3, 6):
        replay.add(x=torch.arange(start, start + 3.0)[:, None])
    drawn = replay.sample(500, torch.Generator().manual_seed(0))["x"]
    assert set(drawn.flatten().tolist()) == {4.0, 5.0, 6.0, 7.0, 8.0}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"total_steps": 0}, "total_steps = 0"),
        ({"discount": 1.0}, "discount"),
        ({"buffer_size": 100}, "buffer_size"),
    ],
)
def test_settings_without_a_meaning_are_refused(settings: dict[str, float], said: str) -> None:
    with pytest.raises(AgentError, match=said):
        SDRLConfig(**settings)
