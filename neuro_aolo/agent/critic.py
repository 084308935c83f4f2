"""Twin critics: what an action in a state leads to, estimated twice.

References:
    S. Fujimoto, H. van Hoof, D. Meger (2018), Addressing function approximation error in
    actor-critic methods, ICML, arXiv:1802.09477.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from neuro_aolo.agent.mlp import linear

_EDGE = 1e-4
_LOGIT_SCALE = 0.5


def logit(unit: Tensor) -> Tensor:
    """``atanh`` of values in [-1, 1], finite at the ends: a scale on which both ends are far away."""
    return torch.atanh(unit.clamp(_EDGE - 1.0, 1.0 - _EDGE))


class TwinCritic(nn.Module):
    """Two Mish networks evaluated as one batched product: ``(B, D), (B, A) -> (2, B, outputs)``.

    Args:
        observations: D.
        actions: A.
        hidden: neurons of each hidden layer.
        outputs: figures estimated.
        logits: show the networks every input's :func:`logit` too. What depends on the distance to a bound (a
            power near its least, a channel near its worst) is smooth on that scale, a cliff on the other.
        generator: source of the weights.
    """

    def __init__(
        self,
        observations: int,
        actions: int,
        hidden: tuple[int, ...],
        outputs: int,
        logits: bool,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.logits = logits
        sizes = ((observations + actions) * (2 if logits else 1), *hidden, outputs)
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for n_in, n_out in pairwise(sizes):
            twins = [linear(n_in, n_out, generator) for _ in range(2)]
            self.weights.append(torch.stack([twin.weight.detach().T for twin in twins]))
            self.biases.append(torch.stack([twin.bias.detach()[None] for twin in twins]))

    def forward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Both estimates, shape ``(2, B, outputs)``."""
        x = torch.cat([observations, actions], dim=-1)
        if self.logits:
            x = torch.cat([x, _LOGIT_SCALE * logit(x)], dim=-1)
        x = x.expand(2, -1, -1)
        last = len(self.weights) - 1
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias, x, weight)
            if i < last:
                x = nn.functional.mish(x)
        return x
