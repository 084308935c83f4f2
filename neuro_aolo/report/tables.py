"""The run in the terminal: rich tables, and what ``neuro-aolo run`` prints at its end."""

from dataclasses import replace

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neuro_aolo.report import grids
from neuro_aolo.report.answer import answer
from neuro_aolo.report.claims import energy_sentences, lava_sentence
from neuro_aolo.report.facts import Summary, check, service_sum_mg
from neuro_aolo.report.verdict import interruption, title
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import amount, count, percent, plain

_WHOLE = 24
"""Longest words that stay on one line in a column of figures."""


def headline(summary: Summary) -> list[tuple[str, str]]:
    """The key figures, label and value."""
    lava = summary["lava"]
    matches = (
        f"{count(lava['mismatches'])} of {count(lava['spikes_compared'])}" if lava["available"] else "not run"
    )
    return [
        ("regret against the oracle", str(percent(summary["regret"]))),
        ("requests that break a constraint", str(percent(summary["violation_rate"]))),
        ("regret in the chip's integers", str(percent((summary["deployed"] or {}).get("regret")))),
        ("regret of the best constant action", str(percent(summary["constant_regret"]))),
        ("service, mg CO₂e per request", str(amount(summary["service_mg_per_request"]))),
        ("agent beside the service, always on", _shares(summary)),
        ("firing rate", str(percent(summary["firing_rate"]))),
        ("slots in which Lava differs", matches),
    ]


def evaluation_table(summary: Summary) -> Table:
    """Regret and violations of every policy."""
    return as_rich(grids.evaluation(summary))


def lava_table(summary: Summary) -> Table:
    """Lava against the simulator by layer; without Lava, the reason in its place."""
    grid = grids.lava(summary)
    return as_rich(grid or Grid("Lava", ("lava",), [(lava_sentence(summary),)]))


def energy_table(summary: Summary, *, in_full: bool = False) -> Table:
    """Energy of one decision on each device; evidence stands with the boundary, to keep within 80 columns."""
    grid = grids.energy(summary, in_full=in_full)
    columns = ("device: boundary (evidence)", *grid.columns[1:3])
    rows = [(f"{row[0]} ({row[3]})" if row[3] else row[0], *row[1:3]) for row in grid.rows]
    return as_rich(replace(grid, columns=columns, rows=rows))


def print_energy(summary: Summary, console: Console) -> None:
    """Print what a decision costs on each device, and when spiking costs less than dense."""
    console.print(energy_table(summary, in_full=True))
    console.print(as_rich(grids.contests(summary)))
    console.print(
        Text(
            "P(less): share of the random draws in which the spiking actor costs less; even at: the firing "
            "rate at which it stops costing less."
        )
    )
    for sentence in (*grids.refused_ratios(summary), *grids.too_slow(summary)):
        console.print(Text(plain(sentence)))
    console.print(as_rich(grids.conditions(summary)))


def network_energy_table(summary: Summary) -> Table:
    """Energy of one decision of a network that has no dense rival beside it."""
    grid = grids.energy(summary, in_full=True)
    columns = ("device: boundary (evidence)", "energy")
    rows: list[tuple[Cell, ...]] = [
        (f"{row[0]} ({row[3]})" if row[3] else row[0], row[1]) for row in grid.rows
    ]
    return as_rich(replace(grid, columns=columns, rows=rows))


def print_summary(summary: Summary, console: Console) -> None:
    """Print the run: policies, energy by device, what Lava says, and at its end the answer.

    Raises:
        RunError: the summary lacks keys.
    """
    check(summary)
    console.print(Text(plain(title(summary)), style="bold"))
    if summary["interrupted"]:
        console.print(Text(plain(interruption(summary))))
    console.print(evaluation_table(summary))
    console.print(energy_table(summary))
    for sentence in (*energy_sentences(summary), lava_sentence(summary)):
        console.print(Text(plain(sentence)))
    for finding in answer(summary):
        words = Text(plain(" ".join(finding.sentences)))
        console.print(Text(f"{finding.topic}: ", style="bold").append_text(words))


def as_rich(grid: Grid) -> Table:
    """``grid`` as a rich table; text is never read as markup."""
    table = Table(title=Text(plain(grid.title)), title_justify="left", show_lines=grid.stacks)
    for index, column in enumerate(grid.columns):
        numeric = grid.numeric(index)
        words = [cell for row in grid.rows if isinstance(cell := row[index], str)]
        whole = numeric and max(map(len, words), default=0) <= _WHOLE
        table.add_column(Text(plain(column)), justify="right" if numeric else "left", no_wrap=whole)
    for index, row in enumerate(grid.rows):
        style = "bold" if index in grid.sums else ""
        table.add_row(*(Text(plain(cell)) for cell in row), style=style)
    return table


def _shares(summary: Summary) -> str:
    """The agent's carbon over the service's, on the device with the least and on that with the most."""
    service = service_sum_mg(summary)
    found = [device["agent_mg"]["nominal"] for device in summary["ledger"]["devices"].values()]
    if not found or not service:
        return "no figure"
    ends = dict.fromkeys(str(percent(mg / service, 2)) for mg in (min(found), max(found)))
    return " – ".join(ends)
