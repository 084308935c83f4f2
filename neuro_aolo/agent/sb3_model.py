"""Stable-Baselines3's algorithms with our settings: replay, noise and steps that follow the time spent."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
import torch._dynamo
from stable_baselines3 import PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.noise import VectorizedActionNoise
from stable_baselines3.common.type_aliases import ReplayBufferSamples

from neuro_aolo.agent.optimise import geometric
from neuro_aolo.agent.sb3_config import Algorithm, SB3Config
from neuro_aolo.agent.sb3_env import TaskVecEnv
from neuro_aolo.systems.task import Floats


def model_of(
    name: Algorithm,
    env: TaskVecEnv,
    config: SB3Config,
    progress: Callable[[], float],
    seed: int,
    noise: np.random.Generator,
) -> BaseAlgorithm:
    """The untrained algorithm.

    Args:
        name: which.
        env: what it serves.
        config: its settings.
        progress: asked for the share of the training that has passed, from 0 to 1.
        seed: of its networks, and of what it draws.
        noise: draws TD3's exploration.
    """
    own = max(objective.discount for objective in env.task.spec.objectives)
    shared: dict[str, Any] = {
        "policy": "MlpPolicy",
        "env": env,
        "learning_rate": lambda _: geometric(config.lr, config.lr_end, progress()),
        "batch_size": config.batch_size,
        "gamma": config.discount or own,
        "seed": seed,
        "device": "cpu",
        "policy_kwargs": {"net_arch": list(config.hidden), "optimizer_kwargs": {"fused": True}},
    }
    if name == "ppo":
        model: BaseAlgorithm = PPO(n_steps=config.rounds, n_epochs=config.passes, **shared)
        # Set by the schedule, not learnt.
        model.policy.log_std.requires_grad_(False)
    else:
        shared |= {
            "buffer_size": config.buffer_size,
            "learning_starts": config.learning_starts,
            "train_freq": config.rounds,
            "gradient_steps": config.passes,
            "replay_buffer_class": ShapedReplay,
            "replay_buffer_kwargs": {"env": env},
        }
        if name == "sac":
            model = SAC(ent_coef=config.exploration, **shared)
        else:
            shape = (env.num_envs, len(env.task.spec.actions))
            faded = FadingNoise(config, progress, shape, noise)
            model = TD3(action_noise=faded, policy_delay=config.policy_delay, **shared)
    # One of its own choice would leave a folder among the temporary files.
    model.set_logger(Logger(folder=None, output_formats=[]))
    return model


class ShapedReplay(ReplayBuffer):
    """A replay whose rewards are those of today's margins: of what was served it keeps the slacks too.

    Args:
        *arguments: of the library's replay.
        env: what is served, with the slacks that its last decisions left.
        **settings: of the library's replay.
    """

    def __init__(self, *arguments: Any, env: TaskVecEnv, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.env = env
        self.slack = np.zeros((self.buffer_size, self.n_envs, env.shaping.constraints), np.float32)

    def add(self, obs: Any, next_obs: Any, action: Any, reward: Any, done: Any, infos: Any) -> None:
        """Keep a round: the rewards without what the margins take off."""
        self.slack[self.pos] = self.env.slack
        super().add(obs, next_obs, action, self.env.served, done, infos)

    def _get_samples(self, batch_inds: Any, env: Any = None) -> ReplayBufferSamples:
        """The rows ``batch_inds``, each of an environment drawn at random."""
        rows = batch_inds, np.random.randint(0, self.n_envs, size=len(batch_inds))
        ends = self.dones[rows] * (1.0 - self.timeouts[rows])
        rewards = self.rewards[rows] - self.env.shaping.penalty(self.slack[rows])
        columns = (
            self.observations[rows],
            self.actions[rows],
            self.next_observations[rows],
            ends[:, None],
            rewards[:, None].astype(np.float32),
        )
        return ReplayBufferSamples(*map(self.to_torch, columns))


class FadingNoise(VectorizedActionNoise):
    """Normal noise for the actions of all environments, less of it as time passes.

    Args:
        config: has its standard deviation at the start and at the end.
        progress: asked for the share of the training that has passed.
        shape: of the actions, ``(num_envs, A)``.
        rng: draws it.
    """

    def __init__(
        self,
        config: SB3Config,
        progress: Callable[[], float],
        shape: tuple[int, int],
        rng: np.random.Generator,
    ) -> None:
        self.config, self.progress, self.shape, self.rng = config, progress, shape, rng

    def __call__(self) -> Floats:
        """Noise of a round, ``(num_envs, A)``."""
        config = self.config
        return geometric(config.exploration, config.exploration_end, self.progress()) * (
            self.rng.standard_normal(self.shape)
        )

    def reset(self, indices: Iterable[int] | None = None) -> None:
        """It has no memory."""


class Schedule(BaseCallback):
    """Set what the library has no schedule for, before each round of serving, and ask whether to go on.

    Args:
        config: settings.
        progress: asked for the share of the training that has passed.
        goes_on: asked after every round.
    """

    def __init__(self, config: SB3Config, progress: Callable[[], float], goes_on: Callable[[], bool]) -> None:
        super().__init__()
        self.config, self.progress, self.goes_on = config, progress, goes_on

    def _on_rollout_start(self) -> None:
        value = geometric(self.config.exploration, self.config.exploration_end, self.progress())
        if isinstance(self.model, SAC):
            self.model.ent_coef_tensor.fill_(value)
        elif isinstance(self.model, PPO):
            with torch.no_grad():
                self.model.policy.log_std.fill_(math.log(value))

    def _on_step(self) -> bool:
        return self.goes_on()
