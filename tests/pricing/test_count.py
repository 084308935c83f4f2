import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro_aolo.agent.diffusion import DiffusionConfig
from neuro_aolo.errors import AgentError
from neuro_aolo.pricing.count import SpikingCounts, count_dense, count_spiking, layer_macs
from neuro_aolo_export.activity import Activity
from neuro_aolo_export.graph import DenseGraph, DenseLayer, SpikingGraph
from neuro_aolo_export.loihi2.quantize import QuantizedGraph, quantize
from neuro_aolo_export.simulate import simulate_float, simulate_integer


def events_by_loop(graph: SpikingGraph | QuantizedGraph, activity: Activity) -> list[float]:
    """Every synapse of every neuron, asked at every step of every decision."""
    sources = [activity.input_spikes, *activity.layer_spikes[:-1]]
    events = []
    for layer, spikes in zip(graph.layers, sources, strict=True):
        total = 0
        for step in spikes:
            for decision in step:
                for neuron in np.flatnonzero(decision):
                    for target in range(layer.neurons):
                        total += int(layer.weight[target, neuron] != 0)
        events.append(total / spikes.shape[1])
    return events


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 7), depth=st.integers(1, 3), quantised=st.booleans()
)
def test_events_are_what_a_loop_over_all_synapses_counts(
    actors: Any, seed: int, steps: int, depth: int, quantised: bool
) -> None:
    rng = np.random.default_rng(seed)
    observed, actions = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    graph = actors.spiking(rng, observed, [9, 7][: depth - 1], actions, steps)
    observations = rng.uniform(-1.0, 1.0, (3, observed))
    if quantised:
        graph = quantize(graph)
        activity = simulate_integer(graph, observations)
    else:
        activity = simulate_float(graph, observations)
    counts = count_spiking(graph, activity)
    assert list(counts.synaptic_events) == pytest.approx(events_by_loop(graph, activity), rel=1e-12)
    assert counts.synapses == tuple(int((layer.weight != 0).sum()) for layer in graph.layers)
    steps = np.array(counts.events_by_step)
    assert steps.shape == (depth, counts.steps)


def test_the_published_size_of_popsan(actors: Any) -> None:
    """5 observations, 2 actions, 10 neurons each, 256-256: 83,456 synapses and 532 neurons at T = 5."""
    rng = np.random.default_rng(1)
    graph = actors.spiking(rng, 5, [256, 256], 2)
    full = [dataclasses.replace(layer, weight=np.ones_like(layer.weight)) for layer in graph.layers]
    graph = dataclasses.replace(graph, layers=tuple(full))
    counts = count_spiking(graph, simulate_float(graph, rng.uniform(-1, 1, (2, 5))))
    assert sum(counts.synapses) == 83_456
    assert counts.layer_sizes == (256, 256, 20)
    assert counts.neuron_updates == 5 * 532 == 2_660
    assert (counts.encoder_exps, counts.encoder_updates) == (50, 250)
    assert (counts.decoder_macs, counts.decoder_tanhs) == (20, 2)


def test_the_always_on_channels_are_counted_and_shown(actors: Any) -> None:
    rng = np.random.default_rng(2)
    graph = quantize(actors.spiking(rng, 3, [8], 1))
    activity = simulate_integer(graph, rng.uniform(-1, 1, (4, 3)))
    counts = count_spiking(graph, activity)
    bias_synapses = [int((layer.weight[:, -1] != 0).sum()) for layer in graph.layers]
    assert counts.constant_events == tuple(5 * synapses for synapses in bias_synapses)
    assert counts.constant_spikes == (5.0, 5.0, 0.0)
    assert counts.input_channels == 31
    assert counts.layer_sizes == (9, 10)
    inputs, hidden = activity.input_spikes.copy(), activity.layer_spikes[0].copy()
    inputs[..., :-1] = 0
    hidden[..., :-1] = 0
    only_bias = dataclasses.replace(
        activity, input_spikes=inputs, layer_spikes=(hidden, activity.layer_spikes[1])
    )
    silent = count_spiking(graph, only_bias)
    assert silent.synaptic_events == counts.constant_events
    scaled = counts.scaled(0.0)
    assert scaled.synaptic_events == pytest.approx(counts.constant_events)
    assert (scaled.input_spikes, scaled.layer_spikes) == (5.0, (5.0, 0.0))


