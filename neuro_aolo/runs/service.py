"""What the system emits by a policy's decisions, within both boundaries, at the ends of its ranges."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from neuro_aolo.agent.rollout import Rollout
from neuro_aolo.carbon.lines import Boundary, LedgerLine, service_lines, waiting_lines
from neuro_aolo.carbon.payback import Saving, saving
from neuro_aolo.carbon.standing import Waiting, waiting
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.runs.decided import per_decision
from neuro_aolo.runs.run import Run
from neuro_aolo.systems.ranges import corners
from neuro_aolo.systems.system import Machine
from neuro_aolo.systems.task import Entry, Flags, Floats, Served
from neuro_aolo.units import MG_PER_G

_PROBED = 1_000
"""Decisions by which it is found out at which end of a range less is emitted."""


@dataclass(frozen=True)
class Case:
    """What decisions emit under one set of parameters.

    Attributes:
        served: by the system's work, a row a decision.
        waiting: by its machines beyond that.
    """

    served: Served
    waiting: Waiting

    def mg(self, boundary: Boundary) -> Floats:
        """Of each decision in mgCO2e, ``(B,)``."""
        total_g = self.served.total_g
        return (total_g if boundary == "work" else total_g + self.waiting.total_g) * MG_PER_G

    def energy_j(self, boundary: Boundary) -> float:
        """Mean energy of a decision, cooling included."""
        work_j = float(np.mean(self.served.energy_j.sum(axis=1)))
        return work_j if boundary == "work" else work_j + float(np.mean(self.waiting.energy_j.sum(axis=1)))


@dataclass(frozen=True)
class ServiceCarbon:
    """What the system emits by the decisions of one policy.

    Attributes:
        entries: lines of its work.
        machines: that stand for it.
        nominal: under the scenario's own parameters.
        ends: with every range at its greener end, and at its dirtier; empty without ranges.
    """

    entries: tuple[Entry, ...]
    machines: tuple[Machine, ...]
    nominal: Case
    ends: tuple[Case, ...] = ()

    @property
    def cases(self) -> tuple[Case, ...]:
        """The nominal one, then those of the ends."""
        return (self.nominal, *self.ends)

    def lines(self, boundary: Boundary) -> tuple[LedgerLine, ...]:
        """Lines of the ledger."""
        work = self._columns(lambda case: case.served.carbon_g)
        terms = {entry.key: each for entry, each in zip(self.entries, work, strict=True)}
        lines = service_lines(self.entries, terms)
        if boundary == "work":
            return lines
        drawn = self._columns(lambda case: case.waiting.operational_g)
        made = self._columns(lambda case: case.waiting.embodied_g)
        return (*lines, *waiting_lines(self.machines, drawn, made))

    def mg(self, boundary: Boundary) -> Range:
        """Mean of a decision in mgCO2e."""
        return _spread([float(np.mean(case.mg(boundary))) for case in self.cases])

    def _columns(self, carbon_g: Callable[[Case], Floats]) -> list[Range]:
        """Mean of each column in mg over the cases; but for rounding, nothing emits less than nothing."""
        means = [
            [max(float(np.mean(column)) * MG_PER_G, 0.0) for column in carbon_g(case).T]
            for case in self.cases
        ]
        return [_spread(values) for values in zip(*means, strict=True)]

    def saved_by(self, agent: "ServiceCarbon", both: Flags, boundary: Boundary) -> Saving:
        """What an agent saves of it in the decisions ``both``, at whatever end of the ranges.

        Args:
            agent: what the system emits by the agent's decisions.
            both: decisions in which both keep every constraint, ``(B,)``.
            boundary: of what is saved.
        """
        pairs = zip(self.cases, agent.cases, strict=True)
        each = [saving(own.mg(boundary)[both], other.mg(boundary)[both]) for own, other in pairs]
        low, high = min(one.low for one in each), max(one.high for one in each)
        return Saving(each[0].requests, low, each[0].nominal, high)


@dataclass(frozen=True)
class Services:
    """What the system of a run emits by the decisions of any policy on the same states.

    Attributes:
        run: the run.
        states: ``(B, S)``.
        rate_hz: decisions a second.
        rolled: the agent's decisions, which say which end of a range is the greener one.
    """

    run: Run
    states: Floats
    rate_hz: float
    rolled: Rollout

    def of(self, rolled: Rollout) -> ServiceCarbon:
        """What it emits by decisions."""
        scenario = self.run.config.scenario
        nominal = self._case(scenario, per_decision(rolled))
        ends = tuple(self._case(each, self._emitted(each, rolled)) for each in self._corners)
        return ServiceCarbon(self.run.task.spec.entries, self._machines(scenario), nominal, ends)

    @cached_property
    def agent(self) -> ServiceCarbon:
        """By those of the agent."""
        return self.of(self.rolled)

    @cached_property
    def _corners(self) -> tuple[Any, ...]:
        """Scenarios at the greener and the dirtier end of the ranges; none where nothing has any."""
        if self.rolled.actions is None or not hasattr(self.run.config.system, "emits"):
            return ()
        agents = self.run.task.spec.agents
        states, actions = self.states[:_PROBED], self.rolled.actions[: _PROBED * agents]

        def emitted(scenario: Any) -> float:
            served = self._emits(scenario, states, actions)
            return float(np.mean(self._case(scenario, served, states).mg("provisioned")))

        return corners(self.run.config.scenario, emitted) or ()

    def _emitted(self, scenario: Any, rolled: Rollout) -> Served:
        assert rolled.actions is not None
        return self._emits(scenario, self.states, rolled.actions)

    def _emits(self, scenario: Any, states: Floats, actions: Floats) -> Served:
        served: Served = self.run.config.system.emits(scenario, states, actions)  # type: ignore[attr-defined]
        return served

    def _machines(self, scenario: Any) -> tuple[Machine, ...]:
        machines = getattr(self.run.config.system, "machines", None)
        return () if machines is None else tuple(machines(scenario))

    def _case(self, scenario: Any, served: Served, states: Floats | None = None) -> Case:
        machines, at = self._machines(scenario), self.states if states is None else states
        busy_s = np.zeros((len(at), 0)) if served.busy_s is None or not machines else served.busy_s
        columns = [self.run.task.intensity(at, machine.site) for machine in machines]
        intensity = np.stack(columns, axis=1) if columns else np.zeros((len(at), 0))
        return Case(served, waiting(machines, busy_s, intensity, self.rate_hz))


def _spread(values: Sequence[float]) -> Range:
    """The first, between the least and the most."""
    return Range(min(values), values[0], max(values))
