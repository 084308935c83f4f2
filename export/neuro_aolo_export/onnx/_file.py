"""An ONNX file of ours on disk: sealed with a digest, written whole, read back with suspicion.

References:
    ONNX, Open Neural Network Exchange, intermediate representation, https://onnx.ai/onnx/repo-docs/IR.html.
"""

import errno
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo_export.arrays import MAX_STEPS, require
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.file_kind import described
from neuro_aolo_export.files import read_whole as read_bounded
from neuro_aolo_export.files import write_whole

PRODUCER = "neuro-aolo"
FORMAT = 1
MAX_BYTES = 1 << 28
"""Largest file that is written or read: a quarter of a gibibyte, 67 million weights."""

_DIGEST = "sha256"
_SMALLER = "export a smaller network"
_OURS = "one that `neuro-aolo export` wrote"
# All that we write. None of them reads a file, calls another function, or repeats without an end.
_OPERATORS = {
    *("Add", "Cast", "Clip", "ConstantOfShape", "DequantizeLinear", "Div", "Elu", "Erf", "Exp", "Expand"),
    *("Flatten", "Gemm", "Greater", "HardSigmoid", "HardSwish", "Identity", "LeakyRelu", "LogSoftmax"),
    *("MatMul", "Mish", "Mul", "QuantizeLinear", "ReduceSum", "Relu", "Reshape", "Round", "Scan", "Selu"),
    *("Shape", "Sigmoid", "Softmax", "Softplus", "Sub", "Tanh", "Unsqueeze", "Where"),
}


def save_model(model: Any, path: str | os.PathLike[str]) -> None:
    """Seal the model with its digest and write it, whole or not at all.

    Raises:
        ExportError: the file cannot be written, or would be too large to be read back.
    """
    _set_digest(model)
    data = model.SerializeToString(deterministic=True)
    require(
        len(data) <= MAX_BYTES,
        f"{path} would have {len(data):,} bytes, of which at most {MAX_BYTES:,} are read: {_SMALLER}",
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
    """Read a file that :func:`save_model` wrote, as one of ``kinds``.

    Files from elsewhere are refused, and so are those that name data in other files, operators that we do not
    write, or contents other than their digest says. The digest tells damage, not malice: a file made
    to pass can still ask for much memory.

    Raises:
        ExportError: no such file, too large, damaged, not ours, or of another kind.
    """
    from onnx import TensorProto

    data = read_whole(Path(path), _OURS, _SMALLER)
    model = parse(path, data, _OURS)
    facts = {item.key: item.value for item in model.metadata_props}
    if model.producer_name != PRODUCER or facts.get("format") != str(FORMAT):
        raise ExportError(
            f"{path} was written by {model.producer_name[:40] or 'an unknown producer'!r}, not by "
            f"{PRODUCER} in format {FORMAT}: run it with onnxruntime itself, or export it again"
        )
    for message in messages(model):
        if isinstance(message, TensorProto) and (message.external_data or message.data_location):
            raise ExportError(f"{path} names data in another file, which is not read: export it again")
        if isinstance(message, TensorProto) and message.data_type == TensorProto.INT64:
            _require_sizes(path, message)
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


def parse(path: str | os.PathLike[str], data: bytes, named: str) -> Any:
    """The ``ModelProto`` in ``data``; ``named`` is what to name instead where there is none.

    Raises:
        ExportError: there is none.
    """
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from onnx import ModelProto

    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        kind = described(path)
        reason = f" ({kind})" if kind else ", or a part of one"
        raise ExportError(f"{path} is no ONNX file{reason}: name {named}") from None
    for message in messages(model):
        for descriptor, content in message.ListFields():
            texts = [content] if isinstance(content, str | bytes) else content
            if descriptor.type == descriptor.TYPE_STRING and any(isinstance(each, bytes) for each in texts):
                raise ExportError(f"{path} holds a name that is not text in UTF-8: name {named}")
    return model


def read_whole(path: Path, named: str, smaller: str) -> bytes:
    """The bytes of a file; ``named`` and ``smaller`` are the fixes where it is none, and too large.

    Raises:
        ExportError: no such file, or too large.
    """
    if not path.exists():
        raise ExportError(f"{path} is no file: name {named}")
    try:
        return read_bounded(path, MAX_BYTES)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise ExportError(f"{path} is too large ({error.strerror}): {smaller}") from None
        if error.errno == errno.EINVAL:
            raise ExportError(f"{path} is no file ({error.strerror}): name {named}") from None
        raise ExportError(
            f"{path} cannot be read ({error.strerror or error}): name a file that is readable"
        ) from None


def _set_digest(model: Any) -> str:
    """Put the SHA-256 of all else in the model into its metadata, in last place; return it."""
    kept = [item for item in model.metadata_props if item.key != _DIGEST]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    digest = hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()
    model.metadata_props.add(key=_DIGEST, value=digest)
    return digest


def _require_sizes(path: str | os.PathLike[str], tensor: Any) -> None:
    """Whole numbers are sizes and axes: what they claim would be allocated."""
    from onnx import numpy_helper

    try:
        largest = int(np.max(numpy_helper.to_array(tensor), initial=0))
    except (TypeError, ValueError) as error:
        raise ExportError(f"{path} has damaged constants ({error}): export it again") from None
    require(
        largest <= MAX_STEPS,
        f"{path} claims a size of {largest:,} in {tensor.name[:40]!r}, and at most {MAX_STEPS:,} is run: "
        "export it again",
    )


def _require_operators(path: str | os.PathLike[str], model: Any) -> None:
    from onnx import NodeProto

    for message in messages(model):
        if isinstance(message, NodeProto) and (message.domain or message.op_type not in _OPERATORS):
            name = f"{message.domain}.{message.op_type}".strip(".")[:60]
            raise ExportError(f"{path} has the operator {name!r}, which we do not write: export it again")
    require(len(model.functions) == 0, f"{path} defines functions, which we do not write: export it again")


def messages(message: Any) -> Iterator[Any]:
    """Every message within one; protobuf's own limit of 100 bounds the depth."""
    yield message
    for descriptor, content in message.ListFields():
        if descriptor.message_type is None:
            continue
        repeated = isinstance(content, Sequence) or hasattr(content, "add")
        for part in content if repeated else (content,):
            yield from messages(part)
