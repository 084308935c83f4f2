"""ONNX operators that compute each entry of a tensor for itself.

References:
    ONNX, Open Neural Network Exchange, operators, https://onnx.ai/onnx/operators/.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from neuro_aolo_export import activations
from neuro_aolo_export.activations import activate
from neuro_aolo_export.recognise import Floats

Attributes = Mapping[str, Any]

ENTRYWISE: dict[str, tuple[int, Callable[..., Any]]] = {
    "Add": (2, np.add),
    "Sub": (2, np.subtract),
    "Mul": (2, np.multiply),
    "Div": (2, np.true_divide),
    "Pow": (2, np.power),
    "Max": (2, np.maximum),
    "Min": (2, np.minimum),
    "Greater": (2, np.greater),
    "GreaterOrEqual": (2, np.greater_equal),
    "Less": (2, np.less),
    "LessOrEqual": (2, np.less_equal),
    "Where": (3, np.where),
    "Neg": (1, np.negative),
    "Abs": (1, np.abs),
    "Exp": (1, np.exp),
    "Log": (1, np.log),
    "Sqrt": (1, np.sqrt),
    "Reciprocal": (1, np.reciprocal),
    "Erf": (1, activations.erf),
}
"""Of numbers, with how many arguments."""

_NAMED: dict[str, activations.Activation] = {
    "Relu": "relu",
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Mish": "mish",
    "HardSwish": "hard_swish",
}


def entrywise(operator: str, attributes: Attributes, opset: int) -> Callable[..., Floats] | None:
    """What an operator does to each entry, or None where that is not known; absent arguments are None."""

    def attribute(name: str, usual: float) -> float:
        return float(attributes.get(name, usual))

    if operator in ENTRYWISE:
        return ENTRYWISE[operator][1]
    if operator in _NAMED:
        return lambda x: activate(_NAMED[operator], x)
    if operator == "Gelu":
        tanh = attributes.get("approximate", b"none") == b"tanh"
        return lambda x: activate("gelu_tanh" if tanh else "gelu", x)
    if operator == "LeakyRelu":
        return lambda x: activate("leaky_relu", x, attribute("alpha", 0.01))
    if operator == "PRelu":
        return lambda x, slope: activate("leaky_relu", x, float(slope))
    if operator == "Elu":
        return lambda x: activate("elu", x, attribute("alpha", 1.0))
    if operator == "Selu":
        alpha, gamma = attribute("alpha", activations.SELU_ALPHA), attribute("gamma", activations.SELU_SCALE)
        return lambda x: gamma * activations.elu(x, alpha)
    if operator == "HardSigmoid":
        return lambda x: np.clip(attribute("alpha", 0.2) * x + attribute("beta", 0.5), 0, 1)
    if operator == "Swish":
        return lambda x: x * activations.sigmoid(attribute("alpha", 1.0) * x)
    if operator == "Clip":
        least, most = (
            (attribute("min", -np.inf), attribute("max", np.inf)) if opset < 11 else (-np.inf, np.inf)
        )
        return lambda x, low=None, high=None: np.clip(
            x, least if low is None else low, most if high is None else high
        )
    return None
