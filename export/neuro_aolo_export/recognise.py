"""Which activation a function is, told by its values: files spell the same one in many ways."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.activations import NAMES, OF_ROWS, WITH_ALPHA, Activation, activate
from neuro_aolo_export.errors import ExportError

Floats = NDArray[np.float64]
Function = Callable[[Floats], Floats]

# Of no round distance, dense where activations bend, and far out, where they are constants or lines.
_GRID = np.concatenate([np.linspace(-9.03, 9.01, 181), [-31.7, -30.0, -17.3, 15.9, 23.1, 32.3]])
_SAME = 3e-6
"""Files hold constants such as the root of 2 in float32."""


@dataclass(frozen=True)
class Known:
    """``scale activation(x) + shift``."""

    name: Activation
    alpha: float | None
    scale: float
    shift: float


def recognise(function: Function, operators: Sequence[str]) -> Known:
    """The activation that a function of each entry is, up to a scale and a shift.

    Args:
        function: of float64 numbers.
        operators: that it is made of, for the reader of an error.

    Raises:
        ExportError: none that we know.
    """
    with np.errstate(all="ignore"):
        values = function(_GRID)
    if values.shape == _GRID.shape and np.isfinite(values).all():
        # Those without a parameter first: a ReLU is a leaky one, too.
        for name in sorted((name for name in NAMES if name not in OF_ROWS), key=_order):
            for alpha in _alphas(name, values):
                basis = np.stack([activate(name, _GRID, alpha), np.ones_like(_GRID)], axis=1)
                (scale, shift), *_ = np.linalg.lstsq(basis, values, rcond=None)
                away = np.abs(basis @ [scale, shift] - values) / (1.0 + np.abs(values))
                if away.max() < _SAME and abs(scale) > _SAME:
                    exact = abs(scale - 1.0) < _SAME and abs(shift) < _SAME
                    return Known(name, alpha, *((1.0, 0.0) if exact else (float(scale), float(shift))))
    raise ExportError(
        f"{' with '.join(operators[-3:])} is none of the activations that have a price: {', '.join(NAMES)}"
    )


def _order(name: Activation) -> tuple[bool, bool]:
    return name in WITH_ALPHA, name != "identity"


def _alphas(name: Activation, values: Floats) -> list[float | None]:
    """The parameter that a function of this kind would have to have."""
    if name not in WITH_ALPHA:
        return [None]
    at = {x: float(np.interp(x, _GRID[:181], values[:181])) for x in (-2.0, -1.0, 1.0, 2.0)}
    slope = at[2.0] - at[1.0]
    if abs(slope) < _SAME:
        return []
    if name == "leaky_relu":
        alpha = (at[-1.0] - at[-2.0]) / slope
    else:
        alpha = (at[1.0] - slope - float(values[-6])) / slope
    # Files hold 0.01 in float32: the round number is tried first.
    return [float(f"{alpha:.6g}"), alpha]
