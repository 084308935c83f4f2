"""A scenario: every parameter of the cell, as data that can be checked, shown, extended and saved."""

from functools import cached_property
from pathlib import Path
from typing import Any, Self

import tomli_w
from pydantic import Field, model_validator

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.grid.countries import country_code, country_intensity_g_per_kwh
from neuro_aolo.systems.grid.factor import origin_of
from neuro_aolo.systems.grid.trace import Trace, Traces
from neuro_aolo.systems.scenario import NamedScenario
from neuro_aolo.systems.scenario_file import ScenarioFile, find_scenario, read_scenario
from neuro_aolo.systems.task import Floats
from neuro_aolo.systems.wording import shown

SYSTEM = "emissions_per_bit"


class GridTraces(Traces):
    """The trace of the cell's grid.

    Attributes:
        grid: its carbon intensity, hour by hour in UTC.
    """

    grid: Trace | None = None


class Scenario(NamedScenario, Cell):
    """Every parameter of the cell (see :mod:`neuro_aolo.systems.emissions_per_bit.parameters`).

    Attributes:
        grid_country: ISO 3166 alpha-3 code whose carbon intensity the grid has at all hours, if fixed so.
        traces: hourly carbon intensities that take the place of the profile's.
        sources: where a value comes from, by dotted key (``storage.capacity_kwh``), if not the default's.
    """

    grid_country: str | None = None
    traces: GridTraces | None = None
    sources: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """A shipped scenario of the cell by name, or one from a ``.toml`` file.

        Raises:
            ScenarioError: there is no such scenario, it is of another system, or a key or value in it is not
                allowed.
        """
        file = read_scenario(find_scenario(str(name_or_path), Path()))
        if file.system != SYSTEM:
            raise ScenarioError(
                f"scenario {shown(str(name_or_path))} is of the system {file.system!r}: name one of "
                f"{SYSTEM}, such as emissions-per-bit"
            )
        return cls.of(file)

    @classmethod
    def of(cls, file: ScenarioFile) -> Self:
        """The scenario that a file describes.

        Raises:
            ScenarioError: a country, key or value in it is not allowed.
        """
        data = dict(file.data)
        code = data.get("grid_country")
        if isinstance(code, str):
            try:
                data = cls._placed(data, country_code(code))
            except ScenarioError as error:
                raise ScenarioError(f"{file.path}: grid_country: {error}") from None
        return cls._validated(data, file.path)

    def to_toml(self) -> str:
        """The resolved scenario as TOML; loading it gives an equal scenario."""
        return tomli_w.dumps({"system": SYSTEM, **self._data()})

    def with_countries(self, grid: str | None = None) -> Self:
        """This scenario with the carbon intensity of a country at all hours.

        Args:
            grid: ISO 3166 code or name of the country; None leaves the grid as it is.

        Raises:
            ScenarioError: a code is unknown or without data.
        """
        if grid is None:
            return self
        data = self._data()
        data.pop("traces", None)
        return self._validated(self._placed(data, country_code(grid)), f"scenario {self.name!r}")

    def with_traces(self, grid: Trace | None = None) -> Self:
        """This scenario with the carbon intensity of a trace.

        Args:
            grid: as ``trace_csv.read_trace`` gives it; None leaves the grid as it is.

        Raises:
            ScenarioError: it holds no whole day.
        """
        if grid is None:
            return self
        data = self._data()
        data.pop("grid_country", None)
        data["traces"] = {"grid": grid.model_dump(mode="json", exclude_none=True)}
        return self._validated(data, f"scenario {self.name!r}")

    def origin(self, parameter: str) -> str | None:
        """Where the grid's carbon intensity comes from: its country, its trace, or None as the file says."""
        if parameter != "g_per_kwh":
            return None
        if self.grid_country is not None:
            return origin_of(self.grid_country, self.grid.g_per_kwh)
        return None if self.traces is None else "traces.grid"

    @property
    def clock(self) -> Floats:
        """Carbon intensity by the hour from a midnight in UTC, in gCO2/kWh, ``(H,)``: whole days."""
        return self._days

    @cached_property
    def _days(self) -> Floats:
        trace = None if self.traces is None else self.traces.grid
        if trace is None:
            return self.grid.day
        first = 0 if trace.start is None else -trace.start.hour % 24
        assert self.traces is not None
        hours = self.traces.clock.g_per_kwh["grid"][first:]
        return hours[: len(hours) // 24 * 24]

    @classmethod
    def _placed(cls, data: dict[str, Any], code: str) -> dict[str, Any]:
        """Data with a country's intensity at all hours."""
        of_country = {"profile": "constant", "g_per_kwh": country_intensity_g_per_kwh(code)}
        return {**data, "grid_country": code, "grid": of_country}

    @model_validator(mode="after")
    def _one_grid(self) -> Self:
        if self.traces is not None and self.traces.grid is not None:
            if self.grid_country is not None:
                raise ValueError("grid_country and traces.grid both give its intensity: remove one")
            if not len(self._days):
                raise ValueError("traces.grid holds no whole day from midnight to midnight: give more hours")
        return self
