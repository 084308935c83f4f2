"""Amounts known as low <= nominal <= high."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from hardware_profiles.figure import Figure
from neuro_aolo.errors import ServiceError


@dataclass(frozen=True)
class Range:
    """An amount that is known as low <= nominal <= high, none negative.

    Raises:
        ServiceError: the values are out of order, negative or not finite.
    """

    low: float
    nominal: float
    high: float

    def __post_init__(self) -> None:
        """Check the order."""
        if not 0.0 <= self.low <= self.nominal <= self.high < math.inf:
            raise ServiceError(
                f"range {self.low!r}, {self.nominal!r}, {self.high!r}: "
                "0 <= low <= nominal <= high is needed, all finite"
            )

    def __add__(self, other: Range) -> Range:
        return Range(self.low + other.low, self.nominal + other.nominal, self.high + other.high)

    def __mul__(self, factor: float | Range) -> Range:
        by = factor if isinstance(factor, Range) else Range(factor, factor, factor)
        return Range(self.low * by.low, self.nominal * by.nominal, self.high * by.high)

    @staticmethod
    def of(figure: Figure) -> Range:
        """The three values of a profile's figure, in its unit."""
        return Range(figure.low, figure.nominal, figure.high)

    @staticmethod
    def total(ranges: Iterable[Range]) -> Range:
        """The sum of ``ranges``, rounded once."""
        terms = tuple(ranges)
        return Range(
            math.fsum(term.low for term in terms),
            math.fsum(term.nominal for term in terms),
            math.fsum(term.high for term in terms),
        )
