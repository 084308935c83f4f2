"""The decisions of a run in plain sentences, each computed from the numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neuro_aolo.report.facts import Summary
from neuro_aolo.text.numbers import amount, count, finite, percent


@dataclass(frozen=True)
class Finding:
    """A topic and what the run says about it."""

    topic: str
    sentences: tuple[str, ...]


def title(summary: Summary) -> str:
    """The scenario and the countries whose carbon intensities apply."""
    traces = summary.get("traces") or {}
    data_centre = traces.get("dc") or summary.get("dc_country")
    station = traces.get("bs") or summary.get("bs_country")
    if not data_centre and not station:
        return f"{summary['scenario']}: carbon intensities from the scenario"
    places = (("data centre", data_centre), ("base station", station))
    return f"{summary['scenario']}: " + ", ".join(
        f"{site} in {country}" if country else f"{site} as in the scenario" for site, country in places
    )


def verdict(summary: Summary) -> list[Finding]:
    """Against what the actor's decisions stand: a constant action, the MLP, its own integers."""
    findings = [
        Finding("Constant action", (_constant(summary),)),
        Finding("MLP", (_mlp(summary),)),
        Finding("On the chip", (_deployed(summary),)),
    ]
    if summary["interrupted"]:
        findings.insert(0, Finding("Interrupted", (interruption(summary),)))
    return findings


def interruption(summary: Summary) -> str:
    """What an interrupted training means for the figures."""
    return (
        f"Training was interrupted after {count(summary['steps'])} requests; every figure is of the best "
        "checkpoint until then."
    )


def optimality(summary: Summary) -> str:
    """How far the actor is from the exact optimum."""
    regret = summary["regret"]
    actor = f"On {count(summary['requests_evaluated'])} held-out requests the trained spiking actor"
    pair = (
        f"{amount(summary['service_mg_per_request'])} mg CO₂e per request against the optimum's "
        f"{amount(summary['oracle_mg_per_request'])} mg"
    )
    if summary["agent_carbon"] != "none":
        pair += (
            f", and {amount(summary['deciding_mg_per_request'])} mg for deciding, which costs the optimum "
            f"nothing (agent_carbon = {summary['agent_carbon']})"
        )
    if not finite(regret):
        return f"{actor} has no regret figure: {pair}."
    if regret < 0:
        return (
            f"{actor} costs {percent(-regret)} less than the exact optimum of each request ({pair}), which "
            "is possible only by breaking constraints."
        )
    return f"{actor} costs {percent(regret)} more than the exact optimum of each request: {pair}."


def constraints(summary: Summary) -> str:
    """How often it breaks a constraint."""
    rate, requests = summary["violation_rate"], summary["requests_evaluated"]
    if not finite(rate):
        return "Whether it breaks a constraint is not known."
    if rate == 0:
        return f"It breaks a constraint in none of the {count(requests)}."
    broken = count(round(rate * requests))
    return f"It breaks a constraint in {broken} of them ({percent(rate)}); these are in its figures too."


def _constant(summary: Summary) -> str:
    action, regret = summary["constant_action"], summary["constant_regret"]
    text = (
        f"The best single action for every request ({amount(action['words'])} words, "
        f"{amount(action['power_w'])} W) has a regret of {percent(regret)} and breaks a constraint in "
        f"{percent(summary['constant_violation_rate'])} of requests"
    )
    if not finite(summary["regret"]) or not finite(regret):
        return f"{text}."
    if regret <= summary["regret"]:
        return f"{text}: no further from the optimum than the spiking actor, without looking at any request."
    if summary["violation_rate"] > summary["constant_violation_rate"]:
        return f"{text}: further from the optimum than the spiking actor, with fewer violations."
    return f"{text}: further from the optimum than the spiking actor."


def _mlp(summary: Summary) -> str:
    mlp = summary.get("mlp")
    if mlp is None:
        return "No MLP was trained in this run, so there is none to compare with."
    return (
        f"The same-size MLP, trained in the same loop for {_for_how_long(summary, mlp)}, has a regret of "
        f"{percent(mlp['regret'])} and breaks a constraint in {percent(mlp['violation_rate'])} of requests."
    )


def _for_how_long(summary: Summary, mlp: Mapping[str, Any]) -> str:
    if mlp.get("steps", summary["steps"]) == summary["steps"]:
        return "as many requests"
    return f"{count(mlp['steps'])} requests against the spiking actor's {count(summary['steps'])}"


def _deployed(summary: Summary) -> str:
    deployed = summary["deployed"]
    if deployed is None:
        return "The integer network was not evaluated."
    return (
        f"In the chip's integers the same actor has a regret of {percent(deployed['regret'])} and breaks a "
        f"constraint in {percent(deployed['violation_rate'])} of requests."
    )
