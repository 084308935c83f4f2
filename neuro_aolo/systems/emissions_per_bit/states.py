"""A cell's state as one row of numbers: batteries, the slot that is to be decided, and the time."""

from dataclasses import dataclass

import numpy as np

from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.serving import Work
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries
from neuro_aolo.systems.task import Floats, Hours


@dataclass(frozen=True)
class Layout:
    """Columns of a state of M servers and U users.

    Energy and carbon of each battery, each server's carbon of the last slot where that is remembered, what of
    each battery came from the sun where that is followed, packets and channel of each user, work of each
    server, the sun, the hour of the grid's clock, and how many slots have gone by.
    """

    servers: int
    users: int
    remembers: bool
    follows_sun: bool

    @classmethod
    def of(cls, cell: Cell) -> "Layout":
        """Of a cell; its states hold the last slot's carbon, and what came from the sun, where they count."""
        interface = cell.interface
        return cls(
            cell.radio.servers,
            cell.radio.users,
            remembers=interface.observations == "paper",
            follows_sun=interface.objective == "renewable",
        )

    @property
    def width(self) -> int:
        """Numbers of a state."""
        return self._of_servers + 2 * self.users + self.servers + 3

    @property
    def _of_servers(self) -> int:
        """Numbers that decisions move."""
        return (2 + self.remembers + self.follows_sun) * self.servers

    def pack(self, batteries: Batteries, slot: Slot, gone: Floats, last_g: Floats | None = None) -> Floats:
        """States ``(N, width)``; ``last_g`` is the carbon of the last slot, ``(N, M)``, None before any."""
        before = np.zeros_like(batteries.carbon_g) if last_g is None else last_g
        parts = (
            batteries.energy_j,
            batteries.carbon_g,
            *((before,) if self.remembers else ()),
            *(() if not self.follows_sun or batteries.sun_j is None else (batteries.sun_j,)),
            slot.work.packets_per_s,
            slot.work.channel_variance,
            slot.work.flop_per_bit,
            np.stack([slot.sun_j, slot.hours.astype(np.float64), gone], axis=1),
        )
        return np.concatenate(parts, axis=1)

    def batteries(self, states: Floats) -> Batteries:
        """Batteries of states ``(N, width)``."""
        servers, last = self.servers, self._of_servers
        sun_j = states[:, last - servers : last] if self.follows_sun else None
        return Batteries(states[:, :servers], states[:, servers : 2 * servers], sun_j)

    def last_g(self, states: Floats) -> Floats:
        """Carbon of each server's last slot, ``(N, M)``, of states that remember it."""
        return states[:, 2 * self.servers : 3 * self.servers]

    def slot(self, states: Floats, clock: Floats) -> Slot:
        """The slot that is to be decided, on a grid of that clock ``(H,)``."""
        first, users = self._of_servers, self.users
        second, third = first + users, first + 2 * users
        hours = self.hours(states)
        return Slot(
            hours=hours,
            work=Work(
                packets_per_s=states[:, first:second],
                channel_variance=states[:, second:third],
                flop_per_bit=states[:, third : third + self.servers],
            ),
            sun_j=states[:, -3],
            grid_g_per_kwh=clock[hours % len(clock)],
        )

    def hours(self, states: Floats) -> Hours:
        """Hours of the grid's clock, ``(N,)``."""
        return states[:, -2].astype(np.int64)

    def gone(self, states: Floats) -> Floats:
        """Slots of the episode that have gone by, ``(N,)``."""
        return states[:, -1]
