"""How well a policy does, measured against the exact optimum of every request."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from neuro_aolo.systems.task import Floats, Observations, Task

Policy = Callable[[Observations], Floats]
"""Observations ``(B, D)`` to actions ``(B, A)``, both in [-1, 1]."""

HELD_OUT_REQUESTS = 20_000
HELD_OUT_SEED = 2503_04418_2
"""Entropy of the held-out requests: apart from every training seed, and the same for all."""


@dataclass(frozen=True)
class Evaluation:
    """What a policy's decisions on a set of requests led to.

    Attributes:
        requests: requests that have a feasible action; all other figures are over these.
        regret: ``sum(cost - optimal cost) / sum(scale)``, violating requests included.
        violation_rate: share of requests in which a constraint is broken.
        cost: mean cost, violating requests included.
        optimal_cost: mean cost of the optimum.
    """

    requests: int
    regret: float
    violation_rate: float
    cost: float
    optimal_cost: float

    def score(self, violation_limit: float) -> tuple[float, float]:
        """Sort key: first the violations beyond the limit, then the regret; smaller is better."""
        return max(self.violation_rate - violation_limit, 0.0), self.regret


class Requests:
    """States with their observations and optima, computed once and used for many policies."""

    def __init__(self, task: Task, count: int, seed: np.random.SeedSequence | int) -> None:
        self.task = task
        states = task.reset(count, np.random.default_rng(seed))
        optimum = task.optimum(states)
        self.feasible = optimum.feasible
        """Which of the drawn requests have a feasible action, ``(count,)``; the others are left out."""
        self.states = states[optimum.feasible]
        self.optimal_cost = optimum.cost[optimum.feasible]
        self.scale = optimum.scale[optimum.feasible]
        self.observations = task.observe(self.states)

    def evaluate(self, policy: Policy, deciding: Floats | float = 0.0) -> Evaluation:
        """Let ``policy`` decide every request.

        Args:
            policy: what decides.
            deciding: what that costs by itself in each request, ``(n,)``, in the task's unit.
        """
        actions = policy(self.observations)
        # The next states are not used: any generator serves.
        outcome = self.task.step(self.states, actions, np.random.default_rng(0))
        cost = outcome.cost + deciding
        excess = float(np.sum(cost - self.optimal_cost))
        return Evaluation(
            requests=len(self.states),
            regret=excess / float(self.scale.sum()),
            violation_rate=float(outcome.violated.mean()),
            cost=float(cost.mean()),
            optimal_cost=float(self.optimal_cost.mean()),
        )


def held_out(task: Task, count: int = HELD_OUT_REQUESTS) -> Requests:
    """The held-out requests of ``task``: the same for every policy and training seed."""
    return Requests(task, count, HELD_OUT_SEED)


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
