from datetime import UTC, datetime
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.request import sample_states
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.grid.trace import Trace
from neuro_aolo.systems.grid.trace_csv import read_trace

REAL = Path(__file__).parents[4] / "shared" / "data" / "grid"
START = datetime(2020, 1, 1, tzinfo=UTC)


def written(folder: Path, text: str) -> Path:
    path = folder / "trace.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "time,g/kWh\n2020-01-01 00:00,100\n2020-01-01 01:00,200\n2020-01-01 02:00,300\n",
        "Time,Carbon Intensity\n2020-01-01 00:00:00,90\n2020-01-01 00:30:00,110\n"
        "2020-01-01 01:00:00,200\n2020-01-01 02:00:00,280\n2020-01-01 02:15:00,290\n"
        "2020-01-01 02:30:00,300\n2020-01-01 02:45:00,330\n",
        "Datetime (UTC),Country,Carbon intensity gCO₂eq/kWh (direct),Carbon intensity gCO₂eq/kWh (LCA)\n"
        "2020-01-01 00:00:00,France,1,100\n2020-01-01 01:00:00,France,2,200\n"
        "2020-01-01 02:00:00,France,3,300\n",
        '"MTU (UTC)";"Carbon Intensity [gCO2/kWh]"\n"01.01.2020 00:00 - 01.01.2020 01:00";"100"\n'
        '"01.01.2020 01:00 - 01.01.2020 02:00";"200"\n"01.01.2020 02:00 - 01.01.2020 03:00";"300"\n',
        "datetime\tcarbon_intensity_g_per_kwh\n2020-01-01T01:00+01:00\t100\n2020-01-01T01:00Z\t200\n"
        "2020-01-01T02:00+00:00\t300\n",
        "\ufefftimestamp,zone,carbonIntensity\n\n2020-01-01T00:00:00.000Z,FR,100\n"
        "2020-01-01T01:00:00.000Z,FR,200\n2020-01-01T02:00:00.000Z,FR,300\n\n",
        "\n\ntime;g/kWh\r\n2020-01-01 00:00;100\r\n2020-01-01 01:00;200\r\n2020-01-01 02:00;300\r\n",
    ],
    ids=["plain", "mixed cadence", "electricity maps", "entso-e", "zones", "bom and blank lines", "windows"],
)
def test_headers_cadences_and_zones_that_mean_the_same(text, tmp_path):
    trace = read_trace(written(tmp_path, text))
    assert trace.start == START
    assert trace.g_per_kwh == (100.0, 200.0, 300.0)


@pytest.mark.parametrize(
    ("start", "times"),
    [
        # Central Europe skips 02:00 on 29 March 2020 and repeats it on 25 October.
        ("2020-03-29T00:00", ("2020-03-29T01:00+01:00", "2020-03-29T03:00+02:00", "2020-03-29T04:00+02:00")),
        ("2020-10-25T00:00", ("2020-10-25T02:00+02:00", "2020-10-25T02:00+01:00", "2020-10-25T03:00+01:00")),
        ("2020-02-28T23:00", ("2020-02-28 23:00", "2020-02-29 00:00", "2020-02-29 01:00")),
        ("2019-12-31T18:00", ("2020-01-01T00:00+05:30", "2020-01-01T01:00+05:30", "2020-01-01T02:00+05:30")),
        ("2020-01-01T00:00", ("2020-01-01 00:00 UTC", "2020-01-01T02:00+01:00", "2019-12-31T21:00-05:00")),
    ],
    ids=["clocks forward", "clocks back", "leap day", "half an hour off", "zone by zone"],
)
def test_hours_follow_utc(start, times, tmp_path):
    rows = "".join(f"{time},{100 + i}\n" for i, time in enumerate(times))
    trace = read_trace(written(tmp_path, f"time,g/kWh\n{rows}"))
    assert trace.start == datetime.fromisoformat(f"{start}+00:00")
    assert trace.g_per_kwh == (100.0, 101.0, 102.0)


def test_missing_hours_are_filled_only_when_asked(tmp_path):
    rows = ("00:30,", "01:00,100", "01:30,nan", "04:00,400", "05:00,")
    path = written(tmp_path, "time,g/kWh\n" + "".join(f"2020-01-01 {row}\n" for row in rows))
    assert read_trace(path, "hold").g_per_kwh == (100.0, 100.0, 100.0, 100.0, 400.0, 400.0)
    assert read_trace(path, "linear").g_per_kwh == (100.0, 100.0, 200.0, 300.0, 400.0, 400.0)
    with pytest.raises(ScenarioError, match=r"row 2: the carbon intensity is missing \(''\).*--fill"):
        read_trace(path)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real traces are not beside this checkout")
def test_real_years_are_read_averaged_and_walked():
    great_britain, france = (read_trace(REAL / f"{code}_2020.csv") for code in ("gb", "fr"))
    for trace, name in ((great_britain, "gb_2020.csv"), (france, "fr_2020.csv")):
        rows = [line.split(",") for line in (REAL / name).read_text().splitlines()[1:]]
        hours: dict[str, list[float]] = {}
        for time, value in rows:
            hours.setdefault(time[:13], []).append(float(value))
        np.testing.assert_allclose(
            trace.g_per_kwh, [np.mean(values) for values in hours.values()], rtol=1e-14
        )
    scenario = Scenario.load("grid").with_traces(dc=great_britain, bs=france)
    assert scenario.traces.clock.hours == min(len(great_britain.g_per_kwh), len(france.g_per_kwh))
    states = sample_states(scenario, 3, np.random.default_rng(0), np.array([0, 1, 500]))
    np.testing.assert_array_equal(states[:, 3], np.array(great_britain.g_per_kwh)[[0, 1, 500]])
    np.testing.assert_array_equal(states[:, 4], np.array(france.g_per_kwh)[[0, 1, 500]])


