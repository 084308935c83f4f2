"""What one decision does, counted: synaptic events, neuron updates, spikes, MACs, bytes and kernel launches.

A synaptic event is one spike, binary or graded, arriving through one non-zero weight. Counts come from the
recorded activity, never from a mean rate, so silent inputs and pruned weights cost nothing.

References:
    M. Davies et al. (2018), Loihi: a neuromorphic manycore processor with on-chip learning, IEEE Micro
    38(1):82-99, doi:10.1109/MM.2018.112130359.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from neuro_aolo.errors import AgentError
from neuro_aolo_export.activity import Activity
from neuro_aolo_export.arrays import writable
from neuro_aolo_export.graph import DenseGraph, PopulationEncoder, SpikingGraph
from neuro_aolo_export.kernels import count_spikes
from neuro_aolo_export.loihi2.quantize import QuantizedGraph

_FLOAT_BYTES = 4
_PLAIN = {"tanh", "relu", "relu6", "leaky_relu", "hard_tanh", "hard_sigmoid"}
"""What networks whose multiply-accumulates were measured have had between them, or what costs as little."""
_BYTE_BITS = 8

# Graphs are frozen: what follows from their weights alone is kept as long as they are.
_made: WeakKeyDictionary[Any, "_Wiring"] = WeakKeyDictionary()


@dataclass(frozen=True)
class SpikingCounts:
    """Operations of one decision of a spiking actor; spikes and events are means over the batch.

    In a quantised graph the always-on input channel and the bias neurons are real channels and neurons of
    the chip, and are inside every count but ``firing_rate`` and ``spikes_per_synapse``;
    :func:`~neuro_aolo.pricing.bias.charged` takes them out for a device that adds its biases. In a float
    graph a bias is part of the neuron update and nothing is constant.

    Attributes:
        steps: time steps T.
        input_channels: input channels N0, the always-on one included.
        layer_sizes: neurons per layer, bias neurons included.
        input_spikes: spikes of the input channels.
        layer_spikes: spikes per layer.
        constant_spikes: spikes of always-on channels: of the input, then of each layer.
        events_by_step: per layer and step, spikes arriving times their non-zero fan-out, ``(L, T)``.
        constant_events: per layer, those of its synaptic events that an always-on channel causes.
        synapses: non-zero weights, per layer.
        encoder_exps: exponentials of equation (26); none of a graded encoder, nor updates.
        encoder_updates: integrate-and-fire updates of equation (27).
        decoder_macs: multiply-accumulates of equation (33).
        decoder_tanhs: hyperbolic tangents of equation (33).
        bytes_in: a stimulus of each encoder neuron, or a graded spike, a byte each; without encoder a bit per
            input spike slot.
        bytes_out: a spike count of each output neuron, a byte each.
        kernel_launches: see :func:`count_spiking`.
        firing_rate: share of the slots (neuron x step) of hidden and output neurons that spike.
        bias_additions: biases that are added to accumulators, where they are no events.
    """

    steps: int
    input_channels: int
    layer_sizes: tuple[int, ...]
    input_spikes: float
    layer_spikes: tuple[float, ...]
    constant_spikes: tuple[float, ...]
    events_by_step: tuple[tuple[float, ...], ...]
    constant_events: tuple[float, ...]
    synapses: tuple[int, ...]
    encoder_exps: int
    encoder_updates: int
    decoder_macs: int
    decoder_tanhs: int
    bytes_in: int
    bytes_out: int
    kernel_launches: int
    firing_rate: float
    bias_additions: float = 0.0

    @property
    def synaptic_events(self) -> tuple[float, ...]:
        """Per layer."""
        return tuple(sum(steps) for steps in self.events_by_step)

    @property
    def neuron_updates(self) -> int:
        """Neurons times T, before any step that a chip's pipeline adds."""
        return self.steps * sum(self.layer_sizes)

    @property
    def spikes_per_synapse(self) -> float:
        """Synaptic events over synapses, biases aside: how often a weight is used in a decision."""
        biases = sum(self.constant_events)
        synapses = sum(self.synapses) - biases / self.steps
        return (sum(self.synaptic_events) - biases) / synapses if synapses > 0.0 else 0.0

    def scaled(self, factor: float) -> "SpikingCounts":
        """The counts if every spike but those of always-on channels came ``factor`` times as often.

        Raises:
            AgentError: neurons would have to fire more than once a step.
        """
        if not 0.0 <= factor * self.firing_rate <= 1.0 + 1e-9:
            raise AgentError(
                f"{factor:g} times a firing rate of {self.firing_rate:g}: a neuron fires at most once a step"
            )

        def grown(total: float, constant: float) -> float:
            return constant + factor * (total - constant)

        sources = (self.input_spikes, *self.layer_spikes)
        spikes = [grown(*pair) for pair in zip(sources, self.constant_spikes, strict=True)]
        events = tuple(
            tuple(grown(event, constant / self.steps) for event in steps)
            for steps, constant in zip(self.events_by_step, self.constant_events, strict=True)
        )
        return replace(
            self,
            input_spikes=spikes[0],
            layer_spikes=tuple(spikes[1:]),
            events_by_step=events,
            firing_rate=self.firing_rate * factor,
        )


