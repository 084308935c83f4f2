"""What each tensor of a foreign ONNX graph is: a constant, a row on its way through layers, or refused.

References:
    ONNX, Open Neural Network Exchange, operators, https://onnx.ai/onnx/operators/, and those of ai.onnx.ml,
    https://onnx.ai/onnx/operators/index.html#ai-onnx-ml.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export import activations, reading
from neuro_aolo_export.arrays import require
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.onnx._entrywise import ENTRYWISE, Attributes, entrywise
from neuro_aolo_export.reading import Row
from neuro_aolo_export.recognise import Floats


@dataclass(frozen=True, eq=False)
class Sizes:
    """A tensor of which no more than its shape is told."""


@dataclass(frozen=True, eq=False)
class Beyond:
    """What is made of a network's outputs behind its last layer, as the number of the likeliest class.

    Attributes:
        end: the outputs.
        tensor: their name.
        operators: what is done with them.
    """

    end: Row
    tensor: str
    operators: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Refused:
    """What has no price, and why."""

    reason: str


Value = NDArray[Any] | Row | Sizes | Beyond | Refused

LAYERS = "Gemm and MatMul with constant weights, Add, and activations"

_SAME_ROW = {"Identity", "Cast", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Dropout", "Expand"}
_OF_SIZES = {"Shape", "ConstantOfShape", "Gather", "Slice", "Concat", "Add", "Mul", "Div", "Max", *_SAME_ROW}
_STARTS_BEYOND = {"ArgMax", "ArgMin", "ReduceLogSumExp", "ReduceMax", "TopK", "ZipMap", "Normalizer"}
_BEYOND = _STARTS_BEYOND | {
    *(
        "ArrayFeatureExtractor",
        "LabelEncoder",
        "Gather",
        "Concat",
        "Softmax",
        "LogSoftmax",
        "Greater",
        "Where",
    ),
    *("Add", "Sub", "Mul", "Div", *_SAME_ROW),
}
_FLOATS = (1, 10, 11)
"""FLOAT, FLOAT16 and DOUBLE among ONNX's types."""


def interpret(graph: Any, opset: int, given: str, row: Row) -> dict[str, Value]:
    """What each tensor of a graph is.

    Args:
        graph: the ``GraphProto``.
        opset: of the standard operators.
        given: name of the input.
        row: what it is.
    """
    values: dict[str, Value] = {tensor.name: _array(tensor) for tensor in graph.initializer}
    values[given] = row
    for node in graph.node:
        arguments = [
            values.get(name, Refused(f"tensor {name[:60]!r} is nowhere made")) if name else None
            for name in node.input
        ]
        refused = next((value for value in arguments if isinstance(value, Refused)), None)
        try:
            # Damaged weights may hold anything: the layers refuse what is not finite.
            with np.errstate(all="ignore"):
                result = refused or _apply(node, arguments, opset)
        except (ExportError, ValueError, IndexError, TypeError) as error:
            reason = " ".join(str(error).split())[:300]
            result = Refused(f"{told(node)} is not priced: {reason}")
        for index, name in enumerate(node.output):
            values[name] = (
                result if index == 0 else Refused(f"{told(node)} has a second output, which is not read")
            )
    return values


def told(node: Any) -> str:
    """An operator as people find it in their file."""
    return f"operator {_short(node)}"


def _short(node: Any) -> str:
    domain = f"{node.domain}." if node.domain not in ("", "ai.onnx") else ""
    name = f"node {node.name}" if node.name else f"output {next(iter(node.output), '')}"
    return f"{domain}{node.op_type} ({name})"[:160]


def _array(tensor: Any) -> Value:
    from onnx import numpy_helper

    try:
        return np.asarray(numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError, RuntimeError, MemoryError) as error:
        return Refused(f"constant {tensor.name[:60]!r} is damaged ({' '.join(str(error).split())[:100]})")


