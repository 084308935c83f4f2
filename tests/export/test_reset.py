"""Reset to zero and by subtraction: in both simulators, in every format, and where it cannot be."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import nir
import numpy as np
import pytest
from numpy.typing import NDArray

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import SpikingGraph, SpikingLayer
from neuro_aolo_export.graph_file import graph_digest, load_graph, save_graph
from neuro_aolo_export.loihi2.faults import Fault, faulty_activity
from neuro_aolo_export.loihi2.lava_file import require_loadable
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.nearby import trace_differences
from neuro_aolo_export.nir.convert import read_nir, read_nir_network, write_nir
from neuro_aolo_export.onnx.spiking import write_decision, write_step
from neuro_aolo_export.reset import Reset
from neuro_aolo_export.simulate import float_spikes, simulate_integer
from neuro_aolo_export.verify import check_decision, check_nir, check_step

Spikes = NDArray[np.uint8]

DT_S = 1e-4
STEPS = 20


def own_rng() -> np.random.Generator:
    return np.random.default_rng(7)


def network(reset: Reset = "zero", decays: tuple[float, float] = (0.5, 0.75)) -> SpikingGraph:
    """Weights in 64ths and a threshold in 32nds: float32 and float64 sum alike for a few steps."""
    rng = own_rng()
    layers = [
        SpikingLayer(rng.integers(-40, 80, (o, i)) / 64, rng.integers(-8, 9, o) / 64, *decays, 0.53125, reset)
        for i, o in pairwise((6, 9, 4))
    ]
    return SpikingGraph(None, tuple(layers), None, steps=8, step_s=DT_S)


def inputs(steps: int = 8, channels: int = 6) -> Spikes:
    return (own_rng().random((steps, 30, channels)) < 0.4).astype(np.uint8)


def by_hand(layers: Sequence[SpikingLayer], spikes: Spikes) -> list[Spikes]:
    """In float64: a spike takes the threshold off the potential at once, before it leaks."""
    trains = []
    for layer in layers:
        current = potential = np.zeros((spikes.shape[1], layer.neurons))
        fired = []
        for arriving in spikes:
            current = layer.current_decay * current + arriving @ layer.weight.T.astype(float) + layer.bias
            potential = layer.voltage_decay * potential + current
            spiked = potential > layer.threshold
            taken = layer.threshold if layer.reset == "subtract" else potential
            potential = potential - spiked * taken
            fired.append(spiked)
        spikes = np.array(fired, np.uint8)
        trains.append(spikes)
    return trains


@pytest.mark.parametrize("decays", [(0.5, 0.75), (0.0, 0.5), (0.0, 1.0)])
@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_a_spike_takes_all_of_the_potential_or_the_threshold(
    reset: Reset, decays: tuple[float, float]
) -> None:
    layers = network(reset, decays).layers
    for mine, theirs in zip(float_spikes(layers, inputs()), by_hand(layers, inputs()), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_the_two_resets_are_two_networks() -> None:
    zero, subtract = (float_spikes(network(reset).layers, inputs())[-1] for reset in ("zero", "subtract"))
    assert int(subtract.sum()) > int(zero.sum())


def test_a_constant_drive_is_coded_by_its_rate_where_what_is_above_the_threshold_is_kept() -> None:
    """Without a leak, 0.75 per step at a threshold of 1: 75 of 100 steps spike, and half of them by zero."""
    layer = SpikingLayer([[0.75]], [0.0], 0.0, 1.0, 1.0)
    drive = np.ones((100, 1, 1), np.uint8)
    rates = {
        reset: int(float_spikes([replace(layer, reset=reset)], drive)[0].sum())
        for reset in ("zero", "subtract")
    }
    # Strictly above the threshold: at exactly 1 there is no spike yet.
    assert rates == {"zero": 50, "subtract": 74}


@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_every_format_runs_as_the_graph(reset: Reset, make_graph, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    graph = make_graph(np.random.default_rng(0)).with_reset(reset)
    observations = np.random.default_rng(1).uniform(-1, 1, (200, 3)).astype(np.float32)
    spikes = graph.input_spikes(observations)
    write_step(graph, tmp_path / "step.onnx")
    write_decision(graph, tmp_path / "decision.onnx", spikes=True)
    write_nir(graph, tmp_path / "a.nir")
    save_graph(graph, tmp_path / "a.graph")
    assert check_step(graph, tmp_path / "step.onnx", spikes).traced <= 1
    assert check_decision(graph, tmp_path / "decision.onnx", observations).traced <= 1
    assert check_nir(graph, tmp_path / "a.nir", spikes).mismatches == 0
    assert graph_digest(load_graph(tmp_path / "a.graph")) == graph_digest(graph)
    # The other network's file is not this one's.
    other = graph.with_reset("subtract" if reset == "zero" else "zero")
    with pytest.raises(ExportError, match="rounding does not explain"):
        check_step(other, tmp_path / "step.onnx", spikes)


def test_layers_may_reset_each_in_its_way(tmp_path: Path) -> None:
    first, second = network().layers
    graph = replace(network(), layers=(first, replace(second, reset="subtract")))
    assert graph.reset == "mixed"
    write_nir(graph, tmp_path / "a.nir")
    save_graph(graph, tmp_path / "a.graph")
    for read in (read_nir(tmp_path / "a.nir"), load_graph(tmp_path / "a.graph")):
        assert [layer.reset for layer in read.layers] == ["zero", "subtract"]  # type: ignore[union-attr]
        assert graph_digest(read) == graph_digest(graph)


def test_graphs_that_reset_to_zero_keep_their_digest() -> None:
    """The one that this graph had before there was another reset."""
    graph = SpikingGraph(None, (SpikingLayer([[1.0, -2.0]], [0.25], 0.5, 0.75, 0.5),), None, 4, 1e-3)
    assert graph_digest(graph) == "50b9f1819827c192a616ff4c4359da24bcfc5d91fd63e22a15a8759a3b5ed197"
    assert graph_digest(graph.with_reset("subtract")) != graph_digest(graph)


@pytest.mark.parametrize("reset", ["Zero", "", "none", "subtract "])
def test_another_reset_is_refused(reset: str) -> None:
    with pytest.raises(ExportError, match="is unknown: give zero or subtract"):
        replace(network().layers[0], reset=reset)
    with pytest.raises(ExportError, match="is unknown: give zero or subtract"):
        replace(quantize(network()).layers[0], reset=reset)


def test_lava_is_refused_by_subtraction_alone() -> None:
    require_loadable(quantize(network("zero")).layers)
    with pytest.raises(ExportError, match=r"^layer 0 resets by subtraction, which Lava's neuron cannot: "):
        require_loadable(quantize(network("subtract")).layers)


def test_integers_and_their_faults_reset_as_the_graph(make_graph) -> None:  # type: ignore[no-untyped-def]
    graph = make_graph(np.random.default_rng(0), steps=8).with_reset("subtract")
    qgraph = quantize(graph)
    assert {layer.reset for layer in qgraph.layers} == {"subtract"}
    observations = np.random.default_rng(1).uniform(-1, 1, (50, 3)).astype(np.float32)
    whole = simulate_integer(qgraph, observations)
    faultless = faulty_activity(qgraph, observations, Fault(), np.random.default_rng(0))
    for mine, other in zip(whole.layer_spikes, faultless.layer_spikes, strict=True):
        np.testing.assert_array_equal(mine, other)
    # The bias neurons spike at every step all the same.
    assert all(train[..., -1].all() for train in whole.layer_spikes[:-1])


def test_a_difference_is_explained_by_the_neurons_own_reset() -> None:
    """One neuron without a leak, 0.75 a step: 0.75, 1.5 (spike), 1.25 (spike), 1.0: within rounding of it."""
    layer = SpikingLayer([[0.75]], [0.0], 0.0, 1.0, 1.0, "subtract")
    graph = SpikingGraph(None, (layer,), None, steps=4)
    drive = np.ones((4, 1, 1), np.uint8)
    ours = float_spikes([layer], drive)[0]
    assert ours.ravel().tolist() == [0, 1, 1, 0]
    theirs = ours.copy()
    theirs[3] = 1
    (crossing,) = trace_differences(graph, None, (drive, ours), (drive, theirs))
    assert (crossing.step, crossing.distance, crossing.explained) == (3, 0.0, True)
    (crossing,) = trace_differences(graph.with_reset("zero"), None, (drive, ours), (drive, theirs))
    assert not crossing.explained


def foreign(path: Path) -> Path:
    """A file of another tool's: it does not say how its neurons reset."""
    rng = own_rng()
    n = 4
    neurons = nir.LIF(np.full(n, 1e-3), np.full(n, 10.0), np.zeros(n), np.ones(n), np.zeros(n))
    nodes = {"input": nir.Input(np.array([6])), "w": nir.Linear(rng.normal(0.2, 0.5, (n, 6)))}
    nodes |= {"n": neurons, "output": nir.Output(np.array([n]))}
    nir.write(path, nir.NIRGraph(nodes, list(pairwise(nodes))))
    return path


