"""Both simulators against their equations, written out one neuron at a time."""

import gc
import os
import shutil
import subprocess
import sys
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from neuro_aolo_export import simulate
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import SpikingLayer
from neuro_aolo_export.loihi2.quantize import QuantizedLayer, quantize
from neuro_aolo_export.reset import RESETS, Reset
from neuro_aolo_export.simulate import (
    float_spikes,
    float_states,
    integer_spikes,
    integer_states,
    simulate_float,
    simulate_integer,
)


@dataclass
class _Reference:
    """A Loihi 2 neuron in Python integers, which have no width of their own."""

    wraps: int = 0
    clips: int = 0
    spikes: list[NDArray[np.uint8]] = field(default_factory=list)
    states: list[NDArray[np.int64]] = field(default_factory=list)

    @staticmethod
    def _decay(state: int, lost: int) -> int:
        product = abs(state) * (4096 - lost)
        return (product // 4096) * (1 if state >= 0 else -1)

    def neuron(
        self, layer: QuantizedLayer, n: int, arriving: NDArray[np.uint8]
    ) -> list[tuple[int, int, int]]:
        """Spike, u and v after every step."""
        u = v = 0
        history = []
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
            fired = int(v > layer.threshold_mant << 6)
            if fired:
                v = v - (layer.threshold_mant << 6) if layer.reset == "subtract" else 0
            history.append((fired, u, v))
        return history

    def run(self, layers: Sequence[QuantizedLayer], arriving: NDArray[np.uint8]) -> None:
        for layer in layers:
            history = np.empty((3, *arriving.shape[:2], layer.neurons), dtype=np.int64)
            for b, n in np.ndindex(history.shape[2:]):
                history[:, :, b, n] = np.transpose(self.neuron(layer, n, arriving[:, b]))
            arriving = history[0].astype(np.uint8)
            self.spikes.append(arriving)
            self.states.append(history[1:])


def _check_states(layers: Sequence[QuantizedLayer], inputs: NDArray[np.uint8]) -> _Reference:
    """Spikes and both states of every neuron at every step are the reference's."""
    reference = _Reference()
    reference.run(layers, inputs)
    states = integer_states(layers, inputs)
    for mine, spikes, (u, v) in zip(states, reference.spikes, reference.states, strict=True):
        np.testing.assert_array_equal(mine.spikes, spikes)
        np.testing.assert_array_equal(mine.current, u)
        np.testing.assert_array_equal(mine.potential, v)
    for mine, spikes in zip(integer_spikes(layers, inputs), reference.spikes, strict=True):
        np.testing.assert_array_equal(mine, spikes)
    return reference


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
    _check_states(layers, inputs)


@pytest.mark.parametrize("decays", [(2048, 1024), (1365, 77)])
def test_integer_simulator_wraps_and_clips_as_the_chip(decays: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    # 1100 inputs of 2 x 110 make 15.5 million, past 2^23 in a single step; 400 of them only by and by.
    layers = [_random_layer(rng, 1100, 3, skew, decays, 120000) for skew in (110, 40, -40, -110)]
    layers += [_random_layer(rng, 3000, 3, 125, decays, 120000)]
    wraps = clips = spikes = 0
    for layer in layers:
        inputs = (rng.random((12, 3, layer.inputs)) < rng.random((12, 3, 1))).astype(np.uint8)
        reference = _check_states([layer], inputs)
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


_SIGNS = {"mixed": (-128, 127, 2), "exciting": (0, 255, 1), "calming": (-255, 0, 1)}


@st.composite
def _networks(draw: st.DrawFn) -> tuple[list[QuantizedLayer], NDArray[np.uint8]]:
    """One to three layers of any integers that a chip holds, and their input."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sizes = draw(st.lists(st.integers(1, 12), min_size=2, max_size=4))
    layers = []
    for inputs, outputs in pairwise(sizes):
        low, high, step = _SIGNS[draw(st.sampled_from(sorted(_SIGNS)))]
        layers.append(
            QuantizedLayer(
                step * rng.integers(low, high, (outputs, inputs), endpoint=True),
                rng.integers(-4096, 4096, outputs),
                draw(st.integers(1, 4096)),
                draw(st.integers(0, 4095)),
                draw(st.one_of(st.integers(0, 2000), st.integers(0, 131071))),
                draw(st.sampled_from(RESETS)),
            )
        )
    shape = (draw(st.integers(1, 40)), draw(st.integers(1, 3)), sizes[0])
    return layers, (rng.random(shape) < draw(st.floats(0, 1))).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(_networks())
def test_any_small_network_is_the_chips(network: tuple[list[QuantizedLayer], NDArray[np.uint8]]) -> None:
    _check_states(*network)


@pytest.mark.parametrize("inputs", [127, 128, 129, 256, 257, 514, 600])
def test_sums_are_exact_where_their_types_end(inputs: int) -> None:
    # 16 bits hold sums of 258 halved weights of 254, and of 128 whole ones of 255. 97 neurons fill one
    # table and start the next.
    rng = np.random.default_rng(inputs)
    even = np.full((97, inputs), 254)
    odd = np.where(rng.random(even.shape) < 0.5, 255, 253)
    mixed = np.where(rng.random(even.shape) < 0.5, -256, 254)
    spikes = np.ones((3, 1, inputs), dtype=np.uint8)
    for weight in (even, odd, -odd, mixed):
        layer = QuantizedLayer(weight, np.zeros(97, dtype=int), 2048, 1024, 131071)
        states = integer_states([layer], spikes)[0]
        reference = np.where((total := weight.sum(axis=1) << 6) > 2**23, total - 2**24, total)
        reference = np.where(reference <= -(2**23), reference + 2**24, reference)
        np.testing.assert_array_equal(states.current[0, 0], reference)
    small = [_random_layer(rng, inputs, 2, 127, (1, 0), 131071)]
    _check_states(small, spikes)


@pytest.mark.parametrize("voltage_decay", [0, 1, 1023, 1024, 1025, 3072, 4095])
def test_states_are_exact_where_float32_ends(voltage_decay: int) -> None:
    # Potentials that pass 2^24 / 4095, 2^24 / 3 and 2^23 on their way to the highest threshold.
    rng = np.random.default_rng(voltage_decay)
    for bias, scale in ((4095, 255), (-4096, 3), (61, 1)):
        weight = scale * rng.integers(0, 2, (3, 5))
        layer = QuantizedLayer(weight, np.full(3, bias), 4096, voltage_decay, 131071)
        _check_states([layer], np.ones((60, 1, 5), dtype=np.uint8))


def _float_neuron(
    layer: SpikingLayer, n: int, arriving: NDArray[np.uint8]
) -> list[tuple[float, float, float]]:
    """Spike, current and charged potential of one neuron, operation by operation in float32."""
    one = np.float32
    c = v = one(0)
    history = []
    for row in arriving:
        drive = layer.bias[n]
        for i in np.flatnonzero(row):
            drive = drive + layer.weight[n, i]
        c = one(layer.current_decay) * c + drive
        charged = one(layer.voltage_decay) * v + c
        fired = charged > one(layer.threshold)
        history.append((float(fired), float(c), float(charged)))
        left = charged - one(layer.threshold) if layer.reset == "subtract" else one(0)
        v = left if fired else charged
    return history


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 20),
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0.01, 3),
    st.sampled_from(RESETS),
)
def test_float_states_are_float32_operation_by_operation(
    seed: int, steps: int, current_decay: float, voltage_decay: float, threshold: float, reset: Reset
) -> None:
    rng = np.random.default_rng(seed)
    layers = [
        SpikingLayer(
            rng.normal(size=(out, inp)), rng.normal(size=out), current_decay, voltage_decay, threshold, reset
        )
        for inp, out in ((9, 7), (7, 4))
    ]
    arriving = (rng.random((steps, 2, 9)) < 0.4).astype(np.uint8)
    spikes = float_spikes(layers, arriving)
    for layer, states, fired in zip(layers, float_states(layers, arriving), spikes, strict=True):
        np.testing.assert_array_equal(states.spikes, fired)
        for b, n in np.ndindex(fired.shape[1:]):
            mine = np.column_stack([part[:, b, n] for part in (fired, states.current, states.charged)])
            np.testing.assert_array_equal(mine, _float_neuron(layer, n, arriving[:, b]))
        left = states.charged - np.float32(layer.threshold) if reset == "subtract" else 0
        np.testing.assert_array_equal(states.potential, np.where(fired, left, states.charged))
        arriving = fired


def test_float_spikes_are_those_of_a_matrix_product(make_graph) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(11)
    graph = make_graph(rng, (130, 97), steps=8)
    inputs = graph.input_spikes(rng.uniform(-1, 1, (50, 3)))
    for layer, states in zip(graph.layers, float_states(graph.layers, inputs), strict=True):
        drive = inputs.astype(np.float64) @ layer.weight.T.astype(np.float64) + layer.bias
        current = np.zeros_like(drive[0])
        for step, arriving in enumerate(drive):
            current = layer.current_decay * current + arriving
            np.testing.assert_allclose(states.current[step], current, atol=1e-5)
        inputs = states.spikes


@pytest.mark.parametrize("population", [1, 4, 10, 33])
def test_encoder_is_the_graphs_own(make_graph, population: int) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(population)
    graph = make_graph(rng, population=population, steps=9)
    mean = graph.encoder.mean + rng.normal(scale=0.1, size=graph.encoder.mean.shape)
    std = rng.choice([1e-3, 0.05, 0.4, -0.7, 5.0], mean.shape)
    graph = replace(graph, encoder=type(graph.encoder)(mean, std, 0.73))
    observations = np.concatenate([rng.uniform(-1, 1, (3000, 3)), [[1e30, -1e30, 0.0], mean[:, 0]]])
    np.testing.assert_array_equal(
        simulate_float(graph, observations).input_spikes, graph.input_spikes(observations)
    )
    qgraph = quantize(graph)
    np.testing.assert_array_equal(
        simulate_integer(qgraph, observations).input_spikes, qgraph.input_spikes(observations)
    )


def test_input_of_any_layout_gives_the_same_spikes() -> None:
    rng = np.random.default_rng(2)
    layer = _random_layer(rng, 6, 5, 0, (2048, 1024), 200)
    inputs = (rng.random((7, 8, 6)) < 0.5).astype(np.uint8)
    frozen = inputs.copy()
    frozen.setflags(write=False)
    expected = integer_spikes([layer], inputs)[0]
    for same in (frozen, np.asfortranarray(inputs), inputs.astype(bool), inputs.astype(float)):
        np.testing.assert_array_equal(integer_spikes([layer], same)[0], expected)


def test_plans_go_with_their_graph(make_graph) -> None:  # type: ignore[no-untyped-def]
    graph = make_graph(np.random.default_rng(0))
    simulate_float(graph, np.zeros((1, 3)))
    gone = weakref.ref(graph.layers[0])
    del graph
    gc.collect()
    assert gone() is None


def test_a_folder_that_cannot_be_written_costs_only_the_cache(tmp_path: Path) -> None:
    """Neither the package's cache nor the user's can be made: a file is where each folder would be."""
    package = tmp_path / "neuro_aolo_export"
    shutil.copytree(Path(simulate.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__pycache__").write_text("")
    (tmp_path / "home").write_text("")
    code = (
        "import numpy as np, neuro_aolo_export.kernels as kernels\n"
        "one, spikes = np.ones((1, 1), np.float32), np.empty((1, 3, 1), np.uint8)\n"
        "kernels.encode(one, one, one, np.float32(0.999), spikes)\n"
        "print(kernels.__file__, spikes.tolist())"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), "PYTHONPATH": str(tmp_path)}
    environment["XDG_CACHE_HOME"] = str(tmp_path / "home" / "cache")
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(package) in done.stdout
    assert "[[[1], [1], [1]]]" in done.stdout


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


def test_what_is_the_network_s_own_has_the_float_graph_s_channels(make_graph) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(4)
    graph = make_graph(rng)
    observations = rng.uniform(-1, 1, (6, 3))
    exact, integer = simulate_float(graph, observations), simulate_integer(quantize(graph), observations)
    assert (exact.always_on, integer.always_on) == (False, True)
    np.testing.assert_array_equal(integer.own_input_spikes, exact.input_spikes)
    assert exact.own_input_spikes is exact.input_spikes
    assert exact.own_layer_spikes is exact.layer_spikes
    assert [layer.shape for layer in integer.own_layer_spikes] == [
        layer.shape for layer in exact.layer_spikes
    ]
    *hidden, output = zip(integer.own_layer_spikes, integer.layer_spikes, strict=True)
    for own, layer in hidden:
        np.testing.assert_array_equal(own, layer[..., :-1])
    assert output[0] is output[1]


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
