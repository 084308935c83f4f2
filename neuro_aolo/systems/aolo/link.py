"""A radio link in real units: from path loss, noise and bandwidth to the SNR, and what a station draws."""

import math
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from neuro_aolo.systems.aolo.path_loss import SURROUNDINGS, Surroundings, draw
from neuro_aolo.systems.arrays import Array, namespace
from neuro_aolo.systems.parameters import Section, parameter

NDArray = np.ndarray[Any, np.dtype[np.float64]]
THERMAL_NOISE_W_PER_HZ = 1.380649e-23 * 290.0
"""``k T`` at 290 K, the -174 dBm/Hz of link budgets."""
_PER_DB = math.log(10.0) / 10.0


class Link(Section):
    """The link between station and handset, and the station's supply; it replaces ``Omega`` and the noise.

    What an outage drops is sent again, see :func:`neuro_aolo.systems.aolo.channel.mean_inverse_rate`.
    """

    model: Literal["urban-micro", "urban-macro"] = Field(
        "urban-micro",
        json_schema_extra={
            "unit": "-",
            "source": "3GPP TR 38.901, tables 7.4.1-1, 7.4.2-1 and 7.5-6, as in Sionna 2.2.0",
            "allowed": "urban-micro, urban-macro",
        },
    )
    carrier_hz: float = parameter(3.5e9, "Hz", "chosen: 5G band n78", ge=0.5e9, le=100e9)
    cell_radius_m: float = parameter(
        115.0,
        "m",
        "chosen: 200 m between sites (3GPP TR 38.901, table 7.2-1, recalled) over sqrt(3)",
        gt=10.0,
        le=5000.0,
    )
    least_distance_m: float = parameter(
        10.0, "m", "3GPP TR 38.901, table 7.2-1, recalled: 10 m, 35 m in macro cells", ge=10.0, lt=5000.0
    )
    antenna_gain_db: float = parameter(
        8.0,
        "dB",
        "3GPP TR 38.901, table 7.3-1, recalled: of one element; the handset's is 0",
        ge=-30.0,
        le=60.0,
    )
    noise_figure_db: float = parameter(
        9.0, "dB", "3GPP TR 38.901, table 7.8-1, recalled: of a handset", ge=0.0, le=30.0
    )
    interference_db: float = parameter(
        10.0, "dB", "chosen: what neighbouring cells add to the noise", ge=0.0, le=60.0
    )
    building_loss_db: float = parameter(0.0, "dB", "chosen: handsets are out of doors", ge=0.0, le=60.0)
    shannon_share: float = parameter(
        0.6, "-", "3GPP TR 36.942, annex A, recalled: rate over log2(1 + SNR)", gt=0.0, le=1.0
    )
    overhead: float = parameter(
        0.2,
        "-",
        "3GPP TS 38.306, 4.1.2: 0.14 of the band is control and pilots; chosen: 7 % are headers",
        ge=0.0,
        lt=1.0,
    )
    supply_slope: float = parameter(
        2.6,
        "W/W",
        "EARTH, table 2 of doi:10.1109/MWC.2011.6056691: micro; amplifier, feeder, cooling, rectifier",
        ge=1.0,
        le=1000.0,
    )

    @model_validator(mode="after")
    def _ring(self) -> Self:
        if self.least_distance_m >= self.cell_radius_m:
            raise ValueError(
                f"least_distance_m = {self.least_distance_m:g} leaves no room in a cell of cell_radius_m = "
                f"{self.cell_radius_m:g}: lower it"
            )
        return self

    @property
    def surroundings(self) -> Surroundings:
        """Constants of the path loss."""
        return SURROUNDINGS[self.model]

    @property
    def net_share(self) -> float:
        """Bits of the answer over what Shannon's bound would carry in the same time."""
        return self.shannon_share * (1.0 - self.overhead)

    def snr_per_watt(self, path_loss_db: Array, bandwidth_hz: Array) -> Array:
        """Mean SNR at a transmit power of 1 W: gains over losses, over ``k T B`` times noise figure.

        Args:
            path_loss_db: With shadowing, ``(n,)``.
            bandwidth_hz: ``(n,)``.
        """
        gain_db = self.antenna_gain_db - self.building_loss_db - self.noise_figure_db - self.interference_db
        gain = namespace(path_loss_db).exp(_PER_DB * (gain_db - path_loss_db))
        return gain / (THERMAL_NOISE_W_PER_HZ * bandwidth_hz)

    def draw(self, count: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        """Nakagami shape and path loss, in dB, of ``count`` handsets, ``(count,)`` each."""
        radii_m = (self.least_distance_m, self.cell_radius_m)
        return draw(self.surroundings, self.carrier_hz, radii_m, count, rng)
