"""What a scenario is like: rules, the reference and the bound on the same weeks."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from neuro_aolo.systems.emissions_per_bit import rules
from neuro_aolo.systems.emissions_per_bit.cell import Cell, Week, live
from neuro_aolo.systems.emissions_per_bit.figures import figures
from neuro_aolo.systems.emissions_per_bit.reference import Best
from neuro_aolo.systems.emissions_per_bit.rules import G_PER_S
from neuro_aolo.systems.emissions_per_bit.states import Layout

MOST_WEEKS = 16
_RULES = {
    "grid_only": "grid alone",
    "renewable_first": "sun first, no battery",
    "store_surplus": "sun first, surplus stored",
}


def examine(
    scenario: Cell, rng: np.random.Generator, requests: int
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What a scenario is like: figures by name, and rows for people.

    Args:
        scenario: of the cell.
        rng: of the episodes.
        requests: how many, 16 at most.
    """
    best, layout, count = Best(scenario), Layout.of(scenario), min(requests, MOST_WEEKS)
    hours = 24 * rng.integers(len(scenario.clock) // 24, size=count)
    slots = [scenario.slot(hours, rng)]
    starts = layout.pack(scenario.fresh(count), slots[0], np.zeros(count))
    again = np.random.default_rng()
    again.bit_generator.state = rng.bit_generator.state
    while len(slots) < scenario.time.slots:
        slots.append(scenario.slot((slots[-1].hours + 1) % len(scenario.clock), again))
    reached = figures(scenario, best.reach(starts, rng), None)
    served = {id(slot): best.serving(slot) for slot in slots}
    weeks = {
        name: live(scenario, slots, lambda slot: served[id(slot)], partial(getattr(rules, name), scenario))
        for name in _RULES
    }
    found: dict[str, Any] = {
        "episodes": count,
        "optimum": best.name,
        "optimum_ng_per_bit": reached["ng_per_bit"],
        "optimum_delay_s": reached["delay_s"],
        "optimum_drop_rate": reached["drop_rate"],
        "optimum_uj_per_bit": reached["uj_per_bit"],
        **{f"{name}_ng_per_bit": week.ng_per_bit for name, week in weeks.items()},
    }
    return found, _rows(found, weeks)


def _rows(found: Mapping[str, Any], weeks: Mapping[str, Week]) -> list[tuple[str, str]]:
    delay_ms, optimum = 1e3 * found["optimum_delay_s"], found["optimum_ng_per_bit"]
    return [
        ("episodes", f"{found['episodes']}, effort weighed at {G_PER_S:g} g a second of delay"),
        (found["optimum"], f"{optimum:.4g} ng CO2e per bit"),
        ("  mean delay, packets lost", f"{delay_ms:.4g} ms, {100.0 * found['optimum_drop_rate']:.2g} %"),
        ("  energy", f"{found['optimum_uj_per_bit']:.4g} uJ per bit"),
        *(
            (
                f"{title}, same effort",
                f"{weeks[name].ng_per_bit:.4g} ng per bit, {weeks[name].ng_per_bit / optimum:.3g} times that",
            )
            for name, title in _RULES.items()
        ),
    ]
