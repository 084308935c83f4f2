"""What the cell adds to the page of a run: a week in pictures, rules and optima, what accounting hides."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from neuro_aolo.systems.chapter import ACTOR, Chapter, Charts, Episodes, Line, Panel, Row, Table
from neuro_aolo.systems.emissions_per_bit.accounts import counted_g
from neuro_aolo.systems.emissions_per_bit.cell import NG_PER_G, Cell, live
from neuro_aolo.systems.emissions_per_bit.figures import MOST_DELAY_RATIO, MOST_DROPPED, of_bits
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH
from neuro_aolo.systems.emissions_per_bit.rules import grid_only, launder
from neuro_aolo.systems.emissions_per_bit.serving import Service, Work
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.sourcing import Sourced
from neuro_aolo.systems.emissions_per_bit.states import Layout
from neuro_aolo.systems.emissions_per_bit.task import EmissionsPerBitTask
from neuro_aolo.systems.task import Reached

_SHOWN = 168
"""Slots that are drawn at most: a week of hours."""

_DIGITS = 4
_H_PER_DAY, _S_PER_H, _MS_PER_S = 24.0, 3600.0, 1e3

_OF_RULES = (
    "Under every rule the sun serves the loads first and its surplus is stored. store-surplus empties the "
    "batteries as soon as the sun is not enough, with clocks just fast enough; store-surplus-slow does so "
    "with the slowest clocks; batteries-idle never uses what is stored; buy-when-clean fills the batteries "
    "from the grid, too, while it emits less than three quarters of its mean."
)

_Lived = tuple[Slot, Service, Sourced]


def chapters(task: EmissionsPerBitTask, episodes: Episodes) -> tuple[Chapter, ...]:
    """Sections of the page of a run.

    Args:
        task: whose episodes they are.
        episodes: that were held out.
    """
    return (
        _week(task, episodes),
        _rules(task.cell, task.best.name, episodes.reached),
        _accounting(task, episodes),
    )


def _week(task: EmissionsPerBitTask, episodes: Episodes) -> Chapter:
    cell, optimum = task.cell, task.best
    courses = {
        ACTOR: _courses(cell, _acted(task, episodes)),
        optimum.name: _courses(cell, _decided_best(task, episodes)),
    }
    per = "hour" if cell.time.slot_s == _S_PER_H else "slot"
    shared, own = (
        {"sun": f"sun offered, kWh per {per}", "grid": "carbon intensity of the grid, g/kWh"},
        {
            "load": f"energy used, kWh per {per}",
            "battery": "energy in all batteries, kWh",
            "carbon": f"carbon of the energy used, g per {per}",
        },
    )
    everybodys = courses[ACTOR]
    panels = {key: Panel(title, (Line(everybodys[key]),)) for key, title in shared.items()} | {
        key: Panel(title, tuple(Line(course[key], name) for name, course in courses.items()))
        for key, title in own.items()
    }
    order = ("load", "sun", "grid", "battery", "carbon")
    shown = len(everybodys["load"])
    week = "week" if shown == _SHOWN and per == "hour" else "episode"
    return Chapter(
        key="week",
        heading="A week in pictures",
        charts=Charts(
            title=f"One held-out {week} of all servers together",
            axis="days since the first midnight",
            step=round(cell.time.slot_s / _S_PER_H / _H_PER_DAY, 9),
            panels=tuple(panels[key] for key in order),
        ),
        text=(
            "Both meet the same load, sun and grid. What is in the batteries is that at the end of each "
            f"{per}; carbon is that of the energy used, batteries "
            + ("followed to what charged them." if _tracked(cell) else "at a constant factor."),
        ),
    )


def _acted(task: EmissionsPerBitTask, episodes: Episodes) -> Iterator[_Lived]:
    """The first episode as the actor lives it; the others are decided too, for all share the draws."""
    states, rng = episodes.starts, episodes.draws()
    for _ in range(min(task.cell.time.slots, _SHOWN)):
        decided = task.decide(states, episodes.actor(task.observe(states)))
        yield decided.slot, decided.service, decided.sourced
        states = task.follow(states, decided, rng).next_states


def _decided_best(task: EmissionsPerBitTask, episodes: Episodes) -> Iterator[_Lived]:
    """The same, of the reference, which decides the first episode alone."""
    starts, best = episodes.starts, task.best
    slots = [_first(slot) for slot in best.slots(starts, episodes.draws())]
    lived = best.live(slots, Layout.of(task.cell).batteries(starts[:1]))
    for _, each in zip(range(_SHOWN), lived, strict=False):
        yield each


def _first(slot: Slot) -> Slot:
    """The slot of the first cell alone."""
    work = slot.work
    return replace(
        slot,
        hours=slot.hours[:1],
        work=Work(work.packets_per_s[:1], work.channel_variance[:1], work.flop_per_bit[:1]),
        sun_j=slot.sun_j[:1],
        grid_g_per_kwh=slot.grid_g_per_kwh[:1],
    )


def _courses(cell: Cell, lived: Iterable[_Lived]) -> Mapping[str, tuple[float, ...]]:
    """What is drawn of the first cell, slot by slot."""
    rows = [
        (
            slot.sun_j[0] / J_PER_KWH,
            slot.grid_g_per_kwh[0],
            service.energy_j[0].sum() / J_PER_KWH,
            sourced.batteries.energy_j[0].sum() / J_PER_KWH,
            counted_g(cell, sourced)[0].sum(),
        )
        for slot, service, sourced in lived
    ]
    columns = np.array(rows).T
    keys = ("sun", "grid", "load", "battery", "carbon")
    return {
        key: tuple(float(f"{value:.{_DIGITS}g}") for value in column)
        for key, column in zip(keys, columns, strict=True)
    }


def _rules(cell: Cell, optimum: str, reached: Mapping[str, Reached]) -> Chapter:
    rows = []
    for name, episodes in reached.items():
        told = of_bits(cell, episodes)
        values = (
            told["ng_per_bit"],
            told["source_ng_per_bit"],
            told["uj_per_bit"],
            _MS_PER_S * told["delay_s"],
            100.0 * told["drop_rate"],
            told["avoided_share"],
            told["curtailed_kwh"],
        )
        rows.append(Row(name, values))
    return Chapter(
        key="rules",
        heading="Rules and optima",
        table=Table(
            title="The same held-out episodes by who decides",
            columns=(
                "decided by",
                "ng CO₂e per bit",
                "ng at source",
                "µJ per bit",
                "delay, ms",
                "lost, %",
                "S",
                "sun lost, kWh",
            ),
            rows=tuple(rows),
        ),
        text=(
            "Less is better everywhere, but more of S, the paper's metric, here of sums. Carbon compares at "
            f"equal delay, up to {MOST_DELAY_RATIO:g} times, and at most {100.0 * MOST_DROPPED:g} % of "
            "packets lost: serving later or less saves carbon. ng at source is what was emitted where the "
            "energy came from, also for what is left in the batteries; sun lost is of one episode.",
            *((_OF_RULES,) if set(reached) - {ACTOR, optimum} else ()),
        ),
    )


def _accounting(task: EmissionsPerBitTask, episodes: Episodes) -> Chapter:
    accounts = {name: of_bits(task.cell, reached) for name, reached in episodes.reached.items()}
    told = {
        name: tuple(each[f"{account}_ng_per_bit"] for account in ("printed", "tracked", "source"))
        for name, each in accounts.items()
    } | _without_sun(task, episodes)
    cell = task.cell
    return Chapter(
        key="accounting",
        heading="What accounting hides",
        table=Table(
            title="Carbon of a bit in three accounts",
            columns=("decided by", "constant factor, ng", "tracked, ng", "at source, ng"),
            rows=tuple(Row(name, values) for name, values in told.items()),
        ),
        text=(
            "The paper counts what a battery gives at a constant factor, whatever charged it: here "
            f"{cell.storage.constant_g_per_kwh:g} g/kWh, where the sun has {cell.sun.g_per_kwh:g} and the "
            f"grid {float(cell.clock.mean()):.0f} in the mean. Tracked, a battery gives what came in with "
            "its energy, its losses included; that is what the sources emitted, less what is left in it.",
            f"The last two rows use no sun, at the effort of the {task.best.name}: energy that goes through "
            "a battery needs more of the grid, and a constant factor below the grid's tells it as cleaner.",
        ),
    )


def _without_sun(task: EmissionsPerBitTask, episodes: Episodes) -> dict[str, tuple[float, ...]]:
    """The same accounts of the grid alone, straight and by way of the batteries, on the same draws."""
    cell, best = task.cell, task.best
    slots = best.slots(episodes.starts, episodes.draws())
    services = iter([best.serving(slot) for slot in slots] * 2)
    told = {}
    for name, sourcing in (("grid alone", grid_only), ("grid by way of batteries", launder)):
        week = live(cell, slots, lambda _: next(services), partial(sourcing, cell))
        grams = (week.printed_g, week.carbon_g, week.source_g)
        told[name] = tuple(float(NG_PER_G * each.sum() / week.bits.sum()) for each in grams)
    return told


def _tracked(cell: Cell) -> bool:
    return cell.interface.battery_carbon == "tracked"
