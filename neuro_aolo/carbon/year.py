"""A year of service over hourly grids: what policies emit, hour by hour."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neuro_aolo.carbon.ledger import requests_per_year
from neuro_aolo.carbon.lines import MG_PER_KG
from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.task import Optimum, Policy, Task
from neuro_aolo.units import MG_PER_G

SEED = 8_760
"""Entropy of the year's requests: apart from training and from the held-out ones."""


@dataclass(frozen=True)
class Year:
    """What a policy emits in a year of requests at a steady rate.

    Attributes:
        carbon_kg: of the service, in kgCO2e.
        violation_rate: share of requests in which a constraint is broken.
    """

    carbon_kg: float
    violation_rate: float


@dataclass(frozen=True)
class Years:
    """A year under several policies.

    Attributes:
        hours: of the traces; their mean stands for a year.
        requests: that were served for it.
        policies: by name; the exact optimum is among them, under the name that the task gives it.
        intensity_g_per_kwh: mean over the hours, by the site.
    """

    hours: int
    requests: int
    policies: Mapping[str, Year]
    intensity_g_per_kwh: Mapping[str, float]


def year(task: Task, policies: Mapping[str, Policy], request_rate_hz: float, per_hour: int = 4) -> Years:
    """Serve ``per_hour`` requests of every hour of the task's grids, and scale them to a year.

    Requests without a feasible action are left out.

    Args:
        task: what is controlled, with hourly grids and an exact optimum.
        policies: what decides, by name.
        request_rate_hz: requests a second, the same in every hour.
        per_hour: requests that stand for those of an hour.

    Raises:
        ServiceError: the task has no hourly grids, or no exact optimum, or the rate is not above 0.
    """
    hourly = task.hourly
    if hourly is None:
        raise ServiceError("the scenario has no hourly traces: add one, --trace SITE=FILE.csv")
    states = hourly.states(np.repeat(np.arange(hourly.hours), per_hour), np.random.default_rng(SEED))
    best = task.optimum(states)
    if not isinstance(best, Optimum):
        raise ServiceError("the task has no exact optimum to set a year against: choose another scenario")
    states, optimum_mg = states[best.feasible], best.scale[best.feasible]
    scale = requests_per_year(request_rate_hz) / MG_PER_KG
    by_name = {task.spec.optimum: Year(float(optimum_mg.mean()) * scale, 0.0)}
    observations = task.observe(states)
    for name, policy in policies.items():
        # The next states are not used: any generator serves.
        transition = task.step(states, policy(observations), np.random.default_rng(0))
        carbon_mg = transition.served.total_g * MG_PER_G
        broken = 1.0 - float((~transition.violated).mean())
        by_name[name] = Year(float(carbon_mg.mean()) * scale, broken)
    return Years(
        hours=hourly.hours,
        requests=len(states),
        policies=by_name,
        intensity_g_per_kwh={site: float(task.intensity(states, site).mean()) for site in task.spec.sites},
    )
