"""Times as the cells of published files write them."""

import contextlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from neuro_aolo.systems.grid.time_zone import Zone, zone_of

Kind = Literal["zoned", "epoch", "naive", "date", "clock", "none"]
"""What a cell holds: a time with its zone, seconds since 1970, a time or a date without a zone, an hour."""

_FIRST_YEAR = 1990
"""Since when numbers are times: no grid's intensity was published by the hour before."""

_LONGEST = 100
"""Signs of the longest time that is read."""

_FORMS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"),
    *("%d.%m.%Y", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d"),
)
_INTERVAL_FORMS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")
"""Those of ENTSO-E, whose intervals tell day and month apart from American dates."""

_INTERVAL = re.compile(r"\s+(?:[-\u2013\u2014]|to|bis)\s+|(?<=[0-9Z])/(?=[0-9]{4}-|P)")
_NUMBER = re.compile(r"([0-9]{9,19})(?:\.0*)?")
_YEAR_FIRST = re.compile(r"^([0-9]{4})([./])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_SPELLED = re.compile(
    r"^(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?"
    rf"(?:([0-9]{{1,2}})[ -]{_MONTH}|{_MONTH}[ -]([0-9]{{1,2}}))(?:,? |-)([0-9]{{4}})(?:,? |$)",
    re.IGNORECASE,
)
_HALF_DAY_CLOCK = re.compile(
    r"(?<![0-9:])(1[0-2]|0?[1-9])(:[0-9]{2}(?::[0-9]{2})?) ?([ap])\.?m\b\.?", re.IGNORECASE
)
_MIDNIGHT = re.compile(r"(?<=[0-9][ T])24:00(?::00(?:\.0*)?)?(?![0-9:.])")
_TAIL = re.compile(r"^(.*[0-9])\s*[\[(]?([A-Za-z][A-Za-z_/ ]*(?:[+-][0-9:]+)?)[\])]?$")
_SPACED_OFFSET = re.compile(r"\s+([+-][0-9]{2}:?[0-9]{2})$")
_CLOCK_ZONE = re.compile(r"(?<=[0-9])\s*(Z|UTC|GMT|[+][0-9]{2}:?[0-9]{2})$")
_CLOCK = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))(?::([0-9]{2})(?:\.0*)?)?\s*([AaPp]\.?[Mm]\.?)?")
_DIGITS = re.compile(r"^([0-2][0-9])([0-5][0-9])([0-5][0-9])?$")
_HALF_DAY = re.compile(r"([0-9]{1,2})\s*([AaPp])\.?[Mm]\.?")
_HOUR = re.compile(r"(?:(HE|H)\s*)?([0-9]{1,2})(?:\.0*)?\s*(?:h|hrs?|Uhr)?", re.IGNORECASE)


@dataclass(frozen=True)
class Hour:
    """An hour of a day, in a column of its own.

    Attributes:
        since_midnight: From the day's beginning.
        counts_ends: Whether it is named as the end of its hour, as ``HE 1``.
        is_count: Whether it is a plain number, whose first may be 0 or 1.
    """

    since_midnight: timedelta
    counts_ends: bool = False
    is_count: bool = False


class ZoneRefusedError(ValueError):
    """A cell names a zone that does not fix every hour."""


def kind_of(text: str) -> Kind:
    """What a cell holds, as far as it alone says."""
    if _NUMBER.fullmatch(text):
        return "epoch" if _compact(text) is None else "naive"
    try:
        time = parsed(text)
    except ZoneRefusedError:
        return "naive"
    except (ValueError, OverflowError):
        return "clock" if hour_of(text) is not None else "none"
    if time.tzinfo is not None:
        return "zoned"
    return "naive" if ":" in text or re.search(r"\d[ T]\d", text) else "date"


def parsed(text: str) -> datetime:
    """The time in a cell, or the start of the interval in it.

    Understood are ISO 8601, days as ``31.12.2020``, ``2020/12/31``, ``31 Dec 2020`` and ``December 31,
    2020``, clocks as ``1:00 PM`` and ``24:00``, seconds or their thousandths, millionths and billionths since
    1970, and the intervals of ENTSO-E. ``01/02/2020`` may be in January or February.

    Raises:
        ValueError: If it is none.
        ZoneRefusedError: If it names a zone that does not fix every hour.
        OverflowError: If it lies beyond what can be written.
    """
    if len(text) > _LONGEST:
        raise ValueError("no time is that long")
    if number := _NUMBER.fullmatch(text):
        return _compact(text) or _since_1970(number[1])
    start, *rest = _INTERVAL.split(text, maxsplit=1)
    if not start.isascii():
        raise ValueError("signs that are no ASCII")
    if not _MIDNIGHT.search(start):
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(start)
    start = _plain(start.strip())
    if _MIDNIGHT.search(start):
        return parsed(_MIDNIGHT.sub("00:00", start)) + timedelta(days=1)
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(start)
    if time := _in_form(start, (*_INTERVAL_FORMS, *_FORMS) if rest else _FORMS):
        return time
    tail = _TAIL.match(start)
    zone = zone_of(tail[2]) if tail else Zone()
    if tail is None or not zone.text:
        raise ValueError("no time")
    time = parsed(tail[1])
    if time.tzinfo is not None:
        return time
    if zone.info is None:
        raise ZoneRefusedError(zone.reason)
    return time.replace(tzinfo=zone.info)


