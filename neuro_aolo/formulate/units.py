"""A figure in the unit that somebody wrote, in the unit of a parameter; the dimensions have to agree.

``pint`` keeps the dimensions. What was written is read with closed tables before: it parses nothing of it.
Carbon is weighed as CO2 equivalent, a year is 365 days (:mod:`neuro_aolo.units`), and pounds are those of
avoirdupois, 453.59237 g.
"""

import math
import re
from functools import cache, lru_cache
from typing import Any

from neuro_aolo.formulate.extra import extra
from neuro_aolo.formulate.spellings import LOWERED, LOWERED_SEVERAL, NAMES, SEVERAL, SYMBOLS
from neuro_aolo.systems.wording import shown

_LONGEST = 60
_COUNTED = (
    *("word", "token", "user", "server", "packet", "point", "slot", "step", "request", "operation", "cycle"),
    *("gpu", "image", "episode"),
)
"""Things that are counted: each is a dimension, so that none is taken for another."""

RATE = "request/s"
"""Unit of what comes so often in a second, and so every so many seconds."""

_UNSAID = {f"[{name}]" for name in _COUNTED}

_CARBON = re.compile(
    r"(?<![A-Za-z])[-_ ]*\(?(?:of[ ]+)?(?:co[2₂]|carbon(?:[ ]dioxide)?|ghg|emissions?)[-_ ]*"
    r"(?:e(?:q(?:uiv(?:alents?)?)?)?\.?(?![a-z]))?\)?|(?<=[gt])co[2₂](?:[-_ ]?e(?:q\.?)?(?![a-z]))?",
    re.IGNORECASE,
)
_HOURS_OF_POWER = (
    (re.compile(r"\bfor (?:each|every|one|a|any)\b", re.IGNORECASE), "per"),
    (re.compile(r"\b(kilo|mega|giga|tera|)watts?[-·. ]?hours?\b", re.IGNORECASE), r"\1watthour"),
    (re.compile(r"\b([kMGT]?W)[-·. ]h\b"), r"\1h"),
    (re.compile(r"\b(metric|short)[- ]tons?\b", re.IGNORECASE), r"\1ton"),
    # Nobody weighs carbon per milliwatt-hour.
    (re.compile(r"(?<=/)mwh\b|(?<=per )mwh\b"), "MWh"),
)
_TOKEN = re.compile(
    r"(?P<over>/|÷|\b(?:per|a|an|each|every)\b)|\^?(?P<power>[-−]?[1-4])(?![0-9])|(?P<raised>⁻?[¹²³⁴])"
    r"|(?P<times>[·*×⋅. -])|(?P<unit>[A-Za-z%‰µμ]+)",
    re.IGNORECASE,
)
_RAISED = str.maketrans("⁻¹²³⁴−", "-1234-")
_LEVELS = {"dbm": ("watt", 1e-3), "dbw": ("watt", 1.0), "db": ("", 1.0), "decibel": ("", 1.0)}
_LEVELS |= {"decibels": ("", 1.0), "decibelmilliwatts": ("watt", 1e-3)}
_DIGITS = 12
_LOUDEST = 3_000.0
_MOST_PARTS = 14
_BEFORE_UNIT = re.compile(r"[ \t\n\xa0\u202f]{0,3}-?")
_UNIT_WORD = re.compile(r"[A-Za-z%‰µμ]+[₂2]?(?:\^?[-−]?[1-4](?![0-9.]))?[³²]?|(?<=kWh)⁻¹")
_OVER = re.compile(r"[.,;:!?](?=\s|$)|[()\n]")
_LAST_ARTICLE = re.compile(r"\b(?:a|an|each|every|per|of)$", re.IGNORECASE)


class UnitError(ValueError):
    """What a unit is, or why it does not fit."""


_SHORTEST_YEARS = 1.0 / 366.0
"""A time below a day is no lifetime."""


