"""Simulators: the float equations, and bit-exact Loihi 2 integers. Both are batched, both event-driven.

One decision is T steps from neurons at rest. The step of delay that each layer adds on the chip is taken
out: column t of every layer belongs to column t of the input. A decision does not depend on its batch.

References:
    M. Davies et al. (2018), Loihi: a neuromorphic manycore processor with on-chip learning, IEEE Micro
    38(1):82-99, doi:10.1109/MM.2018.112130359.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equations (26)-(33).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import ArrayLike, NDArray

from export.arrays import FloatArray, SpikeArray, as_observations, as_spikes
from export.graph import SpikingGraph, SpikingLayer
from export.integers import DECAY_UNITY, STATE_LIMIT, STATE_SHIFT, QuantizedGraph, QuantizedLayer
from export.kernels import WIDTH, encode, run_layer
from export.population import PopulationEncoder, needed

# Decisions that pass a layer before the next one runs: their spikes stay in the processor's cache.
_CHUNK = 32
_FLOAT32_EXACT = 1 << 24
_INT8_MAX, _INT16_MAX = 127, (1 << 15) - 1


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


@dataclass(frozen=True, eq=False)
class LayerStates:
    """Every neuron of a layer at every step, each ``(T, B, N)``.

    Attributes:
        spikes: uint8, 0 or 1.
        current: the synaptic current, c of eq. (29) in float32, or the chip's u in int32.
        charged: the membrane potential that is compared with the threshold, before a spike resets it.
    """

    spikes: SpikeArray
    current: NDArray[Any]
    charged: NDArray[Any]

    @property
    def potential(self) -> NDArray[Any]:
        """The membrane potential that is left after the step, 0 where the neuron fired: the chip's v."""
        return np.where(self.spikes, self.charged.dtype.type(0), self.charged)


def simulate_float(graph: SpikingGraph, observations: ArrayLike) -> Activity:
    """Run equations (26)-(33) in float32 on observations ``(B, D)``.

    Raises:
        ExportError: observations of another shape, or not finite.
    """
    encoder, decoder = needed(graph.encoder), needed(graph.decoder)
    inputs = _encode(encoder, observations, graph.steps, always_on=0)
    spikes = _run(_float_plans(graph.layers), inputs)
    return Activity(inputs, spikes, decoder.decode(spikes[-1]))


def simulate_integer(qgraph: QuantizedGraph, observations: ArrayLike) -> Activity:
    """Run the integer graph on observations ``(B, D)``, bit for bit as a Loihi 2 core.

    Raises:
        ExportError: observations of another shape, or not finite.
    """
    encoder, decoder = needed(qgraph.encoder), needed(qgraph.decoder)
    inputs = _encode(encoder, observations, qgraph.steps, always_on=1)
    spikes = _run(_integer_plans(qgraph.layers, qgraph.steps), inputs)
    return Activity(inputs, spikes, decoder.decode(spikes[-1]))


def float_spikes(layers: Sequence[SpikingLayer], input_spikes: NDArray[Any]) -> tuple[SpikeArray, ...]:
    """Spikes ``(T, B, Nl)`` of every layer, of input spikes ``(T, B, N0)`` that are 0 or 1.

    Equations (29)-(31), each operation rounded to float32. ``W s + b`` is b and then, one after the other
    in the order of the channels, the weights of those that spike. A matrix product sums in an order of its
    own: its last bits, and a spike where the potential is within them of the threshold, may differ.

    Raises:
        ExportError: input spikes of another shape, or other than 0 and 1.
    """
    return _run(_float_plans(layers), as_spikes(input_spikes, layers[0].inputs))


def float_states(layers: Sequence[SpikingLayer], input_spikes: NDArray[Any]) -> tuple[LayerStates, ...]:
    """What :func:`float_spikes` computes, with both states of every neuron: ``8 T B N`` bytes more a layer.

    Raises:
        ExportError: input spikes of another shape, or other than 0 and 1.
    """
    return _trace(_float_plans(layers), as_spikes(input_spikes, layers[0].inputs), np.float32)


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
    return _run(_integer_plans(layers, len(inputs)), inputs)


