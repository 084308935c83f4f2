"""Carbon intensity of electricity by country, from CodeCarbon's packaged data: yearly averages.

References:
    B. Courty et al., "mlco2/codecarbon", 2024, doi:10.5281/zenodo.11171501; its figures are Ember's and Our
    World in Data's yearly averages per country.
"""

import gettext
import json
import re
import unicodedata
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.wording import close_names, shown

DATA = "codecarbon/data/private_infra/global_energy_mix.json"
"""The file of CodeCarbon's package; it says of each figure which year it is of."""

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
    # Codes and names that could be other countries' as well: suggested, not taken.
    **{"UAE": "ARE", "ENG": "GBR", "SCO": "GBR", "WAL": "GBR", "NIR": "GBR", "ENGLAND": "GBR", "ROC": "TWN"},
    **{
        "SCOTLAND": "GBR",
        "WALES": "GBR",
        "NORTHERN IRELAND": "GBR",
        "PRC": "CHN",
        "SPA": "ESP",
        "DRC": "COD",
    },
    **{"EIR": "IRL", "EIRE": "IRL", "KOREA": "KOR", "BRD": "DEU", "FRG": "DEU", "CONGO, DEM. REP.": "COD"},
    **{"HONG KONG SAR, CHINA": "HKG", "KOREA, DEM. REP.": "PRK", "KOREA, DEM. PEOPLE'S REP.": "PRK"},
    **{"REPUBLIC OF CHINA": "TWN", "CHINESE TAIPEI": "TWN", "FYROM": "MKD", "EMIRATES": "ARE"},
    # Codes that ISO 3166 has withdrawn.
    **{"DDR": "DEU", "GDR": "DEU", "SU": "RUS", "SUN": "RUS", "USSR": "RUS", "YU": "SRB", "YUG": "SRB"},
    **{"SCG": "SRB", "CS": "CZE", "CSK": "CZE", "TCH": "CZE", "ZAR": "COD", "ROM": "ROU", "TMP": "TLS"},
}
_SPORT = re.findall(
    "[A-Z]{3}",
    "ALG DZA ANG AGO ANT ATG ARU ABW ASA ASM BAH BHS BAN BGD BAR BRB BER BMU BHU BTN BIZ BLZ BOT BWA "
    "BRU BRN BUL BGR BUR BFA CAM KHM CAY CYM CGO COG CHA TCD CHI CHL CRC CRI CRO HRV CTA CAF DEN DNK "
    "EQG GNQ ESA SLV FIJ FJI GAM GMB GBS GNB GEQ GNQ GER DEU GRE GRC GRN GRD GUA GTM GUI GIN HAI HTI "
    "HON HND INA IDN IRI IRN ISV VIR IVB VGB KSA SAU KUW KWT LAT LVA LBA LBY LES LSO LIB LBN MAD MDG "
    "MAS MYS MAW MWI MGL MNG MON MCO MRI MUS MTN MRT MYA MMR NCA NIC NED NLD NEP NPL NGR NGA NIG NER "
    "OMA OMN PAR PRY PHI PHL PLE PSE POR PRT PUR PRI RSA ZAF SAM WSM SEY SYC SIN SGP SKN KNA SLO SVN "
    "SOL SLB SRI LKA SUD SDN SUI CHE TAH PYF TAN TZA TGA TON TOG TGO TPE TWN TRI TTO URU URY VAN VUT "
    "VIE VNM VIN VCT ZAM ZMB ZIM ZWE",
)
"""Codes of the Olympic Committee and of FIFA that are not those of ISO 3166, each before the latter."""

_MEANT |= dict(zip(_SPORT[::2], _SPORT[1::2], strict=True))
_WHOLE = {r"(?<![\w'])S\.? ": "SOUTH ", r"(?<![\w'])N\.? ": "NORTH ", r"\bREP\.": "REPUBLIC", r" & ": " AND "}
"""What short words of a name stand for."""

