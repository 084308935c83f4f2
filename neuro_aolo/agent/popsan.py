"""PopSAN: a population-coded spiking actor on Norse's leaky integrate-and-fire dynamics.

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

import torch
from torch import Tensor, nn

from neuro_aolo.agent.sizes import (
    MOST_NEURONS,
    MOST_QUANTITIES,
    MOST_STEPS,
    check_between,
    check_widths,
)
from neuro_aolo.agent.spiking import LIF, IntegrateAndFire
from neuro_aolo.errors import AgentError
from neuro_aolo_export import graph as neutral


@dataclass(frozen=True)
class PopSANConfig:
    """Shape and constants of a PopSAN; the defaults are those of Tang et al. (2020).

    Attributes:
        steps: time steps T of one decision.
        encoder_population: neurons per observation.
        decoder_population: neurons per action.
        hidden: neurons of each hidden layer.
        fan_in: observations that a neuron of the first layer listens to at the start, drawn for each; 0 for
            all. Weights to the others begin at zero. A decision then jitters less with what does not matter.
        encoder_variance: initial variance of a receptive field (sigma = its root).
        encoder_threshold: threshold of the encoder's integrate-and-fire neurons, eq. (27).
        current_decay: d_c of eq. (29), per step.
        voltage_decay: d_v of eq. (30), per step.
        threshold: V_th of eq. (31).
        surrogate_width: half width of the rectangular surrogate gradient, in units of V_th's volt.
            A narrow one is nearer to the truth once neurons work close to their threshold.
    """

    steps: int = 5
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
        check_between("fan_in", self.fan_in, 0, MOST_QUANTITIES)
        for name in ("current_decay", "voltage_decay"):
            check_between(name, getattr(self, name), 0.0, 1.0)
        for name in ("encoder_variance", "encoder_threshold", "threshold", "surrogate_width"):
            value = getattr(self, name)
            if not 0.0 < value < math.inf:
                raise AgentError(f"{name} = {value} is not allowed: give a finite number above 0")

    def widths(self, observations: int, actions: int) -> tuple[int, ...]:
        """Neurons of each layer, populations included."""
        return (
            observations * self.encoder_population,
            *self.hidden,
            actions * self.decoder_population,
        )

    def build(self, observations: int, actions: int, generator: torch.Generator) -> "PopSAN":
        """The untrained actor, its weights drawn from ``generator``."""
        return PopSAN(observations, actions, self, generator)


class PopulationEncoder(nn.Module):
    """Gaussian receptive fields that drive integrate-and-fire neurons, equations (26) and (27)."""

    def __init__(self, observations: int, config: PopSANConfig) -> None:
        super().__init__()
        population = config.encoder_population
        centres = torch.linspace(-1.0, 1.0, population) if population > 1 else torch.zeros(1)
        self.mean = nn.Parameter(centres.repeat(observations, 1))
        self.std = nn.Parameter(torch.full((observations, population), math.sqrt(config.encoder_variance)))
        self.threshold = config.encoder_threshold
        self.steps = config.steps

    def forward(self, observations: Tensor) -> Tensor:
        """Spikes ``(T, B, D K)`` of observations ``(B, D)`` in [-1, 1]."""
        stimulus = torch.exp(-0.5 * ((observations[:, :, None] - self.mean) / self.std) ** 2).flatten(1)
        spikes: Tensor = IntegrateAndFire.apply(stimulus, self.threshold, self.steps)  # type: ignore[no-untyped-call]
        return spikes


class LIFLayer(nn.Module):
    """A dense layer of Norse leaky integrate-and-fire neurons, equations (29)-(31).

    Norse's step with ``dt = 1``, ``tau_syn_inv = 1 - d_c`` and ``tau_mem_inv = 1 - d_v`` is
    PopSAN's, with the membrane scaled by ``1 - d_v``: so is the threshold, and the surrogate's
    window is as much narrower as it is higher. The surrogate is ours: Norse has no rectangular one.
    """

    def __init__(self, inputs: int, outputs: int, config: PopSANConfig, generator: torch.Generator) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound, generator=generator))
        self.gain = 1.0 - config.voltage_decay
        self.threshold = config.threshold * self.gain
        self.surrogate_width = config.surrogate_width * self.gain
        self.leak = 1.0 - config.current_decay

    def forward(self, spikes: Tensor) -> Tensor:
        """Spikes ``(T, B, N)`` of input spikes ``(T, B, M)``, from a state of zeros."""
        currents = nn.functional.linear(spikes, self.weight, self.bias)
        fired: Tensor = LIF.apply(  # type: ignore[no-untyped-call]
            currents, self.leak, self.gain, self.threshold, self.surrogate_width
        )
        return fired


class PopulationDecoder(nn.Module):
    """Rates of the output populations to actions, equations (32) and (33)."""

    def __init__(self, actions: int, config: PopSANConfig, generator: torch.Generator) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(config.decoder_population)
        shape = (actions, config.decoder_population)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.empty(actions).uniform_(-bound, bound, generator=generator))

    def forward(self, spikes: Tensor) -> Tensor:
        """Actions ``(B, A)`` in [-1, 1] of output spikes ``(T, B, A K)``."""
        populations = spikes.mean(dim=0).unflatten(1, self.weight.shape)
        return torch.tanh((populations * self.weight).sum(-1) + self.bias)


class PopSAN(nn.Module):
    """The spiking actor: observations ``(B, D)`` to actions ``(B, A)``, both in [-1, 1].

    No state is kept between decisions: every call starts from resting neurons.
    """

    def __init__(
        self, observations: int, actions: int, config: PopSANConfig, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.config = config
        self.encoder = PopulationEncoder(observations, config)
        sizes = config.widths(observations, actions)
        self.layers = nn.ModuleList(
            LIFLayer(n_in, n_out, config, generator) for n_in, n_out in pairwise(sizes)
        )
        self.decoder = PopulationDecoder(actions, config, generator)
        if 0 < config.fan_in < observations:
            _thin(self.layers[0], observations, config, generator)

    def spikes(self, observations: Tensor) -> list[Tensor]:
        """Spikes of the encoder and of every layer, each ``(T, B, N)``."""
        record = [self.encoder(observations)]
        for layer in self.layers:
            record.append(layer(record[-1]))
        return record

    def forward(self, observations: Tensor) -> Tensor:
        """Decide."""
        actions: Tensor = self.decoder(self.spikes(observations)[-1])
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
            layers.append(
                neutral.SpikingLayer(
                    weight=layer.weight.numpy(force=True),
                    bias=layer.bias.numpy(force=True),
                    current_decay=config.current_decay,
                    voltage_decay=config.voltage_decay,
                    threshold=config.threshold,
                )
            )
        return neutral.SpikingGraph(
            encoder=neutral.PopulationEncoder(
                mean=self.encoder.mean.numpy(force=True),
                std=self.encoder.std.numpy(force=True),
                threshold=config.encoder_threshold,
            ),
            layers=tuple(layers),
            decoder=neutral.PopulationDecoder(
                weight=self.decoder.weight.numpy(force=True), bias=self.decoder.bias.numpy(force=True)
            ),
            steps=config.steps,
            observations=tuple(observations),
            actions=tuple(actions),
        )


def _thin(layer: nn.Module, observations: int, config: PopSANConfig, generator: torch.Generator) -> None:
    """Let each neuron listen to ``fan_in`` observations, as loudly as to all before."""
    weight = layer.get_parameter("weight")
    order = torch.rand(len(weight), observations, generator=generator).argsort(dim=1)
    heard = (order < config.fan_in).repeat_interleave(config.encoder_population, dim=1)
    with torch.no_grad():
        weight.mul_(heard * math.sqrt(observations / config.fan_in))


TUNED = PopSANConfig(steps=8, decoder_population=40, fan_in=1, surrogate_width=0.2)
"""The preset ``tuned``: more steps and larger populations round less; see the attributes for the rest."""
