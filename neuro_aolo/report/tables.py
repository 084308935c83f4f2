"""The run in the terminal: rich tables, and the last screen of ``neuro-aolo run``."""

import textwrap
from dataclasses import replace
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from neuro_aolo.report import chapters, footing, grids
from neuro_aolo.report.answer import answer
from neuro_aolo.report.claims import energy_sentences, lava_sentence
from neuro_aolo.report.facts import knows_optimum
from neuro_aolo.report.naming import priced_actors
from neuro_aolo.report.opening import Opening, opening
from neuro_aolo.report.verdict import interruption
from neuro_aolo.runs.summary.decided import Decided, PolicyFigures
from neuro_aolo.runs.summary.deployed import Deployed, Lava
from neuro_aolo.runs.summary.part import ActorKind
from neuro_aolo.runs.summary.priced import Priced
from neuro_aolo.runs.summary.run import RunFacts
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.runs.summary.wording import Wording
from neuro_aolo.systems.chapter import Chapter
from neuro_aolo.text.feasibility import INFEASIBLE, rule
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.literal import literal
from neuro_aolo.text.numbers import amount, count, finite, percent, plain

_COLUMNS, _LINES = 80, 22
"""Of the opening: a terminal has 24 lines, and two tell where the tables and the page are."""

_SHORTER = ((4, 3, 3), (4, 2, 3), (3, 2, 2))
"""Lines of the sentence, of a point against it and of a note, in turn until all fit."""
_POINTS = 3
_HEADING = 8
"""Letters on a line of a heading in a system's own table, which may have many columns."""

_MANY = 7
"""Columns from which a table saves a space on each, so that names stay whole in 80 columns."""

_WHOLE = 24
"""Longest text that stays on one line in a column of figures."""

_NAME = 13
"""Letters on a line of what names a row of figures of several lines."""


def headline(summary: Summary) -> list[tuple[str, str]]:
    """The key figures, label and value."""
    decided, wording, deployed = summary.decided, summary.wording, summary.deployed
    cards = []
    if finite(decided.optimum_mg_per_decision):
        cards.append((f"regret against the {wording.optimum}", _regret(decided)))
    if decided.constrained:
        broken = str(percent(decided.violation_rate))
        cards.append((f"{wording.decisions} that break a constraint", broken))
    known = knows_optimum(decided)
    if known and deployed is not None:
        cards.append(("regret in the chip's integers", _regret(deployed)))
    if known and decided.constant is not None:
        cards.append(("regret of the best constant action", _regret(decided.constant)))
    if known:
        cards += [(f"regret of the rule {name}", _regret(each)) for name, each in decided.rules.items()]
    service = str(amount(decided.service_mg_per_decision))
    cards.append((f"service's work, mg CO₂e per {wording.decision}", service))
    return [*cards, *(_of_spikes(deployed) if deployed is not None else ())]


def _regret(policy: PolicyFigures) -> str:
    return INFEASIBLE if policy.feasible is False else str(percent(policy.regret))


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
    kind: ActorKind = "dense" if priced.firing_rate is None else "spiking"
    for sentence in (*footing.energies(priced, kind), *grids.too_slow(priced)):
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
        console.print(Text(plain(footing.independence(priced))))
    refused = grids.refused_ratios(priced) if spiking else ()
    for sentence in (*footing.energies(priced, run.kind), *refused, *grids.too_slow(priced)):
        console.print(Text(plain(sentence)))
    if spiking:
        console.print(as_rich(grids.conditions(priced)))


def print_opening(summary: Summary, console: Console) -> None:
    """Print what a reader should see first, in at most 22 lines of 80 columns."""
    width, told = min(console.width, _COLUMNS), opening(summary)
    for sentence, point, note in _SHORTER:
        lines = _opening_lines(summary.wording.title, told, width, sentence, point, note)
        if len(lines) <= _LINES:
            break
    for line in lines:
        console.print(line, soft_wrap=True)


