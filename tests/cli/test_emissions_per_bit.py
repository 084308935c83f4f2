"""The second system from the command line: every command takes its scenario, and says what is true of it."""

import json
from pathlib import Path

import pytest

FIVE = ["regret", "delay_ratio", "drop_rate", "ng_per_bit", "optimum_ng_per_bit"]


@pytest.fixture(scope="module")
def trained(cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("cell") / "run"
    done = cli(
        "run",
        *("--scenario", "emissions-per-bit", "--steps", "300", "--time-steps", "2", "--out", run, "--quiet"),
    )
    assert done.returncode == 0, done.stderr
    return run


def said(cli, *arguments: str | Path) -> dict:
    done = cli(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_figures_stand_at_the_top(cli, trained: Path) -> None:
    found = said(cli, "evaluate", trained)
    assert list(found)[:5] == FIVE
    assert found["optimum"] == found["wording"]["optimum"] == "causal optimum"
    assert found["regret"] == pytest.approx(found["decided"]["regret"], rel=1e-9)
    assert found["regret"] == pytest.approx(found["ng_per_bit"] / found["optimum_ng_per_bit"] - 1.0)
    assert found["optimum_ng_per_bit"] == pytest.approx(6.3, rel=0.05)
    assert found["optimum_delay_s"] == pytest.approx(0.119, rel=0.05)
    assert found["decided"]["constant"] is None
    # Grams of a slot over its bits are the grams of a bit, whose hours differ: by mean and mean nearly.
    assert found["decided"]["optimum_mg_per_decision"] == pytest.approx(42_000, rel=0.1)
    text = cli("evaluate", trained).stdout
    assert "ng CO₂e per bit" in text
    assert "exact optimum" not in text


def test_elsewhere_the_reference_is_that_of_the_place(cli, trained: Path, tmp_path: Path) -> None:
    french = said(cli, "evaluate", trained, "--country", "grid=FR", "--requests", "2")
    assert french["optimum_ng_per_bit"] < 4.0
    hours = [
        f"2020-01-{1 + hour // 24:02}T{hour % 24:02}:00:00Z,{200 + 20 * (hour % 11)}" for hour in range(216)
    ]
    trace = tmp_path / "trace.csv"
    trace.write_text("\n".join(["datetime,carbon_intensity", *hours]) + "\n")
    dated = said(cli, "evaluate", trained, "--trace", f"grid={trace}", "--requests", "1")
    assert dated["optimum"] == "linear program that knows the future"
    assert dated["run"]["traces"]["grid"]["hours"] == 216
    assert dated["regret"] > 0.0


def test_the_ledger_is_of_hours_and_bits(cli, trained: Path) -> None:
    found = said(cli, "ledger", trained, "--baseline", "store-surplus", "--baseline", "batteries-idle")
    book = found["ledger"]
    assert book["request_rate_hz"] == pytest.approx(1.0 / 3600.0)
    assert book["decisions_per_year"] == pytest.approx(8760.0)
    assert found["run"]["agent_intensity_g_per_kwh"] == pytest.approx(379.0, rel=0.01)
    account = book["boundaries"]["provisioned"]["accounts"]["loihi2"]
    assert account["sci"]["bit"]["nominal"] * book["units_per_decision"]["bit"] == pytest.approx(
        account["total_mg"]["nominal"]
    )
    assert {pair["title"] for pair in found["payback"]["loihi2"]} == {
        "the rule store-surplus",
        "the rule batteries-idle",
    }
    # A slot holds all of the station's time, so that nothing waits beside it.
    work, provisioned = (book["boundaries"][name] for name in ("work", "provisioned"))
    assert work["service"] == provisioned["service"]
    assert found["year"] is None


def test_a_slot_takes_four_evaluations(cli, trained: Path) -> None:
    bills = said(cli, "energy", trained, "--profile", "mcu_m33_u575")["priced"]
    book = said(cli, "ledger", trained, "--profile", "mcu_m33_u575")
    account = book["ledger"]["boundaries"]["provisioned"]["accounts"]["mcu_m33_u575"]
    one = bills["devices"]["mcu_m33_u575"]["spiking"]["parts_j"]["dynamic"]["nominal"]
    assert bills["conditions"]["copies"] == 4
    assert account["energy_j"]["dynamic"]["nominal"] == pytest.approx(4.0 * one)
    mg = bills["agent_mg_per_decision"]["mcu_m33_u575"]["nominal"]
    total_j = bills["devices"]["mcu_m33_u575"]["spiking"]["total_j"]["nominal"]
    intensity = book["run"]["agent_intensity_g_per_kwh"]
    assert mg == pytest.approx(4.0 * total_j / 3.6e6 * intensity * 1e3)
    assert "of 4 that a decision takes" in " ".join(cli("energy", trained).stdout.split())


def test_the_summary_and_the_page_tell_the_same(cli, trained: Path) -> None:
    summary = json.loads((trained / "summary.json").read_text())
    assert list(summary["decided"]["figures"])[:5] == FIVE
    assert summary["wording"]["command"] == ["--scenario", "emissions-per-bit"]
    assert summary["wording"]["shipped"]
    assert not summary["wording"]["exact"]
    page = (trained / "report.html").read_text()
    assert "exact optimum of" not in page
    assert "Energy and delay hardly conflict" in page


def test_a_scenario_is_checked_without_a_constant_action(cli) -> None:
    found = said(cli, "scenarios", "check", "emissions-per-bit", "--requests", "2")
    assert found["optimum_ng_per_bit"] < found["store_surplus_ng_per_bit"] < found["grid_only_ng_per_bit"]
    assert not any(key.startswith("constant") for key in found)


def test_learners_are_compared_that_can_take_it(cli, tmp_path: Path) -> None:
    folder = tmp_path / "cells"
    found = said(
        cli,
        "compare",
        *("--scenario", "emissions-per-bit", "--learners", "random,causal optimum", "--seeds", "1"),
        *("--jobs", "1", "--out", folder, "--quiet"),
    )
    assert found["cells"] == 2
    assert found["failed"] == {}
    assert (folder / "cells" / "emissions_per_bit-causal-optimum-0.json").is_file()
    refused = cli("compare", "--scenario", "emissions-per-bit", "--learners", "sac", "--out", folder)
    assert refused.returncode == 2
    assert "sac" in refused.stderr
    assert "causal optimum" in refused.stderr


@pytest.mark.parametrize("other", ["emissions-per-bit-full", "paper"])
def test_another_scenario_is_refused_in_one_line(cli, trained: Path, other: str) -> None:
    done = cli("evaluate", trained, "--scenario", other, "--quiet")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"scenario '{other}'" in done.stderr
    assert "leave --scenario out" in done.stderr


def test_an_actor_is_trained_on_with_the_weights_of_a_chip(cli, trained: Path, tmp_path: Path) -> None:
    found = said(cli, "finetune", trained, "--out", tmp_path / "tuned", "--steps", "64", "--weight-bits", "6")
    assert found["weight_bits"] == 6
    assert found["feasible"] is True
    assert 0.0 < found["validation_regret"] < 3.0
