"""The network file and real Lava beside the integer simulator."""

import importlib.metadata
from pathlib import Path

import numpy as np
import pytest

from export.errors import ExportError
from export.graph import PopulationDecoder, PopulationEncoder
from export.lava import LAVA_INSTALL, lava_version, read_network, run_network, write_network
from export.quantize import QuantizedGraph, QuantizedLayer, quantize
from export.simulate import integer_spikes, simulate_integer
from export.verify import compare

needs_lava = pytest.mark.skipif(lava_version() is None, reason=f"Lava is not installed: {LAVA_INSTALL}")


def _graph(*layers: QuantizedLayer, steps: int = 5) -> QuantizedGraph:
    inputs, outputs = layers[0].inputs - 1, layers[-1].neurons
    encoder = PopulationEncoder(np.zeros((1, inputs)), np.ones((1, inputs)))
    decoder = PopulationDecoder(np.ones((1, outputs)), np.zeros(1))
    return QuantizedGraph(encoder, layers, decoder, steps)


def _layer(weight: object, threshold: int = 64) -> QuantizedLayer:
    array = np.asarray(weight)
    return QuantizedLayer(array, np.zeros(len(array), dtype=int), 2048, 1024, threshold)


@needs_lava
@pytest.mark.parametrize("steps", [5, 16])
def test_lava_fires_as_the_simulator(make_graph, tmp_path: Path, steps: int) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(steps)
    qgraph = quantize(make_graph(rng, (40, 30), steps=steps))
    activity = simulate_integer(qgraph, rng.uniform(-1, 1, (12, 3)))
    path = tmp_path / "actor.net"
    write_network(qgraph, path)
    result = compare(activity, run_network(path, activity.input_spikes, steps))
    assert result.slots == 12 * steps * (40 + 30 + 8)
    assert min(layer[1] for layer in result.per_layer) > 50
    assert result.mismatches == 0


