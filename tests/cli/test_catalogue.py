"""The commands about scenarios, and traces on the commands that take them."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from neuro_aolo.systems.aolo.qoe import quality
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.describe import describe
from neuro_aolo.systems.names import load
from neuro_aolo.systems.scenario_file import scenario_names

REAL = Path(__file__).parents[3] / "shared" / "data" / "grid"
FEW = ("--requests", "2000")


def checked(cli, *arguments: str | Path) -> dict:
    done = cli("scenarios", "check", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def trace(folder: Path, name: str, figures: list[float]) -> Path:
    rows = [
        f"2020-06-01 {hour:02d}:{half}0,{figure}" for hour, figure in enumerate(figures) for half in (0, 3)
    ]
    path = folder / name
    path.write_text("\n".join(["Time,Carbon Intensity", *rows]))
    return path


def test_the_scenarios_are_listed(cli) -> None:
    done = cli("scenarios")
    assert done.returncode == 0
    assert {"paper", "mixed", "speech", "grid", "onprem", "emissions-per-bit"} <= set(done.stdout.split())


def test_the_scenarios_are_listed_as_json(cli) -> None:
    rows = json.loads(cli("scenarios", "--json").stdout)["scenarios"]
    assert [row["name"] for row in rows] == list(scenario_names())
    assert all(row["description"] == load(row["name"]).scenario.description for row in rows)


@pytest.mark.parametrize("name", scenario_names())
def test_every_parameter_is_shown_within_eighty_columns(cli, monkeypatch, name: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = cli("scenarios", "show", name)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    first_words = {line.split()[0] for line in lines if line.strip()}
    text = " ".join(done.stdout.split())
    for row in describe(load(name).scenario):
        assert row.key.partition(".")[2] in first_words
        assert row.allowed in text
    assert "E[h^2]" in text or name.startswith(("emissions-per-bit", "offload"))
    assert "(default)" in text


def test_show_tells_what_a_scenario_changes(cli) -> None:
    said = json.loads(cli("scenarios", "show", "speech", "--json").stdout)
    rows = {row["key"]: row for row in said["parameters"]}
    assert rows["radio.bits_per_word"] == {
        "key": "radio.bits_per_word",
        "value": "20,000",
        "unit": "bit/word",
        "default": "50",
        "allowed": "> 0, <= 1e+12",
        "source": "chosen: 0.4 s of speech per word at 50 kbit/s",
        "range": "",
    }
    assert "20,000 bit/word (default 50)" in " ".join(cli("scenarios", "show", "speech").stdout.split())


def test_show_tells_how_far_a_value_may_be_off(cli) -> None:
    said = json.loads(cli("scenarios", "show", "paper", "--json").stdout)
    (told,) = [row["range"] for row in said["parameters"] if row["key"] == "inference.gpu_lifetime_years"]
    assert told == "3 to 6: AOLO, table; as large operators write servers off, recalled"
    assert f"range {told}" in " ".join(cli("scenarios", "show", "paper").stdout.split())


def test_check_gives_the_figures_that_paper_was_calibrated_to(cli) -> None:
    found = checked(cli, "paper")
    assert found["oracle_carbon_mg"] == pytest.approx(18.234, rel=5e-3)
    assert found["random_carbon_mg"] == pytest.approx(28.92, rel=5e-3)
    assert found["random_feasible_share"] == pytest.approx(0.11, abs=2e-3)
    assert sum(found["shares"].values()) == pytest.approx(1.0)
    # (150.01 words, 20 W) has a regret of 0.006 % and no violation; the best constant action is better.
    assert found["constant_feasible"] is True
    assert 0.0 < found["constant_regret"] < 6e-5
    assert found["constant_violation_rate"] <= 1.5e-3
    assert found["constant_action"]["words"] == pytest.approx(150.0, abs=1e-3)
    assert found["needs_adaptation"] is False


def test_check_says_plainly_that_no_constant_action_serves_mixed(cli) -> None:
    found = checked(cli, "mixed", *FEW)
    assert found["constant_feasible"] is False
    assert found["constant_violation_rate"] > 0.2
    assert found["needs_adaptation"] is True
    assert found["rules"].keys() == {"shortest-answer", "log-linear"}
    assert all(rule["regret"] < 1e-4 for rule in found["rules"].values())
    said = " ".join(cli("scenarios", "check", "mixed", *FEW).stdout.split())
    assert "best constant action infeasible: none found keeps violations to 0.5 %" in said
    assert "rule shortest-answer regret 0.001" in said
    assert "needs adaptation yes" in said


def test_rules_of_the_cell_are_checked_too(cli) -> None:
    """No slot alone has an optimum there, so no constant action is searched; the reference serves."""
    found = checked(cli, "emissions-per-bit", "--requests", "4")
    assert found["rules"].keys() == {
        "store-surplus",
        "store-surplus-slow",
        "batteries-idle",
        "buy-when-clean",
    }
    assert "constant_regret" not in found
    # Batteries that are never used leave what the sun offers by day, and buy at night.
    assert found["rules"]["batteries-idle"]["regret"] > found["rules"]["store-surplus"]["regret"]
    said = cli("scenarios", "check", "emissions-per-bit", "--requests", "4").stdout
    row = next(line for line in said.splitlines() if line.startswith("rule store-surplus "))
    assert "regret" in row
    assert "violations" not in row


@pytest.mark.slow
def test_the_limit_of_violations_is_the_scenario_s(cli, tmp_path: Path) -> None:
    (tmp_path / "strict.toml").write_text('extends = "speech"\n[limits]\nviolation_rate = 0.001\n')
    found, strict = checked(cli, "speech"), checked(cli, tmp_path / "strict.toml")
    assert (found["constant_violation_limit"], strict["constant_violation_limit"]) == (0.005, 0.001)
    # A tenth of the carbon where one request in a thousand may be late: power that most do not need.
    for result, regret, power_w in ((found, 0.0697, 14.59), (strict, 0.105, 22.7)):
        assert result["constant_feasible"] is True
        assert result["constant_violation_rate"] <= 1.2 * result["constant_violation_limit"]
        assert result["constant_regret"] == pytest.approx(regret, abs=3e-3)
        assert result["constant_action"]["power_w"] == pytest.approx(power_w, abs=0.5)
        assert result["needs_adaptation"] is (regret > 0.1)


def test_a_regret_of_millionths_is_readable(cli) -> None:
    lines = cli("scenarios", "check", "paper", "--requests", "2000").stdout.splitlines()
    regret = next(line for line in lines if "regret" in line).split("regret ")[1].split(" %")[0]
    assert 1e-5 < float(regret) < 6e-3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # Answers from 259.65 to 260.35 words are good enough: 0.07 % of the box.
        ("[quality]\nthreshold = 8.29999\n", 259.65),
        # Of all powers only the least is allowed: a face of the box.
        ("[limits]\npower_w = 0.1\n", 150.0),
    ],
    ids=["sliver", "face"],
)
def test_few_constant_actions_are_found_all_the_same(cli, tmp_path: Path, text: str, words: float) -> None:
    (tmp_path / "few.toml").write_text(f'extends = "paper"\n{text}')
    found = checked(cli, tmp_path / "few.toml", *FEW)
    assert found["constant_feasible"] is True
    assert found["constant_action"]["words"] == pytest.approx(words, abs=0.01)
    assert 0.0 < found["constant_regret"] < 1e-4


def test_check_needs_a_feasible_request(cli, tmp_path: Path) -> None:
    (tmp_path / "none.toml").write_text('extends = "paper"\nname = "none"\n[limits]\nenergy = 10.0\n')
    done = cli("scenarios", "check", tmp_path / "none.toml", "--requests", "100", "--quiet")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: scenario 'none': none of 100 requests has a feasible action: loosen limits\n"
    )


def test_check_needs_carbon(cli, tmp_path: Path) -> None:
    clean = "".join(f"[state.{side}_intensity_g_per_kwh]\nsample = [0.0, 0.0]\n" for side in ("dc", "bs"))
    embodied = "[inference]\ngpu_embodied_kg = 0.0\n[radio]\nbs_embodied_kg = 0.0\n"
    (tmp_path / "none.toml").write_text(f'extends = "paper"\nname = "none"\n{clean}{embodied}')
    done = cli("scenarios", "check", tmp_path / "none.toml", "--requests", "100")
    assert (done.returncode, done.stdout) == (2, "")
    assert "scenario 'none': no request emits carbon: raise an intensity" in done.stderr


def test_a_trace_takes_the_place_of_the_scenario_s(cli, tmp_path: Path) -> None:
    clean, dirty = trace(tmp_path, "clean.csv", [40.0, 60.0]), trace(tmp_path, "dirty.csv", [600.0, 640.0])
    words = [
        checked(cli, "grid", "--dc-trace", dc, "--bs-trace", clean, "--requests", "500")["words"][1]
        for dc in (clean, dirty)
    ]
    assert words[0] > 200.0 > 120.0 > words[1]


def test_a_gap_is_filled_when_asked_only(cli, tmp_path: Path) -> None:
    path = tmp_path / "gap.csv"
    path.write_text("time,g/kWh\n2020-06-01 00:00,100\n2020-06-01 03:00,200\n")
    arguments = ("grid", "--dc-trace", path, "--requests", "500")
    refused = cli("scenarios", "check", *arguments)
    assert refused.returncode == 2
    assert "gap.csv, row 3: 2 hours without a sample" in refused.stderr
    assert checked(cli, *arguments, "--fill", "linear")["feasible_share"] == 1.0


def test_what_was_converted_chosen_and_filled_is_told(cli, tmp_path: Path) -> None:
    path = tmp_path / "pounds.csv"
    rows = "2020-06-01 00:00,1,661.387\n2020-06-02 06:00,1,661.387\n"
    path.write_text(f"time,forecast intensity,carbon intensity (lb/MWh)\n{rows}")
    arguments = ("grid", "--dc-trace", path, "--requests", "500", "--fill", "hold")
    refused = cli("scenarios", "check", *arguments)
    assert refused.returncode == 2
    assert "pounds.csv, row 3: 29 hours without a sample" in refused.stderr
    assert "allow up to 8,784 with --longest-gap" in refused.stderr
    found = checked(cli, *arguments, "--longest-gap", "29")["traces"]
    note = (
        "lb/MWh, times 0.45359237 gives gCO2/kWh; column 'carbon intensity (lb/MWh)' taken of 2; "
        "29 of 31 hours filled (hold)"
    )
    assert (found["dc"]["hours"], found["dc"]["start"]) == (31, "2020-06-01T00:00:00+00:00")
    assert found["dc"]["mean_g_per_kwh"] == pytest.approx(300.0, abs=1e-4)
    assert (found["dc"]["note"], found["bs"]["note"]) == (note, None)
    told = cli("scenarios", "check", *arguments, "--longest-gap", "29")
    assert f"dc, pounds.csv: {note}\n" in told.stdout
    run = tmp_path / "run"
    done = cli(
        "train",
        "--steps",
        "64",
        "--scenario",
        *arguments[:3],
        *arguments[5:],
        "--longest-gap",
        "29",
        "--out",
        run,
    )
    assert done.returncode == 0, done.stderr
    assert f"dc, pounds.csv: {note}\n" in done.stderr
    for _ in range(2):  # The second answer is one that was kept.
        assert f"dc, pounds.csv: {note}\n" in cli("evaluate", run, "--requests", "100").stdout
    shown = cli("scenarios", "show", "grid")
    assert "taken of" not in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--longest-gap", "9"), "--longest-gap 9 says how many hours are filled, and none are: add --fill"),
        (("--dc-country", "SWI"), "unknown country 'SWI': did you mean CHE"),
        (("--dc-country", "EU"), "no figure for the European Union: name a member"),
        (("--fill", "hold"), "--fill hold fills a trace, and none is given"),
        (("--dc-trace", "none.csv"), "no carbon-intensity file 'none.csv'"),
        (("--bs-trace", "."), "cannot be read: it is a folder, not a regular file; give a CSV file"),
        (("--dc-trace", "none.csv", "--dc-country", "DEU"), "both give one intensity: choose one"),
        (
            ("--country", "dc=DEU", "--trace", "dc=x.csv"),
            "--country dc=DEU and --trace dc=x.csv both give one intensity: choose one",
        ),
        (
            ("--country", "mars=DEU"),
            "--country mars=DEU: site 'mars' is neither dc nor bs: choose one of them",
        ),
        (("--trace", "mars=none.csv"), "--trace mars=none.csv: site 'mars' is neither dc nor bs"),
        (("--country", "dc"), "--country 'dc' is not SITE=VALUE"),
        (("--country", "dc=FRA", "--country", "dc=DEU"), "--country dc=DEU: FRA is given for dc, too"),
        (("--country", "dc=FRA", "--dc-country", "DEU"), "--country dc=FRA: DEU is given for dc, too"),
        (("--requests", "0"), "--requests"),
        (("--requests", "1000000000000"), "give a whole number from 1 to 10,000,000"),
    ],
)
def test_options_that_cannot_be_used(cli, arguments: tuple[str, ...], message: str) -> None:
    done = cli("scenarios", "check", "grid", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_training_and_evaluation_take_traces(cli, tmp_path: Path) -> None:
    dc, bs = trace(tmp_path, "dc.csv", [100.0, 200.0, 300.0]), trace(tmp_path, "bs.csv", [20.0, 30.0, 40.0])
    run = tmp_path / "run"
    done = cli("train", "--steps", "256", "--dc-trace", dc, "--bs-trace", bs, "--out", run)
    assert done.returncode == 0, done.stderr
    scenario = tomllib.loads((run / "config.toml").read_text())["scenario"]
    assert scenario["traces"]["dc"]["g_per_kwh"] == [100.0, 200.0, 300.0]
    assert scenario["traces"]["bs"]["source"] == "bs.csv"
    # The optimum is nearly all inference: 88.6 % of its 18.234 mg is the data centre's 200 g/kWh.
    elsewhere = cli("evaluate", run, "--requests", "2000", "--dc-trace", bs, "--json")
    assert elsewhere.returncode == 0, elsewhere.stderr
    expected_mg = 18.234 * (0.886 * 30.0 / 200.0 + 0.114)
    assert json.loads(elsewhere.stdout)["oracle_mg_per_request"] == pytest.approx(expected_mg, rel=0.03)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real traces are not beside this checkout")
def test_real_traces_move_the_best_words_as_the_grid_does(cli) -> None:
    traces = ("--dc-trace", REAL / "gb_2020.csv", "--bs-trace", REAL / "fr_2020.csv")
    found = checked(cli, "grid", *traces, *FEW)
    # Great Britain 2020: from 94-152 words where it is dirty to 172-212 where it is clean.
    assert 90.0 < found["words"][0] < 120.0 < found["words"][1] < 172.0 < found["words"][2] < 212.0
    assert 0.01 < found["constant_regret"] < 0.03


WORDS = np.array([20.0, 60.0, 100.0, 150.0, 200.0, 260.0, 320.0, 400.0, 500.0, 650.0, 800.0])


def scores(folder: Path, peak_score: float = 9.1) -> Path:
    path = folder / "scores.csv"
    rows = zip(WORDS, quality(WORDS, 210.0, peak_score, 0.8), strict=True)
    path.write_text("rater,Words,Score\n" + "".join(f"a,{words},{score:.4f}\n" for words, score in rows))
    return path


def test_scores_become_a_scenario(cli, tmp_path: Path) -> None:
    out = tmp_path / "mine.toml"
    done = cli("scenarios", "fit", scores(tmp_path), "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["peak_words"], said["peak_score"], said["sharpness"]) == pytest.approx(
        (210.0, 9.1, 0.8), 1e-3
    )
    assert len(said["residuals"]) == len(WORDS)
    assert max(map(abs, said["residuals"])) < 1e-3
    mine = Scenario.load(out)
    assert (mine.name, mine.quality.threshold) == ("mine", 7.0)
    assert mine.quality.peak_words == said["peak_words"]
    assert mine.sources["quality.peak_words"] == "fitted to scores.csv"
    assert cli("scenarios", "show", out).returncode == 0
    again = cli("scenarios", "fit", scores(tmp_path), "--out", out)
    assert again.returncode == 2
    assert "add --overwrite" in again.stderr
    again = cli("scenarios", "fit", scores(tmp_path), "--out", out, "--overwrite")
    assert again.returncode == 0
    assert "threshold 7, 76.92 % of the peak; another with --set quality.threshold=POINTS" in again.stdout


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--out", "mine.csv"), "give it the ending .toml"),
        (("--out", "nowhere/mine.toml"), "mine.toml cannot be written"),
        (("--out", "mine.toml", "--scenario", "mixed"), "fit into a scenario without it"),
        (("--out", "mine.toml", "--scenario", "papper"), "did you mean 'paper'"),
    ],
)
def test_fits_that_cannot_be_saved(
    cli, tmp_path: Path, monkeypatch, more: tuple[str, ...], message: str
) -> None:
    path = scores(tmp_path)
    monkeypatch.chdir(tmp_path)
    done = cli("scenarios", "fit", path, *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["scores.csv"]


def test_scores_that_never_reach_the_threshold(cli, tmp_path: Path) -> None:
    done = cli("scenarios", "fit", scores(tmp_path, peak_score=6.0), "--out", tmp_path / "mine.toml")
    assert done.returncode == 2
    assert "threshold = 7 is never reached by a curve whose peak_score is 6 (at 210 words" in done.stderr
    assert "set it on their scale, as --set quality.threshold=4.2" in done.stderr
    arguments = (scores(tmp_path, peak_score=6.0), "--out", tmp_path / "mine.toml")
    assert cli("scenarios", "fit", *arguments, "--set", "quality.threshold=4.2").returncode == 0
    mine = Scenario.load(tmp_path / "mine.toml")
    assert (mine.quality.threshold, mine.quality.peak_score) == (4.2, pytest.approx(6.0, rel=1e-3))
    for typed, message in (("quality.treshold=4", "treshold"), ("quality.threshold", "is not KEY=VALUE")):
        refused = cli("scenarios", "fit", *arguments, "--overwrite", "--set", typed)
        assert refused.returncode == 2
        assert message in refused.stderr


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,2\n2,3\n3,4\n", "scores at 3 different lengths do not determine a curve"),
        ("10,1\n20,2\n30,3\n40,4\n", "scores on both sides of the peak"),
        ("10,0\n20,0\n30,0\n40,0\n", "scores on both sides of the peak"),
        ("", "scores at 0 different lengths"),
    ],
)
def test_scores_that_determine_no_curve(cli, tmp_path: Path, rows: str, message: str) -> None:
    (tmp_path / "few.csv").write_text("words,score\n" + rows)
    done = cli("scenarios", "fit", tmp_path / "few.csv", "--out", tmp_path / "mine.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "few.csv" in done.stderr
    assert done.stderr.count("\n") == 1


def test_scores_of_five_points_move_the_threshold_with_the_peak(cli, tmp_path: Path) -> None:
    """Of a mean opinion score: paper's 7 of 8.3 points would be beyond the scale."""
    five = [3.5, 4.6, 4.2, 3.2, 2.4, 1.3, 1.0, 1.0, 1.0]
    lengths = [20, 50, 100, 150, 200, 300, 400, 600, 800]
    path = tmp_path / "scores.csv"
    path.write_text("words,score\n" + "".join(f"{w},{s}\n" for w, s in zip(lengths, five, strict=True)))
    done = cli("scenarios", "fit", path, "--out", tmp_path / "mine.toml", "--json")
    assert done.returncode == 0, done.stderr
    mine = Scenario.load(tmp_path / "mine.toml")
    assert json.loads(done.stdout)["threshold"] == mine.quality.threshold
    share = mine.quality.threshold / mine.quality.peak_score
    assert share == pytest.approx(7.0 / 8.3, rel=2e-3)
    assert mine.sources["quality.threshold"] == "84.3 % of the peak, as in paper"
    said = cli("scenarios", "fit", path, "--out", tmp_path / "mine.toml", "--overwrite").stdout
    assert "for 7 lies beyond their scale" in said
    done = cli("scenarios", "fit", path, "--out", tmp_path / "b.toml", "--set", "quality.threshold=3")
    assert Scenario.load(tmp_path / "b.toml").quality.threshold == 3.0
