"""Loops over a layer's neurons and the steps of a decision, in float32, in the order that torch adds up in.

A block of neurons stays in the processor's cache through all steps. Where torch rounds once for a product and
a sum, so does the gradient here, as far as the processor has such an instruction.
"""

from functools import partial
from typing import Any

import numpy as np

from neuro_aolo_export.compiled import compiled

ON = True
"""Whether these loops are used at all; tests compare with what is there without them."""

_BLOCK = 1_024
_ZERO, _ONE = np.float32(0.0), np.float32(1.0)


@compiled
def integrate_and_fire(stimulus: Any, spikes: Any, threshold: Any) -> None:
    """Spikes ``(T, n)`` of a constant stimulus ``(n,)``."""
    voltage = np.empty(_BLOCK, np.float32)
    for first in range(0, stimulus.shape[0], _BLOCK):
        count = min(_BLOCK, stimulus.shape[0] - first)
        voltage[:count] = _ZERO
        for t in range(spikes.shape[0]):
            for n in range(count):
                v = voltage[n] + stimulus[first + n]
                fires = v > threshold
                spikes[t, first + n] = _ONE if fires else _ZERO
                voltage[n] = v - threshold if fires else v


@compiled
def integrate_and_fire_gradient(to_spikes: Any, to_stimulus: Any, kept: Any) -> None:
    """Gradient of the stimulus ``(n,)``, which begins at 0, from that of spikes ``(T, n)``."""
    to_voltage = np.empty(_BLOCK, np.float32)
    for first in range(0, to_stimulus.shape[0], _BLOCK):
        count = min(_BLOCK, to_stimulus.shape[0] - first)
        to_voltage[:count] = _ZERO
        for t in range(to_spikes.shape[0] - 1, -1, -1):
            for n in range(count):
                to_v = to_spikes[t, first + n] + kept * to_voltage[n]
                to_voltage[n] = to_v
                to_stimulus[first + n] += to_v


@compiled
def lif(currents: Any, voltages: Any, spikes: Any, gain: Any, leak: Any, threshold: Any) -> None:
    """Voltages before the reset and spikes of currents, ``(T, n)`` each: Norse's step with ``dt = 1``."""
    voltage, current = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.float32)
    for first in range(0, currents.shape[1], _BLOCK):
        count = min(_BLOCK, currents.shape[1] - first)
        voltage[:count] = _ZERO
        current[:count] = _ZERO
        for t in range(currents.shape[0]):
            for n in range(count):
                jump = current[n] + currents[t, first + n]
                v = voltage[n] + gain * ((_ZERO - voltage[n]) + jump)
                fires = v > threshold
                current[n] = jump + (-leak) * jump
                voltages[t, first + n] = v
                spikes[t, first + n] = _ONE if fires else _ZERO
                voltage[n] = _ZERO if fires else v


@partial(compiled, fastmath={"contract"})
def lif_gradient(
    to_spikes: Any,
    voltages: Any,
    spikes: Any,
    to_currents: Any,
    threshold: Any,
    width: Any,
    gain: Any,
    kept: Any,
    slope: Any,
    rest: Any,
) -> None:
    """Gradient of currents ``(T, n)`` from that of spikes, with a rectangular surrogate."""
    to_reset, to_i = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.float32)
    for first in range(0, voltages.shape[1], _BLOCK):
        count = min(_BLOCK, voltages.shape[1] - first)
        to_reset[:count] = _ZERO
        to_i[:count] = _ZERO
        for t in range(voltages.shape[0] - 1, -1, -1):
            for n in range(count):
                v = voltages[t, first + n]
                to_spike = to_spikes[t, first + n] - to_reset[n] * v
                surrogate = slope if abs(v - threshold) < width else _ZERO
                to_v = to_spike * surrogate + to_reset[n] * (_ONE - spikes[t, first + n])
                passed = to_v * gain + to_i[n] * kept
                to_i[n] = passed
                to_currents[t, first + n] = passed
                to_reset[n] = to_v * rest


@compiled
def steady(
    current: Any,
    rates: Any,
    slopes: Any,
    steps: int,
    gain: Any,
    leak: Any,
    threshold: Any,
    width: Any,
    slope: Any,
) -> None:
    """Spikes per step of a current ``(n,)`` that does not change, and their slope, ``(n,)`` each.

    The slope is carried along with the state, so that no step is kept; with none of ``slopes`` to fill it is
    left out.
    """
    voltage, arrived = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.float32)
    spikes = np.empty(_BLOCK, np.float32)
    of_voltage, of_spikes = np.empty(_BLOCK, np.float32), np.empty(_BLOCK, np.float32)
    rest, kept = _ONE - gain, _ONE - leak
    for first in range(0, current.shape[0], _BLOCK):
        count = min(_BLOCK, current.shape[0] - first)
        block = current[first : first + count]
        for array in (voltage, arrived, spikes, of_voltage, of_spikes):
            array[:count] = _ZERO
        of_arrived = _ZERO
        for _ in range(steps):
            for n in range(count):
                jump = arrived[n] + block[n]
                arrived[n] = jump + (-leak) * jump
                voltage[n] = voltage[n] + gain * ((_ZERO - voltage[n]) + jump)
            if slopes.shape[0]:
                of_jump = of_arrived + _ONE
                of_arrived = of_jump * kept
                for n in range(count):
                    v = voltage[n]
                    of_v = of_voltage[n] * rest + gain * of_jump
                    of_spike = slope * of_v if abs(v - threshold) < width else _ZERO
                    of_spikes[n] += of_spike
                    of_voltage[n] = (_ZERO if v > threshold else of_v) - v * of_spike
            for n in range(count):
                fires = voltage[n] > threshold
                spikes[n] += _ONE if fires else _ZERO
                voltage[n] = _ZERO if fires else voltage[n]
        rates[first : first + count] = spikes[:count] / np.float32(steps)
        if slopes.shape[0]:
            slopes[first : first + count] = of_spikes[:count] / np.float32(steps)
