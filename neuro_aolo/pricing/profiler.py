"""A spiking actor, a dense one, or both over many devices: bills, and pairs where there are both."""

from collections.abc import Mapping
from functools import cached_property

from hardware_profiles.figure import Figure
from hardware_profiles.profile import Profile, load_profile
from neuro_aolo.errors import AgentError
from neuro_aolo.pricing.account import is_minimum
from neuro_aolo.pricing.bill import FP32_BITS, INT8_BITS, Bill, Conditions, Unfit
from neuro_aolo.pricing.breakeven import Pair, pair_of
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts
from neuro_aolo.pricing.independence import groups
from neuro_aolo.pricing.price import price
from neuro_aolo.systems.wording import one_of

UJ_PER_PJ = 1e-6
LEAST_HZ, MOST_HZ = 1e-9, 1e9

TWINS = {"mlp-int8": INT8_BITS, "mlp-fp32": FP32_BITS}
"""Dense actors and the bits of their weights."""


def load_conditions(host: str | None, request_rate_hz: float | None, twin: str) -> Conditions:
    """Conditions as they were asked for.

    Args:
        host: a profile's name or file; None for no host.
        request_rate_hz: decisions a second, or None.
        twin: one of :data:`TWINS`.

    Raises:
        AgentError: a rate that is not above 0, another twin, or a host that has no price of encoder and
            decoder.
        ProfileError: an unknown host.
    """
    twin = one_of("--twin", twin, tuple(TWINS))
    if request_rate_hz is not None and not LEAST_HZ <= request_rate_hz <= MOST_HZ:
        raise AgentError(
            f"--request-rate {request_rate_hz:g} is not allowed: give decisions a second, "
            f"{LEAST_HZ:g} to {MOST_HZ:g}"
        )
    device = load_profile(host) if host is not None else None
    if device is not None:
        needed = ("exp", "encoder_update", "mac_fp32")
        absent = [name for name in needed if getattr(device.energy_pj, name) is None]
        if absent:
            raise AgentError(
                f"host {host} has no price of {', '.join(absent)}, which encoding and decoding take: "
                "choose another, such as mcu_m33_u575, or none"
            )
    return Conditions(device, request_rate_hz, dense_bits=TWINS[twin])


def spike_prices_uj(profile: Profile) -> tuple[float, float]:
    """Nominal energy of one synaptic event and of one spike beyond its events on a device, in uJ.

    Raises:
        AgentError: the device has no price of a synaptic event.
    """
    prices = profile.energy_pj
    if prices.synop is None:
        raise AgentError(
            f"profile {profile.id!r} has no energy_pj.synop, so spikes have no price: choose loihi2"
        )

    def nominal(figure: Figure | None) -> float:
        if figure is None:
            return 0.0
        calibrated = profile.calibration is not None and is_minimum([figure])
        return figure.nominal * (profile.calibration.nominal if calibrated and profile.calibration else 1.0)

    sent = nominal(prices.spike_emit) + nominal(prices.spike_within)
    active, idle = nominal(prices.neuron_update_active), nominal(prices.neuron_update_idle)
    return UJ_PER_PJ * nominal(prices.synop), UJ_PER_PJ * (sent + max(active - idle, 0.0))


class Profiler:
    """What a decision of a spiking actor, of a dense one, or of both costs on each device.

    Args:
        spiking_counts: of the spiking actor; None where there is none.
        dense_counts: of the dense one; None where there is none.
        profiles: devices by name.
        conditions: under which all of them are priced.

    Raises:
        AgentError: there is neither.
    """

    def __init__(
        self,
        spiking_counts: SpikingCounts | None,
        dense_counts: DenseCounts | None,
        profiles: Mapping[str, Profile],
        conditions: Conditions,
    ) -> None:
        if spiking_counts is None and dense_counts is None:
            raise AgentError("there is no actor to price: give spiking counts, dense counts, or both")
        self.spiking_counts, self.dense_counts = spiking_counts, dense_counts
        self.profiles, self.conditions = profiles, conditions

    @cached_property
    def spiking(self) -> dict[str, Bill | Unfit]:
        """Of the spiking actor, by profile; empty where there is none."""
        return self._bills(self.spiking_counts)

    @cached_property
    def dense(self) -> dict[str, Bill | Unfit]:
        """Of the dense actor, by profile; empty where there is none."""
        return self._bills(self.dense_counts)

    def _bills(self, counts: SpikingCounts | DenseCounts | None) -> dict[str, Bill | Unfit]:
        if counts is None:
            return {}
        return {name: price(counts, profile, self.conditions) for name, profile in self.profiles.items()}

    @cached_property
    def pairs(self) -> list[Pair]:
        """The spiking actor on each device that runs it, beside the dense one on each of its and on the host.

        Empty where there are not both.
        """
        if self.spiking_counts is None or self.dense_counts is None:
            return []
        silent_counts = self.spiking_counts.scaled(0.0)
        rivals = dict(self.dense)
        host = self.conditions.host
        if host is not None and host.id not in rivals:
            rivals[host.id] = price(self.dense_counts, host, self.conditions)
        found = []
        for name, spiking in self.spiking.items():
            if not isinstance(spiking, Bill):
                continue
            silent = price(silent_counts, self.profiles[name], self.conditions)
            assert isinstance(silent, Bill)
            for dense in rivals.values():
                if isinstance(dense, Bill):
                    found.append(pair_of(self.spiking_counts, spiking, silent, dense))
        return found

    @property
    def independent(self) -> tuple[tuple[str, ...], ...]:
        """Devices whose nearest pair may be divided, in groups of which no two share a source."""
        nearest = {name: self.nearest(name) for name in self.profiles}
        return groups({name: pair.origins for name, pair in nearest.items() if pair and not pair.refused})

    def nearest(self, profile: str) -> Pair | None:
        """The pair that says most about a device: with the dense actor on itself, or else on its host."""
        host = self.conditions.host.id if self.conditions.host else ""
        pairs = {pair.dense: pair for pair in self.pairs if pair.spiking == profile}
        return pairs.get(profile) or pairs.get(host)
