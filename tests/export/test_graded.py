"""Graded input: the same decisions by the loop that says it plainly, the simulators, Lava, NIR and ONNX."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import GradedEncoder, PopulationDecoder, SpikingGraph, SpikingLayer
from neuro_aolo_export.graph_file import graph_digest, load_graph, save_graph
from neuro_aolo_export.loihi2.integers import QuantizedGraph
from neuro_aolo_export.loihi2.lava import lava_version
from neuro_aolo_export.loihi2.lava_file import write_network
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.nir.convert import read_nir, write_nir
from neuro_aolo_export.onnx.spiking import write_decision, write_step
from neuro_aolo_export.simulate import float_spikes, integer_spikes, simulate_float, simulate_integer
from neuro_aolo_export.verify import check_decision, check_lava, check_nir, check_step

STEPS = 5


def graded(hidden: tuple[int, ...] = (40,), levels: int = 255, seed: int = 0) -> SpikingGraph:
    rng = np.random.default_rng(seed)
    sizes = (3, *hidden)
    layers = [
        SpikingLayer(rng.normal(size=(after, before)), rng.normal(0.2, 0.5, after), 0.5, 0.75, 0.5)
        for before, after in zip(sizes, hidden, strict=False)
    ]
    # The first layer's weights meet numbers up to ``levels``.
    layers[0] = replace(layers[0], weight=layers[0].weight / levels)
    decoder = PopulationDecoder(rng.normal(size=(2, hidden[-1])), rng.normal(size=2), shared=True)
    return SpikingGraph(GradedEncoder(3, levels), tuple(layers), decoder, STEPS)


@pytest.fixture
def observations() -> np.ndarray:
    drawn = np.random.default_rng(1).uniform(-1.0, 1.0, (300, 3)).astype(np.float32)
    drawn[:3] = [[-1.0, 0.0, 1.0], [1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]]
    return drawn


def test_an_observation_is_a_whole_number_at_every_step() -> None:
    carried = GradedEncoder(4, 8).encode([[-1.0, 1.0, 0.1, -2.0]], 3)
    assert carried.tolist() == [[[0, 8, 4, 0]]] * 3


@pytest.mark.parametrize("encoder", [(0, 255), (3, 0), (3, 256), (3, 2.0), (True, 255)])
def test_what_is_no_encoder_is_refused(encoder: tuple[int, int]) -> None:
    with pytest.raises(ExportError, match="give a whole number"):
        GradedEncoder(*encoder)


@pytest.mark.parametrize("levels", [1, 7, 200, 255])
@pytest.mark.parametrize("hidden", [(40,), (30, 20)])
def test_integers_are_those_of_a_plain_loop(
    hidden: tuple[int, ...], levels: int, observations: np.ndarray
) -> None:
    chip = quantize(graded(hidden, levels))
    activity = simulate_integer(chip, observations)
    assert (activity.input_spikes[..., -1] == levels).all()
    arriving = activity.input_spikes.astype(np.int64)
    for layer, spikes in zip(chip.layers, activity.layer_spikes, strict=True):
        arriving = _plain(layer, arriving)
        np.testing.assert_array_equal(arriving, spikes)
    # A chip's current holds 24 bits.
    assert not chip.report[0].may_wrap


def _plain(layer: object, arriving: np.ndarray) -> np.ndarray:
    u = v = np.zeros(1, np.int64)
    rows = []
    for spikes in arriving:
        u = np.trunc(u * (4096 - layer.current_decay) / 4096).astype(np.int64)
        u = u + (spikes @ layer.weight.T.astype(np.int64) << 6)
        v = np.trunc(v * (4096 - layer.voltage_decay) / 4096).astype(np.int64) + u + (layer.bias_mant << 6)
        v = v.clip(-(2**23) + 1, 2**23 - 1)
        fired = v > layer.threshold_mant << 6
        v = np.where(fired, 0, v)
        rows.append(fired.astype(np.int64))
    return np.stack(rows)


def test_floats_are_those_of_a_plain_loop(observations: np.ndarray) -> None:
    graph = graded()
    activity = simulate_float(graph, observations)
    layer, carried = graph.layers[0], activity.input_spikes[0].astype(np.float64)
    drive = carried @ layer.weight.T.astype(np.float64) + layer.bias
    c = v = np.zeros_like(drive)
    near = np.zeros(drive.shape, bool)
    for step in range(STEPS):
        c = 0.5 * c + drive
        v = 0.75 * v + c
        near |= np.abs(v - 0.5) < 1e-5
        fired = v > 0.5
        # Another order of additions moves a spike only where the potential is that near.
        assert (near | (fired == activity.layer_spikes[0][step])).all()
        v = np.where(fired, 0.0, v)
    rates = activity.layer_spikes[0].mean(axis=0)
    wanted = np.tanh(rates @ graph.decoder.weight.T + graph.decoder.bias)
    np.testing.assert_allclose(activity.actions, wanted, atol=1e-6)


def test_other_numbers_than_the_layer_takes_are_refused() -> None:
    chip = quantize(graded(levels=7))
    spikes = np.full((STEPS, 2, 4), 8)
    with pytest.raises(ExportError, match="whole numbers from 0 to 7"):
        integer_spikes(chip.layers, spikes)
    with pytest.raises(ExportError, match="values other than 0 and 1"):
        float_spikes(graded(levels=7).layers, spikes[..., :3])
    with pytest.raises(ExportError, match=r"carry up to \[7\]: give \[1\]"):
        QuantizedGraph(GradedEncoder(3, 1), chip.layers, chip.decoder, STEPS)


@pytest.mark.parametrize("hidden", [(40,), (30, 20)])
def test_files_run_back_as_the_graph(
    hidden: tuple[int, ...], observations: np.ndarray, tmp_path: Path
) -> None:
    graph = graded(hidden)
    inputs = graph.input_spikes(observations)
    save_graph(graph, tmp_path / "actor.graph")
    write_nir(graph, tmp_path / "actor.nir")
    write_step(graph, tmp_path / "step.onnx")
    write_decision(graph, tmp_path / "decision.onnx", spikes=True)
    for read in (load_graph(tmp_path / "actor.graph"), read_nir(tmp_path / "actor.nir")):
        assert graph_digest(read) == graph_digest(graph)
        assert (read.encoder.input_size, read.encoder.levels) == (3, 255)
        assert read.decoder.shared
    assert check_nir(graph, tmp_path / "actor.nir", inputs).mismatches == 0
    check_step(graph, tmp_path / "step.onnx", inputs)
    decided = check_decision(graph, tmp_path / "decision.onnx", observations)
    assert decided.decisions == len(observations)
    assert decided.same_spikes_difference < 1e-5


@pytest.mark.skipif(lava_version() is None, reason="Lava is not installed: run make install")
def test_lava_decides_the_same(observations: np.ndarray, tmp_path: Path) -> None:
    chip = quantize(graded((30, 20)))
    write_network(chip, tmp_path / "actor.net")
    check = check_lava(chip, tmp_path / "actor.net", chip.input_spikes(observations[:60]), 120.0)
    assert check.mismatches == 0
    assert check.spikes > 0
    assert check.action_difference == 0.0
