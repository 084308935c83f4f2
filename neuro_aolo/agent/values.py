"""What is still to come of each objective from a state, and how much better a decision did than that.

    A_t = sum_i (gamma lambda)^i delta_t+i,    delta_t = c_t + gamma V(s_t+1) - V(s_t)

is generalised advantage estimation, for costs; where an episode ends the sum does, and where it was only cut
off the value still follows.

References:
    J. Schulman et al. (2016), High-dimensional continuous control using generalized advantage estimation,
    ICLR, arXiv:1506.02438, equation (16).
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from neuro_aolo.agent.factored import hats
from neuro_aolo.agent.mlp import linear

_CENTRES = 9
"""Hat functions of an input."""


class Values(nn.Module):
    """Observations ``(B, D)`` to what is to come of each objective, ``(B, O)``, in units of their scales.

    Every input is shown by hat functions too, beside its value: what bends at one value of a load or an hour
    is then close to linear.

    Args:
        observations: D.
        objectives: O.
        hidden: neurons of each hidden layer.
        generator: source of the weights.
    """

    def __init__(
        self, observations: int, objectives: int, hidden: tuple[int, ...], generator: torch.Generator
    ) -> None:
        super().__init__()
        sizes = (observations * (1 + _CENTRES), *hidden, objectives)
        self.layers = nn.ModuleList(linear(n_in, n_out, generator) for n_in, n_out in pairwise(sizes))

    def forward(self, observations: Tensor) -> Tensor:
        """Estimate."""
        x = torch.cat([observations, hats(observations, _CENTRES).flatten(1)], dim=1)
        for layer in self.layers[:-1]:
            x = nn.functional.silu(layer(x))
        values: Tensor = self.layers[-1](x)
        return values


def advantages(
    outcomes: Tensor,
    values: Tensor,
    following: Tensor,
    ended: Tensor,
    terminal: Tensor,
    discounts: Tensor,
    gae_lambda: float,
) -> Tensor:
    """How much more than expected decisions cost, ``(T, R, O)``.

    Args:
        outcomes: costs of decisions one after the other, ``(T, R, O)``.
        values: what was expected before them, likewise.
        following: what is expected after them, likewise.
        ended: whether the episode ends there, ``(T, R)``.
        terminal: whether nothing follows, likewise.
        discounts: gamma of each objective, ``(O,)``.
        gae_lambda: lambda.
    """
    more = torch.zeros_like(outcomes)
    goes_on = (~ended)[..., None]
    surprises = outcomes + discounts * torch.where(terminal[..., None], 0.0, following) - values
    later = torch.zeros_like(outcomes[0])
    for step in reversed(range(len(outcomes))):
        later = surprises[step] + discounts * gae_lambda * goes_on[step] * later
        more[step] = later
    return more
