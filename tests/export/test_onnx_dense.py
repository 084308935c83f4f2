"""Dense actors as ONNX, in float32 against torch and in integers against integers."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from neuro_aolo.agent.mlp import MLP, MLPConfig
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import Activation, DenseGraph, DenseLayer, Quantity
from neuro_aolo_export.onnx.dense import activation_scale, quantize_layer, write_dense, write_dense_int8
from neuro_aolo_export.onnx.run import run_dense
from neuro_aolo_export.quantity import normalise, physical


def random_graph(
    seed: int, hidden: Activation = "relu", *, sizes: tuple[int, ...] = (5, 64, 48, 2)
) -> DenseGraph:
    rng = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in pairwise(sizes):
        # Rows of very different size: one scale for the whole matrix would lose the small ones.
        rows = np.exp(rng.normal(size=(outputs, 1)))
        weight = rng.uniform(-1, 1, (outputs, inputs)) * rows / inputs**0.5
        layers.append(DenseLayer(weight, rng.uniform(-0.3, 0.3, outputs), hidden))
    layers[-1] = DenseLayer(layers[-1].weight, layers[-1].bias, "tanh")
    return DenseGraph(tuple(layers))


def in_integers(graph: DenseGraph, met: NDArray[np.float32], x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The integer actor in int64: products and sums without a kernel's width."""
    for layer in graph.layers:
        by = activation_scale(met)
        integers = quantize_layer(layer, by.scale)
        stored = np.clip(np.rint(x / by.scale) + by.zero, 0, 255).astype(np.int64) - int(by.zero)
        total = stored @ integers.weight.T.astype(np.int64) + integers.bias
        assert np.abs(total).max() < 2**31
        x = total * (integers.scale.astype(np.float64) * by.scale)
        x = np.maximum(x, 0) if layer.activation == "relu" else np.tanh(x)
        met = layer.forward(met)
    return x


