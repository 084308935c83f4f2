"""What is accounted alone, ranges and what is provisioned, belongs to no training and to no cell."""

from pathlib import Path

import pytest

from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.runs.cell import Cell, scenario_sha256
from neuro_aolo.runs.config import learnt_toml
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.names import load

RESULTS = Path(__file__).parents[2] / "results"


@pytest.mark.parametrize("deployment", [Deployment(), Deployment(agent_carbon="full")])
def test_what_is_accounted_alone_changes_no_training(deployment: Deployment) -> None:
    paper = Scenario.load("paper")
    bare = paper.model_copy(update={"ranges": {}})
    other = paper.with_values(
        provision={"gpu_idle_power_w": 10.0}, sources={"provision.gpu_idle_power_w": "metered"}
    )
    texts = {learnt_toml(each, deployment) for each in (paper, bare, other)}
    assert len(texts) == 1
    assert len({scenario_sha256(each, deployment) for each in (paper, bare, other)}) == 1
    elsewhere = deployment.changed(training_country="DEU", trainings=9)
    assert learnt_toml(paper, elsewhere) == learnt_toml(paper, deployment)
    assert learnt_toml(paper.with_values(inference={"pue": 1.2}), deployment) not in texts


@pytest.mark.parametrize("scenario", ["paper", "mixed", "offload"])
def test_cells_that_are_kept_are_of_the_scenario_of_today(scenario: str) -> None:
    files = sorted((RESULTS / scenario / "cells").glob("*.json"))
    assert files
    loaded = load(scenario)
    digest = scenario_sha256(loaded.scenario, Deployment.of(loaded.deployment, scenario))
    assert {Cell.load(file).settings["scenario_sha256"] for file in files} == {digest}
