"""Sizes are refused before anything is allocated for them, with the bound."""

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import nir
import numpy as np
import pytest

import neuro_aolo as na
from neuro_aolo.errors import NetworkError
from neuro_aolo_export.arrays import MAX_SLOTS, MAX_STEPS, require_slots
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import PopulationEncoder, SpikingGraph, SpikingLayer
from neuro_aolo_export.graph_file import load_graph, save_graph
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.nir.convert import read_nir
from neuro_aolo_export.simulate import float_spikes, float_states, integer_spikes, simulate_float

LAYER = SpikingLayer([[1.0, 2.0]], [0.0], 0.5, 0.75, 0.5)
WIDE = SpikingLayer(np.ones((500, 2)), np.zeros(500), 0.5, 0.75, 0.5)
GRAPH = SpikingGraph(None, (LAYER,), None, 4, 1e-3)


@pytest.mark.parametrize(
    "steps", [0, -1, MAX_STEPS + 1, 10**9, 2**63, 10**30, 4.0, "4", True, None, float("nan")]
)
def test_steps_that_cannot_be_are_refused_everywhere(steps: object, tmp_path: Path) -> None:
    message = "time steps: give at least 1 and at most 1,000,000, a whole number"
    with pytest.raises(ExportError, match=message):
        replace(GRAPH, steps=steps)  # type: ignore[arg-type]
    with pytest.raises(ExportError, match=message):
        replace(quantize(GRAPH), steps=steps)  # type: ignore[arg-type]
    with pytest.raises(ExportError, match=message):
        PopulationEncoder([[0.0]], [[1.0]]).encode(np.zeros((1, 1)), steps)  # type: ignore[arg-type]


def test_steps_of_a_file_are_refused_with_its_name(tmp_path: Path) -> None:
    from safetensors import safe_open
    from safetensors.numpy import save_file

    path = tmp_path / "a.graph"
    save_graph(GRAPH, path)
    with safe_open(path, framework="np") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        description = json.loads(file.metadata()["neuro_aolo_graph"])
    from neuro_aolo_export import graph_file

    for steps in (10**9, 4.0, "many", True):
        changed = {**description, "steps": steps}
        del changed["sha256"]
        changed["sha256"] = graph_file._digest(changed, arrays)
        save_file(arrays, path, metadata={"neuro_aolo_graph": json.dumps(changed)})
        with pytest.raises(ExportError, match=r"a\.graph is no graph file .*time steps: give at least 1"):
            load_graph(path)


def test_a_billion_steps_of_a_nir_file_are_refused_by_every_way_in(cli, tmp_path: Path) -> None:
    neurons = nir.LIF(np.full(1, 1e-3), np.full(1, 10.0), np.zeros(1), np.ones(1), np.zeros(1))
    nodes = {"w": nir.Linear(np.ones((1, 2))), "n": neurons}
    nir.write(tmp_path / "a.nir", nir.NIRGraph(nodes, [("w", "n")], type_check=False))
    np.savez(tmp_path / "x.npz", input=np.ones((1, 2, 2), np.uint8))
    with pytest.raises(ExportError, match="1000000000 time steps: give at least 1 and at most 1,000,000"):
        read_nir(tmp_path / "a.nir", steps=10**9, dt_s=1e-4)
    with pytest.raises(NetworkError, match="1000000000 time steps"):
        na.energy(tmp_path / "a.nir", tmp_path / "x.npz", profiles="loihi2", steps=10**9, dt_s=1e-4)
    for command in ("simulate", "energy", "export"):
        asked = (command, tmp_path / "a.nir", "--input", tmp_path / "x.npz", "--dt", "1e-4")
        done = cli(*asked, "--time-steps", "1000000000")
        assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, "")
        assert "--time-steps 1000000000 is not allowed: give a whole number from 1 to 10,000" in done.stderr
    done = cli("train", "--time-steps", "1000000000", "--out", tmp_path / "run")
    assert (done.returncode, (tmp_path / "run").exists()) == (2, False)


@pytest.mark.parametrize(
    "run",
    [
        lambda: float_spikes([LAYER], np.broadcast_to(np.uint8(1), (MAX_STEPS, 5_000, 2))),
        lambda: float_states([WIDE], np.broadcast_to(np.uint8(1), (MAX_STEPS, 1, 2))),
        lambda: integer_spikes(quantize(GRAPH).layers, np.broadcast_to(np.uint8(1), (MAX_STEPS, 5_000, 3))),
        lambda: PopulationEncoder([[0.0]], [[1.0]]).encode(np.zeros((5_000, 1), np.float32), MAX_STEPS),
        lambda: require_slots(MAX_SLOTS, 1, 2),
    ],
    ids=["float", "states", "integers", "encoder", "sum"],
)
def test_a_run_that_would_not_fit_is_refused_before_it_is_allocated(run) -> None:  # type: ignore[no-untyped-def]
    tracemalloc.start()
    try:
        with pytest.raises(
            ExportError, match=r"slots, and at most 4,294,967,296 are run at once: give fewer"
        ):
            run()
        assert tracemalloc.get_traced_memory()[1] < 1 << 26
    finally:
        tracemalloc.stop()


def test_the_largest_number_of_steps_runs() -> None:
    graph = replace(GRAPH, steps=MAX_STEPS)
    drive = np.ones((MAX_STEPS, 1, 2), np.uint8)
    assert float_spikes(graph.layers, drive)[0].all()
    assert integer_spikes(quantize(graph).layers, np.ones((MAX_STEPS, 1, 3), np.uint8))[0].all()


def test_observations_of_many_decisions_are_refused_before_they_are_encoded(make_graph) -> None:  # type: ignore[no-untyped-def]
    graph = replace(make_graph(np.random.default_rng(0)), steps=MAX_STEPS)
    with pytest.raises(ExportError, match="give fewer decisions or steps"):
        simulate_float(graph, np.zeros((1_000, 3), np.float32))
