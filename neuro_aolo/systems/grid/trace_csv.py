"""Carbon intensity from a CSV file as it is published: units, time zones and cadences up to one hour."""

import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from pathlib import Path

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.csv_file import Table, read_table
from neuro_aolo.systems.grid.columns import Columns, columns_of
from neuro_aolo.systems.grid.gaps import Fill, checked_gap, filled
from neuro_aolo.systems.grid.intensity_unit import USUAL
from neuro_aolo.systems.grid.sample import LOCAL_FIX, Sample, check_gap, check_order, hour_start
from neuro_aolo.systems.grid.time_cell import (
    Hour,
    ZoneRefusedError,
    hour_of,
    is_counted_to_24,
    parsed,
    zone_after,
)
from neuro_aolo.systems.grid.time_zone import FIX, in_utc, zone_of
from neuro_aolo.systems.grid.trace import HOUR, YEARS, Basis, NDArray, Trace
from neuro_aolo.systems.parameters import LARGEST_G_PER_KWH
from neuro_aolo.systems.wording import shown

_MISSING = frozenset(
    (
        "",
        "nan",
        "na",
        "n/a",
        "n/e",
        "n.a.",
        "k.a.",
        "#n/a",
        "<na>",
        "null",
        "none",
        "nil",
        "missing",
        "-",
        "--",
    )
)
_SMALLEST_PEAK = 2.0
"""In gCO2/kWh: where no figure reaches it they are in another unit."""

_SWAPPED = re.compile(r"[0-9]{1,2}([/-])[0-9]{1,2}\1[0-9]{2}(?:[0-9]{2})?(?![0-9])")
_ZERO = re.compile(r"[0-9][ T]0?0:00(?::00)?(?![0-9:])")
_DAY = 24 * HOUR
_BASES: dict[Basis, re.Pattern[str]] = {
    "marginal": re.compile(r"\b(?:marginal|moer)\b"),
    "average": re.compile(r"\b(?:average|avg|aoer)\b"),
}
"""What the header of an intensity says of its basis."""


def read_trace(path: str | Path, fill: Fill | None = None, longest_gap: int | None = None) -> Trace:
    """Read a carbon-intensity trace: times and intensities, averaged to hours in gCO2/kWh.

    Columns are found by their headers; of several intensities that of the life cycle, the average, the actual
    one is taken. Units of mass per energy are converted, and a header that names none is in gCO2/kWh. Times
    without a zone are UTC, unless the header or a column names another. An hour's figure is the mean of its
    samples. What was decided so is told in the trace's ``note``.

    Args:
        path: CSV file; comma, semicolon or tab separated.
        fill: What an hour without a figure becomes: None refuses it, ``"hold"`` repeats the figure before,
            ``"linear"`` interpolates between the figures around it. At either end both repeat the nearest.
        longest_gap: Most hours in a row that are filled; 24 where None.

    Returns:
        The trace, from its first to its last hour.

    Raises:
        ScenarioError: If the file cannot be read as such, with the row, the value and the fix.
    """
    path = Path(path)
    longest = checked_gap(fill, longest_gap)
    columns = columns_of(read_table(path, "carbon-intensity"))
    samples = _samples(columns, fill)
    figures = _hourly(path, samples, fill, longest)
    missing = int(np.isnan(figures).sum())
    if fill is not None:
        figures = filled(path, figures, fill, longest)
    notes = [*_conversions(columns), *columns.notes]
    basis = next((basis for basis, word in _BASES.items() if word.search(columns.name)), None)
    if basis == "marginal":
        notes.append("these are marginal intensities")
    if missing:
        notes.append(f"{missing:,} of {len(figures):,} hours filled ({fill})")
    return Trace(
        source=path.name,
        start=hour_start(samples[0].time),
        g_per_kwh=tuple(figures.tolist()),
        note="; ".join(notes) or None,
        basis=basis,
    )


