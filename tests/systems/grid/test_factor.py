import json
from collections import Counter
from importlib.metadata import distribution, version
from pathlib import Path

import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.describe import describe
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario as Cell
from neuro_aolo.systems.grid.countries import country_codes
from neuro_aolo.systems.grid.factor import factor, origin_of
from neuro_aolo.systems.offload.scenario import Scenario as Offload

SOURCE = f"private_infra/global_energy_mix.json of codecarbon {version('codecarbon')}"


@pytest.fixture(scope="module")
def mix() -> dict[str, dict]:
    """The data, read past our own reader."""
    file = Path(str(distribution("codecarbon").locate_file("codecarbon/data"))) / SOURCE.split(" of ")[0]
    return json.loads(file.read_text(encoding="utf-8"))


def test_every_country_s_figure_has_the_year_that_the_data_state(mix: dict[str, dict]) -> None:
    known = [code for code in country_codes() if mix[code]["carbon_intensity"]]
    factors = [factor(code) for code in known]
    assert [each.year for each in factors] == [mix[code]["year"] for code in known]
    assert [each.g_per_kwh for each in factors] == [mix[code]["carbon_intensity"] for code in known]
    # Not one year: a few lag behind by two years or by fourteen.
    assert set(Counter(each.year for each in factors)) == {2009, 2021, 2022, 2023}
    assert {each.source for each in factors} == {SOURCE}


def test_the_figures_hold_more_than_what_is_burnt(mix: dict[str, dict]) -> None:
    """A grid that burns nothing would be at 0 in direct emissions: the basis is the life cycle's."""
    for code in ("PRY", "ISL"):
        assert mix[code]["fossil_TWh"] == 0.0
        assert 20.0 < factor(code).g_per_kwh < 30.0


def test_a_country_in_words() -> None:
    germany = factor("Germany")
    assert (germany.country, germany.name, germany.year) == ("DEU", "Germany", 2023)
    assert germany.text == f"CodeCarbon's figure for DEU: average of 2023, location-based; {SOURCE}"
    assert factor("ISL").of == "average of 2022, location-based"


def test_a_figure_that_is_not_that_of_the_data_has_no_year() -> None:
    assert origin_of("DEU", 380.95, 380.95) == factor("DEU").text
    assert origin_of("DEU", 400.0) == (
        f"stated for DEU, year and basis not known: not the 380.95 g/kWh of 2023 in {SOURCE}"
    )


def test_where_the_data_state_no_year_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neuro_aolo.systems.grid.factor.country_year", lambda country: None)
    assert factor("DEU").of == "average of a year that is not stated, location-based"
    assert "of no stated year in" in origin_of("DEU", 1.0)


def test_a_country_without_a_figure_is_refused() -> None:
    with pytest.raises(ScenarioError, match="CAF"):
        factor("CAF")


def test_every_system_s_table_says_the_year() -> None:
    places = {
        "state.dc_intensity_g_per_kwh": Scenario.load("paper").with_countries(dc="DEU"),
        "state.user_intensity_g_per_kwh": Offload.load("offload").with_countries(user="DEU"),
        "servers.fixed_g_per_kwh": Offload.load("offload").with_countries(server1="DEU", server2="ISL"),
        "grid.g_per_kwh": Cell.load("emissions-per-bit").with_countries(grid="DEU"),
    }
    for key, scenario in places.items():
        (source,) = [row.source for row in describe(scenario) if row.key == key]
        assert source.startswith(factor("DEU").text)
    assert source == factor("DEU").text
    servers = {row.key: row.source for row in describe(places["servers.fixed_g_per_kwh"])}
    assert servers["servers.fixed_g_per_kwh"] == f"{factor('DEU').text}; {factor('ISL').text}"


def test_a_file_s_own_figure_beside_a_country_is_not_called_codecarbon_s(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'extends = "paper"\nname = "mine"\ndc_country = "DEU"\n'
        "[state]\ndc_intensity_g_per_kwh = { sample = [400.0, 400.0] }\n"
    )
    (source,) = [
        row.source for row in describe(Scenario.load(file)) if row.key == "state.dc_intensity_g_per_kwh"
    ]
    assert source == origin_of("DEU", 400.0)
