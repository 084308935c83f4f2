import pycountry
import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.grid.countries import country_code, country_codes, country_intensity_g_per_kwh

KNOWN = {
    **{
        "DEU": "DEU",
        "deu": "DEU",
        "DE": "DEU",
        "CH": "CHE",
        "UK": "GBR",
        "uk": "GBR",
        "GB": "GBR",
        "EL": "GRC",
    },
    **{
        "GR": "GRC",
        "US": "USA",
        "UA": "UKR",
        "SE": "SWE",
        "CN": "CHN",
        "AT": "AUT",
        "AU": "AUS",
        "KR": "KOR",
    },
    **{"Germany": "DEU", "south korea": "KOR", "Vietnam": "VNM", "Russia": "RUS", "United Kingdom": "GBR"},
    **{"Great Britain": "GBR", "Czech Republic": "CZE", "Turkey": "TUR", "Iran": "IRN", "Taiwan": "TWN"},
    **{"United States": "USA", "Ivory Coast": "CIV", "Switzerland": "CHE", "The Netherlands": "NLD"},
    **{"U.K.": "GBR", "u.s.": "USA", "U.S.A.": "USA", "S. Korea": "KOR", "Czech Rep.": "CZE"},
    **{"People's Republic of China": "CHN", "Bosnia & Herzegovina": "BIH", "N. Macedonia": "MKD"},
}
MEANT = {
    **{"SWI": "CHE", "SUI": "CHE", "GER": "DEU", "NED": "NLD", "DEN": "DNK", "POR": "PRT", "CRO": "HRV"},
    **{"JAP": "JPN", "IRE": "IRL", "RSA": "ZAF", "UAE": "ARE", "ENG": "GBR", "England": "GBR", "KSA": "SAU"},
    **{"Swizerland": "CHE", "Grmany": "DEU", "Korea": "KOR", "BUL": "BGR", "GRE": "GRC"},
    **{"Schweiz": "CHE", "Deutschland": "DEU", "Osterreich": "AUT", "États-Unis": "USA", "Sverige": "SWE"},
    **{"NGR": "NGA", "IRI": "IRN", "SLO": "SVN", "GUA": "GTM", "MRI": "MUS", "PUR": "PRI", "BUR": "BFA"},
    **{"YUG": "SRB", "DDR": "DEU", "ZAR": "COD", "DRC": "COD", "Congo, Dem. Rep.": "COD", "FYROM": "MKD"},
    **{"DE-LU": "DEU", "US-CAL-CISO": "USA", "DK1": "DNK", "GB-NIR": "GBR", "Republic of Ireland": "IRL"},
    **{"FRN": "FRA", "NZE": "NZL", "GRB": "GBR", "GBP": "GBR", "DEUT": "DEU", "Britian": "GBR", "SP": "ESP"},
    **{"Korea, Rep.": "KOR", "Republic of China": "TWN", "Hong Kong SAR, China": "HKG"},
}


@pytest.mark.parametrize(("text", "code"), KNOWN.items())
def test_a_country_is_known_by_its_codes_and_names(text: str, code: str) -> None:
    assert country_code(text) == code
    assert country_intensity_g_per_kwh(text) == country_intensity_g_per_kwh(code)
    assert Scenario.load("grid").with_countries(dc=text).dc_country == code


@pytest.mark.parametrize(("text", "code"), MEANT.items())
def test_the_country_that_was_meant_is_suggested_first(text: str, code: str) -> None:
    with pytest.raises(ScenarioError, match=f"unknown country '{text}': did you mean {code}[,?]"):
        country_code(text)


@pytest.mark.parametrize("text", ["XK", "KOS", "Kosovo", "LI", "LIE", "Liechtenstein", "VAT", "MC"])
def test_a_country_without_a_figure_is_called_so(text: str) -> None:
    with pytest.raises(
        ScenarioError, match=f"country '?{text}.* has no carbon intensity in CodeCarbon's data"
    ):
        country_code(text)


@pytest.mark.parametrize("text", ["EU", "eu27", "European Union"])
def test_the_union_is_answered_with_its_members(text: str) -> None:
    with pytest.raises(ScenarioError, match="no figure for the European Union: name a member, such as DEU"):
        country_code(text)


@pytest.mark.parametrize("text", ["California", "Texas", "Bavaria", "Dubai", "Asia", "Africa", "World"])
def test_what_is_no_country_is_like_none(text: str) -> None:
    with pytest.raises(ScenarioError, match="countries are known, such as DEU and FRA"):
        country_code(text)


def test_every_code_and_name_of_iso_3166_is_its_own_country() -> None:
    known = set(country_codes())
    for country in pycountry.countries:
        usual = getattr(country, "common_name", country.name)
        for text in (country.alpha_2, country.alpha_3, country.name, usual):
            if country.alpha_3 in known:
                assert country_code(text) == country.alpha_3
            else:
                with pytest.raises(ScenarioError, match="has no carbon intensity in CodeCarbon's data"):
                    country_code(text)


def test_no_code_of_the_data_means_another_country() -> None:
    assert all(country_code(code) == code for code in country_codes())
