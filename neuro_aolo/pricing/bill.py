"""What one decision of one actor costs on one device, line by line: the bill that ``price`` makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hardware_profiles.figure import Evidence
from hardware_profiles.profile import Actor, Profile
from neuro_aolo.pricing.draws import Draws, Values
from neuro_aolo.pricing.footing import Footing
from neuro_aolo.pricing.placement import Placement
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.pricing.terms import WORK, WorkKey

Part = Literal["dynamic", "host", "static"]
INT8_BITS, FP32_BITS = 8, 32

PowerKey = Literal["static_power", "board_power", "processor_power", "sleep", "host_sleep"]
LineKey = WorkKey | PowerKey | Literal["calibration"]
LINES: Mapping[str, str] = {
    **WORK,
    "calibration": "measured beyond the prices",
    "static_power": "static power",
    "board_power": "static power of the board",
    "processor_power": "processors beside the cores",
    "sleep": "sleep between decisions",
    "host_sleep": "sleep of the host between decisions",
}
"""Every line that a bill may have, as people read it."""

LeftOut = Literal["static_power", "idle_power", "coding"]
LEFT_OUT: Mapping[LeftOut, str] = {
    "static_power": "static power",
    "idle_power": "power between decisions",
    "coding": "encoder and decoder",
}
"""Whole parts that a total may lack, as people read them."""


@dataclass(frozen=True)
class Conditions:
    """Under which a decision is priced.

    Attributes:
        host: the device that encodes and decodes for a chip that cannot; None leaves that out.
        request_rate_hz: evaluations of the network a second on a device that is always on; None: it is on for
            each alone.
        copies: of the network that decide on one state; of one, an evaluation is a decision.
        spiking_bits: bits of the spiking actor's weights.
        dense_bits: 8 for an int8 dense actor, 32 for float32.
        draws: random values of the figures.
    """

    host: Profile | None = None
    request_rate_hz: float | None = None
    copies: int = 1
    spiking_bits: int = INT8_BITS
    dense_bits: int = INT8_BITS
    draws: Draws = field(default_factory=Draws)


@dataclass(frozen=True)
class BillLine:
    """One line of a bill.

    Attributes:
        key: what is paid for.
        part: ``dynamic`` work of the device, work of its ``host``, or ``static`` power.
        count: operations a decision; 1 where it is not counted.
        price_pj: of one.
        energy_j: of all.
        source: evidence, grade and place of its figures, times that power is drawn for included.
        evidence: of the weakest of them.
        quartiles_j: the 25 and 75 % quantiles of its energy over the random draws.
    """

    key: LineKey
    part: Part
    count: float
    price_pj: Range
    energy_j: Range
    source: str
    evidence: Evidence
    quartiles_j: tuple[float, float]

    @property
    def name(self) -> str:
        """What is paid for, in words."""
        return LINES[self.key]


@dataclass(frozen=True, eq=False)
class Bill:
    """What one decision of one actor costs on one device.

    Attributes:
        profile: id of the hardware profile.
        actor: ``snn`` or ``mlp``.
        lines: they sum to ``total_j``.
        modelled_j: operation counts times prices, without the calibration line.
        parts_j: energy of each part that has lines.
        total_j: energy of one decision in J.
        interval_j: the 5 and 95 % quantiles of the total over the random draws.
        quartiles_j: the 25 and 75 % quantiles of the same.
        latency_s: time of one decision in s; None where no figure tells it.
        latency_quartiles_s: the 25 and 75 % quantiles of it.
        placement: cores and chips, where the profile says what a chip holds.
        boundary: what the total covers, in words.
        extent: core, chip, module, board or system: how far it reaches.
        left_out: of static power, power between decisions, encoder and decoder: what the total lacks and
            another may hold.
        evidence: the weakest evidence among the figures used.
        footing: how much of the total rests on that, and which figure moves it most.
        origins: publications of all figures used; one without any is named by its evidence.
        unpriced: work inside the boundary that has no price of its own.
        covered: work without a price that the calibration stands for.
        excluded: what lies outside the boundary.
        draws_j: the total in every random draw, after low, nominal and high.
    """

    profile: str
    actor: Actor
    lines: tuple[BillLine, ...]
    modelled_j: Range
    parts_j: dict[Part, Range]
    total_j: Range
    interval_j: tuple[float, float]
    quartiles_j: tuple[float, float]
    latency_s: Range | None
    latency_quartiles_s: tuple[float, float] | None
    placement: Placement | None
    boundary: str
    extent: str
    left_out: tuple[LeftOut, ...]
    evidence: Evidence
    footing: Footing
    origins: tuple[str, ...]
    unpriced: tuple[str, ...]
    covered: tuple[str, ...]
    excluded: tuple[str, ...]
    draws_j: Values

    @property
    def dynamic_j(self) -> Range:
        """Energy of the device's own work, calibration included."""
        return self.parts_j["dynamic"]

    @property
    def static_share(self) -> float:
        """Share of the nominal total that is static power."""
        static = self.parts_j.get("static")
        return static.nominal / self.total_j.nominal if static and self.total_j.nominal else 0.0

    @property
    def highest_rate_hz(self) -> Range | None:
        """Decisions a second, one after the other: 1 over it is the deadline that a decision meets."""
        if self.latency_s is None or self.latency_s.low <= 0.0:
            return None
        return Range(1.0 / self.latency_s.high, 1.0 / self.latency_s.nominal, 1.0 / self.latency_s.low)

    @property
    def delay_product_js(self) -> Range | None:
        """Energy times latency, in J s."""
        return None if self.latency_s is None else self.total_j * self.latency_s


@dataclass(frozen=True)
class Unfit:
    """Why a device does not run an actor."""

    profile: str
    actor: Actor
    reason: str
