"""What the integers keep of the float graph."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import PopulationDecoder, PopulationEncoder, SpikingGraph, SpikingLayer
from neuro_aolo_export.loihi2.quantize import QuantizedGraph, QuantizedLayer, grids, movement, quantize
from neuro_aolo_export.simulate import simulate_float, simulate_integer


def _two_layers(
    rng: np.random.Generator, fan_in: int, size: float, threshold: float, skew: float, steps: int = 5
) -> SpikingGraph:
    def layer(inputs: int, outputs: int) -> SpikingLayer:
        weight = rng.normal(skew, 1.0, (outputs, inputs)) * size
        return SpikingLayer(weight, rng.normal(skew, 1.0, outputs) * size, 0.5, 0.75, threshold)

    encoder = PopulationEncoder(np.zeros((fan_in, 1)), np.ones((fan_in, 1)))
    decoder = PopulationDecoder(np.ones((1, 3)), np.zeros(1))
    return SpikingGraph(encoder, (layer(fan_in, 4), layer(4, 3)), decoder, steps)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    fan_in=st.sampled_from([1, 7, 60, 700, 3000]),
    size=st.floats(1e-6, 1e3),
    threshold=st.floats(1e-3, 1e2),
    skew=st.floats(-5, 5),
    steps=st.sampled_from([1, 5, 16]),
    bits=st.integers(4, 8),
)
def test_integers_are_the_chips_and_keep_the_ratio_to_the_threshold(
    seed: int, fan_in: int, size: float, threshold: float, skew: float, steps: int, bits: int
) -> None:
    graph = _two_layers(np.random.default_rng(seed), fan_in, size, threshold, skew, steps)
    quantized, step = quantize(graph, bits), 2 ** (9 - bits)
    for before, after, report in zip(graph.layers, quantized.layers, quantized.report, strict=True):
        assert (after.weight % step == 0).all()
        assert -256 <= after.weight.min() <= after.weight.max() <= 256 - step
        assert after.weight.any()
        assert -4096 <= after.bias_mant.min() <= after.bias_mant.max() <= 4095
        assert 1 <= after.threshold_mant <= 131071
        assert report.may_wrap == (after.worst_current(steps) >= 2**23)
        assert not report.may_wrap or after.threshold_mant == 1
        axons = np.column_stack([before.weight, before.bias]).astype(float) / before.threshold
        wanted, own = axons * after.threshold_mant, after.weight[: before.neurons]
        clipped = (wanted < -256 - step / 2) | (wanted > 256 - step / 2)
        if np.rint(wanted / step).any() and own.max() > 0:
            assert report.clipped == clipped.sum()
            assert np.abs(own - wanted)[~clipped].max(initial=0.0) <= (1 + 1e-9) * step / 2
            assert np.isin(own[clipped], [-256, 256 - step]).all()


def _largest_unclipped(layer: SpikingLayer, step: int, *, hidden: bool) -> int:
    """The threshold of a scale that is not searched: the largest weight gets the largest integer."""
    largest = max(np.abs(layer.weight).max(), np.abs(layer.bias).max())
    return min(int((256 - step) * layer.threshold / largest), 4094 if hidden else 131071)


def _rms(layer: SpikingLayer, threshold_mant: int, step: int) -> float:
    scale = threshold_mant / layer.threshold
    axons = np.column_stack([layer.weight, layer.bias]).astype(float)
    integers = np.clip(np.rint(axons * scale / step) * step, -256, 256 - step)
    return float(np.sqrt(np.mean((integers / scale - axons) ** 2)))


@pytest.mark.parametrize("bits", [4, 5, 6, 7, 8])
def test_the_scale_is_the_best_of_all_integers(bits: int) -> None:
    """Against the plain search of every threshold, which best_threshold() samples."""
    graph, step = _two_layers(np.random.default_rng(4), 30, 0.15, 0.5, 0.0), 2 ** (9 - bits)
    quantized = quantize(graph, bits)
    pairs = zip(graph.layers, quantized.report, quantized.layers, strict=True)
    for index, (layer, report, integer) in enumerate(pairs):
        simple = _largest_unclipped(layer, step, hidden=index == 0)
        best = min(_rms(layer, threshold, step) for threshold in range(1, min(4094, 8 * simple)))
        assert report.rms_rounding_error == pytest.approx(_rms(layer, integer.threshold_mant, step))
        assert report.rms_rounding_error == pytest.approx(best, rel=1e-6)
        assert report.rms_rounding_error < _rms(layer, simple, step)


def test_a_wide_layer_with_outliers_gives_them_up() -> None:
    """A few weights of ten times the spread cost 4-bit integers most of their resolution."""
    rng = np.random.default_rng(0)
    weight = rng.normal(0.0, 0.05, (256, 256))
    weight.flat[::5000] = 0.5
    layer = SpikingLayer(weight, rng.normal(0.0, 0.05, 256), 0.5, 0.75, 0.5)
    report = quantize(SpikingGraph(None, (layer,), None, 8), 4).report[0]
    assert 14 <= report.clipped < 300
    assert report.rms_rounding_error < 0.6 * _rms(layer, _largest_unclipped(layer, 32, hidden=False), 32)


def _as_float(graph: SpikingGraph, quantized: QuantizedGraph) -> SpikingGraph:
    """The integers as a float graph, as a training that rounds leaves them: in float32."""
    layers = []
    for before, layer, report in zip(graph.layers, quantized.layers, quantized.report, strict=True):
        weight = (layer.weight[: before.neurons] / report.scale).astype(np.float32)
        layers.append(replace(before, weight=weight[:, :-1], bias=weight[:, -1]))
    return replace(graph, layers=tuple(layers))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), bits=st.integers(4, 8), size=st.floats(1e-4, 1e1))
def test_weights_on_a_grid_stay_on_it(seed: int, bits: int, size: float) -> None:
    graph = _two_layers(np.random.default_rng(seed), 30, size, 0.5, 0.0)
    first = quantize(graph, bits)
    second = quantize(_as_float(graph, first), bits)
    for before, after, report in zip(first.layers, second.layers, second.report, strict=True):
        assert report.clipped == report.zeroed == 0
        assert report.max_rounding_error <= 1e-6 * np.abs(before.weight).max() / report.scale
        own = slice(None, len(after.weight) - bool(after.bias_mant.any()))
        # The same ratio: the same integers, unless all of them leave room for a multiple.
        assert (after.weight[own] * before.threshold_mant == before.weight[own] * after.threshold_mant).all()


def test_a_second_look_at_the_same_integers_is_the_same(make_graph) -> None:  # type: ignore[no-untyped-def]
    graph = make_graph(np.random.default_rng(1), (40, 40), population=10)
    for bits in range(4, 9):
        first = quantize(graph, bits)
        again = quantize(_as_float(graph, first), bits)
        for before, after in zip(first.layers, again.layers, strict=True):
            assert after.threshold_mant == before.threshold_mant
            np.testing.assert_array_equal(after.weight, before.weight)


def test_movement_is_counted_slot_by_slot(make_graph) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(3)
    graph, observations = make_graph(rng), rng.uniform(-1, 1, (60, 3))
    integers = quantize(graph, 4)
    exact, integer = simulate_float(graph, observations), simulate_integer(integers, observations)
    found = movement(graph, integers, observations)
    for index, mine in enumerate(exact.layer_spikes):
        steps, decisions, neurons = mine.shape
        differ, rates = 0, 0.0
        for d in range(decisions):
            for n in range(neurons):
                theirs = integer.layer_spikes[index][:, d, n]
                differ += sum(int(mine[t, d, n]) != int(theirs[t]) for t in range(steps))
                rates += abs(int(mine[:, d, n].sum()) - int(theirs.sum())) / steps
        assert found.slots[index] == pytest.approx(differ / mine.size)
        assert found.rates[index] == pytest.approx(rates / decisions / neurons)
    change = np.abs(exact.actions - integer.actions)
    assert found.decisions == 60
    assert found.slots[-1] > 0.0
    assert (found.mean_action, found.max_action) == pytest.approx((change.mean(), change.max()), rel=1e-5)


def test_nothing_moves_where_nothing_is_rounded(make_graph) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(5)
    graph, observations = make_graph(rng), rng.uniform(-1, 1, (200, 3))
    integers = quantize(graph)
    rounded = _as_float(graph, integers)
    found, before = movement(rounded, integers, observations), movement(graph, integers, observations)
    # What is left is the truncation of the states, 1/64 of a weight's unit a step.
    assert max(found.slots) < 0.002 < max(before.slots)


def test_a_core_with_fewer_bits_holds_the_same_integers(make_graph) -> None:  # type: ignore[no-untyped-def]
    """Flooring the low bits, as a core does that holds b bits of mixed sign, changes none."""
    graph = make_graph(np.random.default_rng(0))
    for bits in range(4, 9):
        for layer in quantize(graph, bits).layers:
            np.testing.assert_array_equal((layer.weight >> (9 - bits)) << (9 - bits), layer.weight)


def test_bad_requests_are_refused(make_graph) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    graph, other = make_graph(rng), make_graph(rng, (5, 5))
    observations = rng.uniform(-1, 1, (3, 3))
    for bits in (3, 9, 0):
        with pytest.raises(ExportError, match=f"{bits} weight bits: give a whole number from 4 to 8"):
            quantize(graph, bits)
    with pytest.raises(ExportError, match=r"give quantize\(graph\)"):
        movement(graph, quantize(other), observations)
    with pytest.raises(ExportError, match="has no encoder"):
        movement(replace(graph, encoder=None), quantize(graph), observations)
    with pytest.raises(ExportError, match=r"3 layers with 0 reports: give a graph that quantize\(\) made"):
        grids(replace(quantize(graph), report=()))


def test_grids_are_what_the_integers_are_rounded_to(make_graph) -> None:  # type: ignore[no-untyped-def]
    graph = make_graph(np.random.default_rng(0))
    quantized = quantize(graph, 6)
    for layer, grid, integer in zip(graph.layers, grids(quantized), quantized.layers, strict=True):
        axons = np.column_stack([layer.weight, layer.bias]).astype(float)
        rounded = (np.rint(axons * grid.scale / grid.step) * grid.step).clip(grid.low, grid.high)
        np.testing.assert_array_equal(integer.weight[: layer.neurons], rounded)
        assert (grid.current_decay, grid.voltage_decay) == (0.5, 0.75)


def test_bias_travels_on_the_last_axon_and_neuron() -> None:
    graph = _two_layers(np.random.default_rng(0), 6, 0.2, 0.5, 0.0)
    hidden, output = quantize(graph).layers
    assert hidden.weight.shape == (5, 7)
    assert output.weight.shape == (3, 5)
    assert not hidden.weight[-1].any()
    assert hidden.bias_mant.tolist() == [0, 0, 0, 0, hidden.threshold_mant + 1]
    assert not output.bias_mant.any()
    scale = output.threshold_mant / 0.5
    assert output.weight[:, -1] == pytest.approx(graph.layers[1].bias * scale, abs=1.0)


def test_decays_are_shares_lost_of_4096() -> None:
    layer = quantize(_two_layers(np.random.default_rng(0), 3, 0.2, 0.5, 0.0)).layers[0]
    assert (layer.current_decay, layer.voltage_decay) == (2048, 1024)


def test_registers_miss_a_full_current_and_an_empty_voltage_by_one() -> None:
    encoder = PopulationEncoder(np.zeros((1, 1)), np.ones((1, 1)))
    decoder = PopulationDecoder(np.ones((1, 1)), np.zeros(1))
    layer = SpikingLayer(np.ones((1, 1)), np.zeros(1), 1.0, 0.0, 0.5)
    quantized = quantize(SpikingGraph(encoder, (layer,), decoder, 5))
    assert (quantized.layers[0].current_decay, quantized.layers[0].voltage_decay) == (1, 4095)
    report = quantized.report[0]
    assert (report.current_decay_error, report.voltage_decay_error) == (-1 / 4096, 1 / 4096)


@pytest.mark.parametrize("size", [0.0, 1e-12])
def test_a_silent_network_stays_silent_and_loadable(size: float) -> None:
    rng = np.random.default_rng(0)
    graph = _two_layers(rng, 6, size, 0.5, 0.0)
    observations = rng.uniform(-1, 1, (10, 6))
    quantized = quantize(graph)
    assert all(layer.weight.any() for layer in quantized.layers)
    activity = simulate_integer(quantized, observations)
    assert not activity.layer_spikes[0][..., :-1].any()
    assert activity.layer_spikes[0][..., -1].all()
    assert not activity.layer_spikes[1].any()
    np.testing.assert_array_equal(activity.actions, simulate_float(graph, observations).actions)


def test_weights_far_above_the_threshold_are_clipped_and_counted() -> None:
    report = quantize(_two_layers(np.random.default_rng(0), 6, 1e3, 0.5, 0.0)).report[0]
    assert report.clipped > 0
    assert report.max_rounding_error > 1.0


@pytest.mark.parametrize("steps", [5, 16])
def test_quantised_actor_decides_as_the_float_one(make_graph, steps: int) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(2)
    graph = make_graph(rng, (64, 64), population=10, steps=steps)
    observations = rng.uniform(-1, 1, (500, 3))
    exact, integer = simulate_float(graph, observations), simulate_integer(quantize(graph), observations)
    for mine, other in zip(exact.layer_spikes, integer.layer_spikes, strict=True):
        assert mine.mean() > 0.02
        assert (mine != other[..., : mine.shape[2]]).mean() < 0.06
    rates = [activity.layer_spikes[-1].mean(axis=0) for activity in (exact, integer)]
    assert np.abs(rates[0] - rates[1]).mean() < 0.03


def _layer(**changes: object) -> QuantizedLayer:
    values: dict[str, object] = {
        "weight": np.full((1, 2), 2),
        "bias_mant": np.zeros(1, dtype=int),
        "current_decay": 2048,
        "voltage_decay": 1024,
        "threshold_mant": 64,
    }
    return QuantizedLayer(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": np.array([[3, -2]])}, "weight 3 is odd"),
        ({"weight": np.array([[256, -2]])}, r"weight 256: the chip holds -256\.\.254"),
        ({"weight": np.array([[256, 2]])}, r"weight 256: the chip holds 0\.\.255"),
        ({"weight": np.array([[-256, -2]])}, r"weight -256: the chip holds -255\.\.0"),
        ({"weight": np.array([[2.0, 2.0]])}, "type float64"),
        ({"bias_mant": np.array([4096])}, "bias_mant 4096"),
        ({"bias_mant": np.array([1, 2])}, "does not fit weight"),
        ({"current_decay": 0}, r"current_decay 0: the chip holds 1\.\.4096"),
        ({"voltage_decay": 4096}, r"voltage_decay 4096: the chip holds 0\.\.4095"),
        ({"threshold_mant": 131072}, "threshold_mant 131072"),
    ],
)
def test_integers_that_no_chip_holds_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ExportError, match=message):
        _layer(**changes)


def test_integer_graph_refuses_a_bias_neuron_that_may_stay_silent() -> None:
    encoder = PopulationEncoder(np.zeros((1, 1)), np.ones((1, 1)))
    decoder = PopulationDecoder(np.ones((1, 1)), np.zeros(1))
    output = _layer()
    good = _layer(weight=np.full((2, 2), 2), bias_mant=np.array([0, 65]))
    assert QuantizedGraph(encoder, (good, output), decoder, 5).layers[1] is output
    with pytest.raises(ExportError, match="does not fire at every step"):
        QuantizedGraph(
            encoder, (_layer(weight=np.full((2, 2), 2), bias_mant=np.array([65, 64])), output), decoder, 5
        )
    with pytest.raises(ExportError, match="are fed by"):
        QuantizedGraph(encoder, (output, output), decoder, 5)
