"""One step of a layer's neurons, compiled: in float32, or in a chip's integers."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

_LIMIT = 1 << 23


def _step_float(
    total: Any,
    current: Any,
    potential: Any,
    bias: Any,
    unit: Any,
    keep_current: Any,
    keep_voltage: Any,
    threshold: Any,
    subtracts: Any,
    fired: Any,
) -> None:
    """Equations (29)-(31) in float32."""
    rest = potential.dtype.type(0)
    for n in range(current.shape[0]):
        left = potential[n] - threshold if subtracts else rest
        held = left if potential[n] > threshold else potential[n]
        c = keep_current * current[n] + total[n]
        v = keep_voltage * held + c
        current[n] = c
        potential[n] = v
        fired[n] = v > threshold


def _step_whole(
    total: Any,
    current: Any,
    potential: Any,
    bias: Any,
    unit: Any,
    keep_current: Any,
    keep_voltage: Any,
    threshold: Any,
    subtracts: Any,
    fired: Any,
) -> None:
    """The chip's step where no current wraps and no potential clips."""
    rest = potential.dtype.type(0)
    for n in range(current.shape[0]):
        left = potential[n] - threshold if subtracts else rest
        held = left if potential[n] > threshold else potential[n]
        u = np.trunc(keep_current * current[n]) + unit * bias.dtype.type(total[n])
        v = np.trunc(keep_voltage * held) + u + bias[n]
        current[n] = u
        potential[n] = v
        fired[n] = v > threshold


def _step_anywhere(
    total: Any,
    current: Any,
    potential: Any,
    bias: Any,
    unit: Any,
    keep_current: Any,
    keep_voltage: Any,
    threshold: Any,
    subtracts: Any,
    fired: Any,
) -> None:
    """The chip's step: the current wraps, the potential clips."""
    rest = potential.dtype.type(0)
    limit = potential.dtype.type(_LIMIT)
    for n in range(current.shape[0]):
        left = potential[n] - threshold if subtracts else rest
        held = left if potential[n] > threshold else potential[n]
        u = np.trunc(keep_current * current[n]) + unit * bias.dtype.type(total[n])
        u -= limit * (bias.dtype.type(u > limit) - bias.dtype.type(u <= -limit)) * 2
        v = np.trunc(keep_voltage * held) + u + bias[n]
        v = min(max(v, 1 - limit), limit - 1)
        current[n] = u
        potential[n] = v
        fired[n] = v > threshold


def step(
    total: Any,
    current: Any,
    potential: Any,
    bias: Any,
    unit: Any,
    keep_current: Any,
    keep_voltage: Any,
    threshold: Any,
    subtracts: Any,
    fired: Any,
) -> None:
    """One step of all neurons: which one, the types of sums and states tell :func:`_chosen_step`.

    A neuron that fired before starts from 0, or where it ``subtracts`` from what was above the threshold.
    """


@overload(step)
def _chosen_step(
    total: Any,
    current: Any,
    potential: Any,
    bias: Any,
    unit: Any,
    keep_current: Any,
    keep_voltage: Any,
    threshold: Any,
    subtracts: Any,
    fired: Any,
) -> Callable[..., None]:
    if isinstance(total.dtype, types.Float):
        return _step_float
    return _step_whole if current.dtype == types.float32 else _step_anywhere
