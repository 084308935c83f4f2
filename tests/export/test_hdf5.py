"""A stranger's HDF5 file: read as it is, or refused in one line, in bounded time and memory."""

import os
import resource
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neuro_aolo_export._hdf5 import (
    MAX_BYTES,
    member_names,
    open_plain,
    read_dataset,
    read_group,
    read_string,
    read_strings,
)
from neuro_aolo_export.errors import ExportError

Build = Callable[[h5py.File], object]


def _file(path: Path, build: Build) -> Path:
    with h5py.File(path, "w") as file:
        build(file)
    return path


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i4", ">i4", ">f4", "<f8", "f2", "?"])
@pytest.mark.parametrize(
    "storage", [{}, {"chunks": (3, 4)}, {"chunks": (3, 4), "compression": "gzip"}, {"compression": 9}]
)
def test_numbers_come_back(tmp_path: Path, dtype: str, storage: dict[str, Any]) -> None:
    wanted = np.arange(77).reshape(7, 11).astype(dtype)
    path = _file(tmp_path / "a", lambda file: file.create_dataset("x/y", data=wanted, **storage))
    with open_plain(path) as root:
        assert member_names(root, 5) == ("x",)
        values = read_dataset(read_group(root, "x"), "y", 77)
    np.testing.assert_array_equal(values, wanted)
    assert values.dtype == wanted.dtype.newbyteorder("=")


def test_scalars_empty_arrays_and_text_come_back(tmp_path: Path) -> None:
    def build(file: h5py.File) -> None:
        file.create_dataset("scalar", data=7)
        file.create_dataset(
            "none", (0, 10**12), "f4", maxshape=(None, None), chunks=(1, 1), compression="gzip"
        )
        file.create_dataset("fixed", data=np.array([b"dense"], "S10"))
        file.create_dataset("text", data="µ", dtype=h5py.string_dtype())
        file.create_dataset("edges", data=[("a", "b"), ("b", "")])

    with open_plain(_file(tmp_path / "a", build)) as root:
        assert read_dataset(root, "scalar", 1) == 7
        assert read_dataset(root, "none", 1).shape == (0, 10**12)
        assert read_string(root, "fixed") == "dense"
        assert read_string(root, "text") == "µ"
        assert read_strings(root, "edges", 4).tolist() == [["a", "b"], ["b", ""]]


def test_a_file_of_the_exchange_format_is_read(tmp_path: Path) -> None:
    import nir

    weight = np.random.default_rng(0).normal(size=(300, 200))
    nodes = {
        "in": nir.Input({"input": np.array([200])}),
        "dense": nir.Linear(weight),
        "out": nir.Output({"output": np.array([300])}),
    }
    nir.write(tmp_path / "x.nir", nir.NIRGraph(nodes, [("in", "dense"), ("dense", "out")]))
    with open_plain(tmp_path / "x.nir") as root:
        graph = read_group(root, "node")
        assert read_strings(graph, "edges", 100).tolist() == [["in", "dense"], ["dense", "out"]]
        dense = read_group(read_group(graph, "nodes"), "dense")
        assert read_string(dense, "type") == "Linear"
        np.testing.assert_array_equal(read_dataset(dense, "weight", 60_000), weight)


def _unstored(file: h5py.File) -> None:
    file.create_dataset("x", shape=(10**6, 10**6), dtype="f4")


def _unstored_chunks(file: h5py.File) -> None:
    file.create_dataset("x", shape=(10, 10), dtype="f4", chunks=(5, 5))


def _unstored_packed_chunks(file: h5py.File) -> None:
    file.create_dataset("x", shape=(10, 10), dtype="f4", chunks=(5, 5), compression="gzip")


def _large_chunks(file: h5py.File) -> None:
    file.create_dataset("x", shape=(10,), maxshape=(None,), dtype="f8", chunks=(10**8,), compression="gzip")


def _many_chunks(file: h5py.File) -> None:
    file.create_dataset("x", shape=(90_000,), dtype="u1", chunks=(1,), compression="gzip")


def _soft_link(file: h5py.File) -> None:
    file["y"] = np.ones(3)
    file["x"] = h5py.SoftLink("/y")


def _external_link(file: h5py.File) -> None:
    file["x"] = h5py.ExternalLink("/etc/passwd", "/")


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3,), dtype="f4")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "x", shape=(3,))
    file.create_virtual_dataset("x", layout)


def _external_storage(file: h5py.File) -> None:
    file.create_dataset("x", shape=(3,), dtype="u1", external=[("/etc/passwd", 0, 3)])


