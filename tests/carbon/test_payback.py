import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware_profiles.profile import load_profile
from neuro_aolo.carbon.ledger import Account, Gap, on_for_s, requests_per_year
from neuro_aolo.carbon.lines import LedgerLine, embodied_line, inference_lines
from neuro_aolo.carbon.payback import Saving, of_means, parity_power_w, payback, saving
from neuro_aolo.errors import ServiceError
from neuro_aolo.pricing.bill import Bill, Conditions
from neuro_aolo.pricing.count import DenseCounts
from neuro_aolo.pricing.hardware import Hardware, hardware
from neuro_aolo.pricing.price import price
from neuro_aolo.pricing.ranges import Range

CHIP = Hardware("chip", Range(0.5, 1.0, 2.0), 5 * 31_536_000.0, "")


def exactly(mg: float) -> Range:
    return Range(mg, mg, mg)


def account(
    dynamic_mg: float, static_mg: float, rate_hz: float = 1.0, training_g: float = 0.0, device: str = "chip"
) -> Account:
    """Static power of so many mg a second, and a decision of so many mg."""
    period_s = 1.0 / rate_hz
    static = Range(static_mg / 2, static_mg, static_mg * 2) * period_s
    making = CHIP.embodied_kg * (1e6 * period_s / CHIP.lifetime_s)
    lines = (
        LedgerLine("inference_operational", "service", "service", "operational", exactly(18.0), ""),
        LedgerLine("agent_dynamic", "dynamic", "dynamic", "operational", exactly(dynamic_mg), "", device),
        LedgerLine("agent_static", "static", "static", "operational", static, "", device),
        LedgerLine("agent_embodied", "making", "embodied", "embodied", making, "", device),
    )
    chip = Hardware(device, CHIP.embodied_kg, CHIP.lifetime_s, "")
    return Account(
        lines,
        requests_per_year(rate_hz),
        hardware=(chip,),
        on_for_s=exactly(period_s),
        training_g=training_g,
    )


def exact(mg: float) -> Saving:
    return Saving(1_000, mg, mg, mg)


def test_a_payback_by_hand() -> None:
    """1 mg saved, 0.2 mg of static power, 1 kg of hardware and 0.8 g of training: 1,000,800 / 0.8."""
    found = payback(exact(1.0), account(0.0, 0.2, training_g=0.8))
    assert found.net_mg.nominal == pytest.approx(0.8)
    assert found.requests.nominal == pytest.approx(1_000_800 / 0.8)
    assert found.requests.low == pytest.approx(500_800 / 0.9)
    assert found.requests.high == pytest.approx(2_000_800 / 0.6)
    # 0.2 mg a second, 1 mg a request: from one request in five seconds on.
    assert found.lowest_rate_hz.nominal == pytest.approx(0.2)
    assert found.lowest_rate_hz.high == pytest.approx(0.4)
    assert found.verdict == "pays"


def test_never_is_never() -> None:
    found = payback(exact(-0.1), account(0.0, 0.2, training_g=0.8))
    assert found.verdict == "never"
    assert found.requests.nominal is None
    assert found.lowest_rate_hz.nominal is None


def test_more_than_a_lifetime_does_not_pay() -> None:
    """0.001 mg a request is less than the making's share, 1e6 mg over 157,680,000 requests."""
    found = payback(exact(0.001), account(0.0, 0.0))
    assert found.requests.nominal == pytest.approx(1e9)
    assert found.verdict == "never"


def dense_account(profile: str, rate_hz: float, intensity: float) -> Account:
    """A dense actor of 5-256-256-2 on a device that is always on."""
    counts = DenseCounts(
        macs=67_328,
        weights=67_842,
        activations=514,
        values=1_031,
        bytes_in=20,
        bytes_out=8,
        kernel_launches=6,
    )
    device = load_profile(profile)
    bill, made = price(counts, device, Conditions(request_rate_hz=rate_hz)), hardware(device)
    assert isinstance(bill, Bill)
    assert made is not None
    on_for = on_for_s(bill, rate_hz)
    lines = (*inference_lines(bill, intensity), embodied_line(made, "embodied", on_for))
    return Account(lines, requests_per_year(rate_hz), hardware=(made,), on_for_s=on_for)


def test_a_dense_agent_pays_back_as_any_other() -> None:
    """On the U575 at 400 g/kWh 20.86 uJ of work and 9.99 uJ of sleep are 3.428e-6 mg; 0.3 kg are made."""
    found = payback(exact(1.0), dense_account("mcu_m33_u575", 1.0, 400.0))
    assert found.verdict == "pays"
    assert found.net_mg.nominal == pytest.approx(1.0 - (20.8649472 + 9.991273547) * 1e-6 / 9.0, rel=1e-12)
    assert found.requests.nominal == pytest.approx(300_000 / found.net_mg.nominal, rel=1e-12)
    on_gpu = payback(exact(1.0), dense_account("h100", 1.0, 400.0))
    assert on_gpu.verdict == "never"
    against_gpu = payback(
        exact(0.0), dense_account("mcu_m33_u575", 1.0, 400.0), dense_account("h100", 1.0, 400.0)
    )
    assert against_gpu.verdict == "pays"


