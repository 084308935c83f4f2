"""Stable-Baselines3's SAC, TD3 and PPO on any task, under the protocol of our own loop.

They are the algorithms that a reader would reach for first, with the settings that they come with: one
environment, dense networks, the reward (36) as it is. As in :mod:`neuro_aolo.agent.sdrl` the checkpoint that
does best without noise on requests of its own is kept. These are fewer here, and all of the violation limit
may be used up on them, where our own loop leaves a part of it.

References:
    A. Raffin et al. (2021), Stable-Baselines3: reliable reinforcement learning implementations, Journal of
    Machine Learning Research 22(268):1-8.
    S. Fujimoto, H. van Hoof, D. Meger (2018), Addressing function approximation error in
    actor-critic methods, arXiv:1802.09477: TD3, and its exploration noise.
"""

import copy
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Literal, get_args

import numpy as np
import torch

from neuro_aolo.agent.as_env import TaskEnv
from neuro_aolo.agent.evaluate import Evaluation, Requests
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Observations, Policy, Task

Algorithm = Literal["sac", "td3", "ppo"]

_EVALUATIONS = 50
_LEAST_INTERVAL_S = 5.0


@dataclass(frozen=True)
class SB3Config:
    """What is not the library's default; how a checkpoint is chosen is our own loop's way.

    Attributes:
        discount: weight of the next request's value, in [0, 1). The library's default is 0.99; 0 has the same
            optimum where the next request does not depend on the action, and did better on ``paper`` with one
            seed and 60 s of one core, TD3's two being alike. Regret and violation rate of the best checkpoint
            on its validation requests, after 2,500 requests of SAC and TD3 and 22,500 of PPO:

            ========= =============== ===============
            algorithm discount 0.99   discount 0
            ========= =============== ===============
            SAC       59.3 %, 0.45 %  57.6 %, 0.15 %
            TD3       34.5 %, 0.10 %  34.2 %, 0.10 %
            PPO       146.6 %, 100 %  69.0 %, 0.15 %
            ========= =============== ===============

        exploration_noise: standard deviation of TD3's exploration, in action units: its paper's. The
            library's default is none.
        validation_requests: requests of a noise-free evaluation, drawn apart from all others.
        checkpoint_share: share of the task's violation limit that the checkpoint kept may use up on them.
    """

    discount: float = 0.0
    exploration_noise: float = 0.1
    validation_requests: int = SDRLConfig.validation_requests
    checkpoint_share: float = SDRLConfig.checkpoint_share

    def __post_init__(self) -> None:
        """Refuse settings without a meaning."""
        if not 0.0 <= self.discount < 1.0:
            raise AgentError(f"discount = {self.discount:g} must lie in [0, 1): lower it below 1")


@dataclass(frozen=True)
class SB3Metrics:
    """One row of the learning curve.

    Attributes:
        requests: requests served so far.
        updates: batches learnt from so far, one step of the optimisers each.
        seconds: processor time so far.
        cost: mean noise-free cost on the validation requests.
        optimal_cost: mean optimum of the same.
        regret: regret on the same.
        violation_rate: violation rate on the same.
        best: whether this checkpoint is the best so far.
    """

    requests: int
    updates: int
    seconds: float
    cost: float
    optimal_cost: float
    regret: float
    violation_rate: float
    best: bool


@dataclass(frozen=True)
class SB3Training:
    """What a training left behind.

    Attributes:
        policy: the best checkpoint, without exploration.
        best: its evaluation on the validation requests.
        curve: the learning curve.
        requests: requests served.
        updates: batches learnt from.
        seconds: processor time, evaluations included.
        interrupted: whether it was stopped before its end.
    """

    policy: Policy
    best: Evaluation
    curve: list[SB3Metrics]
    requests: int
    updates: int
    seconds: float
    interrupted: bool


def train_sb3(
    name: Algorithm,
    task: Task,
    seconds: float,
    seed: int,
    on_metrics: Callable[[SB3Metrics], None] | None = None,
    evaluate_every_s: float | None = None,
    config: SB3Config = SB3Config(),
) -> SB3Training:
    """Train an algorithm of Stable-Baselines3 on one core for a time; an interrupt ends it early.

    Every setting that is not one of ``config`` is Stable-Baselines3's default.

    Args:
        name: which algorithm.
        task: what is controlled.
        seconds: processor time of the calling thread, evaluations included. PPO ends with the update
            that it is in.
        seed: one seed for everything drawn at random. Stable-Baselines3 seeds the global generators of
            Python, NumPy and PyTorch with a number drawn from it.
        on_metrics: called with every row of the learning curve.
        evaluate_every_s: seconds between two noise-free evaluations; a fiftieth of all, but at least 5 s,
            where None.
        config: settings.

    Raises:
        AgentError: the algorithm is unknown, a setting has no meaning, or Stable-Baselines3 is missing.
    """
    _check(name, seconds)
    library = stable_baselines()
    validation, networks = np.random.SeedSequence(seed).spawn(2)
    if evaluate_every_s is None:
        evaluate_every_s = max(seconds / _EVALUATIONS, _LEAST_INTERVAL_S)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        model = _model(library, name, task, int(networks.generate_state(1)[0]), config)
        # One of its own choice would leave a folder among the temporary files.
        model.set_logger(library.common.logger.Logger(folder=None, output_formats=[]))
        watch = _Watch(
            name=name,
            model=model,
            validation=Requests(task, task.spec.starts(config.validation_requests), validation),
            seconds=seconds,
            interval_s=evaluate_every_s,
            violation_limit=config.checkpoint_share * task.spec.violation_limit,
            on_metrics=on_metrics or (lambda row: None),
        )
        return watch.run()
    finally:
        torch.set_num_threads(threads)


