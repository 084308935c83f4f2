"""What waits: each second of a machine is either work or waiting, and all of both is what stands there."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neuro_aolo.carbon.standing import waiting
from neuro_aolo.systems.system import Machine

Floats = np.ndarray[Any, np.dtype[np.float64]]

OWN = Machine("gpus", "GPUs", "dc", 500.0, 1.0, 0.5, False, "made up")
"""A gram of making a second, so that grams of making are seconds of waiting."""

SHARED = replace(OWN, key="station", utilisation=0.25, shared=True)
busy = arrays(np.float64, st.tuples(st.integers(1, 20), st.just(1)), elements=st.floats(1e-6, 10.0))
rates = st.floats(1e-3, 1e3)
utilisations = st.floats(0.01, 1.0)


def waits_s(machine: Machine, busy_s: Floats, rate_hz: float) -> Floats:
    """How long it waits for each decision."""
    return waiting([machine], busy_s, np.full_like(busy_s, 300.0), rate_hz).embodied_g


@given(busy_s=busy, rate_hz=rates, utilisation=utilisations)
def test_a_machine_of_one_s_own_works_or_waits_from_one_decision_to_the_next(
    busy_s: Floats, rate_hz: float, utilisation: float
) -> None:
    machine = replace(OWN, utilisation=utilisation)
    standing_s = busy_s + waits_s(machine, busy_s, rate_hz)
    # As many as keep it at its utilisation where the decisions alone do not leave it time to wait.
    expected_s = max(busy_s.mean() / utilisation, 1.0 / rate_hz)
    assert standing_s.mean() == pytest.approx(expected_s, rel=1e-9)
    # What keeps it busy longer lets it wait so much less, and no decision has more of it.
    assert standing_s == pytest.approx(np.full_like(busy_s, expected_s), rel=1e-9, abs=1e-12)


@given(busy_s=busy, rate_hz=rates, utilisation=utilisations)
def test_of_a_shared_machine_s_waiting_each_decision_bears_what_goes_with_its_work(
    busy_s: Floats, rate_hz: float, utilisation: float
) -> None:
    machine = replace(SHARED, utilisation=utilisation)
    standing_s = busy_s + waits_s(machine, busy_s, rate_hz)
    assert standing_s * utilisation == pytest.approx(busy_s, rel=1e-12)
    assert waits_s(machine, busy_s, 2.0 * rate_hz) == pytest.approx(standing_s - busy_s, rel=1e-12, abs=1e-15)


def test_below_saturation_standing_is_the_time_between_decisions() -> None:
    busy_s = np.array([[0.1], [0.3]])
    # Half of its time at most: 0.4 s of the second that a decision has.
    assert waits_s(OWN, busy_s, 1.0) == pytest.approx(np.array([[0.9], [0.7]]))


def test_a_saturated_machine_is_there_more_than_once() -> None:
    busy_s = np.array([[0.1], [0.3]])
    # Ten decisions a second are 2 s of work in each: four machines, half busy, 0.4 s of them a decision.
    waits = waits_s(OWN, busy_s, 10.0)
    assert waits == pytest.approx(np.array([[0.3], [0.1]]))
    assert waits_s(OWN, busy_s, 20.0) == pytest.approx(waits)


def test_one_that_is_never_idle_and_saturated_does_not_wait() -> None:
    machine = replace(OWN, utilisation=1.0)
    assert waits_s(machine, np.full((4, 1), 0.2), 5.0) == pytest.approx(np.zeros((4, 1)), abs=1e-15)


def test_each_machine_draws_its_idle_power_at_its_own_site() -> None:
    machines = (OWN, replace(SHARED, idle_w=100.0, making_g_per_s=0.0))
    busy_s, intensity = np.array([[0.2, 0.1], [0.4, 0.2]]), np.array([[360.0, 36.0], [720.0, 36.0]])
    result = waiting(machines, busy_s, intensity, 1.0)
    waits = np.array([[0.8, 0.3], [0.6, 0.6]])
    assert result.energy_j == pytest.approx(waits * [500.0, 100.0])
    # 360 g/kWh are 1e-4 g a joule.
    assert result.operational_g == pytest.approx(result.energy_j * [[1e-4, 1e-5], [2e-4, 1e-5]])
    assert result.embodied_g == pytest.approx(waits * [1.0, 0.0])
    assert result.total_g == pytest.approx((result.operational_g + result.embodied_g).sum(axis=1))


def test_where_no_machine_is_told_nothing_waits() -> None:
    nothing = np.zeros((3, 0))
    result = waiting((), nothing, nothing, 1.0)
    assert result.energy_j.shape == (3, 0)
    assert (result.total_g == 0.0).all()
    assert result.total_g.shape == (3,)
