"""Time zones as the headers and cells of published files name them.

What fixes every hour is understood: UTC, an offset from it, and the names of the IANA database. Abbreviations
such as ``CET`` or ``PST`` and words such as ``local`` do not say whether clocks are set forward and back, and
many have several meanings; they are refused, never read as UTC.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from neuro_aolo.systems.wording import shown

_LONGEST = 1000
"""Signs of a header that are looked at."""

FIX = "give UTC, or name an offset or an IANA zone, as 'time (UTC+01:00)' or 'time (Europe/Berlin)'"

_UTC_NAMES = frozenset({"utc", "gmt", "zulu", "z"})
_OFFSET = re.compile(
    r"(?:(?:utc|gmt)[ _]?|(?<=[(\[])[ ]?|^)([+-])[ ]?(\d{1,2})(?::?(\d{2}))?(?![\d:.])", re.IGNORECASE
)
_UTC_NUMBER = re.compile(r"(?:utc|gmt)[ _]?[+-]?[ ]?\d", re.IGNORECASE)
_DECIMAL_OFFSET = re.compile(r"([+-])(\d{1,2})\.(00?|25|50?|75)")
"""Hours with their quarters, such as ``+5.5``."""

_LOCAL_NAMES = frozenset(
    re.findall(
        r"\w+",
        "uk gb british european local lokal locale lokalzeit ortszeit localtime pacific eastern central "
        "mountain atlantic prevailing nem daylight cet cest mez mesz hnec hec mest eet eest msk bst edt "
        "ept cst cdt cpt mst mdt mpt pst pdt ppt akst akdt hst hdt ast adt nst ndt aest aedt aet acst "
        "acdt awst awt nzst nzdt nzt jst kst hkt sgt myt pht ict wib wita pkt npt bdt gst trt irst idt "
        "sast brt brst clt clst uyt est5edt cst6cdt mst7mdt pst8pdt legale légale",
    )
)
_AMBIGUOUS_NAMES = frozenset(
    re.findall(r"\w+", "est ist art met wet west et pt ct mt pet eat cat wat wit bot vet cot act")
)
"""Abbreviations that are words as well: zones where they are in capitals, in brackets, first, or last."""

_NO_ZONES = frozenset(
    re.findall(
        r"\w+",
        "start begin beginning end ending hour hours hourly interval period from to of the at and time "
        "date datetime timestamp epoch unix seconds second sec s ms milliseconds us ns yyyy mm dd hh mi "
        "ss iso iso8601 8601 rfc3339 half min minutes minute 15min 30min mtu clock incl excl inclusive "
        "exclusive format day month year h",
    )
)
_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_LONGEST_OFFSET = timedelta(hours=14)
_CONTINENTS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_AREAS = frozenset(name.lower() for name in _CONTINENTS) | frozenset(
    ("antarctica", "arctic", "brazil", "canada", "chile", "etc", "mexico", "us")
)
_CHANGING = (
    *("Europe/Berlin", "Europe/London", "America/New_York", "America/Chicago", "America/Denver"),
    *("America/Los_Angeles", "Australia/Sydney", "Pacific/Auckland", "Europe/Athens", "America/Santiago"),
    *("Asia/Jerusalem", "Africa/Cairo", "America/Sao_Paulo", "Asia/Tehran", "Europe/Moscow"),
    *("America/Mexico_City", "America/Asuncion", "America/Havana", "Asia/Beirut", "Asia/Amman"),
    *("Atlantic/Azores", "Australia/Lord_Howe"),
)
"""Zones that stand for those whose clocks are, or were, set forward and back."""


@dataclass(frozen=True)
class Zone:
    """The zone that a text names.

    Attributes:
        text: As it is written; empty where none is named.
        info: The zone; None where none is named, or it is not understood.
        reason: Why it is not understood.
    """

    text: str = ""
    info: tzinfo | None = None
    reason: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether a zone is named that does not fix every hour."""
        return bool(self.text) and self.info is None


NO_ZONE = Zone()


def zone_in(header: str) -> Zone:
    """The zone that the header of a time column names."""
    text = _plain(header)
    for zone in (_iana(text), _offset(text)):
        if zone.text:
            return zone
    enclosed = [word for inside in _BRACKETS.findall(text) for word in _tokens(inside)]
    tokens = _tokens(text)
    for place, word in enumerate(tokens):
        marked = word.isupper() or word in enclosed or place in (0, len(tokens) - 1)
        if word.lower() in _LOCAL_NAMES or (word.lower() in _AMBIGUOUS_NAMES and marked and len(tokens) > 1):
            return Zone(word, None, f"{shown(word)} does not fix every hour")
    if _UTC_NUMBER.search(text):
        return Zone(header, None, "its offset from UTC is not written as UTC+01:00")
    if any(word.lower() in _UTC_NAMES - {"z"} or word == "Z" for word in tokens):
        return Zone("UTC", UTC)
    if place_zone := _of_city(tokens):
        return Zone(place_zone, None, f"a place alone is no zone; {place_zone} may be meant")
    unknown = [word for word in enclosed if word.lower() not in _NO_ZONES and not word.isdecimal()]
    return Zone(unknown[0], None, f"{shown(unknown[0])} is no zone that is known") if unknown else NO_ZONE


