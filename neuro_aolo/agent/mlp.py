"""The dense actor that the spiking one is compared with: same hidden sizes, same loop."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from neuro_aolo.agent.sizes import check_widths
from neuro_aolo_export.graph import Activation, DenseGraph, DenseLayer, Quantity

_LEAST = 64
"""Neurons of each of the two layers that stand beside a narrow one."""


@dataclass(frozen=True)
class MLPConfig:
    """Shape of a dense actor.

    Attributes:
        hidden: neurons of each hidden layer.
    """

    hidden: tuple[int, ...] = (256, 256)

    def __post_init__(self) -> None:
        """Refuse shapes that no network has."""
        check_widths("hidden", self.hidden)

    @classmethod
    def beside(cls, hidden: tuple[int, ...]) -> "MLPConfig":
        """The dense actor beside a spiking one of these hidden sizes: the same, or two layers beside one.

        Each of the two has a quarter of the one's neurons, 64 or more. A dense network of one wide layer
        does worse: on ``speech``, one seed, 1024 neurons came to a regret of 1.6 % where two layers of 256
        came to 0.7 %.
        """
        if len(hidden) == 1:
            return cls((max(hidden[0] // 4, _LEAST),) * 2)
        return cls(hidden) if hidden else cls()

    def widths(self, observations: int, actions: int) -> tuple[int, ...]:
        """Numbers of each layer, inputs and outputs included."""
        return (observations, *self.hidden, actions)

    def build(self, observations: int, actions: int, generator: torch.Generator) -> "MLP":
        """The untrained actor, its weights drawn from ``generator``."""
        return MLP(observations, actions, self, generator)


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
        sizes = config.widths(observations, actions)
        self.layers = nn.ModuleList(linear(n_in, n_out, generator) for n_in, n_out in pairwise(sizes))

    def forward(self, observations: Tensor) -> Tensor:
        """Decide."""
        x = observations
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return torch.tanh(self.layers[-1](x))

    def graph(self, observations: Sequence[Quantity] = (), actions: Sequence[Quantity] = ()) -> DenseGraph:
        """The actor in NumPy.

        Args:
            observations: physical observations and how they are normalised, if the graph is to tell.
            actions: physical actions, likewise.

        Raises:
            ExportError: a weight is not finite, or there are not as many quantities as channels.
        """
        layers = []
        for index, layer in enumerate(self.layers):
            assert isinstance(layer, nn.Linear)
            activation: Activation = "tanh" if index == len(self.layers) - 1 else "relu"
            layers.append(
                DenseLayer(layer.weight.numpy(force=True), layer.bias.numpy(force=True), activation)
            )
        return DenseGraph(layers=tuple(layers), observations=tuple(observations), actions=tuple(actions))
