"""The spaces of an environment as rows of numbers: what can be flattened exactly, and what is refused."""

from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.spaces.utils import flatten, flatten_space

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.task import Floats
from neuro_aolo.systems.wording import shown

Env = gym.Env[Any, Any]
MOST_NUMBERS = 512
"""Numbers of an observation or action: each has a population of neurons of its own."""

_UNBOUNDED = 1e30
"""Bounds beyond it are the largest floats, which stand for none."""


@dataclass(frozen=True, eq=False)
class Spaces:
    """What an environment observes and takes.

    Attributes:
        observation: its own space.
        low: least value of each number of a flattened observation, ``(D,)``; minus infinity where unbounded.
        high: the largest, likewise.
        action: its own space.
        action_low: least value of each number of a flattened action, ``(A,)``.
        action_high: the largest.
    """

    observation: spaces.Space[Any]
    low: Floats
    high: Floats
    action: spaces.Box
    action_low: Floats
    action_high: Floats

    def flat(self, observation: Any) -> Floats:
        """An observation as numbers ``(D,)``: float64 holds them exactly."""
        whole = isinstance(self.observation, spaces.Box)
        numbers = observation if whole else flatten(self.observation, observation)
        return np.array(numbers, np.float64).reshape(-1)

    def taken(self, actions: Floats) -> Floats:
        """Physical actions ``(..., A)`` as the environment's own numbers have them, in float64."""
        rounded = actions.astype(self.action.dtype).astype(np.float64)
        return np.clip(rounded, self.action_low, self.action_high)

    def shaped(self, action: Floats) -> Any:
        """One action ``(A,)`` as the environment takes it."""
        return action.astype(self.action.dtype).reshape(self.action.shape)


def spaces_of(env: Env, name: str) -> Spaces:
    """The spaces of ``env``.

    Raises:
        ScenarioError: its actions are not a bounded box of floats, or its observations no fixed number of
            numbers.
    """
    action, observation = env.action_space, env.observation_space
    if not isinstance(action, spaces.Box) or not np.issubdtype(action.dtype, np.floating):
        raise ScenarioError(
            f"{name}: actions {shown(action)} are not continuous: an actor decides in a bounded Box of floats"
        )
    if not (np.isfinite(action.low).all() and np.isfinite(action.high).all()):
        raise ScenarioError(
            f"{name}: actions {shown(action)} are unbounded: wrap it in gymnasium.wrappers.RescaleAction, or "
            "give its Box finite bounds"
        )
    low, high = (np.array(end, np.float64).reshape(-1) for end in (action.low, action.high))
    if not (low < high).all():
        raise ScenarioError(f"{name}: actions {shown(action)} have an empty range: leave that number out")
    flat = flatten_space(observation) if observation.is_np_flattenable else None
    if not isinstance(flat, spaces.Box) or isinstance(observation, spaces.Text):
        raise ScenarioError(
            f"{name}: observations {shown(observation)} are not a fixed number of numbers: wrap it so that "
            "it observes a Box"
        )
    seen_low, seen_high = (np.array(end, np.float64) for end in (flat.low, flat.high))
    for what, size in (("observations", len(seen_low)), ("actions", len(low))):
        if not 1 <= size <= MOST_NUMBERS:
            raise ScenarioError(
                f"{name}: {what} have {size} numbers, and 1 to {MOST_NUMBERS} are allowed: wrap it so that "
                "it has fewer"
            )
    seen_low[seen_low < -_UNBOUNDED] = -np.inf
    seen_high[seen_high > _UNBOUNDED] = np.inf
    return Spaces(observation, seen_low, seen_high, action, low, high)
