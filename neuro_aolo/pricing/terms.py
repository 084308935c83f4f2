"""Which operations of a decision a device is charged for, and by which of its figures.

    (1) n_steps = T + extra_steps_per_layer L + input_relay
    (2) n_updates = n_steps x compartments

PopSAN (L = 3) ran T + 4 steps on Loihi 1 and SDDPG (L = 4) ran T + 5: one a layer and one for the relay
neurons, a compartment per input channel, through which the spikes enter.

References:
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
    G. Tang, N. Kumar, K. Michmizos (2020), doi:10.1109/IROS45743.2020.9340948.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hardware_profiles.figure import Figure
from hardware_profiles.profile import Profile
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts
from neuro_aolo.pricing.placement import Placement

WorkKey = Literal[
    "kernel_launches",
    "network_steps",
    "synaptic_events",
    "bias_events",
    "spiking_updates",
    "silent_updates",
    "spikes_sent",
    "spikes_within_tile",
    "synaptic_weight_fetches",
    "tile_hops",
    "core_resets",
    "coding_exponentials",
    "encoder_updates",
    "decoder_macs",
    "macs",
    "activations",
    "curved_activations",
    "weight_fetches",
    "memory_accesses",
    "io_bytes",
]
WORK: Mapping[str, str] = {
    "kernel_launches": "kernel launches",
    "network_steps": "time steps of the network",
    "synaptic_events": "synaptic events",
    "bias_events": "synaptic events of bias axons",
    "spiking_updates": "neuron updates, spiking",
    "silent_updates": "neuron updates, silent",
    "spikes_sent": "spikes sent",
    "spikes_within_tile": "spikes within a tile",
    "synaptic_weight_fetches": "synaptic weight fetches",
    "tile_hops": "tile hops of spikes",
    "core_resets": "core resets",
    "coding_exponentials": "exponentials of the encoder and decoder",
    "encoder_updates": "encoder neuron updates",
    "decoder_macs": "decoder multiply-accumulates",
    "macs": "multiply-accumulates",
    "activations": "activations",
    "curved_activations": "activations other than tanh and straight lines",
    "weight_fetches": "weight fetches",
    "memory_accesses": "32-bit memory accesses",
    "io_bytes": "bytes in and out",
}
"""Every kind of work, as people read it."""

_WORD_BITS = 32
_STATE_ACCESSES = 4
"""Reads and writes of u and v at each update."""


@dataclass(frozen=True)
class Term:
    """An amount of one kind of work; it has no price where the profile gives none.

    Attributes:
        key: what is counted.
        count: how much of it a decision needs.
        figures: their product is the price of one; None where one of them is missing.
        overhead: an all-in price of the main operations already holds it.
        on_host: where it has no price, it is done outside the device.
    """

    key: WorkKey
    count: float
    figures: tuple[Figure, ...] | None
    overhead: bool = False
    on_host: bool = False

    @property
    def name(self) -> str:
        """What is counted, in words."""
        return WORK[self.key]

    def __str__(self) -> str:
        return f"{self.name} ({self.count:,.0f} a decision)"


def terms_of(
    counts: SpikingCounts | DenseCounts, profile: Profile, placement: Placement | None, bits: int
) -> list[Term]:
    """The work of one decision as the device of ``profile`` is charged for it.

    Args:
        counts: of the actor, as the device is charged for them: see :mod:`neuro_aolo.pricing.bias`.
        profile: of the device.
        placement: of the actor on the chip, where its profile says what it holds.
        bits: of a weight.
    """
    if profile.timing.launch_us is not None:
        figures = _all(profile.timing.launch_us, profile.power_mw.active)
        return [Term("kernel_launches", counts.kernel_launches, figures)]
    if isinstance(counts, SpikingCounts):
        terms = [*_spiking_terms(counts, profile, placement, bits), *coding_terms(counts, profile)]
    else:
        terms = _dense_terms(counts, profile, bits)
    prices = profile.energy_pj
    if prices.sram_32b is not None:
        terms.append(Term("memory_accesses", _memory_accesses(counts, profile, bits), (prices.sram_32b,)))
    io = Term("io_bytes", counts.bytes_in + counts.bytes_out, _all(prices.io_byte), overhead=True)
    return [*terms, io]


def chip_steps(counts: SpikingCounts, profile: Profile) -> int:
    """Steps that one decision takes on the device, equation (1)."""
    delay = profile.timing.extra_steps_per_layer * len(counts.layer_sizes)
    return counts.steps + delay + profile.mapping.input_relay


def compartments(counts: SpikingCounts, profile: Profile) -> int:
    """Neurons that the device updates at every step: the layers', and the relay's where it has one."""
    return sum(counts.layer_sizes) + (counts.input_channels if profile.mapping.input_relay else 0)


def coding_terms(counts: SpikingCounts, profile: Profile) -> list[Term]:
    """Encoder and decoder, equations (26), (27), (32) and (33), at the prices of ``profile``."""
    prices = profile.energy_pj
    exponentials = counts.encoder_exps + counts.decoder_tanhs
    return [
        Term("coding_exponentials", exponentials, _all(prices.exp), on_host=True),
        Term("encoder_updates", counts.encoder_updates, _all(prices.encoder_update), on_host=True),
        Term("decoder_macs", counts.decoder_macs, _all(prices.mac_fp32), on_host=True),
    ]


def _spiking_terms(
    counts: SpikingCounts, profile: Profile, placement: Placement | None, bits: int
) -> list[Term]:
    prices = profile.energy_pj
    steps = chip_steps(counts, profile)
    if prices.network_step is not None:
        return [Term("network_steps", steps, (prices.network_step,))]
    biases = sum(counts.constant_events)
    events = max(sum(counts.synaptic_events) - biases, 0.0)
    sent = (counts.input_spikes, *counts.layer_spikes)
    spiking = sum(sent) if profile.mapping.input_relay else sum(counts.layer_spikes)
    silent = max(steps * compartments(counts, profile) - spiking, 0.0)
    terms = [
        Term("synaptic_events", events, _all(prices.synop)),
        *([Term("bias_events", biases, _all(prices.synop))] if biases else []),
        Term("spiking_updates", spiking, _all(prices.neuron_update_active), overhead=True),
        Term("silent_updates", silent, _all(prices.neuron_update_idle), overhead=True),
        Term("spikes_sent", sum(sent), _all(prices.spike_emit), overhead=True),
        Term("spikes_within_tile", sum(sent), _all(prices.spike_within), overhead=True),
    ]
    if prices.sram_32b is None:
        fetched = events + biases
        terms.append(Term("synaptic_weight_fetches", fetched, _all(prices.weight_fetch), overhead=True))
    if placement is not None:
        hops = sum(spikes * far for spikes, far in zip(sent, placement.hops, strict=True))
        terms.append(Term("tile_hops", hops, _all(prices.hop), overhead=True))
        terms.append(Term("core_resets", sum(placement.cores), _all(prices.core_reset), overhead=True))
    return terms


def _dense_terms(counts: DenseCounts, profile: Profile, bits: int) -> list[Term]:
    prices = profile.energy_pj
    mac = prices.mac_int8 if bits <= 8 else prices.mac_fp32
    plain = counts.activations - counts.curved_activations
    terms = [
        Term("macs", counts.macs, _all(mac)),
        Term("activations", plain, _all(prices.act_fn), overhead=True),
    ]
    if counts.curved_activations:
        # No price of a multiply-accumulate holds an exponential: without one of its own it is named unpriced.
        terms.append(Term("curved_activations", counts.curved_activations, _all(prices.act_fn)))
    if prices.sram_32b is None:
        terms.append(Term("weight_fetches", counts.weights, _all(prices.weight_fetch), overhead=True))
    return terms


def _memory_accesses(counts: SpikingCounts | DenseCounts, profile: Profile, bits: int) -> float:
    """Accesses to 32-bit words; neighbouring weights of a row share a word on both sides."""
    per_word = _WORD_BITS / bits
    if isinstance(counts, DenseCounts):
        return (counts.weights + counts.values) / per_word
    updates = chip_steps(counts, profile) * compartments(counts, profile)
    weights = sum(counts.synaptic_events) + counts.bias_additions
    return weights / per_word + _STATE_ACCESSES * updates


def _all(*figures: Figure | None) -> tuple[Figure, ...] | None:
    known = tuple(figure for figure in figures if figure is not None)
    return known if len(known) == len(figures) else None


def figures_of(terms: Sequence[Term]) -> list[Figure]:
    """All figures that the terms rest on, those without work apart."""
    return [figure for term in terms if term.count > 0.0 for figure in term.figures or ()]
