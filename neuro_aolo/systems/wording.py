"""Showing what was given in an error message: on one line, and not at any length; names that were meant."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from neuro_aolo.errors import AgentError, NeuroAoloError

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


def close_names(typed: str, names: Iterable[str], most: int, likeness: float = 0.6) -> list[str]:
    """At most so many names that may have been meant, the closest first, upper and lower case aside."""
    by_lower = {name.lower(): name for name in names}
    close = difflib.get_close_matches(typed.strip().lower(), by_lower, most, likeness)
    return [by_lower[name] for name in close]


def closest(typed: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant; None where none is close."""
    return next(iter(close_names(typed, names, 1)), None)


def same_word(typed: str, names: Iterable[str]) -> str | None:
    """The name that ``typed`` is, upper and lower case aside; None where it is none of them."""
    by_lower = {name.lower(): name for name in names}
    return by_lower.get(typed.strip().lower())


def one_of(option: str, typed: str, allowed: Sequence[str], error: type[NeuroAoloError] = AgentError) -> str:
    """The one of ``allowed`` that was typed, upper and lower case aside.

    Args:
        option: what it was typed for, such as ``--preset``.
        typed: the word.
        allowed: names to choose from.
        error: what is raised.

    Raises:
        NeuroAoloError: it is none of them, with the name that was probably meant.
    """
    found = same_word(typed, allowed) if isinstance(typed, str) else None
    if found is not None:
        return found
    meant = closest(typed, allowed) if isinstance(typed, str) else None
    if len(allowed) == 1:
        raise error(f"{option} {shown(typed)} is not {allowed[0]}: choose that, or leave it out")
    none_of = f"neither {' nor '.join(allowed)}" if len(allowed) == 2 else f"none of {', '.join(allowed)}"
    advice = f"did you mean {meant!r}?" if meant else "choose one of them"
    raise error(f"{option} {shown(typed)} is {none_of}: {advice}")
