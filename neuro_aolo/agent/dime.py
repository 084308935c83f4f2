"""Several objectives that look ahead: a critic of candidates, an E-step for each objective, a Gaussian actor.

The critic estimates what an action costs in every objective, as a sum over the action's numbers
(:mod:`~neuro_aolo.agent.factored`). From it a policy over candidates follows
(:mod:`~neuro_aolo.agent.improvement`), which behaviour and the critic's own targets go by.

The actor is the mean of a Gaussian whose likelihood of ``q`` is maximised (M-step), in the scalarised form
with the slope of the critic at the mean. It follows, and need not be there before the last part of the
training. What is drawn uniformly is never learnt from beyond its own step.

References:
    A. Abdolmaleki et al. (2020), A distributional view on multi-objective policy optimization (MO-MPO), ICML,
    arXiv:2005.07513.
    A. Abdolmaleki et al. (2021), On multi-objective policy optimization as a tool for reinforcement learning
    (DiME), arXiv:2106.08199.
    H. van Hasselt, A. Guez, D. Silver (2016), Deep reinforcement learning with double Q-learning, AAAI,
    arXiv:1509.06461.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from neuro_aolo.agent.dime_config import DimeConfig
from neuro_aolo.agent.experience import Experience
from neuro_aolo.agent.factored import FactoredCritic, at, evenly, hats
from neuro_aolo.agent.gaussian import around, beyond, straight_through, surprise
from neuro_aolo.agent.imitation import imitate
from neuro_aolo.agent.improvement import Improvement
from neuro_aolo.agent.learner import Seeds
from neuro_aolo.agent.optimise import adam, geometric, set_lr, soft_update, torch_generator
from neuro_aolo.agent.preference import beyond_own, preferred
from neuro_aolo.agent.replay import Replay
from neuro_aolo.agent.returns import Returns
from neuro_aolo.agent.rollout import Rollout
from neuro_aolo.agent.snapshot import Parts, Snapshot
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Observations, Task, Transition

_SETTLED = 0.2
"""Share of the training until which more is drawn uniformly than that."""
_TEMPERATURE_LR = 1e-2
_AHEAD, _AT_ONCE = 5.0, 0.5
"""Errors, in units of an objective's scale, from where they count linearly: of what has a future, whose
targets scatter, and of what has none, which has cliffs instead."""
_MOST_EXCESS = 50.0
"""What an actor's decision may cost beyond the best and still pull, likewise."""
_BOUND_WEIGHT = 400.0
"""Of the penalty on actions at a bound, beside a likelihood whose pull is about 1 a unit of misfit."""


