"""The parameters of the edge servers and their tasks: unit, default, allowed range and source of each.

A source reads "chosen" where the number is this project's, "datasheet" where the vendor of the chip states
it, and "recalled" where it was written from memory. Lists have one figure a server.

References:
    J. Wen et al. (2024), arXiv:2404.18077: the case in words; its equations and parameters are not known.
    H. Du et al. (2024), Diffusion-based reinforcement learning for edge-enabled AI-generated content services
    (AGOD), IEEE Transactions on Mobile Computing: the shape of quality over denoising steps.
    B.-K. Kim et al. (2023), BK-SDM, arXiv:2305.15798: operations of Stable Diffusion's denoiser.
"""

from functools import cached_property, partial
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, JsonValue, model_validator

from neuro_aolo.systems.grid.trace import Trace, Traces
from neuro_aolo.systems.parameters import (
    LARGEST_G_PER_KWH,
    Bound,
    Component,
    NDArray,
    Section,
    parameter,
    state_component,
)

MOST_SERVERS, MOST_USERS = 8, 16
USER = "user"
"""Site of the user and the base station."""

_LISTS = (
    "tflop_per_s",
    "power_w",
    "pue",
    "embodied_kg",
    "lifetime_years",
    "start_steps",
    "start_quality",
    "full_steps",
    "full_quality",
)
_Positive = Annotated[float, Field(strict=True, gt=0.0, le=1e6)]
_NotNegative = Annotated[float, Field(strict=True, ge=0.0, le=1e6)]
_Pue = Annotated[float, Field(strict=True, ge=1.0, le=5.0)]
_Years = Annotated[float, Field(strict=True, gt=0.0, le=100.0)]
_Share = Annotated[float, Field(strict=True, ge=0.0, le=1.0)]
_Intensity = Annotated[float, Field(strict=True, ge=0.0, le=LARGEST_G_PER_KWH)]


def site_of(server: int) -> str:
    """The site of a server, counted from 0."""
    return f"server{server + 1}"


def _each(default: tuple[float, ...], unit: str, source: str, allowed: str) -> Any:
    """A field with one figure a server."""
    notes: dict[str, JsonValue] = {"unit": unit, "source": source, "allowed": f"one a server, each {allowed}"}
    return Field(default, min_length=1, max_length=MOST_SERVERS, json_schema_extra=notes)


class ImageTask(Section):
    """What one image asks for."""

    tflop_per_step: float = parameter(
        1.36,
        "TFLOP",
        "Stable Diffusion v1.4: 339 GMAC a pass of its U-Net (arXiv:2305.15798, recalled), two passes a step",
        gt=0.0,
        le=1e6,
    )