def _bomb(file: h5py.File) -> None:
    # A chunk of 80 bytes that unpacks to 200 MiB.
    dataset = file.create_dataset("x", shape=(40_000,), dtype="f8", chunks=(40_000,), compression="gzip")
    packer = zlib.compressobj(9)
    zeros = bytes(1 << 20)
    packed = b"".join(packer.compress(zeros) for _ in range(200)) + packer.flush()
    dataset.id.write_direct_chunk((0,), packed)


def _broken_chunk(file: h5py.File) -> None:
    dataset = file.create_dataset("x", shape=(4,), dtype="f8", chunks=(4,), compression="gzip")
    dataset.id.write_direct_chunk((0,), b"no zlib stream")


def _short_chunk(file: h5py.File) -> None:
    dataset = file.create_dataset("x", shape=(4,), dtype="f8", chunks=(4,), compression="gzip")
    dataset.id.write_direct_chunk((0,), zlib.compress(bytes(24)))


REFUSED: list[tuple[str, Build, str]] = [
    ("missing", lambda file: None, "missing"),
    ("a group", lambda file: file.create_group("x"), "not a dataset"),
    ("a named type", lambda file: file.__setitem__("x", np.dtype("f4")), "not a dataset"),
    ("no shape", lambda file: file.create_dataset("x", data=h5py.Empty("f4")), "empty"),
    ("huge", _unstored, r"1,000,000,000,000 elements: at most 100,000"),
    ("not stored", lambda file: file.create_dataset("x", shape=(9,), dtype="f4"), "0 bytes stored of 36"),
    ("chunks not stored", _unstored_chunks, "0 bytes stored of 400"),
    ("packed chunks not stored", _unstored_packed_chunks, r"the chunk at \(0, 0\)"),
    ("large chunks", _large_chunks, r"chunks of \(100000000,\) for shape \(10,\)"),
    ("many chunks", _many_chunks, "90,000 chunks"),
    ("soft link", _soft_link, "a link to elsewhere"),
    ("external link", _external_link, "a link to elsewhere"),
    ("virtual", _virtual, "data kept in other files"),
    ("external storage", _external_storage, "data kept in other files"),
    ("bomb", _bomb, "does not unpack to its 320,000 bytes"),
    ("broken chunk", _broken_chunk, "cannot be unpacked"),
    ("short chunk", _short_chunk, "does not unpack to its 32 bytes"),
    ("lzf", lambda file: file.create_dataset("x", data=np.ones(9), compression="lzf"), "other than gzip"),
    ("shuffled", lambda file: file.create_dataset("x", data=np.ones(9), shuffle=True), "other than gzip"),
    ("NaN", lambda file: file.create_dataset("x", data=[1.0, np.nan]), "NaN or infinity"),
    ("infinite", lambda file: file.create_dataset("x", data=[np.inf, 1.0]), "NaN or infinity"),
    ("complex", lambda file: file.create_dataset("x", data=[1j]), "not real numbers"),
    ("compound", lambda file: file.create_dataset("x", shape=3, dtype=[("a", "f4")]), "not real numbers"),
    ("text", lambda file: file.create_dataset("x", data="text"), "not real numbers"),
    (
        "ragged",
        lambda file: file.create_dataset("x", shape=3, dtype=h5py.vlen_dtype("f4")),
        "not real numbers",
    ),
    ("reference", lambda file: file.create_dataset("x", shape=3, dtype=h5py.ref_dtype), "not real numbers"),
    (
        "long double",
        lambda file: file.create_dataset("x", data=np.ones(2, np.longdouble)),
        "not real numbers",
    ),
    (
        "enumeration",
        lambda file: file.create_dataset("x", data=[1], dtype=h5py.enum_dtype({"A": 1})),
        "of type",
    ),
    ("opaque", lambda file: file.create_dataset("x", data=np.array([b"ab"], "V2")), "not real numbers"),
]


