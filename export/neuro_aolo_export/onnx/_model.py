"""What every ONNX model of ours is built of: nodes, inputs and outputs, and metadata that tells what it is.

References:
    ONNX, Open Neural Network Exchange, operator set 18, https://onnx.ai/onnx/operators/.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.graph import DenseGraph, SpikingGraph
from neuro_aolo_export.graph_file import graph_digest
from neuro_aolo_export.onnx._file import FORMAT, PRODUCER, save_model

OPSET = 18
IR_VERSION = 8
"""The file format that came with operator set 18: every runtime that has the operators reads it."""

_BATCH = "decisions"


@dataclass(frozen=True)
class Nodes:
    """Nodes and constants of a model under construction; every method returns its result's name.

    Attributes:
        nodes: ``NodeProto``, in the order in which they are computed.
        constants: arrays by name.
    """

    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)

    def constant(self, name: str, value: NDArray[Any] | np.generic) -> str:
        """Name an array or a number."""
        self.constants[name] = np.asarray(value)
        return name

    def op(self, operator: str, inputs: Sequence[str], result: str, **attributes: Any) -> str:
        """Compute ``result`` of ``inputs``."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, list(inputs), [result], name=result, **attributes))
        return result

    def initializers(self) -> list[Any]:
        """The constants as tensors of a graph."""
        from onnx import numpy_helper

        return [numpy_helper.from_array(array, name) for name, array in self.constants.items()]


def element(dtype: type[np.generic]) -> int:
    """ONNX's number for a NumPy type."""
    from onnx import helper

    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))


def value(name: str, dtype: type[np.generic], shape: Sequence[int | str], text: str = "") -> Any:
    """Name, type and shape of an input or output; a dimension is a size or a name."""
    from onnx import helper

    return helper.make_tensor_value_info(name, element(dtype), list(shape), doc_string=text)


def batch_of(*shape: int) -> tuple[int | str, ...]:
    """A shape whose first dimension is the number of decisions, which is free."""
    return (_BATCH, *shape)


def steps_of(steps: int, neurons: int) -> tuple[int | str, ...]:
    """The shape ``(T, B, N)`` of spikes, with B free."""
    return (steps, _BATCH, neurons)


def write_model(
    path: str | os.PathLike[str],
    graph: SpikingGraph | DenseGraph,
    nodes: Nodes,
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    *,
    kind: str,
    text: str,
    facts: Mapping[str, object] | None = None,
) -> None:
    """Check the model and write it, whole or not at all; the same graph gives the same bytes.

    Raises:
        ExportError: the file cannot be written, or would be too large to be read back.
    """
    from onnx import checker, helper

    body = helper.make_graph(nodes.nodes, kind, inputs, outputs, nodes.initializers(), doc_string=text)
    model = helper.make_model(
        body,
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name=PRODUCER,
        producer_version=_version(),
        doc_string=text,
    )
    helper.set_model_props(model, _metadata(graph, kind, facts or {}))
    checker.check_model(model, full_check=True)
    save_model(model, path)


def _metadata(graph: SpikingGraph | DenseGraph, kind: str, facts: Mapping[str, object]) -> dict[str, str]:
    spiking = {"steps": graph.steps, "step_s": graph.step_s} if isinstance(graph, SpikingGraph) else {}
    told: dict[str, object] = {
        "format": FORMAT,
        "kind": kind,
        "graph_sha256": graph_digest(graph),
        **spiking,
        "observations": json.dumps([asdict(quantity) for quantity in graph.observations]),
        "actions": json.dumps([asdict(quantity) for quantity in graph.actions]),
        **facts,
    }
    return {name: str(content) for name, content in told.items() if content is not None}


def _version() -> str:
    try:
        return version(PRODUCER)
    except PackageNotFoundError:
        return "unknown"
