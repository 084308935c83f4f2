"""The parameters of the service model: unit, default, allowed range and source of each.

Defaults are those of AOLO's ``paper`` scenario. A source reads "AOLO, table" where the number stands in X.
Wang, H. Du, Y. Gao, D. I. Kim, "AOLO", 2025, arXiv:2503.04418, "restored" where the text lost it and units
and orders of magnitude give it back, and "chosen" where it is this project's.
"""

from functools import cached_property, partial
from typing import Any, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from neuro_aolo.systems.aolo.channel import MAX_OUTAGE
from neuro_aolo.systems.grid.trace import Trace, Traces
from neuro_aolo.systems.parameters import (
    LARGEST_G_PER_KWH,
    Bound,
    Bounds,
    Component,
    Section,
    bounds_of,
    parameter,
    state_component,
)

_NOT_IN_AOLO = ("batch_size", "prompt_time_s")


class Channel(Section):
    """Radio channel: noise and outage strategy."""

    noise_w: float = parameter(1.0, "W", "chosen: normalises P h^2", ge=1e-30, le=1e6)
    outage_probability: float = parameter(
        0.01, "-", "chosen; 0 is AOLO's non-outage strategy", ge=0.0, le=MAX_OUTAGE
    )


class Inference(Section):
    """The GPUs that generate the answer."""

    gpus: int = parameter(8, "GPU", "AOLO, table", ge=1, le=100_000)
    gpu_power_w: float = parameter(428.0, "W", "AOLO, table (TDP)", gt=0.0, le=1e5)
    pue: float = parameter(1.10, "-", "chosen; AOLO's footnote 2 names 1.10 and 1.58", ge=1.0, le=5.0)
    tflop_per_operation: float = parameter(0.35, "TFLOP", "AOLO, table", gt=0.0, le=1e6)
    operations_per_word: float = parameter(5.0, "1/word", "AOLO, table", gt=0.0, le=1e6)
    peak_tflop_per_s: float = parameter(156.0, "TFLOP/s", "AOLO, table (one GPU)", gt=0.0, le=1e6)
    acceleration_exponent: float = parameter(
        0.8, "-", "AOLO, table; restored as exponent of words", gt=0.0, le=2.0
    )
    gpu_embodied_kg: float = parameter(318.0, "kgCO2", "AOLO, table (per GPU share)", ge=0.0, le=1e6)
    gpu_lifetime_years: float = parameter(3.0, "year", "AOLO, table", gt=0.0, le=100.0)
    batch_size: int = parameter(
        1, "request", "AOLO, equations (4) and (5): one request at a time has all GPUs", ge=1, le=100_000
    )
    prompt_time_s: float = parameter(
        0.0, "s", "AOLO, equation (6): reading the prompt takes no time", ge=0.0, le=1e6
    )

    @model_serializer(mode="wrap")
    def _without_what_aolo_lacks(self, dumped: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What AOLO has not, where it changes nothing: the digest of a scenario without it stays the same."""
        fields = type(self).model_fields
        usual = {name for name in _NOT_IN_AOLO if getattr(self, name) == fields[name].default}
        return {name: value for name, value in dumped(self).items() if name not in usual}


class Radio(Section):
    """The base station that sends the answer."""

    bits_per_word: float = parameter(50.0, "bit/word", "AOLO, table", gt=0.0, le=1e12)
    fixed_power_w: float = parameter(600.0, "W", "AOLO, table (to stay on)", ge=0.0, le=1e7)
    downlink_mbit_per_s: float = parameter(1000.0, "Mbit/s", "AOLO, table", gt=0.0, le=1e9)
    bs_embodied_kg: float = parameter(6500.0, "kgCO2", "AOLO, table", ge=0.0, le=1e9)
    bs_lifetime_years: float = parameter(10.0, "year", "AOLO, table", gt=0.0, le=100.0)


class Provision(Section):
    """What stands for the service beyond its work: on the ledger, and no part of what is minimised."""

    gpu_idle_power_w: float = parameter(
        60.5, "W", "middle of 58 to 63 W of idle A100s by nvidia-smi in public logs", ge=0.0, le=1e5
    )
    gpu_utilisation: float = parameter(
        0.5,
        "-",
        "chosen: the GPUs are the service's own, and work so much of their time at most",
        gt=0.0,
        le=1.0,
    )
    bs_utilisation: float = parameter(
        0.3, "-", "chosen: share of what the station could send that all its users ask for", gt=0.0, le=1.0
    )


class Quality(Section):
    """The QoE curve and what quality is worth."""

    peak_score: float = parameter(8.3, "point", "chosen", gt=0.0, le=100.0)
    peak_words: float = parameter(
        260.0, "word", "chosen; unused where the state has kappa_peak_words", gt=0.0, le=1e6
    )
    sharpness: float = parameter(
        1.3416252039939922, "-", "chosen: 7 points at 150 words of a peak at 260", gt=0.0, le=1000.0
    )
    threshold: float = parameter(7.0, "point", "AOLO, table", gt=0.0, le=100.0)
    price_mg_per_point: float = parameter(0.0, "mgCO2/point", "chosen; 0 is AOLO's objective", ge=0.0, le=1e6)

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.threshold >= self.peak_score:
            raise ValueError(
                f"threshold = {self.threshold:g} is never reached by a curve whose peak_score is "
                f"{self.peak_score:g}: set threshold below peak_score"
            )
        return self


class Limits(Section):
    """Constraints (25b) to (25e) and what breaking one costs."""

    energy_per_word: float = parameter(2.0, "1/word", "AOLO, table; restored", ge=0.0, le=1e9)
    energy_per_watt: float = parameter(40.0, "1/W", "AOLO, table; restored", ge=0.0, le=1e9)
    energy: float = parameter(1600.0, "-", "AOLO, table; restored", gt=0.0, le=1e12)
    inference_time_s: float = parameter(0.3, "s", "AOLO, table", gt=0.0, le=1e6)
    transmission_time_s: float = parameter(0.5e-3, "s", "AOLO, table", gt=0.0, le=1e6)
    power_w: float = parameter(60.0, "W", "AOLO, table", gt=0.0, le=1e6)
    penalty_mg: float = parameter(
        100.0, "mgCO2", "chosen: reward is minus this where a constraint is broken", gt=0.0, le=1e9
    )
    violation_rate: float = parameter(
        0.001, "-", "chosen: share of requests in which a policy may break a constraint", gt=0.0, le=1.0
    )


class ActionBox(Section):
    """Physical bounds onto which actions in [-1, 1] map."""

    words: tuple[Bound, Bound] = Field(
        (1.0, 1000.0),
        json_schema_extra={"unit": "word", "source": "AOLO, range of Fig. 2", "allowed": "> 0, <= 1e6"},
    )
    power_w: tuple[Bound, Bound] = Field(
        (0.1, 60.0),
        json_schema_extra={"unit": "W", "source": "AOLO, table: at most 60 W", "allowed": "> 0, <= 1e6"},
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name in ("words", "power_w"):
            low, high = getattr(self, name)
            if not 0.0 < low < high <= 1e6:
                raise ValueError(
                    f"{name} = [{low:g}, {high:g}] must rise and lie in (0, 1e6]: give [low, high]"
                )
        return self


COMPONENT_DOMAIN = {
    "nakagami_m": (0.5, 1000.0),
    "omega": (1e-9, 1e9),
    "path_loss_db": (20.0, 200.0),
    "bandwidth_hz": (1.0, 1e12),
    "dc_intensity_g_per_kwh": (0.0, LARGEST_G_PER_KWH),
    "bs_intensity_g_per_kwh": (0.0, LARGEST_G_PER_KWH),
    "kappa_peak_words": (1e-3, 1e6),
}
"""Smallest and largest value that each state component may be drawn from."""


component = partial(state_component, COMPONENT_DOMAIN)


class SiteTraces(Traces):
    """Traces of the data centre's and the base station's grid.

    Attributes:
        dc: The data centre's trace; its intensity is drawn from the scenario's range where there is none.
        bs: The base station's trace, likewise.
    """

    dc: Trace | None = None
    bs: Trace | None = None


class State(Section):
    """The components of a request's state, equation (34), in the order of the observation."""

    nakagami_m: Component = component("nakagami_m", (2.0, 12.0), (2.0, 12.0), "-", "AOLO, table")
    omega: Component = component(
        "omega", (0.1, 10.0), (0.1, 10.0), "-", "AOLO, table: E[h^2]; unused where the state has path_loss_db"
    )
    path_loss_db: Component | None = Field(
        None,
        json_schema_extra={
            "unit": "dB",
            "source": "chosen; absent in AOLO: path loss of a link in real units, with shadowing",
            "allowed": ">= 20, <= 200",
        },
    )
    bandwidth_hz: Component = component("bandwidth_hz", (15e6, 25e6), (15e6, 25e6), "Hz", "AOLO, table")
    dc_intensity_g_per_kwh: Component = component(
        "dc_intensity_g_per_kwh", (100.0, 300.0), (0.0, 1400.0), "gCO2/kWh", "chosen"
    )
    bs_intensity_g_per_kwh: Component = component(
        "bs_intensity_g_per_kwh", (200.0, 600.0), (0.0, 1400.0), "gCO2/kWh", "chosen"
    )
    kappa_peak_words: Component | None = Field(
        None,
        json_schema_extra={
            "unit": "word",
            "source": "chosen; absent in AOLO: the length that a request's answer needs",
            "allowed": ">= 0.001, <= 1e+06",
        },
    )

    @model_validator(mode="after")
    def _in_domain(self) -> Self:
        for name in self.names:
            low, high = getattr(self, name).sample
            least, most = COMPONENT_DOMAIN[name]
            if low < least or high > most:
                raise ValueError(
                    f"{name}.sample = [{low:g}, {high:g}] must lie in [{least:g}, {most:g}]: move it inside"
                )
        return self

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the components that this scenario has, in observation order."""
        absent = {name for name in type(self).model_fields if getattr(self, name) is None}
        absent.add("path_loss_db" if self.path_loss_db is None else "omega")
        return tuple(name for name in type(self).model_fields if name not in absent)

    @cached_property
    def bounds(self) -> Bounds:
        """Ranges of the components, as arrays in observation order."""
        return bounds_of(self, self.names, COMPONENT_DOMAIN)
