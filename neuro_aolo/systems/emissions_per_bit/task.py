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

from neuro_aolo.systems.emissions_per_bit import accounts
from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH
from neuro_aolo.systems.emissions_per_bit.reference import Best
from neuro_aolo.systems.emissions_per_bit.serving import clocks_of, per_server
from neuro_aolo.systems.emissions_per_bit.sourcing import pooled
from neuro_aolo.systems.emissions_per_bit.states import Layout
from neuro_aolo.systems.task import Floats, Hourly, Hours, Observations, Reference, Spec, Transition, Unit
from neuro_aolo_export.quantity import Quantity

_CLOCK_GHZ = 10.0
_MOST_STARTS = 16
"""Weeks of an evaluation: 1.2 % of error, and as many as a linear program is solved for in some seconds."""


class EmissionsPerBitTask:
    """A radio cell with servers, batteries and solar power, decided hour by hour.

    Costs of a slot are the carbon of its sources in g, shaped; its energy per offered bit in units of 200 uJ;
    and its delay in units of 0.2 s. Lost packets are charged in the first two.

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
            objectives=accounts.objectives(self.cell),
            entries=accounts.ENTRIES,
            units=(Unit("bit", "bits"),),
            sites=(accounts.SITE,),
            agents=self.cell.radio.servers,
            horizon=self.cell.time.slots,
            decision="slot",
            optimum=self._best.name,
            most_starts=_MOST_STARTS,
            tallies=accounts.TALLIES,
            regret_unit="bit",
        )

    @cached_property
    def _best(self) -> Best:
        return Best(self.cell)

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
            Quantity("load", "1", 0.0, 1.5),
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
        own = accounts.costs(cell, batteries, service, sourced)
        costs = own.sum(axis=1)
        ended = gone >= cell.time.slots
        return Transition(
            next_states=following,
            costs=costs,
            slack=np.zeros((len(states), 0)),
            reward=-self.spec.cost(costs),
            ended=ended,
            terminal=np.zeros(len(states), np.bool_),
            served=accounts.served(cell, slot, batteries, service, sourced),
            agent_costs=own,
        )

    def intensity(self, states: Floats, site: str) -> Floats:
        """Carbon intensity of the grid in g/kWh."""
        clock = self.cell.clock
        return clock[self.layout.hours(states) % len(clock)]

    def optimum(self, states: Floats) -> Reference:
        """No state's alone: episodes decided as well as can be, from the same starts."""
        return self._best.reference
