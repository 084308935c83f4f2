from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neuro_aolo.energy.count import DenseCounts, SpikingCounts
from neuro_aolo_export.graph import (
    DenseGraph,
    DenseLayer,
    PopulationDecoder,
    PopulationEncoder,
    SpikingGraph,
    SpikingLayer,
)

Untrained = Callable[..., Path]


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


@pytest.fixture(scope="session")
def popsan() -> SpikingCounts:
    """PopSAN 5-256-256-2 in chip form: an always-on input channel and two bias neurons."""
    return SpikingCounts(
        steps=5,
        input_channels=51,
        layer_sizes=(257, 257, 20),
        input_spikes=33.0,
        layer_spikes=(30.0, 31.0, 4.0),
        constant_spikes=(5.0, 5.0, 5.0, 0.0),
        events_by_step=((1_600.0,) * 5, (1_400.0,) * 5, (120.0,) * 5),
        constant_events=(1_280.0, 1_280.0, 100.0),
        synapses=(13_056, 65_792, 5_140),
        encoder_exps=50,
        encoder_updates=250,
        decoder_macs=20,
        decoder_tanhs=2,
        bytes_in=50,
        bytes_out=20,
        kernel_launches=38,
        firing_rate=0.02,
    )


@pytest.fixture(scope="session")
def mlp() -> DenseCounts:
    """The MLP 5-256-256-2."""
    return DenseCounts(
        macs=67_328,
        weights=67_842,
        activations=514,
        values=5 + 256 + 256 + 256 + 256 + 2,
        bytes_in=20,
        bytes_out=8,
        kernel_launches=6,
    )


@pytest.fixture(scope="session")
def untrained() -> Untrained:
    """Makes run folders of untrained actors."""
    import torch

    from neuro_aolo.agent.checkpoint import ActorSpec, save_actor
    from neuro_aolo.agent.sdrl import SDRLConfig
    from neuro_aolo.run import RunConfig, RunFolder
    from neuro_aolo.systems.aolo.scenario import Scenario
    from neuro_aolo.systems.aolo.task import AoloTask

    def make(folder: Path, actor: Any, seed: int = 0, toll: Any = None, *, interrupted: bool = False) -> Path:
        config = RunConfig(Scenario.load("paper"), actor, SDRLConfig(), seed=seed, toll=toll)
        task = AoloTask(config.scenario)
        spec = ActorSpec(task.observation_names, task.action_names, actor)
        RunFolder.create(folder, config, overwrite=False)
        network = spec.build(torch.Generator().manual_seed(seed))
        save_actor(folder, network, spec, {"requests": 0, "interrupted": interrupted})
        return folder

    return make