def convert(value: float, written: str, wanted: str) -> float:
    """A value in the unit that a parameter has.

    Args:
        value: the number.
        written: its unit as somebody wrote it; empty where none was.
        wanted: the parameter's unit, as the schema has it; ``-`` for none.

    Raises:
        UnitError: the unit is unknown, of another dimension, or of several meanings, or a time of less than
            a day is said where years are meant.
    """
    unit = " ".join(written.split())
    level = _LEVELS.get(unit.lower().replace(" ", ""))
    if wanted == "dB" and level == _LEVELS["db"]:
        return value
    if level is not None:
        value, unit = (level[1] * 10.0 ** (value / 10.0) if value < _LOUDEST else math.inf), level[0]
        if not unit and wanted != "-":
            raise UnitError(f"{shown(written)} is no unit of this: {wanted} is meant here")
    factor, reason = _fit(unit, wanted)
    if factor is None:
        raise UnitError(reason)
    if factor == 1.0:
        return value
    result = value * factor
    if wanted == "year" and factor < _SHORTEST_YEARS and 0.0 < abs(result) < _SHORTEST_YEARS:
        raise UnitError(f"{value:g} {written} is less than a day: years are meant here")
    return float(f"{result:.{_DIGITS}g}") if math.isfinite(result) else result


@lru_cache(maxsize=10_000)
def _fit(unit: str, wanted: str) -> tuple[float | None, str]:
    """One of a unit in that of a parameter; None where it does not fit, and why."""
    target = _unit(wanted)
    if not unit:
        return (None, f"no unit is said: {wanted} is meant here") if _needs_unit(target) else (1.0, "")
    if _countable(target) and unit.lower().startswith("per "):
        return 1.0, ""
    try:
        given = _unit(unit)
        if given is None and _countable(target):
            given = _unit(unit.rpartition(" ")[2])
    except UnitError as error:
        return None, str(error)
    reached = _magnitude(given, target)
    if reached is None and _countable(target) and _is_noun(unit):
        return 1.0, ""
    if reached is None:
        known = "is no unit of this" if given is not None else "is no unit that is known"
        return None, f"{shown(unit)} {known}: {wanted} is meant here"
    return reached, ""


@lru_cache(maxsize=100_000)
def is_unit(text: str) -> bool:
    """Whether a text is a unit that is known."""
    try:
        return bool(text.strip()) and (
            text.strip().lower() in _LEVELS or _unit(" ".join(text.split())) is not None
        )
    except UnitError:
        return True


def unit_at(text: str, place: int) -> tuple[str, int]:
    """The longest unit that stands at a place of a text, behind a space or a hyphen, and where it is over.

    Empty, and the place itself, where none stands there.
    """
    begin = _BEFORE_UNIT.match(text, place).end()  # type: ignore[union-attr]
    over = _OVER.search(text, begin, begin + _LONGEST)
    last = over.start() if over else begin + _LONGEST
    ends = [found.end() for found in _UNIT_WORD.finditer(text, begin, last)][:_MOST_PARTS]
    for end in reversed(ends):
        written = text[begin:end]
        # Letters that digits follow are a name: 4 H100 cards, not four hours.
        if is_unit(written) and not text[end : end + 1].isdigit() and not _LAST_ARTICLE.search(written):
            return written, end
    return "", place


@cache
def _registry() -> Any:
    """Our own registry: nothing but these dimensions."""
    registry = extra("pint").UnitRegistry(None)
    for line in ("second = [time]", "gram = [mass]", "joule = [energy]", "bit = [information]"):
        registry.define(line)
    registry.define("flop = [computation]")
    registry.define("metre = [length]")
    for name in _COUNTED:
        registry.define(f"{name} = [{name}]")
    registry.define("watt = joule / second")
    # Hertz of a band are no rate of requests, and packets per second no hertz.
    registry.define("hertz = [frequency]")
    return registry


