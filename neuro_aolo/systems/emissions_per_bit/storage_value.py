"""The causal optimum of storage on a grid that repeats by the day: stochastic dynamic programming.

    V_h(b) = E min_x [ c(x) + V_{h+1}(b'(x)) ]

over what the servers' batteries hold together, ``b``, the loads and clouds of the hour, and what is done with
storage, ``x``: let the surplus be stored, and discharge a share of what the load needs, or charge a share of
the room left from the grid. What it decides needs no knowledge of the future: it is what a policy can reach.

A day that is only forecast is such a grid, too: whoever plans on it takes it to repeat.

References:
    R. Bellman (1957), Dynamic Programming, Princeton University Press.
"""

from collections.abc import Sequence
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
class Hour:
    """Days of which an hour's mean is taken, ``(N,)`` each, in J.

    Attributes:
        load_j: energy of all servers.
        sun_j: what the sun offers.
    """

    load_j: Floats
    sun_j: Floats


def typical_day(cell: Cell, serving: Serving, rng: np.random.Generator) -> tuple[Hour, ...]:
    """Loads and clouds of each hour of a day, drawn :data:`SAMPLES` times."""
    slots = [cell.slot(np.full(SAMPLES, hour), rng) for hour in range(24)]
    return tuple(Hour(serving(slot).energy_j.sum(axis=1), slot.sun_j) for slot in slots)


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
        """On the cell's own grid, which repeats by the day.

        Args:
            cell: whose batteries they are.
            serving: what the servers do in a slot.
            rng: of the loads and clouds that the mean is taken over.
        """
        return cls.nothing(cell).swept(typical_day(cell, serving, rng), cell.clock[:24], 0, SWEEPS)

    @classmethod
    def nothing(cls, cell: Cell) -> "StorageValue":
        """Stored energy is worth nothing, at any hour."""
        most = cell.storage.capacity_kwh * J_PER_KWH * cell.radio.servers
        return cls(cell, np.linspace(0.0, most, LEVELS), np.zeros((24, LEVELS)))

    def swept(self, day: Sequence[Hour], g_per_kwh: Floats, first_hour: int, sweeps: int) -> "StorageValue":
        """What it is worth after so many more days, from the last hour to the first.

        Args:
            day: loads and clouds of each hour of the clock, 24.
            g_per_kwh: of the grid in each hour of the clock, ``(24,)``.
            first_hour: of the clock, that a day begins with.
            sweeps: how many days.
        """
        value = StorageValue(self.cell, self.levels_j, self.grams.copy())
        for _ in range(sweeps):
            for hour in reversed([(first_hour + gone) % 24 for gone in range(24)]):
                costs = value._costs(day[hour], g_per_kwh[hour], hour, value.levels_j[:, None])
                value.grams[hour] = costs.min(axis=0).mean(axis=1)
        return value

    def sourcing(self, slot: Slot, batteries: Batteries, service: Service) -> Flows:
        """What :meth:`store` says, the same for all servers."""
        store = np.repeat(self.store(slot, batteries, service)[:, None], service.energy_j.shape[1], axis=1)
        return pooled(
            self.cell.storage, self.cell.radio.user_shares, batteries, service.energy_j, slot.sun_j, store
        )

    def store(self, slot: Slot, batteries: Batteries, service: Service) -> Floats:
        """The best of :data:`CHOICES`, ``(N,)``."""
        hour = Hour(service.energy_j.sum(axis=1), slot.sun_j)
        held = batteries.energy_j.sum(axis=1)
        costs = self._costs(hour, slot.grid_g_per_kwh, int(slot.hours[0]), held)
        best: Floats = CHOICES[costs.argmin(axis=0)]
        return best

    def _costs(self, now: Hour, g_per_kwh: Floats | float, hour: int, held_j: Floats) -> Floats:
        """Carbon now and later of each choice, ``(C, ..., N)``; all batteries are one.

        What is bought counts when it is bought: emissions at their source.
        """
        storage = self.cell.storage
        capacity = self.levels_j[-1]
        surplus = np.maximum(now.sun_j - now.load_j, 0.0)
        residual = np.maximum(now.load_j - now.sun_j, 0.0)
        choice = CHOICES.reshape(-1, *[1] * np.ndim(held_j + now.load_j))
        discharged = np.maximum(-choice, 0.0) * np.minimum(held_j, residual)
        kept = storage.retention * (held_j - discharged)
        room = np.maximum(capacity - kept, 0.0) / storage.charge_efficiency
        stored = np.minimum(surplus, room)
        bought = np.maximum(choice, 0.0) * (room - stored)
        after = np.minimum(kept + storage.charge_efficiency * (stored + bought), capacity)
        of_grid, of_sun = g_per_kwh / J_PER_KWH, self.cell.sun.g_per_kwh / J_PER_KWH
        emitted = of_grid * (residual - discharged + bought) + of_sun * stored
        costs: Floats = emitted + np.interp(after, self.levels_j, self.grams[(hour + 1) % 24])
        return costs
