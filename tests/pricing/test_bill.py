import dataclasses
import math
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware_profiles.profile import Profile, load_profile, profile_names
from neuro_aolo.pricing.bill import LEFT_OUT, LINES, Bill, Conditions, LeftOut, PowerKey, Unfit
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts, count_dense
from neuro_aolo.pricing.price import price
from neuro_aolo.pricing.ranges import Range
from neuro_aolo.pricing.terms import WORK, WorkKey

SHIPPED = Path(__file__).parent.parent.parent / "hardware_profiles"


def bill(
    counts: SpikingCounts | DenseCounts, profile: str | Profile, conditions: Conditions | None = None
) -> Bill:
    found = price(
        counts, load_profile(profile) if isinstance(profile, str) else profile, conditions or Conditions()
    )
    assert isinstance(found, Bill)
    return found


def values(amount: Range) -> tuple[float, float, float]:
    return amount.low, amount.nominal, amount.high


def test_loihi_1_by_hand(popsan: SpikingCounts) -> None:
    """9 steps (5, one a layer, one for the relay) x 585 compartments = 5,265 updates, 98 with a spike.

    The relay and each layer take a core of the same tile, so that no spike hops.
    """
    modelled_pj = 15_600 * 23.6 + 98 * 81.0 + 5_167 * 52.0 + 98 * 1.7
    found = bill(popsan, "loihi1")
    assert values(found.modelled_j) == pytest.approx([modelled_pj * 1e-12] * 3, rel=1e-12)
    calibrated = [modelled_pj * 1e-12 * by for by in (1.0, 4.0, 10.0)]
    assert values(found.dynamic_j) == pytest.approx(calibrated, rel=1e-12)
    assert found.placement is not None
    assert (found.placement.cores, found.placement.chips) == ((1, 1, 1, 1), 1)
    # 104.4 mW over 9 steps of 10 us and 500 us on the way in and out.
    static = found.parts_j["static"].nominal
    assert static == pytest.approx(104.4e-3 * (9 * 10.0 + 500.0) * 1e-6, rel=1e-12)
    assert found.total_j.nominal == pytest.approx(found.dynamic_j.nominal + static, rel=1e-12)
    assert found.static_share == pytest.approx(static / found.total_j.nominal, rel=1e-12)
    updates = [line.count for line in found.lines if line.key in ("spiking_updates", "silent_updates")]
    assert sum(updates) == 5_265
    # A bias is an axon there: its events are billed, and named apart.
    events = {line.key: line.count for line in found.lines if line.key.endswith("_events")}
    assert events == {"synaptic_events": 12_940.0, "bias_events": 2_660.0}


def test_loihi_2_has_no_relay(popsan: SpikingCounts) -> None:
    """As in Lava: 5 + 3 steps of 534 neurons; input spikes are sent, but update no neuron."""
    found = bill(popsan, "loihi2")
    nominal_pj = 15_600 * 15.0 + 65 * 60.0 + (8 * 534 - 65) * 40.0 + 98 * 1.0
    assert found.modelled_j.nominal == pytest.approx(nominal_pj * 1e-12, rel=1e-12)
    assert found.evidence == "assumed"
    assert {line.evidence for line in found.lines if line.part == "dynamic"} == {"projected"}


def test_the_microcontroller_pays_for_encoder_and_decoder_too(popsan: SpikingCounts) -> None:
    found = bill(popsan, "mcu_m33_u575")
    # Biases start accumulators: no event, no bias neuron, no channel that is always on.
    nominal_pj = 12_940 * 929.7 + 5 * 532 * 2479.0 + (50 + 2) * 15_495.0 + 250 * 1859.0 + 20 * 1240.0
    assert found.total_j.nominal == pytest.approx(nominal_pj * 1e-12, rel=1e-12)
    assert found.total_j == found.modelled_j
    assert found.unpriced == ()
    assert not any(text.startswith("host") for text in found.excluded)


