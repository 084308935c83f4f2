"""Where a network sits on a chip: cores filled in order, and the hops of its spikes between them.

Each layer has cores of its own, as many as its neurons, their inputs and their weights need; with an input
relay the input channels have, too. Cores are numbered along the chip; those of a tile share a router, and a
spike goes once to each core of the next layer, along rows and columns of tiles.

References:
    M. Davies et al. (2018), doi:10.1109/MM.2018.112130359.
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), arXiv:2010.09635: 128 neurons a core.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from hardware_profiles.parts import Capacity, Mapping
from neuro_aolo.pricing.count import SpikingCounts

_KIB_BITS = 8 * 1024


@dataclass(frozen=True)
class Placement:
    """A network that fits.

    Attributes:
        cores: cores of the input relay, where there is one, and of each layer.
        chips: chips that they take.
        hops: per source of spikes (input, then layers): hops of one spike to all the cores that it goes to.
    """

    cores: tuple[int, ...]
    chips: int
    hops: tuple[float, ...]


def place(counts: SpikingCounts, weight_bits: int, capacity: Capacity, mapping: Mapping) -> Placement | str:
    """The placement, or why the network does not fit."""
    if weight_bits > capacity.weight_bits:
        return f"it holds weights of {capacity.weight_bits} bits, the actor's have {weight_bits}"
    if capacity.inputs is not None and counts.input_channels > capacity.inputs:
        return f"it takes {capacity.inputs} inputs, the actor has {counts.input_channels}, always-on included"
    sizes = list(counts.layer_sizes)
    inputs = [counts.input_channels, *sizes[:-1]]
    if mapping.input_relay:
        sizes, inputs = [counts.input_channels, *sizes], [0, *inputs]
    if capacity.cores * capacity.chips == 1:
        return _on_one_core(sizes, inputs, weight_bits, capacity, mapping)
    cores: list[int] = []
    # From the back, for a core's outgoing axons depend on how many cores the next layer takes.
    for neurons, channels in zip(reversed(sizes), reversed(inputs), strict=True):
        found = _cores(neurons, channels, cores[-1] if cores else 0, weight_bits, capacity)
        if isinstance(found, str):
            return found
        cores.append(found)
    cores.reverse()
    chips = math.ceil(sum(cores) / capacity.cores)
    if chips > capacity.chips:
        return f"the actor takes {sum(cores):,} cores, it has {capacity.cores * capacity.chips:,}"
    hops = _hops(cores, mapping)
    return Placement(tuple(cores), chips, hops if mapping.input_relay else (0.0, *hops))


def _on_one_core(
    sizes: Sequence[int], inputs: Sequence[int], weight_bits: int, capacity: Capacity, mapping: Mapping
) -> Placement | str:
    """All layers together, where there is nothing else."""
    found = _cores(sum(sizes), max(inputs), 0, weight_bits, capacity)
    if isinstance(found, str):
        return found
    if found > 1:
        return f"the actor has {sum(sizes):,} neurons of {max(inputs):,} inputs, more than its one core holds"
    return Placement((1,), 1, (0.0,) * (len(sizes) + (not mapping.input_relay)))


def _cores(neurons: int, channels: int, targets: int, weight_bits: int, capacity: Capacity) -> int | str:
    """Cores of one layer."""
    if capacity.fan_in is not None and channels > capacity.fan_in:
        return (
            f"a neuron takes {capacity.fan_in} inputs there, the actor's have {channels} (always-on included)"
        )
    if capacity.axons_in is not None and channels > capacity.axons_in:
        return f"a core takes {capacity.axons_in:,} channels, the actor's layers have {channels:,}"
    limits = [capacity.neurons_per_core]
    if capacity.synapse_kib_per_core is not None and channels:
        limits.append(int(capacity.synapse_kib_per_core * _KIB_BITS) // (channels * weight_bits))
    if capacity.axons_out is not None and targets:
        limits.append(capacity.axons_out // targets)
    if min(limits) == 0:
        axons = f" and axons to {targets} cores" if targets else ""
        return f"one neuron with {channels:,} weights{axons} is more than a core holds"
    return math.ceil(neurons / min(limits))


def _hops(cores: Sequence[int], mapping: Mapping) -> tuple[float, ...]:
    """Per group of cores: mean over its cores of the hops to all cores of the next group."""
    places, first = [], 0
    for count in cores:
        tiles = [core // mapping.cores_per_tile for core in range(first, first + count)]
        places.append([divmod(tile, mapping.tiles_per_row) for tile in tiles])
        first += count
    between = [
        sum(abs(row - y) + abs(column - x) for row, column in here for y, x in there) / len(here)
        for here, there in pairwise(places)
    ]
    return (*between, 0.0)
