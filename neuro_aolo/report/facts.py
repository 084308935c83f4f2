"""What follows from a summary: shares, sums, and whether spiking wins on a device; nothing to read yet."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from neuro_aolo.runs.summary.decided import Decided
from neuro_aolo.runs.summary.ledger import BoundaryFigures
from neuro_aolo.runs.summary.part import ActorKind
from neuro_aolo.runs.summary.priced import BillFigures, Priced
from neuro_aolo.text.numbers import finite

_VIOLATING = 0.01
"""Violation rate from which curves are drawn thin where the limit was not kept."""

Metrics = Sequence[Mapping[str, float]]
"""Rows of a run's ``metrics.csv``, by column."""


@dataclass(frozen=True)
class Validation:
    """One row of the learning curve; what it has no figure for is NaN.

    Attributes:
        requests: decisions served so far.
        cost: mean noise-free cost on the validation decisions.
        optimal_cost: mean optimum of the same.
        regret: on the same.
        violation_rate: on the same.
        best: 1 where the checkpoint is the best so far.
    """

    requests: float
    cost: float
    optimal_cost: float
    regret: float
    violation_rate: float
    best: float


@dataclass(frozen=True)
class Contest:
    """Spiking actor against MLP on one device that runs both at the same boundary.

    Attributes:
        profile: id of the hardware profile.
        device: its name.
        ratios: energy of the spiking actor over the MLP's, at the low, nominal and high prices. The prices of
            one device err together, so low is set against low and high against high.
        winner: who needs less at all three; None where the prices decide, or where the winner's total leaves
            out work that has no price.
        lower_bounds: actors whose total is a lower bound.
        evidence: the weakest evidence of either bill.
    """

    profile: str
    device: str
    ratios: tuple[float, float, float]
    winner: ActorKind | None
    lower_bounds: tuple[ActorKind, ...]
    evidence: tuple[str, str]


def device_name(priced: Priced, profile: str) -> str:
    """Name of the device of ``profile``; the id itself where the run has no bill of it."""
    return priced.devices[profile].name if profile in priced.devices else profile


def contests(priced: Priced) -> list[Contest]:
    """One contest per device that runs both actors; a device with two boundaries has none."""
    fair = []
    for profile, device in priced.devices.items():
        spiking, dense = device.spiking, device.dense
        if spiking is None or dense is None or spiking.boundary != dense.boundary:
            continue
        total = dense.total_j
        if all(joules > 0 for joules in (total.low, total.nominal, total.high)):
            fair.append(_contest(profile, device.name, spiking, dense))
    return fair


def _contest(profile: str, device: str, spiking: BillFigures, dense: BillFigures) -> Contest:
    one, other = spiking.total_j, dense.total_j
    ratios = one.low / other.low, one.nominal / other.nominal, one.high / other.high
    bills: dict[ActorKind, BillFigures] = {"spiking": spiking, "dense": dense}
    winner: ActorKind | None = None
    if max(ratios) < 1 and not spiking.unpriced:
        winner = "spiking"
    elif min(ratios) > 1 and not dense.unpriced:
        winner = "dense"
    lower_bounds = tuple(kind for kind, bill in bills.items() if bill.unpriced)
    return Contest(profile, device, ratios, winner, lower_bounds, (spiking.evidence, dense.evidence))


def knows_optimum(decided: Decided) -> bool:
    """Whether there is an optimum to set the actor against."""
    return finite(decided.optimum_mg_per_decision) or finite(decided.regret)


def thin_above(decided: Decided) -> float:
    """Violation rate above which a learning curve is drawn thin: a cost there is not one that may be had."""
    return decided.violation_limit if finite(decided.violation_limit) else _VIOLATING


def of_service(figures: BoundaryFigures, mg: float) -> float | None:
    """``mg`` of carbon per decision as a share of the service's within the same boundary.

    None where the service emits nothing.
    """
    service_mg = figures.service_mg.nominal
    return mg / service_mg if service_mg else None


def validations(metrics: Metrics) -> list[Validation]:
    """The learning curve."""
    names = [field.name for field in fields(Validation)]
    return [
        Validation(*(value if finite(value := row.get(name)) else math.nan for name in names))
        for row in metrics
    ]


def best_checkpoint(curve: Sequence[Validation]) -> Validation | None:
    """The last row that was the best so far; None where no row says so."""
    best = [row for row in curve if row.best == 1 and finite(row.cost)]
    return best[-1] if best else None
