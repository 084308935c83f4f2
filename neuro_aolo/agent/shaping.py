"""What a learner of one reward is told of costs and constraints: the same as our own learner is.

    (37'') reward = -sum_o w_o c_o / scale_o - lambda sum_c max(0, delta_c - slack_c)

is (37') of :mod:`neuro_aolo.agent.sdrl` of one decision, with the same weight lambda and the same margins
delta, which noise-free decisions steer by the same rule. Costs and slacks are kept apart until a reward is
asked for: what is remembered is then learnt from with the margins of today.
"""

from dataclasses import dataclass, field

import numpy as np

from neuro_aolo.agent.rollout import Rollout
from neuro_aolo.agent.sdrl_config import Learnt
from neuro_aolo.systems.task import Floats, Spec, Transition

WIDEN, NARROW = 1.25, 0.85
"""What a margin is multiplied by after an evaluation: where its constraint is broken too often, and else."""

LEAST_MARGIN = 2e-4
"""From where a margin that was too narrow is wide again within a few evaluations."""


@dataclass
class Shaping:
    """The reward of a task, in units of its objectives' scales.

    Attributes:
        spec: of the task.
        objective: ``constraints`` for (37''), ``reward`` for the task's own reward over its scale.
        penalty_weight: lambda.
        margin_start: delta at the start.
        margin_max: the largest delta.
        margin_aim: share of the task's violation limit that each constraint's margin is steered towards.
        margins: delta of today, ``(C,)``; none where the task's own reward is learnt.
    """

    spec: Spec
    objective: Learnt
    penalty_weight: float
    margin_start: float
    margin_max: float
    margin_aim: float
    margins: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.margins = np.full(self.constraints, self.margin_start)

    @property
    def constraints(self) -> int:
        """Slacks that count."""
        return len(self.spec.constraints) if self.objective == "constraints" else 0

    def served(self, transition: Transition) -> Floats:
        """The part of a reward that no margin changes, ``(B,)``."""
        if self.objective == "reward":
            return np.asarray(transition.reward / self.spec.scale)
        return np.asarray(-self.spec.cost(transition.costs) / self.spec.scale)

    def slack(self, transition: Transition) -> Floats:
        """The slacks that count, ``(B, C)``."""
        return transition.slack[:, : self.constraints]

    def penalty(self, slack: Floats) -> Floats:
        """What comes off for slacks ``(B, C)`` with the margins of today, ``(B,)``."""
        return np.asarray(self.penalty_weight * np.maximum(self.margins - slack, 0.0).sum(axis=-1))

    def steer(self, decided: Rollout) -> None:
        """Widen the margins of constraints that noise-free decisions break too often, narrow the others."""
        if not self.constraints:
            return
        broken = (decided.slack < 0.0).mean(axis=0)
        too_often = broken > self.margin_aim * self.spec.violation_limit
        self.margins = np.clip(
            self.margins * np.where(too_often, WIDEN, NARROW), LEAST_MARGIN, self.margin_max
        )
