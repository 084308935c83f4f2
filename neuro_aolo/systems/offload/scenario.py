"""A scenario: every parameter of the servers and their tasks, as data to be checked, shown and saved."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import tomli_w
from pydantic import Field, model_validator

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.describe import unit_of
from neuro_aolo.systems.grid.countries import country_code, country_intensity_g_per_kwh
from neuro_aolo.systems.grid.factor import origin_of
from neuro_aolo.systems.grid.trace import Trace, Traces
from neuro_aolo.systems.offload.parameters import (
    COMPONENT_DOMAIN,
    OF_SERVERS,
    USER,
    ActionBox,
    ImageTask,
    Limits,
    Provision,
    Radio,
    Servers,
    SiteTraces,
    State,
    Users,
    of_server,
    site_of,
)
from neuro_aolo.systems.parameters import Bounds
from neuro_aolo.systems.ranges import ParameterRange
from neuro_aolo.systems.scenario import NamedScenario
from neuro_aolo.systems.scenario_file import (
    ScenarioFile,
    any_trace,
    find_scenario,
    fix_countries,
    read_scenario,
    scenario_names,
)
from neuro_aolo.systems.wording import shown

SYSTEM = "offload"
_OF_USER, _OF_SERVER = "user_intensity_g_per_kwh", "server_intensity_g_per_kwh"


class Scenario(NamedScenario):
    """Every parameter of servers and tasks (see :mod:`neuro_aolo.systems.offload.parameters`).

    Attributes:
        user_country: ISO 3166-1 alpha-3 code whose carbon intensity the user and the base station have.
        server_countries: the same of each server; empty text where a server's is drawn.
        traces: hourly carbon intensities that take the place of drawn ones, by site.
        sources: where a value comes from, by dotted key (``servers.power_w``), if not the default's source.
        ranges: how far a value may be off, likewise.
    """

    user_country: str | None = None
    server_countries: tuple[str, ...] | None = None
    task: ImageTask = ImageTask()
    servers: Servers = Servers()
    radio: Radio = Radio()
    provision: Provision = Provision()
    limits: Limits = Limits()
    actions: ActionBox = ActionBox()
    users: Users = Users()
    state: State = State()
    sources: dict[str, str] = Field(default_factory=dict)
    ranges: dict[str, ParameterRange] = Field(default_factory=dict)
    traces: SiteTraces | None = None

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """A shipped scenario by name, or one from a ``.toml`` file.

        Raises:
            ScenarioError: there is no such scenario, it is of another system, or a key or value in it is not
                allowed.
        """
        file = read_scenario(find_scenario(str(name_or_path), Path()))
        if file.system != SYSTEM:
            raise ScenarioError(
                f"scenario {shown(str(name_or_path))} is of the system {file.system!r}: name one of "
                f"{SYSTEM}, {' or '.join(scenario_names(SYSTEM))}"
            )
        return cls.of(file)

    @classmethod
    def of(cls, file: ScenarioFile) -> Self:
        """The scenario that a file describes.

        Raises:
            ScenarioError: a country, key or value in it is not allowed.
        """
        data = dict(file.data)
        fix_countries(data, State(), file.path)
        return cls._validated(data, file.path)

    def to_toml(self) -> str:
        """The resolved scenario as TOML; loading it gives an equal scenario."""
        return tomli_w.dumps({"system": SYSTEM, **self._data()})

    def with_countries(self, **countries: str) -> Self:
        """This scenario with the carbon intensity of a country at each site named, as ``server1="FRA"``.

        Args:
            **countries: ISO 3166 codes or names, by site.

        Raises:
            ScenarioError: a site or code is unknown, the code is without data, or its intensity leaves the
                observed range.
        """
        data = self._data()
        for site, name in countries.items():
            code, intensity = country_code(name), country_intensity_g_per_kwh(name)
            self._place(data, site, (intensity, intensity), code)
            if site == USER:
                data["user_country"] = code
            else:
                data["servers"].setdefault("fixed_g_per_kwh", {})[site] = intensity
                data["server_countries"][self.servers.sites.index(site)] = code
        return self._validated(data, f"scenario {self.name!r}")

    def with_traces(self, **traces: Trace) -> Self:
        """This scenario with the carbon intensity of a trace at each site named.

        Args:
            **traces: as ``trace_csv.read_trace`` gives them, by site.

        Raises:
            ScenarioError: a site is unknown, a trace leaves the observed range, or they share no hour.
        """
        data = self._data()
        for site, trace in traces.items():
            ends = (min(trace.g_per_kwh), max(trace.g_per_kwh))
            self._place(data, site, ends, f"the trace {trace.source!r}")
            data.setdefault("traces", {})[site] = trace.model_dump(mode="json", exclude_none=True)
        return self._validated(data, f"scenario {self.name!r}")

    def origin(self, parameter: str) -> str | None:
        """Where the user's intensity or those of servers come from, if not as the scenario says."""
        if parameter == _OF_USER and self.user_country is not None:
            return origin_of(self.user_country, *self.state.user_intensity_g_per_kwh.sample)
        if parameter == _OF_USER and USER in self._traced:
            return f"traces.{USER}"
        if parameter == "fixed_g_per_kwh" and self.server_countries is not None:
            fixed = self.servers.fixed_g_per_kwh
            named = [(site, code) for site in self.servers.sites if (code := self.country(site))]
            return "; ".join(dict.fromkeys(origin_of(code, fixed[site]) for site, code in named))
        return None

    @property
    def sites(self) -> tuple[str, ...]:
        """Where energy is drawn: each server, then the user with the base station."""
        return (*self.servers.sites, USER)

    def country(self, site: str) -> str:
        """The code of a site's country; empty where it has none."""
        if site == USER:
            return self.user_country or ""
        return "" if self.server_countries is None else self.server_countries[self.servers.sites.index(site)]

    @cached_property
    def components(self) -> tuple[tuple[str, str], ...]:
        """Name in states and name in ``[state]`` of each component, in the order of states."""
        shared = [(name, name) for name in State.model_fields if name not in OF_SERVERS]
        own = [(of_server(name, site), name) for name in OF_SERVERS for site in self.servers.sites]
        return (*shared, *own)

    @cached_property
    def state_names(self) -> tuple[str, ...]:
        """Names of the state's components, in the order of states and observations."""
        return tuple(name for name, _ in self.components)

    def intensity_of(self, site: str) -> int:
        """The column of states that holds a site's carbon intensity."""
        return self.state_names.index(_OF_USER if site == USER else of_server(_OF_SERVER, site))

    @cached_property
    def bounds(self) -> Bounds:
        """Ranges of the components, as arrays in the order of :attr:`state_names`."""
        rows = []
        for name, key in self.components:
            drawn = getattr(self.state, key)
            fixed = self.servers.fixed_g_per_kwh.get(name.partition("_")[0]) if key == _OF_SERVER else None
            sample = drawn.sample if fixed is None else (fixed, fixed)
            rows.append((*sample, *drawn.observe, *COMPONENT_DOMAIN[key]))
        return Bounds(*np.array(rows).T)

    def unit(self, name: str) -> str:
        """The unit of a component of the state."""
        return unit_of(self.state, dict(self.components)[name])

    @property
    def _traced(self) -> Mapping[str, Trace]:
        traces: Traces | None = self.traces
        return {} if traces is None else traces.by_site

    def _place(self, data: dict[str, Any], site: str, ends: tuple[float, float], who: str) -> None:
        """Give a site new intensities, and take its country, fixed figure and trace away."""
        if site not in self.sites:
            raise ScenarioError(f"unknown site {shown(site)}: name one of {', '.join(self.sites)}")
        key = _OF_USER if site == USER else _OF_SERVER
        low, high = getattr(self.state, key).observe
        if not low <= ends[0] <= ends[1] <= high:
            wrong = ends[0] if ends[0] < low else ends[1]
            raise ScenarioError(
                f"{who}: {wrong:g} g/kWh is outside the range that scenario {self.name!r} observes: widen "
                f"state.{key}.observe = [{low:g}, {high:g}] in a scenario file"
            )
        if site == USER:
            data["state"][key]["sample"] = list(ends)
            data.pop("user_country", None)
        else:
            data["servers"].get("fixed_g_per_kwh", {}).pop(site, None)
            countries = list(data.get("server_countries") or [""] * self.servers.count)
            countries[self.servers.sites.index(site)] = ""
            data["server_countries"] = countries
        traces = data.get("traces", {})
        traces.pop(site, None)
        if not any_trace(traces):
            data.pop("traces", None)

    @model_validator(mode="before")
    @classmethod
    def _fix_servers(cls, data: Any) -> Any:
        """Give the servers whose countries are named their intensities, unless these are stated (saved)."""
        countries = data.get("server_countries") if isinstance(data, Mapping) else None
        if not isinstance(countries, list | tuple) or not all(isinstance(code, str) for code in countries):
            return data
        if not any(countries):
            return {key: value for key, value in data.items() if key != "server_countries"}
        servers = data.get("servers", {})
        servers = dict(servers) if isinstance(servers, Mapping) else servers.model_dump(mode="json")
        fixed, codes = dict(servers.get("fixed_g_per_kwh", {})), []
        for index, name in enumerate(countries):
            try:
                codes.append(country_code(name) if name else "")
                if name and site_of(index) not in fixed:
                    fixed[site_of(index)] = country_intensity_g_per_kwh(name)
            except ScenarioError as error:
                raise ValueError(f"server_countries: {error}") from None
        servers["fixed_g_per_kwh"] = fixed
        return {**data, "servers": servers, "server_countries": tuple(codes)}

    @model_validator(mode="after")
    def _one_intensity_per_site(self) -> Self:
        if self.server_countries is not None and len(self.server_countries) != self.servers.count:
            raise ValueError(
                f"server_countries has {len(self.server_countries)} codes for {self.servers.count} servers: "
                'give one for each, "" where its intensity is drawn'
            )
        low, high = self.state.server_intensity_g_per_kwh.observe
        for site, fixed in self.servers.fixed_g_per_kwh.items():
            if site in self._traced:
                raise ValueError(
                    f"servers.fixed_g_per_kwh.{site} and traces.{site} both give its intensity: remove one"
                )
            if not low <= fixed <= high:
                raise ValueError(
                    f"servers.fixed_g_per_kwh.{site} = {fixed:g} is outside "
                    f"state.{_OF_SERVER}.observe = [{low:g}, {high:g}]: widen it"
                )
        for site, trace in self._traced.items():
            if site not in self.sites:
                raise ValueError(f"traces.{site} is of no site: name one of {', '.join(self.sites)}")
            if site == USER and self.user_country is not None:
                raise ValueError("user_country and traces.user both give its intensity: remove one")
            key = _OF_USER if site == USER else _OF_SERVER
            low, high = getattr(self.state, key).observe
            if not low <= min(trace.g_per_kwh) <= max(trace.g_per_kwh) <= high:
                raise ValueError(f"traces.{site} leaves state.{key}.observe = [{low:g}, {high:g}]: widen it")
        return self

    @model_validator(mode="after")
    def _can_be_served(self) -> Self:
        if self.state.gain.observe[0] <= 0.0:
            raise ValueError("state.gain.observe must be positive: raise it")
        best, wanted = max(self.servers.full_quality), self.state.wanted_quality.sample[1]
        if wanted > best:
            raise ValueError(
                f"state.wanted_quality is up to {wanted:g}, and no server's full_quality is above {best:g}: "
                "lower it"
            )
        return self
