"""Activation functions of dense layers, in the type of what they are given.

``alpha`` is the slope of ``leaky_relu`` below 0 and the size of ``elu`` far below 0; the others have none.

References:
    D. Hendrycks, K. Gimpel (2016), Gaussian error linear units, arXiv:1606.08415 (``gelu``, ``gelu_tanh``,
    ``silu``).
    G. Klambauer et al. (2017), Self-normalizing neural networks, arXiv:1706.02515 (``selu``).
    D. Misra (2019), Mish, arXiv:1908.08681.
"""

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Activation = Literal[
    "relu",
    "tanh",
    "identity",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "gelu_tanh",
    "silu",
    "hard_swish",
    "mish",
    "softplus",
    "sigmoid",
    "hard_sigmoid",
    "hard_tanh",
    "softmax",
    "log_softmax",
]

NAMES: tuple[Activation, ...] = get_args(Activation)
WITH_ALPHA: frozenset[Activation] = frozenset({"leaky_relu", "elu"})
OF_ROWS: frozenset[Activation] = frozenset({"softmax", "log_softmax"})
"""These take all outputs of a layer together; the others each for itself."""

_Array = NDArray[Any]

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
_GELU_CUBE, _GELU_SCALE = 0.044715, 0.7978845608028654


def activate(name: Activation, x: _Array, alpha: float | None = None) -> _Array:
    """The activation of ``x`` ``(B, N)``."""
    return _FUNCTIONS[name](x, 0.0 if alpha is None else alpha)


def elu(x: _Array, alpha: float) -> _Array:
    """``x`` above 0, ``alpha (exp(x) - 1)`` below."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def erf(x: _Array) -> _Array:
    """The error function."""
    from scipy.special import erf as error_function

    return np.asarray(error_function(x))


def sigmoid(x: _Array) -> _Array:
    """``1 / (1 + exp(-x))``, without overflow."""
    from scipy.special import expit

    return np.asarray(expit(x))


def softplus(x: _Array) -> _Array:
    """``log(1 + exp(x))``, without overflow."""
    return np.asarray(np.logaddexp(x, x.dtype.type(0)))


def _log_softmax(x: _Array) -> _Array:
    away = x - x.max(axis=-1, keepdims=True)
    return np.asarray(away - np.log(np.exp(away).sum(axis=-1, keepdims=True)))


_FUNCTIONS: dict[Activation, Callable[[_Array, float], _Array]] = {
    "relu": lambda x, _: np.maximum(x, np.float32(0)),
    "tanh": lambda x, _: np.tanh(x),
    "identity": lambda x, _: x,
    "relu6": lambda x, _: np.clip(x, 0, 6),
    "leaky_relu": lambda x, alpha: np.where(x > 0, x, alpha * x),
    "elu": elu,
    "selu": lambda x, _: SELU_SCALE * elu(x, SELU_ALPHA),
    "gelu": lambda x, _: x * (0.5 * (1 + erf(x * 2**-0.5))),
    "gelu_tanh": lambda x, _: 0.5 * x * (1 + np.tanh(_GELU_SCALE * (x + _GELU_CUBE * x**3))),
    "silu": lambda x, _: x * sigmoid(x),
    "hard_swish": lambda x, _: x * np.clip(x / 6 + 0.5, 0, 1),
    "mish": lambda x, _: x * np.tanh(softplus(x)),
    "softplus": lambda x, _: softplus(x),
    "sigmoid": lambda x, _: sigmoid(x),
    "hard_sigmoid": lambda x, _: np.clip(x / 6 + 0.5, 0, 1),
    "hard_tanh": lambda x, _: np.clip(x, -1, 1),
    "softmax": lambda x, _: np.exp(_log_softmax(x)),
    "log_softmax": lambda x, _: _log_softmax(x),
}
