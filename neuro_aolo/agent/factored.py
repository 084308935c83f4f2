"""A critic that is a sum over the numbers of an action, each with a table of candidates.

    Q_o(s, a) = sum_f sum_k hat_k(a_f) q_ofk(s)

Each number ``f`` of an action has a network of its own, which tells for every objective ``o`` what each of K
evenly spaced candidates costs; between two of them the cost is taken as linear, by hat functions. So the best
candidate of each number is a look-up, however many numbers an action has, and a network that has a cliff to
learn for one number does not disturb another's. What two numbers cost together beyond their sum is not seen.

Every input is shown by hat functions of its own too, beside its value: costs that bend at one value of a load
or an hour are then close to linear.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from neuro_aolo.agent.mlp import linear

_CENTRES = 9
"""Hat functions of an input."""
_FIRST_SCALE = 0.1
"""Of the last layer's weights at the start: tables begin nearly flat."""


def hats(values: Tensor, count: int) -> Tensor:
    """Hat functions of values in [-1, 1], ``(...)`` to ``(..., count)``: weights that add up to 1."""
    places = (values.clamp(-1.0, 1.0) + 1.0) * ((count - 1) / 2)
    return (1.0 - (places[..., None] - torch.arange(count, device=values.device)).abs()).clamp_min(0.0)


class FactoredCritic(nn.Module):
    """One network for each number of an action, evaluated as one batched product.

    Args:
        observations: D.
        actions: A, numbers of an action.
        objectives: O.
        candidates: K, of each number, from -1 to 1.
        hidden: neurons of each hidden layer of a network.
        generator: source of the weights.
    """

    def __init__(
        self,
        observations: int,
        actions: int,
        objectives: int,
        candidates: int,
        hidden: tuple[int, ...],
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.objectives, self.candidates = objectives, candidates
        sizes = (observations * (1 + _CENTRES), *hidden, objectives * candidates)
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for n_in, n_out in pairwise(sizes):
            layers = [linear(n_in, n_out, generator) for _ in range(actions)]
            self.weights.append(torch.stack([layer.weight.detach().T for layer in layers]))
            self.biases.append(torch.zeros(actions, 1, n_out))
        with torch.no_grad():
            self.weights[-1].mul_(_FIRST_SCALE)

    def forward(self, observations: Tensor) -> Tensor:
        """Tables ``(B, O, A, K)`` of observations ``(B, D)``."""
        shown = hats(observations, _CENTRES).flatten(1)
        x = torch.cat([observations, shown], dim=1).expand(len(self.weights[0]), -1, -1)
        last = len(self.weights) - 1
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias, x, weight)
            if index < last:
                x = nn.functional.silu(x)
        tables: Tensor = x.unflatten(-1, (self.objectives, self.candidates)).permute(1, 2, 0, 3)
        return tables


def at(tables: Tensor, actions: Tensor) -> Tensor:
    """What actions ``(B, A)`` in [-1, 1] cost by tables ``(B, ..., A, K)``: ``(B, ...)``."""
    weights = hats(actions, tables.shape[-1])
    between = weights.reshape(len(actions), *[1] * (tables.ndim - 3), *weights.shape[1:])
    return (tables * between).sum((-1, -2))


def evenly(candidates: int, device: torch.device | None = None) -> Tensor:
    """The candidates of a number of an action, ``(K,)``."""
    return torch.linspace(-1.0, 1.0, candidates, device=device)
