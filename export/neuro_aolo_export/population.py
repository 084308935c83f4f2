"""Observations to spikes, binary or graded, and firing rates to actions; both stay on the host.

References:
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), Deep reinforcement learning with population-coded
    spiking neural network for continuous control, CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equations (26)-(33).
"""

from dataclasses import dataclass
from typing import Any, overload

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

MAX_LEVELS = 255
"""Largest number that a graded spike carries here: a byte, of either sign with the weight that it meets."""


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
class GradedEncoder:
    """Observations as graded spikes: each channel carries a whole number, the same at every step.

    ``p_i = round((min(max(s_i, -1), 1) + 1) levels / 2)``, in 0..levels, a half to the even one. A channel
    that carries 0 is silent. A Loihi 2 core takes such spikes (up to 32 bits), its predecessor does not.

    Attributes:
        input_size: observations D.
        levels: the number that an observation of 1 is, in 1..255.

    References:
        G. Orchard et al. (2021), Efficient neuromorphic signal processing with Loihi 2, IEEE SiPS,
        doi:10.1109/SiPS52927.2021.00053.
    """

    input_size: int
    levels: int = MAX_LEVELS

    def __post_init__(self) -> None:
        """Check both numbers."""
        require(
            type(self.input_size) is int and self.input_size >= 1,
            f"encoder of {self.input_size!r} observations: give a whole number of 1 or more",
        )
        require(
            type(self.levels) is int and 1 <= self.levels <= MAX_LEVELS,
            f"encoder of {self.levels!r} levels: give a whole number, 1 to {MAX_LEVELS}",
        )

    @property
    def neurons(self) -> int:
        """Channels, D."""
        return self.input_size

    def encode(self, observations: ArrayLike, steps: int) -> SpikeArray:
        """Graded spikes ``(T, B, D)`` uint8 of observations ``(B, D)``, in float32.

        Raises:
            ExportError: observations of another shape, or not finite.
        """
        batch = as_observations(observations, self.input_size)
        require_slots(len(batch), require_steps(steps), self.neurons)
        raised = np.clip(batch, np.float32(-1), np.float32(1)) + np.float32(1)
        carried = np.rint(raised * np.float32(self.levels / 2)).astype(np.uint8)
        return np.ascontiguousarray(np.broadcast_to(carried, (steps, *carried.shape)))


@dataclass(frozen=True, eq=False)
class PopulationDecoder:
    """Actions from the firing rates of output populations.

    (32) ``fr_ak = (1/T) sum_t o_ak[t]``

    (33) ``a_a = tanh(sum_k w_ak fr_ak + b_a)``

    Attributes:
        weight: w ``(A, K)``.
        bias: b ``(A,)``.
        shared: whether all actions read the same K neurons, ``fr_k`` in the place of ``fr_ak``; else each
            has K of its own.
    """

    weight: FloatArray
    bias: FloatArray
    shared: bool = False

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
        """Output neurons: A K, or K where all actions share them."""
        return int(self.weight.shape[1] if self.shared else self.weight.size)

    def decode(self, output_spikes: NDArray[Any]) -> FloatArray:
        """Actions ``(B, A)`` in [-1, 1] of output spikes ``(T, B, neurons)``.

        Raises:
            ExportError: spikes of another shape.
        """
        shape = output_spikes.shape
        if len(shape) != 3 or shape[2] != self.neurons or shape[0] == 0:
            raise ExportError(f"output spikes have shape {shape}: give (steps, decisions, {self.neurons})")
        actions: FloatArray = np.empty((shape[1], self.action_size), np.float32)
        spikes = writable(output_spikes.swapaxes(0, 1).astype(np.uint8, copy=False))
        decode(spikes, self.weight, self.bias, self.shared, actions)
        return np.tanh(actions, out=actions)


Encoder = PopulationEncoder | GradedEncoder
"""Observations to the input of the first layer."""


@overload
def needed(coder: Encoder | None) -> Encoder: ...  # type: ignore[overload-overlap]


@overload
def needed(coder: PopulationDecoder | None) -> PopulationDecoder: ...


def needed(coder: Encoder | PopulationDecoder | None) -> Encoder | PopulationDecoder:
    """The encoder or decoder, where there must be one.

    Raises:
        ExportError: there is none.
    """
    if coder is None:
        raise ExportError(
            "the network has no encoder or no decoder, only layers: give it input spikes, and read its spikes"
        )
    return coder
