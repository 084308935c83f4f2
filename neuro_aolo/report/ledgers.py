"""The ledger and whether the agent pays, as plain rows for the page and the terminal."""

from neuro_aolo.report.facts import of_service
from neuro_aolo.runs.summary.ledger import AccountFigures, LedgerPart, PaybackFigures
from neuro_aolo.runs.summary.part import Span
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
    with_prefix,
)
from neuro_aolo.units import G_PER_KG, MG_PER_G

S_PER_DAY = 86_400.0
VERDICTS = {"pays": "pays", "never": f"never{NBSP}pays", "undecided": "undecided"}

BASELINES = {"random": "random actions", "constant": "the best constant action", "mlp": "the dense twin"}
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


def service(part: LedgerPart) -> Grid:
    """What the service emits, term by term, and its sum."""
    ledger = part.ledger
    rows: list[tuple[Cell, ...]] = [
        (line.name, grams(line.mg, 4), _year(line.kg_per_year), line.source) for line in ledger.service
    ]
    total = Quantity(ledger.service_mg, with_prefix(ledger.service_mg / MG_PER_G, "g", 4).text)
    year_g = ledger.service_mg / MG_PER_G * ledger.decisions_per_year
    rows.append(("service", total, derived(with_prefix(year_g, "g")), ""))
    columns = ("the service", f"per {part.wording.decision}", "per year", "equation")
    return Grid("Carbon of the service", columns, rows, frozenset({len(rows) - 1}), stacks=True, references=3)


def devices(part: LedgerPart) -> Grid:
    """Agent and whole decision on each device."""
    decision = part.wording.decision
    rows: list[tuple[Cell, ...]] = [
        (
            short(account.device),
            grams(account.agent_mg),
            derived(percent(of_service(part.ledger, account.agent_mg.nominal))),
            _year(account.agent_kg_per_year),
            grams(account.total_mg, 4),
        )
        for account in part.ledger.accounts.values()
    ]
    columns = (
        "agent on",
        f"agent, per {decision}",
        "of the service",
        "agent, per year",
        f"{decision}, agent included",
    )
    return Grid(f"Carbon of the agent, always on at {rate(part)}", columns, rows, stacks=True)


def account(part: LedgerPart, profile: str) -> Grid:
    """The agent's lines on one device, with its sum and that of the whole decision."""
    figures, decision = part.ledger.accounts[profile], part.wording.decision
    rows: list[tuple[Cell, ...]] = [
        (line.name, grams(line.mg), _year(line.kg_per_year), line.source) for line in figures.lines
    ]
    rows += [
        ("agent", grams(figures.agent_mg, 4), _year(figures.agent_kg_per_year, 4), ""),
        (
            f"{decision}, service and agent",
            grams(figures.total_mg, 4),
            _year(figures.total_kg_per_year, 4),
            "",
        ),
    ]
    columns = ("line", f"per {decision}", "per year", "source")
    sums = frozenset({len(rows) - 2, len(rows) - 1})
    title = f"Ledger with the agent on {figures.device}{_bound(figures)}"
    return Grid(title, columns, rows, sums, stacks=True, references=3)


def always_on(part: LedgerPart) -> Grid:
    """What static power adds to a decision of a device that waits for the next."""
    parts = {"dynamic": "own work", "host": "encoder, decoder", "static": "static power"}
    if part.run.kind == "dense":
        del parts["host"]
    rows: list[tuple[Cell, ...]] = []
    for account in part.ledger.accounts.values():
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
    for profile, account in part.ledger.accounts.items():
        per_unit = [grams(account.sci[unit], 4) for unit in units]
        powers = [pair.parity_power_w for pair in part.payback.get(profile, ()) if pair.parity_power_w]
        parity: Cell = spread(powers[0], "W") if powers else "no figure"
        rows.append((short(account.device), grams(account.total_mg, 4), *per_unit, parity))
    columns = ("agent on", *(f"per {unit}" for unit in (part.wording.decision, *units)), "parity power")
    return Grid("Software Carbon Intensity (ISO/IEC 21031), service and agent", columns, rows, stacks=True)


def savings(part: LedgerPart) -> Grid:
    """What the agent saves of the service's carbon against each baseline."""
    rows: list[tuple[Cell, ...]] = []
    for baseline in baselines(part):
        pair = next(iter(against(part, baseline).values()))
        figures = grams(pair.saving_mg), count(pair.decisions), percent(pair.baseline_violation_rate)
        rows.append((pair.title, *figures))
    wording = part.wording
    columns = (
        "against",
        f"saves per {wording.decision}",
        f"compared {wording.starts}",
        "baseline breaks",
    )
    return Grid("What the agent saves of the service's carbon", columns, rows, stacks=True)


def payback(part: LedgerPart, baseline: str) -> Grid:
    """Whether the agent pays against one baseline, device by device."""
    pairs, accounts, wording = against(part, baseline), part.ledger.accounts, part.wording
    rows: list[tuple[Cell, ...]] = [
        (
            f"{short(accounts[profile].device)}{_bound(accounts[profile])}",
            VERDICTS[pair.verdict],
            grams(pair.net_mg),
            reach(pair.payback_decisions),
            reach(pair.lowest_rate_hz, S_PER_DAY),
        )
        for profile, pair in pairs.items()
    ]
    columns = (
        "agent on",
        "verdict",
        f"net per {wording.decision}",
        f"{wording.decisions} until paid back",
        f"least {wording.decisions} per day",
    )
    return Grid(f"Against {next(iter(pairs.values())).title}", columns, rows, stacks=True)


def baselines(part: LedgerPart) -> list[str]:
    """What the agent is measured against."""
    return list(dict.fromkeys(pair.baseline for pairs in part.payback.values() for pair in pairs))


def baseline_name(baseline: str, title: str) -> str:
    """A baseline's title without the figures that differ from run to run."""
    return BASELINES.get(baseline, title)


def against(part: LedgerPart, baseline: str) -> dict[str, PaybackFigures]:
    """The pairs of one baseline, by profile."""
    return {
        profile: pair
        for profile, pairs in part.payback.items()
        for pair in pairs
        if pair.baseline == baseline
    }


def _bound(account: AccountFigures) -> str:
    """What is to be said of a sum that lacks something."""
    return ", its cost a lower bound" if account.lower_bound else ""


def _year(kg: Span, digits: int = 3) -> Quantity:
    return spread(kg, "g", G_PER_KG, digits)


def _times(value: float) -> Quantity:
    return Quantity(value, f"{significant(value)}{NBSP}×", derived=True)
