"""Tasks of image generation for edge servers as a task: drawn independently, one decision each.

With several users a decision is a round: each user decides by the same network on the same observation, and
those who choose the same server share its time. Everything a user is told is told of the state: the carbon of
all tasks, and of each constraint the task that keeps it worst.
"""

from functools import cached_property

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.describe import unit_of
from neuro_aolo.systems.offload.optimum import best
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.served import entries, served
from neuro_aolo.systems.offload.serving import decode, encode, observe, outcome, sample_states
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
_TRIED = 64
"""Tasks on which it is looked for what makes all of them infeasible."""


class OffloadTask:
    """A scenario's tasks: our reconstruction of a case that arXiv:2404.18077 describes in words.

    Costs are in mgCO2e of a task, or of a round of them; rewards likewise.

    Args:
        scenario: of servers and tasks.

    Raises:
        ScenarioError: no task can be served, or an optimal one costs more than the penalty, so that
            violations would pay.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        if not self._probe.feasible.any():
            raise ScenarioError(
                f"scenario {scenario.name!r}: none of {_PROBED} {self._decision}s can be served: the "
                f"tightest is the {self._tightest}; loosen the limits, or add a server"
            )
        penalty = scenario.limits.penalty_mg
        dearest = float(np.max(self._probe.cost, initial=-np.inf, where=self._probe.feasible))
        if dearest >= penalty:
            raise ScenarioError(
                f"limits.penalty_mg = {penalty:g} is below the {dearest:.4g} mg of an optimal "
                f"{self._decision}, so that breaking a constraint would pay: raise it, e.g. to "
                f"{5 * dearest:.0f}"
            )

    @cached_property
    def _probe(self) -> Optimum:
        return self.optimum(self.reset(_PROBED, np.random.default_rng(0)))

    @property
    def _tightest(self) -> str:
        """The constraints that stand in the way, by random actions."""
        rng = np.random.default_rng(0)
        states, shape = self.reset(_TRIED, rng), (_TRIED * self.scenario.users.count, len(self._decided))
        tried = (self.step(states, rng.uniform(-1.0, 1.0, shape), rng).slack for _ in range(_PROBED))
        _, limits = in_the_way(tried)
        return " or the ".join(self._constraints[each].title for each in limits)

    @property
    def _decision(self) -> str:
        return "task" if self.scenario.users.count == 1 else "round"

    @cached_property
    def spec(self) -> Spec:
        """What the task is; its scale is the mean optimal carbon of a decision, in mg."""
        scenario = self.scenario
        scale = float(np.mean(self._probe.scale, where=self._probe.feasible))
        return Spec(
            observations=self._observed,
            actions=self._decided,
            choice=self._choice,
            objectives=(Objective("carbon", "mg", scale=scale, per_mg=1.0),),
            constraints=self._constraints,
            entries=entries(self.scenario),
            units=(Unit("image", "images"),),
            sites=scenario.sites,
            agents=scenario.users.count,
            violation_limit=scenario.limits.violation_rate,
            action_units=("", "steps", "W") * (len(self._decided) // 3),
            decision=self._decision,
            penalty=scenario.limits.penalty_mg,
            penalty_name="limits.penalty_mg",
        )

    @property
    def _observed(self) -> tuple[Quantity, ...]:
        scenario, bounds = self.scenario, self.scenario.bounds
        ranges = zip(bounds.observe_low.tolist(), bounds.observe_high.tolist(), strict=True)
        named = zip(scenario.state_names, ranges, strict=True)
        return tuple(Quantity(name, scenario.unit(name), *ends) for name, ends in named)

    @property
    def _decided(self) -> tuple[Quantity, ...]:
        """A score, steps and power of each server, or one number that names it, steps and power."""
        box, servers = self.scenario.actions, self.scenario.servers

        def numbers(of: str) -> tuple[Quantity, ...]:
            return tuple(
                Quantity(f"{of}{name}", unit_of(box, name), *getattr(box, name))
                for name in ("steps", "power_w")
            )

        if box.choice == "selector":
            return (Quantity("server", "-", 0.0, float(servers.count)), *numbers(""))
        return tuple(
            quantity
            for site in servers.sites
            for quantity in (Quantity(site, "-", -1.0, 1.0), *numbers(f"{site}_"))
        )

    @property
    def _choice(self) -> tuple[tuple[int, ...], ...]:
        servers = self.scenario.servers.count
        if self.scenario.actions.choice == "selector" or servers == 1:
            return ()
        return tuple((3 * index, 3 * index + 1, 3 * index + 2) for index in range(servers))

    @property
    def _constraints(self) -> tuple[Constraint, ...]:
        """Each task has its own quality and deadline: told is what they are in the middle."""
        state = self.scenario.state
        wanted, deadline = (sum(part.sample) / 2.0 for part in (state.wanted_quality, state.deadline_s))
        return (
            Constraint("quality", "-", wanted, "quality, each task's own"),
            Constraint("deadline_s", "s", deadline, "deadline, each task's own"),
            Constraint("wait_s", "s", self.scenario.limits.wait_s, "queue at the server"),
        )

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
        """Draw ``count`` physical states ``(count, S)``."""
        return sample_states(self.scenario, count, rng)

    def observe(self, states: Floats) -> Observations:
        """Observations ``(B * K, S)`` in [-1, 1], the same for all users of a state."""
        return observe(self.scenario, states)

    def intensity(self, states: Floats, site: str) -> Floats:
        """Carbon intensity of a server, or of the user and the base station, in g/kWh."""
        column: Floats = states[:, self.scenario.intensity_of(site)]
        return column

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        """Serve the tasks; the next ones are drawn independently of the actions."""
        result = outcome(self.scenario, states, decode(self.scenario, actions))
        carbon_mg, count = result.carbon_mg, len(states)
        paid = np.where(result.kept, carbon_mg, self.scenario.limits.penalty_mg)
        return Transition(
            next_states=self.reset(count, rng),
            costs=carbon_mg.sum(axis=1, keepdims=True),
            slack=result.slack.min(axis=1),
            reward=-paid.sum(axis=1),
            ended=np.zeros(count, np.bool_),
            terminal=np.zeros(count, np.bool_),
            served=served(self.scenario, result),
            agent_costs=carbon_mg[..., None] if self.scenario.users.count > 1 else None,
        )

    def optimum(self, states: Floats) -> Optimum:
        """The least carbon of each state, of all users together."""
        found = best(self.scenario, states)
        actions = encode(self.scenario, found.server, found.steps, found.power_w)
        actions[~found.feasible.repeat(self.scenario.users.count)] = np.nan
        return Optimum(
            cost=found.carbon_mg,
            scale=found.carbon_mg,
            feasible=found.feasible,
            actions=actions,
        )
