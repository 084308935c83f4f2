"""The first requests of a training: their mean reward, exploration included, kept as one file."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo.agent.checkpoint import ActorSpec, shape_table
from neuro_aolo.agent.learner import Metrics
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.stable_baselines import stable_baselines
from neuro_aolo.agent.train import train_actor
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.comparison.plan import PACKAGES
from neuro_aolo.errors import RunError
from neuro_aolo.files import to_json, write_whole
from neuro_aolo.runs.cell import check_settings, scenario_sha256
from neuro_aolo.runs.config import training_table
from neuro_aolo.runs.versions import present
from neuro_aolo.systems.aolo.env import AoloEnv
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.task import AoloTask


@dataclass(frozen=True)
class Opened:
    """What the first requests of a training came to; ``settings`` is all that it depends on."""

    settings: Mapping[str, Any]
    reward_mg: float
    requests: int
    versions: Mapping[str, str]

    def save(self, file: Path) -> None:
        """Write it, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, to_json(asdict(self)) + "\n")


@dataclass(frozen=True)
class Opening:
    """The first requests of a training, to be served.

    Attributes:
        strategy: ``outage``, or ``non-outage`` for epsilon = 0.
        learner: ``SDRL``, or ``SAC`` for Stable-Baselines3's with its default settings.
        seed: of the training.
        training: settings of SDRL; SAC has its discount.
        popsan: shape of SDRL's actor.
        requests: how many; a multiple of the environment's 100 requests an episode.
    """

    strategy: str
    learner: str
    seed: int
    training: SDRLConfig
    popsan: PopSANConfig
    requests: int

    @property
    def name(self) -> str:
        """Strategy, learner and seed: the file, its ending aside."""
        return f"{self.strategy}-{self.learner}-{self.seed}"

    def file(self, folder: Path) -> Path:
        """Where the reward is kept."""
        return folder / "openings" / f"{self.name}.json"

    @cached_property
    def scenario(self) -> Scenario:
        """The paper's, with the channel of the strategy."""
        scenario = Scenario.load("paper")
        if self.strategy == "outage":
            return scenario
        return scenario.with_values(channel={"outage_probability": 0.0})

    @cached_property
    def settings(self) -> dict[str, Any]:
        """All that the reward depends on, as JSON gives it back."""
        own = {"training": training_table(self.training), "actor": shape_table(self.popsan)}
        settings = {
            "scenario_sha256": scenario_sha256(self.scenario, Deployment()),
            "seed": self.seed,
            "requests": self.requests,
            **(own if self.learner == "SDRL" else {"discount": self.training.discount}),
        }
        resolved: dict[str, Any] = json.loads(to_json(settings))
        return resolved

    def finished(self, folder: Path) -> Opened | None:
        """The reward as it was kept; None where it is still to be measured.

        Raises:
            RunError: its file is damaged, or was made with other settings.
        """
        file = self.file(folder)
        if not file.exists():
            return None
        try:
            opened = Opened(**json.loads(file.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise RunError(f"{file} is damaged ({error}): remove it, or add --overwrite") from None
        check_settings(file, opened.settings, self.settings)
        return opened

    def make(self) -> Opened:
        """Serve the requests."""
        reward_mg, requests = self._sdrl() if self.learner == "SDRL" else self._sac()
        return Opened(self.settings, reward_mg, requests, present(PACKAGES))

    def _sdrl(self) -> tuple[float, int]:
        rows: list[Metrics] = []

        def record(row: Metrics) -> None:
            rows.append(row)
            if row.requests >= self.requests:
                raise KeyboardInterrupt

        task = AoloTask(self.scenario)
        spec = ActorSpec(task.spec.observation_names, task.spec.action_names, self.popsan)
        train_actor(task, spec.build, self.training, self.seed, on_metrics=record)
        served = np.diff([0, *(row.requests for row in rows)])
        reward_mg = np.average([row.training_reward for row in rows], weights=served)
        return float(reward_mg), rows[-1].requests

    def _sac(self) -> tuple[float, int]:
        library: Any = stable_baselines()
        env = library.common.monitor.Monitor(AoloEnv(self.scenario))
        settings = {"gamma": self.training.discount, "seed": self.seed, "device": "cpu"}
        library.SAC("MlpPolicy", env, **settings).learn(self.requests)
        requests = sum(env.get_episode_lengths())
        return float(sum(env.get_episode_rewards()) / requests), requests
