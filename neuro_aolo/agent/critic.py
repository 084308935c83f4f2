"""Twin critics: the value of an action in a state, estimated twice.

References:
    S. Fujimoto, H. van Hoof, D. Meger (2018), Addressing function approximation error in
    actor-critic methods, ICML, arXiv:1802.09477.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from neuro_aolo.agent.mlp import linear


class TwinCritic(nn.Module):
    """Two Mish networks evaluated as one batched product: ``(B, D), (B, A) -> (2, B)``."""

    def __init__(
        self, observations: int, actions: int, hidden: tuple[int, ...], generator: torch.Generator
    ) -> None:
        super().__init__()
        sizes = (observations + actions, *hidden, 1)
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for n_in, n_out in pairwise(sizes):
            twins = [linear(n_in, n_out, generator) for _ in range(2)]
            self.weights.append(torch.stack([twin.weight.detach().T for twin in twins]))
            self.biases.append(torch.stack([twin.bias.detach()[None] for twin in twins]))

    def forward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Both estimates, shape ``(2, B)``."""
        x = torch.cat([observations, actions], dim=-1).expand(2, -1, -1)
        last = len(self.weights) - 1
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias, x, weight)
            if i < last:
                x = nn.functional.mish(x)
        return x.squeeze(-1)
