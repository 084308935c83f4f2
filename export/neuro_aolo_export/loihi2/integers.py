"""A spiking actor in a Loihi 2 core's integers.

The bias of eq. (29) passes through the current, which a chip's own bias does not. It becomes an
*always-on axon*: one more input channel that spikes at every step, and one more neuron in each hidden
layer that does the same for the next. Both are the LAST of their layer. Tang et al. (2020) put PopSAN
on Loihi with bias neurons too.

References:
    M. Davies et al. (2018), Loihi: a neuromorphic manycore processor with on-chip learning, IEEE Micro
    38(1):82-99, doi:10.1109/MM.2018.112130359.
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo_export.arrays import IntArray, SpikeArray, require_steps
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.population import Encoder, GradedEncoder, PopulationDecoder, needed
from neuro_aolo_export.reset import Reset, require_reset

DECAY_UNITY = 4096
STATE_SHIFT = 6
STATE_LIMIT = 1 << 23
WEIGHT_MIN, WEIGHT_MAX = -256, 254
UNSIGNED_MAX = 255
BIAS_MIN, BIAS_MAX = -4096, 4095
THRESHOLD_MAX = (1 << 17) - 1
WEIGHT_BITS = range(4, 9)
"""Bits of a weight of mixed sign, its sign included, that
:func:`~neuro_aolo_export.loihi2.quantize.quantize` offers."""


@dataclass(frozen=True, eq=False)
class QuantizedLayer:
    """A layer in a Loihi 2 core's integers.

    Attributes:
        weight: ``(out, in)`` int32, in the 8 bits of its sign mode: even and in -256..254 where signs mix,
            in 0..255 where none is negative, in -255..0 where none is positive.
        bias_mant: ``(out,)`` int32, in -4096..4095 (13 bits), added to the potential as ``bias_mant << 6``.
        current_decay: share of the current LOST per step, of 4096: ``4096 (1 - d_c)``, in 1..4096.
        voltage_decay: share of the potential LOST per step, of 4096: ``4096 (1 - d_v)``, in 0..4095.
        threshold_mant: a neuron fires where ``v > threshold_mant << 6``; 0..131071 (17 bits).
        reset: what a spike does to the potential: ``zero``, or ``subtract``, which takes the threshold off,
            which Lava's neuron cannot.
        levels: largest number that an input channel carries: 1 of binary spikes.

    Raises:
        ExportError: an integer that the chip cannot hold.
    """

    weight: IntArray
    bias_mant: IntArray
    current_decay: int
    voltage_decay: int
    threshold_mant: int
    reset: Reset = "zero"
    levels: int = 1

    def __post_init__(self) -> None:
        """Check every integer against the chip's range, and make the arrays read-only."""
        for name, ndim in (("weight", 2), ("bias_mant", 1)):
            given = np.asarray(getattr(self, name))
            if given.ndim != ndim or given.size == 0 or not np.issubdtype(given.dtype, np.integer):
                raise ExportError(
                    f"{name} has shape {given.shape} and type {given.dtype}: "
                    f"give a non-empty integer array of {ndim} dimension(s)"
                )
            least, most = int(given.min()), int(given.max())
            low, high = _weight_range(least, most) if name == "weight" else (BIAS_MIN, BIAS_MAX)
            _check_range(name, least, low, high)
            _check_range(name, most, low, high)
            array = given.astype(np.int32)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        if self.is_mixed and (self.weight & 1).any():
            odd = int(self.weight[(self.weight & 1) == 1][0])
            raise ExportError(f"weight {odd} is odd: an 8-bit weight of mixed sign must be even")
        if self.bias_mant.shape != self.weight.shape[:1]:
            raise ExportError(
                f"bias_mant {self.bias_mant.shape} does not fit weight {self.weight.shape}: one entry per row"
            )
        _check_range("current_decay", self.current_decay, 1, DECAY_UNITY)
        _check_range("voltage_decay", self.voltage_decay, 0, DECAY_UNITY - 1)
        _check_range("threshold_mant", self.threshold_mant, 0, THRESHOLD_MAX)
        require_reset(self.reset)

    @property
    def is_mixed(self) -> bool:
        """Whether weights of both signs occur, which costs a bit for the sign."""
        return bool((self.weight < 0).any() and (self.weight > 0).any())

    @property
    def inputs(self) -> int:
        """Input channels, always-on axon included."""
        return int(self.weight.shape[1])

    @property
    def neurons(self) -> int:
        """Neurons, bias neuron included."""
        return int(self.weight.shape[0])

    @cached_property
    def largest_input(self) -> int:
        """Largest ``|W s|`` that inputs of 0 to ``levels`` can cause."""
        exciting = np.maximum(self.weight, 0).sum(axis=1, dtype=np.int64)
        calming = np.maximum(-self.weight, 0).sum(axis=1, dtype=np.int64)
        return self.levels * int(max(exciting.max(), calming.max()))

    def worst_current(self, steps: int) -> int:
        """Bound on ``|u|`` after ``steps`` steps from rest, all inputs of one sign spiking at every step."""
        return math.ceil((self.largest_input << STATE_SHIFT) * growth(self.current_decay, steps))

    def worst_voltage(self, steps: int) -> int:
        """Bound on ``|v|`` after ``steps`` steps from rest, under that current and the largest bias."""
        bias = int(np.abs(self.bias_mant).max()) << STATE_SHIFT
        return math.ceil((self.worst_current(steps) + bias) * growth(self.voltage_decay, steps))


