"""What the decisions of an actor draw on one device, request by request.

A bill is linear in the spikes: a decision draws what a silent network does, and its share of what spikes add,
by the synaptic events that it causes. In the mean over requests that is the bill itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hardware_profiles.profile import load_profile
from neuro_aolo.errors import AgentError
from neuro_aolo.pricing.bill import Bill, Conditions, Unfit
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts, count_dense, count_spiking
from neuro_aolo.pricing.hardware import Hardware, hardware
from neuro_aolo.pricing.price import price
from neuro_aolo.pricing.profiler import spike_prices_uj
from neuro_aolo_export.activity import Activity
from neuro_aolo_export.graph import DenseGraph, SpikingGraph
from neuro_aolo_export.loihi2.quantize import QuantizedGraph, quantize
from neuro_aolo_export.simulate import simulate_integer

Floats = NDArray[np.float64]
_CHUNK = 2_048


@dataclass(frozen=True)
class Spending:
    """What a decision draws, nominal.

    Attributes:
        silent_j: without a spike but those of always-on channels; all of it for a dense actor.
        spikes_j: what spikes add, the mean over requests.
        activity: of each request over the mean, ``(n,)``.
        latency_s: time of one decision; 0 where no figure tells it.
        hardware: the devices that it takes, as far as their making has a figure.
    """

    silent_j: float
    spikes_j: float
    activity: Floats
    latency_s: float
    hardware: tuple[Hardware, ...]

    @property
    def energy_j(self) -> Floats:
        """Of each request, ``(n,)``."""
        return self.silent_j + self.spikes_j * self.activity


def spending(
    graph: SpikingGraph | DenseGraph,
    observations: NDArray[np.float32],
    profile: str,
    conditions: Conditions,
) -> Spending:
    """What an actor's decisions draw on a device.

    Args:
        graph: of the actor; a spiking one is quantised to the conditions' bits.
        observations: ``(n, D)`` in [-1, 1].
        profile: of the device, by name or file.
        conditions: host, bits, and the request rate; without one static power is that of the decision alone.

    Raises:
        AgentError: the device does not run the actor.
        ProfileError: no such profile.
    """
    device = load_profile(profile)

    def bill(counts: SpikingCounts | DenseCounts) -> Bill:
        found = price(counts, device, conditions)
        if isinstance(found, Unfit):
            raise AgentError(
                f"{device.id} cannot run the {found.actor} ({found.reason}): choose another device"
            )
        return found

    if isinstance(graph, SpikingGraph):
        counts, events = _events(quantize(graph, conditions.spiking_bits), observations)
        whole, silent = bill(counts), bill(counts.scaled(0.0))
        mean = float(events.mean())
        activity = events / mean if mean else np.zeros_like(events)
        spikes_j = whole.total_j.nominal - silent.total_j.nominal
    else:
        whole = silent = bill(count_dense(graph))
        activity, spikes_j = np.zeros(len(observations)), 0.0
    made = [hardware(device, whole.placement.chips if whole.placement else 1)]
    if "host" in whole.parts_j and conditions.host is not None:
        made.append(hardware(conditions.host))
    return Spending(
        silent_j=silent.total_j.nominal,
        spikes_j=spikes_j,
        activity=activity,
        latency_s=whole.latency_s.nominal if whole.latency_s else 0.0,
        hardware=tuple(found for found in made if found is not None),
    )


def spike_prices(profile: str) -> tuple[str, float, float]:
    """Id of a device, and its :func:`~neuro_aolo.pricing.profiler.spike_prices_uj`.

    Raises:
        AgentError: the device has no price of a synaptic event.
        ProfileError: no such profile.
    """
    device = load_profile(profile)
    return device.id, *spike_prices_uj(device)


def _events(graph: QuantizedGraph, observations: NDArray[np.float32]) -> tuple[SpikingCounts, Floats]:
    """Counts over the first requests, and the synaptic events of each, those of always-on channels aside."""
    parts = [observations[i : i + _CHUNK] for i in range(0, len(observations), _CHUNK)]
    counts, events = None, []
    for part in parts:
        activity = simulate_integer(graph, part)
        counts = counts or count_spiking(graph, activity)
        events.append(events_per_decision(graph, activity))
    assert counts is not None
    return counts, np.concatenate(events)


def events_per_decision(graph: QuantizedGraph, activity: Activity) -> Floats:
    """Synaptic events of each decision, ``(n,)``, without those of the always-on channels."""
    sources = (activity.own_input_spikes, *activity.own_layer_spikes[:-1])
    total = np.zeros(sources[0].shape[1])
    for spikes, layer in zip(sources, graph.layers, strict=True):
        fan_out = (layer.weight[:, : spikes.shape[2]] != 0).sum(axis=0)
        total += spikes.sum(axis=0, dtype=np.int64) @ fan_out
    return total
