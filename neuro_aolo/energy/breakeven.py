"""When a spiking actor costs less than a dense one: pair by pair, and by conditions that others published.

A bill is linear in the spikes of the network's own neurons. With all of them ``f`` times as frequent

    E(f) = E(0) + f (E(1) - E(0)),   f* = (E_dense - E(0)) / (E(1) - E(0))

and ``f*`` times the firing rate is the rate at which the spiking actor stops winning.

References:
    S. Davidson, S. Furber (2021), Comparison of artificial and spiking neural networks on digital hardware,
    Frontiers in Neuroscience 15:651141, doi:10.3389/fnins.2021.651141.
    M. Dampfhoffer et al. (2023), Are SNNs really more energy-efficient than ANNs?, IEEE TETCI 7(3):731-741,
    doi:10.1109/tetci.2022.3214509.
    Z. Yan, Z. Bai, W.-F. Wong (2024), Reconsidering the energy efficiency of spiking neural networks,
    arXiv:2409.08290; IEEE TCAD (2026), doi:10.1109/tcad.2026.3718799.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from neuro_aolo.energy.bill import Bill
from neuro_aolo.energy.count import SpikingCounts
from neuro_aolo.energy.draws import share_below

Verdict = Literal["met", "inside the band", "missed"]


@dataclass(frozen=True)
class Pair:
    """A spiking actor on one device beside a dense one on the same or another.

    Attributes:
        spiking: id of the spiking actor's profile.
        dense: id of the dense actor's profile.
        refused: why the two are not compared; nothing else is told then.
        ratio: nominal energy of the spiking actor over that of the dense one.
        probability: share of the random draws in which the spiking actor costs less.
        rate: firing rate at which it stops winning, nominal; None where no rate wins, however small.
        reduction: firing rate over that rate: above 1, how many times too often it spikes.
    """

    spiking: str
    dense: str
    refused: str = ""
    ratio: float | None = None
    probability: float | None = None
    rate: float | None = None
    reduction: float | None = None


@dataclass(frozen=True)
class Condition:
    """A published condition under which a spiking network can win, beside what was counted.

    Attributes:
        source: who published it.
        reference: doi or address.
        quantity: what it is about.
        low: bound where every design of theirs wins.
        high: bound beyond which none does.
        observed: what the actor shows.
        note: what it rests on.
    """

    source: str
    reference: str
    quantity: str
    low: float
    high: float
    observed: float
    note: str

    @property
    def verdict(self) -> Verdict:
        """Whether the actor stays below."""
        if self.observed < self.low:
            return "met"
        return "inside the band" if self.observed < self.high else "missed"

    @property
    def reduction(self) -> float:
        """How many times lower the observed value would have to be for the low bound."""
        return self.observed / self.low


def refusal(spiking: Bill, dense: Bill) -> str:
    """Why the energies of two bills make no ratio; nothing where they do."""
    if spiking.profile == dense.profile:
        return ""
    if spiking.extent != dense.extent:
        return f"{spiking.profile} counts the {spiking.extent}, {dense.profile} the {dense.extent}"
    for bill in (spiking, dense):
        if bill.left_out:
            return f"{bill.profile} leaves out {' and '.join(bill.left_out)}"
    return ""


def compare(counts: SpikingCounts, spiking: Bill, silent: Bill, dense: Bill) -> Pair:
    """A spiking actor beside a dense one.

    Args:
        counts: of the spiking actor.
        spiking: its bill.
        silent: the bill of ``counts.scaled(0)`` on the same device, under the same conditions.
        dense: the dense actor's bill, under the same conditions.
    """
    refused = refusal(spiking, dense)
    if refused:
        return Pair(spiking.profile, dense.profile, refused=refused)
    room = dense.total_j.nominal - silent.total_j.nominal
    spent = spiking.total_j.nominal - silent.total_j.nominal
    rate = counts.firing_rate * room / spent if room > 0.0 and spent > 0.0 else None
    return Pair(
        spiking=spiking.profile,
        dense=dense.profile,
        ratio=spiking.total_j.nominal / dense.total_j.nominal if dense.total_j.nominal else None,
        probability=share_below(spiking.draws_j, dense.draws_j),
        rate=rate,
        reduction=counts.firing_rate / rate if rate else None,
    )


def published(counts: SpikingCounts) -> tuple[Condition, ...]:
    """Conditions of the literature; they contradict each other, so all are told."""
    per_synapse, rate = counts.spikes_per_synapse, counts.firing_rate
    return (
        Condition(
            "Davidson and Furber 2021",
            "10.3389/fnins.2021.651141",
            "spikes per synapse and decision",
            1.72,
            1.72,
            per_synapse,
            "same silicon, 22 nm FDX, 12 and 7 units of energy",
        ),
        Condition(
            "Dampfhoffer et al. 2023",
            "10.1109/tetci.2022.3214509",
            "spikes per synapse and decision",
            0.15,
            1.38,
            per_synapse,
            "band over implementations of the dense network",
        ),
        Condition(
            "Yan et al. 2024, version 2",
            "arXiv:2409.08290",
            "firing rate",
            0.064,
            0.064,
            rate,
            "T from 5 to 10, against a quantised network of as many bits",
        ),
        Condition(
            "Yan et al. 2026",
            "10.1109/tcad.2026.3718799",
            "firing rate",
            0.0341,
            0.108,
            rate,
            "5.7 % at T = 5 with 4-bit weights; the band is their sensitivity analysis",
        ),
    )


def by_layer(counts: SpikingCounts, bill: Bill) -> Mapping[str, float]:
    """Where the nominal energy of a bill goes, in J: layers, encoder and decoder, static power.

    Each line is shared out by what causes it: synaptic events, updates or spikes of a layer. What
    measurements show beyond the prices follows the other lines, and a line that no layer causes stays.
    """
    names = [f"hidden {index + 1}" for index in range(len(counts.layer_sizes) - 1)] + ["output"]
    shares = {
        "synaptic events": counts.synaptic_events,
        "synaptic weight fetches": counts.synaptic_events,
        "neuron updates, spiking": counts.layer_spikes,
        "neuron updates, silent": counts.layer_sizes,
        "spikes sent": counts.layer_spikes,
        "spikes within a tile": counts.layer_spikes,
        "tile hops of spikes": counts.layer_spikes,
    }
    found: dict[str, float] = dict.fromkeys(names, 0.0)
    calibration = 1.0
    if bill.modelled_j.nominal:
        calibration = bill.dynamic_j.nominal / bill.modelled_j.nominal
    for line in bill.lines:
        if line.part == "dynamic" and line.name in shares:
            weights = np.asarray(shares[line.name], dtype=np.float64)
            parts = weights / weights.sum() if weights.any() else np.full(len(names), 1 / len(names))
            for name, part in zip(names, parts, strict=True):
                found[name] += calibration * line.energy_j.nominal * float(part)
        elif line.name != "measured beyond the prices":
            scale = calibration if line.part == "dynamic" else 1.0
            found[line.name] = found.get(line.name, 0.0) + scale * line.energy_j.nominal
    return found
