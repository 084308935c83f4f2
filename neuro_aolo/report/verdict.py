"""The decisions of a run in plain sentences, each computed from the numbers."""

from dataclasses import dataclass

from neuro_aolo.report.facts import knows_optimum
from neuro_aolo.report.naming import actor_name
from neuro_aolo.runs.summary.decided import ConstantFigures, Decided, PolicyFigures, TwinFigures
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.runs.summary.wording import Wording
from neuro_aolo.text.feasibility import beside_limit, infeasible
from neuro_aolo.text.numbers import amount, count, finite, percent


@dataclass(frozen=True)
class Finding:
    """A topic and what the run says about it."""

    topic: str
    sentences: tuple[str, ...]


def verdict(summary: Summary) -> list[Finding]:
    """Against what the actor's decisions stand: a constant action, rules, the MLP, its own integers."""
    constant, twin = summary.decided.constant, summary.twin
    findings = []
    if summary.run.interrupted:
        findings.append(Finding("Interrupted", (interruption(summary),)))
    if constant is not None:
        findings.append(Finding("Constant action", (_constant(summary, constant),)))
    if summary.decided.rules:
        findings.append(Finding("Rules", (_rules(summary),)))
    if twin is not None or summary.run.kind == "spiking":
        findings.append(Finding("MLP", (_twin(summary, twin),)))
    if summary.run.kind == "spiking":
        findings.append(Finding("On the chip", (_deployed(summary),)))
    return findings


def interruption(summary: Summary) -> str:
    """What an interrupted training means for the figures."""
    served = f"{count(summary.run.steps)} {summary.wording.decisions}"
    return f"Training was interrupted after {served}; every figure is of the best checkpoint until then."


def optimality(summary: Summary) -> str:
    """How far the actor is from the exact optimum; what it costs where nobody knows that."""
    decided, wording, run = summary.decided, summary.wording, summary.run
    actor = f"On {count(decided.decisions)} held-out {wording.starts} the trained {actor_name(run)}"
    pair = _what_it_costs(decided, wording)
    if finite(decided.optimum_mg_per_decision):
        pair += f" against the optimum's {amount(decided.optimum_mg_per_decision)} mg"
    if run.agent_carbon != "none":
        nothing = ", which costs the optimum nothing" if knows_optimum(decided) else ""
        pair += (
            f", and {amount(decided.deciding_mg_per_decision)} mg for deciding{nothing} "
            f"(agent_carbon = {run.agent_carbon})"
        )
    if decided.feasible is False:
        broken = beside_limit(decided.violation_rate, decided.violation_limit, "of them")
        told = ", so that no regret of it is told" if knows_optimum(decided) else ""
        return (
            f"{actor} is infeasible: it breaks a constraint in {broken}{told}. "
            f"The rate is an estimate, compared with the limit as it is. What it decides costs {pair}."
        )
    if not knows_optimum(decided):
        return f"{actor} costs {pair}."
    if not finite(decided.regret):
        return f"{actor} has no regret figure: {pair}."
    if not wording.exact:
        above = f"{percent(abs(decided.regret))} {'above' if decided.regret >= 0 else 'below'}"
        return f"{actor} is {above} the {wording.optimum}: {pair}."
    optimum = f"the exact optimum of each {wording.decision}"
    if decided.regret < 0:
        return (
            f"{actor} costs {percent(-decided.regret)} less than {optimum} ({pair}), which is possible only "
            "by breaking constraints."
        )
    return f"{actor} costs {percent(decided.regret)} more than {optimum}: {pair}."


def _what_it_costs(decided: Decided, wording: Wording) -> str:
    """Carbon of a decision; of a system that tells none, what is minimised."""
    if not decided.terms and finite(decided.cost_per_decision):
        return f"{amount(decided.cost_per_decision)} {wording.cost_unit} per {wording.decision}"
    return f"{amount(decided.service_mg_per_decision)} mg CO₂e per {wording.decision}"


def constraints(summary: Summary) -> str:
    """How often it breaks a constraint; empty of an infeasible actor, of which :func:`optimality` says it."""
    rate, decisions = summary.decided.violation_rate, summary.decided.decisions
    if summary.decided.feasible is False:
        return ""
    if not finite(rate):
        return "Whether it breaks a constraint is not known."
    if rate == 0:
        return f"It breaks a constraint in none of the {count(decisions)}."
    broken = f"{count(round(rate * decisions))} of them ({percent(rate)})"
    if summary.wording.start:
        broken = f"{percent(rate)} of their {summary.wording.decisions}"
    return f"It breaks a constraint in {broken}; these are in its figures too."


def _constant(summary: Summary, constant: ConstantFigures) -> str:
    decided, wording, actor = summary.decided, summary.wording, actor_name(summary.run)
    text = (
        f"The best single action for every {wording.decision} ({wording.constant}) {_does(summary, constant)}"
    )
    if constant.feasible is False or not finite(decided.regret) or not finite(constant.regret):
        return f"{text}."
    if decided.feasible is False:
        return f"{text}: within the limit, which the {actor} is not."
    if constant.regret <= decided.regret:
        return (
            f"{text}: no further from the optimum than the {actor}, without looking at any "
            f"{wording.decision}."
        )
    if decided.violation_rate > constant.violation_rate:
        return f"{text}: further from the optimum than the {actor}, with fewer violations."
    return f"{text}: further from the optimum than the {actor}."


def _rules(summary: Summary) -> str:
    """How the rules of the system do; of the cost where no optimum is known."""
    decided, wording = summary.decided, summary.wording
    if decided.constrained:
        told = [f"{name} {_does(summary, rule)}" for name, rule in decided.rules.items()]
    elif knows_optimum(decided):
        told = [f"{name} has a regret of {percent(rule.regret)}" for name, rule in decided.rules.items()]
    else:
        told = [
            f"{name} costs {amount(rule.cost_per_decision)} {wording.cost_unit} per {wording.decision}"
            for name, rule in decided.rules.items()
        ]
    return f"Of the system's rules, which learn nothing, {'; '.join(told)}."


def _twin(summary: Summary, twin: TwinFigures | None) -> str:
    if twin is None:
        return "No MLP was trained in this run, so there is none to compare with."
    return (
        f"The dense twin, trained in the same loop for {_for_how_long(summary, twin)}, "
        f"{_does(summary, twin)}."
    )


def _for_how_long(summary: Summary, twin: TwinFigures) -> str:
    steps, decisions = summary.run.steps, summary.wording.decisions
    if twin.steps == steps:
        return f"as many {decisions}"
    return f"{count(twin.steps)} {decisions} against the {actor_name(summary.run)}'s {count(steps)}"


def _deployed(summary: Summary) -> str:
    deployed = summary.deployed
    if deployed is None:
        return "The integer network was not evaluated."
    return f"In the chip's integers the same actor {_does(summary, deployed)}."


def _does(summary: Summary, policy: PolicyFigures) -> str:
    """How a policy does; where no optimum is known there is no regret to tell of."""
    many = f"of {summary.wording.decisions}"
    if policy.feasible is False:
        return f"is {infeasible(policy.violation_rate, policy.violation_limit, many)}"
    breaks = f"breaks a constraint in {percent(policy.violation_rate)} {many}"
    if not knows_optimum(summary.decided):
        return breaks
    return f"has a regret of {percent(policy.regret)} and {breaks}"
