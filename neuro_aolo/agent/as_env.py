"""Any task as a Gymnasium environment, one decision at a time: what other libraries' learners take."""

from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Observations, Task

EPISODE = 100
"""Decisions of an episode where each decision stands alone."""


class TaskEnv(gym.Env[Observations, Observations]):
    """A task with one agent: its observations, its actions in [-1, 1], its reward.

    An episode ends as the task's does; where every decision stands alone it is cut after ``episode`` of them.
    ``info`` holds ``violated``: whether a constraint is broken.

    Args:
        task: what is controlled.
        episode: decisions of an episode where each stands alone.

    Raises:
        AgentError: several agents decide on one state.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - the name and form are Gymnasium's

    def __init__(self, task: Task, episode: int = EPISODE) -> None:
        spec = task.spec
        if spec.agents != 1:
            raise AgentError(
                f"{spec.agents} agents decide on one state, an environment has one: use our own loop"
            )
        self.task = task
        self.observation_space = spaces.Box(-1.0, 1.0, (len(spec.observations),), dtype=np.float32)
        self.action_space = spaces.Box(-1.0, 1.0, (len(spec.actions),), dtype=np.float32)
        self._length = episode if spec.horizon == 1 else None
        self._served = 0
        self._states: Floats | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, dict[str, Any]]:
        """Draw the first state."""
        super().reset(seed=seed)
        self._served = 0
        self._states = self.task.reset(1, self.np_random)
        return self.task.observe(self._states)[0], {}

    def step(self, action: Observations) -> tuple[Observations, float, bool, bool, dict[str, Any]]:
        """Decide with ``action`` ``(A,)`` in [-1, 1]."""
        if self._states is None:
            raise AgentError("step() before reset(): call reset() first")
        transition = self.task.step(self._states, np.asarray(action, np.float64)[None], self.np_random)
        self._served += 1
        self._states = transition.next_states
        ended, terminal = bool(transition.ended[0]), bool(transition.terminal[0])
        cut = (ended and not terminal) or self._served == self._length
        info = {"violated": bool(transition.violated[0])}
        return self.task.observe(self._states)[0], float(transition.reward[0]), terminal, cut, info
