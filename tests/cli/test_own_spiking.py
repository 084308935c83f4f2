"""A spiking network of one's own on the command line: what its file cannot say is said for it."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

import neuro_aolo as na
from neuro_aolo_export.graph_file import load_graph
from neuro_aolo_export.loihi2.lava import lava_version

STEPS = 20
OF_FILE = ("--dt", "1e-4", "--time-steps", str(STEPS))
ASSUMED = "reset to 0 assumed, as a NIR file cannot say: a network trained with reset by subtraction"


@pytest.fixture
def own(tmp_path: Path) -> tuple[Path, Path]:
    """A chain as snnTorch and sinabs write it, and input spikes."""
    rng = np.random.default_rng(5)
    n = 4
    neurons = nir.LIF(np.full(n, 1e-3), np.full(n, 10.0), np.zeros(n), np.ones(n), np.zeros(n))
    nodes: dict[str, Any] = {"input": nir.Input(np.array([6])), "w": nir.Linear(rng.normal(0.2, 0.5, (n, 6)))}
    nodes |= {"n": neurons, "output": nir.Output(np.array([n]))}
    nir.write(tmp_path / "net.nir", nir.NIRGraph(nodes, list(pairwise(nodes))))
    np.savez(tmp_path / "in.npz", input=(rng.random((3, STEPS, 6)) < 0.4).astype(np.uint8))
    return tmp_path / "net.nir", tmp_path / "in.npz"


def by_hand(net: Path, given: Path, *, subtract: bool) -> np.ndarray:
    """``v = 0.9 v + W s``; a spike where ``v > 1``, which is taken off v, or all of v is."""
    weight = np.asarray(nir.read(net).nodes["w"].weight, np.float32).astype(np.float64)
    spikes = np.load(given)["input"].astype(np.float64)
    potential, fired = np.zeros((3, 4)), []
    for step in range(STEPS):
        potential = 0.9 * potential + spikes[:, step] @ weight.T
        spiked = potential > 1.0
        potential = potential - spiked * (1.0 if subtract else potential)
        fired.append(spiked)
    return np.array(fired, np.uint8).transpose(1, 0, 2)


@pytest.mark.parametrize("backend", ["float", "onnx"])
@pytest.mark.parametrize("reset", [None, "zero", "subtract", "Subtract"])
def test_simulate_says_what_it_assumed(cli, own, tmp_path: Path, backend: str, reset: str | None) -> None:
    net, given = own
    typed = () if reset is None else ("--reset", reset)
    asked = ("simulate", net, "--input", given, *OF_FILE, "--backend", backend, *typed)
    done = cli(*asked, "--save", tmp_path / "out.npz")
    assert (done.returncode, done.stderr) == (0, "")
    subtract = (reset or "").lower() == "subtract"
    assert (ASSUMED in done.stdout) == (reset is None)
    assert (
        "reset by subtraction: a spike takes the threshold off before the next leak" in done.stdout
    ) == subtract
    np.testing.assert_array_equal(
        np.load(tmp_path / "out.npz")["layer0"], by_hand(net, given, subtract=subtract)
    )
    said = json.loads(cli(*asked, "--json").stdout)
    assert (said["reset"], said["reset_assumed"]) == ("subtract" if subtract else "zero", reset is None)


def test_energy_says_it_on_the_command_line_and_in_python(cli, own) -> None:
    net, given = own
    asked = ("energy", net, "--input", given, *OF_FILE, "--profile", "loihi2")
    assert ASSUMED in cli(*asked).stdout
    rates = {}
    for reset in ("zero", "subtract"):
        done = cli(*asked, "--reset", reset, "--json")
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert (said["reset"], said["reset_assumed"]) == (reset, False)
        bill = na.energy(net, given, profiles="loihi2", steps=STEPS, dt_s=1e-4, reset=reset)
        assert bill.network["firing_rate"] == said["firing_rate"]
        rates[reset] = said["firing_rate"]
    assert rates["subtract"] > rates["zero"]
    assert na.energy(net, given, profiles="loihi2", steps=STEPS, dt_s=1e-4).network["reset_assumed"] is True


def test_export_records_it_beside_the_digest(cli, own, tmp_path: Path) -> None:
    net, given = own
    asked = ("export", net, "--input", given, *OF_FILE)
    for reset, typed in (("zero", ()), ("subtract", ("--reset", "subtract"))):
        folder = tmp_path / reset
        done = cli(*asked, "--to", "nir,onnx", "--out", folder, *typed)
        assert (done.returncode, done.stderr) == (0, "")
        assert (ASSUMED in done.stdout) == (reset == "zero")
        assert ("actor.nir says so in its metadata" in done.stdout) == (reset == "subtract")
        record = json.loads((folder / "exports.json").read_text("utf-8"))["actor.graph"]
        assert (record["reset"], record["reset_assumed"]) == (reset, reset == "zero")
        assert load_graph(folder / "actor.graph").reset == reset
        # What was written says it itself: nothing is assumed any more.
        for name in ("actor.nir", "actor.graph"):
            again = cli("simulate", folder / name, "--input", given, "--json", "--backend", "float")
            said = json.loads(again.stdout)
            assert (said["reset"], said["reset_assumed"]) == (reset, False)


@pytest.mark.skipif(lava_version() is None, reason="Lava is not installed")
def test_lava_is_left_out_or_refused_where_its_neuron_cannot(cli, own, tmp_path: Path) -> None:
    net, given = own
    asked = ("export", net, "--input", given, *OF_FILE, "--reset", "subtract", "--out", tmp_path / "out")
    refused = cli(*asked, "--to", "lava,nir")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "resets by subtraction, which Lava's neuron cannot: leave lava out of --to" in refused.stderr
    done = cli(*asked)
    assert done.returncode == 0, done.stderr
    assert "resets by subtraction, which Lava's neuron cannot, so no actor.net was written" in done.stdout
    assert not (tmp_path / "out" / "actor.net").exists()
    simulated = cli("simulate", net, "--input", given, *OF_FILE, "--reset", "subtract", "--backend", "lava")
    assert (simulated.returncode, simulated.stderr.count("\n")) == (2, 1)
    assert "which Lava's neuron cannot" in simulated.stderr


def test_a_reset_that_does_not_go_with_the_source_is_refused(
    cli, own, small_run: Path, tmp_path: Path
) -> None:
    net, given = own
    done = cli("export", net, "--input", given, *OF_FILE, "--to", "nir", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    graph = tmp_path / "out" / "actor.graph"
    for source, typed, message in (
        (net, "none", "--reset 'none' is neither zero nor subtract: choose one of them"),
        (graph, "subtract", "tells its own reset: leave --reset out"),
        (tmp_path / "out" / "actor.nir", "zero", ""),
        (graph, "zero", ""),
    ):
        done = cli("simulate", source, "--input", given, "--backend", "float", "--reset", typed)
        assert done.returncode == (2 if message else 0), done.stderr
        assert message in done.stderr
    done = cli("simulate", small_run, "--reset", "zero")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--reset zero goes with a network file" in done.stderr
    onnx = Path(__file__).parents[1] / "export" / "onnx_files" / "torch_dynamo.onnx"
    done = cli("energy", onnx, "--reset", "zero")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "--reset zero does not go with" in done.stderr


@pytest.mark.parametrize("name", ["[red]net", "a:x:b", "net\x1b[31m", "b\x07\rell", "=1+1"])
def test_names_of_files_are_printed_as_the_letters_that_they_are(cli, own, tmp_path: Path, name: str) -> None:
    net, given = own
    source = net.rename(tmp_path / f"{name}.nir")
    folder = tmp_path / f"{name}.out"
    shown = name.replace("\x1b", r"\x1b").replace("\x07", r"\x07").replace("\r", r"\r")
    done = cli("export", source, "--input", given, *OF_FILE, "--to", "nir", "--out", folder)
    assert done.returncode == 0, done.stderr
    assert f"{shown}.out" in "".join(done.stdout.split("\n"))
    wrong = cli("simulate", source, "--input", given, "--dt", "1e-4")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert f"{shown}.nir: the file does not say how many time steps" in wrong.stderr
    assert not set(done.stdout + wrong.stderr) & set("\x1b\x07\r")
