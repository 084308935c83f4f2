"""AOLO-v0 for a batch of requests: the same equations, evaluated at once."""

from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.aolo.env import (
    NDArray,
    Observation,
    check_agent_carbon,
    check_episode_length,
    given_states,
    request_spaces,
    resolve,
    serve,
)
from neuro_aolo.systems.aolo.request import observe, sample_states
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.grid.trace import Walk


class AoloVectorEnv(VectorEnv[Observation, Observation, NDArray]):
    """``num_envs`` copies of AOLO-v0 (see :class:`neuro_aolo.systems.aolo.env.AoloEnv`) served in one batch.

    Arguments are those of the single environment. All copies truncate together, after ``episode_length``
    requests, and reset within the same step: the returned observation opens the next episode, the last one
    of the old is in ``info["final_obs"]`` ``(num_envs, S)``. The values of ``info`` are arrays over the
    batch; they tell of the requests that the step served, at an episode's end too, where
    ``info["final_info"]`` repeats them. Resetting a part of the copies (``options["reset_mask"]``) is
    refused: requests are independent, so there is nothing to gain by it.
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        scenario: str | Path | Scenario = "paper",
        dc_country: str | None = None,
        bs_country: str | None = None,
        episode_length: int = 100,
        agent_carbon_mg: float = 0.0,
        oracle: bool = False,
        render_mode: str | None = None,
    ) -> None:
        if num_envs < 1:
            raise ServiceError(f"num_envs = {num_envs} is not allowed: it must be at least 1")
        self.scenario = resolve(scenario, dc_country, bs_country)
        self.num_envs = num_envs
        self.single_observation_space, self.single_action_space = request_spaces(self.scenario)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.episode_length = check_episode_length(episode_length)
        self.agent_carbon_mg = check_agent_carbon(agent_carbon_mg)
        self.render_mode = render_mode
        self._with_oracle = oracle
        self._served = 0
        self._states: NDArray | None = None

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
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
        self._walk = Walk(self.scenario.traces, self.num_envs, self.np_random)
        self._states = given_states(self.scenario, options, self.num_envs)
        if self._states is None:
            self._states = self._draw()
        return observe(self.scenario, self._states), {"state": self._states.copy()}

    def step(self, actions: Observation) -> tuple[Observation, NDArray, NDArray, NDArray, dict[str, Any]]:
        """Serve every request with ``actions`` ``(num_envs, 2)`` in [-1, 1], and draw the next ones."""
        if self._states is None:
            raise ServiceError("step() before reset(): call reset() first")
        charge, oracle = self.agent_carbon_mg, self._with_oracle
        served, info = serve(self.scenario, self._states, actions, charge, oracle, self.np_random)
        self._served += 1
        truncated = np.full(self.num_envs, self._served >= self.episode_length)
        self._states = self._draw()
        if truncated[0]:
            # One draw ends the old episode and another opens the new.
            info["final_info"] = dict(info)
            info["final_obs"] = observe(self.scenario, self._states)
            info["_final_info"] = info["_final_obs"] = truncated.copy()
            self._served = 0
            self._walk = Walk(self.scenario.traces, self.num_envs, self.np_random)
            self._states = self._draw()
        observation = observe(self.scenario, self._states)
        return observation, served.reward, np.zeros(self.num_envs, dtype=bool), truncated, info

    def _draw(self) -> NDArray:
        return sample_states(self.scenario, self.num_envs, self.np_random, self._walk.next())
