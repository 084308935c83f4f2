"""An ONNX file of a dense network, of any tool: read as a graph, and run beside it.

What is read is the chain of layers from the file's one input to one of its outputs. Operators behind the last
layer, as ArgMax, are named and left out. Nothing is believed: the part of the file that was read is run by
onnxruntime on the same inputs, and a reading that gives other outputs is refused.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo_export import reading
from neuro_aolo_export.arrays import require
from neuro_aolo_export.dense import DenseGraph
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.onnx._foreign import read_foreign
from neuro_aolo_export.onnx._operators import LAYERS, Beyond, Refused, Value, interpret
from neuro_aolo_export.onnx.run import session
from neuro_aolo_export.reading import ReadLayers, Row
from neuro_aolo_export.recognise import Floats

_TYPES: dict[int, type[np.floating[Any]]] = {1: np.float32, 11: np.float64}
_CHUNK = 4_096
_FIX = "give a file of such a network"


@dataclass(frozen=True, eq=False)
class ReadNetwork:
    """A dense network in a file of another tool.

    Attributes:
        path: the file.
        layers: what was read.
        output: name of the output that the layers lead to.
        left_out: operators behind the last layer, which have no price.
        shape: of the input, the number of decisions first; None where it is free.
        dtype: of the input.
        model: the part of the file that was read, from its input to the outputs of the last layer.
    """

    path: str
    layers: ReadLayers
    output: str
    left_out: tuple[str, ...]
    shape: tuple[int | None, ...]
    dtype: type[np.floating[Any]]
    model: bytes

    @property
    def graph(self) -> DenseGraph:
        """The layers as a graph."""
        return DenseGraph(self.layers.layers)

    def check(self, inputs: ArrayLike) -> float:
        """Largest difference between our outputs and onnxruntime's.

        Args:
            inputs: ``(B, D)``, the numbers of a decision in one row.

        Raises:
            ExportError: they differ by more than rounding; the file does not run; inputs of another shape, or
                not finite.
        """
        return reading.difference(self.layers, inputs, self._run, self.path, "onnxruntime")

    def _run(self, inputs: Floats) -> Floats:
        given, rank = inputs.astype(self.dtype), len(self.shape)
        try:
            runs = session(self.model)
            name = runs.get_inputs()[0].name
            rows = [
                np.asarray(runs.run(None, {name: batch})[0], np.float64).reshape(
                    len(batch) if rank > 1 else 1, -1
                )
                for batch in self._batches(given)
            ]
            return np.concatenate(rows)[: len(given)]
        except ExportError:
            raise
        except Exception as error:  # onnxruntime's have no common base
            reason = " ".join(str(error).split())[:200]
            raise ExportError(
                f"{self.path} does not run in onnxruntime ({reason}): export it in float32"
            ) from None

    def _batches(self, inputs: NDArray[Any]) -> list[NDArray[Any]]:
        """Inputs in the shape that the file takes; the last is repeated where it takes so many at a time."""
        if len(self.shape) == 1:
            return list(inputs)
        size, rest = self.shape[0] or _CHUNK, tuple(side or -1 for side in self.shape[1:])
        if self.shape[0] is not None:
            inputs = np.concatenate([inputs, np.repeat(inputs[-1:], -len(inputs) % size, axis=0)])
        parts = [inputs[start : start + size] for start in range(0, len(inputs), size)]
        return [part.reshape(len(part), *rest) for part in parts]


def read_dense(
    path: str | os.PathLike[str], output: str | None = None, width: int | None = None
) -> ReadNetwork:
    """Read a dense network of linear layers and activations.

    Args:
        path: an ONNX file of any tool.
        output: which of its outputs the network gives; the only one that a dense network leads to where None,
            or that of the name ``action`` or ``actions``.
        width: numbers of a decision, for a file that leaves them open.

    Raises:
        ExportError: no such file, no ONNX, an operator that has no price, or several networks in one file.
    """
    model = read_foreign(path)
    given, shape, dtype = _input(path, model.graph, width)
    opset = next((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), 1)
    numbers = shape if len(shape) == 1 else shape[1:]
    try:
        row = reading.inputs(math.prod(side or 1 for side in numbers))
    except ExportError as error:
        raise ExportError(f"{path}: {error}") from None
    values = interpret(model.graph, opset, given, row)
    name = _chosen(path, model.graph, values, output)
    value = values[name]
    assert isinstance(value, Row | Beyond)
    end, tensor = (value, name) if isinstance(value, Row) else (value.end, value.tensor)
    return ReadNetwork(
        path=str(path),
        layers=reading.finished(end),
        output=name,
        left_out=_left_out(value),
        shape=shape,
        dtype=dtype,
        model=_part(model, given, tensor),
    )


def _input(
    path: str | os.PathLike[str], graph: Any, width: int | None
) -> tuple[str, tuple[int | None, ...], type[np.floating[Any]]]:
    """Name, shape and type of the only input."""
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [each for each in graph.input if each.name not in constants]
    names = ", ".join(each.name for each in inputs)[:200]
    require(len(inputs) == 1, f"{path} takes {len(inputs)} inputs ({names}): {_FIX} with one")
    tensor = inputs[0].type.tensor_type
    if tensor.elem_type not in _TYPES:
        raise ExportError(f"{path} does not take float32 or float64 numbers: {_FIX} that does")
    sides = [side.dim_value if side.dim_value > 0 else None for side in tensor.shape.dim]
    shape = tuple(sides) if sides else (None, width)
    if len(shape) > 1 and shape[1:].count(None) == 1 and width is not None:
        known = int(np.prod([side for side in shape[1:] if side is not None]))
        shape = (shape[0], *(side or max(width // known, 1) for side in shape[1:]))
    require(
        None not in (shape if len(shape) == 1 else shape[1:]),
        f"{path} leaves open how many numbers a decision has: add inputs, or export it with a fixed number",
    )
    return inputs[0].name, shape, _TYPES[tensor.elem_type]


def _chosen(path: str | os.PathLike[str], graph: Any, values: dict[str, Value], output: str | None) -> str:
    """The name of the output to read."""
    names = [each.name for each in graph.output]
    if output is not None and output not in names:
        raise ExportError(f"{path} has no output {output!r}: choose one of {_list(names)}")
    reasons: dict[str, str] = {}
    sizes: dict[str, str] = {}
    networks: dict[str, tuple[int, tuple[str, ...]]] = {}
    for name in names if output is None else [output]:
        value = values.get(name, Refused(f"tensor {name!r} is nowhere made"))
        end = value.end if isinstance(value, Beyond) else value
        if not isinstance(end, Row):
            reasons[name] = (
                value.reason if isinstance(value, Refused) else "it does not follow from the input"
            )
            continue
        try:
            sizes[name] = "-".join(map(str, reading.finished(end).sizes))
        except ExportError as error:
            reasons[name] = f"output {name} is not priced: {error}"
            continue
        networks[name] = (id(end.base), end.operators)
    if not networks:
        reason = next(iter(reasons.values()), "it has no output")
        allowed = "" if LAYERS in reason else f"; dense networks of {LAYERS} are"
        raise ExportError(f"{path}: {reason}{allowed}: {_FIX}")
    if len(set(networks.values())) > 1:
        named = [name for name in networks if name.lower() in ("action", "actions")]
        if len(named) != 1:
            raise ExportError(
                f"{path} holds {len(set(networks.values()))} networks: choose one of its outputs with "
                f"--output NAME: {_list([f'{name} ({sizes[name]})' for name in networks])}"
            )
        return named[0]
    # Of one network, the output with the least behind its last layer.
    return min(networks, key=lambda name: len(_left_out(values[name])))


def _left_out(value: Value) -> tuple[str, ...]:
    return value.operators if isinstance(value, Beyond) else ()


def _list(names: Sequence[str]) -> str:
    return ", ".join(name[:60] for name in names[:10])


def _part(model: Any, given: str, tensor: str) -> bytes:
    """The model from its input to one tensor: what is left out of the reading is not run either."""
    from onnx import ModelProto, ValueInfoProto

    needed, nodes = {tensor}, []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input)
    part = ModelProto(ir_version=model.ir_version, opset_import=model.opset_import)
    part.graph.name = "read"
    part.graph.node.extend(reversed(nodes))
    part.graph.initializer.extend(each for each in model.graph.initializer if each.name in needed)
    part.graph.input.extend(each for each in model.graph.input if each.name == given)
    part.graph.output.append(ValueInfoProto(name=tensor))
    return bytes(part.SerializeToString())
