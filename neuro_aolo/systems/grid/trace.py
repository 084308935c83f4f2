"""Hourly carbon intensity of a grid over time, and the clock that several traces share."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import AwareDatetime, Field, model_validator

from neuro_aolo.systems.parameters import LARGEST_G_PER_KWH, Section

NDArray = np.ndarray[Any, np.dtype[np.float64]]
Hours = np.ndarray[Any, np.dtype[np.int64]]
Basis = Literal["average", "marginal"]
"""What an intensity is of: all that is generated, or what one kWh more makes generate."""
HOUR = timedelta(hours=1)
YEARS = (1900, 2199)
"""First and last year of a trace's hours."""

_ANY_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)
_Intensity = Annotated[float, Field(strict=True, ge=0.0, le=LARGEST_G_PER_KWH)]


class Trace(Section):
    """Carbon intensity hour by hour.

    Attributes:
        source: Where the figures come from.
        start: First hour; without one the trace is a day, or several, that repeats from midnight UTC.
        g_per_kwh: One figure per hour, in gCO2/kWh.
        note: What was converted, chosen or filled when they were read.
        basis: What the figures are, where the file says it; ``average`` or ``marginal``.
    """

    source: str = ""
    note: str | None = None
    basis: Basis | None = None
    start: AwareDatetime | None = None
    g_per_kwh: tuple[_Intensity, ...] = Field(json_schema_extra={"unit": "gCO2/kWh"})

    @model_validator(mode="after")
    def _whole_hours(self) -> Self:
        if not self.g_per_kwh:
            raise ValueError("g_per_kwh is empty: give one figure per hour")
        if self.start is None and len(self.g_per_kwh) % 24:
            raise ValueError(
                f"g_per_kwh has {len(self.g_per_kwh)} figures and no start: give whole days, which "
                "repeat, or the first hour as start"
            )
        if self.start is None:
            return self
        if not YEARS[0] <= self.start.year <= YEARS[1]:
            raise ValueError(
                f"start = {self.start.isoformat()} is not in {YEARS[0]} to {YEARS[1]}: correct the year"
            )
        start = self.start.astimezone(UTC)
        if start.replace(minute=0, second=0, microsecond=0) != start:
            raise ValueError(
                f"start = {self.start.isoformat()} is not a whole hour in UTC: give the first hour"
            )
        return self

    @property
    def of(self) -> str:
        """Its hours and its basis, in words."""
        hours = f"{len(self.g_per_kwh):,} hours"
        when = "of days that repeat" if self.start is None else f"from {self.start:%Y-%m-%d %H:%M %Z}"
        if self.start is not None:
            when += f" to {self.start + len(self.g_per_kwh) * HOUR:%Y-%m-%d %H:%M %Z}"
        return f"{hours} {when}; {self.basis or 'average or marginal: not stated'}"

    def figures(self, first: datetime, hours: int) -> NDArray:
        """Intensities, in gCO2/kWh, over ``hours`` hours from ``first``: ``(hours,)``."""
        start = self.start or first.astimezone(UTC).replace(hour=0)
        values = np.array(self.g_per_kwh)
        return values[((first - start) // HOUR + np.arange(hours)) % len(values)]


@dataclass(frozen=True, eq=False)
class Clock:
    """Traces laid over the same hours.

    Attributes:
        hours: How many hours, ``H``; after the last the first follows.
        g_per_kwh: Figures of each site that has a trace ``(H,)``, in gCO2/kWh.
    """

    hours: int
    g_per_kwh: Mapping[str, NDArray]

    def at(self, hours: Hours) -> dict[str, NDArray]:
        """Figures of each of these sites in given hours of the clock: ``(n,)`` each."""
        return {site: figures[hours % self.hours] for site, figures in self.g_per_kwh.items()}


class Traces(Section):
    """Traces of the grids of a system's sites, and how fast requests walk through them.

    Dated traces are walked over the hours that they share; repeating ones follow the hour of the day in UTC.
    Each system has a subclass with a field ``Trace | None`` a site.

    Attributes:
        requests_per_hour: Requests of one environment in each hour of the traces.
    """

    requests_per_hour: int = Field(
        1, strict=True, ge=1, le=10**9, json_schema_extra={"unit": "1/h", "source": "chosen"}
    )

    @classmethod
    def sites(cls) -> tuple[str, ...]:
        """Sites that can have a trace."""
        return tuple(name for name in cls.model_fields if name not in Traces.model_fields)

    @cached_property
    def by_site(self) -> dict[str, Trace]:
        """The traces that are given."""
        given = {site: getattr(self, site) for site in self.sites()}
        return {site: trace for site, trace in given.items() if trace is not None}

    @model_validator(mode="after")
    def _overlapping(self) -> Self:
        if not self.by_site:
            raise ValueError(
                f"neither {' nor '.join(self.sites())} has a trace: give one, or leave traces out"
            )
        if self.clock.hours == 0:
            raise ValueError(
                f"the traces of {' and '.join(self.by_site)} share no hour: give traces of the same time"
            )
        return self

    @cached_property
    def clock(self) -> Clock:
        """The hours that the traces share, with the figures of each."""
        traces = self.by_site
        starts = [trace.start for trace in traces.values() if trace.start is not None]
        if not starts:
            hours = int(np.lcm.reduce([len(trace.g_per_kwh) for trace in traces.values()], initial=1))
            return Clock(hours, {site: trace.figures(_ANY_MIDNIGHT, hours) for site, trace in traces.items()})
        end = min(t.start + len(t.g_per_kwh) * HOUR for t in traces.values() if t.start is not None)
        first = max(starts)
        hours = max((end - first) // HOUR, 0)
        return Clock(hours, {site: trace.figures(first, hours) for site, trace in traces.items()})


class Walk:
    """Hours of a scenario's traces, walked through request by request from a random hour.

    Args:
        traces: The traces; None, where the scenario has none, gives no hours.
        n: Walkers, each with an hour of its own.
        rng: Source of the first hours.
    """

    def __init__(self, traces: Traces | None, n: int, rng: np.random.Generator) -> None:
        self._per_hour = 1 if traces is None else traces.requests_per_hour
        self._request = None if traces is None else rng.integers(traces.clock.hours * self._per_hour, size=n)

    def next(self) -> Hours | None:
        """Hour of each walker's next request, ``(n,)``."""
        if self._request is None:
            return None
        hours: Hours = self._request // self._per_hour
        self._request = self._request + 1
        return hours
