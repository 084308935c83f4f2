"""`neuro-aolo compare`: cells that are kept, tables that follow from them; `evaluate` in another scenario."""

import csv
import errno
import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.stats import trim_mean

from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.comparison.plan import LEARNERS, Plan
from neuro_aolo.runs.cell import Cell
from neuro_aolo.runs.presets import PRESETS
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.workers.local import make_here

FEW = ("--steps", "1500", "--seeds", "2", "--jobs", "1", "--learners", "mlp,random,constant,oracle")
TABLES = {"cells.csv", "summary.csv", "summary.md", "curves.svg"}


def is_one_line_about(said: str, *what: str) -> bool:
    lines = said.strip().splitlines()
    return len(lines) == 1 and lines[0].startswith("error: ") and all(word in lines[0] for word in what)


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))


def cells_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "cells").iterdir())}


@pytest.fixture(scope="module")
def compared(cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare") / "paper"
    done = cli("compare", *FEW, "--out", folder, "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    text = " ".join(done.stdout.split())
    assert "best constant" in text
    assert "median with range" in text
    return folder


@pytest.mark.parametrize("learner", ["random", "constant", "mlp"])
def test_what_deciding_emits_counts_where_the_scenario_says_so(learner: str) -> None:
    """An MLP pays for the microcontroller that it runs on; who computes nothing pays nothing."""
    training, popsan = PRESETS["tuned"]
    few = replace(training, total_steps=640, validation_requests=200, evaluate_every=10)
    plain = Plan(Scenario.load("paper"), learner, 0, few, popsan, 1.0)
    counted = replace(plain, deployment=Deployment(agent_carbon="provisioned"))
    without, with_it = (plan.make().cell for plan in (plain, counted))
    paid_mg = with_it.cost_mg - without.cost_mg
    # The making of 0.3 kg over five years of a request a second; the two trainings part by rounding.
    assert paid_mg == pytest.approx(0.0019026 if learner == "mlp" else 0.0, rel=0.2, abs=1e-12)
    assert with_it.settings != without.settings


def test_a_comparison_leaves_its_cells_and_tables(compared: Path) -> None:
    assert {path.name for path in compared.iterdir()} == {"cells", *TABLES}
    names = {f"paper-{learner}-{seed}.json" for learner in FEW[-1].split(",") for seed in (0, 1)}
    # Of our own learners the networks are kept, too.
    assert set(cells_of(compared)) == names | {f"paper-mlp-{seed}.graph" for seed in (0, 1)}
    oracle = Cell.load(compared / "cells" / "paper-oracle-0.json")
    assert (oracle.regret, oracle.violation_rate, oracle.curve) == (0.0, 0.0, ())
    # Published figures of the model: the optimum emits 18.23 mg, 11 % of random actions are feasible.
    assert oracle.carbon_mg == oracle.cost_mg == pytest.approx(18.234, rel=5e-3)
    random = Cell.load(compared / "cells" / "paper-random-1.json")
    assert random.violation_rate == pytest.approx(0.89, abs=0.01)
    assert random.carbon_mg == pytest.approx(28.92, rel=0.02)
    assert random.regret == pytest.approx(random.cost_mg / oracle.cost_mg - 1)
    mlp = Cell.load(compared / "cells" / "paper-mlp-0.json")
    assert mlp.settings["training"]["total_steps"] == 1500
    assert mlp.requests == mlp.curve[-1].requests >= 1500
    assert mlp.updates == math.ceil(1500 / 128)
    assert mlp.seconds == mlp.curve[-1].seconds > 0.0
    assert mlp.processor_s == mlp.processor == mlp.curve[-1].processor_s > 0.0
    assert mlp.validated == mlp.validation_requests == 8_000 * len(mlp.curve)
    assert (oracle.processor, oracle.validated) == (0.0, 0)
    assert {"python", "torch", "norse", "numpy", "neuro-aolo"} <= set(mlp.versions)


def test_the_summary_is_that_of_the_cells(compared: Path) -> None:
    cells, summary = rows_of(compared / "cells.csv"), rows_of(compared / "summary.csv")
    assert len(cells) == 8
    for row in summary:
        values = [float(cell[row["quantity"]]) for cell in cells if cell["learner"] == row["learner"]]
        assert len(values) == int(row["seeds"]) == 2
        assert float(row["mean"]) == pytest.approx(np.mean(values), nan_ok=True)
        assert float(row["iqm"]) == pytest.approx(trim_mean(values, 0.25), nan_ok=True)
        if not np.isnan(values).any():
            assert row["interval"] == "range"
            assert [float(row["iqm_low"]), float(row["iqm_high"])] == pytest.approx(sorted(values))
    page = (compared / "summary.md").read_text()
    assert f"neuro-aolo compare {' '.join(FEW)} --out {compared}" in page
    table = [line for line in page.splitlines() if line.startswith("|")]
    assert len(table) == 6
    assert len({line.count("|") for line in table}) == 1
    assert re.search(r"torch \d", page)


def test_the_curves_stand_alone_in_light_and_dark(compared: Path) -> None:
    svg = (compared / "curves.svg").read_text()
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "MLP, same loop" in root.get("aria-label", "")
    assert "prefers-color-scheme: dark" in svg
    used = set(re.findall(r"var\(--na-(\w+)", svg)) - {"font"}
    assert used <= set(re.findall(r"--na-(\w+): #", svg))
    words = {"".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert "seconds of training on one core" in words
    assert any(word.startswith("MLP, same loop") for word in words)


def test_a_finished_cell_is_not_trained_again(cli, compared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    shutil.copytree(compared, folder)
    before = cells_of(folder)
    done = cli("compare", *FEW, "--out", folder, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["cells"], said["trained"], said["failed"]) == (8, 0, {})
    assert cells_of(folder) == before
    (folder / "cells" / "paper-random-1.json").unlink()
    said = json.loads(cli("compare", *FEW, "--out", folder, "--json").stdout)
    assert said["trained"] == 1
    # Training is seeded, and nothing but the time that it takes differs.
    assert cells_of(folder) == before
    assert said["learners"]["oracle"]["regret"]["iqm"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_a_variant_has_a_cell_of_its_own(tmp_path: Path) -> None:
    training, popsan = PRESETS["tuned"]
    plan = Plan(Scenario.load("paper"), "oracle", 0, training, popsan, 1.0)
    other = replace(plan, variant="encoder-20")
    assert [made.file(tmp_path).name for made in (plan, other)] == [
        "paper-oracle-0.json",
        "paper-oracle-encoder-20-0.json",
    ]
    assert (plan.settings["variant"], other.settings["variant"]) == ("", "encoder-20")
    plan.make().save(plan.file(tmp_path))
    assert plan.finished(tmp_path) is not None
    assert other.finished(tmp_path) is None


@pytest.mark.parametrize(("scenario", "allowed"), [("paper", 0.001), ("mixed", 0.005), ("speech", 0.005)])
def test_learners_may_violate_what_the_scenario_allows(scenario: str, allowed: float) -> None:
    training, popsan = PRESETS["tuned"]
    limits = {
        learner: Plan(Scenario.load(scenario), learner, 0, training, popsan, 1.0).settings.get(
            "violation_limit"
        )
        for learner in LEARNERS
    }
    without = ("random", "oracle")
    assert limits == {learner: None if learner in without else allowed for learner in LEARNERS}


def test_other_settings_and_damaged_cells_are_refused(cli, compared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    shutil.copytree(compared, folder)
    more = [*FEW, "--steps", "1600", "--out", folder]
    refused = cli("compare", *more)
    assert (refused.returncode, refused.stdout) == (2, "")
    expected = ("paper-mlp-0.json", "training.total_steps = 1500, now 1600", "--overwrite")
    assert is_one_line_about(refused.stderr, *expected), refused.stderr
    damaged = folder / "cells" / "paper-oracle-1.json"
    for text in (
        "",
        "{}",
        damaged.read_text()[:300],
        damaged.read_text().replace('"regret": 0.0', '"regret": "x"'),
    ):
        damaged.write_text(text)
        refused = cli("compare", *FEW, "--out", folder)
        assert refused.returncode == 2
        assert is_one_line_about(refused.stderr, damaged.name, "--overwrite"), refused.stderr
    only = [
        "--learners",
        "oracle,random",
        "--seeds",
        "2",
        "--jobs",
        "1",
        "--out",
        folder,
        "--overwrite",
        "--json",
    ]
    done = cli("compare", *only)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["trained"] == 1
    assert damaged.read_bytes() == cells_of(compared)[damaged.name]


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--learners", "mlp,dqn"], "'dqn' is none of spiking, mlp"),
        (["--learners", ","], "no learner is given"),
        (["--scenario", "papper"], "papper"),
        (["--preset", "fast"], "fast"),
        (["--seeds", "0"], "--seeds"),
        (["--jobs", "0"], "--jobs"),
        (["--seconds", "-3"], "--seconds"),
        (["--out", "notes.txt"], "notes.txt is a file"),
    ],
)
def test_options_that_cannot_be_used(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    done = cli("compare", "--learners", "oracle", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert is_one_line_about(done.stderr, what), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_cell_that_fails_does_not_stop_the_others(cli, tmp_path: Path, monkeypatch) -> None:
    save = Cell.save

    def no_room(cell: Cell, file: Path) -> None:
        if cell.learner == "random":
            raise OSError(errno.ENOSPC, "No space left on device", str(file))
        save(cell, file)

    monkeypatch.setattr(Cell, "save", no_room)
    # In this process, where the fault is.
    monkeypatch.setattr(
        "neuro_aolo.comparison.compared.make",
        lambda plans, folder, jobs, on_end: make_here(plans, folder, on_end),
    )
    done = cli(
        "compare",
        "--learners",
        "random,oracle",
        "--seeds",
        "1",
        "--jobs",
        "1",
        "--out",
        tmp_path,
        "--json",
        "-q",
    )
    assert done.returncode == 1
    assert done.stderr.startswith("failed: paper-random-0: OSError: [Errno 28] No space left")
    assert done.stderr.count("\n") == 1
    said = json.loads(done.stdout)
    assert set(said["failed"]) == {"paper-random-0"}
    assert set(said["learners"]) == {"oracle"}


@pytest.mark.slow
def test_ctrl_c_keeps_the_finished_cells(tmp_path: Path) -> None:
    options = ["--steps", "100000000", "--seeds", "1", "--learners", "oracle,mlp", "--out", str(tmp_path)]
    command = [sys.executable, "-m", "neuro_aolo", "compare", *options]
    # In a group of its own, whose every process hears the interrupt, as in a terminal.
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / "cells" / "paper-oracle-0.json").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 130
    assert said.strip() == (
        f"interrupted; {tmp_path} holds 1 of 2 cells: the same command goes on from there"
    )
    assert Cell.load(tmp_path / "cells" / "paper-oracle-0.json").regret == 0.0


@pytest.mark.slow
def test_every_learner_is_compared(cli, tmp_path: Path) -> None:
    options = ("--steps", "1500", "--seconds", "3", "--seeds", "1")
    done = cli("compare", *options, "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    rules = ["shortest-answer", "log-linear"]
    assert set(said["learners"]) == {*LEARNERS, *rules, "oracle"}
    assert said["learners"]["optimum-table"]["regret"]["mean"]["value"] < 1e-5
    assert said["learners"]["linear-cem"]["requests"] > 0
    for name in ("sac", "td3", "ppo"):
        assert 3.0 <= said["learners"][name]["seconds"]["mean"]["value"] < 60.0
        assert said["learners"][name]["requests"] > 0


def test_an_actor_is_evaluated_in_another_scenario(cli, small_run: Path) -> None:
    few = ("--requests", "2000", "--dc-country", "DEU", "--bs-country", "FRA")
    home, onprem = (
        json.loads(cli("evaluate", small_run, *few, *more, "--json").stdout)
        for more in ((), ("--scenario", "onprem"))
    )
    assert "trained_in" not in home
    assert (onprem["scenario"], onprem["trained_in"]) == ("onprem", "paper")
    # The same decisions of the same requests, an eightieth of the carbon, and more time for inference.
    assert onprem["violation_rate"] == pytest.approx(home["violation_rate"], abs=0.02)
    ratio = home["service_mg_per_request"] / home["oracle_mg_per_request"]
    assert onprem["service_mg_per_request"] / onprem["oracle_mg_per_request"] == pytest.approx(
        ratio, rel=0.02
    )
    assert 70.0 < home["oracle_mg_per_request"] / onprem["oracle_mg_per_request"] < 90.0
    assert 0.0 < onprem["constant_regret"] < 1e-3
    said = cli("evaluate", small_run, *few, "--scenario", "onprem").stdout
    assert "trained in scenario paper, here in scenario onprem" in said


def test_the_actor_reads_another_scenario_in_its_own_ranges(cli, small_run: Path, tmp_path: Path) -> None:
    """A scenario that differs in nothing but how its state is shown is the same to a trained actor."""
    file = tmp_path / "wide.toml"
    omega = "omega = { sample = [0.1, 10.0], observe = [0.05, 50.0] }"
    file.write_text(f'extends = "paper"\nname = "wide"\n[state]\n{omega}\n')
    own, wide = (
        json.loads(cli("evaluate", small_run, "--requests", "500", "--scenario", name, "--json").stdout)
        for name in ("paper", file)
    )
    assert own["regret"] == wide["regret"]
    assert own["violation_rate"] == wide["violation_rate"]


@pytest.mark.parametrize(
    ("scenario", "what"),
    [
        ("mixed", "scenario 'mixed' has 6 observations"),
        ("papper", "papper"),
        ("boxed", "another action box"),
        ("hot", "observe"),
    ],
)
def test_scenarios_that_an_actor_cannot_be_taken_to(
    cli, small_run: Path, tmp_path: Path, scenario: str, what: str
) -> None:
    texts = {
        "boxed": "[actions]\npower_w = [0.1, 50.0]\n",
        "hot": "[state]\ndc_intensity_g_per_kwh = { sample = [0.0, 1500.0], observe = [0.0, 1600.0] }\n",
    }
    if scenario in texts:
        file = tmp_path / f"{scenario}.toml"
        file.write_text(f'extends = "paper"\nname = "{scenario}"\n{texts[scenario]}')
        scenario = str(file)
    done = cli("evaluate", small_run, "--scenario", scenario)
    assert (done.returncode, done.stdout) == (2, "")
    assert is_one_line_about(done.stderr, what), done.stderr
