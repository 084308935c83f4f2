"""A bias is a synaptic event on a chip that has it as an axon, and none on a device that adds it."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from hardware_profiles.parts import Mapping
from hardware_profiles.profile import load_profile
from neuro_aolo.pricing.bias import charged
from neuro_aolo.pricing.bill import Bill, Conditions
from neuro_aolo.pricing.breakeven import by_layer
from neuro_aolo.pricing.count import SpikingCounts, count_spiking
from neuro_aolo.pricing.draws import Draws
from neuro_aolo.pricing.price import price
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.simulate import simulate_float, simulate_integer

FEW = Conditions(load_profile("mcu_m33_u575"), draws=Draws(20))
ADDED, AXON = (
    Mapping.model_validate({"bias": {"way": way, "evidence": "assumed", "verified": "R"}})
    for way in ("added", "axon")
)


def bill(counts: SpikingCounts, name: str) -> Bill:
    found = price(counts, load_profile(name), FEW)
    assert isinstance(found, Bill)
    return found


@pytest.mark.parametrize("hidden", [[8], [12, 7]])
def test_what_remains_is_what_a_graph_without_always_on_channels_counts(
    actors: Any, hidden: list[int]
) -> None:
    """The float graph adds its biases; with the integers' spikes it would count what is left here."""
    graph = actors.spiking(np.random.default_rng(2), 3, hidden, 1)
    observations = np.random.default_rng(3).uniform(-1, 1, (6, 3))
    integers = quantize(graph)
    found = charged(count_spiking(integers, simulate_integer(integers, observations)), ADDED)
    ran = simulate_integer(integers, observations)
    own = dataclasses.replace(
        simulate_float(graph, observations),
        input_spikes=ran.own_input_spikes,
        layer_spikes=ran.own_layer_spikes,
    )
    rounded = [
        layer.weight[: plain.neurons, : plain.inputs]
        for layer, plain in zip(integers.layers, graph.layers, strict=True)
    ]
    layers = tuple(
        dataclasses.replace(layer, weight=weight.astype(np.float64))
        for layer, weight in zip(graph.layers, rounded, strict=True)
    )
    expected = count_spiking(dataclasses.replace(graph, layers=layers), own)
    for field in dataclasses.fields(SpikingCounts):
        now, was = getattr(found, field.name), getattr(expected, field.name)
        if field.name not in ("bytes_in", "bias_additions"):
            assert np.ravel(now) == pytest.approx(np.ravel(was), rel=1e-9, abs=1e-9), field.name
    biases = sum(int((layer.weight[:, -1] != 0).sum()) for layer in integers.layers)
    assert found.bias_additions == pytest.approx(5 * biases, rel=1e-12)


def test_axons_and_floats_stay_as_they_are(actors: Any, popsan: SpikingCounts) -> None:
    graph = actors.spiking(np.random.default_rng(4), 2, [6], 1)
    floats = count_spiking(graph, simulate_float(graph, np.zeros((1, 2))))
    assert charged(floats, ADDED) is floats
    assert charged(popsan, AXON) is popsan
    # Where a profile says nothing, a bias is charged as an event.
    assert charged(popsan, Mapping()) is popsan


def test_a_silent_actor_has_no_event_left_where_biases_are_added(popsan: SpikingCounts) -> None:
    found = charged(popsan.scaled(0.0), ADDED)
    assert sum(found.synaptic_events) == pytest.approx(0.0, abs=1e-9)
    assert (found.input_spikes, found.layer_spikes) == (0.0, (0.0, 0.0, 0.0))
    assert (found.input_channels, found.layer_sizes) == (50, (256, 256, 20))
    assert found.bias_additions == 2_660.0
    # Scaling and taking out may be done in either order.
    twice, other = charged(popsan.scaled(2.0), ADDED), charged(popsan, ADDED).scaled(2.0)
    assert twice.synaptic_events == pytest.approx(other.synaptic_events, rel=1e-12)
    assert twice.layer_spikes == pytest.approx(other.layer_spikes, rel=1e-12)


def test_how_often_a_weight_is_used_leaves_biases_out(popsan: SpikingCounts) -> None:
    """12,940 events of 83,456 weights; of 83,988 with 532 biases it would be 15,600."""
    assert popsan.spikes_per_synapse == pytest.approx(12_940 / 83_456, rel=1e-12)
    assert charged(popsan, ADDED).spikes_per_synapse == pytest.approx(12_940 / 83_456, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("loihi1", "axon"),
        ("loihi2", "axon"),
        ("mcu_m33_u575", "added"),
        ("spinnaker1", "added"),
        ("horowitz45", "added"),
    ],
)
def test_bias_events_are_billed_and_named_where_they_are_axons_alone(
    popsan: SpikingCounts, name: str, way: str
) -> None:
    found = bill(popsan, name)
    events = {line.key: line.count for line in found.lines if line.key in ("synaptic_events", "bias_events")}
    both = {"synaptic_events": 12_940.0, "bias_events": 2_660.0}
    assert events == (both if way == "axon" else {"synaptic_events": 12_940.0})
    shares = by_layer(popsan, found, load_profile(name))
    assert sum(share.energy_j for share in shares) == pytest.approx(found.total_j.nominal, rel=1e-9)


def test_a_bias_that_is_added_is_still_read_from_memory(popsan: SpikingCounts) -> None:
    """Four bytes a word: events and biases share words as weights do, and an update takes four accesses."""
    (accesses,) = (line for line in bill(popsan, "horowitz45").lines if line.key == "memory_accesses")
    assert accesses.count == pytest.approx((12_940 + 2_660) / 4 + 4 * 5 * 532, rel=1e-12)
