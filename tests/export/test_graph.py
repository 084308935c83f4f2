"""The graph against its equations, and what it refuses."""

import math

import numpy as np
import pytest

from neuro_aolo_export.graph import (
    DenseGraph,
    DenseLayer,
    ExportError,
    PopulationDecoder,
    PopulationEncoder,
    SpikingGraph,
    SpikingLayer,
)


def test_encoder_is_equations_26_and_27() -> None:
    rng = np.random.default_rng(0)
    mean = rng.uniform(-1, 1, (3, 4))
    std = rng.uniform(0.2, 0.8, (3, 4))
    observations = rng.uniform(-1, 1, (20, 3))
    spikes = PopulationEncoder(mean, std).encode(observations, 7)
    for b, i, j in np.ndindex(20, 3, 4):
        stimulus = math.exp(-0.5 * ((observations[b, i] - mean[i, j]) / std[i, j]) ** 2)
        v = 0.0
        for t in range(7):
            v += stimulus
            fired = v > 0.999
            v -= 0.999 * fired
            assert spikes[t, b, 4 * i + j] == fired


def test_encoder_fires_at_every_step_at_its_centre_and_never_far_away() -> None:
    encoder = PopulationEncoder(np.array([[0.0, 100.0]]), np.array([[0.1, 1e-30]]))
    spikes = encoder.encode(np.zeros((1, 1)), 5)
    assert spikes[:, 0].tolist() == [[1, 0]] * 5


def test_decoder_is_equations_32_and_33() -> None:
    rng = np.random.default_rng(1)
    weight, bias = rng.normal(size=(2, 3)), rng.normal(size=2)
    spikes = rng.integers(0, 2, (5, 11, 6), dtype=np.uint8)
    actions = PopulationDecoder(weight, bias).decode(spikes)
    for b, a in np.ndindex(11, 2):
        rates = [spikes[:, b, 3 * a + k].sum() / 5 for k in range(3)]
        expected = math.tanh(sum(w * r for w, r in zip(weight[a], rates, strict=True)) + bias[a])
        assert actions[b, a] == pytest.approx(expected, abs=2e-6)


def test_dense_graph_is_its_layers_one_after_the_other() -> None:
    first = DenseLayer([[1.0, -2.0], [0.5, 0.25]], [0.1, -1.0], "relu")
    second = DenseLayer([[2.0, 3.0]], [0.5], "identity")
    third = DenseLayer([[0.5]], [0.0], "tanh")
    actions = DenseGraph((first, second, third)).forward([[1.0, 0.2]])
    assert actions[0, 0] == pytest.approx(math.tanh(0.5 * (2.0 * 0.7 + 0.5)), abs=1e-6)


def test_arrays_are_copies_that_cannot_be_written() -> None:
    weight = np.ones((2, 3))
    layer = SpikingLayer(weight, np.zeros(2), 0.5, 0.75, 0.5)
    weight[0, 0] = 7.0
    assert layer.weight[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        layer.weight[0, 0] = 7.0


def _layer(**changes: object) -> SpikingLayer:
    values: dict[str, object] = {
        "weight": np.ones((2, 3)),
        "bias": np.zeros(2),
        "current_decay": 0.5,
        "voltage_decay": 0.75,
        "threshold": 0.5,
    }
    return SpikingLayer(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": np.ones(3)}, r"weight has shape \(3,\)"),
        ({"weight": np.full((2, 3), np.nan)}, "NaN or infinity"),
        ({"weight": np.full((2, 3), 1e300)}, "NaN or infinity"),
        ({"weight": [["a"]]}, "not an array of numbers"),
        ({"bias": np.zeros(3)}, "does not fit weight"),
        ({"current_decay": 1.5}, "current_decay 1.5"),
        ({"voltage_decay": -0.1}, "voltage_decay -0.1"),
        ({"threshold": 0.0}, "threshold 0.0"),
        ({"threshold": float("nan")}, "threshold nan"),
        ({"threshold": 1e-60}, "threshold 1e-60"),
    ],
)
def test_layer_refuses_what_has_no_meaning(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ExportError, match=message):
        _layer(**changes)


def test_graphs_refuse_parts_that_do_not_fit() -> None:
    encoder = PopulationEncoder(np.zeros((1, 3)), np.ones((1, 3)))
    decoder = PopulationDecoder(np.ones((1, 2)), np.zeros(1))
    assert SpikingGraph(encoder, (_layer(),), decoder, 5).action_size == 1
    with pytest.raises(ExportError, match="layer 1 takes 3 inputs but is fed by 2"):
        SpikingGraph(encoder, (_layer(), _layer()), decoder, 5)
    with pytest.raises(ExportError, match="the decoder 4"):
        SpikingGraph(encoder, (_layer(),), PopulationDecoder(np.ones((2, 2)), np.zeros(2)), 5)
    with pytest.raises(ExportError, match="0 time steps"):
        SpikingGraph(encoder, (_layer(),), decoder, 0)
    with pytest.raises(ExportError, match="step_s -1"):
        SpikingGraph(encoder, (_layer(),), decoder, 5, step_s=-1.0)
    with pytest.raises(ExportError, match="holds a zero"):
        PopulationEncoder(np.zeros((1, 3)), np.zeros((1, 3)))
    with pytest.raises(ExportError, match="activation 'swish'"):
        DenseLayer(np.ones((1, 1)), np.zeros(1), "swish")  # type: ignore[arg-type]
    with pytest.raises(ExportError, match="layer 1 takes 3 inputs"):
        DenseGraph((DenseLayer(np.ones((2, 3)), np.zeros(2), "relu"),) * 2)


@pytest.mark.parametrize(
    "observations", [np.zeros(3), np.zeros((2, 4)), np.full((2, 3), np.inf), [["x"] * 3]]
)
def test_observations_of_another_kind_are_refused(observations: object) -> None:
    encoder = PopulationEncoder(np.zeros((3, 2)), np.ones((3, 2)))
    with pytest.raises(ExportError, match="observations"):
        encoder.encode(observations, 5)  # type: ignore[arg-type]
