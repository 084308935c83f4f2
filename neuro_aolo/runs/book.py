"""Fourth stage: a run's ledger: what its decisions emit beside the system, device by device."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from hardware_profiles.profile import Profile
from neuro_aolo.agent.checkpoint import SavedActor
from neuro_aolo.carbon.ledger import (
    Account,
    Gap,
    LedgerLine,
    embodied_line,
    inference_lines,
    on_for_s,
    requests_per_year,
    service_lines,
    training_line,
)
from neuro_aolo.pricing.bill import LEFT_OUT, Bill, Unfit
from neuro_aolo.pricing.hardware import Hardware, hardware
from neuro_aolo.runs.decided import Decisions
from neuro_aolo.runs.priced import Prices, span
from neuro_aolo.runs.summary.ledger import AccountFigures, Ledger, LedgerLineFigures
from neuro_aolo.units import J_PER_KWH, S_PER_YEAR, operational_carbon_g

Making = Literal["embodied", "host embodied"]


@dataclass(frozen=True)
class Book:
    """The ledger of a run.

    The system is that of the float actor: a chip's integers differ from it as their regrets do.

    Attributes:
        decisions: of the run's actor.
        prices: of its decisions.
    """

    decisions: Decisions
    prices: Prices

    @property
    def rate_hz(self) -> float:
        """Decisions a second."""
        return self.prices.request_rate_hz

    @cached_property
    def intensity_g_per_kwh(self) -> float:
        """At the agent's site."""
        return self.prices.run.site_intensity_g_per_kwh(self.decisions.held_out.requests.states)

    @cached_property
    def accounts(self) -> dict[str, Account]:
        """System and agent on each device that runs it, by profile."""
        return {
            name: self.account(bill, self.prices.profiles[name], self.prices.run.saved)
            for name, bill in self.bills.items()
        }

    @property
    def bills(self) -> dict[str, Bill]:
        """Of the actor on each device that runs it, always on."""
        bills = self.prices.of_actor(self.prices.always_on)
        return {name: bill for name, bill in bills.items() if isinstance(bill, Bill)}

    @property
    def unfit(self) -> dict[str, str]:
        """Why the other devices do not run the agent."""
        bills = self.prices.of_actor(self.prices.always_on)
        return {name: bill.reason for name, bill in bills.items() if isinstance(bill, Unfit)}

    def account(self, bill: Bill, profile: Profile, saved: SavedActor) -> Account:
        """System and agent, an actor ``saved`` being decided with as ``bill`` says."""
        spec = self.prices.run.task.spec
        host = self.prices.conditions.host if "host" in bill.parts_j else None
        chips = bill.placement.chips if bill.placement else 1
        made: list[tuple[Making, str, Hardware | None]] = [("embodied", profile.id, hardware(profile, chips))]
        if host is not None:
            made.append(("host embodied", host.id, hardware(host)))
        on_for = on_for_s(bill, self.rate_hz * spec.agents)
        training_g = self.training_g(saved)
        gaps = (
            *(Gap("price", text) for text in bill.unpriced),
            *(Gap("part", LEFT_OUT[part]) for part in bill.left_out),
            *(Gap("making", f"making of {name}") for _, name, device in made if device is None),
        )
        deciding = (
            *inference_lines(bill, self.intensity_g_per_kwh, host.id if host else "", spec.decision),
            *(embodied_line(device, part, on_for) for part, _, device in made if device is not None),
        )
        return Account(
            lines=(
                *service_lines(spec.entries, self.decisions.terms_mg),
                *(line.times(spec.agents) for line in deciding),
                training_line(training_g, self.trained_for, saved.training["measured_by"], spec.decision),
            ),
            requests_per_year=requests_per_year(self.rate_hz),
            lower_bound=tuple(dict.fromkeys(gaps)),
            hardware=tuple(device for _, _, device in made if device is not None),
            on_for_s=on_for * spec.agents,
            training_g=training_g,
        )

    @property
    def trained_for(self) -> float:
        """Decisions that share a training."""
        years = self.prices.run.config.deployment.retrained_years
        return max(self.rate_hz * years * S_PER_YEAR, 1.0)

    def training_g(self, saved: SavedActor) -> float:
        """Carbon of a training, in g: measured energy at the agent's site."""
        energy_j = float(saved.training["energy_kwh"]) * J_PER_KWH
        return operational_carbon_g(energy_j, self.intensity_g_per_kwh)

    @cached_property
    def units_per_decision(self) -> dict[str, float]:
        """Mean functional units of a decision, by key."""
        columns = self.decisions.served.units.T
        units = self.prices.run.task.spec.units
        return {unit.key: float(np.mean(column)) for unit, column in zip(units, columns, strict=True)}

    @cached_property
    def service_energy_j(self) -> float:
        """Mean energy that the system draws for a decision, cooling included."""
        return float(np.mean(self.decisions.served.energy_j.sum(axis=1)))


def book_figures(book: Book) -> Ledger:
    """The stage as a summary holds it."""
    spec = book.prices.run.task.spec
    per_year = requests_per_year(book.rate_hz)
    service = Account(service_lines(spec.entries, book.decisions.terms_mg), per_year)
    return Ledger(
        units={
            "carbon": f"mg CO2e per {spec.decision}",
            "year": "kg CO2e per year",
            "energy": f"J per {spec.decision}",
            "rate": f"{spec.decision}s per second",
        },
        request_rate_hz=book.rate_hz,
        decisions_per_year=per_year,
        site=book.prices.run.config.agent_site,
        intensity_g_per_kwh=book.intensity_g_per_kwh,
        units_per_decision=book.units_per_decision,
        unit_names={unit.key: unit.plural for unit in spec.units},
        service_energy_j=book.service_energy_j,
        service_mg=book.decisions.service_mg,
        service=tuple(_line(service, line) for line in service.lines),
        accounts={name: _account(book, name, account) for name, account in book.accounts.items()},
        training_g=book.training_g(book.prices.run.saved),
        training_over_decisions=book.trained_for,
    )


def _account(book: Book, name: str, account: Account) -> AccountFigures:
    bill, spec = book.bills[name], book.prices.run.task.spec
    units = {spec.decision: 1.0, **book.units_per_decision}
    return AccountFigures(
        device=book.prices.profiles[name].name,
        boundary=bill.boundary,
        evidence=bill.evidence,
        lines=tuple(_line(account, line) for line in account.lines if line.part != "service"),
        energy_j={part: span(energy * spec.agents) for part, energy in bill.parts_j.items()},
        agent_mg=span(account.agent_mg),
        running_mg=span(account.running_mg),
        total_mg=span(account.total_mg()),
        agent_kg_per_year=span(account.per_year_kg(account.agent_mg)),
        total_kg_per_year=span(account.per_year_kg(account.total_mg())),
        sci={unit: span(account.sci_mg(number)) for unit, number in units.items() if number > 0.0},
        lower_bound=tuple(dict.fromkeys(gap.text for gap in account.lower_bound)),
        unpriced=tuple(dict.fromkeys(gap.text for gap in account.lower_bound if gap.kind != "making")),
        excluded=bill.excluded,
        devices_needed=span(account.devices),
    )


def _line(account: Account, line: LedgerLine) -> LedgerLineFigures:
    return LedgerLineFigures(
        key=line.key,
        name=line.name,
        part=line.part,
        kind=line.kind,
        mg=span(line.carbon_mg),
        kg_per_year=span(account.per_year_kg(line.carbon_mg)),
        source=line.source,
    )
