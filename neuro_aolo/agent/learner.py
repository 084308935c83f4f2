"""What the loop asks of whatever learns, what it is told, and what it leaves behind."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import nn

from neuro_aolo.agent.evaluate import Evaluation
from neuro_aolo.agent.rollout import Rollout
from neuro_aolo.agent.snapshot import Snapshot
from neuro_aolo.systems.task import Floats, Observations, Transition


@dataclass(frozen=True)
class Pace:
    """How long a training is, and how it is judged.

    Attributes:
        rounds: batches of states decided.
        num_envs: states of a batch.
        evaluate_every: rounds between two noise-free evaluations.
        validation_requests: starts of such an evaluation; drawn apart from all others.
        checkpoint_share: share of the task's violation limit that a checkpoint may use up there.
    """

    rounds: int
    num_envs: int
    evaluate_every: int
    validation_requests: int
    checkpoint_share: float


@dataclass(frozen=True)
class Seeds:
    """One source of randomness for each part of a training."""

    networks: np.random.SeedSequence
    exploration: np.random.SeedSequence
    replay: np.random.SeedSequence
    requests: np.random.SeedSequence
    validation: np.random.SeedSequence
    imitation: np.random.SeedSequence

    @classmethod
    def of(cls, seed: int) -> "Seeds":
        """All of them from one seed."""
        return cls(*np.random.SeedSequence(seed).spawn(6))


class Learner(Protocol):
    """What learns to decide.

    ``progress`` is the share of the training that has passed, from 0 to 1; ``served`` counts the states that
    have been decided. Of several copies deciding on the same state, the rows lie together.
    """

    @property
    def actor(self) -> nn.Module:
        """What decides without exploration: observations ``(n, D)`` to actions ``(n, A)`` in [-1, 1]."""
        ...

    def noise(self, progress: float) -> float:
        """Standard deviation of the exploration noise."""
        ...

    def explore(
        self, observations: Observations, progress: float, served: int, rng: np.random.Generator
    ) -> Floats:
        """Decide ``(B * agents, D)`` to learn from it: actions ``(B * agents, A)``."""
        ...

    def remember(
        self, observations: Observations, actions: Floats, transition: Transition, following: Observations
    ) -> None:
        """Take in what decisions led to; ``following`` are the observations of the next states."""
        ...

    def update(self, progress: float, served: int) -> float | None:
        """Learn from what is remembered. Returns the critics' loss; None where learning has not begun."""
        ...

    def judge(self, decided: Rollout) -> float:
        """See what noise-free decisions led to.

        Returns:
            What a decision costs beyond the task's own, in units of its cost: checkpoints are compared with
            it.
        """
        ...

    def state(self) -> Snapshot:
        """All that it consists of; not a copy."""
        ...

    def restore(self, state: Snapshot) -> None:
        """Stand where :meth:`state` was taken of a learner of the same shape.

        Raises:
            AgentError: it is of another shape.
        """
        ...


@dataclass(frozen=True)
class Metrics:
    """One row of the learning curve.

    Attributes:
        requests: requests served so far: states decided.
        seconds: wall time so far.
        noise: standard deviation of the exploration noise.
        critic_loss: mean squared error of the critics since the last row, summed over what they estimate.
        training_reward: mean reward of the requests served since the last row, noise included.
        cost: mean noise-free cost on the validation requests.
        optimal_cost: mean optimum of the same; NaN where nobody knows it.
        regret: regret on the same, likewise.
        violation_rate: violation rate on the same.
        best: whether this checkpoint is the best so far.
    """

    requests: int
    seconds: float
    noise: float
    critic_loss: float
    training_reward: float
    cost: float
    optimal_cost: float
    regret: float
    violation_rate: float
    best: bool


@dataclass
class Training:
    """What a training left behind.

    Attributes:
        actor: the best checkpoint, on the CPU.
        best: its evaluation on the validation requests.
        metrics: the learning curve.
        requests: requests served.
        interrupted: whether it was stopped before its end.
    """

    actor: nn.Module
    best: Evaluation
    metrics: list[Metrics]
    requests: int
    interrupted: bool
