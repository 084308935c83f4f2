"""Graphs to NIR and back, NIR's own equations as a second computation, and other people's networks."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import PopulationDecoder, PopulationEncoder, Quantity, SpikingGraph, SpikingLayer
from neuro_aolo_export.graph_file import graph_digest
from neuro_aolo_export.nir.convert import NOMINAL_DT_S, read_nir, write_nir
from neuro_aolo_export.reset import RESETS
from neuro_aolo_export.simulate import simulate_float

_SETTINGS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_ROUGH_DECAYS = st.just(0.0) | st.floats(2.0**-19, 1.0, width=32, exclude_max=True)


@st.composite
def _layers(draw: st.DrawFn) -> tuple[SpikingLayer, ...]:
    sizes = draw(st.lists(st.integers(1, 7), min_size=2, max_size=4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    layers = []
    for inputs, outputs in pairwise(sizes):
        current_decay, voltage_decay = draw(st.just((0.0, 1.0)) | st.tuples(_ROUGH_DECAYS, _ROUGH_DECAYS))
        weight = rng.standard_normal((outputs, inputs)) * 10.0 ** draw(st.integers(-44, 37))
        threshold = draw(st.floats(2.0**-126, 2.0**126, width=32))
        layers.append(
            SpikingLayer(
                weight,
                rng.standard_normal(outputs),
                current_decay,
                voltage_decay,
                threshold,
                draw(st.sampled_from(RESETS)),
            )
        )
    return tuple(layers)


@st.composite
def _graphs(draw: st.DrawFn) -> SpikingGraph:
    layers = draw(_layers())
    encoder = decoder = None
    observations: tuple[Quantity, ...] = ()
    if draw(st.booleans()):
        mean = np.linspace(-1, 1, layers[0].inputs)[None]
        encoder = PopulationEncoder(mean, np.full(mean.shape, 0.3), draw(st.floats(0.1, 2)))
        observations = draw(st.sampled_from([(), (Quantity(draw(st.text(max_size=9)), "Hz", -1.5, 2e9),)]))
    if draw(st.booleans()):
        decoder = PopulationDecoder(np.full((1, layers[-1].neurons), 0.1), [draw(st.floats(-1, 1))])
    steps = draw(st.integers(1, 99))
    step_s = draw(st.none() | st.floats(1e-9, 1e3))
    return SpikingGraph(encoder, layers, decoder, steps, step_s, observations)


@_SETTINGS
@given(graph=_graphs())
def test_round_trips_are_identical(graph: SpikingGraph, tmp_path: Path) -> None:
    write_nir(graph, tmp_path / "a.nir")
    read = read_nir(tmp_path / "a.nir")
    write_nir(read, tmp_path / "b.nir")
    assert graph_digest(read) == graph_digest(graph)
    assert (tmp_path / "a.nir").read_bytes() == (tmp_path / "b.nir").read_bytes()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.nir", "b.nir"]
    other = read_nir(tmp_path / "a.nir", steps=graph.steps + 1)
    assert graph_digest(other) == graph_digest(replace(graph, steps=graph.steps + 1))


@_SETTINGS
@given(
    current_decay=st.floats(0, 1, width=32),
    voltage_decay=st.floats(0, 1, width=32),
    dt_s=st.floats(1e-6, 1.0),
)
def test_a_decay_is_held_or_refused(
    current_decay: float, voltage_decay: float, dt_s: float, tmp_path: Path
) -> None:
    layer = SpikingLayer([[1.0]], [0.0], current_decay, voltage_decay, 1.0)
    graph = SpikingGraph(None, (layer,), None, 5, dt_s)
    told = ""
    try:
        write_nir(graph, tmp_path / "a.nir")
    except ExportError as error:
        told = str(error)
    if told:
        tiny = any(0.0 < decay < 1e-6 for decay in (current_decay, voltage_decay))
        assert tiny or current_decay == 1.0 or (voltage_decay == 1.0 and current_decay > 0.0)
        assert told.startswith("layer 0 has ")
    else:
        assert graph_digest(read_nir(tmp_path / "a.nir")) == graph_digest(graph)


@pytest.mark.parametrize(
    ("decays", "name"),
    [
        ((1.0, 0.5), "current_decay 1"),
        ((0.5, 1.0), "voltage_decay 1"),
        ((1e-12, 0), "current_decay 9.99999996e-13"),
    ],
)
def test_what_nir_cannot_hold_is_refused(decays: tuple[float, float], name: str, tmp_path: Path) -> None:
    graph = SpikingGraph(None, (SpikingLayer([[1.0]], [0.0], *decays, 1.0),), None, 5)
    with pytest.raises(ExportError, match=f"layer 0 has .*{name}.*give 0, or from 1e-6 to 0.9999999"):
        write_nir(graph, tmp_path / "a.nir")
    assert list(tmp_path.iterdir()) == []


def _euler(network: Any, spikes: np.ndarray[Any, Any], dt: float) -> list[np.ndarray[Any, Any]]:
    """NIR's own equations for spikes ``(T, B, N)``, one forward Euler step per time step, in float64."""
    following = dict(network.edges)
    outputs, drive, name = [], spikes.astype(float), following["input"]
    while name != "output":
        node = network.nodes[name]
        if isinstance(node, nir.Affine):
            drive = drive @ node.weight.astype(float).T + node.bias
        else:
            current, voltage = np.zeros_like(drive[0]), np.zeros_like(drive[0])
            fired = np.empty_like(drive)
            for step, arriving in enumerate(drive):
                if isinstance(node, nir.IF):
                    voltage = voltage + dt * node.r * arriving
                elif isinstance(node, nir.LIF):
                    voltage = voltage + dt / node.tau * ((node.v_leak - voltage) + node.r * arriving)
                else:
                    current = current + dt / node.tau_syn * (-current + node.w_in * arriving)
                    voltage = voltage + dt / node.tau_mem * ((node.v_leak - voltage) + node.r * current)
                fired[step] = voltage > node.v_threshold
                voltage = np.where(fired[step] == 1, node.v_reset, voltage)
            drive = fired
            outputs.append(fired)
        name = following[name]
    return outputs