class Servers(Section):
    """The edge servers: how fast each computes, what it draws, and how good its model is after so many steps.

    Attributes:
        fixed_g_per_kwh: carbon intensity of the servers whose grid is fixed, by site, as
            ``{server1 = 56.0}``; that of the others is drawn.
    """

    tflop_per_s: tuple[_Positive, ...] = _each(
        (19.5, 37.5, 49.5, 36.3, 93.6),
        "TFLOP/s",
        "datasheet: 65, 125, 165, 121, 312 at FP16 (T4, A10, A30, L4, A100); chosen: 30 % of it reached",
        "> 0, <= 1e6",
    )
    power_w: tuple[_Positive, ...] = _each(
        (170.0, 250.0, 265.0, 172.0, 500.0),
        "W",
        "datasheet: 70, 150, 165, 72, 400 at most (the same GPUs); chosen: 100 more for the host",
        "> 0, <= 1e6",
    )
    pue: tuple[_Pue, ...] = _each((1.1, 1.1, 1.2, 1.2, 1.2), "-", "chosen", ">= 1, <= 5")
    embodied_kg: tuple[_NotNegative, ...] = _each(
        (300.0, 500.0, 600.0, 500.0, 1500.0), "kgCO2", "chosen: server and GPU", ">= 0, <= 1e6"
    )
    lifetime_years: tuple[_Years, ...] = _each((5.0, 5.0, 5.0, 5.0, 5.0), "year", "chosen", "> 0, <= 100")
    start_steps: tuple[_NotNegative, ...] = _each(
        (5.0, 10.0, 30.0, 20.0, 60.0), "step", "chosen inside AGOD's 0 to 100", ">= 0, <= 1e6"
    )
    start_quality: tuple[_Share, ...] = _each(
        (0.44, 0.41, 0.35, 0.44, 0.3), "-", "chosen inside AGOD's 0 to 0.5", ">= 0, <= 1"
    )
    full_steps: tuple[_Positive, ...] = _each(
        (150.0, 190.0, 170.0, 240.0, 150.0), "step", "chosen inside AGOD's 150 to 250", "> 0, <= 1e6"
    )
    full_quality: tuple[_Share, ...] = _each(
        (0.76, 0.84, 0.9, 0.85, 0.98), "-", "chosen inside AGOD's 0.5 to 1", ">= 0, <= 1"
    )
    fixed_g_per_kwh: dict[str, _Intensity] = Field(
        default_factory=dict,
        json_schema_extra={"unit": "gCO2/kWh", "source": "chosen: drawn", "allowed": "by site, 0 to 3000"},
    )

    @cached_property
    def count(self) -> int:
        """How many servers M."""
        return len(self.tflop_per_s)

    @cached_property
    def sites(self) -> tuple[str, ...]:
        """The site of each."""
        return tuple(map(site_of, range(self.count)))

    @model_validator(mode="after")
    def _one_figure_each(self) -> Self:
        for name in _LISTS:
            figures = getattr(self, name)
            if len(figures) != self.count:
                raise ValueError(
                    f"{name} has {len(figures)} figures, tflop_per_s {self.count}: give one for each server"
                )
        for index in range(self.count):
            for name in ("steps", "quality"):
                start, full = getattr(self, f"start_{name}")[index], getattr(self, f"full_{name}")[index]
                if start >= full:
                    raise ValueError(
                        f"start_{name} = {start:g} of {site_of(index)} is not below its full_{name} = "
                        f"{full:g}: lower it"
                    )
        unknown = sorted(self.fixed_g_per_kwh.keys() - set(self.sites))
        if unknown:
            raise ValueError(
                f"fixed_g_per_kwh names {unknown[0]!r}, which is no server: use {', '.join(self.sites)}"
            )
        return self


class Radio(Section):
    """The base station between the user's device and the servers; it also stands for their network."""

    bandwidth_hz: float = parameter(1e6, "Hz", "chosen: one user's share of an uplink", gt=0.0, le=1e12)
    noise_w: float = parameter(1.0, "W", "chosen: normalises power times gain", ge=1e-30, le=1e6)
    download_mbit_per_s: float = parameter(100.0, "Mbit/s", "chosen", gt=0.0, le=1e9)
    fixed_power_w: float = parameter(10.0, "W", "chosen: one user's share", ge=0.0, le=1e7)
    bs_embodied_kg: float = parameter(65.0, "kgCO2", "chosen: a hundredth of AOLO's", ge=0.0, le=1e9)
    bs_lifetime_years: float = parameter(10.0, "year", "AOLO, table", gt=0.0, le=100.0)


class Provision(Section):
    """What stands for a task beyond the work on it: on the ledger, and no part of what is minimised."""

    idle_share: float = parameter(
        0.3, "-", "chosen: power of a waiting server over that of a working one", ge=0.0, le=1.0
    )
    server_utilisation: float = parameter(
        0.3, "-", "chosen: share of its time that a server works, for all who use it", gt=0.0, le=1.0
    )
    bs_utilisation: float = parameter(
        0.3, "-", "chosen: share of its time that one user's share of the station sends", gt=0.0, le=1.0
    )


class Limits(Section):
    """What a task must keep beside its own quality and deadline, and what breaking a constraint costs."""

    wait_s: float = parameter(6.0, "s", "chosen: the longest queue that a task may join", ge=0.0, le=1e6)
    penalty_mg: float = parameter(
        1000.0, "mgCO2", "chosen: reward is minus this where a constraint is broken", gt=0.0, le=1e9
    )
    violation_rate: float = parameter(
        0.02, "-", "chosen: share of tasks in which a policy may break a constraint", gt=0.0, le=1.0
    )


