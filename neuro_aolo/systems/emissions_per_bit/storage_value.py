"""The causal optimum of storage on a grid that repeats by the day: stochastic dynamic programming.

    V_h(b) = E min_x [ c(x) + V_{h+1}(b'(x)) ]

over what the servers' batteries hold together, ``b``, the loads and clouds of the hour, and what is done with
storage, ``x``: let the surplus be stored, and discharge a share of what the load needs, or charge a share of
the room left from the grid. What it decides needs no knowledge of the future: it is what a policy can reach.

References:
    R. Bellman (1957), Dynamic Programming, Princeton University Press.
"""

from dataclasses import dataclass

import numpy as np

from neuro_aolo.systems.emissions_per_bit.cell import Cell, Serving
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH
from neuro_aolo.systems.emissions_per_bit.serving import Service
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries, Flows, pooled
from neuro_aolo.systems.task import Floats

LEVELS, SAMPLES, SWEEPS = 161, 48, 6
CHOICES = np.array([-1.0, -0.75, -0.5, -0.25, 0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0])
"""What is done with storage, from discharging all to charging all that there is room for."""


@dataclass(frozen=True)
class StorageValue:
    """What stored energy is worth at each hour of the day.

    Attributes:
        cell: whose batteries they are.
        levels_j: of all batteries together, ``(L,)``.
        grams: carbon that is still to come, ``(24, L)``; only differences matter.
    """

    cell: Cell
    levels_j: Floats
    grams: Floats

    @classmethod
    def learnt(cls, cell: Cell, serving: Serving, rng: np.random.Generator) -> "StorageValue":
        """By sweeps over the day, from the last hour to the first.

        Args:
            cell: whose batteries they are.
            serving: what the servers do in a slot.
            rng: of the loads and clouds that the mean is taken over.
        """
        most = cell.storage.capacity_kwh * J_PER_KWH * cell.radio.servers
        levels = np.linspace(0.0, most, LEVELS)
        value = cls(cell, levels, np.zeros((24, LEVELS)))
        slots = [cell.slot(np.full(SAMPLES, hour), rng) for hour in range(24)]
        loads = [serving(slot).energy_j.sum(axis=1) for slot in slots]
        for _ in range(SWEEPS):
            for hour in reversed(range(24)):
                costs = value._costs(slots[hour], loads[hour], levels[:, None])
                value.grams[hour] = costs.min(axis=0).mean(axis=1)
        return value

    def sourcing(self, slot: Slot, batteries: Batteries, service: Service) -> Flows:
        """The best of :data:`CHOICES`, the same for all servers."""
        held = batteries.energy_j.sum(axis=1)
        costs = self._costs(slot, service.energy_j.sum(axis=1), held)
        best = CHOICES[costs.argmin(axis=0)]
        store = np.repeat(best[:, None], service.energy_j.shape[1], axis=1)
        return pooled(
            self.cell.storage, self.cell.radio.user_shares, batteries, service.energy_j, slot.sun_j, store
        )

    def _costs(self, slot: Slot, load_j: Floats, held_j: Floats) -> Floats:
        """Carbon now and later of each choice, ``(C, ..., N)``; all batteries are one.

        What is bought counts when it is bought: emissions at their source.
        """
        storage = self.cell.storage
        capacity = self.levels_j[-1]
        surplus = np.maximum(slot.sun_j - load_j, 0.0)
        residual = np.maximum(load_j - slot.sun_j, 0.0)
        choice = CHOICES.reshape(-1, *[1] * np.ndim(held_j + load_j))
        discharged = np.maximum(-choice, 0.0) * np.minimum(held_j, residual)
        kept = storage.retention * (held_j - discharged)
        room = np.maximum(capacity - kept, 0.0) / storage.charge_efficiency
        stored = np.minimum(surplus, room)
        bought = np.maximum(choice, 0.0) * (room - stored)
        after = np.minimum(kept + storage.charge_efficiency * (stored + bought), capacity)
        of_grid, of_sun = slot.grid_g_per_kwh / J_PER_KWH, self.cell.sun.g_per_kwh / J_PER_KWH
        now = of_grid * (residual - discharged + bought) + of_sun * stored
        following = self.grams[(int(slot.hours[0]) + 1) % 24]
        costs: Floats = now + np.interp(after, self.levels_j, following)
        return costs
