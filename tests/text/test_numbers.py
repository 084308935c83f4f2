import math
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neuro_aolo.text.numbers import (
    MISSING,
    amount,
    count,
    number_of,
    percent,
    plain,
    reach,
    significant,
    spread,
    with_prefix,
)


class Bounds(NamedTuple):
    low: float
    nominal: float
    high: float


class Reach(NamedTuple):
    low: float | None
    nominal: float | None
    high: float | None


PREFIXES = {"a": 1e-18, "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.00123456, "0.00123"),
        (12.345, "12.3"),
        (999.6, "1,000"),
        (1234.5, "1,230"),
        (-0.5, "-0.500"),
        (1.234e-9, "1.23×10⁻⁹"),
        (9.996e-6, "1.00×10⁻⁵"),
        (math.nan, MISSING),
        (math.inf, MISSING),
        (None, MISSING),
    ],
)
def test_significant_digits(value: float, text: str) -> None:
    assert significant(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1 / 20_000, "0.005 %"), (0.182335, "18.2 %"), (1.0, "100 %"), (3.058e-7, "3.06e-5 %")],
)
def test_shares_are_percentages_without_idle_zeros(share: float, text: str) -> None:
    assert plain(percent(share)) == text


@given(st.floats(1e-17, 9.9e7))
def test_a_prefixed_value_reads_back(value: float) -> None:
    number, unit = plain(with_prefix(value, "J")).split()
    assert float(number.replace(",", "")) * PREFIXES[unit.removesuffix("J")] == pytest.approx(
        value, rel=5.1e-3
    )


@given(st.floats(1e-12, 1e3))
@example(999.5)
@example(999.5e-6)
def test_the_number_before_a_prefix_has_one_to_three_places(value: float) -> None:
    number = float(plain(with_prefix(value, "g")).split()[0].replace(",", ""))
    assert 1.0 <= number < 1000.0


def test_a_range_shares_one_prefix_and_keeps_its_nominal_value() -> None:
    energy = spread(Bounds(2.3426e-6, 9.4892e-6, 2.39858e-5), "J")
    assert plain(energy) == "9.49 uJ (2.34 - 24.0)"
    assert energy.value == 9.4892e-6


def test_a_range_without_width_is_one_figure_and_none_is_said_to_be_missing() -> None:
    assert plain(spread(Bounds(2e-3, 2e-3, 2e-3), "g")) == "2.00 mg"
    assert str(spread(None, "J")) == MISSING
    assert str(spread(Bounds(0.0, math.nan, 1.0), "J")) == MISSING


def test_a_range_that_starts_at_zero_takes_its_prefix_from_what_is_not() -> None:
    assert plain(spread(Bounds(0.0, 0.0, 1.05e-7), "J")) == "0 nJ (0 - 105)"


def test_what_no_amount_reaches_is_never() -> None:
    some = Reach(9190.4, 28_311.5, None)
    assert plain(reach(some)) == "28,300 (9,190 - never)"
    assert reach(some).value == 28_311.5
    assert str(reach(Reach(None, None, None))) == "never"
    assert math.isnan(reach(Reach(None, None, None)).value)
    large = Reach(40.64e6, 62.7e6, 101.6e6)
    assert plain(reach(large)) == "62.7 million (40.6 - 102)"
    assert plain(reach(Reach(0.5, 0.5, 0.5), scale=86_400.0)) == "43,200"


def test_a_range_below_zero_has_no_two_signs_beside_each_other() -> None:
    below = Bounds(-93.4e-6, -92.7e-6, -92.1e-6)
    assert plain(spread(below, "g")) == "-92.7 ug (-93.4 to -92.1)"


def test_counts_are_whole_where_they_are_and_means_otherwise() -> None:
    assert [str(count(value)) for value in (534_000, 23.8355, 88_075.3, None)] == [
        "534,000",
        "23.8",
        "88,075",
        MISSING,
    ]


def test_terminal_text_is_ascii() -> None:
    for text in (with_prefix(2e-6, "J"), percent(1e-9), amount(39.5, "mg CO₂e"), "neuron × step", "a – b"):
        assert plain(text).isascii()


@pytest.mark.parametrize(
    ("text", "value"), [("350.5", 350.5), ("1e3", 1000.0), ("-.5", -0.5), ("+2.", 2.0), ("1e400", math.inf)]
)
def test_a_written_number_is_read(text: str, value: float) -> None:
    assert number_of(text) == value


@pytest.mark.parametrize("text", ["3_50", "３５０", "٣٥٠", "nan", "inf", "", " 1", "1,5", "0x10", "1e", "²"])
def test_what_only_python_calls_a_number_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no number"):
        number_of(text)
