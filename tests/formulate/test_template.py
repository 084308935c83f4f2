"""What the template reads of sentences of our own, and what it tells that it does not."""

import math
import tomllib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pint", reason="the extra formulate is not installed")
pytest.importorskip("bm25s", reason="the extra formulate is not installed")

from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.errors import FormulationError
from neuro_aolo.formulate.asked import ask
from neuro_aolo.formulate.pipeline import Understood, by_template

SENTENCES = tomllib.loads((Path(__file__).parent / "sentences.toml").read_text(encoding="utf-8"))["sentence"]


def read(text: str) -> Understood:
    return by_template(ask(text, deployment=Deployment))


def plain(value: Any) -> Any:
    return value["sample"] if isinstance(value, dict) else value


def same(one: Any, other: Any) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    return math.isclose(one, other, rel_tol=1e-6)


@pytest.mark.parametrize(
    "entry", [each for each in SENTENCES if "not_read" not in each], ids=lambda each: each["text"][:60]
)
def test_a_sentence_is_read(entry: dict[str, Any]) -> None:
    understood = read(entry["text"])
    found = {key: plain(value.value) for key, value in understood.settled.values.items()}
    assert found.keys() == entry["values"].keys()
    assert all(same(found[key], entry["values"][key]) for key in found)
    assert understood.settled.dropped == understood.missing == ()
    assert list(understood.unused) == entry.get("told", [])


def test_what_is_known_not_to_be_read_is_few() -> None:
    assert sum("not_read" in each for each in SENTENCES) <= 5 < len(SENTENCES) / 10


@pytest.mark.parametrize(
    ("text", "problem", "missing"),
    [
        ("A chatbot: 4 GPUs. Later in the plan it says 6 GPUs.", "contradiction:inference.gpus", ()),
        ("LLM answers with a PUE of 0.8 on 2 GPUs.", "out-of-range:inference.pue", ()),
        ("A chatbot on 3 GPUs, at most 30 litres of water an hour.", "unknown:", ()),
        ("Text answers of an LLM, the number of GPUs is unknown, PUE 1.2.", "", ("inference.gpus",)),
        (
            "A language model with PUE 1.1, at least 2 and at most 6 GPUs.",
            "unit:inference.gpus",
            ("inference.gpus",),
        ),
        ("An LLM, PUE 1.1, base station in Italy, data centre somewhere in Europe.", "", ("dc_country",)),
        ("Chatbot, PUE 1.3, answers up to 400 words.", "unit:actions.words", ("actions.words",)),
    ],
)
def test_what_settles_nothing_is_told(text: str, problem: str, missing: tuple[str, ...]) -> None:
    understood = read(text)
    problems = [f"{each.problem}:{each.key}" for each in understood.settled.dropped]
    assert problems == ([problem] if problem else [])
    assert understood.missing == missing


@pytest.mark.parametrize(
    "text",
    [
        "Plan my holiday in Italy for 2000 euros.",
        "My project: the heating of a house with 3 rooms and 12 kW.",
        "We need low emissions and a good quality.",
    ],
)
def test_what_is_of_no_system_is_refused(text: str) -> None:
    with pytest.raises(FormulationError, match="no word says what is controlled"):
        read(text)


def test_the_same_words_are_read_alike_every_time() -> None:
    text = SENTENCES[3]["text"]
    assert read(text).settled == read(text).settled
