"""Carbon intensity from a CSV file: Electricity Maps and ENTSO-E style headers, cadences up to one hour."""

import contextlib
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.csv_file import read_rows
from neuro_aolo.systems.grid.trace import HOUR, YEARS, Trace
from neuro_aolo.systems.parameters import LARGEST_G_PER_KWH
from neuro_aolo.systems.wording import listed, shown

Fill = Literal["hold", "linear"]
FILLS: tuple[Fill, ...] = ("hold", "linear")

_TIME = re.compile(r"^(date[ _]?time|time[ _]?stamp|time|date|mtu|start|from|hour|utc)\b", re.IGNORECASE)
_VALUE = re.compile(
    r"carbon[ _]?intensity|g\s?(co2|co₂)?[ _]?(eq?|e)?\s?/\s?kwh|g_per_kwh|^intensity", re.IGNORECASE
)
_OTHER_UNIT = re.compile(
    r"(?<![a-z])(kg|lbs?|t|tonnes?)[ _]?(co2|co₂)?[ _]?(eq?)?\s?(/|_per_)\s?(kwh|mwh)", re.IGNORECASE
)
_LOCAL_ZONE = re.compile(r"\b(CES?T|[CEW]ES?T|local)\b", re.IGNORECASE)
_MISSING = ("", "nan", "na", "n/a", "null", "none", "-")
_LIFE_CYCLE = re.compile(r"life[ _]?cycle|lca", re.IGNORECASE)


@dataclass(frozen=True)
class _Sample:
    row: int
    time: datetime
    value: float


def read_trace(path: str | Path, fill: Fill | None = None) -> Trace:
    """Read a carbon-intensity trace: a time column and one in gCO2/kWh, averaged to hours.

    Columns are found by their headers. Times without a zone are UTC. Where a file has direct and life-cycle
    intensities the life-cycle ones are taken. An hour's figure is the mean of its samples.

    Args:
        path: CSV file; comma, semicolon or tab separated.
        fill: What an hour without a figure becomes: None refuses it, ``"hold"`` repeats the figure before,
            ``"linear"`` interpolates between the figures around it. At either end both repeat the nearest.

    Returns:
        The trace, from its first to its last hour.

    Raises:
        ScenarioError: If the file cannot be read as such, with the row, the value and the fix.
    """
    path = Path(path)
    if fill is not None and fill not in FILLS:
        raise ScenarioError(f"fill = {shown(fill)} is not allowed: give one of {', '.join(FILLS)}")
    samples = _samples(path, fill)
    return Trace(source=path.name, start=_hour(samples[0].time), g_per_kwh=_hourly(path, samples, fill))


def _samples(path: Path, fill: Fill | None) -> list[_Sample]:
    """The file's rows in order: times that rise, values that are intensities (NaN where they are filled)."""
    rows = read_rows(path, "carbon-intensity")
    if not rows:
        raise ScenarioError(f"{path}: the file is empty: give a header and one row per sample")
    time_column, value_column = _columns(path, *rows[0])
    samples: list[_Sample] = []
    for number, row in rows[1:]:
        if len(row) != len(rows[0][1]):
            raise ScenarioError(
                f"{path}, row {number}: {len(row)} columns where the header has {len(rows[0][1])}: repair it"
            )
        sample = _Sample(
            number, _time(path, number, row[time_column]), _value(path, number, row[value_column], fill)
        )
        if samples and sample.time <= samples[-1].time:
            same = sample.time == samples[-1].time
            problem = (
                f"repeats the time of row {samples[-1].row}" if same else "is earlier than the row before"
            )
            fix = "keep one of them" if same else "sort the rows by time"
            raise ScenarioError(f"{path}, row {number}: {shown(row[time_column])} {problem}: {fix}")
        samples.append(sample)
    known = [sample.value for sample in samples if not math.isnan(sample.value)]
    if not known:
        raise ScenarioError(f"{path}: no row holds a carbon intensity: give one row per sample")
    if max(known) < 2.0:
        raise ScenarioError(
            f"{path}: the largest intensity is {max(known):g}, too small for gCO2/kWh: is it in kg?"
        )
    return samples


