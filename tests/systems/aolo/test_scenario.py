import numpy as np
import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.qoe import quality, sharpness_through
from neuro_aolo.systems.aolo.request import sample_states
from neuro_aolo.systems.aolo.scenario import Scenario, scenario_names
from neuro_aolo.systems.grid.countries import country_intensity_g_per_kwh


def test_paper_file_holds_the_defaults_that_the_schema_documents():
    paper = Scenario.load("paper")
    assert Scenario(name="paper", description=paper.description, ranges=paper.ranges) == paper
    assert paper.quality.sharpness == sharpness_through(150.0, 7.0, 260.0, 8.3)
    assert quality(150.0, 260.0, 8.3, paper.quality.sharpness) == pytest.approx(7.0, rel=1e-14)
    assert quality(413.89, 260.0, 8.3, paper.quality.sharpness) == pytest.approx(7.0, abs=1e-4)


@pytest.mark.parametrize("name", scenario_names())
def test_resolved_toml_round_trips(name, tmp_path):
    for scenario in (Scenario.load(name), Scenario.load(name).with_countries("DEU", "FRA")):
        path = tmp_path / "resolved.toml"
        path.write_text(scenario.to_toml(), encoding="utf-8")
        assert Scenario.load(path) == scenario


def test_a_file_extends_another_and_countries_apply(tmp_path):
    (tmp_path / "mine.toml").write_text(
        'extends = "paper"\nname = "mine"\ndc_country = "DEU"\n[radio]\nbits_per_word = 60\n',
        encoding="utf-8",
    )
    (tmp_path / "child.toml").write_text('extends = "mine.toml"\nbs_country = "FRA"\n', encoding="utf-8")
    child, paper = Scenario.load(tmp_path / "child.toml"), Scenario.load("paper")
    assert (child.name, child.radio.bits_per_word, child.radio.fixed_power_w) == ("mine", 60.0, 600.0)
    assert (child.dc_country, child.bs_country) == ("DEU", "FRA")
    assert child.state == paper.with_countries("DEU", "FRA").state
    states = sample_states(child, 10, np.random.default_rng(0))
    assert (states[:, 3:] == [380.95, 56.039]).all()


def test_a_file_from_a_windows_editor_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes('\ufeffextends = "paper"\r\nname = "mine"\r\n[radio]\r\nbits_per_word = 60\r\n'.encode())
    assert Scenario.load(path).radio.bits_per_word == 60.0


def test_states_are_drawn_from_their_ranges():
    scenario = Scenario.load("paper")
    states = sample_states(scenario, 20_000, np.random.default_rng(0))
    for i, name in enumerate(scenario.state_names):
        low, high = getattr(scenario.state, name).sample
        assert states[:, i].min() >= low
        assert states[:, i].max() <= high
        assert states[:, i].mean() == pytest.approx((low + high) / 2.0, rel=0.02)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("GERMENY", "did you mean DEU"),
        ("DUE", "did you mean DEU"),
        ("ZZ", "ISO 3166 alpha-3"),
        ("", "unknown country"),
        ("CAF", "has no carbon intensity"),
    ],
)
def test_countries_without_data_are_refused(code, message):
    with pytest.raises(ScenarioError, match=message):
        country_intensity_g_per_kwh(code)
    with pytest.raises(ScenarioError, match=message):
        Scenario.load("paper").with_countries(dc=code or " ")


def test_country_figures_are_codecarbon_s():
    assert country_intensity_g_per_kwh("deu") == 380.95
    assert country_intensity_g_per_kwh("FRA") == 56.039


def test_changed_values_are_checked_and_change_the_channel_s_table():
    paper = Scenario.load("paper")
    table = paper.rate_table
    other = paper.with_values(channel={"outage_probability": 0.1}, limits={"energy": 900.0})
    assert other.rate_table.outage == 0.1
    assert paper.rate_table is table
    assert (other.limits.energy, other.limits.energy_per_word) == (900.0, 2.0)
    with pytest.raises(ScenarioError, match=r"scenario 'paper': limits.energy = -1.0"):
        paper.with_values(limits={"energy": -1.0})
