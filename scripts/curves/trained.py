"""A spiking actor of a run or of a kept cell, beside the held-out requests that every figure is over."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo.agent.checkpoint import SavedActor
from neuro_aolo.agent.evaluate import HELD_OUT_SEED, Requests, held_out
from neuro_aolo.agent.popsan import PopSAN
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.comparison.plan import Plan
from neuro_aolo.errors import RunError
from neuro_aolo.runs.cell import check_settings, file_name, scenario_sha256
from neuro_aolo.runs.cell_graph import kept_graph
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.presets import PRESETS
from neuro_aolo.runs.run import Run
from neuro_aolo.systems.task import Floats, Observations, Policy, Task
from neuro_aolo_export.graph import SpikingGraph
from neuro_aolo_export.graph_file import graph_digest
from neuro_aolo_export.loihi2.integers import QuantizedGraph
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.simulate import simulate_integer

_CHUNK = 2_048


@dataclass(frozen=True)
class Trained:
    """A trained spiking actor, its task, and the requests that it is judged on.

    Attributes:
        path: of its run folder, or of the cell of a comparison that it was kept beside.
        scenario_of: the scenario.
        deployment: how the agent runs.
        task: what it was trained on.
        graph: the actor without physical quantities: what is kept goes by its digest.
        requests: how many held-out requests are drawn.
        actor: of a run folder; None of a cell, beside which the graph alone is kept.
    """

    path: Path
    scenario_of: Any
    deployment: Deployment
    task: Task
    graph: SpikingGraph
    requests: int
    actor: SavedActor | None = None

    @classmethod
    def load(cls, path: Path, requests: int) -> "Trained":
        """The actor of a run folder, or that beside a ``.json`` cell.

        Raises:
            RunError, AgentError, ScenarioError: it is neither, its actor has no spikes, or the scenario is
                not as it was.
        """
        if path.suffix == ".json":
            return cls._of_cell(path, requests)
        run = Run.open(RunFolder.open(path))
        if not isinstance(run.saved.network, PopSAN):
            raise RunError(f"{path} holds a dense actor, which has no spikes: name a run of --actor popsan")
        config, graph = run.config, graph_of(run.saved)
        return cls(run.folder.path, config.scenario, config.deployment, run.task, graph, requests, run.saved)

    @classmethod
    def _of_cell(cls, path: Path, requests: int) -> "Trained":
        cell, graph = kept_graph(path)
        if not isinstance(graph, SpikingGraph):
            raise RunError(f"{path} is of {cell.learner}, which has no spikes: name a cell of spiking")
        plan = Plan.of(cell.scenario, cell.learner, cell.seed, *PRESETS["tuned"], 0.0)
        made = {"scenario_sha256": cell.settings["scenario_sha256"]}
        check_settings(path, made, {"scenario_sha256": plan.settings["scenario_sha256"]})
        return cls(path, plan.scenario, plan.deployment, plan.task, graph, requests)

    @property
    def saved(self) -> SavedActor:
        """The actor, as fine-tuning needs it.

        Raises:
            RunError: the graph alone was kept.
        """
        if self.actor is None:
            raise RunError(f"{self.path} keeps the graph alone, which cannot be tuned: name a run's folder")
        return self.actor

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return str(getattr(self.scenario_of, "name", type(self.scenario_of).__name__))

    @cached_property
    def name(self) -> str:
        """Scenario and digest of the actor, which stand for the run in files."""
        return f"{file_name(self.scenario_of)}-{graph_digest(self.graph)[:12]}"

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What every figure of the run depends on."""
        return {
            "actor": graph_digest(self.graph),
            "scenario_sha256": scenario_sha256(self.scenario_of, self.deployment),
            "held_out_requests": self.requests,
            "held_out_seed": HELD_OUT_SEED,
        }

    @cached_property
    def held_out(self) -> Requests:
        """The requests."""
        return held_out(self.task, self.requests)

    def rounded(self, weight_bits: int) -> QuantizedGraph:
        """The graph in integers."""
        return quantize(self.graph, weight_bits)


def graph_of(saved: SavedActor) -> SpikingGraph:
    """The graph of a PopSAN."""
    assert isinstance(saved.network, PopSAN)
    return saved.network.graph()


def on_chip(qgraph: QuantizedGraph) -> Policy:
    """The policy of an integer graph."""

    def decide(observations: Observations) -> Floats:
        chunks = range(0, len(observations), _CHUNK)
        actions = [simulate_integer(qgraph, observations[i : i + _CHUNK]).actions for i in chunks]
        return np.concatenate(actions).astype(np.float64)

    return decide
