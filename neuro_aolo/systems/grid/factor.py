"""What a country's carbon intensity is: of which year, on which basis, from which file of which package.

A figure is a yearly average over a country's generation: location-based in the words of the GHG Protocol, and
neither marginal nor that of a contract. Where nothing is burnt it is not 0 (Paraguay 23.8, Iceland 27.7
g/kWh), so what building and fuelling plants emits is in it.

References:
    World Resources Institute, "GHG Protocol Scope 2 Guidance", 2015: location-based is the average
    intensity of the grid on which energy is used.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version

from neuro_aolo.systems.grid.countries import (
    DATA,
    country_code,
    country_intensity_g_per_kwh,
    country_name,
    country_year,
)

BASIS = "average, location-based"


@dataclass(frozen=True)
class Factor:
    """The carbon intensity that a country's name stands for.

    Attributes:
        country: its ISO 3166-1 alpha-3 code.
        name: the country's, in English.
        g_per_kwh: as the data have it, in gCO2e/kWh.
        year: that it is of; None where the data do not say.
        source: file and package that have it.
    """

    country: str
    name: str
    g_per_kwh: float
    year: int | None
    source: str

    @property
    def of(self) -> str:
        """What it is a figure of, in words: ``average of 2023, location-based``."""
        year = "of a year that is not stated" if self.year is None else f"of {self.year}"
        return f"average {year}, location-based"

    @property
    def text(self) -> str:
        """The same with where it comes from."""
        return f"CodeCarbon's figure for {self.country}: {self.of}; {self.source}"

    def is_that_of(self, used_g_per_kwh: Iterable[float]) -> bool:
        """Whether intensities in use are all this one, and not a file's own or that of other data."""
        return all(math.isclose(used, self.g_per_kwh, rel_tol=1e-9) for used in used_g_per_kwh)

    @property
    def other(self) -> str:
        """What is said of an intensity that is called this country's and is not this one."""
        year = "no stated year" if self.year is None else str(self.year)
        return (
            f"stated for {self.country}, year and basis not known: not the {self.g_per_kwh:g} g/kWh of "
            f"{year} in {self.source}"
        )


def factor(country: str) -> Factor:
    """What is known of a country's carbon intensity.

    Args:
        country: its code or name, as :func:`~neuro_aolo.systems.grid.countries.country_code` takes them.

    Raises:
        ScenarioError: the country is unknown, or the data hold no figure for it.
    """
    code = country_code(country)
    return Factor(
        code,
        country_name(code),
        country_intensity_g_per_kwh(code),
        country_year(code),
        f"{DATA.removeprefix('codecarbon/data/')} of codecarbon {version('codecarbon')}",
    )


def origin_of(country: str, *used_g_per_kwh: float) -> str:
    """Where intensities come from that are called a country's, in a line.

    Raises:
        ScenarioError: the country is unknown, or the data hold no figure for it.
    """
    known = factor(country)
    return known.text if known.is_that_of(used_g_per_kwh) else known.other
