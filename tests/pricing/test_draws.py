import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, triang

from hardware_profiles.figure import Figure
from neuro_aolo.pricing.draws import (
    INTERVAL,
    Draws,
    Values,
    bounded,
    interval,
    quartiles,
    share_below,
    spread,
    total,
)
from neuro_aolo.pricing.ranges import Range

seeds = st.integers(0, 2**32 - 1)


def figure(low: float, nominal: float, high: float) -> Figure:
    return Figure(low=low, nominal=nominal, high=high, evidence="recalled", verified="R")


figures = st.tuples(*[st.floats(0.0, 1e6)] * 3).map(lambda three: figure(*sorted(three)))


def between(low: float, share: float, high: float) -> Figure:
    """A figure whose nominal lies so far up its range."""
    return figure(low, low + share * (high - low), high)


shares = st.floats(0.05, 0.95)
narrow = st.builds(
    lambda low, share, by: between(low, share, low * by), st.floats(0.1, 1e3), shares, st.floats(1.1, 9.9)
)
from_zero = st.builds(lambda share, high: between(0.0, share, high), shares, st.floats(0.1, 1e3))
wide = st.builds(
    lambda low, share, by: between(low, share, low * by), st.floats(0.1, 10.0), shares, st.floats(10.0, 1e4)
)


def density(drawn: Figure, x: Values) -> Values:
    """Rises in a line from low to nominal and falls in one to high, half of it on either side."""
    low, nominal, high = drawn.low, drawn.nominal, drawn.high
    rising, falling = (x - low) / (nominal - low) ** 2, (high - x) / (high - nominal) ** 2
    return np.where(x < nominal, rising, falling)


@settings(deadline=None)
@given(st.one_of(narrow, from_zero), seeds)
def test_draws_of_one_latent_factor_are_the_same_quantile(drawn: Figure, seed: int) -> None:
    """On either side the draws are those of a right triangle, which is scipy's with its mode at one end."""
    draws = Draws(50, seed)
    # The quantile behind each draw, told by another figure of the factor: a symmetric triangle.
    quantiles = triang.cdf(draws.of(figure(0.0, 0.5, 1.0), "chip prices")[3:], 0.5)
    below = triang.ppf(2.0 * quantiles, 1.0, drawn.low, drawn.nominal - drawn.low)
    above = triang.ppf(2.0 * quantiles - 1.0, 0.0, drawn.nominal, drawn.high - drawn.nominal)
    expected = np.where(quantiles <= 0.5, below, above)
    assert draws.of(drawn, "chip prices")[3:] == pytest.approx(expected, rel=1e-6, abs=1e-6 * drawn.high)


@settings(deadline=None)
@given(wide, seeds)
def test_a_decade_is_drawn_on_its_logarithm(drawn: Figure, seed: int) -> None:
    low, nominal, high = np.log([drawn.low, drawn.nominal, drawn.high]) + 10.0
    of_logarithms = Draws(50, seed).of(figure(low, nominal, high), "x")[3:] - 10.0
    assert np.log(Draws(50, seed).of(drawn, "x")[3:]) == pytest.approx(of_logarithms, abs=1e-9)


@pytest.mark.parametrize("nominal", [10.5, 11.0, 12.0, 13.9])
def test_draws_have_the_density_that_is_stated(nominal: float) -> None:
    drawn = figure(10.0, nominal, 14.0)
    values = Draws(seed=3).of(drawn, "x")[3:]
    grid = np.linspace(10.0, 14.0, 4_001)
    share = np.concatenate([[0.0], np.cumsum(density(drawn, 0.5 * (grid[1:] + grid[:-1])) * np.diff(grid))])
    assert share[-1] == pytest.approx(1.0, abs=1e-3)
    assert kstest(values, lambda x: np.interp(x, grid, share)).pvalue > 0.01
    assert interval(np.concatenate([np.zeros(3), values])) == pytest.approx(
        np.interp(INTERVAL, share, grid), abs=0.1
    )


@settings(deadline=None)
@given(figures)
def test_half_of_the_draws_lie_below_the_nominal_whatever_the_range(drawn: Figure) -> None:
    """The most lopsided too: 5.8, 10 and 1,000 us have half of their draws below 10 us."""
    values = Draws(2_001, seed=5).of(drawn, "x")
    low, high = quartiles(values)
    assert low * (1 - 1e-12) <= drawn.nominal <= high * (1 + 1e-12)
    below = np.mean(Draws(seed=5).of(figure(5.8, 10.0, 1_000.0), "x")[3:] < 10.0)
    assert below == pytest.approx(0.5, abs=0.03)


