"""Rules of one line: how fast to compute, and where the energy comes from."""

from collections.abc import Callable

import numpy as np

from neuro_aolo.systems.emissions_per_bit.cell import Cell, Sourcing
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH
from neuro_aolo.systems.emissions_per_bit.serving import Clocks, Service, clocks_of
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries, Flows, pooled, shared
from neuro_aolo.systems.task import Floats

EFFORTS = np.linspace(0.0, 1.0, 21)
"""That the least cost is searched among."""

_PRICE_G_PER_KWH = 290.0
G_PER_S = 5.0
"""Grams that a second of delay of a server counts as, where nobody says otherwise."""
LOST_G = 1e3
"""Of a server's slot in which every packet is lost: no saving is worth that."""


def least_effort(cell: Cell, g_per_s: float) -> Callable[[Slot], Service]:
    """The effort of each server at which energy and delay cost least: exact, and without looking ahead.

    Args:
        cell: that serves.
        g_per_s: grams that a second of delay counts as.
    """
    return least_cost(cell, lambda service: service_g(service, g_per_s))


def least_cost(cell: Cell, cost: Callable[[Service], Floats]) -> Callable[[Slot], Service]:
    """The effort of each server at which what it does in the slot costs least.

    Args:
        cell: that serves.
        cost: of what each server does, ``(N, M)``, which depends on its own effort alone.
    """

    def serving(slot: Slot) -> Service:
        return cell.serve(slot, clocks_of(cell.compute, efforts(cell, cost, slot)))

    return serving


def efforts(cell: Cell, cost: Callable[[Service], Floats], slot: Slot) -> Floats:
    """Those of :data:`EFFORTS` that cost least, of each server, ``(N, M)``; arguments as above."""
    shape = slot.work.flop_per_bit.shape
    services = [cell.serve(slot, clocks_of(cell.compute, np.full(shape, effort))) for effort in EFFORTS]
    costs = np.stack([cost(service) for service in services])
    chosen: Floats = EFFORTS[costs.argmin(axis=0)]
    return chosen


def least_efforts(cell: Cell, g_per_s: float, slot: Slot) -> Floats:
    """Those of :data:`EFFORTS` at which energy and delay cost least, of each server, ``(N, M)``."""
    return efforts(cell, lambda service: service_g(service, g_per_s), slot)


def fixed_clocks(cell: Cell, gpu_ghz: float) -> Callable[[Slot], Service]:
    """The GPU alone, always at one clock."""

    def serving(slot: Slot) -> Service:
        shape = slot.work.flop_per_bit.shape
        cpu = np.full(shape, sum(cell.compute.cpu_clock_ghz) / 2.0)
        return cell.serve(slot, Clocks(cpu, np.full(shape, gpu_ghz), np.zeros(shape)))

    return serving


def service_g(service: Service, g_per_s: float) -> Floats:
    """What a server's slot counts as, in g: energy, delay and lost packets, ``(N, M)``."""
    energy_g = _PRICE_G_PER_KWH * service.energy_j / J_PER_KWH
    return energy_g + g_per_s * service.delay_s + LOST_G * service.drop_share


def grid_only(cell: Cell, slot: Slot, batteries: Batteries, service: Service) -> Flows:
    """No joule of the sun or of a battery."""
    return shared(cell.storage, batteries, service.energy_j, slot.sun_j)


def renewable_first(cell: Cell, slot: Slot, batteries: Batteries, service: Service) -> Flows:
    """The sun serves all loads alike; what is left of it is lost, and batteries are not used."""
    share = service.energy_j / np.maximum(service.energy_j.sum(axis=1, keepdims=True), 1e-300)
    return shared(cell.storage, batteries, service.energy_j, slot.sun_j, sun_share=share)


def store_surplus(cell: Cell, slot: Slot, batteries: Batteries, service: Service) -> Flows:
    """The same, but its surplus fills the batteries, which are emptied as soon as the sun is not enough."""
    always = np.full_like(service.energy_j, -1.0)
    return pooled(cell.storage, cell.radio.user_shares, batteries, service.energy_j, slot.sun_j, always)


def launder(cell: Cell, slot: Slot, batteries: Batteries, service: Service) -> Flows:
    """Batteries full from the grid, and always discharged: clean by the printed accounting."""
    return shared(cell.storage, batteries, service.energy_j, slot.sun_j, grid_share=1.0, discharge_share=1.0)


def random_split(cell: Cell, rng: np.random.Generator, *, buys: bool = False) -> Sourcing:
    """Every share of every server drawn uniformly, as "energy efficiency only" leaves it open.

    Args:
        cell: that is sourced.
        rng: of the shares.
        buys: whether batteries are charged from the grid, too.
    """

    def sourcing(slot: Slot, batteries: Batteries, service: Service) -> Flows:
        shape = service.energy_j.shape
        return shared(
            cell.storage,
            batteries,
            service.energy_j,
            slot.sun_j,
            sun_share=rng.random(shape),
            stored_share=rng.random(shape),
            discharge_share=rng.random(shape),
            grid_share=rng.random(shape) if buys else 0.0,
        )

    return sourcing
