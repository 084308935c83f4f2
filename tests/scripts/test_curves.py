"""The scripts of both curves on an untrained actor: what they keep, refuse, print and write."""

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.comparison.plan import Plan
from neuro_aolo.runs.cell import Cell
from neuro_aolo.runs.presets import PRESETS
from neuro_aolo_export.loihi2.faults import Fault

SCRIPTS = Path(__file__).parents[2] / "scripts"
Script = Callable[..., str]


@pytest.fixture(scope="module")
def run_folder(untrained: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("run") / "actor", PopSANConfig(hidden=(16, 16)))


@pytest.fixture(scope="module")
def parts() -> dict[str, ModuleType]:
    """The scripts and the modules beside them, which are found as they are when the shell runs them."""
    import importlib

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        names = ("curves.quantization", "curves.robustness", "quantization_curve", "robustness_curve")
        return {name: importlib.import_module(name) for name in names}


@pytest.fixture
def script(
    parts: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Script:
    """Run one as the shell does, in this process, and return what it prints and tells."""

    def run(name: str, *arguments: str | Path) -> str:
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        parts[name].main()
        captured = capsys.readouterr()
        return captured.out + captured.err

    return run


def point(parts: dict[str, ModuleType], run: str, policy: str, bits: int | None, regret: float) -> object:
    return parts["curves.quantization"].Point("paper", run, policy, bits, regret, 0.001, None, None)


def test_a_kept_cell_serves_as_a_run_does(script: Script, tmp_path: Path) -> None:
    """Its network was never trained again; what needs the module itself is refused."""
    training, _ = PRESETS["tuned"]
    few = replace(training, total_steps=640, validation_requests=200, evaluate_every=10)
    plan = Plan.of("paper", "spiking", 0, few, PopSANConfig(hidden=(8, 8)), 1.0)
    cell = plan.file(tmp_path)
    plan.make().save(cell)
    out = tmp_path / "robust"
    said = script("robustness_curve", cell, "--quick", "--strengths", "0.1", "--draws", "1", "--out", out)
    assert "Regret under faults: paper" in said
    kept = json.loads(next((out / "cells").glob("*no-fault*")).read_text())
    assert kept["settings"]["actor"] == Cell.load(cell).graph_sha256
    with pytest.raises(SystemExit):
        script("quantization_curve", cell, "--quick", "--bits", "6", "--out", tmp_path / "bits")


def test_the_gap_is_taken_run_by_run(parts: dict[str, ModuleType], tmp_path: Path) -> None:
    """Two runs whose regrets differ by far more than integers and control of each do."""
    points = []
    for run, regret in (("a", 0.01), ("b", 0.03)):
        points += [point(parts, run, "float", None, regret), point(parts, run, "control", None, regret)]
        points += [point(parts, run, "rounded", 8, regret + 0.01)]
        points += [point(parts, run, "finetuned", 8, regret + 0.0015)]
    told = parts["curves.quantization"].report(points, tmp_path, "command", smoke=False)
    row = [cell.strip() for cell in told.splitlines()[6].split("|")[1:-1]]
    assert row == ["8", "2.00 (1.00 - 3.00) [0.1]", "2.00 (1.00 - 3.00) [0.1]",
                   "3.00 (2.00 - 4.00) [0.1]", "2.15 (1.15 - 3.15) [0.1]", "0.150"]  # fmt: skip
    assert "within 0.150 percentage points of the float control in every run: within the goal of 0.2" in told
    points[-1] = point(parts, "b", "finetuned", 8, 0.0321)
    told = parts["curves.quantization"].report(points, tmp_path, "command", smoke=False)
    assert "within 0.210 percentage points of the float control in every run: beyond the goal of 0.2" in told


def test_quantisation_is_measured_once_and_kept(script: Script, run_folder: Path, tmp_path: Path) -> None:
    command = ("quantization_curve", run_folder, "--quick", "--bits", "6", "--out", tmp_path)
    first = script(*command)
    assert first.count(f"{run_folder}: ") == 4
    again = script(*command)
    assert f"{run_folder}:" not in again
    assert again.splitlines() == [
        line for line in first.splitlines() if not line.startswith(f"{run_folder}:")
    ]
    assert "SMOKE RUN" in again
    with (tmp_path / "quantization.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["policy"], row["bits"]) for row in rows] == [
        ("float", ""), ("control", ""), ("rounded", "6"), ("finetuned", "6")
    ]  # fmt: skip
    assert len(list((tmp_path / "cells").iterdir())) == len(rows)
    assert ElementTree.fromstring((tmp_path / "quantization.svg").read_text()).tag.endswith("svg")
    assert (tmp_path / "quantization.md").read_text().startswith("# Regret against the bits of a weight")


def test_faults_are_measured_once_and_kept(script: Script, run_folder: Path, tmp_path: Path) -> None:
    command = ("robustness_curve", run_folder, "--quick", "--out", tmp_path)
    first = script(*command)
    assert f"{run_folder}: stuck-firing=0.1" in first
    assert f"{run_folder}:" not in script(*command)
    with (tmp_path / "paper.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    kinds = [name.replace("_", "-") for name in Fault.__dataclass_fields__]
    assert [(row["kind"], row["strength"], row["draw"]) for row in rows] == [
        (kind, strength, draw)
        for kind in kinds
        for strength, draws in (("0.0", "0"), ("0.02", "01"), ("0.1", "01"))
        for draw in draws
    ]
    sound = {row["regret"] for row in rows if row["strength"] == "0.0"}
    assert len(sound) == 1
    assert len({row["regret"] for row in rows}) > 4
    assert ElementTree.fromstring((tmp_path / "paper.svg").read_text()).tag.endswith("svg")


def refused(script: Script, capsys: pytest.CaptureFixture[str], *command: str | Path) -> str:
    with pytest.raises(SystemExit) as ended:
        script(*command)
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_bad_input_is_one_line(
    script: Script,
    run_folder: Path,
    untrained: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    dense = untrained(tmp_path / "mlp", MLPConfig(hidden=(4,)))
    out = ("--out", tmp_path / "out")
    for name in ("quantization_curve", "robustness_curve"):
        assert "holds a dense actor, which has no spikes" in refused(script, capsys, name, dense, *out)
        missing = refused(script, capsys, name, tmp_path / "nowhere", *out)
        assert missing.startswith(f"{name}: ")
        assert "is not a folder: name a folder that" in missing
        assert missing.count("\n") == 1
        assert "--requests 0 is not allowed" in refused(script, capsys, name, run_folder, "--requests", "0")
    assert "invalid choice: 3" in refused(script, capsys, "quantization_curve", run_folder, "--bits", "3")
    strengths = ("robustness_curve", run_folder, "--strengths", "0.1", "2")
    assert "--strengths 2 is not allowed: give shares from 0 to 1" in refused(script, capsys, *strengths)


def test_what_was_kept_is_not_taken_for_something_else(
    script: Script, run_folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command = ("robustness_curve", run_folder, "--quick", "--out", tmp_path)
    script(*command)
    other = (*command, "--requests", "400")
    assert "held_out_requests = 500, now 400" in refused(script, capsys, *other)
    assert f"{run_folder}: lost-spikes=0.1" in script(*other, "--overwrite")
    cell = next((tmp_path / "cells").glob("*lost-spikes-0.1*"))
    for damage in ("{", json.dumps({"settings": {}, "result": {"regret": [0.0]}}), "[]"):
        cell.write_text(damage)
        message = refused(script, capsys, *other)
        assert f"{cell} is damaged" in message
        assert "remove it, and it is made again" in message
