"""SDRL: off-policy deterministic policy gradients with twin critics; its settings, and how it learns.

The reward (36) drops from ``-C`` to a penalty at a constraint's edge, and the optimum lies on that edge.
A regression of the reward blurs the drop, and is flat beyond it. So the preset ``tuned`` learns the parts of
an outcome apart: the critics estimate the cost ``Q_o`` of every objective, in units of its scale, and the
slack ``G_c`` of every constraint, all smooth across the edge, and the actor descends

    (37') mean over requests of  sum_o w_o max_j Q_oj(s, a) + lambda sum_c max(0, delta_c - min_j G_jc(s, a))

at ``a = actor(s)``, with the objectives' weights ``w_o``: an exact penalty, linear where a constraint comes
closer than its margin ``delta_c``. The margins cover what critics and actor err by; they follow the
violations of noise-free decisions, each constraint its own.

Critics err by more than such a margin. But of the requests that have just been served, with noise, the
slacks ``g`` of the actions ``a_t`` taken are known, and the critics are asked no more than what the noise
changed:

    G_c(s, a)  in (37') becomes  g_c + mean over j of (G_jc(s, a) - G_jc(s, a_t))

in which what they err by at ``s`` itself cancels: a control variate. The decisions that were served are
those that the actor learns from, so it decides once a round. What follows a decision counts with the
objective's own discount ``gamma_o``, (39): ``Q_o`` is regressed on
``c_o + gamma_o max_j Q_oj(s', actor(s'))`` of slowly following networks, and on ``c_o`` alone where an
episode ends for good. A slack is that of the decision itself.
The preset ``paper`` regresses the reward, as AOLO does: (37) is (37') without constraints.

References:
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, section V, equations (37)-(39).
    S. Fujimoto, H. van Hoof, D. Meger (2018), Addressing function approximation error in
    actor-critic methods, arXiv:1802.09477.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from neuro_aolo.agent.categorical import Categorical
from neuro_aolo.agent.choice import drawn, misled, taken, worst
from neuro_aolo.agent.critic import TwinCritic
from neuro_aolo.agent.evaluate import noise_free
from neuro_aolo.agent.experience import Decided, Experience
from neuro_aolo.agent.gaussian import disturbed
from neuro_aolo.agent.learner import Seeds
from neuro_aolo.agent.optimise import (
    adam,
    geometric,
    output_parameters,
    set_lr,
    soft_update,
    torch_generator,
)
from neuro_aolo.agent.popsan import PopSAN
from neuro_aolo.agent.replay import Replay
from neuro_aolo.agent.rollout import Rollout
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.shaping import LEAST_MARGIN, NARROW, WIDEN
from neuro_aolo.agent.snapshot import Parts, Snapshot
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.systems.task import Floats, Observations, Task, Transition


@dataclass
class SDRL:
    """Networks, optimisers and replay of one training."""

    policy: nn.Module
    """What learns, and explores."""
    critic: TwinCritic
    replay: Replay
    experience: Experience
    config: SDRLConfig
    generator: torch.Generator
    margins: Tensor
    """delta of (37'), one for each constraint, shape ``(C,)``."""
    toll: SpikeToll | None = None
    actor: nn.Module = field(init=False)
    """Decides without noise: the mean of the policy's last weights."""
    target_actor: nn.Module = field(init=False)
    target_critic: TwinCritic = field(init=False)
    served: Decided | None = None
    """What this round served, as the actor learns from it."""

    def __post_init__(self) -> None:
        self.actor = copy.deepcopy(self.policy).requires_grad_(False)
        self.target_actor = copy.deepcopy(self.policy).requires_grad_(False)
        self.target_critic = copy.deepcopy(self.critic).requires_grad_(False)
        weight, bias = output_parameters(self.policy)
        others = [parameter for parameter in self.policy.parameters() if parameter is not weight]
        fades = self.config.decayed == "all" or isinstance(self.policy, PopSAN)
        decay = {"params": [weight], "weight_decay": self.config.output_decay if fades else 0.0}
        self.actor_optimiser = adam([{"params": others}, decay])
        self.bias_optimiser = adam([{"params": [bias]}])
        self.critic_optimiser = adam([{"params": list(self.critic.parameters())}])
        self.discounts = torch.tensor(self.experience.discounts, device=self.margins.device)

    @classmethod
    def build(
        cls,
        task: Task,
        make_actor: Callable[[torch.Generator], nn.Module],
        config: SDRLConfig,
        seeds: Seeds,
        device: str = "cpu",
        toll: SpikeToll | None = None,
    ) -> "SDRL":
        """An untrained one; arguments as of :func:`~neuro_aolo.agent.train.train_actor`."""
        weights = torch_generator(seeds.networks)
        actor = make_actor(weights).to(device)
        experience = Experience.of(task, config.objective == "reward", config.discount)
        columns = experience.columns
        critic = TwinCritic(
            columns["observation"],
            columns["action"],
            config.critic_hidden,
            columns["outcome"],
            config.logits,
            weights,
            experience.choice,
        ).to(device)
        decisions = min(config.buffer_size, config.rounds * config.num_envs)
        return cls(
            policy=actor,
            critic=critic,
            replay=Replay(decisions * experience.rows, columns, torch.device(device)),
            experience=experience,
            config=config,
            generator=torch_generator(seeds.replay),
            margins=torch.full((experience.constraints,), config.margin_start, device=device),
            toll=toll,
        )

    def noise(self, progress: float) -> float:
        """Standard deviation of the exploration noise."""
        return geometric(self.config.noise_start, self.config.noise_end, progress)

    def explore(
        self, observations: Observations, progress: float, served: int, rng: np.random.Generator
    ) -> Floats:
        """Noisy actions ``(rows, A)`` of observations ``(rows, D)``; at first they are drawn uniformly."""
        shape = (len(observations), len(self.experience.spec.actions))
        self.served = None
        if served < self.config.random_requests:
            return rng.uniform(-1.0, 1.0, shape)
        if self.config.learns_from_served:
            seen = torch.from_numpy(self.experience.beside(observations)).to(self.margins.device)
            self.served = self._decide(seen, progress)
            actions = self.served.actions.detach().double().cpu().numpy().reshape(shape)
        else:
            actions = noise_free(self.policy)(observations)
        if isinstance(self.policy, Categorical):
            actions = self.policy.mixed(actions, rng)
        tried = drawn(actions, self.experience.choice, rng)
        return disturbed(tried, self.noise(progress) * rng.standard_normal(shape), self.config.logits)

    def remember(
        self, observations: Observations, actions: Floats, transition: Transition, following: Observations
    ) -> None:
        """Put what decisions led to into the replay."""
        rows = self.experience.tell(observations, actions, transition, following)
        self.replay.add(**rows)
        if self.served is not None:
            to = self.served.actions
            self.served.taken = rows["action"].to(to)
            self.served.slack = rows["outcome"][:, len(self.discounts) :].to(to)

    def update(self, progress: float, served: int) -> float | None:
        """One update from replayed requests. Returns the critics' loss; None where too few were served."""
        config = self.config
        if served <= config.critic_starts:
            return None
        batch = self.replay.sample(config.batch_size, self.generator)
        set_lr(self.critic_optimiser, geometric(config.critic_lr, config.critic_lr_end, progress))
        loss = self._update_critic(batch)
        if served > config.random_requests:
            if progress < config.bias_share:
                if config.bias_lr > 0.0:
                    set_lr(self.bias_optimiser, config.bias_lr)
                    self._update_actor(batch["observation"], self.bias_optimiser, progress)
            else:
                set_lr(self.actor_optimiser, geometric(config.actor_lr, config.actor_lr_end, progress))
                self._update_actor(batch["observation"], self.actor_optimiser, progress)
            soft_update(self.actor, self.policy, config.following)
        if self.experience.looks_ahead:
            soft_update(self.target_actor, self.policy, config.tau)
            soft_update(self.target_critic, self.critic, config.tau)
        return loss

    def judge(self, decided: Rollout) -> float:
        """Steer the margins by noise-free decisions. Returns what their spikes pay."""
        spec = self.experience.spec
        if len(self.margins):
            broken = torch.from_numpy((decided.slack < 0.0).mean(axis=0))
            aims = self.config.margin_aim, self.config.checkpoint_share / len(self.margins)
            self.steer_margins(broken, (min(aims) if spec.choice else aims[0]) * spec.violation_limit)
        if self.toll is None:
            return 0.0
        device = next(self.actor.parameters()).device
        return spec.agents * self.toll.cost(self.actor, torch.from_numpy(decided.seen).to(device))

    def steer_margins(self, broken: Tensor, limit: float) -> None:
        """Widen the margins of constraints of which more than ``limit`` is broken, shares ``(C,)``."""
        too_often = broken.to(self.margins) > limit
        factor = torch.where(too_often, WIDEN, NARROW)
        self.margins = (self.margins * factor).clamp(LEAST_MARGIN, self.config.margin_max)

    def targets(self, batch: dict[str, Tensor]) -> Tensor:
        """What the critics are regressed on, shape ``(n, O + C)``: (39), the worse of the twins' targets."""
        target, figures = batch["outcome"], len(self.discounts)
        if not self.experience.looks_ahead:
            return target
        following = batch["next_observation"]
        with torch.no_grad():
            actions = self.experience.decide(self.target_actor, following)
            value = self.target_critic(following, actions)[..., :figures].amax(0)
        if "follows" in batch:
            value = value * batch["follows"]
        target = target.clone()
        target[:, :figures] += self.discounts * value
        return target

    def _update_critic(self, batch: dict[str, Tensor]) -> float:
        target = self.targets(batch)
        estimates = self.critic(batch["observation"], batch["action"])
        loss = (estimates - target).square().mean(dim=(0, 1)).sum()
        self.critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimiser.step()
        return float(loss.detach())

    def _decide(self, observations: Tensor, progress: float) -> Decided:
        """What the policy decides without noise, and what its spikes pay."""
        if self.toll is None or self.toll.share(progress) == 0.0:
            return Decided(observations, self.experience.decide(self.policy, observations))
        actions, tolled = self.toll.decide(self.policy, self.experience.each(observations))
        return Decided(observations, actions.reshape(len(observations), -1), tolled)

    def _update_actor(self, observations: Tensor, optimiser: torch.optim.Optimizer, progress: float) -> None:
        """Equation (37'), or (37'') with a toll; ``observations`` are replayed ones."""
        if not self.config.learns_from_served:
            decided = self._decide(observations, progress)
        elif self.served is not None:
            decided = self.served
        else:
            return
        self.critic.requires_grad_(False)
        choice = self.experience.choice
        estimates = self.critic.of_each(decided.observations, decided.actions)
        slack = self._slack(decided, estimates[..., len(self.discounts) :])
        lost = self._lost(estimates, slack)
        close = (slack < self.margins / 2).any(-1)
        loss = misled(decided.actions, choice, lost, close) if choice else lost.mean()
        if decided.tolled is not None:
            assert self.toll is not None
            spec = self.experience.spec
            loss = loss + self.toll.share(progress) * spec.agents * decided.tolled / spec.scale
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        self.critic.requires_grad_(True)

    def losses(self, observations: Tensor, actions: Tensor) -> Tensor:
        """What (37') is the mean of, by the critics alone, ``(n,)``, of rows' actions ``(n, A)``."""
        estimates = self.critic(observations, actions)
        return self._lost(estimates, estimates[..., len(self.discounts) :].amin(0))

    def _lost(self, estimates: Tensor, slack: Tensor) -> Tensor:
        """The same, of the critics' estimates ``(2, ..., O + C)`` and slacks ``(..., C)``."""
        cost = self.experience.weighed(estimates[..., : len(self.discounts)].amax(0))
        short, choice = torch.relu(self.margins - slack), self.experience.choice
        return cost + self.config.penalty_weight * (worst(short, self.margins) if choice else short.sum(-1))

    def _slack(self, decided: Decided, estimates: Tensor) -> Tensor:
        """Slacks ``(..., n, C)`` of what was decided, of the critics' estimates ``(2, ..., n, C)``."""
        if decided.taken is None or decided.slack is None or not estimates.shape[-1]:
            return estimates.amin(0)
        with torch.no_grad():
            of_taken = self.critic(decided.observations, decided.taken)[..., len(self.discounts) :]
        if self.experience.choice:
            measured = decided.slack + (estimates - of_taken[:, None]).mean(0)
            is_taken = taken(decided.taken, self.experience.choice)
            return torch.where(is_taken[..., None], measured, estimates.amin(0))
        changed: Tensor = (estimates - of_taken).mean(0)
        return decided.slack + changed

    def state(self) -> Snapshot:
        """Networks, moments, replay, margins and generator."""
        found = self._parts().state()
        return Snapshot({"margins": self.margins, **found.tensors}, found.values)

    def restore(self, state: Snapshot) -> None:
        """Stand where :meth:`state` was taken; raises an AgentError of a learner of another shape."""
        self._parts().restore(state)
        self.margins = state.tensors["margins"].to(self.margins)

    def _parts(self) -> Parts:
        return Parts(
            networks={
                "actor": self.actor,
                "policy": self.policy,
                "critic": self.critic,
                "target_actor": self.target_actor,
                "target_critic": self.target_critic,
            },
            optimisers={
                "actor": self.actor_optimiser,
                "bias": self.bias_optimiser,
                "critic": self.critic_optimiser,
            },
            replay=self.replay,
            generator=self.generator,
        )
