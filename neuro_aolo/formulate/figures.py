"""Figures in a text: a number, a range or a list with its unit, as written."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from neuro_aolo.formulate.clauses import Clauses
from neuro_aolo.formulate.numerals import Numeral, numerals
from neuro_aolo.formulate.units import UnitError, convert, unit_at

Form = Literal["one", "range", "list"]
_PART = re.compile(r"(?:half|quarter|third|fifth|tenth)\Z", re.IGNORECASE)
_OF_A = re.compile(r"\s+(?:of\s+)?(?:an?|the|one)\s+", re.IGNORECASE)
_TO = re.compile(r"\s*(?:to|till|until|up to|through|[-–—‐]|\.\.\.?|…)\s*", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+(?:at most\s+)?", re.IGNORECASE)
_BETWEEN = re.compile(
    r"\b(?:between|from|at least|no less than|lie|vary|varies|range[sd]?)\s+(?:\w+\s+){0,1}\Z", re.IGNORECASE
)
_COMMA = re.compile(r"\s*(?:,\s*(?:and\s+|or\s+)?|\s+and\s+|/\s*|;\s*)(?:\w+\s+){0,0}", re.IGNORECASE)
_AROUND = re.compile(r"\s*(?:±|\+/-|plus or minus)\s*", re.IGNORECASE)
_NAMED = re.compile(
    r"(?:\b(?:room|release|version|ticket|page|chapter|figure|fig|table|number|no|section|issue|order|line"
    r"|floor|invoice|january|february|march|april|may|june|july|august|september|october|november|december"
    r"|out of|since|wifi|iso|loihi|gpt|llama|equation|eq|part|phase|level|type|class|v|ver|q)\.?|[#§])\s*\Z",
    re.IGNORECASE,
)
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b|:[0-9]{2}", re.IGNORECASE)
_ONLY_ONE = re.compile(r"\b(?:only|just|from|is|to|exactly|than|of|single|count)\s*\Z", re.IGNORECASE)
_EVERY = re.compile(r"\b(?:every|each|once in|once per|once every)\s+\Z", re.IGNORECASE)
_PRONOUN = re.compile(
    r"\b(?:on|the|no|each|which|this|that|other|new|making|every|any|as|another)\s*\Z", re.IGNORECASE
)
_KIND = re.compile(
    r"[ \t]*[x×](?=[ \t]*[A-Z])|[ \t]*[A-Z][\w-]*(?=[ \t])"
    r"|[ \t]+(?:[a-z]+ing|[a-z]*nois\w*|different|identical|edge|small|large)(?=[ \t])"
)
_MOST_NAMES = 4
_COUNTED = re.compile(r"(?:gpu|card|accelerator|word|user|server|step|packet|slot|point)s?", re.IGNORECASE)
_GENERATION = re.compile(r"(?:GPP|G|D)\b")
_YEAR = re.compile(r"(?:19|20)[0-9]{2}\Z")


@dataclass(frozen=True)
class Figure:
    """A figure of a text.

    Attributes:
        value: as written, the unit at its end left out.
        unit: as written; empty where there is none.
        form: one number, a range of two, or a list.
        start: where it begins.
        end: where it is over, with the unit.
        numbers: that stand in it.
        after: the word that follows, where it is no unit.
        every: whether it says how far apart things come: every five minutes.
    """

    value: str
    unit: str
    form: Form
    start: int
    end: int
    numbers: tuple[float, ...]
    after: str = ""
    every: bool = False


def is_counted(unit: str) -> bool:
    """Whether a unit is a thing that is counted."""
    return _COUNTED.fullmatch(unit) is not None


def every_figure(text: str) -> Iterator[tuple[Figure, tuple[Numeral, ...]]]:
    """All figures of a text with their numbers, the denied and the quoted too; no names, dates, articles."""
    stated = [
        number
        for number in numerals(text)
        if text[number.start : number.end].lower() not in ("one", "single")
        and (
            unit_at(text, number.end)[0]
            or not (_names_something(text, number) or _GENERATION.match(text, number.end))
        )
    ]
    index = 0
    while index < len(stated):
        count, form = _together(text, stated, index)
        parts = tuple(stated[index : index + count])
        yield _figure(text, parts, form), parts
        index += count


def figures_of(clauses: Clauses) -> tuple[Figure, ...]:
    """The figures that a text states of its own: neither quoted, nor denied, nor names and dates."""
    text = clauses.text
    stated = [
        number
        for number in numerals(text)
        if not clauses.is_quoted(number.start) and not _names_something(text, number)
    ]
    return tuple(figure for figure in _grouped(text, stated) if not clauses.is_denied(figure.start))


def _names_something(text: str, number: Numeral) -> bool:
    written = text[number.start : number.end]
    return bool(
        _NAMED.search(text, max(number.start - 16, 0), number.start)
        or (written.lower() == "one" and _PRONOUN.search(text, max(number.start - 16, 0), number.start))
        or (
            written.lower() == "one"
            and not unit_at(text, number.end)[0]
            and not _ONLY_ONE.search(text, max(number.start - 16, 0), number.start)
            and not re.match(r"[ -]+\w", text[number.end :])
        )
        or (written.lower() in ("once", "twice") and not unit_at(text, number.end)[0])
        or _ORDINAL.match(text, number.end)
        or (_YEAR.match(written) and not unit_at(text, number.end)[0])
    )


def _grouped(text: str, stated: Sequence[Numeral]) -> Iterator[Figure]:
    index = 0
    while index < len(stated):
        count, form = _together(text, stated, index)
        yield _figure(text, stated[index : index + count], form)
        index += count


def _together(text: str, stated: Sequence[Numeral], index: int) -> tuple[int, Form]:
    """How many numbers from one on are one figure, and its form."""
    if index + 1 < len(stated):
        first, second = stated[index], stated[index + 1]
        begin = _after_unit(text, first)
        between = text[begin : second.start]
        opened = _BETWEEN.search(text, max(first.start - 30, 0), first.start) is not None
        dashed = re.fullmatch(r"\s*[-–—]\s*", between) is not None and second.value <= first.value
        both = _TO.fullmatch(between) or (opened and _AND.fullmatch(between)) or _AROUND.fullmatch(between)
        if both and not dashed and _alike(text, first, second):
            return 2, "range"
    count = 1
    while index + count < len(stated):
        before, following = stated[index + count - 1], stated[index + count]
        between = text[before.end : following.start]
        if not _COMMA.fullmatch(between) or (re.fullmatch(r"\s+and\s+", between) and _own_unit(text, before)):
            break
        count += 1
    return (count, "list") if count > 1 else (1, "one")


def _alike(text: str, first: Numeral, second: Numeral) -> bool:
    """Whether two numbers may be ends of one range: both of one unit, or the first of none."""
    units = [unit_at(text, number.end)[0] for number in (first, second)]
    if not units[0] or not units[1]:
        return not units[0] or first.value < second.value
    try:
        convert(1.0, units[0], units[1])
    except UnitError:
        return False
    return True


def _own_unit(text: str, number: Numeral) -> bool:
    return bool(unit_at(text, number.end)[0])


def _after_unit(text: str, number: Numeral) -> int:
    unit, end = unit_at(text, number.end)
    return end if unit else number.end


def _figure(text: str, numbers: Sequence[Numeral], form: Form) -> Figure:
    start, last = numbers[0].start, numbers[-1]
    place = last.end
    if _PART.search(text, start, last.end) and (skipped := _OF_A.match(text, place)):
        place = skipped.end()
    unit, end = unit_at(text, place)
    if not unit:
        unit, end = _behind_a_name(text, last.end)
    following = re.match(r"[ \t]+([A-Za-z][\w-]*)", text[end if unit else last.end :][:40])
    return Figure(
        every=form == "one" and _EVERY.search(text, max(start - 14, 0), start) is not None,
        value=text[start : last.end],
        unit=unit,
        form=form,
        start=start,
        end=end if unit else last.end,
        numbers=tuple(number.value for number in numbers),
        after="" if unit or following is None else following[1],
    )


def _behind_a_name(text: str, place: int) -> tuple[str, int]:
    """A unit that is counted, behind the name or the kind of what is: two A100 cards, ten denoising steps."""
    end = place
    for _ in range(_MOST_NAMES):
        named = _KIND.match(text, end)
        if named is None:
            break
        end = named.end()
        unit, over = unit_at(text, end)
        if is_counted(unit):
            return unit, over
    return "", place
