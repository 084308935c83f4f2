import numpy as np
import pytest
from scipy import integrate, stats

from neuro_aolo.systems.aolo.path_loss import (
    SURROUNDINGS,
    draw,
    los_probability,
    nakagami_of_rice,
    path_loss_db,
)

MICRO, MACRO = SURROUNDINGS["urban-micro"], SURROUNDINGS["urban-macro"]
CARRIER_HZ = 3.5e9

SIONNA = {
    "urban-micro": (
        (20.0, 71.360166536, 81.187784555, 0.957375342),
        (50.0, 79.089649234, 94.180676899, 0.519585414),
        (115.0, 86.580860143, 106.773045714, 0.191095315),
        (200.0, 91.611220032, 115.228841146, 0.093517987),
        (500.0, 107.108049316, 129.264505449, 0.036000896),
        (1200.0, 122.314424916, 142.684131916, 0.015),
    ),
    "urban-macro": (
        (20.0, 71.647621682, 82.626155062, 0.972799557),
        (50.0, 77.212182013, 92.510837688, 0.64940219),
        (115.0, 84.412148817, 105.300596901, 0.292451366),
        (200.0, 89.569525399, 114.461973119, 0.12804773),
        (500.0, 98.269242265, 129.915833808, 0.036344584),
        (1200.0, 112.57227919, 144.759017842, 0.015000005),
    ),
}
"""Distance in m, loss in and out of sight in dB, probability of a line of sight.

From Sionna 2.2.0 (NVIDIA, Apache-2.0), `_compute_pathloss_basic` and `los_probability` of `UMiScenario` and
`UMaScenario` in `sionna.phy.channel.tr38901`, 3.5 GHz, antennas at 10 or 25 m and 1.5 m, in float64.
"""


@pytest.mark.parametrize("model", SIONNA)
def test_losses_and_lines_of_sight_are_those_of_an_independent_package(model: str) -> None:
    around = SURROUNDINGS[model]
    distance_m, seen_db, hidden_db, probability = np.array(SIONNA[model]).T
    for losses_db, in_sight in ((seen_db, True), (hidden_db, False)):
        found = path_loss_db(around, distance_m, CARRIER_HZ, np.full(len(distance_m), in_sight))
        np.testing.assert_allclose(found, losses_db, atol=2e-9)
    np.testing.assert_allclose(los_probability(around, distance_m), probability, atol=1e-9)


@pytest.mark.parametrize("around", SURROUNDINGS.values(), ids=SURROUNDINGS)
@pytest.mark.parametrize("carrier_hz", [0.7e9, 3.5e9, 28e9])
def test_loss_rises_with_distance_and_is_never_less_out_of_sight(around, carrier_hz: float) -> None:
    distance_m = np.geomspace(10.0, 5000.0, 400)
    seen, hidden = (
        path_loss_db(around, distance_m, carrier_hz, np.full(400, in_sight)) for in_sight in (True, False)
    )
    # The two slopes meet at the break point to within a tenth of a decibel: table 7.4.1-1 rounds there.
    assert (np.diff(seen) > -0.1).all()
    assert (np.diff(hidden) > -0.1).all()
    assert (hidden >= seen).all()
    assert (np.diff(los_probability(around, distance_m)) <= 0.0).all()


def test_a_nakagami_shape_keeps_the_variance_of_the_power_under_a_rice_factor() -> None:
    rice_db = np.array([-30.0, 0.0, 9.0, 20.0])
    mean, variance = stats.ncx2.stats(2, 2.0 * 10.0 ** (rice_db / 10.0), moments="mv")
    np.testing.assert_allclose(nakagami_of_rice(rice_db), mean**2 / variance, rtol=1e-9)
    assert nakagami_of_rice(np.array(-200.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("around", [MICRO, MACRO])
def test_handsets_are_spread_evenly_and_seen_as_often_as_the_table_says(around) -> None:
    inner, outer = 35.0, 250.0
    m, loss_db = draw(around, CARRIER_HZ, (inner, outer), 200_000, np.random.default_rng(0))
    area = outer**2 - inner**2

    def over(value) -> float:
        return float(integrate.quad(lambda d: 2.0 * d / area * value(np.array([d]))[0], inner, outer)[0])

    hidden = m == 1.0
    assert hidden.mean() == pytest.approx(1.0 - over(lambda d: los_probability(around, d)), abs=4e-3)

    def hidden_loss(d):
        return (1.0 - los_probability(around, d)) * path_loss_db(around, d, CARRIER_HZ, np.array([False]))

    assert loss_db[hidden].mean() == pytest.approx(over(hidden_loss) / hidden.mean(), abs=0.15)
    rice_db = np.array([around.rice_db[0]])
    assert np.median(m[~hidden]) == pytest.approx(nakagami_of_rice(rice_db)[0], rel=0.02)


def test_shadowing_spreads_as_the_table_says() -> None:
    for around, in_sight in ((MICRO, True), (MICRO, False), (MACRO, True), (MACRO, False)):
        m, loss_db = draw(around, CARRIER_HZ, (60.0, 60.0001), 40_000, np.random.default_rng(1))
        kept = loss_db[(m == 1.0) != in_sight]
        spread_db = around.los_shadowing_db if in_sight else around.nlos_shadowing_db
        assert kept.std() == pytest.approx(spread_db, rel=0.03)
        median_db = path_loss_db(around, np.array([60.0]), CARRIER_HZ, np.array([in_sight]))[0]
        assert kept.mean() == pytest.approx(median_db, abs=0.2)
