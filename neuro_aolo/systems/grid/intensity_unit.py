"""Units of carbon intensity, as headers and cells name them, and what turns them into gCO2/kWh.

A unit is a mass of CO2 per electric energy. Both are looked up, so that a word that stands in no table is
never taken for a unit that it merely resembles; a mass of several meanings (``ton``, ``MT``) is refused.
"""

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

_LONGEST = 1000
"""Signs of a header that are looked at."""

USUAL = "gCO2/kWh"
"""The unit of a column that names none."""

_POUND_G = Fraction("453.59237")
_GRAMS = {
    **{name: Fraction(1) for name in ("g", "gm", "gms", "gram", "grams", "gramme", "grammes")},
    **{name: Fraction(1000) for name in ("kg", "kgs", "kilo", "kilos")},
    **{name: Fraction(1, 10**6) for name in ("ug", "μg", "mcg")},
    **{name: Fraction(10**6) for name in ("t", "tonne", "tonnes", "metrict")},
    **{f"metric{name}": Fraction(10**6) for name in ("ton", "tons", "tonne", "tonnes")},
    **{name: Fraction(10**9) for name in ("kt", "kilotonne", "kilotonnes")},
    **{name: _POUND_G for name in ("lb", "lbs", "lbm", "pound", "pounds")},
    **{name: 1000 * _POUND_G for name in ("klb", "klbs", "kilopound", "kilopounds")},
    **{name: 2000 * _POUND_G for name in ("shortton", "shorttons", "uston", "ustons")},
    **{name: 2240 * _POUND_G for name in ("longton", "longtons", "imperialton", "imperialtons")},
    **{name: _POUND_G / 16 for name in ("oz", "ounce", "ounces")},
}
for _prefix, _size in (
    *(("micro", Fraction(1, 10**6)), ("milli", Fraction(1, 1000)), ("kilo", Fraction(1000))),
    *(("mega", Fraction(10**6)), ("giga", Fraction(10**9)), ("tera", Fraction(10**12))),
):
    _GRAMS |= {f"{_prefix}{name}": _size for name in ("gram", "grams", "gramme", "grammes")}
    if _size >= 10**6:
        _GRAMS |= {f"{_prefix}{name}": _size * 10**6 for name in ("tonne", "tonnes")}
_BY_CASE = {"mg": Fraction(1, 1000), "Mg": Fraction(10**6), "Gg": Fraction(10**9), "Tg": Fraction(10**12)}
_BY_CASE |= {"Mt": Fraction(10**12), "Gt": Fraction(10**15)}
_SEVERAL = {
    "ton": "a short ton, a long ton or a tonne",
    "tons": "short tons, long tons or tonnes",
    "mg": "milligrams or megagrams",
    "mt": "metric tons or megatonnes",
    "mton": "metric tons or megatonnes",
    "mtons": "metric tons or megatonnes",
    "gt": "gigatonnes or something else",
    "gr": "grams or grains",
    "gg": "gigagrams or something else",
    "tg": "teragrams or something else",
}
_KWH = {
    **{"wh": Fraction(1, 1000), "kwh": Fraction(1), "mwh": Fraction(1000), "gwh": Fraction(10**6)},
    **{"twh": Fraction(10**9), "j": Fraction(1, 3600000), "kj": Fraction(1, 3600)},
    **{"mj": 1 / Fraction("3.6"), "gj": 1000 / Fraction("3.6"), "tj": 10**6 / Fraction("3.6")},
    **{"pj": 10**9 / Fraction("3.6")},
}
_SIGNS = str.maketrans("\u2212\u2013\u2010\u2011\u22c5\u2219\u2044\u2215\u00f7", "----\u00b7\u00b7///")
_PREFIXES = {"": "", "kilo": "k", "mega": "m", "giga": "g", "tera": "t"}

