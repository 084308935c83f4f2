"""The script of the table over all profiles, on an untrained actor."""

import csv
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from hardware_profiles.profile import profile_names
from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.pricing.bill import Bill
from neuro_aolo.pricing.profiler import Profiler
from neuro_aolo.runs.decided import hold_out
from neuro_aolo.runs.deployed import deploy
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.priced import Pricing, price_run
from neuro_aolo.runs.run import Run

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        return importlib.import_module("energy_results")


@pytest.fixture(scope="module")
def folder(untrained: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("runs") / "paper", PopSANConfig(hidden=(16, 16)))


def profiler(folder: Path, *profiles: str) -> Profiler:
    run = Run.open(RunFolder.open(folder))
    return price_run(run, deploy(hold_out(run)), Pricing(profiles)).profiler


def test_every_profile_has_a_row_that_says_what_its_bill_says(
    script: ModuleType,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["energy_results", str(folder), "--out", str(tmp_path)])
    script.main()
    assert "7 nm arithmetic and memory" in capsys.readouterr().out
    with (tmp_path / "paper.csv").open(newline="", encoding="utf-8") as stream:
        rows = {row["profile"]: row for row in csv.DictReader(stream)}
    assert set(rows) == set(profile_names())
    priced = profiler(folder, "loihi2", "mcu_m33_u575", "gap9")
    bills = priced.spiking
    for name in ("loihi2", "mcu_m33_u575"):
        bill, pair = bills[name], priced.nearest(name)
        assert isinstance(bill, Bill)
        assert pair is not None
        assert float(rows[name]["spiking_low_j"]) == bill.total_j.low
        assert float(rows[name]["spiking_nominal_j"]) == bill.total_j.nominal
        assert float(rows[name]["spiking_high_j"]) == bill.total_j.high
        assert rows[name]["unpriced"] == "; ".join(bill.unpriced)
        assert float(rows[name]["p_spiking_below_dense"]) == pair.probability
        assert rows[name]["weakest_evidence"] == bill.evidence
        assert float(rows[name]["weakest_share"]) == bill.footing.share
        assert rows[name]["moved_most_by"] == bill.footing.mover
        assert rows[name]["covered_by_calibration"] == "; ".join(bill.covered)
    assert float(rows["loihi2"]["static_share"]) == bills["loihi2"].static_share  # type: ignore[union-attr]
    power = {name: rows[name]["static_power"] for name in ("loihi2", "mcu_m33_u575", "horowitz45", "odin")}
    assert power == {
        "loihi2": "counted",
        "mcu_m33_u575": "inside",
        "horowitz45": "left out",
        "odin": "",
    }
    # A device that runs the dense actor alone still has a price, and says why it has no other.
    assert rows["gap9"]["spiking_nominal_j"] == ""
    assert float(rows["gap9"]["dense_int8_nominal_j"]) > 0.0
    assert "RISC-V" in rows["gap9"]["spiking_unfit"]
    page = (tmp_path / "paper.md").read_text("utf-8")
    assert page.count("\n| ") == 2 + len(rows)
    assert "independent assumptions, not on" in page
    assert "| assumed, " in page
    assert "–" in page.split("\n| ")[3]


def test_devices_are_in_the_order_of_what_they_take(script: ModuleType, folder: Path) -> None:
    rows = script.priced(profiler(folder, "h100", "loihi2", "odin", "gap9", "mcu_m33_u575"))
    found = [row["profile"] for row in rows]
    spiking = [row["spiking_nominal_j"] for row in rows[:3]]
    assert spiking == sorted(spiking)
    assert set(found[:3]) == {"h100", "loihi2", "mcu_m33_u575"}
    assert found[3:] == ["gap9", "odin"]


def test_two_runs_of_one_scenario_are_refused(
    script: ModuleType,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["energy_results", str(folder), str(folder), "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as exit_:
        script.main()
    error = capsys.readouterr().err
    assert exit_.value.code == 2
    assert "are both of scenario 'paper': name one run of each" in error
    assert error.count("\n") == 1
