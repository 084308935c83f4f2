"""Where two float networks part, and whether rounding can tell why."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from neuro_aolo_export.arrays import SpikeArray
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import PopulationDecoder, SpikingGraph, SpikingLayer
from neuro_aolo_export.nearby import compare_decisions, trace_differences


def run(graph: SpikingGraph, spikes: SpikeArray, *, backwards: bool) -> list[SpikeArray]:
    """Equations (29)-(31) in float32, each sum term by term, from either end."""
    trains = [spikes]
    for layer in graph.layers:
        order = slice(None, None, -1) if backwards else slice(None)
        c = v = np.zeros((spikes.shape[1], layer.neurons), dtype=np.float32)
        train = np.empty((*spikes.shape[:2], layer.neurons), dtype=np.uint8)
        for t, arriving in enumerate(trains[-1].astype(np.float32)):
            drive = np.zeros_like(c)
            for column, weight in zip(arriving.T[order], layer.weight.T[order], strict=True):
                drive = drive + column[:, None] * weight
            c = np.float32(layer.current_decay) * c + (drive + layer.bias)
            v = np.float32(layer.voltage_decay) * v + c
            train[t] = v > np.float32(layer.threshold)
            v = np.where(train[t], np.float32(0), v)
        trains.append(train)
    return trains


@pytest.fixture
def at_the_edge() -> SpikingGraph:
    """Weights in tenths, so that potentials meet the threshold but for their rounding."""
    rng = np.random.default_rng(0)
    layers = []
    for inputs, outputs in ((12, 10), (10, 8)):
        tenths = rng.integers(-3, 4, (outputs, inputs)) / 10
        layers.append(SpikingLayer(tenths, rng.integers(-1, 2, outputs) / 10, 0.5, 0.75, 0.5))
    return SpikingGraph(None, tuple(layers), None, steps=6)


def random_spikes(decisions: int) -> SpikeArray:
    return np.random.default_rng(1).integers(0, 2, (6, decisions, 12)).astype(np.uint8)


def causes(first: list[SpikeArray], second: list[SpikeArray]) -> set[tuple[int, int, int, int]]:
    """Differences without one before them, slot by slot, with loops."""
    found = set()
    for layer in range(1, len(first)):
        differs, before = first[layer] != second[layer], first[layer - 1] != second[layer - 1]
        for t, b, n in np.argwhere(differs):
            if not differs[:t, b, n].any() and not before[: t + 1, b].any():
                found.add((int(b), layer - 1, int(t), int(n)))
    return found


def test_order_of_a_sum_explains_every_difference(at_the_edge: SpikingGraph) -> None:
    spikes = random_spikes(400)
    first = run(at_the_edge, spikes, backwards=False)
    second = run(at_the_edge, spikes, backwards=True)
    crossings = trace_differences(at_the_edge, None, first, second)
    assert {(x.decision, x.layer, x.step, x.neuron) for x in crossings} == causes(first, second)
    assert len(crossings) > 20
    assert {x.layer for x in crossings} == {0, 1}
    assert max(x.step for x in crossings) > 0
    assert all(x.explained for x in crossings)
    # Exact potentials are tenths times powers of 1/2 and 3/4: at the threshold or far from it.
    assert max(x.distance for x in crossings) < 1e-6
    assert max(x.bound for x in crossings) < 1e-4


@pytest.mark.parametrize(
    "change",
    [{"threshold": 0.501}, {"current_decay": 0.501}, {"voltage_decay": 0.74}, {"bias": 0.001}],
)
def test_other_constants_are_not_explained(at_the_edge: SpikingGraph, change: dict[str, float]) -> None:
    rng = np.random.default_rng(2)
    layers = [replace(x, weight=rng.uniform(-0.5, 0.5, x.weight.shape)) for x in at_the_edge.layers]
    graph = replace(at_the_edge, layers=tuple(layers))
    if "bias" in change:
        other = replace(layers[0], bias=layers[0].bias + np.float32(change["bias"]))
    else:
        other = replace(layers[0], **change)
    spikes = random_spikes(3000)
    first = run(graph, spikes, backwards=False)
    second = run(replace(graph, layers=(other, layers[1])), spikes, backwards=False)
    crossings = trace_differences(graph, None, first, second)
    assert len(crossings) > 20
    assert sum(x.explained for x in crossings) < 0.05 * len(crossings)
    # What follows from the first layer's differences is no cause of its own.
    assert {x.layer for x in crossings} == {0}


def with_encoder(make_graph) -> SpikingGraph:  # type: ignore[no-untyped-def]
    return make_graph(np.random.default_rng(3), (9,))  # type: ignore[no-any-return]


def test_an_encoder_neuron_at_its_threshold_is_explained(make_graph) -> None:  # type: ignore[no-untyped-def]
    graph = with_encoder(make_graph)
    assert graph.encoder is not None
    # A field of 0.333 makes three steps 0.999, the threshold, but for rounding.
    away = np.sqrt(-2 * np.log(0.333)) * graph.encoder.std[0, 0]
    observations = np.array([[graph.encoder.mean[0, 0] + away, 0.2, 0.3]], dtype=np.float32)
    trains = [graph.input_spikes(observations), *(np.zeros((5, 1, n), np.uint8) for n in (9, 8))]
    other = [train.copy() for train in trains]
    late = trains[0][2, 0, 0]
    other[0][2, 0, 0], other[0][3, 0, 0] = 1 - late, late
    (crossing,) = trace_differences(graph, observations, trains, other)
    assert (crossing.layer, crossing.step, crossing.neuron) == (-1, 2, 0)
    assert crossing.explained
    assert crossing.distance < 3e-7
    other = [train.copy() for train in trains]
    other[0][1, 0, 0] ^= 1
    (crossing,) = trace_differences(graph, observations, trains, other)
    assert not crossing.explained
    assert crossing.distance == pytest.approx(0.333, abs=1e-4)


def test_exceptions_are_counted_and_each_has_a_cause(make_graph) -> None:  # type: ignore[no-untyped-def]
    graph = with_encoder(make_graph)
    observations = np.random.default_rng(4).uniform(-1, 1, (20, 3))
    trains = run(
        replace(graph, encoder=None, decoder=None), graph.input_spikes(observations), backwards=False
    )
    decoder = graph.decoder
    assert isinstance(decoder, PopulationDecoder)
    actions = decoder.decode(trains[-1])
    same = compare_decisions(graph, observations, (actions, trains), (actions, trains))
    assert (same.differing, same.exceptions, same.unexplained, same.crossings) == (0, 0, 0, ())
    assert same.slots == 5 * 20 * (12 + 9 + 8)

    def against(others: list[SpikeArray], moved: NDArray[np.float32]):  # type: ignore[no-untyped-def]
        return compare_decisions(graph, observations, (actions, trains), (moved, others))

    moved = actions.copy()
    moved[3, 0] += 0.25
    unfounded = against(trains, moved)
    assert (unfounded.differing, unfounded.exceptions, unfounded.unexplained) == (0, 1, 1)
    assert unfounded.largest_same == unfounded.largest_difference == pytest.approx(0.25)
    flipped = [train.copy() for train in trains]
    flipped[2][4, 7, 0] ^= 1
    wrong = against(flipped, decoder.decode(flipped[-1]))
    assert (wrong.differing, wrong.exceptions, wrong.unexplained) == (1, 1, 1)
    assert wrong.largest_same == 0.0
    assert [(x.decision, x.layer, x.step, x.neuron) for x in wrong.crossings] == [(7, 1, 4, 0)]
    not_a_number = actions.copy()
    not_a_number[0, 0] = np.nan
    assert against(trains, not_a_number).unexplained == 1


def test_what_cannot_be_compared_is_refused(make_graph, at_the_edge: SpikingGraph) -> None:  # type: ignore[no-untyped-def]
    spikes = random_spikes(4)
    trains = run(at_the_edge, spikes, backwards=False)
    other = [1 - spikes, *trains[1:]]
    with pytest.raises(ExportError, match="other input spikes"):
        trace_differences(at_the_edge, None, trains, other)
    with pytest.raises(ExportError, match="spikes have shapes"):
        trace_differences(at_the_edge, None, trains, trains[:-1])
    graph = with_encoder(make_graph)
    trains = [np.zeros((5, 4, n), np.uint8) for n in (12, 9, 8)]
    with pytest.raises(ExportError, match="3 observations for spikes of 4 decisions"):
        trace_differences(graph, np.zeros((3, 3)), trains, trains)
    with pytest.raises(ExportError, match="give the observations too"):
        trace_differences(graph, None, trains, trains)
    with pytest.raises(ExportError, match="actions have shapes"):
        compare_decisions(graph, np.zeros((4, 3)), (np.zeros((4, 2)), trains), (np.zeros((3, 2)), trains))
