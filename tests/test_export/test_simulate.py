"""Both simulators against their equations, written out one neuron at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from export.errors import ExportError
from export.graph import SpikingLayer
from export.quantize import QuantizedLayer, quantize
from export.simulate import integer_spikes, simulate_float, simulate_integer


@dataclass
class _Reference:
    """A Loihi 2 neuron in Python integers, which have no width of their own."""

    wraps: int = 0
    clips: int = 0
    spikes: list[NDArray[np.uint8]] = field(default_factory=list)

    @staticmethod
    def _decay(state: int, lost: int) -> int:
        product = abs(state) * (4096 - lost)
        return (product // 4096) * (1 if state >= 0 else -1)

    def neuron(self, layer: QuantizedLayer, n: int, arriving: NDArray[np.uint8]) -> list[int]:
        u = v = 0
        fired = []
        for row in arriving:
            a = sum(int(w) for w, s in zip(layer.weight[n], row, strict=True) if s)
            u = self._decay(u, layer.current_decay) + (a << 6)
            if u > 2**23:
                u, self.wraps = u - 2**24, self.wraps + 1
            elif u <= -(2**23):
                u, self.wraps = u + 2**24, self.wraps + 1
            v = self._decay(v, layer.voltage_decay) + u + (int(layer.bias_mant[n]) << 6)
            if abs(v) > 2**23 - 1:
                v, self.clips = (2**23 - 1) * (1 if v > 0 else -1), self.clips + 1
            fired.append(int(v > layer.threshold_mant << 6))
            v = 0 if fired[-1] else v
        return fired

    def run(self, layers: Sequence[QuantizedLayer], arriving: NDArray[np.uint8]) -> None:
        for layer in layers:
            out = np.empty((*arriving.shape[:2], layer.neurons), dtype=np.uint8)
            for b, n in np.ndindex(out.shape[1:]):
                out[:, b, n] = self.neuron(layer, n, arriving[:, b])
            self.spikes.append(out)
            arriving = out


def _random_layer(
    rng: np.random.Generator, inputs: int, outputs: int, skew: int, decays: tuple[int, int], threshold: int
) -> QuantizedLayer:
    half = np.clip(rng.integers(-128, 128, (outputs, inputs)) + skew, -127, 127)
    return QuantizedLayer(2 * half, rng.integers(-4096, 4096, outputs), *decays, threshold)


@pytest.mark.parametrize("decays", [(2048, 1024), (1, 0), (4096, 4095), (1365, 77)])
@pytest.mark.parametrize("skew", [0, 110, -110])
def test_integer_simulator_is_the_chips_neuron(decays: tuple[int, int], skew: int) -> None:
    rng = np.random.default_rng([*decays, abs(skew)])
    layers = [_random_layer(rng, 9, 7, skew, decays, 500), _random_layer(rng, 7, 5, 0, decays, 60)]
    inputs = (rng.random((16, 4, 9)) < 0.4).astype(np.uint8)
    reference = _Reference()
    reference.run(layers, inputs)
    for mine, other in zip(integer_spikes(layers, inputs), reference.spikes, strict=True):
        np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("decays", [(2048, 1024), (1365, 77)])
def test_integer_simulator_wraps_and_clips_as_the_chip(decays: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    # 1100 inputs of 2 x 110 make 15.5 million, past 2^23 in a single step; 400 of them only by and by.
    layers = [_random_layer(rng, 1100, 3, skew, decays, 120000) for skew in (110, 40, -40, -110)]
    layers += [_random_layer(rng, 3000, 3, 125, decays, 120000)]
    wraps = clips = spikes = 0
    for layer in layers:
        inputs = (rng.random((12, 3, layer.inputs)) < rng.random((12, 3, 1))).astype(np.uint8)
        reference = _Reference()
        reference.run([layer], inputs)
        np.testing.assert_array_equal(integer_spikes([layer], inputs)[0], reference.spikes[0])
        wraps, clips, spikes = (
            wraps + reference.wraps,
            clips + reference.clips,
            spikes + int(reference.spikes[0].sum()),
        )
    assert min(wraps, clips, spikes) > 10


def test_current_wraps_at_its_edges_and_nowhere_before() -> None:
    # 2^23 / 64 = 131072 = 516 x 254 + 8: exactly 2^23 stays, 128 more wraps to below zero.
    weight = np.full((2, 518), 254)
    weight[:, 516:] = [[8, 0], [8, 2]]
    layer = QuantizedLayer(weight, np.zeros(2, dtype=int), 2048, 1024, 131071)
    assert integer_spikes([layer], np.ones((1, 1, 518), dtype=np.uint8))[0].tolist() == [[[1, 0]]]


def test_float_simulator_is_equations_29_to_31(make_graph) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(7)
    graph = make_graph(rng, (6,), steps=5)
    # Multiples of 1/64 leave no rounding in five steps of float32: the two must agree to the last spike.
    layers = tuple(
        SpikingLayer(np.rint(x.weight * 64) / 64, np.rint(x.bias * 64) / 64, 0.5, 0.75, 0.5)
        for x in graph.layers
    )
    graph = type(graph)(graph.encoder, layers, graph.decoder, 5)
    activity = simulate_float(graph, rng.uniform(-1, 1, (30, 3)))
    arriving = activity.input_spikes
    for layer, fired in zip(layers, activity.layer_spikes, strict=True):
        for b, n in np.ndindex(fired.shape[1:]):
            c = v = o = 0.0
            for t in range(5):
                c = 0.5 * c + float(layer.weight[n].astype(float) @ arriving[t, b]) + float(layer.bias[n])
                v = 0.75 * v * (1 - o) + c
                o = float(v > 0.5)
                assert fired[t, b, n] == o
        assert 0 < fired.mean() < 1
        arriving = fired


def test_a_decision_does_not_depend_on_its_batch(make_graph) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(3)
    qgraph = quantize(make_graph(rng))
    observations = rng.uniform(-1, 1, (515, 3))
    together = simulate_integer(qgraph, observations)
    for index in (0, 255, 256, 514):
        alone = simulate_integer(qgraph, observations[index : index + 1])
        np.testing.assert_array_equal(together.actions[index], alone.actions[0])
        for mine, other in zip(together.layer_spikes, alone.layer_spikes, strict=True):
            np.testing.assert_array_equal(mine[:, index], other[:, 0])


def test_always_on_axon_and_bias_neurons_fire_at_every_step(make_graph) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(4)
    activity = simulate_integer(quantize(make_graph(rng, steps=16)), rng.uniform(-1, 1, (40, 3)))
    assert activity.input_spikes[..., -1].all()
    for hidden in activity.layer_spikes[:-1]:
        assert hidden[..., -1].all()


def test_no_decisions_make_no_spikes(make_graph) -> None:  # type: ignore[no-untyped-def]
    graph = make_graph(np.random.default_rng(0))
    for activity in (
        simulate_float(graph, np.empty((0, 3))),
        simulate_integer(quantize(graph), np.empty((0, 3))),
    ):
        assert activity.actions.shape == (0, 2)
        assert activity.layer_spikes[-1].shape == (5, 0, 8)


@pytest.mark.parametrize(
    "spikes",
    [
        np.full((5, 1, 2), 2),
        np.full((5, 1, 2), 0.5),
        np.full((5, 1, 2), -1),
        np.full((5, 1, 3), 1),
        np.ones((5, 2)),
    ],
)
def test_input_other_than_spikes_is_refused(spikes: NDArray[np.float64]) -> None:
    layer = QuantizedLayer(np.full((1, 2), 2), np.zeros(1, dtype=int), 2048, 1024, 64)
    with pytest.raises(ExportError, match="spikes"):
        integer_spikes([layer], spikes)
