"""The layers of a spiking actor with graded input: as the exported graph, with gradients, and rounded."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from neuro_aolo.agent.finetune import _Rounding
from neuro_aolo.agent.popsan import TUNED, PopSAN, PopSANConfig
from neuro_aolo.errors import AgentError
from neuro_aolo.pricing.count import count_spiking
from neuro_aolo_export.loihi2.quantize import grids, quantize
from neuro_aolo_export.simulate import simulate_float

SMALL = replace(TUNED, hidden=(48,))


def actor(config: PopSANConfig = SMALL, seed: int = 0) -> PopSAN:
    return config.build(4, 2, torch.Generator().manual_seed(seed))


def drawn(count: int = 400) -> torch.Tensor:
    return torch.rand((count, 4), generator=torch.Generator().manual_seed(5)) * 2.0 - 1.0


@pytest.mark.parametrize("hidden", [(48,), (32, 24)])
def test_the_graph_decides_as_the_network_does(hidden: tuple[int, ...]) -> None:
    network = actor(replace(SMALL, hidden=hidden))
    observations = drawn()
    with torch.no_grad():
        spikes, actions = network.spikes(observations), network(observations)
    activity = simulate_float(network.graph(), observations.numpy())
    differing = sum(
        int((own.numpy() != other).sum())
        for own, other in zip(spikes, [activity.input_spikes, *activity.layer_spikes], strict=True)
    )
    assert differing == 0
    np.testing.assert_allclose(actions.numpy(), activity.actions, atol=2e-6)


def test_neurons_begin_as_ramps_of_what_they_listen_to() -> None:
    layer = actor(replace(SMALL, fan_in=1)).layers[0]
    weight, bias = layer.weight.detach(), layer.bias.detach()
    assert ((weight != 0.0).sum(dim=1) == 1).all()
    torch.testing.assert_close(weight.norm(dim=1), torch.full((48,), 2.0))
    assert (bias.abs() <= 2.0).all()
    of_all = actor(replace(SMALL, fan_in=0)).layers[0].weight.detach()
    assert (of_all != 0.0).all()
    torch.testing.assert_close(of_all.norm(dim=1), torch.full((48,), 2.0))


def test_gradients_reach_every_parameter() -> None:
    network = actor()
    network(drawn()).square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0.0, name


def test_rounded_to_a_chips_grid_it_is_the_integers_and_stays_so() -> None:
    network = actor()
    chip = quantize(network.graph())
    layer = network.layers[0]
    layer.rounding = _Rounding(grids(chip)[0])
    weight, bias = (each.detach().double().numpy() for each in layer.synapses())
    scale = grids(chip)[0].scale
    np.testing.assert_allclose(weight * scale, chip.layers[0].weight[:, :-1], atol=1e-3)
    np.testing.assert_allclose(bias / SMALL.levels * scale, chip.layers[0].weight[:, -1], atol=1e-3)
    layer.settle()
    assert layer.rounding is None
    np.testing.assert_array_equal(quantize(network.graph()).layers[0].weight, chip.layers[0].weight)


def test_a_graded_spike_is_one_event() -> None:
    network = actor()
    graph = network.graph()
    observations = drawn().numpy()
    counts = count_spiking(graph, simulate_float(graph, observations))
    assert counts.input_spikes == pytest.approx(4 * graph.steps, abs=0.2)
    assert counts.encoder_exps == counts.encoder_updates == 0
    assert counts.decoder_macs == 2 * 48


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"encoder": "raw"}, "encoder = 'raw' is unknown: give population or graded"),
        ({"decoder": "own"}, "decoder = 'own' is unknown: give population or shared"),
        ({"levels": 256}, "levels = 256 is not allowed: give 2 to 255"),
        ({"hidden": ()}, "decoder = 'shared' reads the last hidden layer, and hidden is empty"),
    ],
)
def test_shapes_that_no_network_has_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(AgentError, match=message):
        replace(TUNED, **change)
