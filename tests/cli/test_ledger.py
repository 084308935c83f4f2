import json
import shutil
from pathlib import Path

import pytest

from neuro_aolo.cli.terminal import with_old_keys
from neuro_aolo.systems.grid.countries import country_intensity_g_per_kwh
from neuro_aolo.systems.grid.factor import factor


def said(cli, *arguments: str | Path) -> dict:
    done = cli("ledger", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_ledger_of_a_run_is_its_summary(cli, small_run: Path) -> None:
    found = said(cli, small_run)
    kept = json.loads((small_run / "summary.json").read_text())
    summary = with_old_keys(kept, "aolo")
    assert found["ledger"] == summary["ledger"]
    assert found["payback"] == summary["payback"]
    assert [pair["baseline"] for pair in found["payback"]["loihi2"]] == ["random", "constant", "rule"] * 2
    # Trained on 256 requests, the MLP keeps no constraint, and is named all the same.
    assert found["no_service"] == ["the dense twin on mcu_m33_u575"]
    assert found["year"] is None


def test_a_rate_and_devices_of_ones_own(cli, small_run: Path) -> None:
    options = ("--profile", "loihi2,gap9", "--baseline", "150.01,20")
    slow, fast = (said(cli, small_run, *options, "--request-rate", rate) for rate in ("0.1", "10"))
    assert list(slow["ledger"]["devices"]) == ["loihi2"]
    assert "gap9" in slow["unfit"]
    costs = [found["ledger"]["devices"]["loihi2"]["agent_mg"]["nominal"] for found in (slow, fast)]
    assert costs[0] > 50 * costs[1]
    assert fast["ledger"]["requests_per_year"] == 315_360_000.0


def test_trainings_of_ones_own(cli, small_run: Path) -> None:
    """Those that were thrown away count too, where they ran."""
    one = said(cli, small_run, "--profile", "mcu_m33_u575")["ledger"]
    options = ("--trainings", "3", "--training-country", "POL")
    thrice = said(cli, small_run, "--profile", "mcu_m33_u575", *options)["ledger"]
    ratio = 3.0 * country_intensity_g_per_kwh("POL") / one["intensity_g_per_kwh"]
    assert thrice["training_g"] == pytest.approx(ratio * one["training_g"], rel=1e-12)
    assert (thrice["trainings"], thrice["training_country"]) == (3, "POL")


def test_the_lines_add_up_in_json(cli, small_run: Path) -> None:
    book = said(cli, small_run)["ledger"]
    for figures in book["boundaries"].values():
        service = figures["service_mg"]
        sums = {
            bound: sum(line["mg"][bound] for line in figures["service"])
            for bound in ("low", "nominal", "high")
        }
        assert service["nominal"] == pytest.approx(sums["nominal"], rel=1e-12)
        # What makes one line more can make another less: not all are at one end at once.
        assert sums["low"] * (1 - 1e-12) <= service["low"] < service["nominal"]
        assert service["nominal"] < service["high"] <= sums["high"] * (1 + 1e-12)
        for device in figures["accounts"].values():
            for bound in ("low", "nominal", "high"):
                agent = sum(line["mg"][bound] for line in device["lines"])
                assert device["agent_mg"][bound] == pytest.approx(agent, rel=1e-12)
                assert device["total_mg"][bound] == pytest.approx(agent + service[bound], rel=1e-12)
                per_year = device["total_mg"][bound] * book["requests_per_year"] / 1e6
                assert device["total_kg_per_year"][bound] == pytest.approx(per_year, rel=1e-12)
                assert device["sci"]["bit"][bound] * book["bits_per_request"] == pytest.approx(
                    device["total_mg"][bound], rel=1e-12
                )


def test_provisioned_is_work_and_what_waits(cli, small_run: Path) -> None:
    part = said(cli, small_run)
    work, provisioned = (part["ledger"]["boundaries"][name] for name in ("work", "provisioned"))
    waits = [
        f"{machine}_waiting_{kind}" for machine in ("gpus", "station") for kind in ("operational", "embodied")
    ]
    assert provisioned["service"][: len(work["service"])] == work["service"]
    assert [line["key"] for line in provisioned["service"][len(work["service"]) :]] == waits
    assert provisioned["service_energy_j"] > work["service_energy_j"]
    for name, account in work["accounts"].items():
        standing = {line["key"]: line["mg"] for line in provisioned["accounts"][name]["lines"]}
        assert {line["key"] for line in account["lines"]} <= set(standing)
        for line in account["lines"]:
            for bound, mg in line["mg"].items():
                assert mg <= standing[line["key"]][bound] * (1 + 1e-12), (name, line["key"], bound)
    pairs = [(pair["baseline"], pair["boundary"]) for pair in part["payback"]["loihi2"]]
    assert pairs == [
        (baseline, boundary)
        for boundary in ("provisioned", "work")
        for baseline in ("random", "constant", "rule")
    ]


def test_a_year_over_hourly_grids(cli, small_run: Path, tmp_path: Path) -> None:
    hours = [f"2020-01-01 {hour:02}:00:00,{100 + 10 * hour}" for hour in range(24)]
    trace = tmp_path / "trace.csv"
    trace.write_text("\n".join(["Time,Carbon Intensity", *hours]) + "\n")
    options = ("--dc-trace", trace, "--bs-trace", trace, "--baseline", "150.01,20")
    one, two = (said(cli, small_run, *options, "--request-rate", rate) for rate in ("1", "2"))
    year = one["year"]
    assert year["hours"] == 24
    assert year["intensity_g_per_kwh"]["dc"] == pytest.approx(215.0)
    assert one["ledger"]["intensity_g_per_kwh"] == pytest.approx(215.0)
    oracle, fixed = year["policies"]["oracle"], year["policies"]["150.01,20"]
    assert 0.0 < fixed["carbon_kg"] / oracle["carbon_kg"] - 1.0 < 1e-3
    for name, told in two["year"]["policies"].items():
        assert told["carbon_kg"] == pytest.approx(2.0 * year["policies"][name]["carbon_kg"])
    assert "24 hours" in cli("ledger", small_run, *options).stdout


def test_a_ledger_tells_what_was_converted(cli, small_run: Path, tmp_path: Path) -> None:
    hours = [f"2020-01-01 {hour:02}:00:00,{0.1 + 0.01 * hour:.2f}" for hour in range(24)]
    trace = tmp_path / "trace.csv"
    trace.write_text("\n".join(["Time (UTC),CI (tCO2/MWh)", *hours]) + "\n")
    options = ("--dc-trace", trace, "--dc-trace", trace, "--baseline", "150.01,20")
    found = said(cli, small_run, *options)
    assert found["year"]["intensity_g_per_kwh"]["dc"] == pytest.approx(215.0)
    assert found["run"]["traces"]["dc"]["note"] == "tCO2/MWh, times 1000 gives gCO2/kWh"
    assert "dc, trace.csv: tCO2/MWh, times 1000 gives gCO2/kWh" in cli("ledger", small_run, *options).stdout


@pytest.mark.parametrize(("style", "rule"), [("markdown", "| --- |"), ("latex", r"\toprule")])
def test_tables_for_papers(cli, small_run: Path, style: str, rule: str) -> None:
    done = cli("ledger", small_run, "--format", style, "--profile", "loihi2")
    assert done.returncode == 0, done.stderr
    assert rule in done.stdout
    assert "10.1109/MM.2018.112130359" in done.stdout


@pytest.mark.parametrize("style", ["terminal", "markdown", "latex"])
def test_it_says_of_which_year_the_countries_intensities_are(cli, small_run: Path, style: str) -> None:
    germany, france = factor("DEU"), factor("FRA")
    found = said(cli, small_run, "--profile", "loihi2", "--baseline", "150.01,20")
    factors = found["wording"]["factors"]
    assert [factors[site]["year"] for site in ("dc", "bs")] == [germany.year, france.year]
    assert factors["bs"]["g_per_kwh"] == france.g_per_kwh == found["ledger"]["intensity_g_per_kwh"]
    assert {facts["basis"] for facts in factors.values()} == {"average, location-based"}
    done = cli("ledger", small_run, "--profile", "loihi2", "--baseline", "150.01,20", "--format", style)
    text = " ".join(done.stdout.replace("\\_", "_").split())
    for each in (germany, france):
        assert each.name in text
        # A terminal may be too narrow to keep a cell on one line.
        words = (f"average of {each.year}", "location-based", "codecarbon")
        assert all(part in text for part in (words if style == "terminal" else (each.of, each.source)))


def test_the_terminal_keeps_to_80_columns(cli, small_run: Path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = cli("ledger", small_run)
    assert "requests until" in done.stdout
    assert "never" in done.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--baseline", "sac"), "'sac' is none of random, constant, mlp"),
        (("--baseline", "5,900"), "0.1 to 60 W: choose one"),
        (("--baseline", "1_50,20"), "0.1 to 60 W: choose one"),
        (("--baseline", "none.json"), "none.json is no file"),
        (("--format", "pdf"), "'pdf' is none of terminal, markdown, latex"),
        (("--request-rate", "0"), "--request-rate 0 is not allowed"),
        (("--trainings", "0"), "--trainings 0 is not allowed"),
        (("--training-country", "XYZ"), "unknown country 'XYZ'"),
        (("--profile", "loihi9"), "'loihi9' is unknown"),
        (("--dc-trace", "none.csv"), "none.csv"),
    ],
)
def test_bad_input_is_one_line(cli, small_run: Path, options: tuple[str, ...], said: str) -> None:
    done = cli("ledger", small_run, *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_cell_of_a_comparison_is_a_baseline_of_its_own_service(cli, small_run: Path) -> None:
    """The run's countries are not those of the comparison."""
    cell = Path(__file__).parents[2] / "results" / "paper" / "cells" / "paper-sac-0.json"
    done = cli("ledger", small_run, "--baseline", cell)
    assert done.returncode == 2
    assert "is of another service" in done.stderr


def test_an_agent_that_breaks_constraints_saves_nothing_by_it(
    cli, small_run: Path, tmp_path: Path, belongs
) -> None:
    """With a threshold above what its answers reach, no request is left to compare."""
    copy = tmp_path / "run"
    shutil.copytree(small_run, copy)
    settings = copy / "config.toml"
    settings.write_text(settings.read_text().replace("threshold = 7.0", "threshold = 8.299999999999"))
    belongs(copy)
    found = said(cli, copy, "--profile", "mcu_m33_u575", "--baseline", "260,20")
    assert found["payback"] == {"mcu_m33_u575": []}
    assert found["no_service"] == ["the constant action of 260 words at 20 W"]


def test_a_dense_actor_has_a_ledger_as_any_other(cli, small_run: Path) -> None:
    found = said(cli, small_run / "mlp")
    accounts = found["ledger"]["boundaries"]["work"]["accounts"]
    assert set(accounts) == {"h100", "mcu_m33_u575"}
    assert set(found["unfit"]) == {"loihi1", "loihi2"}
    beside = json.loads((small_run / "summary.json").read_text())["priced"]["devices"]
    for name, account in accounts.items():
        dynamic = account["energy_j"]["dynamic"]["nominal"]
        assert dynamic == pytest.approx(beside[name]["dense"]["parts_j"]["dynamic"]["nominal"])
    done = cli("ledger", small_run / "mlp")
    assert done.returncode == 0
    assert "spik" not in done.stdout


def test_the_baseline_rule_is_the_best_of_the_system_s(cli, small_run: Path) -> None:
    rules = cli("evaluate", small_run, "--json")
    regrets = {name: each["regret"] for name, each in json.loads(rules.stdout)["decided"]["rules"].items()}
    best = min(regrets, key=regrets.__getitem__)
    found = said(cli, small_run, "--baseline", "rule", "--baseline", best, "--profile", "loihi2")
    rule, named = (pair for pair in found["payback"]["loihi2"] if pair["boundary"] == "provisioned")
    assert (rule["title"], named["title"]) == (f"the system's best rule, {best}", f"the rule {best}")
    assert rule["net_mg"] == named["net_mg"]
    assert rule["baseline_agent_mg"] is None
