"""The ledger and whether the agent pays, as plain rows for the page and the terminal."""

from collections.abc import Sequence

from neuro_aolo.report.facts import of_service
from neuro_aolo.runs.summary.ledger import AccountFigures, LedgerLineFigures, LedgerPart, PaybackFigures
from neuro_aolo.runs.summary.part import Boundary, Span
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import (
    NBSP,
    Quantity,
    count,
    derived,
    percent,
    reach,
    significant,
    spread,
)
from neuro_aolo.units import G_PER_KG, MG_PER_G

S_PER_DAY = 86_400.0
VERDICTS = {"pays": "pays", "never": f"never{NBSP}pays", "undecided": "undecided"}

BASELINES = {
    "random": "random actions",
    "constant": "the best constant action",
    "rule": "the best rule",
    "mlp": "the dense twin",
}
"""Baselines without the figures that differ from run to run."""


def rate(part: LedgerPart) -> str:
    """The rate at which the ledger's devices decide, as people read it."""
    hz, wording = part.ledger.request_rate_hz, part.wording
    return f"{hz:g} {wording.decision if hz == 1 else wording.decisions} per second"


def short(name: str) -> str:
    """A device's name without what is said of it after a comma or in brackets."""
    return name.split(",")[0].split(" (")[0]


def grams(mg: Span, digits: int = 3) -> Quantity:
    """Milligrams as people read them, under the prefix that fits; the value stays in mg."""
    return spread(mg, "g", 1 / MG_PER_G, digits)


def boundaries(part: LedgerPart) -> str:
    """What the two boundaries hold."""
    return (
        f"Work: what works for {part.wording.a_decision}, as long as it works. Provisioned: also what waits "
        "for it, with idle power and making."
    )


def service(part: LedgerPart) -> Grid:
    """What the service emits, term by term, and its sum, within both boundaries."""
    ledger, decision = part.ledger, part.wording.decision
    work, provisioned = ledger.work, ledger.provisioned
    sums = grams(work.service_mg, 4), grams(provisioned.service_mg, 4)
    rows: list[tuple[Cell, ...]] = [
        *_lines(work.service, provisioned.service, 4),
        ("service", *sums, ""),
        ("service, a year", *(_year(figures.service_kg_per_year) for figures in (work, provisioned)), ""),
    ]
    columns = ("the service", *_within(decision), "equation")
    emphasised = frozenset({len(rows) - 2, len(rows) - 1})
    return Grid("Carbon of the service", columns, rows, emphasised, stacks=True, references=3)


def devices(part: LedgerPart) -> Grid:
    """The agent on each device beside the service, work against work and provisioned against provisioned."""
    decision, work, provisioned = part.wording.decision, part.ledger.work, part.ledger.provisioned
    rows: list[tuple[Cell, ...]] = [
        (
            short(account.device),
            grams(work.accounts[profile].agent_mg),
            derived(percent(of_service(work, work.accounts[profile].agent_mg.nominal))),
            grams(account.agent_mg),
            derived(percent(of_service(provisioned, account.agent_mg.nominal))),
        )
        for profile, account in provisioned.accounts.items()
    ]
    columns = (
        "agent on",
        f"agent's work, per {decision}",
        "of the service's work",
        "agent provisioned",
        "of the service provisioned",
    )
    return Grid(f"Carbon of the agent at {rate(part)}", columns, rows, stacks=True)


def account(part: LedgerPart, profile: str) -> Grid:
    """The agent's lines on one device, with its sum and the whole decision's, within both boundaries."""
    work, figures = (each.accounts[profile] for each in (part.ledger.work, part.ledger.provisioned))
    decision = part.wording.decision
    rows: list[tuple[Cell, ...]] = [
        *_lines(work.lines, figures.lines, 3),
        ("agent", grams(work.agent_mg, 4), grams(figures.agent_mg, 4), ""),
        ("agent, a year", _year(work.agent_kg_per_year, 4), _year(figures.agent_kg_per_year, 4), ""),
        (f"{decision}, service and agent", grams(work.total_mg, 4), grams(figures.total_mg, 4), ""),
        ("the same, a year", _year(work.total_kg_per_year, 4), _year(figures.total_kg_per_year, 4), ""),
    ]
    columns = ("line", *_within(decision), "source")
    sums = frozenset(range(len(rows) - 4, len(rows)))
    title = f"Ledger with the agent on {figures.device}{_bound(bool(figures.lower_bound))}"
    return Grid(title, columns, rows, sums, stacks=True, references=3)


def _within(decision: str) -> tuple[str, str]:
    return f"work, per {decision}", f"provisioned, per {decision}"


def _lines(
    work: Sequence[LedgerLineFigures], provisioned: Sequence[LedgerLineFigures], digits: int
) -> list[tuple[Cell, ...]]:
    """A row a line, with its carbon within both boundaries; what waits has none within that of work."""
    working = {line.key: line for line in work}
    return [
        (
            line.name,
            grams(working[line.key].mg, digits) if line.key in working else "",
            grams(line.mg, digits),
            line.source,
        )
        for line in provisioned
    ]


