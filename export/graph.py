"""The hinge: a trained actor as a frozen NumPy object, spiking or dense.

References:
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), Deep reinforcement learning with population-coded
    spiking neural network for continuous control, CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equations (26)-(33).
"""

from dataclasses import dataclass

from export.arrays import FloatArray, SpikeArray, freeze, is_positive, require, require_bias
from export.dense import Activation, DenseGraph, DenseLayer
from export.errors import ExportError
from export.population import PopulationDecoder, PopulationEncoder

__all__ = [
    "Activation",
    "DenseGraph",
    "DenseLayer",
    "ExportError",
    "FloatArray",
    "PopulationDecoder",
    "PopulationEncoder",
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
        require(len(self.layers) > 0, "a spiking graph has no layers: give at least one")
        require(self.steps >= 1, f"{self.steps} time steps: give at least 1")
        require(
            self.step_s is None or is_positive(self.step_s),
            f"step_s {self.step_s}: give seconds above 0, or None",
        )
        sizes = [self.encoder.neurons, *(layer.neurons for layer in self.layers)]
        for index, (layer, size) in enumerate(zip(self.layers, sizes, strict=False)):
            require(
                layer.inputs == size,
                f"layer {index} takes {layer.inputs} inputs but is fed by {size} neurons: make them equal",
            )
        require(
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
