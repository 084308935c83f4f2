"""Figures of hardware profiles as arrays: low, nominal, high, and random values between them.

The nominal of a figure is the median of its draws: half of them lie below. From there the density falls in a
straight line to nothing at either end, so that with a uniform q

    x(q) = low + (nominal - low) sqrt(2 q)             q <= 1/2
    x(q) = high - (high - nominal) sqrt(2 (1 - q))     q > 1/2

of the value itself, or of its logarithm where the range spans a decade or more above 0: of a time between
10 and 1,000 us, 100 us is the middle, not 505. A triangle with its mode at nominal would put the nominal of
a lopsided range far from the middle of its draws.
"""

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

QUARTILES = (0.25, 0.75)
"""Between these every nominal lies."""

DECADE = 10.0
"""From this ratio of high to low on, a figure is drawn on a logarithmic scale."""


class Draws:
    """Random values of figures: between low and high, half of them below nominal.

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
        return np.concatenate([[low, nominal, high], _quantile(figure, self._quantiles[latent])])

    def constant(self, value: float) -> Values:
        """An amount that is known exactly."""
        return np.full(3 + self._samples, value)


def _quantile(figure: Figure, q: Values) -> Values:
    """The equations of this module, elementwise, on the scale that the range asks for."""
    low, nominal, high = ends = np.array([figure.low, figure.nominal, figure.high])
    logarithmic = low > 0.0 and high >= DECADE * low
    if logarithmic:
        low, nominal, high = np.log(ends)
    below = low + (nominal - low) * np.sqrt(2.0 * q.clip(max=0.5))
    above = high - (high - nominal) * np.sqrt(2.0 * (1.0 - q.clip(min=0.5)))
    drawn: Values = np.where(q <= 0.5, below, above)
    if logarithmic:
        drawn = np.exp(drawn)
    return drawn.clip(figure.low, figure.high)


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


def quartiles(values: Values) -> tuple[float, float]:
    """The 25 and the 75 % quantile of the random draws: half of them lie between."""
    low, high = np.quantile(values[3:], QUARTILES)
    return float(low), float(high)


def share_below(values: Values, other: Values) -> float:
    """In which share of the random draws one amount is below another."""
    return float(np.mean(values[3:] < other[3:]))


def total(amounts: Sequence[Values], draws: Draws) -> Values:
    """The sum, 0 of none."""
    return np.sum(amounts, axis=0) if amounts else draws.constant(0.0)