def is_counted_to_24(text: str) -> bool:
    """Whether the time in a cell is the ``24:00`` of a day."""
    return bool(_MIDNIGHT.search(_INTERVAL.split(text, maxsplit=1)[0]))


def _plain(text: str) -> str:
    """The time with its day as ``2020-12-31`` where year or month are clear, and 24 hours."""

    def spelled(match: re.Match[str]) -> str:
        month = _MONTHS.index((match[2] or match[3])[:3].lower()) + 1
        return f"{match[5]}-{month:02}-{int(match[1] or match[4]):02} "

    def of_24(match: re.Match[str]) -> str:
        return f"{int(match[1]) % 12 + (12 if match[3].lower() == 'p' else 0):02}{match[2]}"

    text = _SPELLED.sub(spelled, " ".join(text.split())).strip()
    text = _YEAR_FIRST.sub(lambda match: f"{match[1]}-{int(match[3]):02}-{int(match[4]):02}", text)
    return _SPACED_OFFSET.sub(r"\1", _HALF_DAY_CLOCK.sub(of_24, text))


def hour_of(text: str) -> Hour | None:
    """The hour of a day in a cell: ``0``, ``HE 24``, ``13:30``, ``1330``, ``1:00 PM``, ``00:00 - 01:00``."""
    if len(text) > _LONGEST:
        return None
    start, *end = re.split(r"\s*[-\u2013]\s*(?=[0-9])", text, maxsplit=1)
    if not start.isascii():
        return None
    if end:
        # An offset, as in 05:00-08:00, is no end: that follows within the hour.
        first, last = hour_of(start), hour_of(end[0])
        if first is None or last is None:
            return None
        length = (last.since_midnight - first.since_midnight) % timedelta(days=1)
        return first if timedelta(0) < length <= timedelta(hours=1) else None
    start = _CLOCK_ZONE.sub("", start) if ":" in start else _DIGITS.sub(_with_colons, start)
    if match := _CLOCK.fullmatch(start):
        hour, minute, second = (int(part or 0) for part in match.groups()[:3])
        half = match[4]
    elif match := _HALF_DAY.fullmatch(start):
        hour, minute, second, half = int(match[1]), 0, 0, match[2]
    elif match := _HOUR.fullmatch(start):
        named = (match[1] or "").upper() == "HE"
        return Hour(timedelta(hours=int(match[2])), named, is_count=True) if int(match[2]) <= 25 else None
    else:
        return None
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half[0].lower() == "p" else 0)
    if minute > 59 or second > 59 or timedelta(hours=hour, minutes=minute) > timedelta(hours=24):
        return None
    return Hour(timedelta(hours=hour, minutes=minute, seconds=second))


def _with_colons(match: re.Match[str]) -> str:
    return ":".join(filter(None, match.groups()))


def zone_after(text: str) -> tzinfo | None:
    """The zone that a clock's cell ends with, as ``00:00Z`` or ``00:00+01:00``."""
    match = _CLOCK_ZONE.search(text)
    return zone_of(match[1]).info if match and ":" in text else None


def _in_form(text: str, forms: tuple[str, ...]) -> datetime | None:
    for form in forms:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def _compact(text: str) -> datetime | None:
    """``202012312300`` or ``20201231230000``: as milliseconds they would lie before 1979 or after 2600."""
    digits = text.partition(".")[0]
    return _in_form(digits, ("%Y%m%d%H%M%S", "%Y%m%d%H%M")) if len(digits) in (12, 14) else None


def _since_1970(digits: str) -> datetime:
    if len(digits) == 10 and _in_form(f"{digits}00", ("%Y%m%d%H%M",)):
        raise ValueError("a date with its hour, or seconds since 1970")
    # Seconds have up to 11 digits until the year 5138, and each thousandth three more.
    per_second = 1000 ** max(0, (len(digits) - 9) // 3)
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(digits) * 10**6 // per_second)
    if time.year < _FIRST_YEAR:
        raise ValueError("counted from another day, or in other parts of a second")
    return time
