"""Carbon intensity of electricity by country, from CodeCarbon's packaged data.

References:
    B. Courty et al., "mlco2/codecarbon", 2024, doi:10.5281/zenodo.11171501; its figures are Ember's and Our
    World in Data's yearly averages per country.
"""

import json
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.wording import close_names, shown

_DATA = "codecarbon/data/private_infra/global_energy_mix.json"


def country_intensity_g_per_kwh(iso3: str) -> float:
    """Average carbon intensity of a country's electricity, in gCO2e/kWh.

    Args:
        iso3: ISO 3166-1 alpha-3 code, such as ``DEU``; case does not matter.

    Raises:
        ScenarioError: If the code is unknown, or the data hold no figure for it.
    """
    code, entry = _country(iso3)
    intensity = entry.get("carbon_intensity")
    if not intensity or not intensity > 0.0:
        name = entry.get("country_name", code)
        raise ScenarioError(
            f"country {code} ({name}) has no carbon intensity in CodeCarbon's data: name another country, or "
            "set the intensity's sample range in a scenario file"
        )
    return float(intensity)


def country_name(iso3: str) -> str:
    """What CodeCarbon calls a country, in English.

    Args:
        iso3: ISO 3166-1 alpha-3 code, such as ``DEU``; case does not matter.

    Raises:
        ScenarioError: If the code is unknown.
    """
    code, entry = _country(iso3)
    return str(entry.get("country_name", code))


def country_codes() -> tuple[str, ...]:
    """ISO 3166-1 alpha-3 codes that CodeCarbon's data name, sorted."""
    return tuple(sorted(_energy_mix()))


def _country(iso3: str) -> tuple[str, dict[str, Any]]:
    mix = _energy_mix()
    code = iso3.strip().upper()
    if code not in mix:
        raise ScenarioError(
            f"unknown country {shown(iso3)}: {_close(code, mix)}; give an ISO 3166 alpha-3 code"
        )
    return code, mix[code]


def _close(code: str, mix: dict[str, Any]) -> str:
    names = {entry.get("country_name", "").upper(): key for key, entry in mix.items()}
    matches = close_names(code, [*mix, *names], 4)
    found = list(dict.fromkeys(str(names.get(match, match)) for match in matches))
    return (
        "did you mean " + ", ".join(found) + "?"
        if found
        else f"{len(mix)} countries are known, such as DEU and FRA"
    )


@lru_cache(maxsize=1)
def _energy_mix() -> dict[str, dict[str, Any]]:
    # Read from the installed files: importing codecarbon would bring its tracker and start a logger.
    path = Path(str(distribution("codecarbon").locate_file(_DATA)))
    mix: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return mix
