"""A row's sample of carbon intensity, and the order that the samples of a file must have."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.grid.columns import Columns
from neuro_aolo.systems.grid.gaps import Fill, gap_error
from neuro_aolo.systems.grid.time_zone import never_shown, shown_twice
from neuro_aolo.systems.grid.trace import HOUR
from neuro_aolo.systems.wording import listed, shown

LOCAL_FIX = "give UTC or offsets, or name the zone in the header, as 'time (Europe/Berlin)'"
"""What to do about local times without a zone."""

_LARGEST_SHARE = 0.7
"""Of the rows of several series: how many of their times are different at most."""

_NAME = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True)
class Sample:
    """A row: its time in UTC, that time as it is written, whether nothing says its zone, and its figure."""

    row: int
    time: datetime
    text: str
    is_bare: bool
    value: float


def check_order(columns: Columns, previous: Sample, sample: Sample) -> None:
    """Refuse times that do not rise, and say why: clocks that are set back, or several series in one file.

    Raises:
        ScenarioError: If ``sample`` is not after ``previous``.
    """
    if sample.time > previous.time:
        return
    is_same = sample.time == previous.time
    problem = f"repeats the time of row {previous.row}" if is_same else "is earlier than the row before"
    where = f"{columns.table.path}, row {sample.row}: {shown(sample.text)}"
    place = shown_twice(sample.time) if sample.is_bare and previous.time - sample.time < HOUR else None
    if place:
        raise ScenarioError(
            f"{where} {problem}, an hour that clocks show twice at the end of summer time, as in "
            f"{place}: the times look local; {LOCAL_FIX}"
        )
    if (column := _series(columns)) is not None:
        header = shown(columns.table.header[1][column])
        cells = list(dict.fromkeys(row[column] for _, row in columns.table.rows))
        if {cell.upper().replace(".", "") for cell in cells} == {"AM", "PM"}:
            raise ScenarioError(
                f"{where} {problem}, as column {header} has the halves of days: write them "
                "after the times, as 11:00 PM"
            )
        raise ScenarioError(
            f"{where} {problem}: column {header} holds {len(cells)} series, "
            f"{listed(cells)}: keep the rows of one"
        )
    if is_same and ":" not in sample.text:
        raise ScenarioError(f"{where} {problem}: give the time of day, too, as 2020-12-31 23:00")
    raise ScenarioError(f"{where} {problem}: {'keep one of them' if is_same else 'sort the rows by time'}")


def _series(columns: Columns) -> int | None:
    """The column of names that tells rows of one time apart, such as areas, where many have one in common."""
    table = columns.table
    parts = [columns.time] if columns.hour is None else [columns.time, columns.hour]
    times = [tuple(cells[part] for part in parts) for _, cells in table.rows]
    if len(set(times)) > _LARGEST_SHARE * len(times):
        return None
    own = (*parts, columns.zone_column, columns.value)
    for column in range(len(table.header[1])):
        names = [cells[column] for _, cells in table.rows]
        if column in own or not all(_NAME.match(name) for name in dict.fromkeys(names)):
            continue
        if len(set(zip(times, names, strict=True))) == len(times):
            return column
    return None


def check_gap(path: Path, previous: Sample, sample: Sample, fill: Fill | None, longest_gap: int) -> None:
    """Refuse hours that are not filled, and those that clocks leave out as they are set forward.

    Raises:
        ScenarioError: If hours between the two are missing and may not be filled.
    """
    missing = (hour_start(sample.time) - hour_start(previous.time)) // HOUR - 1
    if missing <= 0:
        return
    place = never_shown(hour_start(previous.time) + HOUR, hour_start(sample.time)) if sample.is_bare else None
    if place:
        raise ScenarioError(
            f"{path}, row {sample.row}: 1 hour without a sample before {shown(sample.text)}, which clocks "
            f"never show at the start of summer time, as in {place}: the times look local; {LOCAL_FIX}, "
            "or 'time (UTC)'"
        )
    if fill is None or missing > longest_gap:
        before = f"{sample.time:%Y-%m-%d %H:%M} UTC"
        raise gap_error(path, sample.row, missing, before, None if fill is None else longest_gap)


def hour_start(time: datetime) -> datetime:
    """The hour that a time is of."""
    return time.replace(minute=0, second=0, microsecond=0)
