"""Countries in a text: by name, by adjective, or by a code in capitals.

Adjectives are those of English for the countries whose carbon intensity is known; names are CodeCarbon's and
ISO 3166's.
"""

import re
from dataclasses import dataclass
from functools import cache

from neuro_aolo.formulate.clauses import Clauses
from neuro_aolo.systems.grid.countries import country_code, country_codes, country_name

_ADJECTIVES = re.findall(
    r"\w+",
    "AUT Austrian BEL Belgian BGR Bulgarian HRV Croatian CYP Cypriot CZE Czech DNK Danish EST Estonian "
    "FIN Finnish FRA French DEU German GRC Greek HUN Hungarian ISL Icelandic IRL Irish ITA Italian "
    "LVA Latvian LTU Lithuanian LUX Luxembourgish MLT Maltese NLD Dutch NOR Norwegian POL Polish "
    "PRT Portuguese ROU Romanian SVK Slovak SVN Slovenian ESP Spanish SWE Swedish CHE Swiss GBR British "
    "UKR Ukrainian SRB Serbian TUR Turkish RUS Russian USA American CAN Canadian MEX Mexican "
    "BRA Brazilian ARG Argentinian CHL Chilean COL Colombian PER Peruvian CHN Chinese JPN Japanese "
    "KOR Korean IND Indian IDN Indonesian MYS Malaysian THA Thai VNM Vietnamese PHL Philippine "
    "PAK Pakistani BGD Bangladeshi SGP Singaporean TWN Taiwanese AUS Australian NZL Zealand "
    "ZAF South_African EGY Egyptian MAR Moroccan NGA Nigerian KEN Kenyan ETH Ethiopian DZA Algerian "
    "TUN Tunisian ISR Israeli SAU Saudi ARE Emirati IRN Iranian IRQ Iraqi KAZ Kazakh ",
)
ADJECTIVES = {
    name.replace("_", " "): code for code, name in zip(_ADJECTIVES[::2], _ADJECTIVES[1::2], strict=True)
}
_MORE = {
    **{"UK": "GBR", "U.K.": "GBR", "United Kingdom": "GBR", "Great Britain": "GBR", "Britain": "GBR"},
    **{"US": "USA", "U.S.": "USA", "United States": "USA", "America": "USA", "Holland": "NLD"},
    **{"Czech Republic": "CZE", "Czechia": "CZE", "Russia": "RUS", "Turkey": "TUR", "South Korea": "KOR"},
    **{
        "Vietnam": "VNM",
        "Iran": "IRN",
        "Taiwan": "TWN",
        "Slovakia": "SVK",
        "Moldova": "MDA",
        "Bolivia": "BOL",
    },
}
VAGUE = (
    "somewhere in",
    "europe",
    "asia",
    "africa",
    "abroad",
    "different countries",
    "another country",
    "overseas",
)
"""What speaks of a country and names none."""


@dataclass(frozen=True)
class Nation:
    """A country in a text.

    Attributes:
        written: its name or code as written.
        code: ISO 3166-1 alpha-3.
        start: where it begins.
        end: where it is over.
    """

    written: str
    code: str
    start: int
    end: int


def nations(clauses: Clauses) -> tuple[Nation, ...]:
    """The countries that a text names of its own, in order; what is denied or quoted is not."""
    stated = [
        Nation(found[0], _table()[found[0].lower()], found.start(), found.end())
        for pattern in (_pattern(), _after_in())
        for found in pattern.finditer(clauses.text)
        if not clauses.is_quoted(found.start()) and not clauses.is_denied(found.start())
    ]
    codes = set(country_codes())
    stated += [
        Nation(found[0], found[0], found.start(), found.end())
        for found in re.finditer(r"\b[A-Z]{3}\b", clauses.text)
        if found[0] in codes and not clauses.is_quoted(found.start()) and not clauses.is_denied(found.start())
    ]
    return tuple(sorted(dict.fromkeys(stated), key=lambda nation: nation.start))


@cache
def _table() -> dict[str, str]:
    table = {}
    for code in country_codes():
        name = country_name(code)
        if re.fullmatch(r"[A-Za-z .'-]{4,}", name):
            table[name.lower()] = code
    table |= {name.lower(): code for name, code in ADJECTIVES.items()}
    return table | {name.lower(): code for name, code in _MORE.items()}


@cache
def _pattern() -> "re.Pattern[str]":
    names = sorted(_table(), key=len, reverse=True)
    capitals = "|".join("".join(_capital(part) for part in re.split(r"(\s)", name)) for name in names)
    return re.compile(rf"(?<!\w)(?:{capitals})(?!\w)")


@cache
def _after_in() -> "re.Pattern[str]":
    """Names without a capital: after "in" a word is a place, elsewhere it may be a bird."""
    names = sorted((name for name in _table() if len(name) > len("u.s.")), key=len, reverse=True)
    places = "|".join(map(re.escape, names))
    return re.compile(rf"(?<=\bin )(?:{places})(?!\w)")


def _capital(word: str) -> str:
    """A pattern for a word of a name as it is written: with a capital, but for small words."""
    escaped = re.escape(word)
    if word in ("us", "uk", "u.s.", "u.k."):
        return re.escape(word.upper())
    if word in ("of", "and", "the") or not word[:1].isalpha():
        return escaped
    return f"{re.escape(word[0].upper())}{re.escape(word[1:])}"


def code_of(written: str) -> str:
    """The code of a country by its name, code, or adjective.

    Raises:
        ScenarioError: it is unknown.
    """
    return _table().get(written.strip().lower()) or country_code(written)
