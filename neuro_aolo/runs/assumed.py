"""What a run's bills rest on: every figure of a hardware profile, with its evidence and where it stands."""

from collections.abc import Iterator

from hardware_profiles.figure import Figure, Sourced
from hardware_profiles.profile import Profile
from neuro_aolo.runs.summary.summary import AssumptionFigures

_TABLES = {"energy_pj": "pJ", "power_mw": "mW", "timing": "µs"}


def profile_assumptions(profile: Profile) -> list[AssumptionFigures]:
    """Every figure of a hardware profile, with its evidence, its grade and where it stands."""
    return [
        AssumptionFigures(
            profile=profile.id,
            key=name,
            value=_range(sourced) if isinstance(sourced, Figure) else _counts(sourced),
            unit=unit,
            grade=f"{sourced.evidence}, {sourced.verified}",
            source="; ".join(filter(None, (sourced.doi or sourced.url, sourced.where, detail, sourced.note))),
        )
        for name, unit, sourced, detail in _sourced(profile)
    ]


def _sourced(profile: Profile) -> Iterator[tuple[str, str, Sourced, str]]:
    """Name, unit, value and what else belongs to it, of everything with a source that a bill may rest on."""
    for table, unit in _TABLES.items():
        part = getattr(profile, table)
        for name in type(part).model_fields:
            figure = getattr(part, name)
            if isinstance(figure, Figure):
                yield f"{table}.{name}", unit, figure, ""
    if profile.calibration is not None:
        yield "calibration", "-", profile.calibration, ""
    if profile.mapping.bias is not None:
        yield "mapping.bias", "-", profile.mapping.bias, ""
    if profile.capacity is not None:
        yield "capacity", "-", profile.capacity, ""
    if profile.embodied is not None:
        made = profile.embodied
        told = f"{made.boundary}, {made.method}, used for {made.lifetime_years:g} years"
        yield "embodied.kg", "kgCO2e", made.kg, told


def _range(figure: Figure) -> str:
    if figure.low == figure.high:
        return f"{figure.nominal:g}"
    return f"{figure.nominal:g} ({figure.low:g}-{figure.high:g})"


def _counts(sourced: Sourced) -> str:
    own = [name for name in type(sourced).model_fields if name not in Sourced.model_fields]
    values = {name: value for name in own if (value := getattr(sourced, name)) is not None}
    told = [value if isinstance(value, str) else f"{name} {value:,g}" for name, value in values.items()]
    return ", ".join(told)
