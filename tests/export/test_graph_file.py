"""Graphs to disk and back, their digest, and files that are none."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import DenseGraph, DenseLayer, Quantity, SpikingGraph
from neuro_aolo_export.graph_file import graph_digest, load_graph, save_graph
from neuro_aolo_export.quantity import normalise, physical

QUANTITIES = (Quantity("m", "-", 0.5, 3.0), Quantity("omega", "-", 0.1, 1.0), Quantity("bits", "bit", 8, 64))
ACTIONS = (Quantity("words", "word", 50.0, 350.0), Quantity("power_w", "W", 0.1, 60.0))


@pytest.fixture
def graph(make_graph) -> SpikingGraph:  # type: ignore[no-untyped-def]
    plain = make_graph(np.random.default_rng(0))
    return replace(plain, step_s=1e-3, observations=QUANTITIES, actions=ACTIONS)


def _dense() -> DenseGraph:
    return DenseGraph((DenseLayer([[1.0, -2.0]], [0.1], "tanh"),))


def test_file_to_graph_to_file_is_identical(graph: SpikingGraph, tmp_path: Path) -> None:
    bare = replace(graph, encoder=None, decoder=None, observations=(), actions=())
    for wanted in (graph, bare, _dense()):
        save_graph(wanted, tmp_path / "a.graph")
        read = load_graph(tmp_path / "a.graph")
        save_graph(read, tmp_path / "b.graph")
        assert (tmp_path / "a.graph").read_bytes() == (tmp_path / "b.graph").read_bytes()
        assert graph_digest(read) == graph_digest(wanted)
        assert read.observations == wanted.observations
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.graph", "b.graph"]


def test_digest_tells_any_difference(graph: SpikingGraph) -> None:
    first = graph.layers[0]
    nudged = np.array(first.weight)
    nudged[0, 0] = np.nextafter(nudged[0, 0], np.float32(9))
    others = [
        replace(graph, layers=(replace(first, weight=nudged), *graph.layers[1:])),
        replace(graph, layers=(replace(first, threshold=0.6), *graph.layers[1:])),
        replace(graph, steps=6),
        replace(graph, step_s=None),
        replace(graph, observations=()),
        replace(graph, actions=(replace(ACTIONS[0], high=351.0), ACTIONS[1])),
    ]
    digests = {graph_digest(other) for other in (graph, *others)}
    assert len(digests) == len(others) + 1


def _rewrite(path: Path, **changes: object) -> None:
    """Change the description and leave the digest as it was, or change the digest."""
    from safetensors import safe_open

    with safe_open(path, framework="np") as file:
        description = json.loads(file.metadata()["neuro_aolo_graph"])
    save_file(load_file(path), path, {"neuro_aolo_graph": json.dumps(description | changes)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 6}, "was changed or damaged"),
        ({"sha256": "0" * 64}, "was changed or damaged"),
        ({"sha256": None}, "was changed or damaged"),
    ],
)
def test_what_its_digest_denies_is_refused(
    graph: SpikingGraph, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    path = tmp_path / "actor.graph"
    save_graph(graph, path)
    _rewrite(path, **changes)
    with pytest.raises(ExportError, match=message):
        load_graph(path)


def test_normaliser_is_affine_and_clipped() -> None:
    values = [[0.5, 1.0, 36.0], [3.0, 0.1, 1e9], [-1.0, 0.55, 8.0]]
    assert normalise(QUANTITIES, values).tolist() == pytest.approx(
        np.array([[-1, 1, 0], [1, -1, 1], [-1, 0, -1]]), abs=1e-7
    )
    assert physical(ACTIONS, [[-1.0, 1.0], [0.0, 7.0]]).tolist() == [[50.0, 60.0], [200.0, 60.0]]
    with pytest.raises(ExportError, match=r"give \(decisions, 2\), the columns words, power_w"):
        physical(ACTIONS, [1.0, 2.0])
    with pytest.raises(ExportError, match=r"x ranges from 1\.0 to 1\.0"):
        Quantity("x", "1", 1, 1)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "actor.graph")
    with pytest.raises(ExportError, match="not a regular file"):
        load_graph(tmp_path / "actor.graph")
