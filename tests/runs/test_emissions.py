import csv
import dataclasses
import io
import json
import math
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from codecarbon.output_methods.emissions_data import EmissionsData
from codecarbon.output_methods.file import FileOutput

from neuro_aolo.carbon.emissions_csv import COLUMNS, EmissionsRow, emissions_csv
from neuro_aolo.errors import ScenarioError
from neuro_aolo.runs.emissions import measured_row, modelled_rows
from neuro_aolo.runs.summary.ledger import LedgerPart
from neuro_aolo.runs.summary.summary import Summary

WHEN = datetime(2026, 11, 22, 18, 30, 5)
COUNTRIES = {"dc": "DEU", "bs": "FRA"}
TRAINING = {"energy_kwh": 9e-4, "seconds": 255.5, "measured_by": "CodeCarbon 3.3.2, process mode"}
TEXT_COLUMNS = {"timestamp", "project_name", "run_id", "experiment_id", "country_name", "country_iso_code"}


def three(nominal: float | None) -> dict[str, float | None]:
    return dict.fromkeys(("low", "nominal", "high"), nominal)


def line(key: str, part: str, kg: float | None, kind: str = "operational") -> dict[str, object]:
    return {
        "key": key,
        "name": key.replace("_", ", "),
        "part": part,
        "kind": kind,
        "mg": three(0.0),
        "kg_per_year": three(kg),
        "source": "",
    }


def account(lines: list[dict[str, object]], energy_j: dict[str, object], unpriced: list[str]) -> object:
    amounts = (
        "agent_mg",
        "running_mg",
        "total_mg",
        "agent_kg_per_year",
        "total_kg_per_year",
        "devices_needed",
    )
    return {
        "device": "a device",
        "boundary": "all",
        "evidence": "assumed",
        "lines": lines,
        "energy_j": energy_j,
        **{name: three(0.0) for name in amounts},
        "sci": {},
        "lower_bound": unpriced,
        "unpriced": unpriced,
        "excluded": [],
    }


def ledger(
    countries: dict[str, str] | None = None,
    pue: float = 1.0,
    trainings: int = 1,
    training_country: str = "",
) -> LedgerPart:
    """2 requests a second: 290 J of the service, 5 mJ of a chip that is always on, 56 g/kWh."""
    service = [
        line("inference_operational", "service", 1_800.0),
        line("inference_embodied", "service", 130.0, "embodied"),
        line("wireless_operational", "service", 0.5),
        line("wireless_embodied", "service", 0.25, "embodied"),
    ]
    accounts = {
        "loihi2": account(
            [
                line("agent_dynamic", "dynamic", 5e-6),
                line("agent_host", "host", 1e-6),
                line("agent_static", "static", 4e-3),
                line("agent_embodied", "embodied", 0.2, "embodied"),
                line("agent_training", "training", 3e-5, "training"),
            ],
            {"dynamic": three(6e-6), "host": three(4e-6), "static": three(5e-3)},
            ["synaptic weight fetches"],
        ),
        "mcu": account([line("agent_dynamic", "dynamic", None)], {"dynamic": three(None)}, []),
    }
    data = {
        "run": {
            "system": "aolo",
            "scenario": "paper",
            "actor": "popsan",
            "kind": "spiking",
            "agent_site": "bs",
            "agent_intensity_g_per_kwh": 56.0,
            "agent_carbon": "none",
            "seed": 0,
            "steps": 1,
            "interrupted": False,
            "training_kwh": 9e-4,
            "training_measured_by": "",
        },
        "wording": {
            "title": "paper",
            "decision": "request",
            "optimum": "oracle",
            "countries": COUNTRIES if countries is None else countries,
        },
        "ledger": {
            "units": {},
            "request_rate_hz": 2.0,
            "decisions_per_year": 2.0 * 31_536_000.0,
            "site": "bs",
            "intensity_g_per_kwh": 56.0,
            "units_per_decision": {},
            "unit_names": {},
            "pue": pue,
            "boundaries": {
                "work": {
                    "service_energy_j": 190.0,
                    "service_mg": three(30.0),
                    "service_kg_per_year": three(1_930.75),
                    "service": service,
                    "accounts": {},
                },
                "provisioned": {
                    "service_energy_j": 290.0,
                    "service_mg": three(40.0),
                    "service_kg_per_year": three(2_530.75),
                    "service": [
                        *service,
                        line("gpus_waiting_operational", "service", 500.0),
                        line("gpus_waiting_embodied", "service", 100.0, "embodied"),
                    ],
                    "accounts": accounts,
                },
            },
            "training_g": 0.05 * trainings,
            "training_over_decisions": 1.0,
            "trainings": trainings,
            "training_country": training_country,
            "trained_where": "",
        },
        "payback": {},
    }
    return LedgerPart.model_validate(data)


