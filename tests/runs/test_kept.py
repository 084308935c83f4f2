"""Answers that are kept: given again only where all that they came from is as it was."""

import json
from pathlib import Path

import pytest

from neuro_aolo.runs import kept
from neuro_aolo.runs.kept import MOST, Question
from neuro_aolo.runs.summary.part import Number, Part


class Told(Part):
    value: Number


@pytest.fixture
def run(tmp_path: Path) -> Path:
    for name in ("config.toml", "metrics.csv", "actor.safetensors", "actor.json"):
        (tmp_path / name).write_text(name)
    (tmp_path / "mlp").mkdir()
    (tmp_path / "mlp" / "actor.safetensors").write_text("weights")
    return tmp_path


def asked(run: Path, **settings: object) -> Question:
    return Question(run, "ask", settings)


def keep(question: Question, value: float, made: tuple[str, ...] = ()) -> None:
    question.keep(Told(value=value), question.key(), made)


@pytest.mark.parametrize("value", [0.1 + 0.2, 1e-320, float("inf"), -0.0])
def test_a_kept_answer_says_the_same_to_the_digit(run: Path, value: float) -> None:
    keep(asked(run), value)
    answer = asked(run).answer(Told)
    assert answer is not None
    assert (answer.value, str(answer.value)) == (value, str(value))


def test_what_is_not_a_number_is_kept_as_such(run: Path) -> None:
    keep(asked(run), float("nan"))
    answer = asked(run).answer(Told)
    assert answer is not None
    assert answer.value != answer.value


@pytest.mark.parametrize(
    "changed", ["config.toml", "metrics.csv", "actor.safetensors", "actor.json", "mlp/actor.safetensors"]
)
def test_a_changed_file_of_the_run_is_answered_anew(run: Path, changed: str) -> None:
    keep(asked(run), 1.0)
    (run / changed).write_text("other")
    assert asked(run).answer(Told) is None
    (run / changed).unlink()
    assert asked(run).answer(Told) is None


def test_a_new_file_of_the_run_is_answered_anew(run: Path) -> None:
    keep(asked(run), 1.0)
    (run / "exports.json").write_text("{}")
    assert asked(run).answer(Told) is None


def test_other_settings_files_code_and_packages_are_other_questions(
    run: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("1")
    question = Question(run, "ask", {"requests": 5}, (trace,))
    keys = [question.key(), Question(run, "ask", {"requests": 6}, (trace,)).key()]
    trace.write_text("2")
    keys.append(question.key())
    with monkeypatch.context() as other:
        other.setattr(kept, "_code_digest", lambda: "another")
        keys.append(question.key())
    with monkeypatch.context() as other:
        other.setattr(kept, "installed", lambda packages: {"torch": "0"})
        keys.append(question.key())
    assert len(set(keys)) == len(keys)


def test_an_answer_that_was_changed_is_not_believed(run: Path) -> None:
    keep(asked(run), 1.0)
    (file,) = (run / "answers").iterdir()
    record = json.loads(file.read_text())
    file.write_text(json.dumps(record | {"answer": record["answer"].replace("1.0", "2.0")}))
    assert asked(run).answer(Told) is None
    file.write_text("{")
    assert asked(run).answer(Told) is None


def test_what_answering_made_has_to_be_there(run: Path) -> None:
    (run / "summary.json").write_text("whole")
    keep(asked(run), 1.0, ("summary.json",))
    assert asked(run).answer(Told, ("summary.json",)) is not None
    (run / "summary.json").write_text("cut")
    assert asked(run).answer(Told, ("summary.json",)) is None


def test_nothing_is_kept_of_a_run_that_changed_meanwhile(run: Path) -> None:
    question = asked(run)
    key = question.key()
    (run / "actor.json").write_text("trained on")
    question.keep(Told(value=1.0), key)
    assert not (run / "answers").exists()


def test_the_oldest_give_way(run: Path) -> None:
    for number in range(MOST + 3):
        keep(asked(run, number=number), float(number))
    assert len(list((run / "answers").iterdir())) == MOST
    assert asked(run, number=MOST + 2).answer(Told) is not None


def test_a_folder_that_cannot_be_written_keeps_nothing(run: Path) -> None:
    (run / "answers").write_text("a file in the way")
    keep(asked(run), 1.0)
    assert asked(run).answer(Told) is None
