"""What decides of a cell, made: a training, a fit or a rule, and what it comes to on held-out requests."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from neuro_aolo.agent.best_of import best_of
from neuro_aolo.agent.categorical import Categorical
from neuro_aolo.agent.checkpoint import ActorSpec
from neuro_aolo.agent.evaluate import (
    Requests,
    noise_free,
)
from neuro_aolo.agent.fitted import FITTED, fit
from neuro_aolo.agent.learner import Seeds
from neuro_aolo.agent.loop import learn
from neuro_aolo.agent.rivals import SEARCH_REQUESTS, SEARCH_SEED, best_constant_action, random_policy
from neuro_aolo.agent.sb3_config import TUNED, Algorithm
from neuro_aolo.agent.sdrl import SDRL
from neuro_aolo.agent.stable_baselines import train_sb3
from neuro_aolo.agent.train import learner_for
from neuro_aolo.carbon.feedback import agent_carbon, toll
from neuro_aolo.runs.cell import Point
from neuro_aolo.runs.decided import per_decision
from neuro_aolo.systems.task import Policy, Task
from neuro_aolo.units import MG_PER_G
from neuro_aolo_export.graph import DenseGraph, SpikingGraph

if TYPE_CHECKING:
    from neuro_aolo.comparison.plan import Plan

OWN = ("spiking", "mlp", "diffusion")
CONTROLS = ("best-of", "categorical")
"""Trained as the MLP is: one searches for each decision, the other draws what it names. Neither is for a
device: what deciding emits is not counted."""
BASELINES = ("sac", "td3", "ppo")


@dataclass(frozen=True)
class Trained:
    """A policy, None for the exact optimum, the graph of what decides, and what it took."""

    policy: Policy | None
    graph: SpikingGraph | DenseGraph | None = None
    requests: int = 0
    updates: int = 0
    seconds: float = 0.0
    curve: tuple[Point, ...] = ()
    processor_s: float = 0.0
    validation_requests: int = 0


def train(plan: "Plan", task: Task) -> Trained:
    """Make what decides of a cell: train it, fit it, or take it as it is."""
    if plan.learner == task.spec.optimum:
        return Trained(None)
    if plan.learner in plan.rules:
        return Trained(plan.rules[plan.learner])
    if plan.learner in plan.estimators:
        logged, began = plan.training.total_steps, time.process_time()
        estimated = plan.estimators[plan.learner](logged, plan.seed)
        took_s = time.process_time() - began
        return Trained(estimated, requests=logged, seconds=took_s, processor_s=took_s)
    if plan.learner == "random":
        return Trained(random_policy(len(task.spec.actions), plan.seed, task.spec.horizon))
    if plan.learner == "constant":
        began, began_cpu = time.perf_counter(), time.process_time()
        constant = best_constant_action(task, seed=np.random.SeedSequence((SEARCH_SEED, plan.seed)))
        seconds = time.perf_counter() - began
        processor_s = time.process_time() - began_cpu
        return Trained(constant.policy(), requests=SEARCH_REQUESTS, seconds=seconds, processor_s=processor_s)
    if plan.learner in FITTED:
        fitted = fit(plan.learner, task, plan.seed)
        return Trained(
            fitted.policy,
            plan.deployed,
            fitted.requests,
            fitted.updates,
            fitted.seconds,
            processor_s=fitted.seconds,
        )
    if plan.learner in BASELINES:
        name: Algorithm = plan.learner  # type: ignore[assignment]
        trained = train_sb3(name, task, plan.seconds, plan.seed)
        curve = _curve(trained.curve, [row.seconds for row in trained.curve])
        return Trained(
            trained.policy,
            plan.deployed,
            trained.requests,
            trained.updates,
            trained.seconds,
            curve,
            processor_s=trained.seconds,
            validation_requests=_validated(task, curve, TUNED[name].validation_requests),
        )
    return _own(plan, task)


def _own(plan: "Plan", task: Task) -> Trained:
    """A training in our own loop."""
    spec = ActorSpec(task.spec.observation_names, task.spec.action_names, plan.actor)
    spikes = toll(task, plan.deployment, plan.agent_site) if plan.learner == "spiking" else None
    began, spent_s = time.process_time(), list[float]()
    seeds = Seeds.of(plan.seed)

    def build(generator: torch.Generator) -> nn.Module:
        network = spec.build(generator)
        return Categorical(network, task.spec.choice) if plan.learner == "categorical" else network

    learner = learner_for(task, build, plan.training, seeds, toll=spikes)
    result = learn(
        task,
        learner,
        plan.training.pace,
        seeds,
        on_metrics=lambda row: spent_s.append(time.process_time() - began),
    )
    curve = _curve(result.metrics, spent_s)
    policy = noise_free(result.actor)
    if plan.learner == "best-of" and isinstance(learner, SDRL):
        policy = best_of(learner, plan.seed)
    return Trained(
        policy,
        None if plan.learner in CONTROLS else result.actor.graph(),  # type: ignore[operator]
        result.requests,
        plan.training.updates,
        curve[-1].seconds,
        curve,
        processor_s=spent_s[-1],
        validation_requests=_validated(task, curve, plan.training.validation_requests),
    )


def _curve(rows: Any, processor_s: Sequence[float]) -> tuple[Point, ...]:
    return tuple(
        Point(row.seconds, row.requests, row.regret, row.violation_rate, spent_s)
        for row, spent_s in zip(rows, processor_s, strict=True)
    )


def _validated(task: Task, curve: Sequence[Point], starts: int) -> int:
    """Decisions of all validations, each from so many starts: at most, where episodes may end early."""
    return len(curve) * task.spec.starts(starts) * task.spec.horizon


def decided(plan: "Plan", requests: Requests, training: Trained) -> dict[str, Any]:
    """Regret, violations, cost, and the carbon of what is served within every constraint.

    Where the deployment counts the carbon of deciding, it is in all of them.
    """
    policy = training.policy
    if policy is None:
        figures = 0.0, 0.0, float(requests.optimal_cost.mean()), float(requests.optimal_mg.mean())
    else:
        rolled = requests.rollout(policy)
        emitted = None
        if training.graph is not None:
            emitted = agent_carbon(
                plan.deployment,
                plan.agent_site,
                training.graph,
                requests.observations,
                agents=plan.task.spec.agents,
            )
        intensity = plan.task.intensity(requests.states, plan.agent_site)
        deciding = emitted.mg(intensity) if emitted else np.zeros(len(requests.states))
        evaluation = requests.measure(rolled, deciding)
        # The cost of a task is its carbon less the price of quality: here carbon alone is asked for.
        kept_mg = (per_decision(rolled).total_g * MG_PER_G + deciding)[rolled.broken == 0]
        carbon_mg = float(kept_mg.mean()) if kept_mg.size else math.nan
        figures = evaluation.regret, evaluation.violation_rate, evaluation.cost, carbon_mg
    return dict(zip(("regret", "violation_rate", "cost_mg", "carbon_mg"), figures, strict=True))
