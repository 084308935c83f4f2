"""One cell of a comparison: a learner trained on a scenario with a seed, and what came of it, as one file."""

import hashlib
import json
import math
import platform
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter, ValidationError

from neuro_aolo.agent.checkpoint import Actor, ActorSpec, kind_of
from neuro_aolo.agent.evaluate import (
    HELD_OUT_REQUESTS,
    HELD_OUT_SEED,
    Policy,
    Requests,
    held_out,
    noise_free,
)
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.rivals import SEARCH_REQUESTS, SEARCH_SEED, best_constant_action, random_policy
from neuro_aolo.agent.sdrl import SDRLConfig, train
from neuro_aolo.agent.stable_baselines import Baseline, BaselineConfig, train_baseline
from neuro_aolo.carbon.feedback import agent_carbon, toll, untrained_overhead
from neuro_aolo.errors import RunError
from neuro_aolo.files import to_json, write_whole
from neuro_aolo.systems.aolo.request import outcome, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.task import AoloTask

OWN = ("spiking", "mlp")
BASELINES = ("sac", "td3", "ppo")
LEARNERS = (*OWN, *BASELINES, "random", "constant", "oracle")
"""Our actors, Stable-Baselines3's algorithms, and what does not learn."""

HIDDEN = {"sac": (256, 256), "td3": (400, 300), "ppo": (64, 64)}
"""Hidden layers of what decides, by Stable-Baselines3's defaults."""

AGENT_SITE = "bs"
"""Whose carbon intensity the agents of a comparison have."""

CELLS = "cells"
"""Subfolder of a comparison with one file per cell."""

FORMAT = 1
_PARTS = ("neuro-aolo", "torch", "norse", "numpy", "scipy", "stable-baselines3")


@dataclass(frozen=True)
class Point:
    """One validation of a training: noise-free, on requests of its own."""

    seconds: float
    requests: int
    regret: float
    violation_rate: float


@dataclass(frozen=True)
class Cell:
    """What one training came to; every figure but the curve is over the held-out requests.

    Attributes:
        scenario: name of the service.
        learner: one of :data:`LEARNERS`.
        seed: of the training.
        settings: all that the result depends on.
        regret: regret against the oracle, violating requests included.
        violation_rate: share of requests in which a constraint is broken.
        cost_mg: mean cost of a request, violating ones included.
        carbon_mg: mean carbon of the requests in which no constraint is broken; NaN where there is none.
        requests: requests served in training.
        updates: batches learnt from.
        seconds: time of the training on one core, its validations included: wall time of our own loop,
            processor time of Stable-Baselines3, which a busy machine must not rob of its share.
        curve: the validations of the training, if there were any.
        versions: of Python and of the packages that matter.
    """

    scenario: str
    learner: str
    seed: int
    settings: Mapping[str, Any]
    regret: float
    violation_rate: float
    cost_mg: float
    carbon_mg: float
    requests: int
    updates: int
    seconds: float
    curve: tuple[Point, ...]
    versions: Mapping[str, str]

    def save(self, file: Path) -> None:
        """Write the cell, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, to_json({"format": FORMAT, **asdict(self)}) + "\n")

    @classmethod
    def load(cls, file: Path) -> "Cell":
        """Read a cell that :meth:`save` wrote.

        Raises:
            RunError: the file is not what it should be.
        """
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            if data.pop("format") != FORMAT:
                raise ValueError(f"its format is not {FORMAT}")
            if data["carbon_mg"] is None:
                data["carbon_mg"] = math.nan
            return TypeAdapter(cls).validate_python(data)
        except ValidationError as error:
            first = error.errors()[0]
            reason = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
        raise RunError(
            f"{file} is no finished cell ({reason}): remove it, or add --overwrite to train it again"
        )


@dataclass(frozen=True)
class Plan:
    """A cell to be made.

    Attributes:
        scenario: the service.
        learner: one of :data:`LEARNERS`.
        seed: of the training.
        training: settings of our own loop.
        popsan: shape of the spiking actor; the MLP has the same hidden sizes.
        seconds: processor time that an algorithm of Stable-Baselines3 has.
        variant: what sets it apart from other cells of the learner, in letters, figures and hyphens; none
            where empty.
    """

    scenario: Scenario
    learner: str
    seed: int
    training: SDRLConfig
    popsan: PopSANConfig
    seconds: float
    variant: str = ""

    @property
    def actor(self) -> PopSANConfig | MLPConfig:
        """The network of one of our own learners."""
        return self.popsan if self.learner == "spiking" else MLPConfig(hidden=self.popsan.hidden)

    @property
    def deployed(self) -> Actor | None:
        """A network of the shape that decides, untrained; None where nothing has to be computed."""
        if self.learner not in (*OWN, *BASELINES):
            return None
        shape = self.actor if self.learner in OWN else MLPConfig(hidden=HIDDEN[self.learner])
        return ActorSpec(self.scenario.state_names, AoloTask.action_names, shape).build(torch.Generator())

    @property
    def name(self) -> str:
        """Scenario, learner, variant if any, and seed: the cell's file, its ending aside."""
        parts = (file_name(self.scenario), self.learner, self.variant, str(self.seed))
        return "-".join(part for part in parts if part)

    def file(self, folder: Path) -> Path:
        """Where the cell lies in the folder of its comparison."""
        return folder / CELLS / f"{self.name}.json"

    @cached_property
    def settings(self) -> dict[str, Any]:
        """All that the result depends on, as JSON gives it back."""
        settings: dict[str, Any] = {
            "scenario_sha256": scenario_sha256(self.scenario),
            "learner": self.learner,
            "variant": self.variant,
            "seed": self.seed,
            "held_out_requests": HELD_OUT_REQUESTS,
            "held_out_seed": HELD_OUT_SEED,
        }
        if self.learner in (*OWN, *BASELINES, "constant"):
            settings["violation_limit"] = self.scenario.limits.violation_rate
        if self.learner in OWN:
            settings["actor"] = {"kind": kind_of(self.actor), **asdict(self.actor)}
            settings["training"] = asdict(self.training)
        elif self.learner in BASELINES:
            settings |= {"seconds": self.seconds, **asdict(BaselineConfig())}
        elif self.learner == "constant":
            settings["search_requests"] = SEARCH_REQUESTS
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

    def make(self) -> Cell:
        """Train the learner, and let it decide the held-out requests."""
        actor = self.deployed
        overhead = untrained_overhead(self.scenario, AGENT_SITE, actor.graph()) if actor else None
        training = _train(self, AoloTask(self.scenario, overhead))
        return Cell(
            scenario=self.scenario.name,
            learner=self.learner,
            seed=self.seed,
            settings=self.settings,
            **_decided(self.scenario, held_out(AoloTask(self.scenario)), training),
            requests=training.requests,
            updates=training.updates,
            seconds=training.seconds,
            curve=training.curve,
            versions=versions(),
        )


