"""Rules by name, as far as what a server sees is enough for them.

All of them let the sun serve the loads first and store its surplus, for no action of this form says
otherwise. They differ in what the batteries are for, and in how fast is computed: with clocks just fast
enough for the load that is seen, or always with the slowest. That is a rule of thumb, not the least cost that
the reference searches for.
"""

from collections.abc import Callable, Mapping

import numpy as np

from neuro_aolo.systems.emissions_per_bit.cell import Cell
from neuro_aolo.systems.emissions_per_bit.rules import EFFORTS
from neuro_aolo.systems.emissions_per_bit.serving import clocks_of
from neuro_aolo.systems.task import Floats, Observations, Policy, Spec
from neuro_aolo_export.quantity import physical

_FULL = 0.95
"""Share of what the clocks can do that the rules let a load take."""

_CLEAN = 0.75
"""Of the grid's mean intensity: below, energy is worth buying although a tenth of it is lost."""


def rules(cell: Cell, spec: Spec) -> Mapping[str, Policy]:
    """The rules of a cell.

    - ``store-surplus``: batteries are emptied as soon as the sun is not enough; clocks as fast as needed.
    - ``store-surplus-slow``: the same with the slowest clocks: least energy, and a long delay.
    - ``batteries-idle``: what is stored is never used, so that the sun and then the grid serve the loads.
    - ``buy-when-clean``: as the first, but batteries are filled from the grid in hours in which it emits less
      than three quarters of its mean. On the default grid these are the sun's own hours, and it loses.

    Args:
        cell: whose servers they decide for.
        spec: of its task.
    """
    if spec.action_names != ("storage", "effort"):
        return {}
    effort = _enough(cell)

    def emptied(seen: Mapping[str, Floats]) -> Floats:
        return np.full_like(seen["load"], -1.0)

    def idle(seen: Mapping[str, Floats]) -> Floats:
        return np.zeros_like(seen["load"])

    def bought(seen: Mapping[str, Floats]) -> Floats:
        clean = seen["grid_g_per_kwh"] < _CLEAN * float(cell.clock.mean())
        return np.where(clean, 1.0, -1.0)

    def slowest(seen: Mapping[str, Floats]) -> Floats:
        return np.full_like(seen["load"], -1.0)

    return {
        "store-surplus": _policy(spec, emptied, effort),
        "store-surplus-slow": _policy(spec, emptied, slowest),
        "batteries-idle": _policy(spec, idle, effort),
        "buy-when-clean": _policy(spec, bought, effort),
    }


_Part = Callable[[Mapping[str, Floats]], Floats]


def _policy(spec: Spec, storage: _Part, effort: _Part) -> Policy:
    def decide(observations: Observations) -> Floats:
        columns = physical(spec.observations, observations).T
        seen = dict(zip(spec.observation_names, columns, strict=True))
        return np.stack([storage(seen), effort(seen)], axis=1)

    return decide


def _enough(cell: Cell) -> _Part:
    """The effort at which the load that is seen takes the share :data:`_FULL` of what the clocks can do."""
    compute = cell.compute
    clocks = clocks_of(compute, EFFORTS[None])
    on_cpu = clocks.cpu_share / (compute.cpu_flop_per_cycle * clocks.cpu_ghz)
    on_gpu = (1.0 - clocks.cpu_share) / (compute.gpu_flop_per_cycle * clocks.gpu_ghz)
    speed = 1.0 / np.maximum(on_cpu, on_gpu)[0]

    def effort(seen: Mapping[str, Floats]) -> Floats:
        needed = np.interp(seen["load"] / _FULL, speed / speed[0], EFFORTS)
        return np.where(needed > 0.0, needed, -1.0)

    return effort
