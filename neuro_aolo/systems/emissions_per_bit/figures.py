"""The cell's own figures of a run: carbon, energy and delay of its bits, beside those of the reference."""

from collections.abc import Mapping

from neuro_aolo.systems.emissions_per_bit.accounts import tallies
from neuro_aolo.systems.emissions_per_bit.cell import NG_PER_G, UJ_PER_J, Cell
from neuro_aolo.systems.task import Reached

MOST_DELAY_RATIO, MOST_DROPPED = 1.05, 1e-3
"""Up to here a regret says what it seems to: beyond, carbon was saved by serving later, or less."""


def figures(scenario: Cell, reached: Reached, reference: Reached | None) -> Mapping[str, float]:
    """Figures of episodes by name, units in the names.

    Args:
        scenario: of the cell.
        reached: what an actor's episodes came to.
        reference: the same of the reference; None where there is none.

    Returns:
        ``regret``, carbon of a bit above the reference's as a share; ``delay_ratio``, mean delay over the
        reference's; ``drop_rate``, packets lost of all; and what they are made of. ``avoided_share`` is S of
        equation (12), the mean over slots; ``curtailed_kwh`` is of one episode; ``renewable_share`` of the
        energy used came from the sun, where the objective has that followed.
    """
    own = of_bits(scenario, reached)
    beside: dict[str, float] = {}
    if reference is not None:
        best = of_bits(scenario, reference)
        beside = {
            "regret": own["ng_per_bit"] / best["ng_per_bit"] - 1.0,
            "delay_ratio": own["delay_s"] / best["delay_s"],
            "optimum_ng_per_bit": best["ng_per_bit"],
            "optimum_delay_s": best["delay_s"],
        }
    return {key: both[key] for both in [beside | own] for key in _ORDER if key in both}


_ORDER = (
    "regret",
    "delay_ratio",
    "drop_rate",
    "ng_per_bit",
    "optimum_ng_per_bit",
    "source_ng_per_bit",
    "printed_ng_per_bit",
    "uj_per_bit",
    "delay_s",
    "optimum_delay_s",
    "avoided_share",
    "curtailed_kwh",
    "renewable_share",
)


def of_bits(scenario: Cell, reached: Reached) -> dict[str, float]:
    """Figures of bits of all episodes together, by name, units in the names."""
    served = reached.served
    assert served.tallies is not None
    slots, bits = float(reached.decisions.sum()), float(served.units.sum())
    keys = [tally.key for tally in tallies(scenario)]
    totals = dict(zip(keys, served.tallies.sum(axis=0).tolist(), strict=True))
    energy_j = float(served.energy_j.sum())
    followed = {"renewable_share": totals["renewable_j"] / energy_j} if "renewable_j" in totals else {}
    return {
        "drop_rate": max(1.0 - totals["delivered_bits"] / totals["offered_bits"], 0.0),
        "ng_per_bit": NG_PER_G * float(served.total_g.sum()) / bits,
        "source_ng_per_bit": NG_PER_G * totals["source_g"] / bits,
        "printed_ng_per_bit": NG_PER_G * totals["printed_g"] / bits,
        "tracked_ng_per_bit": NG_PER_G * totals["tracked_g"] / bits,
        "uj_per_bit": UJ_PER_J * energy_j / bits,
        "delay_s": totals["delay_s"] / slots,
        "avoided_share": totals["avoided"] / slots,
        "curtailed_kwh": round(totals["curtailed_kwh"] / len(reached.decisions), 9),
        **followed,
    }


def lines(told: Mapping[str, float], optimum: str) -> tuple[str, ...]:
    """The same for people; nothing where nothing is told.

    Args:
        told: as :func:`figures` gives them.
        optimum: what the reference is called.
    """
    if not told:
        return ()
    carbon = f"{told['ng_per_bit']:.3g} ng CO₂e per bit"
    delay = f"mean delay {1e3 * told['delay_s']:.3g} ms"
    if "regret" in told:
        carbon += f", {_above(told['regret'])} the {optimum}'s {told['optimum_ng_per_bit']:.3g}"
        delay += f", {told['delay_ratio']:.3g} times its {1e3 * told['optimum_delay_s']:.3g} ms"
    share = told.get("renewable_share")
    renewable = () if share is None else (f"{100.0 * share:.3g} % of the energy used came from the sun",)
    return (
        carbon,
        f"{delay}; {100.0 * told['drop_rate']:.2g} % of packets lost",
        f"{told['uj_per_bit']:.4g} uJ per bit; at its sources {told['source_ng_per_bit']:.3g} ng, with "
        f"batteries at a constant factor {told['printed_ng_per_bit']:.3g} ng per bit",
        f"S of the paper, of sums, {told['avoided_share']:.3g}; {told['curtailed_kwh']:.3g} kWh of the sun "
        "lost in an episode",
        *renewable,
        *caveats(told),
    )


def caveats(told: Mapping[str, float]) -> tuple[str, ...]:
    """Why a regret does not say what it seems to; nothing where it does."""
    if "regret" not in told:
        return ()
    found = []
    if told["delay_ratio"] > MOST_DELAY_RATIO:
        found.append(f"the mean delay is {told['delay_ratio']:.3g} times the reference's")
    if told["drop_rate"] > MOST_DROPPED:
        found.append(f"{100.0 * told['drop_rate']:.2g} % of the packets are lost")
    if not found:
        return ()
    return (
        f"This regret is not a fair one: {' and '.join(found)}, which saves carbon. It counts up to "
        f"{MOST_DELAY_RATIO:g} times the reference's delay and {100.0 * MOST_DROPPED:g} % lost.",
    )


def _above(regret: float) -> str:
    return f"{abs(100.0 * regret):.3g} % {'above' if regret >= 0.0 else 'below'}"
