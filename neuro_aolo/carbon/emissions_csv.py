"""Energy and carbon in the columns of CodeCarbon's ``emissions.csv``, for what reads those files already.

A row is what CodeCarbon calls a run. As there, emissions are those of the energy: what the making of devices
emits stands in the ledger alone. What is not known is left empty, as CodeCarbon leaves it.

References:
    CodeCarbon, doi:10.5281/zenodo.4658424, ``FileOutput`` and ``EmissionsData`` of version 3.3.2.
"""

import csv
import io
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from neuro_aolo.systems.grid.countries import country_name
from neuro_aolo.text.literal import csv_row

COLUMNS = (
    "timestamp", "project_name", "run_id", "experiment_id", "duration", "emissions", "emissions_rate",
    "cpu_power", "gpu_power", "ram_power", "cpu_energy", "gpu_energy", "ram_energy", "energy_consumed",
    "water_consumed", "country_name", "country_iso_code", "region", "cloud_provider", "cloud_region", "os",
    "python_version", "codecarbon_version", "cpu_count", "cpu_model", "gpu_count", "gpu_model", "longitude",
    "latitude", "ram_total_size", "tracking_mode", "cpu_utilization_percent", "gpu_utilization_percent",
    "ram_utilization_percent", "ram_used_gb", "on_cloud", "pue", "wue",
)  # fmt: skip
"""CodeCarbon 3.3.2's columns, in its order."""

_IDS = uuid.uuid5(uuid.NAMESPACE_DNS, "neuro-aolo")
_MEASURED_BY = re.compile(r"CodeCarbon (\S+), (\w+) mode")


@dataclass(frozen=True)
class EmissionsRow:
    """What CodeCarbon would have written of one run.

    Attributes:
        project_name: what ran, and whether it was measured or modelled.
        timestamp: when; the same input gives the same file, so no clock is read here.
        duration_s: how long it ran, or the time that is modelled.
        energy_kwh: energy, cooling included where ``pue`` says so; None where it is not known.
        emissions_kg: kgCO2e of that energy; None where it is not known.
        country: ISO 3166-1 alpha-3 code of the grid whose intensity it has; empty where that is no country's.
        codecarbon_version: of what was measured; empty where it was modelled.
        tracking_mode: ``process`` or ``machine``; empty where it was modelled.
        pue: power usage effectiveness that is in ``energy_kwh``; None where it is not known.
        group: name that the rows of one file share.
    """

    project_name: str
    timestamp: datetime
    duration_s: float
    energy_kwh: float | None
    emissions_kg: float | None
    country: str = ""
    codecarbon_version: str = ""
    tracking_mode: str = ""
    pue: float | None = 1.0
    group: str = ""

    @property
    def emissions_rate_kg_per_s(self) -> float | None:
        """Emissions over the duration; 0 where that is 0, as CodeCarbon has it."""
        if self.emissions_kg is None:
            return None
        return self.emissions_kg / self.duration_s if self.duration_s else 0.0


def emissions_csv(rows: Iterable[EmissionsRow]) -> str:
    """The text of the file.

    Raises:
        ScenarioError: an unknown country.
    """
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(csv_row(_cells(row)) for row in rows)
    return stream.getvalue()


def _cells(row: EmissionsRow) -> dict[str, object]:
    when = row.timestamp.strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "timestamp": when,
        "project_name": row.project_name,
        "run_id": uuid.uuid5(_IDS, f"{when} {row.project_name}"),
        "experiment_id": uuid.uuid5(_IDS, f"{when} {row.group}"),
        "duration": row.duration_s,
        "emissions": row.emissions_kg,
        "emissions_rate": row.emissions_rate_kg_per_s,
        "energy_consumed": row.energy_kwh,
        "water_consumed": 0.0,
        "country_name": country_name(row.country) if row.country else "",
        "country_iso_code": row.country.upper(),
        "codecarbon_version": row.codecarbon_version,
        "tracking_mode": row.tracking_mode,
        "on_cloud": "N",
        "pue": row.pue,
        "wue": 0.0,
    }
