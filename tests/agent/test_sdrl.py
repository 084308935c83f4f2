"""The training loop on a task whose optimum is known in closed form."""

import numpy as np
import pytest
import torch
from toy_tasks import Cliff

from neuro_aolo.agent.critic import TwinCritic
from neuro_aolo.agent.evaluate import Requests, held_out, noise_free
from neuro_aolo.agent.experience import Experience
from neuro_aolo.agent.learner import Metrics, Seeds
from neuro_aolo.agent.loop import learn
from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo.agent.popsan import PopSAN, PopSANConfig
from neuro_aolo.agent.replay import Replay
from neuro_aolo.agent.rivals import best_constant_action
from neuro_aolo.agent.sdrl import SDRL
from neuro_aolo.agent.sdrl_config import Learnt, SDRLConfig
from neuro_aolo.agent.shaping import LEAST_MARGIN
from neuro_aolo.agent.train import train_actor
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Optimum

SMALL = SDRLConfig(
    total_steps=32_000,
    num_envs=64,
    critic_hidden=(64, 64),
    evaluate_every=25,
    noise_end=0.02,
    penalty_weight=10.0,
)


def mlp(generator: torch.Generator) -> MLP:
    return MLP(3, 1, MLPConfig((32, 32)), generator)


def popsan(generator: torch.Generator) -> PopSAN:
    return PopSAN(3, 1, PopSANConfig(hidden=(32, 32)), generator)


def test_a_dense_actor_finds_the_state_dependent_edge() -> None:
    result = train_actor(Cliff(), mlp, SMALL, seed=0)
    found = held_out(Cliff(), 4_000).evaluate(noise_free(result.actor))
    constant = held_out(Cliff(), 4_000).evaluate(best_constant_action(Cliff()).policy())
    assert found.violation_rate <= 0.005
    assert constant.regret == pytest.approx(0.25, abs=0.01)
    assert found.regret < 0.15 * constant.regret


@pytest.mark.parametrize("make", [mlp, popsan])
@pytest.mark.parametrize("discount", [0.0, 0.9])
def test_same_seed_same_weights_other_seed_others(make, discount: float) -> None:
    config = SDRLConfig(
        total_steps=3_200, num_envs=64, evaluate_every=10, critic_hidden=(16,), discount=discount
    )
    runs = [train_actor(Cliff(), make, config, seed) for seed in (3, 3, 4)]
    first, again, other = (torch.cat([p.flatten() for p in run.actor.parameters()]) for run in runs)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert [row.cost for row in runs[0].metrics] == [row.cost for row in runs[1].metrics]


def test_the_best_checkpoint_is_kept() -> None:
    result = train_actor(Cliff(), mlp, SMALL, seed=1)
    limit = SMALL.checkpoint_share * Cliff().spec.violation_limit
    scores = [(max(row.violation_rate - limit, 0.0), row.cost) for row in result.metrics]
    assert result.best.score(limit) == min(scores)
    # The order is that by regret, where regret is of what is minimised.
    regrets = [(excess, row.regret) for (excess, _), row in zip(scores, result.metrics, strict=True)]
    assert regrets.index(min(regrets)) == scores.index(min(scores))
    assert [row.best for row in result.metrics] == [
        score < min(scores[:i], default=(np.inf, 0.0)) for i, score in enumerate(scores)
    ]
    assert result.metrics[-1].requests == result.requests == 32_000


def test_an_interrupt_leaves_the_best_actor_so_far() -> None:
    def interrupt(row: Metrics) -> None:
        if row.requests > 10_000:
            raise KeyboardInterrupt

    result = train_actor(Cliff(), mlp, SMALL, seed=0, on_metrics=interrupt)
    assert result.interrupted
    assert 10_000 < result.requests < 12_000
    actions = noise_free(result.actor)(Cliff().observe(np.zeros((4, 3))))
    assert np.isfinite(actions).all()


