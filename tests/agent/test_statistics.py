"""Statistics over seeds, against values worked out by hand."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from neuro_aolo.agent.statistics import (
    Estimate,
    Statistic,
    estimate,
    interquartile_mean,
    mean,
    median,
    method,
    spread,
)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5.0], 5.0),
        ([1.0, 2.0, 6.0], 3.0),
        # One of four is left out at either end, two of ten.
        ([100.0, 2.0, 4.0, -50.0], 3.0),
        ([0.0, 9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 1e9], 5.0),
    ],
)
def test_the_interquartile_mean_is_the_mean_of_the_middle(values: list[float], expected: float) -> None:
    assert interquartile_mean(np.array(values)) == pytest.approx(expected)


def test_statistics_run_along_an_axis() -> None:
    values = np.array([[1.0, 2.0, 3.0, 10.0], [4.0, 4.0, 6.0, 6.0]])
    assert mean(values).tolist() == [4.0, 5.0]
    assert interquartile_mean(values).tolist() == [2.5, 5.0]
    assert mean(values, axis=0).tolist() == [2.5, 3.0, 4.5, 8.0]


def test_the_interval_of_many_is_that_of_every_possible_resample() -> None:
    values = np.repeat([0.0, 1.0], 5)
    # A resample's mean is a tenth of a binomial variable of 10 draws at 1/2.
    low, high = binom.ppf([0.025, 0.975], 10, 0.5) / 10
    found = estimate(values, mean, np.random.default_rng(0))
    assert (found.value, found.low, found.high) == pytest.approx((0.5, low, high))


@pytest.mark.parametrize("statistic", [mean, median, interquartile_mean])
@pytest.mark.parametrize("values", [[2.0, 4.0], [5.0, 0.0, 1.0, 6.0], list(range(9))])
def test_few_values_have_their_range(statistic: Statistic, values: list[float]) -> None:
    found = estimate(np.array(values, float), statistic, np.random.default_rng(0))
    assert found == Estimate(float(statistic(np.array(values, float))), min(values), max(values))


def test_the_range_of_five_holds_the_median_in_94_of_100_cases() -> None:
    drawn = np.random.default_rng(0).lognormal(size=(20_000, 5))
    held = (drawn.min(axis=1) <= 1.0) & (drawn.max(axis=1) >= 1.0)
    assert held.mean() == pytest.approx(1.0 - 2.0**-4, abs=0.005)


@pytest.mark.parametrize(
    ("count", "name", "made"),
    [
        (1, "median", "none"),
        (2, "median", "range"),
        (9, "median", "range"),
        (10, "IQM", "95 % percentile bootstrap"),
    ],
)
def test_an_interval_says_its_method(count: int, name: str, made: str) -> None:
    found = spread(np.arange(float(count)))
    assert (found.middle_name, found.method, method(count)) == (name, made, made)
    assert found.middle == (found.median if name == "median" else found.iqm)


def test_one_value_has_no_interval_and_none_has_no_mean() -> None:
    one = spread(np.array([7.0]))
    assert (one.seeds, one.mean.value, one.iqm.value) == (1, 7.0, 7.0)
    assert all(math.isnan(end) for end in (one.mean.low, one.mean.high, one.iqm.low, one.iqm.high))
    for values in ([], [1.0, math.nan, 2.0]):
        missing = spread(np.array(values))
        assert math.isnan(missing.mean.value)
        assert math.isnan(missing.iqm.low)


def test_equal_values_have_an_interval_of_no_width() -> None:
    assert spread(np.full(5, 3.0)).iqm == Estimate(3.0, 3.0, 3.0)


def test_the_same_values_give_the_same_intervals() -> None:
    values = np.random.default_rng(1).normal(10.0, 1.0, 12)
    assert spread(values) == spread(values)
    assert spread(values, seed=1) != spread(values)


def test_an_outlier_moves_the_mean_and_not_the_interquartile_mean() -> None:
    values = np.arange(10.0)
    with_outlier = np.where(values == 9.0, 1e6, values)
    assert spread(with_outlier).iqm.value == spread(values).iqm.value == 4.5
    assert spread(with_outlier).mean.value > 1e5