@lru_cache(maxsize=10_000)
def _unit(text: str) -> Any:
    """A quantity of one of the units that a text names; None where it names none that is known."""
    if len(text) > _LONGEST:
        return None
    registry = _registry()
    quantity = registry.Quantity(1.0)
    if text in ("-", "1", "", "margin's", "reward"):
        return quantity
    for pattern, instead in _HOURS_OF_POWER:
        text = pattern.sub(instead, text)
    text = _CARBON.sub("", text).strip(" -()")
    text = re.sub(r"^1(?=[ ]?[/·*×])", "", text)
    sign, last, named, place = 1, None, False, 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            return None
        place = token.end()
        if token["over"]:
            sign = -1
        elif token["times"]:
            continue
        elif power := _power(token):
            if last is None:
                return None
            quantity, last = quantity / last * last**power, None
        else:
            one = _one(token["unit"])
            if one is None:
                return None
            last, named = one**sign, True
            quantity, sign = quantity * last, 1
    return quantity if quantity.units != registry.Unit("") or named else None


def _power(token: "re.Match[str]") -> int:
    """The power that a token raises to; 0 where it is something else."""
    if token["power"] or token["raised"]:
        return int((token["power"] or token["raised"]).translate(_RAISED))
    return {"squared": 2, "cubed": 3}.get((token["unit"] or "").lower(), 0)


def _one(name: str) -> Any:
    """A quantity of the unit of one name, None where there is none.

    Raises:
        UnitError: it has several meanings.
    """
    name = name.replace("µ", "u").replace("μ", "u")
    lower = name.lower()
    entry = SYMBOLS.get(name) or NAMES.get(lower) or LOWERED.get(lower)
    if entry is None:
        meanings = SEVERAL.get(lower) or LOWERED_SEVERAL.get(lower)
        if meanings:
            raise UnitError(f"{shown(name)} may be {meanings}: write out which")
        return None
    registry = _registry()
    unit, factor = entry
    if unit == "percent":
        return registry.Quantity(0.01 * factor)
    if unit == "one":
        return registry.Quantity(factor)
    if unit == "bit/s":
        return registry.Quantity(factor, registry.bit / registry.second)
    return registry.Quantity(factor, unit)


def _magnitude(given: Any, target: Any) -> float | None:
    """One of the first in the second; None where the dimensions differ."""
    if given is None or target is None:
        return None
    for rate in (given, given / _registry().Quantity(1.0, "second")):
        # People write TFLOPS for TFLOP/s.
        if rate is not given and not _only(given, "flop"):
            continue
        ratio = rate / target
        if ratio.dimensionless or _goes_without_saying(given, target, ratio):
            return float(ratio.to_base_units().magnitude)
    return None


def _goes_without_saying(given: Any, target: Any, ratio: Any) -> bool:
    """Whether two units differ by things that are counted alone, on one side.

    Packets per second are a rate of 1/s, watts per server are watts, and who says how many bits a word has
    says bits. That something is counted at all does not go without saying: eight users are not the number 8.
    """
    if given.dimensionless or target.dimensionless:
        return False
    differing = set(dict(ratio.dimensionality))
    if set(dict(target.dimensionality)) <= _UNSAID:
        return differing <= _UNSAID - set(dict(target.dimensionality))
    of_given = differing & set(dict(given.dimensionality))
    return (of_given <= _UNSAID and of_given == differing) or (
        not of_given and differing <= {*_UNSAID, "[information]"}
    )


def _only(given: Any, name: str) -> bool:
    return bool(given.dimensionality == _registry().Quantity(1.0, name).dimensionality)


def _needs_unit(target: Any) -> bool:
    """Whether a figure without a unit could be of several sizes: not so of counts and shares."""
    return target is not None and not target.dimensionless and not _countable(target)


def _countable(target: Any) -> bool:
    dimensions = {} if target is None else dict(target.dimensionality)
    return bool(dimensions) and set(dimensions) <= _UNSAID


def _is_noun(unit: str) -> bool:
    """Whether a word is none of the units: then it is what somebody calls the things that are counted."""
    tokens = re.findall(r"[A-Za-z][A-Za-z0-9]*", unit)
    try:
        return bool(tokens) and not any(_one(word) is not None for word in tokens)
    except UnitError:
        return False