@pytest.mark.parametrize("objective", ["constraints", "reward"])
def test_critics_learn_what_they_should(objective: Learnt) -> None:
    config = SDRLConfig(
        total_steps=40_000, num_envs=64, critic_hidden=(64, 64), noise_end=0.5, objective=objective
    )
    seeds = Seeds.of(0)
    learning = SDRL.build(Cliff(), mlp, config, seeds)
    learn(Cliff(), learning, config.pace, seeds)
    rng = np.random.default_rng(0)
    states, actions = rng.uniform(-1.0, 1.0, (2_000, 3)), rng.uniform(-0.6, 0.6, (2_000, 1))
    outcome = Cliff().step(states, actions, rng)
    with torch.no_grad():
        estimates = learning.critic(torch.from_numpy(states).float(), torch.from_numpy(actions).float())
    estimated = estimates.mean(0).double().numpy()
    if objective == "constraints":
        assert np.abs(estimated[:, 0] - outcome.costs[:, 0] / 2.0).mean() < 0.02
        assert np.abs(estimated[:, 1:] - outcome.slack).mean() < 0.02
    else:
        # A regression of the reward tells the cost from the penalty away from the edge, and blurs it there.
        error = np.abs(estimated[:, 0] + outcome.reward / 2.0)
        far = np.abs(outcome.slack[:, 0]) > 0.2
        assert error[far].mean() < error[~far].mean() / 1.5


def learner(actor: torch.nn.Module, config: SDRLConfig) -> SDRL:
    generator = torch.Generator().manual_seed(0)
    experience = Experience.of(Cliff(), reward=False, discount=0.0)
    assert experience.columns == {"observation": 3, "action": 1, "outcome": 2}
    replay = Replay(64, experience.columns, torch.device("cpu"))
    replay.add(
        observation=torch.rand(64, 3, generator=generator) * 2 - 1,
        action=torch.rand(64, 1, generator=generator) * 2 - 1,
        outcome=torch.randn(64, 2, generator=generator),
    )
    critic = TwinCritic(3, 1, (16,), 2, config.logits, generator)
    return SDRL(actor, critic, replay, experience, config, generator, torch.tensor([config.margin_start]))


@pytest.mark.parametrize("make", [mlp, popsan])
def test_the_output_bias_moves_first_and_alone(make) -> None:
    config = SDRLConfig(total_steps=6_400, num_envs=64, bias_share=0.5, actor_batch="replayed", averaged=0.0)
    learning = learner(make(torch.Generator().manual_seed(1)), config)

    def moved(progress: float, served: int) -> list[str]:
        before = {name: value.clone() for name, value in learning.actor.state_dict().items()}
        learning.update(progress, served)
        now = learning.actor.state_dict()
        return [name for name, value in before.items() if not torch.equal(value, now[name])]

    last = list(learning.actor.state_dict())[-1]
    assert last.endswith("bias")
    assert moved(0.0, config.random_requests) == []
    assert moved(0.1, config.random_requests + 1) == [last]
    assert len(moved(0.6, config.random_requests + 1)) > 3


def test_margins_follow_the_violations() -> None:
    config = SDRLConfig()
    learning = learner(mlp(torch.Generator()), config)
    learning.margins = torch.tensor([0.01, 0.02, 0.03])
    learning.steer_margins(torch.tensor([0.0, 0.0011, 0.0009]), 0.001)
    wider = learning.margins > torch.tensor([0.01, 0.02, 0.03])
    assert wider.tolist() == [False, True, False]
    for broken, end in ((1.0, config.margin_max), (0.0, LEAST_MARGIN)):
        for _ in range(100):
            learning.steer_margins(torch.full((3,), broken), 0.001)
        torch.testing.assert_close(learning.margins, torch.full((3,), end))


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
        ({"buffer_size": 32}, "buffer_size"),
    ],
)
def test_settings_without_a_meaning_are_refused(settings: dict[str, float], said: str) -> None:
    with pytest.raises(AgentError, match=said):
        SDRLConfig(**settings)
