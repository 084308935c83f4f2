"""Arguments of the public functions as the layers below take them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from neuro_aolo.runs.places import Places


def names_of(names: Sequence[str | Path] | str | None) -> tuple[str, ...] | None:
    """Names or files as text; one alone stands for itself."""
    if names is None:
        return None
    return (names,) if isinstance(names, str) else tuple(map(str, names))


def places_of(
    country: Mapping[str, str] | None,
    trace: Mapping[str, str | Path] | None,
    fill: str | None,
    longest_gap: int | None = None,
) -> Places:
    """Whose electricity the sites draw."""
    files = {site: Path(file) for site, file in (trace or {}).items()}
    return Places(country or {}, files, fill, longest_gap)
