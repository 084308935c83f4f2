"""NIR files that are damaged, made up or malicious: one line each, soon, and in little memory."""

import json
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import PopulationDecoder, PopulationEncoder, SpikingGraph, SpikingLayer
from neuro_aolo_export.graph_file import graph_digest
from neuro_aolo_export.nir import _file as _nir_file
from neuro_aolo_export.nir.convert import read_nir, write_nir

_MAX_CPU_S = 10.0
_MAX_BYTES = 1 << 26


@pytest.fixture(scope="module")
def graph() -> SpikingGraph:
    rng = np.random.default_rng(0)
    encoder = PopulationEncoder([[-1.0, 0.0, 1.0]], np.full((1, 3), 0.4))
    layers = (
        SpikingLayer(rng.normal(size=(4, 3)), rng.normal(size=4), 0.5, 0.75, 0.5),
        SpikingLayer(rng.normal(size=(2, 4)), rng.normal(size=2), 0.0, 0.75, 0.5),
    )
    return SpikingGraph(encoder, layers, PopulationDecoder(rng.normal(size=(1, 2)), [0.0]), steps=5)


@pytest.fixture
def path(graph: SpikingGraph, tmp_path: Path) -> Path:
    write_nir(graph, tmp_path / "actor.nir")
    return tmp_path / "actor.nir"


def _refuse(path: Path, message: str) -> None:
    """Refused in one short line that names the file, within bounds."""
    tracemalloc.start()
    start = time.thread_time()
    try:
        with pytest.raises(ExportError, match=message) as caught:
            read_nir(path)
        assert time.thread_time() - start < _MAX_CPU_S
        assert tracemalloc.get_traced_memory()[1] < _MAX_BYTES
    finally:
        tracemalloc.stop()
    told = str(caught.value)
    assert "\n" not in told
    assert len(told) < 700
    assert str(path) in told


def _replace(file: h5py.File, name: str, **dataset: Any) -> None:
    del file[name]
    file.create_dataset(name, **dataset)


WEIGHT = "node/nodes/layer0_weights/weight"
TAU = "node/nodes/layer0_neurons/tau_mem"
TYPE = "node/nodes/layer0_neurons/type"
EDGES = "node/edges"
Attack = Callable[[h5py.File], None]


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4, 3), np.float32)
    layout[:] = h5py.VirtualSource("elsewhere.h5", "weight", (4, 3))
    del file[WEIGHT]
    file.create_virtual_dataset(WEIGHT, layout)


def _external_link(file: h5py.File) -> None:
    del file[WEIGHT]
    file[WEIGHT] = h5py.ExternalLink("/etc/passwd", "/weight")


def _external_group(file: h5py.File) -> None:
    del file["node/nodes"]
    file["node/nodes"] = h5py.ExternalLink("/etc/passwd", "/nodes")


def _soft_link(file: h5py.File) -> None:
    del file[TAU]
    file[TAU] = h5py.SoftLink("/node/nodes/layer1_neurons/tau")


def _many_nodes(file: h5py.File) -> None:
    for index in range(3000):
        file.create_group(f"node/nodes/more{index}")


def _deep_graphs(file: h5py.File) -> None:
    place = file["node/nodes"]
    for _ in range(300):
        place = place.create_group("deep")
        place["type"] = "NIRGraph"
        place["edges"] = np.empty((0, 2))
        place = place.create_group("nodes")


def _same_node_many_times(file: h5py.File) -> None:
    for index in range(200):
        file[f"node/nodes/again{index}"] = file["node/nodes/layer0_weights"]


def _long_edges(file: h5py.File) -> None:
    _replace(file, EDGES, data=np.array([["a", "b" * 9_000_000]], dtype=object), dtype=h5py.string_dtype())


