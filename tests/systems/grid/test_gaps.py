from pathlib import Path

import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.grid.trace_csv import read_trace


def written(folder: Path, *rows: str) -> Path:
    path = folder / "trace.csv"
    path.write_text("time,g/kWh\n" + "".join(f"{row}\n" for row in rows))
    return path


def test_a_day_is_filled_and_no_hour_more(tmp_path: Path) -> None:
    day = written(tmp_path, "2020-01-01 00:00,100", "2020-01-02 01:00,200")
    trace = read_trace(day, "hold")
    assert trace.g_per_kwh == (100.0,) * 25 + (200.0,)
    assert trace.note == "24 of 26 hours filled (hold)"
    more = written(tmp_path, "2020-01-01 00:00,100", "2020-01-02 02:00,200")
    with pytest.raises(
        ScenarioError, match=r"row 3: 25 hours without a sample .*more than the 24.*--longest-gap"
    ):
        read_trace(more, "hold")
    assert len(read_trace(more, "linear", 25).g_per_kwh) == 27


def test_ten_years_are_never_filled(tmp_path: Path) -> None:
    path = written(tmp_path, "2010-01-01 00:00,100", "2020-01-01 00:00,200")
    for longest_gap in (None, 8_784):
        with pytest.raises(ScenarioError, match="row 3: 87,647 hours without a sample"):
            read_trace(path, "linear", longest_gap)


@pytest.mark.parametrize("empty", [range(5, 31), range(26), range(10, 36)], ids=["within", "first", "last"])
def test_rows_without_a_figure_are_hours_to_fill_as_well(empty: range, tmp_path: Path) -> None:
    rows = [
        f"2020-01-0{1 + hour // 24} {hour % 24:02}:00,{'' if hour in empty else 100}" for hour in range(36)
    ]
    path = written(tmp_path, *rows)
    with pytest.raises(ScenarioError, match="26 hours in a row without a figure, more than the 24"):
        read_trace(path, "hold")
    assert read_trace(path, "hold", 26).note == "26 of 36 hours filled (hold)"


@pytest.mark.parametrize(
    ("fill", "longest_gap", "message"),
    [
        (None, 3, "longest_gap = 3 says how many hours are filled, and none are"),
        ("hold", 0, "longest_gap = 0 is not allowed: give whole hours from 1 to 8,784"),
        ("hold", 8_785, "longest_gap = 8785 is not allowed"),
        ("hold", 2.5, "longest_gap = 2.5 is not allowed"),
        ("hold", True, "longest_gap = True is not allowed"),
    ],
)
def test_gaps_that_cannot_be_asked_for(fill, longest_gap, message: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=message):
        read_trace(written(tmp_path, "2020-01-01 00:00,100"), fill, longest_gap)


def test_a_scenario_file_says_how_long_a_gap_may_be(tmp_path: Path) -> None:
    written(tmp_path, "2020-01-01 00:00,100", "2020-01-02 06:00,200")
    text = 'extends = "grid"\nbs_country = "CH"\n[traces.dc]\ncsv = "trace.csv"\nfill = "hold"\n'
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ScenarioError, match=r"mine.toml: traces.dc: .*29 hours without a sample"):
        Scenario.load(tmp_path / "mine.toml")
    (tmp_path / "mine.toml").write_text(f"{text}longest_gap = 29\n")
    mine = Scenario.load(tmp_path / "mine.toml")
    assert mine.bs_country == "CHE"
    assert mine.traces is not None
    assert mine.traces.dc is not None
    assert mine.traces.dc.note == "29 of 31 hours filled (hold)"
    (tmp_path / "saved.toml").write_text(mine.to_toml())
    assert Scenario.load(tmp_path / "saved.toml") == mine
