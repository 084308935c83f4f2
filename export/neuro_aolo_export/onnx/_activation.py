"""Activation functions of dense layers as ONNX operators of set 18, which has no GELU and no SiLU.

References:
    ONNX, Open Neural Network Exchange, operator set 18, https://onnx.ai/onnx/operators/.
"""

from typing import Any

import numpy as np

from neuro_aolo_export.activations import Activation
from neuro_aolo_export.graph import DenseLayer
from neuro_aolo_export.onnx._model import Nodes

_OPERATORS: dict[Activation, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "tanh": ("Tanh", {}),
    "identity": ("Identity", {}),
    "selu": ("Selu", {}),
    "hard_swish": ("HardSwish", {}),
    "mish": ("Mish", {}),
    "softplus": ("Softplus", {}),
    "sigmoid": ("Sigmoid", {}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "softmax": ("Softmax", {"axis": -1}),
    "log_softmax": ("LogSoftmax", {"axis": -1}),
}
_WITH_ALPHA: dict[Activation, str] = {"leaky_relu": "LeakyRelu", "elu": "Elu"}
_BOUNDS: dict[Activation, tuple[float, float]] = {"relu6": (0.0, 6.0), "hard_tanh": (-1.0, 1.0)}


def write_activation(nodes: Nodes, name: str, layer: DenseLayer, total: str) -> str:
    """The activation of a layer's sum ``total``; its result's name is ``{name}_activation``."""
    kind, result = layer.activation, f"{name}_activation"

    def number(what: str, size: float) -> str:
        return nodes.constant(f"{name}_{what}", np.float32(size))

    if kind in _OPERATORS:
        operator, attributes = _OPERATORS[kind]
        return nodes.op(operator, [total], result, **attributes)
    if kind in _WITH_ALPHA:
        return nodes.op(_WITH_ALPHA[kind], [total], result, alpha=layer.alpha)
    if kind in _BOUNDS:
        least, most = _BOUNDS[kind]
        return nodes.op("Clip", [total, number("least", least), number("most", most)], result)
    if kind == "silu":
        return nodes.op("Mul", [total, nodes.op("Sigmoid", [total], f"{name}_gate")], result)
    if kind == "gelu":
        scaled = nodes.op("Mul", [total, number("root_half", 2**-0.5)], f"{name}_scaled")
        curve = nodes.op("Erf", [scaled], f"{name}_curve")
    else:
        square = nodes.op("Mul", [total, total], f"{name}_square")
        cube = nodes.op("Mul", [square, total], f"{name}_cube")
        bent = nodes.op("Mul", [cube, number("cube_share", 0.044715)], f"{name}_bent")
        added = nodes.op("Add", [total, bent], f"{name}_added")
        scaled = nodes.op("Mul", [added, number("root", (2 / np.pi) ** 0.5)], f"{name}_scaled")
        curve = nodes.op("Tanh", [scaled], f"{name}_curve")
    raised = nodes.op("Add", [curve, number("one", 1.0)], f"{name}_raised")
    gate = nodes.op("Mul", [raised, number("half", 0.5)], f"{name}_gate")
    return nodes.op("Mul", [total, gate], result)
