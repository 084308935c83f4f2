from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro_aolo.carbon.ledger import Ledger, agent_carbon_mg, ledger
from neuro_aolo.energy.bill import Range
from neuro_aolo.errors import ServiceError

SERVICE = {
    "inference, operational": 16.157,
    "inference, embodied": 2.0763,
    "wireless, operational": 4.752e-4,
    "wireless, embodied": 1.5459e-4,
}
ENERGY = {"loihi1": Range(2e-6, 8e-6, 2e-5), "h100": Range(0.01, 0.02, 0.06), "toaster": None}

masses = st.floats(0.0, 1e12)
energies = st.lists(masses, min_size=3, max_size=3).map(lambda three: Range(*sorted(three)))


def example(training_g: float = 3.0, amortised_over: int = 20_000) -> Ledger:
    return ledger(SERVICE, ENERGY, 300.0, training_g, amortised_over)


def test_one_kilowatt_hour_emits_the_intensity() -> None:
    assert agent_carbon_mg(Range(0.0, 3.6e6, 7.2e6), 56.0) == Range(0.0, 56e3, 112e3)


def test_a_request_by_hand() -> None:
    """8 uJ at 300 g/kWh is 6.7e-7 mg, 3 g over 20,000 requests is 0.15 mg, the service 18.234 mg."""
    book = example()
    assert book.agent[0].carbon_mg.nominal == pytest.approx(8e-6 / 3.6e6 * 300 * 1e3, rel=1e-12)
    assert book.training.carbon_mg == Range(0.15, 0.15, 0.15)
    assert "20,000 requests" in book.training.name
    assert book.service_mg.nominal == pytest.approx(18.23393, abs=1e-5)
    assert book.total_mg("loihi1").nominal == pytest.approx(18.23393 + 0.15 + 6.7e-7, abs=1e-5)
    assert book.total_mg("h100").nominal - book.total_mg("loihi1").nominal == pytest.approx(
        (0.02 - 8e-6) / 3.6e6 * 300 * 1e3
    )


@settings(deadline=None)
@given(
    service=st.dictionaries(st.text(max_size=5), masses, max_size=8),
    energy_j=energies,
    intensity=st.floats(0.0, 2_000.0),
    training_g=masses,
    requests=st.integers(1, 10**9),
)
def test_the_lines_sum_exactly_to_the_total(
    service: dict[str, float], energy_j: Range, intensity: float, training_g: float, requests: int
) -> None:
    book = ledger(service, {"chip": energy_j}, intensity, training_g, requests)
    lines, total = book.lines("chip"), book.total_mg("chip")
    for bound in ("low", "nominal", "high"):
        exact = sum(Fraction(getattr(line.carbon_mg, bound)) for line in lines)
        assert getattr(total, bound) == float(exact)
    assert len(lines) == len(service) + 2
    assert book.total_g("chip").nominal == pytest.approx(total.nominal / 1e3, rel=1e-12)


@settings(deadline=None)
@given(training_g=st.floats(1e-6, 1e6), requests=st.integers(1, 10**9))
def test_all_requests_together_carry_the_whole_training(training_g: float, requests: int) -> None:
    book = example(training_g, requests)
    assert book.training.carbon_g.nominal * book.amortised_over == pytest.approx(book.training_g, rel=1e-12)
    assert book.training_g == training_g


def test_a_device_that_cannot_run_the_agent_has_no_line_and_no_zero() -> None:
    book = example()
    assert [entry.name for entry in book.agent] == ["loihi1", "h100"]
    with pytest.raises(ServiceError, match=r"no agent on 'toaster'; devices that run it: loihi1, h100"):
        book.total_mg("toaster")


@pytest.mark.parametrize("amount", [-1.0, float("nan"), float("inf")])
def test_amounts_that_are_none_are_refused_by_name(amount: float) -> None:
    with pytest.raises(ServiceError, match=r"inference, embodied is .* mg; a finite amount of 0 or more"):
        ledger(SERVICE | {"inference, embodied": amount}, ENERGY, 300.0, 1.0, 1)
    with pytest.raises(ServiceError, match=r"carbon intensity is .* g/kWh"):
        agent_carbon_mg(Range(1.0, 1.0, 1.0), amount)
    with pytest.raises(ServiceError, match=r"training is .* g;"):
        example(training_g=amount)


def test_training_must_be_shared_over_a_request_at_least() -> None:
    with pytest.raises(ServiceError, match="training shared over 0 requests; give 1 or more"):
        example(amortised_over=0)
