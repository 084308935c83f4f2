"""PopSAN on Norse against AOLO's equations (26)-(33) written out plainly."""

import warnings

import numpy as np
import pytest
import torch
from torch import Tensor

from neuro_aolo.agent.popsan import PopSAN, PopSANConfig
from neuro_aolo.errors import AgentError
from neuro_aolo_export.simulate import simulate_float

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from norse.torch.functional.lif import LIFFeedForwardState, LIFParameters, lif_feed_forward_step


def make(observations: int = 5, actions: int = 2, seed: int = 0, gain: float = 1.0, **config: int) -> PopSAN:
    actor = PopSAN(observations, actions, PopSANConfig(**config), torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for layer in actor.layers:
            layer.weight *= gain
    return actor.double()


class PaperSpike(torch.autograd.Function):
    """Equation (31) with PopSAN's rectangular surrogate: 1 where |v - V_th| < 0.5."""

    @staticmethod
    def forward(ctx, v: Tensor) -> Tensor:
        ctx.save_for_backward(v)
        return (v > 0.5).to(v.dtype)

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        return grad * ((ctx.saved_tensors[0] - 0.5).abs() < 0.5)


class PaperEncoderSpike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v: Tensor) -> Tensor:
        return (v > 0.999).to(v.dtype)

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        return grad


def by_the_paper(actor: PopSAN, states: Tensor) -> tuple[list[Tensor], Tensor]:
    """Equations (26)-(33), one neuron population and one time step after the other."""
    mu, sigma = actor.encoder.mean, actor.encoder.std
    stimulus = torch.exp(-0.5 * ((states[:, :, None] - mu) / sigma) ** 2).reshape(len(states), -1)
    v_enc = torch.zeros_like(stimulus)
    sizes = [layer.weight.shape[0] for layer in actor.layers]
    c = [torch.zeros(len(states), n, dtype=states.dtype) for n in sizes]
    v = [torch.zeros_like(x) for x in c]
    o = [torch.zeros_like(x) for x in c]
    record: list[list[Tensor]] = [[] for _ in range(len(sizes) + 1)]
    for _ in range(actor.config.steps):
        v_enc = v_enc + stimulus
        spikes = PaperEncoderSpike.apply(v_enc)
        v_enc = v_enc - 0.999 * spikes
        record[0].append(spikes)
        for k, layer in enumerate(actor.layers):
            c[k] = 0.5 * c[k] + spikes @ layer.weight.T + layer.bias
            v[k] = 0.75 * v[k] * (1 - o[k]) + c[k]
            o[k] = spikes = PaperSpike.apply(v[k])
            record[k + 1].append(spikes)
    rates = torch.stack(record[-1]).mean(0).reshape(len(states), *actor.decoder.weight.shape)
    return [torch.stack(r) for r in record], torch.tanh(
        (rates * actor.decoder.weight).sum(-1) + actor.decoder.bias
    )


@pytest.mark.parametrize(("steps", "gain"), [(5, 1.0), (5, 4.0), (16, 2.0)])
def test_spike_for_spike_with_the_equations(steps: int, gain: float) -> None:
    actor = make(steps=steps, gain=gain, seed=steps)
    states = torch.rand(400, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1
    spikes, actions = by_the_paper(actor, states)
    ours = actor.spikes(states)
    assert [a.shape for a in ours] == [b.shape for b in spikes]
    for mine, theirs in zip(ours, spikes, strict=True):
        assert 0.01 < theirs.detach().mean() < 0.99
        assert torch.equal(mine, theirs)
    torch.testing.assert_close(actor(states), actions, rtol=0, atol=1e-15)


def test_gradients_are_those_of_the_equations() -> None:
    actor = make(gain=2.0)
    states = torch.rand(64, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64) * 2 - 1
    actor(states).square().sum().backward()
    ours = {name: p.grad.clone() for name, p in actor.named_parameters()}
    actor.zero_grad()
    by_the_paper(actor, states)[1].square().sum().backward()
    for name, parameter in actor.named_parameters():
        assert ours[name].abs().max() > 0, name
        torch.testing.assert_close(ours[name], parameter.grad, rtol=1e-9, atol=1e-12)


def test_a_layer_is_norses_own_lif() -> None:
    layer = make(gain=3.0).layers[0]
    generator = torch.Generator().manual_seed(3)
    inputs = torch.bernoulli(torch.full((8, 32, 50), 0.3, dtype=torch.float64), generator=generator)
    with torch.no_grad():
        spikes = layer(inputs)
        currents = torch.nn.functional.linear(inputs, layer.weight, layer.bias)
    parameters = LIFParameters(tau_syn_inv=0.5, tau_mem_inv=0.25, v_leak=0.0, v_th=0.125, v_reset=0.0)
    zeros = torch.zeros(32, 256, dtype=torch.float64)
    state = LIFFeedForwardState(v=zeros, i=zeros)
    assert 0.05 < spikes.mean() < 0.5
    for current, spike in zip(currents, spikes, strict=True):
        norse_spike, state = lif_feed_forward_step(current, state, parameters, dt=1.0)
        assert torch.equal(spike, norse_spike)


def test_decisions_do_not_depend_on_each_other() -> None:
    actor = make()
    states = torch.rand(16, 5, generator=torch.Generator().manual_seed(4), dtype=torch.float64) * 2 - 1
    together = actor(states)
    apart = torch.cat([actor(state[None]) for state in states])
    torch.testing.assert_close(together, apart, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("observations", "actions", "hidden"), [(5, 2, (256, 256)), (44, 39, (64,)), (1, 1, (8, 8, 8))]
)
def test_frozen_graph_decides_alike(observations: int, actions: int, hidden: tuple[int, ...]) -> None:
    config = PopSANConfig(hidden=hidden)
    actor = PopSAN(observations, actions, config, torch.Generator().manual_seed(0))
    states = torch.rand(200, observations, generator=torch.Generator().manual_seed(5)) * 2 - 1
    activity = simulate_float(actor.graph(), states.numpy())
    with torch.no_grad():
        record, decided = actor.spikes(states), actor(states)
    both = [activity.input_spikes, *activity.layer_spikes]
    differing = sum(int((a != b.numpy()).sum()) for a, b in zip(both, record, strict=True))
    assert differing <= 1e-5 * sum(a.size for a in both)
    agree = np.isclose(activity.actions, decided.numpy(), atol=1e-5).all(axis=1)
    assert agree.mean() > 0.99


def test_sizes_below_one_are_refused() -> None:
    with pytest.raises(AgentError, match="steps = 0 is not allowed: give 1 to"):
        PopSANConfig(steps=0)
