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

_ALSO = {
    # Codes in wide use that are not those of ISO 3166.
    **{"UK": "GBR", "EL": "GRC", "USA": "USA"},
    # Names that pycountry has otherwise.
    **{"RUSSIA": "RUS", "TURKEY": "TUR", "IVORY COAST": "CIV", "BRUNEI": "BRN", "CAPE VERDE": "CPV"},
    **{"MACEDONIA": "MKD", "SWAZILAND": "SWZ", "BURMA": "MMR", "HOLLAND": "NLD", "DR CONGO": "COD"},
    **{"PALESTINE": "PSE", "GREAT BRITAIN": "GBR", "BRITAIN": "GBR", "AMERICA": "USA"},
    **{"UNITED STATES OF AMERICA": "USA", "THE NETHERLANDS": "NLD", "SLOVAK REPUBLIC": "SVK"},
}
_MEANT = {
    # Codes of sport and others, which could be other countries' as well: suggested, not taken.
    **{"SUI": "CHE", "NED": "NLD", "RSA": "ZAF", "UAE": "ARE", "KSA": "SAU", "INA": "IDN", "ENG": "GBR"},
    **{"SCO": "GBR", "WAL": "GBR", "NIR": "GBR", "ENGLAND": "GBR", "SCOTLAND": "GBR", "WALES": "GBR"},
    **{"GER": "DEU", "GRE": "GRC", "TPE": "TWN", "ROC": "TWN", "PRC": "CHN", "VIE": "VNM", "SPA": "ESP"},
    **{"EIR": "IRL", "KOREA": "KOR", "BRD": "DEU", "NORTHERN IRELAND": "GBR"},
}
_KOSOVO = ("KOS", "XK", "XKX", "XKV", "UNK", "KOSOVO")
_UNION = ("EU", "EUR", "EUU", "EU27", "EU28", "EU-27", "EUROPE", "EUROPEAN UNION", "EA", "EURO AREA")


def country_code(text: str) -> str:
    """The ISO 3166-1 alpha-3 code of a country that CodeCarbon's data name.

    Args:
        text: Its code of three letters or two, ``UK`` or ``EL``, or its English name; case does not matter.

    Raises:
        ScenarioError: If the country is unknown, with the one that was probably meant, or is not in the data.
    """
    typed, mix = " ".join(text.split()).upper(), _energy_mix()
    code = typed if typed in mix else _ALSO.get(typed)
    if code is not None:
        return code
    _refuse_without_figure(text, typed)
    code = _iso_code(typed)
    if code in mix:
        return code
    if code is not None:
        raise ScenarioError(_without_figure(shown(text)))
    raise ScenarioError(f"unknown country {shown(text)}: {_close(typed, mix)}; give an ISO 3166 alpha-3 code")


def country_intensity_g_per_kwh(country: str) -> float:
    """Average carbon intensity of a country's electricity, in gCO2e/kWh.

    Args:
        country: Its code or name, as :func:`country_code` takes them.

    Raises:
        ScenarioError: If the country is unknown, or the data hold no figure for it.
    """
    code = country_code(country)
    entry = _energy_mix()[code]
    intensity = entry.get("carbon_intensity")
    if not intensity or not intensity > 0.0:
        raise ScenarioError(_without_figure(f"{code} ({entry.get('country_name', code)})"))
    return float(intensity)


def country_name(country: str) -> str:
    """What CodeCarbon calls a country, in English.

    Args:
        country: Its code or name, as :func:`country_code` takes them.

    Raises:
        ScenarioError: If the country is unknown.
    """
    code = country_code(country)
    return str(_energy_mix()[code].get("country_name", code))


def country_codes() -> tuple[str, ...]:
    """ISO 3166-1 alpha-3 codes that CodeCarbon's data name, sorted."""
    return tuple(sorted(_energy_mix()))


def _refuse_without_figure(text: str, typed: str) -> None:
    """Refuse places that people name and that the data do not hold."""
    if typed in _UNION:
        raise ScenarioError(
            f"{shown(text)} is no country, and CodeCarbon's data have no figure for the European Union: name "
            "a member, such as DEU, FRA, ITA, ESP or POL"
        )
    if typed in _KOSOVO:
        raise ScenarioError(_without_figure(f"{shown(text)} (Kosovo)"))


def _without_figure(country: str) -> str:
    return (
        f"country {country} has no carbon intensity in CodeCarbon's data: name another country, or set the "
        "intensity's sample range in a scenario file"
    )


def _iso_code(typed: str) -> str | None:
    """The code of what ISO 3166 lists by this code or name, in the data or not."""
    import pycountry

    try:
        return str(pycountry.countries.lookup(typed).alpha_3)
    except LookupError:
        pass
    names = {entry.get("country_name", "").upper(): code for code, entry in _energy_mix().items()}
    return names.get(typed)


def _close(typed: str, mix: dict[str, Any]) -> str:
    names = {entry.get("country_name", "").upper(): code for code, entry in mix.items()}
    first = [_MEANT[typed]] if typed in _MEANT else []
    first += [code for name, code in sorted(names.items()) if len(typed) >= 3 and name.startswith(typed)]
    matches = close_names(typed, [*mix, *names], 4)
    found = list(dict.fromkeys([*first, *(str(names.get(match, match)) for match in matches)]))[:4]
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
