"""A stranger's NIR file as a ``nir.NIRGraph``, with nothing in it that has not been looked at first.

``nir.read`` follows links, unpacks whatever is declared and looks types up by their names in the file.
So the file is read here, field by known field, and ``nir`` only builds the nodes.
"""

import os
from typing import Any

from numpy.typing import NDArray

from neuro_aolo_export._hdf5 import (
    member_names,
    open_plain,
    read_dataset,
    read_group,
    read_string,
    read_strings,
)
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.file_kind import described
from neuro_aolo_export.nir._parameters import ENDS, NEURONS, UNDECLARED, plain
from neuro_aolo_export.nir._subgraph import joined

MAX_NODES = 256
MAX_NUMBERS = 1 << 26
"""Most numbers that one file may hold, unpacked: as many weights as a graph file has room for."""

ALLOWED = "Input -> (Affine or Linear -> CubaLIF, LIF or IF), once per layer -> Output, with Flatten anywhere"
SUBGRAPH = "NIRGraph"
DESCRIPTION = "neuro_aolo"
"""Key in the graph's metadata: JSON about all that NIR has no node for."""

CODER_ARRAYS = ("encoder_mean", "encoder_std", "decoder_weight", "decoder_bias")

_NUMBERS_OF_TYPE = {
    "Affine": {"weight", "bias"},
    "Linear": {"weight"},
    "CubaLIF": {"tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in"},
    "LIF": {"tau", "r", "v_leak", "v_threshold", "v_reset"},
    "IF": {"r", "v_threshold", "v_reset"},
    "Flatten": {"start_dim", "end_dim", "input_type"},
    "Input": {"shape"},
    "Output": {"shape"},
}
# Older files lack a reset potential, which then is 0; nir fills it in, as it does the rest of these.
_OPTIONAL = {"v_reset", "w_in", "input_type", "start_dim", "end_dim", "shape"}
_BESIDE = {"type", "metadata"}
_Nodes = dict[str, dict[str, Any]]
_Edges = list[tuple[str, str]]
_MAX_MEMBERS = 64
_MAX_NAME = 256
_MAX_DESCRIPTION = 1 << 20


def read_file(path: str | os.PathLike[str]) -> Any:
    """The ``nir.NIRGraph`` of a file; of its metadata, only what this package writes.

    Raises:
        ExportError: no such file, not HDF5, damaged, too large, with data outside the file, NaN or infinite
            numbers, or nodes and fields other than those allowed.
    """
    import nir

    if kind := described(path):
        raise ExportError(f"{path} is not a readable HDF5 file of NIR ({kind}): name a .nir file")
    with open_plain(path) as root:
        graph = read_group(root, "node")
        kind = read_string(graph, "type", _MAX_NAME)
        if kind != SUBGRAPH:
            raise ExportError(f"{path} holds one {_shown(kind)} node: give a {SUBGRAPH}, {ALLOWED}")
        reader = _Reader(str(path))
        nodes, edges = reader.graph(graph)
        fields: dict[str, Any] = {
            "type": kind,
            "nodes": nodes,
            "edges": edges,
            "metadata": reader.metadata(graph),
        }
    try:
        # Types are checked along the chain, in one pass; nir's own check is quadratic in the edges.
        return nir.dict2NIRNode({**fields, "type_check": False})
    except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ExportError(f"{path}: its nodes do not fit NIR ({reason}); write it again with nir") from None


class _Reader:
    """Reads fields, and counts nodes and numbers over the whole file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.left = MAX_NUMBERS
        self.nodes_left = MAX_NODES

    def graph(self, group: Any, prefix: str = "") -> tuple[_Nodes, _Edges]:
        """Nodes and edges of a graph, each of its subgraphs written out in its place."""
        nodes: _Nodes = {}
        edges = [(prefix + source, prefix + target) for source, target in self.edges(group)]
        listed = read_group(group, "nodes")
        for name in member_names(listed, MAX_NODES):
            place = prefix + name
            self.nodes_left -= 1
            if self.nodes_left < 0:
                raise ExportError(
                    f"{self.path}: more than {MAX_NODES} nodes, subgraphs and theirs among them"
                )
            kind = self.kind(listed, name, place)
            if kind != SUBGRAPH:
                nodes[place] = self.node(listed, name, place, kind)
                continue
            inner, inner_edges = self.graph(read_group(listed, name), f"{place}/")
            try:
                edges = [*joined(place, inner, edges), *inner_edges]
            except ExportError as error:
                raise ExportError(f"{self.path}: {error}") from None
            nodes |= inner
        return nodes, edges

    def kind(self, nodes: Any, name: str, place: str) -> str:
        """The type of a node."""
        if len(place) > _MAX_NAME:
            raise ExportError(f"{self.path}: a node's name has {len(place)} letters: at most {_MAX_NAME}")
        group = read_group(nodes, name)
        if "type" not in member_names(group, _MAX_MEMBERS):
            raise ExportError(
                f"{self.path}: node {_shown(place)} has no type: a '/' in a node's name makes a "
                "group of it, so write names with '.'"
            )
        return read_string(group, "type", _MAX_NAME)

    def numbers(self, group: Any, name: str, *, finite: bool = True) -> NDArray[Any]:
        values = read_dataset(group, name, self.left, finite=finite)
        self.left -= values.size
        return values

    def node(self, nodes: Any, name: str, place: str, kind: str) -> dict[str, Any]:
        """The fields of a node, ``place`` its name in the whole graph."""
        group = read_group(nodes, name)
        if kind not in _NUMBERS_OF_TYPE:
            raise ExportError(
                f"{self.path}: node {_shown(place)} is of type {_shown(kind)}; allowed is {ALLOWED}"
            )
        known = _NUMBERS_OF_TYPE[kind]
        found = set(member_names(group, _MAX_MEMBERS)) - _BESIDE
        for field in sorted((known - _OPTIONAL - found) | (found - known)):
            what = "lacks" if field in known else "has an unknown field"
            raise ExportError(
                f"{self.path}: {kind} node {_shown(place)} {what} {_shown(field)}; write it again with nir"
            )
        # What is not finite is told by its node and by what it means.
        values = {field: self.numbers(group, field, finite=kind not in NEURONS) for field in sorted(found)}
        if kind in ENDS:
            values.setdefault("shape", UNDECLARED)
        try:
            return {"type": kind, **plain(kind, _shown(place), values)}
        except ExportError as error:
            raise ExportError(f"{self.path}: {error}") from None

    def edges(self, graph: Any) -> list[tuple[str, str]]:
        edges = read_strings(graph, "edges", 2 * MAX_NODES, _MAX_NAME)
        if edges.size == 0:
            return []
        if edges.ndim != 2 or edges.shape[1] != 2:
            raise ExportError(
                f"{self.path}: edges have shape {edges.shape}; give (edges, 2), source and target"
            )
        return [(str(source), str(target)) for source, target in edges]

    def metadata(self, graph: Any) -> dict[str, Any]:
        if "metadata" not in member_names(graph, _MAX_MEMBERS):
            return {}
        group = read_group(graph, "metadata")
        found = set(member_names(group, _MAX_MEMBERS))
        said: dict[str, Any] = {
            name: self.numbers(group, name) for name in ("dt", *CODER_ARRAYS) if name in found
        }
        if DESCRIPTION in found:
            said[DESCRIPTION] = read_string(group, DESCRIPTION, _MAX_DESCRIPTION)
        return said


def _shown(text: str) -> str:
    """In quotes, on one line, and short, whatever the file holds."""
    return repr(str(text)[:64])
