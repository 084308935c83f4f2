"""Spiking actors as ONNX, run by onnxruntime: against torch, our simulator, and the equations."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import neuro_aolo_export.onnx.spiking
from neuro_aolo.agent.popsan import PopSAN, PopSANConfig
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import Quantity, SpikingGraph
from neuro_aolo_export.graph_file import graph_digest
from neuro_aolo_export.nearby import compare_decisions
from neuro_aolo_export.onnx.run import run_decision, run_step
from neuro_aolo_export.onnx.spiking import write_decision, write_step
from neuro_aolo_export.quantity import normalise, physical
from neuro_aolo_export.simulate import simulate_float

OBSERVATIONS = (
    Quantity("m", "1", 0.5, 3.0),
    Quantity("bandwidth_hz", "Hz", 1e6, 2e7),
    Quantity("q", "1", 0, 1),
)
ACTIONS = (Quantity("words", "word", 50.0, 350.0), Quantity("power_w", "W", 0.1, 60.0))


@pytest.fixture
def graph(make_graph) -> SpikingGraph:  # type: ignore[no-untyped-def]
    return make_graph(np.random.default_rng(0))  # type: ignore[no-any-return]


@pytest.fixture
def told(graph: SpikingGraph) -> SpikingGraph:
    return replace(graph, step_s=1e-3, observations=OBSERVATIONS, actions=ACTIONS)


def without_rounding(graph: SpikingGraph) -> SpikingGraph:
    """Weights in 64ths: a few steps of float32 are exact, whatever the order of a sum."""
    layers = [
        replace(layer, weight=np.rint(layer.weight * 64) / 64, bias=np.rint(layer.bias * 64) / 64)
        for layer in graph.layers
    ]
    return replace(graph, layers=tuple(layers))


def compare_with_torch(config: PopSANConfig, sizes: tuple[int, int], decisions: int, path: Path):  # type: ignore[no-untyped-def]
    actor = PopSAN(*sizes, config, torch.Generator().manual_seed(sum(sizes)))
    graph = actor.graph()
    observations = np.random.default_rng(decisions).uniform(-1, 1, (decisions, sizes[0])).astype(np.float32)
    write_decision(graph, path, spikes=True)
    decided = run_decision(path, observations)
    with torch.no_grad():
        trains = actor.spikes(torch.from_numpy(observations))
        actions = actor.decoder(trains[-1]).numpy()
    theirs = [train.numpy().astype(np.uint8) for train in trains]
    assert decided.actions is not None
    ours = (decided.actions, list(decided.spikes.values()))
    return compare_decisions(graph, observations, ours, (actions, theirs))


@pytest.mark.parametrize(
    ("config", "sizes"),
    [
        (PopSANConfig(), (5, 2)),
        (PopSANConfig(steps=1, hidden=(17,), encoder_population=3), (1, 1)),
        (PopSANConfig(steps=16, hidden=(64, 32, 48), current_decay=0.3, voltage_decay=0.9), (7, 3)),
    ],
)
def test_decision_is_that_of_torch(config: PopSANConfig, sizes: tuple[int, int], tmp_path: Path) -> None:
    agreement = compare_with_torch(config, sizes, 1000, tmp_path / "a.onnx")
    assert agreement.exceptions <= 1
    assert agreement.unexplained == 0
    assert agreement.largest_same < 1e-6


def test_ten_thousand_decisions_of_the_tuned_shape_are_those_of_torch(tmp_path: Path) -> None:
    config = PopSANConfig(steps=8, decoder_population=40, fan_in=1)
    agreement = compare_with_torch(config, (5, 2), 10_000, tmp_path / "a.onnx")
    assert agreement.slots == 10_000 * 8 * (50 + 256 + 256 + 80)
    assert agreement.exceptions <= 10
    assert agreement.unexplained == 0
    assert all(crossing.explained for crossing in agreement.crossings)
    assert agreement.largest_same < 1e-6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "sizes"),
    [
        (PopSANConfig(), (5, 2)),
        (PopSANConfig(steps=8, decoder_population=40, fan_in=1), (6, 2)),
        (PopSANConfig(steps=16), (6, 3)),
        (PopSANConfig(steps=16, current_decay=0.3, voltage_decay=0.9), (44, 39)),
    ],
)
def test_ten_thousand_decisions_are_those_of_torch(
    config: PopSANConfig, sizes: tuple[int, int], tmp_path: Path
) -> None:
    agreement = compare_with_torch(config, sizes, 10_000, tmp_path / "a.onnx")
    assert agreement.exceptions <= 10
    assert all(crossing.explained for crossing in agreement.crossings)
    assert agreement.unexplained == 0


@pytest.mark.parametrize("steps", [1, 5, 7])
def test_steps_are_equations_29_to_31(make_graph, tmp_path: Path, steps: int) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(steps)
    graph = without_rounding(make_graph(rng, steps=steps))
    spikes = rng.integers(0, 2, (steps, 6, 12))
    write_step(graph, tmp_path / "step.onnx")
    stepped = run_step(tmp_path / "step.onnx", spikes)
    arriving = spikes.astype(np.float64)
    for index, layer in enumerate(graph.layers):
        c = v = o = np.zeros((6, layer.neurons))
        for t, heard in enumerate(arriving):
            c = 0.5 * c + heard @ layer.weight.T.astype(float) + layer.bias
            v = 0.75 * v * (1 - o) + c
            o = (v > 0.5).astype(float)
            np.testing.assert_array_equal(stepped.spikes[index][t], o)
            np.testing.assert_array_equal(stepped.currents[index][t], c)
            np.testing.assert_array_equal(stepped.voltages[index][t], v * (1 - o))
        arriving = stepped.spikes[index].astype(np.float64)
        assert 0 < arriving.mean() < 1


def test_steps_one_by_one_are_the_decision_and_the_simulator(graph: SpikingGraph, tmp_path: Path) -> None:
    graph = without_rounding(graph)
    observations = np.random.default_rng(1).uniform(-1, 1, (300, 3)).astype(np.float32)
    simulated = simulate_float(graph, observations)
    write_step(graph, tmp_path / "step.onnx")
    write_decision(graph, tmp_path / "decision.onnx", spikes=True)
    stepped = run_step(tmp_path / "step.onnx", simulated.input_spikes)
    decided = run_decision(tmp_path / "decision.onnx", observations)
    assert list(decided.spikes) == ["encoder", "layer0", "layer1", "layer2"]
    np.testing.assert_array_equal(decided.spikes["encoder"], simulated.input_spikes)
    for index, train in enumerate(simulated.layer_spikes):
        np.testing.assert_array_equal(stepped.spikes[index], train)
        np.testing.assert_array_equal(decided.spikes[f"layer{index}"], train)
    np.testing.assert_allclose(decided.actions, simulated.actions, rtol=0, atol=1e-6)


def test_physical_model_holds_the_normaliser(told: SpikingGraph, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    low, high = (np.array([getattr(q, end) for q in OBSERVATIONS]) for end in ("low", "high"))
    values = rng.uniform(low - 0.1 * (high - low), high + 0.1 * (high - low), (500, 3))
    write_decision(told, tmp_path / "plain.onnx")
    write_decision(told, tmp_path / "physical.onnx", physical=True)
    plain = run_decision(tmp_path / "plain.onnx", normalise(OBSERVATIONS, values)).actions
    scaled = run_decision(tmp_path / "physical.onnx", values).actions
    assert plain is not None
    np.testing.assert_array_equal(scaled, physical(ACTIONS, plain))


def test_layers_alone_go_from_spikes_to_spikes(graph: SpikingGraph, tmp_path: Path) -> None:
    whole = without_rounding(graph)
    bare = replace(whole, encoder=None, decoder=None)
    observations = np.random.default_rng(3).uniform(-1, 1, (40, 3))
    simulated = simulate_float(whole, observations)
    write_decision(bare, tmp_path / "bare.onnx")
    decided = run_decision(tmp_path / "bare.onnx", simulated.input_spikes)
    assert decided.actions is None
    assert list(decided.spikes) == ["layer2"]
    np.testing.assert_array_equal(decided.spikes["layer2"], simulated.layer_spikes[-1])
    with pytest.raises(ExportError, match="runs 5 steps, the input spikes have 4"):
        run_decision(tmp_path / "bare.onnx", simulated.input_spikes[1:])


def test_a_decision_does_not_depend_on_its_batch_nor_on_the_last_call(
    graph: SpikingGraph, tmp_path: Path
) -> None:
    path = tmp_path / "a.onnx"
    write_decision(without_rounding(graph), path, spikes=True)
    observations = np.random.default_rng(4).uniform(-1, 1, (50, 3))
    together = run_decision(path, observations, threads=2)
    for index in (0, 49):
        alone = run_decision(path, observations[index : index + 1])
        for name, train in together.spikes.items():
            np.testing.assert_array_equal(alone.spikes[name][:, 0], train[:, index])
    nothing = run_decision(path, np.empty((0, 3)))
    assert nothing.actions is not None
    assert nothing.actions.shape == (0, 2)
    assert nothing.spikes["layer2"].shape == (5, 0, 8)


@pytest.mark.parametrize("kind", ["step", "decision", "physical", "bare"])
def test_files_are_valid_and_tell_what_they_hold(told: SpikingGraph, tmp_path: Path, kind: str) -> None:
    graph = replace(told, encoder=None, decoder=None, observations=(), actions=()) if kind == "bare" else told
    paths = [tmp_path / "a.onnx", tmp_path / "b.onnx"]
    for path in paths:
        if kind == "step":
            write_step(graph, path)
        else:
            write_decision(graph, path, physical=kind == "physical", spikes=True)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.onnx", "b.onnx"]
    model = onnx.load(paths[0])
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    assert list(inferred.graph.output) == list(model.graph.output)
    assert (model.ir_version, model.opset_import[0].version) == (8, 18)
    assert model.producer_name == "neuro-aolo"
    facts = {item.key: item.value for item in model.metadata_props}
    assert facts["graph_sha256"] == graph_digest(graph)
    assert (facts["steps"], facts["step_s"]) == ("5", "0.001")
    names = [quantity["name"] for quantity in json.loads(facts["observations"])]
    assert names == [quantity.name for quantity in graph.observations]
    if kind == "physical":
        assert "bandwidth_hz [Hz] from 1e+06 to 2e+07" in model.graph.input[0].doc_string
        assert "power_w [W] from 0.1 to 60" in model.graph.output[0].doc_string


def test_the_module_does_not_stand_in_for_the_library_nor_import_it_early() -> None:
    assert neuro_aolo_export.onnx.spiking is not onnx
    code = (
        "import sys, neuro_aolo_export.onnx.spiking; "
        "import neuro_aolo_export.onnx.dense, neuro_aolo_export.onnx.run; "
        "assert not {'onnx', 'onnxruntime'} & {*sys.modules}; "
        "import onnx; assert onnx.ModelProto"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_cannot_be_written_is_refused(graph: SpikingGraph, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"does not tell the ranges .* physical=False"):
        write_decision(graph, tmp_path / "a.onnx", physical=True)
    with pytest.raises(ExportError, match="cannot be written"):
        write_step(graph, tmp_path / "none" / "a.onnx")
    assert list(tmp_path.iterdir()) == []
