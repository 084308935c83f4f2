"""A year of service over hourly grids, as plain rows."""

from neuro_aolo.report.facts import Summary
from neuro_aolo.report.ledgers import rate
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import count, percent, spread, with_prefix
from neuro_aolo.units import G_PER_KG


def year(summary: Summary) -> Grid:
    """What each policy emits in a year, and the agent on each device beside it."""
    found = summary["year"]
    policies = found["policies"]
    rows: list[tuple[Cell, ...]] = []
    for name, told in policies.items():
        saved = told["carbon_kg"] - policies["agent"]["carbon_kg"]
        rows.append(
            (
                f"service, {'by the ' if name in ('oracle', 'agent') else ''}{name}",
                with_prefix(told["carbon_kg"] * G_PER_KG, "g", 5),
                with_prefix(saved * G_PER_KG, "g") if name != "agent" else "",
                percent(told["violation_rate"]),
            )
        )
    rows += [
        (f"agent on {profile}", spread(kg, "g", G_PER_KG), "", "")
        for profile, kg in found["agent_kg"].items()
    ]
    title = (
        f"A year at {rate(summary)} over {count(found['hours'])} hours of the grids "
        f"({count(found['requests'])} requests served for it)"
    )
    return Grid(title, ("what emits", "carbon a year", "above the agent's", "violations"), rows, stacks=True)
