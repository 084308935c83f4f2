"""Any task as a batched environment of Stable-Baselines3: one step of the task decides for all states."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv

from neuro_aolo.agent.shaping import Shaping
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Observations, Task


class TaskVecEnv(VecEnv):
    """A task with one agent: observations and actions in [-1, 1], and the reward of a :class:`Shaping`.

    Where decisions stand alone nothing ends. Else an episode that has ended gives way to the next at once; as
    Stable-Baselines3 wants it, ``info`` then holds ``terminal_observation``, and ``TimeLimit.truncated``
    where it was cut.

    Args:
        task: what is controlled.
        num_envs: states decided at a time.
        shaping: the reward.
        rng: draws the states.

    Raises:
        AgentError: several agents decide on one state.
    """

    def __init__(self, task: Task, num_envs: int, shaping: Shaping, rng: np.random.Generator) -> None:
        spec = task.spec
        if spec.agents != 1:
            raise AgentError(
                f"{spec.agents} agents decide on one state, an environment has one: use our own loop"
            )
        self.task, self.shaping, self._rng = task, shaping, rng
        self.slack: Floats = np.zeros((num_envs, shaping.constraints))
        """That the last decisions left, ``(num_envs, C)``."""
        self.served: Floats = np.zeros(num_envs)
        """What they earned before the margins take anything off, ``(num_envs,)``."""
        self._calm: list[dict[str, Any]] = [{} for _ in range(num_envs)]
        super().__init__(
            num_envs,
            spaces.Box(-1.0, 1.0, (len(spec.observations),), dtype=np.float32),
            spaces.Box(-1.0, 1.0, (len(spec.actions),), dtype=np.float32),
        )

    def reset(self) -> Observations:
        """Draw the first states."""
        self._states = self.task.reset(self.num_envs, self._rng)
        return self.task.observe(self._states)

    def step_async(self, actions: Observations) -> None:
        """Take actions ``(num_envs, A)`` for the next :meth:`step_wait`."""
        self._actions = np.asarray(actions, np.float64)

    def step_wait(self) -> Any:
        """Observations that follow, rewards, ends, and what else is to be told of these."""
        transition = self.task.step(self._states, self._actions, self._rng)
        states, ended = transition.next_states, transition.ended
        self.slack, self.served = self.shaping.slack(transition), self.shaping.served(transition)
        reward = self.served - self.shaping.penalty(self.slack)
        following = self.task.observe(states)
        infos = self._calm
        if ended.any():
            infos = list(infos)
            for index in np.flatnonzero(ended):
                cut = not transition.terminal[index]
                infos[index] = {"terminal_observation": following[index], "TimeLimit.truncated": cut}
            states = states.copy()
            states[ended] = self.task.reset(int(ended.sum()), self._rng)
            following = self.task.observe(states)
        self._states = states
        return following, reward, ended, infos

    def close(self) -> None:
        """There is nothing to close."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """An attribute that all environments share, once for each; none of them can be drawn."""
        value = None if attr_name == "render_mode" else getattr(self, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Environments of a batch have no attributes of their own."""
        raise NotImplementedError(f"{attr_name} cannot be set: the environments are one batch")

    def env_method(self, method_name: str, *_: Any, indices: Any = None, **__: Any) -> list[Any]:
        """Environments of a batch have no methods of their own."""
        raise NotImplementedError(f"{method_name} cannot be called: the environments are one batch")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> Sequence[bool]:  # type: ignore[override]
        """No environment of a batch is wrapped."""
        return [False for _ in self._get_indices(indices)]
