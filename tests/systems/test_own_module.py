"""What is wrong with anybody's module is said before anything begins, and its parameters are told."""

import dataclasses
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel, Field

from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.errors import AgentError, RunError, ScenarioError
from neuro_aolo.runs.config import RunConfig
from neuro_aolo.runs.decided import HeldOut
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.options import TrainingOptions
from neuro_aolo.runs.training import train
from neuro_aolo.systems.describe import describe


def imported(name: str, file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def toy(tmp_path: Path) -> Iterator[ModuleType]:
    (tmp_path / "own.py").write_text(imported("own", Path(__file__).with_name("test_toy_system.py")).MODULE)
    yield imported("own", tmp_path / "own.py")
    del sys.modules["own"]


def refusal(error: type[Exception], **chosen: Any) -> str:
    with pytest.raises(error) as refused:
        TrainingOptions(**chosen).config()
    text = str(refused.value)
    assert "\n" not in text
    return text


def test_carbon_of_deciding_over_episodes_is_refused_as_it_is_later(toy: ModuleType) -> None:
    deployment = Deployment(agent_carbon="provisioned")
    said = refusal(AgentError, system=toy, scenario=toy.Scenario(), deployment=deployment)
    task = toy.task(toy.Scenario())
    run: Any = SimpleNamespace(config=SimpleNamespace(deployment=deployment), task=task)
    with pytest.raises(AgentError) as later:
        HeldOut(run, None).deciding_mg(run)  # type: ignore[arg-type]
    assert said == str(later.value)


def test_a_scenario_of_the_system_is_needed(toy: ModuleType) -> None:
    assert "None is no Scenario of the system 'own'" in refusal(ScenarioError, system=toy)
    assert "as system=module" in refusal(ScenarioError, scenario=toy.Scenario())


@pytest.mark.parametrize("seed", [-1, 0.5, True])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    assert f"--seed {seed} is not allowed" in refusal(AgentError, seed=seed)


@pytest.mark.parametrize("name", ["tell", "task", "policies", "Scenario"])
def test_what_a_module_lacks_is_named(toy: ModuleType, name: str) -> None:
    scenario = toy.Scenario()
    delattr(toy, name)
    assert f"the system 'own' has no {name}: " in refusal(ScenarioError, system=toy, scenario=scenario)


def test_a_scenario_that_cannot_be_read(toy: ModuleType) -> None:
    class Opaque:
        pass

    toy.Scenario = dataclasses.make_dataclass("Scenario", [("inner", Opaque)], frozen=True)
    assert "cannot be read" in refusal(ScenarioError, system=toy, scenario=toy.Scenario(Opaque()))
    toy.Scenario = Opaque
    assert "make it a frozen dataclass" in refusal(ScenarioError, system=toy, scenario=Opaque())


def never_ending(toy: ModuleType) -> None:
    step = toy.Tank.step

    def on(self: Any, states: Any, actions: Any, rng: Any) -> Any:
        made = step(self, states, actions, rng)
        never = np.zeros(len(states), bool)
        return dataclasses.replace(made, ended=never, terminal=never)

    toy.Tank.step = on


def test_a_training_that_fails_at_once_leaves_nothing(toy: ModuleType, tmp_path: Path) -> None:
    never_ending(toy)
    chosen = {"system": toy, "scenario": toy.Scenario(), "actor": "mlp", "steps": 1_000}
    with pytest.raises(AgentError, match="let the task end them"):
        train(tmp_path / "run", **chosen)
    assert not (tmp_path / "run").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="exists"):
        train(tmp_path / "mine", **chosen)
    assert (tmp_path / "mine" / "notes.txt").read_text() == "mine"


def test_a_run_of_a_module_needs_no_mending(toy: ModuleType, tmp_path: Path) -> None:
    config = TrainingOptions(system=toy, scenario=toy.Scenario(), actor="mlp").config()
    RunFolder.create(tmp_path / "run", config, overwrite=False)
    with pytest.raises(RunError, match="does not come with this package") as refused:
        RunFolder(tmp_path / "run").config()
    assert "mend it" not in str(refused.value)
    file = tmp_path / "run" / "config.toml"
    file.write_text(file.read_text() + "need_l = \n")
    with pytest.raises(RunError, match="mend it, or train again"):
        RunFolder(tmp_path / "run", toy).config()
    assert RunConfig.from_toml(config.to_toml(), toy) == config


@dataclass(frozen=True)
class Pump:
    flow_l: float = 2.0
    is_old: bool = True


@dataclass(frozen=True)
class Tank:
    name: str = "tank"
    pump: Pump = Pump()
    spares: tuple[Pump, ...] = (Pump(3.0), Pump(4.5, False))
    levels_l: list[float] = dataclasses.field(default_factory=lambda: [1.0, 2.5, 4.0])
    band: tuple[float, float] = (1.0, 2.0)
    where: Path | None = None


class Silo(BaseModel):
    title: str = "silo"
    height_m: float = Field(12.0, ge=1.0, json_schema_extra={"unit": "m"})
    depth_m: float
    is_open: bool = False
    pump: Pump = Pump()


def test_a_dataclass_is_told_to_its_leaves() -> None:
    told = {row.key: row.value for row in describe(Tank(where=Path("a/b")))}
    assert told == {
        "name": "tank",
        "pump.flow_l": "2",
        "pump.is_old": "true",
        "spares.0.flow_l": "3",
        "spares.0.is_old": "true",
        "spares.1.flow_l": "4.5",
        "spares.1.is_old": "false",
        "levels_l": "1, 2.5, 4",
        "band": "1 to 2",
        "where": "a/b",
    }


def test_a_plain_model_is_told() -> None:
    rows = {row.key: row for row in describe(Silo(depth_m=3.5))}
    assert list(rows) == ["title", "height_m", "depth_m", "is_open", "pump.flow_l", "pump.is_old"]
    height, depth = rows["height_m"], rows["depth_m"]
    assert (height.value, height.unit, height.default, height.allowed) == ("12", "m", "12", ">= 1")
    assert (depth.value, depth.default, depth.source) == ("3.5", "-", "scenario")


@pytest.mark.parametrize("scenario", [Tank(), Silo(depth_m=1.0)])
def test_the_deployment_is_told_with_any_scenario(scenario: Any) -> None:
    deployment = Deployment(request_rate_hz=0.5, sources={"deployment.request_rate_hz": "counted"})
    rows = {row.key: row for row in describe(scenario, deployment)}
    assert rows["deployment.request_rate_hz"].source == "counted"
    assert rows["deployment.spiking_profile"].value == "loihi2"