def integer_states(layers: Sequence[QuantizedLayer], input_spikes: NDArray[Any]) -> tuple[LayerStates, ...]:
    """What :func:`integer_spikes` computes, with both states of every neuron: ``8 T B N`` bytes more a layer.

    Raises:
        ExportError: input spikes of another shape, or other than 0 and 1.
    """
    inputs = as_spikes(input_spikes, layers[0].inputs)
    return _trace(_integer_plans(layers, len(inputs)), inputs, np.int32)


@dataclass(frozen=True, eq=False)
class _Plan:
    """A layer as :func:`export.kernels.run_layer` takes it."""

    table: NDArray[Any]
    bias: NDArray[Any]
    always: NDArray[Any]
    constants: NDArray[Any]
    untraced: NDArray[Any]

    @classmethod
    def of(
        cls,
        table: NDArray[Any],
        bias: NDArray[Any],
        always: NDArray[Any],
        constants: Sequence[float],
    ) -> "_Plan":
        """A plan whose constants have the states' type: that of ``bias``."""
        untraced = np.empty((0, 0, 0), bias.dtype)
        return cls(table, bias, always, np.array(constants, bias.dtype), untraced)

    def run(
        self,
        inputs: SpikeArray,
        spikes: SpikeArray,
        start: int,
        stop: int,
        currents: NDArray[Any] | None = None,
        potentials: NDArray[Any] | None = None,
    ) -> None:
        """Fill ``spikes`` of decisions ``start`` to ``stop``, and where wanted currents and potentials."""
        run_layer(
            inputs,
            self.table,
            self.bias,
            self.always,
            self.constants,
            spikes,
            self.untraced if currents is None else currents,
            self.untraced if potentials is None else potentials,
            start,
            stop,
        )


def _run(plans: Sequence[_Plan], inputs: SpikeArray) -> tuple[SpikeArray, ...]:
    """Spikes of every layer, a chunk of decisions at a time."""
    arriving_first = _by_decision(inputs)
    batch, steps, _ = arriving_first.shape
    outputs = [np.empty((batch, steps, len(plan.bias)), dtype=np.uint8) for plan in plans]
    for start in range(0, batch, _CHUNK):
        stop = min(start + _CHUNK, batch)
        arriving = arriving_first
        for plan, output in zip(plans, outputs, strict=True):
            plan.run(arriving, output, start, stop)
            arriving = output
    return tuple(output.swapaxes(0, 1) for output in outputs)


def _trace(
    plans: Sequence[_Plan], inputs: SpikeArray, dtype: type[np.number[Any]]
) -> tuple[LayerStates, ...]:
    """Spikes and states of every layer."""
    arriving = _by_decision(inputs)
    batch, steps, _ = arriving.shape
    layers = []
    for plan in plans:
        shape = (batch, steps, len(plan.bias))
        spikes = np.empty(shape, dtype=np.uint8)
        states = [np.empty(shape, dtype=plan.bias.dtype) for _ in range(2)]
        plan.run(arriving, spikes, 0, batch, *states)
        found = (state.astype(dtype, copy=False).swapaxes(0, 1) for state in states)
        layers.append(LayerStates(spikes.swapaxes(0, 1), *found))
        arriving = spikes
    return tuple(layers)


def _by_decision(spikes: SpikeArray) -> SpikeArray:
    """Spikes ``(T, B, N)`` as ``(B, T, N)`` in one piece; without a copy where they are ours."""
    ordered: SpikeArray = _writable(spikes.swapaxes(0, 1))
    return ordered


def _encode(encoder: PopulationEncoder, observations: ArrayLike, steps: int, *, always_on: int) -> SpikeArray:
    """The encoder's spikes ``(T, B, D K + always_on)``, and ones in the channels after them."""
    batch = _writable(as_observations(observations, encoder.input_size))
    mean, std = _prepared(encoder, 0, _fields)
    spikes = np.empty((len(batch), steps, encoder.neurons + always_on), dtype=np.uint8)
    encode(batch, mean, std, np.float32(encoder.threshold), spikes, 0, len(batch))
    return spikes.swapaxes(0, 1)


