"""Real prompts from a file: what is read, what is fitted, what travels with a scenario, what is refused."""

from pathlib import Path

import numpy as np
import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.aolo.qoe import quality
from neuro_aolo.systems.aolo.request import peak_words, sample_states
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.system import examine, shift, task
from neuro_aolo.systems.describe import describe

ROWS, NOISE = 1500, 0.4
HEADER = "length of prompt,words,is code,score"


def true_peaks(features: np.ndarray) -> np.ndarray:
    """Best lengths of users that are no network of sines."""
    return np.exp(5.0 + 0.4 * np.tanh((features[:, 0] - 50.0) / 20.0) + 0.3 * features[:, 1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario file beside scores that are known."""
    place, rng = tmp_path_factory.mktemp("users"), np.random.default_rng(0)
    features = np.column_stack([rng.uniform(0.0, 100.0, ROWS), rng.integers(0, 2, ROWS)])
    words = np.exp(rng.uniform(np.log(30.0), np.log(600.0), ROWS))
    scores = quality(words, true_peaks(features), 8.0, 1.5) + NOISE * rng.standard_normal(ROWS)
    rows = zip(features, words, np.clip(scores, 0.0, 10.0), strict=True)
    lines = [f"{first:.6g},{length:.6g},{second:g},{score:.6g}" for (first, second), length, score in rows]
    (place / "scores.csv").write_text("\n".join([HEADER, *lines]))
    (place / "mine.toml").write_text('name = "mine"\nextends = "prompts"\n[prompts]\ncsv = "scores.csv"\n')
    return place


@pytest.fixture(scope="module")
def mine(folder: Path) -> Scenario:
    return Scenario.load(folder / "mine.toml")


def test_users_of_known_peaks_are_found_again(mine: Scenario) -> None:
    states = sample_states(mine, 4000, np.random.default_rng(1))
    assert mine.state_names[5:] == ("prompt_1", "prompt_2")
    wanted, found = true_peaks(states[:, 5:]), peak_words(mine, states)
    assert np.sqrt(np.mean(np.log(found / wanted) ** 2)) < 0.1
    assert mine.quality.peak_score == pytest.approx(8.0, rel=0.03)
    assert mine.quality.sharpness == pytest.approx(1.5, rel=0.1)
    assert mine.prompts.noise_points == pytest.approx(NOISE, rel=0.1)
    assert mine.prompts.hidden == 64
    assert mine.sources["quality.peak_score"] == "fitted to scores.csv"


def test_requests_are_rows_of_the_file(folder: Path, mine: Scenario) -> None:
    rows = {
        tuple(map(float, line.split(",")[:3:2])) for line in (folder / "scores.csv").read_text().split()[4:]
    }
    states = sample_states(mine, 500, np.random.default_rng(1))
    assert {tuple(row) for row in states[:, 5:].tolist()} <= rows
    observed = task(mine).observe(states)[:, 5:]
    assert observed.min() >= -1.0
    assert observed.max() <= 1.0
    assert np.ptp(observed, axis=0).min() > 1.9


def test_a_saved_scenario_needs_no_file(folder: Path, mine: Scenario, tmp_path: Path) -> None:
    saved = tmp_path / "saved.toml"
    saved.write_text(mine.to_toml())
    again = Scenario.load(saved)
    assert again == mine
    states = sample_states(mine, 100, np.random.default_rng(2))
    np.testing.assert_array_equal(peak_words(again, states), peak_words(mine, states))
    # A file that extends it reads scores of its own in the place of these.
    (tmp_path / "scores.csv").write_text((folder / "scores.csv").read_text())
    (tmp_path / "more.toml").write_text('extends = "saved.toml"\n[prompts]\ncsv = "scores.csv"\n')
    assert Scenario.load(tmp_path / "more.toml") == mine


def test_what_the_file_says_is_kept(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        f'extends = "prompts"\n[prompts]\ncsv = {str(folder / "scores.csv")!r}\nnoise_points = 0.25\n'
        "hidden = 8\npeak_words = [50.0, 500.0]\n"
    )
    own = Scenario.load(tmp_path / "own.toml").prompts
    assert (own.noise_points, own.hidden, own.peak_words) == (0.25, 8, (50.0, 500.0))


def test_it_is_checked_and_shown_in_a_few_lines(mine: Scenario) -> None:
    figures, _ = examine(mine, np.random.default_rng(0), 500)
    assert figures["feasible_share"] == 1.0
    shown = {row.key: row.value for row in describe(mine)}
    assert shown["prompts.users.features"] == "1,500 rows"
    assert shown["prompts.users.columns"] == "length of prompt, is code"
    assert max(map(len, shown.values())) < 200


def test_an_actor_stays_with_prompts_that_it_can_read(mine: Scenario) -> None:
    quiet = mine.with_values(prompts={"noise_points": 0.0})
    assert shift(mine, quiet, "run").prompts == quiet.prompts
    two = Scenario.load("prompts").with_values(prompts={"features": 2})
    with pytest.raises(ScenarioError, match="prompts of other ranges than the actor of run reads"):
        shift(mine, two, "run")


def faulty(**changed: str) -> str:
    rows = [f"{i},{50 + i},{i % 2},{5 + i % 3}" for i in range(100)]
    rows[10] = changed.get("row", rows[10])
    return "\n".join([changed.get("header", HEADER), *rows[: int(changed.get("rows", "100"))]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "scores.csv: the file is empty: give a header of the features' names"),
        (faulty(header="length,words,code,points"), "row 1: the header must name 'words' and 'score' once"),
        (faulty(header="words,words,code,score"), "row 1: the header must name 'words' and 'score' once"),
        (faulty(header="code,words,code,score"), "no feature twice"),
        (faulty(header="length,words,,score"), "row 1: a feature has no name, or there is none"),
        ("words,score\n1,2\n", "row 1: a feature has no name, or there is none"),
        (faulty(row="nan,60,1,5"), "row 12: length of prompt = nan is not allowed"),
        (faulty(row="inf,60,1,5"), "row 12: length of prompt = inf is not allowed"),
        (faulty(row="x,60,1,5"), "row 12: 'x' is no number"),
        (faulty(row="1,0,1,5"), r"row 12: words = 0 is not allowed: it must lie in \(0, 1e\+06\]"),
        (faulty(row="1,-5,1,5"), "row 12: words = -5 is not allowed"),
        (faulty(row="1,60,1,-5"), r"row 12: score = -5 is not allowed: it must lie in \[0, 100\]"),
        (faulty(row="1,60,1"), "row 12: 3 columns where the header has 4"),
        (faulty(rows="40"), "40 rows do not determine how 2 features act: give at least 60"),
        ("a,b,words,score\n" + "1,{},60,5\n".replace("{}", "2") * 100, "'a' is 1 in every row: remove"),
        (
            "a,words,score\n" + "".join(f"{i % 7},{50 + i},5\n" for i in range(100)),
            "no curve that rises to a peak and falls is closer than the mean score",
        ),
        ("a,words,score\n" + "1,2,3\n" * 10_001, "10,001 rows: give at most 10,000"),
    ],
)
def test_a_faulty_file_is_refused_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "scores.csv").write_text(text)
    (tmp_path / "mine.toml").write_text('extends = "prompts"\n[prompts]\ncsv = "scores.csv"\n')
    with pytest.raises(ScenarioError, match=said) as refused:
        Scenario.load(tmp_path / "mine.toml")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("prompts", "said"),
    [
        ("csv = 3", "prompts.csv = 3 is not allowed: give a file's name"),
        ('csv = "none.csv"', "no prompts file"),
        ('csv = "scores.csv"\nhidden = 300', "are too few for the 305 figures of the network"),
        ('csv = "scores.csv"\nfeatures = 3', "features = 3 where the file has 2: leave it out"),
        ('csv = "scores.csv"\nhiden = 3', "did you mean 'hidden'"),
        ('csv = "scores.csv"\nbend = -1.0', "bend = -1.0 is not allowed"),
        ('csv = "scores.csv"\n[prompts.users]\noffset = 1.0', "prompts has both csv and users: remove one"),
    ],
)
def test_faulty_settings_beside_a_file_are_refused_in_one_line(
    folder: Path, tmp_path: Path, prompts: str, said: str
) -> None:
    (tmp_path / "scores.csv").write_text((folder / "scores.csv").read_text())
    (tmp_path / "mine.toml").write_text(f'extends = "prompts"\n[prompts]\n{prompts}\n')
    with pytest.raises(ScenarioError, match=said):
        Scenario.load(tmp_path / "mine.toml")


def test_a_saved_network_that_was_damaged_is_refused(mine: Scenario) -> None:
    users = mine.prompts.users.model_dump()
    for changed, said in (
        ({"slopes": [1.0]}, "does not fit 2 features"),
        ({"features": [[1.0, 2.0], [1.0, 3.0]]}, "each feature must vary"),
    ):
        with pytest.raises(ScenarioError, match=said):
            mine.with_values(prompts={"users": users | changed})