_GENERIC = re.compile(
    r"\b(?:REP(?:UBLIC)?|OF|THE|KINGDOM|FEDERATION|MAINLAND|ISLAMIC|ARAB|FEDERAL|SAR)\b|[,.]"
)
"""What a name may have beside the country's usual one."""

_ENOUGH = 0.78
"""How like a name what is typed must be to have meant it, of 1."""

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
    if re.fullmatch(r"(?:[A-Z]\.){1,2}[A-Z]\.?", typed):
        typed = typed.replace(".", "")
    code = typed if typed in mix else _ALSO.get(typed)
    if code is not None:
        return code
    _refuse_without_figure(text, typed)
    code = _iso_code(typed) or _iso_code(_in_full(typed))
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


def country_year(country: str) -> int | None:
    """The year that a country's carbon intensity is of; None where the data do not say.

    Args:
        country: Its code or name, as :func:`country_code` takes them.

    Raises:
        ScenarioError: If the country is unknown.
    """
    year = _energy_mix()[country_code(country)].get("year")
    return year if isinstance(year, int) else None


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


def _in_full(typed: str) -> str:
    for short, whole in _WHOLE.items():
        typed = re.sub(short, whole, typed)
    return typed


def _close(typed: str, mix: dict[str, Any]) -> str:
    """The countries that may have been meant, the likeliest first."""
    names = {entry.get("country_name", "").upper(): code for code, entry in mix.items()} | _ALSO
    codes = [_MEANT[typed]] if typed in _MEANT else []
    if zone := re.match(r"([A-Z]{2,3})(?:[-_ ]|[0-9])", typed):
        # An area of a country, as DE-LU, US-CAL-CISO or DK1.
        codes += filter(None, [_ALSO.get(zone[1]) or _iso_code(zone[1])])
    codes += _in_any_language(typed)
    codes += [code for name, code in sorted(names.items()) if len(typed) >= 2 and name.startswith(typed)]
    codes += [names[name] for name in close_names(typed, names, 4, _ENOUGH)]
    usual = " ".join(_GENERIC.sub(" ", typed).split())
    codes += [code for code in (names.get(usual), _MEANT.get(usual)) if code]
    if re.fullmatch("[A-Z]{3,4}", typed):
        # Letters of a code that are swapped, those of a name in their order, and a code that goes on.
        swapped = [code for code in mix if sorted(code) == sorted(typed)]
        codes += sorted(swapped, key=lambda code: code[0] != typed[0])
        codes.append(typed[:3])
    if re.fullmatch("[A-Z]{3}", typed):
        letters = re.compile(".*".join(typed))
        codes += [names[name] for name in sorted(names, key=len) if letters.match(name)]
        codes += filter(None, [_ALSO.get(typed[:2]) or _iso_code(typed[:2])])
    codes = [code for code in dict.fromkeys(codes) if code in mix][:4]
    return (
        "did you mean " + ", ".join(codes) + "?"
        if codes
        else f"{len(mix)} countries are known, such as DEU and FRA"
    )


def _in_any_language(typed: str) -> list[str]:
    """Codes of the countries that one of pycountry's languages calls so, with or without accents."""
    import pycountry

    codes: dict[str, None] = {}
    for folder in sorted(Path(pycountry.LOCALES_DIR).iterdir()):
        try:
            language = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, [folder.name])
        except OSError:
            continue
        for country in pycountry.countries:
            name = language.gettext(country.name)
            if _bare(name) == _bare(typed):
                codes[country.alpha_3] = None
    return list(codes)


def _bare(name: str) -> str:
    """A name in capitals without accents."""
    return "".join(
        sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign)
    ).upper()


@lru_cache(maxsize=1)
def _energy_mix() -> dict[str, dict[str, Any]]:
    # Read from the installed files: importing codecarbon would bring its tracker and start a logger.
    path = Path(str(distribution("codecarbon").locate_file(DATA)))
    mix: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return mix
