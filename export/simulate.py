"""Reference simulators: the float equations, and bit-exact Loihi 2 integers. Both are batched.

One decision is T steps from neurons at rest. The step of delay that each layer adds on the chip is taken
out: column t of every layer belongs to column t of the input.

References:
    M. Davies et al. (2018), Loihi: a neuromorphic manycore processor with on-chip learning, IEEE Micro
    38(1):82-99, doi:10.1109/MM.2018.112130359.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equations (26)-(33).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from export.arrays import FloatArray, SpikeArray, as_spikes
from export.graph import SpikingGraph, SpikingLayer
from export.integers import DECAY_UNITY, STATE_LIMIT, STATE_SHIFT, QuantizedGraph, QuantizedLayer
from export.population import needed

# Decisions that are advanced together: their states stay in the processor's cache.
_CHUNK = 256
_FLOAT32_EXACT = 1 << 24


@dataclass(frozen=True, eq=False)
class Activity:
    """Everything that spiked during a batch of decisions.

    Attributes:
        input_spikes: ``(T, B, N0)`` uint8, 0 or 1. Of an integer graph the last channel is always on.
        layer_spikes: per layer ``(T, B, Nl)``. Of an integer graph the last neuron of each hidden layer is
            its bias neuron, which fires at every step.
        actions: ``(B, A)`` float32 in [-1, 1].
    """

    input_spikes: SpikeArray
    layer_spikes: tuple[SpikeArray, ...]
    actions: FloatArray


def simulate_float(graph: SpikingGraph, observations: ArrayLike) -> Activity:
    """Run equations (26)-(33) in float32 on observations ``(B, D)``.

    Raises:
        ExportError: observations of another shape, or not finite.
    """
    inputs = graph.input_spikes(observations)
    steps = [_float_stepper(layer) for layer in graph.layers]
    spikes = _run([layer.neurons for layer in graph.layers], steps, inputs)
    return Activity(inputs, spikes, needed(graph.decoder).decode(spikes[-1]))


def simulate_integer(qgraph: QuantizedGraph, observations: ArrayLike) -> Activity:
    """Run the integer graph on observations ``(B, D)``, bit for bit as a Loihi 2 core.

    Raises:
        ExportError: observations of another shape, or not finite.
    """
    inputs = qgraph.input_spikes(observations)
    spikes = integer_spikes(qgraph.layers, inputs)
    return Activity(inputs, spikes, needed(qgraph.decoder).decode(spikes[-1]))


def integer_spikes(layers: Sequence[QuantizedLayer], input_spikes: NDArray[Any]) -> tuple[SpikeArray, ...]:
    """Spikes ``(T, B, Nl)`` of every layer, of input spikes ``(T, B, N0)`` that are 0 or 1.

    Per step, with ``trunc`` rounding to zero, u and v 24-bit states at rest before the first step::

        a = W s_prev
        u = trunc(u (4096 - current_decay) / 4096) + (a << 6)       wraps where u > 2^23 or u <= -2^23
        v = trunc(v (4096 - voltage_decay) / 4096) + u + (bias_mant << 6)    clipped to +-(2^23 - 1)
        s = v > (threshold_mant << 6) ;  v = 0 where s

    Raises:
        ExportError: input spikes of another shape, or other than 0 and 1.
    """
    inputs = as_spikes(input_spikes, layers[0].inputs)
    steps = [_integer_stepper(layer, len(inputs)) for layer in layers]
    return _run([layer.neurons for layer in layers], steps, inputs)


_Stepper = Callable[[SpikeArray, SpikeArray], None]


def _run(sizes: list[int], steppers: list[_Stepper], inputs: SpikeArray) -> tuple[SpikeArray, ...]:
    """Fill one output per layer, a chunk of decisions at a time."""
    total, batch, _ = inputs.shape
    outputs = tuple(np.empty((total, batch, size), dtype=np.uint8) for size in sizes)
    for start in range(0, batch, _CHUNK):
        part = slice(start, start + _CHUNK)
        spikes = inputs[:, part]
        for stepper, output in zip(steppers, outputs, strict=True):
            stepper(spikes, output[:, part])
            spikes = output[:, part]
    return outputs


def _products(weight: NDArray[Any], spikes: SpikeArray) -> NDArray[Any]:
    """``W s`` at every step, ``(T, B, out)``, in the type of ``weight``."""
    steps, batch, channels = spikes.shape
    flat = spikes.reshape(steps * batch, channels).astype(weight.dtype)
    product: NDArray[Any] = (flat @ weight.T).reshape(steps, batch, len(weight))
    return product


def _float_stepper(layer: SpikingLayer) -> _Stepper:
    keep_current, keep_voltage = np.float32(layer.current_decay), np.float32(layer.voltage_decay)
    threshold = np.float32(layer.threshold)

    def advance(spikes: SpikeArray, output: SpikeArray) -> None:
        drive = _products(layer.weight, spikes) + layer.bias
        current, voltage = np.zeros_like(drive[0]), np.zeros_like(drive[0])
        for step, arriving in enumerate(drive):
            current = keep_current * current + arriving
            voltage = keep_voltage * voltage + current
            fired = voltage > threshold
            voltage[fired] = 0.0
            output[step] = fired

    return advance


def _integer_stepper(layer: QuantizedLayer, steps: int) -> _Stepper:
    # A sum of integers is exact in float32, in any order, while the terms of each sign stay below 2^24.
    weight = layer.weight.astype(np.float32 if layer.largest_input < _FLOAT32_EXACT else np.float64)
    keep_current = _Fraction.of(DECAY_UNITY - layer.current_decay)
    keep_voltage = _Fraction.of(DECAY_UNITY - layer.voltage_decay)
    narrow = (layer.largest_input << STATE_SHIFT) <= 2 * STATE_LIMIT
    narrow = narrow and keep_current.narrow and keep_voltage.narrow
    state: type[np.signedinteger[Any]] = np.int32 if narrow else np.int64
    bias = (layer.bias_mant << STATE_SHIFT).astype(state)
    threshold = layer.threshold_mant << STATE_SHIFT
    wraps = layer.worst_current(steps) >= STATE_LIMIT
    clips = layer.worst_voltage(steps) >= STATE_LIMIT

    def advance(spikes: SpikeArray, output: SpikeArray) -> None:
        drive = np.left_shift(_products(weight, spikes).astype(state), STATE_SHIFT)
        u, v = np.zeros_like(drive[0]), np.zeros_like(drive[0])
        for step, arriving in enumerate(drive):
            keep_current.apply(u)
            u += arriving
            if wraps:
                high, low = u > STATE_LIMIT, u <= -STATE_LIMIT
                u[high] -= 2 * STATE_LIMIT
                u[low] += 2 * STATE_LIMIT
            keep_voltage.apply(v)
            v += u
            v += bias
            if clips:
                np.clip(v, 1 - STATE_LIMIT, STATE_LIMIT - 1, out=v)
            resting = v <= threshold
            v *= resting
            output[step] = ~resting

    return advance


@dataclass(frozen=True)
class _Fraction:
    """``numerator / 2^shift``: what a state keeps of itself per step."""

    numerator: int
    shift: int

    @classmethod
    def of(cls, kept: int) -> "_Fraction":
        """``kept / 4096`` in lowest terms: small numerators leave the product in 32 bits."""
        common = math.gcd(kept, DECAY_UNITY)
        return cls(kept // common, (DECAY_UNITY // common).bit_length() - 1)

    @property
    def narrow(self) -> bool:
        """A state in +-2^23 times the numerator fits in int32."""
        return self.numerator * STATE_LIMIT < (1 << 31) - DECAY_UNITY

    def apply(self, x: NDArray[Any]) -> None:
        """Replace ``x`` by ``trunc(x numerator / 2^shift)``, rounding to zero."""
        x *= self.numerator
        if self.shift:
            x += (x >> (8 * x.itemsize - 1)) & ((1 << self.shift) - 1)
            x >>= self.shift
