"""What an agent needs to know of the world: a batched control task, and nothing more."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Observations = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Transition:
    """What a batch of B actions led to.

    Attributes:
        next_states: native states, shape ``(B, S)``.
        reward: shape ``(B,)``.
        cost: what the agent should keep small, in the task's own unit, shape ``(B,)``; also where
            a constraint is broken.
        slack: how far each of C constraints is kept, dimensionless, in [-1, 1], shape ``(B, C)``: at least
            0 exactly where it holds, and smooth across.
    """

    next_states: Floats
    reward: Floats
    cost: Floats
    slack: Floats

    @property
    def violated(self) -> Flags:
        """Whether a constraint is broken, shape ``(B,)``."""
        return np.asarray((self.slack < 0.0).any(axis=1))


@dataclass(frozen=True)
class Optimum:
    """The least reachable cost of each of B states.

    Attributes:
        cost: shape ``(B,)``, NaN where no action is feasible.
        scale: what a regret is measured in, shape ``(B,)``, NaN where no action is feasible. Equal
            to ``cost`` unless the cost has parts of either sign.
        feasible: shape ``(B,)``.
    """

    cost: Floats
    scale: Floats
    feasible: Flags


class Task(Protocol):
    """A batched control task with actions and observations in [-1, 1].

    A state is the task's own (native) description; only the task reads it.
    """

    @property
    def observation_names(self) -> tuple[str, ...]:
        """One name per observation, in order."""
        ...

    @property
    def action_names(self) -> tuple[str, ...]:
        """One name per action, in order."""
        ...

    @property
    def constraint_names(self) -> tuple[str, ...]:
        """One name per constraint, in order."""
        ...

    @property
    def violation_limit(self) -> float:
        """Share of requests in which a policy may break a constraint."""
        ...

    @property
    def reward_scale(self) -> float:
        """Order of magnitude of a reward: learners divide by it."""
        ...

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw ``count`` initial native states, shape ``(count, S)``."""
        ...

    def observe(self, states: Floats) -> Observations:
        """Observations in [-1, 1] of native states, shape ``(B, len(observation_names))``."""
        ...

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        """Apply actions of shape ``(B, len(action_names))``; those outside [-1, 1] are clipped."""
        ...

    def optimum(self, states: Floats) -> Optimum:
        """The exact optimum of each state."""
        ...
