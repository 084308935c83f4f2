"""The AOLO service as a task: requests drawn independently, one decision each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.request import CONSTRAINTS, observe, outcome, sample_states, to_physical
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.task import Floats, Observations, Optimum, Transition
from neuro_aolo.units import J_PER_KWH, MG_PER_G

_PROBE_REQUESTS = 1_000
_MG_PER_J = MG_PER_G / J_PER_KWH
"""At an intensity of 1 g/kWh."""


@dataclass(frozen=True)
class Overhead:
    """What deciding emits whatever is decided.

    Attributes:
        intensity: column of the states with the carbon intensity at the agent's site, in g/kWh.
        energy_j: of a decision.
        making_mg: of the agent's devices, its share of a request, in mgCO2e.
    """

    intensity: int
    energy_j: float
    making_mg: float = 0.0

    def mg(self, states: Floats, more_j: Floats | float = 0.0) -> Floats:
        """Carbon of deciding requests with ``states`` ``(n, S)`` in mgCO2e, ``more_j`` joules included."""
        return (self.energy_j + more_j) * states[:, self.intensity] * _MG_PER_J + self.making_mg


class AoloTask:
    """A scenario's requests: states (34), actions (35) and rewards (36) of AOLO (arXiv:2503.04418).

    Costs are in mg CO2e per request, rewards likewise.

    Args:
        scenario: the service.
        overhead: what deciding emits, where that counts. The optimum is that of the service: it decides for
            nothing.

    Raises:
        ScenarioError: no request has a feasible action, or an optimal one costs more than the penalty, so
            that violations would pay.
    """

    action_names = ("words", "power_w")
    constraint_names = CONSTRAINTS

    def __init__(self, scenario: Scenario, overhead: Overhead | None = None) -> None:
        self.scenario = scenario
        self.overhead = overhead
        if not self._probe.feasible.any():
            raise ScenarioError(
                f"scenario {scenario.name!r}: none of {_PROBE_REQUESTS} requests has a feasible action: "
                "loosen limits"
            )
        penalty = scenario.limits.penalty_mg
        costs = self._probe.cost
        if overhead is not None:
            costs = costs + overhead.mg(self.reset(_PROBE_REQUESTS, np.random.default_rng(0)))
        dearest = float(np.max(costs, initial=-np.inf, where=self._probe.feasible))
        if dearest >= penalty:
            raise ScenarioError(
                f"limits.penalty_mg = {penalty:g} is below the {dearest:.4g} mg of an optimal request, so "
                f"that breaking a constraint would pay: raise it, e.g. to {5 * dearest:.0f}"
            )

    @cached_property
    def _probe(self) -> Optimum:
        return self.optimum(self.reset(_PROBE_REQUESTS, np.random.default_rng(0)))

    @property
    def observation_names(self) -> tuple[str, ...]:
        """The state's components."""
        return self.scenario.state_names

    @property
    def violation_limit(self) -> float:
        """The scenario's."""
        return self.scenario.limits.violation_rate

    @cached_property
    def reward_scale(self) -> float:
        """Mean optimal carbon of a request, in mg."""
        return float(np.mean(self._probe.scale, where=self._probe.feasible))

    @cached_property
    def overhead_mg(self) -> float:
        """Mean carbon of deciding a request, in mg; 0 where it does not count."""
        if self.overhead is None:
            return 0.0
        return float(self.overhead.mg(self.reset(_PROBE_REQUESTS, np.random.default_rng(0))).mean())

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw ``count`` requests: physical states ``(count, S)``."""
        return sample_states(self.scenario, count, rng)

    def observe(self, states: Floats) -> Observations:
        """Observations ``(B, S)`` in [-1, 1]."""
        observations: Observations = observe(self.scenario, states)
        return observations

    def physical(self, action: Floats) -> tuple[float, float]:
        """Words and watts of one action ``(2,)`` in [-1, 1]."""
        words, power_w = to_physical(self.scenario, action[None])
        return float(words[0]), float(power_w[0])

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        """Serve the requests; the next ones are drawn independently of the actions."""
        words, power_w = to_physical(self.scenario, actions)
        result = outcome(self.scenario, states, words, power_w)
        reward, cost = result.reward, result.cost_mg
        if self.overhead is not None:
            emitted = self.overhead.mg(states)
            cost = cost + emitted
            reward = np.where(result.feasible, reward - emitted, reward)
        return Transition(
            next_states=self.reset(len(states), rng),
            reward=reward,
            cost=cost,
            slack=self._slack(result.margins),
        )

    def _slack(self, margins: Mapping[str, Floats]) -> Floats:
        """Each margin over the sum of its limit and what was reached: ``tanh(ln(limit / reached) / 2)``."""
        limits = self.scenario.limits
        limit = {
            "quality": self.scenario.quality.threshold,
            "energy": limits.energy,
            "inference_time_s": limits.inference_time_s,
            "transmission_time_s": limits.transmission_time_s,
            "power_w": limits.power_w,
        }
        columns = []
        for name in CONSTRAINTS:
            margin = margins[name]
            reached = limit[name] + margin if name == "quality" else limit[name] - margin
            columns.append(margin / (abs(limit[name]) + np.abs(reached)))
        # A time without end is as late as can be.
        return np.nan_to_num(np.stack(columns, axis=1), nan=-1.0)

    def optimum(self, states: Floats) -> Optimum:
        """The oracle's decision; regret is measured in its carbon."""
        best = oracle(self.scenario, states)
        return Optimum(cost=best.cost_mg, scale=best.carbon_mg, feasible=best.feasible)
