"""The check against NeuroBench: its own arithmetic, and NeuroBench itself where there is one."""

import importlib
import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from neuro_aolo.pricing.count import count_spiking
from neuro_aolo_export.simulate import float_states, simulate_float

SCRIPTS = Path(__file__).parents[2] / "scripts"
PEER = os.environ.get("NEUROBENCH_PYTHON") or (
    sys.executable if importlib.util.find_spec("neurobench") else None
)
needs_neurobench = pytest.mark.skipif(
    PEER is None,
    reason="no NeuroBench: scripts/check_neurobench.py says how; NEUROBENCH_PYTHON names its Python",
)


@pytest.fixture(scope="module")
def check() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        return importlib.import_module("check_neurobench")


def test_what_reasons_do_not_add_up_to_is_unexplained(check: ModuleType) -> None:
    explained = check.Row("MACs", 100.0, 70.0, (check.Reason(-20, "a"), check.Reason(-10, "b")))
    assert explained.unexplained == 0
    assert "UNEXPLAINED" not in str(explained)
    short = replace(explained, reasons=(check.Reason(-20, "a"),))
    assert short.unexplained == -10
    assert str(short).splitlines()[1:] == ["    -20 a", "    -10 UNEXPLAINED"]
    assert check.Row("share", 0.113849, 0.1138, tolerance=check.FOUR_DECIMALS).unexplained == 0
    assert check.Row("share", 0.113901, 0.1138, tolerance=check.FOUR_DECIMALS).unexplained != 0
    assert check.Row("one event in a million", 1e6, 1e6 + 1).unexplained == 1


def test_products_are_told_apart_one_by_one(check: ModuleType) -> None:
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(6, 5)) * (rng.random((6, 5)) > 0.3)
    inputs = np.maximum(rng.normal(size=(7, 5)), 0)
    inputs[4:] = np.sign(inputs[4:])
    batch = 2
    counted = dict.fromkeys(("silent", "pruned", "by_value", "others"), 0)
    for index, row in enumerate(inputs):
        start = index - index % batch
        spikes = set(inputs[start : start + batch].ravel()) <= {-1.0, 0.0, 1.0}
        for x, w in ((x, w) for w_row in weight for x, w in zip(row, w_row, strict=True)):
            kind = "silent" if x == 0 else "pruned" if w == 0 else "by_value" if spikes else "others"
            counted[kind] += 1
    found = check.Products.of(weight, inputs, batch)
    assert {name: getattr(found, name) * 7 for name in counted} == pytest.approx(counted)
    assert counted["by_value"] > 0


def test_potentials_that_stay_are_counted_from_the_second_step(check: ModuleType, actors: Any) -> None:
    rng = np.random.default_rng(1)
    graph = actors.spiking(rng, 3, [12], 2, steps=6)
    activity = simulate_float(graph, rng.uniform(-1, 1, (9, 3)))
    states = float_states(graph.layers, activity.input_spikes)
    potentials = [layer.potential for layer in states]
    refired = others = 0
    for potential, spikes in zip(potentials, activity.layer_spikes, strict=True):
        for step, decision, neuron in np.ndindex(potential[1:].shape):
            if potential[step + 1, decision, neuron] == potential[step, decision, neuron]:
                twice = spikes[step, decision, neuron] and spikes[step + 1, decision, neuron]
                refired, others = refired + bool(twice), others + (not twice)
    assert refired > 0
    assert check.unchanged(potentials, activity.layer_spikes) == pytest.approx((refired / 9, others / 9))


def test_a_spike_differs_by_rounding_only_at_its_threshold(check: ModuleType, actors: Any) -> None:
    """A potential that just reaches the threshold fires with the next lower one, and much follows from it."""
    rng = np.random.default_rng(2)
    graph = actors.spiking(rng, 3, [12], 2)
    observations = rng.uniform(-1, 1, (4, 3))
    reached = float_states(graph.layers, graph.input_spikes(observations))[0].charged[0].max()
    thresholds = (reached, np.nextafter(reached, np.float32(0)))
    above, below = (
        replace(graph, layers=(replace(graph.layers[0], threshold=float(value)), graph.layers[1]))
        for value in thresholds
    )
    activity = simulate_float(above, observations)
    others = simulate_float(below, observations).layer_spikes
    assert check.farthest_from_threshold(above, activity, others) < 1e-6
    (reason,) = check.moved(above, activity, others, 5.0)
    assert reason.amount == 5.0
    assert "spikes differ: sums in another order" in reason.text
    assert check.moved(above, activity, activity.layer_spikes, 5.0) == ()


def test_a_spike_far_from_its_threshold_is_no_rounding(check: ModuleType, actors: Any) -> None:
    rng = np.random.default_rng(2)
    graph = actors.spiking(rng, 3, [12], 2)
    activity = simulate_float(graph, rng.uniform(-1, 1, (4, 3)))
    charged = float_states(graph.layers, activity.input_spikes)[0].charged
    step, decision, neuron = np.unravel_index(np.abs(charged - 0.5).argmax(), charged.shape)
    others = [layer.copy() for layer in activity.layer_spikes]
    others[0][step, decision, neuron] ^= 1
    others[1][step:, decision] ^= 1
    distance = check.farthest_from_threshold(graph, activity, others)
    assert distance >= abs(charged[step, decision, neuron] / 0.5 - 1) > check.ROUNDING
    assert check.moved(graph, activity, others, 5.0) == ()


def test_batches_are_small_enough_for_exact_sums(check: ModuleType) -> None:
    assert check.batch_of([np.empty((256, 256))], 3000) == 256
    assert check.batch_of([np.empty((256, 256)), np.empty((2, 3))], 9) == 9
    assert check.batch_of([np.broadcast_to(0.0, (5000, 5000))], 9) == 1


def test_a_python_without_neurobench_is_told_in_one_line(
    check: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "argv", ["check_neurobench", "--peer-python", str(tmp_path / "python")])
    with pytest.raises(SystemExit) as ended:
        check.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"check_neurobench: {tmp_path / 'python'} cannot be run (No such file or directory): name a Python\n"
    )


@needs_neurobench
@pytest.mark.slow
def test_neurobench_counts_as_we_do(check: ModuleType, actors: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    peer = check.Peer(Path(str(PEER)), tmp_path)
    graph = actors.spiking(rng, 3, [40, 40], 2)
    observations = rng.uniform(-1, 1, (60, 3)).astype(np.float32)
    rows, _ = check.check_spiking(peer, graph, observations)
    assert [row.what for row in rows if row.unexplained] == []
    assert rows[0].theirs == pytest.approx(
        count_spiking(graph, simulate_float(graph, observations)).synaptic_events[0]
    )
    dense = check.check_dense(peer, actors.dense([3, 40, 40, 2]), observations)
    assert [row.what for row in dense if row.unexplained] == []


@needs_neurobench
@pytest.mark.slow
def test_a_spike_too_many_is_found(check: ModuleType, actors: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    graph = actors.spiking(rng, 2, [20], 2)
    activity = simulate_float(graph, rng.uniform(-1, 1, (5, 2)))
    counts = count_spiking(graph, activity)
    spikes = activity.input_spikes.copy()
    spikes[tuple(np.argwhere(spikes == 0)[0])] = 1
    wrong = replace(activity, input_spikes=spikes)
    weights = [layer.weight for layer in graph.layers]
    rows = check.count_on_spikes(check.Peer(Path(str(PEER)), tmp_path), "layer", weights, wrong, counts)
    assert [bool(row.unexplained) for row in rows] == [True, False]
