"""A run's carbon in CodeCarbon's columns: the training as measured, and apart a year as modelled."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from neuro_aolo.agent.actor_files import WEIGHTS
from neuro_aolo.carbon.emissions_csv import EmissionsRow, emissions_csv
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summary.ledger import LedgerLineFigures, LedgerPart
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.units import G_PER_KG, S_PER_YEAR, kwh

_MEASURED_BY = re.compile(r"CodeCarbon (\S+), (\w+) mode")


def emissions_of(run: Run, summary: Summary) -> tuple[str, str]:
    """The texts of ``emissions.csv`` and of ``emissions_modelled.csv``, at the time the training ended."""
    trained = datetime.fromtimestamp((run.folder.path / WEIGHTS).stat().st_mtime, tz=UTC)
    name = run.folder.path.resolve().name
    measured = measured_row(summary, run.saved.training, name, trained)
    return emissions_csv([measured]), emissions_csv(modelled_rows(summary, name, trained))


def measured_row(
    part: LedgerPart, training: Mapping[str, Any], name: str, timestamp: datetime
) -> EmissionsRow:
    """The training: its energy as measured, its carbon that energy where it is priced.

    Args:
        part: the ledger of the run.
        training: ``energy_kwh``, ``seconds`` and ``measured_by`` of the training, as a run keeps them.
        name: of the run; the project begins with it.
        timestamp: of the run.
    """
    ledger = part.ledger
    measured = _MEASURED_BY.fullmatch(training["measured_by"])
    version, mode = measured.groups() if measured else ("", "")
    one_of = f", one of {ledger.trainings:,}" if ledger.trainings > 1 else ""
    return EmissionsRow(
        f"{name}: training of the agent, energy measured{one_of}",
        timestamp,
        training["seconds"],
        training["energy_kwh"],
        ledger.training_g / ledger.trainings / G_PER_KG if math.isfinite(ledger.training_g) else None,
        ledger.training_country or part.wording.countries.get(ledger.site, ""),
        version,
        mode,
        group=name,
    )


def modelled_rows(part: LedgerPart, name: str, timestamp: datetime) -> tuple[EmissionsRow, ...]:
    """A year of the agent on each device, then of the system, as modelled: the devices are alternatives.

    The year is that of what is provisioned, waiting included; the training is the one that was measured.
    Modelled figures are the nominal ones. The system stands in the country of its first site, though a part
    of its energy may be drawn at another.

    Args:
        part: the ledger of the run.
        name: of the run; every project begins with it.
        timestamp: of the run.
    """
    ledger, countries = part.ledger, part.wording.countries
    per_year, country = ledger.decisions_per_year, countries.get(ledger.site, "")
    year = f"modelled, one year at {ledger.request_rate_hz:g} {part.wording.decisions}/s"
    deciding = [
        EmissionsRow(
            f"{name}: agent inference on {profile}, {year}{', a lower bound' if account.unpriced else ''}",
            timestamp,
            S_PER_YEAR,
            _year_kwh([energy.nominal * ledger.pue for energy in account.energy_j.values()], per_year),
            _year_kg(line for line in account.lines if line.part in account.energy_j),
            country,
            pue=ledger.pue,
            group=name,
        )
        for profile, account in ledger.provisioned.accounts.items()
    ]
    system = EmissionsRow(
        f"{name}: service, {year}",
        timestamp,
        S_PER_YEAR,
        _year_kwh([ledger.provisioned.service_energy_j], per_year),
        _year_kg(line for line in ledger.provisioned.service if line.kind == "operational"),
        next(iter(countries.values()), ""),
        pue=None,
        group=name,
    )
    return *deciding, system


def _year_kwh(energies_j: Sequence[float], decisions: float) -> float | None:
    if not all(map(math.isfinite, energies_j)):
        return None
    return kwh(math.fsum(energies_j) * decisions)


def _year_kg(lines: Iterable[LedgerLineFigures]) -> float | None:
    amounts = [line.kg_per_year.nominal for line in lines]
    return math.fsum(amounts) if all(map(math.isfinite, amounts)) else None
