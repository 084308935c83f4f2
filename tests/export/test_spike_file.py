"""Files of spikes: what is written is read, and what is none is refused before it is unpacked."""

import contextlib
import io
import os
import struct
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.files import write_whole
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.simulate import simulate_float, simulate_integer
from neuro_aolo_export.spike_file import load_spikes, save_activity


def test_activity_is_written_without_bias_neurons_and_read_back(make_graph, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    graph = make_graph(rng)
    observations = rng.uniform(-1, 1, (7, 3))
    for name, activity in (
        ("float", simulate_float(graph, observations)),
        ("integer", simulate_integer(quantize(graph), observations)),
    ):
        path = tmp_path / f"{name}.npz"
        save_activity(activity, path)
        with np.load(path, allow_pickle=False) as file:
            shapes = {key: (file[key].shape, str(file[key].dtype)) for key in file.files}
            assert np.array_equal(file["action"], activity.actions)
            hidden = activity.layer_spikes[0][..., :12].transpose(1, 0, 2)
            assert np.array_equal(file["layer0"], hidden)
        assert shapes == {
            "input": ((7, 5, 12), "uint8"),
            "layer0": ((7, 5, 12), "uint8"),
            "layer1": ((7, 5, 9), "uint8"),
            "layer2": ((7, 5, 8), "uint8"),
            "action": ((7, 2), "float32"),
        }
        assert np.array_equal(load_spikes(path, 12, 5), activity.input_spikes[..., :12])


def _npz(path: Path, header: bytes, data: bytes = b"", name: str = "input.npy") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, header + data)
    return path


def _header(shape: object, dtype: str = "|u1") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


SPIKES = np.ones((2, 3, 4), dtype=np.uint8)


def test_values_of_any_type_of_number_will_do(tmp_path: Path) -> None:
    for dtype in (bool, np.int64, np.float32):
        np.savez(tmp_path / "x.npz", input=SPIKES.astype(dtype))
        assert load_spikes(tmp_path / "x.npz", 4).shape == (3, 2, 4)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (SPIKES[0], r"has shape \(3, 4\): give \(decisions, 3, 4\)"),
        (SPIKES[..., :3], r"has shape \(2, 3, 3\)"),
        (SPIKES[:, :2], r"has shape \(2, 2, 4\)"),
        (SPIKES[:0], "at least one decision"),
        (2 * SPIKES, "other than 0 and 1"),
        (np.full((2, 3, 4), np.nan), "other than 0 and 1"),
        (np.full((2, 3, 4), np.inf), "other than 0 and 1"),
        (np.full((2, 3, 4), 0.5), "other than 0 and 1"),
        (-SPIKES.astype(np.int8), "other than 0 and 1"),
        (np.full((2, 3, 4), "1"), "not numbers"),
        (np.full((2, 3, 4), 1j), "not numbers"),
    ],
)
def test_arrays_that_are_no_spikes_are_refused(tmp_path: Path, array: object, message: str) -> None:
    np.savez(tmp_path / "x.npz", input=array)
    with pytest.raises(ExportError, match=message):
        load_spikes(tmp_path / "x.npz", 4, 3)


def test_hostile_files_are_refused_before_they_are_unpacked(tmp_path: Path) -> None:
    whole = io.BytesIO()
    np.savez(whole, input=SPIKES)
    pickled = io.BytesIO()
    np.savez(pickled, input=np.array([{"a": 1}], dtype=object))
    files = {
        "missing": tmp_path / "missing.npz",
        "folder": tmp_path,
        "bomb": _npz(tmp_path / "bomb.npz", _header((1 << 32, 3, 4)), bytes(1 << 26)),
        "claims": _npz(tmp_path / "claims.npz", _header((1 << 20, 3, 4))),
        "more": _npz(tmp_path / "more.npz", _header((2, 3, 4)), bytes(1 << 26)),
        "overflow": _npz(tmp_path / "overflow.npz", _header((1 << 62, 1 << 62, 4))),
        "negative": _npz(tmp_path / "negative.npz", _header((-2, -3, 4)), bytes(24)),
        "no shape": _npz(tmp_path / "no.npz", _header("'x'")),
        "long header": _npz(tmp_path / "long.npz", _header("(" * 60_000)),
        "nested header": _npz(tmp_path / "nested.npz", _header("(" * 4_000)),
        "magic": _npz(tmp_path / "magic.npz", b"not an array"),
        "no input": _npz(tmp_path / "name.npz", _header((2, 3, 4)), bytes(24), name="inputs.npy"),
    }
    for name, data in {
        "truncated": whole.getvalue()[:-40],
        "beheaded": whole.getvalue()[10:],
        "pickled": pickled.getvalue(),
        "empty": b"",
        "text": b"input,1,0,1\n",
    }.items():
        files[name] = tmp_path / f"{name}.npz"
        files[name].write_bytes(data)
    files["pipe"] = tmp_path / "pipe.npz"
    os.mkfifo(files["pipe"])
    tracemalloc.start()
    for file in files.values():
        with pytest.raises(ExportError, match="is no file of spikes") as refused:
            load_spikes(file, 4, 3)
        assert "\n" not in str(refused.value)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20


@given(st.integers(0, 300), st.binary(min_size=1, max_size=8))
def test_a_file_with_any_bytes_in_it_is_read_or_refused(at: int, junk: bytes) -> None:
    stream = io.BytesIO()
    np.savez(stream, input=SPIKES)
    data = stream.getvalue()
    at %= len(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.npz"
        path.write_bytes(data[:at] + junk + data[at + len(junk) :])
        with contextlib.suppress(ExportError):
            assert load_spikes(path, 4, 3).shape == (3, 2, 4)


@pytest.mark.parametrize(
    ("name", "reason"), [("missing.npz", "No such file or directory"), ("x.npz", "There is")]
)
def test_the_reason_is_without_stray_quotes(tmp_path: Path, name: str, reason: str) -> None:
    np.savez(tmp_path / "x.npz", spikes=SPIKES)
    with pytest.raises(ExportError, match=rf"is no file of spikes \({reason}[^\"]*\): give"):
        load_spikes(tmp_path / name, 4, 3)


def test_below_a_file_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match=r"x cannot be written \(Not a directory\)"):
        write_whole(tmp_path / "file" / "x", b"")


@pytest.mark.parametrize("path", ["", ".", "/"])
def test_a_folder_is_no_place_for_a_file(path: str) -> None:
    with pytest.raises(ExportError, match="is a folder: give the path of a file in it"):
        write_whole(path, b"")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_damage_under_every_compression_is_one_line(tmp_path: Path, method: int) -> None:
    rng = np.random.default_rng(0)
    stream = io.BytesIO()
    np.save(stream, rng.integers(0, 2, (50, 5, 12), dtype=np.uint8))
    path = tmp_path / "spikes.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("input.npy", stream.getvalue())
    whole = path.read_bytes()
    assert load_spikes(path, 12, 5).shape == (5, 50, 12)
    for at in range(40, len(whole) - 60, max(1, len(whole) // 60)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with contextlib.suppress(ExportError):
            load_spikes(path, 12, 5)
