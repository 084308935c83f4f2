"""Returns over several steps: what a decision led to, added up until the policy's own estimate follows.

    y_o = sum_{i<m} gamma_o^i c_o,t+i + gamma_o^m V_o(s_t+m)

with m at most n, and no step beyond a decision that was drawn at random (the first aside) or the end of an
episode: what follows is then what the policy itself would have met.

References:
    C. J. C. H. Watkins (1989), Learning from delayed rewards, PhD thesis, University of Cambridge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from neuro_aolo.agent.snapshot import rounds_of, tensors_of


@dataclass
class Returns:
    """The last decisions, whose returns are not known yet.

    Attributes:
        steps: n.
        discounts: gamma of each objective, ``(O,)``.
        pending: rounds of decisions, oldest first: of each its rows by column.
    """

    steps: int
    discounts: Tensor
    pending: list[dict[str, Tensor]] = field(default_factory=list)

    def add(self, rows: dict[str, Tensor]) -> dict[str, Tensor] | None:
        """Take in a round, and let go of the oldest once n are there.

        Args:
            rows: ``observation``, ``action``, ``outcome`` ``(R, O)``, ``next_observation``; and flags
                ``(R,)`` that say of a decision: ``own``, no number of it was drawn at random; ``ended``, its
                episode has; ``terminal``, and nothing follows.

        Returns:
            Rows of the oldest: its observation and action, the ``outcome`` added up, the
            ``next_observation`` that an estimate is to follow from, ``reach``, the weight of that estimate,
            ``(R, O)``, and ``own``.
        """
        self.pending.append(rows)
        if len(self.pending) < self.steps:
            return None
        first, *others = self.pending
        self.pending = others
        outcome, following = first["outcome"].clone(), first["next_observation"]
        reach = self.discounts.expand_as(outcome).clone()
        going, terminal = ~first["ended"], first["terminal"]
        for rows in others:
            going = going & rows["own"]
            outcome += torch.where(going[:, None], reach * rows["outcome"], 0.0)
            following = torch.where(going[:, None], rows["next_observation"], following)
            reach = torch.where(going[:, None], reach * self.discounts, reach)
            terminal = torch.where(going, rows["terminal"], terminal)
            going = going & ~rows["ended"]
        return {
            "observation": first["observation"],
            "action": first["action"],
            "outcome": outcome,
            "next_observation": following,
            "reach": reach * ~terminal[:, None],
            "own": first["own"][:, None].to(outcome),
        }

    def tensors(self) -> dict[str, Tensor]:
        """All that is pending, by name."""
        return tensors_of("pending", self.pending)

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Stand where :meth:`tensors` was taken."""
        device = self.discounts.device
        self.pending = [
            {name: value.to(device) for name, value in row.items()} for row in rounds_of("pending", tensors)
        ]
