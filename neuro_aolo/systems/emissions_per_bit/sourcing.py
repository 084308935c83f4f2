"""Where a slot's energy comes from: sun, batteries, grid; and the carbon that each joule carries.

A battery keeps an inventory of the carbon that came in with its energy: what is discharged carries the mean
of what is left, and what storage loses leaves its carbon with the rest. So energy from the grid stays energy
from the grid on its way through a battery, which equation (11) with a constant factor forgets. Where somebody
asks, the part of its energy that came from the sun is followed in the same way; there losses take of both
alike, for it is a share.

References:
    C. Kurisummoottil Thomas et al. (2025), arXiv:2509.02395, equations (1) to (3), (8) and (11).
"""

from dataclasses import dataclass

import numpy as np

from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH, Storage, Sun
from neuro_aolo.systems.task import Floats

_EMPTY_J = 1.0
"""Below so much a battery's carbon per joule means nothing."""


@dataclass(frozen=True)
class Batteries:
    """One battery a server.

    Attributes:
        energy_j: b, ``(N, M)``.
        carbon_g: m, that came in with it, ``(N, M)``.
        sun_j: of ``energy_j``, what came from the sun, ``(N, M)``; None where nobody follows it.
    """

    energy_j: Floats
    carbon_g: Floats
    sun_j: Floats | None = None

    @classmethod
    def fresh(cls, storage: Storage, sun: Sun, cells: int, servers: int) -> "Batteries":
        """At the start of an episode: filled from the sun to the initial share."""
        energy_j = np.full((cells, servers), storage.initial_share * storage.capacity_kwh * J_PER_KWH)
        return cls(energy_j, energy_j * sun.g_per_kwh / J_PER_KWH, energy_j)

    @property
    def g_per_j(self) -> Floats:
        """Carbon of what would be discharged now, w_d."""
        return self._per_j(self.carbon_g)

    @property
    def sun_share(self) -> Floats | None:
        """Share of what would be discharged now that came from the sun; None where nobody follows it."""
        return None if self.sun_j is None else self._per_j(self.sun_j)

    def _per_j(self, amount: Floats) -> Floats:
        charged = self.energy_j >= _EMPTY_J
        return np.where(charged, amount / np.where(charged, self.energy_j, 1.0), 0.0)


@dataclass(frozen=True)
class Flows:
    """Energy of a slot in J, of each server, ``(N, M)`` each.

    Attributes:
        direct: from the sun to the load.
        discharged: from the battery to the load.
        sun_stored: from the sun into the battery.
        grid_stored: from the grid into the battery.
        grid: from the grid in all.
        curtailed: of the sun, used by nobody, ``(N,)``.
    """

    direct: Floats
    discharged: Floats
    sun_stored: Floats
    grid_stored: Floats
    grid: Floats
    curtailed: Floats


@dataclass(frozen=True)
class Sourced:
    """What a slot's sourcing came to.

    Attributes:
        flows: of energy.
        batteries: afterwards.
        carbon_g: of equation (11) with the batteries' own carbon, ``(N, M)``.
        printed_g: the same with a constant factor of what is discharged, ``(N, M)``.
        source_g: emitted where the slot's energy came from, stored or not, ``(N, M)``.
        renewable_j: used that came from the sun, at once or through the battery, ``(N, M)``; None where
            nobody follows it.
    """

    flows: Flows
    batteries: Batteries
    carbon_g: Floats
    printed_g: Floats
    source_g: Floats
    renewable_j: Floats | None


def pooled(
    storage: Storage, shares: Floats, batteries: Batteries, load_j: Floats, sun_j: Floats, store: Floats
) -> Flows:
    """Flows where the sun serves all loads alike, its surplus fills the batteries, and one number decides.

    Each server stores its own part of the surplus; what it has no room for goes where there is some. In
    proportion to the room itself, a server would gain by keeping its battery empty and taking what others
    would have stored.

    Args:
        storage: of a server.
        shares: each server's part of the surplus, ``(M,)``, which add up to 1.
        batteries: before the slot.
        load_j: energy E of each server, ``(N, M)``.
        sun_j: available from the sun, ``(N,)``.
        store: of each server in [-1, 1], ``(N, M)``: below 0 the share of what can be discharged, above 0 the
            share of the room left that is charged from the grid.
    """
    total = load_j.sum(axis=1, keepdims=True)
    direct = load_j * (np.minimum(sun_j[:, None], total) / np.maximum(total, 1e-300))
    residual = load_j - direct
    discharged = np.maximum(-store, 0.0) * np.minimum(batteries.energy_j, residual)
    room = room_j(storage, batteries, discharged)
    surplus = np.maximum(sun_j[:, None] - total, 0.0)
    own = np.minimum(surplus * shares, room)
    left, more = surplus - own.sum(axis=1, keepdims=True), room - own
    rooms = more.sum(axis=1, keepdims=True)
    stored = own + more * (np.minimum(left, rooms) / np.maximum(rooms, 1e-300))
    from_grid = np.maximum(store, 0.0) * (room - stored)
    return _flows(sun_j, direct, discharged, stored, from_grid, residual)


