"""How well a policy does, measured against the exact optimum of every request where it is known.

Where no state alone has an optimum, a reference may still reach one from the same starts, on the same draws.
"""

import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import nn

from neuro_aolo.agent.rollout import Rollout, rollout
from neuro_aolo.systems.task import (
    Floats,
    Observations,
    Optimum,
    Policy,
    Reached,
    Reference,
    Spec,
    Task,
    expected,
)
from neuro_aolo.units import MG_PER_G

HELD_OUT_REQUESTS = 20_000
HELD_OUT_SEED = 2503_04418_2
"""Entropy of the held-out requests: apart from every training seed, and the same for all."""


@dataclass(frozen=True)
class Evaluation:
    """What a policy's decisions on a set of requests led to; a request is where an episode starts.

    Attributes:
        requests: requests that have a feasible action; all other figures are over these.
        regret: ``sum(cost - optimal cost) / sum(scale)``, or how far the carbon of a functional unit is
            above that of the reference, violating requests included; NaN where nobody knows the optimum.
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
        """Sort key: first the violations beyond the limit, then the cost; smaller is better.

        Args:
            violation_limit: share of decisions that may break a constraint.
            more_cost: what a decision costs beyond ``cost``.

        Returns:
            Excess, and cost.
        """
        return max(self.violation_rate - violation_limit, 0.0), self.cost + more_cost


class Requests:
    """States with their observations and optima, computed once and used for many policies.

    Every policy meets what follows them in the same draws.
    """

    def __init__(self, task: Task, count: int, seed: np.random.SeedSequence | int) -> None:
        self.task = task
        self._rng = np.random.default_rng(seed)
        states = task.reset(count, self._rng)
        known = task.optimum(states)
        self.reference = known if isinstance(known, Reference) else None
        """What regret is measured against where no state alone has an optimum."""
        if not isinstance(known, Optimum):
            unknown = np.full(count, np.nan)
            known = Optimum(unknown, unknown, np.ones(count, np.bool_))
        self.feasible = known.feasible
        """Which of the drawn requests have a feasible action, ``(count,)``; the others are left out."""
        self.states = states[known.feasible]
        self._optimum = known
        self.observations = task.observe(self.states)

    @cached_property
    def reached(self) -> Reached | None:
        """What the reference comes to, on the draws that every policy meets; None where there is none."""
        if self.reference is None:
            return None
        return self.reference.reach(self.states, self.draws())

    @cached_property
    def optimal_cost(self) -> Floats:
        """The least cost of each request, or what the reference costs, ``(n,)``; NaN where nobody knows."""
        if self.reached is None:
            return self._optimum.cost[self.feasible]
        return self.task.spec.cost(self.reached.costs)

    @cached_property
    def scale(self) -> Floats:
        """What a regret in costs is measured in, ``(n,)``."""
        return self._optimum.scale[self.feasible] if self.reached is None else self.optimal_cost

    @property
    def optimal_mg(self) -> Floats:
        """Carbon of a decision of the optimum or the reference, in mg, ``(n,)``."""
        if self.reached is None:
            return self.scale
        return self.reached.served.total_g * MG_PER_G / self.reached.decisions

    def draws(self) -> np.random.Generator:
        """What draws all that follows the requests, as every policy meets it."""
        return copy.deepcopy(self._rng)

    def rollout(self, policy: Policy) -> Rollout:
        """Let ``policy`` decide every request, and what follows it."""
        return rollout(self.task, policy, self.states, self.draws())

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
        return Evaluation(
            requests=len(self.states),
            regret=self._regret(rolled.reached, cost),
            violation_rate=rolled.violation_rate,
            cost=float(cost.mean()),
            optimal_cost=float(self.optimal_cost.mean()),
        )

    def _regret(self, reached: Reached, cost: Floats) -> float:
        """In carbon of the task's functional unit against the reference, else in what is minimised."""
        spec, best = self.task.spec, self.reached
        if spec.regret_unit and best is not None:
            return grams_per_unit(spec, reached) / grams_per_unit(spec, best) - 1.0
        return float(np.sum(cost - self.optimal_cost)) / float(self.scale.sum())


def grams_per_unit(spec: Spec, reached: Reached) -> float:
    """Carbon of one of the functional units that regret is measured in, in g, over all episodes."""
    keys = [unit.key for unit in spec.units]
    units = reached.served.units[:, keys.index(spec.regret_unit)]
    return float(reached.served.total_g.sum() / units.sum())


def held_out(task: Task, count: int = HELD_OUT_REQUESTS) -> Requests:
    """The held-out requests of ``task``, as far as it takes so many: the same for every policy and seed.

    Where costs are drawn, policies are measured by their expectations.
    """
    return Requests(expected(task), task.spec.starts(count), HELD_OUT_SEED)


def noise_free(actor: nn.Module, batch: int = 1024) -> Policy:
    """The policy of an actor without exploration, evaluated ``batch`` requests at a time.

    Where an actor decides otherwise once it is deployed, it says so by a method of that name.
    """
    decides = getattr(actor, "deployed", actor)

    def decide(observations: Observations) -> Floats:
        device = next(actor.parameters()).device
        with torch.no_grad():
            chunks = [
                decides(torch.from_numpy(observations[i : i + batch]).to(device)).cpu()
                for i in range(0, len(observations), batch)
            ]
        return torch.cat(chunks).double().numpy()

    return decide
