"""Gymnasium environments as a system: scenarios name a registered one.

References:
    M. Towers et al. (2024), Gymnasium: a standard interface for reinforcement learning environments,
    arXiv:2407.17032.
"""

from collections.abc import Mapping
from functools import partial

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.environment.make import made
from neuro_aolo.systems.environment.resolve import horizon_of, task_of
from neuro_aolo.systems.environment.scenario import Scenario
from neuro_aolo.systems.environment.task import EnvironmentTask
from neuro_aolo.systems.environment.telling import tell
from neuro_aolo.systems.task import Policy

__all__ = ["RUNS_CODE_OF_OTHERS", "Scenario", "policies", "task", "tell"]

RUNS_CODE_OF_OTHERS = True
"""No answer about a run on it is kept: nobody knows here when the environment's own code has changed."""


def task(scenario: Scenario) -> EnvironmentTask:
    """The task of a scenario; what it leaves out is asked of the environment.

    Raises:
        ScenarioError: there is no such environment, or it cannot be used.
    """
    if not scenario.env_id:
        raise ScenarioError(
            f"scenario {scenario.name!r} has no env_id: give a registered id, or train on "
            "as_task(function).system"
        )
    env = made(scenario.env_id, scenario.kwargs, scenario.horizon)
    make = partial(made, scenario.env_id, scenario.kwargs, horizon_of(scenario, env))
    return task_of(scenario, env, make)


def policies(scenario: Scenario) -> Mapping[str, Policy]:
    """None by name."""
    return {}
