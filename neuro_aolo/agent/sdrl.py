"""SDRL: off-policy deterministic policy gradients, one loop for every actor.

Requests are served with exploration noise that shrinks from start to end, remembered, and learnt from
(:mod:`neuro_aolo.agent.learner`); the checkpoint that does best without noise on requests of its own is kept.

References:
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, section V.
"""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from neuro_aolo.agent.critic import TwinCritic
from neuro_aolo.agent.evaluate import Evaluation, Requests, noise_free
from neuro_aolo.agent.learner import Learner, SDRLConfig, geometric
from neuro_aolo.agent.replay import Replay
from neuro_aolo.agent.task import Floats, Task

__all__ = ["Metrics", "SDRLConfig", "Training", "train"]


@dataclass(frozen=True)
class Metrics:
    """One row of the learning curve.

    Attributes:
        requests: requests served so far.
        seconds: wall time so far.
        noise: standard deviation of the exploration noise.
        critic_loss: mean squared error of the critics since the last row, scaled rewards.
        training_reward: mean reward of the requests served since the last row, noise included.
        cost: mean noise-free cost on the validation requests.
        optimal_cost: mean optimum of the same.
        regret: regret on the same.
        violation_rate: violation rate on the same.
        best: whether this checkpoint is the best so far.
    """

    requests: int
    seconds: float
    noise: float
    critic_loss: float
    training_reward: float
    cost: float
    optimal_cost: float
    regret: float
    violation_rate: float
    best: bool


@dataclass
class Training:
    """What a training left behind.

    Attributes:
        actor: the best checkpoint, on the CPU.
        best: its evaluation on the validation requests.
        metrics: the learning curve.
        requests: requests served.
        interrupted: whether it was stopped before its end.
    """

    actor: nn.Module
    best: Evaluation
    metrics: list[Metrics]
    requests: int
    interrupted: bool


def train(
    task: Task,
    make_actor: Callable[[torch.Generator], nn.Module],
    config: SDRLConfig,
    seed: int,
    device: str = "cpu",
    on_metrics: Callable[[Metrics], None] | None = None,
) -> Training:
    """Train an actor on ``task``; an interrupt from the keyboard ends it early with what there is.

    Args:
        task: what to control.
        make_actor: builds the untrained actor, drawing its weights from the generator.
        config: settings of the loop.
        seed: one seed for everything drawn at random.
        device: where the networks live, ``"cpu"`` or ``"cuda"``.
        on_metrics: called with every row of the learning curve.
    """
    networks, exploration, replay, requests, validation = np.random.SeedSequence(seed).spawn(5)
    weights = _torch_generator(networks)
    actor = make_actor(weights).to(device)
    observations, actions = len(task.observation_names), len(task.action_names)
    learner = Learner(
        actor=actor,
        critic=TwinCritic(observations, actions, config.critic_hidden, weights).to(device),
        barrier=TwinCritic(observations, actions, config.critic_hidden, weights).to(device),
        replay=Replay(
            min(config.buffer_size, config.updates * config.num_envs),
            {
                "observation": observations,
                "action": actions,
                "cost": 1,
                "violated": 1,
                "next_observation": observations,
            },
            torch.device(device),
        ),
        config=config,
        generator=_torch_generator(replay),
    )
    loop = _Loop(
        task=task,
        learner=learner,
        validation=Requests(task, config.validation_requests, validation),
        rng=np.random.default_rng(requests),
        noise_rng=np.random.default_rng(exploration),
        on_metrics=on_metrics or (lambda row: None),
    )
    return loop.run()


@dataclass
class _Loop:
    """Serve requests, learn from them, keep the best checkpoint."""

    task: Task
    learner: Learner
    validation: Requests
    rng: np.random.Generator
    noise_rng: np.random.Generator
    on_metrics: Callable[[Metrics], None]
    metrics: list[Metrics] = field(default_factory=list)
    best: Evaluation | None = None
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    served: int = 0

    def run(self) -> Training:
        interrupted = False
        self.began = time.perf_counter()
        try:
            self._serve_all()
        except KeyboardInterrupt:
            interrupted = True
        if self.best is None:
            self._checkpoint(self.learner.config.noise_start, [], [])
        assert self.best is not None
        actor = self.learner.actor
        actor.load_state_dict(self.best_weights)
        return Training(actor.cpu(), self.best, self.metrics, self.served, interrupted)

    def _serve_all(self) -> None:
        config = self.learner.config
        states = self.task.reset(config.num_envs, self.rng)
        losses: list[float] = []
        rewards: list[float] = []
        for update in range(1, config.updates + 1):
            progress = (update - 1) / max(config.updates - 1, 1)
            noise = geometric(config.noise_start, config.noise_end, progress)
            states, reward = self._serve(states, noise)
            rewards.append(reward)
            if self.served > config.critic_starts:
                self.learner.anneal(progress)
                losses.append(self.learner.update(update, self.served))
            if update % config.evaluate_every == 0 or update == config.updates:
                self._checkpoint(noise, losses, rewards)
                losses, rewards = [], []

    def _serve(self, states: Floats, noise: float) -> tuple[Floats, float]:
        """Decide a batch of requests with exploration and remember what came of it."""
        observations = self.task.observe(states)
        shape = (len(states), len(self.task.action_names))
        if self.served < self.learner.config.random_requests:
            actions = self.noise_rng.uniform(-1.0, 1.0, shape)
        else:
            chosen = noise_free(self.learner.actor)(observations)
            actions = np.clip(chosen + noise * self.noise_rng.standard_normal(shape), -1.0, 1.0)
        outcome = self.task.step(states, actions, self.rng)
        self.learner.replay.add(
            observation=torch.from_numpy(observations),
            action=torch.from_numpy(actions),
            cost=torch.from_numpy(outcome.cost[:, None] / self.task.reward_scale),
            violated=torch.from_numpy(outcome.violated[:, None].astype(np.float32)),
            next_observation=torch.from_numpy(self.task.observe(outcome.next_states)),
        )
        self.served += len(states)
        return outcome.next_states, float(outcome.reward.mean())

    def _checkpoint(self, noise: float, losses: list[float], rewards: list[float]) -> None:
        limit = self.learner.config.violation_limit
        result = self.validation.evaluate(noise_free(self.learner.actor))
        better = self.best is None or result.score(limit) < self.best.score(limit)
        if better:
            self.best = result
            self.best_weights = copy.deepcopy(self.learner.actor.state_dict())
        row = Metrics(
            requests=self.served,
            seconds=time.perf_counter() - self.began,
            noise=noise,
            critic_loss=float(np.mean(losses)) if losses else float("nan"),
            training_reward=float(np.mean(rewards)) if rewards else float("nan"),
            cost=result.cost,
            optimal_cost=result.optimal_cost,
            regret=result.regret,
            violation_rate=result.violation_rate,
            best=better,
        )
        self.metrics.append(row)
        self.on_metrics(row)


def _torch_generator(sequence: np.random.SeedSequence) -> torch.Generator:
    return torch.Generator().manual_seed(int(sequence.generate_state(1, np.uint64)[0] >> 1))
