"""Numbers in sentences."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_aolo.formulate.numerals import numerals

ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def spelt(number: int) -> str:
    """A number below a million in English."""
    if number >= 1000:
        rest = f" {spelt(number % 1000)}" if number % 1000 else ""
        return f"{spelt(number // 1000)} thousand{rest}"
    if number >= 100:
        rest = f" and {spelt(number % 100)}" if number % 100 else ""
        return f"{ONES[number // 100 - 1]} hundred{rest}"
    if number >= 20:
        rest = f"-{ONES[number % 10 - 1]}" if number % 10 else ""
        return f"{TENS[number // 10 - 2]}{rest}"
    return TEENS[number - 10] if number >= 10 else ONES[number - 1]


@given(st.integers(min_value=1, max_value=999_999))
def test_a_number_in_letters_is_that_number(number: int) -> None:
    (only,) = numerals(f"it takes {spelt(number)} of them")
    assert only.value == number


@given(st.floats(min_value=1e-9, max_value=1e15), st.sampled_from(["{!r}", "{:.6e}", "{:.3f}", "{:,.2f}"]))
def test_a_number_in_digits_is_what_python_reads(number: float, form: str) -> None:
    written = form.format(number)
    (only,) = numerals(f"about {written} W")
    assert math.isclose(only.value, float(written.replace(",", "")), rel_tol=1e-12)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("half a second", [0.5]),
        ("two and a half watts", [2.5]),
        ("a quarter of an hour", [0.25]),
        ("half a dozen", [6]),
        ("2½", [2.5]),
        ("5 million", [5e6]),
        ("200k words", [2e5]),
        ("2×10⁻³", [0.002]),
        ("6,8", [6.8]),
        ("3,3,2,2", [3, 3, 2, 2]),
        ("100-300", [100, 300]),
        ("-30 dBm", [-30]),
        ("1 600 W", [1600]),
        ("GPT-4 on an H100 with CO2", []),
        ("W/GHz^3", []),
        ("fifteen to twenty five", [15, 25]),
        ("1e400", [math.inf]),
    ],
)
def test_numbers_as_people_write_them(text: str, values: list[float]) -> None:
    assert [number.value for number in numerals(text)] == values


@given(st.text(max_size=200))
def test_every_number_stands_in_the_text_and_none_overlaps(text: str) -> None:
    last = 0
    for number in numerals(text):
        assert last <= number.start < number.end <= len(text)
        assert not math.isnan(number.value)
        last = number.end