def always_on(part: LedgerPart) -> Grid:
    """What static power adds to a decision of a device that waits for the next, as it is provisioned."""
    parts = {"dynamic": "own work", "host": "encoder, decoder", "static": "static power"}
    if part.run.kind == "dense":
        del parts["host"]
    rows: list[tuple[Cell, ...]] = []
    for account in part.ledger.provisioned.accounts.values():
        energies = [spread(account.energy_j[kind], "J") if kind in account.energy_j else "" for kind in parts]
        times = static_times(account)
        rows.append((short(account.device), *energies, "" if times is None else _times(times)))
    columns = ("device", *parts.values(), "static, times own work")
    return Grid(f"Energy of a decision, always on at {rate(part)}", columns, rows, stacks=True)


def static_times(account: AccountFigures) -> float | None:
    """Energy of static power over that of the device's own work; None where one has no figure."""
    own, static = account.energy_j.get("dynamic"), account.energy_j.get("static")
    return static.nominal / own.nominal if static and own and own.nominal else None


def intensity(part: LedgerPart) -> Grid:
    """Software Carbon Intensity of service and agent, per functional unit, and parity power."""
    units = list(part.ledger.units_per_decision)
    rows: list[tuple[Cell, ...]] = []
    for profile, account in part.ledger.provisioned.accounts.items():
        per_unit = [grams(account.sci[unit]) for unit in units]
        powers = [pair.parity_power_w for pair in part.payback.get(profile, ()) if pair.parity_power_w]
        parity: Cell = spread(powers[0], "W") if powers else "no figure"
        rows.append((short(account.device), grams(account.total_mg), *per_unit, parity))
    columns = ("agent on", *(f"per {unit}" for unit in (part.wording.decision, *units)), "parity power")
    title = "Software Carbon Intensity (ISO/IEC 21031), service and agent as provisioned"
    return Grid(title, columns, rows, stacks=True)


def savings(part: LedgerPart) -> Grid:
    """What the agent saves of the service's carbon against each baseline."""
    rows: list[tuple[Cell, ...]] = []
    for baseline in baselines(part):
        work = next(iter(against(part, baseline, "work").values()))
        provisioned = next(iter(against(part, baseline).values()), None)
        saves = grams(work.saving_mg), "not known" if provisioned is None else grams(provisioned.saving_mg)
        rows.append((work.title, *saves, count(work.decisions), percent(work.baseline_violation_rate)))
    wording = part.wording
    columns = (
        "against",
        f"work saved per {wording.decision}",
        "saved of what is provisioned",
        f"compared {wording.starts}",
        "baseline breaks",
    )
    return Grid("What the agent saves of the service's carbon", columns, rows, stacks=True)


def payback(part: LedgerPart, baseline: str) -> Grid:
    """Whether the agent pays against one baseline, device by device, both provisioned."""
    accounts, wording, title = part.ledger.provisioned.accounts, part.wording, baseline
    rows: list[tuple[Cell, ...]] = []
    for profile, pair in against(part, baseline).items():
        title = pair.title
        rows.append(
            (
                f"{short(accounts[profile].device)}{_bound(pair.lower_bound)}",
                VERDICTS[pair.verdict],
                grams(pair.net_mg),
                "" if pair.payback_decisions is None else reach(pair.payback_decisions),
                "" if pair.lowest_rate_hz is None else reach(pair.lowest_rate_hz, S_PER_DAY),
            )
        )
    columns = (
        "agent on",
        "verdict",
        f"net per {wording.decision}",
        f"{wording.decisions} until paid back",
        f"least {wording.decisions} per day",
    )
    return Grid(f"Against {title}, provisioned", columns, rows, stacks=True)


def by_work(part: LedgerPart) -> Grid:
    """The same against every baseline by the work of both alone, where there are no devices to pay back."""
    accounts = part.ledger.work.accounts
    rows: list[tuple[Cell, ...]] = [
        (
            pair.title,
            f"{short(accounts[profile].device)}{_bound(pair.lower_bound)}",
            VERDICTS[pair.verdict],
            grams(pair.net_mg),
        )
        for baseline in baselines(part)
        for profile, pair in against(part, baseline, "work").items()
    ]
    columns = ("against", "agent on", "verdict", f"net per {part.wording.decision}")
    return Grid("By work alone, of service and agent", columns, rows, stacks=True)


def baselines(part: LedgerPart) -> list[str]:
    """What the agent is measured against."""
    return list(dict.fromkeys(pair.baseline for pairs in part.payback.values() for pair in pairs))


def baseline_name(baseline: str, title: str) -> str:
    """A baseline's title without the figures that differ from run to run."""
    return BASELINES.get(baseline, title)


def against(part: LedgerPart, baseline: str, boundary: Boundary = "provisioned") -> dict[str, PaybackFigures]:
    """The pairs of one baseline within one boundary, by profile."""
    return {
        profile: pair
        for profile, pairs in part.payback.items()
        for pair in pairs
        if pair.baseline == baseline and pair.boundary == boundary
    }


def _bound(lacks: bool) -> str:
    """What is to be said of a sum that lacks something."""
    return ", its cost a lower bound" if lacks else ""


def _year(kg: Span, digits: int = 3) -> Quantity:
    return spread(kg, "g", G_PER_KG, digits)


def _times(value: float) -> Quantity:
    return Quantity(value, f"{significant(value)}{NBSP}×", derived=True)
