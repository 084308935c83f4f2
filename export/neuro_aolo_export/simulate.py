"""Simulators: the float equations, and bit-exact Loihi 2 integers. Both are batched, both event-driven.

One decision is T steps from neurons at rest. The step of delay that each layer adds on the chip is taken
out: column t of every layer belongs to column t of the input. A decision does not depend on its batch.

References:
    M. Davies et al. (2018), Loihi: a neuromorphic manycore processor with on-chip learning, IEEE Micro
    38(1):82-99, doi:10.1109/MM.2018.112130359.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equations (26)-(33).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo_export._rows import WIDTH, packed
from neuro_aolo_export.activity import Activity, LayerStates
from neuro_aolo_export.arrays import (
    FloatArray,
    SpikeArray,
    as_rows,
    as_spikes,
    require_finite,
    require_slots,
    writable,
)
from neuro_aolo_export.graded import in_bits, of_bits
from neuro_aolo_export.graph import SpikingGraph, SpikingLayer
from neuro_aolo_export.kernels import encode, run_network
from neuro_aolo_export.loihi2.integers import (
    DECAY_UNITY,
    STATE_LIMIT,
    STATE_SHIFT,
    QuantizedGraph,
    QuantizedLayer,
    with_always_on,
)
from neuro_aolo_export.population import Encoder, GradedEncoder, PopulationEncoder, needed
from neuro_aolo_export.prepared import prepared

_FLOAT32_EXACT = 1 << 24


def simulate_float(graph: SpikingGraph, observations: ArrayLike) -> Activity:
    """Run equations (26)-(33) in float32 on observations ``(B, D)``.

    Raises:
        ExportError: observations of another shape, or not finite.
    """
    encoder = needed(graph.encoder)
    needed(graph.decoder)
    inputs = _encoded(encoder, observations, graph.steps, always_on=0)
    return Activity.of(graph, inputs, _run(prepared(graph, 0, _graph_float_plan), inputs, graph.levels))


def simulate_integer(qgraph: QuantizedGraph, observations: ArrayLike) -> Activity:
    """Run the integer graph on observations ``(B, D)``, bit for bit as a Loihi 2 core.

    Raises:
        ExportError: observations of another shape, or not finite.
    """
    encoder = needed(qgraph.encoder)
    needed(qgraph.decoder)
    inputs = _encoded(encoder, observations, qgraph.steps, always_on=1)
    plan = prepared(qgraph, qgraph.steps, _graph_integer_plan)
    return Activity.of(qgraph, inputs, _run(plan, inputs, qgraph.layers[0].levels))


def float_spikes(
    layers: Sequence[SpikingLayer], input_spikes: NDArray[Any], levels: int = 1
) -> tuple[SpikeArray, ...]:
    """Spikes ``(T, B, Nl)`` of every layer, of input spikes ``(T, B, N0)`` that carry 0 to ``levels``.

    Equations (29)-(31), each operation rounded to float32. ``W s + b`` is b and then, one after the other
    in the order of the channels, the weights of those that spike; of graded spikes, those of the bits that
    they carry, from the lowest to the highest. A matrix product sums in an order of its own: its last bits,
    and a spike where the potential is within them of the threshold, may differ.

    Raises:
        ExportError: input spikes of another shape, or carrying something else.
    """
    inputs = as_spikes(input_spikes, layers[0].inputs, levels)
    return _run(_float_plan(layers, levels), inputs, levels)


def float_states(
    layers: Sequence[SpikingLayer], input_spikes: NDArray[Any], levels: int = 1
) -> tuple[LayerStates, ...]:
    """What :func:`float_spikes` computes, with both states of every neuron: ``8 T B N`` bytes more a layer.

    Raises:
        ExportError: input spikes of another shape, or carrying something else.
    """
    plan = _float_plan(layers, levels)
    inputs = in_bits(as_spikes(input_spikes, layers[0].inputs, levels), levels)
    taken = [layer.threshold if layer.reset == "subtract" else None for layer in layers]
    return _trace(plan, inputs, np.float32, taken)


def integer_spikes(layers: Sequence[QuantizedLayer], input_spikes: NDArray[Any]) -> tuple[SpikeArray, ...]:
    """Spikes ``(T, B, Nl)`` of every layer, of input spikes ``(T, B, N0)``, 0 or 1 or graded.

    Per step, with ``trunc`` rounding to zero, u and v 24-bit states at rest before the first step::

        a = W s_prev
        u = trunc(u (4096 - current_decay) / 4096) + (a << 6)       wraps where u > 2^23 or u <= -2^23
        v = trunc(v (4096 - voltage_decay) / 4096) + u + (bias_mant << 6)    clipped to +-(2^23 - 1)
        s = v > (threshold_mant << 6) ;  v = 0 where s, or v - (threshold_mant << 6) by subtraction

    Raises:
        ExportError: input spikes of another shape, or carrying what the first layer does not take.
    """
    inputs = as_spikes(input_spikes, layers[0].inputs, layers[0].levels)
    return _run(_integer_plan(layers, len(inputs)), inputs, layers[0].levels)


def integer_states(layers: Sequence[QuantizedLayer], input_spikes: NDArray[Any]) -> tuple[LayerStates, ...]:
    """What :func:`integer_spikes` computes, with both states of every neuron: ``8 T B N`` bytes more a layer.

    Raises:
        ExportError: input spikes of another shape, or carrying what the first layer does not take.
    """
    inputs = as_spikes(input_spikes, layers[0].inputs, layers[0].levels)
    inputs = in_bits(inputs, layers[0].levels)
    taken = [layer.threshold_mant << STATE_SHIFT if layer.reset == "subtract" else None for layer in layers]
    return _trace(_integer_plan(layers, len(inputs)), inputs, np.int32, taken)


@dataclass(frozen=True, eq=False)
class _Plan:
    """All layers of a network as :func:`neuro_aolo_export.kernels.run_network` takes them."""

    sizes: NDArray[np.int64]
    tables: NDArray[Any]
    biases: NDArray[Any]
    always: NDArray[Any]
    constants: NDArray[Any]

    @classmethod
    def of(
        cls,
        weights: Sequence[NDArray[Any]],
        table: type[np.number[Any]],
        biases: Sequence[NDArray[Any]],
        always: NDArray[Any],
        constants: Sequence[Sequence[float]],
    ) -> "_Plan":
        """A plan whose tables have the type ``table``, and whose constants have the states': the biases'."""
        sizes = np.array([weights[0].shape[1], *map(len, weights)])
        tables = [_table(weight, table) for weight in weights]
        return cls(
            sizes,
            np.concatenate([(packed(part) if table is np.int8 else part).ravel() for part in tables]),
            np.concatenate(biases),
            always,
            np.array(constants, biases[0].dtype),
        )

    @property
    def neurons(self) -> int:
        """Of all layers."""
        return len(self.biases)

    def run(self, inputs: SpikeArray, *, traced: bool = False) -> tuple[NDArray[Any], ...]:
        """Spikes, and where wanted currents and potentials, of input spikes ``(B, T, N0)``: all flat."""
        batch, steps, _ = inputs.shape
        require_slots(batch, steps, self.neurons * (9 if traced else 1))
        # One decision of a layer is listed at once.
        require_slots(1, steps, 4 * (int(self.sizes.max()) + WIDTH))
        slots = batch * steps * self.neurons
        spikes = np.empty(slots, np.uint8)
        states = [np.empty(slots if traced else 0, self.biases.dtype) for _ in range(2)]
        run_network(
            inputs, self.sizes, self.tables, self.biases, self.always, self.constants, spikes, *states
        )
        return spikes, *states

    def by_layer(self, flat: NDArray[Any], steps: int, batch: int) -> list[NDArray[Any]]:
        """What lies one layer after the other, as ``(T, B, N)`` each."""
        layers, start = [], 0
        for neurons in self.sizes[1:].tolist():
            stop = start + batch * steps * neurons
            layers.append(flat[start:stop].reshape(batch, steps, neurons).swapaxes(0, 1))
            start = stop
        return layers


def _run(plan: _Plan, inputs: SpikeArray, levels: int) -> tuple[SpikeArray, ...]:
    """Spikes of every layer."""
    spikes, *_ = plan.run(_by_decision(in_bits(inputs, levels)))
    return tuple(plan.by_layer(spikes, *inputs.shape[:2]))


def _trace(
    plan: _Plan, inputs: SpikeArray, dtype: type[np.number[Any]], taken: Sequence[float | None]
) -> tuple[LayerStates, ...]:
    """Spikes and states of every layer."""
    spikes, *states = (
        plan.by_layer(flat, *inputs.shape[:2]) for flat in plan.run(_by_decision(inputs), traced=True)
    )
    found = ([state.astype(dtype, copy=False) for state in layers] for layers in states)
    return tuple(LayerStates(*layer) for layer in zip(spikes, *found, taken, strict=True))


def _by_decision(spikes: SpikeArray) -> SpikeArray:
    """Spikes ``(T, B, N)`` as ``(B, T, N)`` in one piece; without a copy where they are ours."""
    ordered: SpikeArray = writable(spikes.swapaxes(0, 1))
    return ordered


def _encoded(encoder: Encoder, observations: ArrayLike, steps: int, *, always_on: int) -> SpikeArray:
    """The encoder's spikes ``(T, B, N + always_on)``, and in the channels after them what is always on."""
    if isinstance(encoder, GradedEncoder):
        carried = encoder.encode(observations, steps)
        return with_always_on(carried, encoder.levels) if always_on else carried
    batch = writable(as_rows(observations, encoder.input_size))
    mean, std, threshold = prepared(encoder, 0, _fields)
    require_slots(len(batch), steps, encoder.neurons + always_on)
    spikes = np.empty((len(batch), steps, encoder.neurons + always_on), dtype=np.uint8)
    require_finite(encode(batch, mean, std, threshold, spikes))
    return spikes.swapaxes(0, 1)


