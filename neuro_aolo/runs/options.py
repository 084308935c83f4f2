"""What is chosen for a training, on the command line or in Python: checked before anything begins."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import torch

from hardware_profiles.profile import load_profile
from neuro_aolo.agent.checkpoint import ACTORS, ActorConfig, ActorSpec, kind_of
from neuro_aolo.agent.dime_config import DimeConfig
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.ppo_config import PPOConfig
from neuro_aolo.agent.preference import preferred
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.agent.train import LEARNERS, learner_of
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.carbon.feedback import charged
from neuro_aolo.carbon.feedback import toll as counted_toll
from neuro_aolo.errors import AgentError, NeuroAoloError, ScenarioError
from neuro_aolo.pricing.profiler import spike_prices_uj
from neuro_aolo.runs.config import RunConfig
from neuro_aolo.runs.defaults import DEVICE, PRESET, SCENARIO, SEED, SPIKE_PROFILE
from neuro_aolo.runs.places import Places
from neuro_aolo.runs.presets import PRESETS, Preset, actor_of, preset_of
from neuro_aolo.runs.settings import by_table, is_whole, laid_over, read_tables
from neuro_aolo.systems.names import checked, load, name_of
from neuro_aolo.systems.system import System
from neuro_aolo.systems.wording import one_of, shown

_SPIKING = "popsan"


@dataclass(frozen=True)
class TrainingOptions:
    """What a training is of, and how it goes.

    What is given here overrides what ``config_file`` says, and ``settings`` override both; where neither
    says anything, the defaults of :mod:`neuro_aolo.runs.defaults` and of the preset hold.

    Attributes:
        scenario: a name, a ``.toml`` file, or a scenario of ``system``.
        system: what is controlled, where that is no shipped system.
        places: whose electricity is drawn.
        deployment: how the agent runs; as the scenario's file says where None.
        agent_site: where the agent stands; the last of the system's sites where None.
        actor: kind of the network.
        preset: settings of the training and shape of the actor.
        seed: of everything drawn at random.
        preference: weight of each objective in training, in units of their scales; the task's own where None.
        steps: decisions served, rounded up to a batch.
        time_steps: of a decision of a spiking actor.
        spike_weight: what a microjoule of spikes counts as, in mg of carbon.
        spike_profile: whose microjoules these are.
        device: where the networks are trained.
        compiled: whether the actor is compiled.
        config_file: settings in the form of a run's ``config.toml``, the whole of one or a part.
        settings: the same by dotted key, as ``{"training.actor_lr": 1e-3}``, or table by table.
    """

    scenario: Any = None
    system: System | None = None
    places: Places = field(default_factory=Places)
    deployment: Deployment | None = None
    agent_site: str | None = None
    actor: str | None = None
    preset: str | None = None
    seed: int | None = None
    preference: tuple[float, ...] | None = None
    steps: int | None = None
    time_steps: int | None = None
    spike_weight: float | None = None
    spike_profile: str | None = None
    device: str | None = None
    compiled: bool | None = None
    config_file: str | Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def config(self) -> RunConfig:
        """The settings of a run with these options.

        Raises:
            NeuroAoloError: an option is not allowed, in one line with what is.
        """
        if self.seed is not None and (type(self.seed) is not int or self.seed < 0):
            raise AgentError(f"--seed {shown(self.seed)} is not allowed: give a whole number of 0 or above")
        return self._by_their_names()._config()

    def _by_their_names(self) -> "TrainingOptions":
        """The same with actor and preset as they are called, which may be typed in upper or lower case."""
        actor = None if self.actor is None else one_of("--actor", self.actor, tuple(ACTORS))
        preset = None if self.preset is None else one_of("--preset", self.preset, tuple(PRESETS))
        return replace(self, actor=actor, preset=preset)

    def _config(self) -> RunConfig:
        tables = {} if self.config_file is None else read_tables(Path(self.config_file))
        whole = is_whole(tables)
        if whole and self.scenario is None and self.system is None:
            with self._naming_the_file():
                config = RunConfig.of(tables)
            config = replace(config, scenario=self.places.put(config.system, config.scenario))
            if self.preset is not None:
                training, popsan = preset_of(learner_of(config.training), cast("Preset", self.preset))
                config = replace(config, training=training, actor=popsan, preset=cast("Preset", self.preset))
        else:
            config = self._fresh(tables)
            with self._naming_the_file():
                config = laid_over(config, self._of_file(tables, whole=whole))
        before = config
        config = laid_over(self._typed(config), by_table(self.settings))
        return self._finished(config, before.toll if whole and config == before else None)

    @contextmanager
    def _naming_the_file(self) -> Iterator[None]:
        """What is wrong with a value that the settings file gives is said with the file."""
        try:
            yield
        except NeuroAoloError as error:
            if self.config_file is None:
                raise
            raise type(error)(f"--config {self.config_file}: {error}") from None

    def _fresh(self, tables: Mapping[str, Any]) -> RunConfig:
        """A run on the scenario that is asked for, with the usual settings of actor and training."""
        with self._naming_the_file() if self.preset is None else nullcontext():
            preset = cast(
                "Preset", one_of("preset", self.preset or tables.get("preset", PRESET), tuple(PRESETS))
            )
        named = tables.get("scenario")
        with self._naming_the_file() if self.scenario is None else nullcontext():
            system, scenario, deployment = self._controlled(named if isinstance(named, str) else None)
        with self._naming_the_file() if self.actor is None else nullcontext():
            kind = self.actor or dict(tables.get("actor", {})).get("kind", _SPIKING)
            kind = one_of("actor", kind, tuple(ACTORS))
        spec = system.task(scenario).spec
        training, popsan = preset_of(self._learner(tables) or spec.learner, preset)
        return RunConfig(
            system=system,
            scenario=scenario,
            actor=actor_of(kind, popsan),
            training=training,
            deployment=deployment,
            agent_site=spec.sites[-1],
            preset=preset,
            seed=SEED,
            device=DEVICE,
        )

    def _learner(self, tables: Mapping[str, Any]) -> str | None:
        """The learner that settings name; None where none do."""
        for of, given in (("setting ", by_table(self.settings)), ("", tables)):
            table = given.get("training")
            if isinstance(table, Mapping) and "learner" in table:
                return one_of(f"{of}training.learner", table["learner"], tuple(LEARNERS))
        return None

    def _of_file(self, tables: Mapping[str, Any], *, whole: bool) -> dict[str, Any]:
        """What of a file holds beside the options that were given."""
        given = {"toll"}
        if whole or isinstance(tables.get("scenario"), str):
            given |= {"scenario", "system"}
        if self.preset is not None:
            given |= {"preset", "actor", "training"}
        if self.actor is not None and self.actor != dict(tables.get("actor", {})).get("kind", self.actor):
            given |= {"actor"}
        return {key: value for key, value in tables.items() if key not in given}

    def _typed(self, config: RunConfig) -> RunConfig:
        """``config`` with what was given as an option."""
        actor, training = config.actor, config.training
        if self.actor is not None and self.actor != kind_of(actor):
            shape = preset_of(learner_of(training), config.preset)[1]
            actor = actor_of(
                self.actor, shape if self.actor == _SPIKING else replace(shape, hidden=actor.hidden)
            )
        if self.steps is not None:
            training = replace(training, total_steps=self.steps)
        if self.preference is not None:
            if not isinstance(training, PPOConfig | DimeConfig):
                typed = ",".join(f"{each:g}" for each in self.preference)
                raise AgentError(
                    f"--preference {typed} is for the learners ppo and dime: leave it out, or choose a "
                    "scenario with several objectives"
                )
            training = replace(training, preference=tuple(self.preference))
        if self.time_steps is not None:
            self._refuse_dense("--time-steps", self.time_steps, actor)
            actor = replace(cast("PopSANConfig", actor), steps=self.time_steps)
        chosen: dict[str, Any] = {
            "seed": self.seed,
            "device": self.device,
            "compiled": self.compiled,
            "agent_site": self.agent_site,
            "deployment": self.deployment,
            "spike_weight": self.spike_weight,
        }
        given = {name: value for name, value in chosen.items() if value is not None}
        return replace(config, actor=actor, training=training, **given)

    def _finished(self, config: RunConfig, toll: SpikeToll | None) -> RunConfig:
        """``config`` checked, with what spikes cost in it; ``toll`` is that where nothing of it changed."""
        task = config.system.task(config.scenario)
        with self._naming_the_file() if self.agent_site is None else nullcontext():
            site = one_of("--agent-site", config.agent_site, task.spec.sites)
        with self._naming_the_file() if self.device is None else nullcontext():
            device = chosen_device(config.device)
        if isinstance(config.training, PPOConfig | DimeConfig):
            preferred(task.spec, config.training.preference)
        config = replace(config, agent_site=site, device=device)
        if config.compiled:
            check_compiler()
        if toll is None:
            asked = self._toll(config)
            if kind_of(config.actor) == _SPIKING:
                toll = counted_toll(task, config.deployment, config.agent_site, asked)
        spec = ActorSpec(task.spec.observation_names, task.spec.action_names, config.actor)
        charged(task, config.deployment, config.agent_site, spec.build(torch.Generator()).graph())
        return replace(config, toll=toll)

    def _controlled(self, named: str | None) -> tuple[System, Any, Deployment]:
        """The system, the scenario in its places, and the deployment; ``named`` is what a file asks for."""
        if self.system is not None:
            system = checked(self.system)
            if not isinstance(self.scenario, system.Scenario):
                raise ScenarioError(
                    f"scenario {shown(self.scenario)} is no Scenario of the system {name_of(system)!r}: give "
                    "one, as scenario=module.Scenario()"
                )
            return system, self.places.put(system, self.scenario), self.deployment or Deployment()
        scenario = self.scenario or named or SCENARIO
        if not isinstance(scenario, str | Path):
            raise ScenarioError(
                f"scenario {shown(scenario)} is neither a name nor a .toml file: give its system, "
                "too, as system=module"
            )
        loaded = load(scenario)
        deployment = self.deployment or Deployment.of(loaded.deployment, loaded.where)
        return loaded.system, self.places.put(loaded.system, loaded.scenario), deployment

    def _toll(self, config: RunConfig) -> SpikeToll | None:
        """What spikes were asked to cost; None where nothing was."""
        weight = config.spike_weight
        if weight == 0.0:
            return None
        if not 0.0 < weight < float("inf"):
            raise AgentError(f"--spike-weight {weight:g} is not allowed: give 0, or a finite number above it")
        self._refuse_dense("--spike-weight", weight, config.actor)
        profile = load_profile(self.spike_profile or (config.toll.profile if config.toll else SPIKE_PROFILE))
        return SpikeToll(profile.id, *spike_prices_uj(profile), cost_per_uj=weight)

    def _refuse_dense(self, option: str, value: float, actor: ActorConfig) -> None:
        if kind_of(actor) != _SPIKING:
            raise AgentError(
                f"{option} {value:g} is for a {_SPIKING}: leave it out for --actor {kind_of(actor)}"
            )


DEVICES = ("cpu", "cuda")


def chosen_device(device: str) -> str:
    """The device of that name, upper and lower case aside.

    Raises:
        AgentError: neither ``cpu`` nor ``cuda``, or torch sees no GPU.
    """
    if device.strip().lower() in ("gpu", "nvidia"):
        raise AgentError(f"--device {device!r} is neither cpu nor cuda: did you mean 'cuda'?")
    chosen = one_of("--device", device, DEVICES)
    if chosen == "cuda" and not torch.cuda.is_available():
        raise AgentError(f"--device {device!r} cannot be used, torch sees no CUDA GPU: choose --device cpu")
    return chosen


def check_compiler() -> None:
    """Refuse to compile where ``torch.compile`` finds no C++ compiler.

    Raises:
        AgentError: the one that it looks for is not there.
    """
    # torch.compile tries this one and no other.
    name = os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++")
    if shutil.which(name) is None:
        raise AgentError(
            f"--compile needs a C++ compiler, and {name!r} is not there: install it, set CXX to the one "
            "that is, or train without --compile"
        )
