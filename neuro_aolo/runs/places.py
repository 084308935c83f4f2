"""Whose electricity is drawn, as it was chosen; importing this does not import torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.grid.gaps import Fill
from neuro_aolo.systems.grid.trace_csv import read_trace
from neuro_aolo.systems.system import System
from neuro_aolo.systems.wording import one_of


@dataclass(frozen=True)
class Places:
    """Whose electricity the sites of a scenario draw.

    Attributes:
        countries: ISO 3166-1 alpha-3 codes, by site.
        traces: CSV files of hourly carbon intensity, by site.
        fill: what becomes of hours that a trace lacks: ``hold`` or ``linear``; they are refused where None.
        longest_gap: most hours in a row that are filled; 24 where None.
    """

    countries: Mapping[str, str] = field(default_factory=dict)
    traces: Mapping[str, Path] = field(default_factory=dict)
    fill: str | None = None
    longest_gap: int | None = None

    def put(self, system: System, scenario: Any) -> Any:
        """The system's scenario in these places.

        Raises:
            ScenarioError: an unknown site or country, a trace that cannot be used, or both for one site.
        """
        for site in self.countries.keys() & self.traces.keys():
            raise ScenarioError(
                f"--country {site}={self.countries[site]} and --trace {site}={self.traces[site]} both give "
                "one intensity: choose one"
            )
        if self.fill and not self.traces:
            raise ScenarioError(
                f"--fill {self.fill} fills a trace, and none is given: add --trace SITE=FILE.csv"
            )
        if self.longest_gap is not None and not self.fill:
            raise ScenarioError(
                f"--longest-gap {self.longest_gap} says how many hours are filled, and none are: add --fill "
                "hold or --fill linear, or leave it out"
            )
        sites = system.task(scenario).spec.sites if self.countries or self.traces else ()
        countries = _by_site("--country", self.countries, sites)
        files = _by_site("--trace", self.traces, sites)
        for option, given, method in (
            ("--country", countries, "with_countries"),
            ("--trace", files, "with_traces"),
        ):
            if given and not hasattr(scenario, method):
                raise ScenarioError(
                    f"{option}: {type(scenario).__qualname__} has no {method}, so its sites keep their own "
                    "electricity: leave the option out"
                )
        fill = cast("Fill | None", self.fill)
        traces = {site: read_trace(path, fill, self.longest_gap) for site, path in files.items()}
        if countries:
            scenario = scenario.with_countries(**countries)
        return scenario.with_traces(**traces) if traces else scenario


def _by_site(option: str, given: Mapping[str, Any], sites: tuple[str, ...]) -> dict[str, Any]:
    """The same by the sites' own names, which may be typed in upper or lower case."""
    return {one_of(f"{option} {site}={value}: site", site, sites): value for site, value in given.items()}
