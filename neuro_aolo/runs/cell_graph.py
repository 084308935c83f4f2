"""The network of a cell, kept beside it, so that later tables need no training."""

from dataclasses import dataclass, replace
from pathlib import Path

from neuro_aolo.errors import RunError
from neuro_aolo.runs.cell import Cell
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import DenseGraph, SpikingGraph
from neuro_aolo_export.graph_file import graph_digest, load_graph, save_graph

MOST_BYTES = 4 << 20
"""Largest network that is kept: four mebibytes, a million weights."""

_WEIGHT_BYTES = 4


@dataclass(frozen=True)
class MadeCell:
    """A finished cell, and the network that decided in it.

    Attributes:
        cell: what the training came to.
        graph: None where nothing is kept.
    """

    cell: Cell
    graph: SpikingGraph | DenseGraph | None = None

    def save(self, file: Path) -> None:
        """Write both, each whole or not at all, the network first: a cell that names one has it.

        A network above :data:`MOST_BYTES` is not kept, and the cell then names none.
        """
        beside, graph = graph_file(file), self.graph
        if graph is None or _weight_bytes(graph) > MOST_BYTES:
            beside.unlink(missing_ok=True)
            self.cell.save(file)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        save_graph(graph, beside)
        replace(self.cell, graph_sha256=graph_digest(graph)).save(file)


def graph_file(cell: Path) -> Path:
    """Where the network of the cell in a file is kept."""
    return cell.with_suffix(".graph")


def kept_graph(file: Path) -> tuple[Cell, SpikingGraph | DenseGraph]:
    """A cell and the network that was kept beside it.

    Raises:
        RunError: the file is no cell, none was kept, or it is not the one that the cell names.
    """
    cell, beside = Cell.load(file), graph_file(file)
    again = "make the cell again with  neuro-aolo compare --overwrite"
    if not cell.graph_sha256:
        raise RunError(f"{file} names no network: {again}, or name a run's folder")
    try:
        graph = load_graph(beside)
    except ExportError as error:
        raise RunError(f"{error}; or {again}") from None
    if graph_digest(graph) != cell.graph_sha256:
        raise RunError(f"{beside} is not the network that {file.name} names: {again}")
    return cell, graph


def _weight_bytes(graph: SpikingGraph | DenseGraph) -> int:
    passes = graph.denoising if isinstance(graph, DenseGraph) else None
    weights = sum(layer.weight.size + layer.bias.size for layer in graph.layers)
    return _WEIGHT_BYTES * (weights + (0 if passes is None else passes.shift.size))