def test_what_a_nir_file_cannot_say_is_assumed_and_said(tmp_path: Path) -> None:
    path = foreign(tmp_path / "net.nir")
    for asked, reset, assumed in (
        (None, "zero", True),
        ("zero", "zero", False),
        ("subtract", "subtract", False),
    ):
        read = read_nir_network(path, STEPS, DT_S, asked)  # type: ignore[arg-type]
        assert (read.graph.reset, read.reset_assumed) == (reset, assumed)
        spikes = inputs(STEPS)
        np.testing.assert_array_equal(
            float_spikes(read.graph.layers, spikes)[0], by_hand(read.graph.layers, spikes)[0]
        )


def test_our_own_nir_file_says_it_and_may_not_be_contradicted(tmp_path: Path) -> None:
    for reset, other, said in (("zero", "subtract", "to zero"), ("subtract", "zero", "by subtraction")):
        write_nir(network(reset), tmp_path / "a.nir")  # type: ignore[arg-type]
        read = read_nir_network(tmp_path / "a.nir")
        assert (read.graph.reset, read.reset_assumed) == (reset, False)
        assert read_nir(tmp_path / "a.nir", reset=reset).reset == reset  # type: ignore[arg-type]
        with pytest.raises(ExportError, match=f"its neurons reset {said}.*leave reset"):
            read_nir(tmp_path / "a.nir", reset=other)  # type: ignore[arg-type]
        told = nir.read(tmp_path / "a.nir").metadata["reset"]
        assert told.startswith("hard: v is v_reset" if reset == "zero" else "by subtraction")
