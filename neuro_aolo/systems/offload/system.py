"""Edge servers that generate images as a system: our reconstruction of a case of arXiv:2404.18077.

References:
    J. Wen et al. (2024), Generative AI for low-carbon artificial intelligence of things, arXiv:2404.18077. It
    describes the case in words; its equations and parameters are not known.
"""

from collections.abc import Mapping

from neuro_aolo.systems.offload.check import examine
from neuro_aolo.systems.offload.phrases import phrases
from neuro_aolo.systems.offload.policies import rules
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.served import emits, machines, pue
from neuro_aolo.systems.offload.task import OffloadTask
from neuro_aolo.systems.offload.telling import tell
from neuro_aolo.systems.task import Policy

__all__ = ["Scenario", "emits", "examine", "machines", "phrases", "policies", "pue", "task", "tell"]


def task(scenario: Scenario) -> OffloadTask:
    """The task of a scenario.

    Raises:
        ScenarioError: no task can be served, or violations would pay.
    """
    return OffloadTask(scenario)


def policies(scenario: Scenario) -> Mapping[str, Policy]:
    """Rules by name, see :func:`~neuro_aolo.systems.offload.policies.rules`."""
    return rules(scenario, task(scenario).spec)