_MASS = (
    r"(?:(?:short|long|metric|imperial|us)[ _-]*)?"
    r"(?:(?:micro|milli|kilo|mega|giga|tera)?(?:gram(?:me)?|tonne)s?|kilos?|kilopounds?|pounds?|ounces?|oz"
    r"|k?lbs?|lbm|m?tons?|gms?|gr|mcg|kgs|[kmugt\u03bc]?g|[kmg]?t)"
)
_GAS = (
    r"(?:[ _.-]*(?:of[ _-]+)?(?:co2|carbon[ _-]*dioxide|ghgs?)"
    r"(?:[ _,-]*(?:equiv(?:alente?s?)?|eqv|[e\u00e4]q|\u00e4quivalente?|e)\.?(?![a-z]))?)"
)
_LET_OUT = r"(?:[ _-]*(?:emitted|emissions?|released))?"
_WATT_HOURS = r"[kmgt]?w[ _.\u00b7-]?h(?:rs?)?|(?:kilo|mega|giga|tera)?watt[ _-]*hours?"
_ENERGY = rf"(?:{_WATT_HOURS}|[kmgtp]?j|(?:kilo|mega|giga|tera)?joules?)"
_ELECTRIC = r"(?:[ _-]?(?:el|elec|e))?"
_NUMERATOR = re.compile(rf"(?<![a-z])({_MASS})({_GAS})?{_LET_OUT}[ _.)\]-]*$", re.IGNORECASE)
_DENOMINATOR = re.compile(rf"^[ _(\[]*({_ENERGY}){_ELECTRIC}(?![a-z0-9])", re.IGNORECASE)
_RATIO = re.compile(r"/|(?<![a-z])per(?![a-z])|(?<=\d)per(?=[kmgt]?wh)", re.IGNORECASE)
_ENDS_IN_ENERGY = re.compile(rf"(?<![a-z]){_ENERGY}[ _]*$", re.IGNORECASE)
_BEGINS_WITH_MASS = re.compile(rf"[ _]*{_MASS}{_GAS}?(?![a-z0-9])", re.IGNORECASE)
_BESIDE = re.compile(
    rf"(?<![a-z0-9])({_MASS})({_GAS})?[ _\u00b7*.-]+({_ENERGY}){_ELECTRIC}(?![a-z0-9])", re.IGNORECASE
)
_GLUED = re.compile(rf"(?<![a-z0-9])({_MASS})({_GAS})?([kmgt]wh){_ELECTRIC}(?![a-z0-9])", re.IGNORECASE)
_ANY_ENERGY = re.compile(r"[^\s_()\[\]]*(?:[kmgt]wh|watt|joule)[^\s_()\[\]]*", re.IGNORECASE)
_TIMES = re.compile(
    r"(?:(?<![a-z0-9.])[x\u00d7]? ?(?:10+|10 ?\^ ?-?\d+|1?e[+-]?\d+|0*000)"
    r"|\b(?:hundred|thousand|million|billion)s?(?: of)?)[ _x\u00d7*\u00b7]*$",
    re.IGNORECASE,
)
"""What stands before a unit that is counted in hundreds or thousands."""

_TIMES_AFTER = re.compile(r"^[^a-z0-9]*[x\u00d7*] ?(?:10|1e|\d*000)", re.IGNORECASE)
_HEAT = re.compile(r"^[ _(\[-]*(?:th|thermal|heat)(?![a-z])", re.IGNORECASE)
_INVERSE = re.compile(
    rf"[ _\u00b7*.]{{0,3}}(?<![a-z])({_ENERGY}){_ELECTRIC}[ ]*\^?[({{]?-1[)}}]?", re.IGNORECASE
)
_ALONE = re.compile(rf"^(?:{_MASS}{_GAS}?|[kmgt]?wh?|{_ENERGY})$", re.IGNORECASE)
_LAST_WORD = re.compile(rf"(?<=[ _])((?:{_MASS})(?:{_GAS})?|[kmgt]w|{_ENERGY})$", re.IGNORECASE)
_ENCLOSED_GAS = re.compile(
    r"(?<=[a-z0-9]) ?[(\[]((?:co2)?[ _-]*(?:eq|e)?\.?)[)\]](?= ?(?:/|per))", re.IGNORECASE
)
_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_NO_MASS = re.compile(r"%|\bper ?cent|\bpct\b|[$€£¥]|(?<![a-z])(?:eur|usd|gbp|cents?|ct)$", re.IGNORECASE)
_WORD_BEFORE = re.compile(r"[^\s_()\[\]{},;:]{1,30}[\s_]*$")
_WORD_AFTER = re.compile(r"^[\s_]*[^\s_()\[\]{},;:]{1,30}")


@dataclass(frozen=True)
class Unit:
    """What a text says of the unit.

    Attributes:
        text: The unit as it is written; empty where none is named.
        factor: gCO2/kWh in one of it; None where it is not understood.
        reason: Why it is not.
    """

    text: str = ""
    factor: float | None = 1.0
    reason: str = ""

    @property
    def is_known(self) -> bool:
        """Whether a unit of carbon intensity is named and understood."""
        return bool(self.text) and self.factor is not None