def _conversions(columns: Columns) -> Iterator[str]:
    """What was converted."""
    unit = columns.unit
    if unit.text and unit.factor != 1.0:
        yield f"{unit.text}, times {unit.factor:.9g} gives {USUAL}"
    if columns.zone.text and columns.zone.text != "UTC":
        yield f"times of {columns.zone.text} put into UTC"
    if columns.zone_column is not None:
        yield f"times put into UTC by column {shown(columns.table.header[1][columns.zone_column])}"
    if _names_ends(columns):
        yield "each time taken as the end of its interval"


def _samples(columns: Columns, fill: Fill | None) -> list[Sample]:
    """The file's rows in order: times that rise, values that are intensities (NaN where they are filled)."""
    table = columns.table
    table.check_decimals([columns.value])
    ends = _names_ends(columns)
    samples: list[Sample] = []
    for (number, cells), (text, time, zone) in zip(table.rows, _times(columns), strict=True):
        previous = samples[-1] if samples else None
        utc = _utc(table, number, text, time, zone, previous)
        is_bare = zone is None and time.tzinfo is None
        sample = Sample(number, utc, text, is_bare, _value(columns, number, cells[columns.value], fill))
        if previous is not None:
            check_order(columns, previous, sample)
        samples.append(sample)
    known = [sample.value for sample in samples if not math.isnan(sample.value)]
    if not known:
        raise ScenarioError(f"{table.path}: no row holds a carbon intensity: give one row per sample")
    if max(known) < _SMALLEST_PEAK:
        raise ScenarioError(
            f"{table.path}: the largest intensity is {max(known):g}, too small for {USUAL}: is it in kg?"
        )
    return _starts(samples) if ends else samples


def _starts(samples: list[Sample]) -> list[Sample]:
    """Samples at the start of their intervals, of the ends of them; the shortest step is an interval."""
    steps = [later.time - sample.time for sample, later in pairwise(samples)]
    step = min((*steps, HOUR))
    return [Sample(s.row, s.time - step, s.text, s.is_bare, s.value) for s in samples]


def _times(columns: Columns) -> Iterator[tuple[str, datetime, tzinfo | None]]:
    """Each row's time as it is written, as it was read, and the zone that it is in if it says none."""
    for number, cells in columns.table.rows:
        text, zone = cells[columns.time], columns.zone.info
        time = _parsed(columns.table, number, text)
        if columns.zone_column is not None:
            zone = zone_of(cells[columns.zone_column]).info
        if columns.hour is not None:
            beside = cells[columns.hour]
            time = time + _hour_of(columns, number, beside).since_midnight
            zone = zone_after(beside) or zone
            text = f"{text} {beside}"
        yield text, time, zone


def _names_ends(columns: Columns) -> bool:
    """Whether times are the ends of their intervals: the headers say so, or hours run from 1 to 24.

    Raises:
        ScenarioError: If the hours of a column of their own do not tell.
    """
    if columns.hour is None:
        return columns.ends or _counts_to_24(columns)
    table, name = columns.table, shown(columns.table.header[1][columns.hour])
    hours = [_hour_of(columns, number, cells[columns.hour]) for number, cells in table.rows]
    if not hours:
        return columns.ends
    first, last = (pick(hour.since_midnight for hour in hours) for pick in (min, max))
    if last > _DAY:
        raise ScenarioError(
            f"{table.path}: column {name} has an hour {last // HOUR}: the times look local; {LOCAL_FIX}"
        )
    ends = columns.ends or any(hour.counts_ends for hour in hours)
    if first == timedelta(0) and (last == _DAY or (ends and hours[0].is_count)):
        raise ScenarioError(
            f"{table.path}: column {name} has an hour 0 beside "
            f"{'an hour 24' if last == _DAY else 'ends of hours'}: count from 0 to 23, or from 1 to 24"
        )
    if first > timedelta(0) and last < _DAY and hours[0].is_count and not ends:
        raise ScenarioError(
            f"{table.path}: column {name} has neither an hour 0 nor an hour 24, so that hour 1 may begin at "
            "00:00 or at 01:00: give times as 2020-12-31 23:00"
        )
    return ends or last == _DAY


