"""A cell of a comparison to be made: a learner, trained on a scenario with a seed."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from neuro_aolo.agent.checkpoint import ActorConfig, ActorSpec, kind_of, shape_table
from neuro_aolo.agent.evaluate import (
    HELD_OUT_REQUESTS,
    HELD_OUT_SEED,
    held_out,
)
from neuro_aolo.agent.fitted import FITTED
from neuro_aolo.agent.fitted import settings as fitted_settings
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.regressed import RegressionConfig
from neuro_aolo.agent.rivals import SEARCH_REQUESTS
from neuro_aolo.agent.sb3_config import TUNED
from neuro_aolo.agent.train import TrainingConfig
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.carbon.feedback import charged
from neuro_aolo.comparison.trained import BASELINES, CONTROLS, OWN, decided, train
from neuro_aolo.files import to_json
from neuro_aolo.runs.cell import Cell, check_settings, file_name, scenario_sha256
from neuro_aolo.runs.cell_graph import MadeCell
from neuro_aolo.runs.config import training_table
from neuro_aolo.runs.presets import actor_of
from neuro_aolo.runs.versions import present
from neuro_aolo.systems.names import load, system
from neuro_aolo.systems.rivals import Estimator
from neuro_aolo.systems.scenario_file import SYSTEM
from neuro_aolo.systems.task import Policy, Task
from neuro_aolo_export.graph import DenseGraph, SpikingGraph

LEARNERS = (*OWN, *CONTROLS, *BASELINES, *FITTED, "random", "constant")
"""Our actors, their controls, Stable-Baselines3's algorithms, what is fitted, and what does not learn; beside
them the rules of the system and the exact optimum, by the names that these give them."""

HIDDEN = {
    **{name: settings.hidden for name, settings in TUNED.items()},
    "regressed-mlp": RegressionConfig().hidden,
}
"""Hidden layers of what decides, of Stable-Baselines3's algorithms and what is fitted."""

CELLS = "cells"
"""Subfolder of a comparison with one file per cell."""

PACKAGES = ("neuro-aolo", "torch", "norse", "numpy", "scipy", "stable-baselines3")


@dataclass(frozen=True)
class Plan:
    """A cell to be made.

    Attributes:
        scenario: of the system.
        learner: one of :data:`LEARNERS`, a rule or an estimator of the system's, or the optimum's name.
        seed: of the training.
        training: settings of our own loop.
        popsan: shape of the spiking actor; and by its hidden sizes the dense ones beside it.
        seconds: processor time that an algorithm of Stable-Baselines3 has.
        deployment: how the agents run.
        system: name of what is controlled.
        variant: what sets it apart from other cells of the learner, in letters, figures and hyphens; none
            where empty.
    """

    scenario: Any
    learner: str
    seed: int
    training: TrainingConfig
    popsan: PopSANConfig
    seconds: float
    variant: str = ""
    deployment: Deployment = field(default_factory=Deployment)
    system: str = SYSTEM

    @classmethod
    def of(cls, name_or_path: str, *settings: Any) -> "Plan":
        """A plan on a scenario by name or file; ``settings`` are the arguments after the scenario."""
        loaded = load(name_or_path)
        deployment = Deployment.of(loaded.deployment, loaded.where)
        return replace(cls(loaded.scenario, *settings), deployment=deployment, system=loaded.name)

    @cached_property
    def task(self) -> Task:
        """What is controlled."""
        return system(self.system).task(self.scenario)

    @cached_property
    def rules(self) -> Mapping[str, Policy]:
        """What the system decides by, without learning, by name."""
        return system(self.system).policies(self.scenario)

    @cached_property
    def estimators(self) -> Mapping[str, Estimator]:
        """What the system estimates from logged decisions and then optimises, by name; none for most."""
        offered = getattr(system(self.system), "estimators", None)
        return {} if offered is None else offered(self.scenario)

    @property
    def agent_site(self) -> str:
        """Where the agents of a comparison stand: at the last site, nearest to those who are served."""
        return self.task.spec.sites[-1]

    @property
    def actor(self) -> ActorConfig:
        """The network of one of our own learners."""
        kind = "popsan" if self.learner == "spiking" else self.learner
        return actor_of("mlp" if kind in CONTROLS else kind, self.popsan)

    @property
    def deployed(self) -> SpikingGraph | DenseGraph | None:
        """The graph of an untrained network of the shape that decides; None where nothing is computed."""
        if self.learner not in (*OWN, *HIDDEN):
            return None
        shape = self.actor if self.learner in OWN else MLPConfig(hidden=HIDDEN[self.learner])
        spec = self.task.spec
        return ActorSpec(spec.observation_names, spec.action_names, shape).build(torch.Generator()).graph()

    @property
    def name(self) -> str:
        """Scenario, learner, variant if any, and seed: the cell's file, its ending aside."""
        parts = (file_name(self.scenario), self.learner.replace(" ", "-"), self.variant, str(self.seed))
        return "-".join(part for part in parts if part)

    def file(self, folder: Path) -> Path:
        """Where the cell lies in the folder of its comparison."""
        return folder / CELLS / f"{self.name}.json"

    @cached_property
    def settings(self) -> dict[str, Any]:
        """All that the result depends on, as JSON gives it back."""
        settings: dict[str, Any] = {
            "scenario_sha256": scenario_sha256(self.scenario, self.deployment),
            "learner": self.learner,
            "variant": self.variant,
            "seed": self.seed,
            "held_out_requests": self.task.spec.starts(HELD_OUT_REQUESTS),
            "held_out_seed": HELD_OUT_SEED,
        }
        if self.learner in (*OWN, *CONTROLS, *BASELINES, *FITTED, "constant"):
            settings["violation_limit"] = self.task.spec.violation_limit
        if self.learner in (*OWN, *CONTROLS):
            settings["actor"] = {"kind": kind_of(self.actor), **shape_table(self.actor)}
            settings["training"] = training_table(self.training)
        elif self.learner in BASELINES:
            settings |= {"seconds": self.seconds, **asdict(TUNED[self.learner])}
        elif self.learner in FITTED:
            settings["fit"] = fitted_settings(self.learner)
        elif self.learner == "constant":
            settings["search_requests"] = SEARCH_REQUESTS
        elif self.learner in self.estimators:
            settings["logged_requests"] = self.training.total_steps
        resolved: dict[str, Any] = json.loads(to_json(settings))
        return resolved

    def finished(self, folder: Path) -> Cell | None:
        """The cell as an earlier comparison left it; None where it is still to be made.

        Raises:
            RunError: its file is damaged, or was made with other settings.
        """
        file = self.file(folder)
        if not file.exists():
            return None
        cell = Cell.load(file)
        check_settings(file, cell.settings, self.settings)
        return cell

    def make(self) -> MadeCell:
        """Train the learner, and let it decide the held-out requests; the network of our own is kept."""
        graph, task = self.deployed, self.task
        if graph is not None:
            task = charged(task, self.deployment, self.agent_site, graph)
        training = train(self, task)
        cell = Cell(
            scenario=self.scenario.name,
            learner=self.learner,
            seed=self.seed,
            settings=self.settings,
            **decided(self, held_out(self.task), training),
            requests=training.requests,
            updates=training.updates,
            seconds=training.seconds,
            curve=training.curve,
            versions=present(PACKAGES),
            processor_s=training.processor_s,
            validation_requests=training.validation_requests,
        )
        return MadeCell(cell, training.graph if self.learner in OWN else None)