@dataclass
class Dime:
    """Networks, optimisers and replay of one training."""

    actor: nn.Module
    critic: FactoredCritic
    replay: Replay
    returns: Returns
    experience: Experience
    config: DimeConfig
    generator: torch.Generator
    preference: Tensor
    """Of each objective, ``(O,)``."""
    toll: SpikeToll | None = None
    target: FactoredCritic = field(init=False)
    own: Tensor = field(init=False)
    """Whether a row's last decision was the policy's own."""

    def __post_init__(self) -> None:
        device = self.preference.device
        numbers = len(self.critic.weights[0])
        self.target = copy.deepcopy(self.critic).requires_grad_(False)
        self.improvement = Improvement(
            self.preference, numbers, self.config.candidates, self.config.combine, self.config.divergence
        )
        self.candidates = evenly(self.config.candidates, device)
        self.critic_optimiser = adam([{"params": list(self.critic.parameters())}])
        self.actor_optimiser = adam([{"params": list(self.actor.parameters())}])
        self.temperature_optimiser = adam([{"params": list(self.improvement.parameters())}])
        set_lr(self.temperature_optimiser, _TEMPERATURE_LR)
        ahead = self.returns.discounts > 0.0
        self.linear_from = torch.where(ahead, _AHEAD, _AT_ONCE)
        self.learnt = torch.ones_like(self.preference)
        if self.config.combine == "scalarised":
            self.learnt = (self.preference > 0.0).to(self.preference)

    @classmethod
    def build(
        cls,
        task: Task,
        make_actor: Callable[[torch.Generator], nn.Module],
        config: DimeConfig,
        seeds: Seeds,
        device: str = "cpu",
        toll: SpikeToll | None = None,
    ) -> "Dime":
        """An untrained one; arguments as of :func:`~neuro_aolo.agent.train.train_actor`.

        Raises:
            AgentError: the task has constraints, or another number of objectives than the preference.
        """
        spec = task.spec
        if spec.constraints:
            raise AgentError("the learner dime keeps no constraints, and the task has some: choose sdrl")
        weights = torch_generator(seeds.networks)
        actor = make_actor(weights).to(device)
        if config.warm_start:
            imitate(task, actor, config.warm_start, seeds.imitation)
        experience = Experience.of(task, reward=False, discount=0.0)
        columns = experience.columns
        objectives = columns["outcome"]
        critic = FactoredCritic(
            columns["observation"],
            columns["action"],
            objectives,
            config.candidates,
            config.critic_hidden,
            weights,
        ).to(device)
        widths = {name: columns[name] for name in ("observation", "action", "outcome")} | {
            "next_observation": columns["observation"],
            "reach": objectives,
            "own": 1,
        }
        capacity = min(config.buffer_size, config.rounds * config.num_envs * experience.rows)
        return cls(
            actor=actor,
            critic=critic,
            replay=Replay(max(capacity, config.num_envs * experience.rows), widths, torch.device(device)),
            returns=Returns(config.returns, torch.tensor(experience.discounts, device=device)),
            experience=experience,
            config=config,
            generator=torch_generator(seeds.replay),
            preference=torch.tensor(preferred(spec, config.preference), device=device),
            toll=toll,
        )

    def noise(self, progress: float) -> float:
        """Share of an action's numbers that are drawn uniformly, the mean over copies of the task."""
        return float(self._shares(len(self.config.exploration), progress).mean())

    def explore(
        self, observations: Observations, progress: float, served: int, rng: np.random.Generator
    ) -> Floats:
        """Draw candidates by the policy, and some numbers uniformly."""
        rows = self.experience.beside(observations)
        with torch.no_grad():
            seen = torch.from_numpy(rows).to(self.preference.device)
            reached = self.improvement(self.critic(seen)).cumsum(-1).cpu().numpy()
        drawn = (reached < rng.random((*reached.shape[:2], 1)) * reached[..., -1:]).sum(-1)
        actions = self.candidates.double().cpu().numpy()[drawn]
        copies = self._shares(len(rows) // self.experience.rows, progress)
        by_chance = rng.random(actions.shape) < np.repeat(copies, self.experience.rows)[:, None]
        uniform = rng.uniform(-1.0, 1.0, actions.shape)
        self.own = torch.from_numpy(~by_chance.any(axis=1))
        chosen: Floats = np.where(by_chance, uniform, actions)
        return chosen.reshape(len(observations), -1)

    def _shares(self, copies: int, progress: float) -> Floats:
        """What each copy of the task draws uniformly."""
        own = np.resize(np.array(self.config.exploration), copies)
        return np.maximum(own, 1.0 - progress / _SETTLED)

    def remember(
        self, observations: Observations, actions: Floats, transition: Transition, following: Observations
    ) -> None:
        """Add up returns, and put what is known into the replay."""
        experience = self.experience
        rows = experience.tell(observations, actions, transition, following)
        flags = {name: getattr(transition, name) for name in ("ended", "terminal")}
        known = self.returns.add(
            {
                **{name: rows[name].to(self.preference) for name in ("observation", "action", "outcome")},
                "next_observation": torch.from_numpy(experience.beside(following)).to(self.preference),
                "own": self.own.to(self.preference.device),
                **{
                    name: torch.from_numpy(np.repeat(flag, experience.rows)).to(self.preference.device)
                    for name, flag in flags.items()
                },
            }
        )
        if known is not None:
            self.replay.add(**known)

    def update(self, progress: float, served: int) -> float | None:
        """Updates of the critic, and one of the actor once its part has begun."""
        config = self.config
        if self.replay.size < min(config.batch_size, self.replay.capacity):
            return None
        set_lr(self.critic_optimiser, geometric(config.critic_lr, config.critic_lr_end, progress))
        losses = [self._update_critic() for _ in range(config.critic_updates)]
        if progress >= config.actor_starts:
            passed = (progress - config.actor_starts) / max(1.0 - config.actor_starts, 1e-9)
            set_lr(self.actor_optimiser, geometric(config.actor_lr, config.actor_lr_end, passed))
            self._update_actor(progress)
        return sum(losses) / len(losses)

    def judge(self, decided: Rollout) -> float:
        """What a decision costs by preference beyond the task's own weights, and what its spikes pay."""
        return beyond_own(self.experience.spec, self.preference, decided, self.actor, self.toll)

    def _update_critic(self) -> float:
        batch = self.replay.sample(self.config.batch_size, self.generator)
        target = batch["outcome"]
        if self.experience.looks_ahead:
            with torch.no_grad():
                ahead = self.critic(batch["next_observation"])
                policy = self.improvement(ahead)
                value = (self.target(batch["next_observation"]) * policy[:, None]).sum((-1, -2))
                target = target + batch["reach"] * value
        tables = self.critic(batch["observation"])
        errors = at(tables, batch["action"]) - target
        size, bend = errors.abs(), self.linear_from
        losses = torch.where(size < bend, 0.5 * errors.square(), bend * (size - 0.5 * bend))
        loss = (self.learnt * losses.mean(0)).sum()
        self.critic_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.critic_optimiser.step()
        self.temperature_optimiser.zero_grad(set_to_none=True)
        self.improvement.dual(tables.detach()).backward()
        self.temperature_optimiser.step()
        soft_update(self.target, self.critic, self.config.tau)
        return float(loss.detach())

    def _update_actor(self, progress: float) -> None:
        """The M-step: the likelihood of what is best, and what the mean itself costs."""
        batch = self.replay.sample(self.config.actor_batch_size, self.generator)
        observations = batch["observation"][batch["own"][:, 0] > 0.0]
        if not len(observations):
            return
        experience, share = self.experience, 0.0 if self.toll is None else self.toll.share(progress)
        if self.toll is None or share == 0.0:
            means, tolled = experience.decide(self.actor, observations), None
        else:
            means, tolled = self.toll.decide(self.actor, experience.each(observations))
            means = means.reshape(len(observations), -1)
        means = straight_through(means, self.actor)
        with torch.no_grad():
            tables = self.critic(observations)
            policy = self.improvement(tables, around(means, self.candidates))
            excess = self.improvement.excess(tables)[:, 0]
        priced = self.config.combine == "scalarised"
        stakes = None
        if priced:
            own = (excess * hats(means.detach(), self.config.candidates)).sum(-1)
            stakes = (own / self.config.stake).clamp_max(1.0)
        loss = surprise(means, self.candidates, policy, stakes) + _BOUND_WEIGHT * beyond(means)
        if priced and self.config.slope_weight:
            loss = loss + self.config.slope_weight * at(excess, means).clamp_max(_MOST_EXCESS).mean()
        if tolled is not None:
            loss = loss + share * experience.spec.agents * tolled / experience.spec.scale
        self.actor_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.actor_optimiser.step()

    def state(self) -> Snapshot:
        """Networks, moments, replay, pending returns and generator."""
        parts = self._parts().state()
        return Snapshot({**self.returns.tensors(), **parts.tensors}, parts.values)

    def restore(self, state: Snapshot) -> None:
        """Stand where :meth:`state` was taken of a learner of the same shape.

        Raises:
            AgentError: it is of another shape.
        """
        self._parts().restore(state)
        self.returns.restore(state.tensors)

    def _parts(self) -> Parts:
        return Parts(
            networks={
                "actor": self.actor,
                "critic": self.critic,
                "target": self.target,
                "improvement": self.improvement,
            },
            optimisers={
                "actor": self.actor_optimiser,
                "critic": self.critic_optimiser,
                "temperature": self.temperature_optimiser,
            },
            replay=self.replay,
            generator=self.generator,
        )