@dataclass(frozen=True)
class LayerReport:
    """What quantisation did to one layer.

    Attributes:
        scale: integer units per unit of the float layer's potential.
        step: distance of neighbouring integer weights: ``2^(9 - b)`` of b bits.
        clipped: weights and biases that did not fit in ``-256..256 - step``.
        zeroed: weights and biases, not 0 before, that became 0: synapses that are no longer there.
        max_rounding_error: largest ``|W_int / scale - W|``, biases and clipping included, as a potential.
        rms_rounding_error: its root mean square.
        current_decay_error: d_c as kept by the integers, less d_c.
        voltage_decay_error: d_v as kept by the integers, less d_v.
        worst_current: bound on ``|u|`` over a decision in which all inputs of one sign always spike.
        may_wrap: that bound reaches 2^23, where the 24-bit current wraps around.
    """

    scale: float
    step: int
    clipped: int
    zeroed: int
    max_rounding_error: float
    rms_rounding_error: float
    current_decay_error: float
    voltage_decay_error: float
    worst_current: int
    may_wrap: bool


@dataclass(frozen=True)
class Movement:
    """How far integers moved an actor's spikes and actions, over a batch of decisions.

    A slot is one neuron at one time step of one decision; bias neurons, which a float layer has not, are
    left out. A layer's spikes move for its own rounding and for all that moved before it.

    Attributes:
        decisions: decisions compared.
        slots: per layer, share of the slots in which one side fires and the other does not.
        rates: per layer, mean absolute difference of a neuron's firing rate in a decision.
        mean_action: mean absolute difference of an action, which lies in [-1, 1].
        max_action: the largest.
    """

    decisions: int
    slots: tuple[float, ...]
    rates: tuple[float, ...]
    mean_action: float
    max_action: float


@dataclass(frozen=True, eq=False)
class QuantizedGraph:
    """A spiking actor in a chip's integers; encoder and decoder stay float, on the host.

    Attributes:
        encoder: observations to spikes; None where the input is spikes.
        layers: the LAST input of each is always on, and so is the last neuron of each hidden one. Where
            spikes are graded, the always-on input carries the largest number.
        decoder: rates to actions; None where the output is spikes.
        steps: time steps T of one decision.
        report: one entry per layer.
    """

    encoder: Encoder | None
    layers: tuple[QuantizedLayer, ...]
    decoder: PopulationDecoder | None
    steps: int
    report: tuple[LayerReport, ...] = ()

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "steps", require_steps(self.steps))
        if not self.layers:
            raise ExportError("an integer graph has no layers: give at least one")
        first, last = self.layers[0].inputs, self.layers[-1].neurons
        sizes = [
            self.encoder.neurons + 1 if self.encoder else first,
            *(layer.neurons for layer in self.layers),
        ]
        wanted = [*(layer.inputs for layer in self.layers), self.decoder.neurons if self.decoder else last]
        if sizes != wanted:
            raise ExportError(f"layers take {wanted} inputs but are fed by {sizes} channels: make them equal")
        carried = [self.encoder.levels if isinstance(self.encoder, GradedEncoder) else self.layers[0].levels]
        carried += [1] * (len(self.layers) - 1)
        if [layer.levels for layer in self.layers] != carried:
            raise ExportError(
                f"inputs of layers carry up to {[layer.levels for layer in self.layers]}: give {carried}"
            )
        for index, layer in enumerate(self.layers[:-1]):
            if layer.bias_mant[-1] <= layer.threshold_mant or (layer.weight[-1] < 0).any():
                raise ExportError(
                    f"the last neuron of hidden layer {index} does not fire at every step: give it bias_mant "
                    f"{layer.threshold_mant + 1} (threshold_mant + 1) and no negative weight"
                )

    def input_spikes(self, observations: ArrayLike) -> SpikeArray:
        """Encoder spikes and the always-on channel, ``(T, B, N + 1)``, of observations ``(B, D)``.

        Raises:
            ExportError: there is no encoder; observations of another shape, or not finite.
        """
        return with_always_on(needed(self.encoder).encode(observations, self.steps), self.layers[0].levels)


def with_always_on(spikes: SpikeArray, levels: int = 1) -> SpikeArray:
    """Spikes ``(T, B, N)``, and after them the always-on channel, which carries ``levels``."""
    return np.concatenate([spikes, np.full_like(spikes[..., :1], levels)], axis=2)


def weight_step(weight_bits: int) -> int:
    """Distance of neighbouring weights of mixed sign, ``2^(9 - b)``: a core floors the bits below.

    Raises:
        ExportError: a number of bits that is not in :data:`WEIGHT_BITS`.
    """
    if weight_bits not in WEIGHT_BITS:
        raise ExportError(
            f"{weight_bits} weight bits: give a whole number from {WEIGHT_BITS[0]} to {WEIGHT_BITS[-1]}"
        )
    return 1 << (9 - weight_bits)


def on_grid(values: NDArray[np.float64], step: int) -> IntArray:
    """The nearest multiples of ``step`` in ``-256..256 - step``; where none is positive, -256 is out too."""
    rounded = np.rint(values / step) * step
    low = WEIGHT_MIN if (rounded > 0).any() else WEIGHT_MIN + step
    grid: IntArray = np.clip(rounded, low, -WEIGHT_MIN - step).astype(np.int32)
    return grid


def _weight_range(least: int, most: int) -> tuple[int, int]:
    """What 8 bits hold in the sign mode of weights between ``least`` and ``most``."""
    if least < 0 < most:
        return WEIGHT_MIN, WEIGHT_MAX
    return (0, UNSIGNED_MAX) if least >= 0 else (-UNSIGNED_MAX, 0)


def growth(current_decay: int, steps: int) -> float:
    """``sum_{t < steps} d_c^t``: how far a constant input drives the current."""
    kept = 1.0 - current_decay / DECAY_UNITY
    return float(np.sum(kept ** np.arange(steps)))


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ExportError(f"{name} {value}: the chip holds {low}..{high}; quantize() keeps to it")
