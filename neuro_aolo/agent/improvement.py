"""A better policy over candidates, of what these cost in each objective: the E-step of MPO for several.

    q_r(k | s) = exp(-Q_r(s, k) / rho_r) / sum_j exp(-Q_r(s, j) / rho_r)

Each number of an action and each objective has a temperature of its own, the least of

    rho eps_r + rho E_s log mean_k exp(-Q_r(s, k) / rho),

so that the policy is ``eps_r`` nats from uniform in the mean, and greedy where that cannot be. All candidates
stand in the place of samples. Behaviour and the critic's targets go by it as it is, with the uniform
distribution in the place of the last policy; the actor's own is laid over it where it is fitted, so that of
candidates that cost the same it keeps to the nearest.

How the objectives' policies become one: ``dime`` mixes them by preference, ``sum_r zeta_r q_r``; ``mo-mpo``
mixes them evenly and gives each an ``eps_r`` by preference; ``scalarised`` adds the costs by preference
before. A preference is a price in the last alone: a temperature takes out of an objective how much is at
stake.

References:
    A. Abdolmaleki et al. (2020), A distributional view on multi-objective policy optimization (MO-MPO), ICML,
    arXiv:2005.07513.
    A. Abdolmaleki et al. (2021), On multi-objective policy optimization as a tool for reinforcement learning
    (DiME), arXiv:2106.08199.
"""

import math

import torch
from torch import Tensor, nn

from neuro_aolo.agent.dime_config import Combined

_LEAST_TEMPERATURE = 1e-2
"""Costs of candidates are not known better than this share of an objective's scale."""


class Improvement(nn.Module):
    """The policy over candidates, with its temperatures.

    Args:
        preference: of each objective, ``(O,)``.
        numbers: A, of an action.
        candidates: K, of each.
        combine: how objectives become one policy.
        divergence: eps, in nats; of ``mo-mpo`` that of the objective preferred most.
    """

    def __init__(
        self, preference: Tensor, numbers: int, candidates: int, combine: Combined, divergence: float
    ) -> None:
        super().__init__()
        self.preference, self.candidates = preference, candidates
        self.is_scalarised = combine == "scalarised"
        policies = 1 if self.is_scalarised else len(preference)
        self.log_temperatures = nn.Parameter(torch.zeros(policies, numbers, device=preference.device))
        even = (preference > 0.0).to(preference)
        shares = preference if combine == "dime" else even
        self.shares = torch.ones_like(preference[:1]) if self.is_scalarised else shares / shares.sum()
        """Of each objective's policy, ``(R,)``."""
        by_preference = preference / preference.max() if combine == "mo-mpo" else torch.ones_like(self.shares)
        self.divergences = divergence * by_preference

    def forward(self, tables: Tensor, prior: Tensor | None = None) -> Tensor:
        """The policy ``(B, A, K)``, of what candidates cost ``(B, O, A, K)``.

        Args:
            tables: what they cost.
            prior: how likely each is before, ``(B, A, K)``; uniform where None.
        """
        scores = -self.excess(tables) / self.temperatures[..., None]
        if prior is not None:
            scores = scores + prior.log()[:, None]
        policies = torch.softmax(scores, dim=-1)
        policy: Tensor = (self.shares[:, None, None] * policies).sum(1)
        return policy

    @property
    def temperatures(self) -> Tensor:
        """Of each policy and number, ``(R, A)``."""
        return self.log_temperatures.exp().clamp_min(_LEAST_TEMPERATURE)

    def excess(self, tables: Tensor) -> Tensor:
        """What candidates cost beyond the best, by objective or by preference, ``(B, R, A, K)``."""
        if self.is_scalarised:
            tables = (self.preference[:, None, None] * tables).sum(1, keepdim=True)
        return tables - tables.amin(-1, keepdim=True)

    def dual(self, tables: Tensor) -> Tensor:
        """What the temperatures make least, of a batch of tables."""
        temperatures = self.temperatures
        gain = torch.logsumexp(-self.excess(tables) / temperatures[..., None], dim=-1)
        return (temperatures * (self.divergences[:, None] + gain.mean(0) - math.log(self.candidates))).sum()
