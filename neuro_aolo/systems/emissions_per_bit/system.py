"""A radio cell with servers, batteries and solar power as a system: emissions per bit.

References:
    C. Kurisummoottil Thomas, O. Hashash, K. Ehsani, W. Saad (2025), Next-Generation Sustainable Wireless
    Systems: Energy Efficiency Meets Environmental Impact, arXiv:2509.02395.
"""

from collections.abc import Mapping

from neuro_aolo.systems.emissions_per_bit.chapters import chapters
from neuro_aolo.systems.emissions_per_bit.check import examine
from neuro_aolo.systems.emissions_per_bit.figures import figures
from neuro_aolo.systems.emissions_per_bit.phrases import phrases
from neuro_aolo.systems.emissions_per_bit.policies import rules
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario
from neuro_aolo.systems.emissions_per_bit.task import EmissionsPerBitTask
from neuro_aolo.systems.emissions_per_bit.telling import tell
from neuro_aolo.systems.task import Policy

__all__ = ["Scenario", "chapters", "examine", "figures", "phrases", "policies", "task", "tell"]


def task(scenario: Scenario) -> EmissionsPerBitTask:
    """The task of a scenario."""
    return EmissionsPerBitTask(scenario)


def policies(scenario: Scenario) -> Mapping[str, Policy]:
    """Rules by name, see :func:`~neuro_aolo.systems.emissions_per_bit.policies.rules`."""
    return rules(scenario, task(scenario).spec)
