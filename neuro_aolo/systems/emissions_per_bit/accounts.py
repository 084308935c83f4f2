"""What a slot costs the learner, and what it serves and emits for people: one account for all who decide."""

from dataclasses import replace

import numpy as np

from neuro_aolo.systems.emissions_per_bit.avoided import avoided, printed_avoided
from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH
from neuro_aolo.systems.emissions_per_bit.rules import LOST_G
from neuro_aolo.systems.emissions_per_bit.serving import Service, clocks_of, computing_j
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries, Sourced
from neuro_aolo.systems.task import Entry, Floats, Objective, Served, Tally

SITE = "grid"
DISCOUNT = 0.995
"""Of carbon alone: energy and delay have no future."""

_REFERENCE = "arXiv:2509.02395"
_TYPICAL_G_PER_BIT = 20e-9
_TYPICAL_J_PER_BIT = 200e-6
_TYPICAL_S, _LATEST_S = 0.2, 2.0
"""Delay in units of which it counts, and the most that counts."""

DELAY_WEIGHT = 0.04
"""Of a mean delay of 0.2 s in typical slots of the grid: about 5 g a second and server, as the effort that
regret is measured against weighs it."""

_LOST = 2.0
"""Cost of losing every packet, in units of a typical slot's energy: serving nobody would save energy."""

_STORED_SHARE = 0.75
"""Of the grid's mean that energy in a battery is taken to be worth, where its carbon is shaped."""

ENTRIES = (
    Entry("sun", "solar power used at once", "embodied", SITE, "IPCC AR5 WGIII, Table A.III.2"),
    Entry("grid", "grid power used at once", "operational", SITE, f"equation (11), {_REFERENCE}"),
    Entry("battery", "power out of batteries", "operational", SITE, f"equation (11), tracked, {_REFERENCE}"),
)
"""Lines of what a slot emits."""

TALLIES = (
    Tally("delay_s", "s", "delay, the mean over servers"),
    Tally("offered_bits", "bit", "bits that arrived, delivered or lost"),
    Tally("source_g", "g", "carbon where the energy came from, stored or not"),
    Tally("printed_g", "g", "carbon with batteries at a constant factor"),
    Tally("curtailed_kwh", "kWh", "solar power that nobody used"),
    Tally("avoided", "1", "S of equation (12), of sums"),
    Tally("delivered_bits", "bit", "bits that were not lost"),
    Tally("tracked_g", "g", "carbon with batteries at what came in with their energy"),
)
"""What people ask of a slot beside these."""

_RENEWABLE = Tally("renewable_j", "J", "energy used that came from the sun, at once or through a battery")


def tallies(cell: Cell) -> tuple[Tally, ...]:
    """What is told of a slot beside its carbon; where its energy came from, as far as that is followed."""
    return (*TALLIES, _RENEWABLE) if cell.interface.objective == "renewable" else TALLIES


def entries(cell: Cell) -> tuple[Entry, ...]:
    """Lines of what a slot emits, with batteries as the interface has them."""
    *others, battery = ENTRIES
    if cell.interface.battery_carbon == "constant":
        battery = replace(battery, source=f"equation (11), {_REFERENCE}")
    return *others, battery


def objectives(cell: Cell) -> tuple[Objective, ...]:
    """Carbon, or what of S and renewable energy is to be large, then energy and delay, with their units."""
    first = Objective("carbon", "g", scale=typical_g(cell), discount=DISCOUNT, per_mg=1e-3)
    if cell.interface.objective != "carbon":
        first = Objective(f"{cell.interface.objective} share", "1", discount=DISCOUNT)
    return (
        first,
        Objective("energy", "200 uJ/bit", weight=0.0),
        Objective("delay", "0.2 s", weight=DELAY_WEIGHT),
    )


def costs(cell: Cell, slot: Slot, batteries: Batteries, service: Service, sourced: Sourced) -> Floats:
    """Carbon, energy and delay that each server's own decision causes, ``(B, M, 3)``.

    Lost packets count as carbon and as energy, for no preference among objectives is to be served by losing
    them; where they are lost, the delay is the longest.
    """
    first = _first(cell, slot, batteries, service, sourced)
    return np.concatenate([first[..., None], service_costs(service)], axis=-1)


def service_costs(service: Service) -> Floats:
    """Energy and delay of :func:`costs`, which where energy comes from has no part in, ``(B, M, 2)``."""
    offered = service.offered_bits.sum(axis=1, keepdims=True)
    servers = service.energy_j.shape[1]
    energy = service.energy_j / offered / _TYPICAL_J_PER_BIT + _LOST * service.drop_share / servers
    delay = np.minimum(service.delay_s, _LATEST_S) / _TYPICAL_S / servers
    return np.stack([energy, delay], axis=-1)


