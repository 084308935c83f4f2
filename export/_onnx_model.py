"""What every ONNX file of ours shares: nodes, metadata, and how it is written and read back.

References:
    ONNX, Open Neural Network Exchange, operator set 18, https://onnx.ai/onnx/operators/.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.arrays import require
from export.errors import ExportError
from export.files import write_whole
from export.graph import DenseGraph, SpikingGraph
from export.graph_file import graph_digest

OPSET = 18
IR_VERSION = 8
"""The file format that came with operator set 18: every runtime that has the operators reads it."""
FORMAT = 1
MAX_BYTES = 1 << 28
"""Largest file that is read: a quarter of a gibibyte, 67 million weights."""

_PRODUCER = "neuro-aolo"
_DIGEST = "sha256"
_BATCH = "decisions"
# All that we write. None of them reads a file, calls another function, or repeats without an end.
_OPERATORS = {
    *(
        "Add",
        "Cast",
        "Clip",
        "ConstantOfShape",
        "DequantizeLinear",
        "Div",
        "Exp",
        "Expand",
        "Flatten",
        "Gemm",
    ),
    *("Greater", "Identity", "MatMul", "Mul", "QuantizeLinear", "ReduceSum", "Relu", "Reshape", "Scan"),
    *("Shape", "Sub", "Tanh", "Unsqueeze", "Where"),
}


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
        producer_name=_PRODUCER,
        producer_version=_version(),
        doc_string=text,
    )
    helper.set_model_props(model, _metadata(graph, kind, facts or {}))
    checker.check_model(model, full_check=True)
    _set_digest(model)
    data = model.SerializeToString(deterministic=True)
    require(
        len(data) <= MAX_BYTES,
        f"{path} would have {len(data):,} bytes, of which at most {MAX_BYTES:,} are read back: "
        "export a smaller network",
    )
    write_whole(path, data)


@dataclass(frozen=True)
class OnnxFile:
    """A file of ours, read and checked.

    Attributes:
        path: where it lay.
        data: its bytes.
        facts: what its metadata tells, by name.
    """

    path: str
    data: bytes
    facts: Mapping[str, str]


def read_model(path: str | os.PathLike[str], *kinds: str) -> OnnxFile:
    """Read a file that :func:`write_model` wrote, as one of ``kinds``.

    Files from elsewhere are refused, and so are those that name data in other files, operators that we do not
    write, or contents other than their digest says. The digest tells damage, not malice: a file made
    to pass can still ask for much memory.

    Raises:
        ExportError: no such file, too large, damaged, not ours, or of another kind.
    """
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from onnx import ModelProto, TensorProto

    data = _read(Path(path))
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        raise ExportError(
            f"{path} is no ONNX file, or a part of one: name one that `neuro-aolo export` wrote"
        ) from None
    facts = {item.key: item.value for item in model.metadata_props}
    if model.producer_name != _PRODUCER or facts.get("format") != str(FORMAT):
        raise ExportError(
            f"{path} was written by {model.producer_name[:40] or 'an unknown producer'!r}, not by "
            f"{_PRODUCER} in format {FORMAT}: run it with onnxruntime itself, or export it again"
        )
    for message in _messages(model):
        if isinstance(message, TensorProto) and (message.external_data or message.data_location):
            raise ExportError(f"{path} names data in another file, which is not read: export it again")
    said = facts.pop(_DIGEST, "none")
    if said != _set_digest(model):
        raise ExportError(
            f"{path} is not what its digest {said[:16]!r} says, so it was changed or damaged: export it again"
        )
    _require_operators(path, model)
    if facts.get("kind") not in kinds:
        raise ExportError(
            f"{path} holds a {str(facts.get('kind'))[:40]}, and a {' or '.join(kinds)} is to be run: "
            "name another file"
        )
    return OnnxFile(str(path), data, facts)


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise ExportError(f"{path} is no file: name one that `neuro-aolo export` wrote")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ExportError(
            f"{path} cannot be read ({error.strerror or error}): name a file that is readable"
        ) from None
    require(len(data) <= MAX_BYTES, f"{path} has more than {MAX_BYTES:,} bytes: export a smaller network")
    return data


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
        return version(_PRODUCER)
    except PackageNotFoundError:
        return "unknown"


def _set_digest(model: Any) -> str:
    """Put the SHA-256 of all else in the model into its metadata, in last place; return it."""
    kept = [item for item in model.metadata_props if item.key != _DIGEST]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    digest = hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()
    model.metadata_props.add(key=_DIGEST, value=digest)
    return digest


def _require_operators(path: str | os.PathLike[str], model: Any) -> None:
    from onnx import NodeProto

    for message in _messages(model):
        if isinstance(message, NodeProto) and (message.domain or message.op_type not in _OPERATORS):
            name = f"{message.domain}.{message.op_type}".strip(".")[:60]
            raise ExportError(f"{path} has the operator {name!r}, which we do not write: export it again")
    require(len(model.functions) == 0, f"{path} defines functions, which we do not write: export it again")


def _messages(message: Any) -> Iterator[Any]:
    """Every message within one; protobuf's own limit of 100 bounds the depth."""
    yield message
    for descriptor, content in message.ListFields():
        if descriptor.message_type is None:
            continue
        repeated = isinstance(content, Sequence) or hasattr(content, "add")
        for part in content if repeated else (content,):
            yield from _messages(part)
