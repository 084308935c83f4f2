"""What SDRL learns from, and how: settings, twin critics, and the actor's update.

The reward (36) drops from ``-C`` to a penalty at a constraint's edge, and the optimum lies on that edge.
A regression of the reward blurs the drop, and is flat beyond it. So the preset ``tuned`` learns the parts of
an outcome apart: the critics estimate the cost ``Q`` and the slack ``G_c`` of every constraint, both smooth
across the edge, and the actor descends

    (37') mean over requests of  max_j Q_j(s, a) + lambda sum_c max(0, delta_c - min_j G_jc(s, a))

at ``a = actor(s)``, an exact penalty: linear where a constraint comes closer than its margin ``delta_c``. The
margins cover what critics and actor err by; they follow the violations of noise-free decisions, each
constraint its own.
The preset ``paper`` regresses the reward, as AOLO does: (37) is (37') without constraints.

References:
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, section V, equations (37)-(39).
    S. Fujimoto, H. van Hoof, D. Meger (2018), Addressing function approximation error in
    actor-critic methods, arXiv:1802.09477.
"""

import copy
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

from neuro_aolo.agent.critic import TwinCritic
from neuro_aolo.agent.replay import Replay
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.errors import AgentError

Objective = Literal["constraints", "reward"]


@dataclass(frozen=True)
class SDRLConfig:
    """Settings of the loop; the defaults are the preset ``tuned``.

    Attributes:
        total_steps: requests served in training, rounded up to a batch.
        num_envs: requests served between two updates.
        batch_size: replayed requests per update.
        buffer_size: requests that the replay keeps. A short memory keeps the critics' data as close to the
            policy as the exploration noise, which is what resolves a constraint's edge.
        learning_starts: requests served before the critics' first update, at most half of those below.
        actor_starts: requests decided uniformly at random before the actor's first update, at most a tenth of
            all.
        bias_share: share of the training until which the actor moves its output bias alone. The best
            constant action first: on the way there a spiking population would be driven into silence or
            saturation, where no gradient reaches it.
        objective: ``constraints`` for (37'), ``reward`` for AOLO's regression of the reward.
        logits: explore on the scale of ``atanh(action)``, and show it to the critics. Else noise is added to
            the actions, which are then clipped.
        discount: weight of the next request's value, in [0, 1). The usual value is 0.99; where the next
            request does not depend on the action, as in AOLO, 0 has the same optimum without the variance.
        penalty_weight: lambda of (37'), with costs in units of the task's reward scale. Any value above the
            cost's slope over the slack's has the same optimum.
        margin_start: delta of (37') at the start, in units of the task's slack.
        margin_max: the largest delta.
        margin_aim: share of the task's violation limit that each constraint's margin is steered towards.
        checkpoint_share: share of that limit which a checkpoint may use up on the validation requests: what
            is left covers that they are a sample, and that the best of many was taken.
        tau: soft update of the target networks.
        actor_lr: Adam's step for the actor at the start.
        actor_lr_end: the same at the end; in between it falls geometrically, as the noise does.
        output_decay: decoupled weight decay of the actor's output weights, in units of its step. A weight
            that no steady gradient holds up fades: it carries nothing but jitter into the decisions.
        bias_lr: Adam's step while the output bias moves alone; with 0 the actor stands still meanwhile.
        critic_lr: Adam's step for the critics at the start.
        critic_lr_end: the same at the end.
        critic_hidden: neurons of each hidden layer of a critic.
        noise_start: standard deviation of the exploration noise at the start.
        noise_end: the same at the end; in between it falls geometrically.
        evaluate_every: rounds between two noise-free evaluations.
        validation_requests: requests of such an evaluation; drawn apart from all others.
    """

    total_steps: int = 320_000
    num_envs: int = 64
    batch_size: int = 64
    buffer_size: int = 60_000
    learning_starts: int = 2_560
    actor_starts: int = 12_800
    bias_share: float = 0.12
    objective: Objective = "constraints"
    logits: bool = True
    discount: float = 0.0
    penalty_weight: float = 10.0
    margin_start: float = 0.02
    margin_max: float = 0.1
    margin_aim: float = 0.4
    checkpoint_share: float = 0.6
    tau: float = 0.005
    actor_lr: float = 2e-3
    actor_lr_end: float = 3e-5
    output_decay: float = 3.0
    bias_lr: float = 0.02
    critic_lr: float = 3e-3
    critic_lr_end: float = 1e-4
    critic_hidden: tuple[int, ...] = (256, 256)
    noise_start: float = 0.5
    noise_end: float = 0.008
    evaluate_every: int = 200
    validation_requests: int = 8_000

    def __post_init__(self) -> None:
        """Refuse settings without a meaning."""
        for name in ("total_steps", "num_envs", "batch_size", "buffer_size", "evaluate_every"):
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
        for name, value in (("discount", self.discount), ("bias_share", self.bias_share)):
            if not 0.0 <= value < 1.0:
                raise AgentError(f"{name} = {value} must lie in [0, 1): lower it below 1")

    @property
    def random_requests(self) -> int:
        """Requests decided at random, before the actor learns."""
        return min(self.actor_starts, self.total_steps // 10)

    @property
    def critic_starts(self) -> int:
        """Requests served before the critics learn."""
        return min(self.learning_starts, self.random_requests // 2)

    @property
    def rounds(self) -> int:
        """Batches of requests served."""
        return -(-self.total_steps // self.num_envs)

    @property
    def updates(self) -> int:
        """Batches learnt from: there is one in every round but the first."""
        return self.rounds - self.critic_starts // self.num_envs


PAPER = SDRLConfig(
    total_steps=10_000,
    num_envs=1,
    batch_size=256,
    buffer_size=1_000_000,
    bias_share=0.0,
    objective="reward",
    logits=False,
    discount=0.99,
    output_decay=0.0,
    actor_lr=1e-4,
    actor_lr_end=1e-4,
    critic_lr=1e-3,
    critic_lr_end=1e-3,
    noise_start=0.1,
    noise_end=0.1,
)
"""The paper's settings as far as it prints them, else PopSAN's; its length of training is not printed."""


def geometric(start: float, end: float, progress: float) -> float:
    """From ``start`` to ``end`` by equal ratios; ``progress`` runs from 0 to 1."""
    value: float = start * (end / start) ** progress
    return value


@dataclass
class Learner:
    """Networks, optimisers and replay of one training."""

    actor: nn.Module
    critic: TwinCritic
    replay: Replay
    config: SDRLConfig
    generator: torch.Generator
    margins: Tensor
    """delta of (37'), one for each constraint, shape ``(C,)``."""
    cost_scale: float = 1.0
    """One unit of what the critics estimate, in units of the task's cost."""
    toll: SpikeToll | None = None
    target_actor: nn.Module = field(init=False)
    target_critic: TwinCritic = field(init=False)

    def __post_init__(self) -> None:
        self.target_actor = copy.deepcopy(self.actor).requires_grad_(False)
        self.target_critic = copy.deepcopy(self.critic).requires_grad_(False)
        weight, bias = output_parameters(self.actor)
        others = [parameter for parameter in self.actor.parameters() if parameter is not weight]
        decay = {"params": [weight], "weight_decay": self.config.output_decay}
        self.actor_optimiser = _adam([{"params": others}, decay])
        self.bias_optimiser = _adam([{"params": [bias]}])
        self.critic_optimiser = _adam([{"params": list(self.critic.parameters())}])

    def update(self, progress: float, served: int) -> float:
        """One update from replayed requests; ``progress`` runs from 0 to 1. Returns the critics' loss."""
        config = self.config
        batch = self.replay.sample(config.batch_size, self.generator)
        _set_lr(self.critic_optimiser, geometric(config.critic_lr, config.critic_lr_end, progress))
        loss = self._update_critic(batch)
        if served > config.random_requests:
            if progress < config.bias_share:
                if config.bias_lr > 0.0:
                    _set_lr(self.bias_optimiser, config.bias_lr)
                    self._update_actor(batch["observation"], self.bias_optimiser, progress)
            else:
                _set_lr(self.actor_optimiser, geometric(config.actor_lr, config.actor_lr_end, progress))
                self._update_actor(batch["observation"], self.actor_optimiser, progress)
        if config.discount > 0.0:
            _soft_update(self.target_actor, self.actor, config.tau)
            _soft_update(self.target_critic, self.critic, config.tau)
        return loss

    def steer_margins(self, broken: Tensor, limit: float) -> None:
        """Widen the margin of each constraint broken too often, narrow the others.

        Args:
            broken: share of noise-free decisions that break each constraint, shape ``(C,)``.
            limit: how large that may be.
        """
        too_often = broken.to(self.margins) > limit
        factor = torch.where(too_often, _WIDEN, _NARROW)
        self.margins = (self.margins * factor).clamp(_LEAST_MARGIN, self.config.margin_max)

    def _update_critic(self, batch: dict[str, Tensor]) -> float:
        target = batch["outcome"]
        if self.config.discount > 0.0:  # eq. (39): the worse of the twins' targets
            following = batch["next_observation"]
            with torch.no_grad():
                value = self.target_critic(following, self.target_actor(following))[..., 0].amax(0)
            target = target.clone()
            target[:, 0] += self.config.discount * value
        estimates = self.critic(batch["observation"], batch["action"])
        loss = (estimates - target).square().mean(dim=(0, 1)).sum()
        self.critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimiser.step()
        return float(loss.detach())

    def _update_actor(self, observations: Tensor, optimiser: torch.optim.Optimizer, progress: float) -> None:
        """Equation (37'), or (37'') with a toll."""
        self.critic.requires_grad_(False)
        share = 0.0 if self.toll is None else self.toll.share(progress)
        if self.toll is None or share == 0.0:
            actions, tolled = self.actor(observations), None
        else:
            actions, tolled = self.toll.decide(self.actor, observations)
        estimates = self.critic(observations, actions)
        cost, slack = estimates[..., 0].amax(0), estimates[..., 1:].amin(0)
        short = torch.relu(self.margins - slack).sum(-1)
        loss = (cost + self.config.penalty_weight * short).mean()
        if tolled is not None:
            loss = loss + share * tolled / self.cost_scale
        self.actor_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        self.critic.requires_grad_(True)

    def modules(self) -> dict[str, nn.Module]:
        """Every network, by name."""
        return {
            "actor": self.actor,
            "critic": self.critic,
            "target_actor": self.target_actor,
            "target_critic": self.target_critic,
        }

    def optimisers(self) -> dict[str, torch.optim.Optimizer]:
        """Every optimiser, by name."""
        return {
            "actor": self.actor_optimiser,
            "bias": self.bias_optimiser,
            "critic": self.critic_optimiser,
        }


_WIDEN, _NARROW = 1.25, 0.85
_LEAST_MARGIN = 1e-4


def output_parameters(actor: nn.Module) -> tuple[nn.Parameter, nn.Parameter]:
    """Weight and bias of an actor's last layer, which makes actions of what comes before."""
    name = [name for name, _ in actor.named_parameters() if name.endswith("bias")][-1]
    return actor.get_parameter(name.removesuffix("bias") + "weight"), actor.get_parameter(name)


def _adam(groups: list[dict[str, Any]]) -> torch.optim.AdamW:
    return torch.optim.AdamW([{"weight_decay": 0.0, **group} for group in groups], fused=True)


def _set_lr(optimiser: torch.optim.Optimizer, lr: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = lr


def _soft_update(target: nn.Module, source: nn.Module, tau: float) -> None:
    with torch.no_grad():
        torch._foreach_lerp_(list(target.parameters()), list(source.parameters()), tau)
