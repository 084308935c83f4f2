"""A cell and weeks of it, and what is said of them: a row with a bar and a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from neuro_aolo.systems.emissions_per_bit import rules
from neuro_aolo.systems.emissions_per_bit.bound import least_carbon
from neuro_aolo.systems.emissions_per_bit.cell import NG_PER_G, Cell, Serving, Sourcing, Week, live
from neuro_aolo.systems.emissions_per_bit.serving import Service
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.storage_value import StorageValue

SEED, G_PER_S = 7, 5.0


@dataclass(frozen=True)
class Row:
    """A claim, what came out, and whether it is within its bar."""

    number: str
    claim: str
    result: str
    bar: str
    is_met: bool


@dataclass(frozen=True)
class Study:
    """A cell and weeks of it; what the servers do in them is worked out once."""

    cell: Cell
    slots: Sequence[Slot]

    @classmethod
    def of(cls, cell: Cell, weeks: int) -> "Study":
        """Weeks of a cell, the same for all cells that ask for as many numbers."""
        return cls(cell, cell.weeks(weeks, np.random.default_rng(SEED)))

    def served(self, serving: Serving) -> Serving:
        """``serving``, remembered."""
        services: dict[int, Service] = {id(slot): serving(slot) for slot in self.slots}
        return lambda slot: services[id(slot)] if id(slot) in services else serving(slot)

    def live(self, serving: Serving, sourcing: Sourcing) -> Week:
        """Live through the weeks."""
        return live(self.cell, list(self.slots), serving, sourcing)

    def rule(self, name: str) -> Sourcing:
        """A rule by name."""
        return partial(getattr(rules, name), self.cell)

    def optimum(self, serving: Serving) -> Sourcing:
        """The causal optimum of storage."""
        return StorageValue.learnt(self.cell, serving, np.random.default_rng(1)).sourcing

    def bound_ng(self, serving: Serving, bits: float) -> float:
        """The least carbon of a bit to whoever knows the future."""
        loads = np.stack([serving(slot).energy_j for slot in self.slots])
        grams = sum(
            least_carbon(
                self.cell.storage,
                self.cell.sun,
                loads[:, index],
                np.array([slot.sun_j[index] for slot in self.slots]),
                np.array([slot.grid_g_per_kwh[index] for slot in self.slots]),
            ).carbon_g
            for index in range(loads.shape[1])
        )
        return NG_PER_G * grams / bits
