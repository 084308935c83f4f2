"""A float graph in the integers of a Loihi 2 core, with a report of what that cost.

References:
    M. Davies et al. (2018), Loihi: a neuromorphic manycore processor with on-chip learning, IEEE Micro
    38(1):82-99, doi:10.1109/MM.2018.112130359.
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
"""

import numpy as np
from numpy.typing import NDArray

from export.graph import SpikingGraph, SpikingLayer
from export.integers import (
    BIAS_MAX,
    DECAY_UNITY,
    STATE_LIMIT,
    STATE_SHIFT,
    THRESHOLD_MAX,
    WEIGHT_MAX,
    LayerReport,
    QuantizedGraph,
    QuantizedLayer,
    growth,
)

__all__ = ["LayerReport", "QuantizedGraph", "QuantizedLayer", "quantize"]

# The bias neuron fires at every step because its bias exceeds the threshold by one.
_HIDDEN_THRESHOLD_MAX = BIAS_MAX - 1
_SILENT_THRESHOLD = 64


def quantize(graph: SpikingGraph) -> QuantizedGraph:
    """The graph in Loihi 2 integers.

    The integer threshold comes first, ``vTh = floor(254 V_th / max(|W|, |b|))``, lowered where the bias
    neuron's 13 bits or the current's 24 bits ask for it; then ``scale = vTh / V_th`` and
    ``W_int = 2 round(scale W / 2)``. Only the ratio of weights to threshold matters: spikes are binary.
    Weights are clipped only where they exceed 127 thresholds.
    """
    last = len(graph.layers) - 1
    pairs = [
        _quantize_layer(layer, graph.steps, hidden=index < last) for index, layer in enumerate(graph.layers)
    ]
    layers, reports = zip(*pairs, strict=True)
    return QuantizedGraph(graph.encoder, layers, graph.decoder, graph.steps, reports)


def _quantize_layer(layer: SpikingLayer, steps: int, *, hidden: bool) -> tuple[QuantizedLayer, LayerReport]:
    # The chip's registers hold 1..4096 and 0..4095: no decay at all, and a full one of v, miss by 1/4096.
    current_decay = max(1, round((1.0 - layer.current_decay) * DECAY_UNITY))
    voltage_decay = min(DECAY_UNITY - 1, round((1.0 - layer.voltage_decay) * DECAY_UNITY))
    axons = np.column_stack([layer.weight, layer.bias]).astype(np.float64)
    threshold = _integer_threshold(axons, layer.threshold, growth(current_decay, steps), hidden=hidden)
    scale = threshold / layer.threshold
    rounded = 2 * np.rint(axons * scale / 2)
    weight = np.clip(rounded, -WEIGHT_MAX, WEIGHT_MAX).astype(np.int32)
    error = np.abs(weight / scale - axons)
    bias_mant = np.zeros(len(weight), dtype=np.int32)
    if hidden:
        weight = np.vstack([weight, np.zeros_like(weight[:1])])
        bias_mant = np.append(bias_mant, np.int32(threshold + 1))
    if not weight.any():
        # A matrix of zeros cannot be loaded. This one entry changes no spike: the bias neuron fires
        # anyway, and an output neuron that nothing excites stays silent when it is held down.
        weight[-1, -1] = 2 if hidden else -2
    quantized = QuantizedLayer(weight, bias_mant, current_decay, voltage_decay, threshold)
    worst = quantized.worst_current(steps)
    report = LayerReport(
        scale=scale,
        clipped=int((np.abs(rounded) > WEIGHT_MAX).sum()),
        max_rounding_error=float(error.max()),
        rms_rounding_error=float(np.sqrt(np.mean(error**2))),
        current_decay_error=(1.0 - current_decay / DECAY_UNITY) - layer.current_decay,
        voltage_decay_error=(1.0 - voltage_decay / DECAY_UNITY) - layer.voltage_decay,
        worst_current=worst,
        may_wrap=worst >= STATE_LIMIT,
    )
    return quantized, report


def _integer_threshold(axons: NDArray[np.float64], threshold: float, growth: float, *, hidden: bool) -> int:
    """The largest integer threshold that every limit of the core allows, at least 1."""
    ceiling = _HIDDEN_THRESHOLD_MAX if hidden else THRESHOLD_MAX
    largest = float(np.abs(axons).max())
    if largest == 0.0:
        return _SILENT_THRESHOLD
    limits = [float(ceiling), WEIGHT_MAX * threshold / largest]
    # What the current may reach, in integer weights.
    room = STATE_LIMIT / (growth * (1 << STATE_SHIFT))
    for sign in (1, -1):
        side = np.maximum(sign * axons, 0.0)
        # Rounding to even adds at most 1 to each weight, and the current must stay below 2^23.
        margin = room - np.count_nonzero(side, axis=1) - 1
        total = side.sum(axis=1)
        limits.append(float(np.min(margin[total > 0] / total[total > 0], initial=np.inf)) * threshold)
    return max(1, int(min(limits)))
