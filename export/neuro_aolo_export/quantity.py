"""Observations and actions in physical units, and their normalisation, which is part of the actor."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo_export.arrays import FloatArray, require


@dataclass(frozen=True)
class Quantity:
    """One observation or action: ``low`` is -1 to the actor, ``high`` is 1, affine between, clipped beyond.

    Attributes:
        name: what it is.
        unit: unit of its physical value; ``1`` where it has none.
        low: physical value at -1.
        high: physical value at 1, above ``low``.
    """

    name: str
    unit: str
    low: float
    high: float

    def __post_init__(self) -> None:
        """Refuse a range that maps onto nothing."""
        object.__setattr__(self, "low", float(self.low))
        object.__setattr__(self, "high", float(self.high))
        require(
            bool(np.isfinite([self.low, self.high]).all()) and self.low < self.high,
            f"{self.name} ranges from {self.low} to {self.high}: give finite bounds that rise",
        )


def require_quantities(label: str, quantities: Sequence[Quantity], size: int) -> None:
    """Check that there is one quantity for each of ``size`` observations or actions, or none at all."""
    require(
        len(quantities) in (0, size),
        f"{len(quantities)} {label} quantities for {size} {label}s: give one each, or none",
    )


def normalise(quantities: Sequence[Quantity], values: ArrayLike) -> FloatArray:
    """Observations ``(B, D)`` in [-1, 1], float32, of physical values ``(B, D)``.

    Raises:
        ExportError: values of another shape, or not finite.
    """
    given = _columns(quantities, values)
    low, high = _bounds(quantities)
    unit = np.clip((given - low) * (2.0 / (high - low)) - 1.0, -1.0, 1.0)
    return unit.astype(np.float32)


def physical(quantities: Sequence[Quantity], actions: ArrayLike) -> NDArray[np.float64]:
    """Physical values ``(B, A)`` of actions ``(B, A)``, clipped at [-1, 1] first.

    Raises:
        ExportError: actions of another shape, or not finite.
    """
    given = _columns(quantities, actions)
    low, high = _bounds(quantities)
    values: NDArray[np.float64] = low + (high - low) * ((np.clip(given, -1.0, 1.0) + 1.0) / 2.0)
    return values


def _columns(quantities: Sequence[Quantity], values: ArrayLike) -> NDArray[np.float64]:
    given = np.asarray(values, dtype=np.float64)
    names = ", ".join(quantity.name for quantity in quantities)
    require(
        given.ndim == 2 and given.shape[1] == len(quantities),
        f"values have shape {given.shape}: give (decisions, {len(quantities)}), the columns {names}",
    )
    require(bool(np.isfinite(given).all()), f"values of {names} hold NaN or infinity: all must be finite")
    return given


def _bounds(quantities: Sequence[Quantity]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low = np.array([quantity.low for quantity in quantities])
    return low, np.array([quantity.high for quantity in quantities])
