"""Its own words: that it is our reconstruction, where it stands, and how to choose it again."""

import pytest

from neuro_aolo.systems.grid.trace import Trace
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.system import tell
from neuro_aolo.systems.scenario_file import scenario_names
from neuro_aolo.systems.system import Figures

OFFLOAD = Scenario.load("offload")


@pytest.mark.parametrize("name", scenario_names("offload"))
def test_it_says_that_it_is_our_reconstruction(name: str):
    scenario = Scenario.load(name)
    telling = tell(Figures(scenario))
    assert "our reconstruction" in telling.title
    assert "our reconstruction" in telling.limits[0]
    assert "reconstruction" in telling.sources[0]
    assert "econstruction" in scenario.description
    assert telling.shipped
    assert telling.options == ("--scenario", name)


def test_places_are_told_and_chosen_again():
    placed = OFFLOAD.with_countries(server1="FRA", user="DEU")
    telling = tell(Figures(placed))
    assert telling.shipped
    assert telling.title == "offload (our reconstruction): server1 in France, user in Germany"
    assert telling.options == (
        *("--scenario", "offload"),
        *("--country", "server1=FRA"),
        *("--country", "user=DEU"),
    )
    assert telling.countries["server1"] == "FRA"
    assert telling.countries["server2"] == ""
    assert "with server1 in France, user in Germany" in telling.controls


def test_a_dated_trace_is_told():
    trace = Trace(source="gb.csv", start="2024-01-01T00:00:00Z", g_per_kwh=(200.0,) * 48)
    telling = tell(Figures(OFFLOAD.with_traces(server3=trace)))
    assert "server3 on the grid of gb.csv" in telling.title
    assert telling.options[-2:] == ("--trace", "server3=gb.csv")


def test_a_changed_scenario_is_not_the_shipped_one():
    changed = OFFLOAD.with_values(limits={"wait_s": 3.0})
    telling = tell(Figures(changed))
    assert not telling.shipped
    assert telling.options[:2] == ("--scenario", "FILE.toml")


def test_users_who_cannot_talk_are_mentioned_where_there_are_several():
    assert not any("users" in limit for limit in tell(Figures(OFFLOAD)).limits)
    shared = tell(Figures(Scenario.load("offload-shared")))
    assert any("no policy of users who cannot talk" in limit for limit in shared.limits)


def test_sources_have_grades():
    grade = tell(Figures(OFFLOAD)).grade
    assert grade("datasheet: 65 (T4)") == "datasheet"
    assert grade("chosen inside AGOD's 0 to 100") == "chosen"
    assert grade("Stable Diffusion v1.4: 339 GMAC") == "Stable Diffusion"
    assert grade("traces.user") == "scenario"
