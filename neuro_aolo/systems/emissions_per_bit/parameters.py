"""The parameters of the cell: unit, default, allowed range and source of each.

A source reads "paper" where the number stands in C. Kurisummoottil Thomas, O. Hashash, K. Ehsani, W. Saad,
"Next-Generation Sustainable Wireless Systems: Energy Efficiency Meets Environmental Impact", 2025,
arXiv:2509.02395, and "chosen" where it is this project's.
"""

from functools import cached_property
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from neuro_aolo.systems.parameters import LARGEST_G_PER_KWH, Section, parameter
from neuro_aolo.systems.task import Floats

J_PER_KWH = 3.6e6
MOST_SERVERS, MOST_USERS = 64, 64
"""Servers, and users of one."""

_OF_ONE_NETWORK = {"reduced": ("server",), "storage": ("server",), "full": ("flat", "paper")}
"""Observations that belong to each form of actions: both are of a server, or both of the whole cell."""

_Users = Annotated[int, Field(strict=True, ge=1, le=MOST_USERS)]
_Positive = Annotated[float, Field(strict=True, gt=0.0)]
Range = tuple[_Positive, _Positive]


class _WithRanges(Section):
    """Parameters of which some are ranges, low to high."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, tuple) and len(value) == 2 and value[0] > value[1]:
                raise ValueError(f"{name} = [{value[0]:g}, {value[1]:g}] falls: give [low, high]")
        return self


class Radio(Section):
    """The base station and its users."""

    users_per_server: tuple[_Users, ...] = Field(
        (3, 3, 2, 2),
        min_length=1,
        max_length=MOST_SERVERS,
        json_schema_extra={"unit": "user", "source": "chosen; fixed in the paper"},
    )
    transmit_power_w: float = parameter(1.0, "W", "paper, Table I", gt=0.0, le=1e6)
    bandwidth_hz: float = parameter(5e6, "Hz", "paper, Table I; used by all users at once", gt=0.0, le=1e12)
    noise_w: float = parameter(
        0.1, "W", "chosen: 10 dB = P E|h|^2/(N0 B), of the paper's Table I", gt=0.0, le=1e6
    )
    packet_bits: float = parameter(12_000.0, "bit", "chosen: 1500 bytes, RFC 894", gt=0.0, le=1e9)
    buffer_packets: float = parameter(200.0, "packet", "chosen", gt=0.0, le=1e9)
    subslot_s: float = parameter(0.02, "s", "chosen: a radio's own time scale", gt=0.0, le=3600.0)

    @cached_property
    def servers(self) -> int:
        """How many servers M."""
        return len(self.users_per_server)

    @cached_property
    def users(self) -> int:
        """How many users U."""
        return sum(self.users_per_server)

    @cached_property
    def user_shares(self) -> Floats:
        """Part of all users that each server works for, ``(M,)``."""
        return np.array(self.users_per_server) / self.users


class Compute(_WithRanges):
    """CPU and GPU of a server; in the power terms a clock is in GHz."""

    cpu_flop_per_cycle: float = parameter(512.0, "FLOP", "chosen: 16 cores of 32", gt=0.0, le=1e9)
    gpu_flop_per_cycle: float = parameter(
        1024.0, "FLOP", "chosen: 10 to 12 TFLOP/s, as a V100's 14 at 250 W", gt=0.0, le=1e9
    )
    cpu_clock_ghz: Range = Field((2.0, 3.0), json_schema_extra={"unit": "GHz", "source": "paper, Table I"})
    gpu_clock_ghz: Range = Field(
        (10.0, 12.0), json_schema_extra={"unit": "GHz", "source": "paper, Table I; an effective clock"}
    )
    cpu_cubic_w: float = parameter(3.7, "W/GHz^3", "chosen: 150 W at 3 GHz", ge=0.0, le=1e6)
    cpu_static_w: float = parameter(20.0, "W", "chosen: 150 W at 3 GHz", ge=0.0, le=1e6)
    cpu_linear_w: float = parameter(10.0, "W/GHz", "chosen: 150 W at 3 GHz", ge=0.0, le=1e6)
    gpu_cubic_w: float = parameter(0.087, "W/GHz^3", "chosen: 248 W at 12 GHz", ge=0.0, le=1e6)
    gpu_static_w: float = parameter(50.0, "W", "chosen: 248 W at 12 GHz", ge=0.0, le=1e6)
    gpu_linear_w: float = parameter(4.0, "W/GHz", "chosen: 248 W at 12 GHz", ge=0.0, le=1e6)
    cubic_intensity: float = parameter(1.0, "-", "chosen: alpha of equation (4)", ge=0.0, le=1.0)
    static_intensity: float = parameter(1.0, "-", "chosen: beta of equation (4)", ge=0.0, le=1.0)


class Demand(_WithRanges):
    """What is drawn for each slot, uniformly: of each user, and of each server."""

    packets_per_s: Range = Field((1.0, 30.0), json_schema_extra={"unit": "1/s", "source": "paper, Table I"})
    channel_variance: Range = Field((0.8, 1.2), json_schema_extra={"unit": "-", "source": "paper, Table I"})
    flop_per_bit: Range = Field(
        (5e6, 15e6), json_schema_extra={"unit": "FLOP/bit", "source": 'paper, Table I, which writes "MFLOPS"'}
    )


class Storage(Section):
    """The battery of each server."""

    capacity_kwh: float = parameter(2.0, "kWh", "paper, Table I", gt=0.0, le=1e6)
    retention: float = parameter(0.9999, "-", "paper, Table I: eta, per slot", gt=0.0, le=1.0)
    charge_efficiency: float = parameter(0.9, "-", "paper, Table I: mu", gt=0.0, le=1.0)
    initial_share: float = parameter(0.05, "-", "chosen", ge=0.0, le=1.0)
    constant_g_per_kwh: float = parameter(
        301.0,
        "gCO2/kWh",
        "Electricity Maps' factor of discharge, world average",
        ge=0.0,
        le=LARGEST_G_PER_KWH,
    )


class Sun(_WithRanges):
    """Solar power that all servers share."""

    peak_kwh: float = parameter(1.0, "kWh", "paper, Table I: U^max per slot, here its peak", ge=0.0, le=1e6)
    profile: Literal["sine", "constant"] = Field(
        "sine", json_schema_extra={"unit": "-", "source": "chosen; the paper's is constant"}
    )
    clouds: Range = Field(
        (0.5, 1.0), json_schema_extra={"unit": "-", "source": "chosen: share that clouds let through"}
    )
    g_per_kwh: float = parameter(
        41.0, "gCO2/kWh", "IPCC AR5 WGIII, Table A.III.2, rooftop PV", ge=0.0, le=LARGEST_G_PER_KWH
    )


class Grid(Section):
    """Carbon intensity of the grid by the hour of the day; a trace takes the place of the profile."""

    profile: Literal["synthetic", "constant"] = Field(
        "synthetic", json_schema_extra={"unit": "-", "source": "chosen: low at noon, high in the evening"}
    )
    g_per_kwh: float = parameter(400.0, "gCO2/kWh", "chosen", ge=0.0, le=LARGEST_G_PER_KWH)

    @cached_property
    def day(self) -> Floats:
        """Intensity of each hour of a day in gCO2/kWh, ``(24,)``."""
        hours = np.arange(24.0)
        noon, evening = np.exp(-(((hours - 13.0) / 3.5) ** 2)), np.exp(-(((hours - 19.5) / 2.0) ** 2))
        shape = 1.0 - 0.35 * noon + 0.25 * evening if self.profile == "synthetic" else np.ones(24)
        return self.g_per_kwh * shape


class Time(Section):
    """Slots of an episode."""

    slot_s: float = parameter(3600.0, "s", "chosen: what the batteries' sizes fit", gt=0.0, le=86_400.0)
    slots: int = parameter(168, "slot", "chosen: a week of hours", ge=1, le=100_000)


def _choice(default: str, source: str) -> Any:
    return Field(default, json_schema_extra={"unit": "-", "source": source})


class Interface(Section):
    """What an agent sees and decides, and what counts.

    One network decides for each server by what that server sees (``reduced`` or ``storage``, with
    ``server``), or for the whole cell at once (``full``, with ``flat`` or ``paper``).
    """

    actions: Literal["reduced", "storage", "full"] = _choice(
        "reduced",
        "chosen: storage and effort of a server; storage leaves effort to an exact search, full is every "
        "freedom of the paper",
    )
    observations: Literal["server", "flat", "paper"] = _choice(
        "server", "chosen; the paper's is the last slot's carbon with the channels"
    )
    objective: Literal["carbon", "avoided", "renewable", "printed"] = _choice(
        "carbon", "chosen; the paper's is printed, S of its equation (12), which rewards use of the grid"
    )
    battery_carbon: Literal["tracked", "constant"] = _choice(
        "tracked", "chosen; the paper's factor is constant, by which a battery cleans the grid's energy"
    )
    denominator: Literal["delivered", "capacity"] = _choice(
        "delivered", "chosen; the paper's is capacity, which flatters idle radios"
    )
    forecast_hours: int = parameter(0, "h", "chosen: the grid's intensity ahead, as it will be", ge=0, le=168)

    @model_validator(mode="after")
    def _of_one_network(self) -> Self:
        allowed = _OF_ONE_NETWORK[self.actions]
        if self.observations not in allowed:
            whose = "the whole cell" if self.actions == "full" else "each server"
            raise ValueError(
                f'actions = "{self.actions}" are of {whose}, observations = "{self.observations}" are not: '
                f"use {' or '.join(allowed)} observations"
            )
        return self