def _fields(encoder: PopulationEncoder, _: int) -> tuple[FloatArray, FloatArray]:
    return encoder.mean.copy(), encoder.std.copy()


def _float_plans(layers: Sequence[SpikingLayer]) -> list[_Plan]:
    return [_prepared(layer, 0, _float_plan) for layer in layers]


def _integer_plans(layers: Sequence[QuantizedLayer], steps: int) -> list[_Plan]:
    # How far the states can go, and with it the arithmetic that is exact, depends on the steps.
    return [_prepared(layer, steps, _integer_plan) for layer in layers]


def _float_plan(layer: SpikingLayer, _: int) -> _Plan:
    return _Plan.of(
        table=_table(layer.weight, np.float32),
        bias=np.zeros_like(layer.bias),
        always=_table(layer.bias[:, None], np.float32)[:, 0].copy(),
        constants=(1.0, layer.current_decay, layer.voltage_decay, layer.threshold),
    )


def _integer_plan(layer: QuantizedLayer, steps: int) -> _Plan:
    """Integers in the narrowest types that hold them exactly.

    States are whole numbers in floating point: a product with ``k / 4096`` is exact there, and one
    instruction rounds it to zero. float32 will do while no state times its k, in lowest terms, reaches 2^24.
    """
    step = 1 if (layer.weight & 1).any() else 2
    weight = layer.weight // step
    narrow = int(np.abs(weight).max()) <= _INT8_MAX and layer.largest_input // step <= _INT16_MAX
    current, voltage = layer.worst_current(steps), layer.worst_voltage(steps)
    at_edges = max(current, voltage) >= STATE_LIMIT
    kept = (DECAY_UNITY - layer.current_decay, DECAY_UNITY - layer.voltage_decay)
    largest = max(
        state * max(1, share // math.gcd(share, DECAY_UNITY))
        for state, share in zip((current, voltage), kept, strict=True)
    )
    single = narrow and not at_edges and largest < _FLOAT32_EXACT
    real: type[np.floating[Any]] = np.float32 if single else np.float64
    table = _table(weight, np.int8 if narrow else np.int16)
    threshold = layer.threshold_mant << STATE_SHIFT
    return _Plan.of(
        table=table,
        bias=(layer.bias_mant << STATE_SHIFT).astype(real),
        always=np.zeros((len(table), WIDTH), np.int16 if narrow else np.int32),
        constants=(step << STATE_SHIFT, *(share / DECAY_UNITY for share in kept), threshold),
    )


def _table(weight: NDArray[Any], dtype: type[np.number[Any]]) -> NDArray[Any]:
    """W ``(out, in)`` as ``(blocks, in, WIDTH)``: what a spike adds lies together."""
    neurons, inputs = weight.shape
    blocks = -(-neurons // WIDTH)
    table = np.zeros((inputs, blocks * WIDTH), dtype)
    table[:, :neurons] = weight.T
    return np.ascontiguousarray(table.reshape(inputs, blocks, WIDTH).swapaxes(0, 1))


_Owner = TypeVar("_Owner")
_Made = TypeVar("_Made")
_made: WeakKeyDictionary[Any, dict[int, Any]] = WeakKeyDictionary()


def _prepared(owner: _Owner, steps: int, make: Callable[[_Owner, int], _Made]) -> _Made:
    """What ``make`` makes of a frozen ``owner`` and its steps, made once and kept as long as the owner."""
    kept = _made.get(owner)
    if kept is None:
        kept = _made.setdefault(owner, {})
    if steps not in kept:
        kept[steps] = make(owner, steps)
    made: _Made = kept[steps]
    return made


def _writable(array: NDArray[Any]) -> Any:
    """The array as the compiled functions know it: other layouts would be compiled anew."""
    return array if array.flags.carray else array.copy(order="C")
