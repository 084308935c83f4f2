import dataclasses
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware_profiles.profile import Profile, load_profile, profile_names
from neuro_aolo.errors import AgentError
from neuro_aolo.pricing.bill import Bill, Conditions
from neuro_aolo.pricing.breakeven import Pair, pair_of, published, refusal
from neuro_aolo.pricing.breakeven import by_layer as shares_of
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts
from neuro_aolo.pricing.draws import Draws
from neuro_aolo.pricing.price import price
from neuro_aolo.pricing.ranges import Range

SHIPPED = Path(__file__).parents[2] / "hardware_profiles"
MCU = load_profile("mcu_m33_u575")
FEW = Draws(20)
HOSTED = Conditions(host=MCU, draws=FEW)
CONDITIONS = [Conditions(draws=FEW), HOSTED, dataclasses.replace(HOSTED, request_rate_hz=10.0)]


def values(amount: Range) -> tuple[float, float, float]:
    return amount.low, amount.nominal, amount.high


def by_layer(counts: SpikingCounts, bill: Bill) -> dict[str, float]:
    """Energy of each share by its name, in J."""
    shares = shares_of(counts, bill, load_profile(bill.profile))
    assert [share.key for share in shares][:4] == ["input", "hidden_1", "hidden_2", "output"][: len(shares)]
    return {share.name: share.energy_j for share in shares}


def changed(name: str, **tables: dict[str, Any]) -> Profile:
    """A shipped profile with some keys of its tables replaced."""
    data = tomllib.loads((SHIPPED / f"{name}.toml").read_text("utf-8"))
    for table, keys in tables.items():
        data[table] = data.get(table, {}) | keys
    return Profile.model_validate(data)


def bill(
    counts: SpikingCounts | DenseCounts, profile: str | Profile, conditions: Conditions = HOSTED
) -> Bill:
    found = price(counts, load_profile(profile) if isinstance(profile, str) else profile, conditions)
    assert isinstance(found, Bill)
    return found


def beside(
    counts: SpikingCounts,
    dense: DenseCounts,
    on: str | Profile,
    dense_on: str | Profile,
    conditions: Conditions = HOSTED,
) -> Pair:
    return pair_of(
        counts,
        bill(counts, on, conditions),
        bill(counts.scaled(0.0), on, conditions),
        bill(dense, dense_on, conditions),
    )


def runs_popsan(counts: SpikingCounts) -> list[str]:
    found = [name for name in profile_names() if isinstance(price(counts, load_profile(name)), Bill)]
    assert {"loihi1", "loihi2", "mcu_m33_u575", "h100", "horowitz45", "spinnaker2"} <= set(found)
    return found


def test_a_bill_is_linear_in_the_spikes(popsan: SpikingCounts) -> None:
    """In its low, nominal and high and in every random draw, on every device that runs the actor."""
    for name in runs_popsan(popsan):
        for conditions in CONDITIONS:
            silent = bill(popsan.scaled(0.0), name, conditions).draws_j
            slope = bill(popsan, name, conditions).draws_j - silent
            for factor in (0.5, 2.0, 7.0):
                found = bill(popsan.scaled(factor), name, conditions).draws_j
                np.testing.assert_allclose(found, silent + factor * slope, rtol=1e-9)


def test_scaling_leaves_always_on_channels_alone(popsan: SpikingCounts) -> None:
    """The input has 33 spikes, 5 of them always-on: twice as many are 5 + 2 x 28."""
    twice = popsan.scaled(2.0)
    assert (twice.input_spikes, twice.layer_spikes) == (61.0, (55.0, 57.0, 8.0))
    assert twice.synaptic_events == pytest.approx((2 * 8_000 - 1_280, 2 * 7_000 - 1_280, 2 * 600 - 100))
    assert twice.firing_rate == 0.04
    assert popsan.scaled(1.0).synaptic_events == pytest.approx(popsan.synaptic_events, rel=1e-15)


@pytest.mark.parametrize("factor", [50.1, -0.1, float("nan"), float("inf")])
def test_no_neuron_fires_more_than_once_a_step(popsan: SpikingCounts, factor: float) -> None:
    assert popsan.scaled(50.0).firing_rate == 1.0
    with pytest.raises(
        AgentError,
        match=rf"^{factor:g} times a firing rate of 0\.02: a neuron fires at most once a step$",
    ):
        popsan.scaled(factor)


