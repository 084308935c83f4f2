"""Lines of the ledger: what each thing emits in one request, with where its figures come from."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from neuro_aolo.errors import ServiceError
from neuro_aolo.pricing.bill import Bill
from neuro_aolo.pricing.hardware import Hardware
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.systems.system import Machine
from neuro_aolo.systems.task import Entry
from neuro_aolo.units import G_PER_KG, MG_PER_G, operational_carbon_g

Boundary = Literal["work", "provisioned"]
BOUNDARIES: tuple[Boundary, ...] = ("work", "provisioned")
Part = Literal["service", "dynamic", "host", "static", "embodied", "host embodied", "training"]
Kind = Literal["operational", "embodied", "training"]
MG_PER_KG = MG_PER_G * G_PER_KG

_AGENT_PARTS: Mapping[Literal["dynamic", "host", "static"], str] = {
    "dynamic": "agent, its own work",
    "host": "agent, encoder and decoder on the host",
    "static": "agent, static power",
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


def carbon_mg(energy_j: Range, intensity_g_per_kwh: float) -> Range:
    """Carbon in mgCO2e of ``energy_j`` joules drawn at ``intensity_g_per_kwh``.

    Raises:
        ServiceError: a negative or non-finite intensity.
    """
    intensity = _amount("carbon intensity", intensity_g_per_kwh, "g/kWh")
    return energy_j * (operational_carbon_g(1.0, intensity) * MG_PER_G)


def service_lines(
    entries: Sequence[Entry], terms_mg: Mapping[str, float] | Mapping[str, Range]
) -> tuple[LedgerLine, ...]:
    """What the system emits by its work, entry by entry.

    Args:
        entries: lines of what the system emits.
        terms_mg: their carbon in mgCO2e per decision, by key; a number where the scenario has no ranges.

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
            _range(entry.name, terms_mg[entry.key]),
            entry.source,
        )
        for entry in entries
    )


def waiting_lines(
    machines: Sequence[Machine], operational_mg: Sequence[Range], embodied_mg: Sequence[Range]
) -> tuple[LedgerLine, ...]:
    """What the system's machines emit while they wait: beside its work, what is provisioned.

    Args:
        machines: of the system.
        operational_mg: of the power that each draws while it waits, in mgCO2e per decision.
        embodied_mg: of the making of each by the time that it waits, likewise.
    """
    each = zip(machines, operational_mg, embodied_mg, strict=True)
    return tuple(
        line
        for machine, drawn_mg, made_mg in each
        for line in (
            LedgerLine(
                f"{machine.key}_waiting_operational",
                f"{machine.name}, power while waiting",
                "service",
                "operational",
                drawn_mg,
                machine.source,
            ),
            LedgerLine(
                f"{machine.key}_waiting_embodied",
                f"{machine.name}, making while waiting",
                "service",
                "embodied",
                made_mg,
                machine.source,
            ),
        )
    )


def inference_lines(
    bill: Bill, intensity_g_per_kwh: float, host: str = "", pue: float = 1.0
) -> tuple[LedgerLine, ...]:
    """The energy of a decision as carbon: the device's own work, its host's, static power.

    Args:
        bill: of one decision, of a device that is on for it alone or all the time.
        intensity_g_per_kwh: at the agent's site.
        host: id of the device that encodes and decodes.
        pue: power usage effectiveness at the site.
    """
    return tuple(
        LedgerLine(
            f"agent_{part}",
            name,
            part,
            "operational",
            carbon_mg(bill.parts_j[part] * pue, intensity_g_per_kwh),
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
    training_g: float, requests: float, measured_by: str, decision: str = "request", trainings: int = 1
) -> LedgerLine:
    """The carbon of training, shared over the requests that the trained agent serves.

    Args:
        training_g: of all trainings, in gCO2e.
        requests: that share it.
        measured_by: what measured the energy, and where it was priced.
        decision: what a request is called.
        trainings: how many there were, those that were thrown away included.

    Raises:
        ServiceError: a negative or non-finite amount, or less than one request.
    """
    if not 1.0 <= requests < math.inf:
        raise ServiceError(f"training shared over {requests:g} requests; give 1 or more")
    each_mg = _amount("training", training_g, "g") * MG_PER_G / requests
    whole = "training" if trainings == 1 else f"{trainings:,} trainings"
    name = f"agent, {whole} shared over {requests:,.0f} {decision}s"
    return LedgerLine("agent_training", name, "training", "training", exactly(each_mg), measured_by)


def _sources(bill: Bill, part: str) -> Iterable[str]:
    return dict.fromkeys(line.source for line in bill.lines if line.part == part and line.source)


def _range(name: str, amount: float | Range) -> Range:
    return amount if isinstance(amount, Range) else exactly(_amount(name, amount, "mg"))


def exactly(amount: float) -> Range:
    """An amount that is known exactly."""
    return Range(amount, amount, amount)


def _amount(name: str, value: float, unit: str) -> float:
    if not 0.0 <= value < math.inf:
        raise ServiceError(f"{name} is {value!r} {unit}; a finite amount of 0 or more is needed")
    return float(value)