@settings(deadline=None)
@given(figures, seeds, st.sampled_from(["loihi1 prices", "", "ü"]))
def test_draws_stay_between_low_and_high_after_low_nominal_high(
    drawn: Figure, seed: int, latent: str
) -> None:
    values = Draws(20, seed).of(drawn, latent)
    assert values.shape == (23,)
    assert spread(values) == Range.of(drawn)
    assert (values[3:] >= drawn.low * (1 - 1e-12)).all()
    assert (values[3:] <= drawn.high * (1 + 1e-12)).all()


@given(st.floats(0.0, 1e9), seeds)
def test_a_figure_without_width_is_drawn_as_itself(value: float, seed: int) -> None:
    assert (Draws(9, seed).of(figure(value, value, value), "x") == value).all()


def test_a_seed_and_a_factor_decide_the_draws_and_nothing_else_does() -> None:
    first, second = figure(0.0, 1.0, 2.0), figure(5.0, 6.0, 9.0)
    forwards, backwards = Draws(100, seed=1), Draws(100, seed=1)
    of_forwards = [forwards.of(first, "a"), forwards.of(second, "b")]
    of_backwards = [backwards.of(second, "b"), backwards.of(first, "a")]
    np.testing.assert_array_equal(of_forwards, of_backwards[::-1])
    np.testing.assert_array_equal(of_forwards[0], forwards.of(first, "a"))
    assert (Draws(100, seed=2).of(first, "a")[3:] != of_forwards[0][3:]).all()


def test_factors_err_independently() -> None:
    draws, one = Draws(seed=4), figure(0.0, 1.0, 3.0)
    together = np.corrcoef([draws.of(one, latent)[3:] for latent in ("a prices", "b prices", "a step")])
    assert np.abs(together - np.eye(3)).max() < 0.06


def test_low_nominal_and_high_are_no_draws() -> None:
    """Ten draws of 1 to 10: the 5 % quantile lies at 1.45, the 95 % quantile at 9.55."""
    values = np.array([0.0, 50.0, 99.0, *range(10, 0, -1)])
    assert spread(values) == Range(0.0, 50.0, 99.0)
    assert interval(values) == pytest.approx((1.45, 9.55))
    assert quartiles(values) == pytest.approx((3.25, 7.75))


def test_a_share_counts_what_is_truly_below() -> None:
    values, other = (
        np.array([0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0]),
        np.array([9.0, 9.0, 9.0, 2.0, 2.0, 2.0, 5.0]),
    )
    assert share_below(values, other) == 0.5
    assert share_below(other, values) == 0.25
    assert share_below(values, values) == 0.0


@settings(deadline=None)
@given(figures, seeds)
def test_the_time_at_a_drawn_power_has_its_bounds_the_other_way(drawn: Figure, seed: int) -> None:
    assume(drawn.low > 1e-3)
    values = Draws(20, seed).of(drawn, "active")
    time = bounded(1.0 / values)
    assert spread(time) == Range(1.0 / drawn.high, 1.0 / drawn.nominal, 1.0 / drawn.low)
    np.testing.assert_array_equal(time[3:], 1.0 / values[3:])


@given(st.tuples(*[st.floats(0.0, 1e9)] * 3), st.lists(st.floats(0.0, 1e9), max_size=5))
def test_bounds_are_the_least_and_the_most_of_the_three_and_no_draw_moves(
    three: tuple[float, float, float], drawn: list[float]
) -> None:
    """The nominal stays, be it the least or the most itself."""
    values = np.array([*three, *drawn])
    found = bounded(values)
    assert spread(found) == Range(min(three), three[1], max(three))
    np.testing.assert_array_equal(found[3:], drawn)
    np.testing.assert_array_equal(bounded(found), found)
    np.testing.assert_array_equal(values[:3], three)


def test_a_total_is_the_sum_and_of_nothing_is_zero() -> None:
    draws = Draws(4)
    assert (total([], draws) == 0.0).all()
    assert total([], draws).shape == (7,)
    amounts = [draws.constant(1.5), draws.of(figure(0.0, 1.0, 2.0), "x")]
    np.testing.assert_array_equal(total(amounts, draws), amounts[0] + amounts[1])