NO_UNIT = Unit()


def unit_in(text: str) -> Unit:
    """The unit that a header or a cell names: a mass of CO2 per energy, wherever in it that stands.

    An energy without a mass, or a unit that is counted in thousands, is not understood.

    Words that are no unit, such as ``direct``, ``average`` or ``DE``, do not matter.
    """
    plain = _plain(text[:_LONGEST])
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=\d)(?=per[A-Za-z])", "_", plain)
    # The second are names such as intensityLbsPerMwh, whose words begin with capitals.
    unit = next((unit for unit in map(_named_in, (plain, split)) if unit.text), NO_UNIT)
    energy = None if unit.text else _ANY_ENERGY.search(plain)
    return Unit(energy.group(), None, "no mass of CO2 is named beside it") if energy else unit


def _named_in(text: str) -> Unit:
    for ratio in _RATIO.finditer(text):
        unit = _of_ratio(text[: ratio.start()], text[ratio.end() :])
        if unit.text:
            return unit
    if beside := _BESIDE.search(text) or _GLUED.search(text):
        return _unit(beside.group(), beside[1], beside[3])
    return _without_energy(text)


def _plain(text: str) -> str:
    """Compatible signs for subscripts and superscripts, one kind of minus, and ``/kWh`` for ``kWh^-1``."""
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    return _INVERSE.sub(r"/\1", _ENCLOSED_GAS.sub(r"\1", " ".join(text.split())))


def _of_ratio(before: str, after: str) -> Unit:
    mass, energy = _NUMERATOR.search(before), _DENOMINATOR.search(after)
    if mass and energy:
        # As a rule only the signs of the unit: what encloses it is cut off.
        written = f"{before[mass.start() :].rstrip(' _)]')}/{energy[1]}"
        rest = after[energy.end() :]
        if _TIMES.search(before[: mass.start()]) or _TIMES_AFTER.search(rest):
            return Unit(written, None, "it is counted in multiples")
        if _HEAT.search(rest):
            return Unit(written, None, "heat is no electric energy")
        return _unit(written, mass[1], energy[1])
    swapped = _ENDS_IN_ENERGY.search(before) and _BEGINS_WITH_MASS.match(after)
    if not (mass or energy or swapped):
        return NO_UNIT
    first, second = _WORD_BEFORE.search(before), _WORD_AFTER.search(after)
    written = f"{first.group().strip(' _') if first else ''}/{second.group().strip(' _') if second else ''}"
    wrong = "is no mass of CO2" if energy else "is no electric energy"
    return Unit(written, None, f"{written.partition('/')[0 if energy else 2] or 'nothing'} {wrong}")


def _unit(written: str, mass: str, energy: str) -> Unit:
    joined = re.sub(r"[ _-]", "", mass)
    grams = _BY_CASE.get(joined)
    if joined == "mt" or (grams is None and joined.lower() in _SEVERAL):
        return Unit(written, None, f"{mass} may be {_SEVERAL[joined.lower()]}")
    if grams is None:
        grams = _GRAMS.get(joined.lower())
    if grams is None:
        return Unit(written, None, f"{mass} is no mass that is known")
    if re.fullmatch(r"m(?:J|Wh)", energy):
        return Unit(
            written, None, f"{energy} is a thousandth, not a million: write {energy.replace('m', 'M')}"
        )
    return Unit(written, float(grams / _kwh(energy)))


def _kwh(energy: str) -> Fraction:
    name = re.sub(r"[ _.\u00b7-]", "", energy.lower())
    long = re.fullmatch(r"(kilo|mega|giga|tera)?(watthours?|joules?)", name)
    if long:
        name = _PREFIXES[long[1] or ""] + ("wh" if long[2].startswith("watt") else "j")
    return _KWH[re.sub(r"whrs?$", "wh", name)]


def _without_energy(text: str) -> Unit:
    """A unit of something else: a mass or a power alone, a percentage, money."""
    for inside in (*_BRACKETS.findall(text), text):
        if _ALONE.match(inside.strip(" _")):
            return Unit(inside.strip(), None, "it is no mass of CO2 per energy")
        if wrong := _NO_MASS.search(inside):
            return Unit(wrong.group().strip(), None, "it is no mass of CO2 per energy")
    if last := _LAST_WORD.search(_BRACKETS.sub("", text).rstrip(" _")):
        return Unit(last[1], None, "it is no mass of CO2 per energy")
    return NO_UNIT
