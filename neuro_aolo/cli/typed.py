"""What people type: numbers, as they write them, and names, which the shell completes."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

import typer

from neuro_aolo.systems.wording import shown

MOST = 2**63 - 1
"""The largest whole number that anything takes: that of 64 bits."""

_SMALL = 10_000
"""Up to here nobody needs to be told how large numbers are written."""

_DIGITS = r"(?:[0-9]+|[0-9]{1,3}(?:_[0-9]{3})+|[0-9]{1,3}(?:,[0-9]{3})+)"
"""A slip such as 3_50 for 3.50 is no number: groups are of three."""
_WHOLE = re.compile(rf"\+?{_DIGITS}(?:\.[0-9]*)?(?:[eE]\+?[0-9]{{1,2}})?")
_REAL = re.compile(rf"[+-]?(?:{_DIGITS}\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?")


def whole(*names: str, least: int = 0, most: int = MOST, **told: Any) -> Any:
    """An option that takes a whole number: ``100000``, ``100_000``, ``100,000``, ``1e5`` or ``2.5e3``.

    Args:
        *names: of the option, where it is not called as its argument is.
        least: the smallest that is allowed.
        most: the largest.
        **told: what :func:`typer.Option` takes beside it.
    """
    return typer.Option(
        *names, **{"metavar": "N", **told}, parser=lambda typed: whole_number(typed, least, most)
    )


def whole_number(typed: str | int, least: int = 0, most: int = MOST) -> int:
    """The whole number that was typed.

    Raises:
        typer.BadParameter: it is none, or outside ``least`` to ``most``.
    """
    text = str(typed).strip()
    if _WHOLE.fullmatch(text):
        value = Decimal(text.replace(",", "").replace("_", ""))
        if value == value.to_integral_value() and least <= value <= most:
            return int(value)
    span = f"of {least:,} or above" if most == MOST else f"from {least:,} to {most:,}"
    written = ", written as 100000, 100_000 or 1e5" if most > _SMALL else ""
    raise typer.BadParameter(f"{_bare(text)} is not allowed: give a whole number {span}{written}")


def real(*names: str, above: float | None = None, **told: Any) -> Any:
    """An option that takes a finite number, ``above`` a bound if there is one; else as :func:`whole`."""
    return typer.Option(*names, **told, parser=lambda typed: real_number(typed, above))


def real_number(typed: str | float, above: float | None = None) -> float:
    """The number that was typed.

    Raises:
        typer.BadParameter: it is none, not finite, or not above the bound.
    """
    text = str(typed).strip()
    value = float(text.replace(",", "")) if _REAL.fullmatch(text) else float("nan")
    if not isfinite(value) or (above is not None and value <= above):
        bound = "" if above is None else f" above {above:g}"
        raise typer.BadParameter(f"{_bare(text)} is not allowed: give a number{bound}, such as 0.5 or 1e3")
    return value


def _bare(text: str) -> str:
    """What was typed, in quotes only where it could be misread."""
    return text if re.fullmatch(r"[\w.,+-]{1,40}", text) else shown(text)


Known = Sequence[str] | Callable[[], Sequence[str]]
"""Names, or what finds them when they are asked for."""


def completes(known: Known) -> Callable[[str], list[str]]:
    """What completes one name."""

    def complete(incomplete: str) -> list[str]:
        found = known() if callable(known) else known
        return [name for name in found if name.lower().startswith(incomplete.lower())]

    return complete


def several(known: Known) -> Callable[[str], list[str]]:
    """What completes names with commas between."""
    one = completes(known)

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{name}" for name in one(last)]

    return complete
