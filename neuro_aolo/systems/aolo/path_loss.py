"""Path loss in a city: street canyons and macro cells, in line of sight or not, with shadowing and fading.

Distances are in m, frequencies in Hz, losses in dB. The station stands 10 m high in a street canyon (UMi) and
25 m high over the roofs (UMa), the handset is held 1.5 m over the street, out of doors.

References:
    3GPP TR 38.901, Study on channel model for frequencies from 0.5 to 100 GHz, tables 7.4.1-1 (path loss,
    shadowing), 7.4.2-1 (probability of a line of sight) and 7.5-6 (Rice factor). Read as version 19.2 of them
    stands in the code of Sionna 2.2.0 (NVIDIA, Apache-2.0), with which the tests compare figures.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

NDArray = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
SPEED_OF_LIGHT_M_PER_S = 299_792_458.0
HANDSET_M = 1.5
_SURROUNDINGS_M = 1.0
"""Effective height of what stands around: 1 m for handsets below 13 m."""
_ALWAYS_SEEN_M = 18.0


@dataclass(frozen=True)
class Surroundings:
    """Constants of one kind of cell, in the order of the tables.

    Attributes:
        station_m: height of the station.
        los: constant, slope per decade of distance, and factor behind the break point, in dB, in line of
            sight.
        nlos: constant, slope per decade of distance and of frequency, in dB, out of it.
        los_decay_m: distance over which the probability of a line of sight falls.
        los_shadowing_db, nlos_shadowing_db: standard deviation of the shadowing.
        rice_db: mean and standard deviation of the Rice factor in line of sight.
    """

    station_m: float
    los: tuple[float, float, float]
    nlos: tuple[float, float, float]
    los_decay_m: float
    los_shadowing_db: float
    nlos_shadowing_db: float
    rice_db: tuple[float, float]


SURROUNDINGS = {
    "urban-micro": Surroundings(10.0, (32.4, 21.0, 9.5), (22.4, 35.3, 21.3), 36.0, 4.0, 7.82, (9.0, 5.0)),
    "urban-macro": Surroundings(25.0, (28.0, 22.0, 9.0), (13.54, 39.08, 20.0), 63.0, 4.0, 6.0, (9.0, 3.5)),
}
"""Street canyon (UMi) and macro cell (UMa). The terms of the handset's height are 0 at 1.5 m."""


def los_probability(around: Surroundings, distance_m: NDArray) -> NDArray:
    """Probability of a line of sight: ``18/d + exp(-d/d_0) (1 - 18/d)``, 1 up to 18 m (table 7.4.2-1).

    Args:
        around: The kind of cell.
        distance_m: Distance on the ground, > 0, any shape.
    """
    near = _ALWAYS_SEEN_M / np.maximum(distance_m, _ALWAYS_SEEN_M)
    return np.asarray(near + np.exp(-distance_m / around.los_decay_m) * (1.0 - near))


def path_loss_db(around: Surroundings, distance_m: NDArray, carrier_hz: float, in_sight: Flags) -> NDArray:
    """Median path loss (table 7.4.1-1).

    In sight ``a + b lg d + 20 lg f`` up to the break point ``d_bp = 4 (h_BS - 1) (h_UT - 1) f / c`` on the
    ground and ``a + 40 lg d + 20 lg f - e lg(d_bp^2 + (h_BS - h_UT)^2)`` beyond, out of it
    ``a' + b' lg d + g lg f`` where that is more; ``d`` in m from antenna to antenna, ``f`` in GHz.

    Args:
        around: The kind of cell.
        distance_m: Distance on the ground ``(n,)``, 10 m to 5 km.
        carrier_hz: Carrier frequency, 0.5 to 100 GHz.
        in_sight: Whether there is a line of sight ``(n,)``.

    Returns:
        Loss in dB ``(n,)``, without shadowing.
    """
    higher_m = around.station_m - HANDSET_M
    decades = np.log10(np.hypot(distance_m, higher_m))
    octave = np.log10(carrier_hz / 1e9)
    break_m = (
        4.0
        * (around.station_m - _SURROUNDINGS_M)
        * (HANDSET_M - _SURROUNDINGS_M)
        * (carrier_hz / SPEED_OF_LIGHT_M_PER_S)
    )
    constant, slope, beyond = around.los
    far = 40.0 * decades - beyond * np.log10(break_m**2 + higher_m**2)
    seen = constant + 20.0 * octave + np.where(distance_m < break_m, slope * decades, far)
    constant, slope, by_frequency = around.nlos
    hidden = np.maximum(seen, constant + slope * decades + by_frequency * octave)
    return np.asarray(np.where(in_sight, seen, hidden))


def nakagami_of_rice(rice_db: NDArray) -> NDArray:
    """Nakagami shape whose power varies as much as under a Rice factor: ``m = (1 + K)^2 / (1 + 2 K)``.

    References:
        M. K. Simon, M.-S. Alouini, Digital Communication over Fading Channels, 2nd ed., 2005, section 2.2.
    """
    rice = 10.0 ** (rice_db / 10.0)
    return np.asarray((1.0 + rice) ** 2 / (1.0 + 2.0 * rice))


def draw(
    around: Surroundings,
    carrier_hz: float,
    radii_m: tuple[float, float],
    count: int,
    rng: np.random.Generator,
) -> tuple[NDArray, NDArray]:
    """Fading shape and path loss of handsets that are spread evenly over a ring around the station.

    Out of sight there is no dominant path: Rayleigh fading, ``m = 1``. Shadowing and Rice factor are drawn
    independently.

    Args:
        around: The kind of cell.
        carrier_hz: Carrier frequency.
        radii_m: Inner and outer radius of the ring, on the ground.
        count: Number of handsets.
        rng: Source of the draws.

    Returns:
        ``(nakagami_m, loss_db)``, ``(count,)`` each.
    """
    inner, outer = radii_m
    distance_m = np.sqrt(rng.uniform(inner**2, outer**2, count))
    in_sight = rng.random(count) < los_probability(around, distance_m)
    spread_db = np.where(in_sight, around.los_shadowing_db, around.nlos_shadowing_db)
    loss_db = path_loss_db(around, distance_m, carrier_hz, in_sight)
    loss_db = loss_db + spread_db * rng.standard_normal(count)
    mean_db, deviation_db = around.rice_db
    rice_db = mean_db + deviation_db * rng.standard_normal(count)
    return np.where(in_sight, nakagami_of_rice(rice_db), 1.0), loss_db
