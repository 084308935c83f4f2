"""A dense actor as a frozen NumPy object."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from neuro_aolo_export.activations import NAMES, WITH_ALPHA, Activation, activate
from neuro_aolo_export.arrays import FloatArray, as_observations, freeze, require, require_bias
from neuro_aolo_export.denoising import Denoising
from neuro_aolo_export.quantity import Quantity, require_quantities

__all__ = ["Activation", "Denoising", "DenseGraph", "DenseLayer"]

_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """``y = activation(W x + b)``.

    Attributes:
        weight: W ``(out, in)``.
        bias: b ``(out,)``.
        activation: one of :data:`~neuro_aolo_export.activations.NAMES`.
        alpha: of ``leaky_relu`` and ``elu``, rounded to float32; None of the others.
    """

    weight: FloatArray
    bias: FloatArray
    activation: Activation
    alpha: float | None = None

    def __post_init__(self) -> None:
        """Check shapes and the activation, and make the arrays read-only."""
        freeze(self, "weight", 2)
        freeze(self, "bias", 1)
        require_bias(self.weight, self.bias)
        require(
            self.activation in NAMES,
            f"activation {self.activation!r}: give one of {', '.join(NAMES)}",
        )
        if self.activation in WITH_ALPHA:
            require(
                isinstance(self.alpha, int | float) and abs(self.alpha) <= _LARGEST,
                f"alpha {self.alpha} of {self.activation}: give a finite number",
            )
            object.__setattr__(self, "alpha", float(np.float32(self.alpha)))
        require(
            self.activation in WITH_ALPHA or self.alpha is None,
            f"alpha {self.alpha} of {self.activation}: leave it out",
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
        return activate(self.activation, x @ self.weight.T + self.bias, self.alpha)


@dataclass(frozen=True, eq=False)
class DenseGraph:
    """A dense actor: observations in [-1, 1] to actions.

    Attributes:
        layers: dense layers, in order.
        observations: physical observations and how they are normalised, if that is known.
        actions: physical actions, if they are known.
        denoising: the passes through these layers in which an action is refined; None of a single one, whose
            outputs are the action. With it the first layer takes an observation and the action so far beside
            it, and the last one gives the noise in that action.
    """

    layers: tuple[DenseLayer, ...]
    observations: tuple[Quantity, ...] = ()
    actions: tuple[Quantity, ...] = ()
    denoising: Denoising | None = None

    def __post_init__(self) -> None:
        """Check that the layers fit together."""
        for name in ("layers", "observations", "actions"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        require(len(self.layers) > 0, "a dense graph has no layers: give at least one")
        for index, (before, after) in enumerate(zip(self.layers, self.layers[1:], strict=False)):
            require(
                after.inputs == before.neurons,
                f"layer {index + 1} takes {after.inputs} inputs, fed by {before.neurons}: make them equal",
            )
        if self.denoising is not None:
            first, given = self.layers[0], self.denoising.shift.shape[1]
            require(
                given == first.neurons,
                f"the passes shift {given} sums, the first layer has {first.neurons}: make them equal",
            )
            require(
                first.inputs > self.action_size,
                f"the first layer takes {first.inputs} inputs: give it an observation beside the "
                f"{self.action_size} numbers of an action",
            )
        require_quantities("observation", self.observations, self.input_size)
        require_quantities("action", self.actions, self.action_size)

    @property
    def input_size(self) -> int:
        """Observations D."""
        return self.layers[0].inputs - (self.action_size if self.denoising is not None else 0)

    @property
    def action_size(self) -> int:
        """Actions A."""
        return self.layers[-1].neurons

    @property
    def passes(self) -> int:
        """Passes through the layers that a decision takes."""
        return 1 if self.denoising is None else self.denoising.passes

    def forward(self, observations: ArrayLike) -> FloatArray:
        """Actions ``(B, A)`` of observations ``(B, D)``, in float32.

        Raises:
            ExportError: observations of another shape, or not finite.
        """
        x = as_observations(observations, self.input_size)
        if self.denoising is not None:
            *_, (_, x) = self.denoised(x)
            return self.denoising.action(x)
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def denoised(self, observations: FloatArray) -> Iterator[tuple[tuple[FloatArray, ...], FloatArray]]:
        """Pass by pass what the layers take, the first one the action so far alone, and the next action.

        What the first layer makes of an observation is the same in every pass, and computed once.
        """
        denoising, first = self.denoising, self.layers[0]
        assert denoising is not None
        of_observation, of_action = np.hsplit(first.weight, [self.input_size])
        seen = observations @ of_observation.T + first.bias
        x = np.zeros((len(observations), self.action_size), np.float32)
        for index in reversed(range(denoising.passes)):
            taken = [x]
            eps = activate(first.activation, seen + denoising.shift[index] + x @ of_action.T, first.alpha)
            for layer in self.layers[1:]:
                taken.append(eps)
                eps = layer.forward(eps)
            x = denoising.step(index, x, eps)
            yield tuple(taken), x
