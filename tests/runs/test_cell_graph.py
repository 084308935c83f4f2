"""Networks that are kept beside their cells."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.comparison.plan import Plan
from neuro_aolo.errors import RunError
from neuro_aolo.runs import cell_graph
from neuro_aolo.runs.cell import Cell
from neuro_aolo.runs.cell_graph import MadeCell, graph_file, kept_graph
from neuro_aolo.runs.presets import PRESETS
from neuro_aolo_export.graph import SpikingGraph
from neuro_aolo_export.graph_file import graph_digest
from neuro_aolo_export.simulate import simulate_float


@pytest.fixture(scope="module")
def made() -> MadeCell:
    training, _ = PRESETS["tuned"]
    few = replace(training, total_steps=640, validation_requests=200, evaluate_every=10)
    return Plan.of("paper", "spiking", 0, few, PopSANConfig(hidden=(8, 8)), 1.0).make()


def test_a_network_is_read_back_as_it_decided(made: MadeCell, tmp_path: Path) -> None:
    file = tmp_path / "cells" / "paper-spiking-0.json"
    made.save(file)
    cell, graph = kept_graph(file)
    assert made.graph is not None
    assert cell == replace(made.cell, graph_sha256=graph_digest(made.graph))
    assert Cell.load(file) == cell
    assert isinstance(graph, SpikingGraph)
    assert isinstance(made.graph, SpikingGraph)
    seen = np.random.default_rng(0).uniform(-1.0, 1.0, (20, 5)).astype(np.float32)
    np.testing.assert_array_equal(
        simulate_float(graph, seen).actions, simulate_float(made.graph, seen).actions
    )
    assert {path.name for path in file.parent.iterdir()} == {"paper-spiking-0.json", "paper-spiking-0.graph"}


def test_one_that_is_too_large_is_not_kept(
    made: MadeCell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cell.json"
    made.save(file)
    monkeypatch.setattr(cell_graph, "MOST_BYTES", 1_000)
    made.save(file)
    assert not graph_file(file).exists()
    assert Cell.load(file).graph_sha256 == ""
    with pytest.raises(RunError, match=r"names no network: make the cell again"):
        kept_graph(file)


def test_another_network_or_none_is_refused(made: MadeCell, tmp_path: Path) -> None:
    file, other = tmp_path / "cell.json", tmp_path / "other.json"
    made.save(file)
    assert isinstance(made.graph, SpikingGraph)
    MadeCell(made.cell, replace(made.graph, steps=made.graph.steps + 1)).save(other)
    graph_file(other).replace(graph_file(file))
    with pytest.raises(RunError, match=r"cell\.graph is not the network that cell\.json names"):
        kept_graph(file)
    graph_file(file).write_bytes(b"no graph")
    with pytest.raises(RunError, match=r"is no graph file"):
        kept_graph(file)
    graph_file(file).unlink()
    with pytest.raises(RunError, match="make the cell again"):
        kept_graph(file)
