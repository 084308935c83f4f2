"""Several objectives that look ahead, learnt from what the policy itself meets: PPO with a vector of values.

The policy is a Gaussian around what a network says, whose spread is a schedule. Its decisions of a stretch of
time are judged by what came of them, objective by objective (:mod:`~neuro_aolo.agent.values`), added up by
preference, and made likelier or less likely within the clip of equation (7):

    max E min(r A, clip(r, 1 - eps, 1 + eps) A),    r = pi(a | s) / pi_old(a | s)

What is deployed is the network itself, the mean of its last weights: a single step of a policy that goes on
learning is off by a little in hours that are rare.

A decision is followed to what it really led to, for hours where a battery is charged: an estimate of
candidates carries its own error from slot to slot instead, and what stored energy is worth with it. Where
several copies of the actor decide on one state, each learns from what it causes.

References:
    J. Schulman et al. (2017), Proximal policy optimization algorithms, arXiv:1707.06347.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from neuro_aolo.agent.experience import Experience
from neuro_aolo.agent.gaussian import beyond, straight_through
from neuro_aolo.agent.imitation import imitate
from neuro_aolo.agent.learner import Seeds
from neuro_aolo.agent.optimise import adam, geometric, set_lr, soft_update, torch_generator
from neuro_aolo.agent.ppo_config import PPOConfig
from neuro_aolo.agent.preference import beyond_own, preferred
from neuro_aolo.agent.rollout import Rollout
from neuro_aolo.agent.snapshot import Parts, Snapshot, rounds_of, tensors_of
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.agent.values import Values, advantages
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Observations, Task, Transition

_MOST_ADVANTAGE = 10.0
"""In standard deviations: what lost packets cost is not to hide all else."""
_AVERAGED = 0.005
"""Step of the mean of the policy's last weights, which is deployed."""
_LINEAR_FROM = 1.0
"""Error of a value, in units of an objective's scale, from where it counts linearly."""