def _apply(node: Any, values: Sequence[Value | None], opset: int) -> Value:
    from onnx import helper

    operator = node.op_type
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    if node.domain not in ("", "ai.onnx", "ai.onnx.ml"):
        raise ExportError(f"only {LAYERS} of standard operators are")
    if operator == "Constant":
        return _constant(attributes)
    rows = [value for value in values if isinstance(value, Row)]
    beyond = [value for value in values if isinstance(value, Beyond)]
    if operator == "Shape" and (rows or beyond):
        return Sizes()
    if beyond:
        require(operator in _BEYOND, f"it stands behind {beyond[0].operators[-1]}, where no layer follows")
        require(
            all(row.base is beyond[0].end.base for row in (*rows, *(each.end for each in beyond))),
            "it joins two paths of the network",
        )
        before = dict.fromkeys(name for each in beyond for name in each.operators)
        own = () if operator in _SAME_ROW else (_short(node),)
        return Beyond(beyond[0].end, beyond[0].tensor, (*before, *own))
    if not rows and not any(isinstance(value, Sizes) for value in values):
        return _folded(operator, [value for value in values if isinstance(value, np.ndarray)], attributes)
    if operator == "Shape" or (operator in _OF_SIZES and any(isinstance(value, Sizes) for value in values)):
        return values[0] if operator in _SAME_ROW and isinstance(values[0], Row) else Sizes()
    require(len(rows) > 0, "it computes with a tensor's shape")
    if operator in _SAME_ROW and not (operator == "Cast" and attributes.get("to") not in _FLOATS):
        if operator == "Expand" and isinstance(values[1], np.ndarray):
            require(np.prod(values[1].astype(float)) <= rows[0].width, "it makes rows longer")
        return rows[0]
    if operator == "Concat" and len(values) == 1:
        return rows[0]
    if operator in _STARTS_BEYOND or operator in ("Cast", "Concat"):
        require(all(isinstance(value, np.ndarray | Row) for value in values), "it joins other tensors")
        end = min(rows, key=lambda row: len(row.operators))
        require(all(row.base is end.base for row in rows), "it joins two paths of the network")
        return Beyond(end, node.input[list(values).index(end)], (_short(node),))
    return _of_rows(node, values, attributes, opset)


def _of_rows(node: Any, values: Sequence[Value | None], attributes: Attributes, opset: int) -> Row:
    operator, name = node.op_type, _short(node)
    row = values[0]
    constants = [value for value in values if isinstance(value, np.ndarray)]
    if operator in ("Gemm", "MatMul"):
        return _linear(operator, values, attributes)
    if operator == "BatchNormalization" and isinstance(row, Row):
        gamma, beta, mean, variance = (_vector(value, row.width) for value in constants)
        scale = gamma / np.sqrt(variance + attributes.get("epsilon", 1e-5))
        return reading.scaled(row, scale, beta - scale * mean, name)
    if operator == "Scaler" and isinstance(row, Row):
        offset = _vector(np.array(attributes.get("offset", [0.0])), row.width)
        scale = _vector(np.array(attributes.get("scale", [1.0])), row.width)
        return reading.scaled(row, scale, -scale * offset, name)
    if operator in ("Softmax", "LogSoftmax") and isinstance(row, Row):
        axis = attributes.get("axis", -1 if opset >= 13 else 1)
        require(axis in (-1, 1), f"its axis is {axis}, and not a row")
        return reading.over_rows(row, "softmax" if operator == "Softmax" else "log_softmax")
    if operator in ("Add", "Sub", "Mul", "Div") and len(values) == 2 and len(constants) == 1:
        scaled = _affine(operator, values, name)
        if scaled is not None:
            return scaled
    function = entrywise(operator, attributes, opset)
    require(function is not None, f"only {LAYERS} {', '.join(activations.NAMES)} are")
    assert function is not None
    rows = [value for value in values if isinstance(value, Row)]
    for constant in constants:
        require(constant.size == 1, f"its constant of {constant.size} numbers is not one number")

    numbers = [np.float64(v.item()) if isinstance(v, np.ndarray) else None for v in values]

    def of(*given: Floats) -> Floats:
        left = iter(given)
        return function(
            *(
                next(left) if isinstance(value, Row) else number
                for value, number in zip(values, numbers, strict=True)
            )
        )

    return reading.combined(rows, of, name)


