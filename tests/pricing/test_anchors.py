"""Every published energy that a profile is anchored to lies in the interval printed for its workload."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hardware_profiles.parts import Anchor
from hardware_profiles.profile import load_profile, profile_names
from neuro_aolo.pricing.bill import Bill
from neuro_aolo.pricing.breakeven import published
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts, count_dense, count_spiking
from neuro_aolo.pricing.price import price
from neuro_aolo_export.activity import Activity
from neuro_aolo_export.graph import SpikingGraph

ANCHORS = {(name, anchor.id): anchor for name in profile_names() for anchor in load_profile(name).anchor}

NOT_REPRODUCED = {
    ("loihi2", "force_control"): "neither the events nor the steps of a decision were published",
    ("loihi2", "pilotnet_lif"): "a convolutional network whose event counts were not published",
}
"""Anchors that no prediction is made for, and why."""


def mlperf_tiny_ad(actors: Any) -> DenseCounts:
    """The anomaly detection of MLPerf Tiny: an autoencoder of 264,192 multiply-accumulates."""
    counts = count_dense(actors.dense([640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640]))
    assert counts.macs == 264_192
    return counts


def sddpg(actors: Any, rate: float = 0.2) -> SpikingCounts:
    """24 inputs, 3 x 256 hidden and 2 output neurons, T = 5.

    Its activity was not published: half of the inputs spike at a step, and hidden neurons at ``rate``.
    """
    rng = np.random.default_rng(7)
    popsan = actors.spiking(rng, 1, [256, 256, 256], 1)
    sizes = [24, 256, 256, 256, 2]
    layers = tuple(
        dataclasses.replace(layer, weight=np.ones((outputs, inputs)), bias=np.zeros(outputs))
        for layer, inputs, outputs in zip(popsan.layers, sizes, sizes[1:], strict=False)
    )
    encoder = dataclasses.replace(popsan.encoder, mean=np.zeros((24, 1)), std=np.ones((24, 1)))
    decoder = dataclasses.replace(popsan.decoder, weight=np.ones((2, 1)), bias=np.zeros(2))
    spikes = [
        (rng.random((5, 50, size)) < share).astype(np.uint8)
        for size, share in zip(sizes, [0.5, rate, rate, rate, 0.5], strict=True)
    ]
    activity = Activity(spikes[0], tuple(spikes[1:]), np.zeros((50, 2), np.float32), always_on=False)
    return count_spiking(SpikingGraph(encoder, layers, decoder, 5), activity)


def ddpg(actors: Any) -> DenseCounts:
    """SDDPG's dense counterpart: a matrix product and an activation for each of 4 layers."""
    counts = count_dense(actors.dense([24, 256, 256, 256, 2]))
    assert counts.kernel_launches == 8
    return counts


def ambient_audio(actors: Any) -> SpikingCounts:
    """100 steps of a network that Xylo holds; its price is of a step, whatever spikes in it."""
    rng = np.random.default_rng(8)
    graph = actors.spiking(rng, 1, [], 1, steps=100)
    spikes = [(rng.random((100, 2, 10)) < 0.1).astype(np.uint8) for _ in range(2)]
    activity = Activity(spikes[0], (spikes[1],), np.zeros((2, 1), np.float32), always_on=False)
    return count_spiking(graph, activity)


def dense_784_128(actors: Any) -> DenseCounts:
    """The documented example of KerasSpiking's ModelEnergy."""
    counts = count_dense(actors.dense([784, 128]))
    assert (counts.macs, counts.activations) == (100_352, 128)
    return counts


WORKLOADS: dict[tuple[str, str], Callable[[Any], SpikingCounts | DenseCounts]] = {
    ("gap9", "mlperf_tiny_ad"): mlperf_tiny_ad,
    ("jetson_tx2", "ddpg_maxq"): ddpg,
    ("kerasspiking_cpu", "dense_784_128"): dense_784_128,
    ("loihi1", "sddpg_t5"): sddpg,
    ("mcu_m33_u575", "mlperf_tiny_ad"): mlperf_tiny_ad,
    ("mcu_m4_l4r5", "mlperf_tiny_ad"): mlperf_tiny_ad,
    ("mcu_m7_h7a3", "mlperf_tiny_ad"): mlperf_tiny_ad,
    ("xylo_a2", "ambient_audio"): ambient_audio,
}


def bill(counts: SpikingCounts | DenseCounts, name: str) -> Bill:
    found = price(counts, load_profile(name))
    assert isinstance(found, Bill), found
    return found


