"""What is chosen for a training, on the command line or in Python: checked before anything begins."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import torch

from hardware_profiles.profile import load_profile
from neuro_aolo.agent.checkpoint import ACTORS, ActorSpec
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.carbon.feedback import charged
from neuro_aolo.carbon.feedback import toll as counted_toll
from neuro_aolo.energy.profiler import spike_prices_uj
from neuro_aolo.errors import AgentError, ScenarioError
from neuro_aolo.runs.config import PRESETS, Preset, RunConfig
from neuro_aolo.runs.defaults import DEVICE, PRESET, SCENARIO, SEED, SPIKE_PROFILE, SPIKE_WEIGHT
from neuro_aolo.systems.grid.trace_csv import Fill, read_trace
from neuro_aolo.systems.names import checked, load, name_of
from neuro_aolo.systems.system import System
from neuro_aolo.systems.task import Task
from neuro_aolo.systems.wording import one_of, shown

_SPIKING = "popsan"


@dataclass(frozen=True)
class Places:
    """Whose electricity the sites of a scenario draw.

    Attributes:
        countries: ISO 3166-1 alpha-3 codes, by site.
        traces: CSV files of hourly carbon intensity, by site.
        fill: what becomes of hours that a trace lacks: ``hold`` or ``linear``; they are refused where None.
    """

    countries: Mapping[str, str] = field(default_factory=dict)
    traces: Mapping[str, Path] = field(default_factory=dict)
    fill: str | None = None

    def put(self, system: System, scenario: Any) -> Any:
        """The system's scenario in these places.

        Raises:
            ScenarioError: an unknown site or country, a trace that cannot be used, or both for one site.
        """
        for site in self.countries.keys() & self.traces.keys():
            raise ScenarioError(
                f"--country {site}={self.countries[site]} and --trace {site}={self.traces[site]} both give "
                "one intensity: choose one"
            )
        if self.fill and not self.traces:
            raise ScenarioError(
                f"--fill {self.fill} fills a trace, and none is given: add --trace SITE=FILE.csv"
            )
        sites = system.task(scenario).spec.sites if self.countries or self.traces else ()
        countries = _by_site("--country", self.countries, sites)
        files = _by_site("--trace", self.traces, sites)
        for option, given, method in (
            ("--country", countries, "with_countries"),
            ("--trace", files, "with_traces"),
        ):
            if given and not hasattr(scenario, method):
                raise ScenarioError(
                    f"{option}: {type(scenario).__qualname__} has no {method}, so its sites keep their own "
                    "electricity: leave the option out"
                )
        fill = cast("Fill | None", self.fill)
        traces = {site: read_trace(path, fill) for site, path in files.items()}
        if countries:
            scenario = scenario.with_countries(**countries)
        return scenario.with_traces(**traces) if traces else scenario


def _by_site(option: str, given: Mapping[str, Any], sites: tuple[str, ...]) -> dict[str, Any]:
    """The same by the sites' own names, which may be typed in upper or lower case."""
    return {one_of(f"{option} {site}={value}: site", site, sites): value for site, value in given.items()}


