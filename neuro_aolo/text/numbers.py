"""Numbers as people read them: three or four significant digits, SI prefixes, and ranges."""

import math
import re
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeGuard

MISSING = "not available"
NBSP = "\xa0"
"""Between a figure and its unit, so that no line breaks there."""

_PREFIXES = {-18: "a", -15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M"}
_LARGE = ((1e9, "billion"), (1e6, "million"))
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN = str.maketrans("µ–·₂⁻⁰¹²³⁴⁵⁶⁷⁸⁹\xa0", "u-,2-0123456789 ")

_WRITTEN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


def number_of(text: str) -> float:
    """The decimal number that a text is, as ``350.5`` or ``1e3``; infinity where it is beyond every float.

    Python's ``float`` would take ``3_50``, the digits of other scripts, and ``nan``, too.

    Raises:
        ValueError: It is none.
    """
    if not _WRITTEN.fullmatch(text):
        raise ValueError(f"{text!r} is no number")
    return float(text)


class Bounded(Protocol):
    """An amount as low, nominal and high."""

    @property
    def low(self) -> float:
        """The least."""
        ...

    @property
    def nominal(self) -> float:
        """The one to read where one is read alone."""
        ...

    @property
    def high(self) -> float:
        """The most."""
        ...


class Reaching(Protocol):
    """How much of something it takes, likewise; None: no amount is enough."""

    @property
    def low(self) -> float | None:
        """At the least."""
        ...

    @property
    def nominal(self) -> float | None:
        """In the nominal case."""
        ...

    @property
    def high(self) -> float | None:
        """At the most."""
        ...


@dataclass(frozen=True)
class Quantity:
    """A value with the text that stands for it; equal to its text when printed.

    Attributes:
        value: the full-precision value, in the summary's unit where it stands there; NaN where missing.
        text: what people read.
        derived: whether the value follows from those of the summary and is not one of them.
    """

    value: float
    text: str
    derived: bool = False

    def __str__(self) -> str:
        return self.text


def derived(quantity: Quantity) -> Quantity:
    """The same, told to follow from the summary."""
    return replace(quantity, derived=True)


def finite(value: Any) -> TypeGuard[float]:
    """Whether ``value`` is a number that can be drawn or printed (None and NaN are not)."""
    return isinstance(value, int | float) and math.isfinite(value)


def significant(value: float | None, digits: int = 3) -> str:
    """``value`` to ``digits`` significant digits: 0.00123, 12.3, 1,230, 1.23×10⁻⁹."""
    if not finite(value):
        return MISSING
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    exponent = math.floor(math.log10(abs(rounded)))
    if exponent < -4 or exponent > 8:
        mantissa = f"{rounded / 10.0**exponent:.{digits - 1}f}"
        return f"{mantissa}×10{str(exponent).translate(_SUPERSCRIPT)}"
    return f"{rounded:,.{max(digits - 1 - exponent, 0)}f}"


def amount(value: float | None, unit: str = "", digits: int = 4) -> Quantity:
    """``value`` in ``unit``, without a prefix."""
    text = significant(value, digits)
    return Quantity(_number(value), f"{text}{NBSP}{unit}" if unit and text != MISSING else text)


def count(value: float | None) -> Quantity:
    """A number of things: whole where it is whole, one decimal where it is a mean below 1,000."""
    if not finite(value):
        return Quantity(math.nan, MISSING)
    whole = value == int(value) or abs(value) >= 1000
    return Quantity(float(value), f"{value:,.0f}" if whole else f"{value:,.1f}")


def percent(share: float | None, digits: int = 3) -> Quantity:
    """A share as a percentage; ``value`` stays the share."""
    if not finite(share):
        return Quantity(math.nan, MISSING)
    text = significant(share * 100.0, digits)
    # Shares of counted requests are often round: 1 in 20,000 is 0.005 %, not 0.00500 %.
    if "." in text and "×" not in text:
        text = text.rstrip("0").rstrip(".")
    return Quantity(float(share), f"{text}{NBSP}%")


def with_prefix(value: float, unit: str, digits: int = 3) -> Quantity:
    """``value`` in SI ``unit`` with the prefix that fits: 6.12 µJ."""
    if not finite(value):
        return Quantity(math.nan, MISSING)
    # Rounded once: a second rounding of 999.5 might go the other way.
    rounded = float(f"{value:.{digits - 1}e}")
    power = _power(rounded)
    text = f"{significant(rounded / 10.0**power, digits)}{NBSP}{_prefixed(power, unit)}"
    return Quantity(float(value), text)


def _prefixed(power: int, unit: str) -> str:
    """The unit with its prefix; a million grams are a tonne: Mg would be read as mg."""
    return "t" if (power, unit) == (6, "g") else f"{_PREFIXES[power]}{unit}"


def spread(values: Bounded | None, unit: str, scale: float = 1.0, digits: int = 3) -> Quantity:
    """A range under one prefix, as 6.12 µJ (1.53 – 9.95); ``value`` is the nominal one.

    A range narrower than the digits shown is left out.

    Args:
        values: the range, or None where there is none.
        unit: SI unit of the scaled values.
        scale: factor from the given values to ``unit``.
        digits: significant digits.
    """
    if values is None or not all(map(finite, (values.low, values.nominal, values.high))):
        return Quantity(math.nan, MISSING)
    power = _power(float(f"{(values.nominal or values.high) * scale:.{digits - 1}e}"))
    low, nominal, high = (
        significant(value * scale / 10.0**power, digits)
        for value in (values.low, values.nominal, values.high)
    )
    text = f"{nominal}{NBSP}{_prefixed(power, unit)}"
    return Quantity(values.nominal, text if low == nominal == high else f"{text} ({_range(low, high)})")


def reach(values: Reaching, scale: float = 1.0, digits: int = 3) -> Quantity:
    """How much of something it takes, as 28,300 (9,190 – never); ``never`` where no amount is enough."""
    value = values.nominal
    size, large = next(
        ((size, large) for size, large in _LARGE if value is not None and value * scale >= size), (1.0, "")
    )
    low, nominal, high = (
        "never" if each is None else significant(each * scale / size, digits)
        for each in (values.low, values.nominal, values.high)
    )
    text = f"{nominal}{NBSP}{large}" if large else nominal
    if not low == nominal == high:
        text = f"{text} ({_range(low, high)})"
    return Quantity(math.nan if value is None else float(value), text)


def _range(low: str, high: str) -> str:
    sign = "to" if low.startswith("-") else "–"
    return f"{low}{NBSP}{sign}{NBSP}{high}"


def plain(text: object) -> str:
    """``text`` for a terminal whose encoding is unknown: uJ, 1.2e-9, plain hyphens."""
    return str(text).replace("×10", "e").replace("×", "x").translate(_PLAIN)


def _number(value: Any) -> float:
    return float(value) if finite(value) else math.nan


def _power(value: float) -> int:
    """The power of ten, a multiple of 3, that leaves 1 to 999 before the point."""
    if value == 0:
        return 0
    exponent = math.floor(math.log10(abs(value)))
    return min(max(3 * (exponent // 3), min(_PREFIXES)), max(_PREFIXES))