def all_rows(part: LedgerPart | None = None, name: str = "run", when: datetime = WHEN) -> list[EmissionsRow]:
    """What was measured, and what is modelled."""
    part = part or ledger()
    return [measured_row(part, TRAINING, name, when), *modelled_rows(part, name, when)]


def written(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def theirs() -> EmissionsData:
    """A record of theirs: text where text belongs, numbers elsewhere."""
    values = {
        field.name: "x" if field.type is str else 1.0
        for field in dataclasses.fields(EmissionsData)
        if field.default is dataclasses.MISSING
    }
    return EmissionsData(**values)


def test_the_columns_are_codecarbon_s_in_its_order() -> None:
    assert tuple(theirs().values) == COLUMNS


@pytest.mark.parametrize("on_csv_write", ["append", "update"])
def test_codecarbon_takes_the_file_for_one_of_its_own(tmp_path: Path, on_csv_write: str) -> None:
    file = tmp_path / "emissions.csv"
    text = emissions_csv(all_rows())
    file.write_text(text, encoding="utf-8")
    output = FileOutput(file.name, str(tmp_path), on_csv_write)
    assert output.has_valid_headers(theirs())
    output.out(theirs(), None)
    # It adds its row to ours; headers that it did not know would have made it set our file aside.
    assert [child.name for child in tmp_path.iterdir()] == [file.name]
    frame = pd.read_csv(file)
    assert len(frame) == len(written(text)) + 1
    assert list(frame["project_name"])[-1] == "x"


def test_a_year_by_hand() -> None:
    training, chip, mcu, service = all_rows()
    assert training == EmissionsRow(
        "run: training of the agent, energy measured",
        WHEN,
        255.5,
        9e-4,
        5e-5,
        "FRA",
        "3.3.2",
        "process",
        group="run",
    )
    # 5.01 mJ a request, 63,072,000 requests a year, 3.6 MJ per kWh.
    assert chip.project_name == (
        "run: agent inference on loihi2, modelled, one year at 2 requests/s, a lower bound"
    )
    assert (chip.duration_s, chip.country) == (31_536_000.0, "FRA")
    assert chip.energy_kwh == pytest.approx(0.0877752, rel=1e-12)
    assert chip.emissions_kg == pytest.approx(4.006e-3, rel=1e-12)
    assert chip.emissions_rate_kg_per_s == pytest.approx(1.27029427e-10, rel=1e-8)
    assert service.project_name == "run: service, modelled, one year at 2 requests/s"
    assert service.energy_kwh == pytest.approx(5_080.8, rel=1e-12)
    # What waits is in it, as the agent's static power is in its own row.
    assert (service.emissions_kg, service.country) == (2_300.5, "DEU")
    assert mcu.project_name.endswith("requests/s")


def test_the_agent_s_energy_holds_the_cooling_of_its_site() -> None:
    _, plain, *_ = all_rows(ledger())
    _, cooled, *_ = all_rows(ledger(pue=1.25))
    assert (plain.pue, cooled.pue) == (1.0, 1.25)
    assert plain.energy_kwh is not None
    assert cooled.energy_kwh == pytest.approx(1.25 * plain.energy_kwh, rel=1e-15)


def test_the_training_that_was_measured_stands_where_it_ran() -> None:
    one = all_rows(ledger())[0]
    kept = all_rows(ledger(trainings=3, training_country="POL"))[0]
    assert kept.project_name == f"{one.project_name}, one of 3"
    assert (kept.energy_kwh, kept.country) == (one.energy_kwh, "POL")
    assert kept.emissions_kg == pytest.approx(one.emissions_kg, rel=1e-15)


def test_pandas_reads_every_figure_back() -> None:
    frame = pd.read_csv(io.StringIO(emissions_csv(all_rows())))
    assert tuple(frame.columns) == COLUMNS
    for name in sorted(TEXT_COLUMNS):
        assert pd.api.types.is_string_dtype(frame[name])
    assert (pd.to_datetime(frame["timestamp"]) == WHEN).all()
    assert list(frame["country_name"]) == ["France", "France", "France", "Germany"]
    known = frame.dropna(subset=["emissions"])
    assert (known["emissions"] / known["duration"]).to_numpy() == pytest.approx(
        known["emissions_rate"].to_numpy(), rel=1e-15
    )
    assert frame["run_id"].is_unique
    assert frame["experiment_id"].nunique() == 1
    assert set(frame["on_cloud"]) == {"N"}


def test_what_is_not_known_is_empty_and_not_zero() -> None:
    text = emissions_csv(all_rows(ledger({})))
    training, chip, mcu, service = written(text)
    assert (mcu["emissions"], mcu["emissions_rate"], mcu["energy_consumed"]) == ("", "", "")
    assert (chip["codecarbon_version"], chip["tracking_mode"]) == ("", "")
    assert (service["pue"], training["pue"]) == ("", "1.0")
    assert {row["country_name"] + row["country_iso_code"] for row in (training, service)} == {""}
    for row in (training, chip):
        assert {row[key] for key in ("cpu_power", "gpu_energy", "cpu_model", "latitude", "os")} == {""}


def test_the_same_run_gives_the_same_bytes_and_another_has_other_ids() -> None:
    first, second = (emissions_csv(all_rows()) for _ in range(2))
    assert first == second
    later = emissions_csv(all_rows(when=WHEN.replace(second=6)))
    other = emissions_csv(all_rows(name="other"))
    ids = [{row[key] for row in written(text)} for text in (first, later, other) for key in _IDS]
    assert len(set.union(*ids)) == sum(map(len, ids))


_IDS = ("run_id", "experiment_id")


def test_a_country_that_there_is_not_is_refused() -> None:
    with pytest.raises(ScenarioError, match="unknown country 'XYZ'"):
        emissions_csv([EmissionsRow("p", WHEN, 1.0, 1.0, 1.0, "XYZ")])


def test_a_run_of_no_time_has_a_rate_of_zero_as_theirs() -> None:
    assert EmissionsRow("p", WHEN, 0.0, 0.0, 0.0).emissions_rate_kg_per_s == 0.0


def test_a_real_run_s_measured_row_is_its_training_and_adds_up(small_run: Path) -> None:
    summary = Summary.read(small_run / "summary.json")
    training = json.loads((small_run / "actor.json").read_text(encoding="utf-8"))["training"]
    measured = pd.read_csv(small_run / "emissions.csv")
    assert tuple(measured.columns) == COLUMNS
    # Energy as CodeCarbon measured it, at the site's intensity in g/kWh: no year and no device is in the sum.
    assert measured["energy_consumed"].sum() == training["energy_kwh"]
    book = summary.ledger
    assert measured["emissions"].sum() == pytest.approx(
        training["energy_kwh"] * book.intensity_g_per_kwh / 1e3, rel=1e-12
    )
    assert measured["duration"].sum() == training["seconds"]
    assert list(measured["codecarbon_version"]) == [training["measured_by"].split()[1].rstrip(",")]


def test_a_real_run_s_modelled_rows_are_its_ledger_s(small_run: Path) -> None:
    book = Summary.read(small_run / "summary.json").ledger
    frame = pd.read_csv(small_run / "emissions_modelled.csv")
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == len(book.provisioned.accounts) + 1
    assert frame["project_name"].str.contains("modelled").all()
    assert frame["codecarbon_version"].isna().all()
    agents = frame.iloc[:-1]
    # Energy at the site's intensity, in g/kWh, is what the ledger's lines add up to.
    assert (agents["emissions"] / agents["energy_consumed"]).to_numpy() == pytest.approx(
        [book.intensity_g_per_kwh / 1e3] * len(agents), rel=1e-9
    )
    service = frame.iloc[-1]
    operational = [row for row in book.provisioned.service if row.kind == "operational"]
    assert any(row.key == "gpus_waiting_operational" for row in operational)
    per_request_g = math.fsum(row.mg.nominal for row in operational) / 1e3
    assert service["emissions"] == pytest.approx(per_request_g * book.decisions_per_year / 1e3, rel=1e-12)
