"""Parameters of a stranger's nodes: finite, of one width, without axes that hold nothing.

Some writers give one number for all neurons of a layer, or keep an axis for a batch of one. A time constant
that is infinite is a neuron without a leak: snnTorch writes so where its ``beta`` is 1.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.errors import ExportError

Numbers = NDArray[Any]

NEURONS = frozenset({"CubaLIF", "LIF", "IF"})
ENDS = frozenset({"Input", "Output"})
UNDECLARED = np.array([1])
"""Shape of an Input or Output that says nothing of its width."""

_AXES = {"weight": 2, "bias": 1}
_LOWEST, _HIGHEST = float(np.finfo(np.float32).tiny), float(np.finfo(np.float32).max)
_MEANT = {
    (
        "LIF",
        "tau",
    ): "a LIF without a leak, as snnTorch writes beta = 1, is NIR's IF with r = 1 / dt: write that",
    (
        "CubaLIF",
        "tau_mem",
    ): "a CubaLIF without a leak, as snnTorch writes beta = 1, is no node of NIR: write a "
    "long time constant, as tau_mem = 1e6 dt and r = tau_mem / dt",
    (
        "CubaLIF",
        "tau_syn",
    ): "a current that is kept for good, as snnTorch writes alpha = 1, is no node of NIR: "
    "write a long time constant, as tau_syn = 1e6 dt and w_in = tau_syn / dt",
}


def plain(kind: str, name: str, values: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """The same, each parameter of a node of neurons as wide as the others.

    Args:
        kind: of the node.
        name: of the node, as an error shows it.
        values: its parameters.

    Raises:
        ExportError: NaN or infinity, a time constant that is none, or widths that do not go together.
    """
    result = {field: _flat(field, array, kind in NEURONS) for field, array in values.items()}
    if kind not in NEURONS:
        if "weight" in result and result["weight"].ndim != 2:
            raise ExportError(
                f"{kind} node {name}: weight has shape {result['weight'].shape}; give (outputs, inputs)"
            )
        return result
    # Time constants first: an infinite r comes of one.
    for field in sorted(result, key=lambda each: not each.startswith("tau")):
        _require_number(kind, name, field, result[field])
    shapes = sorted({array.shape for array in result.values() if array.size != 1})
    if len(shapes) > 1:
        raise ExportError(
            f"{kind} node {name} has parameters of shapes {', '.join(map(str, shapes))[:200]}; make them one"
        )
    shape = shapes[0] if shapes else max((array.shape for array in result.values()), key=len)
    return {field: np.broadcast_to(array, shape).copy() for field, array in result.items()}


def width(name: str, shape: Numbers) -> int | None:
    """Values that an Input, Flatten or Output declares; None of 1, which older writers put for any width.

    Raises:
        ExportError: it is no shape.
    """
    sides = np.asarray(shape, dtype=np.float64).ravel()
    declared = math.prod(sides.tolist())
    if not ((sides >= 1).all() and (sides == np.rint(sides)).all() and declared <= 1 << 53):
        raise ExportError(
            f"node {name} declares shape {sides.tolist()[:4]}: give whole numbers of 1 or above"
        )
    return int(declared) if declared > 1 else None


def spread(values: Any) -> str:
    """Least and largest of an array, as text."""
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        return "empty"
    low, high = array.min(), array.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def _flat(field: str, array: Numbers, of_neurons: bool) -> Numbers:
    """Without axes of 1 that are more than it needs: before the others, and of a vector behind them, too."""
    axes = 1 if of_neurons else _AXES.get(field, array.ndim)
    while array.ndim > axes and array.shape[0] == 1:
        array = array[0]
    while array.ndim > axes == 1 and array.shape[-1] == 1:
        array = array[..., 0]
    return array


def _require_number(kind: str, name: str, field: str, array: Numbers) -> None:
    if np.isnan(array).any():
        raise ExportError(f"{kind} node {name}: {field} holds NaN: every entry must be a number")
    if np.isinf(array).any():
        meant = _MEANT.get((kind, field)) if (array > 0).all() else None
        if meant is None:
            raise ExportError(f"{kind} node {name}: {field} holds infinity: every entry must be finite")
        raise ExportError(f"{kind} node {name}: {field} is infinite; {meant}")
    if field == "v_threshold" and not ((array >= _LOWEST) & (array <= _HIGHEST)).all():
        raise ExportError(
            f"{kind} node {name}: {field} is {spread(array)}: give a threshold from "
            f"{_LOWEST:.2g} to {_HIGHEST:.2g}"
        )
    if field.startswith("tau") and not (array > 0).all():
        raise ExportError(
            f"{kind} node {name}: {field} is {float(array.min()):g} s: a time constant is above 0, and at "
            "least a time step long"
        )
