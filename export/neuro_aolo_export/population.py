"""Population coding: observations to spikes, and firing rates to actions; both stay on the host.

References:
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), Deep reinforcement learning with population-coded
    spiking neural network for continuous control, CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equations (26)-(33).
"""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo_export.arrays import (
    FloatArray,
    SpikeArray,
    as_observations,
    freeze,
    is_positive,
    require,
    require_bias,
    require_slots,
    require_steps,
    writable,
)
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.kernels import decode


@dataclass(frozen=True, eq=False)
class PopulationEncoder:
    """Gaussian receptive fields that drive soft-reset integrate-and-fire neurons.

    (26) ``A_ij = exp(-1/2 ((s_i - mu_ij) / sigma_ij)^2)``

    (27) ``v[t] = v[t-1] + A ; o[t] = Theta(v[t] - V_enc) ; v[t] -= V_enc o[t]``

    Attributes:
        mean: centres mu ``(D, K)``, in the observation's unit.
        std: widths sigma ``(D, K)``, the same unit, none zero.
        threshold: V_enc, dimensionless.
    """

    mean: FloatArray
    std: FloatArray
    threshold: float = 0.999

    def __post_init__(self) -> None:
        """Check shapes and widths, and make the arrays read-only."""
        freeze(self, "mean", 2)
        freeze(self, "std", 2)
        require(
            self.mean.shape == self.std.shape,
            f"encoder mean {self.mean.shape} and std {self.std.shape} differ: give both the same (D, K)",
        )
        require(bool((self.std != 0).all()), "encoder std holds a zero: every receptive field needs a width")
        require(
            is_positive(self.threshold),
            f"encoder threshold {self.threshold}: give a finite value above 0",
        )

    @property
    def input_size(self) -> int:
        """Observations D."""
        return int(self.mean.shape[0])

    @property
    def neurons(self) -> int:
        """Encoder neurons, D K."""
        return int(self.mean.size)

    def encode(self, observations: ArrayLike, steps: int) -> SpikeArray:
        """Spikes ``(T, B, D K)`` of observations ``(B, D)``, 0 or 1.

        All arithmetic is float32, as in PopSAN. The exponential alone is evaluated in float64 and
        rounded: NumPy's own float32 ``exp`` differs from PyTorch's last bit 40 times as often, and a
        last bit can move a spike.

        Raises:
            ExportError: observations of another shape, or not finite.
        """
        batch = as_observations(observations, self.input_size)
        require_slots(len(batch), require_steps(steps), self.neurons)
        with np.errstate(over="ignore"):
            exponent = np.float32(-0.5) * ((batch[:, :, None] - self.mean) / self.std) ** 2
        stimulus = np.exp(exponent.astype(np.float64)).astype(np.float32).reshape(len(batch), self.neurons)
        threshold = np.float32(self.threshold)
        voltage = np.zeros_like(stimulus)
        spikes = np.empty((steps, *stimulus.shape), dtype=np.uint8)
        for step in range(steps):
            voltage += stimulus
            fired = voltage > threshold
            voltage -= fired * threshold
            spikes[step] = fired
        return spikes


@dataclass(frozen=True, eq=False)
class PopulationDecoder:
    """Actions from the firing rates of output populations.

    (32) ``fr_ak = (1/T) sum_t o_ak[t]``

    (33) ``a_a = tanh(sum_k w_ak fr_ak + b_a)``

    Attributes:
        weight: w ``(A, K)``.
        bias: b ``(A,)``.
    """

    weight: FloatArray
    bias: FloatArray

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        freeze(self, "weight", 2)
        freeze(self, "bias", 1)
        require_bias(self.weight, self.bias)

    @property
    def action_size(self) -> int:
        """Actions A."""
        return int(self.weight.shape[0])

    @property
    def neurons(self) -> int:
        """Output neurons, A K."""
        return int(self.weight.size)

    def decode(self, output_spikes: NDArray[Any]) -> FloatArray:
        """Actions ``(B, A)`` in [-1, 1] of output spikes ``(T, B, A K)``.

        Raises:
            ExportError: spikes of another shape.
        """
        shape = output_spikes.shape
        if len(shape) != 3 or shape[2] != self.neurons or shape[0] == 0:
            raise ExportError(f"output spikes have shape {shape}: give (steps, decisions, {self.neurons})")
        actions: FloatArray = np.empty((shape[1], self.action_size), np.float32)
        spikes = writable(output_spikes.swapaxes(0, 1).astype(np.uint8, copy=False))
        decode(spikes, self.weight, self.bias, actions)
        return np.tanh(actions, out=actions)


_Coder = TypeVar("_Coder", PopulationEncoder, PopulationDecoder)


def needed(coder: _Coder | None) -> _Coder:
    """The encoder or decoder, where there must be one.

    Raises:
        ExportError: there is none.
    """
    if coder is None:
        raise ExportError(
            "the network has no encoder or no decoder, only layers: give it input spikes, and read its spikes"
        )
    return coder
