"""A run that is looked at: its folder and settings, what is controlled, the trained actor and its graph."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from neuro_aolo.agent.checkpoint import SavedActor, load_actor
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.errors import RunError
from neuro_aolo.runs.config import RunConfig
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.summary.part import ActorKind
from neuro_aolo.systems.task import Floats, Task
from neuro_aolo_export.graph import DenseGraph, SpikingGraph
from neuro_aolo_export.loihi2.integers import WEIGHT_BITS


@dataclass(frozen=True)
class Run:
    """A trained actor with all that it was trained for.

    Attributes:
        folder: of the run.
        config: its settings, scenario and deployment as they are looked at.
        trained: its settings as it was trained.
        task: of that scenario.
        saved: the actor.
        timings_s: of what was looked at so far.
    """

    folder: RunFolder
    config: RunConfig
    trained: RunConfig
    task: Task
    saved: SavedActor
    timings_s: dict[str, float] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: RunFolder, scenario: Any = None, deployment: Deployment | None = None) -> "Run":
        """The run in a folder.

        Args:
            folder: with a trained actor.
            scenario: to look at it in; the one that it was trained in where None.
            deployment: to look at it under; that of the run where None.

        Raises:
            RunError, AgentError: the folder's files are missing or wrong.
        """
        trained = folder.config()
        config = replace(
            trained,
            scenario=trained.scenario if scenario is None else scenario,
            deployment=trained.deployment if deployment is None else deployment,
        )
        saved, task = load_actor(folder.path), trained.system.task(config.scenario)
        if saved.spec.observation_names != task.spec.observation_names:
            raise RunError(
                f"{folder.path}: the actor observes {', '.join(saved.spec.observation_names)}, "
                f"its scenario has {', '.join(task.spec.observation_names)}: train it again"
            )
        return cls(folder, config, trained, task, saved)

    @cached_property
    def graph(self) -> SpikingGraph | DenseGraph:
        """The trained actor's graph, with the quantities that it was trained on."""
        spec = self._trained_task.spec
        graph: SpikingGraph | DenseGraph = self.saved.network.graph(spec.observations, spec.actions)
        return graph

    @property
    def kind(self) -> ActorKind:
        """What the graph is."""
        return "spiking" if isinstance(self.graph, SpikingGraph) else "dense"

    def spiking_graph(self) -> SpikingGraph:
        """The graph of a spiking actor.

        Raises:
            RunError: the actor is dense.
        """
        if not isinstance(self.graph, SpikingGraph):
            raise RunError(
                f"{self.folder.path} holds a dense actor, which has no spikes: train with --actor popsan"
            )
        return self.graph

    @cached_property
    def twin(self) -> "Run | None":
        """The run of the dense twin beside it, looked at alike; None where none was trained.

        Raises:
            RunError: what lies beside the run has spikes.
        """
        if not self.folder.has_twin:
            return None
        saved = load_actor(self.folder.twin.path)
        twin = Run(self.folder.twin, self.config, self.trained, self.task, saved, self.timings_s)
        if not isinstance(twin.graph, DenseGraph):
            raise RunError(
                f"{self.folder.twin.path} holds a {type(saved.network).__name__}, not the dense twin: "
                "remove that folder, or run again"
            )
        return twin

    def weight_bits(self, asked: int | None = None) -> int:
        """Bits of a weight on the chip: those asked for, else those of a fine-tuning, else 8.

        Raises:
            RunError: the run says a number of bits that no chip has.
        """
        bits = asked or self.saved.training.get("finetuned_weight_bits", 8)
        if bits not in WEIGHT_BITS:
            raise RunError(
                f"{self.folder.path}: finetuned_weight_bits = {bits!r}: give 4 to 8, or train again"
            )
        return int(bits)

    def site_intensity_g_per_kwh(self, states: Floats) -> float:
        """Mean carbon intensity at the agent's site: over its hours, or over ``states`` without any."""
        site, hourly = self.config.agent_site, self.task.hourly
        if hourly is not None and site in hourly.g_per_kwh:
            return float(np.mean(hourly.g_per_kwh[site]))
        return float(self.task.intensity(states, site).mean())

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Keep the time of a stage."""
        began = time.perf_counter()
        yield
        self.timings_s[stage] = time.perf_counter() - began

    @cached_property
    def _trained_task(self) -> Task:
        if self.config.scenario is self.trained.scenario:
            return self.task
        return self.trained.system.task(self.trained.scenario)
