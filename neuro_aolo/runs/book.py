"""A run's ledger: what its decisions emit beside the service, device by device."""

from dataclasses import asdict
from functools import cached_property
from typing import Any, Literal

import numpy as np

from hardware_profiles.profile import Profile
from neuro_aolo.agent.checkpoint import SavedActor
from neuro_aolo.carbon.ledger import (
    Account,
    Gap,
    Line,
    embodied_line,
    inference_lines,
    on_for_s,
    requests_per_year,
    service_lines,
    training_line,
)
from neuro_aolo.energy.bill import LEFT_OUT, Bill, Unfit
from neuro_aolo.energy.hardware import Hardware, hardware
from neuro_aolo.runs.analysis import Analysis
from neuro_aolo.systems.aolo.request import outcome, to_physical
from neuro_aolo.units import J_PER_KWH, S_PER_YEAR, operational_carbon_g

UNITS = {
    "carbon": "mg CO2e per request",
    "year": "kg CO2e per year",
    "energy": "J per request",
    "rate": "requests per second",
}
Making = Literal["embodied", "host embodied"]
_G_PER_KWH = 1_000.0
"""An intensity at which carbon tells energy; one of 0 would not."""


class Accounts:
    """The ledger of a run with a spiking actor.

    The service is that of the float actor: the chip's integers differ from it as their regrets do.

    Args:
        analysis: of the run.
    """

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self.rate_hz = analysis.request_rate_hz
        self.intensity = analysis.site_intensity_g_per_kwh

    @cached_property
    def by_profile(self) -> dict[str, Account]:
        """Service and agent on each device that runs it."""
        return {
            name: self.account(bill, self.analysis.profiles[name], self.analysis.saved)
            for name, bill in self.analysis.always_on.spiking.items()
            if isinstance(bill, Bill)
        }

    @property
    def unfit(self) -> dict[str, str]:
        """Why the other devices do not run the agent."""
        bills = self.analysis.always_on.spiking
        return {name: bill.reason for name, bill in bills.items() if isinstance(bill, Unfit)}

    def account(self, bill: Bill, profile: Profile, saved: SavedActor) -> Account:
        """Service and agent, an actor ``saved`` being decided with as ``bill`` says."""
        host = self.analysis.host if "host" in bill.parts_j else None
        chips = bill.placement.chips if bill.placement else 1
        made: list[tuple[Making, str, Hardware | None]] = [("embodied", profile.id, hardware(profile, chips))]
        if host is not None:
            made.append(("host embodied", host.id, hardware(host)))
        on_for = on_for_s(bill, self.rate_hz)
        training_g = self.training_g(saved)
        gaps = (
            *(Gap("price", text) for text in bill.unpriced),
            *(Gap("part", LEFT_OUT[part]) for part in bill.left_out),
            *(Gap("making", f"making of {name}") for _, name, device in made if device is None),
        )
        lines = (
            *service_lines(self.analysis.service_terms_mg),
            *inference_lines(bill, self.intensity, host.id if host else ""),
            *(embodied_line(device, part, on_for) for part, _, device in made if device is not None),
            training_line(training_g, self.trained_for, saved.training["measured_by"]),
        )
        return Account(
            lines=lines,
            requests_per_year=requests_per_year(self.rate_hz),
            lower_bound=tuple(dict.fromkeys(gaps)),
            hardware=tuple(device for _, _, device in made if device is not None),
            on_for_s=on_for,
            training_g=training_g,
        )

    @property
    def trained_for(self) -> float:
        """Requests that share a training."""
        years = self.analysis.config.scenario.deployment.retrained_years
        return max(self.rate_hz * years * S_PER_YEAR, 1.0)

    def training_g(self, saved: SavedActor) -> float:
        """Carbon of a training, in g: measured energy at the agent's site."""
        return operational_carbon_g(float(saved.training["energy_kwh"]) * J_PER_KWH, self.intensity)

    @cached_property
    def words(self) -> float:
        """Mean length of an answer under the agent."""
        return float(to_physical(self.analysis.config.scenario, self.analysis.actions)[0].mean())

    @cached_property
    def service_energy_j(self) -> float:
        """Mean energy that the service draws for a request, cooling of the data centre included."""
        scenario, states = self.analysis.config.scenario, self.analysis.held_out.states.copy()
        for side in ("dc", "bs"):
            states[:, scenario.state_names.index(f"{side}_intensity_g_per_kwh")] = _G_PER_KWH
        terms = outcome(scenario, states, *to_physical(scenario, self.analysis.actions)).terms
        carbon_g = terms.inference_operational_g + terms.wireless_operational_g
        return float(np.mean(carbon_g)) / _G_PER_KWH * J_PER_KWH

    def summary(self) -> dict[str, Any]:
        """The ledger as plain data."""
        scenario = self.analysis.config.scenario
        bits = self.words * scenario.radio.bits_per_word
        units = {"request": 1.0, "word": self.words, "bit": bits}
        bills = self.analysis.always_on.spiking
        devices = {}
        for name, account in self.by_profile.items():
            bill = bills[name]
            assert isinstance(bill, Bill)
            devices[name] = {
                "device": self.analysis.profiles[name].name,
                "boundary": bill.boundary,
                "evidence": bill.evidence,
                "lines": [_line(account, line) for line in account.lines if line.part != "service"],
                "energy_j": {part: asdict(energy) for part, energy in bill.parts_j.items()},
                "agent_mg": asdict(account.agent_mg),
                "running_mg": asdict(account.running_mg),
                "total_mg": asdict(account.total_mg()),
                "agent_kg_per_year": asdict(account.per_year_kg(account.agent_mg)),
                "total_kg_per_year": asdict(account.per_year_kg(account.total_mg())),
                "sci": {unit: asdict(account.sci_mg(number)) for unit, number in units.items()},
                "lower_bound": list(dict.fromkeys(gap.text for gap in account.lower_bound)),
                "gaps": [asdict(gap) for gap in account.lower_bound],
                "excluded": list(bill.excluded),
                "devices_needed": asdict(account.devices),
            }
        service = Account(service_lines(self.analysis.service_terms_mg), requests_per_year(self.rate_hz))
        return {
            "units": UNITS,
            "request_rate_hz": self.rate_hz,
            "requests_per_year": requests_per_year(self.rate_hz),
            "site": self.analysis.config.agent_site,
            "intensity_g_per_kwh": self.intensity,
            "words_per_request": self.words,
            "bits_per_request": bits,
            "service_energy_j": self.service_energy_j,
            "service": [_line(service, line) for line in service.lines],
            "devices": devices,
            "training_g": self.training_g(self.analysis.saved),
            "training_over_requests": self.trained_for,
        }


def _line(account: Account, line: Line) -> dict[str, Any]:
    return {
        "key": line.key,
        "name": line.name,
        "part": line.part,
        "kind": line.kind,
        "mg": asdict(line.carbon_mg),
        "kg_per_year": asdict(account.per_year_kg(line.carbon_mg)),
        "source": line.source,
    }