def zone_of(cell: str) -> Zone:
    """The zone that a whole cell is; none named where it is something else, such as the code of an area."""
    text = _plain(cell).strip("()[] ")
    if text.lower() in _UTC_NAMES or re.fullmatch(r"[+-]?0+(?::?00)?", text):
        return Zone(text, UTC)
    if hours := _DECIMAL_OFFSET.fullmatch(text):
        text = f"{hours[1]}{hours[2]}:{60 * int(hours[3].ljust(2, '0')) // 100:02}"
    if offset := _offset(re.sub(r"(?<=:[0-9]{2}):00$", "", text)).info:
        return Zone(text, offset)
    name = _by_name().get(text.lower().replace("/", "_").replace(" ", "_")) if "/" in text else None
    if name:
        return Zone(name, ZoneInfo(name))
    tokens = _tokens(text)
    known = _LOCAL_NAMES | _AMBIGUOUS_NAMES | {"time", "standard"}
    if tokens and all(word.lower() in known for word in tokens):
        return Zone(text, None, f"{shown(text)} does not fix every hour")
    return NO_ZONE


def in_utc(time: datetime, zone: tzinfo | None, previous: datetime | None) -> datetime:
    """A time in UTC; one without a zone is of ``zone``, or of UTC where that is None.

    An hour that a zone's clocks show twice is the first one, unless that is not after ``previous``.

    Raises:
        ValueError: If the zone's clocks never show the time.
        OverflowError: If it lies before year 1 or after 9999.
    """
    if isinstance(time.tzinfo, ZoneInfo):
        time, zone = time.replace(tzinfo=None), time.tzinfo
    if time.tzinfo is not None:
        return time.astimezone(UTC)
    if zone is None or zone is UTC:
        return time.replace(tzinfo=UTC)
    first = time.replace(tzinfo=zone, fold=0)
    utc = first.astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) != time:
        raise ValueError(f"clocks of {zone} never show it: they are set forward")
    second = time.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return second if previous is not None and utc <= previous < second else utc


def shown_twice(time: datetime) -> str | None:
    """A zone whose clocks show this time twice, as they are set back."""
    return next((name for name in _CHANGING if _turn(time, name) < timedelta(0)), None)


def never_shown(first: datetime, last: datetime) -> str | None:
    """A zone whose clocks never show the times from ``first`` to before ``last``, as they are set forward."""
    if last - first > timedelta(hours=1):
        return None
    ends = (first, last - timedelta(microseconds=1))
    names = (name for name in _CHANGING if all(_turn(time, name) > timedelta(0) for time in ends))
    return next(names, None)


def _turn(time: datetime, name: str) -> timedelta:
    """How far clocks are being set forward at this time, in either reading; 0 where it is shown once."""
    zone, naive = ZoneInfo(name), time.replace(tzinfo=None)
    before, after = (naive.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    assert before is not None
    assert after is not None
    return after - before


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text[:_LONGEST]).replace("\u2212", "-").replace("\u2013", "-")
    text = re.sub(r"[ _]plus[ _]", "+", " ".join(text.split()), flags=re.IGNORECASE)
    return re.sub(r"[ _]minus[ _]", "-", text, flags=re.IGNORECASE)


def _tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text))


def _offset(text: str) -> Zone:
    offsets = {match.group().strip(" (["): match.groups() for match in _OFFSET.finditer(text)}
    if not offsets:
        return NO_ZONE
    written = " and ".join(offsets)
    if len(set(offsets.values())) > 1 or re.search(r"\d/[ ]?[+-]?\d", text):
        return Zone(text, None, "more than one offset is named")
    sign, hours, minutes = next(iter(offsets.values()))
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if size > _LONGEST_OFFSET or int(minutes or 0) > 59:
        return Zone(written, None, "no zone is that far from UTC")
    return Zone(written, timezone(-size if sign == "-" else size))


def _iana(text: str) -> Zone:
    """An IANA name among the tokens, with slashes or, as in column names, with underscores."""
    tokens = re.findall(r"[A-Za-z0-9+-]+", text)
    if len(tokens) < 2 or not _AREAS & {word.lower() for word in tokens}:
        return NO_ZONE
    for start in range(len(tokens)):
        for end in range(min(start + 4, len(tokens)), start + 1, -1):
            name = _by_name().get("_".join(tokens[start:end]).lower())
            if name:
                return Zone(name, ZoneInfo(name))
    return NO_ZONE


def _of_city(tokens: Sequence[str]) -> str | None:
    pairs = (f"{first}_{second}" for first, second in pairwise(tokens))
    return next((_cities()[name.lower()] for name in (*tokens, *pairs) if name.lower() in _cities()), None)


@cache
def _by_name() -> dict[str, str]:
    """IANA names of areas and places, by what they are in lower case with underscores alone."""
    return {name.lower().replace("/", "_"): name for name in available_timezones() if "/" in name}


@cache
def _cities() -> dict[str, str]:
    return {
        name.rpartition("/")[2].lower(): name
        for name in sorted(available_timezones())
        if name.partition("/")[0] in _CONTINENTS
        and name.rpartition("/")[2].lower() not in ("center", "north", "south", "east", "west", "easter")
    }
