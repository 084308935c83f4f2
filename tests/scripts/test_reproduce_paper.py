"""The paper's figures beside ours: verdicts on figures made by hand, and one small run of the script."""

import csv
import importlib.util
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

from neuro_aolo.agent.statistics import Estimate
from neuro_aolo.comparison.plan import Plan
from neuro_aolo.runs.cell import Cell

SCRIPTS = Path(__file__).parents[2] / "scripts"
ONE_SEED = Estimate(0.2, math.nan, math.nan)
NOTHING = Estimate(math.nan, math.nan, math.nan)


@pytest.fixture(scope="module")
def parts() -> dict[str, ModuleType]:
    """The script and the modules beside it, which are found as they are when the shell runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        names = ("verdicts", "opening", "trainings", "findings", "page")
        found = {name: importlib.import_module(f"reproduction.{name}") for name in names}
        return found | {"script": importlib.import_module("reproduce_paper")}


@pytest.mark.parametrize(
    ("ours", "word"),
    [
        (Estimate(0.20, 0.15, 0.25), "reproduced"),
        (Estimate(0.05, 0.02, 0.10), "same direction"),
        (Estimate(0.40, 0.30, 0.50), "same direction"),
        (Estimate(0.10, -0.02, 0.25), "not reproduced"),
        (Estimate(-0.10, -0.20, -0.05), "not reproduced"),
        (ONE_SEED, "cannot be compared"),
        (NOTHING, "cannot be compared"),
    ],
)
def test_a_change_is_judged_by_its_interval(parts, ours: Estimate, word: str) -> None:
    change, mirrored = parts["verdicts"].change, Estimate(-ours.value, -ours.high, -ours.low)
    assert change(0.1942, ours, 0.01).word == change(-0.1942, mirrored, 0.01).word == word
    # Of a policy that breaks more, carbon is over the easier requests.
    assert change(0.1942, ours, 0.011).word == "cannot be compared"


@pytest.mark.parametrize(
    ("kind", "ours", "word"),
    [
        ("amount", Estimate(18.43, 18.4, 18.5), "cannot be compared"),
        ("amount", NOTHING, "cannot be compared"),
        ("growth", Estimate(3.0, 2.0, 4.0), "reproduced"),
        ("growth", Estimate(3.0, -0.1, 4.0), "not reproduced"),
        ("growth", Estimate(-0.5, -0.6, -0.4), "not reproduced"),
        ("growth", ONE_SEED, "cannot be compared"),
        ("peak", Estimate(0.3, 0.1, 0.5), "reproduced"),
        ("peak", Estimate(0.3, -0.1, 0.5), "same direction"),
        ("peak", Estimate(-0.3, -0.5, 0.1), "not reproduced"),
        ("peak", ONE_SEED, "cannot be compared"),
    ],
)
def test_statements_without_a_figure_are_judged_by_their_side(
    parts, kind: str, ours: Estimate, word: str
) -> None:
    assert getattr(parts["verdicts"], kind)(ours).word == word


def test_a_difference_in_mg_counts_by_its_sign_only(parts) -> None:
    ranking = parts["verdicts"].ranking
    assert ranking(-12.89, Estimate(-12.89, -13.0, -12.8)).word == "same direction"
    assert ranking(-12.89, Estimate(-12.89, -30.0, 1.0)).word == "not reproduced"
    assert ranking(-12.89, Estimate(5.0, 1.0, 9.0)).word == "not reproduced"
    assert ranking(-12.89, ONE_SEED).word == "cannot be compared"


def test_every_word_has_a_rule(parts) -> None:
    assert set(parts["verdicts"].RULES) == {
        "reproduced",
        "same direction",
        "not reproduced",
        "cannot be compared",
    }


def cell(carbon_mg: float, violation_rate: float = 0.0, seconds: float = 1.0) -> Cell:
    return Cell("paper", "spiking", 0, {}, 0.0, violation_rate, carbon_mg, carbon_mg, 1, 1, seconds, (), {})


@pytest.fixture
def setup(parts, tmp_path: Path):
    """The script's settings of a smoke run, with the sweeps at their full length."""
    return parts["trainings"].Setup(
        rows=parts["trainings"].ROWS,
        seeds=1,
        sweep_seeds=2,
        seconds=1.0,
        steps={},
        opening_requests=100,
        sweeps=parts["trainings"].SWEEPS,
        folder=tmp_path,
        comparison=tmp_path / "none",
        quick=False,
    )


