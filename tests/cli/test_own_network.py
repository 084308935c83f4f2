"""``neuro-aolo energy`` on dense networks that other tools wrote, as it is typed."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo_export.graph_file import save_graph

FILES = Path(__file__).parents[1] / "export" / "onnx_files"
MCU = ("--profile", "mcu_m33_u575")


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    path = tmp_path / "x.npz"
    np.savez(path, input=np.random.default_rng(0).normal(size=(256, 4)))
    return path


def test_what_a_network_is_and_how_it_was_checked_stands_above_its_energy(cli, inputs: Path) -> None:
    """4-24-12-2: 96 + 288 + 24 multiply-accumulates, 38 biases, 24 GELUs, 12 ReLUs and 2 tanhs."""
    done = cli("energy", FILES / "torch_dynamo.onnx", "--input", inputs, *MCU, "--twin", "mlp-fp32")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].endswith(
        "torch_dynamo.onnx, output mul_19: dense network 4-24-12-2 (gelu, relu, tanh), priced with weights "
        "of 32 bits."
    )
    assert lines[1] == "408 multiply-accumulates, 446 weights and biases, 38 activations a decision."
    assert lines[2].startswith("checked: 256 inputs, largest difference ")
    assert lines[2].endswith(" of onnxruntime's outputs.")
    folded = "Sub (node node_sub); Div (node node_div)"
    assert lines[3] == f"folded into the weights, at no cost of their own: {folded}."
    assert lines[4] == "behind the last layer, not priced: Mul (node node_mul_19)."
    said = " ".join(done.stdout.split())
    assert "506 nJ" in said
    assert "activations other than" in said
    assert "MLP" not in said


def test_the_same_as_json(cli, inputs: Path) -> None:
    done = cli("energy", FILES / "sklearn_regressor.onnx", "--input", inputs, *MCU, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["kind"], said["decisions"], said["output"]) == ("dense", 256, "variable")
    assert (said["macs"], said["weights"], said["activations"]) == (200, 225, 24)
    assert [layer["macs"] for layer in said["layers"]] == [64, 128, 8]
    assert [layer["activation"] for layer in said["layers"]] == ["sigmoid", "sigmoid", "identity"]
    assert said["checked"]["difference"] < 1e-6
    assert said["firing_rate"] is None
    price = said["priced"]["devices"]["mcu_m33_u575"]["dense"]["total_j"]["nominal"]
    assert said["energy_j"]["mcu_m33_u575"]["mlp"]["nominal"] == price > 0.0


def test_a_policy_with_two_networks_asks_for_an_output(cli) -> None:
    path = FILES / "sb3_ppo.onnx"
    action, value, _ = (each.name for each in onnx.load(path).graph.output)
    refused = cli("energy", path, *MCU)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert f"--output NAME: {action} (3-64-64-1), {value} (3-64-64-1)" in refused.stderr
    done = cli("energy", path, *MCU, "--output", action)
    assert (done.returncode, done.stderr) == (0, "")
    assert "4,352 multiply-accumulates, 4,481 weights and biases, 128 activations" in done.stdout
    assert "checked: 64 drawn inputs" in done.stdout


def test_a_dense_graph_file_is_priced_with_inputs_or_without(cli, inputs: Path, tmp_path: Path) -> None:
    import torch

    save_graph(MLPConfig((8,)).build(4, 2, torch.Generator().manual_seed(0)).graph(), tmp_path / "net.graph")
    for given in ((), ("--input", inputs)):
        done = cli("energy", tmp_path / "net.graph", *MCU, *given)
        assert (done.returncode, done.stderr) == (0, "")
        assert "dense network 4-8-2 (relu, tanh)" in done.stdout
        assert "48 multiply-accumulates" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        (("NET", "--input", "none.npz"), "none.npz is no file of inputs"),
        (("NET", "--input", "WIDE"), "have shape (3, 7): give (decisions, 4)"),
        (("NET", "--input", "NAN"), "hold NaN or infinity"),
        (("NET", "--weight-bits", "8"), "--weight-bits 8 is for a spiking network"),
        (("NET", "--time-steps", "5"), "--time-steps 5 does not go with"),
        (("NET", "--dt", "1"), "--dt 1.0 does not go with"),
        (("NET", "--output", "y"), "has no output 'y': choose one of mul_19"),
        (("NET", "--twin", "int8"), "--twin 'int8' is neither mlp-int8 nor mlp-fp32"),
        (("NET", "--profile", "x"), "'x' is unknown"),
        (("GRAPH", "--output", "y"), "--output y does not go with"),
        (("TEXT",), "is a text file: name a .onnx, .nir or .graph file"),
        (("none.onnx",), "is not a folder, nor a file"),
    ],
)
def test_bad_input_is_one_line(cli, tmp_path: Path, arguments: tuple[str, ...], about: str) -> None:
    for name in ("torch_dynamo.onnx", "torch_dynamo.onnx.data"):
        shutil.copy(FILES / name, tmp_path / name)
    np.savez(tmp_path / "wide.npz", input=np.zeros((3, 7)))
    np.savez(tmp_path / "nan.npz", input=np.full((3, 4), np.nan))
    (tmp_path / "text.onnx").write_text("not a network")
    (tmp_path / "net.graph").write_text("not a graph")
    named = {"NET": "torch_dynamo.onnx", "WIDE": "wide.npz", "NAN": "nan.npz", "TEXT": "text.onnx"}
    places = {**named, "GRAPH": "net.graph"}
    before = sorted(tmp_path.iterdir())
    typed = [str(tmp_path / places[word]) if word in places else word for word in arguments]
    done = cli("energy", *typed)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert about in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_an_operator_without_a_price_is_named(cli, tmp_path: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper

    weight = numpy_helper.from_array(np.ones((2, 1, 3, 3), np.float32), "w")
    net = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"], name="/features/0/Conv")],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 1, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [weight],
    )
    onnx.save(helper.make_model(net), tmp_path / "net.onnx")
    done = cli("energy", tmp_path / "net.onnx")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    refused = (
        "operator Conv (node /features/0/Conv) is not priced: only Gemm and MatMul with constant weights"
    )
    assert f"net.onnx: {refused}" in done.stderr
