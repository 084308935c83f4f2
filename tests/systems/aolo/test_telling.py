import pytest

from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.telling import tell
from neuro_aolo.systems.system import Figures


@pytest.mark.parametrize(
    ("dc_country", "bs_country", "title"),
    [
        ("DEU", "FRA", "paper: data centre in DEU, base station in FRA"),
        ("DEU", None, "paper: data centre in DEU, base station as in the scenario"),
        (None, None, "paper: carbon intensities from the scenario"),
    ],
)
def test_the_title_names_the_countries_or_says_that_there_are_none(
    dc_country: str | None, bs_country: str | None, title: str
) -> None:
    scenario = Scenario.load("paper").with_countries(dc_country, bs_country)
    assert tell(Figures(scenario)).title == title


@pytest.mark.parametrize(
    ("dc_country", "bs_country", "places"),
    [
        ("DEU", "FRA", "a data centre in Germany and a base station in France"),
        (None, "FRA", "a data centre and a base station in France"),
    ],
)
def test_what_is_controlled_follows_the_word_decided(
    dc_country: str | None, bs_country: str | None, places: str
) -> None:
    scenario = Scenario.load("paper").with_countries(dc_country, bs_country)
    assert tell(Figures(scenario)).controls == (
        f"how many words a language model answers with and at what transmit power, for {places}"
    )
