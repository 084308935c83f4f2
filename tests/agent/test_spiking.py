"""Compiled loops over neurons against the steps of torch and Norse that they stand for."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from neuro_aolo.agent import spiking_loops
from neuro_aolo.agent.popsan import PopSAN, PopSANConfig
from neuro_aolo.agent.spiking import LIF, IntegrateAndFire, steady_rates


def both(monkeypatch: pytest.MonkeyPatch, run: object) -> tuple[list[Tensor], list[Tensor]]:
    """What ``run`` returns with the loops and without them."""
    found = []
    for on in (True, False):
        monkeypatch.setattr(spiking_loops, "ON", on)
        found.append(run())  # type: ignore[operator]
    return found[0], found[1]


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (5, 400), (64, 33)])
@pytest.mark.parametrize(("current_decay", "voltage_decay"), [(0.5, 0.75), (0.3, 0.9), (0.0, 0.0)])
def test_a_layer_spikes_as_norse_s_and_its_gradient_is_that(
    shape: tuple[int, int], current_decay: float, voltage_decay: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    gain = 1.0 - voltage_decay
    generator = torch.Generator().manual_seed(2)
    currents = 1.5 * torch.randn((9, *shape), generator=generator)
    passed = torch.randn((9, *shape), generator=generator)

    def run() -> list[Tensor]:
        given = currents.clone().requires_grad_()
        spikes = LIF.apply(given, 1.0 - current_decay, gain, 0.5 * gain, 0.2 * gain)  # type: ignore[no-untyped-call]
        spikes.backward(passed)
        assert given.grad is not None
        return [spikes.detach(), given.grad]

    (spikes, gradient), (expected, of_norse) = both(monkeypatch, run)
    assert torch.equal(spikes, expected)
    torch.testing.assert_close(gradient, of_norse, rtol=1e-6, atol=1e-6)
    if min(shape) > 1:
        assert 0.0 < float(spikes.mean()) < 1.0
        assert gradient.abs().max() > 0.0


@pytest.mark.parametrize("steps", [1, 2, 5, 7, 16])
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (9, 400)])
@pytest.mark.parametrize(("current_decay", "voltage_decay"), [(0.5, 0.75), (0.3, 0.9), (0.0, 0.0)])
def test_rates_under_a_steady_current_are_those_of_its_spikes(
    steps: int,
    shape: tuple[int, int],
    current_decay: float,
    voltage_decay: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gain = 1.0 - voltage_decay
    generator = torch.Generator().manual_seed(5)
    current = 1.5 * torch.randn(shape[::-1], generator=generator).T
    passed = torch.randn(shape, generator=generator)

    def run() -> list[Tensor]:
        given = current.clone().requires_grad_()
        neuron = 1.0 - current_decay, gain, 0.5 * gain, 0.2 * gain
        rates = steady_rates(given, steps, *neuron)
        rates.backward(passed)
        assert given.grad is not None
        return [rates.detach(), steady_rates(current, steps, *neuron), given.grad]

    (rates, without_gradient, gradient), (expected, _, of_norse) = both(monkeypatch, run)
    assert torch.equal(rates, expected)
    assert torch.equal(without_gradient, expected)
    torch.testing.assert_close(gradient, of_norse, rtol=1e-6, atol=1e-6)
    if min(shape) > 1:
        assert 0.0 < float(rates.mean()) < 1.0
        assert gradient.abs().max() > 0.0


@pytest.mark.parametrize("threshold", [0.999, 0.5, 1.7])
def test_encoders_spike_as_they_did(threshold: float, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(3)
    stimulus = torch.rand((50, 60), generator=generator)
    passed = torch.randn((7, 50, 60), generator=generator)

    def run() -> list[Tensor]:
        given = stimulus.clone().requires_grad_()
        spikes = IntegrateAndFire.apply(given, threshold, 7)  # type: ignore[no-untyped-call]
        spikes.backward(passed)
        assert given.grad is not None
        return [spikes.detach(), given.grad]

    (spikes, gradient), (expected, of_torch) = both(monkeypatch, run)
    assert torch.equal(spikes, expected)
    torch.testing.assert_close(gradient, of_torch, rtol=1e-6, atol=1e-6)


GRADED = PopSANConfig(encoder="graded", decoder="shared", hidden=(32,), fan_in=1)


@pytest.mark.parametrize(
    "config", [PopSANConfig(hidden=(32, 16)), GRADED, replace(GRADED, decoder="population")]
)
@pytest.mark.parametrize("steps", [1, 5])
def test_a_network_learns_as_it_did(
    config: PopSANConfig, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Observations that do not lie in one piece, and gradients that are spread out by a mean."""
    observations = (torch.rand((4, 20), generator=torch.Generator().manual_seed(4)) * 2.0 - 1.0).T

    def run() -> list[Tensor]:
        network = PopSAN(4, 2, replace(config, steps=steps), torch.Generator().manual_seed(1))
        actions = network(observations)
        actions.square().sum().backward()
        return [actions.detach(), *(each.grad for each in network.parameters() if each.grad is not None)]

    told, expected = both(monkeypatch, run)
    assert torch.equal(told[0], expected[0])
    assert len(told) == len(expected) > 4
    for one, other in zip(told, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_a_decision_is_the_one_of_the_spikes() -> None:
    network = PopSAN(4, 2, GRADED, torch.Generator().manual_seed(1))
    observations = torch.rand((300, 4), generator=torch.Generator().manual_seed(4)) * 2.0 - 1.0
    with torch.no_grad():
        spikes = network.spikes(observations)[-1]
        assert torch.equal(network(observations), network.decoder(spikes))
        assert 0.0 < float(spikes.mean()) < 1.0


def test_other_precisions_and_compilers_keep_torch_s_own_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spiking_loops, "lif", lambda *_: pytest.fail("in the loop"))
    currents = torch.ones((3, 2, 2), dtype=torch.float64)
    assert LIF.apply(currents, 0.5, 0.25, 0.1, 0.05).dtype == torch.float64  # type: ignore[no-untyped-call]
