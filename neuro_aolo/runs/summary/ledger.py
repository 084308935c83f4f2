"""Service and agent on one ledger, and whether the agent pays."""

from typing import Literal

from pydantic import Field

from neuro_aolo.runs.summary.part import Boundary, Number, Part, Reach, Span
from neuro_aolo.runs.summary.run import RunFacts
from neuro_aolo.runs.summary.wording import Wording


class LedgerLineFigures(Part):
    """One line of the ledger."""

    key: str
    name: str
    part: Literal["service", "dynamic", "host", "static", "embodied", "host embodied", "training"]
    kind: Literal["operational", "embodied", "training"]
    mg: Span
    kg_per_year: Span
    source: str


class AccountFigures(Part):
    """The agent on one device.

    Attributes:
        device: its name.
        boundary: what the figures of the device hold.
        evidence: the weakest among them.
        lines: of the agent.
        energy_j: of a decision, by part.
        agent_mg: all of the agent's carbon, per decision.
        running_mg: what deciding emits, neither making nor training.
        total_mg: with the system's.
        agent_kg_per_year: over the decisions of a year.
        total_kg_per_year: likewise.
        sci: Software Carbon Intensity in mgCO2e, by functional unit.
        lower_bound: what has no figure, so that totals lack it.
        unpriced: of these what is work or power, not the making of a device.
        excluded: what lies outside the boundary.
        devices_needed: for the decisions that come.
    """

    device: str
    boundary: str
    evidence: str
    lines: tuple[LedgerLineFigures, ...]
    energy_j: dict[str, Span]
    agent_mg: Span
    running_mg: Span
    total_mg: Span
    agent_kg_per_year: Span
    total_kg_per_year: Span
    sci: dict[str, Span]
    lower_bound: tuple[str, ...]
    unpriced: tuple[str, ...]
    excluded: tuple[str, ...]
    devices_needed: Span


class BoundaryFigures(Part):
    """Service and agent within one boundary.

    Attributes:
        service_energy_j: that the system draws for a decision, cooling included.
        service_mg: all of the system's carbon, per decision; its range may be narrower than the lines'
            together, for what makes one line more makes another less.
        service_kg_per_year: over the decisions of a year.
        service: lines of the system.
        accounts: of the agent, by profile.
    """

    service_energy_j: Number
    service_mg: Span
    service_kg_per_year: Span
    service: tuple[LedgerLineFigures, ...]
    accounts: dict[str, AccountFigures]


class Boundaries(Part):
    """Both boundaries, the same for service and agent.

    Attributes:
        work: what works for a decision, as long as it works.
        provisioned: also what waits for it: idle power, and making from one decision to the next.
    """

    work: BoundaryFigures
    provisioned: BoundaryFigures


class Ledger(Part):
    """Service and agent, per decision and year.

    Attributes:
        units: of its figures, in words.
        request_rate_hz: decisions a second.
        decisions_per_year: likewise.
        site: where the agent stands.
        intensity_g_per_kwh: there.
        pue: power usage effectiveness there; the agent's energy counts so many times.
        units_per_decision: functional units, by their key.
        unit_names: as people read them.
        boundaries: what is emitted within each.
        training_g: carbon of all trainings.
        training_over_decisions: that share it.
        trainings: how many there were.
        training_country: code of the country where they ran; empty where nobody said.
        trained_where: at whose carbon intensity they are priced.
        unlike_making: where the making of one kind of device differs between service and agent, and why.
    """

    units: dict[str, str]
    request_rate_hz: Number
    decisions_per_year: Number
    site: str
    intensity_g_per_kwh: Number
    pue: Number
    units_per_decision: dict[str, Number]
    unit_names: dict[str, str]
    boundaries: Boundaries
    training_g: Number
    training_over_decisions: Number
    trainings: int
    training_country: str
    trained_where: str
    unlike_making: tuple[str, ...] = ()

    @property
    def work(self) -> BoundaryFigures:
        """What works for a decision."""
        return self.boundaries.work

    @property
    def provisioned(self) -> BoundaryFigures:
        """Also what waits for it."""
        return self.boundaries.provisioned


class PaybackFigures(Part):
    """Whether the agent on one device pays against one baseline, within one boundary.

    What paying back takes has no meaning within the boundary of work: there a device is no investment.
    """

    boundary: Boundary
    baseline: str
    title: str
    decisions: int
    baseline_violation_rate: Number
    agent_violation_rate: Number
    baseline_agent_mg: Span | None
    saving_mg: Span
    net_mg: Span
    whole_mg: Span
    verdict: Literal["pays", "never", "undecided"]
    lower_bound: bool
    payback_decisions: Reach | None
    lowest_rate_hz: Reach | None
    parity_power_w: Span | None


class YearOfPolicy(Part):
    """What a policy emits in a year."""

    carbon_kg: Number
    violation_rate: Number


class YearFigures(Part):
    """A year over the hours of the grids."""

    hours: int
    decisions: int
    policies: dict[str, YearOfPolicy]
    intensity_g_per_kwh: dict[str, Number]
    agent_kg: dict[str, Span]


class LedgerPart(Part):
    """What ``neuro-aolo ledger`` says.

    Attributes:
        run: what ran.
        wording: how its system speaks of it.
        ledger: service and agent.
        payback: by profile, against each baseline.
        no_service: titles of baselines that keep every constraint in no decision in which the agent does.
        unfit: why a device is not on the ledger, by profile.
        year: over hourly grids; None without them.
    """

    run: RunFacts
    wording: Wording
    ledger: Ledger
    payback: dict[str, tuple[PaybackFigures, ...]]
    no_service: tuple[str, ...] = ()
    unfit: dict[str, str] = Field(default_factory=dict)
    year: YearFigures | None = None