def _opening_lines(title: str, told: Opening, width: int, sentence: int, point: int, note: int) -> list[Text]:
    """Its lines, of each part so many at most; what ends in dots stands on the page in full."""

    def block(text: str, most: int, first: str = "", style: str = "") -> list[Text]:
        rest = " " * len(first)
        wrapped = textwrap.wrap(
            plain(text),
            width,
            max_lines=most,
            initial_indent=first,
            subsequent_indent=rest,
            placeholder=" ...",
        )
        return [Text(line, style) for line in wrapped]

    lines = [*block(title, 1, style="bold"), *block(told.sentence, sentence)]
    if told.against:
        lines += [Text(), Text("What speaks against it", "bold")]
    for text in told.against[:_POINTS]:
        lines += block(text, point, "- ")
    lines.append(Text())
    for card in told.cards:
        value = Text(plain(card.value), "bold red" if card.alert else "")
        lines += [Text(plain(f"{card.label}: "), "bold").append_text(value), *block(card.note, note, "  ")]
    return lines


def print_details(summary: Summary, console: Console) -> None:
    """Print the run: policies, energy by device, what Lava says, and at its end the answer in full."""
    console.print(Text(plain(summary.wording.title), style="bold"))
    if summary.run.interrupted:
        console.print(Text(plain(interruption(summary))))
    console.print(as_rich(grids.policies(summary)))
    print_rule(summary.decided, console)
    for chapter in summary.chapters:
        _print_chapter(chapter, console)
    console.print(energy_table(summary.run, summary.priced))
    of_lava = [lava_sentence(summary.deployed.lava)] if summary.deployed is not None else []
    for sentence in (*energy_sentences(summary.priced), *of_lava):
        console.print(Text(plain(sentence)))
    for finding in answer(summary):
        sentences = Text(plain(" ".join(finding.sentences)))
        console.print(Text(f"{finding.topic}: ", style="bold").append_text(sentences))


def _print_chapter(chapter: Chapter, console: Console) -> None:
    """Print what a system adds: of courses their extremes, its table, and how to read them."""
    if chapter.charts is not None:
        console.print(as_rich(chapters.extremes(chapter.charts)))
    if chapter.table is not None:
        console.print(as_rich(replace(chapters.grid(chapter.table), stacks=False), _HEADING))
    for paragraph in chapter.text:
        console.print(Text(plain(paragraph)))


def print_rule(decided: Decided, console: Console) -> None:
    """Say which policies are infeasible, where a table may have called one so."""
    if decided.constrained and finite(decided.violation_limit):
        console.print(Text(plain(rule(decided.violation_limit))))


def as_rich(grid: Grid, heading: int | None = None) -> Table:
    """``grid`` as a rich table; text is never read as markup.

    Args:
        grid: the table.
        heading: letters on a line of a heading above figures, where many stand side by side.
    """
    table = Table(title=_shown(grid.title), title_justify="left", show_lines=grid.stacks)
    if len(grid.columns) >= _MANY:
        table.padding = (0, 1, 0, 0)
    for index, column in enumerate(grid.columns):
        numeric = grid.numeric(index)
        longest = max((len(cell) for row in grid.rows if isinstance(cell := row[index], str)), default=0)
        whole = numeric and longest <= _WHOLE
        shown = _shown(column)
        if numeric and heading is not None:
            shown = Text(textwrap.fill(shown.plain, heading))
        if grid.narrow_names and index == 0:
            # Where every figure takes several lines, what names them does too, and is not squeezed out.
            shown, whole = Text(textwrap.fill(shown.plain, _NAME)), True
        justify: Literal["left", "right"] = "right" if numeric else "left"
        table.add_column(shown, justify=justify, no_wrap=whole, overflow="fold")
    for index, row in enumerate(grid.rows):
        style = "bold" if index in grid.sums else ""
        name, *figures = map(_shown, row)
        if grid.narrow_names:
            name = Text(textwrap.fill(name.plain, _NAME))
        table.add_row(name, *figures, style=style)
    return table


def _shown(cell: Cell) -> Text:
    """Control characters are written out before the columns are measured."""
    return Text(literal(plain(cell)))