def _range(default: tuple[float, float], unit: str, source: str) -> Any:
    notes: dict[str, JsonValue] = {"unit": unit, "source": source, "allowed": "> 0, <= 1e6"}
    return Field(default, json_schema_extra=notes)


class ActionBox(Section):
    """Physical bounds onto which actions in [-1, 1] map, and how they name the server."""

    choice: Literal["scores", "selector"] = Field(
        "scores",
        json_schema_extra={
            "unit": "-",
            "source": "chosen: the largest score serves, with its own steps and power",
            "allowed": "scores or selector",
        },
    )
    steps: tuple[Bound, Bound] = _range((1.0, 250.0), "step", "AGOD, largest B_x")
    power_w: tuple[Bound, Bound] = _range((0.1, 10.0), "W", "chosen: a device in a vehicle or fixed")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name in ("steps", "power_w"):
            low, high = getattr(self, name)
            if not 0.0 < low < high <= 1e6:
                raise ValueError(
                    f"{name} = [{low:g}, {high:g}] must rise and lie in (0, 1e6]: give [low, high]"
                )
        return self


class Users(Section):
    """Those who decide at once."""

    count: int = parameter(
        1, "user", "chosen: above 1 they see the same and share servers", ge=1, le=MOST_USERS
    )


COMPONENT_DOMAIN = {
    "input_mbit": (0.0, 1e9),
    "output_mbit": (0.0, 1e9),
    "gain": (1e-9, 1e9),
    "deadline_s": (1e-6, 1e6),
    "wanted_quality": (0.0, 1.0),
    "user_intensity_g_per_kwh": (0.0, LARGEST_G_PER_KWH),
    "server_intensity_g_per_kwh": (0.0, LARGEST_G_PER_KWH),
    "server_wait_s": (0.0, 1e6),
}
"""Smallest and largest value that each state component may be drawn from."""

OF_SERVERS = ("server_intensity_g_per_kwh", "server_wait_s")
"""Components of which each server has its own."""

component = partial(state_component, COMPONENT_DOMAIN)


def of_server(name: str, site: str) -> str:
    """The name of a server's own component."""
    return f"{site}{name.removeprefix('server')}"


class State(Section):
    """The components of a task's state; one range serves all servers, of which each draws its own."""

    input_mbit: Component = component("input_mbit", (4.0, 30.0), (4.0, 30.0), "Mbit", "chosen")
    output_mbit: Component = component("output_mbit", (5.0, 40.0), (5.0, 40.0), "Mbit", "chosen")
    gain: Component = component("gain", (0.5, 10.0), (0.5, 10.0), "-", "chosen")
    deadline_s: Component = component("deadline_s", (11.0, 25.0), (11.0, 25.0), "s", "chosen")
    wanted_quality: Component = component("wanted_quality", (0.45, 0.8), (0.45, 0.8), "-", "chosen")
    user_intensity_g_per_kwh: Component = component(
        "user_intensity_g_per_kwh", (100.0, 500.0), (0.0, 1000.0), "gCO2/kWh", "chosen"
    )
    server_intensity_g_per_kwh: Component = component(
        "server_intensity_g_per_kwh", (200.0, 450.0), (0.0, 1000.0), "gCO2/kWh", "chosen: each server's own"
    )
    server_wait_s: Component = component(
        "server_wait_s", (0.0, 8.0), (0.0, 8.0), "s", "chosen: queue in front of each server"
    )

    @model_validator(mode="after")
    def _in_domain(self) -> Self:
        for name in type(self).model_fields:
            low, high = getattr(self, name).sample
            least, most = COMPONENT_DOMAIN[name]
            if low < least or high > most:
                raise ValueError(
                    f"{name}.sample = [{low:g}, {high:g}] must lie in [{least:g}, {most:g}]: move it inside"
                )
        return self


class SiteTraces(Traces):
    """Traces of the grids of the servers and of the user with the base station, each ``None`` where drawn."""

    server1: Trace | None = None
    server2: Trace | None = None
    server3: Trace | None = None
    server4: Trace | None = None
    server5: Trace | None = None
    server6: Trace | None = None
    server7: Trace | None = None
    server8: Trace | None = None
    user: Trace | None = None


def array(figures: tuple[float, ...]) -> NDArray:
    """Figures of the servers, ``(M,)``."""
    return np.array(figures)
