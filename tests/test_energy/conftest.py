from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest

from export.graph import (
    DenseGraph,
    DenseLayer,
    PopulationDecoder,
    PopulationEncoder,
    SpikingGraph,
    SpikingLayer,
)


class Actors:
    """Random actors of any size."""

    def spiking(
        self, rng: np.random.Generator, observations: int, hidden: Sequence[int], actions: int, steps: int = 5
    ) -> SpikingGraph:
        """A PopSAN of 10 neurons per dimension with about a tenth of its weights pruned."""
        sizes = [10 * observations, *hidden, 10 * actions]
        layers = tuple(
            SpikingLayer(
                rng.normal(0.0, 0.6 / np.sqrt(inputs), (outputs, inputs))
                * (rng.random((outputs, inputs)) > 0.1),
                rng.normal(0.05, 0.05, outputs),
                0.5,
                0.75,
                0.5,
            )
            for inputs, outputs in pairwise(sizes)
        )
        encoder = PopulationEncoder(
            np.tile(np.linspace(-1.0, 1.0, 10), (observations, 1)), np.full((observations, 10), 0.15**0.5)
        )
        decoder = PopulationDecoder(rng.normal(size=(actions, 10)), np.zeros(actions))
        return SpikingGraph(encoder, layers, decoder, steps)

    def dense(self, sizes: Sequence[int]) -> DenseGraph:
        """ReLU layers and a tanh at the end."""
        ends = ["relu"] * (len(sizes) - 2) + ["tanh"]
        return DenseGraph(
            tuple(
                DenseLayer(np.ones((outputs, inputs)), np.zeros(outputs), end)  # type: ignore[arg-type]
                for inputs, outputs, end in zip(sizes, sizes[1:], ends, strict=False)
            )
        )


@pytest.fixture(scope="session")
def actors() -> Actors:
    return Actors()
