"""Files of a wrong kind are told what they are, by what is in them and not by their names."""

import gzip
import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import onnx
import pytest
import torch

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.file_kind import kind_of, require_kind
from neuro_aolo_export.graph import DenseGraph, DenseLayer, SpikingGraph, SpikingLayer
from neuro_aolo_export.graph_file import load_graph, save_graph
from neuro_aolo_export.nir.convert import read_nir, write_nir
from neuro_aolo_export.npz_file import load_array
from neuro_aolo_export.onnx.dense import write_dense
from neuro_aolo_export.onnx.read_dense import read_dense
from neuro_aolo_export.onnx.spiking import write_step

SPIKING = SpikingGraph(None, (SpikingLayer([[1.0, 2.0]], [0.0], 0.5, 0.75, 0.5),), None, 4, 1e-3)
DENSE = DenseGraph((DenseLayer([[1.0, 2.0]], [0.5], "relu"),))


def _hdf5(*groups: str, **attributes: str) -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for group in groups:
            file.create_group(group)
        file.attrs.update(attributes)
    return stream.getvalue()


def _zip(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return stream.getvalue()


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    stream = io.BytesIO()
    save(stream)
    return stream.getvalue()


def _safetensors() -> bytes:
    from safetensors.numpy import save

    return save({"a": np.ones(3)})


MODULE = torch.nn.Linear(2, 1)
WRONG: dict[str, tuple[bytes, str]] = {
    "lava-dl": (
        _hdf5("layer/0"),
        "is a lava-dl network file (.net), which is written, not read: name the .nir",
    ),
    "Keras 2": (
        _hdf5("model_weights", keras_version="2.15"),
        "is a Keras model: export the network as .onnx",
    ),
    "Keras 3": (_zip("metadata.json", "config.json", "model.weights.h5"), "is a Keras model"),
    "Keras weights": (_hdf5("layers", "vars"), "is a Keras model"),
    "other HDF5": (_hdf5("something"), "is an HDF5 file without a NIR graph in it: name a "),
    "PyTorch": (_saved(lambda s: torch.save(MODULE.state_dict(), s)), "is a PyTorch file: write a spiking"),
    "TorchScript": (_zip("net/code/__torch__.py", "net/constants.pkl"), "is a PyTorch file"),
    "old PyTorch": (
        _saved(lambda s: torch.save(MODULE.state_dict(), s, _use_new_zipfile_serialization=False)),
        "is a Python pickle, which is not read as it could run anything: ",
    ),
    "pickle": (pickle.dumps({"a": 1}), "is a Python pickle, which is not read"),
    "arrays": (_saved(lambda s: np.savez(s, input=np.ones(3))), "is a file of arrays (.npz): name a network"),
    "array": (_saved(lambda s: np.save(s, np.ones(3))), "is one array of NumPy (.npy): name a network"),
    "weights": (_safetensors(), "is a safetensors file of arrays, without the network that they belong to: "),
    "zip": (_zip("net.onnx"), "is a zip archive: unpack it first"),
    "half a zip": (_zip("net.onnx")[:40], "is a damaged zip archive"),
    "gzip": (gzip.compress(b"x"), "is a gzip archive: unpack it first"),
    "TFLite": (b"\x1c\0\0\0TFL3" + bytes(40), "is a TensorFlow Lite model: export the network as .onnx"),
    "JSON": (json.dumps({"a": [1]}).encode(), "is a JSON file: name a "),
    "text": ("Gewichte: ä, ö\n".encode(), "is a text file: name a "),
    "nothing": (b"", "is empty: give a file that was written to its end"),
}


@pytest.mark.parametrize("suffix", [".nir", ".graph", ".onnx", ".net", ""])
@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_is_told_what_it_is_whatever_its_name(case: str, suffix: str, tmp_path: Path) -> None:
    data, message = WRONG[case]
    path = tmp_path / f"net{suffix}"
    path.write_bytes(data)
    with pytest.raises(ExportError) as refused:
        require_kind(path, ("onnx", "nir", "graph"))
    assert str(refused.value).startswith(f"{path} {message}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize(
    "read",
    [read_nir, load_graph, read_dense, lambda path: load_array(path, "input", "spikes", "(decisions,)")],
    ids=["nir", "graph", "onnx", "npz"],
)
def test_every_reader_refuses_in_one_line_that_names_the_file(
    case: str, read: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "net"
    path.write_bytes(WRONG[case][0])
    if case == "arrays" and read not in (read_nir, load_graph, read_dense):
        assert read(path) is not None
        return
    with pytest.raises(ExportError) as refused:
        read(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "Error:" not in str(refused.value)


@pytest.mark.parametrize("suffix", [".nir", ".graph", ".onnx", ".h5", ""])
def test_a_network_is_known_under_any_name(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"net{suffix}"
    write_nir(SPIKING, path)
    assert require_kind(path, ("nir", "graph")) == "nir"
    for graph in (SPIKING, DENSE):
        save_graph(graph, path)
        assert require_kind(path, ("nir", "graph")) == "graph"
    write_dense(DENSE, path)
    assert require_kind(path, ("onnx", "nir", "graph")) == "onnx"
    write_step(SPIKING, path)
    with pytest.raises(ExportError, match=r"is an ONNX file: only `energy`$"):
        require_kind(path, ("nir", "graph"), "only `energy`")


def test_every_onnx_file_of_other_tools_is_known_by_its_contents(tmp_path: Path) -> None:
    files = sorted((Path(__file__).parent / "onnx_files").glob("*.onnx"))
    assert len(files) > 3
    for file in files:
        other = tmp_path / "net.bin"
        other.write_bytes(file.read_bytes())
        found = kind_of(other)
        assert found is not None
        assert found.reads == "onnx", file.name
    assert onnx.load(files[0]).ir_version > 0


@pytest.mark.parametrize("suffix", [".nir", ".graph", ".onnx"])
def test_a_damaged_file_is_left_to_its_reader(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"net{suffix}"
    path.write_bytes(bytes(range(200, 256)))
    assert require_kind(path, ("onnx", "nir", "graph")) == suffix[1:]
    with pytest.raises(ExportError, match="is no network file that is read here"):
        require_kind(path.rename(tmp_path / "net.bin"), ("onnx", "nir", "graph"))


def test_pipes_devices_and_folders_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.nir")
    cases = [(tmp_path / "pipe.nir", "a device or a pipe"), (Path("/dev/zero"), "a device or a pipe")]
    for path, what in [*cases, (tmp_path, "a folder"), (tmp_path / "none.nir", "No such file")]:
        with pytest.raises(ExportError, match=f"cannot be read .*{what}"):
            require_kind(path, ("nir", "graph"))
        for read in (read_nir, load_graph, read_dense):
            with pytest.raises(ExportError):
                read(path)  # type: ignore[operator]
        with pytest.raises(ExportError):
            load_array(path, "input", "spikes", "(decisions,)")
