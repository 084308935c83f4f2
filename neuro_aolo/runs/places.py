"""Whose electricity is drawn, as it was chosen; importing this does not import torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from neuro_aolo.errors import AgentError, ScenarioError
from neuro_aolo.systems.grid.trace_csv import Fill, read_trace
from neuro_aolo.systems.system import System


@dataclass(frozen=True)
class Places:
    """Whose electricity the sites of a scenario draw.

    Attributes:
        countries: ISO 3166-1 alpha-3 codes, by site.
        traces: CSV files of hourly carbon intensity, by site.
        fill: what becomes of hours that a trace lacks: ``hold`` or ``linear``; they are refused where None.
    """

    countries: Mapping[str, str] = field(default_factory=dict)
    traces: Mapping[str, Path] = field(default_factory=dict)
    fill: str | None = None

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
        sites = system.task(scenario).spec.sites if self.countries or self.traces else ()
        for option, given, method in (
            ("--country", self.countries, "with_countries"),
            ("--trace", self.traces, "with_traces"),
        ):
            for site in given:
                one_of(f"{option} {site}={given[site]}: site", site, sites)
            if given and not hasattr(scenario, method):
                raise ScenarioError(
                    f"{option}: {type(scenario).__qualname__} has no {method}, so its sites keep their own "
                    "electricity: leave the option out"
                )
        fill = cast("Fill | None", self.fill)
        traces = {site: read_trace(path, fill) for site, path in self.traces.items()}
        if self.countries:
            scenario = scenario.with_countries(**self.countries)
        return scenario.with_traces(**traces) if traces else scenario


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Refuse a value of an option that is not among those allowed.

    Raises:
        AgentError: it is none of them.
    """
    if value in allowed:
        return
    if len(allowed) == 1:
        raise AgentError(f"{option} {value!r} is not {allowed[0]}: choose that, or leave it out")
    raise AgentError(
        f"{option} {value!r} is {'neither' if len(allowed) == 2 else 'none of'} "
        f"{' nor '.join(allowed) if len(allowed) == 2 else ', '.join(allowed)}: choose one of them"
    )
