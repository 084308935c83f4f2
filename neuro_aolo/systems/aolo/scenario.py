"""A scenario: every parameter of the service, as data that can be checked, shown, extended and saved."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import tomli_w
from pydantic import Field, model_validator

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.link import Link
from neuro_aolo.systems.aolo.parameters import (
    COMPONENT_DOMAIN,
    ActionBox,
    Channel,
    Inference,
    Limits,
    Provision,
    Quality,
    Radio,
    SiteTraces,
    State,
)
from neuro_aolo.systems.aolo.prompts import FAR, Prompts
from neuro_aolo.systems.aolo.rate_table import RateTable, rate_table
from neuro_aolo.systems.aolo.users import with_users
from neuro_aolo.systems.arrays import Array
from neuro_aolo.systems.describe import unit_of
from neuro_aolo.systems.grid.countries import country_code, country_intensity_g_per_kwh
from neuro_aolo.systems.grid.factor import origin_of
from neuro_aolo.systems.grid.trace import Trace
from neuro_aolo.systems.parameters import Bounds, Component
from neuro_aolo.systems.ranges import ParameterRange
from neuro_aolo.systems.scenario import NamedScenario
from neuro_aolo.systems.scenario_file import (
    ScenarioFile,
    any_trace,
    find_scenario,
    fix_countries,
    read_scenario,
)
from neuro_aolo.systems.scenario_file import scenario_names as names_of_all

__all__ = ["Scenario", "scenario_names"]


def scenario_names() -> tuple[str, ...]:
    """Names of the shipped scenarios of AOLO, ``paper`` first."""
    return names_of_all("aolo")


SIDES = {"dc": "dc_intensity_g_per_kwh", "bs": "bs_intensity_g_per_kwh"}
"""The state component whose intensity a data centre's or base station's country or trace gives."""

LINKED = ("nakagami_m", "path_loss_db")
"""The state components that a handset's place in the cell gives."""


_ENDS = tuple(field.name for field in fields(Bounds))


