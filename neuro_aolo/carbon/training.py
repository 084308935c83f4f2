"""The energy of training an agent, measured with CodeCarbon.

References:
    CodeCarbon, doi:10.5281/zenodo.4658424. Where the machine exposes no energy counter, CodeCarbon
    estimates from load and the processor's design power, and says which in its documentation.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

_SAMPLE_SECONDS = 5.0


@dataclass
class EnergyMeasurement:
    """What CodeCarbon saw of this process.

    Attributes:
        energy_kwh: energy of processor, memory and GPU, without cooling.
        duration_s: wall time.
        measured_by: the tool, its version and mode.
    """

    energy_kwh: float = 0.0
    duration_s: float = 0.0
    measured_by: str = ""


@contextmanager
def measure_energy() -> Iterator[EnergyMeasurement]:
    """Measure the energy of the block; the yielded object is filled in when it ends.

    Only the energy is read: the ledger applies the carbon intensity of the agent's own site.
    """
    from codecarbon import OfflineEmissionsTracker

    # Every tracker sets the level of this logger again and speaks before it does.
    logging.getLogger("codecarbon").disabled = True
    tracker = OfflineEmissionsTracker(
        country_iso_code="DEU",  # asked for, and without effect on the energy
        tracking_mode="process",
        measure_power_secs=_SAMPLE_SECONDS,
        output_methods=[],
        allow_multiple_runs=True,
    )
    result = EnergyMeasurement(measured_by=f"CodeCarbon {version('codecarbon')}, process mode")
    tracker.start()
    try:
        yield result
    finally:
        tracker.stop()
        data = tracker.final_emissions_data
        result.energy_kwh = float(data.energy_consumed)
        result.duration_s = float(data.duration)
