"""The rows on emissions per bit: a few of two weeks are what the committed page says of sixteen."""

import importlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from neuro_aolo.errors import RunError

ROOT = Path(__file__).parents[2]
REAL = Path(__file__).parents[3] / "shared" / "data" / "grid"
PAGE = ROOT / "results" / "emissions_per_bit" / "README.md"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script and the modules beside it, which are found as they are when the shell runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        return importlib.import_module("reproduce_emissions")


def figures(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?[0-9]+(?:\.[0-9]+)?", text)]


@pytest.fixture(scope="module")
def kept_page() -> dict[str, list[str]]:
    """Rows of the page by their number."""
    return {
        cells[1]: cells
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if (cells := [cell.strip() for cell in line.split("|")])[0] == "" and len(cells) == 7
    }


def test_rows_of_accounting_and_tie_breaks(script: ModuleType, kept_page: dict[str, list[str]]) -> None:
    rows = [*script.accounting(2), *script.tie_breaks(2)]
    assert [row.number for row in rows] == ["1", "2", "3", "4", "4b", "8"]
    for row in rows:
        number, claim, result, bar, met = kept_page[row.number][1:6]
        assert (number, claim, bar, met) == (row.number, row.claim, row.bar, "yes")
        assert figures(row.result)[:3] == pytest.approx(figures(result)[:3], rel=0.2)


def test_every_row_of_the_page_has_a_verdict(script: ModuleType) -> None:
    row = script.Row("1", "a claim", "a result", "a bar", is_met=False)
    assert script.page([row], 3).splitlines()[-1] == "| 1 | a claim | a result | a bar | no |"


def test_the_page_holds_what_the_cells_say(script: ModuleType) -> None:
    cells = PAGE.parent / "cells"
    if not cells.is_dir():
        pytest.skip("a source distribution leaves the cells out")
    rows = [row for rows in script.made(cells, 16, None, overwrite=False) for row in rows]
    assert script.page(rows, 16) == PAGE.read_text(encoding="utf-8")
    assert {row.number for row in rows} >= {*map(str, range(1, 11)), "4b", "12", "13", "14"}


def test_rows_are_kept_and_refused_where_settings_differ(script: ModuleType, tmp_path: Path) -> None:
    row, calls = script.Row("1", "a claim", "a result", "a bar", is_met=True), []

    def rows() -> list[object]:
        calls.append(1)
        return [row]

    file, settings = tmp_path / "some.json", {"weeks": 2}
    for _ in range(2):
        assert script.kept_rows(file, settings, rows, overwrite=False) == [row]
    assert len(calls) == 1
    with pytest.raises(RunError, match="weeks"):
        script.kept_rows(file, {"weeks": 3}, rows, overwrite=False)
    assert script.kept_rows(file, {"weeks": 3}, rows, overwrite=True) == [row]
    assert len(calls) == 2


def test_a_front_that_was_learnt_is_a_line_of_its_own(script: ModuleType) -> None:
    known = {
        "optimum": [(6.0, 175.0, 0.12, 0.0), (7.0, 180.0, 0.10, 0.0)],
        "store": [(7.2, 175.0, 0.12, 0.0), (8.0, 180.0, 0.11, 0.0)],
        "store-fixed": [(7.0, 173.0, 0.3, 0.004), (9.0, 190.0, 0.17, 0.0)],
    }
    first, learnt = script.front_rows(known, {"ppo": known["optimum"], "rule": known["store"]})[:2]
    front, alone, store, fixed, with_all = figures(first.result)[:5]
    assert first.is_met
    assert front > alone > store > fixed
    assert with_all > fixed
    assert "with 1 that lose more than 0.1 %" in first.result
    one = (1.0 - 6.0 / 20.0) * (1.0 - 175.0 / 260.0) * (1.0 - 0.12 / 0.4)
    assert alone == pytest.approx(one, abs=2e-3)
    assert "of ppo, 2 preferences" in learnt.claim
    assert figures(learnt.result)[0] == front
    assert learnt.is_met
    for points in (known["optimum"][:1], known["store"]):
        *_, short = script.front_rows(known, {"one point, or no better than a rule": points})
        assert not short.is_met


def test_weeks_of_a_real_grid_are_held_out(script: ModuleType, tmp_path: Path) -> None:
    """Every fourth ISO week, with the 24 h after it, and the cell's own hours are those of the trace."""
    from emissions.real_grids import Year

    start = datetime(2020, 1, 1, tzinfo=UTC)
    file = tmp_path / "grid.csv"
    text = [f"{start + timedelta(hours=hour):%Y-%m-%d %H:%M},{100 + hour % 31}" for hour in range(24 * 62)]
    file.write_text("\n".join(["time,g/kWh", *text]), encoding="utf-8")
    year = Year.of(file)
    mondays = [datetime(2020, 1, 20, tzinfo=UTC), datetime(2020, 2, 17, tzinfo=UTC)]
    assert [start + timedelta(hours=hour) for hour in year.held_out] == mondays
    assert year.weeks == year.held_out[1:]
    assert (~year.learnt_from).sum() == 2 * 192
    assert not year.learnt_from[year.held_out[0] : year.held_out[0] + 192].any()
    study = year.study(year.held_out)
    assert len(study.slots) == 168
    for gone in (0, 100):
        slot = study.slots[gone]
        np.testing.assert_array_equal(slot.hours, np.array(year.held_out) + gone)
        np.testing.assert_array_equal(slot.grid_g_per_kwh, 100.0 + slot.hours % 31)
        np.testing.assert_array_equal(slot.work.flop_per_bit, year.slot.work.flop_per_bit[slot.hours])
    hour = np.arange(len(year.cell.clock))
    clock = year.cell.clock
    exact = np.lib.stride_tricks.sliding_window_view(clock[1:], 3)
    assert year.error(exact, year.weeks) == 0.0
    assert year.error(exact + np.where(hour[: len(exact), None] < year.weeks[0], 9.0, 2.0), year.weeks) == 2.0


@pytest.mark.skipif(not REAL.is_dir(), reason="the real traces are not beside this checkout")
def test_a_clean_grid_is_as_the_page_says(script: ModuleType, kept_page: dict[str, list[str]]) -> None:
    (row,) = script.clean_grid(REAL / "fr_2020.csv", 6)
    assert [row.number, row.claim, row.result, row.bar, "yes"] == kept_page["10"][1:6]


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="the real traces are not beside this checkout")
def test_forecasts_of_a_week_are_about_what_the_page_says_of_six(
    script: ModuleType, kept_page: dict[str, list[str]]
) -> None:
    (row,) = script.forecasts(REAL / "gb_2020.csv", 1)
    found, page = figures(row.result), figures(kept_page["9"][3])
    assert len(found) == len(page)
    alone, first, stored, _, yesterday, perfect, bound = found[:7]
    assert alone > first > stored > perfect > bound
    assert yesterday > perfect
    assert found[:7] == pytest.approx(page[:7], rel=0.4)


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="the real traces are not beside this checkout")
def test_a_predictor_of_a_week(script: ModuleType) -> None:
    (row,) = script.predictor(REAL / "gb_2020.csv", 1, epochs=3)
    network, present, known, *planned = figures(row.result.replace("mean error ", ""))[:6]
    assert known == 0.0
    assert network < present
    assert planned[2] <= min(planned[:2])
