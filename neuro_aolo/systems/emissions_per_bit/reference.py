"""What regret is measured against: whole episodes decided as well as can be, on the draws a policy meets.

Effort is the least of energy and delay at 5 g/s, slot by slot. On a grid that repeats by the day storage
follows the value of stored energy, without knowing the future: that of days that go on, so that in episodes
of a day or two what it stores for the next one counts against it. On a real trace no such value is known, and
a linear program that knows the future is set in its place, which no policy reaches.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuro_aolo.systems.emissions_per_bit import accounts
from neuro_aolo.systems.emissions_per_bit.actions import quantities
from neuro_aolo.systems.emissions_per_bit.bound import Plan, least_carbon_plan
from neuro_aolo.systems.emissions_per_bit.cell import Cell, Serving
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH
from neuro_aolo.systems.emissions_per_bit.rules import G_PER_S, least_effort, least_efforts
from neuro_aolo.systems.emissions_per_bit.serving import Service, clocks_of
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries, Flows, Sourced
from neuro_aolo.systems.emissions_per_bit.states import Layout
from neuro_aolo.systems.emissions_per_bit.storage_value import StorageValue
from neuro_aolo.systems.task import Floats, Reached, Reference, Served

CAUSAL, KNOWING = "causal optimum", "linear program that knows the future"
_SEED = 2509_02395
_LEAST_EFFORT = -0.1


@dataclass(frozen=True)
class Best:
    """Episodes of a cell, decided as well as can be.

    Attributes:
        cell: that is served.
    """

    cell: Cell

    @property
    def name(self) -> str:
        """What people call it."""
        return CAUSAL if len(self.cell.clock) == 24 else KNOWING

    @property
    def reference(self) -> Reference:
        """For a task."""
        alone = self.cell.interface.actions != "full" and self.name == CAUSAL
        return Reference(self.name, self.reach, self.decide if alone else None)

    def decide(self, states: Floats) -> Floats:
        """Actions ``(B * M, A)`` of the causal optimum in states ``(B, S)`` of one hour."""
        cell, layout = self.cell, Layout.of(self.cell)
        slot, batteries = layout.slot(states, cell.clock), layout.batteries(states)
        effort = least_efforts(cell, G_PER_S, slot)
        service = cell.serve(slot, clocks_of(cell.compute, effort))
        store = self.storage_value.store(slot, batteries, service)
        # Any effort below 0 is the least; one below it by some is not raised by a small error.
        raised = np.where(effort > 0.0, effort, _LEAST_EFFORT)
        both = np.stack([np.broadcast_to(store[:, None], effort.shape), raised], axis=-1)
        return both[..., : len(quantities(cell))].reshape(-1, len(quantities(cell)))

    @cached_property
    def serving(self) -> Serving:
        """The effort of each server."""
        return least_effort(self.cell, G_PER_S)

    @cached_property
    def storage_value(self) -> StorageValue:
        """What stored energy is worth, on a grid that repeats by the day."""
        return StorageValue.learnt(self.cell, self.serving, np.random.default_rng(_SEED))

    def reach(self, starts: Floats, rng: np.random.Generator) -> Reached:
        """What episodes from starts ``(B, S)`` come to; ``rng`` draws what it draws for a policy."""
        cell, batteries = self.cell, Layout.of(self.cell).batteries(starts)
        slots, costs, parts = self.slots(starts, rng), np.zeros(()), []
        for slot, service, sourced in self.live(slots, batteries):
            costs = costs + accounts.costs(cell, slot, batteries, service, sourced).sum(axis=1)
            parts.append(accounts.served(cell, slot, batteries, service, sourced))
            batteries = sourced.batteries
        return Reached(
            decisions=np.full(len(starts), len(slots)), costs=costs / len(slots), served=_together(parts)
        )

    def slots(self, starts: Floats, rng: np.random.Generator) -> list[Slot]:
        """The slots of episodes from starts ``(B, S)``, drawn as a policy meets them."""
        cell = self.cell
        slots = [Layout.of(cell).slot(starts, cell.clock)]
        while len(slots) < cell.time.slots:
            slots.append(cell.slot((slots[-1].hours + 1) % len(cell.clock), rng))
        return slots

    def live(self, slots: list[Slot], batteries: Batteries) -> Iterator[tuple[Slot, Service, Sourced]]:
        """Live through episodes from these batteries, slot by slot."""
        services = [self.serving(slot) for slot in slots]
        plans = None if self.name == CAUSAL else self._plans(slots, services)
        for index, (slot, service) in enumerate(zip(slots, services, strict=True)):
            flows = (
                self.storage_value.sourcing(slot, batteries, service)
                if plans is None
                else _flows(plans, index, slot, batteries, service)
            )
            sourced = self.cell.settle(slot, batteries, flows)
            batteries = sourced.batteries
            yield slot, service, sourced

    def _plans(self, slots: list[Slot], services: list[Service]) -> list[Plan]:
        """Of each episode the sourcing of least carbon to whoever knows all of it."""
        loads = np.stack([service.energy_j for service in services], axis=1)
        sun = np.stack([slot.sun_j for slot in slots], axis=1)
        grid = np.stack([slot.grid_g_per_kwh for slot in slots], axis=1)
        cell = self.cell
        return [
            least_carbon_plan(cell.storage, cell.sun, *episode)
            for episode in zip(loads, sun, grid, strict=True)
        ]


def _flows(plans: list[Plan], index: int, slot: Slot, batteries: Batteries, service: Service) -> Flows:
    """What the plans of all episodes say of one slot, kept to what is exactly there."""
    taken, discharge, charge = (
        J_PER_KWH * np.stack([getattr(plan, f"{name}_kwh")[index] for plan in plans])
        for name in ("sun", "discharge", "charge")
    )
    sun_stored = np.clip(taken, 0.0, charge)
    direct = np.clip(taken - sun_stored, 0.0, service.energy_j)
    discharged = np.clip(discharge, 0.0, np.minimum(batteries.energy_j, service.energy_j - direct))
    grid_stored = charge - sun_stored
    return Flows(
        direct=direct,
        discharged=discharged,
        sun_stored=sun_stored,
        grid_stored=grid_stored,
        grid=service.energy_j - direct - discharged + grid_stored,
        curtailed=np.maximum(slot.sun_j - (direct + sun_stored).sum(axis=1), 0.0),
    )


def _together(parts: list[Served]) -> Served:
    """Totals of the slots of each episode."""

    def total(name: str) -> Floats:
        added: Floats = np.sum([getattr(part, name) for part in parts], axis=0)
        return added

    return Served(
        carbon_g=total("carbon_g"),
        energy_j=total("energy_j"),
        units=total("units"),
        margins=parts[0].margins,
        tallies=total("tallies"),
    )
