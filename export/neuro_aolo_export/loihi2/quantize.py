"""A float graph in the integers of a Loihi 2 core, with a report of what that cost.

A layer has one scale. A scale for each group of its neurons would round finer, but would need a threshold for
each group: lava-dl's network file and Lava's LIF process hold a single one per layer, so it could not be run.

References:
    M. Davies et al. (2018), Loihi: a neuromorphic manycore processor with on-chip learning, IEEE Micro
    38(1):82-99, doi:10.1109/MM.2018.112130359.
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo_export.arrays import require
from neuro_aolo_export.graph import SpikingGraph, SpikingLayer
from neuro_aolo_export.loihi2.integers import (
    BIAS_MAX,
    DECAY_UNITY,
    STATE_LIMIT,
    STATE_SHIFT,
    THRESHOLD_MAX,
    WEIGHT_MIN,
    LayerReport,
    Movement,
    QuantizedGraph,
    QuantizedLayer,
    growth,
    on_grid,
    weight_step,
)
from neuro_aolo_export.loihi2.scale import best_threshold
from neuro_aolo_export.simulate import simulate_float, simulate_integer

__all__ = [
    "LayerReport",
    "Movement",
    "QuantizedGraph",
    "QuantizedLayer",
    "WeightGrid",
    "grids",
    "movement",
    "quantize",
]

# The bias neuron fires at every step because its bias exceeds the threshold by one.
_HIDDEN_THRESHOLD_MAX = BIAS_MAX - 1
_SILENT_THRESHOLD = 64


def quantize(graph: SpikingGraph, weight_bits: int = 8) -> QuantizedGraph:
    """The graph in Loihi 2 integers: ``W_int = step round(scale W / step)``, with ``scale = vTh / V_th``.

    The integer threshold vTh comes first. Of those that the bias neuron's 13 bits and the current's 24 bits
    allow, row by row in the worst case, it is the one of least rounding error
    (:func:`~neuro_aolo_export.loihi2.scale.best_threshold`): it may clip a few large weights where that lets
    it round the many small ones finer. A graph whose weights lie on such a grid already is kept without
    error.

    With b bits the weights are multiples of ``2^(9 - b)`` in ``-256..256 - 2^(9 - b)``: a core floors the
    bits below, and the integers stay on one scale, so that Lava runs them unchanged.

    Args:
        graph: the float graph.
        weight_bits: bits of a weight, its sign included, 4 to 8.

    Raises:
        ExportError: another number of bits.
    """
    step, last = weight_step(weight_bits), len(graph.layers) - 1
    pairs = [
        _quantize_layer(layer, graph.steps, step, graph.levels if index == 0 else 1, hidden=index < last)
        for index, layer in enumerate(graph.layers)
    ]
    layers, reports = zip(*pairs, strict=True)
    return QuantizedGraph(graph.encoder, layers, graph.decoder, graph.steps, reports)


def movement(graph: SpikingGraph, qgraph: QuantizedGraph, observations: ArrayLike) -> Movement:
    """How much the spikes of each layer and the actions differ between a graph and its integers.

    Raises:
        ExportError: a graph without encoder or decoder, integers of a graph of another shape, or observations
            of another shape.
    """
    exact, integer = simulate_float(graph, observations), simulate_integer(qgraph, observations)
    sides = exact.own_layer_spikes, integer.own_layer_spikes
    shapes = [[spikes.shape for spikes in side] for side in sides]
    require(
        shapes[0] == shapes[1],
        f"spikes of the graph have shapes {shapes[0]}, of its integers {shapes[1]}: give quantize(graph)",
    )
    pairs = list(zip(*sides, strict=True))
    change = np.abs(exact.actions.astype(np.float64) - integer.actions)
    return Movement(
        decisions=len(change),
        slots=tuple(float((mine != other).mean()) for mine, other in pairs),
        rates=tuple(float(np.abs(mine.mean(axis=0) - other.mean(axis=0)).mean()) for mine, other in pairs),
        mean_action=float(change.mean()),
        max_action=float(change.max()),
    )


@dataclass(frozen=True)
class WeightGrid:
    """What a float layer's weights and biases are rounded to: ``k / scale``, k a multiple of ``step``.

    Attributes:
        scale: integer units per unit of the membrane potential.
        step: distance of neighbouring integers k.
        low: the least k.
        high: the largest k.
        current_decay: d_c as the integers keep it, per step.
        voltage_decay: d_v as the integers keep it, per step.
    """

    scale: float
    step: int
    low: int
    high: int
    current_decay: float
    voltage_decay: float


def grids(qgraph: QuantizedGraph) -> tuple[WeightGrid, ...]:
    """The grid of each layer of a graph that :func:`quantize` made: what fine-tuning rounds to.

    Raises:
        ExportError: the graph has no report of its quantisation, as one that was read from a file.
    """
    require(
        len(qgraph.report) == len(qgraph.layers),
        f"{len(qgraph.layers)} layers with {len(qgraph.report)} reports: give a graph that quantize() made",
    )
    return tuple(
        WeightGrid(
            scale=report.scale,
            step=report.step,
            low=WEIGHT_MIN,
            high=-WEIGHT_MIN - report.step,
            current_decay=1.0 - layer.current_decay / DECAY_UNITY,
            voltage_decay=1.0 - layer.voltage_decay / DECAY_UNITY,
        )
        for layer, report in zip(qgraph.layers, qgraph.report, strict=True)
    )


def _quantize_layer(
    layer: SpikingLayer, steps: int, step: int, levels: int, *, hidden: bool
) -> tuple[QuantizedLayer, LayerReport]:
    # The chip's registers hold 1..4096 and 0..4095: no decay at all, and a full one of v, miss by 1/4096.
    current_decay = max(1, round((1.0 - layer.current_decay) * DECAY_UNITY))
    voltage_decay = min(DECAY_UNITY - 1, round((1.0 - layer.voltage_decay) * DECAY_UNITY))
    axons = np.column_stack([layer.weight, layer.bias.astype(np.float64) / levels]).astype(np.float64)
    threshold = _SILENT_THRESHOLD
    if axons.any():
        ceiling = _HIDDEN_THRESHOLD_MAX if hidden else THRESHOLD_MAX
        limit = min(
            ceiling, _overflow_limit(axons, layer.threshold, levels * growth(current_decay, steps), step)
        )
        threshold = best_threshold(axons, layer.threshold, step, limit)
    scale = threshold / layer.threshold
    own = on_grid(axons * scale, step)
    weight, bias_mant = own, np.zeros(len(own), dtype=np.int32)
    if hidden:
        weight = np.vstack([weight, np.zeros_like(weight[:1])])
        bias_mant = np.append(bias_mant, np.int32(threshold + 1))
    if not weight.any():
        # A matrix of zeros cannot be loaded. This one entry changes no spike: the bias neuron fires
        # anyway, and an output neuron that nothing excites stays silent when it is held down.
        weight = weight.copy()
        weight[-1, -1] = step if hidden else -3 * step
    quantized = QuantizedLayer(
        weight, bias_mant, current_decay, voltage_decay, threshold, layer.reset, levels
    )
    error = np.abs(own / scale - axons)
    worst = quantized.worst_current(steps)
    report = LayerReport(
        scale=scale,
        step=step,
        clipped=int((np.rint(axons * scale / step) * step != own).sum()),
        zeroed=int(np.count_nonzero(axons) - np.count_nonzero(own)),
        max_rounding_error=float(error.max()),
        rms_rounding_error=float(np.sqrt(np.mean(error**2))),
        current_decay_error=(1.0 - current_decay / DECAY_UNITY) - layer.current_decay,
        voltage_decay_error=(1.0 - voltage_decay / DECAY_UNITY) - layer.voltage_decay,
        worst_current=worst,
        may_wrap=worst >= STATE_LIMIT,
    )
    return quantized, report


def _overflow_limit(axons: NDArray[np.float64], threshold: float, growth: float, step: int) -> int:
    """The largest integer threshold, 1 or more, with which no current can reach 2^23.

    The worst case of each row counts: all inputs of one sign spike at every step, with all that they carry.
    """
    # What the current may reach, in integer weights.
    room = STATE_LIMIT / (growth * (1 << STATE_SHIFT))
    limit = float(THRESHOLD_MAX)
    for sign in (1, -1):
        side = np.maximum(sign * axons, 0.0)
        # Rounding adds at most half a step to each weight, and the current must stay below 2^23.
        margin = room - np.count_nonzero(side, axis=1) * step / 2 - 1
        total = side.sum(axis=1)
        limit = min(limit, float(np.min(margin[total > 0] / total[total > 0], initial=np.inf)) * threshold)
    return max(1, int(limit))
