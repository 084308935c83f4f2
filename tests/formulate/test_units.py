"""Figures in the units that people write."""

import contextlib
import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

pytest.importorskip("pint", reason="the extra formulate is not installed")

from neuro_aolo.formulate.units import UnitError, convert, is_unit, unit_at

PAIRS = [
    ("W", "mW", 1e3),
    ("W", "kilowatts", 1e-3),
    ("Hz", "MHz", 1e-6),
    ("s", "ms", 1e3),
    ("s", "minutes", 1 / 60),
    ("gCO2/kWh", "kg/MWh", 1.0),
    ("gCO2/kWh", "g CO2e per kilowatt-hour", 1.0),
    ("gCO2/kWh", "lb/MWh", 1e3 / 453.59237),
    ("gCO2/kWh", "g/MJ", 1 / 3.6),
    ("kgCO2", "tonnes", 1e-3),
    ("mgCO2", "g", 1e-3),
    ("kWh", "MJ", 3.6),
    ("Mbit/s", "Gbit/s", 1e-3),
    ("Mbit/s", "MB/s", 1 / 8),
    ("Mbit", "kB", 125.0),
    ("bit/word", "bytes per word", 1 / 8),
    ("bit/word", "bits", 1.0),
    ("FLOP/bit", "MFLOP/bit", 1e-6),
    ("TFLOP/s", "teraflops", 1.0),
    ("TFLOP/s", "PFLOPS", 1e-3),
    ("W/GHz^3", "watts per gigahertz cubed", 1.0),
    ("year", "months", 12.0),
    ("1/s", "packets per second", 1.0),
    ("request/s", "tasks a minute", 60.0),
    ("-", "%", 100.0),
    ("GPU", "accelerators", 1.0),
    ("point", "points", 1.0),
    ("dB", "dB", 1.0),
    ("m", "kilometres", 1e-3),
]
"""The unit of a parameter, one as written, and how many of these one of those is."""


@pytest.mark.parametrize(("wanted", "written", "many"), PAIRS)
@given(value=st.floats(min_value=1e-6, max_value=1e9))
def test_there_and_back_is_the_same(wanted: str, written: str, many: float, value: float) -> None:
    assert math.isclose(convert(value * many, written, wanted), value, rel_tol=1e-9)


@given(dbm=st.floats(min_value=-120.0, max_value=80.0))
def test_decibels_of_a_milliwatt_are_its_logarithm(dbm: float) -> None:
    assert math.isclose(10.0 * math.log10(convert(dbm, "dBm", "W") / 1e-3), dbm, abs_tol=1e-9)
    assert math.isclose(convert(dbm, "dBm", "W"), convert(dbm - 30.0, "dBW", "W"), rel_tol=1e-9)


@pytest.mark.parametrize(
    ("written", "wanted", "said"),
    [
        ("", "W", "no unit is said"),
        ("kg", "W", "no unit of this"),
        ("parsecs", "W", "no unit that is known"),
        ("mw", "W", "MW or mW"),
        ("tons", "kgCO2", "short tons, long tons or tonnes"),
        ("tokens", "word", "no unit of this"),
        ("users", "-", "no unit of this"),
        ("MHz", "request/s", "no unit of this"),
        ("9**9**9", "W", "no unit that is known"),
        ("__import__('os')", "W", "no unit that is known"),
        ("W" * 100, "W", "no unit that is known"),
        ("dB", "W", "no unit of this"),
        ("dBm", "dB", "dB is meant here"),
        ("m", "s", "no unit of this"),
    ],
)
def test_what_does_not_fit_is_refused(written: str, wanted: str, said: str) -> None:
    with pytest.raises(UnitError, match=said):
        convert(1.0, written, wanted)


@given(st.text(max_size=80))
def test_no_text_is_more_than_a_unit_or_none(text: str) -> None:
    assume(text.strip())
    for wanted in ("W", "gCO2/kWh", "-", "GPU"):
        with contextlib.suppress(UnitError):
            assert not math.isnan(convert(1.0, text, wanted))
    is_unit(text)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("350 grams of CO2 per kilowatt-hour, at night", "grams of CO2 per kilowatt-hour"),
        ("8 GPUs of 400 W", "GPUs"),
        ("20MHz wide", "MHz"),
        ("1.1 kWh. For one word", "kWh"),
        ("180 g of CO2 for each kWh", "g of CO2 for each kWh"),
        ("12 in the evening", ""),
        ("5G", ""),
    ],
)
def test_the_unit_behind_a_number_is_the_longest(text: str, unit: str) -> None:
    number = len(text) - len(text.lstrip("0123456789."))
    assert unit_at(text, number)[0] == unit


@pytest.mark.parametrize("written", ["ms", "s", "minutes", "h"])
def test_a_time_below_a_day_is_no_lifetime(written: str) -> None:
    with pytest.raises(UnitError, match="less than a day: years are meant here"):
        convert(20.0, written, "year")
    assert convert(36.0, "months", "year") == 3.0
