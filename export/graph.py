"""The hinge: a trained actor as a frozen NumPy object, spiking or dense.

References:
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), Deep reinforcement learning with population-coded
    spiking neural network for continuous control, CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equations (26)-(33).
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from export.errors import ExportError

FloatArray = NDArray[np.float32]
SpikeArray = NDArray[np.uint8]
Activation = Literal["relu", "tanh", "identity"]


def _freeze(owner: object, name: str, ndim: int) -> None:
    """Replace a field by a finite, read-only float32 copy with ``ndim`` dimensions."""
    array = np.array(getattr(owner, name), dtype=np.float32)
    label = f"{type(owner).__name__}.{name}"
    if array.ndim != ndim or array.size == 0:
        raise ExportError(f"{label} has shape {array.shape}: give a non-empty array of {ndim} dimension(s)")
    if not np.isfinite(array).all():
        raise ExportError(
            f"{label} holds NaN or infinity: every entry must be finite; check the training run"
        )
    array.setflags(write=False)
    object.__setattr__(owner, name, array)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ExportError(message)


def as_observations(observations: ArrayLike, size: int) -> FloatArray:
    """Observations as float32 ``(B, size)``.

    Raises:
        ExportError: another shape, or an entry that is not finite.
    """
    batch = np.asarray(observations, dtype=np.float32)
    _require(
        batch.ndim == 2 and batch.shape[1] == size,
        f"observations have shape {batch.shape}: give (decisions, {size})",
    )
    _require(bool(np.isfinite(batch).all()), "observations hold NaN or infinity: every entry must be finite")
    return batch


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
        _freeze(self, "mean", 2)
        _freeze(self, "std", 2)
        _require(
            self.mean.shape == self.std.shape,
            f"encoder mean {self.mean.shape} and std {self.std.shape} differ: give both the same (D, K)",
        )
        _require(bool((self.std != 0).all()), "encoder std holds a zero: every receptive field needs a width")
        _require(
            bool(np.isfinite(self.threshold)) and self.threshold > 0,
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
        _require(steps >= 1, f"{steps} time steps: give at least 1")
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
class SpikingLayer:
    """A dense layer of current-based leaky integrate-and-fire neurons, at rest before each decision.

    (29) ``c[t] = d_c c[t-1] + W o_prev[t] + b``

    (30) ``v[t] = d_v v[t-1] (1 - o[t-1]) + c[t]``

    (31) ``o[t] = Theta(v[t] - V_th)``

    Attributes:
        weight: W ``(out, in)``, in units of the membrane potential.
        bias: b ``(out,)``, added to the current at every step.
        current_decay: d_c, the share of the current kept per step, in [0, 1].
        voltage_decay: d_v, the share of the potential kept per step, in [0, 1].
        threshold: V_th, above 0.
    """

    weight: FloatArray
    bias: FloatArray
    current_decay: float
    voltage_decay: float
    threshold: float

    def __post_init__(self) -> None:
        """Check shapes, decays and the threshold, and make the arrays read-only."""
        _freeze(self, "weight", 2)
        _freeze(self, "bias", 1)
        _require_bias(self.weight, self.bias)
        for name in ("current_decay", "voltage_decay"):
            value = getattr(self, name)
            _require(
                0.0 <= value <= 1.0,
                f"{name} {value}: give the share kept per step, between 0 and 1 inclusive",
            )
        _require(
            bool(np.isfinite(self.threshold)) and self.threshold > 0,
            f"threshold {self.threshold}: give a finite value above 0",
        )

    @property
    def inputs(self) -> int:
        """Input channels."""
        return int(self.weight.shape[1])

    @property
    def neurons(self) -> int:
        """Neurons of the layer."""
        return int(self.weight.shape[0])


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
        _freeze(self, "weight", 2)
        _freeze(self, "bias", 1)
        _require_bias(self.weight, self.bias)

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
        _require(
            output_spikes.ndim == 3 and output_spikes.shape[2] == self.neurons and len(output_spikes) > 0,
            f"output spikes have shape {output_spikes.shape}: give (steps, decisions, {self.neurons})",
        )
        steps, batch, _ = output_spikes.shape
        rate = output_spikes.sum(axis=0, dtype=np.float32) / np.float32(steps)
        drive = (rate.reshape(batch, *self.weight.shape) * self.weight).sum(axis=-1, dtype=np.float32)
        actions: FloatArray = np.tanh(drive + self.bias)
        return actions


@dataclass(frozen=True, eq=False)
class SpikingGraph:
    """A spiking actor: observations in [-1, 1] to actions in [-1, 1].

    Attributes:
        encoder: observations to spikes.
        layers: spiking layers, in order; the last one feeds the decoder.
        decoder: rates to actions.
        steps: time steps T of one decision.
        step_s: duration of a time step in seconds, where one is meant.
    """

    encoder: PopulationEncoder
    layers: tuple[SpikingLayer, ...]
    decoder: PopulationDecoder
    steps: int
    step_s: float | None = None

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        object.__setattr__(self, "layers", tuple(self.layers))
        _require(len(self.layers) > 0, "a spiking graph has no layers: give at least one")
        _require(self.steps >= 1, f"{self.steps} time steps: give at least 1")
        _require(
            self.step_s is None or (bool(np.isfinite(self.step_s)) and self.step_s > 0),
            f"step_s {self.step_s}: give seconds above 0, or None",
        )
        sizes = [self.encoder.neurons, *(layer.neurons for layer in self.layers)]
        for index, (layer, size) in enumerate(zip(self.layers, sizes, strict=False)):
            _require(
                layer.inputs == size,
                f"layer {index} takes {layer.inputs} inputs but is fed by {size} neurons: make them equal",
            )
        _require(
            sizes[-1] == self.decoder.neurons,
            f"the last layer has {sizes[-1]} neurons, the decoder {self.decoder.neurons}: make them equal",
        )

    @property
    def input_size(self) -> int:
        """Observations D."""
        return self.encoder.input_size

    @property
    def action_size(self) -> int:
        """Actions A."""
        return self.decoder.action_size


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """``y = activation(W x + b)``.

    Attributes:
        weight: W ``(out, in)``.
        bias: b ``(out,)``.
        activation: ``relu``, ``tanh`` or ``identity``.
    """

    weight: FloatArray
    bias: FloatArray
    activation: Activation

    def __post_init__(self) -> None:
        """Check shapes and the activation, and make the arrays read-only."""
        _freeze(self, "weight", 2)
        _freeze(self, "bias", 1)
        _require_bias(self.weight, self.bias)
        _require(
            self.activation in ("relu", "tanh", "identity"),
            f"activation {self.activation!r}: give 'relu', 'tanh' or 'identity'",
        )

    @property
    def inputs(self) -> int:
        """Inputs."""
        return int(self.weight.shape[1])

    @property
    def neurons(self) -> int:
        """Outputs."""
        return int(self.weight.shape[0])

    def forward(self, x: FloatArray) -> FloatArray:
        """Outputs ``(B, out)`` of inputs ``(B, in)``, in float32."""
        y: FloatArray = x @ self.weight.T + self.bias
        if self.activation == "relu":
            y = np.maximum(y, np.float32(0))
        elif self.activation == "tanh":
            y = np.tanh(y)
        return y


@dataclass(frozen=True, eq=False)
class DenseGraph:
    """A dense actor: observations in [-1, 1] to actions.

    Attributes:
        layers: dense layers, in order.
    """

    layers: tuple[DenseLayer, ...]

    def __post_init__(self) -> None:
        """Check that the layers fit together."""
        object.__setattr__(self, "layers", tuple(self.layers))
        _require(len(self.layers) > 0, "a dense graph has no layers: give at least one")
        for index, (before, after) in enumerate(zip(self.layers, self.layers[1:], strict=False)):
            _require(
                after.inputs == before.neurons,
                f"layer {index + 1} takes {after.inputs} inputs, fed by {before.neurons}: make them equal",
            )

    @property
    def input_size(self) -> int:
        """Observations D."""
        return self.layers[0].inputs

    @property
    def action_size(self) -> int:
        """Actions A."""
        return self.layers[-1].neurons

    def forward(self, observations: ArrayLike) -> FloatArray:
        """Actions ``(B, A)`` of observations ``(B, D)``, in float32.

        Raises:
            ExportError: observations of another shape, or not finite.
        """
        x = as_observations(observations, self.input_size)
        for layer in self.layers:
            x = layer.forward(x)
        return x


def _require_bias(weight: FloatArray, bias: FloatArray) -> None:
    _require(
        bias.shape == weight.shape[:1],
        f"bias {bias.shape} does not fit weight {weight.shape}: give one entry per row",
    )