@dataclass(frozen=True)
class DenseCounts:
    """Operations of one decision of a dense actor, in all of its passes.

    Attributes:
        macs: multiply-accumulates; every weight is used once in each pass that needs it.
        weights: parameters read, biases included: those stored, and of several passes anew in each.
        activations: evaluations of activation functions; a softmax of n numbers is n of them.
        values: numbers that layers read and write: inputs and outputs of each.
        bytes_in: float32 observations.
        bytes_out: float32 actions.
        kernel_launches: see :func:`count_dense`.
        curved_activations: those of ``activations`` that are neither tanh nor made of a few straight lines.
    """

    macs: int
    weights: int
    activations: int
    values: int
    bytes_in: int
    bytes_out: int
    kernel_launches: int
    curved_activations: int = 0


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
    if activity.always_on != isinstance(graph, QuantizedGraph):
        ran, given = ("integers", "a float graph") if activity.always_on else ("floats", "an integer graph")
        raise AgentError(f"activity of {ran} does not belong to {given}; simulate this very graph")
    decisions = spikes[0].shape[1]
    # A graded spike is one event, whatever it carries.
    spikes[0] = np.minimum(spikes[0], 1)
    # (T, N) of the input and of each layer.
    sent = [count_spikes(writable(array.swapaxes(0, 1))) / decisions for array in spikes]
    totals = [float(channels.sum()) for channels in sent]
    wiring = _wiring(graph)
    events = [channels.dot(fan_out) for channels, fan_out in zip(sent, wiring.fan_outs, strict=False)]
    constant = [sum(channels[:, -1].tolist()) if activity.always_on else 0.0 for channels in sent[:-1]]
    neurons = [layer.shape[2] for layer in activity.own_layer_spikes]
    own = [float(channels[:, :size].sum()) for channels, size in zip(sent[1:], neurons, strict=True)]
    encoder_neurons = graph.encoder.neurons if graph.encoder else 0
    populations = encoder_neurons if isinstance(graph.encoder, PopulationEncoder) else 0
    input_bits = graph.steps * weights[0].shape[1]
    return SpikingCounts(
        steps=graph.steps,
        input_channels=weights[0].shape[1],
        layer_sizes=tuple(len(weight) for weight in weights),
        input_spikes=totals[0],
        layer_spikes=tuple(totals[1:]),
        constant_spikes=(*constant, 0.0),
        events_by_step=tuple(tuple(steps.tolist()) for steps in events),
        constant_events=tuple(
            spikes * float(fan_out[-1]) for spikes, fan_out in zip(constant, wiring.fan_outs, strict=True)
        ),
        synapses=wiring.synapses,
        encoder_exps=populations,
        encoder_updates=populations * graph.steps,
        decoder_macs=graph.decoder.weight.size if graph.decoder else 0,
        decoder_tanhs=graph.decoder.action_size if graph.decoder else 0,
        bytes_in=encoder_neurons or -(-input_bits // _BYTE_BITS),
        bytes_out=len(weights[-1]),
        kernel_launches=3 + graph.steps * (1 + 2 * len(weights)),
        firing_rate=sum(own) / (graph.steps * sum(neurons)),
    )


def count_dense(graph: DenseGraph) -> DenseCounts:
    """Count the operations of one decision of ``graph``.

    Kernel launches: one per matrix product with its bias, one per activation layer.

    Where an action is refined in N passes, an observation of S numbers meets the first layer once, each of
    the A numbers of an action in every pass but the first, in which they are 0, and all other layers N times.
    With hidden layers of H neurons::

        macs = S H + (N - 1) A H + N (H H + H A) + 4 N A

    The last term is the arithmetic that follows a pass, which is one kernel launch with its clip.
    """
    active = [layer for layer in graph.layers if layer.activation != "identity"]
    macs = sum(layer_macs(graph))
    counts = DenseCounts(
        macs=macs,
        weights=macs + graph.passes * sum(layer.bias.size for layer in graph.layers),
        activations=sum(layer.neurons for layer in active),
        values=sum(sum(layer.weight.shape) for layer in graph.layers),
        bytes_in=_FLOAT_BYTES * graph.input_size,
        bytes_out=_FLOAT_BYTES * graph.action_size,
        kernel_launches=len(graph.layers) + len(active),
        curved_activations=sum(layer.neurons for layer in active if layer.activation not in _PLAIN),
    )
    return counts if graph.denoising is None else _of_passes(graph, counts)


def layer_macs(graph: DenseGraph) -> list[int]:
    """Multiply-accumulates of each layer in one decision, over all passes."""
    first, *others = (layer.weight.size for layer in graph.layers)
    if graph.denoising is not None:
        first += (graph.passes - 2) * graph.action_size * graph.layers[0].neurons
    return [first, *(graph.passes * size for size in others)]


def _of_passes(graph: DenseGraph, counts: DenseCounts) -> DenseCounts:
    """With what several passes take of ``counts``, whose products alone are those of all passes."""
    first, actions, passes = graph.layers[0].neurons, graph.action_size, graph.passes
    bare = graph.layers[-1].activation == "identity"
    reaches = graph.denoising is not None and graph.denoising.reach > 0.0
    # In a pass the first layer reads the sums of the observation in place of the observation.
    values = graph.input_size + first + passes * (counts.values - graph.input_size + first) - actions
    return replace(
        counts,
        macs=counts.macs + _STEP_MACS * passes * actions,
        activations=passes * (counts.activations + actions) + (2 if reaches else 1) * actions,
        values=values + _STEP_VALUES * passes * actions,
        kernel_launches=passes * (counts.kernel_launches + bare),
        curved_activations=passes * counts.curved_activations,
    )


_STEP_MACS = 4
"""Of an action's number between two passes: two products and sums in its estimate, two in what follows."""
_STEP_VALUES = 3
"""Of the same: the noise and the number before are read, the number after is written."""


@dataclass(frozen=True, eq=False)
class _Wiring:
    """What follows from a graph's weights alone.

    Attributes:
        fan_outs: non-zero weights that a spike of each channel passes, per layer.
        synapses: non-zero weights, per layer.
    """

    fan_outs: tuple[NDArray[np.float64], ...]
    synapses: tuple[int, ...]


def _wiring(graph: QuantizedGraph | SpikingGraph) -> _Wiring:
    """Made once for each graph: it would cost more than the counting of a few hundred decisions."""
    kept = _made.get(graph)
    if kept is None:
        fan_outs = [(layer.weight != 0).sum(axis=0, dtype=np.float64) for layer in graph.layers]
        kept = _Wiring(
            fan_outs=tuple(fan_outs),
            synapses=tuple(int(fan_out.sum()) for fan_out in fan_outs),
        )
        _made[graph] = kept
    return kept


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
