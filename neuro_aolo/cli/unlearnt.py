"""What needs no learning, for ``scenarios check``: the best constant action and the rules of the system."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuro_aolo.agent.evaluate import Evaluation, Requests
    from neuro_aolo.systems.task import Policy, Task

ADAPTATION_REGRET = 0.1
"""Regret of the best constant action from which a scenario is said to need adaptation."""

Rows = list[tuple[str, str]]


def unlearnt(
    task: "Task", rules: Mapping[str, "Policy"], requests: int
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Figures and rows of both on held-out requests, as far as there is an optimum to go by."""
    from neuro_aolo.agent.evaluate import held_out
    from neuro_aolo.systems.task import Optimum, Reference

    unseen = held_out(task)
    known = task.optimum(unseen.states[:1])
    if not isinstance(known, Optimum | Reference):
        return {}, []
    by_rule = {name: unseen.evaluate(rule) for name, rule in rules.items()}
    figures: dict[str, Any] = {
        "rules": {
            name: {"regret": each.regret, "violation_rate": each.violation_rate}
            for name, each in by_rule.items()
        }
    }
    rows = [(f"rule {name}", _merit(task, each)) for name, each in by_rule.items()]
    if isinstance(known, Reference):
        return figures, rows
    constant, constant_rows = _constant(task, unseen, requests)
    adapts = ("needs adaptation", "yes" if constant["needs_adaptation"] else "no")
    return constant | figures, [*constant_rows, *rows, adapts]


def _constant(task: "Task", unseen: "Requests", requests: int) -> tuple[dict[str, Any], Rows]:
    from neuro_aolo.agent.rivals import best_constant_action
    from neuro_aolo.runs.decided import action_parts, physical_action
    from neuro_aolo.text.feasibility import is_feasible

    constant = best_constant_action(task, requests)
    result, limit = unseen.evaluate(constant.policy()), task.spec.violation_limit
    action = physical_action(task, constant.action)
    figures = {
        "constant_feasible": constant.feasible,
        "constant_regret": result.regret,
        "constant_violation_rate": result.violation_rate,
        "constant_violation_limit": limit,
        "constant_held_out_feasible": is_feasible(result.violation_rate, limit),
        "constant_action": action,
        "needs_adaptation": not constant.feasible or result.regret >= ADAPTATION_REGRET,
    }
    # A first length to six digits: it stands at the edge of a constraint.
    first, *others = action.values()
    texts = [f"{first:.6g}", *(f"{value:.4g}" for value in others)]
    at = ", ".join(action_parts(task, constant.action, texts))
    found = ("  on held-out requests", _merit(task, result))
    if constant.feasible:
        return figures, [("best constant action", at), found]
    none = f"infeasible: none found keeps violations to {_percent(limit)}"
    return figures, [("best constant action", none), ("constant action of fewest violations", at), found]


def _merit(task: "Task", result: "Evaluation") -> str:
    from neuro_aolo.text.feasibility import infeasible, is_infeasible
    from neuro_aolo.text.numbers import plain

    if not task.spec.constraints:
        return f"regret {_percent(result.regret)}"
    if is_infeasible(result.violation_rate, task.spec.violation_limit):
        return plain(infeasible(result.violation_rate, task.spec.violation_limit))
    return f"regret {_percent(result.regret)}, violations {_percent(result.violation_rate)}"


def _percent(share: float) -> str:
    return f"{100.0 * share:.4g} %"