def test_break_even_on_the_u575_by_hand(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    """Only synaptic events cost more there when spikes do, the 12,940 of real neurons; biases are none."""
    dense_pj = 67_328 * 309.9
    silent_pj = 5 * 532 * 2479.0 + 52 * 15_495.0 + 250 * 1859.0 + 20 * 1240.0
    factor = (dense_pj - silent_pj) / (12_940 * 929.7)
    pair = beside(popsan, mlp, MCU, MCU)
    assert pair.rate == pytest.approx(0.02 * factor, rel=1e-12)
    assert pair.reduction == pytest.approx(1.0 / factor, rel=1e-12)
    assert pair.ratio == pytest.approx((silent_pj + 12_940 * 929.7) / dense_pj, rel=1e-12)
    assert (pair.spiking, pair.dense, pair.refused, pair.wins) == (MCU.id, MCU.id, "", "below")
    energies_j = (pair.silent_j, pair.spiking_j, pair.dense_j)
    by_hand_pj = (silent_pj, silent_pj + 12_940 * 929.7, dense_pj)
    assert energies_j == pytest.approx([1e-12 * energy_pj for energy_pj in by_hand_pj], rel=1e-12)


@pytest.mark.parametrize("conditions", CONDITIONS)
def test_at_the_break_even_rate_both_actors_cost_the_same(
    popsan: SpikingCounts, mlp: DenseCounts, conditions: Conditions
) -> None:
    """And where there is no such rate, the silent actor or the busiest one tells why."""
    counts = dataclasses.replace(popsan, firing_rate=55 / 2_660)
    seen: Counter[str] = Counter()
    dense = {
        name: found
        for name in profile_names()
        if isinstance(found := price(mlp, load_profile(name), conditions), Bill)
    }
    for name in runs_popsan(counts):
        spiking, silent, most = (
            bill(counts.scaled(factor), name, conditions) for factor in (1.0, 0.0, 0.999 / counts.firing_rate)
        )
        for other in dense.values():
            pair = pair_of(counts, spiking, silent, other)
            seen[pair.wins] += 1
            if pair.refused:
                assert pair == Pair(name, other.profile, refused=pair.refused)
                continue
            assert pair.ratio is not None
            energies_j = (silent.total_j.nominal, spiking.total_j.nominal, other.total_j.nominal)
            assert (pair.silent_j, pair.spiking_j, pair.dense_j) == energies_j
            assert (pair.rate is None, pair.reduction is None) == (pair.wins != "below",) * 2
            if pair.wins == "never":
                assert silent.total_j.nominal >= other.total_j.nominal
                assert pair.ratio >= 1.0
            if pair.wins == "always":
                assert most.total_j.nominal < other.total_j.nominal
                assert pair.ratio < 1.0
            if pair.rate is None:
                continue
            assert 0.0 < pair.rate < 1.0
            assert silent.total_j.nominal < other.total_j.nominal
            assert (pair.ratio < 1.0) == (pair.rate > counts.firing_rate)
            assert pair.reduction == pytest.approx(counts.firing_rate / pair.rate, rel=1e-15)
            even = bill(counts.scaled(pair.rate / counts.firing_rate), name, conditions)
            assert even.total_j.nominal == pytest.approx(other.total_j.nominal, rel=1e-9)
    assert seen["below"] >= 10
    assert seen["never"] >= 10
    assert seen["always"] >= 1


@settings(deadline=None, max_examples=25)
@given(events=st.floats(0.0, 20.0), rate=st.floats(0.001, 0.9))
def test_fewer_spikes_win_wherever_more_do(
    popsan: SpikingCounts, mlp: DenseCounts, events: float, rate: float
) -> None:
    """The break-even rate does not depend on the rate that it was found from."""
    counts = dataclasses.replace(popsan.scaled(events), firing_rate=rate * events)
    expected = beside(dataclasses.replace(popsan, firing_rate=rate), mlp, MCU, MCU).rate
    pair = beside(counts, mlp, MCU, MCU)
    assert pair.probability is not None
    assert 0.0 <= pair.probability <= 1.0
    if events > 1e-6:
        assert pair.rate == pytest.approx(expected, rel=1e-6)


def test_no_rate_wins_where_silence_costs_more_than_the_dense_actor(
    popsan: SpikingCounts, mlp: DenseCounts
) -> None:
    """Static power and the host's encoder alone are dearer than the MLP on GAP9."""
    assert bill(popsan.scaled(0.0), "loihi1").total_j.nominal > bill(mlp, "gap9").total_j.nominal
    pair = beside(popsan, mlp, "loihi1", "gap9")
    assert (pair.wins, pair.rate, pair.reduction, pair.refused) == ("never", None, None, "")
    assert pair.ratio is not None
    assert pair.ratio > 1.0


def test_the_probability_is_the_share_of_draws(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    spiking, dense = bill(popsan, "mcu_m4_l4r5"), bill(mlp, "mcu_m33_u575")
    wins = sum(ours < theirs for ours, theirs in zip(spiking.draws_j[3:], dense.draws_j[3:], strict=True))
    found = beside(popsan, mlp, "mcu_m4_l4r5", "mcu_m33_u575").probability
    assert found == wins / 20
    pair = beside(popsan, mlp, MCU, MCU, Conditions(host=MCU))
    assert pair.ratio is not None
    assert pair.probability is not None
    # Where the nominal lies in the middle of the draws, it and half of them say the same.
    assert (pair.ratio < 1.0, 0.0 < pair.probability < 1.0) == (pair.probability > 0.5, True)


@pytest.mark.parametrize(
    ("spiking", "dense", "conditions", "reason"),
    [
        ("loihi1", "h100", HOSTED, "loihi1 counts the chip, h100 the module"),
        ("horowitz45", "mcu_m33_u575", HOSTED, "horowitz45 counts the core, mcu_m33_u575 the chip"),
        ("orin_nano", "jetson_tx2", HOSTED, "orin_nano counts the board, jetson_tx2 the module"),
        ("loihi1", "mcu_m33_u575", CONDITIONS[0], "loihi1 leaves out encoder and decoder"),
        (
            "kerasspiking_loihi",
            "mcu_m33_u575",
            HOSTED,
            "kerasspiking_loihi leaves out encoder and decoder, static power",
        ),
        ("mcu_m33_u575", "spinnaker2", HOSTED, "spinnaker2 leaves out static power"),
        ("x86_server_core", "horowitz45", HOSTED, "horowitz45 leaves out static power"),
        ("spinnaker2", "spinnaker2", CONDITIONS[0], "only one of the two leaves out encoder and decoder"),
        ("spinnaker2", "spinnaker2", HOSTED, ""),
        ("loihi1", "mcu_m33_u575", HOSTED, ""),
        ("mcu_m33_u575", "mcu_m33_u575", CONDITIONS[0], ""),
    ],
)
def test_another_boundary_is_no_ratio(
    popsan: SpikingCounts, mlp: DenseCounts, spiking: str, dense: str, conditions: Conditions, reason: str
) -> None:
    assert refusal(bill(popsan, spiking, conditions), bill(mlp, dense, conditions)) == reason
    pair = beside(popsan, mlp, spiking, dense, conditions)
    if reason:
        assert pair == Pair(spiking, dense, refused=reason)
    else:
        assert pair.ratio is not None


@pytest.mark.parametrize("name", ["horowitz45", "jouppi7"])
def test_one_device_is_no_ratio_where_only_one_side_pays_for_encoder_and_decoder(
    popsan: SpikingCounts, mlp: DenseCounts, name: str
) -> None:
    spiking, dense = bill(popsan, name), bill(mlp, name)
    assert "coding" in spiking.left_out
    assert "coding" not in dense.left_out
    assert refusal(spiking, dense) == "only one of the two leaves out encoder and decoder"
    pair = beside(popsan, mlp, name, name)
    assert pair == Pair(name, name, refused="only one of the two leaves out encoder and decoder")


def test_a_host_that_prices_the_decoder_alone_leaves_the_encoder_out(
    popsan: SpikingCounts, mlp: DenseCounts
) -> None:
    conditions = Conditions(host=load_profile("kerasspiking_cpu"), draws=FEW)
    found = bill(popsan, "loihi1", conditions)
    assert any("exponentials" in text for text in found.excluded)
    assert refusal(found, bill(mlp, MCU, conditions)) == "loihi1 leaves out encoder and decoder"


def test_a_device_that_is_always_on_is_not_compared_without_its_power_between_decisions(
    popsan: SpikingCounts, mlp: DenseCounts
) -> None:
    conditions = dataclasses.replace(HOSTED, request_rate_hz=10.0)
    dense = bill(mlp, "kerasspiking_arm", conditions)
    assert "kerasspiking_arm: power between decisions" in dense.excluded
    assert dense.left_out == ("idle_power",)
    refused = refusal(bill(popsan, "loihi1", conditions), dense)
    assert refused == "kerasspiking_arm leaves out power between decisions"
    # Where each decision is alone, there is nothing between two of them.
    assert bill(mlp, "kerasspiking_arm").left_out == ()


def test_a_host_of_unknown_sleep_is_left_out_where_it_is_always_on(
    popsan: SpikingCounts, mlp: DenseCounts
) -> None:
    host = MCU.model_copy(update={"power_mw": MCU.power_mw.model_copy(update={"sleep": None})})
    conditions = Conditions(host, 10.0, draws=FEW)
    found = bill(popsan, "loihi1", conditions)
    assert "mcu_m33_u575: power between decisions" in found.excluded
    assert found.left_out == ("idle_power",)
    refused = refusal(found, bill(mlp, "apollo4", conditions))
    assert refused == "loihi1 leaves out power between decisions"
    assert bill(popsan, "loihi1", dataclasses.replace(conditions, request_rate_hz=None)).left_out == ()


def test_no_rate_is_above_one(popsan: SpikingCounts, mlp: DenseCounts) -> None:
    """KerasSpiking's processor is so dear that Loihi 1 would win at 8 spikes a neuron and step."""
    pair = beside(popsan, mlp, "loihi1", "kerasspiking_cpu")
    assert (pair.wins, pair.rate, pair.reduction, pair.refused) == ("always", None, None, "")
    most = bill(popsan.scaled(50.0), "loihi1").total_j.nominal
    assert most < bill(mlp, "kerasspiking_cpu").total_j.nominal


def test_a_device_whose_energy_no_spike_changes_wins_at_every_rate_or_at_none(
    popsan: SpikingCounts, mlp: DenseCounts
) -> None:
    """Launches are the same at any rate: 38 of them win beside a dense network of 20 on the RTX 4090."""
    deep = dataclasses.replace(mlp, kernel_launches=20)
    always = beside(popsan, deep, "orin_nano", "rtx4090")
    assert always.ratio == pytest.approx(38 * 10 * 8 / (20 * 5 * 57), rel=1e-12)
    assert (always.wins, always.rate, always.reduction) == ("always", None, None)
    never = beside(popsan, mlp, "orin_nano", "rtx4090")
    assert never.ratio == pytest.approx(38 * 10 * 8 / (6 * 5 * 57), rel=1e-12)
    assert (never.wins, never.rate, never.reduction) == ("never", None, None)


@pytest.mark.parametrize(
    ("per_synapse", "rate", "verdicts"),
    [
        (0.1, 0.03, ["met", "met", "met", "met"]),
        (0.15, 0.0341, ["met", "inside the band", "met", "inside the band"]),
        (0.51, 0.057, ["met", "inside the band", "met", "inside the band"]),
        (1.37, 0.064, ["met", "inside the band", "missed", "inside the band"]),
        (1.38, 0.1079, ["met", "missed", "missed", "inside the band"]),
        (1.72, 0.108, ["missed", "missed", "missed", "missed"]),
    ],
)
def test_published_conditions(
    popsan: SpikingCounts, per_synapse: float, rate: float, verdicts: list[str]
) -> None:
    counts = dataclasses.replace(
        popsan,
        firing_rate=rate,
        events_by_step=((per_synapse,),) * 3,
        constant_events=(0.0,) * 3,
        synapses=(1, 1, 1),
    )
    found = published(counts)
    assert [condition.source for condition in found] == [
        "Davidson and Furber 2021",
        "Dampfhoffer et al. 2023",
        "Yan et al. 2024, T = 5 to 10",
        "Yan et al. 2026, T = 5",
    ]
    assert [condition.verdict for condition in found] == verdicts
    observed = [condition.observed for condition in found]
    assert observed == pytest.approx([per_synapse, per_synapse, rate, rate], rel=1e-12)
    bounds = [(condition.low, condition.high) for condition in found]
    assert bounds == [(1.72, 1.72), (0.15, 1.38), (0.064, 0.064), (0.0341, 0.108)]
    for condition in found:
        assert condition.reduction == pytest.approx(condition.observed / condition.low, rel=1e-15)
        assert (condition.reduction < 1.0) == (condition.verdict == "met")
        assert condition.reference.startswith(("10.", "arXiv:"))


@pytest.mark.parametrize("conditions", CONDITIONS)
def test_layers_share_out_the_whole_bill(popsan: SpikingCounts, conditions: Conditions) -> None:
    for name in runs_popsan(popsan):
        mute = dataclasses.replace(popsan, layer_spikes=(0.0,) * 3, constant_spikes=(5.0, 0.0, 0.0, 0.0))
        for counts in (popsan, popsan.scaled(0.0), mute):
            found = bill(counts, name, conditions)
            layers = by_layer(counts, found)
            assert list(layers)[:4] == ["input", "hidden 1", "hidden 2", "output"]
            assert sum(layers.values()) == pytest.approx(found.total_j.nominal, rel=1e-12)
            assert min(layers.values()) >= 0.0


@pytest.mark.parametrize(("evidence", "times"), [("simulated", 4.0), ("measured", 1.0), ("derived", 1.0)])
def test_what_no_layer_causes_is_calibrated_too_unless_it_was_measured(
    popsan: SpikingCounts, evidence: str, times: float
) -> None:
    """46.4 nJ for each of 4 cores that are reset; of a minimum the calibration makes four times that."""
    reset = dict.fromkeys(("low", "nominal", "high"), 46_406.0) | {"evidence": evidence, "verified": "P"}
    found = bill(popsan, changed("loihi1", energy_pj={"core_reset": reset | {"doi": "10.1145/1"}}))
    layers = by_layer(popsan, found)
    assert layers["core resets"] == pytest.approx(times * 4 * 46_406e-12, rel=1e-12)
    assert sum(layers.values()) == pytest.approx(found.total_j.nominal, rel=1e-12)
    without = bill(popsan, "loihi1")
    more = [now - was for now, was in zip(values(found.dynamic_j), values(without.dynamic_j), strict=True)]
    reset_j = 4 * 46_406e-12
    calibrated = [reset_j, 4 * reset_j, 10 * reset_j] if times > 1.0 else [reset_j] * 3
    assert more == pytest.approx(calibrated, rel=1e-9)
    assert any("core resets" in text for text in without.covered)
    assert not any("core resets" in text for text in found.covered)


def test_a_layer_pays_for_its_own_synaptic_events(popsan: SpikingCounts) -> None:
    """15 pJ an event, four times that with the calibration, and no other price."""
    profile = changed("loihi2", energy_pj={})
    prices = profile.energy_pj.model_copy(update=dict.fromkeys(type(profile.energy_pj).model_fields))
    prices = prices.model_copy(update={"synop": profile.energy_pj.synop})
    alone = profile.model_copy(update={"energy_pj": prices})
    layers = by_layer(popsan, bill(popsan, alone, Conditions(draws=FEW)))
    expected = {"hidden 1": 8_000 * 60e-12, "hidden 2": 7_000 * 60e-12, "output": 600 * 60e-12}
    assert {name: layers[name] for name in expected} == pytest.approx(expected, rel=1e-12)
    assert set(layers) - set(expected) == {"input", "static power"}
    assert layers["input"] == 0.0


def test_the_input_pays_for_its_relay_and_its_spikes(popsan: SpikingCounts) -> None:
    """Loihi 1 updates 585 compartments in 9 steps, 51 of them the relay's; the input spikes 33 of 98 times.

    An update costs 81 pJ with a spike and 52 pJ without, a spike 1.7 pJ, all of it four times.
    """
    silent_pj = (9 * 585 - 98) * 52.0
    layers = by_layer(popsan, bill(popsan, "loihi1"))
    assert layers["input"] == pytest.approx(4e-12 * (silent_pj * 51 / 585 + 33 * (81.0 + 1.7)), rel=1e-12)
    expected = 4e-12 * (silent_pj * 20 / 585 + 600 * 23.6 + 4 * (81.0 + 1.7))
    assert layers["output"] == pytest.approx(expected, rel=1e-12)


def test_without_a_relay_the_input_pays_for_its_spikes_alone(popsan: SpikingCounts) -> None:
    found = bill(popsan, "loihi2")
    sent = [line for line in found.lines if line.key in ("spikes_sent", "spikes_within_tile")]
    assert sent
    expected = found.dynamic_j.nominal / found.modelled_j.nominal * 33 / 98
    expected *= sum(line.energy_j.nominal for line in sent)
    assert by_layer(popsan, found)["input"] == pytest.approx(expected, rel=1e-12)


def test_hops_are_paid_for_by_spikes_times_distance(popsan: SpikingCounts) -> None:
    """A spike makes 2 hops from the relay, 14 / 3 from the first layer, 2 / 3 from the second, at 3.5 pJ."""
    tiles = {"cores_per_tile": 2, "tiles_per_row": 2}
    found = bill(popsan, changed("loihi1", capacity={"neurons_per_core": 128}, mapping=tiles))
    assert found.placement is not None
    assert found.placement.hops == pytest.approx((2.0, 14 / 3, 2 / 3, 0.0))
    hops = next(line for line in found.lines if line.key == "tile_hops")
    without = dataclasses.replace(found, lines=tuple(line for line in found.lines if line is not hops))
    before, after = by_layer(popsan, without), by_layer(popsan, found)
    expected = {"input": 33 * 2.0, "hidden 1": 30 * 14 / 3, "hidden 2": 31 * 2 / 3, "output": 0.0}
    for name, count in expected.items():
        assert after[name] - before[name] == pytest.approx(4 * 3.5e-12 * count, rel=1e-9, abs=1e-20)
    assert set(after) == set(before)
