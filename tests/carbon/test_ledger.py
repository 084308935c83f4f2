import doctest
from fractions import Fraction
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuro_aolo.carbon
from hardware_profiles.profile import load_profile
from neuro_aolo.carbon.ledger import Account, Gap, on_for_s, requests_per_year
from neuro_aolo.carbon.lines import (
    LedgerLine,
    carbon_mg,
    embodied_line,
    inference_lines,
    service_lines,
    training_line,
)
from neuro_aolo.errors import ServiceError
from neuro_aolo.pricing.bill import Bill, Conditions
from neuro_aolo.pricing.count import DenseCounts
from neuro_aolo.pricing.hardware import Hardware, hardware
from neuro_aolo.pricing.price import price
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.systems.task import Entry
from neuro_aolo.units import J_PER_KWH

MLP = DenseCounts(
    macs=67_328, weights=67_842, activations=514, values=1_031, bytes_in=20, bytes_out=8, kernel_launches=6
)
SERVICE = {"inference_operational": 16.157, "wireless_operational": 4.752e-4}
ENTRIES = tuple(
    Entry(key, key.replace("_", ", "), "operational", site, "AOLO, arXiv:2503.04418")
    for key, site in (("inference_operational", "dc"), ("wireless_operational", "bs"))
)
BOUNDS = ("low", "nominal", "high")

masses = st.floats(0.0, 1e12)
ranges = st.lists(masses, min_size=3, max_size=3).map(lambda three: Range(*sorted(three)))
rates = st.floats(1e-3, 1e4)
intensities = st.floats(0.0, 2_000.0)


def account(rate_hz: float, intensity: float, profile: str = "mcu_m33_u575") -> Account:
    device = load_profile(profile)
    bill = price(MLP, device, Conditions(request_rate_hz=rate_hz))
    made = hardware(device)
    assert isinstance(bill, Bill)
    assert made is not None
    lines = (
        *service_lines(ENTRIES, SERVICE),
        *inference_lines(bill, intensity),
        embodied_line(made, "embodied", on_for_s(bill, rate_hz)),
        training_line(3.0, max(rate_hz * 1e6, 1.0), "CodeCarbon"),
    )
    return Account(lines, requests_per_year(rate_hz))


def test_the_worked_example_prints_what_it_says() -> None:
    page = Path(neuro_aolo.carbon.__file__).parent / "LEDGER.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 10
    assert found.failed == 0


@settings(deadline=None)
@given(lines=st.lists(ranges, min_size=1, max_size=10), service=st.integers(0, 10))
def test_the_lines_sum_exactly_to_the_totals(lines: list[Range], service: int) -> None:
    book = Account(
        tuple(
            LedgerLine("", str(index), "service" if index < service else "dynamic", "operational", mg, "")
            for index, mg in enumerate(lines)
        ),
        1.0,
    )
    for bound in BOUNDS:
        exact = sum(Fraction(getattr(line.carbon_mg, bound)) for line in book.lines)
        assert getattr(book.total_mg(), bound) == float(exact)
        agent = sum(Fraction(getattr(line.carbon_mg, bound)) for line in book.lines[service:])
        assert getattr(book.agent_mg, bound) == float(agent)


@pytest.mark.parametrize("profile", ["mcu_m33_u575", "h100"])
@settings(deadline=None, max_examples=30)
@given(slow=rates, fast=rates, intensity=intensities)
def test_a_busier_device_emits_less_per_request_and_more_per_year(
    profile: str, slow: float, fast: float, intensity: float
) -> None:
    slow, fast = sorted((slow, fast))
    idle, busy = account(slow, intensity, profile), account(fast, intensity, profile)
    for bound in BOUNDS:
        assert getattr(busy.agent_mg, bound) <= getattr(idle.agent_mg, bound) * (1 + 1e-9)
    # The least of a part may belong to the most of another, so that bounds are wider than need be.
    per_year = [book.per_year_kg(book.agent_mg).nominal for book in (idle, busy)]
    assert per_year[0] <= per_year[1] * (1 + 1e-9)


@settings(deadline=None, max_examples=30)
@given(clean=intensities, dirty=intensities, rate_hz=rates)
def test_a_dirtier_grid_emits_more(clean: float, dirty: float, rate_hz: float) -> None:
    clean, dirty = sorted((clean, dirty))
    for line, other in zip(account(rate_hz, clean).lines, account(rate_hz, dirty).lines, strict=True):
        for bound in BOUNDS:
            assert getattr(line.carbon_mg, bound) <= getattr(other.carbon_mg, bound)


