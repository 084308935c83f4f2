"""The AOLO service as a task: requests drawn independently, one decision each."""

from functools import cached_property
from itertools import product

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.oracle import oracle
from neuro_aolo.systems.aolo.request import (
    Outcome,
    constraints,
    observe,
    outcome,
    sample_states,
    scored,
    to_normalised,
    to_physical,
)
from neuro_aolo.systems.aolo.scenario import SIDES, Scenario
from neuro_aolo.systems.aolo.served import ENTRIES, served
from neuro_aolo.systems.describe import unit_of
from neuro_aolo.systems.task import (
    Constraint,
    Floats,
    Hourly,
    Hours,
    Objective,
    Observations,
    Optimum,
    Spec,
    Transition,
    Unit,
)
from neuro_aolo.systems.tightest import in_the_way
from neuro_aolo_export.quantity import Quantity

_PROBED = 1_000
_TRIED = 50
"""Requests, and lengths and powers, on which it is looked for what makes all of them infeasible."""

_SITES = ("dc", "bs")
_LIMITS = {
    "quality": ("quality", "threshold", "answer quality"),
    "energy": ("limits", "energy", "energy"),
    "inference_time_s": ("limits", "inference_time_s", "inference time"),
    "transmission_time_s": ("limits", "transmission_time_s", "transmission time"),
    "power_w": ("limits", "power_w", "transmit power"),
}
"""Where each constraint's limit stands, and what people read."""


