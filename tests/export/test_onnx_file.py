"""ONNX files that are none of ours, damaged, or made to harm; and inputs that do not fit."""

import hashlib
import resource
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import neuro_aolo_export.onnx._file
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import DenseGraph, DenseLayer, SpikingGraph
from neuro_aolo_export.onnx.dense import write_dense
from neuro_aolo_export.onnx.run import run_decision, run_dense, run_step
from neuro_aolo_export.onnx.spiking import write_decision, write_step


@pytest.fixture
def graph(make_graph) -> SpikingGraph:  # type: ignore[no-untyped-def]
    return make_graph(np.random.default_rng(0))  # type: ignore[no-any-return]


@pytest.fixture
def path(graph: SpikingGraph, tmp_path: Path) -> Path:
    write_decision(graph, tmp_path / "actor.onnx")
    return tmp_path / "actor.onnx"


def refusal(path: Path) -> str:
    """The error, which is one line."""
    with pytest.raises(ExportError) as raised:
        run_decision(path, np.zeros((1, 3)))
    message = str(raised.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


def seal(model: Any, path: Path) -> None:
    """Write a model under a digest that is right, as someone who means harm would."""
    kept = [item for item in model.metadata_props if item.key != "sha256"]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    digest = hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()
    model.metadata_props.add(key="sha256", value=digest)
    path.write_bytes(model.SerializeToString(deterministic=True))


def test_our_seal_is_the_files_own(path: Path) -> None:
    before = path.read_bytes()
    seal(onnx.load(path), path)
    assert path.read_bytes() == before


def test_no_part_of_a_file_is_read(path: Path) -> None:
    data = path.read_bytes()
    for length in (0, 1, 7, *range(100, len(data), 311), len(data) - 1):
        path.write_bytes(data[:length])
        refusal(path)


def test_no_file_with_a_changed_byte_is_read(path: Path) -> None:
    data = path.read_bytes()
    rng = np.random.default_rng(1)
    for place in rng.integers(0, len(data), 300):
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        refusal(path)


@pytest.mark.parametrize(
    "content", [b"", b"\x00" * 4096, b"\x89HDF\r\n\x1a\n" + b"x" * 4096, b"PK\x03\x04" * 99]
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    assert str(path) in refusal(path)


def test_absent_files_folders_and_devices_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.onnx", tmp_path, Path("/dev/zero")):
        assert "is no file" in refusal(path)


def test_large_files_are_refused_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "1,099,511,627,776 bytes, of which at most 268,435,456 are read" in refusal(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


def test_a_network_too_large_to_be_read_back_is_not_written(
    graph: SpikingGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neuro_aolo_export.onnx._file, "MAX_BYTES", 1000)
    with pytest.raises(ExportError, match=r"would have [\d,]+ bytes, of which at most 1,000"):
        write_step(graph, tmp_path / "a.onnx")
    assert list(tmp_path.iterdir()) == []


def test_models_of_others_are_refused(tmp_path: Path) -> None:
    body = helper.make_graph(
        [helper.make_node("Identity", ["observations"], ["actions"])],
        "theirs",
        [helper.make_tensor_value_info("observations", TensorProto.FLOAT, ["B", 3])],
        [helper.make_tensor_value_info("actions", TensorProto.FLOAT, ["B", 3])],
    )
    onnx.save(helper.make_model(body, producer_name="theirs"), tmp_path / "a.onnx")
    assert "written by 'theirs', not by neuro-aolo in format 1" in refusal(tmp_path / "a.onnx")


def external(model: Any) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")


def external_in_a_scan(model: Any) -> None:
    scan = next(node for node in model.graph.node if node.op_type == "Scan")
    body = next(attribute for attribute in scan.attribute if attribute.name == "body")
    body.g.initializer[0].external_data.add(key="location", value="/etc/passwd")


def endless(model: Any) -> None:
    body = helper.make_graph([], "body", [], [])
    model.graph.node.append(helper.make_node("Loop", ["", ""], ["x"], body=body))


def other_domain(model: Any) -> None:
    model.graph.node.append(helper.make_node("Add", ["x", "y"], ["z"], domain="com.microsoft"))


def function(model: Any) -> None:
    opset = helper.make_opsetid("", 18)
    model.functions.append(helper.make_function("ours", "Add", [], [], [], [opset]))


def huge_constant(model: Any) -> None:
    model.graph.initializer[0].dims[:] = [1 << 40, 1 << 20]


def huge_steps(model: Any) -> None:
    constant = next(c for c in model.graph.initializer if c.name == "encoder_steps")
    constant.CopyFrom(numpy_helper.from_array(np.array([1 << 60, 1, 1]), "encoder_steps"))


def unknown_input(model: Any) -> None:
    model.graph.node[0].input[0] = "nowhere"


def free_columns(model: Any) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "columns"


def scalar_input(model: Any) -> None:
    model.graph.input[0].type.tensor_type.shape.ClearField("dim")


def no_input(model: Any) -> None:
    del model.graph.input[:], model.graph.node[:], model.graph.output[:]


def other_kind(model: Any) -> None:
    next(item for item in model.metadata_props if item.key == "kind").value = "step"


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (external, "names data in another file"),
        (external_in_a_scan, "names data in another file"),
        (endless, "operator 'Loop'"),
        (other_domain, "operator 'com.microsoft.Add'"),
        (function, "defines functions"),
        (huge_constant, "has damaged constants"),
        (huge_steps, "claims a size of 1,152,921,504,606,846,976"),
        (unknown_input, "does not run in onnxruntime"),
        (free_columns, "is not as we write it"),
        (scalar_input, "export it again"),
        (no_input, "export it again"),
        (other_kind, "holds a step, and a decision is to be run"),
    ],
)
def test_harm_under_a_right_digest_is_refused(
    path: Path, harm: Callable[[Any], None], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    model = onnx.load(path)
    harm(model)
    seal(model, path)
    assert message in refusal(path)
    assert capfd.readouterr() == ("", "")


def test_a_step_of_another_form_is_refused(graph: SpikingGraph, tmp_path: Path) -> None:
    path = tmp_path / "step.onnx"
    changes = [
        ("input", "less"),
        ("input", "name"),
        ("input", "rank"),
        ("output", "less"),
        ("output", "name"),
    ]
    for place, change in changes:
        write_step(graph, path)
        model = onnx.load(path)
        values = getattr(model.graph, place)
        if change == "less":
            del values[-1]
        elif change == "name":
            values[0].name = "other"
        else:
            values[1].type.tensor_type.shape.dim.add(dim_param="more")
        seal(model, path)
        with pytest.raises(ExportError, match=r"export it again"):
            run_step(path, np.zeros((5, 1, 12)))


def test_inputs_that_do_not_fit_are_refused(graph: SpikingGraph, path: Path, tmp_path: Path) -> None:
    write_step(graph, tmp_path / "step.onnx")
    write_dense(DenseGraph((DenseLayer([[1.0, -2.0]], [0.1], "tanh"),)), tmp_path / "dense.onnx")
    write_decision(replace(graph, encoder=None), tmp_path / "bare.onnx")
    for call, message in [
        (lambda: run_decision(path, np.zeros((2, 4))), r"shape \(2, 4\): give \(decisions, 3\)"),
        (lambda: run_decision(path, np.zeros(3)), r"give \(decisions, 3\)"),
        (lambda: run_decision(path, [[0.0, np.nan, 0.0]]), "NaN or infinity"),
        (lambda: run_decision(path, "spikes"), "not an array of numbers"),
        (lambda: run_decision(path, np.zeros((1, 3)), threads=0), "0 threads: give at least 1"),
        (lambda: run_decision(tmp_path / "bare.onnx", np.zeros((5, 1, 3))), r"\(steps, decisions, 12\)"),
        (lambda: run_step(tmp_path / "step.onnx", np.zeros((5, 1, 3))), r"\(steps, decisions, 12\)"),
        (lambda: run_step(tmp_path / "step.onnx", np.full((5, 1, 12), 2)), "other than 0 and 1"),
        (lambda: run_step(path, np.zeros((5, 1, 12))), "holds a decision, and a step is to be run"),
        (lambda: run_dense(tmp_path / "dense.onnx", np.zeros((1, 3))), r"give \(decisions, 2\)"),
        (lambda: run_dense(path, np.zeros((1, 3))), "a dense or dense_int8 is to be run"),
    ]:
        with pytest.raises(ExportError, match=message):
            call()
