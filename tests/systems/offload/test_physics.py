"""Identities of the physics, and one task worked by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_aolo.systems.offload.physics import (
    least_steps,
    power_in_time,
    quality,
    thriftiest_power,
    upload_s,
)
from neuro_aolo.systems.offload.scenario import Scenario
from neuro_aolo.systems.offload.serving import Choice, outcome

CURVE = (20.0, 0.3, 180.0, 0.9)
RADIO = {"noise_w": 2.0, "bandwidth_hz": 1.5e6}


def test_quality_is_flat_linear_and_flat():
    steps = np.array([1.0, 20.0, 60.0, 100.0, 180.0, 250.0])
    np.testing.assert_allclose(quality(steps, *CURVE), [0.3, 0.3, 0.45, 0.6, 0.9, 0.9], rtol=1e-15)


@given(st.floats(0.301, 0.9))
def test_the_least_steps_are_just_good_enough(wanted: float):
    steps = least_steps(np.array(wanted), *CURVE)
    assert quality(steps, *CURVE) >= wanted
    assert quality(steps * (1.0 - 1e-9), *CURVE) < wanted


def test_no_steps_are_needed_below_the_start_and_none_are_enough_above_the_end():
    np.testing.assert_array_equal(least_steps(np.array([0.1, 0.3, 0.901]), *CURVE), [0.0, 0.0, np.inf])


@given(st.floats(0.1, 100.0), st.floats(0.5, 50.0), st.floats(0.1, 100.0))
def test_the_power_in_time_uploads_in_time(mbit: float, time_s: float, gain: float):
    power = power_in_time(np.array(mbit), np.array(time_s), np.array(gain), **RADIO)
    if math.isfinite(power):
        taken = upload_s(np.array(mbit), power, np.array(gain), **RADIO)
        assert taken == pytest.approx(time_s, rel=1e-6)


def test_no_power_uploads_in_no_time():
    assert power_in_time(np.array(1.0), np.array(0.0), np.array(1.0), **RADIO) == np.inf


@given(st.floats(0.01, 1e4), st.floats(0.01, 1e3))
def test_no_power_is_thriftier(fixed_w: float, gain: float):
    best = thriftiest_power(np.array(fixed_w), np.array(gain), noise_w=2.0)
    around = best * np.array([0.9, 1.0, 1.1])
    energy = (fixed_w + around) / np.log2(1.0 + around * gain / 2.0)
    assert energy[1] <= energy[0]
    assert energy[1] <= energy[2]


def test_where_the_power_emits_nothing_more_is_always_better():
    assert thriftiest_power(np.array(np.inf), np.array(1.0), noise_w=1.0) > 1e100


def test_a_task_worked_by_hand():
    """Server 2 of the shipped scenario, 100 steps at 3 W; all figures by pencil."""
    scenario = Scenario.load("offload")
    # 8 Mbit up, 20 down, gain 1, 20 s, quality 0.6; 360 g/kWh at the user, 180 at server 2, 1.5 s of queue.
    state = np.array([[8.0, 20.0, 1.0, 20.0, 0.6, 360.0, *[300.0, 180.0, 300.0, 300.0, 300.0], *[1.5] * 5]])
    served = outcome(scenario, state, Choice(np.array([[1]]), np.array([[100.0]]), np.array([[3.0]])))
    compute_s = 100 * 1.36 / 37.5
    assert served.compute_s[0, 0] == pytest.approx(compute_s)
    assert served.upload_s[0, 0] == pytest.approx(8e6 / (1e6 * 2.0))  # log2(1 + 3) = 2
    assert served.download_s[0, 0] == pytest.approx(0.2)
    assert served.total_s[0, 0] == pytest.approx(1.5 + 4.0 + compute_s + 0.2)
    assert served.quality[0, 0] == pytest.approx(0.41 + 0.43 * 90 / 180)
    assert served.server_j[0, 0] == pytest.approx(250 * 1.1 * compute_s)
    assert served.computing_g[0, 0] == pytest.approx(250 * 1.1 * compute_s * 180 / 3.6e6)
    assert served.server_making_g[0, 0] == pytest.approx(500e3 / (5 * 365 * 86400) * compute_s)
    assert served.device_g[0, 0] == pytest.approx(3 * 4.0 * 360 / 3.6e6)
    assert served.station_g[0, 0] == pytest.approx(10 * 4.2 * 360 / 3.6e6)
    assert served.station_making_g[0, 0] == pytest.approx(65e3 / (10 * 365 * 86400) * 4.2)
    assert served.carbon_mg[0, 0] == pytest.approx(49.87 + 11.5 + 1.2 + 4.2 + 0.866, abs=0.01)
    np.testing.assert_allclose(served.margins[0, 0], [0.625 - 0.6, 20.0 - 5.7 - compute_s, 4.5], rtol=1e-12)
    np.testing.assert_allclose(served.slack[0, 0, ::2], [0.025 / 1.225, 4.5 / 7.5], rtol=1e-12)


def test_users_of_one_server_share_its_time_and_not_its_carbon():
    scenario = Scenario.load("offload-shared")
    state = np.array([[8.0, 20.0, 1.0, 20.0, 0.6, 360.0, *[300.0] * 5, *[1.5] * 5]])
    steps, power_w = np.array([[60.0, 90.0, 120.0]]), np.full((1, 3), 3.0)
    apart = outcome(scenario, state, Choice(np.array([[1, 2, 3]]), steps, power_w))
    shared = outcome(scenario, state, Choice(np.array([[1, 1, 3]]), steps, power_w))
    np.testing.assert_allclose(apart.shared_s, apart.compute_s)
    together = (60 + 90) * 1.36 / 37.5
    np.testing.assert_allclose(shared.shared_s[0], [together, together, 120 * 1.36 / 36.3])
    np.testing.assert_allclose(shared.compute_s[0, :2], np.array([60, 90]) * 1.36 / 37.5)
    # The first user pays for its own steps alone, whoever else is there.
    assert shared.carbon_mg[0, 0] == apart.carbon_mg[0, 0]