def _hourly(path: Path, samples: list[_Sample], fill: Fill | None) -> tuple[float, ...]:
    """Means of the samples of each hour; hours without one refused or filled."""
    first, last = _hour(samples[0].time), _hour(samples[-1].time)
    by_hour: list[list[float]] = [[] for _ in range((last - first) // HOUR + 1)]
    previous = samples[0]
    for sample in samples:
        missing = (_hour(sample.time) - _hour(previous.time)) // HOUR - 1
        if missing > 0 and fill is None:
            raise ScenarioError(
                f"{path}, row {sample.row}: {missing} hour{'s' * (missing > 1)} without a sample before "
                f"{sample.time:%Y-%m-%d %H:%M} UTC: supply them, or choose --fill hold or --fill linear"
            )
        if not math.isnan(sample.value):
            by_hour[(_hour(sample.time) - first) // HOUR].append(sample.value)
        previous = sample
    means = [sum(values) / len(values) if values else math.nan for values in by_hour]
    return tuple(_filled(means, fill or "hold"))


def _filled(means: list[float], fill: Fill) -> list[float]:
    """Hours without a mean, filled from those around them; at either end from the nearest."""
    values = np.array(means)
    hours, known = np.arange(len(values)), np.flatnonzero(~np.isnan(values))
    if fill == "linear":
        return [float(value) for value in np.interp(hours, known, values[known])]
    before = np.searchsorted(known, hours, side="right") - 1
    return [float(value) for value in values[known[np.maximum(before, 0)]]]


def _columns(path: Path, row: int, header: list[str]) -> tuple[int, int]:
    """Positions of the time and of the intensity."""
    where, named = f"{path}, row {row}", listed(header)
    times = [i for i, name in enumerate(header) if _TIME.search(name)]
    if not times:
        raise ScenarioError(f"{where}: no time column among {named}: name one 'time' or 'datetime'")
    if _LOCAL_ZONE.search(header[times[0]]):
        raise ScenarioError(
            f"{where}: {shown(header[times[0]])} is local time, ambiguous when clocks change: give UTC"
        )
    values = [i for i, name in enumerate(header) if _VALUE.search(name) and i != times[0]]
    life_cycle = [i for i in values if _LIFE_CYCLE.search(header[i])]
    values = life_cycle if len(values) > 1 and life_cycle else values
    if len(values) != 1:
        problem = "no column of carbon intensity" if not values else "several columns of carbon intensity"
        raise ScenarioError(f"{where}: {problem} among {named}: name one 'carbon_intensity_g_per_kwh'")
    if _OTHER_UNIT.search(header[values[0]]):
        raise ScenarioError(f"{where}: {shown(header[values[0]])} is in another unit: convert it to gCO2/kWh")
    return times[0], values[0]


def _time(path: Path, row: int, text: str) -> datetime:
    try:
        time = _parsed(text)
        utc = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ScenarioError(
            f"{path}, row {row}: {shown(text)} is no time: write 2020-12-31 23:00, with an offset if it is "
            "not UTC"
        ) from None
    if not YEARS[0] <= utc.year <= YEARS[1]:
        raise ScenarioError(
            f"{path}, row {row}: {shown(text)} is not in {YEARS[0]} to {YEARS[1]}: correct the year"
        )
    return utc


def _parsed(text: str) -> datetime:
    """An ISO 8601 time, or the start of ENTSO-E's intervals: ``31.12.2020 23:00 - 01.01.2021 00:00``."""
    start, dash, _ = text.partition(" - ")
    if dash:
        for form in ("%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"):
            with contextlib.suppress(ValueError):
                return datetime.strptime(start.strip(), form)
    return datetime.fromisoformat(start.strip().removesuffix("UTC").strip())


def _value(path: Path, row: int, text: str, fill: Fill | None) -> float:
    if text.lower() in _MISSING:
        if fill is None:
            raise ScenarioError(
                f"{path}, row {row}: the carbon intensity is missing ({shown(text)}): supply it, or choose "
                "--fill hold or --fill linear"
            )
        return math.nan
    try:
        value = float(text)
    except ValueError:
        raise ScenarioError(
            f"{path}, row {row}: {shown(text)} is no number: give the intensity in gCO2/kWh"
        ) from None
    if not 0.0 <= value <= LARGEST_G_PER_KWH:
        raise ScenarioError(
            f"{path}, row {row}: {value:g} gCO2/kWh is not allowed: it must lie in "
            f"[0, {LARGEST_G_PER_KWH:g}]; correct or remove the row"
        )
    return value


def _hour(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0)
