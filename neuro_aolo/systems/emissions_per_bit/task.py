"""The cell as a task: one network decides for each server, slot by slot, through a week.

A server's two actions are what it does with its battery and how fast it computes; see
:func:`~neuro_aolo.systems.emissions_per_bit.sourcing.pooled` and
:func:`~neuro_aolo.systems.emissions_per_bit.serving.clocks_of`. The lower half of the second is least effort.

References:
    C. Kurisummoottil Thomas et al. (2025), arXiv:2509.02395.
    A. Y. Ng, D. Harada, S. Russell (1999), Policy invariance under reward transformations, ICML.
"""

from functools import cached_property

import numpy as np

from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH
from neuro_aolo.systems.emissions_per_bit.serving import Service, clocks_of, per_server
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries, Sourced, pooled
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
from neuro_aolo_export.quantity import Quantity

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

_CLOCK_GHZ = 10.0
ENTRIES = (
    Entry("sun", "solar power used at once", "embodied", SITE, "IPCC AR5 WGIII, Table A.III.2"),
    Entry("grid", "grid power used at once", "operational", SITE, f"equation (11), {_REFERENCE}"),
    Entry("battery", "power out of batteries", "operational", SITE, f"equation (11), tracked, {_REFERENCE}"),
)
"""Lines of what a slot emits."""


