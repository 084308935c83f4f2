"""The hinge: a trained actor as a frozen NumPy object, spiking or dense.

References:
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), Deep reinforcement learning with population-coded
    spiking neural network for continuous control, CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equations (26)-(33).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from neuro_aolo_export.arrays import (
    FloatArray,
    SpikeArray,
    freeze,
    is_positive,
    require,
    require_bias,
    require_steps,
)
from neuro_aolo_export.dense import Activation, Denoising, DenseGraph, DenseLayer
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.population import Encoder, GradedEncoder, PopulationDecoder, PopulationEncoder, needed
from neuro_aolo_export.quantity import Quantity, require_quantities
from neuro_aolo_export.reset import Reset, common, require_reset

__all__ = [
    "Activation",
    "Denoising",
    "DenseGraph",
    "DenseLayer",
    "Encoder",
    "ExportError",
    "FloatArray",
    "GradedEncoder",
    "PopulationDecoder",
    "PopulationEncoder",
    "Quantity",
    "Reset",
    "SpikeArray",
    "SpikingGraph",
    "SpikingLayer",
]


@dataclass(frozen=True, eq=False)
class SpikingLayer:
    """A dense layer of current-based leaky integrate-and-fire neurons, at rest before each decision.

    (29) ``c[t] = d_c c[t-1] + W o_prev[t] + b``

    (30) ``v[t] = d_v v[t-1] (1 - o[t-1]) + c[t]``

    (31) ``o[t] = Theta(v[t] - V_th)``

    Where the reset is by subtraction, a spike leaves what was above the threshold, in its own step and so
    before the next leak::

        v[t] = d_v (v[t-1] - V_th o[t-1]) + c[t]

    Attributes:
        weight: W ``(out, in)``, in units of the membrane potential.
        bias: b ``(out,)``, added to the current at every step.
        current_decay: d_c, the share of the current kept per step, in [0, 1]; 0 for neurons without one.
        voltage_decay: d_v, the share of the potential kept per step, in [0, 1].
        threshold: V_th, above 0.
        reset: what a spike does to the potential: ``zero``, or ``subtract``, which takes V_th off.

    Decays and threshold are rounded to float32, in which the dynamics are computed.
    """

    weight: FloatArray
    bias: FloatArray
    current_decay: float
    voltage_decay: float
    threshold: float
    reset: Reset = "zero"

    def __post_init__(self) -> None:
        """Check shapes, decays and the threshold, and make the arrays read-only."""
        freeze(self, "weight", 2)
        freeze(self, "bias", 1)
        require_bias(self.weight, self.bias)
        for name in ("current_decay", "voltage_decay"):
            value = getattr(self, name)
            require(
                0.0 <= value <= 1.0,
                f"{name} {value}: give the share kept per step, between 0 and 1 inclusive",
            )
        require(
            is_positive(self.threshold),
            f"threshold {self.threshold}: give a finite value above 0",
        )
        require_reset(self.reset)
        for name in ("current_decay", "voltage_decay", "threshold"):
            object.__setattr__(self, name, float(np.float32(getattr(self, name))))

    @property
    def inputs(self) -> int:
        """Input channels."""
        return int(self.weight.shape[1])

    @property
    def neurons(self) -> int:
        """Neurons of the layer."""
        return int(self.weight.shape[0])


@dataclass(frozen=True, eq=False)
class SpikingGraph:
    """A spiking actor: observations in [-1, 1] to actions in [-1, 1]; or its layers alone, spikes to spikes.

    Attributes:
        encoder: observations to spikes; None where the input is spikes. A graded one's numbers times the
            first layer's weights are what that layer adds up.
        layers: spiking layers, in order; the last one feeds the decoder.
        decoder: rates to actions; None where the output is spikes.
        steps: time steps T of one decision.
        step_s: duration of a time step in seconds, where one is meant.
        observations: physical observations and how they are normalised, if that is known.
        actions: physical actions, if they are known.
    """

    encoder: Encoder | None
    layers: tuple[SpikingLayer, ...]
    decoder: PopulationDecoder | None
    steps: int
    step_s: float | None = None
    observations: tuple[Quantity, ...] = ()
    actions: tuple[Quantity, ...] = ()

    def __post_init__(self) -> None:
        """Check that the parts fit together."""
        for name in ("layers", "observations", "actions"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        require(len(self.layers) > 0, "a spiking graph has no layers: give at least one")
        object.__setattr__(self, "steps", require_steps(self.steps))
        require(
            self.step_s is None or is_positive(self.step_s),
            f"step_s {self.step_s}: give seconds above 0, or None",
        )
        feeding = [layer.neurons for layer in self.layers]
        if self.encoder is not None:
            feeding.insert(0, self.encoder.neurons)
        fed = self.layers if self.encoder is not None else self.layers[1:]
        first = len(self.layers) - len(fed)
        for index, (layer, size) in enumerate(zip(fed, feeding, strict=False), start=first):
            require(
                layer.inputs == size,
                f"layer {index} takes {layer.inputs} inputs but is fed by {size} neurons: make them equal",
            )
        if self.decoder is not None:
            require(
                feeding[-1] == self.decoder.neurons,
                f"the last layer has {feeding[-1]} neurons, the decoder {self.decoder.neurons}: "
                "make them equal",
            )
        require_quantities("observation", self.observations, self.encoder.input_size if self.encoder else 0)
        require_quantities("action", self.actions, self.decoder.action_size if self.decoder else 0)

    @property
    def reset(self) -> Reset | Literal["mixed"]:
        """That of all layers."""
        return common(layer.reset for layer in self.layers)

    def with_reset(self, reset: Reset) -> "SpikingGraph":
        """The same with another reset, of every layer.

        Raises:
            ExportError: there is no such reset.
        """
        return replace(self, layers=tuple(replace(layer, reset=reset) for layer in self.layers))

    @property
    def input_size(self) -> int:
        """Observations D.

        Raises:
            ExportError: there is no encoder.
        """
        return needed(self.encoder).input_size

    @property
    def action_size(self) -> int:
        """Actions A.

        Raises:
            ExportError: there is no decoder.
        """
        return needed(self.decoder).action_size

    @property
    def channels(self) -> int:
        """Input channels, and neurons of all layers."""
        return self.layers[0].inputs + sum(layer.neurons for layer in self.layers)

    @property
    def levels(self) -> int:
        """Largest number that an input channel carries: 1 where inputs are spikes."""
        return self.encoder.levels if isinstance(self.encoder, GradedEncoder) else 1

    def input_spikes(self, observations: ArrayLike) -> SpikeArray:
        """Encoder spikes ``(T, B, channels)`` of observations ``(B, D)`` in [-1, 1].

        Raises:
            ExportError: there is no encoder; observations of another shape, or not finite.
        """
        return needed(self.encoder).encode(observations, self.steps)
