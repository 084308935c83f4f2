"""One cell as a simulation: slots follow each other, and batteries remember.

A plan decides for each slot; what comes of a whole episode is added up as the paper's metric needs it, beside
what the sources emitted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from pydantic import model_validator

from neuro_aolo.systems.emissions_per_bit.avoided import avoided, printed_avoided
from neuro_aolo.systems.emissions_per_bit.parameters import (
    Compute,
    Demand,
    Grid,
    Interface,
    Radio,
    Storage,
    Sun,
    Time,
)
from neuro_aolo.systems.emissions_per_bit.serving import Clocks, Service, serve
from neuro_aolo.systems.emissions_per_bit.slots import Slot, draw
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries, Flows, Sourced, settle
from neuro_aolo.systems.parameters import Section
from neuro_aolo.systems.task import Floats, Hours

NG_PER_G, UJ_PER_J = 1e9, 1e6


class Cell(Section):
    """All parameters of a cell."""

    radio: Radio = Radio()
    compute: Compute = Compute()
    demand: Demand = Demand()
    storage: Storage = Storage()
    sun: Sun = Sun()
    grid: Grid = Grid()
    time: Time = Time()
    interface: Interface = Interface()

    @model_validator(mode="after")
    def _clocks_to_choose(self) -> Self:
        for name in ("cpu_clock_ghz", "gpu_clock_ghz"):
            low, high = getattr(self.compute, name)
            if self.interface.actions == "full" and low == high:
                raise ValueError(
                    f'compute.{name} = [{low:g}, {high:g}] leaves no choice to interface.actions = "full": '
                    "widen it, or use reduced actions"
                )
        return self

    @property
    def clock(self) -> Floats:
        """Carbon intensity of the grid by the hour from a midnight, in gCO2/kWh, ``(H,)``; whole days."""
        return self.grid.day

    def slot(self, hours: Hours, rng: np.random.Generator) -> Slot:
        """Draw a slot of each of N cells at these hours of the clock."""
        return draw(self.radio, self.demand, self.sun, self.clock, hours, rng)

    def weeks(self, cells: int, rng: np.random.Generator) -> list[Slot]:
        """The slots of an episode of each of ``cells`` cells, from midnight."""
        return [self.slot(np.full(cells, hour), rng) for hour in range(self.time.slots)]

    def fresh(self, cells: int) -> Batteries:
        """Batteries at the start of an episode."""
        return Batteries.fresh(self.storage, self.sun, cells, self.radio.servers)

    def serve(self, slot: Slot, clocks: Clocks, powers_w: Floats | None = None) -> Service:
        """What the servers do in a slot; with equal powers where none are given."""
        if powers_w is None:
            each = self.radio.transmit_power_w / self.radio.users
            powers_w = np.full(slot.work.packets_per_s.shape, each)
        return serve(self.radio, self.compute, self.time.slot_s, slot.work, clocks, powers_w)

    def settle(self, slot: Slot, batteries: Batteries, flows: Flows) -> Sourced:
        """The batteries after a slot, and its carbon."""
        return settle(self.storage, self.sun, batteries, flows, slot.grid_g_per_kwh)


@dataclass(frozen=True)
class Week:
    """What an episode came to, of each cell, ``(N,)`` each.

    Attributes:
        bits: delivered.
        energy_j: used.
        carbon_g: of what was used, batteries at their own carbon.
        printed_g: the same with batteries at a constant factor.
        source_g: emitted where the energy came from.
        stored_g: carbon in the batteries at the end, less that of the start.
        delay_s: mean over slots and servers.
        drop_share: packets lost, of all.
        curtailed_j: of the sun.
        renewable_j: used that came from the sun, at once or through a battery.
        avoided: mean over slots of S, equation (12) with its sums where they belong.
        printed_s: the same as it is printed.
    """

    bits: Floats
    energy_j: Floats
    carbon_g: Floats
    printed_g: Floats
    source_g: Floats
    stored_g: Floats
    delay_s: Floats
    drop_share: Floats
    curtailed_j: Floats
    renewable_j: Floats
    avoided: Floats
    printed_s: Floats

    @property
    def ng_per_bit(self) -> float:
        """Carbon of a bit in ng, over all cells: the headline."""
        return float(NG_PER_G * self.carbon_g.sum() / self.bits.sum())

    @property
    def uj_per_bit(self) -> float:
        """Energy of a bit in uJ, likewise."""
        return float(UJ_PER_J * self.energy_j.sum() / self.bits.sum())

    @property
    def renewable_share(self) -> float:
        """Of the energy used, what came from the sun: the paper's RER, with its origin followed."""
        return float(self.renewable_j.sum() / self.energy_j.sum())


Serving = Callable[[Slot], Service]
Sourcing = Callable[[Slot, Batteries, Service], Flows]


def live(cell: Cell, slots: list[Slot], serving: Serving, sourcing: Sourcing) -> Week:
    """Live through an episode.

    Args:
        cell: that lives.
        slots: of the episode.
        serving: what the servers do in a slot, which batteries have no part in.
        sourcing: where its energy comes from.
    """
    batteries = start = cell.fresh(len(slots[0].hours))
    sums: dict[str, Floats] = {}
    for slot in slots:
        service = serving(slot)
        sourced = cell.settle(slot, batteries, sourcing(slot, batteries, service))
        batteries = sourced.batteries
        shares = avoided_shares(slot, service, sourced)
        assert sourced.renewable_j is not None
        for name, value in (
            ("bits", service.bits.sum(axis=1)),
            ("offered", service.offered_bits.sum(axis=1)),
            ("energy_j", service.energy_j.sum(axis=1)),
            *((name, getattr(sourced, name).sum(axis=1)) for name in ("carbon_g", "printed_g", "source_g")),
            ("delay_s", service.delay_s.mean(axis=1) / len(slots)),
            ("curtailed_j", sourced.flows.curtailed),
            ("renewable_j", sourced.renewable_j.sum(axis=1)),
            ("avoided", shares[0] / len(slots)),
            ("printed_s", shares[1] / len(slots)),
        ):
            sums[name] = sums.get(name, np.zeros(len(value))) + value
    offered = sums.pop("offered")
    return Week(
        **sums,
        stored_g=(batteries.carbon_g - start.carbon_g).sum(axis=1),
        drop_share=1.0 - sums["bits"] / offered,
    )


def avoided_shares(slot: Slot, service: Service, sourced: Sourced) -> tuple[Floats, Floats]:
    """S of equation (12), repaired and as printed, ``(N,)`` each, with the batteries' own carbon."""
    grid, energy, carbon = slot.grid_g_per_kwh, service.energy_j, sourced.carbon_g
    repaired, printed = avoided(grid, energy, carbon), printed_avoided(grid, energy, carbon, service.bits)
    return repaired.sum(axis=1), printed.sum(axis=1)
