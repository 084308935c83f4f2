"""A run's spiking actor beside the held-out requests that every figure is over."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo.agent.checkpoint import SavedActor, load_actor
from neuro_aolo.agent.evaluate import HELD_OUT_SEED, Policy, Requests, held_out
from neuro_aolo.agent.popsan import PopSAN
from neuro_aolo.comparison.cell import file_name, scenario_sha256
from neuro_aolo.errors import RunError
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.systems.aolo.task import AoloTask
from neuro_aolo.systems.task import Floats, Observations
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
        path: its run folder.
        saved: the actor.
        task: what it was trained on.
        requests: how many held-out requests are drawn.
    """

    path: Path
    saved: SavedActor
    task: AoloTask
    requests: int

    @classmethod
    def load(cls, path: Path, requests: int) -> "Trained":
        """The actor of a run folder.

        Raises:
            RunError, AgentError, ScenarioError: it is no run folder, or its actor has no spikes.
        """
        config = RunFolder.open(path).config()
        saved = load_actor(path)
        if not isinstance(saved.network, PopSAN):
            raise RunError(f"{path} holds an MLP, which has no spikes: name a run of --actor popsan")
        return cls(path, saved, AoloTask(config.scenario), requests)

    @property
    def scenario(self) -> str:
        """Name of the service."""
        return self.task.scenario.name

    @cached_property
    def graph(self) -> SpikingGraph:
        """The actor's graph."""
        return graph_of(self.saved)

    @cached_property
    def name(self) -> str:
        """Scenario and digest of the actor, which stand for the run in files."""
        return f"{file_name(self.task.scenario)}-{graph_digest(self.graph)[:12]}"

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What every figure of the run depends on."""
        return {
            "actor": graph_digest(self.graph),
            "scenario_sha256": scenario_sha256(self.task.scenario),
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