def test_bias_neurons_are_no_part_of_the_firing_rate(actors: Any) -> None:
    rng = np.random.default_rng(3)
    graph = quantize(actors.spiking(rng, 3, [8], 1))
    activity = simulate_integer(graph, rng.uniform(-1, 1, (4, 3)))
    hidden, output = activity.layer_spikes
    spikes = int(hidden[:, :, :8].sum()) + int(output.sum())
    assert count_spiking(graph, activity).firing_rate == pytest.approx(spikes / (5 * 4 * 18))
    assert hidden[:, :, 8].all()


@pytest.mark.parametrize("quantised", [False, True])
def test_a_batch_counts_as_the_mean_of_its_decisions(actors: Any, quantised: bool) -> None:
    rng = np.random.default_rng(4)
    graph: Any = actors.spiking(rng, 2, [12], 2)
    simulate: Any = simulate_float
    if quantised:
        graph, simulate = quantize(graph), simulate_integer
    observations = rng.uniform(-1, 1, (8, 2))
    together = count_spiking(graph, simulate(graph, observations))
    apart = [count_spiking(graph, simulate(graph, row[None])) for row in observations]

    def flat(counts: SpikingCounts) -> list[float]:
        return [*np.hstack([np.ravel(value) for value in dataclasses.astuple(counts)])]

    assert flat(together) == pytest.approx(list(np.mean([flat(one) for one in apart], axis=0)), rel=1e-12)


def test_the_dense_twin_has_67_328_multiply_accumulates(actors: Any) -> None:
    counts = count_dense(actors.dense([5, 256, 256, 2]))
    assert counts.macs == 67_328
    assert counts.weights == 67_328 + 514
    assert counts.activations == 514


@pytest.mark.parametrize("passes", [2, 5])
def test_every_pass_is_counted(passes: int) -> None:
    s, a, h, n = 5, 2, 256, passes
    graph = DiffusionConfig((h, h), n, activation="mish").build(s, a, torch.Generator()).graph()
    counts = count_dense(graph)
    products = s * h + (n - 1) * a * h + n * (h * h + h * a)
    assert counts.macs == products + 4 * n * a
    assert sum(layer_macs(graph)) == products
    assert counts.weights == products + n * (h + h + a)
    assert counts.curved_activations == n * 2 * h
    # A clip after each pass, one at the end, and a tanh.
    assert counts.activations == n * (2 * h + a) + 2 * a
    usual = DiffusionConfig((h, h), n).build(s, a, torch.Generator()).graph()
    assert count_dense(usual) == dataclasses.replace(counts, curved_activations=0)
    # The sums of the observation, then two of each layer and what follows a pass; 0 is not multiplied.
    assert counts.kernel_launches == 1 + n * 6 - 1
    assert (counts.bytes_in, counts.bytes_out) == (4 * s, 4 * a)


def test_kernel_launches_follow_one_rule_on_both_sides(actors: Any) -> None:
    """A product is a kernel, element-wise work between products is another."""
    assert count_dense(actors.dense([4, 8, 8, 3])).kernel_launches == 3 + 3
    linear = DenseGraph((DenseLayer(np.ones((2, 3)), np.zeros(2), "identity"),))
    assert count_dense(linear).kernel_launches == 1
    rng = np.random.default_rng(5)
    graph = actors.spiking(rng, 2, [6, 6], 1, steps=4)
    activity = simulate_float(graph, rng.uniform(-1, 1, (1, 2)))
    exponentials, encoder, products, neurons, decoder = 1, 4, 4 * 3, 4 * 3, 2
    launches = exponentials + encoder + products + neurons + decoder
    assert count_spiking(graph, activity).kernel_launches == launches


def test_activity_of_another_graph_or_of_no_decision_is_refused(actors: Any) -> None:
    rng = np.random.default_rng(6)
    graph = actors.spiking(rng, 2, [6], 1)
    activity = simulate_float(graph, rng.uniform(-1, 1, (3, 2)))
    with pytest.raises(AgentError, match=r"5 steps and \[21, 7, 10\] channels; simulate this very graph"):
        count_spiking(quantize(graph), activity)
    with pytest.raises(AgentError, match="at least one decision"):
        count_spiking(graph, dataclasses.replace(activity, input_spikes=activity.input_spikes[:, :0]))
    with pytest.raises(AgentError, match="4 steps"):
        count_spiking(dataclasses.replace(graph, steps=4), activity)
    with pytest.raises(AgentError, match="activity of integers does not belong to a float graph"):
        count_spiking(graph, dataclasses.replace(activity, always_on=True))
