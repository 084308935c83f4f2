"""Random actors of any shape."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from neuro_aolo_export.graph import PopulationDecoder, PopulationEncoder, SpikingGraph, SpikingLayer

GraphFactory = Callable[..., SpikingGraph]


@pytest.fixture
def make_graph() -> GraphFactory:
    def make(
        rng: np.random.Generator,
        hidden: tuple[int, ...] = (12, 9),
        *,
        observations: int = 3,
        actions: int = 2,
        population: int = 4,
        steps: int = 5,
        gain: float = 2.0,
    ) -> SpikingGraph:
        sizes = (observations * population, *hidden, actions * population)
        layers = []
        for inputs, outputs in pairwise(sizes):
            bound = gain / inputs**0.5
            weight = rng.uniform(-bound, bound, (outputs, inputs))
            layers.append(SpikingLayer(weight, rng.uniform(-bound, bound, outputs), 0.5, 0.75, 0.5))
        mean = np.tile(np.linspace(-1, 1, population), (observations, 1))
        encoder = PopulationEncoder(mean, np.full(mean.shape, 0.15**0.5))
        decoder = PopulationDecoder(rng.uniform(-1, 1, (actions, population)), rng.uniform(-1, 1, actions))
        return SpikingGraph(encoder, tuple(layers), decoder, steps)

    return make
