"""The time of a training and of a decision, measured alone on the machine or not at all.

A training on a busy machine takes as long as its neighbours let it: times of the kept cells are therefore
compared nowhere. Here the same short training is timed again and again, and what was disturbed is refused.
"""

import json
import os
import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from neuro_aolo.agent.checkpoint import ActorSpec, shape_table
from neuro_aolo.agent.learner import Metrics
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.train import train_actor
from neuro_aolo.comparison.plan import PACKAGES
from neuro_aolo.errors import RunError
from neuro_aolo.files import to_json, write_whole
from neuro_aolo.runs.cell import check_settings
from neuro_aolo.runs.config import training_table
from neuro_aolo.runs.versions import present
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.task import AoloTask

LOAD_ALLOWED = 1.25
"""Most load average over a minute, at the start and at the end: the measured process is 1 of it."""
SHARE_NEEDED = 0.95
"""Least processor time of the measured process as a share of the wall time."""
DECISIONS = 200


@dataclass(frozen=True)
class Conditions:
    """What the machine did meanwhile.

    Attributes:
        jobs: trainings at a time of the command that measured.
        load_at_start: average over a minute of the processes that ran or waited.
        load_at_end: the same.
        processor_share: processor time of the measured process over the wall time.
    """

    jobs: int
    load_at_start: float
    load_at_end: float
    processor_share: float

    @property
    def disturbance(self) -> str:
        """What it was not alone with; empty where it was alone."""
        if self.jobs > 1:
            return f"--jobs {self.jobs}: give --jobs 1"
        load = max(self.load_at_start, self.load_at_end)
        if not load <= LOAD_ALLOWED:
            return f"load average {load:.2f}, above {LOAD_ALLOWED:g}: wait until the machine is quiet"
        if not self.processor_share >= SHARE_NEEDED:
            return f"it had {100 * self.processor_share:.0f} % of a core: wait until the machine is quiet"
        return ""


@dataclass(frozen=True)
class Timed:
    """Wall times of one actor, alone on the machine.

    Attributes:
        settings: all that they depend on, the machine aside.
        update_s: of one round of training: a batch served, and learnt from.
        decision_s: median of one decision in PyTorch.
        conditions: what the machine did meanwhile.
        versions: of Python and of the packages that matter.
    """

    settings: Mapping[str, Any]
    update_s: float
    decision_s: float
    conditions: Mapping[str, Any]
    versions: Mapping[str, str]

    def save(self, file: Path) -> None:
        """Write it, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, to_json(asdict(self)) + "\n")


@dataclass(frozen=True)
class Timing:
    """Times to be measured: of the second half of a short training, and of decisions after it.

    Attributes:
        steps: time steps T of a decision.
        seed: of the training.
        training: settings of SDRL.
        popsan: shape of the actor, with those steps.
        jobs: trainings at a time of the command that measures.
    """

    steps: int
    seed: int
    training: SDRLConfig
    popsan: PopSANConfig
    jobs: int

    @property
    def name(self) -> str:
        """Time steps and seed: the file, its ending aside."""
        return f"times-T-{self.steps}-{self.seed}"

    def file(self, folder: Path) -> Path:
        """Where the times are kept."""
        return folder / "times" / f"{self.name}.json"

    @cached_property
    def settings(self) -> dict[str, Any]:
        """All that the times depend on, the machine aside, as JSON gives it back."""
        own = {"training": training_table(self.training), "actor": shape_table(self.popsan)}
        resolved: dict[str, Any] = json.loads(to_json({"seed": self.seed, **own}))
        return resolved

    def finished(self, folder: Path) -> Timed | None:
        """The times as they were kept; None where they are still to be measured.

        Raises:
            RunError: their file is damaged, or was made with other settings.
        """
        file = self.file(folder)
        if not file.exists():
            return None
        try:
            timed = Timed(**json.loads(file.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise RunError(f"{file} is damaged ({error}): remove it, or add --overwrite") from None
        check_settings(file, timed.settings, self.settings)
        return timed

    def make(self) -> Timed:
        """Measure.

        Raises:
            RunError: the process was not alone on the machine.
        """
        task = AoloTask(Scenario.load("paper"))
        spec = ActorSpec(task.spec.observation_names, task.spec.action_names, self.popsan)
        rows: list[Metrics] = []
        loaded, began, used = load_average(), time.perf_counter(), time.process_time()
        if not loaded <= LOAD_ALLOWED:
            raise RunError(f"not alone: {Conditions(self.jobs, loaded, loaded, 1.0).disturbance}")
        train_actor(task, spec.build, self.training, self.seed, on_metrics=rows.append)
        decision = decision_s(spec)
        share = (time.process_time() - used) / (time.perf_counter() - began)
        conditions = Conditions(self.jobs, loaded, load_average(), share)
        if conditions.disturbance:
            raise RunError(f"not alone: {conditions.disturbance}")
        first, second = rows
        update_s = (second.seconds - first.seconds) * self.training.num_envs
        update_s /= second.requests - first.requests
        return Timed(self.settings, update_s, decision, asdict(conditions), present(PACKAGES))


def load_average() -> float:
    """Processes that ran or waited, over the last minute; infinity where the system does not say."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("inf")


def decision_s(spec: ActorSpec) -> float:
    """Median wall time of one decision, in s; what the weights are does not matter to it."""
    actor = spec.build(torch.Generator())
    observation, times_s = torch.zeros(1, len(spec.observation_names)), []
    with torch.inference_mode():
        for _ in range(DECISIONS):
            began = time.perf_counter()
            actor(observation)
            times_s.append(time.perf_counter() - began)
    return statistics.median(times_s)