_ATTACKS: dict[str, tuple[Attack, str]] = {
    "virtual dataset": (_virtual, "layer0_weights/weight: data kept in other files"),
    "external link": (_external_link, "layer0_weights/weight: a link to elsewhere"),
    "external link to a group": (_external_group, "node/nodes: a link to elsewhere"),
    "soft link": (_soft_link, "tau_mem: a link to elsewhere"),
    "external storage": (
        lambda f: _replace(f, WEIGHT, shape=(4, 3), dtype="f4", external=[("/etc/passwd", 0, 48)]),
        "data kept in other files",
    ),
    "references": (
        lambda f: _replace(f, TAU, data=np.array([f.ref] * 4, dtype=object), dtype=h5py.ref_dtype),
        "tau_mem: not real numbers",
    ),
    "ragged": (
        lambda f: _replace(f, TAU, shape=(4,), dtype=h5py.vlen_dtype(np.float64)),
        "tau_mem: not real numbers",
    ),
    "compound": (lambda f: _replace(f, TAU, data=np.zeros(4, "f4,f4")), "tau_mem: not real numbers"),
    "complex": (lambda f: _replace(f, TAU, data=np.zeros(4, "c8")), "tau_mem: "),
    "text for numbers": (lambda f: _replace(f, TAU, data="4e-4"), "tau_mem: not real numbers"),
    "numbers for text": (lambda f: _replace(f, TYPE, data=7), "type: not text"),
    "huge dimensions": (
        lambda f: _replace(f, WEIGHT, shape=(1 << 30, 1 << 20), dtype="f4", chunks=(1024, 64)),
        "which is 1,125,899,906,842,624 elements",
    ),
    "declared, not stored": (
        lambda f: _replace(f, WEIGHT, shape=(4096, 4096), dtype="f4"),
        "0 bytes stored of 67,108,864 declared",
    ),
    "not a number": (lambda f: f[WEIGHT].write_direct(np.full((4, 3), np.nan, "f4")), "weight: NaN or inf"),
    "infinite": (
        lambda f: f[TAU].write_direct(np.full(4, np.inf)),
        "tau_mem is infinite; a CubaLIF without a leak",
    ),
    "wrong shape": (
        lambda f: _replace(f, TAU, data=np.ones((2, 2))),
        r"'layer0_neurons' has parameters of shapes \(2, 2\), \(4,\)",
    ),
    "empty": (lambda f: _replace(f, WEIGHT, shape=(0, 3), dtype="f4"), r"weight has shape \(0, 3\)"),
    "no data": (lambda f: _replace(f, WEIGHT, data=h5py.Empty("f4")), "weight: empty"),
    "a group for numbers": (lambda f: (f.pop(TAU), f.create_group(TAU))[0], "tau_mem: not a dataset"),
    "missing field": (lambda f: f.pop(TAU), "CubaLIF node 'layer0_neurons' lacks 'tau_mem'"),
    "unknown field": (
        lambda f: f["node/nodes/layer0_neurons"].create_dataset("delay\n", data=1),
        r"'layer0_neurons' has an unknown field 'delay\\n'",
    ),
    "any name for a type": (lambda f: _replace(f, TYPE, data="__builtins__"), "is of type '__builtins__'"),
    "endless type": (lambda f: _replace(f, TYPE, data="A" * 9_000_000), "type: a string of 9,000,000 bytes"),
    "endless edge": (_long_edges, "edges: a string of 9,000,000 bytes"),
    "edges of three": (
        lambda f: _replace(f, EDGES, data=[["a", "b", "c"]], dtype=h5py.string_dtype()),
        r"edges have shape \(1, 3\)",
    ),
    "too many edges": (
        lambda f: _replace(f, EDGES, shape=(10**9, 2), dtype=h5py.string_dtype(), chunks=(64, 2)),
        "edges: shape .* 2,000,000,000 elements",
    ),
    "no graph": (lambda f: f.pop("node"), "an HDF5 file without a NIR graph in it"),
    "one node": (lambda f: _replace(f, "node/type", data="LIF"), "holds one 'LIF' node: give a NIRGraph"),
    "thousands of nodes": (_many_nodes, "node/nodes/: more than 256 members"),
    "deep nesting": (_deep_graphs, "a node's name has 259 letters: at most 256"),
    "one node under many names": (_same_node_many_times, "node 'again0' is not joined to 'input'"),
    "long name": (lambda f: f.create_group("node/nodes/" + "n" * 9999), "a node's name has 9999 letters"),
    "no step": (lambda f: _replace(f, "node/metadata/dt", data=[1.0, 2.0]), "time step 1, 2: give one"),
    "negative step": (lambda f: _replace(f, "node/metadata/dt", data=-1.0), "time step -1: give one"),
    "changed weight": (lambda f: f[WEIGHT].write_direct(np.ones((4, 3), "f4")), "not what its digest"),
    "changed decoder": (
        lambda f: f["node/metadata/decoder_bias"].write_direct(np.ones(1, "f4")),
        "not what its digest",
    ),
    "no encoder": (lambda f: f.pop("node/metadata/encoder_mean"), "damaged .KeyError: 'encoder_mean'"),
}


