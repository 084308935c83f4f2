"""Counts times prices: the energy of one decision, line by line, as low / nominal / high.

    E = sum_i n_i e_i (+ calibration)                 devices priced per operation
    E = n_launches t_launch P_active                  devices bound by kernel launches

The prices of one device err together (one process, one voltage), so the lows add up to the low and the highs
to the high. Published operation prices of neuromorphic chips are a simulated minimum: the calibration line
carries what measurements show beyond them. Whatever has no price is named in ``unpriced``, whatever lies
outside the boundary in ``excluded``; where either is not empty, the total is a lower bound.

References:
    M. Davies et al. (2018), doi:10.1109/MM.2018.112130359.
    G. Tang, N. Kumar, K. Michmizos (2020), doi:10.1109/IROS45743.2020.9340948.
"""

from dataclasses import dataclass

from hardware_profiles.figure import Evidence, Figure
from hardware_profiles.profile import Actor, Profile
from neuro_aolo.energy.count import DenseCounts, SpikingCounts
from neuro_aolo.energy.ranges import Range
from neuro_aolo.energy.terms import Term, compartments, terms_of

__all__ = ["Bill", "Line", "Range", "price"]

J_PER_PJ = 1e-12


@dataclass(frozen=True)
class Line:
    """One line of a bill: ``count`` operations a decision at ``price_pj`` each."""

    name: str
    count: float
    price_pj: Range
    energy_j: Range
    source: str


@dataclass(frozen=True)
class Bill:
    """What one decision of one actor costs on one device.

    Attributes:
        profile: id of the hardware profile.
        actor: ``snn`` or ``mlp``.
        lines: they sum to ``total_j``, the calibration line included.
        total_j: energy of one decision in J.
        modelled_j: the same without the calibration line: operation counts times prices.
        boundary: what the total covers; the same for both actors of a profile.
        evidence: the weakest evidence among the figures used.
        unpriced: work inside the boundary that has no price of its own.
        excluded: what lies outside the boundary.
    """

    profile: str
    actor: Actor
    lines: tuple[Line, ...]
    total_j: Range
    modelled_j: Range
    boundary: str
    evidence: Evidence
    unpriced: tuple[str, ...]
    excluded: tuple[str, ...]


def price(counts: SpikingCounts | DenseCounts, profile: Profile) -> Bill | None:
    """The bill of one decision on the device of ``profile``.

    Where the profile is calibrated, ``total_j = modelled_j x calibration`` value by value: the low is the
    simulated minimum itself, nominal and high carry the measured excess. For a chip, give the counts of the
    quantised graph: there a bias costs events, which a float graph does not show.

    Returns:
        The bill, or None where the device cannot run this kind of actor or does not hold this network.
    """
    actor: Actor = "snn" if isinstance(counts, SpikingCounts) else "mlp"
    if actor not in profile.executes or not _fits(counts, profile):
        return None
    terms = terms_of(counts, profile)
    lines = [_line(term, term.price_pj) for term in terms if term.price_pj is not None]
    modelled_j = Range.total(line.energy_j for line in lines)
    figures = [figure for term in terms for figure in term.figures]
    if profile.calibration is not None:
        figures.append(profile.calibration)
        lines.append(_calibration_line(modelled_j, profile.calibration))
    return Bill(
        profile=profile.id,
        actor=actor,
        lines=tuple(lines),
        total_j=Range.total(line.energy_j for line in lines),
        modelled_j=modelled_j,
        boundary=_boundary(profile),
        evidence=profile.weakest_evidence(figure.evidence for figure in figures),
        unpriced=_unpriced(terms, profile),
        excluded=_excluded(terms, profile),
    )


def _fits(counts: SpikingCounts | DenseCounts, profile: Profile) -> bool:
    if profile.capacity is None or isinstance(counts, DenseCounts):
        return True
    return profile.capacity.holds(compartments(counts, profile), counts.synapses)


def _line(term: Term, price_pj: Range) -> Line:
    source = "; ".join(figure.source for figure in term.figures)
    return Line(term.name, term.count, price_pj, price_pj * (term.count * J_PER_PJ), source)


def _calibration_line(modelled_j: Range, calibration: Figure) -> Line:
    excess = Range(calibration.low - 1.0, calibration.nominal - 1.0, calibration.high - 1.0)
    energy_j = modelled_j * excess
    return Line("measured beyond the prices", 1.0, energy_j * (1.0 / J_PER_PJ), energy_j, calibration.source)


def _boundary(profile: Profile) -> str:
    if profile.scope == "all_in":
        return f"whole energy of the {profile.boundary} while it works"
    return f"dynamic energy of the {profile.boundary}"


def _unpriced(terms: list[Term], profile: Profile) -> tuple[str, ...]:
    missing = [term for term in terms if term.price_pj is None and term.count > 0 and not term.on_host]
    if profile.scope == "all_in":
        missing = [term for term in missing if not term.overhead]
    return (*map(str, missing), *profile.unpriced)


def _excluded(terms: list[Term], profile: Profile) -> tuple[str, ...]:
    missing = [f"host: {term}" for term in terms if term.price_pj is None and term.count > 0 and term.on_host]
    static = profile.power_mw.static
    if static is not None:
        missing.append(
            f"static power: {static.nominal:g} mW ({static.low:g}-{static.high:g}), "
            f"{static.nominal * 1e-3:.3g} uJ for each us that the {profile.boundary} is on"
        )
    return (*missing, *profile.excludes)
