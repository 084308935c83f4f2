"""A subgraph in the place of the node that it is."""

from collections.abc import Sequence
from typing import Any

from neuro_aolo_export.errors import ExportError


def joined(
    name: str, inner: dict[str, dict[str, Any]], edges: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Edges to and from a subgraph, led to its own Input and from its own Output.

    Inside a graph an Input and an Output hand on what they are given, as a Flatten does: in ``inner`` one
    takes the place of each.

    Args:
        name: of the subgraph.
        inner: nodes of the subgraph, under their names in the whole graph.
        edges: of the graph around it.

    Raises:
        ExportError: other than one Input and one Output.
    """
    ends = {}
    for kind in ("Input", "Output"):
        named = [node for node, fields in inner.items() if fields["type"] == kind]
        if len(named) != 1:
            raise ExportError(
                f"subgraph {name[:64]!r} has {len(named)} nodes of type {kind}: give it one, or write "
                "its nodes into the graph itself"
            )
        ends[kind] = named[0]
    for node in ends.values():
        inner[node] = {
            "type": "Flatten",
            "start_dim": 0,
            "end_dim": -1,
            "input_type": inner[node]["shape"],
        }
    return [
        (ends["Output"] if source == name else source, ends["Input"] if target == name else target)
        for source, target in edges
    ]
