"""The cell as a task: one network decides for each server, or for all of them, slot by slot through a week.

What it decides is in :mod:`~neuro_aolo.systems.emissions_per_bit.actions`, what it sees in
:mod:`~neuro_aolo.systems.emissions_per_bit.observations`; the cell's ``interface`` says in which forms.

References:
    C. Kurisummoottil Thomas et al. (2025), arXiv:2509.02395.
    A. Y. Ng, D. Harada, S. Russell (1999), Policy invariance under reward transformations, ICML.
"""

import warnings
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from neuro_aolo.systems.emissions_per_bit import actions as acting
from neuro_aolo.systems.emissions_per_bit import observations as observing
from neuro_aolo.systems.emissions_per_bit.avoided import avoided, printed_avoided
from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH
from neuro_aolo.systems.emissions_per_bit.serving import Service
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries, Sourced
from neuro_aolo.systems.emissions_per_bit.states import Layout
from neuro_aolo.systems.task import (
    Entry,
    Floats,
    Objective,
    Observations,
    Served,
    Spec,
    Transition,
    Unit,
)

SITE = "grid"
DISCOUNT = 0.99
"""Of carbon alone: energy and delay have no future."""

_REFERENCE = "arXiv:2509.02395"
_TYPICAL_G_PER_BIT = 20e-9
_TYPICAL_J_PER_BIT = 200e-6
_TYPICAL_S, _LATEST = 0.2, 5.0
"""Delay in units of which it counts, and the most that counts."""

_LOST = 2.0
"""Cost of losing every packet, in units of a typical slot's energy: serving nobody would save energy."""

_STORED_SHARE = 0.75
"""Of the grid's mean that energy in a battery is taken to be worth, where its carbon is shaped."""

