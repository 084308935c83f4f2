"""What is seen before a slot: by each server, by the whole cell, or what the paper's agent conditions on.

References:
    C. Kurisummoottil Thomas et al. (2025), arXiv:2509.02395: the state is the carbon of the last slot, beside
    the channels. It holds neither batteries nor load nor hour, so it is no state of the process.
"""

import numpy as np

from neuro_aolo.systems.emissions_per_bit.accounts import typical_g
from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH
from neuro_aolo.systems.emissions_per_bit.serving import per_server
from neuro_aolo.systems.emissions_per_bit.states import Layout
from neuro_aolo.systems.task import Floats, Observations
from neuro_aolo_export.quantity import Quantity, normalise

_CLOCK_GHZ = 10.0


def quantities(cell: Cell) -> tuple[Quantity, ...]:
    """What each number of an observation is."""
    servers, users = range(1, cell.radio.servers + 1), range(1, cell.radio.users + 1)
    low, high = cell.demand.channel_variance
    # Of a channel that never varies the middle is seen.
    seen = (low, high) if low < high else (0.5 * low, 1.5 * low)
    channels = tuple(Quantity(f"channel_variance_{user}", "1", *seen) for user in users)
    ahead = _of_hours(cell)
    if cell.interface.observations == "paper":
        # A server's own part of a typical slot is a quarter of that; more than all of it is not told apart.
        most = typical_g(cell)
        return *(Quantity(f"last_g_{server}", "g", 0.0, most) for server in servers), *channels, *ahead
    own, common = _of_server(cell), _of_cell(cell)
    if cell.interface.observations == "server":
        return *own, *common, *ahead
    each = (
        Quantity(f"{quantity.name}_{server}", quantity.unit, quantity.low, quantity.high)
        for server in servers
        for quantity in own
    )
    return *each, *common, *channels, *ahead


def observe(cell: Cell, layout: Layout, seen: tuple[Quantity, ...], states: Floats) -> Observations:
    """Observations in [-1, 1]: ``(N M, D)`` where servers see for themselves, else ``(N, D)``.

    Args:
        cell: that is seen.
        layout: of its states.
        seen: what :func:`quantities` says of it.
        states: ``(N, width)``.
    """
    slot = layout.slot(states, cell.clock)
    form, count = cell.interface.observations, len(states)
    coming = slot.hours[:, None] + np.arange(1, cell.interface.forecast_hours + 1)
    ahead = cell.clock[coming % len(cell.clock)]
    if form == "paper":
        parts = [layout.last_g(states), slot.work.channel_variance, ahead]
    else:
        own, common = _values(cell, layout, states)
        if form == "server":
            values = np.empty((count, cell.radio.servers, len(seen)))
            for index, column in enumerate((*own, *(part[:, None] for part in (*common, *ahead.T)))):
                values[..., index] = column
            return normalise(seen, values.reshape(-1, len(seen)))
        each = np.stack(np.broadcast_arrays(*own), axis=-1).reshape(count, -1)
        parts = [each, np.stack(common, axis=1), slot.work.channel_variance, ahead]
    return normalise(seen, np.concatenate(parts, axis=1))


def _of_server(cell: Cell) -> tuple[Quantity, ...]:
    mean = max(float(cell.clock.mean()), 1.0)
    return (
        Quantity("battery_kwh", "kWh", 0.0, cell.storage.capacity_kwh),
        Quantity("battery_g_per_kwh", "g/kWh", 0.0, 2.0 * mean),
        Quantity("packets_per_s", "1/s", 0.0, 30.0),
        Quantity("flop_per_bit", "FLOP/bit", 2.5e6, 17.5e6),
        Quantity("users", "user", 0.0, float(max(cell.radio.users_per_server)) + 1.0),
        Quantity("load", "1", 0.0, 1.5),
    )


def _of_cell(cell: Cell) -> tuple[Quantity, ...]:
    low, high = _grid_range(cell)
    return (
        Quantity("sun_kwh", "kWh", 0.0, max(cell.sun.peak_kwh, 1e-9)),
        Quantity("grid_g_per_kwh", "g/kWh", low, high),
        Quantity("hour_sine", "1", -1.0, 1.0),
        Quantity("hour_cosine", "1", -1.0, 1.0),
        Quantity("batteries_kwh", "kWh", 0.0, cell.storage.capacity_kwh),
        Quantity("loads", "1", 0.0, 1.0),
    )


def _of_hours(cell: Cell) -> tuple[Quantity, ...]:
    hours = range(1, cell.interface.forecast_hours + 1)
    return tuple(Quantity(f"grid_g_per_kwh_in_{hour}_h", "g/kWh", *_grid_range(cell)) for hour in hours)


def _grid_range(cell: Cell) -> tuple[float, float]:
    mean = max(float(cell.clock.mean()), 1.0)
    return mean * 2.0 / 3.0, mean * 4.0 / 3.0


def _values(cell: Cell, layout: Layout, states: Floats) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """Physical values of each server, ``(N, M)`` or ``(M,)`` each, and of the cell, ``(N,)`` each."""
    slot, batteries = layout.slot(states, cell.clock), layout.batteries(states)
    users = np.array(cell.radio.users_per_server, dtype=np.float64)
    packets = per_server(cell.radio, slot.work.packets_per_s)
    most = cell.compute.gpu_flop_per_cycle * _CLOCK_GHZ * 1e9
    load = packets * cell.radio.packet_bits * slot.work.flop_per_bit / most
    angle = 2.0 * np.pi * (slot.hours % 24) / 24.0
    stored = batteries.energy_j / J_PER_KWH
    own = (
        stored,
        batteries.g_per_j * J_PER_KWH,
        packets / users,
        slot.work.flop_per_bit,
        users,
        load,
    )
    common = (
        slot.sun_j / J_PER_KWH,
        slot.grid_g_per_kwh,
        np.sin(angle),
        np.cos(angle),
        stored.mean(axis=1),
        load.mean(axis=1),
    )
    return own, common
