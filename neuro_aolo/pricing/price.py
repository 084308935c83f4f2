"""Counts times prices: the energy of one decision, line by line, as low / nominal / high.

    E_dynamic = sum_i n_i e_i (+ calibration)         devices priced per operation
    E_dynamic = n_launches t_launch P_active          devices bound by kernel launches
    E = E_dynamic + E_host + P_static t_on            what the device and its host need for a decision
    t_on = t_decision + t_wake, or 1 / f where the device is on all the time and decides f requests a second

The prices of one device err together (one process, one voltage), so the lows add up to the low and the highs
to the high; random draws between them keep one latent factor per device. Published operation prices of
neuromorphic chips are a simulated minimum: the calibration line carries what measurements show beyond them,
and stands for work without a price. A price that was measured holds the excess already and is not multiplied.
Whatever has no price and no calibration is named in ``unpriced``, whatever lies outside the boundary in
``excluded``; where either is not empty, the total is a lower bound.

References:
    M. Davies et al. (2018), doi:10.1109/MM.2018.112130359.
    G. Tang, N. Kumar, K. Michmizos (2020), doi:10.1109/IROS45743.2020.9340948.
"""

from hardware_profiles.profile import Actor, Profile
from neuro_aolo.pricing.account import account
from neuro_aolo.pricing.bias import charged
from neuro_aolo.pricing.bill import INT8_BITS, Bill, Conditions, Unfit
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts
from neuro_aolo.pricing.placement import Placement, place

ALONE = Conditions()
"""The device is on for the decision alone, and has no host."""


def price(
    counts: SpikingCounts | DenseCounts, profile: Profile, conditions: Conditions = ALONE
) -> Bill | Unfit:
    """The bill of one decision on the device of ``profile``.

    Where the profile is calibrated, simulated prices are multiplied by the calibration value by value: the
    low is the simulated minimum itself, nominal and high carry the measured excess. For a chip, give the
    counts of the quantised graph: there a bias may cost events, which a float graph does not show. On a
    device that adds its biases they are left out.

    Returns:
        The bill, or the reason where the device cannot run this kind of actor or does not hold this network.
    """
    actor: Actor = "snn" if isinstance(counts, SpikingCounts) else "mlp"
    if isinstance(counts, SpikingCounts):
        counts = charged(counts, profile.mapping)
    bits = conditions.spiking_bits if actor == "snn" else conditions.dense_bits
    placement = _placement(counts, profile, bits)
    reason = placement if isinstance(placement, str) else _missing(actor, profile, bits)
    if reason or isinstance(placement, str):
        return Unfit(profile.id, actor, reason)
    return account(counts, profile, placement, bits, conditions, actor)


def _placement(counts: SpikingCounts | DenseCounts, profile: Profile, bits: int) -> Placement | str | None:
    if profile.capacity is None or isinstance(counts, DenseCounts) or "snn" not in profile.executes:
        return None
    return place(counts, bits, profile.capacity, profile.mapping)


def _missing(actor: Actor, profile: Profile, bits: int) -> str:
    """Why the device has no price for the actor; nothing where it has."""
    if actor not in profile.executes:
        kinds = {"snn": "spiking", "mlp": "dense"}
        return profile.refuses or f"it runs no {kinds[actor]} networks"
    mac = profile.energy_pj.mac_int8 if bits <= INT8_BITS else profile.energy_pj.mac_fp32
    if actor == "mlp" and profile.timing.launch_us is None and mac is None:
        return f"no price of a multiply-accumulate of {bits} bits"
    return ""
