"""An integer actor on a chip that fails: noisy weights, lost spikes, stuck neurons.

What fails are the network's own synapses, messages and neurons. Encoder and decoder run on the host, and do
not. Neither do the always-on axon and the bias neurons: each carries all biases of the next layer, so that a
single failure would tell of nothing else, and one neuron a layer is cheap to keep in duplicate. The synapses
behind them are as noisy as any.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike

from neuro_aolo_export.activity import Activity
from neuro_aolo_export.arrays import SpikeArray
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.loihi2.integers import QuantizedGraph, QuantizedLayer, on_grid
from neuro_aolo_export.population import needed
from neuro_aolo_export.simulate import integer_spikes

_DEFAULT_STEP = 2


@dataclass(frozen=True)
class Fault:
    """What is wrong with a chip; faults of several kinds may come together.

    Attributes:
        weight_noise: standard deviation of a normal error of each synapse's weight, as a share of its layer's
            largest; the sum is rounded and clipped to what a weight can hold. A weight of 0 is no synapse.
        lost_spikes: probability that a spike is lost on its way to the next layer or to the decoder, for
            all its targets at once, as one message of a chip's network.
        stuck_silent: probability that a neuron never fires.
        stuck_firing: probability that a neuron fires at every step.

    Raises:
        ExportError: a strength out of range.
    """

    weight_noise: float = 0.0
    lost_spikes: float = 0.0
    stuck_silent: float = 0.0
    stuck_firing: float = 0.0

    def __post_init__(self) -> None:
        """Check the strengths."""
        for name, value in self._strengths().items():
            if not 0.0 <= value <= 1.0:
                raise ExportError(f"{name}={value:g}: give a share from 0 to 1, e.g. {name}=0.01")
        if self.stuck_silent + self.stuck_firing > 1.0:
            raise ExportError(
                f"stuck-silent={self.stuck_silent:g} and stuck-firing={self.stuck_firing:g} come to more "
                "than all neurons: give shares whose sum is at most 1"
            )

    @classmethod
    def parse(cls, text: str) -> "Fault":
        """Faults as typed: ``weight-noise=0.05``, or several with commas between.

        Raises:
            ExportError: an unknown kind, one given twice, no number, or one out of range.
        """
        allowed = {field.name.replace("_", "-"): field.name for field in fields(cls)}
        given: dict[str, float] = {}
        for part in text.split(","):
            kind, _, strength = part.strip().partition("=")
            try:
                name, value = allowed[kind], _share(strength)
            except (KeyError, ValueError):
                raise ExportError(
                    f"fault {part.strip()!r}: give KIND=SHARE, where KIND is {', '.join(allowed)} and SHARE "
                    "a number from 0 to 1, e.g. weight-noise=0.05"
                ) from None
            if name in given:
                raise ExportError(f"fault {text!r} names {kind} twice: give each kind once")
            given[name] = value
        return cls(**given)

    def __str__(self) -> str:
        """As :meth:`parse` reads it."""
        found = [f"{name}={value!r}" for name, value in self._strengths().items() if value > 0.0]
        return ",".join(found) or "weight-noise=0"

    def _strengths(self) -> dict[str, float]:
        return {field.name.replace("_", "-"): getattr(self, field.name) for field in fields(self)}


def _share(text: str) -> float:
    """A number in the digits 0 to 9, none of them grouped; ValueError otherwise."""
    if not text.isascii() or "_" in text:
        raise ValueError(text)
    return float(text)


def faulty_activity(
    qgraph: QuantizedGraph, observations: ArrayLike, fault: Fault, rng: np.random.Generator
) -> Activity:
    """Let one faulty chip decide observations ``(B, D)``.

    Noisy weights and stuck neurons are drawn once: all decisions are one chip's. From the same state of
    ``rng`` a stronger fault draws the same errors, larger, and sticks the same neurons and more.

    Args:
        qgraph: the integer graph.
        observations: in [-1, 1].
        fault: what is wrong.
        rng: draws what it hits.

    Returns:
        Spikes as they were sent, before any was lost, and the actions that came of those that arrived.

    Raises:
        ExportError: there is no encoder or no decoder; observations of another shape, or not finite.
    """
    decoder, last = needed(qgraph.decoder), len(qgraph.layers) - 1
    inputs = qgraph.input_spikes(observations)
    noise_rng, stuck_rng, lost_rng = rng.spawn(3)
    arriving = _lose(inputs, fault.lost_spikes, lost_rng, has_constant=True)
    sent = []
    for index, layer in enumerate(qgraph.layers):
        hidden = index < last
        step = qgraph.report[index].step if qgraph.report else _DEFAULT_STEP
        noisy = _with_noise(layer, fault.weight_noise, step, noise_rng, hidden=hidden)
        (fired,) = integer_spikes((noisy,), arriving)
        fired = _stick(fired, fault, stuck_rng, has_constant=hidden)
        arriving = _lose(fired, fault.lost_spikes, lost_rng, has_constant=hidden)
        sent.append(fired)
    return Activity(inputs, tuple(sent), decoder.decode(arriving), always_on=True)


def _with_noise(
    layer: QuantizedLayer, noise: float, step: int, rng: np.random.Generator, *, hidden: bool
) -> QuantizedLayer:
    """The layer with an error on each synapse of its own neurons."""
    if noise == 0.0:
        return layer
    own = layer.weight[:-1] if hidden else layer.weight
    error = noise * float(np.abs(own).max()) * rng.standard_normal(own.shape)
    weight = layer.weight.copy()
    weight[: len(own)] = on_grid(np.where(own != 0, own + error, 0.0), step)
    return replace(layer, weight=weight)


def _stick(spikes: SpikeArray, fault: Fault, rng: np.random.Generator, *, has_constant: bool) -> SpikeArray:
    """Spikes ``(T, B, N)`` with some neurons silent and some firing at every step."""
    own = spikes.shape[-1] - has_constant
    draw = rng.random(own)
    stuck = spikes.copy()
    stuck[..., :own][..., draw < fault.stuck_silent] = 0
    stuck[..., :own][..., draw >= 1.0 - fault.stuck_firing] = 1
    return stuck


def _lose(
    spikes: SpikeArray, probability: float, rng: np.random.Generator, *, has_constant: bool
) -> SpikeArray:
    """Spikes ``(T, B, N)`` of which each is lost with a probability."""
    if probability == 0.0:
        return spikes
    kept = spikes.copy()
    sent = np.flatnonzero(kept)
    kept.reshape(-1)[sent[rng.random(len(sent)) < probability]] = 0
    if has_constant:
        kept[..., -1] = spikes[..., -1]
    return kept
