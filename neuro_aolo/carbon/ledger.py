"""One ledger: the carbon of the service and of the agent that controls it, per request and per year.

    (1) C_request = sum_k C_service,k + E_decision I + M t_on / L + C_training / N

with one decision per request, ``E_decision`` the energy of a decision in kWh on a device that is always on,
its static power until the next one included, ``I`` the carbon intensity at the agent's site, ``M`` the carbon
of making the device, ``L`` its lifetime, ``t_on`` the time that a decision has it for itself, and the carbon
of training shared over ``N`` requests. Over the requests of a year each line is as many times as large.

The Software Carbon Intensity is ``(E I + M) / R``: the same sum per functional unit ``R``, be it a request, a
word or a bit.

Neither cooling of the agent's device nor its network is in it; the service's own terms hold theirs.

References:
    ISO/IEC 21031:2024, Software Carbon Intensity (SCI) specification.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equation (3).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from neuro_aolo.errors import ServiceError
from neuro_aolo.pricing.bill import Bill
from neuro_aolo.pricing.hardware import Hardware
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.systems.task import Entry
from neuro_aolo.units import G_PER_KG, MG_PER_G, S_PER_YEAR, operational_carbon_g

Part = Literal["service", "dynamic", "host", "static", "embodied", "host embodied", "training"]
Kind = Literal["operational", "embodied", "training"]
MG_PER_KG = MG_PER_G * G_PER_KG

_SECOND = Range(1.0, 1.0, 1.0)
_AGENT_PARTS: Mapping[Literal["dynamic", "host", "static"], str] = {
    "dynamic": "agent, its own work",
    "host": "agent, encoder and decoder on the host",
    "static": "agent, static power until the next {decision}",
}


@dataclass(frozen=True)
class LedgerLine:
    """One line of the ledger.

    Attributes:
        key: what emits: a term of the service, or ``agent_`` and the part.
        name: the same in words.
        part: of the service or of the agent.
        kind: ``operational`` or ``embodied``: by running, or by having been made; or ``training``.
        carbon_mg: in mgCO2e per request.
        source: where its figures come from.
        device: whose figures they are; of two lines of one device, both are low or both are high.
    """

    key: str
    name: str
    part: Part
    kind: Kind
    carbon_mg: Range
    source: str
    device: str = ""

    def times(self, copies: int) -> "LedgerLine":
        """The line of as many copies of a network as decide on one state."""
        return self if copies == 1 else replace(self, carbon_mg=self.carbon_mg * float(copies))


@dataclass(frozen=True)
class Gap:
    """What has no figure, and so no line on an account.

    Attributes:
        kind: the ``price`` of some work, a whole ``part`` (static power, the host's work), or the ``making``
            of a device.
        text: what it is, in words.
    """

    kind: Literal["price", "part", "making"]
    text: str


@dataclass(frozen=True)
class Account:
    """Service and agent, with the agent on one device.

    Attributes:
        lines: of the service, then of the agent; they sum to the totals.
        requests_per_year: that are decided.
        lower_bound: what has no figure: the totals lack it.
        hardware: the devices that decide, one of each kind.
        on_for_s: time that a decision has them for itself.
        training_g: carbon of the whole training in gCO2e.
    """

    lines: tuple[LedgerLine, ...]
    requests_per_year: float
    lower_bound: tuple[Gap, ...] = ()
    hardware: tuple[Hardware, ...] = ()
    on_for_s: Range = _SECOND
    training_g: float = 0.0

    @property
    def incomplete(self) -> bool:
        """Whether more is lacking than the price of some work."""
        return any(gap.kind != "price" for gap in self.lower_bound)

    @property
    def devices(self) -> Range:
        """How many of each kind it takes: more than one where they are slower than the requests come."""
        rate_hz = self.requests_per_year / S_PER_YEAR
        needed = self.on_for_s * rate_hz
        return Range(max(needed.low, 1.0), max(needed.nominal, 1.0), max(needed.high, 1.0))

    def total_mg(self, *parts: Part) -> Range:
        """Sum of the lines of ``parts`` in mgCO2e per request, rounded once; of all where none is named."""
        return Range.total(line.carbon_mg for line in self.lines if not parts or line.part in parts)

    @property
    def service_mg(self) -> Range:
        """The service's lines in mgCO2e per request."""
        return self.total_mg("service")

    @property
    def agent_mg(self) -> Range:
        """The agent's lines in mgCO2e per request."""
        return Range.total(line.carbon_mg for line in self.lines if line.part != "service")

    @property
    def invested_mg(self) -> dict[str, Range]:
        """What making the devices and training emitted before the first request, in mgCO2e."""
        training = _exactly(self.training_g * MG_PER_G)
        made = {device.name: device.embodied_kg * self.devices * MG_PER_KG for device in self.hardware}
        return made | {"training": training}

    @property
    def running_mg(self) -> Range:
        """Of these what deciding emits, neither making nor training."""
        return self.total_mg("dynamic", "host", "static")

    def per_year_kg(self, carbon_mg: Range) -> Range:
        """An amount per request as kgCO2e over the requests of a year."""
        return carbon_mg * (self.requests_per_year / MG_PER_KG)

    def sci_mg(self, units_per_request: float) -> Range:
        """Software Carbon Intensity in mgCO2e per functional unit.

        Args:
            units_per_request: how many of them a request has: 1, its words or its bits.

        Raises:
            ServiceError: none, or not a number.
        """
        if not 0.0 < units_per_request < math.inf:
            raise ServiceError(
                f"{units_per_request!r} functional units a request; a finite number above 0 is needed"
            )
        return self.total_mg() * (1.0 / units_per_request)


def carbon_mg(energy_j: Range, intensity_g_per_kwh: float) -> Range:
    """Carbon in mgCO2e of ``energy_j`` joules drawn at ``intensity_g_per_kwh``.

    Raises:
        ServiceError: a negative or non-finite intensity.
    """
    intensity = _amount("carbon intensity", intensity_g_per_kwh, "g/kWh")
    return energy_j * (operational_carbon_g(1.0, intensity) * MG_PER_G)


def service_lines(entries: Sequence[Entry], terms_mg: Mapping[str, float]) -> tuple[LedgerLine, ...]:
    """What the system emits, entry by entry.

    The figures follow from the scenario's parameters, which have no ranges.

    Args:
        entries: lines of what the system emits.
        terms_mg: their carbon in mgCO2e per decision, by key.

    Raises:
        ServiceError: an entry has no amount, or a negative or non-finite one.
    """
    if missing := [entry.key for entry in entries if entry.key not in terms_mg]:
        raise ServiceError(f"{missing[0]!r} has no amount: give those of {', '.join(terms_mg)} and of it")
    return tuple(
        LedgerLine(
            entry.key,
            entry.name,
            "service",
            entry.kind,
            _exactly(_amount(entry.name, terms_mg[entry.key], "mg")),
            entry.source,
        )
        for entry in entries
    )


def inference_lines(
    bill: Bill, intensity_g_per_kwh: float, host: str = "", decision: str = "request"
) -> tuple[LedgerLine, ...]:
    """The energy of a decision as carbon: the device's own work, its host's, static power.

    Args:
        bill: of one decision of a device that is always on.
        intensity_g_per_kwh: at the agent's site.
        host: id of the device that encodes and decodes.
        decision: what a decision is called.
    """
    return tuple(
        LedgerLine(
            f"agent_{part}",
            name.format(decision=decision),
            part,
            "operational",
            carbon_mg(bill.parts_j[part], intensity_g_per_kwh),
            "; ".join(_sources(bill, part)),
            bill.profile if part != "host" else host,
        )
        for part, name in _AGENT_PARTS.items()
        if part in bill.parts_j
    )


def embodied_line(
    hardware: Hardware, part: Literal["embodied", "host embodied"], on_for_s: Range
) -> LedgerLine:
    """The making of a device, shared out by the time that a decision has it for itself: ``M t_on / L``.

    Args:
        hardware: the devices.
        part: what they are.
        on_for_s: from one decision to the next, or a decision's own time where that is longer.
    """
    share = hardware.embodied_kg * on_for_s * (MG_PER_KG / hardware.lifetime_s)
    key, name = f"agent_{part.replace(' ', '_')}", f"agent, making of {hardware.name}"
    return LedgerLine(key, name, part, "embodied", share, hardware.source, hardware.name)


def training_line(
    training_g: float, requests: float, measured_by: str, decision: str = "request"
) -> LedgerLine:
    """The carbon of a training, shared over the requests that the trained agent serves.

    Raises:
        ServiceError: a negative or non-finite amount, or less than one request.
    """
    if not 1.0 <= requests < math.inf:
        raise ServiceError(f"training shared over {requests:g} requests; give 1 or more")
    each_mg = _amount("training", training_g, "g") * MG_PER_G / requests
    name = f"agent, training shared over {requests:,.0f} {decision}s"
    return LedgerLine("agent_training", name, "training", "training", _exactly(each_mg), measured_by)


def requests_per_year(request_rate_hz: float) -> float:
    """Requests of a year of 365 days.

    Raises:
        ServiceError: a rate that is not above 0.
    """
    if not 0.0 < request_rate_hz < math.inf:
        raise ServiceError(f"{request_rate_hz!r} requests a second; a finite number above 0 is needed")
    return request_rate_hz * S_PER_YEAR


def on_for_s(bill: Bill, request_rate_hz: float) -> Range:
    """Time that a decision has a device for itself: until the next one, or its own where that is longer."""
    period_s = 1.0 / request_rate_hz
    own = bill.latency_s or _exactly(0.0)
    return Range(*(max(period_s, time_s) for time_s in (own.low, own.nominal, own.high)))


def _sources(bill: Bill, part: str) -> Iterable[str]:
    return dict.fromkeys(line.source for line in bill.lines if line.part == part and line.source)


def _exactly(amount: float) -> Range:
    return Range(amount, amount, amount)


def _amount(name: str, value: float, unit: str) -> float:
    if not 0.0 <= value < math.inf:
        raise ServiceError(f"{name} is {value!r} {unit}; a finite amount of 0 or more is needed")
    return float(value)
