"""What was said of one parameter, as its value: numbers, units, ranges and choices."""

import math
import re
from collections.abc import Sequence
from typing import Any

from neuro_aolo.formulate.cards import Card
from neuro_aolo.formulate.form import Said
from neuro_aolo.formulate.grounding import plainly
from neuro_aolo.formulate.numerals import Numeral, numerals
from neuro_aolo.formulate.units import RATE, UnitError, convert, is_unit, unit_at
from neuro_aolo.systems.parameters import Component
from neuro_aolo.systems.wording import shown

_AROUND = re.compile(r"±|\+/-|\bplus or minus\b", re.IGNORECASE)
_EVERY = re.compile(r"\s*(?:once )?(?:every|each)\b", re.IGNORECASE)
_SAME = 0.01


class NoValueError(ValueError):
    """Why what was said is no value of the parameter, as the end of a sentence."""


def value_of(card: Card, said: Said, usual: Any) -> Any:
    """The value of a parameter in its own unit, as a scenario file holds it.

    Args:
        card: the parameter.
        said: of it.
        usual: its value in the scenario that is extended, whose observed range is widened.

    Raises:
        NoValueError: it is none.
    """
    if card.kind == "choice":
        return _choice(card, said)
    numbers = figures(card, said)
    if card.kind == "list":
        return _list(numbers, usual)
    if card.kind in ("number", "whole"):
        return _one(numbers, card.kind == "whole")
    ends = _ends(numbers, said, fixed=card.kind == "component")
    if card.kind == "range":
        return list(ends)
    return component_of(ends, usual)


def figures(card: Card, said: Said) -> list[float]:
    """The numbers that were said, in the unit of a parameter.

    Raises:
        NoValueError: there is none, or one has a unit that does not fit.
    """
    numbers = numerals(said.value)
    if not numbers:
        raise NoValueError(f"{shown(said.value)} holds no number")
    units = _units(said, numbers)
    if card.unit == RATE and len(numbers) == 1 and _EVERY.match(said.value):
        return [_often(numbers[0].value, units[0])]
    try:
        values = [convert(number.value, unit, card.unit) for number, unit in zip(numbers, units, strict=True)]
    except UnitError as error:
        raise NoValueError(str(error)) from None
    if not all(map(math.isfinite, values)):
        raise NoValueError(f"{shown(said.value)} is beyond every number that is computed with")
    return values


def _often(every: float, unit: str) -> float:
    """How often in a second what comes every so often comes."""
    try:
        seconds = convert(every, unit, "s")
    except UnitError as error:
        raise NoValueError(str(error)) from None
    if not 0.0 < seconds < math.inf:
        raise NoValueError(f"{every:g} {unit} is no time between two of them")
    return float(f"{1.0 / seconds:.12g}")


def _units(said: Said, numbers: Sequence[Numeral]) -> list[str]:
    """The unit of each number: its own, else that of the next number, at last the form's."""
    unit = _form_unit(said)
    units: list[str] = []
    for number in reversed(numbers):
        own, _ = unit_at(said.value, number.end)
        unit = own or unit
        units.append(unit)
    return units[::-1]


def _form_unit(said: Said) -> str:
    """The unit of a form where its quote has it; else the one that stands behind the number there."""
    if not said.unit.strip() or _spaceless(said.unit) in _spaceless(said.quote):
        return said.unit
    values = [number.value for number in numerals(said.value)]
    for number in reversed(numerals(said.quote)):
        unit, _ = unit_at(said.quote, number.end)
        if unit and values and math.isclose(number.value, values[-1], rel_tol=1e-9):
            return unit
    return "" if is_unit(said.unit) else said.unit


def _spaceless(text: str) -> str:
    return plainly(text).replace(" ", "")


def _one(numbers: Sequence[float], whole: bool) -> float | int:
    first = numbers[0]
    if any(abs(other - first) > _SAME * abs(first) for other in numbers[1:]):
        raise NoValueError("several numbers are said where one is needed")
    if not whole:
        return first
    if first != round(first):
        raise NoValueError(f"{first:g} is not a whole number")
    return round(first)


def _list(numbers: Sequence[float], usual: Any) -> list[float]:
    count = len(usual) if isinstance(usual, Sequence) else 1
    values = list(numbers) if len(numbers) > 1 else [numbers[0]] * count
    if isinstance(usual, Sequence) and usual and all(isinstance(each, int) for each in usual):
        return [_one([value], whole=True) for value in values]
    return values


def _ends(numbers: Sequence[float], said: Said, fixed: bool) -> tuple[float, float]:
    """Low and high of what was said; the same where one number may stand for both."""
    if len(numbers) == 2 and _AROUND.search(said.value):
        middle, around = numbers
        return middle - around, middle + around
    if len(numbers) == 2:
        return min(numbers), max(numbers)
    if len(numbers) > 2:
        raise NoValueError("more than two numbers are said where a range is needed")
    if not fixed:
        raise NoValueError("one number is said where a range is needed")
    return numbers[0], numbers[0]


def component_of(ends: tuple[float, float], usual: Any) -> dict[str, list[float]]:
    """A component of a state; what is observed is widened where it would not hold what is drawn."""
    low, high = ends
    seen_low, seen_high = usual.observe if isinstance(usual, Component) else ends
    observe = [min(low, seen_low), max(high, seen_high)]
    if observe[0] == observe[1]:
        observe = [0.9 * low, 1.1 * high] if low > 0.0 else [low - 1.0, high + 1.0]
    return {"sample": [low, high], "observe": observe}


def _choice(card: Card, said: Said) -> str:
    tokens = plainly(said.value)
    for value, others in card.choices.items():
        if tokens in {plainly(value), *map(plainly, others)}:
            if not any(plainly(word) in plainly(said.quote) for word in (value, *others)):
                raise NoValueError(f"{shown(said.value)} is not in the words that are quoted")
            return value
    raise NoValueError(f"{shown(said.value)} is none of {', '.join(card.choices)}")