@pytest.mark.parametrize("case", _ATTACKS)
def test_attacks_are_refused(case: str, path: Path) -> None:
    attack, message = _ATTACKS[case]
    with h5py.File(path, "a") as file:
        attack(file)
    _refuse(path, message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "is damaged .RecursionError|is damaged .JSONDecodeError"),
        ("{", "is damaged .JSONDecodeError"),
        ("[]", "is damaged .TypeError"),
        ('{"format": 3}', "format 3, not 2"),
        ("9" * 5000, "is damaged .ValueError"),
        ("x" * (1 << 21), "neuro_aolo: a string of 2,097,152 bytes"),
    ],
    ids=["deep", "cut", "list", "format", "digits", "long"],
)
def test_made_up_descriptions_are_refused(path: Path, text: str, message: str) -> None:
    with h5py.File(path, "a") as file:
        _replace(file, "node/metadata/neuro_aolo", data=text)
    _refuse(path, message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": 6}, "not what its digest"),
        ({"steps": 5.0}, r"damaged .TypeError: steps 5\.0, step_s None"),
        ({"steps": 10**400}, "10{39} time steps: give at least 1 and at most 1,000,000"),
        ({"step_s": "1"}, "damaged .TypeError: steps 5, step_s '1'"),
        ({"step_s": float("nan")}, "step_s nan: give seconds above 0"),
        ({"sha256": None}, "not what its digest 'None'"),
        ({"encoder": {"threshold": 0.999, "more": 1}}, "damaged .TypeError"),
        ({"observations": [{"name": "x"}]}, "damaged .TypeError"),
        ({"observations": 7}, "damaged .TypeError"),
    ],
)
def test_changed_descriptions_are_refused(path: Path, change: dict[str, Any], message: str) -> None:
    with h5py.File(path, "a") as file:
        said = json.loads(file["node/metadata/neuro_aolo"][()])
        _replace(file, "node/metadata/neuro_aolo", data=json.dumps(said | change))
    _refuse(path, message)


def test_numbers_are_counted_over_the_whole_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_nir_file, "MAX_NUMBERS", 40)
    _refuse(path, "at most [0-9]")


def test_a_bomb_does_not_go_off(path: Path) -> None:
    with h5py.File(path, "a") as file:
        _replace(file, TAU, data=np.zeros(1 << 20), chunks=(1 << 20,), compression="gzip")
        file.move(TAU, "bomb")
        packed = file["bomb"].id.read_direct_chunk((0,))[1]
        file.create_dataset(TAU, shape=(4,), dtype="f8", chunks=(4,), compression="gzip")
        file[TAU].id.write_direct_chunk((0,), packed)
    _refuse(path, "tau_mem: the chunk at .0,. ")


@pytest.mark.parametrize("data", [b"", b"\x89HDF\r\n\x1a\n", b"PK\x03\x04" * 99, bytes(4096)])
def test_other_files_are_refused(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    _refuse(path, "not a readable HDF5 file")


def test_folders_and_missing_files_are_refused(tmp_path: Path) -> None:
    _refuse(tmp_path, "not a readable HDF5 file")
    _refuse(tmp_path / "none.nir", "not a readable HDF5 file")


_SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _same_or_refused(path: Path, graph: SpikingGraph) -> None:
    """What can be read is what was written: the damage was to bytes that mean nothing."""
    start = time.thread_time()
    try:
        read = read_nir(path)
    except ExportError as error:
        told = str(error)
    else:
        told = str(path)
        assert graph_digest(read) == graph_digest(graph)
    assert "\n" not in told
    assert str(path) in told
    assert time.thread_time() - start < _MAX_CPU_S


@_SETTINGS
@given(data=st.data())
def test_damaged_files_are_refused_or_the_same(
    data: st.DataObject, graph: SpikingGraph, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.nir"
    write_nir(graph, path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        piece = data.draw(st.binary(min_size=1, max_size=8))
        content[place : place + len(piece)] = piece
    path.write_bytes(content)
    _same_or_refused(path, graph)


@_SETTINGS
@given(share=st.floats(0, 1, exclude_max=True))
def test_truncated_files_are_refused(share: float, graph: SpikingGraph, tmp_path: Path) -> None:
    path = tmp_path / "short.nir"
    write_nir(graph, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    _refuse(path, "not a readable HDF5 file")
