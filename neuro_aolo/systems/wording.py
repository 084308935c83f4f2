"""Showing what was given in an error message: on one line, and not at any length."""

from collections.abc import Sequence
from typing import Any

_LONGEST = 60
_MOST = 8


def shown(value: Any) -> str:
    """``value`` as Python writes it, on one line, cut where it is long."""
    try:
        text = " ".join(repr(value).split())
    except ValueError:  # Python writes no integer of more than 4,300 digits.
        text = "an integer of thousands of digits"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def listed(values: Sequence[str]) -> str:
    """The first few of ``values``, quoted."""
    more = ", ..." if len(values) > _MOST else ""
    return ", ".join(map(shown, values[:_MOST])) + more
