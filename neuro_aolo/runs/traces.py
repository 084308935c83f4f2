"""The hours of a scenario's grids, as facts and as lines to read."""

import math
from collections.abc import Mapping
from typing import Any

from neuro_aolo.runs.summary.run import TraceFacts
from neuro_aolo.systems.grid.trace import Traces


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
        )
        for site, trace in traces.by_site.items()
    }


def trace_notes(traces: Mapping[str, TraceFacts]) -> tuple[str, ...]:
    """A line for each trace of which something was converted, chosen or filled."""
    return tuple(f"{site}, {trace.source}: {trace.note}" for site, trace in traces.items() if trace.note)
