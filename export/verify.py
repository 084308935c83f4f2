"""The same spikes into both sides, the differences out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from export.errors import ExportError
from export.simulate import Activity


@dataclass(frozen=True)
class Comparison:
    """The integer simulator beside Lava, spike for spike.

    A slot is one neuron at one time step of one decision. Slots and spikes count the network's own
    neurons: neither encoder and always-on axon, which are input to both sides, nor the bias neurons, which
    fire by construction. A bias neuron that differs is a mismatch all the same.

    Attributes:
        decisions: decisions compared.
        slots: slots compared.
        spikes: slots in which the simulator's neuron fired.
        mismatches: slots, bias neurons' included, in which the two sides differ.
        per_layer: ``(slots, spikes, mismatches)`` of each layer.
    """

    decisions: int
    slots: int
    spikes: int
    mismatches: int
    per_layer: tuple[tuple[int, int, int], ...]


def compare(activity: Activity, lava_spikes: Sequence[NDArray[Any]]) -> Comparison:
    """Compare the simulator's activity with Lava's spikes ``(T, B, Nl)``, layer by layer.

    Args:
        activity: of :func:`export.simulate.simulate_integer`: its last layer has no bias neuron, the others
            have theirs last.
        lava_spikes: of :func:`export.lava.run_network` on the same input spikes.

    Raises:
        ExportError: the two sides have other shapes.
    """
    ours = [layer.shape for layer in activity.layer_spikes]
    theirs = [layer.shape for layer in lava_spikes]
    if ours != theirs:
        raise ExportError(f"simulated spikes have shapes {ours}, Lava's {theirs}: run both on the same input")
    last = len(ours) - 1
    per_layer = []
    for index, (mine, other) in enumerate(zip(activity.layer_spikes, lava_spikes, strict=True)):
        own = mine if index == last else mine[..., :-1]
        per_layer.append((own.size, int(own.sum()), int((mine != other).sum())))
    slots, spikes, mismatches = (sum(column) for column in zip(*per_layer, strict=True))
    return Comparison(ours[0][1], slots, spikes, mismatches, tuple(per_layer))
