"""Dense networks in ONNX files: those of other tools against counts made by hand, spellings, and refusals."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from neuro_aolo_export.activations import NAMES, WITH_ALPHA, Activation
from neuro_aolo_export.dense import DenseGraph, DenseLayer
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph_file import graph_digest
from neuro_aolo_export.onnx.dense import write_dense
from neuro_aolo_export.onnx.read_dense import ReadNetwork, read_dense
from neuro_aolo_export.reading import difference

FILES = Path(__file__).parent / "onnx_files"
"""Written by ``scripts/foreign_networks.py``."""

RNG = np.random.default_rng(5)
W1, B1 = RNG.normal(size=(6, 3)).astype(np.float32), RNG.normal(size=6).astype(np.float32)
W2, B2 = RNG.normal(size=(2, 6)).astype(np.float32), RNG.normal(size=2).astype(np.float32)
X = RNG.normal(size=(7, 3))


def first_output(path: Path) -> str:
    """Stable-Baselines3 gives the action first, and the exporter numbers the outputs."""
    return str(onnx.load(path, load_external_data=False).graph.output[0].name)


@pytest.mark.parametrize(
    ("name", "sizes", "kinds"),
    [
        ("torch_dynamo", (4, 24, 12, 2), "gelu relu tanh"),
        ("torch_script_double", (4, 24, 12, 2), "sigmoid relu tanh"),
        (
            "torch_script_activations",
            (5, *[8] * 14),
            "relu gelu gelu_tanh silu elu leaky_relu selu mish hard_swish softplus sigmoid relu6 hard_tanh "
            "softmax",
        ),
        ("sb3_ppo", (3, 64, 64, 1), "tanh tanh identity"),
        ("sb3_ppo_discrete", (4, 64, 64, 2), "tanh tanh identity"),
        ("sb3_sac", (3, 32, 32, 1), "relu relu tanh"),
        ("sklearn_regressor", (4, 16, 8, 1), "sigmoid sigmoid identity"),
        ("sklearn_regressor_double", (4, 10, 2), "tanh identity"),
        ("sklearn_classifier_2", (4, 12, 6, 1), "relu relu sigmoid"),
        ("sklearn_classifier_3", (4, 12, 6, 3), "relu relu softmax"),
    ],
)
def test_files_of_other_tools_are_read_as_onnxruntime_runs_them(
    name: str, sizes: tuple[int, ...], kinds: str
) -> None:
    path = FILES / f"{name}.onnx"
    read = read_dense(path, first_output(path))
    assert read.layers.sizes == sizes
    assert " ".join(layer.activation for layer in read.graph.layers) == kinds
    assert read.check(np.random.default_rng(0).normal(size=(50, sizes[0]))) < 1e-6


def test_a_policy_of_stable_baselines3_has_two_networks_and_one_is_to_be_named() -> None:
    path = FILES / "sb3_ppo.onnx"
    action, value, log_probability = (each.name for each in onnx.load(path).graph.output)
    with pytest.raises(
        ExportError, match=rf"holds 2 networks.*: {action} \(3-64-64-1\), {value} \(3-64-64-1\)$"
    ):
        read_dense(path)
    weights = [read_dense(path, name).graph.layers[0].weight for name in (action, value)]
    assert (weights[0] != weights[1]).all()
    with pytest.raises(ExportError, match=r"operator Pow \(.*\) is not priced|operator ReduceSum"):
        read_dense(path, log_probability)
    with pytest.raises(ExportError, match=f"has no output 'q': choose one of {action}, {value}"):
        read_dense(path, "q")


def test_the_output_called_actions_is_taken_unless_another_is_named(tmp_path: Path) -> None:
    model = onnx.load(FILES / "sb3_ppo.onnx")
    action, value = model.graph.output[0].name, model.graph.output[1].name
    for node in model.graph.node:
        node.output[:] = ["Actions" if name == action else name for name in node.output]
    model.graph.output[0].name = "Actions"
    onnx.save(model, tmp_path / "ppo.onnx")
    assert read_dense(tmp_path / "ppo.onnx").output == "Actions"
    assert read_dense(tmp_path / "ppo.onnx", value).output == value


def test_what_follows_the_last_layer_is_named_and_what_is_scaled_is_folded() -> None:
    read = read_dense(FILES / "sklearn_classifier_2.onnx")
    assert [name.split(" ")[0] for name in read.left_out] == ["Concat", "ai.onnx.ml.ZipMap"]
    label = read_dense(FILES / "sklearn_classifier_3.onnx", "output_label")
    assert [name.split(" ")[0] for name in label.left_out] == ["ArgMax", "ai.onnx.ml.ArrayFeatureExtractor"]
    layers = read_dense(FILES / "torch_dynamo.onnx").layers
    assert [name.split(" ")[0] for name in layers.folded] == ["Sub", "Div"]
    assert [name.split(" ")[0] for name in layers.rescaling] == ["Mul"]
    assert layers.scale.tolist() == pytest.approx([2.0, 2.0])
    scaler = read_dense(FILES / "sklearn_regressor.onnx").layers
    assert [name.split(" ")[0] for name in scaler.folded] == ["ai.onnx.ml.Scaler"]


def random_graph(seed: int, kinds: Sequence[Activation]) -> DenseGraph:
    rng = np.random.default_rng(seed)
    sizes = [3, *rng.integers(1, 9, len(kinds)).tolist()]
    return DenseGraph(
        tuple(
            DenseLayer(
                rng.normal(size=(outputs, inputs)),
                rng.normal(size=outputs),
                kind,
                float(rng.uniform(0.1, 2.0)) if kind in WITH_ALPHA else None,
            )
            for inputs, outputs, kind in zip(sizes, sizes[1:], kinds, strict=False)
        )
    )


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), kinds=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4))
def test_a_graph_that_we_write_is_read_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int, kinds: list[Activation]
) -> None:
    graph = random_graph(seed, kinds)
    path = tmp_path_factory.mktemp("onnx") / "a.onnx"
    write_dense(graph, path)
    read = read_dense(path)
    for ours, theirs in zip(graph.layers, read.graph.layers, strict=True):
        assert (ours.activation, ours.neurons) == (theirs.activation, theirs.neurons)
        assert theirs.alpha == pytest.approx(ours.alpha, abs=1e-5)
        np.testing.assert_array_equal(ours.weight, theirs.weight)
    read.check(np.random.default_rng(seed).normal(size=(20, 3)))
    if not WITH_ALPHA & set(kinds):
        assert graph_digest(read.graph) == graph_digest(graph)


def model(
    nodes: Sequence[Any],
    constants: dict[str, Any],
    *,
    opset: int = 17,
    shape: Sequence[int | str] | None = ("B", 3),
    kind: int = TensorProto.FLOAT,
    outputs: Sequence[str] = ("y",),
    inputs: Sequence[str] = ("x",),
) -> onnx.ModelProto:
    initializers = [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()]
    graph = helper.make_graph(
        list(nodes),
        "theirs",
        [helper.make_tensor_value_info(name, kind, shape) for name in inputs],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        initializers,
    )
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def node(operator: str, inputs: str, output: str, domain: str = "", **attributes: Any) -> Any:
    return helper.make_node(
        operator, inputs.split(), output.split(), name=f"/{output.split()[0]}", domain=domain, **attributes
    )


def gemms(**constants: Any) -> dict[str, Any]:
    return {"w1": W1, "b1": B1, "w2": W2, "b2": B2, **constants}


FIRST, LAST = node("Gemm", "x w1 b1", "h", transB=1), node("Gemm", "r w2 b2", "y", transB=1)


def saved(folder: Path, made: onnx.ModelProto) -> Path:
    path = folder / "net.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def expected(x: Any, hidden: Any = lambda h: np.maximum(h, 0.0)) -> Any:
    return hidden(x @ W1.T.astype(float) + B1) @ W2.T.astype(float) + B2


def reads(folder: Path, made: onnx.ModelProto, wanted: Any, x: Any = X) -> ReadNetwork:
    """Read, checked by onnxruntime, and what NumPy computes of the same weights."""
    read = read_dense(saved(folder, made))
    read.check(x)
    ours = read.graph.forward(x) * read.layers.scale + read.layers.shift
    np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1e-5)
    return read


@pytest.mark.parametrize("opset", [7, 9, 11, 13, 17, 21])
@pytest.mark.parametrize("shape", [("B", 3), (4, 3), (1, 3), ("B", "D"), None])
def test_operator_sets_and_shapes(tmp_path: Path, opset: int, shape: Any) -> None:
    made = model([FIRST, node("Relu", "h", "r"), LAST], gemms(), opset=opset, shape=shape)
    read = read_dense(saved(tmp_path, made), width=3)
    read.check(X)
    np.testing.assert_allclose(read.graph.forward(X), expected(X), rtol=1e-4, atol=1e-5)
    if shape is None or "D" in shape:
        with pytest.raises(ExportError, match="leaves open how many numbers a decision has"):
            read_dense(tmp_path / "net.onnx")


def test_products_are_spelled_in_many_ways(tmp_path: Path) -> None:
    relu = node("Relu", "h", "r")
    turned = {"w1": W1.T, "w2": W2.T, "b1": B1, "b2": B2}
    matmul = [node("MatMul", "x w1", "p"), node("Add", "b1 p", "h"), relu, node("MatMul", "r w2", "q")]
    reads(tmp_path, model([*matmul, node("Add", "q b2", "y")], turned), expected(X))
    gemm = node("Gemm", "x w1 b1", "h", transB=1, alpha=0.5, beta=2.0)
    halved = np.maximum(0.5 * X @ W1.T + 2.0 * B1, 0.0) @ W2.T + B2
    reads(tmp_path, model([gemm, relu, LAST], gemms()), halved)
    transposed = [node("Transpose", "w", "w1", perm=[1, 0]), FIRST, relu, LAST]
    given = {"w": W1.T, "b1": B1, "w2": W2, "b2": B2}
    reads(tmp_path, model(transposed, given), expected(X))
    constant = helper.make_node("Constant", [], ["w1"], value=numpy_helper.from_array(W1))
    reads(tmp_path, model([constant, FIRST, relu, LAST], {"b1": B1, "w2": W2, "b2": B2}), expected(X))
    without = {"w1": W1, "w2": W2}
    bare = [node("Gemm", "x w1", "h", transB=1), relu, node("Gemm", "r w2", "y", transB=1)]
    reads(tmp_path, model(bare, without), np.maximum(X @ W1.T, 0.0) @ W2.T)


def test_what_costs_nothing_is_passed_through(tmp_path: Path) -> None:
    nodes = [
        node("Cast", "x", "x1", to=TensorProto.DOUBLE),
        node("Cast", "x1", "x2", to=TensorProto.FLOAT),
        node("Identity", "x2", "x3"),
        node("Flatten", "x3", "x4"),
        node("Unsqueeze", "x4 axis", "x5"),
        node("Squeeze", "x5 axis", "x6"),
        node("Concat", "x6", "x7", axis=1),
        node("Dropout", "x7", "x8"),
        node("Gemm", "x8 w1 b1", "h", transB=1),
        node("Relu", "h", "r"),
        node("Shape", "r", "s"),
        node("Reshape", "r s", "r1"),
        node("Gemm", "r1 w2 b2", "y", transB=1),
    ]
    read = reads(tmp_path, model(nodes, gemms(axis=np.array([1]))), expected(X))
    assert (read.layers.folded, read.left_out) == ((), ())


def test_inputs_of_several_dimensions_and_of_none(tmp_path: Path) -> None:
    nodes = [node("Flatten", "x", "f"), node("Gemm", "f w b", "y", transB=1)]
    weight = RNG.normal(size=(2, 12)).astype(np.float32)
    images = RNG.normal(size=(5, 12))
    made = model(nodes, {"w": weight, "b": B2}, shape=("B", 1, 3, 4))
    reads(tmp_path, made, images @ weight.T + B2, images)
    alone = model([node("MatMul", "x w", "y")], {"w": W1.T}, shape=(3,))
    reads(tmp_path, alone, X @ W1.T)


def test_scaling_joins_the_next_layer_or_the_one_before(tmp_path: Path) -> None:
    mean, deviation = np.array([1.0, -2.0, 0.5], np.float32), np.array([[0.5, 4.0, 2.0]], np.float32)
    nodes = [
        node("Sub", "x mean", "away"),
        node("Div", "away deviation", "scaled"),
        node("Mul", "scaled two", "doubled"),
        node("Gemm", "doubled w1 b1", "h", transB=1),
        node("Mul", "h gain", "g"),
        node("Relu", "g", "r"),
        node("BatchNormalization", "r one beta zero one", "n"),
        node("Gemm", "n w2 b2", "z", transB=1),
        node("Sub", "ten z", "y"),
    ]
    gain, ones = np.linspace(0.5, 2.0, 6, dtype=np.float32), np.ones(6, np.float32)
    beta = np.linspace(-1.0, 1.0, 6, dtype=np.float32)
    constants = gemms(
        mean=mean, deviation=deviation, two=np.float32(2.0), gain=gain, one=ones, beta=beta,
        zero=np.zeros(6, np.float32), ten=np.float32(10.0),
    )  # fmt: skip
    x = 2.0 * (X - mean) / deviation
    hidden = np.maximum((x @ W1.T + B1) * gain, 0.0) / np.sqrt(1.0 + 1e-5) + beta
    read = reads(tmp_path, model(nodes, constants), 10.0 - (hidden @ W2.T + B2))
    kinds = [name.split(" ")[0] for name in read.layers.folded]
    assert kinds == ["Sub", "Div", "Mul", "Mul", "BatchNormalization", "Sub"]
    assert read.layers.rescaling == ()
    assert sum(layer.weight.size for layer in read.graph.layers) == 3 * 6 + 6 * 2


HALF, ONE, ROOT = np.float32(0.5), np.float32(1.0), np.float32(2.0**0.5)


@pytest.mark.parametrize(
    ("kind", "spelled"),
    [
        ("gelu", "Div:h,root:a Erf:a:b Add:b,one:c Mul:h,c:d Mul:d,half:r"),
        ("gelu", "Mul:half,h:d Div:h,root:a Erf:a:b Add:one,b:c Mul:c,d:r"),
        ("silu", "Sigmoid:h:s Mul:s,h:r"),
        ("silu", "Neg:h:a Exp:a:b Add:b,one:c Div:h,c:r"),
        ("mish", "Softplus:h:s Tanh:s:t Mul:h,t:r"),
        ("softplus", "Exp:h:a Add:a,one:b Log:b:r"),
        ("sigmoid", "Neg:h:a Exp:a:b Add:one,b:c Div:one,c:r"),
        ("relu", "Max:h,zero:r"),
        ("relu6", "Clip:h,zero,six:r"),
        ("leaky_relu", "PRelu:h,half:r"),
        ("tanh", "Mul:h,two:a Sigmoid:a:b Mul:b,two:c Sub:c,one:r"),
        ("hard_swish", "HardSigmoid:h:s Mul:h,s:r"),
    ],
)
def test_activations_are_told_by_their_values(tmp_path: Path, kind: Activation, spelled: str) -> None:
    nodes = []
    for each in spelled.split():
        operator, inputs, output = each.split(":")
        more = {"alpha": 1 / 6, "beta": 0.5} if operator == "HardSigmoid" else {}
        nodes.append(node(operator, inputs.replace(",", " "), output, **more))
    numbers = {"half": HALF, "one": ONE, "root": ROOT, "zero": np.float32(0.0), "six": np.float32(6.0)}
    made = model([FIRST, *nodes, LAST], gemms(**numbers, two=np.float32(2.0)))
    read = read_dense(saved(tmp_path, made))
    assert read.check(3.0 * X) < 1e-5
    assert [layer.activation for layer in read.graph.layers] == [kind, "identity"]
    assert read.layers.folded == ()


RELU = node("Relu", "h", "r")
REFUSED: list[tuple[Any, str]] = [
    (
        model([node("Conv", "x w1", "y")], gemms()),
        r"operator Conv \(node /y\) is not priced: only Gemm and MatMul with constant weights, Add, and "
        "activations identity|relu",
    ),
    (model([node("LSTM", "x w1 w2", "y", hidden_size=2)], gemms()), r"operator LSTM \(node /y\) is not"),
    (
        model([FIRST, node("LayerNormalization", "h b1 b1", "r"), LAST], gemms()),
        r"operator LayerNormalization \(node /r\) is not priced",
    ),
    (
        model([FIRST, node("ReduceMean", "h", "m"), node("Sub", "h m", "r"), LAST], gemms()),
        r"operator ReduceMean \(node /m\) is not priced",
    ),
    (
        model([FIRST, node("Transpose", "h", "t"), node("MatMul", "h t", "y")], gemms()),
        r"operator Transpose \(node /t\) is not priced",
    ),
    (
        model([FIRST, node("MatMul", "h h", "y")], gemms()),
        r"operator MatMul \(node /y\) is not priced: its weights are not constant",
    ),
    (
        model(
            [FIRST, node("Tanh", "h", "r"), node("Add", "r h", "s"), node("Gemm", "s w2 b2", "y", transB=1)],
            gemms(),
        ),
        r"Tanh \(node /r\) with Add \(node /s\) is none of the activations that have a price",
    ),
    (
        model([FIRST, RELU, node("Gemm", "r w3 b1", "q", transB=1), node("Add", "q r", "y")],
              gemms(w3=np.eye(6, dtype=np.float32))),
        r"operator Add \(node /y\) is not priced: it joins two paths of the network",
    ),
    (model([FIRST, node("Sin", "h", "r"), LAST], gemms()), r"operator Sin \(node /r\) is not priced"),
    (model([node("Relu", "x", "h"), node("Gemm", "h w1 b1", "y", transB=1)], gemms()), "without a layer"),
    (model([node("Relu", "x", "y")], gemms()), "without a layer"),
    (model([node("Identity", "x", "y")], gemms()), "no layer of Gemm or MatMul"),
    (model([node("Gemm", "x w1 b1", "y", transA=1)], gemms()), "transA"),
    (model([node("Gemm", "x w2 b2", "y", transB=1)], gemms()), r"\(2, 6\) do not take 3 numbers"),
    (model([node("Relu", "h", "r", domain="com.acme"), FIRST], gemms(), outputs=("r",)), "tensor 'h'"),
    (model([FIRST, node("Relu", "h", "y", domain="com.acme")], gemms()), r"operator com.acme.Relu"),
    (model([FIRST, RELU, LAST], gemms(w1=np.full((6, 3), np.nan, np.float32))), "NaN or infinity"),
    (model([FIRST, RELU, LAST], gemms(), inputs=("x", "z")), r"takes 2 inputs \(x, z\)"),
    (model([FIRST, RELU, LAST], gemms(), kind=TensorProto.INT64), "does not take float32 or float64"),
    (model([FIRST, RELU, LAST], gemms(), outputs=("y", "h")), r"holds 2 networks.*: y \(3-6-2\), h \(3-6\)"),
    (model([node("Gemm", "w1 w1 b1", "y", transB=1)], gemms()), r"operator Gemm \(node /y\) is not priced"),
    (model([FIRST, RELU], gemms(), outputs=("z",)), "tensor 'z' is nowhere made"),
    (model([FIRST, RELU], gemms(), outputs=()), "it has no output"),
    (
        model([FIRST, node("Softmax", "h", "r", axis=0), LAST], gemms()),
        r"Softmax \(node /r\) is not priced: its axis is 0",
    ),
    (model([FIRST, node("PRelu", "h b1", "r"), LAST], gemms()), r"constant of 6 numbers is not one number"),
]  # fmt: skip


@pytest.mark.parametrize(("made", "about"), REFUSED)
def test_what_has_no_price_is_refused_in_one_line(tmp_path: Path, made: onnx.ModelProto, about: str) -> None:
    path = saved(tmp_path, made)
    with pytest.raises(ExportError, match=about) as raised:
        read_dense(path)
    said = str(raised.value)
    assert said.startswith(f"{path}")
    assert "\n" not in said
    assert len(said) < 700


def test_weights_that_come_as_an_input_are_not_constant(tmp_path: Path) -> None:
    made = model([FIRST, RELU, LAST], {"b1": B1, "w2": W2, "b2": B2}, inputs=("x", "w1"))
    with pytest.raises(ExportError, match=r"takes 2 inputs \(x, w1\)"):
        read_dense(saved(tmp_path, made))
    late = [node("Relu", "x", "q"), node("MatMul", "w2 q", "y")]
    with pytest.raises(ExportError, match="its weights are not constant"):
        read_dense(saved(tmp_path, model(late, gemms())))


@pytest.mark.parametrize("content", [b"", b"\x00" * 999, b"PK\x03\x04" * 99, b"net", b"\x89HDF\r\n\x1a\n"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(content)
    with pytest.raises(ExportError, match=r"net\.onnx"):
        read_dense(path)


def test_no_part_of_a_file_and_no_damaged_one_ends_but_in_an_error(tmp_path: Path) -> None:
    """A changed byte of a weight is another network; whatever else it hits is told."""
    whole = saved(tmp_path, model([FIRST, RELU, LAST], gemms())).read_bytes()
    rng = np.random.default_rng(3)
    path = tmp_path / "damaged.onnx"
    damaged = [whole[:length] for length in range(0, len(whole), 13)]
    for place in rng.integers(0, len(whole), 120):
        changed = bytearray(whole)
        changed[place] ^= 1 << int(rng.integers(8))
        damaged.append(bytes(changed))
    told = []
    for content in damaged:
        path.write_bytes(content)
        try:
            read_dense(path, width=3).check(X)
        except ExportError as error:
            told.append(str(error))
    assert len(told) > 50
    assert not [line for line in told if "\n" in line or not line.startswith(f"{path}")]


def test_names_that_are_no_text_and_sizes_that_no_network_has(tmp_path: Path) -> None:
    whole = saved(tmp_path, model([FIRST, RELU, LAST], gemms())).read_bytes()
    path = tmp_path / "odd.onnx"
    path.write_bytes(whole.replace(b"Relu", b"R\xffl\xfe"))
    with pytest.raises(ExportError, match="holds a name that is not text in UTF-8"):
        read_dense(path)
    path.write_bytes(whole.replace(b"Relu", b"R\nlu"))
    with pytest.raises(ExportError, match=r"odd\.onnx") as refused:
        read_dense(path)
    assert "\n" not in str(refused.value)
    for shape in ([1, 1 << 31], [1, 1 << 40, 1 << 40]):
        made = model([FIRST, RELU, LAST], gemms())
        made.graph.input[0].CopyFrom(helper.make_tensor_value_info("x", TensorProto.FLOAT, shape))
        with pytest.raises(ExportError, match="inputs: a network has at most 4,194,304"):
            read_dense(saved(tmp_path, made))


def test_weights_beside_the_file_are_read_and_weights_elsewhere_are_not(tmp_path: Path) -> None:
    for name in ("torch_dynamo.onnx", "torch_dynamo.onnx.data"):
        shutil.copy(FILES / name, tmp_path / name)
    path, data = tmp_path / "torch_dynamo.onnx", tmp_path / "torch_dynamo.onnx.data"
    weights = data.read_bytes()
    data.write_bytes(weights[:-1])
    with pytest.raises(ExportError, match=r"beyond its 1,535 bytes: export it again"):
        read_dense(path)
    data.unlink()
    with pytest.raises(ExportError, match="keep both files in one folder"):
        read_dense(path)
    (tmp_path / "other").write_bytes(weights)
    data.symlink_to(tmp_path / "other")
    with pytest.raises(ExportError, match="no regular file: save it whole"):
        read_dense(path)
    data.unlink()
    data.mkdir()
    with pytest.raises(ExportError, match="no regular file"):
        read_dense(path)
    made = onnx.load(path, load_external_data=False)
    for place in ("../other", "/etc/passwd", "sub/other", "..", ""):
        for tensor in made.graph.initializer:
            for entry in tensor.external_data:
                entry.value = place if entry.key == "location" else entry.value
        path.write_bytes(made.SerializeToString())
        with pytest.raises(ExportError, match="is not beside it: save it whole"):
            read_dense(path)


def test_large_files_and_folders_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    with pytest.raises(ExportError, match="is no file"):
        read_dense(path)
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ExportError, match="1,099,511,627,776 bytes, of which at most 268,435,456 are read"):
        read_dense(path)


def test_inputs_are_looked_at(tmp_path: Path) -> None:
    read = read_dense(saved(tmp_path, model([FIRST, RELU, LAST], gemms())))
    for inputs, about in (
        (X[:, :2], r"shape \(7, 2\): give \(decisions, 3\)"),
        (X[:0], "at least one decision"),
        (np.full((2, 3), np.nan), "NaN or infinity"),
        (np.full((2, 3), 3e38), "outputs that are not finite"),
    ):
        with pytest.raises(ExportError, match=about):
            read.check(inputs)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_wrong_reading_is_found(index: int) -> None:
    """A part in a thousand of the weights, a bias left out, another activation: none passes for rounding."""
    read = read_dense(FILES / "torch_dynamo.onnx")
    honest = read.layers.layers
    x = np.random.default_rng(1).normal(size=(100, 4))

    def run(layer: DenseLayer) -> float:
        layers = (*honest[:index], layer, *honest[index + 1 :])
        return difference(replace(read.layers, layers=layers), x, read._run, "net.onnx", "onnxruntime")

    layer = honest[index]
    assert run(layer) < 1e-6
    wrong = [
        DenseLayer(layer.weight * np.float32(1.001), layer.bias, layer.activation),
        DenseLayer(layer.weight, layer.bias + np.float32(0.001), layer.activation),
        DenseLayer(layer.weight, layer.bias, "gelu_tanh"),
    ]
    for each in wrong:
        with pytest.raises(ExportError, match=r"net.onnx was wrongly read: outputs differ from onnxrun"):
            run(each)