def _fields(encoder: PopulationEncoder, _: int) -> tuple[FloatArray, FloatArray, np.float32]:
    return encoder.mean, encoder.std, np.float32(encoder.threshold)


def _float_plan(layers: Sequence[SpikingLayer], levels: int) -> _Plan:
    always = [_table(layer.bias[:, None], np.float32).ravel() for layer in layers]
    return _Plan.of(
        [of_bits(layers[0].weight, levels), *(layer.weight for layer in layers[1:])],
        np.float32,
        [np.zeros_like(layer.bias) for layer in layers],
        np.concatenate(always),
        [
            (1.0, layer.current_decay, layer.voltage_decay, layer.threshold, layer.reset == "subtract")
            for layer in layers
        ],
    )


def _integer_plan(layers: Sequence[QuantizedLayer], steps: int) -> _Plan:
    """Integers in the narrowest types that hold those of all layers exactly.

    How far states can go depends on the steps. States are whole numbers in floating point: a product with
    ``k / 4096`` is exact there, and one instruction rounds it to zero. float32 will do while no state times
    its k, in lowest terms, reaches 2^24.
    """
    units = [1 if (layer.weight & 1).any() else 2 for layer in layers]
    weights = [of_bits(layer.weight // unit, layer.levels) for layer, unit in zip(layers, units, strict=True)]
    narrow = all(
        _fits(weight, np.int8) and layer.largest_input // unit <= np.iinfo(np.int16).max
        for layer, weight, unit in zip(layers, weights, units, strict=True)
    )
    single = narrow and all(_fits_single(layer, steps) for layer in layers)
    real: type[np.floating[Any]] = np.float32 if single else np.float64
    blocks = sum(-(-layer.neurons // WIDTH) for layer in layers)
    return _Plan.of(
        weights,
        np.int8 if narrow else np.int16,
        [(layer.bias_mant << STATE_SHIFT).astype(real) for layer in layers],
        np.zeros(blocks * WIDTH, np.int16 if narrow else np.int32),
        [
            (
                unit << STATE_SHIFT,
                *(share / DECAY_UNITY for share in _kept(layer)),
                layer.threshold_mant << STATE_SHIFT,
                layer.reset == "subtract",
            )
            for layer, unit in zip(layers, units, strict=True)
        ],
    )


def _fits(weight: NDArray[Any], dtype: type[np.integer[Any]]) -> bool:
    limits = np.iinfo(dtype)
    return bool(limits.min <= weight.min() and weight.max() <= limits.max)


def _fits_single(layer: QuantizedLayer, steps: int) -> bool:
    """Whether float32 holds the layer's states, and they neither wrap nor clip."""
    states = layer.worst_current(steps), layer.worst_voltage(steps)
    products = (
        state * max(1, share // math.gcd(share, DECAY_UNITY))
        for state, share in zip(states, _kept(layer), strict=True)
    )
    return max(states) < STATE_LIMIT and max(products) < _FLOAT32_EXACT


def _kept(layer: QuantizedLayer) -> tuple[int, int]:
    """Shares of current and potential that are left after a step, of 4096."""
    return DECAY_UNITY - layer.current_decay, DECAY_UNITY - layer.voltage_decay


def _table(weight: NDArray[Any], dtype: type[np.number[Any]]) -> NDArray[Any]:
    """W ``(out, in)`` as ``(blocks, in, WIDTH)``: what a spike adds lies together."""
    neurons, inputs = weight.shape
    blocks = -(-neurons // WIDTH)
    table = np.zeros((inputs, blocks * WIDTH), dtype)
    table[:, :neurons] = weight.T
    return np.ascontiguousarray(table.reshape(inputs, blocks, WIDTH).swapaxes(0, 1))


def _graph_float_plan(graph: SpikingGraph, _: int) -> _Plan:
    return _float_plan(graph.layers, graph.levels)


def _graph_integer_plan(qgraph: QuantizedGraph, steps: int) -> _Plan:
    return _integer_plan(qgraph.layers, steps)
