"""A trained actor as a neutral graph: the one step between learning and every deployment."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from neuro_aolo.agent.mlp import MLP
from neuro_aolo.agent.popsan import LIFLayer, PopSAN
from neuro_aolo.errors import AgentError
from neuro_aolo_export.graph import (
    Activation,
    DenseGraph,
    DenseLayer,
    PopulationDecoder,
    PopulationEncoder,
    Quantity,
    SpikingGraph,
    SpikingLayer,
)


def freeze(
    actor: nn.Module, observations: Sequence[Quantity] = (), actions: Sequence[Quantity] = ()
) -> SpikingGraph | DenseGraph:
    """The actor's graph, in NumPy.

    Args:
        actor: the trained network.
        observations: physical observations and how they are normalised, if the graph is to tell.
        actions: physical actions, likewise.

    Raises:
        AgentError: the actor is neither a PopSAN nor an MLP.
    """
    if isinstance(actor, PopSAN):
        return freeze_spiking(actor, observations, actions)
    if isinstance(actor, MLP):
        return freeze_dense(actor, observations, actions)
    raise AgentError(f"a {type(actor).__name__} has no graph: freeze a PopSAN or an MLP")


def freeze_spiking(
    actor: PopSAN, observations: Sequence[Quantity] = (), actions: Sequence[Quantity] = ()
) -> SpikingGraph:
    """The graph of a PopSAN; decays and threshold in the paper's units, not Norse's."""
    config = actor.config
    encoder = PopulationEncoder(
        mean=_array(actor.encoder.mean), std=_array(actor.encoder.std), threshold=config.encoder_threshold
    )
    layers = []
    for layer in actor.layers:
        assert isinstance(layer, LIFLayer)
        layers.append(
            SpikingLayer(
                weight=_array(layer.weight),
                bias=_array(layer.bias),
                current_decay=config.current_decay,
                voltage_decay=config.voltage_decay,
                threshold=config.threshold,
            )
        )
    decoder = PopulationDecoder(weight=_array(actor.decoder.weight), bias=_array(actor.decoder.bias))
    return SpikingGraph(
        encoder=encoder,
        layers=tuple(layers),
        decoder=decoder,
        steps=config.steps,
        observations=tuple(observations),
        actions=tuple(actions),
    )


def freeze_dense(
    actor: MLP, observations: Sequence[Quantity] = (), actions: Sequence[Quantity] = ()
) -> DenseGraph:
    """The graph of an MLP: ReLU layers and a tanh."""
    layers = []
    for index, layer in enumerate(actor.layers):
        assert isinstance(layer, nn.Linear)
        activation: Activation = "tanh" if index == len(actor.layers) - 1 else "relu"
        layers.append(DenseLayer(_array(layer.weight), _array(layer.bias), activation))
    return DenseGraph(layers=tuple(layers), observations=tuple(observations), actions=tuple(actions))


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().cpu().numpy().astype(np.float32)