def day(first: float, start: datetime | None = None) -> Trace:
    return Trace(source="test", start=start, g_per_kwh=tuple(first + hour for hour in range(24)))


def test_dated_traces_meet_on_the_hours_that_they_share():
    scenario = Scenario.load("paper").with_traces(
        dc=day(100.0, START), bs=day(500.0, datetime(2020, 1, 1, 20, tzinfo=UTC))
    )
    assert scenario.traces.clock.hours == 4
    figures = scenario.traces.clock.g_per_kwh
    assert figures["dc"].tolist() == [120.0, 121.0, 122.0, 123.0]
    assert figures["bs"].tolist() == [500.0, 501.0, 502.0, 503.0]


def test_a_repeating_day_follows_the_hour_of_a_dated_trace():
    late = datetime(2020, 3, 5, 22, tzinfo=UTC)
    scenario = Scenario.load("paper").with_traces(dc=day(100.0), bs=day(500.0, late))
    figures = scenario.traces.clock.g_per_kwh["dc"]
    assert figures[:4].tolist() == [122.0, 123.0, 100.0, 101.0]


@pytest.mark.parametrize("per_hour", [1, 3])
def test_environments_walk_through_the_hours_of_both_sides(per_hour):
    scenario = Scenario.load("paper").with_traces(dc=day(100.0), bs=day(500.0))
    scenario = scenario.with_values(traces={"requests_per_hour": per_hour})
    single, batch = (
        gym.make("neuro_aolo:AOLO-v0", scenario=scenario),
        gym.make_vec("neuro_aolo:AOLO-v0", num_envs=5, scenario=scenario),
    )
    for env, shape in ((single, (2,)), (batch, (5, 2))):
        _, info = env.reset(seed=3)
        served = [np.atleast_2d(info["state"])]
        for _ in range(60):
            *_, info = env.step(np.zeros(shape, dtype=np.float32))
            served.append(np.atleast_2d(info["state"]))
        hours = np.array(served[1:])[..., 3] - 100.0
        np.testing.assert_array_equal(np.array(served)[..., 4] - np.array(served)[..., 3], 400.0)
        np.testing.assert_array_equal(hours[per_hour:], (hours[:-per_hour] + 1.0) % 24.0)


def test_a_country_takes_the_place_of_a_trace_and_the_other_way_round(tmp_path):
    grid = Scenario.load("grid")
    mixed = grid.with_countries(dc="DEU")
    assert mixed.traces.dc is None
    assert mixed.traces.bs == grid.traces.bs
    assert mixed.with_countries(bs="FRA").traces is None
    back = mixed.with_traces(dc=day(100.0))
    assert (back.dc_country, back.traces.dc) == (None, day(100.0))
    (tmp_path / "trace.csv").write_text("time,g/kWh\n2020-01-01 00:00,150\n2020-01-01 01:00,250\n")
    (tmp_path / "mine.toml").write_text(
        'extends = "grid"\nbs_country = "FRA"\n[traces.dc]\ncsv = "trace.csv"\n'
    )
    mine = Scenario.load(tmp_path / "mine.toml")
    assert mine.traces.dc.g_per_kwh == (150.0, 250.0)
    assert (mine.traces.bs, mine.bs_country) == (None, "FRA")
    (tmp_path / "saved.toml").write_text(mine.to_toml())
    assert Scenario.load(tmp_path / "saved.toml") == mine


def test_a_trace_beyond_what_is_observed_is_refused():
    with pytest.raises(
        ScenarioError, match=r"the trace 'test': 1.2e\+03 g/kWh.*widen state.dc_intensity|1200 g/kWh"
    ):
        Scenario.load("grid").with_traces(dc=Trace(source="test", g_per_kwh=(1200.0,) * 24))
    with pytest.raises(ScenarioError, match="share no hour"):
        Scenario.load("grid").with_traces(
            dc=day(100.0, START), bs=day(100.0, datetime(2021, 1, 1, tzinfo=UTC))
        )


@pytest.mark.parametrize(
    ("header", "basis", "said"),
    [
        ("carbon_intensity_avg", "average", "average"),
        ("marginal_carbon_intensity", "marginal", "marginal"),
        ("MOER (gCO2/kWh)", "marginal", "marginal"),
        ("carbon_intensity", None, "average or marginal: not stated"),
    ],
)
def test_a_trace_says_its_period_and_the_basis_that_its_header_names(
    header: str, basis: str | None, said: str, tmp_path: Path
) -> None:
    trace = read_trace(written(tmp_path, f"time,{header}\n2020-01-01 00:00,100\n2020-01-01 01:00,200\n"))
    assert trace.basis == basis
    assert trace.of == f"2 hours from 2020-01-01 00:00 UTC to 2020-01-01 02:00 UTC; {said}"
    assert Trace(g_per_kwh=(1.0,) * 24).of == "24 hours of days that repeat; average or marginal: not stated"
