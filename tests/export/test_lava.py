"""The network file and real Lava beside the integer simulator."""

import importlib.metadata
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import PopulationDecoder, PopulationEncoder
from neuro_aolo_export.loihi2.lava import LAVA_INSTALL, lava_version, read_network, run_network, write_network
from neuro_aolo_export.loihi2.lava_file import require_loadable
from neuro_aolo_export.loihi2.quantize import QuantizedGraph, QuantizedLayer, quantize
from neuro_aolo_export.simulate import integer_spikes, simulate_integer
from neuro_aolo_export.verify import compare_spikes

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
    result = compare_spikes(activity, run_network(path, activity.input_spikes, steps))
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
def test_silent_network_runs_and_a_time_out_ends_lava(tmp_path: Path) -> None:
    hidden = QuantizedLayer(np.eye(5, 13, 8, dtype=int), np.array([0, 0, 0, 0, 65]), 2048, 1024, 64)
    qgraph = _graph(hidden, _layer(-6 * np.eye(8, 5, 4, dtype=int)))
    activity = simulate_integer(qgraph, np.zeros((2, 1)))
    path = tmp_path / "silent.net"
    write_network(qgraph, path)
    result = compare_spikes(activity, run_network(path, activity.input_spikes, 5))
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
    monkeypatch.setattr("neuro_aolo_export.loihi2.lava_file.read_network", fail)
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
        ([[-128, -3, -2]], "a lowest one of -128, which lava-dl would alter"),
        ([[-2, 0, 0]], "a lowest one of -2, which lava-dl would alter"),
    ],
)
def test_matrices_that_the_loader_alters_are_refused(weight: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=message):
        write_network(_graph(_layer(weight)), tmp_path / "x.net")
    assert not list(tmp_path.iterdir())


def test_layers_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="layer 0 has 1 neurons and layer 1 2 inputs"):
        write_network([_layer([[2, 4, -6]]), _layer([[2, 4]])], tmp_path / "x.net")
    with pytest.raises(ExportError, match="no layers"):
        write_network([], tmp_path / "x.net")


# Prints the matrices of the chip's sign modes that Lava holds other than lava-dl's loader shifted them.
ALTERED = """
import numpy as np
from neuro_aolo_export.loihi2._lava_compat import load_runtime
load_runtime()
from lava.lib.dl.netx.utils import optimize_weight_bits
from lava.utils.weightutils import clip_weights, determine_sign_mode, truncate_weights
np.seterr(all="ignore")
for line in open(0):
    weight = np.array([line.split()], dtype=int)
    try:
        shifted, bits, exponent, _ = optimize_weight_bits(weight)
        mode = determine_sign_mode(shifted)
        held = truncate_weights(clip_weights(shifted, mode, 8), mode, bits)
        altered = not np.array_equal(held, weight << int(-exponent))
    except OverflowError:
        altered = True
    if altered:
        print(line, end="")
"""