@settings(deadline=None)
@given(energy_j=ranges, intensity=st.floats(1e-3, 2_000.0), rate_hz=rates)
def test_units_there_and_back(energy_j: Range, intensity: float, rate_hz: float) -> None:
    mg = carbon_mg(energy_j, intensity)
    assert mg.nominal / 1e3 / intensity * J_PER_KWH == pytest.approx(energy_j.nominal, rel=1e-12)
    everything = LedgerLine("agent_dynamic", "all", "dynamic", "operational", mg, "")
    book = Account((everything,), requests_per_year(rate_hz))
    per_year_mg = book.per_year_kg(mg).high * 1e6
    assert per_year_mg / book.requests_per_year == pytest.approx(mg.high, rel=1e-12)
    assert book.sci_mg(7.0).low * 7.0 == pytest.approx(mg.low, rel=1e-12)


def test_one_kilowatt_hour_emits_the_intensity() -> None:
    assert carbon_mg(Range(0.0, 3.6e6, 7.2e6), 56.0) == Range(0.0, 56e3, 112e3)


@given(rate_hz=st.floats(1e-6, 1e3))
def test_the_decisions_of_a_lifetime_carry_the_whole_device(rate_hz: float) -> None:
    """A device that is slower than requests come is shared by as many as it can decide."""
    device = Hardware("chip", Range(0.5, 1.0, 2.0), 1e8, "")
    period_s = 1.0 / rate_hz
    line = embodied_line(device, "embodied", Range(period_s, period_s, period_s))
    assert line.carbon_mg.nominal * rate_hz * 1e8 == pytest.approx(1e6, rel=1e-12)


def test_a_slow_device_is_on_for_as_long_as_it_works() -> None:
    bill = price(MLP, load_profile("mcu_m33_u575"), Conditions(request_rate_hz=1e4))
    assert isinstance(bill, Bill)
    assert bill.latency_s is not None
    assert on_for_s(bill, 1e4) == bill.latency_s
    assert on_for_s(bill, 0.1) == Range(10.0, 10.0, 10.0)


def test_every_line_has_a_key_and_a_kind() -> None:
    assert [(line.key, line.kind) for line in account(1.0, 300.0).lines] == [
        ("inference_operational", "operational"),
        ("wireless_operational", "operational"),
        ("agent_dynamic", "operational"),
        ("agent_static", "operational"),
        ("agent_embodied", "embodied"),
        ("agent_training", "training"),
    ]


@pytest.mark.parametrize(("kind", "incomplete"), [("price", False), ("part", True), ("making", True)])
def test_an_account_that_lacks_more_than_a_price_is_incomplete(
    kind: Literal["price", "part", "making"], incomplete: bool
) -> None:
    assert Account((), 1.0, lower_bound=(Gap(kind, "it"),)).incomplete is incomplete


def test_every_line_names_its_source() -> None:
    assert all(line.source for line in account(1.0, 300.0).lines)


@settings(deadline=None)
@given(training_g=st.floats(1e-6, 1e6), requests=st.integers(1, 10**9))
def test_all_requests_together_carry_the_whole_training(training_g: float, requests: int) -> None:
    line = training_line(training_g, requests, "")
    assert line.carbon_mg.nominal * requests == pytest.approx(training_g * 1e3, rel=1e-12)


@pytest.mark.parametrize("amount", [-1.0, float("nan"), float("inf")])
def test_amounts_that_are_none_are_refused_by_name(amount: float) -> None:
    with pytest.raises(ServiceError, match=r"inference, operational is .* mg; a finite amount of 0 or more"):
        service_lines(ENTRIES[:1], {"inference_operational": amount})
    with pytest.raises(ServiceError, match="'wireless_operational' has no amount: give those of"):
        service_lines(ENTRIES, {"inference_operational": amount})
    with pytest.raises(ServiceError, match=r"carbon intensity is .* g/kWh"):
        carbon_mg(Range(1.0, 1.0, 1.0), amount)
    with pytest.raises(ServiceError, match=r"training is .* g;"):
        training_line(amount, 10, "")
    with pytest.raises(ServiceError, match="requests a second; a finite number above 0"):
        requests_per_year(amount)
    with pytest.raises(ServiceError, match="functional units a request"):
        account(1.0, 300.0).sci_mg(amount)


def test_training_must_be_shared_over_a_request_at_least() -> None:
    with pytest.raises(ServiceError, match="training shared over 0 requests; give 1 or more"):
        training_line(1.0, 0, "")