class Scenario(NamedScenario):
    """Every parameter of the service model (see :mod:`neuro_aolo.systems.aolo.parameters`).

    Attributes:
        dc_country: ISO 3166 alpha-3 code whose carbon intensity the data centre has, if fixed by country.
        bs_country: The same for the base station.
        traces: Hourly carbon intensities that take the place of drawn ones.
        link: The radio link in real units; without it AOLO's normalised one.
        prompts: Features that an unknown function makes each request's best length of, and noisy scores.
        sources: Where a value comes from, by dotted key (``inference.gpus``), if not the default's source.
        ranges: How far a value may be off, likewise.
    """

    dc_country: str | None = None
    bs_country: str | None = None
    channel: Channel = Channel()
    inference: Inference = Inference()
    radio: Radio = Radio()
    provision: Provision = Provision()
    quality: Quality = Quality()
    limits: Limits = Limits()
    actions: ActionBox = ActionBox()
    state: State = State()
    sources: dict[str, str] = Field(default_factory=dict)
    ranges: dict[str, ParameterRange] = Field(default_factory=dict)
    traces: SiteTraces | None = None
    link: Link | None = None
    prompts: Prompts | None = None

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """Load a shipped scenario by name, or a scenario from a ``.toml`` file.

        A file may start from another scenario (``extends = "paper"``, or a path relative to the file), name a
        country (``dc_country = "DEU"``) and read a trace (``traces.dc.csv = "gb.csv"``). Its table
        ``[deployment]`` belongs to a run.

        Args:
            name_or_path: One of :func:`scenario_names`, or the path of a ``.toml`` file.

        Raises:
            ScenarioError: If there is no such scenario, or a key or value in it is not allowed.
        """
        return cls.of(read_scenario(find_scenario(str(name_or_path), Path())))

    @classmethod
    def of(cls, file: ScenarioFile) -> Self:
        """The scenario that a file describes.

        Raises:
            ScenarioError: If a country, key or value in it is not allowed.
        """
        data = with_users(dict(file.data), file.path)
        fix_countries(data, State(), file.path)
        return cls._validated(data, file.path)

    def to_toml(self) -> str:
        """The resolved scenario as TOML; loading it gives an equal scenario."""
        return tomli_w.dumps(self._data())

    def with_countries(self, dc: str | None = None, bs: str | None = None) -> Self:
        """This scenario with the carbon intensity of a country at the data centre, the base station, or both.

        Args:
            dc: ISO 3166 code or name of the data centre's country; None leaves it as it is.
            bs: The base station's, likewise.

        Raises:
            ScenarioError: If a code is unknown or without data, or its intensity leaves the observed range.
        """
        data = self._data()
        for side, code in (("dc", dc), ("bs", bs)):
            if code is not None:
                code, intensity = country_code(code), country_intensity_g_per_kwh(code)
                self._place(data, side, (intensity, intensity), code)
                data[f"{side}_country"] = code
        return self._validated(data, f"scenario {self.name!r}")

    def with_traces(self, dc: Trace | None = None, bs: Trace | None = None) -> Self:
        """This scenario with the carbon intensity of a trace at the data centre, the base station, or both.

        Args:
            dc: Trace of the data centre's grid, as ``trace_csv.read_trace`` gives; None leaves it as it is.
            bs: Trace of the base station's grid, likewise.

        Raises:
            ScenarioError: If a trace leaves the observed range, or the two share no hour.
        """
        data = self._data()
        traces = data.get("traces", {})
        for side, trace in (("dc", dc), ("bs", bs)):
            if trace is not None:
                ends = (min(trace.g_per_kwh), max(trace.g_per_kwh))
                self._place(data, side, ends, f"the trace {trace.source!r}")
                traces[side] = trace.model_dump(mode="json", exclude_none=True)
                data["traces"] = traces
        return self._validated(data, f"scenario {self.name!r}")

    def origin(self, parameter: str) -> str | None:
        """Where the intensity of a site comes from: its country, its trace, or None as the scenario says."""
        site = next((site for site, component in SIDES.items() if component == parameter), None)
        if site is None:
            return None
        if (country := getattr(self, f"{site}_country")) is not None:
            return origin_of(country, *getattr(self.state, SIDES[site]).sample)
        return f"traces.{site}" if self.traces is not None and site in self.traces.by_site else None

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the state's components, in the order of states and observations."""
        return self.state.names if self.prompts is None else (*self.state.names, *self.prompts.names)

    @cached_property
    def bounds(self) -> Bounds:
        """Ranges of the components, as arrays in the order of :attr:`state_names`."""
        own = self.state.bounds
        if self.prompts is None:
            return own
        (low, high), far = self.prompts.ranges, np.full(self.prompts.features, FAR)
        more = Bounds(low, high, low, high, -far, far)
        return Bounds(*(np.concatenate([getattr(part, name) for part in (own, more)]) for name in _ENDS))

    def unit(self, name: str) -> str:
        """The unit of a component of the state."""
        return unit_of(self.state, name) if name in self.state.names else "-"

    @cached_property
    def rate_table(self) -> RateTable:
        """The mean inverse rate over this scenario's channels and powers."""
        outage, shapes, power = (
            self.channel.outage_probability,
            self.state.nakagami_m.observe,
            self.actions.power_w,
        )
        loss, link = self.state.path_loss_db, self.link
        if link is not None and loss is not None:
            least, most = zip(loss.observe, self.state.bandwidth_hz.observe, strict=True)
            worst, best = (link.snr_per_watt(np.float64(at), width) for at, width in (most, least))
            return rate_table(outage, shapes, (float(worst * power[0]), float(best * power[1])), resend=True)
        omega, noise_w = self.state.omega.observe, self.channel.noise_w
        snr_range = (omega[0] * power[0] / noise_w, omega[1] * power[1] / noise_w)
        return rate_table(outage, shapes, snr_range)

    def inverse_rate(self, column: Mapping[str, Array], power_w: Array) -> Array:
        """Mean time on air of a bit of the answer times the bandwidth, in s Hz / bit, ``(n,)``.

        Args:
            column: Columns of the states by name, ``(n,)`` each.
            power_w: Transmit power ``(n,)``, in W.
        """
        if self.link is None:
            snr_mean = power_w * column["omega"] * (1.0 / self.channel.noise_w)
            return self.rate_table(column["nakagami_m"], snr_mean)
        snr_mean = power_w * self.link.snr_per_watt(column["path_loss_db"], column["bandwidth_hz"])
        return self.rate_table(column["nakagami_m"], snr_mean) / self.link.net_share

    def supplied_w(self, power_w: Array) -> Array:
        """What a station draws for transmitting with ``power_w``, in W, its fixed power aside."""
        return power_w if self.link is None else self.link.supply_slope * power_w

    def _place(self, data: dict[str, Any], side: str, sample: tuple[float, float], who: str) -> None:
        """Give one side a new range of intensities, and take its country and trace away."""
        component: Component = getattr(self.state, SIDES[side])
        low, high = component.observe
        if not low <= sample[0] <= sample[1] <= high:
            wrong = sample[0] if sample[0] < low else sample[1]
            raise ScenarioError(
                f"{who}: {wrong:g} g/kWh is outside the range that scenario {self.name!r} observes: widen "
                f"state.{SIDES[side]}.observe = [{low:g}, {high:g}] in a scenario file"
            )
        data["state"][SIDES[side]]["sample"] = list(sample)
        data.pop(f"{side}_country", None)
        traces = data.get("traces", {})
        traces.pop(side, None)
        if not any_trace(traces):
            data.pop("traces", None)

    @model_validator(mode="after")
    def _channel_has_a_mean(self) -> Self:
        if self.state.omega.observe[0] <= 0.0 or self.state.nakagami_m.observe[0] < 0.5:
            raise ValueError(
                "state.omega.observe must be positive and state.nakagami_m.observe at least 0.5: raise them"
            )
        for name in ("omega", "nakagami_m"):
            high, largest = getattr(self.state, name).observe[1], COMPONENT_DOMAIN[name][1]
            if high > largest:
                raise ValueError(f"state.{name}.observe = [..., {high:g}] is above {largest:g}: lower it")
        if self.channel.outage_probability == 0.0 and self.state.nakagami_m.observe[0] <= 1.0:
            raise ValueError(
                "with channel.outage_probability = 0 the mean transmission time diverges for m <= 1: "
                "raise state.nakagami_m above 1, or the outage probability above 0"
            )
        return self

    @model_validator(mode="after")
    def _link_has_a_loss(self) -> Self:
        if (self.link is None) != (self.state.path_loss_db is None):
            raise ValueError(
                "link and state.path_loss_db go together: give both, as the scenario 'urban' does, or neither"
            )
        return self

    @model_validator(mode="after")
    def _prompts_have_a_price(self) -> Self:
        if self.prompts is None:
            return self
        if self.state.kappa_peak_words is not None:
            raise ValueError("prompts and state.kappa_peak_words both say where scores peak: remove one")
        if self.quality.price_mg_per_point <= 0.0:
            raise ValueError(
                "prompts need quality.price_mg_per_point above 0: one noisy score of an answer holds no "
                "threshold"
            )
        return self

    @model_validator(mode="after")
    def _one_intensity_per_side(self) -> Self:
        for side, component in SIDES.items():
            trace: Trace | None = getattr(self.traces, side, None)
            low, high = getattr(self.state, component).observe
            if trace is None:
                continue
            if getattr(self, f"{side}_country") is not None:
                raise ValueError(f"{side}_country and traces.{side} both give its intensity: remove one")
            if not low <= min(trace.g_per_kwh) <= max(trace.g_per_kwh) <= high:
                raise ValueError(
                    f"traces.{side} leaves state.{component}.observe = [{low:g}, {high:g}]: widen it"
                )
        return self
