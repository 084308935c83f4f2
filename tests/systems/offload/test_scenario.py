"""Scenarios as files, places, and what the shipped ones are there for."""

import numpy as np
import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.describe import describe
from neuro_aolo.systems.grid.countries import country_intensity_g_per_kwh
from neuro_aolo.systems.grid.trace import Trace
from neuro_aolo.systems.offload.check import examine
from neuro_aolo.systems.offload.optimum import best
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.serving import sample_states
from neuro_aolo.systems.offload.system import policies, task
from neuro_aolo.systems.scenario_file import scenario_names

OFFLOAD = Scenario.load("offload")
NAMES = scenario_names("offload")


def test_the_shipped_scenario_has_its_calibrated_figures():
    figures, rows = examine(OFFLOAD, np.random.default_rng(0), 50_000)
    assert figures["optimum_carbon_mg"] == pytest.approx(81.2, rel=5e-3)
    assert figures["feasible_share"] == pytest.approx(0.989, abs=2e-3)
    assert figures["cleanest_grid_kept_share"] == pytest.approx(0.68, abs=0.01)
    assert figures["random_kept_share"] == pytest.approx(0.31, abs=0.02)
    assert all(0.14 < share < 0.26 for share in figures["optimum_servers"].values())
    assert sum(figures["shares"].values()) == pytest.approx(1.0, rel=1e-12)
    assert dict(rows)["whose model"].startswith("our reconstruction")


def test_common_sense_is_feasible_and_far_from_the_optimum():
    system_task, rng = task(OFFLOAD), np.random.default_rng(0)
    states = sample_states(OFFLOAD, 10_000, rng)
    found = best(OFFLOAD, states)
    states, optimal = states[found.feasible], found.carbon_mg[found.feasible].mean()
    seen = system_task.observe(states)
    regrets = {}
    for name, policy in policies(OFFLOAD).items():
        transition = system_task.step(states, policy(seen), rng)
        assert transition.violated.mean() <= 1e-3, name
        regrets[name] = transition.costs.mean() / optimal - 1.0
    assert regrets["cleanest-grid"] == pytest.approx(0.057, abs=5e-3)
    assert regrets["cleanest-work"] == pytest.approx(0.07, abs=0.01)
    assert min(regrets["least-wait"], regrets["fastest"], regrets["random-server"]) > 0.15


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_has_a_unit_a_range_and_a_source(name: str):
    rows = describe(Scenario.load(name))
    assert len(rows) == 35
    for row in rows:
        assert row.value
        assert row.unit
        assert row.allowed
        assert row.source


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_scenario_is_the_same(name: str, tmp_path):
    placed = Scenario.load(name).with_countries(server2="FR", user="Germany")
    file = tmp_path / "saved.toml"
    file.write_text(placed.to_toml())
    assert Scenario.load(file) == placed
    assert placed.server_countries == ("", "FRA", "", "", "")
    assert placed.user_country == "DEU"


def test_a_country_fixes_one_server_and_leaves_the_others():
    placed = OFFLOAD.with_countries(server2="FRA")
    states = sample_states(placed, 100, np.random.default_rng(0))
    fixed = states[:, placed.intensity_of("server2")]
    np.testing.assert_array_equal(fixed, country_intensity_g_per_kwh("FRA"))
    assert np.ptp(states[:, placed.intensity_of("server1")]) > 100.0
    again = placed.with_countries(server2="POL")
    assert again.country("server2") == "POL"
    assert again.servers.fixed_g_per_kwh == {"server2": country_intensity_g_per_kwh("POL")}


def test_a_trace_takes_the_place_of_a_country():
    trace = Trace(source="two levels", g_per_kwh=tuple([250.0] * 12 + [400.0] * 12))
    traced = OFFLOAD.with_countries(server2="FRA").with_traces(server2=trace, user=trace)
    assert traced.server_countries is None
    assert traced.servers.fixed_g_per_kwh == {}
    states = sample_states(traced, 200, np.random.default_rng(0))
    assert set(states[:, traced.intensity_of("server2")]) == {250.0, 400.0}
    np.testing.assert_array_equal(
        states[:, traced.intensity_of("server2")], states[:, traced.intensity_of("user")]
    )
    assert task(traced).hourly.hours == 24


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('server_countries = ["FRA", "DEU"]', "server_countries has 2 codes for 5 servers"),
        ('server_countries = ["FRA", "DEU", "", "", "Atlantis"]', "server_countries: unknown country"),
        ('server_country = "FRA"', "unknown key 'server_country': did you mean 'server_countries'"),
        ("[servers]\npue = [1.1, 1.2]", "pue has 2 figures, tflop_per_s 5"),
        ("[servers]\nstart_steps = [200.0, 1.0, 1.0, 1.0, 1.0]", "start_steps = 200 of server1 is not below"),
        ("[servers.fixed_g_per_kwh]\nserver9 = 1.0", "fixed_g_per_kwh names 'server9', which is no server"),
        ("[servers.fixed_g_per_kwh]\nserver1 = 2000.0", "fixed_g_per_kwh.server1 = 2000 is outside"),
        ("[actions]\nsteps = [5.0, 5.0]", r"steps = \[5, 5\] must rise"),
        ("[users]\ncount = 0", "users.count = 0 is not allowed"),
        (
            "[state]\nwanted_quality = {sample = [0.5, 0.99], observe = [0.0, 1.0]}",
            "no server's full_quality",
        ),
        (
            '[traces.server7]\nsource = "x"\ng_per_kwh = [' + "1.0, " * 24 + "]",
            "traces.server7 is of no site",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(text: str, message: str, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(f'extends = "offload"\n{text}\n')
    with pytest.raises(ScenarioError, match=message) as error:
        Scenario.load(file)
    assert "\n" not in str(error.value)


def test_another_number_of_servers_is_another_scenario(tmp_path):
    lists = (
        "tflop_per_s = [50.0, 90.0, 40.0]\npower_w = [300.0, 500.0, 200.0]\npue = [1.1, 1.2, 1.3]\n"
        "embodied_kg = [500.0, 900.0, 400.0]\nlifetime_years = [5.0, 5.0, 5.0]\n"
        "start_steps = [5.0, 10.0, 15.0]\nstart_quality = [0.4, 0.35, 0.3]\n"
        "full_steps = [150.0, 160.0, 170.0]\nfull_quality = [0.8, 0.9, 0.95]\n"
    )
    file = tmp_path / "three.toml"
    file.write_text(f'extends = "offload"\nname = "three"\n[servers]\n{lists}')
    spec = task(Scenario.load(file)).spec
    assert (len(spec.observations), len(spec.actions), len(spec.choice)) == (12, 9, 3)
    assert spec.sites == ("server1", "server2", "server3", "user")


def test_a_scenario_of_another_system_is_refused():
    with pytest.raises(ScenarioError, match="scenario 'paper' is of the system 'aolo'"):
        Scenario.load("paper")
    with pytest.raises(ScenarioError, match="unknown site 'server6'"):
        OFFLOAD.with_countries(server6="FRA")
    with pytest.raises(ScenarioError, match="outside the range that scenario 'offload' observes"):
        OFFLOAD.with_countries(server1="TKM")