def interval_uj(found: Bill, anchor: Anchor) -> tuple[float, float]:
    """What is printed for a workload: all of it, or the work alone where idle power was taken off."""
    energy = found.dynamic_j if anchor.kind == "dynamic" else found.total_j
    return energy.low * 1e6, energy.high * 1e6


def test_each_anchor_is_reproduced_or_excluded_for_a_reason() -> None:
    assert not WORKLOADS.keys() & NOT_REPRODUCED.keys()
    assert WORKLOADS.keys() | NOT_REPRODUCED.keys() == ANCHORS.keys()
    assert all(NOT_REPRODUCED.values())


@pytest.mark.parametrize("key", WORKLOADS, ids="-".join)
def test_the_published_energy_lies_in_the_printed_interval(actors: Any, key: tuple[str, str]) -> None:
    anchor = ANCHORS[key]
    low, high = interval_uj(bill(WORKLOADS[key](actors), key[0]), anchor)
    assert low * (1 - 1e-12) <= anchor.measured_uj <= high * (1 + 1e-12)


@pytest.mark.parametrize("key", [key for key in WORKLOADS if key[1] == "mlperf_tiny_ad"], ids="-".join)
def test_the_nominal_of_a_metered_device_is_what_was_metered(actors: Any, key: tuple[str, str]) -> None:
    found = bill(mlperf_tiny_ad(actors), key[0])
    assert found.total_j.nominal * 1e6 == pytest.approx(ANCHORS[key].measured_uj, rel=1e-3)
    assert found.evidence == "metered"
    assert found.unpriced == ()


@pytest.mark.parametrize(
    ("name", "inferences_per_s"),
    [("mcu_m4_l4r5", 190), ("mcu_m33_u575", 292), ("mcu_m7_h7a3", 816), ("gap9", 3_690)],
)
def test_a_metered_device_takes_as_long_as_was_measured(
    actors: Any, name: str, inferences_per_s: float
) -> None:
    latency = bill(mlperf_tiny_ad(actors), name).latency_s
    assert latency is not None
    assert 1.0 / latency.nominal == pytest.approx(inferences_per_s, rel=5e-3)


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.3])
def test_sddpg_stays_inside_whatever_its_rate_was(actors: Any, rate: float) -> None:
    anchor = ANCHORS["loihi1", "sddpg_t5"]
    found = bill(sddpg(actors, rate), "loihi1")
    low, high = interval_uj(found, anchor)
    # T + 5 steps of all compartments, and prices that are a minimum.
    assert sum(line.count for line in found.lines if "updates" in line.name) == 10 * (24 + 770)
    assert found.modelled_j.nominal * 1e6 < anchor.measured_uj
    assert low <= anchor.measured_uj <= high


def test_kerasspikings_example_to_all_its_digits(actors: Any) -> None:
    """(100,352 + 128) x 8.6 nJ, printed there as 8.64e-04 J."""
    total = bill(dense_784_128(actors), "kerasspiking_cpu").total_j
    assert total.low == total.nominal == total.high == pytest.approx(100_480 * 8.6e-9, rel=1e-14)
    assert f"{total.nominal:.2e}" == "8.64e-04"


def test_xylos_step_is_the_anchor_over_its_steps(actors: Any) -> None:
    found = bill(ambient_audio(actors), "xylo_a2")
    (step,) = (line for line in found.lines if line.part == "dynamic")
    assert step.count == 100
    assert found.dynamic_j.nominal == pytest.approx(100 * 93e-9, rel=1e-12)
    # 219 uW for 100 ms of real time, beside what the chip takes for its work.
    assert found.parts_j["static"].nominal == pytest.approx(219e-6 * 0.1, rel=1e-12)


def test_yans_break_even_is_printed(popsan: SpikingCounts) -> None:
    """5.7 % at T = 5, in the band of their sensitivity analysis, 3.41 to 10.8 %."""
    counts = dataclasses.replace(popsan, firing_rate=0.057)
    (found,) = (
        condition for condition in published(counts) if condition.source.startswith("Yan et al. 2026")
    )
    assert found.source.endswith(", T = 5")
    (percent,) = re.findall(r"([\d.]+) % with 4-bit weights", found.note)
    assert float(percent) == 5.7
    assert found.low < 0.057 < found.high
    assert (found.quantity, found.verdict) == ("firing rate", "inside the band")
    assert found.reduction == pytest.approx(0.057 / 0.0341, rel=1e-12)
