"""Both ends of an ONNX actor: in [-1, 1], or in physical units with the normaliser inside."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from neuro_aolo_export.arrays import require
from neuro_aolo_export.graph import DenseGraph, SpikingGraph
from neuro_aolo_export.onnx._model import Nodes, batch_of, element, value
from neuro_aolo_export.quantity import Quantity


def require_physical(graph: SpikingGraph | DenseGraph) -> None:
    """Check that a graph tells what a physical model needs.

    Raises:
        ExportError: it tells no observations or no actions.
    """
    require(
        bool(graph.observations and graph.actions),
        "the graph does not tell the ranges of its observations and actions: freeze it with its quantities, "
        "or export it with physical=False",
    )


def observations_in(nodes: Nodes, graph: SpikingGraph | DenseGraph, physical: bool) -> tuple[Any, str]:
    """The input ``observations`` ``(B, D)``, and the name of it in [-1, 1] float32."""
    given, shape = "observations", batch_of(graph.input_size)
    told = _told(graph.observations, physical)
    if not physical:
        return value(given, np.float32, shape, told), given
    low, high = _bounds(graph.observations)
    above = nodes.op("Sub", [given, nodes.constant("observations_low", low)], "observations_above_low")
    scale = nodes.constant("observations_scale", 2.0 / (high - low))
    scaled = nodes.op("Mul", [above, scale], "observations_scaled")
    one = nodes.constant("observations_one", np.array(1.0))
    centred = nodes.op("Sub", [scaled, one], "observations_centred")
    clipped = _clip(nodes, centred, "observations")
    single = nodes.op("Cast", [clipped], "observations_normalised", to=element(np.float32))
    return value(given, np.float64, shape, told), single


def actions_out(nodes: Nodes, graph: SpikingGraph | DenseGraph, actions: str, physical: bool) -> Any:
    """The output ``actions`` ``(B, A)``, of the name of actions in [-1, 1] float32."""
    shape, told = batch_of(graph.action_size), _told(graph.actions, physical)
    if not physical:
        nodes.op("Identity", [actions], "actions")
        return value("actions", np.float32, shape, told)
    low, high = _bounds(graph.actions)
    double = nodes.op("Cast", [actions], "actions_double", to=element(np.float64))
    clipped = _clip(nodes, double, "actions")
    shifted = nodes.op("Add", [clipped, nodes.constant("actions_one", np.array(1.0))], "actions_shifted")
    share = nodes.op("Div", [shifted, nodes.constant("actions_two", np.array(2.0))], "actions_share")
    above = nodes.op("Mul", [share, nodes.constant("actions_range", high - low)], "actions_above_low")
    nodes.op("Add", [above, nodes.constant("actions_low", low)], "actions")
    return value("actions", np.float64, shape, told)


def _told(quantities: Sequence[Quantity], physical: bool) -> str:
    """What each column is, for a reader."""
    told = ", ".join(f"{q.name} [{q.unit}] from {q.low:g} to {q.high:g}" for q in quantities)
    if physical:
        return told
    return f"in [-1, 1], standing for {told}" if told else "in [-1, 1]"


def _clip(nodes: Nodes, source: str, name: str) -> str:
    bounds = [nodes.constant(f"{name}_{end}", np.array(at)) for end, at in (("least", -1.0), ("most", 1.0))]
    return nodes.op("Clip", [source, *bounds], f"{name}_clipped")


def _bounds(quantities: Sequence[Quantity]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    return np.array([q.low for q in quantities]), np.array([q.high for q in quantities])