@needs_lava
def test_lava_and_simulator_agree_at_the_edges_of_the_integers(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)

    def layer(
        inputs: int,
        outputs: int,
        low: int,
        high: int,
        decays: tuple[int, int],
        threshold: int,
        *,
        last: bool = False,
    ) -> QuantizedLayer:
        weight = 2 * rng.integers(low // 2, high // 2 + 1, (outputs, inputs))
        weight[0, 0], weight[-1, -1] = low, high
        bias = rng.integers(-4096, 4096, outputs)
        if not last:
            weight[-1] = np.maximum(weight[-1], 0)
            bias[-1] = threshold + 1
        return QuantizedLayer(weight, bias, *decays, threshold)

    layers = (
        layer(1200, 24, -256, 254, (2048, 1024), 4000),
        layer(24, 20, 0, 254, (1, 0), 4094),
        layer(20, 20, -254, 0, (4096, 4095), 0),
        layer(20, 20, -2, 2, (1365, 77), 1),
        layer(20, 10, -254, -2, (100, 4000), 1000, last=True),
    )
    # The first layer's rows lean to one side each, so that its currents wrap and its potentials clip.
    lean = np.where(np.arange(24) % 2, 2, -2)[:, None] * rng.integers(0, 90, (24, 1200))
    tilted = np.clip(layers[0].weight + lean, -256, 254)
    tilted[-1] = np.abs(tilted[-1] // 4) * 2
    first = QuantizedLayer(tilted, layers[0].bias_mant, 2048, 1024, 4000)
    assert first.worst_current(6) > 2**23
    qgraph = _graph(first, *layers[1:], steps=6)
    inputs = (rng.random((6, 10, 1200)) < rng.random((6, 10, 1))).astype(np.uint8)
    write_network(qgraph, tmp_path / "edges.net")
    ours = integer_spikes(qgraph.layers, inputs)
    for mine, other in zip(ours, run_network(tmp_path / "edges.net", inputs, 6), strict=True):
        assert 0 < mine.mean() < 1
        np.testing.assert_array_equal(mine, other)


@needs_lava
def test_silent_network_runs_and_a_time_out_ends_lava(make_graph, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    qgraph = quantize(make_graph(rng, (4,), gain=0.0))
    activity = simulate_integer(qgraph, rng.uniform(-1, 1, (2, 3)))
    path = tmp_path / "silent.net"
    write_network(qgraph, path)
    result = compare(activity, run_network(path, activity.input_spikes, 5))
    assert (result.spikes, result.mismatches) == (0, 0)
    endless = np.ones((5, 40_000, 13), dtype=np.uint8)
    with pytest.raises(ExportError, match=r"did not end within 6 s and was killed.*fewer decisions"):
        run_network(path, endless, 5, timeout_s=6.0)
    commands = [entry.read_bytes() for entry in Path("/proc").glob("[0-9]*/cmdline")]
    assert not any(str(path).encode() in command for command in commands)


@needs_lava
def test_file_holds_the_same_integers_and_nothing_beside_it(make_graph, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    import torch

    torch.manual_seed(3)
    before = torch.get_rng_state()
    qgraph = quantize(make_graph(np.random.default_rng(2)))
    write_network(qgraph, tmp_path / "actor.net")
    for mine, other in zip(qgraph.layers, read_network(tmp_path / "actor.net"), strict=True):
        np.testing.assert_array_equal(mine.weight, other.weight)
        np.testing.assert_array_equal(mine.bias_mant, other.bias_mant)
    assert [entry.name for entry in tmp_path.iterdir()] == ["actor.net"]
    assert torch.equal(before, torch.get_rng_state())


@needs_lava
def test_a_failed_write_leaves_the_old_file(
    make_graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    def fail(path: Path) -> None:
        raise ExportError("the disk is full")

    target = tmp_path / "actor.net"
    target.write_text("old")
    monkeypatch.setattr("export.lava.read_network", fail)
    with pytest.raises(ExportError, match="the disk is full"):
        write_network(quantize(make_graph(np.random.default_rng(2))), target)
    assert target.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["actor.net"]
    with pytest.raises(ExportError, match="cannot be written"):
        write_network(quantize(make_graph(np.random.default_rng(2))), tmp_path / "missing" / "actor.net")


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros((2, 3), dtype=int), "layer 0 has only zero weights"),
        ([[-129, 0, -2]], "would all become 0"),
    ],
)
def test_matrices_that_the_loader_alters_are_refused(weight: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=message):
        write_network(_graph(_layer(weight)), tmp_path / "x.net")
    assert not list(tmp_path.iterdir())


@needs_lava
def test_a_run_refuses_files_and_spikes_that_do_not_fit(tmp_path: Path) -> None:
    text = tmp_path / "text.net"
    text.write_text("not a network")
    for path in (text, tmp_path / "missing.net"):
        with pytest.raises(ExportError, match="is not a network file"):
            run_network(path, np.ones((5, 1, 3)), 5)
    path = tmp_path / "x.net"
    write_network(_graph(_layer([[2, 4, -6]])), path)
    with pytest.raises(ExportError, match=r"give \(steps, decisions, 3\)"):
        run_network(path, np.ones((5, 1, 4)), 5)
    with pytest.raises(ExportError, match=r"give \(6, decisions, 3\)"):
        run_network(path, np.ones((5, 1, 3)), 6)
    with pytest.raises(ExportError, match="at least one decision"):
        run_network(path, np.ones((5, 0, 3)), 5)


def test_without_lava_one_line_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    assert lava_version() is None
    with pytest.raises(ExportError, match=r"lava-nc==0\.10\.0 lava-dl==0\.6\.0"):
        write_network(_graph(_layer([[2, 4, -6]])), tmp_path / "x.net")
    with pytest.raises(ExportError, match=r"lava-nc==0\.10\.0 lava-dl==0\.6\.0"):
        run_network(tmp_path / "x.net", np.ones((5, 1, 3)), 5)
    assert not list(tmp_path.iterdir())