def _first(cell: Cell, slot: Slot, batteries: Batteries, service: Service, sourced: Sourced) -> Floats:
    """Costs of the first objective, ``(B, M)``.

    Carbon is told beyond that of serving all that is offered from the grid with the least energy: what no
    decision changes, and what loads and hours scatter most. Energy that is stored counts as much less as it
    will save, and what is discharged as much more: shaping by a potential. Neither moves the best policy.
    """
    interface, grid, energy = cell.interface, slot.grid_g_per_kwh, service.energy_j
    carbon = counted_g(cell, sourced)
    if interface.objective in ("avoided", "renewable"):
        gained = avoided(grid, energy, carbon)
        if interface.objective == "renewable":
            assert sourced.renewable_j is not None
            gained = sourced.renewable_j / energy.sum(axis=1, keepdims=True)
        share: Floats = _LOST / energy.shape[1] * service.drop_share - gained
        return share
    if interface.objective == "printed":
        return -printed_avoided(grid, energy, carbon, counted_bits(cell, service))
    if interface.battery_carbon == "tracked":
        worth = _STORED_SHARE * float(cell.clock.mean()) / J_PER_KWH
        kept = DISCOUNT * sourced.batteries.energy_j - batteries.energy_j
        carbon = sourced.source_g - worth * kept
    alone = grid[:, None] / J_PER_KWH * least_j(cell, slot, service)
    return carbon - alone + LOST_G * service.drop_share


def least_j(cell: Cell, slot: Slot, service: Service) -> Floats:
    """Energy of serving all that is offered at equal powers with the least clocks, ``(B, M)``."""
    flop = slot.work.flop_per_bit * service.offered_bits
    sent = cell.radio.transmit_power_w * cell.radio.user_shares * cell.time.slot_s
    computed: Floats = computing_j(cell.compute, flop, clocks_of(cell.compute, np.zeros_like(flop)))
    return sent + computed


def counted_g(cell: Cell, sourced: Sourced) -> Floats:
    """Carbon of equation (11) with batteries as the interface has them, ``(B, M)``."""
    return sourced.carbon_g if cell.interface.battery_carbon == "tracked" else sourced.printed_g


def counted_bits(cell: Cell, service: Service) -> Floats:
    """Bits that carbon is divided by, ``(B, M)``."""
    return service.bits if cell.interface.denominator == "delivered" else service.capacity_bits


def served(cell: Cell, slot: Slot, batteries: Batteries, service: Service, sourced: Sourced) -> Served:
    """Carbon by :data:`ENTRIES`, energy, bits and :func:`tallies` of a slot."""
    flows = sourced.flows
    of_sun = cell.sun.g_per_kwh / J_PER_KWH * flows.direct
    tracked = cell.interface.battery_carbon == "tracked"
    per_j = batteries.g_per_j if tracked else cell.storage.constant_g_per_kwh / J_PER_KWH
    of_battery = per_j * flows.discharged
    grid = slot.grid_g_per_kwh[:, None] / J_PER_KWH * (flows.grid - flows.grid_stored)
    told = [
        service.delay_s.mean(axis=1),
        service.offered_bits.sum(axis=1),
        sourced.source_g.sum(axis=1),
        sourced.printed_g.sum(axis=1),
        flows.curtailed / J_PER_KWH,
        avoided(slot.grid_g_per_kwh, service.energy_j, sourced.carbon_g).sum(axis=1),
        service.bits.sum(axis=1),
        sourced.carbon_g.sum(axis=1),
    ]
    if cell.interface.objective == "renewable":
        assert sourced.renewable_j is not None
        told.append(sourced.renewable_j.sum(axis=1))
    return Served(
        carbon_g=np.stack([part.sum(axis=1) for part in (of_sun, grid, of_battery)], axis=1),
        energy_j=service.energy_j.sum(axis=1, keepdims=True),
        units=counted_bits(cell, service).sum(axis=1, keepdims=True),
        margins=np.zeros((len(service.bits), 0)),
        tallies=np.stack(told, axis=1),
    )


def typical_g(cell: Cell) -> float:
    """Carbon of a typical slot on the grid."""
    packets = cell.radio.users * sum(cell.demand.packets_per_s) / 2.0
    bits = packets * cell.radio.packet_bits * cell.time.slot_s
    return _TYPICAL_G_PER_BIT * bits * max(float(cell.clock.mean()), 1.0) / 378.0