def stable_baselines() -> ModuleType:
    """The library.

    Raises:
        AgentError: it is not installed.
    """
    try:
        import stable_baselines3
    except ImportError as error:
        reason = " ".join(str(error).split())[:200]
        raise AgentError(
            f"Stable-Baselines3 cannot be imported ({reason}): run python -m pip install "
            '"stable-baselines3>=2.7"'
        ) from error
    return stable_baselines3


def _check(name: str, seconds: float) -> None:
    if name not in get_args(Algorithm):
        raise AgentError(f"baseline {name!r} is unknown: choose one of {', '.join(get_args(Algorithm))}")
    if not 0.0 < seconds < math.inf:
        raise AgentError(f"seconds = {seconds:g} is not allowed: give a finite time above 0")


def _model(library: Any, name: Algorithm, task: Task, seed: int, config: SB3Config) -> Any:
    """The untrained algorithm."""
    env = TaskEnv(task)
    settings = {"env": env, "gamma": config.discount, "seed": seed, "device": "cpu"}
    if name == "sac":
        return library.SAC("MlpPolicy", **settings)
    if name == "ppo":
        return library.PPO("MlpPolicy", **settings)
    size = len(task.spec.actions)
    noise = library.common.noise.NormalActionNoise(np.zeros(size), np.full(size, config.exploration_noise))
    return library.TD3("MlpPolicy", action_noise=noise, **settings)


@dataclass
class _Watch:
    """Look at a training from time to time, keep the best checkpoint, and end it in time."""

    name: Algorithm
    model: Any
    validation: Requests
    seconds: float
    interval_s: float
    violation_limit: float
    on_metrics: Callable[[SB3Metrics], None]
    curve: list[SB3Metrics] = field(default_factory=list)
    best: Evaluation | None = None
    best_weights: dict[str, Any] = field(default_factory=dict)
    updates: int = 0

    def run(self) -> SB3Training:
        interrupted = False
        self.began = time.thread_time()
        self.due_s = self.interval_s
        try:
            self.model.learn(sys.maxsize, callback=self._after_request)
        except KeyboardInterrupt:
            interrupted = True
        if self.best is None:
            self._evaluate()
        assert self.best is not None
        self.model.policy.load_state_dict(self.best_weights)
        return SB3Training(
            policy=_deterministic(self.model.policy),
            best=self.best,
            curve=self.curve,
            requests=self.model.num_timesteps,
            updates=self.updates,
            seconds=time.thread_time() - self.began,
            interrupted=interrupted,
        )

    def _after_request(self, *_: Any) -> bool:
        """Stable-Baselines3 asks after every request whether to go on."""
        self.updates = self._updates()
        elapsed_s = time.thread_time() - self.began
        ended = elapsed_s >= self.seconds
        if ended or elapsed_s >= self.due_s:
            self._evaluate()
            self.due_s = time.thread_time() - self.began + self.interval_s
        return not ended

    def _evaluate(self) -> None:
        result = self.validation.evaluate(_deterministic(self.model.policy))
        limit = self.violation_limit
        better = self.best is None or result.score(limit) < self.best.score(limit)
        if better:
            self.best = result
            self.best_weights = copy.deepcopy(self.model.policy.state_dict())
        row = SB3Metrics(
            requests=self.model.num_timesteps,
            updates=self.updates,
            seconds=time.thread_time() - self.began,
            cost=result.cost,
            optimal_cost=result.optimal_cost,
            regret=result.regret,
            violation_rate=result.violation_rate,
            best=better,
        )
        self.curve.append(row)
        self.on_metrics(row)

    def _updates(self) -> int:
        # The logger forgets the count at every dump, and learns it anew before the next request.
        counted = int(self.model.logger.name_to_value.get("train/n_updates", 0))
        if self.name != "ppo":
            return counted
        # PPO counts passes over the requests since the last ones, each of several batches.
        batches: int = math.ceil(self.model.n_steps / self.model.batch_size)
        return counted * batches


def _deterministic(policy: Any) -> Policy:
    """The policy's mean action."""

    def decide(observations: Observations) -> Floats:
        actions, _ = policy.predict(observations, deterministic=True)
        return np.asarray(actions, dtype=np.float64)

    return decide
