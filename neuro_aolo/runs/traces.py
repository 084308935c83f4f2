"""Where carbon intensities come from, hours or a country's average, as facts and as lines to read."""

import math
from collections.abc import Mapping
from typing import Any

from neuro_aolo.runs.summary.run import FactorFacts, TraceFacts
from neuro_aolo.systems.grid.factor import BASIS, factor
from neuro_aolo.systems.grid.trace import Traces
from neuro_aolo.systems.task import Floats, Task

_STATES = 16
"""States whose intensity is looked at: a country's is the same in all."""


def trace_facts(scenario: Any) -> dict[str, TraceFacts]:
    """What is known of the traces of a system's scenario, by site; nothing of one without."""
    traces = getattr(scenario, "traces", None)
    if not isinstance(traces, Traces):
        return {}
    return {
        site: TraceFacts(
            source=trace.source,
            start=None if trace.start is None else trace.start.isoformat(),
            hours=len(trace.g_per_kwh),
            mean_g_per_kwh=math.fsum(trace.g_per_kwh) / len(trace.g_per_kwh),
            note=trace.note,
            of=trace.of,
        )
        for site, trace in traces.by_site.items()
    }


def trace_notes(traces: Mapping[str, TraceFacts]) -> tuple[str, ...]:
    """A line for each trace of which something was converted, chosen or filled."""
    return tuple(f"{site}, {trace.source}: {trace.note}" for site, trace in traces.items() if trace.note)


def factor_facts(task: Task, countries: Mapping[str, str], states: Floats) -> dict[str, FactorFacts]:
    """Of which year and on which basis the intensities are that countries give, by site.

    Args:
        task: what is controlled.
        countries: ISO 3166-1 alpha-3 code of each site's country; empty where it has none.
        states: of the task, ``(B, S)``.
    """
    facts = {}
    for site, country in countries.items():
        if not country:
            continue
        used = task.intensity(states[:_STATES], site)
        known = factor(country)
        same = known.is_that_of(used)
        facts[site] = FactorFacts(
            country=known.country,
            name=known.name,
            g_per_kwh=float(used.mean()),
            year=known.year if same else None,
            basis=BASIS if same else "",
            of=known.of if same else "year and basis not known",
            source=known.source if same else known.other,
        )
    return facts


def factor_notes(factors: Mapping[str, FactorFacts]) -> tuple[str, ...]:
    """A line for each site whose carbon intensity is its country's."""
    return tuple(
        f"{site}, {facts.name}: {facts.g_per_kwh:g} g/kWh, {facts.of}; {facts.source}"
        for site, facts in factors.items()
    )
