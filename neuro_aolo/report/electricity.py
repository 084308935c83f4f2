"""What the carbon intensities of the sites are figures of, as plain rows: year or hours, basis, source."""

from neuro_aolo.runs.summary.ledger import LedgerPart
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import amount


def electricity(part: LedgerPart) -> Grid:
    """Countries and traces by site; no rows where the scenario draws all intensities."""
    rows: list[tuple[Cell, ...]] = [
        (site, facts.name, amount(facts.g_per_kwh), facts.of, facts.source)
        for site, facts in part.wording.factors.items()
    ]
    rows += [
        (site, "hour by hour", amount(trace.mean_g_per_kwh), trace.of, trace.source)
        for site, trace in part.run.traces.items()
    ]
    columns = ("site", "grid", "g/kWh, mean", "what it is", "source")
    return Grid("Carbon intensity of electricity", columns, rows, stacks=True)
