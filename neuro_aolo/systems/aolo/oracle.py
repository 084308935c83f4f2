"""The exact optimum of every request: the limit that policies are measured against.

Carbon rises in the answer's length ``kappa`` and in the transmit power ``P`` (in quantile form every node
``P / log2(1 + P q)`` of the truncated mean rises), so the shortest admissible answer at the least power that
sends it in time is best. Where quality has a price, the best length is a minimum along the frontier of least
power.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.aolo.admissible import least_power_w, words_interval
from neuro_aolo.systems.aolo.frontier import Scores, best_on_frontier
from neuro_aolo.systems.aolo.request import outcome
from neuro_aolo.systems.aolo.scenario import Scenario

NDArray = np.ndarray[Any, np.dtype[np.float64]]
_BLOCK = 4096


@dataclass(frozen=True)
class Oracle:
    """Optimal action and its cost per request; NaN and not ``feasible`` where no action is feasible.

    Attributes:
        words: Optimal length ``(n,)``, in words.
        power_w: Optimal transmit power ``(n,)``, in W.
        carbon_mg: Carbon of the optimum ``(n,)``, in mg CO2e.
        cost_mg: Carbon less the price of quality ``(n,)``, in mg CO2e.
        feasible: Whether the request has a feasible action ``(n,)``.
    """

    words: NDArray
    power_w: NDArray
    carbon_mg: NDArray
    cost_mg: NDArray
    feasible: np.ndarray[Any, np.dtype[np.bool_]]


def oracle(scenario: Scenario, states: NDArray, scores: Scores | None = None) -> Oracle:
    """Solve problem (25) for every request, its cost to a relative 1e-9 or better.

    Args:
        scenario: The service.
        states: ``(n, S)`` in physical units, columns as ``scenario.state_names``.
        scores: What is believed of answers in the place of the scenario's own curve, where quality has a
            price.

    Raises:
        ServiceError: If ``states`` has another shape, or leaves the model's domain.
    """
    states = np.asarray(states, dtype=np.float64)
    if states.ndim != 2 or states.shape[1] != len(scenario.state_names):
        raise ServiceError(
            f"states {states.shape} do not fit {scenario.name!r}: give (n, {len(scenario.state_names)})"
        )
    starts = range(0, max(len(states), 1), _BLOCK)
    parts = [_solve(scenario, states[i : i + _BLOCK], scores) for i in starts]
    words, power_w, carbon_mg, cost_mg = np.concatenate(parts, axis=1)
    return Oracle(words, power_w, carbon_mg, cost_mg, np.isfinite(cost_mg))


def _solve(scenario: Scenario, states: NDArray, scores: Scores | None) -> NDArray:
    """Words, power, carbon and cost of one block of requests, ``(4, n)``; NaN where no action is feasible."""
    result = np.full((4, len(states)), np.nan)
    short, long = words_interval(scenario, states)
    rows = np.flatnonzero(short <= long)
    power_w = least_power_w(scenario, states[rows], short[rows])
    sendable = np.isfinite(power_w)
    rows, power_w = rows[sendable], power_w[sendable]
    words = short[rows]
    # The shortest answer at its least power uses least of everything: if it breaks a limit, all do.
    possible = outcome(scenario, states[rows], words, power_w).feasible
    rows, words, power_w = rows[possible], words[possible], power_w[possible]
    if scenario.quality.price_mg_per_point > 0.0 and rows.size:
        words, power_w = best_on_frontier(scenario, states[rows], words, long[rows], power_w, scores)
    served = outcome(scenario, states[rows], words, power_w)
    result[:, rows] = words, power_w, served.carbon_mg, served.cost_mg
    result[:, rows[~served.feasible]] = np.nan
    return result
