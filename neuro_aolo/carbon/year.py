"""A year of service over hourly grids: what policies emit, hour by hour."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neuro_aolo.carbon.ledger import MG_PER_KG, requests_per_year
from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.request import observe, outcome, sample_states, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario

Policy = Callable[[NDArray[np.float32]], NDArray[np.float64]]
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
        policies: by name; ``oracle`` is among them.
        intensity_g_per_kwh: mean over the hours, by the side: ``dc`` and ``bs``.
    """

    hours: int
    requests: int
    policies: Mapping[str, Year]
    intensity_g_per_kwh: Mapping[str, float]


def year(
    scenario: Scenario, policies: Mapping[str, Policy], request_rate_hz: float, per_hour: int = 4
) -> Years:
    """Serve ``per_hour`` requests of every hour of the scenario's traces, and scale them to a year.

    Requests without a feasible action are left out.

    Args:
        scenario: a service with traces.
        policies: what decides, by name.
        request_rate_hz: requests a second, the same in every hour.
        per_hour: requests that stand for those of an hour.

    Raises:
        ServiceError: the scenario has no traces, or the rate is not above 0.
    """
    if scenario.traces is None:
        raise ServiceError(
            f"scenario {scenario.name!r} has no hourly traces: add --dc-trace FILE.csv or --bs-trace FILE.csv"
        )
    hours = np.repeat(np.arange(scenario.traces.clock.hours), per_hour)
    states = sample_states(scenario, len(hours), np.random.default_rng(SEED), hours)
    best = oracle(scenario, states)
    states, optimum = states[best.feasible], best.carbon_mg[best.feasible]
    scale = requests_per_year(request_rate_hz) / MG_PER_KG
    found = {"oracle": Year(float(optimum.mean()) * scale, 0.0)}
    observations = observe(scenario, states)
    for name, policy in policies.items():
        served = outcome(scenario, states, *to_physical(scenario, policy(observations)))
        broken = 1.0 - float(served.feasible.mean())
        found[name] = Year(float(served.carbon_mg.mean()) * scale, broken)
    names = scenario.state_names
    return Years(
        hours=scenario.traces.clock.hours,
        requests=len(states),
        policies=found,
        intensity_g_per_kwh={
            side: float(states[:, names.index(f"{side}_intensity_g_per_kwh")].mean()) for side in ("dc", "bs")
        },
    )