@pytest.mark.parametrize(
    ("build", "message"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_what_is_not_plain_numbers_in_the_file_is_refused(tmp_path: Path, build: Build, message: str) -> None:
    path = _file(tmp_path / "a.h5", build)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with open_plain(path) as root, pytest.raises(ExportError, match=message) as refused:
        read_dataset(root, "x", 100_000)
    text = str(refused.value)
    assert text.startswith(f"{path}, /x: ")
    assert "\n" not in text
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 64 * 1024


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda file: file.create_dataset("x", data=1.0), "not text"),
        (lambda file: file.create_dataset("x", data=["a"] * 9), "9 elements: at most 4"),
        (lambda file: file.create_dataset("x", data="a" * 2000), "2,000 bytes: at most 256"),
        (lambda file: file.create_dataset("x", shape=3, dtype="S1000"), "1,000 bytes: at most 256"),
        (lambda file: file.create_dataset("x", shape=3, dtype="S9"), "0 bytes stored of 27"),
        (
            lambda file: file.create_dataset("x", data=np.array(["a"] * 4, "S"), compression="gzip"),
            "compressed",
        ),
        (lambda file: file.create_dataset("x", data=np.array([b"\xff"], "S")), "decode"),
    ],
)
def test_what_is_not_short_text_is_refused(tmp_path: Path, build: Build, message: str) -> None:
    with (
        open_plain(_file(tmp_path / "a.h5", build)) as root,
        pytest.raises(ExportError, match=f"/x: .*{message}"),
    ):
        read_strings(root, "x", 4)


def test_what_is_no_file_of_that_kind_is_refused(tmp_path: Path) -> None:
    whole = _file(tmp_path / "whole", lambda file: file.create_dataset("x", data=np.ones(1000))).read_bytes()
    (tmp_path / "truncated").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("not HDF5")
    os.mkfifo(tmp_path / "fifo")
    with (tmp_path / "large").open("wb") as large:
        large.truncate(MAX_BYTES + 1)
    for name in ("truncated", "empty", "text", "fifo", "large", "missing", "."):
        path = tmp_path / name
        with pytest.raises(ExportError, match="is not a readable HDF5 file") as refused, open_plain(path):
            pass
        assert "\n" not in str(refused.value)


def test_crowded_groups_and_groups_of_another_kind_are_refused(tmp_path: Path) -> None:
    def build(file: h5py.File) -> None:
        for index in range(20):
            file.create_group(str(index))
        file["0/up"] = file["/"]
        file["data"] = 1

    with open_plain(_file(tmp_path / "a", build)) as root:
        with pytest.raises(ExportError, match="more than 10 members"):
            member_names(root, 10)
        with pytest.raises(ExportError, match="/data: not a group"):
            read_group(root, "data")
        with pytest.raises(ExportError, match="/none: missing"):
            read_group(root, "none")


def test_damaged_text_is_refused_at_once(tmp_path: Path) -> None:
    # The library itself follows each of these lists for ever.
    path = _file(tmp_path / "a", lambda file: file.create_dataset("x", data=["ab", "c"]))
    whole = path.read_bytes()
    heap = whole.index(b"GCOL")
    for place, value in ((heap + 8, 255), (heap + 24, 255), (heap + 30, 255), (heap, 0)):
        damaged = bytearray(whole)
        damaged[place] = value
        path.write_bytes(damaged)
        with open_plain(path) as root, pytest.raises(ExportError, match=r"that is not in the file|bytes"):
            read_strings(root, "x", 2, max_length=64)


def test_any_file_with_damage_is_read_or_refused(tmp_path: Path) -> None:
    def build(file: h5py.File) -> None:
        file.create_dataset("x", data=np.arange(60.0).reshape(6, 10), compression="gzip", chunks=(3, 4))
        file.create_dataset("y", data=np.arange(9))
        file["z"] = [("a", "b"), ("c", "d")]

    path = _file(tmp_path / "a", build)
    whole = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    told = np.flatnonzero(whole)
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(400):
        damaged = whole.copy()
        places = rng.choice(told, rng.integers(1, 4))
        damaged[places] ^= rng.integers(1, 256, places.size).astype(np.uint8)
        path.write_bytes(damaged[: rng.integers(1, damaged.size) if rng.random() < 0.1 else None].tobytes())
        try:
            with open_plain(path) as root:
                read_dataset(root, "x", 60)
                read_dataset(root, "y", 60)
                read_strings(root, "z", 60)
        except ExportError:
            refused += 1
    assert refused > 100


def test_a_list_of_free_space_that_leads_back_to_itself_is_refused_at_once(tmp_path: Path) -> None:
    """The library would follow it for ever, and keep a note of each step in memory."""
    path = _file(tmp_path / "a", lambda file: [file.create_group(f"group/{name}") for name in "abc"])
    data = bytearray(path.read_bytes())
    heaps, at = 0, data.find(b"HEAP")
    while at >= 0:
        _, free, address = (int.from_bytes(data[at + 8 * i : at + 8 * i + 8], "little") for i in (1, 2, 3))
        data[address + free : address + free + 8] = free.to_bytes(8, "little")
        heaps, at = heaps + 1, data.find(b"HEAP", at + 1)
    assert heaps >= 2
    path.write_bytes(data)
    with pytest.raises(ExportError, match="a list of free space leads back to itself"), open_plain(path):
        pass
