"""The parameters of the service model: unit, default, allowed range and source of each.

Defaults are those of AOLO's ``paper`` scenario. A source reads "AOLO, table" where the number stands in X.
Wang, H. Du, Y. Gao, D. I. Kim, "AOLO", 2025, arXiv:2503.04418, "restored" where the text lost it and units
and orders of magnitude give it back, and "chosen" where it is this project's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from neuro_aolo.systems.aolo.channel import MAX_OUTAGE

NDArray = np.ndarray[Any, np.dtype[np.float64]]


def parameter(default: Any, unit: str, source: str, **bounds: float) -> Any:
    """A pydantic field that carries its unit and source beside its default and bounds (gt, ge, lt, le)."""
    return Field(default, strict=True, json_schema_extra={"unit": unit, "source": source}, **bounds)  # type: ignore[call-overload]


class Section(BaseModel):
    """Base of the parameter groups: frozen, finite numbers only, no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some values changed and checked; nothing derived from the old ones is carried over."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(values | dict(update or {}))


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


class Radio(Section):
    """The base station that sends the answer."""

    bits_per_word: float = parameter(50.0, "bit/word", "AOLO, table", gt=0.0, le=1e12)
    fixed_power_w: float = parameter(600.0, "W", "AOLO, table (to stay on)", ge=0.0, le=1e7)
    downlink_mbit_per_s: float = parameter(1000.0, "Mbit/s", "AOLO, table", gt=0.0, le=1e9)
    bs_embodied_kg: float = parameter(6500.0, "kgCO2", "AOLO, table", ge=0.0, le=1e9)
    bs_lifetime_years: float = parameter(10.0, "year", "AOLO, table", gt=0.0, le=100.0)


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


class Deployment(Section):
    """How the agent runs, and how much of its own carbon counts in what is minimised.

    ``marginal`` is what one more decision draws, ``full`` also static power and the making of the device,
    shared over the decisions at the request rate. The carbon of training is on the ledger in any case, and in
    neither: no decision changes it.
    """

    agent_carbon: Literal["none", "marginal", "full"] = Field(
        "none",
        json_schema_extra={
            "unit": "-",
            "source": "chosen; AOLO counts the service alone",
            "allowed": "none, marginal, full",
        },
    )
    spiking_profile: str = Field(
        "loihi2",
        json_schema_extra={"unit": "-", "source": "chosen", "allowed": "a hardware profile"},
    )
    dense_profile: str = Field(
        "mcu_m33_u575",
        json_schema_extra={"unit": "-", "source": "chosen", "allowed": "a hardware profile"},
    )
    host_profile: str = Field(
        "mcu_m33_u575",
        json_schema_extra={
            "unit": "-",
            "source": "chosen: encodes and decodes for a chip that cannot; cheapest whose MACs were metered",
            "allowed": "a hardware profile",
        },
    )
    request_rate_hz: float = parameter(1.0, "request/s", "chosen", ge=1e-9, le=1e9)
    retrained_years: float = parameter(
        1.0, "year", "chosen: the requests of so long share a training", gt=0.0, le=100.0
    )


Bound = Annotated[float, Field(strict=True)]


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


class Component(Section):
    """One component of the state: where it is drawn from, and what its observation spans.

    Attributes:
        sample: Range of the uniform draw; equal ends fix the component.
        observe: Range mapped onto the observation's [-1, 1]; it contains ``sample``.
    """

    sample: tuple[Bound, Bound]
    observe: tuple[Bound, Bound]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        (low, high), (seen_low, seen_high) = self.sample, self.observe
        if low > high:
            raise ValueError(f"sample = [{low:g}, {high:g}] falls: give [low, high]")
        if seen_low >= seen_high:
            raise ValueError(f"observe = [{seen_low:g}, {seen_high:g}] must rise: give [low, high]")
        if low < seen_low or high > seen_high:
            raise ValueError(
                f"sample = [{low:g}, {high:g}] leaves observe = [{seen_low:g}, {seen_high:g}]: widen observe"
            )
        return self


COMPONENT_DOMAIN = {
    "nakagami_m": (0.5, 1000.0),
    "omega": (1e-9, 1e9),
    "bandwidth_hz": (1.0, 1e12),
    "dc_intensity_g_per_kwh": (0.0, 3000.0),
    "bs_intensity_g_per_kwh": (0.0, 3000.0),
    "kappa_peak_words": (1e-3, 1e6),
}
"""Smallest and largest value that each state component may be drawn from."""


def component(
    name: str, sample: tuple[float, float], observe: tuple[float, float], unit: str, source: str
) -> Any:
    """A field for one state component, with its unit, source and allowed range."""
    low, high = COMPONENT_DOMAIN[name]
    extra: dict[str, JsonValue] = {"unit": unit, "source": source, "allowed": f">= {low:g}, <= {high:g}"}
    return Field(Component(sample=sample, observe=observe), json_schema_extra=extra)


@dataclass(frozen=True, eq=False)
class Bounds:
    """Ends of the ranges of the state's components, each ``(S,)`` in physical units.

    Attributes:
        sample_low, sample_high: Range of the draw.
        observe_low, observe_high: Range of the observation.
        domain_low, domain_high: Range in which the model is defined.
    """

    sample_low: NDArray
    sample_high: NDArray
    observe_low: NDArray
    observe_high: NDArray
    domain_low: NDArray
    domain_high: NDArray


class State(Section):
    """The components of a request's state, equation (34), in the order of the observation."""

    nakagami_m: Component = component("nakagami_m", (2.0, 12.0), (2.0, 12.0), "-", "AOLO, table")
    omega: Component = component("omega", (0.1, 10.0), (0.1, 10.0), "-", "AOLO, table: E[h^2]")
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
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)

    @cached_property
    def bounds(self) -> Bounds:
        """Ranges of the components, as arrays in observation order."""
        ranges = [
            (*getattr(self, name).sample, *getattr(self, name).observe, *COMPONENT_DOMAIN[name])
            for name in self.names
        ]
        return Bounds(*np.array(ranges).T)