class EmissionsPerBitTask:
    """A radio cell with servers, batteries and solar power, decided hour by hour.

    Costs of a slot are the carbon of its sources in g, shaped; its energy per offered bit in units of 200 uJ,
    lost packets included; and its delay in units of 0.2 s.

    Args:
        cell: with all parameters.
    """

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.layout = Layout.of(cell.radio)

    @cached_property
    def spec(self) -> Spec:
        """What the task is."""
        return Spec(
            observations=self._observations,
            actions=(Quantity("storage", "1", -1.0, 1.0), Quantity("effort", "1", -1.0, 1.0)),
            objectives=(
                Objective("carbon", "g", scale=self._typical_g, discount=DISCOUNT, per_mg=1e-3),
                Objective("energy", "200 uJ/bit"),
                Objective("delay", "0.2 s"),
            ),
            entries=ENTRIES,
            units=(Unit("bit", "bits"),),
            sites=(SITE,),
            agents=self.cell.radio.servers,
            horizon=self.cell.time.slots,
            decision="slot",
            optimum="causal optimum",
        )

    @property
    def _observations(self) -> tuple[Quantity, ...]:
        """What a server sees of itself, and of the cell."""
        cell, mean = self.cell, float(self.cell.clock.mean())
        capacity, peak = cell.storage.capacity_kwh, max(cell.sun.peak_kwh, 1e-9)
        most = float(max(cell.radio.users_per_server))
        own = (
            Quantity("battery_kwh", "kWh", 0.0, capacity),
            Quantity("battery_g_per_kwh", "g/kWh", 0.0, 2.0 * mean),
            Quantity("packets_per_s", "1/s", 0.0, 30.0),
            Quantity("flop_per_bit", "FLOP/bit", 2.5e6, 17.5e6),
            Quantity("users", "user", 0.0, most + 1.0),
            Quantity("load", "1", 0.0, 1.0),
        )
        of_all = (
            Quantity("sun_kwh", "kWh", 0.0, peak),
            Quantity("grid_g_per_kwh", "g/kWh", mean * 2.0 / 3.0, mean * 4.0 / 3.0),
            Quantity("hour_sine", "1", -1.0, 1.0),
            Quantity("hour_cosine", "1", -1.0, 1.0),
            Quantity("batteries_kwh", "kWh", 0.0, capacity),
            Quantity("loads", "1", 0.0, 1.0),
        )
        return own + of_all

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
        return self.layout.pack(self.cell.fresh(count), slot, np.zeros(count))

    def observe(self, states: Floats) -> Observations:
        """What each server sees, ``(B * M, 12)``."""
        cell, layout = self.cell, self.layout
        slot, batteries = layout.slot(states, cell.clock), layout.batteries(states)
        users = np.array(cell.radio.users_per_server, dtype=np.float64)
        packets = per_server(cell.radio, slot.work.packets_per_s) / users
        most = cell.compute.gpu_flop_per_cycle * _CLOCK_GHZ * 1e9
        load = packets * users * cell.radio.packet_bits * slot.work.flop_per_bit / most
        angle = 2.0 * np.pi * (slot.hours % 24) / 24.0
        stored = batteries.energy_j / J_PER_KWH
        own = (
            stored,
            batteries.g_per_j * J_PER_KWH,
            packets,
            slot.work.flop_per_bit,
            np.broadcast_to(users, load.shape),
            load,
        )
        of_all = (
            slot.sun_j / J_PER_KWH,
            slot.grid_g_per_kwh,
            np.sin(angle),
            np.cos(angle),
            stored.mean(axis=1),
            load.mean(axis=1),
        )
        columns = [*own, *(np.broadcast_to(part[:, None], load.shape) for part in of_all)]
        seen = np.stack(columns, axis=-1).reshape(-1, len(columns))
        low = np.array([quantity.low for quantity in self.spec.observations])
        high = np.array([quantity.high for quantity in self.spec.observations])
        observations: Observations = np.clip(2.0 * (seen - low) / (high - low) - 1.0, -1.0, 1.0)
        return observations.astype(np.float32)

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        """Serve a slot and draw the next; every slot draws equally many numbers, whatever is decided."""
        cell, layout = self.cell, self.layout
        slot, batteries = layout.slot(states, cell.clock), layout.batteries(states)
        chosen = np.clip(actions, -1.0, 1.0).reshape(len(states), cell.radio.servers, 2)
        service = cell.serve(slot, clocks_of(cell.compute, np.maximum(chosen[..., 1], 0.0)))
        flows = pooled(cell.storage, batteries, service.energy_j, slot.sun_j, chosen[..., 0])
        sourced = cell.settle(slot, batteries, flows)
        hours = (slot.hours + 1) % len(cell.clock)
        gone = layout.gone(states) + 1.0
        following = layout.pack(sourced.batteries, cell.slot(hours, rng), gone)
        own = self._costs(batteries, service, sourced)
        costs = own.sum(axis=1)
        ended = gone >= cell.time.slots
        scales = np.array([objective.scale for objective in self.spec.objectives])
        return Transition(
            next_states=following,
            costs=costs,
            slack=np.zeros((len(states), 0)),
            reward=-(costs / scales).sum(axis=1),
            ended=ended,
            terminal=np.zeros(len(states), np.bool_),
            served=self._served(slot, batteries, service, sourced),
            agent_costs=own,
        )

    def intensity(self, states: Floats, site: str) -> Floats:
        """Carbon intensity of the grid in g/kWh."""
        clock = self.cell.clock
        return clock[self.layout.hours(states) % len(clock)]

    def optimum(self, states: Floats) -> None:
        """Not of a state alone: see :mod:`~neuro_aolo.systems.emissions_per_bit.storage_value`."""
        return None

    def _costs(self, batteries: Batteries, service: Service, sourced: Sourced) -> Floats:
        """Carbon, energy and delay that each server's own decision causes, ``(B, M, 3)``.

        Energy that is stored counts as much less carbon as it will save, and what is discharged as much more:
        shaping by a potential, which leaves the best policy the best.
        """
        worth = _STORED_SHARE * float(self.cell.clock.mean()) / J_PER_KWH
        kept = DISCOUNT * sourced.batteries.energy_j - batteries.energy_j
        offered = service.offered_bits.sum(axis=1, keepdims=True)
        servers = service.energy_j.shape[1]
        energy = service.energy_j / offered / _TYPICAL_J_PER_BIT + _LOST * service.drop_share / servers
        delay = np.minimum(service.delay_s / _TYPICAL_S, _LATEST) / servers
        return np.stack([sourced.source_g - worth * kept, energy, delay], axis=-1)

    def _served(self, slot: Slot, batteries: Batteries, service: Service, sourced: Sourced) -> Served:
        flows = sourced.flows
        of_sun = self.cell.sun.g_per_kwh / J_PER_KWH * flows.direct
        of_battery = batteries.g_per_j * flows.discharged
        grid = slot.grid_g_per_kwh[:, None] / J_PER_KWH * (flows.grid - flows.grid_stored)
        return Served(
            carbon_g=np.stack([part.sum(axis=1) for part in (of_sun, grid, of_battery)], axis=1),
            energy_j=service.energy_j.sum(axis=1, keepdims=True),
            units=service.bits.sum(axis=1, keepdims=True),
            margins=np.zeros((len(service.bits), 0)),
        )