def _linear(operator: str, values: Sequence[Value | None], attributes: Attributes) -> Row:
    row, weight = values[0], values[1]
    bias = values[2] if len(values) > 2 else None
    require(
        isinstance(row, Row)
        and isinstance(weight, np.ndarray)
        and (bias is None or isinstance(bias, np.ndarray)),
        "its weights are not constant",
    )
    assert isinstance(row, Row)
    assert isinstance(weight, np.ndarray)
    weight = weight.astype(np.float64)
    if operator == "MatMul":
        require(weight.ndim == 2, f"its weights {weight.shape} are no matrix")
        return reading.linear(row, weight.T, None)
    require(not attributes.get("transA", 0), "it transposes its input (transA = 1)")
    weight = attributes.get("alpha", 1.0) * (weight if attributes.get("transB", 0) else weight.T)
    if bias is None:
        return reading.linear(row, weight, None)
    return reading.linear(row, weight, attributes.get("beta", 1.0) * np.asarray(bias, np.float64).reshape(-1))


def _affine(operator: str, values: Sequence[Value | None], name: str) -> Row | None:
    """A row with a constant of its width added or multiplied; None where it may be part of an activation."""
    first, second = values
    row, constant = (first, second) if isinstance(first, Row) else (second, first)
    assert isinstance(row, Row)
    assert isinstance(constant, np.ndarray)
    if constant.size == 1 and not (row.width == 1 and constant.ndim and row.function is None):
        return None
    vector, one, zero = _vector(constant, row.width), np.ones(1), np.zeros(1)
    if operator == "Add":
        return reading.scaled(row, one, vector, name)
    if operator == "Mul":
        return reading.scaled(row, vector, zero, name)
    if operator == "Sub":
        return (
            reading.scaled(row, one, -vector, name)
            if row is first
            else reading.scaled(row, -one, vector, name)
        )
    require(row is first, "it divides by what the network computes")
    return reading.scaled(row, 1.0 / vector, zero, name)


def _vector(constant: NDArray[Any], width: int) -> Floats:
    """A constant for each entry of a row."""
    require(
        constant.size in (1, width) and constant.dtype.kind in "fiu",
        f"its constant of shape {constant.shape} does not fit a row of {width} numbers",
    )
    return np.broadcast_to(constant.astype(np.float64).reshape(-1), (width,))


def _constant(attributes: Attributes) -> Value:
    if "value" in attributes:
        return _array(attributes["value"])
    for name, dtype in (("value_float", np.float32), ("value_floats", np.float32), ("value_int", np.int64),
                        ("value_ints", np.int64)):  # fmt: skip
        if name in attributes:
            return np.asarray(attributes[name], dtype)
    raise ExportError("it holds no numbers")


def _folded(operator: str, arrays: Sequence[NDArray[Any]], attributes: Attributes) -> Value:
    """An operator on constants."""
    first = arrays[0] if arrays else None
    require(first is not None, f"only {LAYERS} are")
    assert first is not None
    if operator == "Transpose":
        return np.transpose(first, attributes.get("perm"))
    if operator == "Cast":
        from onnx import helper

        return first.astype(helper.tensor_dtype_to_np_dtype(attributes["to"]))
    if operator in ("Identity", "Unsqueeze"):
        return first
    if operator == "Squeeze":
        return first.squeeze()
    if operator == "Reshape" and len(arrays) == 2:
        return first.reshape(arrays[1].astype(int))
    if operator in ENTRYWISE and len(arrays) == ENTRYWISE[operator][0]:
        return np.asarray(ENTRYWISE[operator][1](*arrays))
    raise ExportError("it computes with constants; fold them, as with onnxslim or onnxruntime's optimiser")