def test_float_file_is_torch(tmp_path: Path) -> None:
    actor = MLP(5, 2, MLPConfig(), torch.Generator().manual_seed(0))
    observations = np.random.default_rng(0).uniform(-1, 1, (10_000, 5)).astype(np.float32)
    write_dense(actor.graph(), tmp_path / "a.onnx")
    with torch.no_grad():
        expected = actor(torch.from_numpy(observations)).numpy()
    np.testing.assert_allclose(run_dense(tmp_path / "a.onnx", observations), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("hidden", ["relu", "tanh", "identity"])
def test_activations_are_numpys(hidden: Activation, tmp_path: Path) -> None:
    layer = DenseLayer([[1.5, -2.0], [0.5, 1.0]], [0.1, -0.2], hidden)
    graph = DenseGraph((layer, DenseLayer([[1.0, -1.0]], [0.0], hidden)))
    observations = np.random.default_rng(1).uniform(-1, 1, (100, 2))
    write_dense(graph, tmp_path / "a.onnx")
    found = run_dense(tmp_path / "a.onnx", observations)
    np.testing.assert_allclose(found, graph.forward(observations), rtol=0, atol=1e-6)


@pytest.mark.parametrize("hidden", ["relu", "tanh"])
def test_integer_file_is_integer_arithmetic(hidden: Activation, tmp_path: Path) -> None:
    graph = random_graph(2, hidden)
    observations = np.random.default_rng(3).uniform(-1, 1, (5000, 5)).astype(np.float32)
    write_dense_int8(graph, tmp_path / "a.onnx", observations[:1000])
    found = run_dense(tmp_path / "a.onnx", observations)
    expected = in_integers(graph, observations[:1000], observations.astype(np.float64))
    # A sum that falls between two of the 256 levels may be rounded to either, and moves the action little.
    away = np.abs(found - expected).max(axis=1)
    assert np.quantile(away, 0.9) < 1e-5
    assert away.max() < 0.03


def worst_error(graph: DenseGraph, x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Largest error of an action: every rounding as bad as can be, all of them in one direction."""
    error = np.zeros(x.shape)
    for layer in graph.layers:
        by = activation_scale(x)
        integers = quantize_layer(layer, by.scale)
        weight = integers.weight * integers.scale[:, None].astype(np.float64)
        # A step of the input, not half of one: zero is rounded to a level, which moves both ends.
        error = (error + float(by.scale)) @ np.abs(weight).T + np.abs(x) @ np.abs(layer.weight - weight).T
        error += integers.scale * by.scale
        x = layer.forward(x)
    return error


@pytest.mark.parametrize("hidden", ["relu", "tanh"])
def test_integer_error_is_within_its_roundings(hidden: Activation, tmp_path: Path) -> None:
    for seed in range(5):
        graph = random_graph(seed, hidden)
        observations = np.random.default_rng(seed).uniform(-1, 1, (1000, 5)).astype(np.float32)
        write_dense_int8(graph, tmp_path / "a.onnx", observations)
        error = np.abs(run_dense(tmp_path / "a.onnx", observations) - graph.forward(observations))
        assert (error <= worst_error(graph, observations)).all()
        assert error.max() > 1e-4


def test_integer_file_becomes_integer_kernels(tmp_path: Path) -> None:
    observations = np.random.default_rng(4).uniform(-1, 1, (100, 5))
    write_dense_int8(random_graph(5), tmp_path / "a.onnx", observations)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    onnxruntime.InferenceSession(str(tmp_path / "a.onnx"), options, providers=["CPUExecutionProvider"])
    operators = [node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node]
    assert operators == ["QuantizeLinear", "QGemm", "QGemm", "QGemm", "Tanh"]


def test_sums_do_not_saturate(tmp_path: Path) -> None:
    # Every product is 255 x 127, so that pairs leave 16 bits: kernels for uint8 by int8 clip them.
    graph = DenseGraph((DenseLayer(np.ones((3, 64)), np.zeros(3), "identity"),))
    ones = np.ones((4, 64))
    write_dense_int8(graph, tmp_path / "a.onnx", ones)
    np.testing.assert_allclose(run_dense(tmp_path / "a.onnx", ones), 64.0, rtol=1e-6)


def test_rows_have_their_own_scale_and_biases_fit() -> None:
    layer = DenseLayer([[1.0, -2.0], [0.0, 0.0], [1e-6, 3e-7]], [0.5, 0.0, 1e6], "relu")
    integers = quantize_layer(layer, np.float32(0.01))
    assert integers.weight[:2].tolist() == [[64, -127], [0, 0]]
    assert integers.scale[:2].tolist() == pytest.approx([2 / 127, 1.0])
    steps = integers.bias * (integers.scale.astype(float) * np.float32(0.01))
    np.testing.assert_allclose(steps, layer.bias, rtol=1e-6, atol=1e-4)


numbers = st.floats(-1e6, 1e6, width=32)


@given(
    hnp.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=numbers),
    numbers,
    st.floats(2.0**-40, 1e6, width=32),
)
def test_integers_are_the_nearest(weight: NDArray[np.float32], bias: float, input_scale: float) -> None:
    layer = DenseLayer(weight, np.full(len(weight), bias), "relu")
    integers = quantize_layer(layer, np.float32(input_scale))
    scale = integers.scale.astype(np.float64)
    assert (scale > 0).all()
    away = np.abs(layer.weight - integers.weight * scale[:, None])
    assert (away <= scale[:, None] * 0.50001).all()
    bias_scale = (integers.scale * np.float32(input_scale)).astype(np.float64)
    assert (np.abs(layer.bias - integers.bias * bias_scale) <= bias_scale * 0.50001).all()


def test_nothing_is_exactly_zero() -> None:
    met = np.array([[-0.5, 0.25], [1.0, 0.1]], dtype=np.float32)
    by = activation_scale(met)
    assert by.scale == np.float32(1.5 / 255)
    assert int(by.zero) == 85
    silent = activation_scale(np.zeros((2, 2), dtype=np.float32))
    assert (float(silent.scale), int(silent.zero)) == (1.0, 0)


@pytest.mark.parametrize("integers", [False, True])
def test_physical_model_holds_the_normaliser(integers: bool, tmp_path: Path) -> None:
    quantities = tuple(Quantity(f"x{i}", "1", -i - 1.0, 2.0) for i in range(5))
    actions = (Quantity("words", "word", 50.0, 350.0), Quantity("power_w", "W", 0.1, 60.0))
    graph = DenseGraph(random_graph(6).layers, quantities, actions)
    values = np.random.default_rng(7).uniform(-7, 3, (300, 5))
    unit = normalise(quantities, values)
    files = [tmp_path / "unit.onnx", tmp_path / "physical.onnx"]
    for path, inside in zip(files, (False, True), strict=True):
        if integers:
            write_dense_int8(graph, path, unit, physical=inside)
        else:
            write_dense(graph, path, physical=inside)
    expected = physical(actions, run_dense(files[0], unit))
    np.testing.assert_array_equal(run_dense(files[1], values), expected)


def test_same_graph_gives_the_same_bytes_and_a_valid_model(tmp_path: Path) -> None:
    observations = np.random.default_rng(8).uniform(-1, 1, (50, 5))
    for name in ("a", "b"):
        write_dense(random_graph(9), tmp_path / f"{name}.onnx")
        write_dense_int8(random_graph(9), tmp_path / f"{name}8.onnx", observations)
    for kind in (".onnx", "8.onnx"):
        data = (tmp_path / f"a{kind}").read_bytes()
        assert data == (tmp_path / f"b{kind}").read_bytes()
        onnx.checker.check_model(data, full_check=True)
        onnx.shape_inference.infer_shapes(data, check_type=True, strict_mode=True, data_prop=True)


def test_calibration_needs_observations(tmp_path: Path) -> None:
    for calibration, message in [
        (np.empty((0, 5)), "no calibration observations"),
        (np.zeros((3, 4)), r"shape \(3, 4\): give \(decisions, 5\)"),
        (np.full((3, 5), np.nan), "NaN"),
    ]:
        with pytest.raises(ExportError, match=message):
            write_dense_int8(random_graph(9), tmp_path / "a.onnx", calibration)
    huge = DenseGraph((DenseLayer(np.full((1, 9), 3e38), [0.0], "relu"), DenseLayer([[1.0]], [0.0], "tanh")))
    with (
        np.errstate(over="ignore"),
        pytest.raises(ExportError, match="activations range from 0 to inf: give weights"),
    ):
        write_dense_int8(huge, tmp_path / "a.onnx", np.ones((3, 9)))
    assert list(tmp_path.iterdir()) == []
