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

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from hardware_profiles.profile import Profile
from neuro_aolo.pricing.account import MINIMUM
from neuro_aolo.pricing.bias import charged
from neuro_aolo.pricing.bill import LEFT_OUT, Bill, LineKey
from neuro_aolo.pricing.count import SpikingCounts
from neuro_aolo.pricing.draws import share_below

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
        wins: at which firing rates it costs less, nominal: ``never``, ``always`` or ``below`` the next.
        rate: firing rate at which it stops winning.
        reduction: firing rate over that rate: above 1, how many times too often it spikes.
        silent_j: nominal energy of the spiking actor with all its neurons silent, E(0).
        spiking_j: nominal energy of the spiking actor as it is, E(1).
        dense_j: nominal energy of the dense actor.
        origins: publications that either bill rests on.
    """

    spiking: str
    dense: str
    refused: str = ""
    ratio: float | None = None
    probability: float | None = None
    wins: Literal["", "never", "always", "below"] = ""
    rate: float | None = None
    reduction: float | None = None
    silent_j: float | None = None
    spiking_j: float | None = None
    dense_j: float | None = None
    origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """A published condition under which a spiking network can win, beside what was counted.

    Attributes:
        source: who published it.
        reference: doi or address.
        key: what it is about.
        quantity: the same in words.
        low: bound where every design of theirs wins.
        high: bound beyond which none does.
        observed: what the actor shows.
        note: what it rests on.
    """

    source: str
    reference: str
    key: Literal["spikes_per_synapse", "firing_rate"]
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
        missing = sorted(LEFT_OUT[part] for part in {*spiking.left_out} ^ {*dense.left_out})
        return f"only one of the two leaves out {', '.join(missing)}" if missing else ""
    if spiking.extent != dense.extent:
        return f"{spiking.profile} counts the {spiking.extent}, {dense.profile} the {dense.extent}"
    for bill in (spiking, dense):
        if bill.left_out:
            return f"{bill.profile} leaves out {', '.join(LEFT_OUT[part] for part in bill.left_out)}"
    return ""


def pair_of(counts: SpikingCounts, spiking: Bill, silent: Bill, dense: Bill) -> Pair:
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
    wins: Literal["never", "always", "below"] = "below" if rate else "always" if room > 0.0 else "never"
    if not counts.firing_rate:
        # Its layers are silent, whatever the encoder sends: only the bills tell.
        wins, rate = "always" if spiking.total_j.nominal < dense.total_j.nominal else "never", None
    elif rate and rate >= 1.0:
        # More than a spike of each neuron at each step there cannot be.
        wins, rate = "always", None
    return Pair(
        spiking=spiking.profile,
        dense=dense.profile,
        ratio=spiking.total_j.nominal / dense.total_j.nominal if dense.total_j.nominal else None,
        probability=share_below(spiking.draws_j, dense.draws_j),
        wins=wins,
        rate=rate,
        reduction=counts.firing_rate / rate if rate else None,
        silent_j=silent.total_j.nominal,
        spiking_j=spiking.total_j.nominal,
        dense_j=dense.total_j.nominal,
        origins=tuple(sorted({*spiking.origins, *dense.origins})),
    )


def published(counts: SpikingCounts) -> tuple[Condition, ...]:
    """Conditions of the literature; they contradict each other, so all are told."""
    per_synapse, rate = counts.spikes_per_synapse, counts.firing_rate
    return (
        Condition(
            "Davidson and Furber 2021",
            "10.3389/fnins.2021.651141",
            "spikes_per_synapse",
            "spikes per synapse and decision",
            1.72,
            1.72,
            per_synapse,
            "same silicon, 22 nm FDX, 12 and 7 units of energy",
        ),
        Condition(
            "Dampfhoffer et al. 2023",
            "10.1109/tetci.2022.3214509",
            "spikes_per_synapse",
            "spikes per synapse and decision",
            0.15,
            1.38,
            per_synapse,
            "band over implementations of the dense network",
        ),
        Condition(
            "Yan et al. 2024, T = 5 to 10",
            "arXiv:2409.08290",
            "firing_rate",
            "firing rate",
            0.064,
            0.064,
            rate,
            "against a quantised network of as many bits",
        ),
        Condition(
            "Yan et al. 2026, T = 5",
            "10.1109/tcad.2026.3718799",
            "firing_rate",
            "firing rate",
            0.0341,
            0.108,
            rate,
            "5.7 % with 4-bit weights; the band is their sensitivity analysis",
        ),
    )


@dataclass(frozen=True)
class LayerShare:
    """The part of a bill's energy that a layer causes, or a line that none does.

    Attributes:
        key: of the layer or line.
        name: the same in words.
        energy_j: nominal.
    """

    key: str
    name: str
    energy_j: float


def by_layer(counts: SpikingCounts, bill: Bill, profile: Profile) -> tuple[LayerShare, ...]:
    """Where the nominal energy of a bill goes: input, layers, encoder and decoder, static power.

    Each line is shared out by what causes it: synaptic events, updates or spikes of a layer. What
    measurements show beyond the prices follows the lines that it multiplies, and a line that no layer causes
    stays.

    Args:
        counts: that the bill was made of.
        bill: of the spiking actor.
        profile: of its device.
    """
    counts = charged(counts, profile.mapping)
    sent = (counts.input_spikes, *counts.layer_spikes)
    hops = bill.placement.hops if bill.placement else (0.0,) * len(sent)
    # Where the input has cores of its own it is relayed by neurons.
    relays = bill.placement is not None and len(bill.placement.cores) == len(sent)
    updated = (counts.input_spikes if relays else 0.0, *counts.layer_spikes)
    sizes = (counts.input_channels if relays else 0, *counts.layer_sizes)
    causes: dict[LineKey, Sequence[float]] = {
        "synaptic_events": (
            0.0,
            *(
                every - bias
                for every, bias in zip(counts.synaptic_events, counts.constant_events, strict=True)
            ),
        ),
        "bias_events": (0.0, *counts.constant_events),
        "synaptic_weight_fetches": (0.0, *counts.synaptic_events),
        "spiking_updates": updated,
        "silent_updates": sizes,
        "spikes_sent": sent,
        "spikes_within_tile": sent,
        "tile_hops": [spikes * far for spikes, far in zip(sent, hops, strict=True)],
    }
    names = ["input", *(f"hidden {index + 1}" for index in range(len(sent) - 2)), "output"]
    shares = {name.replace(" ", "_"): LayerShare(name.replace(" ", "_"), name, 0.0) for name in names}
    calibration = profile.calibration.nominal if profile.calibration is not None else 1.0
    for line in bill.lines:
        multiplied = line.part == "dynamic" and line.evidence in MINIMUM
        energy_j = (calibration if multiplied else 1.0) * line.energy_j.nominal
        cause = causes.get(line.key, ()) if line.part == "dynamic" else ()
        if sum(cause) > 0.0:
            for key, part in zip(list(shares)[: len(names)], cause, strict=True):
                own = energy_j * float(part) / sum(cause)
                shares[key] = replace(shares[key], energy_j=shares[key].energy_j + own)
        elif line.key != "calibration":
            before = shares.get(line.key, LayerShare(line.key, line.name, 0.0))
            shares[line.key] = replace(before, energy_j=before.energy_j + energy_j)
    return tuple(shares.values())
