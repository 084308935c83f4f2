"""Decide by chance: an actor whose scores are chances, of which one is drawn once it is deployed.

A control for several users who see the same. One network that decides by the largest score sends all of them
the same way; one that draws spreads them.
"""

import numpy as np
import torch
from torch import Tensor, nn

from neuro_aolo.agent.choice import Choice, by_chances
from neuro_aolo.systems.task import Floats

_SEED = 16_180


class Categorical(nn.Module):
    """A network of scores and numbers that learns as any other, and draws by its scores when deployed.

    Args:
        network: observations ``(n, D)`` to actions ``(n, A)``, both in [-1, 1].
        choice: what its actions may name.
    """

    def __init__(self, network: nn.Module, choice: Choice) -> None:
        super().__init__()
        self.network, self.choice = network, choice

    def forward(self, observations: Tensor) -> Tensor:
        """Scores and numbers."""
        actions: Tensor = self.network(observations)
        return actions

    def mixed(self, actions: Floats, rng: np.random.Generator) -> Floats:
        """Actions whose largest score is drawn by ``rng``: how it explores."""
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        return by_chances(torch.from_numpy(actions), self.choice, generator).numpy()

    def deployed(self, observations: Tensor) -> Tensor:
        """Actions whose largest score is drawn; the same batch is decided alike each time."""
        return by_chances(self(observations), self.choice, torch.Generator().manual_seed(_SEED))