class AoloTask:
    """A scenario's requests: states (34), actions (35) and rewards (36) of AOLO (arXiv:2503.04418).

    Costs are in mg CO2e per request, rewards likewise.

    Args:
        scenario: the service.

    Raises:
        ScenarioError: no request has a feasible action, or an optimal one costs more than the penalty, so
            that violations would pay.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        if not self._probe.feasible.any():
            raise ScenarioError(
                f"scenario {scenario.name!r}: none of {_PROBED} requests has a feasible action: loosen "
                f"{self._tightest}"
            )
        penalty = scenario.limits.penalty_mg
        dearest = float(np.max(self._probe.cost, initial=-np.inf, where=self._probe.feasible))
        if dearest >= penalty:
            raise ScenarioError(
                f"limits.penalty_mg = {penalty:g} is below the {dearest:.4g} mg of an optimal request, so "
                f"that breaking a constraint would pay: raise it, e.g. to {5 * dearest:.0f}"
            )

    @cached_property
    def _probe(self) -> Optimum:
        return self.optimum(self.reset(_PROBED, np.random.default_rng(0)))

    @cached_property
    def _tightest(self) -> str:
        """The limits that stand in the way, by a grid of actions."""
        states = self.reset(_TRIED, np.random.default_rng(0))
        ends = np.linspace(-1.0, 1.0, _TRIED)
        pairs = (np.full((_TRIED, 2), pair) for pair in product(ends, ends))
        served = (outcome(self.scenario, states, *to_physical(self.scenario, each)) for each in pairs)
        _, limits = in_the_way(map(self._slack, served))
        keys = (_LIMITS[constraints(self.scenario)[each]][:2] for each in limits)
        return " or ".join(
            f"{section}.{name} = {getattr(getattr(self.scenario, section), name):g}" for section, name in keys
        )

    @cached_property
    def spec(self) -> Spec:
        """What the task is; its scale is the mean optimal carbon of a request, in mg."""
        scenario = self.scenario
        scale = float(np.mean(self._probe.scale, where=self._probe.feasible))
        return Spec(
            observations=self._observed,
            actions=tuple(
                Quantity(name, unit_of(scenario.actions, name), *getattr(scenario.actions, name))
                for name in ("words", "power_w")
            ),
            objectives=(Objective("carbon", "mg", scale=scale, per_mg=1.0),),
            constraints=tuple(self._constraint(name) for name in constraints(scenario)),
            entries=ENTRIES,
            units=(Unit("word", "words"), Unit("bit", "bits")),
            sites=_SITES,
            violation_limit=scenario.limits.violation_rate,
            action_units=("words", "W"),
            decision="request",
            optimum="oracle",
            penalty=scenario.limits.penalty_mg,
            penalty_name="limits.penalty_mg",
        )

    @property
    def _observed(self) -> tuple[Quantity, ...]:
        scenario, bounds = self.scenario, self.scenario.bounds
        ranges = zip(bounds.observe_low.tolist(), bounds.observe_high.tolist(), strict=True)
        named = zip(scenario.state_names, ranges, strict=True)
        return tuple(Quantity(name, scenario.unit(name), *ends) for name, ends in named)

    def _constraint(self, name: str) -> Constraint:
        section, parameter, title = _LIMITS[name]
        part = getattr(self.scenario, section)
        return Constraint(name, unit_of(part, parameter), float(getattr(part, parameter)), title)

    @cached_property
    def expected(self) -> "AoloTask":
        """The same task, with the expectation of a decision's cost in the place of what one score says."""
        prompts = self.scenario.prompts
        if prompts is None or prompts.noise_points == 0.0:
            return self
        return AoloTask(self.scenario.with_values(prompts={"noise_points": 0.0}))

    @property
    def hourly(self) -> Hourly | None:
        """Hours of the scenario's traces."""
        scenario, traces = self.scenario, self.scenario.traces
        if traces is None:
            return None

        def states(hours: Hours, rng: np.random.Generator) -> Floats:
            return sample_states(scenario, len(hours), rng, hours)

        return Hourly(
            hours=traces.clock.hours,
            g_per_kwh=traces.clock.g_per_kwh,
            files={site: trace.source for site, trace in traces.by_site.items() if trace.start},
            states=states,
        )

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        """Draw ``count`` requests: physical states ``(count, S)``."""
        return sample_states(self.scenario, count, rng)

    def observe(self, states: Floats) -> Observations:
        """Observations ``(B, S)`` in [-1, 1]."""
        observations: Observations = observe(self.scenario, states)
        return observations

    def intensity(self, states: Floats, site: str) -> Floats:
        """Carbon intensity of the data centre, ``dc``, or the base station, ``bs``, in g/kWh."""
        column: Floats = states[:, self.scenario.state_names.index(SIDES[site])]
        return column

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        """Serve the requests; the next ones are drawn independently of the actions."""
        words, power_w = to_physical(self.scenario, actions)
        result = outcome(self.scenario, states, words, power_w)
        count = len(states)
        following = self.reset(count, rng)
        result = scored(self.scenario, result, words, rng)
        return Transition(
            next_states=following,
            costs=result.cost_mg[:, None],
            slack=self._slack(result),
            reward=result.reward,
            ended=np.zeros(count, np.bool_),
            terminal=np.zeros(count, np.bool_),
            served=served(self.scenario, result, words, power_w),
        )

    def _slack(self, result: Outcome) -> Floats:
        """Each margin over the sum of its limit and what was reached: ``tanh(ln(limit / reached) / 2)``."""
        columns = []
        for constraint in map(self._constraint, constraints(self.scenario)):
            limit, margin = constraint.limit, result.margins[constraint.name]
            reached = limit + margin if constraint.name == "quality" else limit - margin
            columns.append(margin / (abs(limit) + np.abs(reached)))
        # A time without end is as late as can be.
        slack: Floats = np.nan_to_num(np.stack(columns, axis=1), nan=-1.0)
        return slack

    def optimum(self, states: Floats) -> Optimum:
        """The oracle's decision; regret is measured in its carbon."""
        best = oracle(self.scenario, states)
        return Optimum(
            cost=best.cost_mg,
            scale=best.carbon_mg,
            feasible=best.feasible,
            actions=to_normalised(self.scenario, best.words, best.power_w),
        )