def test_a_peak_is_the_gain_of_the_best_middle_over_the_better_end(parts, setup) -> None:
    carbon_mg = {2: (24.0, 26.0), 5: (20.0, 21.0), 10: (19.0, 19.5), 20: (20.0, 20.5)}
    of = {size: [cell(mg) for mg in pair] for size, pair in carbon_mg.items()}
    (found,) = parts["findings"].swept_reward(setup, "encoder", of)
    # Best is 10, the better end 20: gains of 1 in both seeds.
    assert found.ours == Estimate(1.0, 1.0, 1.0)
    assert (found.verdict.word, found.paper) == ("reproduced", "peaks between the ends")
    assert "10 against 20" in found.verdict.why
    # Violations cost the penalty of 100 mg: with one in ten the best between the ends is 5.
    of[10] = [cell(mg, violation_rate=0.1) for mg in carbon_mg[10]]
    (found,) = parts["findings"].swept_reward(setup, "encoder", of)
    assert "5 against 20" in found.verdict.why
    assert found.ours.value == pytest.approx(-0.25)
    assert found.verdict.word == "not reproduced"


def test_a_smaller_network_is_judged_seed_by_seed(parts, setup) -> None:
    of = {(256, 256): [cell(18.0), cell(20.0)], (16, 16): [cell(22.5), cell(26.0)]}
    large, small, more = parts["findings"].hidden(setup, of)
    assert [large.paper, small.paper, more.paper] == [18.43, 23.41, 0.2702]
    assert large.verdict.word == small.verdict.word == "cannot be compared"
    assert (more.ours.value, more.ours.low, more.ours.high) == pytest.approx((0.275, 0.25, 0.3))
    assert more.verdict.word == "reproduced"


def test_time_is_compared_between_the_ends(parts, setup) -> None:
    of = {steps: [cell(18.0, seconds=10.0 + steps), cell(18.0, seconds=20.0)] for steps in (1, 5, 12)}
    (found,) = parts["findings"].time_grows(setup, of)
    assert found.ours.value == pytest.approx((22 / 11 - 1) / 2)
    assert (found.ours.low, found.verdict.word) == (0.0, "not reproduced")


def test_what_is_trained_is_shared_where_it_is_the_same(parts, setup) -> None:
    names = [work.name for work in parts["trainings"].wanted(setup)]
    assert len(names) == len(set(names))
    assert "paper-spiking-0" in names
    assert "paper-spiking-preset-paper-0" in names
    assert "paper-spiking-timesteps-12-1" in names
    # The preset's own value is that of the first cell, in all four sweeps.
    presets_own = parts["trainings"].tuned(setup, 1)
    for row, value in (("hidden", (256, 256)), ("timesteps", 8), ("encoder", 10), ("decoder", 40)):
        assert parts["trainings"].swept(setup, row, value, 1) == presets_own


def test_the_opening_of_a_training_is_measured_once(parts, setup, tmp_path: Path) -> None:
    pytest.importorskip("stable_baselines3")
    for strategy, epsilon in (("outage", 0.01), ("non-outage", 0.0)):
        for learner in ("SDRL", "SAC"):
            opening = parts["trainings"].opening(setup, strategy, learner, 0)
            assert opening.scenario.channel.outage_probability == epsilon
            opened = opening.make()
            # Random actions, nine in ten of which break a constraint.
            assert -100.0 <= opened.reward_mg < -60.0
            assert opened.requests == 100
            opened.save(opening.file(tmp_path))
            assert opening.finished(tmp_path) == opened
    opening.file(tmp_path).write_text("{}")
    with pytest.raises(Exception, match="is damaged"):
        opening.finished(tmp_path)


