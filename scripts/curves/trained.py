"""A run's spiking actor beside the held-out requests that every figure is over."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo.agent.checkpoint import SavedActor
from neuro_aolo.agent.evaluate import HELD_OUT_SEED, Requests, held_out
from neuro_aolo.agent.popsan import PopSAN
from neuro_aolo.errors import RunError
from neuro_aolo.runs.cell import file_name, scenario_sha256
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summarise import scenario_name
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
        run: its run.
        requests: how many held-out requests are drawn.
    """

    run: Run
    requests: int

    @classmethod
    def load(cls, path: Path, requests: int) -> "Trained":
        """The actor of a run folder.

        Raises:
            RunError, AgentError, ScenarioError: it is no run folder, or its actor has no spikes.
        """
        run = Run.open(RunFolder.open(path))
        if not isinstance(run.saved.network, PopSAN):
            raise RunError(f"{path} holds an MLP, which has no spikes: name a run of --actor popsan")
        return cls(run, requests)

    @property
    def path(self) -> Path:
        """Its run folder."""
        return self.run.folder.path

    @property
    def saved(self) -> SavedActor:
        """The actor."""
        return self.run.saved

    @property
    def task(self) -> Task:
        """What it was trained on."""
        return self.run.task

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return scenario_name(self.run.config)

    @cached_property
    def graph(self) -> SpikingGraph:
        """The actor's graph without physical quantities: what is kept goes by its digest."""
        return graph_of(self.saved)

    @cached_property
    def name(self) -> str:
        """Scenario and digest of the actor, which stand for the run in files."""
        return f"{file_name(self.run.config.scenario)}-{graph_digest(self.graph)[:12]}"

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What every figure of the run depends on."""
        return {
            "actor": graph_digest(self.graph),
            "scenario_sha256": scenario_sha256(self.run.config.scenario, self.run.config.deployment),
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