def shared(
    storage: Storage,
    batteries: Batteries,
    load_j: Floats,
    sun_j: Floats,
    *,
    sun_share: Floats | float = 0.0,
    stored_share: Floats | float = 0.0,
    grid_share: Floats | float = 0.0,
    discharge_share: Floats | float = 0.0,
) -> Flows:
    """Flows with every freedom of the paper: a server has four numbers in [0, 1], ``(N, M)`` or one for all.

    Args:
        storage: of a server.
        batteries: before the slot.
        load_j: energy E of each server, ``(N, M)``.
        sun_j: available from the sun, ``(N,)``.
        sun_share: of the sun, scaled down where they come to more than all of it.
        stored_share: of that, for the battery.
        grid_share: of the room then left, charged from the grid.
        discharge_share: of the battery, as far as the load needs it.
    """
    asked = np.broadcast_to(sun_share, load_j.shape)
    shares = asked / np.maximum(asked.sum(axis=1, keepdims=True), 1.0)
    given = sun_j[:, None] * shares
    direct = np.minimum(given * (1.0 - stored_share), load_j)
    residual = load_j - direct
    discharged = np.minimum(discharge_share * batteries.energy_j, residual)
    room = room_j(storage, batteries, discharged)
    stored = np.minimum(given * stored_share, room)
    return _flows(sun_j, direct, discharged, stored, grid_share * (room - stored), residual)


def settle(storage: Storage, sun: Sun, batteries: Batteries, flows: Flows, grid_g_per_kwh: Floats) -> Sourced:
    """The batteries after a slot, equation (2), and its carbon, equation (11).

    Args:
        storage: of a server.
        sun: whose carbon is that of its making.
        batteries: before the slot.
        flows: of the slot.
        grid_g_per_kwh: carbon intensity w_g, ``(N,)``.
    """
    of_grid, of_sun = grid_g_per_kwh[:, None] / J_PER_KWH, sun.g_per_kwh / J_PER_KWH
    of_battery = batteries.g_per_j
    kept = storage.retention * (batteries.energy_j - flows.discharged)
    energy = kept + storage.charge_efficiency * (flows.sun_stored + flows.grid_stored)
    carbon = batteries.carbon_g - of_battery * flows.discharged
    carbon = carbon + of_sun * flows.sun_stored + of_grid * flows.grid_stored
    to_load = of_sun * flows.direct + of_grid * (flows.grid - flows.grid_stored)
    constant = storage.constant_g_per_kwh / J_PER_KWH
    energy = np.clip(energy, 0.0, storage.capacity_kwh * J_PER_KWH)
    renewable, sun_j = None, None
    if batteries.sun_j is not None and batteries.sun_share is not None:
        of_sun_discharged = batteries.sun_share * flows.discharged
        renewable = flows.direct + of_sun_discharged
        sun_j = storage.retention * (batteries.sun_j - of_sun_discharged)
        sun_j = np.clip(sun_j + storage.charge_efficiency * flows.sun_stored, 0.0, energy)
    return Sourced(
        flows=flows,
        batteries=Batteries(energy, carbon, sun_j),
        carbon_g=to_load + of_battery * flows.discharged,
        printed_g=to_load + constant * flows.discharged,
        source_g=of_sun * (flows.direct + flows.sun_stored) + of_grid * flows.grid,
        renewable_j=renewable,
    )


def room_j(storage: Storage, batteries: Batteries, discharged: Floats) -> Floats:
    """Energy that a battery could take up in the slot, H of each server, ``(N, M)``."""
    kept = storage.retention * (batteries.energy_j - discharged)
    return np.maximum(storage.capacity_kwh * J_PER_KWH - kept, 0.0) / storage.charge_efficiency


def _flows(
    sun_j: Floats, direct: Floats, discharged: Floats, stored: Floats, from_grid: Floats, residual: Floats
) -> Flows:
    used = (direct + stored).sum(axis=1)
    return Flows(
        direct=direct,
        discharged=discharged,
        sun_stored=stored,
        grid_stored=from_grid,
        grid=residual - discharged + from_grid,
        curtailed=np.maximum(sun_j - used, 0.0),
    )
