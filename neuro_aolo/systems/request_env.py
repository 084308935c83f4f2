"""Gymnasium environments of requests that are drawn independently of what is decided: one, and a batch.

A system says what its requests are, :class:`Requests`; its environments are these with a docstring and
arguments of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.grid.trace import Hours, Traces, Walk
from neuro_aolo.systems.task import Floats, Observations
from neuro_aolo.systems.wording import shown


@dataclass(frozen=True)
class Requests:
    """What an environment serves.

    Attributes:
        names: of the components of a state ``(S,)``.
        numbers: of an action.
        decided: what an action consists of, for people.
        traces: of carbon intensity, that are walked through; None where there are none.
        draw: so many states ``(n, S)``, in given hours of the traces.
        observe: of states, ``(n, D)`` in [-1, 1].
        check: raises a ServiceError where states leave the model's domain.
        serve: states with actions ``(n, numbers)``: rewards ``(n,)`` and what ``info`` tells of each.
    """

    names: tuple[str, ...]
    numbers: int
    decided: str
    traces: Traces | None
    draw: Callable[[int, np.random.Generator, Hours | None], Floats]
    observe: Callable[[Floats], Observations]
    check: Callable[[Floats], None]
    serve: Callable[[Floats, Any, np.random.Generator], tuple[Floats, dict[str, Any]]]

    @property
    def spaces(self) -> tuple[spaces.Space[Observations], spaces.Space[Observations]]:
        """Observation and action space of one request."""
        return (
            spaces.Box(-1.0, 1.0, (len(self.names),), dtype=np.float32),
            spaces.Box(-1.0, 1.0, (self.numbers,), dtype=np.float32),
        )

    def given(self, options: dict[str, Any] | None, n: int) -> Floats | None:
        """States ``(n, S)`` of ``options["state"]``, given as ``(S,)`` for all or ``(n, S)``; else None."""
        if not options or "state" not in options:
            return None
        try:
            states = np.array(options["state"], dtype=np.float64)
        except (TypeError, ValueError):
            states = np.array(np.nan)
        size = len(self.names)
        if states.shape not in ((size,), (n, size)) or not np.isfinite(states).all():
            raise ServiceError(
                f'options["state"] = {shown(options["state"])} is not allowed: give finite numbers, '
                f"({size},) or ({n}, {size}): {', '.join(self.names)}"
            )
        states = np.array(np.broadcast_to(states, (n, size)))
        self.check(states)
        return states

    def served(self, states: Floats, actions: Any, rng: np.random.Generator) -> tuple[Floats, dict[str, Any]]:
        """Rewards and ``info`` of actions ``(n, numbers)`` on states ``(n, S)``."""
        if np.shape(actions) != (len(states), self.numbers):
            raise ServiceError(
                f"actions of shape {np.shape(actions)} are not allowed: give {(len(states), self.numbers)}, "
                f"{self.decided}"
            )
        return self.serve(states, actions, rng)


class RequestEnv(gym.Env[Observations, Observations]):
    """One request at a time; an episode is cut after so many."""

    metadata = {"render_modes": []}  # noqa: RUF012 - the name and form are Gymnasium's

    def __init__(self, requests: Requests, episode_length: int, render_mode: str | None) -> None:
        self.requests = requests
        self.observation_space, self.action_space = requests.spaces
        self.episode_length = check_episode_length(episode_length)
        self.render_mode = render_mode
        self._served = 0
        self._state: Floats | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, dict[str, Any]]:
        """Draw the first request, or take it from ``options["state"]`` ``(S,)`` in physical units."""
        super().reset(seed=seed)
        self._served = 0
        self._walk = Walk(self.requests.traces, 1, self.np_random)
        self._state = self.requests.given(options, 1)
        if self._state is None:
            self._state = self._draw()
        return self.requests.observe(self._state)[0], {"state": self._state[0].copy()}

    def step(self, action: Observations) -> tuple[Observations, float, bool, bool, dict[str, Any]]:
        """Serve the request with ``action`` in [-1, 1], and draw the next."""
        if self._state is None:
            raise ServiceError("step() before reset(): call reset() first")
        reward, info = self.requests.served(self._state, np.asarray(action)[None], self.np_random)
        single = {key: unbatched(value) for key, value in info.items()}
        self._served += 1
        self._state = self._draw()
        truncated = self._served >= self.episode_length
        return self.requests.observe(self._state)[0], float(reward[0]), False, truncated, single

    def _draw(self) -> Floats:
        return self.requests.draw(1, self.np_random, self._walk.next())


class RequestVectorEnv(VectorEnv[Observations, Observations, Floats]):
    """``num_envs`` copies served in one batch, which are cut together and reset within the same step."""

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012

    def __init__(
        self, requests: Requests, num_envs: int, episode_length: int, render_mode: str | None
    ) -> None:
        if num_envs < 1:
            raise ServiceError(f"num_envs = {num_envs} is not allowed: it must be at least 1")
        self.requests = requests
        self.num_envs = num_envs
        self.single_observation_space, self.single_action_space = requests.spaces
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.episode_length = check_episode_length(episode_length)
        self.render_mode = render_mode
        self._served = 0
        self._states: Floats | None = None

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, dict[str, Any]]:
        """Draw a request per copy, or take them from ``options["state"]``: ``(S,)`` or ``(num_envs, S)``."""
        if isinstance(seed, list):
            raise ServiceError(
                "a list of seeds is not allowed: the batch draws from one generator; give one integer"
            )
        if options and "reset_mask" in options:
            raise ServiceError(
                'options["reset_mask"] is not allowed: all copies reset together; call reset() without it'
            )
        super().reset(seed=seed)
        self._served = 0
        self._walk = Walk(self.requests.traces, self.num_envs, self.np_random)
        self._states = self.requests.given(options, self.num_envs)
        if self._states is None:
            self._states = self._draw()
        return self.requests.observe(self._states), {"state": self._states.copy()}

    def step(self, actions: Observations) -> tuple[Observations, Floats, Floats, Floats, dict[str, Any]]:
        """Serve every request with ``actions`` ``(num_envs, A)`` in [-1, 1], and draw the next ones."""
        if self._states is None:
            raise ServiceError("step() before reset(): call reset() first")
        reward, info = self.requests.served(self._states, actions, self.np_random)
        self._served += 1
        truncated = np.full(self.num_envs, self._served >= self.episode_length)
        self._states = self._draw()
        if truncated[0]:
            # One draw ends the old episode and another opens the new.
            info["final_info"] = dict(info)
            info["final_obs"] = self.requests.observe(self._states)
            info["_final_info"] = info["_final_obs"] = truncated.copy()
            self._served = 0
            self._walk = Walk(self.requests.traces, self.num_envs, self.np_random)
            self._states = self._draw()
        observation = self.requests.observe(self._states)
        return observation, reward, np.zeros(self.num_envs, dtype=bool), truncated, info

    def _draw(self) -> Floats:
        return self.requests.draw(self.num_envs, self.np_random, self._walk.next())


def check_episode_length(episode_length: int) -> int:
    """``episode_length`` itself, if an episode can have it."""
    if episode_length < 1:
        raise ServiceError(f"episode_length = {episode_length} is not allowed: it must be at least 1")
    return episode_length


def check_agent_carbon(agent_carbon_mg: float) -> float:
    """``agent_carbon_mg`` itself, if deciding can emit it."""
    if not 0.0 <= agent_carbon_mg < np.inf:
        raise ServiceError(
            f"agent_carbon_mg = {agent_carbon_mg:g} is not allowed: it must be finite and at least 0"
        )
    return agent_carbon_mg


def unbatched(value: Any) -> Any:
    """The first entry of a batched ``info`` value, as a plain number where it is one."""
    if isinstance(value, dict):
        return {key: unbatched(inner) for key, inner in value.items()}
    return value[0].item() if value.ndim == 1 else value[0]
