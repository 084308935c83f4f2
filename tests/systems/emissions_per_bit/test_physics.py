"""The cell's physics: published and independent figures, conservation, bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH, Compute, Radio, Storage, Sun
from neuro_aolo.systems.emissions_per_bit.radio import mean_rates, mean_spectral_efficiency
from neuro_aolo.systems.emissions_per_bit.serving import (
    Clocks,
    Work,
    computing_j,
    mean_queue,
    per_server,
    serve,
)
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries, pooled, room_j, settle, shared

RADIO, COMPUTE, STORAGE, SUN = Radio(), Compute(), Storage(), Sun()
SHARES = RADIO.user_shares
SLOT_S = 3600.0


def test_the_mean_efficiency_is_that_of_a_fading_channel() -> None:
    known = mean_spectral_efficiency(np.array([0.5, 5.0, 12.0]))
    assert known == pytest.approx([0.477, 1.863, 2.688], abs=1e-3)
    gains = np.random.default_rng(0).standard_normal(400_000) ** 2
    for snr in (0.01, 0.3, 3.0, 100.0):
        drawn = np.log2(1.0 + snr * gains)
        assert abs(mean_spectral_efficiency(np.array(snr)) - drawn.mean()) < 5.0 * drawn.std() / 400_000**0.5


def test_equal_powers_give_half_a_megabit() -> None:
    rng = np.random.default_rng(1)
    variance = rng.uniform(0.8, 1.2, (2_000, 10))
    rates = mean_rates(RADIO, variance, np.full((2_000, 10), 0.1))
    assert rates.mean() == pytest.approx(0.517e6, rel=5e-3)
    # Against draws of the fading itself: equation (5) with the interference through the same channel.
    gain = variance[:, :1] * rng.standard_normal((2_000, 500)) ** 2
    drawn = RADIO.bandwidth_hz * np.log2(1.0 + 0.1 * gain / (0.9 * gain + RADIO.noise_w))
    assert rates[:, 0].mean() == pytest.approx(drawn.mean(), rel=3e-3)


def test_the_radio_takes_its_power_for_the_whole_slot() -> None:
    powers = np.random.default_rng(2).uniform(0.01, 0.2, (5, 10))
    idle = serve(RADIO, COMPUTE, SLOT_S, work(5, packets=1e-9), clocks(5), powers)
    assert idle.energy_j == pytest.approx(per_server(RADIO, powers) * SLOT_S, rel=1e-6)


@pytest.mark.parametrize(
    ("cpu_share", "ghz", "pj_per_flop"),
    [(0.0, 10.0, 17.3), (0.0, 12.0, 20.2), (1.0, 2.0, 68.0), (1.0, 3.0, 97.6)],
)
def test_energy_of_an_operation(cpu_share: float, ghz: float, pj_per_flop: float) -> None:
    flop, share = np.array([[1e15]]), np.array([[cpu_share]])
    setting = Clocks(np.array([[ghz if cpu_share else 2.5]]), np.array([[10.0 if cpu_share else ghz]]), share)
    assert computing_j(COMPUTE, flop, setting)[0, 0] / 1e15 * 1e12 == pytest.approx(pj_per_flop, rel=5e-3)


def test_the_queue_is_near_its_simulation_below_heavy_traffic() -> None:
    rng = np.random.default_rng(3)
    # Where next to nothing arrives it is a bound alone, 40 % above.
    for users, arriving, serviced, off in (
        (3, 0.2, 0.5, 0.35),
        (2, 0.3, 0.5, 0.35),
        (3, 0.38, 0.5, 0.35),
        (2, 0.05, 0.6, 0.45),
    ):
        queue, seen = np.zeros(400), []
        for step in range(3_000):
            queue = np.maximum(queue - serviced, 0.0) + rng.poisson(arriving * users, 400) / users
            if step >= 600:
                seen.append(queue.mean())
        bound = mean_queue(np.array([[arriving]]), np.array([[serviced]]), np.array([users]), 200.0)
        assert bound[0, 0] == pytest.approx(np.mean(seen), rel=off)


def test_saturation_fills_the_buffer_and_drops_the_rest() -> None:
    heavy = serve(RADIO, COMPUTE, SLOT_S, work(1, packets=30.0, flop=15e6), clocks(1), np.full((1, 10), 0.1))
    assert (heavy.load > 1.0).any()
    full = heavy.drop_share[0] > 0.0
    assert heavy.bits[0] == pytest.approx(heavy.offered_bits[0] * (1.0 - heavy.drop_share[0]))
    assert (heavy.delay_s[0][full] > RADIO.buffer_packets / 30.0).all()
    light = serve(RADIO, COMPUTE, SLOT_S, work(1, packets=1.0), clocks(1), np.full((1, 10), 0.1))
    assert (light.drop_share == 0.0).all()
    assert light.offered_bits.sum() == pytest.approx(10 * 1.0 * 12_000 * 3_600)


SHARE = st.floats(0.0, 1.0)


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    full=st.booleans(),
    sun_kwh=st.floats(0.0, 3.0),
    grid=st.floats(0.0, 900.0),
    level=SHARE,
)
def test_energy_and_carbon_are_conserved(
    seed: int, full: bool, sun_kwh: float, grid: float, level: float
) -> None:
    rng = np.random.default_rng(seed)
    capacity = STORAGE.capacity_kwh * J_PER_KWH
    batteries = Batteries(level * capacity * rng.random((6, 4)), rng.random((6, 4)) * 100.0)
    load = rng.uniform(0.0, 1.5e6, (6, 4))
    sun = np.full(6, sun_kwh * J_PER_KWH)
    if full:
        names = ("sun_share", "stored_share", "grid_share", "discharge_share")
        flows = shared(STORAGE, batteries, load, sun, **{name: rng.random((6, 4)) for name in names})
    else:
        flows = pooled(STORAGE, SHARES, batteries, load, sun, rng.uniform(-1.0, 1.0, (6, 4)))
    # Equation (8): the load is met by sun, battery and what of the grid is not stored.
    assert flows.direct + flows.discharged + flows.grid - flows.grid_stored == pytest.approx(load, abs=1e-6)
    parts = [getattr(flows, name) for name in ("direct", "discharged", "sun_stored", "grid_stored", "grid")]
    assert all((part >= -1e-6).all() for part in parts)
    assert ((flows.direct + flows.sun_stored).sum(axis=1) + flows.curtailed) == pytest.approx(sun, rel=1e-9)
    assert (flows.discharged <= batteries.energy_j + 1e-6).all()
    assert (flows.sun_stored + flows.grid_stored <= room_j(STORAGE, batteries, flows.discharged) + 1e-6).all()
    after = settle(STORAGE, SUN, batteries, flows, np.full(6, grid))
    assert (after.batteries.energy_j >= 0.0).all()
    assert (after.batteries.energy_j <= capacity).all()
    gained = (after.batteries.carbon_g - batteries.carbon_g).sum()
    assert after.source_g.sum() == pytest.approx(after.carbon_g.sum() + gained, rel=1e-9, abs=1e-9)
    assert after.renewable_j is None
    assert after.batteries.sun_j is None


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_origin_is_followed_as_carbon_is_where_storage_loses_nothing(seed: int) -> None:
    """Carbon of the sun alone, and no losses: grams are then the sun's joules, found by the other account."""
    rng = np.random.default_rng(seed)
    lossless = Storage(retention=1.0, charge_efficiency=1.0)
    sun, no_carbon = Sun(g_per_kwh=1000.0), np.zeros(5)
    batteries = Batteries.fresh(lossless, sun, 5, 4)
    for hour in range(40):
        load, offered = rng.uniform(0.0, 1.5e6, (5, 4)), rng.uniform(0.0, 8e6, 5) * (hour % 3 == 0)
        flows = pooled(lossless, SHARES, batteries, load, offered, rng.uniform(-1.0, 1.0, (5, 4)))
        after = settle(lossless, sun, batteries, flows, no_carbon)
        batteries = after.batteries
        assert after.renewable_j is not None
        assert after.renewable_j * 1000.0 / J_PER_KWH == pytest.approx(after.carbon_g, rel=1e-6, abs=1e-6)
        assert batteries.sun_j is not None
        assert batteries.sun_j * 1000.0 / J_PER_KWH == pytest.approx(batteries.carbon_g, rel=1e-6, abs=1e-6)
        assert (batteries.sun_j <= batteries.energy_j).all()
        assert (after.renewable_j <= load * (1.0 + 1e-12)).all()


