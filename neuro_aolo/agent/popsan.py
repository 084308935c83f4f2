"""PopSAN: a population-coded spiking actor on Norse's leaky integrate-and-fire dynamics.

References:
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), Deep reinforcement learning with population-coded
    spiking neural network for continuous control, CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equations (26)-(33).
    C. Pehle, J. E. Pedersen (2021), Norse, doi:10.5281/zenodo.4422025.
"""

import math
import warnings
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from neuro_aolo.errors import AgentError

with warnings.catch_warnings():
    # Norse 1.1 compiles helpers with torch.jit, which torch 2.13 announces to retire.
    warnings.simplefilter("ignore", DeprecationWarning)
    from norse.torch.functional.leaky_integrator import LIParameters, LIState, li_feed_forward_step
    from norse.torch.functional.lif import LIFFeedForwardState


@dataclass(frozen=True)
class PopSANConfig:
    """Shape and constants of a PopSAN; the defaults are those of Tang et al. (2020).

    Attributes:
        steps: time steps T of one decision.
        encoder_population: neurons per observation.
        decoder_population: neurons per action.
        hidden: neurons of each hidden layer.
        encoder_variance: initial variance of a receptive field (sigma = its root).
        encoder_threshold: threshold of the encoder's integrate-and-fire neurons, eq. (27).
        current_decay: d_c of eq. (29), per step.
        voltage_decay: d_v of eq. (30), per step.
        threshold: V_th of eq. (31).
        surrogate_width: half width of the rectangular surrogate gradient, in units of V_th's volt.
    """

    steps: int = 5
    encoder_population: int = 10
    decoder_population: int = 10
    hidden: tuple[int, ...] = (256, 256)
    encoder_variance: float = 0.15
    encoder_threshold: float = 0.999
    current_decay: float = 0.5
    voltage_decay: float = 0.75
    threshold: float = 0.5
    surrogate_width: float = 0.5

    def __post_init__(self) -> None:
        """Refuse shapes that no network has."""
        sizes = (self.steps, self.encoder_population, self.decoder_population, *self.hidden)
        if min(sizes) < 1:
            raise AgentError(
                f"PopSAN sizes {sizes} (steps, populations, hidden): all must be 1 or more; raise the least"
            )


class _StraightThrough(torch.autograd.Function):
    """A spike where ``v > threshold``; its gradient passes unchanged."""

    @staticmethod
    def forward(ctx: object, v: Tensor, threshold: float) -> Tensor:
        return (v > threshold).to(v.dtype)

    @staticmethod
    def backward(ctx: object, *grad: Tensor) -> tuple[Tensor, None]:
        return grad[0], None


class _Rectangular(torch.autograd.Function):
    """A spike where ``v > 0``; its gradient is ``height`` where ``|v| < width``, else zero."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, v: Tensor, width: float, height: float) -> Tensor:
        ctx.save_for_backward(v)
        ctx.width, ctx.height = width, height  # type: ignore[attr-defined]
        return (v > 0).to(v.dtype)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grad: Tensor) -> tuple[Tensor, None, None]:
        (v,) = ctx.saved_tensors  # type: ignore[attr-defined]
        window = v.abs() < ctx.width  # type: ignore[attr-defined]
        return grad[0] * window * ctx.height, None, None  # type: ignore[attr-defined]


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
        voltage = torch.zeros_like(stimulus)
        spikes = []
        for _ in range(self.steps):
            voltage = voltage + stimulus
            spike: Tensor = _StraightThrough.apply(voltage, self.threshold)  # type: ignore[no-untyped-call]
            voltage = voltage - spike * self.threshold
            spikes.append(spike)
        return torch.stack(spikes)


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
        self.parameters_li = LIParameters(
            tau_syn_inv=1.0 - config.current_decay, tau_mem_inv=self.gain, v_leak=0.0
        )

    def step(self, current: Tensor, state: LIFFeedForwardState) -> tuple[Tensor, LIFFeedForwardState]:
        """One time step: ``current`` ``(B, N)`` in, spikes ``(B, N)`` and the next state out."""
        v, li = li_feed_forward_step(current, LIState(state.v, state.i), self.parameters_li, dt=1.0)
        spike: Tensor = _Rectangular.apply(  # type: ignore[no-untyped-call]
            v - self.threshold, self.surrogate_width, 1.0 / self.gain
        )
        return spike, LIFFeedForwardState(v=(1.0 - spike) * v, i=li.i)

    def forward(self, spikes: Tensor) -> Tensor:
        """Spikes ``(T, B, N)`` of input spikes ``(T, B, M)``, from a state of zeros."""
        currents = nn.functional.linear(spikes, self.weight, self.bias)
        state = LIFFeedForwardState(v=torch.zeros_like(currents[0]), i=torch.zeros_like(currents[0]))
        outputs = []
        for current in currents:
            spike, state = self.step(current, state)
            outputs.append(spike)
        return torch.stack(outputs)


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
        sizes = (
            observations * config.encoder_population,
            *config.hidden,
            actions * config.decoder_population,
        )
        self.layers = nn.ModuleList(
            LIFLayer(n_in, n_out, config, generator) for n_in, n_out in pairwise(sizes)
        )
        self.decoder = PopulationDecoder(actions, config, generator)

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