# Powers of two: every product and sum below is exact, in float32 and float64, so that spikes must be equal.
@pytest.mark.parametrize("decays", [(0.5, 0.75), (0.0, 0.75), (0.0, 1.0), (0.25, 0.0)])
def test_nirs_equations_give_the_same_spikes(
    make_graph: Callable[..., SpikingGraph], decays: tuple[float, float], tmp_path: Path
) -> None:
    graph = make_graph(np.random.default_rng(1), steps=8)
    layers = tuple(
        SpikingLayer(np.round(layer.weight * 16) / 16, np.round(layer.bias * 16) / 16, *decays, 0.53125)
        for layer in graph.layers
    )
    graph = replace(graph, layers=layers, step_s=2.0**-10)
    activity = simulate_float(graph, np.random.default_rng(2).uniform(-1, 1, (40, 3)))
    write_nir(graph, tmp_path / "a.nir")
    network = nir.read(tmp_path / "a.nir")
    outputs = _euler(network, activity.input_spikes, float(network.metadata["dt"]))
    assert [int((a != b).sum()) for a, b in zip(outputs, activity.layer_spikes, strict=True)] == [0, 0, 0]
    assert 0.02 < np.mean(activity.layer_spikes[-1]) < 0.98


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("decays", [(0.5, 0.75), (0.0, 1.0)])
def test_norse_makes_the_same_spikes_of_our_file(
    make_graph: Callable[..., SpikingGraph], decays: tuple[float, float], tmp_path: Path
) -> None:
    import torch
    from norse.torch import from_nir

    graph = make_graph(np.random.default_rng(3), steps=8)
    layers = tuple(
        SpikingLayer(np.round(layer.weight * 256) / 256, np.round(layer.bias * 256) / 256, *decays, 0.53)
        for layer in graph.layers
    )
    graph = replace(graph, layers=layers)
    activity = simulate_float(graph, np.random.default_rng(4).uniform(-1, 1, (100, 3)))
    write_nir(graph, tmp_path / "a.nir")
    network = from_nir(nir.read(tmp_path / "a.nir"), dt=NOMINAL_DT_S, ignore_warnings=True)
    state, outputs = None, []
    with torch.no_grad():
        for spikes in torch.from_numpy(activity.input_spikes).float():
            output, state = network(spikes, state)
            outputs.append(output.numpy())
    np.testing.assert_array_equal(outputs, activity.layer_spikes[-1])


