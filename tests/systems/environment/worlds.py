"""Small environments of one's own, good and bad."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

Step = tuple[Any, float, bool, bool, dict[str, Any]]


class Rover(gym.Env[Any, Any]):
    """A rover on a line, pushed by random gusts, which stops for good beyond 2 m.

    Observes place and speed, unbounded. Reward ``-x^2``; margin ``fuel`` is what is left of 3 units; a step
    emits its push in grams, and 1 g for making the rover.
    """

    observation_space = spaces.Dict(
        {"place": spaces.Box(-np.inf, np.inf, (1,), np.float64), "speed": spaces.Box(-1.0, 1.0, (1,))}
    )
    action_space = spaces.Box(np.float32([[-1.0, 0.0]]), np.float32([[1.0, 2.0]]), (1, 2))

    def __init__(self, gust: float = 0.1) -> None:
        self.gust = gust

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.x, self.fuel = float(self.np_random.uniform(-1.0, 1.0)), 3.0
        return self._seen(0.0), {}

    def step(self, action: Any) -> Step:
        assert action.shape == (1, 2)
        assert action.dtype == np.float32
        push, brake = map(float, action[0])
        moved = push * (1.0 - brake / 2.0) + self.gust * float(self.np_random.standard_normal())
        self.x += moved
        self.fuel -= abs(push)
        info = {
            "margins": {"fuel": self.fuel},
            "carbon_g": {"push": abs(push), "making": 1.0},
            "energy_j": 10.0 * abs(push),
        }
        return self._seen(moved), -(self.x**2), abs(self.x) > 2.0, False, info

    def _seen(self, moved: float) -> Any:
        return {"place": np.array([self.x]), "speed": np.array([np.clip(moved, -1.0, 1.0)], np.float32)}


class Changed(gym.Wrapper[Any, Any, Any, Any]):
    """An environment with something changed in what a step says."""

    def __init__(self, env: gym.Env[Any, Any], **changes: Any) -> None:
        super().__init__(env)
        self.changes = changes

    def step(self, action: Any) -> Step:
        observation, reward, terminated, truncated, info = super().step(action)
        changes = self.changes
        observation = changes.get("observation", observation)
        return observation, changes.get("reward", reward), terminated, truncated, changes.get("info", info)


class Careless(Rover):
    """Draws from a generator that no seed sets."""

    def step(self, action: Any) -> Step:
        seen, reward, *rest = super().step(action)
        return seen, reward + float(np.random.default_rng().uniform()), *rest  # type: ignore[return-value]


class Forgetful(Rover):
    """Carries something over from episode to episode."""

    steps = 0

    def step(self, action: Any) -> Step:
        self.steps += 1
        seen, reward, *rest = super().step(action)
        return seen, reward - self.steps, *rest  # type: ignore[return-value]


class Spaced(Rover):
    """A rover with other spaces, which nobody ever steps."""

    def __init__(self, observation: Any = None, action: Any = None) -> None:
        super().__init__()
        self.observation_space = observation or Rover.observation_space
        self.action_space = action or Rover.action_space


WINDY = "WindyRover-v0"
if WINDY not in gym.registry:
    gym.register(WINDY, entry_point=Rover, max_episode_steps=6)
