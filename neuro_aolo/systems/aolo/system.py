"""AOLO as a system: its scenarios, its task, its rules, and what it says of a run.

References:
    X. Wang, H. Du, Y. Gao, D. I. Kim, "AOLO", 2025, arXiv:2503.04418.
"""

from collections.abc import Mapping

from neuro_aolo.systems.aolo import estimators as estimating
from neuro_aolo.systems.aolo.commands import examine, fit, shift
from neuro_aolo.systems.aolo.llm.scenario_of import from_llm
from neuro_aolo.systems.aolo.old_keys import old_keys
from neuro_aolo.systems.aolo.phrases import phrases
from neuro_aolo.systems.aolo.policies import rules
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.served import emits, machines, pue
from neuro_aolo.systems.aolo.task import AoloTask
from neuro_aolo.systems.aolo.telling import tell
from neuro_aolo.systems.rivals import Estimator
from neuro_aolo.systems.task import Policy

__all__ = [
    "Scenario",
    "emits",
    "estimators",
    "examine",
    "fit",
    "from_llm",
    "machines",
    "old_keys",
    "phrases",
    "policies",
    "pue",
    "shift",
    "task",
    "tell",
]


def task(scenario: Scenario) -> AoloTask:
    """The task of a scenario.

    Raises:
        ScenarioError: no request has a feasible action, or violations would pay.
    """
    return AoloTask(scenario)


def policies(scenario: Scenario) -> Mapping[str, Policy]:
    """Rules by name, see :func:`~neuro_aolo.systems.aolo.policies.rules`."""
    return rules(scenario, task(scenario).spec)


def estimators(scenario: Scenario) -> Mapping[str, Estimator]:
    """What estimates scores and then optimises, by name, where prompts hide the best length; else nothing.

    See :func:`~neuro_aolo.systems.aolo.estimators.estimators`.
    """
    if scenario.prompts is None:
        return {}
    return estimating.estimators(scenario, task(scenario).spec)
