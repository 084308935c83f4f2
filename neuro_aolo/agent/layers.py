"""What a spiking actor is made of: encoders, layers of leaky integrate-and-fire neurons, a decoder.

References:
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), Deep reinforcement learning with population-coded
    spiking neural network for continuous control, CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equations (26)-(33).
    C. Pehle, J. E. Pedersen (2021), Norse, doi:10.5281/zenodo.4422025.
"""

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from neuro_aolo.agent.spiking import LIF, IntegrateAndFire, steady_rates

if TYPE_CHECKING:
    from neuro_aolo.agent.popsan import PopSANConfig

_SLOPE = 2.0
"""Of a neuron's current across the observations that it listens to, at the start: four thresholds a unit."""


class GradedEncoder(nn.Module):
    """Observations as whole numbers, the same at every step: what a graded spike carries."""

    def __init__(self, observations: int, config: "PopSANConfig") -> None:
        super().__init__()
        self.channels, self.levels, self.steps = observations, config.levels, config.steps

    def numbers(self, observations: Tensor) -> Tensor:
        """Numbers ``(B, D)`` in 0..levels of observations ``(B, D)`` in [-1, 1]."""
        raised = observations.clamp(-1.0, 1.0) + 1.0
        return torch.round(raised * (self.levels / 2))

    def forward(self, observations: Tensor) -> Tensor:
        """The same at every step, ``(T, B, D)``."""
        return self.numbers(observations).expand(self.steps, -1, -1)


class PopulationEncoder(nn.Module):
    """Gaussian receptive fields that drive integrate-and-fire neurons, equations (26) and (27)."""

    def __init__(self, observations: int, config: "PopSANConfig") -> None:
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

    def __init__(self, inputs: int, outputs: int, config: "PopSANConfig", generator: torch.Generator) -> None:
        super().__init__()
        bound = 1.0 / math.sqrt(inputs)
        self.weight = nn.Parameter(torch.empty(outputs, inputs).uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound, generator=generator))
        self.gain = 1.0 - config.voltage_decay
        self.threshold = config.threshold * self.gain
        self.surrogate_width = config.surrogate_width * self.gain
        self.leak = 1.0 - config.current_decay
        self.steps = config.steps

    def synapses(self) -> tuple[Tensor, Tensor]:
        """Weight ``(N, M)`` and bias ``(N,)`` as they meet spikes."""
        return self.weight, self.bias

    def currents(self, spikes: Tensor) -> Tensor:
        """What arrives at every step, ``(T, B, N)``, of input spikes ``(T, B, M)``."""
        return nn.functional.linear(spikes, *self.synapses())

    def forward(self, spikes: Tensor) -> Tensor:
        """Spikes ``(T, B, N)`` of input spikes ``(T, B, M)``, from a state of zeros."""
        currents = self.currents(spikes)
        fired: Tensor = LIF.apply(  # type: ignore[no-untyped-call]
            currents, self.leak, self.gain, self.threshold, self.surrogate_width
        )
        return fired


class GradedLayer(LIFLayer):
    """The same, fed with graded spikes that do not change over the steps: one product serves all of them.

    Its weight and bias are those of the observations themselves, in [-1, 1], of the same size as other
    parameters are. What ``rounding`` makes of a bias is of what an input adds that always carries the largest
    number, as a chip's bias axon does.
    """

    def __init__(self, inputs: int, outputs: int, config: "PopSANConfig", generator: torch.Generator) -> None:
        super().__init__(inputs, outputs, config, generator)
        self.levels = config.levels
        self.rounding: nn.Module | None = None
        fan_in = config.fan_in if 0 < config.fan_in < inputs else inputs
        order = torch.rand(outputs, inputs, generator=generator).argsort(dim=1)
        towards = torch.randn(outputs, inputs, generator=generator) * (order < fan_in)
        point = torch.rand(outputs, inputs, generator=generator) * 2.0 - 1.0
        with torch.no_grad():
            self.weight.copy_(_SLOPE * towards / towards.norm(dim=1, keepdim=True))
            self.bias.copy_(-(self.weight * point).sum(dim=1))

    def synapses(self) -> tuple[Tensor, Tensor]:
        """Weight and bias as they meet the numbers that graded spikes carry."""
        weight, bias = self.weight * (2.0 / self.levels), self.bias - self.weight.sum(dim=1)
        if self.rounding is None:
            return weight, bias
        return self.rounding(weight), self.rounding(bias / self.levels) * self.levels

    def settle(self) -> None:
        """Take what rounding made of the parameters for them, and round no more."""
        with torch.no_grad():
            weight, bias = self.synapses()
            self.weight.copy_(weight * (self.levels / 2.0))
            self.bias.copy_(bias + self.weight.sum(dim=1))
        self.rounding = None

    def currents(self, spikes: Tensor) -> Tensor:
        """What arrives at every step, ``(T, B, N)``, of numbers ``(T, B, M)`` that are alike at each."""
        return nn.functional.linear(spikes[0], *self.synapses()).expand(len(spikes), -1, -1)

    def rates(self, numbers: Tensor) -> Tensor:
        """Mean of the spikes over the steps, ``(B, N)``, of numbers ``(B, M)`` that are alike at each."""
        current = nn.functional.linear(numbers, *self.synapses())
        return steady_rates(current, self.steps, self.leak, self.gain, self.threshold, self.surrogate_width)


class PopulationDecoder(nn.Module):
    """Rates of the output populations to actions, equations (32) and (33)."""

    def __init__(self, actions: int, config: "PopSANConfig", generator: torch.Generator) -> None:
        super().__init__()
        self.shared = config.decoder == "shared"
        population = config.hidden[-1] if self.shared else config.decoder_population
        bound = 1.0 / math.sqrt(population)
        shape = (actions, population)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.empty(actions).uniform_(-bound, bound, generator=generator))

    def forward(self, spikes: Tensor) -> Tensor:
        """Actions ``(B, A)`` in [-1, 1] of output spikes ``(T, B, neurons)``."""
        return self.of_rates(spikes.mean(dim=0))

    def of_rates(self, rates: Tensor) -> Tensor:
        """The same of the spikes' mean over the steps, ``(B, neurons)``."""
        if self.shared:
            return torch.tanh(nn.functional.linear(rates, self.weight, self.bias))
        populations = rates.unflatten(1, self.weight.shape)
        return torch.tanh((populations * self.weight).sum(-1) + self.bias)


def thin(layer: nn.Module, observations: int, config: "PopSANConfig", generator: torch.Generator) -> None:
    """Let each neuron listen to ``fan_in`` observations, as loudly as to all before."""
    weight = layer.get_parameter("weight")
    order = torch.rand(len(weight), observations, generator=generator).argsort(dim=1)
    heard = (order < config.fan_in).repeat_interleave(config.encoder_population, dim=1)
    with torch.no_grad():
        weight.mul_(heard * math.sqrt(observations / config.fan_in))
