"""What SDRL learns from, and how: settings, twin critics, the barrier, and the actor's update.

The reward (36) drops from ``-C`` to a penalty at a constraint's edge, and the optimum lies on that edge.
One regression of both parts blurs the drop, and is flat beyond it. So the two are learnt apart: twin critics
for the cost, and twin classifiers, the *barrier*, for whether a constraint breaks. The actor descends

    (37') mean over requests of  max_j Q_j(s, a) + lambda softplus(max_j L_j(s, a)),   a = actor(s)

with ``L`` the classifiers' log-odds: linear where a constraint breaks, so that there is a way back, and
vanishing within. As the exploration noise shrinks the classifiers sharpen, and the actor nears the edge.

References:
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, section V, equations (37)-(39).
    S. Fujimoto, H. van Hoof, D. Meger (2018), Addressing function approximation error in
    actor-critic methods, arXiv:1802.09477.
"""

import copy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from neuro_aolo.agent.critic import TwinCritic
from neuro_aolo.agent.replay import Replay
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
        learning_starts: requests served before the critics' first update, at most half of those below.
        actor_starts: requests decided uniformly at random before the actor's first update, at most a tenth of
            all: critics that know nothing yet drive a spiking population into silence, where no gradient
            reaches it.
        discount: weight of the next request's value, in [0, 1). The usual value is 0.99; where the next
            request does not depend on the action, as in AOLO, 0 has the same optimum without the variance.
        barrier_weight: lambda of (37'), with costs in units of the task's reward scale.
        tau: soft update of the target networks.
        actor_lr: Adam's step for the actor at the start.
        actor_lr_end: the same at the end; in between it falls geometrically, as the noise does.
        decoder_lr_factor: how much larger the steps of ``actor.decoder`` are, where the actor has one: a
            spiking actor's rates move in jumps, its decoder smoothly.
        critic_lr: Adam's step for the critics.
        critic_hidden: neurons of each hidden layer of a critic.
        policy_delay: critic updates per actor update.
        noise_start: standard deviation of the exploration noise at the start, in action units.
        noise_end: the same at the end; in between it falls geometrically.
        evaluate_every: updates between two noise-free evaluations.
        validation_requests: requests of such an evaluation; drawn apart from all others.
        violation_limit: the checkpoint kept is the one of least regret within this violation rate.
    """

    total_steps: int = 320_000
    num_envs: int = 256
    batch_size: int = 256
    buffer_size: int = 60_000
    learning_starts: int = 2_560
    actor_starts: int = 25_600
    discount: float = 0.0
    barrier_weight: float = 1.0
    tau: float = 0.005
    actor_lr: float = 1e-4
    actor_lr_end: float = 3e-5
    decoder_lr_factor: float = 10.0
    critic_lr: float = 1e-3
    critic_hidden: tuple[int, ...] = (256, 256)
    policy_delay: int = 1
    noise_start: float = 0.3
    noise_end: float = 0.01
    evaluate_every: int = 100
    validation_requests: int = 2_000
    violation_limit: float = 0.001

    def __post_init__(self) -> None:
        """Refuse settings without a meaning."""
        for name in (
            "total_steps",
            "num_envs",
            "batch_size",
            "buffer_size",
            "evaluate_every",
            "policy_delay",
        ):
            if getattr(self, name) < 1:
                raise AgentError(f"{name} = {getattr(self, name)} must be at least 1: raise it")
        if self.buffer_size < self.num_envs:
            raise AgentError(
                f"buffer_size = {self.buffer_size} is below num_envs = {self.num_envs}: raise it to that"
            )
        if not 0.0 < self.noise_end <= self.noise_start:
            raise AgentError(
                f"noise_start = {self.noise_start}, noise_end = {self.noise_end}: "
                "0 < noise_end <= noise_start is needed"
            )
        if not 0.0 <= self.discount < 1.0:
            raise AgentError(f"discount = {self.discount} must lie in [0, 1): lower it below 1")

    @property
    def random_requests(self) -> int:
        """Requests decided at random, before the actor learns."""
        return min(self.actor_starts, self.total_steps // 10)

    @property
    def critic_starts(self) -> int:
        """Requests served before the critics learn."""
        return min(self.learning_starts, self.random_requests // 2)

    @property
    def updates(self) -> int:
        """Rounds of the loop: batches of requests served."""
        return -(-self.total_steps // self.num_envs)


def geometric(start: float, end: float, progress: float) -> float:
    """From ``start`` to ``end`` by equal ratios; ``progress`` runs from 0 to 1."""
    value: float = start * (end / start) ** progress
    return value


@dataclass
class Learner:
    """Networks, optimisers and replay of one training."""

    actor: nn.Module
    critic: TwinCritic
    barrier: TwinCritic
    replay: Replay
    config: SDRLConfig
    generator: torch.Generator
    target_actor: nn.Module = field(init=False)
    target_critic: TwinCritic = field(init=False)

    def __post_init__(self) -> None:
        self.target_actor = copy.deepcopy(self.actor).requires_grad_(False)
        self.target_critic = copy.deepcopy(self.critic).requires_grad_(False)
        self.actor_optimiser = torch.optim.Adam(self._actor_groups())
        critics = [*self.critic.parameters(), *self.barrier.parameters()]
        self.critic_optimiser = torch.optim.Adam(critics, lr=self.config.critic_lr)

    def _actor_groups(self) -> list[dict[str, Any]]:
        decoder = getattr(self.actor, "decoder", None)
        smooth = [] if decoder is None else list(decoder.parameters())
        body = [p for p in self.actor.parameters() if not any(p is q for q in smooth)]
        groups = [{"params": body, "factor": 1.0}]
        return groups + ([{"params": smooth, "factor": self.config.decoder_lr_factor}] if smooth else [])

    def anneal(self, progress: float) -> None:
        """Lower the actor's steps; ``progress`` runs from 0 to 1."""
        lr = geometric(self.config.actor_lr, self.config.actor_lr_end, progress)
        for group in self.actor_optimiser.param_groups:
            group["lr"] = lr * group["factor"]

    def update(self, count: int, served: int) -> float:
        """One update from replayed requests; the critics' loss."""
        batch = self.replay.sample(self.config.batch_size, self.generator)
        loss = self._update_critic(batch)
        if served > self.config.random_requests and count % self.config.policy_delay == 0:
            self._update_actor(batch["observation"])
            _soft_update(self.target_actor, self.actor, self.config.tau)
        _soft_update(self.target_critic, self.critic, self.config.tau)
        return loss

    def _update_critic(self, batch: dict[str, Tensor]) -> float:
        target = batch["cost"].squeeze(-1)
        if self.config.discount > 0.0:  # eq. (39): the worse of the twins' targets
            following = batch["next_observation"]
            with torch.no_grad():
                value = self.target_critic(following, self.target_actor(following)).amax(0)
            target = target + self.config.discount * value
        estimates = self.critic(batch["observation"], batch["action"])
        loss = nn.functional.mse_loss(estimates, target.expand_as(estimates))
        logits = self.barrier(batch["observation"], batch["action"])
        violated = batch["violated"].squeeze(-1).expand_as(logits)
        loss = loss + nn.functional.binary_cross_entropy_with_logits(logits, violated)
        self.critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimiser.step()
        return float(loss.detach())

    def _update_actor(self, observations: Tensor) -> None:
        """Equation (37')."""
        self.critic.requires_grad_(False)
        self.barrier.requires_grad_(False)
        actions = self.actor(observations)
        cost = self.critic(observations, actions).amax(0)
        barrier = nn.functional.softplus(self.barrier(observations, actions).amax(0))
        loss = (cost + self.config.barrier_weight * barrier).mean()
        self.actor_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.actor_optimiser.step()
        self.critic.requires_grad_(True)
        self.barrier.requires_grad_(True)


def _soft_update(target: nn.Module, source: nn.Module, tau: float) -> None:
    with torch.no_grad():
        torch._foreach_lerp_(list(target.parameters()), list(source.parameters()), tau)