def test_the_whole_table_follows_from_what_was_trained(
    parts, setup, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("stable_baselines3")
    setup = replace(setup, seeds=2)
    carbon_mg = {"spiking": 18.0, "sac": 22.5, "ppo": 24.0, "random": 28.8}
    for work in parts["trainings"].wanted(setup):
        if isinstance(work, Plan):
            # Seed 1 emits a hundredth more; a sweep's other values cost 1 mg more than the preset's own.
            mg = (carbon_mg[work.learner] + bool(work.variant)) * (1.0 + 0.01 * work.seed)
            made = replace(cell(mg, seconds=10.0 * work.popsan.steps), settings=work.settings)
        else:
            mg = {"SDRL": -60.0, "SAC": -50.0}[work.learner] + work.seed
            made = parts["opening"].Opened(work.settings, mg, 100, {})
        # Rivals come from a comparison with the same settings.
        kept = setup.comparison if work.name.startswith(("paper-sac", "paper-ppo")) else setup.folder
        made.save(work.file(kept))
    assert parts["script"].reproduce(setup, jobs=1, overwrite=False) == []
    said = capsys.readouterr().out
    assert ": trained" not in said
    everything = len(parts["trainings"].wanted(setup))
    assert f"{everything} of {everything} trainings are there" in said
    with (setup.folder / "reproduction.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = {row["item"]: (row["verdict"], float(row["value"])) for row in rows}
    assert {row["row"] for row in rows} == set(parts["trainings"].ROWS)
    expected = {
        "carbon of SDRL, preset population": ("cannot be compared", 18.09),
        "reduction against SAC (abstract), preset population": ("same direction", 0.2),
        "reduction against PPO, preset population": ("same direction", 0.25),
        "the same, outage, SDRL less SAC": ("same direction", -10.0),
        "carbon, from 2 x 256 to 2 x 16": ("same direction", 1 / 18),
        "reward over time steps T of a decision: gain between the ends": ("reproduced", 1.005),
        "reward over decoder neurons per action: gain between the ends": ("not reproduced", -1.005),
        "seconds of training, from T = 1 to 12": ("reproduced", 11.0),
    }
    assert {item: found[item] for item in expected} == {
        item: (verdict, pytest.approx(value)) for item, (verdict, value) in expected.items()
    }
    page = (setup.folder / "reproduction.md").read_text()
    assert "SMOKE" not in page
    assert page.index("**reproduced**: ") < page.index("| item (seeds) |")
    with (setup.folder / "sweeps.csv").open(newline="") as stream:
        swept = [row for row in csv.DictReader(stream) if row["quantity"] == "reward_mg"]
    assert [row["setting"] for row in swept if row["sweep"] == "timesteps"] == ["1", "2", "3", "5", "8", "12"]
    for row in parts["trainings"].SWEEPS:
        assert ElementTree.parse(setup.folder / f"{row}.svg").getroot().get("role") == "img"


@pytest.mark.slow
def test_a_smoke_run_says_so_and_goes_on_where_it_was(tmp_path: Path) -> None:
    def run(*options: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, SCRIPTS / "reproduce_paper.py", "--quick", "--out", tmp_path, *options]
        return subprocess.run(
            [*map(str, command), "--comparison", str(tmp_path / "none")],
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("--rows", "hidden", "reward", "--jobs", "1")
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout
    # The rules come before the first training.
    assert said.index("SMOKE RUN") < said.index("reproduced: ") < said.index("0 of 7 trainings are there")
    assert "27.02" in said
    names = {"cells", "openings", "reproduction.md", "reproduction.csv", "sweeps.csv", "hidden.svg"}
    assert {path.name for path in tmp_path.iterdir()} == names
    with (tmp_path / "reproduction.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["paper"]) for row in rows if row["row"] == "hidden"] == [18.43, 23.41, 0.2702]
    assert {(row["verdict"], row["smoke_run"]) for row in rows} == {("cannot be compared", "True")}
    page = (tmp_path / "reproduction.md").read_text()
    assert page.index("SMOKE RUN") < page.index("**reproduced**: ") < page.index("| item (seeds) |")
    assert ElementTree.parse(tmp_path / "hidden.svg").getroot().tag.endswith("svg")
    assert "7 of 7 trainings are there" in run("--rows", "hidden", "reward").stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--seeds", "0"), "--seeds 0 is not allowed: give a number above 0\n"),
        (("--rows", "all"), "invalid choice: 'all'"),
    ],
)
def test_what_cannot_be_run_is_told_in_one_line(
    parts,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["reproduce_paper", *given])
    with pytest.raises(SystemExit, match="2"):
        parts["script"].main()
    assert said in capsys.readouterr().err
