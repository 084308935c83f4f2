"""The tuning of rivals: few settings, each tried once and kept, and the best by the rule that is told."""

import importlib
import math
import sys
from pathlib import Path
from types import ModuleType

import pytest

from neuro_aolo.runs.cell import Cell

SCRIPTS = Path(__file__).parents[2] / "scripts"
PAGE = SCRIPTS.parent / "results" / "tuning" / "mixed.md"


@pytest.fixture(scope="module")
def tuning() -> ModuleType:
    pytest.importorskip("stable_baselines3")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        return importlib.import_module("tune_rivals")


def cell(setting: str, regret: float, violations: float, algorithm: str = "td3") -> Cell:
    settings = {"setting": setting, "seconds": 1.0}
    return Cell("mixed", algorithm, 1_000, settings, regret, violations, 1.0, math.nan, 10, 2, 1.5, (), {})


def test_there_are_at_most_eight_settings_and_no_two_are_alike(tuning: ModuleType) -> None:
    assert list(tuning.SETTINGS) == ["td3", "sac", "ppo"]
    for settings in tuning.SETTINGS.values():
        assert 1 <= len(settings) <= 8
        assert len(set(settings.values())) == len(settings)


def test_the_best_keeps_the_limit_or_breaks_it_least(tuning: ModuleType) -> None:
    few, many, none = cell("a", 0.3, 0.004), cell("b", 0.1, 0.02), cell("c", 0.2, 0.005)
    assert tuning.best_of([few, many, none], 0.005) is none
    assert tuning.best_of([many, cell("d", 0.05, 0.03)], 0.005) is many
    page = tuning.page([few, many, none, cell("e", 0.9, 0.0, "sac")], 0.005, "python scripts/tune_rivals.py")
    rows = [[part.strip() for part in line.strip("|").split("|")] for line in page.splitlines()[4:8]]
    assert [row[1] for row in rows] == ["a", "b", "**c**", "**e**"]
    assert rows[1][2].replace("\xa0", " ") == "infeasible (10 %)"


def test_a_setting_is_tried_once(
    tuning: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = dict(list(tuning.SETTINGS["td3"].items())[:1])
    monkeypatch.setattr(tuning, "SETTINGS", {"td3": settings})
    monkeypatch.setattr(tuning, "REQUESTS", 500)
    given = ["tune_rivals", "--scenario", "paper", "--seconds", "0.5", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", given)
    assert tuning.main() == 0
    (name,) = settings
    said = capsys.readouterr()
    assert f"| td3 | **{name}** |" in said.out
    assert said.err.startswith(f"td3, {name}: ")
    (file,) = (tmp_path / "cells").iterdir()
    made = Cell.load(file)
    assert made.settings["setting"] == name
    assert made.seconds >= 0.5
    assert (tmp_path / "paper.md").read_text().strip() in said.out
    assert tuning.main() == 0
    assert capsys.readouterr().err == ""
    assert Cell.load(file) == made


@pytest.mark.parametrize("given", [["--seconds", "0"], ["--jobs", "0"]])
def test_numbers_without_a_meaning_are_refused(
    tuning: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: list[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["tune_rivals", *given])
    with pytest.raises(SystemExit, match="2"):
        tuning.main()
    assert "is not allowed: give numbers above 0" in capsys.readouterr().err
