"""A linear policy, found by the cross-entropy method: no gradient, no network, no knowledge of the optimum.

References:
    R. Y. Rubinstein, D. P. Kroese (2004), The Cross-Entropy Method, Springer, doi:10.1007/978-1-4757-4321-0.
    I. Szita, A. Lorincz (2006), Learning Tetris using the noisy cross-entropy method, Neural Computation
    18:2936-2941, doi:10.1162/neco.2006.18.12.2936.
"""

from dataclasses import dataclass, replace

import numpy as np

from neuro_aolo.agent.inward import SHARE
from neuro_aolo.agent.known import clipped, kept_inside
from neuro_aolo.agent.rollout import rollout
from neuro_aolo.systems.task import Floats, Observations, Policy, Task

_MOST_WEIGHT = 1e4


@dataclass(frozen=True)
class CEMConfig:
    """Settings of the search.

    Attributes:
        generations: of it.
        episode_generations: of it where decisions follow each other, which take long.
        population: policies of a generation.
        elites: best of them, which the next is drawn around.
        decisions: that each is tried on; of episodes at least one whole one.
        spread: standard deviation of each coefficient at the start.
        noise: least standard deviation at the start; it falls to 0 in a straight line.
        weight: of a constraint's shortfall beside a mean cost, at the start.
        pace: factor by which it rises at most in a generation whose mean breaks the limit, or falls.
        margin: slack up to which a decision is short of a constraint.
    """

    generations: int = 200
    episode_generations: int = 40
    population: int = 96
    elites: int = 12
    decisions: int = 1_024
    spread: float = 1.0
    noise: float = 0.1
    weight: float = 10.0
    pace: float = 1.2
    margin: float = 0.0


@dataclass(frozen=True)
class Linear:
    """A linear policy: ``clip(observations @ weight + bias)``.

    Attributes:
        weight: ``(D, A)``.
        bias: ``(A,)``.
    """

    weight: Floats
    bias: Floats

    def computed(self, observations: Observations) -> Floats:
        """Before it is clipped, ``(n, A)``."""
        return np.asarray(observations @ self.weight + self.bias)

    def policy(self) -> Policy:
        """What it decides."""

        def decide(observations: Observations) -> Floats:
            return clipped(self.computed(observations))

        return decide


def search_linear(
    task: Task,
    rng: np.random.Generator,
    config: CEMConfig = CEMConfig(),
) -> tuple[Linear, int]:
    """The policy, and how many decisions were tried for it.

    Every generation meets requests of its own, the same for all of its policies. Scored is the mean cost,
    over the task's scale, and ``weight`` times the mean shortfall of the constraints,
    ``sum(max(0, margin - slack))``, whose weight follows the violations that the mean of the elites has.
    Where decisions stand alone the bias is then shifted off the constraints' edge.
    """
    spec = task.spec
    size, width = len(spec.actions), len(spec.observations)
    mean, deviation = np.zeros((width + 1, size)), np.full((width + 1, size), config.spread)
    starts = max(config.decisions // spec.horizon, 1)
    weight, limit, tried = config.weight, SHARE * spec.violation_limit, 0
    generations = config.generations if spec.horizon == 1 else config.episode_generations
    for generation in range(generations):
        drawn = mean + deviation * rng.standard_normal((config.population, *mean.shape))
        drawn[0] = mean
        states = task.reset(starts, rng)
        cost, shortfall, violated = _tried(task, drawn, states, config.margin, rng)
        tried += config.population * starts * spec.horizon
        best = drawn[np.argsort(cost + weight * shortfall)[: config.elites]]
        left = 1.0 - (generation + 1) / generations
        mean, deviation = best.mean(axis=0), np.maximum(best.std(axis=0), config.noise * left**2)
        if spec.constraints:
            beyond = np.clip(violated[0] / limit - 1.0 if limit else violated[0] > 0.0, -1.0, 1.0)
            weight = min(weight * config.pace ** float(beyond), _MOST_WEIGHT)
    found = Linear(mean[:-1], mean[-1])
    if spec.constraints and spec.horizon == 1:
        shift = kept_inside(task, found.computed, clipped, rng)
        found = replace(found, bias=found.bias + shift)
    return found, tried


def _tried(
    task: Task, drawn: Floats, states: Floats, margin: float, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Means of cost over scale, shortfall and violations of policies ``(K, D + 1, A)``: ``(K,)`` each."""
    many = len(drawn)
    starts = np.tile(states, (many, 1))

    def decide(observations: Observations) -> Floats:
        seen = observations.reshape(many, -1, observations.shape[1]).astype(np.float64)
        actions = clipped(seen @ drawn[:, :-1] + drawn[:, -1:])
        return actions.reshape(len(observations), -1)

    if task.spec.horizon == 1:
        outcome = task.step(starts, decide(task.observe(starts)), rng)
        cost, violated = task.spec.cost(outcome.costs), outcome.violated.astype(np.float64)
        short = np.maximum(margin - outcome.slack, 0.0).sum(axis=1)
    else:
        rolled = rollout(task, decide, starts, rng)
        cost, violated = rolled.cost, rolled.broken / rolled.decisions
        short = violated
    cost, short, violated = (each.reshape(many, -1).mean(axis=1) for each in (cost, short, violated))
    return cost / abs(task.spec.scale), short, violated