def test_an_interval_across_nothing_is_undecided() -> None:
    found = payback(Saving(100, -1.0, 1.0, 3.0), account(0.0, 0.0))
    assert found.verdict == "undecided"
    assert found.requests.high is None
    assert found.requests.low is not None


@given(low=st.floats(-1e3, 1e3), more=st.floats(0.0, 1e3), static=st.floats(0.0, 1e3))
def test_a_higher_saving_never_pays_back_later(low: float, more: float, static: float) -> None:
    first, second = (payback(exact(mg), account(0.1, static, training_g=1.0)) for mg in (low, low + more))
    for bound in ("low", "nominal", "high"):
        sooner, later = getattr(second.requests, bound), getattr(first.requests, bound)
        assert later is None or sooner <= later


def test_what_the_baseline_emits_itself_counts() -> None:
    """Another device of the same cost: what running both emits cancels, and only the training is invested."""
    agent, other = account(0.3, 0.2, training_g=5.0), account(0.3, 0.2, device="other")
    alone, beside = payback(exact(1.0), agent), payback(exact(1.0), agent, other)
    assert alone.net_mg.nominal == pytest.approx(0.5)
    assert beside.net_mg.nominal == pytest.approx(1.0)
    assert alone.requests.nominal == pytest.approx(1_005_000 / 0.5)
    assert beside.requests.nominal == pytest.approx(5_000 / 1.0)
    assert beside.lowest_rate_hz.nominal == 0.0
    # Figures of two devices err apart.
    assert beside.net_mg.low == pytest.approx(1.0 - (0.4 - 0.1))


def test_figures_of_one_device_err_together() -> None:
    agent = account(0.3, 0.2)
    found = payback(exact(0.001), agent, account(0.3, 0.2))
    assert (found.whole_mg.low, found.whole_mg.high) == pytest.approx((0.001, 0.001))
    assert found.verdict == "pays"
    assert found.requests.high == 0.0


@given(rate_hz=st.floats(1e-3, 1e3), other_mg=st.floats(0.0, 0.15))
def test_the_lowest_rate_does_not_depend_on_the_rate_at_which_it_is_asked(
    rate_hz: float, other_mg: float
) -> None:
    """0.2 mg a second against ``other_mg``, 1 mg saved: from (0.2 - other) requests a second on."""
    found = payback(exact(1.0), account(0.0, 0.2, rate_hz), account(0.0, other_mg, rate_hz, device="other"))
    assert found.lowest_rate_hz.nominal == pytest.approx(0.2 - other_mg)


def test_a_device_that_is_too_slow_is_made_more_than_once() -> None:
    """A decision takes 10 s of a chip, and one comes every second: ten chips are paid back."""
    slow = dataclasses.replace(account(0.0, 0.0), on_for_s=exactly(10.0))
    assert slow.devices.nominal == pytest.approx(10.0)
    assert payback(exact(1.0), slow).requests.nominal == pytest.approx(10e6)


def test_what_lacks_a_whole_part_is_not_said_to_pay() -> None:
    lacking = dataclasses.replace(account(0.0, 0.0), lower_bound=(Gap("part", "static power"),))
    assert payback(exact(1.0), lacking).verdict == "undecided"
    assert payback(exact(-1.0), lacking).verdict == "never"


def test_a_saving_is_paired() -> None:
    """The same noise in both cancels: each request saves 1 mg."""
    noise = np.random.default_rng(0).normal(0.0, 5.0, 1_000)
    found = saving(19.0 + noise, 18.0 + noise)
    assert (found.low, found.nominal, found.high) == pytest.approx((1.0, 1.0, 1.0))
    alone = of_means(19.0, 18.0 + noise)
    assert alone.high - alone.low > 0.8
    with pytest.raises(ServiceError, match="2 requests of the baseline and 1 of the agent"):
        saving(np.ones(2), np.ones(1))


def test_the_interval_covers_the_mean_19_times_in_20() -> None:
    rng = np.random.default_rng(1)
    found = [saving(rng.normal(1.0, 2.0, 200), np.zeros(200)) for _ in range(2_000)]
    assert np.mean([low.low <= 1.0 <= low.high for low in found]) == pytest.approx(0.95, abs=0.02)


def test_parity_power_by_hand() -> None:
    """0.9 kg over 5 years at 400 g/kWh is 51 mW."""
    device = Hardware("chip", Range(0.1, 0.9, 8.0), 5 * 31_536_000.0, "")
    power = parity_power_w(device, 400.0)
    assert power is not None
    assert power.nominal == pytest.approx(0.9e3 / 400.0 * 1e3 / (5 * 8_760))
    assert power.nominal == pytest.approx(51e-3, rel=0.01)
    assert parity_power_w(device, 0.0) is None