@dataclass(frozen=True)
class _Training:
    """A policy, None for the oracle, and what it took."""

    policy: Policy | None
    actor: Actor | None = None
    requests: int = 0
    updates: int = 0
    seconds: float = 0.0
    curve: tuple[Point, ...] = ()


def _train(plan: Plan, task: AoloTask) -> _Training:
    if plan.learner == "oracle":
        return _Training(None)
    if plan.learner == "random":
        return _Training(random_policy(len(task.action_names), plan.seed))
    if plan.learner == "constant":
        began = time.perf_counter()
        constant = best_constant_action(task, seed=np.random.SeedSequence((SEARCH_SEED, plan.seed)))
        seconds = time.perf_counter() - began
        return _Training(constant.policy(), requests=SEARCH_REQUESTS, seconds=seconds)
    if plan.learner in BASELINES:
        name: Baseline = plan.learner  # type: ignore[assignment]
        found = train_baseline(name, task, plan.seconds, plan.seed)
        curve = _curve(found.curve)
        return _Training(found.policy, plan.deployed, found.requests, found.updates, found.seconds, curve)
    spec = ActorSpec(task.observation_names, task.action_names, plan.actor)
    spikes = toll(plan.scenario, AGENT_SITE) if plan.learner == "spiking" else None
    result = train(task, spec.build, plan.training, plan.seed, toll=spikes)
    assert isinstance(result.actor, Actor)
    curve = _curve(result.metrics)
    policy, seconds = noise_free(result.actor), curve[-1].seconds
    return _Training(policy, result.actor, result.requests, plan.training.updates, seconds, curve)


def _curve(rows: Any) -> tuple[Point, ...]:
    return tuple(Point(row.seconds, row.requests, row.regret, row.violation_rate) for row in rows)


def _decided(scenario: Scenario, requests: Requests, training: _Training) -> dict[str, float]:
    """Regret, violations, cost, and the carbon of what is served within every constraint.

    Where the scenario counts the carbon of deciding, it is in all of them.
    """
    policy = training.policy
    if policy is None:
        figures = 0.0, 0.0, float(requests.optimal_cost.mean()), float(requests.scale.mean())
    else:
        actions = policy(requests.observations)
        emitted = None
        if training.actor is not None:
            graph = training.actor.graph()
            emitted = agent_carbon(scenario, AGENT_SITE, graph, requests.observations)
        deciding = emitted.mg(requests.states) if emitted else np.zeros(len(requests.states))
        found = requests.evaluate(lambda observations: actions, deciding)
        # The cost of a task is its carbon less the price of quality: here carbon alone is asked for.
        served = outcome(scenario, requests.states, *to_physical(scenario, actions))
        kept_mg = (served.carbon_mg + deciding)[served.feasible]
        carbon_mg = float(kept_mg.mean()) if kept_mg.size else math.nan
        figures = found.regret, found.violation_rate, found.cost, carbon_mg
    return dict(zip(("regret", "violation_rate", "cost_mg", "carbon_mg"), figures, strict=True))


def scenario_sha256(scenario: Scenario) -> str:
    """Digest of all that a training on the scenario depends on."""
    return hashlib.sha256(scenario.learnt_toml().encode()).hexdigest()


def file_name(scenario: Scenario) -> str:
    """The scenario's name without what a file's name may not hold, and without dots that it begins with."""
    return re.sub(r"^\.+|[^\w.]+", "_", scenario.name)


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on, those that are missing left out."""
    found = {"python": platform.python_version()}
    for part in _PARTS:
        try:
            found[part] = version(part)
        except PackageNotFoundError:
            continue
    return found


def check_settings(file: Path, made: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Refuse what was made with other settings than are asked for.

    Raises:
        RunError: a setting differs; it is named.
    """
    other = _difference(made, asked)
    if other:
        raise RunError(
            f"{file} was made with other settings ({other}): choose another --out, or add --overwrite "
            "to train it again"
        )


def _difference(made: Mapping[str, Any], asked: Mapping[str, Any], prefix: str = "") -> str:
    """The first setting that differs, as ``training.total_steps = 512, now 1024``; empty where none does."""
    for key in sorted({*made, *asked}):
        first, second = made.get(key), asked.get(key)
        if isinstance(first, Mapping) and isinstance(second, Mapping):
            inner = _difference(first, second, f"{prefix}{key}.")
            if inner:
                return inner
        elif first != second:
            return f"{prefix}{key} = {_short(first)}, now {_short(second)}"
    return ""


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:12]}...{text[-1]}"
