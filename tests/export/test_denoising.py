"""Dense actors of several passes: their file, their ONNX in floats and in integers, and what is refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from neuro_aolo_export import graph_file
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import Denoising, DenseGraph, DenseLayer, Quantity
from neuro_aolo_export.graph_file import graph_digest, load_graph, save_graph
from neuro_aolo_export.onnx._passes import parts_of, taken_by
from neuro_aolo_export.onnx.dense import activation_scale, quantize_layer, write_dense, write_dense_int8
from neuro_aolo_export.onnx.run import run_dense
from neuro_aolo_export.quantity import normalise, physical
from neuro_aolo_export.verify import TOLERANCE, check_dense

S, A, H, N = 4, 2, 24, 3


@pytest.fixture
def graph() -> DenseGraph:
    rng = np.random.default_rng(0)

    def layer(inputs: int, outputs: int, activation: Any, size: float = 1.5) -> DenseLayer:
        weight = rng.normal(size=(outputs, inputs)) * size / inputs**0.5
        return DenseLayer(weight, rng.normal(size=outputs) * 0.3, activation)

    layers = (layer(S + A, H, "mish"), layer(H, H, "mish"), layer(H, A, "identity", 1.2))
    signal = np.array([0.9, 0.5, 0.1])
    denoising = Denoising(
        rng.normal(size=(N, H)), np.sqrt(1 - signal**2), signal, [1.0, 0.6, 0.2], [0.0, 0.4, 0.7]
    )
    return DenseGraph(layers, denoising=denoising)


@pytest.fixture
def far(graph: DenseGraph) -> DenseGraph:
    """The same with actions on the scale of atanh."""
    assert graph.denoising is not None
    return replace(graph, denoising=replace(graph.denoising, reach=5.0))


@pytest.fixture
def observations() -> NDArray[np.float32]:
    return np.random.default_rng(1).uniform(-1, 1, (2_000, S)).astype(np.float32)


def one_by_one(graph: DenseGraph, observation: NDArray[np.float32]) -> NDArray[np.float64]:
    """An action by the formulas of :mod:`neuro_aolo_export.denoising`, the whole input in every pass."""
    denoising, x = graph.denoising, np.zeros(A)
    assert denoising is not None
    for index in (2, 1, 0):
        h = np.concatenate([observation, x])
        for number, layer in enumerate(graph.layers):
            h = layer.weight.astype(float) @ h + layer.bias
            h = h + denoising.shift[index] if number == 0 else h
            h = h * np.tanh(np.log1p(np.exp(h))) if layer.activation == "mish" else h
        x0 = (x - denoising.noise[index] * h) / denoising.signal[index]
        x = denoising.estimate[index] * np.clip(x0, -1, 1) + denoising.kept[index] * x
    return np.clip(x, -1, 1)


def test_it_is_its_passes_one_after_the_other(
    graph: DenseGraph, far: DenseGraph, observations: NDArray[np.float32]
) -> None:
    actions = graph.forward(observations[:200])
    expected = [one_by_one(graph, row) for row in observations[:200]]
    np.testing.assert_allclose(actions, expected, rtol=0, atol=1e-5)
    assert (graph.input_size, graph.action_size, graph.passes) == (S, A, N)
    # Inner clips and free estimates both occur, and actions at a bound beside others.
    assert 0.02 < (np.abs(actions) == 1.0).mean() < 0.98
    np.testing.assert_allclose(
        far.forward(observations), np.tanh(5.0 * graph.forward(observations)), atol=1e-6
    )


def test_file_to_graph_to_file_is_identical(graph: DenseGraph, tmp_path: Path) -> None:
    save_graph(graph, tmp_path / "a.graph")
    read = load_graph(tmp_path / "a.graph")
    save_graph(read, tmp_path / "b.graph")
    assert (tmp_path / "a.graph").read_bytes() == (tmp_path / "b.graph").read_bytes()
    assert isinstance(read, DenseGraph)
    assert read.denoising is not None
    assert graph.denoising is not None
    np.testing.assert_array_equal(read.denoising.shift, graph.denoising.shift)
    with safe_open(tmp_path / "a.graph", "np") as file:
        assert json.loads(file.metadata()["neuro_aolo_graph"])["format"] == 3


def test_digest_tells_any_difference(graph: DenseGraph) -> None:
    denoising = graph.denoising
    assert denoising is not None
    fields = ("reach", "shift", "noise", "signal", "estimate", "kept")
    others = [
        replace(graph, denoising=replace(denoising, **{name: getattr(denoising, name) * 0.999 + 0.001}))
        for name in fields
    ]
    digests = {graph_digest(each) for each in (graph, DenseGraph(graph.layers), *others)}
    assert len(digests) == len(fields) + 2


def _without(arrays: dict[str, Any], description: dict[str, Any]) -> None:
    del arrays["denoising.kept"]


def _shorter(arrays: dict[str, Any], description: dict[str, Any]) -> None:
    arrays["denoising.kept"] = arrays["denoising.kept"][:2].copy()


def _endless(arrays: dict[str, Any], description: dict[str, Any]) -> None:
    description["denoising"] = {"reach": 1e9}


def _unknown(arrays: dict[str, Any], description: dict[str, Any]) -> None:
    description["denoising"] = {"reach": 0.0, "noises": 3}


def _silent(arrays: dict[str, Any], description: dict[str, Any]) -> None:
    arrays["denoising.signal"] = np.zeros(N, np.float32)


def _single(arrays: dict[str, Any], description: dict[str, Any]) -> None:
    del description["denoising"]


def _older(arrays: dict[str, Any], description: dict[str, Any]) -> None:
    description["format"] = 4


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_without, "denoising.kept"),
        (_shorter, "kept has 2 entries: give one for each of 3"),
        (_endless, "reach 1000000000.0: give 0"),
        (_unknown, "unexpected keyword argument 'noises'"),
        (_silent, "give values above 0"),
        (_single, "unknown arrays denoising.estimate"),
        (_older, "format 4, not 3"),
    ],
)
def test_damaged_files_are_refused_with_a_right_digest_too(
    graph: DenseGraph, tmp_path: Path, damage: Callable[[dict[str, Any], dict[str, Any]], None], said: str
) -> None:
    path = tmp_path / "actor.graph"
    save_graph(graph, path)
    with safe_open(path, framework="np") as file:
        description = json.loads(file.metadata()["neuro_aolo_graph"])
    arrays = load_file(path)
    damage(arrays, description)
    del description["sha256"]
    sealed = {"sha256": graph_file._digest(description, arrays), **description}
    save_file(arrays, path, {"neuro_aolo_graph": json.dumps(sealed)})
    with pytest.raises(ExportError, match=said):
        load_graph(path)


def test_parts_that_do_not_fit_are_refused(graph: DenseGraph) -> None:
    assert graph.denoising is not None
    narrow = replace(graph.denoising, shift=np.zeros((N, H - 1)))
    with pytest.raises(ExportError, match="the passes shift 23 sums, the first layer has 24"):
        replace(graph, denoising=narrow)
    alone = DenseLayer(np.ones((H, A)), np.zeros(H), "mish")
    with pytest.raises(ExportError, match="takes 2 inputs: give it an observation beside the 2 numbers"):
        DenseGraph((alone, *graph.layers[1:]), denoising=graph.denoising)
    many = {name: np.ones(1_001) for name in ("noise", "signal", "estimate", "kept")}
    with pytest.raises(ExportError, match="1,001 passes: give at most 1,000"):
        Denoising(np.zeros((1_001, H)), **many)


def test_onnx_is_the_graph(
    graph: DenseGraph, far: DenseGraph, observations: NDArray[np.float32], tmp_path: Path
) -> None:
    write_dense(graph, tmp_path / "a.onnx")
    check = check_dense(graph, tmp_path / "a.onnx", observations, TOLERANCE)
    assert check.action_difference is not None
    assert check.action_difference < TOLERANCE
    write_dense(far, tmp_path / "far.onnx")
    check_dense(far, tmp_path / "far.onnx", observations, TOLERANCE * N)
    facts = {each.key: each.value for each in onnx.load(tmp_path / "a.onnx").metadata_props}
    assert (facts["kind"], facts["passes"]) == ("dense", "3")


def in_integers(
    graph: DenseGraph, met: NDArray[np.float32], seen: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The integer actor in int64: products and sums without a kernel's width."""
    denoising = graph.denoising
    assert denoising is not None
    products = []
    for (_, layer), taken in zip(parts_of(graph), taken_by(graph, met), strict=True):
        by = activation_scale(taken)
        products.append((by, quantize_layer(layer, by.scale)))

    def product(index: int, x: NDArray[np.float64]) -> NDArray[np.float64]:
        by, integers = products[index]
        stored = np.clip(np.rint(x / by.scale) + by.zero, 0, 255).astype(np.int64) - int(by.zero)
        total = stored @ integers.weight.T.astype(np.int64) + integers.bias
        return total * (integers.scale.astype(np.float64) * by.scale)

    def soft(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return x * np.tanh(np.log1p(np.exp(x)))

    x = np.zeros((len(seen), A))
    for index in (2, 1, 0):
        total = product(0, seen) + denoising.shift[index] + (product(1, x) if index < 2 else 0.0)
        eps = product(3, soft(product(2, soft(total))))
        x0 = np.clip((x - denoising.noise[index] * eps) / denoising.signal[index], -1, 1)
        x = denoising.estimate[index] * x0 + denoising.kept[index] * x
    return np.clip(x, -1, 1)


def test_integer_file_is_integer_arithmetic(
    graph: DenseGraph, observations: NDArray[np.float32], tmp_path: Path
) -> None:
    write_dense_int8(graph, tmp_path / "a.onnx", observations[:500])
    found = run_dense(tmp_path / "a.onnx", observations)
    away = np.abs(found - in_integers(graph, observations[:500], observations.astype(np.float64))).max(axis=1)
    # A number between two of the 256 levels may be rounded to either.
    assert np.quantile(away, 0.8) < 1e-5
    check = check_dense(graph, tmp_path / "a.onnx", observations, None)
    assert check.action_difference is not None
    assert 1e-3 < check.action_difference < 0.5
    assert np.abs(found - graph.forward(observations)).mean() < 0.02


def test_integer_file_becomes_integer_kernels(
    graph: DenseGraph, observations: NDArray[np.float32], tmp_path: Path
) -> None:
    write_dense_int8(graph, tmp_path / "a.onnx", observations)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    onnxruntime.InferenceSession(str(tmp_path / "a.onnx"), options, providers=["CPUExecutionProvider"])
    operators = [node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node]
    # What is seen once, what moved in every pass but the first, and two layers in each.
    assert operators.count("QGemm") == 1 + (N - 1) + 2 * N
    assert "Gemm" not in operators


@pytest.mark.parametrize("integers", [False, True])
def test_physical_model_holds_the_normaliser(graph: DenseGraph, integers: bool, tmp_path: Path) -> None:
    quantities = tuple(Quantity(f"x{i}", "1", -i - 1.0, 2.0) for i in range(S))
    actions = (Quantity("words", "word", 50.0, 350.0), Quantity("power_w", "W", 0.1, 60.0))
    graph = replace(graph, observations=quantities, actions=actions)
    values = np.random.default_rng(7).uniform(-6, 3, (300, S))
    unit = normalise(quantities, values)
    files = [tmp_path / "unit.onnx", tmp_path / "physical.onnx"]
    for path, inside in zip(files, (False, True), strict=True):
        if integers:
            write_dense_int8(graph, path, unit, physical=inside)
        else:
            write_dense(graph, path, physical=inside)
    expected = physical(actions, run_dense(files[0], unit))
    np.testing.assert_array_equal(run_dense(files[1], values), expected)