def test_a_battery_filled_from_the_grid_is_not_renewable() -> None:
    """What it gives back counts as the sun's by the naive measure, and by its origin hardly any of it."""
    batteries, load, dark = Batteries.fresh(STORAGE, SUN, 1, 4), np.full((1, 4), 5e5), np.zeros(1)
    discharged = renewable = 0.0
    for hour in range(48):
        store = np.full((1, 4), 1.0 if hour % 2 == 0 else -1.0)
        slot = settle(
            STORAGE, SUN, batteries, pooled(STORAGE, SHARES, batteries, load, dark, store), np.full(1, 400.0)
        )
        batteries = slot.batteries
        discharged += float(slot.flows.discharged.sum())
        assert slot.renewable_j is not None
        renewable += float(slot.renewable_j.sum())
    assert discharged / (48 * 4 * 5e5) == pytest.approx(0.5)
    # No more than was there at the beginning.
    assert 0.0 < renewable < 4 * STORAGE.initial_share * STORAGE.capacity_kwh * J_PER_KWH


def test_laundering_gains_nothing_where_carbon_is_tracked() -> None:
    """Charged from the grid at one hour and discharged at the next: printed accounting calls it clean."""
    batteries, load = Batteries(np.zeros((1, 4)), np.zeros((1, 4))), np.full((1, 4), 5e5)
    dark, grid = np.zeros(1), np.full(1, 400.0)
    tracked = printed = source = 0.0
    for hour in range(48):
        flows = pooled(
            STORAGE, SHARES, batteries, load, dark, np.full((1, 4), 1.0 if hour % 2 == 0 else -1.0)
        )
        slot = settle(STORAGE, SUN, batteries, flows, grid)
        batteries = slot.batteries
        tracked, printed, source = (
            total + float(part.sum())
            for total, part in ((tracked, slot.carbon_g), (printed, slot.printed_g), (source, slot.source_g))
        )
    bought = 48 * 4 * 5e5 / J_PER_KWH * 400.0
    constant = STORAGE.constant_g_per_kwh / 400.0
    assert printed == pytest.approx(bought * (1.0 + constant) / 2.0)
    assert tracked > bought
    assert source == pytest.approx(tracked + float(batteries.carbon_g.sum()))


def test_a_battery_from_the_sun_carries_the_sun_s_carbon() -> None:
    fresh = Batteries.fresh(STORAGE, SUN, 2, 4)
    assert fresh.g_per_j * J_PER_KWH == pytest.approx(np.full((2, 4), SUN.g_per_kwh))
    assert fresh.energy_j == pytest.approx(np.full((2, 4), 0.1 * J_PER_KWH))
    empty = Batteries(np.zeros((1, 4)), np.ones((1, 4)))
    assert (empty.g_per_j == 0.0).all()


def work(cells: int, packets: float, flop: float = 1e7) -> Work:
    shape = (cells, RADIO.users)
    return Work(np.full(shape, packets), np.ones(shape), np.full((cells, RADIO.servers), flop))


def clocks(cells: int) -> Clocks:
    shape = (cells, RADIO.servers)
    return Clocks(np.full(shape, 2.5), np.full(shape, 10.0), np.zeros(shape))
