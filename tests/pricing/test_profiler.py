import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware_profiles.profile import Profile, ProfileError, load_profile, profile_names
from neuro_aolo.errors import AgentError
from neuro_aolo.pricing.bill import Bill, Conditions, Unfit
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts
from neuro_aolo.pricing.draws import Draws
from neuro_aolo.pricing.price import price
from neuro_aolo.pricing.profiler import Profiler, load_conditions
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.report.grids import too_slow
from neuro_aolo.runs.priced import profiled
from neuro_aolo.text.numbers import plain

PROFILES = {name: load_profile(name) for name in profile_names()}
MCU = PROFILES["mcu_m33_u575"]
FEW = Draws(20)
ASLEEP = "sleep of the host between decisions"
devices = st.sampled_from(sorted(PROFILES))
hosts = st.sampled_from([None, MCU, PROFILES["apollo4"]])
rates = st.floats(1e-4, 1e5)


def conditions(
    host: str | None = MCU.id, request_rate_hz: float | None = None, twin: str = "mlp-int8"
) -> Conditions:
    return dataclasses.replace(load_conditions(host, request_rate_hz, twin), draws=FEW)


def profiler(popsan: SpikingCounts | None, mlp: DenseCounts | None, *names: str, **asked: Any) -> Profiler:
    return Profiler(popsan, mlp, {name: PROFILES[name] for name in names}, conditions(**asked))


def bill(counts: SpikingCounts | DenseCounts, name: str, under: Conditions) -> Bill:
    found = price(counts, PROFILES[name], under)
    assert isinstance(found, Bill)
    return found


def line(found: Bill, name: str) -> Range:
    (energy_j,) = (one.energy_j for one in found.lines if one.name == name)
    return energy_j


def values(amount: Range) -> tuple[float, float, float]:
    return amount.low, amount.nominal, amount.high


