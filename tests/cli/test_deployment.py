"""Export, simulate and energy as they are typed, on a run and on network files of one's own."""

import json
import shutil
from itertools import pairwise
from pathlib import Path

import nir
import numpy as np
import pytest

from neuro_aolo.agent.checkpoint import load_actor
from neuro_aolo_export.graph_file import graph_digest, load_graph
from neuro_aolo_export.loihi2.lava import lava_version
from neuro_aolo_export.nir.convert import read_nir

needs_lava = pytest.mark.skipif(lava_version() is None, reason="Lava is not installed")
FILES = {"actor.nir", "actor_step.onnx", "actor_decision.onnx", "actor_dense.onnx", "actor_dense_int8.onnx"}


@pytest.fixture(scope="module")
def exported(cli, small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of a small run, exported to NIR and ONNX."""
    folder = tmp_path_factory.mktemp("exported") / "run"
    shutil.copytree(small_run, folder)
    done = cli("export", folder, "--to", "nir,onnx", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert set(said["files"]) == FILES
    return folder


def test_every_export_is_run_back_and_recorded(exported: Path) -> None:
    record = json.loads((exported / "exports.json").read_text())
    digest = record["actor.graph"]["graph_sha256"]
    assert graph_digest(load_graph(exported / "actor.graph")) == digest
    assert graph_digest(read_nir(exported / "actor.nir")) == digest
    spiking = record["actor.graph"]["files"]
    for name in ("actor.nir", "actor_step.onnx", "actor_decision.onnx"):
        assert spiking[name]["decisions"] == 2_048
        assert spiking[name]["slots"] == 2_048 * 5 * 1_024
        assert spiking[name]["spikes"] > 10_000
    assert spiking["actor.nir"]["mismatches"] == 0
    quantisation = record["actor.graph"]["quantisation"]
    assert quantisation["weight_bits"] == 8
    assert [layer["name"] for layer in quantisation["layers"]] == ["output"]
    assert 0.0 < quantisation["movement"]["slots"][0] < 0.2
    assert spiking["actor_decision.onnx"]["same_spikes_difference"] < 1e-5
    dense = record["actor_dense.onnx"]["files"]
    assert dense["actor_dense.onnx"]["action_difference"] < 1e-5
    assert 0 < dense["actor_dense_int8.onnx"]["action_difference"] < 0.5
    assert not [entry.name for entry in exported.iterdir() if entry.name.startswith(".")]


@needs_lava
def test_lava_joins_what_was_exported_before(cli, exported: Path) -> None:
    done = cli("export", exported, "--to", "lava", "--json")
    assert done.returncode == 0, done.stderr
    check = json.loads(done.stdout)["files"]["actor.net"]
    assert (check["decisions"], check["mismatches"]) == (128, 0)
    files = json.loads((exported / "exports.json").read_text())["actor.graph"]["files"]
    assert {"actor.net", "actor.nir"} <= set(files)


def test_backends_write_the_same_shapes(cli, exported: Path, tmp_path: Path) -> None:
    backends = ["float", "loihi2", "onnx", *(["lava"] if lava_version() else [])]
    stored = {}
    for backend in backends:
        path = tmp_path / f"{backend}.npz"
        asked = ("--backend", backend, "--decisions", "9", "--seed", "4", "--save", path, "--json")
        done = cli("simulate", exported, *asked)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["decisions"] == 9
        with np.load(path, allow_pickle=False) as file:
            stored[backend] = {name: file[name] for name in file.files}
    for arrays in stored.values():
        assert {name: array.shape for name, array in arrays.items()} == {
            "input": (9, 5, 5),
            "layer0": (9, 5, 1_024),
            "action": (9, 2),
        }
        assert arrays["layer0"].dtype == np.uint8
        np.testing.assert_array_equal(arrays["input"], stored["float"]["input"])
    for name, array in stored["loihi2"].items():
        if "lava" in stored:
            np.testing.assert_array_equal(array, stored["lava"][name])
    np.testing.assert_array_equal(stored["onnx"]["layer0"], stored["float"]["layer0"])
    graph = load_actor(exported).network.graph()  # type: ignore[arg-type]
    spikes = stored["float"]["layer0"].transpose(1, 0, 2)
    np.testing.assert_allclose(graph.decoder.decode(spikes), stored["float"]["action"], atol=1e-6)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["actor.graph", "actor.nir"])
def test_a_network_file_is_exported_simulated_and_priced(
    cli, exported: Path, tmp_path: Path, name: str
) -> None:
    spikes, file = tmp_path / "spikes.npz", tmp_path / name
    shutil.copy(exported / name, file)
    done = cli("simulate", exported, "--backend", "float", "--decisions", "5", "--save", spikes, "--json")
    of_run = json.loads(done.stdout)
    done = cli("simulate", file, "--input", spikes, "--backend", "float", "--json")
    assert done.returncode == 0, done.stderr
    of_file = json.loads(done.stdout)
    assert of_file["layers"] == of_run["layers"]
    # A graded spike is one spike, whatever it carries: the input never fires more than once a step.
    assert all(0.0 < layer["firing_rate"] <= 1.0 for layer in of_run["layers"])
    assert all(layer["spikes_per_decision"] <= 5 * layer["neurons"] for layer in of_run["layers"])
    assert of_file["graph_sha256"] == of_run["graph_sha256"]
    done = cli("export", file, "--input", spikes, "--to", "nir,onnx", "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "actor.nir").read_bytes() == (exported / "actor.nir").read_bytes()
    done = cli("energy", file, "--input", spikes, "--profile", "loihi2", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["energy_j"]["loihi2"]["snn"]["nominal"] > 0.0
    said = cli("energy", file, "--input", spikes, "--profile", "loihi2").stdout
    assert "Loihi 2" in said
    assert "MLP" not in said


def test_the_host_is_the_scenario_s_where_none_is_typed(
    cli, small_run: Path, tmp_path: Path, belongs
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(small_run, copy)
    settings = copy / "config.toml"
    given = settings.read_text().replace('host_profile = "mcu_m33_u575"', 'host_profile = "mcu_m7_h7a3"')
    settings.write_text(given)
    belongs(copy)
    hosts = []
    for typed in ((), ("--host", "mcu_m33_u575")):
        done = cli("energy", copy, "--profile", "loihi2", *typed, "--json")
        assert done.returncode == 0, done.stderr
        hosts.append(json.loads(done.stdout)["conditions"]["host"])
    assert hosts == ["mcu_m7_h7a3", "mcu_m33_u575"]


def test_a_decision_is_priced_under_the_conditions_that_were_typed(cli, exported: Path) -> None:
    """Always on, without a host, beside a float32 MLP of 67,328 multiply-accumulates of 1,240 pJ each."""
    named = ("--profile", "loihi2,mcu_m33_u575")
    typed = ("--request-rate", "10", "--twin", "mlp-fp32", "--host", "none")
    done = cli("energy", exported, *named, *typed, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert said["conditions"] == {
        "host": None,
        "request_rate_hz": 10.0,
        "spiking_bits": 8,
        "copies": 1,
        "dense_bits": 32,
    }
    assert list(said["bills"]) == ["loihi2", "mcu_m33_u575"]
    chip, mcu = said["bills"]["loihi2"], said["bills"]["mcu_m33_u575"]
    assert chip["mlp"] is None
    assert chip["snn"]["left_out"] == ["encoder and decoder"]
    assert chip["snn"]["boundary"].endswith("; always on, 10 decisions a second")
    assert chip["snn"]["parts_j"]["static"]["nominal"] == pytest.approx(280e-3 / 10)
    assert "host" not in chip["snn"]["parts_j"]
    assert mcu["mlp"]["parts_j"]["dynamic"]["nominal"] == pytest.approx(67_328 * 1_240e-12)
    busy_s = mcu["mlp"]["latency_s"]["nominal"]
    assert mcu["mlp"]["parts_j"]["static"]["nominal"] == pytest.approx(10e-6 * (0.1 - busy_s))
    assert mcu["mlp"]["highest_rate_hz"]["nominal"] == pytest.approx(1 / busy_s)
    assert [(pair["spiking"], pair["dense"], pair["refused"]) for pair in said["pairs"]] == [
        ("loihi2", "mcu_m33_u575", "loihi2 leaves out encoder and decoder"),
        ("mcu_m33_u575", "mcu_m33_u575", ""),
    ]
    assert list(said["nearest_pairs"]) == ["mcu_m33_u575"]


def test_a_device_that_may_not_keep_up_is_named_below_the_tables(cli, exported: Path) -> None:
    """On Loihi 1 a decision takes 0.12 to 14 ms and more."""
    done = cli("energy", exported, "--profile", "loihi1", "--request-rate", "1000")
    assert (done.returncode, done.stderr) == (0, "")
    said = " ".join(done.stdout.split())
    assert "loihi1 may not keep up with 1000 decisions a second: one takes" in said


def test_a_fault_changes_decisions_and_a_fault_of_nothing_does_not(cli, exported: Path) -> None:
    def regret(*arguments: str) -> float:
        done = cli("simulate", exported, "--backend", "loihi2", "--decisions", "400", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)["regret"]
        assert isinstance(found, float)
        return found

    whole = regret()
    assert regret("--fault", "weight-noise=0") == whole
    assert regret("--fault", "lost-spikes=0.5,stuck-silent=0.3") != whole


def test_a_finetuned_actor_is_a_run_whose_integers_decide_as_it_does(
    cli, exported: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "fine"
    done = cli("finetune", exported, "--weight-bits", "5", "--steps", "200", "--out", folder, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["requests"] == 256
    found = {}
    for backend in ("float", "loihi2"):
        done = cli("simulate", folder, "--backend", backend, "--decisions", "500", "--json")
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert said["weight_bits"] == (5 if backend == "loihi2" else None)
        found[backend] = said["regret"]
    assert found["loihi2"] == pytest.approx(found["float"], abs=2e-3)
    refused = cli("finetune", exported, "--out", folder)
    assert refused.returncode == 2
    assert "choose another --out" in refused.stderr


@pytest.mark.parametrize("energy_kwh", ["none", None, "absent"])
def test_a_run_that_does_not_say_what_it_took_is_not_trained_on(
    cli, exported: Path, tmp_path: Path, energy_kwh: str | None
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(exported, folder)
    said = json.loads((folder / "actor.json").read_text())
    said["training"]["energy_kwh"] = energy_kwh
    if energy_kwh == "absent":
        del said["training"]["energy_kwh"]
    # As a run of 0.1 has it, without a digest.
    del said["sha256"], said["files"]
    (folder / "actor.json").write_text(json.dumps({**said, "format": 1}))
    refused = cli("finetune", folder, "--out", tmp_path / "fine", "--steps", "10")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "actor.json: training.energy_kwh" in refused.stderr
    assert not (tmp_path / "fine").exists()


@needs_lava
def test_closed_loop_decides_in_turn(cli, exported: Path) -> None:
    done = cli("simulate", exported, "--closed-loop", "--decisions", "5", "--json")
    assert done.returncode == 0, done.stderr
    loop = json.loads(done.stdout)
    assert loop["decisions"] == 5
    assert loop["slots"] == 5 * 5 * 1_024
    assert loop["mismatches"] == 0
    assert loop["reward_mg"] < 0.0


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        (("export", "RUN", "--to", "onxx"), "'onxx'"),
        (("export", "RUN", "--to", ","), "give one or more of lava, nir, onnx"),
        (("export", "RUN/mlp", "--to", "nir"), "add onnx"),
        (("export", "RUN", "--input", "x.npz"), "leave it out for a run"),
        (
            (
                "export",
                "RUN/actor.nir",
            ),
            "--input FILE.npz",
        ),
        (("export", "RUN/actor.nir", "--input", "none.npz"), "none.npz"),
        (
            ("export", "RUN/config.toml", "--input", "none.npz"),
            "is a text file: name a .nir or .graph file",
        ),
        (("export", "RUN", "--out", "RUN/config.toml"), "give a folder"),
        (("export", "RUN", "--to", "nir", "--out", "RUN/config.toml/x"), "give a folder in a writable place"),
        (("export", "RUN/missing.nir", "--input", "none.npz"), "is not a folder, nor a file"),
        (("simulate", "RUN/actor.nir"), "--input FILE.npz"),
        (("simulate", "RUN/actor.nir", "--time-steps", "8"), "--input FILE.npz"),
        (("simulate", "RUN", "--backend", ""), "--backend ''"),
        (("simulate", "RUN", "--backend", "float", "--save", ""), "is a folder"),
        (("simulate", "RUN", "--closed-loop", "--save", "x.npz"), "--save x.npz: leave one of them out"),
        (
            ("simulate", "RUN", "--closed-loop", "--fault", "lost-spikes=0.1"),
            "--fault lost-spikes=0.1: leave",
        ),
        (("simulate", "RUN", "--backend", "loihi3"), "'loihi3'"),
        (("simulate", "RUN", "--backend", "float", "--fault", "lost-spikes=0.1"), "leave one out"),
        (("simulate", "RUN", "--fault", "lost=0.1"), "lost-spikes"),
        (("simulate", "RUN", "--closed-loop", "--backend", "float"), "runs on Lava"),
        (("simulate", "RUN", "--backend", "float", "--save", "missing/x.npz"), "missing/x.npz"),
        (("simulate", "RUN/mlp", "--backend", "float"), "no spikes"),
        (("energy", "RUN", "--host", "gap9"), "host gap9 has no price of exp, encoder_update, mac_fp32"),
        (("energy", "RUN", "--host", "loihi3"), "'loihi3' is unknown; allowed: a100, apollo4"),
        (("energy", "RUN", "--twin", "int8"), "--twin 'int8' is neither mlp-int8 nor mlp-fp32"),
        (
            ("energy", "RUN", "--request-rate", "0"),
            "--request-rate 0 is not allowed: give decisions a second",
        ),
        (("energy", "RUN", "--request-rate", "nan"), "--request-rate nan is not allowed"),
        (("energy", "RUN/actor.nir", "--input", "x.npz", "--request-rate", "0"), "--request-rate 0 is not"),
        (("finetune", "RUN/mlp", "--out", "RUN/fine"), "no spikes"),
        (("finetune", "RUN", "--out", "RUN/config.toml/fine"), "choose a writable place"),
        (("finetune", "RUN", "--out", "RUN/fine", "--weight-bits", "3"), "3"),
    ],
)
def test_wrong_input_is_one_line_and_writes_nothing(
    cli, exported: Path, arguments: tuple[str, ...], about: str
) -> None:
    before = {file: file.stat().st_mtime_ns for file in exported.rglob("*")}
    done = cli(*(argument.replace("RUN", str(exported)) for argument in arguments))
    assert done.returncode == 2
    assert about in done.stderr
    assert done.stderr.count("\n") == 1
    assert {file: file.stat().st_mtime_ns for file in exported.rglob("*")} == before


def test_decisions_alone_are_decided_in_the_chips_integers(cli, exported: Path) -> None:
    done = cli("simulate", exported, "--decisions", "7", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["backend"], said["decisions"]) == ("loihi2", 7)


def test_a_network_file_that_tells_no_step_is_asked_for_by_option(cli, tmp_path: Path) -> None:
    wide = dict(r=np.ones(4), v_leak=np.zeros(4), v_threshold=np.ones(4), v_reset=np.zeros(4))
    nodes = {
        "input": nir.Input(np.array([3])),
        "weights": nir.Affine(np.ones((4, 3)), np.zeros(4)),
        "neurons": nir.LIF(tau=np.full(4, 2e-3), **wide),
        "output": nir.Output(np.array([4])),
    }
    nir.write(tmp_path / "own.nir", nir.NIRGraph(nodes, list(pairwise(nodes))))
    np.savez(tmp_path / "own.npz", input=np.ones((5, 6, 3), np.uint8))

    def said(*options: str) -> str:
        asked = ("--input", tmp_path / "own.npz", "--backend", "float", "--json", *options)
        done = cli("simulate", tmp_path / "own.nir", *asked)
        if done.returncode == 0:
            return str(json.loads(done.stdout)["time_steps"])
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        return str(done.stderr)

    assert "--dt" in said("--time-steps", "6")
    assert "--time-steps" in said("--dt", "1e-4")
    for wrong in ("0", "nan", "-1", "inf"):
        assert f"--dt {wrong} is not allowed: give a number above 0" in said(
            "--time-steps", "6", "--dt", wrong
        )
    assert "less than a time step of 1 s" in said("--time-steps", "6", "--dt", "1")
    assert said("--time-steps", "6", "--dt", "1e-4") == "6"


@pytest.mark.parametrize("text", ["[]", "{", "[" * 100_000, '{"actor.graph": {"files": [1]}}', "\udcff"])
def test_a_damaged_record_is_told_before_anything_is_replaced(
    cli, exported: Path, tmp_path: Path, text: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "exports.json").write_bytes(text.encode(errors="surrogateescape"))
    refused = cli("export", exported, "--to", "nir", "--out", folder)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "remove it, and export again" in refused.stderr
    assert [entry.name for entry in folder.iterdir()] == ["exports.json"]


def test_a_folder_in_the_place_of_a_file_stops_all_files(cli, exported: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "actor.nir").mkdir(parents=True)
    refused = cli("export", exported, "--to", "nir", "--out", tmp_path / "out")
    assert refused.returncode == 2
    assert "actor.nir is a folder" in refused.stderr
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["actor.nir"]


def test_a_failed_check_replaces_nothing(cli, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import neuro_aolo_export.onnx.spiking

    honest = neuro_aolo_export.onnx.spiking.write_step

    def wrong(graph, path):  # type: ignore[no-untyped-def]
        from dataclasses import replace

        layer = replace(graph.layers[0], threshold=2 * graph.layers[0].threshold)
        honest(replace(graph, layers=(layer, *graph.layers[1:])), path)

    monkeypatch.setattr("neuro_aolo.runs.exports.write_step", wrong)
    before = {file: file.read_bytes() for file in exported.glob("*.*") if file.is_file()}
    done = cli("export", exported, "--to", "nir,onnx")
    assert done.returncode == 2
    assert "actor_step.onnx failed its check" in done.stderr
    assert {file: file.read_bytes() for file in exported.glob("*.*") if file.is_file()} == before
