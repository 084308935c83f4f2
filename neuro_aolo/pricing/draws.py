"""Figures of hardware profiles as arrays: low, nominal, high, and random values between them."""

from collections.abc import Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hardware_profiles.figure import Figure
from neuro_aolo.pricing.ranges import Range

Values = NDArray[np.float64]
"""``(3 + samples,)``: what follows from all lows, all nominals, all highs, and from each random draw."""

INTERVAL = (0.05, 0.95)
"""Quantiles of the random draws that are printed as an interval."""


class Draws:
    """Random values of figures: triangular between low and high, with the mode at nominal.

    Figures of the same ``latent`` factor err together: in a draw all of them are at the same quantile.

    Args:
        samples: how many.
        seed: of the draws; those of a latent factor depend on nothing else.
    """

    def __init__(self, samples: int = 4_000, seed: int = 0) -> None:
        self._samples = samples
        self._seed = seed
        self._quantiles: dict[str, Values] = {}

    def of(self, figure: Figure, latent: str) -> Values:
        """The figure's values, in its unit."""
        if latent not in self._quantiles:
            rng = np.random.default_rng([self._seed, crc32(latent.encode())])
            self._quantiles[latent] = rng.random(self._samples)
        low, nominal, high = figure.low, figure.nominal, figure.high
        quantile = self._quantiles[latent]
        rising = low + np.sqrt(quantile * (high - low) * (nominal - low))
        falling = high - np.sqrt((1.0 - quantile) * (high - low) * (high - nominal))
        below = quantile * (high - low) <= nominal - low
        return np.concatenate([[low, nominal, high], np.where(below, rising, falling)])

    def constant(self, value: float) -> Values:
        """An amount that is known exactly."""
        return np.full(3 + self._samples, value)


def bounded(values: Values) -> Values:
    """An amount that may fall where what it is made of rises, with the least as low and the most as high."""
    bounds = values[:3]
    return np.concatenate([[bounds.min(), bounds[1], bounds.max()], values[3:]])


def spread(values: Values) -> Range:
    """What follows from all lows, all nominals and all highs."""
    return Range(*(float(value) for value in values[:3]))


def interval(values: Values) -> tuple[float, float]:
    """The 5 and the 95 % quantile of the random draws."""
    low, high = np.quantile(values[3:], INTERVAL)
    return float(low), float(high)


def share_below(values: Values, other: Values) -> float:
    """In which share of the random draws one amount is below another."""
    return float(np.mean(values[3:] < other[3:]))


def total(amounts: Sequence[Values], draws: Draws) -> Values:
    """The sum, 0 of none."""
    return np.sum(amounts, axis=0) if amounts else draws.constant(0.0)