def test_each_actor_on_each_device_that_runs_it(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    names = ("loihi1", "mcu_m33_u575", "gap9", "speck2f")
    found = profiler(popsan, mlp, *names)
    assert tuple(found.spiking) == tuple(found.dense) == names
    assert [type(found.spiking[name]) for name in names] == [Bill, Bill, Unfit, Unfit]
    assert [type(found.dense[name]) for name in names] == [Unfit, Bill, Bill, Unfit]
    assert [(pair.spiking, pair.dense) for pair in found.pairs] == [
        ("loihi1", "mcu_m33_u575"),
        ("loihi1", "gap9"),
        ("mcu_m33_u575", "mcu_m33_u575"),
        ("mcu_m33_u575", "gap9"),
    ]


def test_the_nearest_twin_is_on_the_device_itself_or_else_on_its_host(
    popsan: SpikingCounts, mlp: DenseCounts
) -> None:
    names = ("apollo4", "loihi1", "gap9", "mcu_m33_u575")
    hosted, alone = profiler(popsan, mlp, *names), profiler(popsan, mlp, *names, host=None)
    nearest = {name: pair.dense for name in names if (pair := hosted.nearest(name))}
    assert nearest == {"apollo4": "apollo4", "loihi1": "mcu_m33_u575", "mcu_m33_u575": "mcu_m33_u575"}
    assert alone.nearest("loihi1") is None
    assert alone.nearest("apollo4") is not None
    assert hosted.nearest("no such device") is None


def test_the_nearest_pair_of_another_boundary_is_refused(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    devices = {name: PROFILES[name] for name in ("loihi1", "h100")}
    pair = Profiler(popsan, mlp, devices, Conditions(PROFILES["h100"], draws=FEW)).nearest("loihi1")
    assert pair is not None
    assert pair.refused == "loihi1 counts the chip, h100 the module"
    assert (pair.ratio, pair.probability, pair.rate) == (None, None, None)


def test_a_host_that_is_not_among_the_devices_has_a_twin(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    alone = profiler(popsan, mlp, "loihi1")
    assert tuple(alone.dense) == ("loihi1",)
    assert alone.nearest("loihi1") == profiler(popsan, mlp, "loihi1", "mcu_m33_u575").nearest("loihi1")
    assert alone.nearest("loihi1") is not None


def test_the_break_even_rate_is_against_silence(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    """On the U575 only the 12,940 events of real neurons cost more when there are more; biases are none."""
    pair = profiler(popsan, mlp, "mcu_m33_u575").nearest("mcu_m33_u575")
    assert pair is not None
    silent_pj = 5 * 532 * 2479.0 + 52 * 15_495.0 + 250 * 1859.0 + 20 * 1240.0
    factor = (67_328 * 309.9 - silent_pj) / (12_940 * 929.7)
    assert pair.rate == pytest.approx(0.02 * factor, rel=1e-12)


def test_without_a_twin_there_is_no_pair(popsan: SpikingCounts) -> None:
    found = profiler(popsan, None, "loihi1", "mcu_m33_u575")
    assert found.dense == {}
    assert found.pairs == []
    assert found.nearest("mcu_m33_u575") is None


@pytest.mark.parametrize("rate_hz", [None, 10.0])
def test_a_dense_actor_alone_has_the_bills_that_it_has_beside_a_spiking_one(
    popsan: SpikingCounts, mlp: DenseCounts, rate_hz: float | None
) -> None:
    names = ("loihi1", "mcu_m33_u575", "gap9", "h100")
    both, alone = (profiler(counts, mlp, *names, request_rate_hz=rate_hz) for counts in (popsan, None))
    assert (alone.spiking, alone.pairs, alone.nearest("mcu_m33_u575")) == ({}, [], None)
    assert tuple(alone.dense) == names
    for name in names:
        own, beside = alone.dense[name], both.dense[name]
        assert type(own) is type(beside)
        if isinstance(own, Bill) and isinstance(beside, Bill):
            assert (own.lines, own.total_j, own.boundary) == (beside.lines, beside.total_j, beside.boundary)
    figures = profiled(alone, {})
    beside_spiking = profiled(both, {}).devices["mcu_m33_u575"]
    assert figures.devices["mcu_m33_u575"] == beside_spiking.model_copy(
        update={"spiking": None, "by_layer": None}
    )
    assert (figures.pairs, figures.published, figures.synapses) == ((), (), None)


def test_no_actor_at_all_is_refused() -> None:
    with pytest.raises(AgentError, match="no actor to price: give spiking counts, dense counts, or both"):
        profiler(None, None, "h100")


def test_the_twin_in_float32_costs_its_own_price(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    """67,328 multiply-accumulates at 309.9 pJ in int8 and at 1,240 pJ in float32, on the U575."""
    names = ("mcu_m33_u575", "gap9", "h100")
    int8, fp32 = (profiler(popsan, mlp, *names, twin=twin) for twin in ("mlp-int8", "mlp-fp32"))
    for found, pj in ((int8, 309.9), (fp32, 1240.0)):
        dense = found.dense["mcu_m33_u575"]
        assert isinstance(dense, Bill)
        assert dense.total_j.nominal == pytest.approx(67_328 * pj * 1e-12, rel=1e-12)
    assert isinstance(int8.dense["gap9"], Bill)
    assert fp32.dense["gap9"] == Unfit("gap9", "mlp", "no price of a multiply-accumulate of 32 bits")
    for name in ("mcu_m33_u575", "h100"):
        before, after = int8.spiking[name], fp32.spiking[name]
        assert isinstance(before, Bill)
        assert isinstance(after, Bill)
        assert before.total_j == after.total_j


def test_a_launch_takes_its_time_whatever_the_bits(mlp: DenseCounts) -> None:
    for twin in ("mlp-int8", "mlp-fp32"):
        found = bill(mlp, "h100", conditions(twin=twin))
        assert values(found.total_j) == pytest.approx((6 * 3e-6 * 90, 6 * 5e-6 * 120, 6 * 10e-6 * 150))


@pytest.mark.parametrize("rate", [0.1, 1.0, 10.0, 80.0])
def test_at_a_low_rate_static_energy_is_power_over_rate(popsan: SpikingCounts, rate: float) -> None:
    """The slowest decision takes 2.3 ms, so that the chip waits between decisions at 80 a second, too."""
    found = bill(popsan, "loihi1", conditions(request_rate_hz=rate))
    expected = [power * 1e-3 / rate for power in (90.0, 104.4, 170.0)]
    assert values(line(found, "static power")) == pytest.approx(expected, rel=1e-12)
    assert found.boundary.endswith(f"; always on, {rate:g} decision{'s' * (rate != 1)} a second")


def test_beyond_its_latency_a_device_is_busy_all_the_time(popsan: SpikingCounts) -> None:
    once, busy = (bill(popsan, "loihi1", conditions(request_rate_hz=rate)) for rate in (None, 1e5))
    assert values(line(busy, "static power")) == pytest.approx(values(line(once, "static power")), rel=1e-12)
    assert busy.latency_s == once.latency_s


@pytest.mark.parametrize("rate", [0.1, 80.0])
def test_a_host_sleeps_from_its_work_to_the_next_decision(popsan: SpikingCounts, rate: float) -> None:
    """It encodes and decodes at 23.91 mW, and draws 3, 10 or 100 uW for the rest of the time."""
    prices = (
        (4_522.5, 723.6, 542.7),
        (15_495.0, 1_859.0, 1_240.0),
        (57_750.0, 6_930.0, 2_888.0),
    )
    busy_s = [(52 * exp + 250 * update + 20 * mac) * 1e-12 / 23.91e-3 for exp, update, mac in prices]
    found = bill(popsan, "loihi1", conditions(request_rate_hz=rate))
    expected = [
        sleep_w * (1 / rate - busy) for sleep_w, busy in zip((3e-6, 10e-6, 100e-6), busy_s, strict=True)
    ]
    assert values(line(found, ASLEEP)) == pytest.approx(expected, rel=1e-12)
    static = [one.energy_j for one in found.lines if one.part == "static"]
    assert len(static) == 2
    assert found.parts_j["static"].nominal == pytest.approx(sum(one.nominal for one in static), rel=1e-12)
    assert found.left_out == ()


def test_a_host_sleeps_while_a_chip_that_is_never_idle_works(popsan: SpikingCounts) -> None:
    """9 steps of 5.8, 10 or 13 us, and 50, 500 or 2,000 us in and out."""
    found = bill(popsan, "loihi1", conditions(request_rate_hz=1e5))
    chip_us = (9 * 5.8 + 50, 9 * 10 + 500, 9 * 13 + 2_000)
    expected = [mw * us * 1e-9 for mw, us in zip((0.003, 0.01, 0.1), chip_us, strict=True)]
    assert values(line(found, ASLEEP)) == pytest.approx(expected, rel=1e-12)


def test_nothing_sleeps_for_one_decision_alone_or_where_no_host_works(
    popsan: SpikingCounts, mlp: DenseCounts
) -> None:
    always_on = conditions(request_rate_hz=10.0)
    for found in (
        bill(popsan, "loihi1", conditions()),
        bill(popsan, "loihi1", conditions(host=None, request_rate_hz=10.0)),
        bill(popsan, "mcu_m4_l4r5", always_on),
        bill(mlp, "mcu_m4_l4r5", always_on),
    ):
        assert ASLEEP not in [one.name for one in found.lines]


def test_a_device_of_whole_prices_sleeps_between_decisions(mlp: DenseCounts) -> None:
    """The MLP keeps an H100 busy for 18, 30 and 60 us of 100 ms; the rest of it idles at 70, 72 or 75 W."""
    found = bill(mlp, "h100", conditions(request_rate_hz=10.0))
    expected = (
        18e-6 * 90 + 70 * (0.1 - 18e-6),
        30e-6 * 120 + 72 * (0.1 - 30e-6),
        60e-6 * 150 + 75 * (0.1 - 60e-6),
    )
    assert values(found.total_j) == pytest.approx(expected, rel=1e-12)
    assert "h100: power between decisions" not in found.excluded
    assert found.left_out == ()
    never_idle = bill(mlp, "h100", conditions(request_rate_hz=1e5))
    assert values(never_idle.total_j) == pytest.approx((18e-6 * 90, 30e-6 * 120, 60e-6 * 150), rel=1e-12)
    # Nothing is known of what KerasSpiking's processor draws then.
    unknown = bill(mlp, "kerasspiking_cpu", conditions(request_rate_hz=10.0))
    assert "kerasspiking_cpu: power between decisions" in unknown.excluded
    assert unknown.left_out == ("idle_power",)
    assert unknown.total_j == bill(mlp, "kerasspiking_cpu", conditions()).total_j


def test_a_line_that_falls_where_its_causes_rise_has_its_least_as_low(mlp: DenseCounts) -> None:
    """62 us apart, the decisions of an H100 leave it 44, 32 or 2 us of sleep at 70, 72 or 75 W."""
    found = bill(mlp, "h100", conditions(request_rate_hz=1 / 62e-6))
    asleep = line(found, "sleep between decisions")
    assert values(asleep) == pytest.approx((75 * 2e-6, 72 * 32e-6, 70 * 44e-6), rel=1e-9)
    (priced,) = (one for one in found.lines if one.name == "sleep between decisions")
    assert values(priced.price_pj) == pytest.approx([1e12 * joules for joules in values(asleep)], rel=1e-12)


def test_the_highest_rate_is_one_decision_after_the_other(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    """6 launches of 3, 5 or 10 us."""
    rate = bill(mlp, "h100", conditions()).highest_rate_hz
    assert rate is not None
    assert values(rate) == pytest.approx((1 / 60e-6, 1 / 30e-6, 1 / 18e-6), rel=1e-12)
    assert bill(mlp, "h100", conditions(request_rate_hz=10.0)).highest_rate_hz == rate
    # Nobody tells how long a decision takes there.
    assert bill(popsan, "spinnaker2", conditions()).highest_rate_hz is None
    # With its host, Loihi 1 is slower.
    hosted, alone = (bill(popsan, "loihi1", conditions(host=host)).highest_rate_hz for host in (MCU.id, None))
    assert hosted is not None
    assert alone is not None
    assert values(alone) == pytest.approx((1 / 2_117e-6, 1 / 590e-6, 1 / 102.2e-6), rel=1e-12)
    assert all(with_host < chip for with_host, chip in zip(values(hosted), values(alone), strict=True))


def test_devices_that_may_not_or_cannot_keep_up_are_named(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    """38 launches of 3, 5 or 10 us take an H100 114, 190 or 380 us: 2,631 to 8,771 a second.

    How long SpiNNaker 2 takes is not known; the MLP of 6 launches falls behind at 1e5 alone, and that on GAP9
    may, which takes 8, 69 or 96 us.
    """

    def told(rate: float | None) -> list[str]:
        found = profiler(popsan, mlp, "h100", "spinnaker2", "gap9", request_rate_hz=rate)
        return [plain(sentence) for sentence in too_slow(profiled(found, {}))]

    assert told(None) == told(10.0) == told(2_631.0) == []
    for rate, how in ((2_632.0, "may not"), (8_771.0, "may not"), (8_772.0, "cannot"), (1e5, "cannot")):
        sentence, *of_the_mlp = told(rate)
        assert [other.split(",")[0] for other in of_the_mlp] == (["h100", "gap9"] if rate == 1e5 else [])
        for other, says in zip(of_the_mlp, ("cannot", "may not"), strict=False):
            assert f", with the MLP, {says} keep up" in other
        begin = f"h100 {how} keep up with {rate:g} decisions a second: one takes "
        assert sentence == f"{begin}190 us (114 - 380)."


@settings(deadline=None, max_examples=150)
@given(name=devices, rate=rates, factor=st.floats(1.0, 1e3), host=hosts, spiking=st.booleans())
def test_energy_a_decision_falls_with_the_rate_to_that_of_a_device_without_a_pause(
    popsan: SpikingCounts,
    mlp: DenseCounts,
    name: str,
    rate: float,
    factor: float,
    host: Profile | None,
    spiking: bool,
) -> None:
    counts = popsan if spiking else mlp
    found = [
        price(counts, PROFILES[name], Conditions(host, request_rate_hz, draws=FEW))
        for request_rate_hz in (rate, rate * factor, None)
    ]
    if isinstance(found[0], Unfit):
        assert found[0] == found[1] == found[2]
        return
    slow, fast, once = (one for one in found if isinstance(one, Bill))
    assert (slow.draws_j >= fast.draws_j * (1 - 1e-12)).all()
    if "static" in once.parts_j:
        assert (fast.draws_j >= once.draws_j * (1 - 1e-12)).all()
        power = PROFILES[name].power_mw.static
        assert once.latency_s is not None
        if power is not None:
            chips = once.placement.chips if once.placement else 1
            least = chips * power.nominal * 1e-3 * once.latency_s.nominal
            assert fast.parts_j["static"].nominal >= least * (1 - 1e-12)
    assert slow.dynamic_j == once.dynamic_j
    assert slow.latency_s == once.latency_s


def test_a_host_adds_its_lines_and_its_time(popsan: SpikingCounts) -> None:
    """52 exponentials, 250 updates, 20 products: 54 us at 23.91 mW, in which Loihi 1 draws its power, too."""
    alone, hosted = bill(popsan, "loihi1", conditions(host=None)), bill(popsan, "loihi1", conditions())
    host_j = (52 * 15_495.0 + 250 * 1859.0 + 20 * 1240.0) * 1e-12
    host_s = host_j / 23.91e-3
    added = hosted.total_j.nominal - alone.total_j.nominal
    assert added == pytest.approx(host_j + 104.4e-3 * host_s, rel=1e-9)
    assert alone.latency_s is not None
    assert hosted.latency_s is not None
    assert hosted.latency_s.nominal - alone.latency_s.nominal == pytest.approx(host_s, rel=1e-9)
    assert hosted.boundary == f"{alone.boundary}; encoder and decoder on mcu_m33_u575"
    assert (alone.left_out, hosted.left_out) == (("coding",), ())
    assert not any(text.startswith("host") for text in hosted.excluded)


def test_a_host_changes_no_device_that_encodes_by_itself(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    for name in ("mcu_m4_l4r5", "h100", "x86_server_core"):
        assert bill(popsan, name, conditions()).total_j == bill(popsan, name, conditions(host=None)).total_j
    for name in ("mcu_m4_l4r5", "h100", "gap9"):
        assert bill(mlp, name, conditions()).total_j == bill(mlp, name, conditions(host=None)).total_j


@settings(deadline=None, max_examples=150)
@given(
    name=devices,
    host=hosts,
    rate=st.one_of(st.none(), rates),
    activity=st.floats(0.0, 40.0),
    dense_bits=st.sampled_from([8, 32]),
    spiking=st.booleans(),
)
def test_a_bill_is_ordered_and_never_negative(
    popsan: SpikingCounts,
    mlp: DenseCounts,
    name: str,
    host: Profile | None,
    rate: float | None,
    activity: float,
    dense_bits: int,
    spiking: bool,
) -> None:
    """From no spike to 40 times those counted: eight neurons in ten at each step."""
    counts = popsan.scaled(activity) if spiking else mlp
    found = price(counts, PROFILES[name], Conditions(host, rate, dense_bits=dense_bits, draws=FEW))
    if isinstance(found, Unfit):
        assert found.reason
        return
    amounts = [found.total_j, found.modelled_j, *found.parts_j.values()]
    amounts += [line.energy_j for line in found.lines]
    for amount in amounts:
        assert 0.0 <= amount.low <= amount.nominal <= amount.high
    low, high = found.interval_j
    assert found.total_j.low * (1 - 1e-9) <= low <= high <= found.total_j.high * (1 + 1e-9)
    assert (found.draws_j[3:] >= found.total_j.low * (1 - 1e-9)).all()
    assert (found.draws_j[3:] <= found.total_j.high * (1 + 1e-9)).all()
    np.testing.assert_allclose(found.draws_j[:3], values(found.total_j))
    assert 0.0 <= found.static_share <= 1.0


@settings(deadline=None, max_examples=100)
@given(name=devices, factor=st.floats(1.0, 100.0), spiking=st.booleans(), data=st.data())
def test_a_dearer_operation_makes_no_bill_cheaper(
    popsan: SpikingCounts, mlp: DenseCounts, name: str, factor: float, spiking: bool, data: st.DataObject
) -> None:
    counts, profile = popsan if spiking else mlp, PROFILES[name]
    by_time = profile.timing.launch_us is not None
    known = [("energy_pj", key) for key, figure in profile.energy_pj if figure is not None]
    known += [
        ("power_mw", key)
        for key, figure in profile.power_mw
        if figure is not None and (key != "active" or by_time)
    ]
    known += [("timing", "launch_us")] if by_time else []
    if not known:
        return
    table, key = data.draw(st.sampled_from(known))
    held = getattr(profile, table)
    figure = getattr(held, key)
    scaled = {bound: getattr(figure, bound) * factor for bound in ("low", "nominal", "high")}
    dearer = profile.model_copy(
        update={table: held.model_copy(update={key: figure.model_copy(update=scaled)})}
    )
    before, after = (price(counts, one, conditions()) for one in (profile, dearer))
    if isinstance(before, Bill):
        assert isinstance(after, Bill)
        assert (after.draws_j >= before.draws_j * (1 - 1e-12)).all()
    else:
        assert after == before


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(AgentError, match=rf"^--request-rate {rate:g} is not allowed: .* 1e-09 to 1e\+09$"):
        load_conditions(None, rate, "mlp-int8")


def test_an_unknown_twin_or_host_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(
        AgentError, match=r"^--twin 'int8' is neither mlp-int8 nor mlp-fp32: did you mean 'mlp-int8'\?$"
    ):
        load_conditions(None, None, "int8")
    with pytest.raises(ProfileError, match=r"'loihi3' is unknown; allowed: .*loihi1, loihi2"):
        load_conditions("loihi3", None, "mlp-int8")


@pytest.mark.parametrize(
    ("host", "absent"),
    [
        ("h100", "exp, encoder_update, mac_fp32"),
        ("kerasspiking_cpu", "exp, encoder_update"),
        ("gap9", "exp, encoder_update, mac_fp32"),
    ],
)
def test_a_host_that_cannot_price_the_encoder_is_refused(host: str, absent: str) -> None:
    with pytest.raises(AgentError, match=rf"^host {host} has no price of {absent}, .* choose another"):
        load_conditions(host, None, "mlp-int8")


def test_conditions_are_what_was_asked_for() -> None:
    found = load_conditions("apollo4", 2.5, "mlp-fp32")
    assert (found.host, found.request_rate_hz) == (PROFILES["apollo4"], 2.5)
    assert (found.spiking_bits, found.dense_bits) == (8, 32)
    plain = load_conditions(None, None, "mlp-int8")
    assert (plain.host, plain.request_rate_hz, plain.dense_bits) == (None, None, 8)
