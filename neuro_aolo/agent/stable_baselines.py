"""Stable-Baselines3's SAC, TD3 and PPO on any task, in their best form, under the protocol of our own loop.

They are the algorithms that a reader would reach for first. They serve requests in batches, learn from what
our own learner is told of costs and constraints (:mod:`neuro_aolo.agent.shaping`), and let their steps and
their exploration fall with the processor time that they have; the rest of the settings a small tuning
chose, see :data:`~neuro_aolo.agent.sb3_config.TUNED`. As in :mod:`neuro_aolo.agent.loop` they are validated
without noise as often, on as many requests of their own, the margins follow these, and the checkpoint that
does best there is kept, with as much of the violation limit left.

References:
    A. Raffin et al. (2021), Stable-Baselines3: reliable reinforcement learning implementations, Journal of
    Machine Learning Research 22(268):1-8.
    S. Fujimoto, H. van Hoof, D. Meger (2018), Addressing function approximation error in
    actor-critic methods, arXiv:1802.09477: TD3.
"""

import copy
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, get_args

import numpy as np
import torch

from neuro_aolo.agent.evaluate import Evaluation, Requests
from neuro_aolo.agent.sb3_config import TUNED, Algorithm, SB3Config
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.shaping import Shaping
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Observations, Policy, Task

_EVALUATIONS = SDRLConfig().rounds // SDRLConfig.evaluate_every
_LEAST_INTERVAL_S = 1.0


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
    config: SB3Config | None = None,
) -> SB3Training:
    """Train an algorithm of Stable-Baselines3 on one core for a time; an interrupt ends it early.

    Args:
        name: which algorithm.
        task: what is controlled.
        seconds: processor time of the calling thread, evaluations included. PPO ends with the update
            that it is in.
        seed: one seed for everything drawn at random. Stable-Baselines3 seeds the global generators of
            Python, NumPy and PyTorch with a number drawn from it.
        on_metrics: called with every row of the learning curve.
        evaluate_every_s: seconds between two noise-free evaluations; where None, so that there are as many as
            in our own loop, but at least 1 s.
        config: settings; the tuned ones of the algorithm where None.

    Raises:
        AgentError: the algorithm is unknown, a setting has no meaning, several agents decide on one state, or
            Stable-Baselines3 is missing.
    """
    _check(name, seconds)
    stable_baselines()
    config = TUNED[name] if config is None else config
    if evaluate_every_s is None:
        evaluate_every_s = max(seconds / _EVALUATIONS, _LEAST_INTERVAL_S)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        watch = _Watch(
            name=name,
            task=task,
            config=config,
            seeds=np.random.SeedSequence(seed).spawn(4),
            seconds=seconds,
            interval_s=evaluate_every_s,
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


@dataclass
class _Watch:
    """Look at a training from time to time, keep the best checkpoint, and end it in time."""

    name: Algorithm
    task: Task
    config: SB3Config
    seeds: Sequence[np.random.SeedSequence]
    seconds: float
    interval_s: float
    on_metrics: Callable[[SB3Metrics], None]
    curve: list[SB3Metrics] = field(default_factory=list)
    best: Evaluation | None = None
    best_weights: dict[str, Any] = field(default_factory=dict)
    updates: int = 0

    def __post_init__(self) -> None:
        # Only where the library is there can its classes be extended.
        from neuro_aolo.agent.sb3_env import TaskVecEnv
        from neuro_aolo.agent.sb3_model import Schedule, model_of

        config, spec = self.config, self.task.spec
        self.began, self.due_s = time.thread_time(), self.interval_s
        validation, networks, requests, noise = self.seeds
        self.validation = Requests(self.task, spec.starts(config.validation_requests), validation)
        self.shaping = Shaping(
            spec,
            config.objective,
            config.penalty_weight,
            config.margin_start,
            config.margin_max,
            config.margin_aim,
        )
        env = TaskVecEnv(self.task, config.num_envs, self.shaping, np.random.default_rng(requests))
        seed = int(networks.generate_state(1)[0])
        self.model: Any = model_of(self.name, env, config, self._progress, seed, np.random.default_rng(noise))
        self.schedule = Schedule(config, self._progress, self._after_round)

    def run(self) -> SB3Training:
        interrupted = False
        try:
            self.model.learn(sys.maxsize, callback=self.schedule)
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
            seconds=self._elapsed_s(),
            interrupted=interrupted,
        )

    def _elapsed_s(self) -> float:
        return time.thread_time() - self.began

    def _progress(self) -> float:
        return min(self._elapsed_s() / self.seconds, 1.0)

    def _after_round(self) -> bool:
        """Stable-Baselines3 asks after every round of requests whether to go on."""
        self.updates = self._updates()
        elapsed_s = self._elapsed_s()
        ended = elapsed_s >= self.seconds
        if ended or elapsed_s >= self.due_s:
            self._evaluate()
            self.due_s = self._elapsed_s() + self.interval_s
        return not ended

    def _evaluate(self) -> None:
        decided = self.validation.rollout(_deterministic(self.model.policy))
        result = self.validation.measure(decided)
        self.shaping.steer(decided)
        limit = self.config.checkpoint_share * self.task.spec.violation_limit
        better = self.best is None or result.score(limit) < self.best.score(limit)
        if better:
            self.best = result
            self.best_weights = copy.deepcopy(self.model.policy.state_dict())
        row = SB3Metrics(
            requests=self.model.num_timesteps,
            updates=self.updates,
            seconds=self._elapsed_s(),
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
        return counted * math.ceil(self.config.rounds * self.config.num_envs / self.config.batch_size)


def _deterministic(policy: Any) -> Policy:
    """The policy's mean action."""

    def decide(observations: Observations) -> Floats:
        actions, _ = policy.predict(observations, deterministic=True)
        return np.asarray(actions, dtype=np.float64)

    return decide