def test_other_readers_see_plain_layers(make_graph: Callable[..., SpikingGraph], tmp_path: Path) -> None:
    graph = make_graph(np.random.default_rng(0))
    write_nir(graph, tmp_path / "a.nir")
    network = nir.read(tmp_path / "a.nir")
    kinds = {name: type(node).__name__ for name, node in network.nodes.items()}
    assert sorted(kinds.values()) == ["Affine"] * 3 + ["CubaLIF"] * 3 + ["Input", "Output"]
    assert network.metadata["dt"] == NOMINAL_DT_S
    assert network.metadata["steps"] == graph.steps
    neurons = network.nodes["layer0_neurons"]
    assert neurons.v_threshold.shape == (12,)
    assert network.metadata["w_in"].startswith("tau_syn / dt")
    np.testing.assert_allclose(neurons.w_in, neurons.tau_syn / NOMINAL_DT_S)
    np.testing.assert_allclose(neurons.r, neurons.tau_mem / NOMINAL_DT_S)
    assert network.nodes["input"].input_type["input"].tolist() == [12]


DT_S = 1e-3


def _lif(n: int = 2, **changes: Any) -> nir.LIF:
    values = {"tau": 4 * DT_S, "r": 4.0, "v_leak": 0.0, "v_threshold": 0.5, "v_reset": 0.0} | changes
    return nir.LIF(
        **{name: np.full(n, value) if np.ndim(value) == 0 else value for name, value in values.items()}
    )


def _cuba(n: int = 2, **changes: Any) -> nir.CubaLIF:
    values = {"tau_syn": 2 * DT_S, "tau_mem": 4 * DT_S, "r": 4.0, "w_in": 2.0}
    values |= {"v_leak": 0.0, "v_threshold": 0.5, "v_reset": 0.0} | changes
    return nir.CubaLIF(
        **{name: np.full(n, value) if np.ndim(value) == 0 else value for name, value in values.items()}
    )


def _linear(outputs: int = 2, inputs: int = 2) -> nir.Linear:
    return nir.Linear(weight=np.arange(1, 1 + outputs * inputs, dtype=np.float32).reshape(outputs, inputs))


def _write(path: Path, nodes: dict[str, Any], edges: list[tuple[str, str]] | None = None) -> Path:
    """A network of someone else's: a chain in the order given, unless edges say otherwise."""
    names = list(nodes)
    edges = list(pairwise(names)) if edges is None else edges
    nir.write(path, nir.NIRGraph(dict(nodes), edges, type_check=False))
    return path


def _ends(size: int = 2) -> tuple[nir.Input, nir.Output]:
    return nir.Input(input_type=np.array([size])), nir.Output(output_type=np.array([size]))


def test_names_and_order_in_the_file_do_not_matter(tmp_path: Path) -> None:
    first, last = _ends()
    second = nir.Affine(weight=np.eye(2), bias=np.ones(2))
    nodes = {"z": first, "y": _linear(), "b": _cuba(), "x": second, "a": _lif(), "0": last}
    layers = read_nir(_write(tmp_path / "a.nir", nodes), steps=3, dt_s=DT_S).layers
    assert layers[0].weight.tolist() == [[1, 2], [3, 4]]
    assert [layer.bias.tolist() for layer in layers] == [[0, 0], [1, 1]]
    assert [layer.current_decay for layer in layers] == [0.5, 0.0]
    assert [layer.voltage_decay for layer in layers] == [0.75, 0.75]


def test_gains_are_folded_into_the_weights(tmp_path: Path) -> None:
    first, last = _ends()
    gains = np.array([1.0, 3.0])
    nodes = {"i": first, "a": nir.Affine(weight=np.eye(2), bias=np.ones(2)), "b": _cuba(r=gains, w_in=gains)}
    nodes |= {"c": _linear(), "d": nir.IF(r=np.full(2, 5.0), v_threshold=np.ones(2)), "o": last}
    first_layer, second_layer = read_nir(_write(tmp_path / "a.nir", nodes), steps=3, dt_s=DT_S).layers
    np.testing.assert_allclose(first_layer.weight, np.diag(gains**2 / 8))
    np.testing.assert_allclose(first_layer.bias, gains**2 / 8)
    np.testing.assert_allclose(second_layer.weight, [[5e-3, 10e-3], [15e-3, 20e-3]])
    assert second_layer.voltage_decay == 1.0


