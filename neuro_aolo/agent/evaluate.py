"""How well a policy does, measured against the exact optimum of every request where it is known."""

import copy
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from neuro_aolo.agent.rollout import Rollout, rollout
from neuro_aolo.systems.task import Floats, Observations, Optimum, Policy, Task

HELD_OUT_REQUESTS = 20_000
HELD_OUT_SEED = 2503_04418_2
"""Entropy of the held-out requests: apart from every training seed, and the same for all."""


@dataclass(frozen=True)
class Evaluation:
    """What a policy's decisions on a set of requests led to; a request is where an episode starts.

    Attributes:
        requests: requests that have a feasible action; all other figures are over these.
        regret: ``sum(cost - optimal cost) / sum(scale)``, violating requests included; NaN where nobody
            knows the optimum.
        violation_rate: share of decisions in which a constraint is broken.
        cost: mean cost of a decision, violating ones included.
        optimal_cost: the same of the optimum; NaN where nobody knows it.
    """

    requests: int
    regret: float
    violation_rate: float
    cost: float
    optimal_cost: float

    def score(self, violation_limit: float, more_cost: float = 0.0) -> tuple[float, float]:
        """Sort key: first the violations beyond the limit, then the regret; smaller is better.

        Args:
            violation_limit: share of decisions that may break a constraint.
            more_cost: what a decision costs beyond ``cost``.

        Returns:
            Excess, and regret; the cost where nobody knows the optimum.
        """
        excess = max(self.violation_rate - violation_limit, 0.0)
        if math.isnan(self.regret):
            return excess, self.cost + more_cost
        return excess, self.regret + more_cost / self.optimal_cost if more_cost else self.regret


class Requests:
    """States with their observations and optima, computed once and used for many policies.

    Every policy meets what follows them in the same draws.
    """

    def __init__(self, task: Task, count: int, seed: np.random.SeedSequence | int) -> None:
        self.task = task
        self._rng = np.random.default_rng(seed)
        states = task.reset(count, self._rng)
        optimum = task.optimum(states)
        if optimum is None:
            unknown = np.full(count, np.nan)
            optimum = Optimum(unknown, unknown, np.ones(count, np.bool_))
        self.feasible = optimum.feasible
        """Which of the drawn requests have a feasible action, ``(count,)``; the others are left out."""
        self.states = states[optimum.feasible]
        self.optimal_cost = optimum.cost[optimum.feasible]
        self.scale = optimum.scale[optimum.feasible]
        self.observations = task.observe(self.states)

    def rollout(self, policy: Policy) -> Rollout:
        """Let ``policy`` decide every request, and what follows it."""
        return rollout(self.task, policy, self.states, copy.deepcopy(self._rng))

    def evaluate(self, policy: Policy, deciding: Floats | float = 0.0) -> Evaluation:
        """Let ``policy`` decide, and measure.

        Args:
            policy: what decides.
            deciding: what a decision costs by itself for each request, ``(n,)``, in the task's unit.
        """
        return self.measure(self.rollout(policy), deciding)

    def measure(self, rolled: Rollout, deciding: Floats | float = 0.0) -> Evaluation:
        """Measure a rollout from these requests; ``deciding`` as above."""
        cost = rolled.cost + deciding
        excess = float(np.sum(cost - self.optimal_cost))
        return Evaluation(
            requests=len(self.states),
            regret=excess / float(self.scale.sum()),
            violation_rate=rolled.violation_rate,
            cost=float(cost.mean()),
            optimal_cost=float(self.optimal_cost.mean()),
        )


def held_out(task: Task, count: int = HELD_OUT_REQUESTS) -> Requests:
    """The held-out requests of ``task``, as far as it takes so many: the same for every policy and seed."""
    return Requests(task, task.spec.starts(count), HELD_OUT_SEED)


def noise_free(actor: nn.Module, batch: int = 1024) -> Policy:
    """The policy of an actor without exploration, evaluated ``batch`` requests at a time."""

    def decide(observations: Observations) -> Floats:
        device = next(actor.parameters()).device
        with torch.no_grad():
            chunks = [
                actor(torch.from_numpy(observations[i : i + batch]).to(device)).cpu()
                for i in range(0, len(observations), batch)
            ]
        return torch.cat(chunks).double().numpy()

    return decide
