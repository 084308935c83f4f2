"""The cell as a task: one network decides for each server, or for all of them, slot by slot through a week.

What it decides is in :mod:`~neuro_aolo.systems.emissions_per_bit.actions`, what it sees in
:mod:`~neuro_aolo.systems.emissions_per_bit.observations`; the cell's ``interface`` says in which forms.

References:
    C. Kurisummoottil Thomas et al. (2025), arXiv:2509.02395.
    A. Y. Ng, D. Harada, S. Russell (1999), Policy invariance under reward transformations, ICML.
"""

import warnings
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuro_aolo.systems.emissions_per_bit import accounts
from neuro_aolo.systems.emissions_per_bit import actions as acting
from neuro_aolo.systems.emissions_per_bit import observations as observing
from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.reference import Best
from neuro_aolo.systems.emissions_per_bit.serving import Service
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.sourcing import Sourced
from neuro_aolo.systems.emissions_per_bit.states import Layout
from neuro_aolo.systems.task import Floats, Hourly, Hours, Observations, Reference, Spec, Transition, Unit

_MOST_STARTS = 16
"""Weeks of an evaluation: 1.2 % of error, and as many as a linear program is solved for in some seconds."""


@dataclass(frozen=True)
class Decided:
    """What a slot's decisions led to.

    Attributes:
        slot: that was served.
        service: of the servers.
        sourced: where its energy came from.
        costs: that each server's own decision causes, ``(B, M, 3)``.
    """

    slot: Slot
    service: Service
    sourced: Sourced
    costs: Floats


class EmissionsPerBitTask:
    """A radio cell with servers, batteries and solar power, decided hour by hour.

    Costs of a slot are the carbon of its sources in g, shaped, or what else the interface names; its energy
    per offered bit in units of 200 uJ; and its delay in units of 0.2 s. Lost packets are charged in the first
    two.

    Args:
        cell: with all parameters.
    """

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.layout = Layout.of(cell)
        if cell.interface.objective == "printed":
            warnings.warn(
                'interface.objective = "printed" rewards use of the grid: what is best by it emits most; '
                "use avoided or carbon",
                UserWarning,
                stacklevel=2,
            )

    @cached_property
    def spec(self) -> Spec:
        """What the task is."""
        return Spec(
            observations=observing.quantities(self.cell),
            actions=acting.quantities(self.cell),
            objectives=accounts.objectives(self.cell),
            entries=accounts.entries(self.cell),
            units=(Unit("bit", "bits"),),
            sites=(accounts.SITE,),
            agents=self.cell.radio.servers if self.cell.interface.observations == "server" else 1,
            horizon=self.cell.time.slots,
            decision="slot",
            optimum=self.best.name,
            most_starts=_MOST_STARTS,
            tallies=accounts.tallies(self.cell),
            regret_unit="bit",
            learner="ppo",
        )

    @cached_property
    def best(self) -> Best:
        """Episodes decided as well as can be."""
        return Best(self.cell)

    @property
    def hourly(self) -> Hourly:
        """The hours of the grid's clock."""
        cell = self.cell
        trace = None if (traces := getattr(cell, "traces", None)) is None else traces.grid

        def states(hours: Hours, rng: np.random.Generator) -> Floats:
            return self.layout.pack(cell.fresh(len(hours)), cell.slot(hours, rng), np.zeros(len(hours)))

        return Hourly(
            hours=len(cell.clock),
            g_per_kwh={accounts.SITE: cell.clock},
            files={} if trace is None or trace.start is None else {accounts.SITE: trace.source},
            states=states,
        )

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        """Weeks that begin at midnights of the grid's clock, drawn uniformly."""
        days = len(self.cell.clock) // 24
        hours = 24 * rng.integers(days, size=count)
        slot = self.cell.slot(hours, rng)
        return self.layout.pack(self.cell.fresh(count), slot, np.zeros(count))

    def observe(self, states: Floats) -> Observations:
        """What each server sees, ``(B * M, D)``, or what is seen of the cell, ``(B, D)``."""
        return observing.observe(self.cell, self.layout, self.spec.observations, states)

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        """Serve a slot and draw the next; every slot draws equally many numbers, whatever is decided."""
        return self.follow(states, self.decide(states, actions), rng)

    def decide(self, states: Floats, actions: Floats) -> Decided:
        """Serve a slot."""
        cell = self.cell
        slot, batteries = self.layout.slot(states, cell.clock), self.layout.batteries(states)
        service, flows = acting.act(cell, slot, batteries, actions)
        sourced = cell.settle(slot, batteries, flows)
        return Decided(slot, service, sourced, accounts.costs(cell, slot, batteries, service, sourced))

    def follow(self, states: Floats, decided: Decided, rng: np.random.Generator) -> Transition:
        """Draw the slot that follows what was decided in ``states``."""
        cell, layout = self.cell, self.layout
        slot, service, sourced = decided.slot, decided.service, decided.sourced
        hours = (slot.hours + 1) % len(cell.clock)
        gone = layout.gone(states) + 1.0
        last_g = accounts.counted_g(cell, sourced)
        following = layout.pack(sourced.batteries, cell.slot(hours, rng), gone, last_g)
        costs = decided.costs.sum(axis=1)
        ended = gone >= cell.time.slots
        alone = self.spec.agents == 1
        return Transition(
            next_states=following,
            costs=costs,
            slack=np.zeros((len(states), 0)),
            reward=-self.spec.cost(costs),
            ended=ended,
            terminal=np.zeros(len(states), np.bool_),
            served=accounts.served(cell, slot, layout.batteries(states), service, sourced),
            agent_costs=costs[:, None] if alone else decided.costs,
        )

    def intensity(self, states: Floats, site: str) -> Floats:
        """Carbon intensity of the grid in g/kWh."""
        clock = self.cell.clock
        return clock[self.layout.hours(states) % len(clock)]

    def optimum(self, states: Floats) -> Reference:
        """No state's alone: episodes decided as well as can be, from the same starts."""
        return self.best.reference
