"""EmissionsPerBit-v0 for a batch of cells: the same equations, evaluated at once."""

from pathlib import Path
from typing import Any

from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.emissions_per_bit.env import cell_spaces, joint, resolve, served
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario
from neuro_aolo.systems.emissions_per_bit.task import EmissionsPerBitTask
from neuro_aolo.systems.task import Flags, Floats, Observations


class EmissionsPerBitVectorEnv(VectorEnv[Observations, Observations, Any]):
    """``num_envs`` cells of EmissionsPerBit-v0, served in one batch.

    Arguments are those of the single environment, :class:`neuro_aolo.systems.emissions_per_bit.env.
    EmissionsPerBitEnv`; rewards are vectors, ``(num_envs, 3)``. All copies truncate together, after
    ``time.slots`` of the scenario, and reset within the same step: the returned observation opens the next
    episode, the last one of the old is in ``info["final_obs"]`` ``(num_envs, D)``. The values of ``info`` are
    arrays over the batch; they tell of the slots that the step served, at an episode's end too, where
    ``info["final_info"]`` repeats them. Resetting a part of the copies (``options["reset_mask"]``) is
    refused: their weeks are equally long.
    """

    metadata = {"render_modes": [], "autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        scenario: str | Path | Scenario = "emissions-per-bit",
        grid_country: str | None = None,
        render_mode: str | None = None,
    ) -> None:
        if num_envs < 1:
            raise ServiceError(f"num_envs = {num_envs} is not allowed: it must be at least 1")
        self.scenario = resolve(scenario, grid_country)
        self.task = EmissionsPerBitTask(self.scenario)
        self.num_envs = num_envs
        self.single_observation_space, self.single_action_space, self.reward_space = cell_spaces(self.task)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.render_mode = render_mode
        self._states: Floats | None = None

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, dict[str, Any]]:
        """Begin a week in each copy."""
        if isinstance(seed, list):
            raise ServiceError(
                "a list of seeds is not allowed: the batch draws from one generator; give one integer"
            )
        if options and "reset_mask" in options:
            raise ServiceError(
                'options["reset_mask"] is not allowed: all copies reset together; call reset() without it'
            )
        super().reset(seed=seed)
        self._states = self.task.reset(self.num_envs, self.np_random)
        return joint(self.task, self._states), {"state": self._states.copy()}

    def step(self, actions: Observations) -> tuple[Observations, Floats, Flags, Flags, dict[str, Any]]:
        """Decide a slot of every cell by ``actions`` ``(num_envs, A)`` in [-1, 1], and draw the next ones."""
        if self._states is None:
            raise ServiceError("step() before reset(): call reset() first")
        transition, reward, info = served(self.task, self._states, actions, self.np_random)
        self._states, truncated = transition.next_states, transition.ended
        if truncated[0]:
            info["final_info"] = dict(info)
            info["final_obs"] = joint(self.task, self._states)
            info["_final_info"] = info["_final_obs"] = truncated.copy()
            self._states = self.task.reset(self.num_envs, self.np_random)
        observation = joint(self.task, self._states)
        return observation, reward, transition.terminal, truncated, info