def _counts_to_24(columns: Columns) -> bool:
    """Whether whole times run from 01:00 to 24:00, which are the ends of their hours."""
    table, cells = columns.table, [cells[columns.time] for _, cells in columns.table.rows]
    if not any(map(is_counted_to_24, cells)):
        return False
    if any(map(_ZERO.search, cells)):
        raise ScenarioError(
            f"{table.path}: column {shown(table.header[1][columns.time])} has 00:00 beside 24:00: count from "
            "00:00 to 23:00, or from 01:00 to 24:00"
        )
    return True


def _hour_of(columns: Columns, number: int, text: str) -> Hour:
    hour = hour_of(text)
    if hour is None:
        raise ScenarioError(
            f"{columns.table.path}, row {number}: {shown(text)} is no hour of a day: write 23 or 23:00"
        )
    return hour


def _parsed(table: Table, row: int, text: str) -> datetime:
    try:
        return parsed(text)
    except ZoneRefusedError as error:
        raise ScenarioError(
            f"{table.path}, row {row}: {shown(text)} is local time, ambiguous when clocks change "
            f"({error}): {FIX}"
        ) from None
    except (ValueError, OverflowError):
        raise _no_time(table, row, text) from None


def _no_time(table: Table, row: int, text: str) -> ScenarioError:
    if _SWAPPED.match(text):
        return ScenarioError(
            f"{table.path}, row {row}: {shown(text)} is no time that is clear, as day and month may be "
            "swapped: write 2020-12-31 23:00"
        )
    return ScenarioError(
        f"{table.path}, row {row}: {shown(text)} is no time: write 2020-12-31 23:00, with an offset if it is "
        "not UTC"
    )


def _utc(
    table: Table, row: int, text: str, time: datetime, zone: tzinfo | None, previous: Sample | None
) -> datetime:
    try:
        utc = in_utc(time, zone, None if previous is None else previous.time)
    except OverflowError:
        raise _no_time(table, row, text) from None
    except ValueError as error:
        raise ScenarioError(f"{table.path}, row {row}: {shown(text)}: {error}: give UTC or offsets") from None
    if not YEARS[0] <= utc.year <= YEARS[1]:
        raise ScenarioError(
            f"{table.path}, row {row}: {shown(text)} is not in {YEARS[0]} to {YEARS[1]}: correct the year"
        )
    return utc


def _hourly(path: Path, samples: list[Sample], fill: Fill | None, longest_gap: int) -> NDArray:
    """Means of the samples of each hour, NaN without one."""
    first, last = hour_start(samples[0].time), hour_start(samples[-1].time)
    for previous, sample in pairwise(samples):
        check_gap(path, previous, sample, fill, longest_gap)
    hours = np.array([(hour_start(sample.time) - first) // HOUR for sample in samples])
    values = np.array([sample.value for sample in samples])
    known, size = ~np.isnan(values), (last - first) // HOUR + 1
    sums = np.bincount(hours[known], values[known], size)
    counts = np.bincount(hours[known], minlength=size)
    return np.where(counts > 0, sums / np.maximum(counts, 1), math.nan)


def _value(columns: Columns, row: int, text: str, fill: Fill | None) -> float:
    path = columns.table.path
    if text.lower() in _MISSING:
        if fill is None:
            raise ScenarioError(
                f"{path}, row {row}: the carbon intensity is missing ({shown(text)}): supply it, or choose "
                "--fill hold or --fill linear"
            )
        return math.nan
    factor = columns.unit.factor or 1.0
    value = columns.table.number(row, text) * factor
    if not 0.0 <= value <= LARGEST_G_PER_KWH:
        given = f"{text} {USUAL}" if factor == 1.0 else f"{text} ({value:g} {USUAL})"
        raise ScenarioError(
            f"{path}, row {row}: {given} is not allowed: it must lie in [0, {LARGEST_G_PER_KWH:g}]; correct "
            "or remove the row"
        )
    return value
