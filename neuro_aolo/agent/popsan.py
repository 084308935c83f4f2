"""A spiking actor on Norse's leaky integrate-and-fire dynamics: PopSAN, or with graded input.

With the encoder ``graded`` an observation reaches the first layer as a number, not as spikes, and with the
decoder ``shared`` every action is read from all neurons of the last layer. Spikes then stand between an
observation and an action once: each layer of spikes, the encoder's included, rounds what it is told, and
what one has rounded the next cannot mend.

References:
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), Deep reinforcement learning with population-coded
    spiking neural network for continuous control, CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equations (26)-(33).
    C. Pehle, J. E. Pedersen (2021), Norse, doi:10.5281/zenodo.4422025.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor, nn

from neuro_aolo.agent.layers import (
    GradedEncoder,
    GradedLayer,
    LIFLayer,
    PopulationDecoder,
    PopulationEncoder,
    thin,
)
from neuro_aolo.agent.sizes import (
    MOST_NEURONS,
    MOST_QUANTITIES,
    MOST_STEPS,
    check_between,
    check_widths,
)
from neuro_aolo.errors import AgentError
from neuro_aolo_export import graph as neutral
from neuro_aolo_export.population import MAX_LEVELS


@dataclass(frozen=True)
class PopSANConfig:
    """Shape and constants of a PopSAN; the defaults are those of Tang et al. (2020).

    Attributes:
        steps: time steps T of one decision.
        encoder: ``population`` for (26) and (27); ``graded`` for spikes that carry the observation.
        levels: numbers above 0 that a graded spike may carry, 1 to 255.
        decoder: ``population``: each action reads an output population of its own; ``shared``: all read the
            last hidden layer, and there is no other.
        encoder_population: neurons per observation.
        decoder_population: neurons per action.
        hidden: neurons of each hidden layer.
        fan_in: observations that a neuron of the first layer listens to at the start, drawn for each; 0 for
            all. Weights to the others begin at zero. A decision then jitters less with what does not matter.
            With graded input a neuron's current begins as a ramp across these, 0 at some point of theirs.
        encoder_variance: initial variance of a receptive field (sigma = its root).
        encoder_threshold: threshold of the encoder's integrate-and-fire neurons, eq. (27).
        current_decay: d_c of eq. (29), per step.
        voltage_decay: d_v of eq. (30), per step.
        threshold: V_th of eq. (31).
        surrogate_width: half width of the rectangular surrogate gradient, in units of V_th's volt.
            A narrow one is nearer to the truth once neurons work close to their threshold.
    """

    steps: int = 5
    encoder: Literal["population", "graded"] = "population"
    levels: int = 255
    decoder: Literal["population", "shared"] = "population"
    encoder_population: int = 10
    decoder_population: int = 10
    hidden: tuple[int, ...] = (256, 256)
    fan_in: int = 0
    encoder_variance: float = 0.15
    encoder_threshold: float = 0.999
    current_decay: float = 0.5
    voltage_decay: float = 0.75
    threshold: float = 0.5
    surrogate_width: float = 0.5

    def __post_init__(self) -> None:
        """Refuse shapes that no network has."""
        check_between("steps", self.steps, 1, MOST_STEPS)
        for name in ("encoder_population", "decoder_population"):
            check_between(name, getattr(self, name), 1, MOST_NEURONS)
        check_widths("hidden", self.hidden)
        check_between("levels", self.levels, 2, MAX_LEVELS)
        for name, kinds in (("encoder", ("population", "graded")), ("decoder", ("population", "shared"))):
            if getattr(self, name) not in kinds:
                raise AgentError(f"{name} = {getattr(self, name)!r} is unknown: give {' or '.join(kinds)}")
        if self.decoder == "shared" and not self.hidden:
            raise AgentError("decoder = 'shared' reads the last hidden layer, and hidden is empty: give one")
        check_between("fan_in", self.fan_in, 0, MOST_QUANTITIES)
        for name in ("current_decay", "voltage_decay"):
            check_between(name, getattr(self, name), 0.0, 1.0)
        for name in ("encoder_variance", "encoder_threshold", "threshold", "surrogate_width"):
            value = getattr(self, name)
            if not 0.0 < value < math.inf:
                raise AgentError(f"{name} = {value} is not allowed: give a finite number above 0")

    def widths(self, observations: int, actions: int) -> tuple[int, ...]:
        """Channels of the input and neurons of each layer, populations included."""
        first = observations * (1 if self.encoder == "graded" else self.encoder_population)
        last = () if self.decoder == "shared" else (actions * self.decoder_population,)
        return (first, *self.hidden, *last)

    def build(self, observations: int, actions: int, generator: torch.Generator) -> "PopSAN":
        """The untrained actor, its weights drawn from ``generator``."""
        return PopSAN(observations, actions, self, generator)


class PopSAN(nn.Module):
    """The spiking actor: observations ``(B, D)`` to actions ``(B, A)``, both in [-1, 1].

    No state is kept between decisions: every call starts from resting neurons.
    """

    def __init__(
        self, observations: int, actions: int, config: PopSANConfig, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.config = config
        is_graded = config.encoder == "graded"
        self.encoder = (GradedEncoder if is_graded else PopulationEncoder)(observations, config)
        sizes = config.widths(observations, actions)
        self.layers = nn.ModuleList(
            (GradedLayer if is_graded and index == 0 else LIFLayer)(*pair, config, generator)
            for index, pair in enumerate(pairwise(sizes))
        )
        self.decoder = PopulationDecoder(actions, config, generator)
        if 0 < config.fan_in < observations and not is_graded:
            thin(self.layers[0], observations, config, generator)

    def spikes(self, observations: Tensor) -> list[Tensor]:
        """Spikes of the encoder and of every layer, each ``(T, B, N)``."""
        record = [self.encoder(observations)]
        for layer in self.layers:
            record.append(layer(record[-1]))
        return record

    def forward(self, observations: Tensor) -> Tensor:
        """Decide."""
        decoder, first = self.decoder, self.layers[0]
        if isinstance(first, GradedLayer) and len(self.layers) == 1:
            # No step needs to be kept: the same arrives at each, and only how often a neuron fires is read.
            assert isinstance(self.encoder, GradedEncoder)
            return decoder.of_rates(first.rates(self.encoder.numbers(observations)))
        actions: Tensor = decoder(self.spikes(observations)[-1])
        return actions

    def graph(
        self, observations: Sequence[neutral.Quantity] = (), actions: Sequence[neutral.Quantity] = ()
    ) -> neutral.SpikingGraph:
        """The actor in NumPy; decays and threshold in the paper's units, not Norse's.

        Args:
            observations: physical observations and how they are normalised, if the graph is to tell.
            actions: physical actions, likewise.

        Raises:
            ExportError: a weight is not finite, or there are not as many quantities as channels.
        """
        config = self.config
        layers = []
        for layer in self.layers:
            assert isinstance(layer, LIFLayer)
            weight, bias = layer.synapses()
            layers.append(
                neutral.SpikingLayer(
                    weight=weight.numpy(force=True),
                    bias=bias.numpy(force=True),
                    current_decay=config.current_decay,
                    voltage_decay=config.voltage_decay,
                    threshold=config.threshold,
                )
            )
        return neutral.SpikingGraph(
            encoder=self._encoder(),
            layers=tuple(layers),
            decoder=neutral.PopulationDecoder(
                weight=self.decoder.weight.numpy(force=True),
                bias=self.decoder.bias.numpy(force=True),
                shared=self.decoder.shared,
            ),
            steps=config.steps,
            observations=tuple(observations),
            actions=tuple(actions),
        )

    def _encoder(self) -> neutral.Encoder:
        encoder = self.encoder
        if isinstance(encoder, GradedEncoder):
            return neutral.GradedEncoder(encoder.channels, encoder.levels)
        return neutral.PopulationEncoder(
            mean=encoder.mean.numpy(force=True),
            std=encoder.std.numpy(force=True),
            threshold=self.config.encoder_threshold,
        )


TUNED = PopSANConfig(encoder="graded", decoder="shared", hidden=(1024,), fan_in=1, surrogate_width=0.1)
"""The preset ``tuned``: one wide layer of spikes between graded input and actions; see the attributes."""
