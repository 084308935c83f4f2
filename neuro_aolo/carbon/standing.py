"""What the system's machines emit while they wait for the next decision.

    (1) waiting = standing - busy
    (2) standing = max(mean(busy) / u, 1 / f)        a machine of the service's own at f decisions a second
    (3) standing = busy / u                          a machine that others use too

with ``u`` the share of its time that it works at most. While it waits it draws its idle power and ages. A
machine of the service's own waits less where a decision keeps it busy longer: letting it work less saves
what work draws beyond idle power, and no making.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from neuro_aolo.systems.system import Machine
from neuro_aolo.systems.task import Floats
from neuro_aolo.units import J_PER_KWH


@dataclass(frozen=True)
class Waiting:
    """What M machines emit while they wait, for each of B decisions.

    Attributes:
        energy_j: drawn, cooling included, ``(B, M)``.
        operational_g: of it, in gCO2e, ``(B, M)``.
        embodied_g: making, likewise.
    """

    energy_j: Floats
    operational_g: Floats
    embodied_g: Floats

    @property
    def total_g(self) -> Floats:
        """Of all machines in gCO2e, ``(B,)``."""
        return np.asarray((self.operational_g + self.embodied_g).sum(axis=1))


def waiting(
    machines: Sequence[Machine], busy_s: Floats, intensity_g_per_kwh: Floats, rate_hz: float
) -> Waiting:
    """What machines emit while they wait.

    Args:
        machines: of the system.
        busy_s: how long each works for each decision, ``(B, M)``.
        intensity_g_per_kwh: at each machine's site, ``(B, M)``.
        rate_hz: decisions a second.
    """
    utilised_s = busy_s / np.array([machine.utilisation for machine in machines])
    own_s = np.maximum(utilised_s.mean(axis=0), 1.0 / rate_hz)
    shared = np.array([machine.shared for machine in machines], np.bool_)
    waiting_s = np.where(shared, utilised_s, own_s) - busy_s
    energy_j = waiting_s * np.array([machine.idle_w for machine in machines])
    return Waiting(
        energy_j=energy_j,
        operational_g=energy_j * intensity_g_per_kwh / J_PER_KWH,
        embodied_g=waiting_s * np.array([machine.making_g_per_s for machine in machines]),
    )