ENTRIES = (
    Entry("sun", "solar power used at once", "embodied", SITE, "IPCC AR5 WGIII, Table A.III.2"),
    Entry("grid", "grid power used at once", "operational", SITE, f"equation (11), {_REFERENCE}"),
    Entry("battery", "power out of batteries", "operational", SITE, f"equation (11), tracked, {_REFERENCE}"),
)
"""Lines of what a slot emits."""


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
    per offered bit in units of 200 uJ, lost packets included; and its delay in units of 0.2 s.

    Args:
        cell: with all parameters.
    """

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.layout = Layout.of(cell.radio, remembers=cell.interface.observations == "paper")
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
            observations=observing.quantities(self.cell, self._typical_g),
            actions=acting.quantities(self.cell),
            objectives=(
                self._first_objective,
                Objective("energy", "200 uJ/bit"),
                Objective("delay", "0.2 s"),
            ),
            entries=self._entries,
            units=(Unit("bit", "bits"),),
            sites=(SITE,),
            agents=self.cell.radio.servers if self.cell.interface.observations == "server" else 1,
            horizon=self.cell.time.slots,
            decision="slot",
            optimum="causal optimum",
        )

    @property
    def _first_objective(self) -> Objective:
        """Carbon, or S of equation (12), which is to be large."""
        name = self.cell.interface.objective
        if name == "carbon":
            return Objective("carbon", "g", scale=self._typical_g, discount=DISCOUNT, per_mg=1e-3)
        return Objective(f"{name} share", "1", discount=DISCOUNT)

    @property
    def _entries(self) -> tuple[Entry, ...]:
        *others, battery = ENTRIES
        if self.cell.interface.battery_carbon == "constant":
            battery = replace(battery, source=f"equation (11), {_REFERENCE}")
        return *others, battery

    @cached_property
    def _typical_g(self) -> float:
        """Carbon of a typical slot on the grid."""
        cell = self.cell
        packets = cell.radio.users * sum(cell.demand.packets_per_s) / 2.0
        bits = packets * cell.radio.packet_bits * cell.time.slot_s
        return _TYPICAL_G_PER_BIT * bits * max(float(cell.clock.mean()), 1.0) / 378.0

    @property
    def hourly(self) -> None:
        """Its hours are those of its episodes."""
        return None

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        """Weeks that begin at midnights of the grid's clock, drawn uniformly."""
        days = len(self.cell.clock) // 24
        hours = 24 * rng.integers(days, size=count)
        slot = self.cell.slot(hours, rng)
        none = np.zeros((count, self.cell.radio.servers))
        return self.layout.pack(self.cell.fresh(count), slot, np.zeros(count), none)

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
        return Decided(slot, service, sourced, self._costs(slot, batteries, service, sourced))

    def follow(self, states: Floats, decided: Decided, rng: np.random.Generator) -> Transition:
        """Draw the slot that follows what was decided in ``states``."""
        cell, layout = self.cell, self.layout
        slot, service, sourced = decided.slot, decided.service, decided.sourced
        hours = (slot.hours + 1) % len(cell.clock)
        gone = layout.gone(states) + 1.0
        following = layout.pack(sourced.batteries, cell.slot(hours, rng), gone, self._counted_g(sourced))
        costs = decided.costs.sum(axis=1)
        ended = gone >= cell.time.slots
        scales = np.array([objective.scale for objective in self.spec.objectives])
        alone = self.spec.agents == 1
        return Transition(
            next_states=following,
            costs=costs,
            slack=np.zeros((len(states), 0)),
            reward=-(costs / scales).sum(axis=1),
            ended=ended,
            terminal=np.zeros(len(states), np.bool_),
            served=self._served(slot, layout.batteries(states), service, sourced),
            agent_costs=costs[:, None] if alone else decided.costs,
        )

    def intensity(self, states: Floats, site: str) -> Floats:
        """Carbon intensity of the grid in g/kWh."""
        clock = self.cell.clock
        return clock[self.layout.hours(states) % len(clock)]

    def optimum(self, states: Floats) -> None:
        """Not of a state alone: see :mod:`~neuro_aolo.systems.emissions_per_bit.storage_value`."""
        return None

    def _costs(self, slot: Slot, batteries: Batteries, service: Service, sourced: Sourced) -> Floats:
        """Carbon, energy and delay that each server's own decision causes, ``(B, M, 3)``."""
        offered = service.offered_bits.sum(axis=1, keepdims=True)
        servers = service.energy_j.shape[1]
        energy = service.energy_j / offered / _TYPICAL_J_PER_BIT + _LOST * service.drop_share / servers
        delay = np.minimum(service.delay_s / _TYPICAL_S, _LATEST) / servers
        return np.stack([self._first_costs(slot, batteries, service, sourced), energy, delay], axis=-1)

    def _first_costs(self, slot: Slot, batteries: Batteries, service: Service, sourced: Sourced) -> Floats:
        """Costs of the first objective, ``(B, M)``.

        Energy that is stored counts as much less carbon as it will save, and what is discharged as much more:
        shaping by a potential, which leaves the best policy the best.
        """
        interface, energy, carbon = self.cell.interface, service.energy_j, self._counted_g(sourced)
        if interface.objective == "avoided":
            return -avoided(slot.grid_g_per_kwh, energy, carbon)
        if interface.objective == "printed":
            return -printed_avoided(slot.grid_g_per_kwh, energy, carbon, self._counted_bits(service))
        if interface.battery_carbon == "constant":
            return carbon
        worth = _STORED_SHARE * float(self.cell.clock.mean()) / J_PER_KWH
        kept = DISCOUNT * sourced.batteries.energy_j - batteries.energy_j
        return sourced.source_g - worth * kept

    def _counted_g(self, sourced: Sourced) -> Floats:
        """Carbon of equation (11) as the interface has it, ``(B, M)``."""
        return sourced.carbon_g if self.cell.interface.battery_carbon == "tracked" else sourced.printed_g

    def _counted_bits(self, service: Service) -> Floats:
        """Bits that carbon is divided by, ``(B, M)``."""
        delivered = self.cell.interface.denominator == "delivered"
        return service.bits if delivered else service.capacity_bits

    def _served(self, slot: Slot, batteries: Batteries, service: Service, sourced: Sourced) -> Served:
        flows = sourced.flows
        of_sun = self.cell.sun.g_per_kwh / J_PER_KWH * flows.direct
        constant = self.cell.storage.constant_g_per_kwh / J_PER_KWH
        tracked = self.cell.interface.battery_carbon == "tracked"
        of_battery = (batteries.g_per_j if tracked else constant) * flows.discharged
        grid = slot.grid_g_per_kwh[:, None] / J_PER_KWH * (flows.grid - flows.grid_stored)
        return Served(
            carbon_g=np.stack([part.sum(axis=1) for part in (of_sun, grid, of_battery)], axis=1),
            energy_j=service.energy_j.sum(axis=1, keepdims=True),
            units=self._counted_bits(service).sum(axis=1, keepdims=True),
            margins=np.zeros((len(service.bits), 0)),
        )
