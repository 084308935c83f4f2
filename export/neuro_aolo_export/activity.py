"""What a simulator recorded: spikes of every layer, and states where they were asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.arrays import FloatArray, SpikeArray
from neuro_aolo_export.graph import SpikingGraph
from neuro_aolo_export.loihi2.integers import QuantizedGraph


@dataclass(frozen=True, eq=False)
class Activity:
    """Everything that spiked during a batch of decisions.

    Attributes:
        input_spikes: ``(T, B, N0)`` uint8, 0 or 1.
        layer_spikes: per layer ``(T, B, Nl)``.
        actions: ``(B, A)`` float32 in [-1, 1]; A = 0 of a graph without decoder.
        always_on: whether an integer graph ran: the last input channel then spikes at every step, as does
            the last neuron of each hidden layer, its bias neuron. They carry biases, not input.
    """

    input_spikes: SpikeArray
    layer_spikes: tuple[SpikeArray, ...]
    actions: FloatArray
    always_on: bool

    @classmethod
    def of(
        cls,
        graph: SpikingGraph | QuantizedGraph,
        input_spikes: SpikeArray,
        layer_spikes: Sequence[SpikeArray],
    ) -> "Activity":
        """Spikes of ``graph`` with the actions that they stand for: none where it has no decoder."""
        decoder, decisions = graph.decoder, input_spikes.shape[1]
        actions = decoder.decode(layer_spikes[-1]) if decoder else np.empty((decisions, 0), dtype=np.float32)
        return cls(input_spikes, tuple(layer_spikes), actions, isinstance(graph, QuantizedGraph))

    @property
    def own_input_spikes(self) -> SpikeArray:
        """Input spikes without the always-on channel."""
        return _without_last(self.input_spikes) if self.always_on else self.input_spikes

    @property
    def own_layer_spikes(self) -> tuple[SpikeArray, ...]:
        """Spikes of every layer without the bias neurons."""
        if not self.always_on:
            return self.layer_spikes
        *hidden, output = self.layer_spikes
        return (*map(_without_last, hidden), output)


@dataclass(frozen=True, eq=False)
class LayerStates:
    """Every neuron of a layer at every step, each ``(T, B, N)``.

    Attributes:
        spikes: uint8, 0 or 1.
        current: the synaptic current, c of eq. (29) in float32, or the chip's u in int32.
        charged: the membrane potential that is compared with the threshold, before a spike resets it.
        taken: what a spike takes off the potential; all of it where None.
    """

    spikes: SpikeArray
    current: NDArray[Any]
    charged: NDArray[Any]
    taken: float | None = None

    @property
    def potential(self) -> NDArray[Any]:
        """The membrane potential that is left after the step, the chip's v: reset where the neuron fired."""
        state = self.charged.dtype.type
        left = state(0) if self.taken is None else self.charged - state(self.taken)
        return np.where(self.spikes, left, self.charged)


def _without_last(spikes: SpikeArray) -> SpikeArray:
    own: SpikeArray = spikes[..., :-1]
    return own
