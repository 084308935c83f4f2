"""How labelled descriptions are scored."""

import csv
import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("pint", reason="the extra formulate is not installed")
pytest.importorskip("bm25s", reason="the extra formulate is not installed")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script and the modules beside it, which are found as they are when the shell runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        return importlib.import_module("score_formulate")


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def label(script: ModuleType, text: str, **told: object) -> object:
    made = {"name": "x", "kind": "direct", "system": "aolo", "extends": "paper", "values": {}, "spans": {}}
    kind = sys.modules["formulation.labels"].Label
    return kind(**{**made, "text": text, "missing": frozenset(), "problems": frozenset(), **told})


def test_what_is_right_wrong_and_lost_is_told_apart(script: ModuleType) -> None:
    values = {"inference.gpus": 8, "inference.pue": 1.4, "quality.threshold": 7}
    judged = script.judge(label(script, "A chatbot on 8 GPUs, PUE 1.2.", values=values), None)
    assert judged.right == {"inference.gpus"}
    assert judged.wrong == {"inference.pue"}
    assert judged.lost == {"inference.pue", "quality.threshold"}
    assert not judged.exact
    assert judged.matters is True


def test_an_error_that_moves_no_optimum_does_not_matter(script: ModuleType) -> None:
    judged = script.judge(
        label(script, "A chatbot on 8 GPUs.", values={"inference.gpus": 8, "limits.power_w": 60}), None
    )
    assert judged.lost == {"limits.power_w"}
    assert judged.matters is False


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A chatbot on 8 GPUs, threshold 8 points, peak score 7.5 points.", {"infeasible"}),
        ("A chatbot on 8 GPUs. No, 4 GPUs.", {"contradiction:inference.gpus"}),
        ("A chatbot with PUE 0.5.", {"out-of-range:inference.pue"}),
        ("A chatbot on 8 GPUs with at most 50 ms of jitter.", {"unknown-quantity:50 ms of jitter"}),
    ],
)
def test_problems_are_those_of_the_labels(script: ModuleType, text: str, told: set[str]) -> None:
    assert script.judge(label(script, text, problems=frozenset(told)), None).problems == told


def test_the_parts_are_scored_and_written_apart(script: ModuleType, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(
        sys, "argv", ["score", "--part", "development", "--limit", "3", "--out", str(tmp_path)]
    )
    script.main()
    script.main()
    (row,) = rows_of(tmp_path / "scores.csv")
    assert (row["reader"], row["part"], row["descriptions"]) == ("template", "development", "3")
    assert row["precision"].endswith(")")
    assert "| template | development |" in (tmp_path / "README.md").read_text(encoding="utf-8")
    rows = rows_of(tmp_path / "template-development.csv")
    assert {each["verdict"] for each in rows} <= {"right", "wrong", "lost"}
    assert len({each["description"] for each in rows}) == 3


def test_a_model_that_does_not_answer_has_read_nothing(script: ModuleType) -> None:
    from neuro_aolo.formulate.endpoint import Endpoint

    judged = script.judge(label(script, "A chatbot on 8 GPUs."), Endpoint("http://127.0.0.1:9", "m"))
    assert judged.filled_by == script.NO_ANSWER
    assert not judged.found
    assert not judged.exact


def test_a_model_that_never_answers_is_not_scored(script: ModuleType, tmp_path: Path, monkeypatch) -> None:
    asked = ["--part", "development", "--limit", "2", "--backend", "http://127.0.0.1:9"]
    monkeypatch.setattr(sys, "argv", ["score", *asked, "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="answers nothing"):
        script.main()
    assert list(tmp_path.iterdir()) == []
