"""What is kept below results/ is what today's code would ask for: nothing in it is trained again."""

import csv
import importlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from neuro_aolo.agent.finetune import FINETUNING
from neuro_aolo.agent.fitted import FITTED
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.comparison.plan import CELLS, Plan
from neuro_aolo.comparison.table import all_learners
from neuro_aolo.comparison.trained import CONTROLS
from neuro_aolo.files import to_json
from neuro_aolo.runs.cell import Cell, file_name, scenario_sha256
from neuro_aolo.runs.config import training_table
from neuro_aolo.runs.presets import PRESETS
from neuro_aolo.systems.names import load

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results"
SECONDS = 75.0
"""What SAC, TD3 and PPO had, as the last line of each page says."""

SEEDS = {"paper": 10, "mixed": 5, "speech": 5, "prompts": 5}
FITTED_SEEDS = {"paper": 3, "mixed": 5, "speech": 5, "prompts": 1}
"""Of what is fitted, whose seeds differ little."""
ESTIMATES = ("ridge", "boosting", "network")
OTHER_SEEDS = {
    "paper": {"diffusion": 5, "sac": 5, "td3": 1, "ppo": 2},
    "mixed": {"sac": 5, "td3": 1, "ppo": 1},
    "speech": {"sac": 3, "td3": 1, "ppo": 5},
    "prompts": {"sac": 1, "td3": 1, "ppo": 5, "ridge": 3, "boosting": 3},
}
"""Of Stable-Baselines3's algorithms, of which the nearest has five, and of others that a scenario has more or
fewer of; PPO has two on ``paper``, for its reproduction."""

COMPARISONS = (*SEEDS, "reproduce_paper", "offload", "offload_selector", "offload_shared")
CURVES = ("quantization", "robustness")

pytestmark = pytest.mark.skipif(
    not (RESULTS / "paper" / CELLS).is_dir(), reason="a source distribution leaves the cells out"
)


@pytest.fixture(scope="module")
def parts() -> dict[str, ModuleType]:
    """The scripts that keep results, and the modules beside them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        names = ("reproduction.trainings", "reproduce_paper", "quantization_curve", "robustness_curve")
        return {name: importlib.import_module(name) for name in names}


def kept(folder: str) -> list[Path]:
    files = sorted((RESULTS / folder / CELLS).glob("*.json"))
    assert files
    return files


@cache
def digest(name: str) -> str:
    return scenario_sha256(load(name).scenario, Deployment())


@pytest.mark.parametrize("folder", COMPARISONS)
def test_every_kept_cell_opens(folder: str) -> None:
    for file in kept(folder):
        cell = Cell.load(file)
        parts = (
            file_name(load(cell.scenario).scenario),
            cell.learner,
            cell.settings["variant"],
            str(cell.seed),
        )
        assert file.stem == "-".join(filter(None, parts))
        assert cell.settings["scenario_sha256"] == digest(cell.scenario)


@pytest.mark.parametrize("name", SEEDS)
def test_a_comparison_finds_all_of_its_cells(name: str) -> None:
    settings = (*PRESETS["tuned"], SECONDS)
    learners = [each for each in all_learners(Plan.of(name, "", 0, *settings)) if each not in CONTROLS]
    plans = [
        Plan.of(name, learner, seed, *settings)
        for learner in learners
        for seed in range(_seeds(name, learner))
    ]
    folder = RESULTS / name
    assert sorted(plan.file(folder) for plan in plans) == kept(name)
    with (folder / "cells.csv").open(newline="", encoding="utf-8") as stream:
        told = {(row["learner"], int(row["seed"])): float(row["regret"]) for row in csv.DictReader(stream)}
    cells = [plan.finished(folder) for plan in plans]
    assert {(cell.learner, cell.seed): cell.regret for cell in cells if cell} == told


def _seeds(scenario: str, learner: str) -> int:
    usual = FITTED_SEEDS if learner in (*FITTED, *ESTIMATES) else SEEDS
    return OTHER_SEEDS[scenario].get(learner, usual[scenario])


def test_the_paper_beside_ours_is_what_the_script_asks_for(parts: Mapping[str, ModuleType]) -> None:
    trainings, script = parts["reproduction.trainings"], parts["reproduce_paper"]
    setup = script.full(RESULTS / "reproduce_paper", RESULTS / "paper")
    wanted = trainings.wanted(setup)
    # What is kept opens with today's settings, and nothing else is kept.
    there = {work.file(setup.folder) for work in wanted if work.finished(setup.folder) is not None}
    folders = ("cells", "openings", "times", "closed_form")
    kept = {file for folder in folders for file in (setup.folder / folder).glob("*.json")}
    assert there == kept
    assert len(trainings.shipped_cells(setup)) == setup.seeds


@pytest.mark.parametrize("folder", CURVES)
def test_every_kept_point_of_a_curve_opens(parts: Mapping[str, ModuleType], folder: str) -> None:
    script = parts[f"{folder}_curve"]
    for file in kept(folder):
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        settings = data["settings"]
        scenario, actor, *_ = file.stem.split("-")
        assert settings["actor"].startswith(actor)
        assert settings["scenario_sha256"] == digest(scenario)
        assert set(data["result"]) == script.KEYS
        assert settings.get("finetuning") in (None, json.loads(to_json(training_table(FINETUNING))))
