"""Biases: synaptic events on a chip that has them as axons, additions on a device that adds them.

The integers of a quantised graph hold a bias as the weight of a channel that is always on. A device that adds
a bias to an accumulator has no such channel, no bias neuron and no event: the addition is part of the update
of its neuron, and what remains is a read of the bias from memory, where memory has a price of its own.
"""

from dataclasses import replace

from hardware_profiles.parts import Mapping
from neuro_aolo.pricing.count import SpikingCounts


def charged(counts: SpikingCounts, mapping: Mapping) -> SpikingCounts:
    """What a device is charged for: all of ``counts``, or without channels that are always on where it adds.

    Args:
        counts: of a graph; nothing changes where it has no such channel.
        mapping: of the device.
    """
    if mapping.bias is None or mapping.bias.way == "axon" or not any(counts.constant_spikes):
        return counts
    always_on = [spikes > 0.0 for spikes in counts.constant_spikes]
    sources = (counts.input_spikes, *counts.layer_spikes)
    spikes = [total - constant for total, constant in zip(sources, counts.constant_spikes, strict=True)]
    return replace(
        counts,
        input_channels=counts.input_channels - always_on[0],
        layer_sizes=tuple(
            size - extra for size, extra in zip(counts.layer_sizes, always_on[1:], strict=True)
        ),
        input_spikes=spikes[0],
        layer_spikes=tuple(spikes[1:]),
        constant_spikes=(0.0,) * len(spikes),
        events_by_step=tuple(
            tuple(max(event - constant / counts.steps, 0.0) for event in steps)
            for steps, constant in zip(counts.events_by_step, counts.constant_events, strict=True)
        ),
        constant_events=(0.0,) * len(counts.constant_events),
        synapses=tuple(
            round(synapses - constant / counts.steps)
            for synapses, constant in zip(counts.synapses, counts.constant_events, strict=True)
        ),
        bias_additions=sum(counts.constant_events),
    )
