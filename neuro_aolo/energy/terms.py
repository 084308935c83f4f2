"""Which operations of a decision a device is charged for, with the price of each in pJ.

    (1) n_steps = T + extra_steps_per_layer L + input_relay
    (2) n_updates = n_steps x compartments

PopSAN (L = 3) ran T + 4 steps on Loihi 1 and SDDPG (L = 4) ran T + 5: one a layer and one for the relay
neurons, a compartment per input channel, through which the spikes enter.

References:
    G. Tang, N. Kumar, R. Yoo, K. Michmizos (2020), CoRL, PMLR 155:2016-2029, arXiv:2010.09635.
    G. Tang, N. Kumar, K. Michmizos (2020), doi:10.1109/IROS45743.2020.9340948.
"""

from __future__ import annotations

from dataclasses import dataclass

from hardware_profiles.figure import Figure
from hardware_profiles.profile import Profile
from neuro_aolo.energy.count import DenseCounts, SpikingCounts
from neuro_aolo.energy.ranges import Range

PJ_PER_MW_US = 1e3


@dataclass(frozen=True)
class Term:
    """An amount of one kind of work; it has no price where the profile gives none.

    Attributes:
        name: what is counted.
        count: how much of it a decision needs.
        price_pj: price of one, in pJ.
        figures: the profile's figures that the price rests on.
        overhead: an all-in price of the main operations already holds it.
        on_host: where it has no price, it is done outside the device.
    """

    name: str
    count: float
    price_pj: Range | None
    figures: tuple[Figure, ...]
    overhead: bool = False
    on_host: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.count:,.0f} a decision)"


def terms_of(counts: SpikingCounts | DenseCounts, profile: Profile) -> list[Term]:
    """The work of one decision as the device of ``profile`` is charged for it."""
    launch, active = profile.timing.launch_us, profile.power_mw.active
    if launch is not None and active is not None:
        price_pj = Range.of(launch) * Range.of(active) * PJ_PER_MW_US
        return [Term("kernel launches", counts.kernel_launches, price_pj, (launch, active))]
    if isinstance(counts, SpikingCounts):
        return _spiking_terms(counts, profile)
    return _dense_terms(counts, profile)


def chip_steps(counts: SpikingCounts, profile: Profile) -> int:
    """Steps that one decision takes on the device, equation (1)."""
    delay = profile.timing.extra_steps_per_layer * len(counts.layer_sizes)
    return counts.steps + delay + profile.mapping.input_relay


def compartments(counts: SpikingCounts, profile: Profile) -> int:
    """Neurons that the device updates at every step: the layers', and the relay's where it has one."""
    return sum(counts.layer_sizes) + (counts.input_channels if profile.mapping.input_relay else 0)


def _spiking_terms(counts: SpikingCounts, profile: Profile) -> list[Term]:
    prices = profile.energy_pj
    events = sum(counts.synaptic_events)
    spiking = sum(counts.layer_spikes) + (counts.input_spikes if profile.mapping.input_relay else 0.0)
    silent = chip_steps(counts, profile) * compartments(counts, profile) - spiking
    sent = sum(counts.layer_spikes) + counts.input_spikes
    return [
        _term("synaptic events", events, prices.synop),
        _term("synaptic weight fetches", events, prices.weight_fetch, overhead=True),
        _term("neuron updates, spiking", spiking, prices.neuron_update_active),
        _silent_updates(silent, prices.neuron_update_active, prices.neuron_update_idle),
        _term("spikes sent", sent, prices.spike_emit, overhead=True),
        _term("spikes within a tile", sent, prices.spike_within, overhead=True),
        _term("tile hops of spikes", sent, profile.mapping.hops_per_spike, prices.hop, overhead=True),
        _term(
            "exponentials of the encoder and decoder",
            counts.encoder_exps + counts.decoder_tanhs,
            prices.exp,
            on_host=True,
        ),
        _term("encoder neuron updates", counts.encoder_updates, prices.encoder_update, on_host=True),
        _term("decoder multiply-accumulates", counts.decoder_macs, prices.mac_fp32, on_host=True),
    ]


def _dense_terms(counts: DenseCounts, profile: Profile) -> list[Term]:
    prices = profile.energy_pj
    return [
        _term("multiply-accumulates", counts.macs, prices.mac_int8),
        _term("weight fetches", counts.weights, prices.weight_fetch, overhead=True),
        _term("activations", counts.activations, None, overhead=True),
    ]


def _term(
    name: str, count: float, *figures: Figure | None, overhead: bool = False, on_host: bool = False
) -> Term:
    """A term whose price is the product of ``figures``; it has none where one of them is missing."""
    known = tuple(figure for figure in figures if figure is not None)
    if len(known) < len(figures):
        return Term(name, count, None, (), overhead, on_host)
    price_pj = Range(1.0, 1.0, 1.0)
    for figure in known:
        price_pj = price_pj * Range.of(figure)
    return Term(name, count, price_pj, known, overhead, on_host)


def _silent_updates(count: float, active: Figure | None, idle: Figure | None) -> Term:
    """Updates without a spike. Davies et al. do not say which of them are active: high takes them all so."""
    name = "neuron updates, silent"
    if active is None or idle is None:
        return Term(name, count, None, ())
    return Term(name, count, Range(idle.low, idle.nominal, max(idle.high, active.high)), (idle, active))
