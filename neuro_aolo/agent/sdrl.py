"""SDRL: off-policy deterministic policy gradients with twin critics, one loop for every actor.

References:
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, section V, equations (37)-(39).
    S. Fujimoto, H. van Hoof, D. Meger (2018), Addressing function approximation error in
    actor-critic methods, arXiv:1802.09477.
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
from neuro_aolo.agent.replay import Replay
from neuro_aolo.agent.task import Floats, Task
from neuro_aolo.errors import AgentError


@dataclass(frozen=True)
class SDRLConfig:
    """Settings of the loop.

    Attributes:
        total_steps: requests served in training, rounded up to a batch.
        num_envs: requests served between two updates.
        batch_size: replayed requests per update.
        buffer_size: requests that the replay keeps. A short memory keeps the critics' data as close to the
            policy as the exploration noise, which is what resolves a constraint's edge.
        learning_starts: requests decided uniformly at random before the first update.
        discount: weight of the next request's value, in [0, 1). The usual value is 0.99; where the next
            request does not depend on the action, as in AOLO, 0 has the same optimum without the variance.
        tau: soft update of the target networks.
        actor_lr: Adam's step for the actor.
        critic_lr: Adam's step for the critics.
        critic_hidden: neurons of each hidden layer of a critic.
        policy_delay: critic updates per actor update.
        noise_start: standard deviation of the exploration noise at the start, in action units.
        noise_end: the same at the end; in between it falls geometrically.
        wide_share: share of the requests that explore with ``noise_start`` to the end, so that the critics
            still know the way back after a step across a constraint's edge.
        evaluate_every: updates between two noise-free evaluations.
        validation_requests: requests of such an evaluation; drawn apart from all others.
        violation_limit: the checkpoint kept is the one of least regret within this violation rate.
    """

    total_steps: int = 400_000
    num_envs: int = 256
    batch_size: int = 256
    buffer_size: int = 60_000
    learning_starts: int = 5_120
    discount: float = 0.0
    tau: float = 0.005
    actor_lr: float = 1e-4
    critic_lr: float = 1e-3
    critic_hidden: tuple[int, ...] = (256, 256)
    policy_delay: int = 1
    noise_start: float = 0.3
    noise_end: float = 0.01
    wide_share: float = 0.1
    evaluate_every: int = 100
    validation_requests: int = 2_000
    violation_limit: float = 0.001

    def __post_init__(self) -> None:
        """Refuse settings without a meaning."""
        for name in ("total_steps", "num_envs", "batch_size", "buffer_size", "evaluate_every"):
            if getattr(self, name) < 1:
                raise AgentError(f"{name} = {getattr(self, name)} must be at least 1: raise it")
        if not 0.0 <= self.discount < 1.0:
            raise AgentError(f"discount = {self.discount} must lie in [0, 1): lower it below 1")

    @property
    def updates(self) -> int:
        """Rounds of the loop: batches of requests served."""
        return -(-self.total_steps // self.num_envs)


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


@dataclass
class _Learner:
    """Networks, optimisers and replay of one training."""

    actor: nn.Module
    critic: TwinCritic
    replay: Replay
    config: SDRLConfig
    generator: torch.Generator
    target_actor: nn.Module = field(init=False)
    target_critic: TwinCritic = field(init=False)

    def __post_init__(self) -> None:
        self.target_actor = copy.deepcopy(self.actor).requires_grad_(False)
        self.target_critic = copy.deepcopy(self.critic).requires_grad_(False)
        self.actor_optimiser = torch.optim.Adam(self.actor.parameters(), lr=self.config.actor_lr)
        self.critic_optimiser = torch.optim.Adam(self.critic.parameters(), lr=self.config.critic_lr)

    def update(self, count: int) -> float:
        """One update from replayed requests; the critics' loss."""
        batch = self.replay.sample(self.config.batch_size, self.generator)
        loss = self._update_critic(batch)
        if count % self.config.policy_delay == 0:
            self._update_actor(batch["observation"])
            _soft_update(self.target_actor, self.actor, self.config.tau)
        _soft_update(self.target_critic, self.critic, self.config.tau)
        return loss

    def _update_critic(self, batch: dict[str, Tensor]) -> float:
        target = batch["reward"].squeeze(-1)
        if self.config.discount > 0.0:  # eq. (39): the smaller of the twins' targets
            following = batch["next_observation"]
            with torch.no_grad():
                value = self.target_critic(following, self.target_actor(following)).amin(0)
            target = target + self.config.discount * value
        estimates = self.critic(batch["observation"], batch["action"])
        loss = nn.functional.mse_loss(estimates, target.expand_as(estimates))
        self.critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimiser.step()
        return float(loss.detach())

    def _update_actor(self, observations: Tensor) -> None:
        """Eq. (37): climb the smaller of the twins' estimates."""
        self.critic.requires_grad_(False)
        loss = -self.critic(observations, self.actor(observations)).amin(0).mean()
        self.actor_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.actor_optimiser.step()
        self.critic.requires_grad_(True)


def _soft_update(target: nn.Module, source: nn.Module, tau: float) -> None:
    with torch.no_grad():
        torch._foreach_lerp_(list(target.parameters()), list(source.parameters()), tau)


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
    learner = _Learner(
        actor=actor,
        critic=TwinCritic(observations, actions, config.critic_hidden, weights).to(device),
        replay=Replay(
            min(config.buffer_size, config.updates * config.num_envs),
            {"observation": observations, "action": actions, "reward": 1, "next_observation": observations},
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
    learner: _Learner
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
            noise = config.noise_start * (config.noise_end / config.noise_start) ** progress
            states, reward = self._serve(states, noise)
            rewards.append(reward)
            if self.served > config.learning_starts:
                losses.append(self.learner.update(update))
            if update % config.evaluate_every == 0 or update == config.updates:
                self._checkpoint(noise, losses, rewards)
                losses, rewards = [], []

    def _serve(self, states: Floats, noise: float) -> tuple[Floats, float]:
        """Decide a batch of requests with exploration and remember what came of it."""
        config = self.learner.config
        observations = self.task.observe(states)
        shape = (len(states), len(self.task.action_names))
        if self.served < config.learning_starts:
            actions = self.noise_rng.uniform(-1.0, 1.0, shape)
        else:
            chosen = noise_free(self.learner.actor)(observations)
            wide = self.noise_rng.random((len(states), 1)) < config.wide_share
            sigma = np.where(wide, config.noise_start, noise)
            actions = np.clip(chosen + sigma * self.noise_rng.standard_normal(shape), -1.0, 1.0)
        outcome = self.task.step(states, actions, self.rng)
        self.learner.replay.add(
            observation=torch.from_numpy(observations),
            action=torch.from_numpy(actions),
            reward=torch.from_numpy(outcome.reward[:, None] / self.task.reward_scale),
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
