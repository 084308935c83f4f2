"""What a scenario is like: its optimum, what random actions cost, and which terms matter."""

from dataclasses import dataclass

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.request import NDArray, footprint, outcome, sample_states, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.units import J_PER_KWH

REQUESTS = 100_000
"""Requests drawn for a check; the standard error of ``paper``'s mean is then 0.08 %."""

_RANDOM_ACTIONS = 10
"""Random actions tried on each request: few of them are feasible."""


@dataclass(frozen=True)
class ScenarioCheck:
    """Figures of one scenario over requests drawn from it.

    Attributes:
        requests: Requests drawn.
        feasible_share: Share of requests that have a feasible action.
        oracle_carbon_mg: Mean carbon of the exact optimum, in mg CO2e.
        oracle_carbon_stderr_mg: Standard error of that mean over the requests drawn, in mg CO2e.
        oracle_cost_mg: Mean cost (carbon less the price of quality) of the optimum, in mg CO2e.
        random_carbon_mg: Mean carbon of uniformly random actions over the feasible ones, in mg CO2e; NaN if
            none is.
        random_feasible_share: Share of random actions that are feasible.
        words: 5th, 50th and 95th percentile of the optimal length, in words.
        power_w: 5th, 50th and 95th percentile of the optimal power, in W.
        shares: Share of each term in the optimum's carbon: inference and wireless, operational (the radio's
            and the station's fixed part apart) and embodied. They sum to 1.
    """

    requests: int
    feasible_share: float
    oracle_carbon_mg: float
    oracle_carbon_stderr_mg: float
    oracle_cost_mg: float
    random_carbon_mg: float
    random_feasible_share: float
    words: tuple[float, float, float]
    power_w: tuple[float, float, float]
    shares: dict[str, float]


def check(scenario: Scenario, rng: np.random.Generator, requests: int = REQUESTS) -> ScenarioCheck:
    """Draw requests and tell what the scenario asks of a policy.

    Args:
        scenario: The service.
        rng: Source of the requests and of the random actions.
        requests: How many requests to draw, > 0.

    Raises:
        ScenarioError: If no request drawn has a feasible action, or none emits anything.
    """
    states = sample_states(scenario, requests, rng)
    random_mg = np.concatenate([_random_carbon_mg(scenario, states, rng) for _ in range(_RANDOM_ACTIONS)])
    best = oracle(scenario, states)
    possible = best.feasible
    if not possible.any():
        raise ScenarioError(
            f"scenario {scenario.name!r}: none of {requests} requests has a feasible action: loosen limits"
        )
    carbon_mg = best.carbon_mg[possible]
    if not carbon_mg.any():
        raise ScenarioError(
            f"scenario {scenario.name!r}: no request emits carbon: raise an intensity or an embodied carbon"
        )
    return ScenarioCheck(
        requests=requests,
        feasible_share=float(possible.mean()),
        oracle_carbon_mg=float(carbon_mg.mean()),
        oracle_carbon_stderr_mg=float(carbon_mg.std() / np.sqrt(carbon_mg.size)),
        oracle_cost_mg=float(best.cost_mg[possible].mean()),
        random_carbon_mg=float(random_mg.mean()) if random_mg.size else float("nan"),
        random_feasible_share=random_mg.size / (requests * _RANDOM_ACTIONS),
        words=_percentiles(best.words[possible]),
        power_w=_percentiles(best.power_w[possible]),
        shares=_shares(scenario, states[possible], best.words[possible], best.power_w[possible]),
    )


def _shares(scenario: Scenario, states: NDArray, words: NDArray, power_w: NDArray) -> dict[str, float]:
    terms = footprint(scenario, states, words, power_w)
    intensity = states[:, scenario.state_names.index("bs_intensity_g_per_kwh")]
    radio_g = scenario.supplied_w(power_w) * terms.transmission_time_s * intensity / J_PER_KWH
    parts_g = {
        "inference_operational": terms.inference_operational_g,
        "inference_embodied": terms.inference_embodied_g,
        "wireless_radio": radio_g,
        "wireless_fixed": terms.wireless_operational_g - radio_g,
        "wireless_embodied": terms.wireless_embodied_g,
    }
    total_g = terms.total_g.sum()
    return {name: float(part_g.sum() / total_g) for name, part_g in parts_g.items()}


def _random_carbon_mg(scenario: Scenario, states: NDArray, rng: np.random.Generator) -> NDArray:
    """Carbon, in mg, of a uniformly random action on each request, where it is feasible."""
    actions = rng.uniform(-1.0, 1.0, (len(states), 2))
    served = outcome(scenario, states, *to_physical(scenario, actions))
    return np.asarray(served.carbon_mg[served.feasible])


def _percentiles(values: NDArray) -> tuple[float, float, float]:
    low, middle, high = (float(value) for value in np.percentile(values, (5.0, 50.0, 95.0)))
    return low, middle, high
