"""The run in the terminal: rich tables, and what ``neuro-aolo run`` prints at its end."""

from dataclasses import replace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neuro_aolo.report import grids
from neuro_aolo.report.answer import answer
from neuro_aolo.report.claims import energy_sentences, lava_sentence
from neuro_aolo.report.facts import knows_optimum, service_sum_mg
from neuro_aolo.report.naming import priced_actors
from neuro_aolo.report.verdict import interruption
from neuro_aolo.runs.summary.decided import Decided
from neuro_aolo.runs.summary.deployed import Deployed, Lava
from neuro_aolo.runs.summary.ledger import Ledger
from neuro_aolo.runs.summary.part import ActorKind
from neuro_aolo.runs.summary.priced import Priced
from neuro_aolo.runs.summary.run import RunFacts
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.runs.summary.wording import Wording
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import amount, count, finite, percent, plain

_WHOLE = 24
"""Longest text that stays on one line in a column of figures."""


def headline(summary: Summary) -> list[tuple[str, str]]:
    """The key figures, label and value."""
    decided, wording, deployed = summary.decided, summary.wording, summary.deployed
    cards = []
    if finite(decided.optimum_mg_per_decision):
        cards.append((f"regret against the {wording.optimum}", str(percent(decided.regret))))
    cards.append((f"{wording.decisions} that break a constraint", str(percent(decided.violation_rate))))
    known = knows_optimum(decided)
    if known and deployed is not None:
        cards.append(("regret in the chip's integers", str(percent(deployed.regret))))
    if known and decided.constant is not None:
        cards.append(("regret of the best constant action", str(percent(decided.constant.regret))))
    service = str(amount(decided.service_mg_per_decision))
    cards += [
        (f"service, mg CO₂e per {wording.decision}", service),
        ("agent beside the service, always on", _shares(summary.ledger)),
    ]
    return [*cards, *(_of_spikes(deployed) if deployed is not None else ())]


def _of_spikes(deployed: Deployed) -> list[tuple[str, str]]:
    lava = deployed.lava
    matches = f"{count(lava.mismatches)} of {count(lava.spikes_compared)}" if lava.available else "not run"
    return [
        ("firing rate", str(percent(deployed.firing_rate))),
        ("slots in which Lava differs", matches),
    ]


def evaluation_table(run: RunFacts, wording: Wording, decided: Decided) -> Table:
    """Regret and violations of the actor and of what it is set beside."""
    return as_rich(grids.evaluation(run, wording, decided))


def lava_table(lava: Lava) -> Table:
    """Lava against the simulator by layer; without Lava, the reason in its place."""
    grid = grids.lava(lava)
    return as_rich(grid or Grid("Lava", ("lava",), [(lava_sentence(lava),)]))


def energy_table(run: RunFacts, priced: Priced, *, in_full: bool = False) -> Table:
    """Energy of one decision on each device; evidence stands with the boundary, to keep within 80 columns."""
    return _energy_table(grids.energy(priced, priced_actors(run), in_full=in_full))


def network_energy_table(priced: Priced) -> Table:
    """Energy of one decision of a network that has no rival beside it."""
    kind: ActorKind = "dense" if priced.firing_rate is None else "spiking"
    return _energy_table(grids.energy(priced, {kind: "energy"}, in_full=True))


def print_network_energy(priced: Priced, console: Console) -> None:
    """Print what a decision of a network costs that has no rival beside it."""
    console.print(network_energy_table(priced))
    for sentence in grids.too_slow(priced):
        console.print(Text(plain(sentence)))


def _energy_table(grid: Grid) -> Table:
    columns = ("device: boundary (evidence)", *grid.columns[1:-1])
    rows: list[tuple[Cell, ...]] = [
        (f"{row[0]} ({row[-1]})" if row[-1] else row[0], *row[1:-1]) for row in grid.rows
    ]
    return as_rich(replace(grid, columns=columns, rows=rows))


def print_energy(run: RunFacts, priced: Priced, console: Console) -> None:
    """Print what a decision costs on each device, and when spiking costs less than dense."""
    console.print(energy_table(run, priced, in_full=True))
    spiking = run.kind == "spiking"
    if spiking:
        console.print(as_rich(grids.nearest_pairs(priced)))
        console.print(
            Text(
                "P(less): share of the random draws in which the spiking actor costs less; even at: the "
                "firing rate at which it stops costing less."
            )
        )
    for sentence in (*(grids.refused_ratios(priced) if spiking else ()), *grids.too_slow(priced)):
        console.print(Text(plain(sentence)))
    if spiking:
        console.print(as_rich(grids.conditions(priced)))


def print_summary(summary: Summary, console: Console) -> None:
    """Print the run: policies, energy by device, what Lava says, and at its end the answer."""
    console.print(Text(plain(summary.wording.title), style="bold"))
    if summary.run.interrupted:
        console.print(Text(plain(interruption(summary))))
    console.print(as_rich(grids.policies(summary)))
    console.print(energy_table(summary.run, summary.priced))
    of_lava = [lava_sentence(summary.deployed.lava)] if summary.deployed is not None else []
    for sentence in (*energy_sentences(summary.priced), *of_lava):
        console.print(Text(plain(sentence)))
    for finding in answer(summary):
        sentences = Text(plain(" ".join(finding.sentences)))
        console.print(Text(f"{finding.topic}: ", style="bold").append_text(sentences))


def as_rich(grid: Grid) -> Table:
    """``grid`` as a rich table; text is never read as markup."""
    table = Table(title=Text(plain(grid.title)), title_justify="left", show_lines=grid.stacks)
    for index, column in enumerate(grid.columns):
        numeric = grid.numeric(index)
        longest = max((len(cell) for row in grid.rows if isinstance(cell := row[index], str)), default=0)
        whole = numeric and longest <= _WHOLE
        table.add_column(Text(plain(column)), justify="right" if numeric else "left", no_wrap=whole)
    for index, row in enumerate(grid.rows):
        style = "bold" if index in grid.sums else ""
        table.add_row(*(Text(plain(cell)) for cell in row), style=style)
    return table


def _shares(ledger: Ledger) -> str:
    """The agent's carbon over the service's, on the device with the least and on that with the most."""
    service_mg = service_sum_mg(ledger)
    agents_mg = [account.agent_mg.nominal for account in ledger.accounts.values()]
    if not agents_mg or not service_mg:
        return "no figure"
    ends = dict.fromkeys(str(percent(mg / service_mg, 2)) for mg in (min(agents_mg), max(agents_mg)))
    return " – ".join(ends)