def _matrices() -> list[tuple[int, ...]]:
    """One row for each lowest weight of every sign mode beside many highest ones, odd and even."""
    rows = {(low, high) for low in range(-255, 1) for high in (low, -1, 0) if low <= high}
    rows |= {(low, high) for high in range(256) for low in (0, 1, high // 2, high) if low <= high}
    mixed = (2, 4, 62, 64, 126, 128, 130, 252, 254)
    rows |= {(low, high) for low in range(-256, 0, 2) for high in mixed}
    rows |= {(-low, high) for low in mixed for high in range(2, 256, 2)}
    found = set()
    for low, high in rows:
        step = 2 if low < 0 < high else 1
        inner = (min(max(value, low), high) for value in (low + step, high - step, 0))
        found |= {(low, high), (low, high, *inner)}
    return sorted(found)


@needs_lava
def test_exactly_the_matrices_that_lava_alters_are_refused() -> None:
    matrices = _matrices()
    command = [sys.executable, "-W", "ignore", "-c", ALTERED]
    given = "".join(" ".join(map(str, matrix)) + "\n" for matrix in matrices)
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
    altered = {tuple(map(int, line.split())) for line in done.stdout.splitlines()}
    refused = set()
    for matrix in matrices:
        try:
            require_loadable([_layer([matrix])])
        except ExportError:
            refused.add(matrix)
    assert altered == refused
    assert {(-2, 0), (-128, -1), (-131, 0), (0, 0)} <= altered


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
    with pytest.raises(ExportError, match=r"not installed \(lava-nc, lava-dl missing\): .*lava-dl==0\.6\.0"):
        write_network(_graph(_layer([[2, 4, -6]])), tmp_path / "x.net")
    with pytest.raises(ExportError, match=r"lava-nc==0\.10\.0 lava-dl==0\.6\.0"):
        run_network(tmp_path / "x.net", np.ones((5, 1, 3)), 5)
    assert not list(tmp_path.iterdir())


@needs_lava
def test_a_part_that_fails_ends_the_run_and_tells_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_network([_layer([[2, 4, -6]])], tmp_path / "x.net")
    # One of the processes that Lava forks cannot open its file.
    (tmp_path / "sitecustomize.py").write_text("""
import numpy
load = numpy.load
def failing(path, *args, **kwargs):
    if "layer_0" in str(path):
        raise RuntimeError("no memory map")
    return load(path, *args, **kwargs)
numpy.load = failing
""")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ExportError, match=r"failed with exit status -15 \(RuntimeError: no memory map\)"):
        run_network(tmp_path / "x.net", np.ones((5, 1, 3)), 5)


def _damage(change: Callable[[h5py.Group], object]) -> Callable[[h5py.File], object]:
    return lambda file: change(file["layer/0"])


def _replace(name: str, value: object) -> Callable[[h5py.File], object]:
    def change(layer: h5py.Group) -> None:
        del layer[name]
        layer[name] = value

    return _damage(change)


def _link_all(file: h5py.File) -> None:
    # The same weights, 64 times over.
    weight = np.ones((1000, 1000), dtype=np.uint8)
    del file["layer/0/weight"]
    file["layer/0/weight"] = weight
    for index in range(1, 64):
        file[f"layer/{index}"] = file["layer/0"]


HOSTILE: dict[str, tuple[Callable[[h5py.File], object], str]] = {
    "no layers": (lambda file: file.pop("layer"), "/layer: missing"),
    "an empty group of layers": (lambda file: file["layer"].pop("0"), r"layers \(none\)"),
    "a gap": (lambda file: file.move("layer/0", "layer/1"), "layers 1: number them"),
    "no weight": (_damage(lambda layer: layer.pop("weight")), "/layer/0/weight: missing"),
    "no decay": (_damage(lambda layer: layer["neuron"].pop("iDecay")), "iDecay: missing"),
    "weights of one row": (_replace("weight", np.ones(3)), "has weight"),
    "a weight too many": (_replace("weight", np.ones((2, 3))), "does not fit|shape"),
    "another shape": (_replace("shape", np.array([7])), r"shape \[7\]"),
    "biases of another shape": (_replace("bias", np.ones((2, 2))), "elements: at most"),
    "fractions": (_replace("weight", np.full((1, 3), 0.5)), "not an array of integers"),
    "NaN": (_replace("weight", np.full((1, 3), np.nan)), "NaN or infinity"),
    "infinite": (_replace("bias", np.array([np.inf])), "NaN or infinity"),
    "1e300": (_replace("weight", np.full((1, 3), 1e300)), "not an array of integers"),
    "64 bits": (_replace("weight", np.full((1, 3), 2**63, dtype=np.uint64)), "not an array of integers"),
    "a weight of 9 bits": (_replace("weight", np.array([[2, -300, 2]])), "weight -300: the chip holds"),
    "a bias of 14 bits": (_replace("bias", np.array([5000])), "bias_mant 5000: the chip holds"),
    "a long decay": (_replace("neuron/iDecay", 5000), "current_decay 5000"),
    "a high threshold": (_replace("neuron/vThMant", 1 << 17), "threshold_mant 131072"),
    "a decay of NaN": (_replace("neuron/iDecay", np.nan), "NaN"),
    "convolution": (_replace("type", np.array([b"conv"], "S10")), "is conv with CUBA neurons"),
    "other neurons": (_replace("neuron/type", np.bytes_("SDNN")), "is dense with SDNN neurons"),
    "numbers for a type": (_replace("type", 3), "not text"),
    "delays": (_damage(lambda layer: layer.create_dataset("delay", data=1)), "has delay, which is not"),
    "graded spikes": (_replace("neuron/gradedSpike", True), "gradedSpike is other than 0"),
    "a refractory period": (_replace("neuron/refDelay", 3), "refDelay is other than 1"),
    "objects": (
        _damage(lambda layer: (layer.pop("bias"), layer.create_dataset("bias", (1,), h5py.vlen_dtype("i4")))),
        "not real numbers",
    ),
    "a declared 10^12": (
        _damage(lambda layer: (layer.pop("weight"), layer.create_dataset("weight", (10**6, 10**6), "f4"))),
        "1,000,000,000,000 elements",
    ),
    "an external link": (_replace("weight", h5py.ExternalLink("/etc/hostname", "/")), "a link to elsewhere"),
    "a soft link": (_replace("neuron", h5py.SoftLink("/layer")), "a link to elsewhere"),
    "one layer for many": (_link_all, "layer/1[67]/weight: .*elements: at most|has weight"),
}


@pytest.fixture(scope="module")
def plain_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plain") / "plain.net"
    with h5py.File(path, "w") as file:
        layer = file.create_group("layer/0")
        layer["type"] = np.array([b"dense"], "S10")
        layer["shape"] = np.array([1])
        layer["weight"] = np.array([[2, 4, -6]])
        layer["bias"] = np.array([7])
        layer["neuron/type"] = np.array([b"CUBA"], "S10")
        for name, value in {"iDecay": 2048, "vDecay": 1024, "vThMant": 64, "refDelay": 1}.items():
            layer[f"neuron/{name}"] = value
        layer["neuron/gradedSpike"] = False
    return path


@pytest.mark.parametrize("case", HOSTILE)
def test_a_strangers_network_file_is_refused_in_one_line(case: str, plain_file: Path, tmp_path: Path) -> None:
    change, message = HOSTILE[case]
    path = tmp_path / "x.net"
    path.write_bytes(plain_file.read_bytes())
    assert [layer.weight.tolist() for layer in read_network(path)] == [[[2, 4, -6]]]
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(ExportError, match=message) as refused:
        read_network(path)
    text = str(refused.value)
    assert text.startswith(f"{path} is not a network file of dense layers (")
    assert "\n" not in text
    assert len(text) < 400


def test_a_truncated_network_file_is_refused(plain_file: Path, tmp_path: Path) -> None:
    whole = plain_file.read_bytes()
    for share in (0.0, 0.01, 0.5, 0.99):
        path = tmp_path / "x.net"
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ExportError, match="is not a network file of dense layers"):
            read_network(path)
