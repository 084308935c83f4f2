"""Fine-tuning on a task whose optimum is known in closed form, down to the integers that come of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from toy_tasks import Cliff

from neuro_aolo.agent.checkpoint import ActorSpec, SavedActor
from neuro_aolo.agent.evaluate import held_out, noise_free
from neuro_aolo.agent.finetune import FINETUNING, Finetuning, _Rounding, finetune
from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo.agent.popsan import PopSAN, PopSANConfig
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.train import train_actor
from neuro_aolo.errors import AgentError
from neuro_aolo_export.loihi2.quantize import WeightGrid, grids, quantize
from neuro_aolo_export.simulate import simulate_integer

TASK = Cliff(noises=1, violation_limit=0.01)
SPEC = ActorSpec(
    TASK.spec.observation_names,
    TASK.spec.action_names,
    PopSANConfig(steps=8, decoder_population=20, hidden=(32, 32)),
)
SHORT = replace(
    FINETUNING,
    total_steps=12_800,
    num_envs=64,
    learning_starts=320,
    actor_starts=640,
    evaluate_every=20,
    validation_requests=500,
    critic_hidden=(32, 32),
    actor_lr=1e-3,
)


@pytest.fixture(scope="module")
def saved() -> SavedActor:
    """A briefly trained actor."""
    config = SDRLConfig(
        total_steps=19_200, num_envs=64, critic_hidden=(32, 32), evaluate_every=50, validation_requests=500
    )
    return SavedActor(train_actor(TASK, SPEC.build, config, seed=0).actor.eval(), SPEC, {"requests": 19_200})


def grids_of(saved: SavedActor, bits: int) -> tuple[WeightGrid, ...]:
    assert isinstance(saved.network, PopSAN)
    return grids(quantize(saved.network.graph(), bits))


@pytest.fixture(scope="module")
def rounded(saved: SavedActor) -> Finetuning:
    """The actor fine-tuned for weights of 4 bits."""
    return finetune(saved, TASK, grids_of(saved, 4), seed=3, config=SHORT)


@pytest.fixture(scope="module")
def control(saved: SavedActor) -> Finetuning:
    return finetune(saved, TASK, None, seed=3, config=SHORT)


def weights(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def test_the_integers_are_the_ones_that_were_trained(saved: SavedActor, rounded: Finetuning) -> None:
    network = rounded.actor.network
    assert isinstance(network, PopSAN)
    before, after = grids_of(saved, 4), quantize(network.graph(), 4)
    moved = 0
    for grid, layer, own, original in zip(
        before, after.layers, network.layers, saved.network.get_submodule("layers"), strict=True
    ):
        assert layer.threshold_mant == pytest.approx(grid.scale * SPEC.config.threshold)
        axons = torch.column_stack([own.weight, own.bias]).detach().double().numpy() * grid.scale
        np.testing.assert_allclose(layer.weight[: len(axons)], axons, atol=1e-4)
        start = torch.column_stack([original.weight, original.bias]).detach().double().numpy()
        start = np.rint(start * grid.scale / 32) * 32
        moved += int((layer.weight[: len(axons)] != start).sum())
    assert all(report.clipped == report.zeroed == 0 for report in after.report)
    assert moved > 20


def test_float_and_integer_decide_alike_afterwards(rounded: Finetuning) -> None:
    network = rounded.actor.network
    assert isinstance(network, PopSAN)
    requests = held_out(TASK, 2_000)
    decided = noise_free(network)(requests.observations)
    integer = simulate_integer(quantize(network.graph(), 4), requests.observations).actions
    # With weights so coarse a potential often equals its threshold, where float32 may go either way.
    assert np.abs(decided - integer).mean() < 5e-3
    assert np.median(np.abs(decided - integer)) < 1e-6


def test_the_actor_stands_still_while_the_critics_learn(saved: SavedActor, control: Finetuning) -> None:
    rounds = [row.requests // SHORT.num_envs for row in control.metrics]
    until = SHORT.bias_share * SHORT.rounds
    still = [row.cost for row, done in zip(control.metrics, rounds, strict=True) if done < until]
    assert len(still) == 4
    assert len(set(still)) == 1
    assert control.metrics[-1].cost != still[0]
    assert control.metrics[3].critic_loss < control.metrics[0].critic_loss
    # So the actor as it was is among the checkpoints, and what is kept does no worse in validation.
    limit = SHORT.checkpoint_share * TASK.spec.violation_limit
    assert control.metrics[0].best
    scores = [(max(row.violation_rate - limit, 0.0), row.cost) for row in control.metrics]
    assert control.best.score(limit) == min(scores) <= scores[0]


def test_the_control_serves_the_same_requests(rounded: Finetuning, control: Finetuning) -> None:
    assert rounded.best.optimal_cost == control.best.optimal_cost
    assert [row.requests for row in rounded.metrics] == [row.requests for row in control.metrics]
    assert [row.noise for row in rounded.metrics] == [row.noise for row in control.metrics]
    assert not torch.equal(weights(rounded.actor.network), weights(control.actor.network))


def test_what_was_given_is_left_as_it_was(saved: SavedActor) -> None:
    before = weights(saved.network).clone()
    brief = replace(SHORT, total_steps=1_280, bias_share=0.0, evaluate_every=20)
    runs = [finetune(saved, TASK, grids_of(saved, 6), seed, brief) for seed in (1, 1, 2)]
    assert torch.equal(weights(saved.network), before)
    first, again, other = (weights(run.actor.network) for run in runs)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert set(runs[0].actor.network.state_dict()) == set(saved.network.state_dict())
    assert runs[0].actor.training == {"requests": 19_200, "finetuned_requests": 1_280}


def test_the_gradient_passes_the_rounding_unchanged() -> None:
    grid = WeightGrid(scale=100.0, step=32, low=-256, high=224, current_decay=0.5, voltage_decay=0.75)
    parameter = torch.tensor([0.5, -0.11, 0.15, 0.17, 9.0, -9.0], requires_grad=True)
    rounded = _Rounding(grid)(parameter)
    assert (100 * rounded).tolist() == pytest.approx([64, 0, 0, 32, 224, -256], abs=1e-5)
    (rounded * torch.arange(6.0)).sum().backward()
    assert parameter.grad is not None
    assert parameter.grad.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


def test_the_chips_decays_are_trained_with(saved: SavedActor) -> None:
    """Grids with other decays: the checkpoint of an actor that stands still is that of such a network."""
    fine = [replace(grid, step=1, scale=1e6, low=-(10**9), high=10**9) for grid in grids_of(saved, 8)]
    chip = [replace(grid, current_decay=0.1, voltage_decay=0.3) for grid in fine]
    still = replace(SHORT, total_steps=64, evaluate_every=1)
    config = replace(SPEC.config, current_decay=0.1, voltage_decay=0.3)
    other = replace(SPEC, config=config).build(torch.Generator())
    other.load_state_dict(saved.network.state_dict())
    wanted = finetune(SavedActor(other, replace(SPEC, config=config), {}), TASK, None, 0, still).best
    assert finetune(saved, TASK, chip, 0, still).best.cost == pytest.approx(wanted.cost, abs=1e-3)
    assert finetune(saved, TASK, fine, 0, still).best.cost != pytest.approx(wanted.cost, abs=1e-2)


def test_an_actor_that_cannot_be_finetuned_is_refused(saved: SavedActor) -> None:
    dense = SavedActor(MLP(2, 1, MLPConfig((4,)), torch.Generator()), SPEC, {})
    with pytest.raises(AgentError, match="a MLP has no spiking layers to be fine-tuned: give a PopSAN"):
        finetune(dense, TASK, None, 0)
    with pytest.raises(AgentError, match="2 grids for 3 spiking layers: give one for each"):
        finetune(saved, TASK, grids_of(saved, 8)[:2], 0)
    strange = replace(saved, spec=replace(SPEC, observation_names=("a", "b")))
    with pytest.raises(AgentError, match="observation_names are a, b of the actor, s, noise of the task"):
        finetune(strange, TASK, None, 0)


def test_an_interrupt_leaves_the_best_so_far(saved: SavedActor) -> None:
    def interrupt(row: object) -> None:
        raise KeyboardInterrupt

    found = finetune(saved, TASK, grids_of(saved, 8), 0, SHORT, interrupt)
    assert found.interrupted
    assert np.isfinite(found.best.regret)


@pytest.mark.slow
def test_finetuning_wins_back_what_rounding_lost(saved: SavedActor) -> None:
    """Four values for a weight, where rounding alone leaves little of the actor."""
    coarse = [replace(grid, step=128, high=128) for grid in grids_of(saved, 4)]
    # Weights have far to go from one value to the next.
    config = replace(SHORT, total_steps=48_000, bias_share=0.25, actor_lr=2e-3, actor_lr_end=5e-4)
    found = finetune(saved, TASK, coarse, seed=1, config=config)
    for grid, layer in zip(coarse, found.actor.network.get_submodule("layers"), strict=True):
        integers = layer.get_parameter("weight").detach() * grid.scale
        assert len(torch.unique(integers.round())) <= 4
    before, after = found.metrics[0], held_out(TASK, 4_000).evaluate(noise_free(found.actor.network))
    as_trained = held_out(TASK, 4_000).evaluate(noise_free(saved.network))
    assert before.regret > 1.5 * as_trained.regret
    assert after.regret < 0.5 * before.regret
    assert after.violation_rate <= TASK.spec.violation_limit
