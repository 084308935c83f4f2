"""What the integers keep of the float graph."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.errors import ExportError
from export.graph import PopulationDecoder, PopulationEncoder, SpikingGraph, SpikingLayer
from export.quantize import QuantizedGraph, QuantizedLayer, quantize
from export.simulate import simulate_float, simulate_integer


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
)
def test_integers_are_the_chips_and_keep_the_ratio_to_the_threshold(
    seed: int, fan_in: int, size: float, threshold: float, skew: float, steps: int
) -> None:
    graph = _two_layers(np.random.default_rng(seed), fan_in, size, threshold, skew, steps)
    quantized = quantize(graph)
    for before, after, report in zip(graph.layers, quantized.layers, quantized.report, strict=True):
        assert (after.weight % 2 == 0).all()
        assert np.abs(after.weight).max() <= 254
        assert after.weight.any()
        assert -4096 <= after.bias_mant.min() <= after.bias_mant.max() <= 4095
        assert 1 <= after.threshold_mant <= 131071
        assert report.may_wrap == (after.worst_current(steps) >= 2**23)
        assert not report.may_wrap or after.threshold_mant == 1
        if report.clipped:
            assert after.threshold_mant == 1
        else:
            axons = np.column_stack([before.weight, before.bias]).astype(float) / before.threshold
            ratio = after.weight[: before.neurons] / after.threshold_mant
            silenced = 2 / after.threshold_mant if not np.rint(axons * after.threshold_mant / 2).any() else 0
            assert np.abs(ratio - axons).max() <= (1 + 1e-9) / after.threshold_mant + silenced


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
