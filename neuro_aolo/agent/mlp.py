"""The dense actor that the spiking one is compared with: same hidden sizes, same loop."""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class MLPConfig:
    """Shape of a dense actor.

    Attributes:
        hidden: neurons of each hidden layer.
    """

    hidden: tuple[int, ...] = (256, 256)


def linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """A dense layer, uniform in ``+-1/sqrt(inputs)``, drawn from ``generator``."""
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, inputs, outputs)
    bound = 1.0 / math.sqrt(inputs)
    nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    return layer


class MLP(nn.Module):
    """ReLU layers and a tanh: observations ``(B, D)`` to actions ``(B, A)``, both in [-1, 1]."""

    def __init__(
        self, observations: int, actions: int, config: MLPConfig, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.config = config
        sizes = (observations, *config.hidden, actions)
        self.layers = nn.ModuleList(linear(n_in, n_out, generator) for n_in, n_out in pairwise(sizes))

    def forward(self, observations: Tensor) -> Tensor:
        """Decide."""
        x = observations
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return torch.tanh(self.layers[-1](x))
