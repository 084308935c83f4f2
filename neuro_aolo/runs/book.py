"""Fourth stage: a run's ledger: what its decisions emit beside the system, device by device."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from hardware_profiles.profile import Profile
from neuro_aolo.agent.checkpoint import SavedActor
from neuro_aolo.carbon.ledger import Account, Gap, on_for_s, requests_per_year
from neuro_aolo.carbon.lines import (
    BOUNDARIES,
    Boundary,
    LedgerLine,
    embodied_line,
    inference_lines,
    training_line,
)
from neuro_aolo.pricing.bill import LEFT_OUT, Bill, Unfit
from neuro_aolo.pricing.hardware import Hardware, hardware
from neuro_aolo.pricing.profiler import Profiler
from neuro_aolo.runs.decided import Decisions
from neuro_aolo.runs.priced import Prices, span
from neuro_aolo.runs.service import Services
from neuro_aolo.runs.summary.ledger import (
    AccountFigures,
    Boundaries,
    BoundaryFigures,
    Ledger,
    LedgerLineFigures,
)
from neuro_aolo.systems.grid.countries import country_intensity_g_per_kwh
from neuro_aolo.units import G_PER_KG, J_PER_KWH, S_PER_YEAR, operational_carbon_g

_ALIKE = 0.1
"""Makings that differ by less than this share are taken to be the same."""

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
    def pue(self) -> float:
        """Power usage effectiveness at the agent's site."""
        config = self.prices.run.config
        of_site = getattr(config.system, "pue", None)
        return 1.0 if of_site is None else float(of_site(config.scenario).get(config.agent_site, 1.0))

    @cached_property
    def services(self) -> Services:
        """What the system emits by the decisions of any policy."""
        decisions = self.decisions
        return Services(self.prices.run, decisions.held_out.requests.states, self.rate_hz, decisions.rolled)

    @cached_property
    def accounts(self) -> dict[Boundary, dict[str, Account]]:
        """System and agent on each device that runs it, by boundary and profile."""
        return {
            boundary: {
                name: self.account(bill, self.prices.profiles[name], self.prices.run.saved, boundary)
                for name, bill in self.bills(boundary).items()
            }
            for boundary in BOUNDARIES
        }

    def profiler(self, boundary: Boundary) -> Profiler:
        """What prices a device that is on all the time, or for each decision alone."""
        return self.prices.always_on if boundary == "provisioned" else self.prices.on_alone

    def bills(self, boundary: Boundary) -> dict[str, Bill]:
        """Of the actor on each device that runs it."""
        bills = self.prices.of_actor(self.profiler(boundary))
        return {name: bill for name, bill in bills.items() if isinstance(bill, Bill)}

    @property
    def unfit(self) -> dict[str, str]:
        """Why the other devices do not run the agent."""
        bills = self.prices.of_actor(self.prices.always_on)
        return {name: bill.reason for name, bill in bills.items() if isinstance(bill, Unfit)}

    def account(self, bill: Bill, profile: Profile, saved: SavedActor, boundary: Boundary) -> Account:
        """System and agent, an actor ``saved`` being decided with as ``bill`` says."""
        spec, deployed = self.prices.run.task.spec, self.prices.run.config.deployment
        host = self.prices.conditions.host if "host" in bill.parts_j else None
        chips = bill.placement.chips if bill.placement else 1
        made: list[tuple[Making, str, Hardware | None]] = [("embodied", profile.id, hardware(profile, chips))]
        if host is not None:
            made.append(("host embodied", host.id, hardware(host)))
        on_for = on_for_s(bill, self.rate_hz * spec.agents if boundary == "provisioned" else None)
        training_g = self.training_g(saved)
        untimed = boundary == "work" and bill.latency_s is None
        gaps = (
            *(Gap("price", text) for text in bill.unpriced),
            *(Gap("part", LEFT_OUT[part]) for part in bill.left_out),
            *(Gap("making", f"making of {name}") for _, name, device in made if device is None or untimed),
        )
        at_host = host.id if host else ""
        deciding = (
            *inference_lines(bill, self.intensity_g_per_kwh, at_host, self.pue),
            *(
                embodied_line(device, part, on_for)
                for part, _, device in made
                if device is not None and not untimed
            ),
        )
        measured_by = f"{saved.training['measured_by']}; {self.trained_where}"
        return Account(
            lines=(
                *self.services.agent.lines(boundary),
                *(line.times(spec.agents) for line in deciding),
                training_line(training_g, self.trained_for, measured_by, spec.decision, deployed.trainings),
            ),
            requests_per_year=requests_per_year(self.rate_hz),
            lower_bound=tuple(dict.fromkeys(gaps)),
            hardware=tuple(device for _, _, device in made if device is not None),
            on_for_s=on_for * spec.agents,
            training_g=training_g,
            boundary=boundary,
            service=self.services.agent.mg(boundary),
        )

    @cached_property
    def unlike_making(self) -> tuple[str, ...]:
        """Where the making of one kind of device is told for the service and for the agent, and differs."""
        machines = self.services.agent.machines
        return tuple(
            f"making a {machine.kind.upper()} of the service counts {own_kg:.3g} kg CO₂e per year of its "
            f"life, by its scenario; making {profile.name} {other_kg:.3g} kg ({made.source})"
            for name in self.accounts["provisioned"]
            if (made := hardware(profile := self.prices.profiles[name])) is not None
            for machine in machines
            if machine.kind == profile.kind
            and abs(
                (own_kg := machine.making_g_per_s / machine.pieces * S_PER_YEAR / G_PER_KG)
                - (other_kg := made.embodied_kg.nominal / made.lifetime_s * S_PER_YEAR)
            )
            > _ALIKE * other_kg
        )

    @property
    def trained_for(self) -> float:
        """Decisions that share a training."""
        years = self.prices.run.config.deployment.retrained_years
        return max(self.rate_hz * years * S_PER_YEAR, 1.0)

    @property
    def training_intensity_g_per_kwh(self) -> float:
        """Where the training ran; at the agent's site where nobody said."""
        country = self.prices.run.config.deployment.training_country
        return country_intensity_g_per_kwh(country) if country else self.intensity_g_per_kwh

    @property
    def trained_where(self) -> str:
        """At whose carbon intensity training is priced, in words."""
        country = self.prices.run.config.deployment.training_country
        at = f"{self.training_intensity_g_per_kwh:.4g} g/kWh"
        if country:
            return f"priced at {at}, CodeCarbon's figure for {country}, where it ran"
        return (
            f"priced at {at} of the agent's site, for deployment.training_country does not say where it ran"
        )

    def training_g(self, saved: SavedActor) -> float:
        """Carbon of all trainings, in g: the measured energy of the one that was kept, times their number."""
        energy_j = float(saved.training["energy_kwh"]) * J_PER_KWH
        each_g = operational_carbon_g(energy_j, self.training_intensity_g_per_kwh)
        return each_g * self.prices.run.config.deployment.trainings

    @cached_property
    def units_per_decision(self) -> dict[str, float]:
        """Mean functional units of a decision, by key."""
        columns = self.decisions.served.units.T
        units = self.prices.run.task.spec.units
        return {unit.key: float(np.mean(column)) for unit, column in zip(units, columns, strict=True)}