def test_parameters_in_float32_and_without_width_are_read(tmp_path: Path) -> None:
    keep = np.float32(0.9)
    tau = np.float32(1e-4) / (np.float32(1) - keep)
    values = {"tau": tau, "r": tau / np.float32(1e-4), "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0}
    node = nir.LIF(**{name: np.float32(value) for name, value in values.items()})
    path = _write(tmp_path / "a.nir", {"w": _linear(), "n": node})
    layer = read_nir(path, steps=3, dt_s=1e-4).layers[0]
    assert layer.voltage_decay == pytest.approx(0.9, abs=2e-7)
    assert layer.weight.tolist() == [[1, 2], [3, 4]]


def test_an_older_file_without_reset_and_a_flatten_are_read(tmp_path: Path) -> None:
    shape = np.array([2, 1])
    nodes = {"i": nir.Input(input_type=shape), "f": nir.Flatten(shape, 0, -1), "w": _linear(), "n": _lif()}
    path = _write(tmp_path / "a.nir", nodes | {"o": _ends()[1]})
    with h5py.File(path, "a") as file:
        del file["node/nodes/n/v_reset"]
    graph = read_nir(path, steps=3, dt_s=DT_S)
    assert graph.layers[0].inputs == 2
    write_nir(graph, tmp_path / "b.nir")
    assert graph_digest(read_nir(tmp_path / "b.nir")) == graph_digest(graph)


_IN, _OUT = _ends()
_CONV = nir.Conv2d((1, 1), np.ones((1, 1, 1, 1)), 1, 0, 1, 1, np.ones(1))
_PAIR = {"w": _linear(), "n": _lif()}
_REFUSED: dict[str, tuple[dict[str, Any], list[tuple[str, str]] | None, str]] = {
    "convolution": ({"i": _IN, "c": _CONV}, None, "node 'c' is of type 'Conv2d'; allowed is Input -> "),
    "delay": ({"d": nir.Delay(np.ones(2)), **_PAIR}, None, "node 'd' is of type 'Delay'"),
    "threshold": ({"w": _linear(), "t": nir.Threshold(np.ones(2))}, None, "node 't' is of type 'Threshold'"),
    "readout": (
        {**_PAIR, "l": nir.LI(np.ones(2), np.ones(2), np.zeros(2))},
        None,
        "node 'l' is of type 'LI'",
    ),
    "subgraph": (
        {"g": nir.NIRGraph(dict(_PAIR), [("w", "n")], type_check=False), **_PAIR},
        None,
        "subgraph 'g' has 0 nodes of type Input: give it one, or write its nodes into the graph",
    ),
    "recurrent": (
        {"i": _IN, **_PAIR, "r": _linear(), "o": _OUT},
        [("i", "w"), ("w", "n"), ("n", "r"), ("r", "n"), ("n", "o")],
        "node 'n' is fed by 'w' and 'r'",
    ),
    "branch": (
        {**_PAIR, "o": _OUT, "p": _OUT},
        [("w", "n"), ("n", "o"), ("n", "p")],
        "'n' feeds 'o' and 'p'",
    ),
    "cycle": (_PAIR, [("w", "n"), ("n", "w")], r"every node is in a cycle, \['n'\] too"),
    "cycle beside": (
        {**_PAIR, "x": _linear(), "y": _lif()},
        [("w", "n"), ("x", "y"), ("y", "x")],
        "node 'x' is not joined to 'w', or in a cycle",
    ),
    "self": (_PAIR, [("w", "n"), ("n", "n")], "node 'n' feeds itself: .* without recurrent edges"),
    "edge twice": (_PAIR, [("w", "n"), ("w", "n")], "edge from node 'w' to 'n' stands twice: give it once"),
    "slash": ({"m/w": _linear(), "m/n": _lif()}, None, "node 'm' has no type: a '/' in a node's name"),
    "inputs": (
        {"a": _IN, "i": _IN, **_PAIR, "o": _OUT},
        [("i", "w"), ("w", "n"), ("n", "o")],
        "node 'a' is not joined to 'i', or in a cycle: join it by an edge or take it out",
    ),
    "unknown end": (_PAIR, [("w", "q")], "an edge joins node 'q', which is not there"),
    "alone": ({"i": _IN, **_PAIR, "o": _OUT}, [("i", "w"), ("w", "n")], "node 'o' is not joined to 'i'"),
    "weights twice": (
        {"w": _linear(), "x": _linear(), "n": _lif()},
        None,
        "'x', of type Linear, comes after 'w'",
    ),
    "no weights": ({"i": _IN, "n": _lif(), "o": _OUT}, None, "node 'n', of type LIF, comes after 'i'"),
    "no neurons": ({"i": _IN, "w": _linear()}, None, "node 'w' feeds no neurons"),
    "no layer": ({"i": _IN, "o": _OUT}, None, "there is no spiking layer"),
    "widths": (
        {"w": _linear(3, 2), "n": _lif()},
        None,
        r"node 'n' has parameters of shape \(2,\) but is fed 3 values by 'w'",
    ),
    "layers": ({**_PAIR, "x": _linear(2, 3), "y": _lif()}, None, "node 'x' takes 3 values but is fed 2"),
    "input": ({"i": _ends(7)[0], **_PAIR}, None, "node 'w' takes 2 values but is fed 7"),
    "output": ({**_PAIR, "o": _ends(7)[1]}, None, "node 'o' takes 7 values but is fed 2"),
    "uneven": (
        {"w": _linear(), "n": _lif(tau=np.array([4, 8]) * DT_S)},
        None,
        "node 'n': tau is 0.004 to 0.008; a layer has one value",
    ),
    "leak": ({"w": _linear(), "n": _lif(v_leak=0.1)}, None, r"node 'n': v_leak is 0\.1; only 0"),
    "reset": ({"w": _linear(), "n": _cuba(v_reset=-0.1)}, None, r"node 'n': v_reset is -0\.1; only 0"),
    "fast": (
        {"w": _linear(), "n": _cuba(tau_syn=1e-4)},
        None,
        r"tau_syn is 0\.0001 s, less than a time step",
    ),
    "backward": ({"w": _linear(), "n": _lif(tau=-1.0)}, None, "tau is -1 s"),
    "threshold 0": (
        {"w": _linear(), "n": _lif(v_threshold=0.0)},
        None,
        "LIF node 'n': v_threshold is 0: give a threshold from",
    ),
    "threshold beyond float32": (
        {"w": _linear(), "n": _lif(v_threshold=1e300)},
        None,
        "LIF node 'n': v_threshold is 1e\\+300: give a threshold from .* to 3.4e\\+38",
    ),
    "overflow": (
        {"w": _linear(), "n": _lif(r=1e300)},
        None,
        r"nodes 'w' and 'n': weight and bias times the gain, of r and time constants \(.*are beyond float32",
    ),
    "overflow twice": (
        {"w": _linear(), "n": _cuba(r=1e300, w_in=1e300)},
        None,
        "are beyond float32: give smaller ones",
    ),
    "rank": ({"w": nir.Linear(np.ones((2, 2, 2))), "n": _lif()}, None, r"weight has shape \(2, 2, 2\)"),
    "bias": ({"w": nir.Affine(np.ones((2, 2)), np.ones(3)), "n": _lif()}, None, r"bias \(3,\) does not fit"),
}


@pytest.mark.parametrize("case", _REFUSED)
def test_networks_of_another_kind_are_refused(case: str, tmp_path: Path) -> None:
    nodes, edges, message = _REFUSED[case]
    path = _write(tmp_path / "a.nir", nodes, edges)
    with pytest.raises(ExportError, match=message) as caught:
        read_nir(path, steps=3, dt_s=DT_S)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_graph_too_deep_to_be_read_is_not_written(tmp_path: Path) -> None:
    graph = SpikingGraph(None, (SpikingLayer([[1.0]], [0.0], 0.5, 0.75, 1.0),) * 128, None, 5)
    with pytest.raises(ExportError, match="128 layers: a NIR file holds at most 127"):
        write_nir(graph, tmp_path / "a.nir")


def test_what_the_file_does_not_say_is_asked_for(tmp_path: Path) -> None:
    path = _write(tmp_path / "a.nir", _PAIR)
    with pytest.raises(ExportError, match=r"give dt_s \(--dt\) in seconds \(0\.0001 for a file of snnTorch"):
        read_nir(path, steps=3)
    with pytest.raises(
        ExportError, match=r"how many time steps a decision takes: give steps \(--time-steps\)$"
    ):
        read_nir(path, dt_s=DT_S)
    with pytest.raises(ExportError, match=r"time step 0: give one, in seconds, above 0"):
        read_nir(path, steps=3, dt_s=0.0)
    write_nir(read_nir(path, steps=3, dt_s=DT_S), path)
    with pytest.raises(
        ExportError, match=r"dt_s 0\.1 is not the 0\.001 s that the file says: leave dt_s \(--dt\) out"
    ):
        read_nir(path, dt_s=0.1)
    assert read_nir(path, dt_s=DT_S).step_s == DT_S
