"""The comparison counts every difference, and only real neurons."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neuro_aolo_export.activity import Activity
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import DenseGraph, DenseLayer
from neuro_aolo_export.onnx.dense import write_dense
from neuro_aolo_export.onnx.spiking import write_decision
from neuro_aolo_export.verify import check_decision, check_dense, compare_spikes


def _activity() -> Activity:
    rng = np.random.default_rng(0)
    hidden, output = ((rng.random((5, 3, n)) < 0.3).astype(np.uint8) for n in (7, 4))
    hidden[..., -1] = 1
    inputs, actions = np.ones((5, 3, 2), dtype=np.uint8), np.zeros((3, 1), dtype=np.float32)
    return Activity(inputs, (hidden, output), actions, always_on=True)


def test_equal_sides_have_no_mismatch() -> None:
    activity = _activity()
    hidden, output = activity.layer_spikes
    result = compare_spikes(activity, activity.layer_spikes)
    assert (result.decisions, result.slots, result.mismatches) == (3, 5 * 3 * (6 + 4), 0)
    assert result.spikes == hidden[..., :-1].sum() + output.sum()
    assert [layer[0] for layer in result.per_layer] == [90, 60]


def test_every_flipped_bit_is_a_mismatch_a_bias_neurons_too() -> None:
    activity = _activity()
    hidden, output = (layer.copy() for layer in activity.layer_spikes)
    hidden[0, 0, 2] ^= 1
    hidden[4, 2, -1] ^= 1
    output[:, 1, 0] ^= 1
    result = compare_spikes(activity, (hidden, output))
    assert [layer[2] for layer in result.per_layer] == [2, 5]
    assert result.mismatches == 7
    assert result.spikes == compare_spikes(activity, activity.layer_spikes).spikes


def test_other_shapes_are_refused() -> None:
    activity = _activity()
    with pytest.raises(ExportError, match="run both on the same input"):
        compare_spikes(activity, activity.layer_spikes[:1])


@pytest.mark.parametrize("tolerance", [1e-5, None])
def test_a_dense_file_that_gives_no_number_fails(tmp_path: Path, tolerance: float | None) -> None:
    huge = DenseLayer(np.full((2, 2), 3e38), np.zeros(2), "relu")
    graph = DenseGraph((huge, DenseLayer(np.array([[1.0, -1.0]]), np.zeros(1), "tanh")))
    write_dense(graph, tmp_path / "a.onnx")
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(ExportError, match=r"a\.onnx failed its check: an action differs by nan"),
    ):
        check_dense(graph, tmp_path / "a.onnx", np.ones((3, 2)), tolerance)


def test_a_spike_without_a_reason_fails_though_no_action_moves(make_graph, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    graph = make_graph(np.random.default_rng(0))
    deaf = replace(graph, decoder=replace(graph.decoder, weight=np.zeros_like(graph.decoder.weight)))
    first = deaf.layers[0]
    other = replace(deaf, layers=(replace(first, threshold=2 * first.threshold), *deaf.layers[1:]))
    observations = np.random.default_rng(1).uniform(-1, 1, (20, graph.input_size))
    write_decision(deaf, tmp_path / "same.onnx", spikes=True)
    assert check_decision(deaf, tmp_path / "same.onnx", observations).mismatches == 0
    write_decision(other, tmp_path / "other.onnx", spikes=True)
    with pytest.raises(ExportError, match="decisions differ that rounding does not explain"):
        check_decision(deaf, tmp_path / "other.onnx", observations)
