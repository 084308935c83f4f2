"""The energy of training an agent, measured with CodeCarbon.

References:
    CodeCarbon, doi:10.5281/zenodo.4658424. Where the machine exposes no energy counter, CodeCarbon
    estimates from load and the processor's design power, and says which in its documentation.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

_SAMPLE_SECONDS = 5.0


@dataclass(frozen=True)
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


NOTHING = EnergyMeasurement()


@contextmanager
def measure_energy(earlier: EnergyMeasurement = NOTHING) -> Iterator[Callable[[], EnergyMeasurement]]:
    """Measure the energy of the block; what is yielded reads it, in the block and after it.

    Only the energy is read: the ledger applies the carbon intensity of the agent's own site.

    Args:
        earlier: last reading of the parts before this one, which is added to every reading. What a part used
            after its last reading, until it was killed, is lost from the sum.
    """
    from codecarbon import OfflineEmissionsTracker
    from codecarbon.output_methods.base_output import BaseOutput

    class Latest(BaseOutput):
        """Keeps the latest figures: a tracker tells them to its outputs only."""

        def out(self, total: Any, delta: Any) -> None:
            self.total = total

    # Every tracker sets the level of this logger again and speaks before it does.
    logging.getLogger("codecarbon").disabled = True
    latest = Latest()
    tracker = OfflineEmissionsTracker(
        country_iso_code="DEU",  # asked for, and without effect on the energy
        tracking_mode="process",
        measure_power_secs=_SAMPLE_SECONDS,
        output_methods=[],
        output_handlers=[latest],
        allow_multiple_runs=True,
    )

    def read() -> EnergyMeasurement:
        tracker.flush()  # without effect once the tracker has stopped
        return EnergyMeasurement(
            energy_kwh=earlier.energy_kwh + float(latest.total.energy_consumed),
            duration_s=earlier.duration_s + float(latest.total.duration),
            measured_by=f"CodeCarbon {version('codecarbon')}, process mode",
        )

    tracker.start()
    try:
        yield read
    finally:
        tracker.stop()
