"""What is decided, from numbers in [-1, 1] to clocks, transmit powers and flows of energy.

Reduced, a server has two: what it does with its battery
(:func:`~neuro_aolo.systems.emissions_per_bit.sourcing.pooled`) and how fast it computes
(:func:`~neuro_aolo.systems.emissions_per_bit.serving.clocks_of`), of which the lower half is least effort; of
storage alone, clocks are those at which energy and delay cost least in the slot, by exact search.
Full, a cell has every freedom of the paper. All limits, equations (13b) to (13d), are kept whatever the
numbers are.

References:
    C. Kurisummoottil Thomas et al. (2025), arXiv:2509.02395, equation (13).
"""

import numpy as np

from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.rules import G_PER_S, least_efforts
from neuro_aolo.systems.emissions_per_bit.serving import Clocks, Service, clocks_of
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries, Flows, pooled, room_j, shared
from neuro_aolo.systems.task import Floats
from neuro_aolo_export.quantity import Quantity

_SHARES = ("sun_share", "stored_share", "grid_share", "discharge_share")
_OF_SERVER = len(_SHARES) + 3
"""Numbers of a server in the full form: its shares, two clocks, and the part of the work of the CPU."""

_LEAST_POWER = 1e-4
"""Share of all transmit power that every user has: a rate of 0 would make a packet wait for ever."""

_EVEN = 1e-3
"""Added to each user's number, so that powers are equal where all are 0."""


def quantities(cell: Cell) -> tuple[Quantity, ...]:
    """What each number of an action is."""
    if cell.interface.actions != "full":
        storage = Quantity("storage", "1", -1.0, 1.0)
        return (storage, Quantity("effort", "1", -1.0, 1.0)) if _decides_effort(cell) else (storage,)
    of_servers = (
        quantity
        for server in range(1, cell.radio.servers + 1)
        for quantity in (
            *(Quantity(f"{name}_{server}", "1", 0.0, 1.0) for name in _SHARES),
            Quantity(f"cpu_ghz_{server}", "GHz", *cell.compute.cpu_clock_ghz),
            Quantity(f"gpu_ghz_{server}", "GHz", *cell.compute.gpu_clock_ghz),
            Quantity(f"cpu_share_{server}", "1", 0.0, 1.0),
        )
    )
    of_users = (Quantity(f"power_share_{user}", "1", 0.0, 1.0) for user in range(1, cell.radio.users + 1))
    return *of_servers, *of_users, Quantity("power_level", "1", 0.0, 1.0)


def act(cell: Cell, slot: Slot, batteries: Batteries, actions: Floats) -> tuple[Service, Flows]:
    """What the servers do in a slot, and where its energy comes from.

    Args:
        cell: that acts.
        slot: to be served, of N cells.
        batteries: before it.
        actions: in [-1, 1], clipped, ``(N M, 2)``, of storage alone ``(N M, 1)`` or, full,
            ``(N, 7 M + U + 1)``.
    """
    numbers = np.clip(actions, -1.0, 1.0).reshape(len(slot.hours), -1)
    if cell.interface.actions == "full":
        return _full(cell, slot, batteries, 0.5 * (numbers + 1.0))
    return _reduced(cell, slot, batteries, numbers.reshape(len(numbers), cell.radio.servers, -1))


def as_full(cell: Cell, slot: Slot, batteries: Batteries, actions: Floats) -> Floats:
    """The full actions ``(N, 7 M + U + 1)`` that do what reduced ones ``(N M, 2)`` do.

    Args:
        cell: that acts, in either form.
        slot: to be served, of N cells.
        batteries: before it.
        actions: in [-1, 1], clipped.
    """
    numbers = np.clip(actions, -1.0, 1.0).reshape(len(slot.hours), cell.radio.servers, 2)
    _, flows = _reduced(cell, slot, batteries, numbers)
    clocks = _clocks(cell, slot, numbers)
    given = flows.direct + flows.sun_stored
    room = room_j(cell.storage, batteries, flows.discharged)
    of_servers = np.stack(
        [
            _share(given, slot.sun_j[:, None]),
            _share(flows.sun_stored, given),
            _share(flows.grid_stored, room - flows.sun_stored),
            _share(flows.discharged, batteries.energy_j),
            _place(clocks.cpu_ghz, cell.compute.cpu_clock_ghz),
            _place(clocks.gpu_ghz, cell.compute.gpu_clock_ghz),
            clocks.cpu_share,
        ],
        axis=-1,
    ).reshape(len(numbers), -1)
    of_radio = np.ones((len(numbers), cell.radio.users + 1))
    return 2.0 * np.concatenate([of_servers, of_radio], axis=1) - 1.0


def powers_w(cell: Cell, shares: Floats, level: Floats) -> Floats:
    """Power sent to each user, ``(N, U)``: all together at most the cell's.

    Args:
        cell: that sends.
        shares: of each user in [0, 1], ``(N, U)``; only their proportions matter.
        level: of all power in [0, 1], ``(N,)``.
    """
    part = (shares + _EVEN) / (shares + _EVEN).sum(axis=1, keepdims=True)
    to_share = 1.0 - _LEAST_POWER * cell.radio.users
    sent: Floats = cell.radio.transmit_power_w * (to_share * level[:, None] * part + _LEAST_POWER)
    return sent


def _reduced(cell: Cell, slot: Slot, batteries: Batteries, numbers: Floats) -> tuple[Service, Flows]:
    service = cell.serve(slot, _clocks(cell, slot, numbers))
    return service, pooled(
        cell.storage, cell.radio.user_shares, batteries, service.energy_j, slot.sun_j, numbers[..., 0]
    )


def _clocks(cell: Cell, slot: Slot, numbers: Floats) -> Clocks:
    if not _decides_effort(cell):
        return clocks_of(cell.compute, least_efforts(cell, G_PER_S, slot))
    return clocks_of(cell.compute, np.maximum(numbers[..., 1], 0.0))


def _decides_effort(cell: Cell) -> bool:
    return cell.interface.actions != "storage"


def _full(cell: Cell, slot: Slot, batteries: Batteries, numbers: Floats) -> tuple[Service, Flows]:
    servers = cell.radio.servers
    of_servers = numbers[:, : _OF_SERVER * servers].reshape(len(numbers), servers, _OF_SERVER)
    *shares, cpu, gpu, cpu_share = np.moveaxis(of_servers, -1, 0)
    cpu_low, cpu_high = cell.compute.cpu_clock_ghz
    gpu_low, gpu_high = cell.compute.gpu_clock_ghz
    clocks = Clocks(cpu_low + (cpu_high - cpu_low) * cpu, gpu_low + (gpu_high - gpu_low) * gpu, cpu_share)
    sent = powers_w(cell, numbers[:, _OF_SERVER * servers : -1], numbers[:, -1])
    service = cell.serve(slot, clocks, sent)
    named = dict(zip(_SHARES, shares, strict=True))
    return service, shared(cell.storage, batteries, service.energy_j, slot.sun_j, **named)


def _share(part: Floats, whole: Floats) -> Floats:
    """``part`` of ``whole``, 0 where there is nothing to share."""
    share: Floats = np.where(whole > 0.0, part / np.where(whole > 0.0, whole, 1.0), 0.0)
    return np.clip(share, 0.0, 1.0)


def _place(value: Floats, ends: tuple[float, float]) -> Floats:
    low, high = ends
    return (value - low) / (high - low)
