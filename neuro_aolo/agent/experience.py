"""How decisions are told to critics: what a row of the replay holds, and how far it looks ahead.

A row is one decision of one network. Where several copies decide on the same state and it is known what each
costs, each decision is a row, with the cost that it causes and the slacks of the state. Where it is not
known, a row holds the observations and actions of all copies side by side, for one joint critic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from neuro_aolo.systems.task import Floats, Observations, Spec, Task, Transition

_PROBE_SEED = 0


@dataclass(frozen=True)
class Experience:
    """What of a task's transitions is learnt from.

    Attributes:
        spec: of the task.
        discounts: of each figure to be minimised: one for each objective, or one for the reward.
        reward: whether the reward is regressed, instead of costs and slacks.
        joint: whether a row holds all copies.
    """

    spec: Spec
    discounts: tuple[float, ...]
    reward: bool = False
    joint: bool = False

    @classmethod
    def of(cls, task: Task, reward: bool, discount: float) -> "Experience":
        """What is learnt of ``task``.

        Args:
            task: what is controlled.
            reward: whether the reward is regressed; it cannot be told apart by copies.
            discount: of every figure where above 0; else each objective has its own, and the reward the
                largest of these.
        """
        spec = task.spec
        own = [objective.discount for objective in spec.objectives]
        discounts = [max(own)] if reward else own
        if discount > 0.0:
            discounts = [discount] * len(discounts)
        joint = spec.agents > 1 and (reward or not _told_apart(task))
        return cls(spec, tuple(discounts), reward, joint)

    @property
    def weights(self) -> tuple[float, ...]:
        """What each figure counts as, in units of the objectives' scales."""
        return (1.0,) if self.reward else tuple(objective.weight for objective in self.spec.objectives)

    def weighed(self, figures: Tensor) -> Tensor:
        """What is minimised, ``(...)``, of figures ``(..., O)``."""
        first, *others = self.weights
        total = first * figures[..., 0]
        for index, weight in enumerate(others, start=1):
            total = total + weight * figures[..., index]
        return total

    @property
    def copies(self) -> int:
        """Copies whose decisions a row holds."""
        return self.spec.agents if self.joint else 1

    @property
    def rows(self) -> int:
        """Rows of a state."""
        return self.spec.agents // self.copies

    @property
    def choice(self) -> tuple[tuple[int, ...], ...]:
        """What an action of a row may name; nothing where it holds several copies' actions."""
        return () if self.joint else self.spec.choice

    @property
    def constraints(self) -> int:
        """Slacks that are estimated."""
        return 0 if self.reward else len(self.spec.constraints)

    @property
    def looks_ahead(self) -> bool:
        """Whether what follows a decision counts."""
        return max(self.discounts) > 0.0

    @property
    def columns(self) -> dict[str, int]:
        """Columns of the replay, with their widths."""
        observations = self.copies * len(self.spec.observations)
        found = {
            "observation": observations,
            "action": self.copies * len(self.spec.actions),
            "outcome": len(self.discounts) + self.constraints,
        }
        if self.looks_ahead:
            found["next_observation"] = observations
            if self.spec.horizon > 1:
                found["follows"] = 1
        return found

    def tell(
        self, observations: Observations, actions: Floats, transition: Transition, following: Observations
    ) -> dict[str, Tensor]:
        """Rows of the replay, by column.

        Args:
            observations: decided on, shape ``(B * agents, D)``.
            actions: decided, shape ``(B * agents, A)``.
            transition: what they led to.
            following: observations of its next states, shape ``(B * agents, D)``.
        """
        found = {
            "observation": self.beside(observations),
            "action": self.beside(actions),
            "outcome": self._outcome(transition),
        }
        if self.looks_ahead:
            found["next_observation"] = self.beside(following)
            if self.spec.horizon > 1:
                follows = np.repeat(~transition.terminal, self.rows)
                found["follows"] = follows[:, None].astype(np.float32)
        return {name: torch.from_numpy(row) for name, row in found.items()}

    def each(self, observations: Tensor) -> Tensor:
        """Observations ``(n, D)`` of single copies, of those of rows."""
        return observations if self.copies == 1 else observations.reshape(-1, len(self.spec.observations))

    def decide(self, actor: Callable[[Tensor], Tensor], observations: Tensor) -> Tensor:
        """Actions of rows, of their observations."""
        if self.copies == 1:
            return actor(observations)
        return actor(self.each(observations)).reshape(len(observations), -1)

    def beside(self, each: NDArray[Any]) -> NDArray[Any]:
        """Figures of copies, those of a row side by side."""
        return each if self.copies == 1 else each.reshape(-1, self.copies * each.shape[1])

    def _outcome(self, transition: Transition) -> Floats:
        """Costs and slacks of rows, ``(rows, O + C)``, or what is off the reward, ``(rows, 1)``."""
        if self.reward:
            return -transition.reward[:, None] / self.spec.scale
        costs, slack = transition.costs, transition.slack
        if self.rows > 1:
            assert transition.agent_costs is not None
            # As if all copies did alike: a figure of the size of the state's.
            costs = transition.agent_costs.reshape(-1, costs.shape[1]) * self.rows
            slack = np.repeat(slack, self.rows, axis=0)
        scales = np.array([objective.scale for objective in self.spec.objectives])
        return np.column_stack([costs / scales, slack])


@dataclass
class Decided:
    """Decisions that the actor learns from.

    Attributes:
        observations: of rows, shape ``(n, D)``.
        actions: decided on them without noise, with their gradient, ``(n, A)``.
        tolled: what their spikes pay; None without a toll.
        taken: actions as they were served, with noise, ``(n, A)``; None of replayed ones.
        slack: measured of these, ``(n, C)``.
    """

    observations: Tensor
    actions: Tensor
    tolled: Tensor | None = None
    taken: Tensor | None = None
    slack: Tensor | None = None


def _told_apart(task: Task) -> bool:
    """Whether the task tells what each copy's decision costs: asked of one step, nothing else says so."""
    rng = np.random.default_rng(_PROBE_SEED)
    states = task.reset(1, rng)
    still = np.zeros((task.spec.agents, len(task.spec.actions)))
    return task.step(states, still, rng).agent_costs is not None
