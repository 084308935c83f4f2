"""What a total rests on: how much of it on figures of the weakest evidence, and which figure moves it most.

Both are told at nominal. A figure carries what would be gone without it,

    share = 1 - E(figures of the weakest evidence = 0) / E

so that of a product with one such factor all rests on it, and of a sum the terms that have one. A power that
turns energy into time is left as it is there, for without it the time would have no end. A figure moves a
total from what it is with this figure alone at its low to what it is with it alone at its high.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hardware_profiles.figure import Evidence, Figure
from hardware_profiles.profile import Profile
from neuro_aolo.pricing.draws import Draws, Values

ACTIVE = "active"
"""Latent factor of a power by which energy is divided."""

_TABLES = ("energy_pj", "power_mw", "timing")

NAMES: Mapping[str, str] = {
    "energy_pj.synop": "energy of a synaptic event",
    "energy_pj.weight_fetch": "energy of a weight fetch",
    "energy_pj.neuron_update_active": "energy of a neuron update with a spike",
    "energy_pj.neuron_update_idle": "energy of a neuron update without a spike",
    "energy_pj.spike_emit": "energy of sending a spike",
    "energy_pj.spike_within": "energy of a spike within its tile",
    "energy_pj.hop": "energy of a hop",
    "energy_pj.network_step": "energy of a time step",
    "energy_pj.mac_int8": "energy of a multiply-accumulate",
    "energy_pj.mac_fp32": "energy of a float multiply-accumulate",
    "energy_pj.act_fn": "energy of an activation",
    "energy_pj.exp": "energy of an exponential",
    "energy_pj.encoder_update": "energy of an encoder neuron update",
    "energy_pj.sram_32b": "energy of a memory access",
    "energy_pj.dram_32b": "energy of an access to outer memory",
    "energy_pj.io_byte": "energy of a byte in or out",
    "energy_pj.core_reset": "energy of a core reset",
    "power_mw.static": "static power",
    "power_mw.board_idle": "static power of the board",
    "power_mw.mgmt_cpu": "power of processors beside the cores",
    "power_mw.active": "power at work",
    "power_mw.sleep": "power in sleep",
    "timing.step_us": "time of a step",
    "timing.io_us": "time in and out",
    "timing.wake_us": "time of waking",
    "timing.launch_us": "time of a kernel launch",
    "calibration": "calibration",
}
"""Every figure that a bill may rest on, as people read it."""


@dataclass(frozen=True)
class Footing:
    """What a total rests on.

    Attributes:
        evidence: the weakest among its figures.
        share: of the nominal total that rests on figures of that evidence.
        figures: which these are, in words.
        mover: the figure that moves the total most; empty where none has a range.
        low: the total with that figure alone at its low, over the nominal total.
        high: the same at its high.
    """

    evidence: Evidence
    share: float
    figures: tuple[str, ...]
    mover: str
    low: float
    high: float


def named(profile: Profile) -> list[tuple[str, Figure]]:
    """Every figure of a profile that a bill may rest on, by what it is in words."""
    figures = [
        (f"{table}.{key}", figure)
        for table in _TABLES
        for key, figure in getattr(profile, table)
        if isinstance(figure, Figure)
    ]
    figures += [("calibration", profile.calibration)] if profile.calibration is not None else []
    return [(NAMES[key], figure) for key, figure in figures]


class OneByOne(Draws):
    """Nominal values, but for one figure a column: at its low and at its high, and last without the weakest.

    Args:
        figures: that move, each once.
        evidence: the weakest; figures of it are 0 in the last column.
    """

    def __init__(self, figures: Sequence[Figure], evidence: Evidence) -> None:
        super().__init__(samples=2 * len(figures) + 1)
        self._figures, self._evidence = figures, evidence

    def of(self, figure: Figure, latent: str) -> Values:
        """The figure's values: low, nominal, high, and the columns."""
        columns = np.full(2 * len(self._figures) + 1, figure.nominal)
        for index, moved in enumerate(self._figures):
            if moved is figure:
                columns[2 * index : 2 * index + 2] = figure.low, figure.high
        if figure.evidence == self._evidence and not latent.endswith(f" {ACTIVE}"):
            columns[-1] = 0.0
        return np.concatenate([[figure.low, figure.nominal, figure.high], columns])


def unique(figures: Iterable[Figure]) -> list[Figure]:
    """Each figure once, in order; equal ones of different keys stay apart."""
    return list({id(figure): figure for figure in figures}.values())


def footing(
    figures: Sequence[Figure], evidence: Evidence, total_j: Values, names: Mapping[int, str]
) -> Footing:
    """What ``total_j``, found with :class:`OneByOne` of the same figures and evidence, rests on.

    Args:
        figures: that move.
        evidence: the weakest.
        total_j: total in each column.
        names: names of figures, by identity.
    """
    nominal, columns = float(total_j[1]), total_j[3:]
    weak = tuple(dict.fromkeys(names[id(figure)] for figure in figures if figure.evidence == evidence))
    if not nominal or not figures:
        return Footing(evidence, 0.0, weak, "", 1.0, 1.0)
    ends = columns[:-1].reshape(-1, 2) / nominal
    most = int(np.argmax(ends.max(axis=1) - ends.min(axis=1)))
    low, high = sorted(float(end) for end in ends[most])
    # Where the prices are another device's, no figure need be as weak as the total.
    share = 1.0 - float(columns[-1]) / nominal if weak else 1.0
    return Footing(evidence, share, weak, names[id(figures[most])] if high > low else "", low, high)