@dataclass(frozen=True)
class TrainingOptions:
    """What a training is of, and how it goes.

    Attributes:
        scenario: a name, a ``.toml`` file, or a scenario of ``system``.
        system: what is controlled, where that is no shipped system.
        places: whose electricity is drawn.
        deployment: how the agent runs; as the scenario's file says where None.
        agent_site: where the agent stands; the last of the system's sites where None.
        actor: kind of the network.
        preset: settings of the training and shape of the actor.
        seed: of everything drawn at random.
        steps: decisions served, rounded up to a batch; the preset's where None.
        time_steps: of a decision of a spiking actor; the preset's where None.
        spike_weight: what a microjoule of spikes counts as, in mg of carbon.
        spike_profile: whose microjoules these are.
        device: where the networks are trained.
        compiled: whether the actor is compiled.
    """

    scenario: Any = SCENARIO
    system: System | None = None
    places: Places = field(default_factory=Places)
    deployment: Deployment | None = None
    agent_site: str | None = None
    actor: str = _SPIKING
    preset: str = PRESET
    seed: int = SEED
    steps: int | None = None
    time_steps: int | None = None
    spike_weight: float = SPIKE_WEIGHT
    spike_profile: str = SPIKE_PROFILE
    device: str = DEVICE
    compiled: bool = False

    def config(self) -> RunConfig:
        """The settings of a run with these options.

        Raises:
            NeuroAoloError: an option is not allowed, in one line with what is.
        """
        if type(self.seed) is not int or self.seed < 0:
            raise AgentError(f"--seed {shown(self.seed)} is not allowed: give a whole number of 0 or above")
        system, scenario, deployment = self._controlled()
        task = system.task(scenario)
        site = self._site(task)
        actor = one_of("--actor", self.actor, tuple(ACTORS))
        preset = cast("Preset", one_of("--preset", self.preset, tuple(PRESETS)))
        device = chosen_device(self.device)
        if self.compiled:
            check_compiler()
        training, popsan = PRESETS[preset]
        if self.steps is not None:
            training = replace(training, total_steps=self.steps)
        if self.time_steps is not None:
            _refuse_dense("--time-steps", self.time_steps, actor)
            popsan = replace(popsan, steps=self.time_steps)
        network = popsan if actor == _SPIKING else ACTORS[actor]()
        toll = self._toll(actor)
        if actor == _SPIKING:
            toll = counted_toll(task, deployment, site, toll)
        spec = ActorSpec(task.spec.observation_names, task.spec.action_names, network)
        charged(task, deployment, site, spec.build(torch.Generator()).graph())
        return RunConfig(
            system=system,
            scenario=scenario,
            actor=network,
            training=training,
            deployment=deployment,
            seed=self.seed,
            device=device,
            agent_site=site,
            preset=preset,
            compiled=self.compiled,
            spike_weight=self.spike_weight,
            toll=toll,
        )

    def _controlled(self) -> tuple[System, Any, Deployment]:
        """The system, the scenario in its places, and the deployment."""
        if self.system is not None:
            system = checked(self.system)
            if not isinstance(self.scenario, system.Scenario):
                raise ScenarioError(
                    f"scenario {shown(self.scenario)} is no Scenario of the system {name_of(system)!r}: give "
                    "one, as scenario=module.Scenario()"
                )
            return system, self.places.put(system, self.scenario), self.deployment or Deployment()
        if not isinstance(self.scenario, str | Path):
            raise ScenarioError(
                f"scenario {shown(self.scenario)} is neither a name nor a .toml file: give its system, "
                "too, as system=module"
            )
        loaded = load(self.scenario)
        deployment = self.deployment or Deployment.of(loaded.deployment, loaded.where)
        return loaded.system, self.places.put(loaded.system, loaded.scenario), deployment

    def _site(self, task: Task) -> str:
        sites = task.spec.sites
        if self.agent_site is None:
            return sites[-1]
        return one_of("--agent-site", self.agent_site, sites)

    def _toll(self, actor: str) -> SpikeToll | None:
        """What spikes were asked to cost; None where nothing was."""
        if self.spike_weight == 0.0:
            return None
        if not 0.0 < self.spike_weight < float("inf"):
            raise AgentError(
                f"--spike-weight {self.spike_weight:g} is not allowed: give 0, or a finite number above it"
            )
        _refuse_dense("--spike-weight", self.spike_weight, actor)
        profile = load_profile(self.spike_profile)
        return SpikeToll(profile.id, *spike_prices_uj(profile), cost_per_uj=self.spike_weight)


def _refuse_dense(option: str, value: float, actor: str) -> None:
    if actor != _SPIKING:
        raise AgentError(f"{option} {value:g} is for a {_SPIKING}: leave it out for --actor {actor}")


DEVICES = ("cpu", "cuda")


def chosen_device(device: str) -> str:
    """The device of that name, upper and lower case aside.

    Raises:
        AgentError: neither ``cpu`` nor ``cuda``, or torch sees no GPU.
    """
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
