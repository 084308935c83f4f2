"""Twin critics: what an action in a state leads to, estimated twice.

References:
    S. Fujimoto, H. van Hoof, D. Meger (2018), Addressing function approximation error in
    actor-critic methods, ICML, arXiv:1802.09477.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from neuro_aolo.agent.choice import Choice, named, numbers
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
        choice: of each thing that an action may name, the places of its score and numbers. Each has critics
            of its own, which are shown its numbers alone.
    """

    def __init__(
        self,
        observations: int,
        actions: int,
        hidden: tuple[int, ...],
        outputs: int,
        logits: bool,
        generator: torch.Generator,
        choice: Choice = (),
    ) -> None:
        super().__init__()
        self.logits, self.choice = logits, choice
        if choice:
            actions -= sum(len(places) for places in choice[1:]) + 1
        sizes = ((observations + actions) * (2 if logits else 1), *hidden, outputs)
        self.weights = nn.ParameterList()
        self.biases = nn.ParameterList()
        for n_in, n_out in pairwise(sizes):
            twins = [linear(n_in, n_out, generator) for _ in range(2 * max(len(choice), 1))]
            self.weights.append(torch.stack([twin.weight.detach().T for twin in twins]))
            self.biases.append(torch.stack([twin.bias.detach()[None] for twin in twins]))

    def forward(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Both estimates, shape ``(2, B, outputs)``."""
        estimates = self.of_each(observations, actions)
        if self.choice:
            rows = torch.arange(len(actions), device=actions.device)
            estimates = estimates[:, named(actions, self.choice), rows]
        return estimates

    def of_each(self, observations: Tensor, actions: Tensor) -> Tensor:
        """Both estimates of each thing that actions ``(B, A)`` may name, ``(2, M, B, outputs)``.

        Where they name nothing, of the actions as they are, ``(2, B, outputs)``.
        """
        if not self.choice:
            return self._estimate(torch.cat([observations, actions], dim=-1))
        held = numbers(actions, self.choice)
        x = torch.cat([observations.expand(len(held), -1, -1), held], dim=-1)
        estimates: Tensor = self._estimate(x.repeat(2, 1, 1)).unflatten(0, (2, -1))
        return estimates

    def _estimate(self, x: Tensor) -> Tensor:
        if self.logits:
            x = torch.cat([x, _LOGIT_SCALE * logit(x)], dim=-1)
        if not self.choice:
            x = x.expand(2, -1, -1)
        last = len(self.weights) - 1
        for i, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias, x, weight)
            if i < last:
                x = nn.functional.mish(x)
        return x
