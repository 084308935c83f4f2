"""A year of service over hourly grids, as plain rows."""

from neuro_aolo.report.ledgers import rate
from neuro_aolo.runs.summary.ledger import LedgerPart
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import count, percent, spread, with_prefix
from neuro_aolo.units import G_PER_KG

_AGENT = "agent"


def year(part: LedgerPart) -> Grid | None:
    """What each policy and the agent emit in a year by their work; None without hourly grids."""
    if part.year is None:
        return None
    policies, wording = part.year.policies, part.wording
    rows: list[tuple[Cell, ...]] = []
    for name, policy in policies.items():
        saved_kg = policy.carbon_kg - policies[_AGENT].carbon_kg
        rows.append(
            (
                f"service, {'by the ' if name in (wording.optimum, _AGENT) else ''}{name}",
                with_prefix(policy.carbon_kg * G_PER_KG, "g", 5),
                with_prefix(saved_kg * G_PER_KG, "g") if name != _AGENT else "",
                percent(policy.violation_rate),
            )
        )
    rows += [
        (f"agent's work on {profile}", spread(kg, "g", G_PER_KG), "", "")
        for profile, kg in part.year.agent_kg.items()
    ]
    title = (
        f"A year at {rate(part)}, by work alone, over {count(part.year.hours)} hours of the grids "
        f"({count(part.year.decisions)} {wording.decisions} served for it)"
    )
    return Grid(title, ("what emits", "carbon a year", "above the agent's", "violations"), rows, stacks=True)
