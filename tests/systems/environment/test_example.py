"""The worked example runs, for as long as a test may."""

import importlib
import json
from pathlib import Path

import pytest

import neuro_aolo as na

EXAMPLES = Path(__file__).parents[3] / "examples"


def test_a_pendulum_goes_the_whole_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    own_environment = importlib.import_module("own_environment")
    run = own_environment.main(tmp_path / "run", steps=200, horizon=20, starts=4)
    said = capsys.readouterr().out
    for text in (
        "actor.nir: 0 of ",
        "actor_step.onnx: 0 of ",
        "mean return",
        "on loihi2: ",
        "on mcu_m33_u575: ",
    ):
        assert text in said
    again = na.load(run.path)
    assert again.graph.actions[0].name == "torque"
    assert again.config.training.num_envs == 2
    assert again.config.actor.hidden == (64, 64)
    summary = json.loads((run.path / "summary.json").read_text())
    (margin,) = summary["decided"]["margins"]
    assert (margin["title"], margin["limit"]) == ("torque on the bearings", 1.5)
    # What is left of 1.5 N m after a torque of at most 2.
    assert -0.5 <= margin["quantiles"]["0.5"] <= 1.5
    assert "Always on" in (run.path / "report.html").read_text()
