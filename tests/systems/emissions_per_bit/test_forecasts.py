"""Plans on forecasts: those of a day that repeats are the causal optimum, and better ones are worth more."""

from datetime import UTC, datetime
from functools import partial

import numpy as np
import pytest

from neuro_aolo.systems.emissions_per_bit import rules
from neuro_aolo.systems.emissions_per_bit.cell import Cell, Week, live
from neuro_aolo.systems.emissions_per_bit.forecasts import Forecast, blended, known, past_days, planned
from neuro_aolo.systems.emissions_per_bit.parameters import Time
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario
from neuro_aolo.systems.emissions_per_bit.storage_value import SWEEPS, StorageValue, typical_day
from neuro_aolo.systems.grid.trace import Trace

DAYS, START = 12, 96


def lived(clock: np.ndarray, forecasts: dict[str, tuple[Forecast, int]], slots: int) -> dict[str, Week]:
    """Episodes of one cell, from hour 96, planned by each forecast at each pace; and by the rule."""
    trace = Trace(source="t.csv", start=datetime(2020, 1, 1, tzinfo=UTC), g_per_kwh=tuple(clock.tolist()))
    cell = Scenario(name="t", time=Time(slots=slots)).with_traces(trace)
    effort = rules.least_effort(cell, 5.0)
    day = typical_day(cell, effort, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    hours = [cell.slot(np.array([START + hour]), rng) for hour in range(slots)]
    sourcings = {
        name: planned(cell, day, forecast, START, every, slots)
        for name, (forecast, every) in forecasts.items()
    }
    sourcings["store_surplus"] = partial(rules.store_surplus, cell)
    return {name: live(cell, hours, effort, sourcing) for name, sourcing in sourcings.items()}


def test_forecasts_are_days_from_the_hour_that_is_asked_for() -> None:
    clock = np.arange(24.0 * DAYS)
    np.testing.assert_array_equal(past_days(clock, 1)(77), clock[53:77])
    np.testing.assert_array_equal(past_days(clock, 3)(77), clock[29:53])
    np.testing.assert_array_equal(known(clock)(77), clock[77:101])
    predicted = -np.arange(1.0, 7.0) * np.ones((24 * DAYS, 1))
    mixed = blended(clock, predicted, past_days(clock, 1))(77)
    np.testing.assert_array_equal(mixed[:8], [77.0, -1.0, -2.0, -3.0, -4.0, -5.0, -6.0, 60.0])
    long = blended(clock, np.ones((24 * DAYS, 40)), past_days(clock, 1))(77)
    np.testing.assert_array_equal(long, [77.0, *[1.0] * 23])


def test_on_a_day_that_repeats_every_plan_is_the_causal_optimum() -> None:
    cell = Cell()
    clock = np.tile(cell.clock, DAYS)
    # Every plan but the first goes on from one that is as good already.
    weeks = lived(clock, {"yesterday": (past_days(clock, 1), 24), "known": (known(clock), 12)}, 48)
    effort = rules.least_effort(cell, 5.0)
    optimum = StorageValue.learnt(cell, effort, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    slots = [cell.slot(np.array([hour]), rng) for hour in range(48)]
    best = live(cell, slots, effort, optimum.sourcing)
    for name in ("yesterday", "known"):
        assert weeks[name].source_g == pytest.approx(best.source_g, rel=2e-3)


def test_a_worth_that_has_settled_is_the_same_after_another_day() -> None:
    cell = Cell()
    effort = rules.least_effort(cell, 5.0)
    day = typical_day(cell, effort, np.random.default_rng(1))
    settled = StorageValue.nothing(cell).swept(day, cell.clock, 0, SWEEPS)
    later = settled.swept(day, cell.clock, 7, 1)
    slopes = [np.diff(value.grams, axis=1) for value in (settled, later)]
    assert slopes[1] == pytest.approx(slopes[0], abs=1e-3 * np.abs(slopes[0]).max())
    assert not np.array_equal(later.grams, settled.grams)


def test_a_day_that_is_known_is_worth_more_than_yesterday_s() -> None:
    """Some evenings are dirty: before them one should buy, and before the others not."""
    evenings = np.random.default_rng(5).choice([110.0, 700.0], DAYS)
    clock = np.concatenate([[110.0] * 14 + [100.0] * 4 + [evening] * 6 for evening in evenings])
    assert len(set(evenings[3:8])) == 2
    weeks = lived(clock, {"yesterday": (past_days(clock, 1), 24), "known": (known(clock), 24)}, 96)
    assert weeks["known"].ng_per_bit < weeks["store_surplus"].ng_per_bit
    assert weeks["known"].ng_per_bit < weeks["yesterday"].ng_per_bit