@dataclass
class PPO:
    """Networks and optimisers of one training, and the stretch of time that it is in."""

    policy: nn.Module
    """Learns."""
    critic: Values
    experience: Experience
    config: PPOConfig
    generator: torch.Generator
    preference: Tensor
    """Of each objective, ``(O,)``."""
    toll: SpikeToll | None = None
    met: list[dict[str, Tensor]] = field(default_factory=list)
    """Rounds since the last updates, by column."""
    actor: nn.Module = field(init=False)
    """Decides without noise: the mean of the policy's last weights."""
    drawn: dict[str, Tensor] = field(default_factory=dict)
    """What the last decisions were drawn around, and before they were clipped."""

    def __post_init__(self) -> None:
        self.discounts = torch.tensor(self.experience.discounts, device=self.preference.device)
        self.critic_optimiser = adam([{"params": list(self.critic.parameters())}])
        self.actor_optimiser = adam([{"params": list(self.policy.parameters())}])
        self.actor = copy.deepcopy(self.policy)

    @classmethod
    def build(
        cls,
        task: Task,
        make_actor: Callable[[torch.Generator], nn.Module],
        config: PPOConfig,
        seeds: Seeds,
        device: str = "cpu",
        toll: SpikeToll | None = None,
    ) -> "PPO":
        """An untrained one; arguments as of :func:`~neuro_aolo.agent.train.train_actor`.

        Raises:
            AgentError: the task has constraints, or another number of objectives than the preference.
        """
        spec = task.spec
        if spec.constraints:
            raise AgentError("the learner ppo keeps no constraints, and the task has some: choose sdrl")
        weights = torch_generator(seeds.networks)
        actor = make_actor(weights).to(device)
        if config.warm_start:
            imitate(task, actor, config.warm_start, seeds.imitation)
        experience = Experience.of(task, reward=False, discount=0.0)
        columns = experience.columns
        critic = Values(columns["observation"], columns["outcome"], config.critic_hidden, weights)
        return cls(
            policy=actor,
            critic=critic.to(device),
            experience=experience,
            config=config,
            generator=torch_generator(seeds.replay),
            preference=torch.tensor(preferred(spec, config.preference), device=device),
            toll=toll,
        )

    def noise(self, progress: float) -> float:
        """Standard deviation of the exploration noise."""
        return geometric(self.config.std, self.config.std_end, progress)

    def explore(
        self, observations: Observations, progress: float, served: int, rng: np.random.Generator
    ) -> Floats:
        """Draw around what the actor decides."""
        experience = self.experience
        with torch.no_grad():
            seen = torch.from_numpy(experience.beside(observations)).to(self.preference.device)
            mean = experience.decide(self.policy, seen)
        chance = torch.from_numpy(rng.standard_normal(mean.shape)).to(mean)
        std = torch.full((len(mean),), self.noise(progress)).to(mean)
        drawn = mean + std[:, None] * chance
        self.drawn = {"mean": mean, "std": std, "drawn": drawn}
        actions: Floats = drawn.clamp(-1.0, 1.0).double().cpu().numpy()
        return actions.reshape(len(observations), -1)

    def remember(
        self, observations: Observations, actions: Floats, transition: Transition, following: Observations
    ) -> None:
        """Put a round beside those before."""
        experience, to = self.experience, self.preference
        rows = experience.tell(observations, actions, transition, following)
        flags = {name: getattr(transition, name) for name in ("ended", "terminal")}
        self.met.append(
            {
                **{name: rows[name].to(to) for name in ("observation", "outcome")},
                "following": torch.from_numpy(experience.beside(following)).to(to),
                **{
                    name: torch.from_numpy(np.repeat(flag, experience.rows)).to(to.device)
                    for name, flag in flags.items()
                },
                **self.drawn,
            }
        )

    def update(self, progress: float, served: int) -> float | None:
        """Once a stretch of time is full, go through it a few times and forget it."""
        config = self.config
        if len(self.met) < config.rollout:
            return None
        set_lr(self.critic_optimiser, geometric(config.critic_lr, config.critic_lr_end, progress))
        set_lr(self.actor_optimiser, geometric(config.actor_lr, config.actor_lr_end, progress))
        stretch = self._judged()
        states = len(stretch["target"]) // self.experience.rows
        losses = []
        for _ in range(config.epochs):
            order = torch.randperm(states, generator=self.generator).to(self.preference.device)
            for chosen in order.split(config.batch_size):
                batch = {
                    name: column.unflatten(0, (states, -1))[chosen].flatten(0, 1)
                    for name, column in stretch.items()
                }
                losses.append(self._update_critic(batch))
                if progress >= config.actor_starts:
                    self._update_actor(batch, progress)
        self.met = []
        return sum(losses) / len(losses)

    def judge(self, decided: Rollout) -> float:
        """What a decision costs by preference beyond the task's own weights, and what its spikes pay."""
        return beyond_own(self.experience.spec, self.preference, decided, self.actor, self.toll)

    def _judged(self) -> dict[str, Tensor]:
        """Rows of the stretch of time, with what is to be learnt of each."""
        met = {name: torch.stack([row[name] for row in self.met]) for name in self.met[0]}
        with torch.no_grad():
            values, following = (
                self.critic(met[name].flatten(0, 1)).unflatten(0, met["ended"].shape)
                for name in ("observation", "following")
            )
            more = advantages(
                met["outcome"],
                values,
                following,
                met["ended"],
                met["terminal"],
                self.discounts,
                self.config.gae_lambda,
            )
        rows = {name: met[name].flatten(0, 1) for name in ("observation", "mean", "std", "drawn")}
        return {
            **rows,
            "target": (values + more).flatten(0, 1),
            # Costs: what cost more than expected is to become less likely.
            "advantage": -(more @ self.preference).flatten(),
        }

    def _update_critic(self, batch: dict[str, Tensor]) -> float:
        loss = nn.functional.huber_loss(
            self.critic(batch["observation"]), batch["target"], delta=_LINEAR_FROM, reduction="none"
        )
        loss = loss.mean(0).sum()
        self.critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimiser.step()
        return float(loss.detach())

    def _update_actor(self, batch: dict[str, Tensor], progress: float) -> None:
        experience, share = self.experience, 0.0 if self.toll is None else self.toll.share(progress)
        observations, tolled = batch["observation"], None
        if self.toll is None or share == 0.0:
            means = experience.decide(self.policy, observations)
        else:
            means, tolled = self.toll.decide(self.policy, experience.each(observations))
            means = means.reshape(len(observations), -1)
        means = straight_through(means, self.policy)
        spread = batch["std"][:, None]
        before, now = (((batch["drawn"] - mean) / spread).square() for mean in (batch["mean"], means))
        ratio = (0.5 * (before - now)).sum(-1).exp()
        advantage = batch["advantage"] - batch["advantage"].mean()
        unit = advantage.std().clamp_min(1e-6)
        advantage = (advantage / unit).clamp(-_MOST_ADVANTAGE, _MOST_ADVANTAGE)
        clipped = ratio.clamp(1.0 - self.config.clip, 1.0 + self.config.clip)
        loss = -torch.minimum(ratio * advantage, clipped * advantage).mean() + beyond(means)
        if tolled is not None:
            loss = loss + share * experience.spec.agents * tolled / (experience.spec.scale * unit)
        self.actor_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.actor_optimiser.step()
        soft_update(self.actor, self.policy, _AVERAGED)

    def state(self) -> Snapshot:
        """Networks, moments, the stretch of time so far and the generator."""
        parts = self._parts().state()
        return Snapshot({**tensors_of("met", self.met), **parts.tensors}, parts.values)

    def restore(self, state: Snapshot) -> None:
        """Stand where :meth:`state` was taken of a learner of the same shape.

        Raises:
            AgentError: it is of another shape.
        """
        self._parts().restore(state)
        device = self.preference.device
        self.met = [
            {name: value.to(device) for name, value in row.items()} for row in rounds_of("met", state.tensors)
        ]

    def _parts(self) -> Parts:
        return Parts(
            networks={"actor": self.actor, "policy": self.policy, "critic": self.critic},
            optimisers={"actor": self.actor_optimiser, "critic": self.critic_optimiser},
            replay=None,
            generator=self.generator,
        )
