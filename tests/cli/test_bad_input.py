"""Bad input: one clear line, exit code 2, nothing written."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXTENDS = 'extends = "paper"\nname = "mine"\n'
BAD_RUNS = {
    "unknown scenario": (["--scenario", "papper"], "papper"),
    "missing file": (["--scenario", "nowhere.toml"], "nowhere.toml"),
    "unknown data centre": (["--dc-country", "ATL"], "ATL"),
    "unknown base station": (["--bs-country", "Germania"], "Germania"),
    "no data": (["--dc-country", "CAF"], "CAF"),
    "unknown site": (["--agent-site", "moon"], "moon"),
    "unknown device": (["--device", "tpu"], "tpu"),
    "unknown actor": (["--actor", "transformer"], "transformer"),
    "negative steps": (["--steps", "-5"], "-5"),
    "no number": (["--steps", "many"], "many"),
    "negative seed": (["--seed", "-1"], "-1"),
    "unknown option": (["--stepps", "5"], "--stepps"),
    "violations would pay": (["--dc-country", "TKM"], "penalty_mg"),
}
BAD_SCENARIOS = {
    "unknown key": (EXTENDS + "[radio]\nbandwith = 3\n", "bandwith"),
    "unknown section": (EXTENDS + "[radios]\nx = 3\n", "radios"),
    "negative bandwidth": (EXTENDS + "[state.bandwidth_hz]\nsample = [-1e6, 2e7]\n", "bandwidth_hz"),
    "text for a number": (EXTENDS + '[inference]\ngpus = "eight"\n', "gpus"),
    "no TOML": ("name = = 3", "TOML"),
}


def is_one_line_about(said: str, what: str) -> bool:
    lines = said.strip().splitlines()
    return len(lines) == 1 and lines[0].startswith("error: ") and what in lines[0]


@pytest.mark.parametrize("case", BAD_RUNS)
def test_bad_options(cli, case: str, tmp_path: Path) -> None:
    options, what = BAD_RUNS[case]
    done = cli("train", "--out", tmp_path / "run", *options)
    assert done.returncode == 2
    assert done.stdout == ""
    assert is_one_line_about(done.stderr, what), done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("case", BAD_SCENARIOS)
def test_bad_scenario_files(cli, case: str, tmp_path: Path) -> None:
    text, what = BAD_SCENARIOS[case]
    file = tmp_path / "mine.toml"
    file.write_text(text)
    done = cli("run", "--out", tmp_path / "run", "--scenario", file)
    assert done.returncode == 2
    assert is_one_line_about(done.stderr, what), done.stderr
    assert "mine.toml" in done.stderr
    assert list(tmp_path.iterdir()) == [file]


def test_an_existing_folder_is_not_touched(cli, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for more in ([], ["--overwrite"]):
        done = cli("run", "--steps", "200", "--out", tmp_path, *more)
        assert done.returncode == 2
        assert is_one_line_about(done.stderr, str(tmp_path)), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_bad_overwrite_leaves_the_earlier_run(cli, small_run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in small_run.rglob("*")}
    done = cli("run", "--out", small_run, "--overwrite", "--scenario", "papper")
    assert done.returncode == 2
    assert {path: path.stat().st_mtime_ns for path in small_run.rglob("*")} == before


@pytest.mark.parametrize("command", ["evaluate", "export", "simulate", "energy", "report"])
def test_a_folder_without_a_run(cli, command: str, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        done = cli(command, folder)
        assert done.returncode == 2
        assert is_one_line_about(done.stderr, str(folder)), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_unknown_profiles_and_scenarios(cli, small_run: Path) -> None:
    assert is_one_line_about(cli("energy", small_run, "--profile", "loihi3").stderr, "loihi3")
    assert is_one_line_about(cli("profiles", "show", "loihi3").stderr, "loihi3")
    assert is_one_line_about(cli("scenarios", "show", "papper").stderr, "papper")


@pytest.mark.parametrize(
    ("name", "text"),
    [("config.toml", "seed = 0\n"), ("config.toml", "seed = [\n"), ("actor.json", "{}")],
)
def test_a_mangled_run(cli, small_run: Path, tmp_path: Path, name: str, text: str) -> None:
    copy = tmp_path / "run"
    copy.mkdir()
    for file in ("config.toml", "actor.json", "actor.safetensors"):
        (copy / file).write_bytes((small_run / file).read_bytes())
    (copy / name).write_text(text)
    done = cli("evaluate", copy)
    assert done.returncode == 2
    assert is_one_line_about(done.stderr, name), done.stderr


def test_a_learning_curve_that_is_cut_short(cli, small_run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(small_run, copy)
    text = (copy / "metrics.csv").read_text()
    (copy / "metrics.csv").write_text(text[: len(text) - 30])
    before = (copy / "summary.json").read_bytes()
    done = cli("report", copy)
    assert done.returncode == 2
    assert is_one_line_about(done.stderr, "metrics.csv is not the one that belongs"), done.stderr
    assert (copy / "summary.json").read_bytes() == before


def test_a_scenario_that_nobody_can_serve(cli, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(EXTENDS + "[limits]\nenergy = 1.0\n")
    done = cli("train", "--out", tmp_path / "run", "--scenario", file)
    assert done.returncode == 2
    assert is_one_line_about(done.stderr, "feasible"), done.stderr
    assert list(tmp_path.iterdir()) == [file]


def test_bits_of_spikes_are_not_for_a_dense_run(cli, small_run: Path) -> None:
    assert cli("energy", small_run / "mlp", "--profile", "mcu_m33_u575").returncode == 0
    done = cli("energy", small_run / "mlp", "--weight-bits", "6")
    assert done.returncode == 2
    assert is_one_line_about(done.stderr, "--weight-bits 6 is for a spiking actor"), done.stderr


def test_the_command_line_comes_without_torch() -> None:
    code = "import sys, neuro_aolo.cli.app; raise SystemExit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_working_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = "import os, sys; os.rmdir(os.getcwd()); os.execv(sys.executable, sys.argv[1:])"
    command = [sys.executable, "-m", "neuro_aolo", "scenarios", "list"]
    places = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", code, *command],
        cwd=gone,
        env={**os.environ, "PYTHONPATH": places},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "error: the working folder is gone: change into one that is there, as with cd\n"


def test_a_full_disk_is_nobody_s_bad_input(cli, tmp_path: Path, monkeypatch) -> None:
    def full(file: Path, text: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))

    monkeypatch.setattr("neuro_aolo.runs.folder.write_whole", full)
    done = cli("train", "--steps", "64", "--out", tmp_path / "run")
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "run/config.toml" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()
