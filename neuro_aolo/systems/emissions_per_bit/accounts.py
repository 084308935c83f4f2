"""What a slot costs the learner, and what it serves and emits for people: one account for all who decide."""

import numpy as np

from neuro_aolo.systems.emissions_per_bit.cell import Cell, avoided_shares
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH
from neuro_aolo.systems.emissions_per_bit.rules import LOST_G
from neuro_aolo.systems.emissions_per_bit.serving import Service
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries, Sourced
from neuro_aolo.systems.task import Entry, Floats, Objective, Served, Tally

SITE = "grid"
DISCOUNT = 0.99
"""Of carbon alone: energy and delay have no future."""

_REFERENCE = "arXiv:2509.02395"
_TYPICAL_G_PER_BIT = 20e-9
_TYPICAL_J_PER_BIT = 200e-6
_TYPICAL_S, _LATEST = 0.2, 5.0
"""Delay in units of which it counts, and the most that counts."""

_DELAY_WEIGHT = 0.03
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
)
"""What people ask of a slot beside these."""


def objectives(cell: Cell) -> tuple[Objective, ...]:
    """Carbon, energy and delay, and what they count as."""
    return (
        Objective("carbon", "g", scale=_typical_g(cell), discount=DISCOUNT, per_mg=1e-3),
        Objective("energy", "200 uJ/bit", weight=0.0),
        Objective("delay", "0.2 s", weight=_DELAY_WEIGHT),
    )


def costs(cell: Cell, batteries: Batteries, service: Service, sourced: Sourced) -> Floats:
    """Carbon, energy and delay that each server's own decision causes, ``(B, M, 3)``.

    Energy that is stored counts as much less carbon as it will save, and what is discharged as much more:
    shaping by a potential, which leaves the best policy the best. Lost packets count as carbon and as
    energy, for no preference among objectives is to be served by losing them.
    """
    worth = _STORED_SHARE * float(cell.clock.mean()) / J_PER_KWH
    kept = DISCOUNT * sourced.batteries.energy_j - batteries.energy_j
    offered = service.offered_bits.sum(axis=1, keepdims=True)
    servers = service.energy_j.shape[1]
    carbon = sourced.source_g - worth * kept + LOST_G * service.drop_share
    energy = service.energy_j / offered / _TYPICAL_J_PER_BIT + _LOST * service.drop_share / servers
    delay = np.minimum(service.delay_s / _TYPICAL_S, _LATEST) / servers
    return np.stack([carbon, energy, delay], axis=-1)


def served(cell: Cell, slot: Slot, batteries: Batteries, service: Service, sourced: Sourced) -> Served:
    """Carbon by :data:`ENTRIES`, energy, bits and :data:`TALLIES` of a slot."""
    flows = sourced.flows
    of_sun = cell.sun.g_per_kwh / J_PER_KWH * flows.direct
    of_battery = batteries.g_per_j * flows.discharged
    grid = slot.grid_g_per_kwh[:, None] / J_PER_KWH * (flows.grid - flows.grid_stored)
    tallies = (
        service.delay_s.mean(axis=1),
        service.offered_bits.sum(axis=1),
        sourced.source_g.sum(axis=1),
        sourced.printed_g.sum(axis=1),
        flows.curtailed / J_PER_KWH,
        avoided_shares(slot, service, sourced)[0],
    )
    return Served(
        carbon_g=np.stack([part.sum(axis=1) for part in (of_sun, grid, of_battery)], axis=1),
        energy_j=service.energy_j.sum(axis=1, keepdims=True),
        units=service.bits.sum(axis=1, keepdims=True),
        margins=np.zeros((len(service.bits), 0)),
        tallies=np.stack(tallies, axis=1),
    )


def _typical_g(cell: Cell) -> float:
    """Carbon of a typical slot on the grid."""
    packets = cell.radio.users * sum(cell.demand.packets_per_s) / 2.0
    bits = packets * cell.radio.packet_bits * cell.time.slot_s
    return _TYPICAL_G_PER_BIT * bits * max(float(cell.clock.mean()), 1.0) / 378.0
