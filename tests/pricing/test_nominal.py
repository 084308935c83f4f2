"""Every nominal that is printed lies in the middle of its draws, on every shipped device."""

import dataclasses

import pytest

from hardware_profiles.profile import load_profile, profile_names
from neuro_aolo.pricing.bill import Bill, Conditions
from neuro_aolo.pricing.count import DenseCounts, SpikingCounts
from neuro_aolo.pricing.price import price

HOSTS = ("mcu_m33_u575", "apollo4", None)
RATES_HZ = (None, 0.01, 1.0, 100.0, 1e5)


def is_inside(nominal: float, quartiles: tuple[float, float]) -> bool:
    """A figure without a range is its own quartile, but for rounding."""
    low, high = quartiles
    return low * (1 - 1e-9) <= nominal <= high * (1 + 1e-9)


def outside(found: Bill) -> list[str]:
    """What of a bill does not lie between the 25 and 75 % quantile of its draws."""
    lines = [line.name for line in found.lines if not is_inside(line.energy_j.nominal, line.quartiles_j)]
    total = [] if is_inside(found.total_j.nominal, found.quartiles_j) else ["total"]
    if found.latency_s is None or found.latency_quartiles_s is None:
        assert found.latency_s is found.latency_quartiles_s
        return [*lines, *total]
    return [
        *lines,
        *total,
        *([] if is_inside(found.latency_s.nominal, found.latency_quartiles_s) else ["time"]),
    ]


@pytest.mark.parametrize("name", profile_names())
@pytest.mark.parametrize("activity", [0.0, 1.0, 10.0])
def test_every_printed_nominal_lies_between_the_quartiles_of_its_draws(
    popsan: SpikingCounts, mlp: DenseCounts, name: str, activity: float
) -> None:
    profile = load_profile(name)
    for counts in (popsan.scaled(activity), mlp):
        for host in HOSTS:
            for rate_hz in RATES_HZ:
                under = Conditions(load_profile(host) if host else None, rate_hz)
                found = price(counts, profile, under)
                assert not isinstance(found, Bill) or outside(found) == []


@pytest.mark.parametrize("name", ["loihi1", "loihi2", "xylo_a2", "mcu_m33_u575"])
@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_so_it_does_for_smaller_and_larger_actors(popsan: SpikingCounts, name: str, scale: float) -> None:
    """Which of a bill's parts weighs most changes with the size of the actor."""
    counts = dataclasses.replace(
        popsan,
        events_by_step=tuple(tuple(event * scale for event in steps) for steps in popsan.events_by_step),
        constant_events=tuple(events * scale for events in popsan.constant_events),
        steps=5 if scale < 1 else 20,
    )
    found = price(counts, load_profile(name), Conditions(load_profile("mcu_m33_u575")))
    assert not isinstance(found, Bill) or outside(found) == []


def test_the_quartiles_hold_half_of_the_draws(popsan: SpikingCounts) -> None:
    found = price(popsan, load_profile("loihi2"))
    assert isinstance(found, Bill)
    low, high = found.quartiles_j
    inside = ((found.draws_j[3:] >= low) & (found.draws_j[3:] <= high)).mean()
    assert inside == pytest.approx(0.5, abs=1e-3)
    assert found.interval_j[0] < low < high < found.interval_j[1]