def book_figures(book: Book) -> Ledger:
    """The stage as a summary holds it."""
    run, deployed = book.prices.run, book.prices.run.config.deployment
    spec = run.task.spec
    return Ledger(
        units={
            "carbon": f"mg CO2e per {spec.decision}",
            "year": "kg CO2e per year",
            "energy": f"J per {spec.decision}",
            "rate": f"{spec.decision}s per second",
        },
        request_rate_hz=book.rate_hz,
        decisions_per_year=requests_per_year(book.rate_hz),
        site=run.config.agent_site,
        intensity_g_per_kwh=book.intensity_g_per_kwh,
        pue=book.pue,
        units_per_decision=book.units_per_decision,
        unit_names={unit.key: unit.plural for unit in spec.units},
        boundaries=Boundaries(work=_within(book, "work"), provisioned=_within(book, "provisioned")),
        training_g=book.training_g(run.saved),
        training_over_decisions=book.trained_for,
        trainings=deployed.trainings,
        training_country=deployed.training_country,
        trained_where=book.trained_where,
        unlike_making=book.unlike_making,
    )


def _within(book: Book, boundary: Boundary) -> BoundaryFigures:
    """What one boundary holds."""
    agent = book.services.agent
    service = Account(
        agent.lines(boundary),
        requests_per_year(book.rate_hz),
        boundary=boundary,
        service=agent.mg(boundary),
    )
    return BoundaryFigures(
        service_energy_j=agent.nominal.energy_j(boundary),
        service_mg=span(service.service_mg),
        service_kg_per_year=span(service.per_year_kg(service.service_mg)),
        service=tuple(_line(service, line) for line in service.lines),
        accounts={name: _account(book, name, account) for name, account in book.accounts[boundary].items()},
    )


def _account(book: Book, name: str, account: Account) -> AccountFigures:
    bill, spec = book.bills(account.boundary)[name], book.prices.run.task.spec
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
