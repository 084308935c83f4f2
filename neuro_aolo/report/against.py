"""What speaks against the actor of a run, each point a sentence computed from the summary."""

from dataclasses import dataclass

from neuro_aolo.report.answer import listed
from neuro_aolo.report.facts import Contest, contests
from neuro_aolo.report.ledgers import against, baseline_name, baselines, short
from neuro_aolo.report.naming import TWIN, actor_name
from neuro_aolo.report.verdict import interruption
from neuro_aolo.runs.summary.decided import Decided, PolicyFigures
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.feasibility import beside_limit
from neuro_aolo.text.numbers import finite, percent

_TOLD = ("constant", "rule", "mlp", "random")
"""Baselines that have a sentence of their own, or need none."""


def against_it(summary: Summary) -> list[str]:
    """What speaks against the actor, most serious first: none where nothing does."""
    decided = summary.decided
    points = [interruption(summary)] if summary.run.interrupted else []
    if decided.feasible is False:
        broken = beside_limit(
            decided.violation_rate, decided.violation_limit, f"of {summary.wording.decisions}"
        )
        points.append(f"The {actor_name(summary.run)} is infeasible: it breaks a constraint in {broken}.")
    points += summary.wording.against
    nearer = [*_of_rules(summary), *_constant(summary)]
    nearer.sort(key=lambda point: point.regret)
    return [*points, *(point.text for point in nearer), *_emit_less(summary), *_dense(summary)]


@dataclass(frozen=True)
class _Point:
    """A sentence about policies without any learning, and the least regret of them."""

    regret: float
    text: str


def _of_rules(summary: Summary) -> list[_Point]:
    """Which rules of the system do as well or better."""
    decided = summary.decided
    told = {name: rule for name, rule in decided.rules.items() if _is_better(rule, decided)}
    if not told:
        return []
    order = sorted(told, key=lambda name: told[name].regret)
    least = told[order[0]].regret
    if decided.feasible is False:
        kept = listed([f"{name} at a regret of {percent(told[name].regret)}" for name in order])
        within = "A rule of the system keeps" if len(order) == 1 else "Rules of the system keep"
        return [_Point(least, f"{within} within the limit: {kept}.")]
    if len(order) == 1:
        return [_Point(least, f"The system's rule {order[0]} {_comes_closer(least, decided.regret)}.")]
    regrets = listed([f"{percent(told[name].regret)} by {name}" for name in order])
    closer = f"come closer to the optimum: regret {regrets}, against {percent(decided.regret)}"
    return [_Point(least, f"{len(order)} rules of the system {closer}.")]


def _is_better(rule: PolicyFigures, decided: Decided) -> bool:
    """Whether a rule is nearer to the optimum, and costs no more where cost is not what regret is of."""
    if not _may_be_told(rule) or rule.regret < 0.0:
        return False
    if decided.feasible is False:
        return True
    if rule.cost_per_decision > decided.cost_per_decision:
        return False
    return finite(decided.regret) and rule.regret <= decided.regret


def _constant(summary: Summary) -> list[_Point]:
    """Whether one action for every decision does as well or better."""
    decided, constant = summary.decided, summary.decided.constant
    if constant is None or not _may_be_told(constant):
        return []
    action = f"One constant action ({summary.wording.constant})"
    if decided.feasible is False:
        kept = f"{action} keeps within the limit, at a regret of {percent(constant.regret)}."
        return [_Point(constant.regret, kept)]
    if not finite(decided.regret) or constant.regret > decided.regret:
        return []
    return [_Point(constant.regret, f"{action} {_comes_closer(constant.regret, decided.regret)}.")]


def _may_be_told(policy: PolicyFigures) -> bool:
    """Whether a regret says how good a policy is: one below 0 does not where the limit was not kept."""
    if policy.feasible is None and policy.regret < 0.0:
        return False
    return policy.feasible is not False and finite(policy.regret)


def _comes_closer(regret: float, than: float) -> str:
    if regret == than:
        return f"comes as close to the optimum: regret {percent(regret)}"
    return f"comes closer to the optimum: regret {percent(regret)} against {percent(than)}"


def _emit_less(summary: Summary) -> list[str]:
    """Rules that emit less than the service under the agent, where both keep every constraint."""
    names = []
    for baseline in baselines(summary):
        pair = next(iter((against(summary, baseline) or against(summary, baseline, "work")).values()))
        if baseline not in _TOLD and pair.saving_mg.high < 0.0:
            names.append(baseline_name(baseline, pair.title))
    return [f"The service emits less under {name} than under the agent." for name in names]


def _dense(summary: Summary) -> list[str]:
    """Whether the dense network of the same size decides better, or as well for less energy."""
    decided, twin = summary.decided, summary.twin
    points = []
    if twin is not None and _may_be_told(twin):
        if decided.feasible is False and twin.feasible:
            points.append(f"keeps within the limit, at a regret of {percent(twin.regret)}")
        elif decided.feasible is not False and finite(decided.regret) and twin.regret < decided.regret:
            points.append(_comes_closer(twin.regret, decided.regret))
    lost = [contest for contest in contests(summary.priced) if contest.winner == "dense"]
    if lost:
        points.append(_takes_less(min(lost, key=lambda contest: contest.ratios[1])))
    return [f"Its dense twin ({TWIN}) {'; it '.join(points)}."] if points else []


def _takes_less(contest: Contest) -> str:
    share = percent(1.0 / contest.ratios[1])
    return f"takes {share} of the energy on {short(contest.device)}, where both run"
