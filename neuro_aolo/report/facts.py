"""What follows from a summary: shares, sums, and whether spiking wins on a device. No words, no drawing."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from neuro_aolo.errors import RunError
from neuro_aolo.text.numbers import finite

Summary = Mapping[str, Any]
Metrics = Sequence[Mapping[str, float]]

REQUIRED = (
    "scenario", "agent_site", "agent_intensity_g_per_kwh", "seed", "steps", "interrupted",
    "version", "regret", "violation_rate", "requests_evaluated", "deployed", "constant_regret",
    "constant_violation_rate", "constant_action", "service_mg_per_request", "oracle_mg_per_request",
    "service_terms_mg", "firing_rate", "layers", "time_steps", "quantisation", "lava", "energy_j",
    "bills", "agent_carbon", "deciding_mg_per_request", "pairs", "ledger", "payback", "training_kwh",
    "training_measured_by", "raster", "margins", "assumptions", "device_kinds", "versions", "exports",
)  # fmt: skip
"""Keys of every summary; ``dc_country``, ``bs_country``, ``mlp`` and ``timings_s`` may be absent or null."""


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
    winner: Literal["snn", "mlp"] | None
    lower_bounds: tuple[str, ...]
    evidence: tuple[str, str]


def check(summary: Summary) -> None:
    """Refuse a summary that lacks what the report is made of.

    Raises:
        RunError: keys are missing.
    """
    missing = [key for key in REQUIRED if key not in summary]
    if missing:
        raise RunError(
            f"the run's summary lacks {', '.join(map(repr, missing))}; a report needs a summary as "
            "`neuro-aolo run` writes it: run the job again"
        )


def device_name(summary: Summary, profile: str) -> str:
    """Name of the device of ``profile``; the id itself where the run has no bill of it."""
    return str((summary["bills"].get(profile) or {}).get("device", profile))


def contests(summary: Summary) -> list[Contest]:
    """One contest per device that runs both actors; a device with two boundaries has none."""
    found = []
    for profile in summary["energy_j"]:
        bills = summary["bills"].get(profile) or {}
        spiking, dense = bills.get("snn"), bills.get("mlp")
        if spiking is None or dense is None or spiking["boundary"] != dense["boundary"]:
            continue
        if not all(dense["total_j"][name] > 0 for name in ("low", "nominal", "high")):
            continue
        found.append(_contest(profile, device_name(summary, profile), spiking, dense))
    return found


def _contest(profile: str, device: str, spiking: Mapping[str, Any], dense: Mapping[str, Any]) -> Contest:
    low, nominal, high = (spiking["total_j"][k] / dense["total_j"][k] for k in ("low", "nominal", "high"))
    lower_bounds = tuple(name for name, bill in (("snn", spiking), ("mlp", dense)) if bill["unpriced"])
    winner: Literal["snn", "mlp"] | None = None
    if max(low, nominal, high) < 1 and not spiking["unpriced"]:
        winner = "snn"
    elif min(low, nominal, high) > 1 and not dense["unpriced"]:
        winner = "mlp"
    evidence = (str(spiking["evidence"]), str(dense["evidence"]))
    return Contest(profile, device, (low, nominal, high), winner, lower_bounds, evidence)


def service_sum_mg(summary: Summary) -> float:
    """Sum of the service's terms in mg CO2e per request."""
    return math.fsum(summary["service_terms_mg"].values())


def wireless_share(summary: Summary) -> float:
    """Share of the wireless phase in the service's carbon; NaN where the service emits nothing."""
    wireless = math.fsum(
        mg for name, mg in summary["service_terms_mg"].items() if name.startswith("wireless")
    )
    total = service_sum_mg(summary)
    return wireless / total if total else math.nan


def of_service(summary: Summary, mg: float) -> float | None:
    """``mg`` of carbon per request as a share of the service's; None where the service emits nothing."""
    service = service_sum_mg(summary)
    return mg / service if service else None


def best_checkpoint(metrics: Metrics) -> Mapping[str, float] | None:
    """The last row that was the best so far; None where no row says so."""
    best = [row for row in metrics if row.get("best") == 1 and finite(row.get("cost"))]
    return best[-1] if best else None
