"""What one decision does, counted: synaptic events, neuron updates, spikes, MACs and kernel launches.

A synaptic event is one spike arriving through one non-zero weight. Counts come from the recorded activity,
never from a mean rate, so silent inputs and pruned weights cost nothing.

References:
    M. Davies et al. (2018), Loihi: a neuromorphic manycore processor with on-chip learning, IEEE Micro
    38(1):82-99, doi:10.1109/MM.2018.112130359.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from export.graph import DenseGraph, SpikingGraph
from export.quantize import QuantizedGraph
from export.simulate import Activity
from neuro_aolo.errors import AgentError

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class SpikingCounts:
    """Operations of one decision of a spiking actor; spikes and events are means over the batch.

    In a quantised graph the always-on input channel and the bias neurons are real channels and neurons of
    the chip, and are inside every count but ``firing_rate``. In a float graph a bias is part of the neuron
    update and ``bias_events`` is 0.

    Attributes:
        steps: time steps T.
        input_channels: input channels N0, the always-on one included.
        layer_sizes: neurons per layer, bias neurons included.
        input_spikes: spikes of the input channels.
        layer_spikes: spikes per layer.
        synaptic_events: per layer, spikes arriving times their non-zero fan-out.
        bias_events: the part of the synaptic events that always-on channels cause.
        neuron_updates: neurons times T, before any step that a chip's pipeline adds.
        synapses: non-zero weights.
        encoder_exps: exponentials of equation (26).
        encoder_updates: integrate-and-fire updates of equation (27).
        decoder_macs: multiply-accumulates of equation (33).
        decoder_tanhs: hyperbolic tangents of equation (33).
        kernel_launches: see :func:`count_spiking`.
        firing_rate: share of the slots (neuron x step) of hidden and output neurons that spike.
    """

    steps: int
    input_channels: int
    layer_sizes: tuple[int, ...]
    input_spikes: float
    layer_spikes: tuple[float, ...]
    synaptic_events: tuple[float, ...]
    bias_events: float
    neuron_updates: int
    synapses: int
    encoder_exps: int
    encoder_updates: int
    decoder_macs: int
    decoder_tanhs: int
    kernel_launches: int
    firing_rate: float


@dataclass(frozen=True)
class DenseCounts:
    """Operations of one decision of a dense actor.

    Attributes:
        macs: multiply-accumulates; every weight is used once.
        weights: stored parameters, biases included.
        activations: ReLU and tanh evaluations.
        kernel_launches: see :func:`count_dense`.
    """

    macs: int
    weights: int
    activations: int
    kernel_launches: int


def count_spiking(graph: QuantizedGraph | SpikingGraph, activity: Activity) -> SpikingCounts:
    """Count the operations of one decision of ``graph``, averaged over the batch of ``activity``.

    Kernel launches follow one rule for both kinds of actor: a matrix product with its bias is one kernel,
    and so is a run of element-wise work between two products. Per step that is one kernel for the encoder
    and two per layer; once per decision, one for the exponentials and two for the decoder.

    Raises:
        AgentError: the activity is empty or belongs to another graph.
    """
    weights = [layer.weight for layer in graph.layers]
    spikes = [activity.input_spikes, *activity.layer_spikes]
    _check_shapes(graph.steps, weights, spikes)
    decisions = spikes[0].shape[1]
    per_channel = [array.sum(axis=(0, 1), dtype=np.int64) / decisions for array in spikes]
    fan_outs = [np.count_nonzero(weight, axis=0) for weight in weights]
    quantised = isinstance(graph, QuantizedGraph)
    sources = list(zip(per_channel, fan_outs, strict=False))
    sizes = tuple(weight.shape[0] for weight in weights)
    encoder_neurons = graph.encoder.neurons if graph.encoder else 0
    return SpikingCounts(
        steps=graph.steps,
        input_channels=weights[0].shape[1],
        layer_sizes=sizes,
        input_spikes=float(per_channel[0].sum()),
        layer_spikes=tuple(float(channel.sum()) for channel in per_channel[1:]),
        synaptic_events=tuple(float(sent @ fan_out) for sent, fan_out in sources),
        bias_events=sum(float(sent[-1] * fan_out[-1]) for sent, fan_out in sources) if quantised else 0.0,
        neuron_updates=graph.steps * sum(sizes),
        synapses=int(sum(fan_out.sum() for fan_out in fan_outs)),
        encoder_exps=encoder_neurons,
        encoder_updates=encoder_neurons * graph.steps,
        decoder_macs=graph.decoder.neurons if graph.decoder else 0,
        decoder_tanhs=graph.decoder.action_size if graph.decoder else 0,
        kernel_launches=3 + graph.steps * (1 + 2 * len(weights)),
        firing_rate=_firing_rate(per_channel[1:], graph.steps, has_bias_neurons=quantised),
    )


def count_dense(graph: DenseGraph) -> DenseCounts:
    """Count the operations of one decision of ``graph``.

    Kernel launches: one per matrix product with its bias, one per activation layer.
    """
    active = [layer for layer in graph.layers if layer.activation != "identity"]
    macs = sum(layer.weight.size for layer in graph.layers)
    return DenseCounts(
        macs=macs,
        weights=macs + sum(layer.bias.size for layer in graph.layers),
        activations=sum(layer.neurons for layer in active),
        kernel_launches=len(graph.layers) + len(active),
    )


def _firing_rate(per_layer: Sequence[FloatArray], steps: int, *, has_bias_neurons: bool) -> float:
    """Spikes per slot of hidden and output neurons; bias neurons, which always fire, are left out."""
    hidden_end = -1 if has_bias_neurons else None
    real = [*(spikes[:hidden_end] for spikes in per_layer[:-1]), per_layer[-1]]
    return float(sum(spikes.sum() for spikes in real)) / (steps * sum(spikes.size for spikes in real))


def _check_shapes(
    steps: int, weights: Sequence[NDArray[np.generic]], spikes: Sequence[NDArray[np.generic]]
) -> None:
    channels = [weights[0].shape[1], *(weight.shape[0] for weight in weights)]
    decisions = spikes[0].shape[1] if spikes[0].ndim == 3 else 0
    wanted = [(steps, decisions, channel) for channel in channels]
    given = [array.shape for array in spikes]
    if given != wanted or decisions == 0:
        raise AgentError(
            f"activity of shapes {given} does not belong to a graph of {steps} steps and {channels} "
            "channels; simulate this very graph on at least one decision"
        )