def test_the_gpu_is_launches_times_time_times_power(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    dense, spiking = bill(mlp, "h100"), bill(popsan, "h100")
    assert values(dense.total_j) == pytest.approx([6 * 3e-6 * 90, 6 * 5e-6 * 120, 6 * 10e-6 * 150], rel=1e-12)
    assert values(spiking.total_j) == pytest.approx([j * 38 / 6 for j in values(dense.total_j)], rel=1e-12)
    assert 0.9e-3 <= dense.total_j.nominal <= 4.5e-3


def test_mlperf_tiny_anomaly_detection_on_the_u575(actors: Any) -> None:
    """The benchmark's autoencoder, 264,192 MAC, was metered at 81.875 uJ."""
    counts = count_dense(actors.dense([640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640]))
    assert counts.macs == 264_192
    profile = load_profile("mcu_m33_u575")
    found = bill(counts, profile)
    (anchor,) = profile.anchor
    assert found.total_j.low * 1e6 <= anchor.measured_uj <= found.total_j.high * 1e6
    assert found.total_j.nominal * 1e6 == pytest.approx(anchor.measured_uj, rel=1e-3)
    assert found.evidence == "metered"


@pytest.mark.parametrize("name", profile_names())
@pytest.mark.parametrize("actor", ["snn", "mlp"])
def test_lines_add_up_or_a_reason_is_given(
    popsan: SpikingCounts, mlp: DenseCounts, name: str, actor: str
) -> None:
    profile, counts = load_profile(name), popsan if actor == "snn" else mlp
    found = price(counts, profile, Conditions(host=load_profile("mcu_m33_u575")))
    if isinstance(found, Unfit):
        assert (found.profile, found.actor) == (name, actor)
        assert found.reason
        assert actor not in profile.executes or profile.capacity is not None
        return
    assert (found.profile, found.actor) == (name, actor)
    lines = Range.total(line.energy_j for line in found.lines)
    assert values(found.total_j) == pytest.approx(values(lines), rel=1e-12)
    assert values(found.total_j) == pytest.approx(values(Range.total(found.parts_j.values())), rel=1e-12)
    low, high = found.interval_j
    assert found.total_j.low * (1 - 1e-12) <= low <= high <= found.total_j.high * (1 + 1e-12)
    for line in found.lines:
        assert values(line.energy_j) == pytest.approx(
            [line.count * pj * 1e-12 for pj in values(line.price_pj)]
        )
        assert line.source


def test_every_key_has_words_of_its_own() -> None:
    assert {*get_args(WorkKey)} == {*WORK}
    assert {*get_args(WorkKey), *get_args(PowerKey), "calibration"} == {*LINES}
    assert {*get_args(LeftOut)} == {*LEFT_OUT}
    assert len({*LINES.values()}) == len(LINES)


@pytest.mark.parametrize("name", ["mcu_m33_u575", "h100"])
def test_both_actors_of_a_device_are_priced_at_one_boundary(
    popsan: SpikingCounts, mlp: DenseCounts, name: str
) -> None:
    spiking, dense = bill(popsan, name), bill(mlp, name)
    assert spiking.boundary == dense.boundary
    assert spiking.excluded == dense.excluded
    assert spiking.unpriced == dense.unpriced == ()


@pytest.mark.parametrize("name", ["loihi1", "loihi2"])
def test_what_a_chip_bill_leaves_out_is_named(popsan: SpikingCounts, name: str) -> None:
    found = bill(popsan, name)
    assert found.boundary == "energy of the chip, static power included"
    assert found.excluded[:3] == (
        "host: exponentials of the encoder and decoder (52 a decision)",
        "host: encoder neuron updates (250 a decision)",
        "host: decoder multiply-accumulates (20 a decision)",
    )
    assert found.left_out == ("coding",)
    # What the calibration stands for is not listed as unpriced, too.
    assert found.unpriced == ()
    assert "synaptic weight fetches (15,600 a decision)" in found.covered
    assert any("spikes sent" in text for text in found.covered)
    assert any("reset" in text for text in found.covered)
    assert "barrier synchronisation" in found.covered


def test_a_host_encodes_and_decodes_for_a_chip(popsan: SpikingCounts) -> None:
    host = load_profile("mcu_m33_u575")
    found, alone = bill(popsan, "loihi1", Conditions(host=host)), bill(popsan, "loihi1")
    nominal_pj = (50 + 2) * 15_495.0 + 250 * 1859.0 + 20 * 1240.0
    assert found.parts_j["host"].nominal == pytest.approx(nominal_pj * 1e-12, rel=1e-12)
    assert found.left_out == ()
    assert found.dynamic_j == alone.dynamic_j
    assert found.latency_s is not None
    assert alone.latency_s is not None
    assert host.power_mw.active is not None
    host_s = nominal_pj * 1e-12 / (host.power_mw.active.nominal * 1e-3)
    assert found.latency_s.nominal == pytest.approx(alone.latency_s.nominal + host_s, rel=1e-12)


def test_a_network_too_large_for_the_chip_has_no_bill(popsan: SpikingCounts) -> None:
    data = tomllib.loads((SHIPPED / "loihi1.toml").read_text("utf-8"))
    data["capacity"]["chips"] = 1
    del data["capacity"]["synapse_kib_per_core"]
    profile = Profile.model_validate(data)
    # Two cores are the relay's: each of its 51 channels goes to 126 cores, and a core has 4,096 axons out.
    one = dataclasses.replace(
        popsan,
        layer_sizes=(126 * 1024,),
        layer_spikes=(30.0,),
        constant_spikes=(5.0, 0.0),
        events_by_step=((1_600.0,) * 5,),
        constant_events=(1_280.0,),
        synapses=(13_056,),
    )
    assert isinstance(price(one, profile), Bill)
    found = price(dataclasses.replace(one, layer_sizes=(126 * 1024 + 1,)), profile)
    assert found == Unfit("loihi1", "snn", "the actor takes 129 cores, it has 128")


def test_a_missing_price_makes_a_lower_bound_never_a_zero(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    """A user's profile with operation prices alone says which work it does not price."""
    data = tomllib.loads((SHIPPED / "mcu_m33_u575.toml").read_text("utf-8"))
    data["scope"] = "per_term"
    del data["energy_pj"]["neuron_update_idle"]
    del data["energy_pj"]["exp"]
    profile = Profile.model_validate(data)
    dense, spiking = bill(mlp, profile), bill(popsan, profile)
    assert dense.unpriced == (
        "activations (514 a decision)",
        "weight fetches (67,842 a decision)",
        "bytes in and out (28 a decision)",
    )
    assert "neuron updates, silent (2,605 a decision)" in spiking.unpriced
    assert spiking.covered == ()
    assert "host: exponentials of the encoder and decoder (52 a decision)" in spiking.excluded
    assert all(line.energy_j.nominal > 0 for line in spiking.lines)


@settings(deadline=None)
@given(factor=st.floats(1.0, 1e3), name=st.sampled_from(["loihi1", "loihi2", "mcu_m33_u575"]))
def test_energy_rises_by_just_the_price_of_the_events_added(
    popsan: SpikingCounts, factor: float, name: str
) -> None:
    more = dataclasses.replace(
        popsan,
        events_by_step=tuple(tuple(event * factor for event in steps) for steps in popsan.events_by_step),
    )
    before, after = bill(popsan, name).modelled_j, bill(more, name).modelled_j
    synop = load_profile(name).energy_pj.synop
    assert synop is not None
    added = sum(popsan.synaptic_events) * (factor - 1.0) * 1e-12
    for was, now, pj in zip(values(before), values(after), values(Range.of(synop)), strict=True):
        assert math.isclose(now - was, added * pj, rel_tol=1e-9, abs_tol=1e-18)
