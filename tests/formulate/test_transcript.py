"""What was recorded is replayed to the letter, and nothing else is."""

import json
import stat
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_aolo.files import sealed
from neuro_aolo.formulate.model import Message, ModelError
from neuro_aolo.formulate.transcript import Recorded, Replay, Transcript, messages_sha256


class Parrot:
    """Answers with what it was last told, in capitals, and counts."""

    name = "parrot at home"

    def __init__(self) -> None:
        self.asked = 0

    def complete(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        self.asked += 1
        return messages[-1].content.upper()


def question(text: str) -> tuple[Message, ...]:
    return Message("system", "Repeat."), Message("user", text)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "talk.json"
    recorded = Recorded(Parrot(), file)
    for text in ("eight GPUs", "größer\n\x00😀"):
        recorded.complete(question(text), {})
    return file


def test_what_was_recorded_is_replayed(file: Path) -> None:
    replay = Replay(file)
    recorded = json.loads(file.read_text())["recorded"]
    assert date.fromisoformat(recorded) <= datetime.now(UTC).date()
    assert replay.name == f"parrot at home, as recorded on {recorded}"
    for text in ("größer\n\x00😀", "eight GPUs", "eight GPUs"):
        assert replay.complete(question(text), {}) == text.upper()
    assert [each["asked"] for each in json.loads(file.read_text())["exchanges"]] == [
        "eight GPUs",
        "größer\n\x00😀",
    ]


@pytest.mark.parametrize(
    "changed",
    [
        question("eight GPU"),
        question("Eight GPUs"),
        question("eight GPUs")[1:],
        question("eight GPUs")[::-1],
        (*question("eight GPUs"), Message("user", "")),
        (Message("system", "Repeat"), Message("user", ".eight GPUs")),
        (Message("user", "Repeat."), Message("user", "eight GPUs")),
        (),
    ],
)
def test_a_changed_question_is_noticed(changed: tuple[Message, ...], file: Path) -> None:
    with pytest.raises(ModelError, match="holds no answer to this question among its 2") as raised:
        Replay(file).complete(changed, {})
    assert str(file) in str(raised.value)


def test_the_same_question_is_asked_once(tmp_path: Path) -> None:
    parrot = Parrot()
    recorded = Recorded(parrot, tmp_path / "talk.json")
    assert recorded.name == "parrot at home"
    assert [recorded.complete(question("a"), {}) for _ in range(3)] == ["A", "A", "A"]
    assert parrot.asked == 1


def test_half_a_character_in_a_question_can_be_recorded(tmp_path: Path) -> None:
    class Quiet(Parrot):
        def complete(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
            return "{}"

    file = tmp_path / "talk.json"
    # As an argument of a command holds it that is no UTF-8.
    Recorded(Quiet(), file).complete(question("gr\udcfc\udcdfer"), {})
    assert Replay(file).complete(question("gr\udcfc\udcdfer"), {}) == "{}"
    with pytest.raises(ModelError, match="holds no answer"):
        Replay(file).complete(question("gr??er"), {})


def test_another_recording_begins_anew(file: Path) -> None:
    Recorded(Parrot(), file).complete(question("b"), {})
    assert [each.answer for each in Transcript.load(file).exchanges] == ["B"]


def test_an_answer_that_cannot_be_kept_is_not_given(file: Path) -> None:
    folder = file.parent / "gone" / "talk.json"
    with pytest.raises(ModelError, match="cannot be written"):
        Recorded(Parrot(), folder).complete(question("a"), {})


def test_a_model_that_fails_leaves_what_was_kept(file: Path) -> None:
    class Failing(Parrot):
        def complete(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
            raise ModelError("it is out")

    before = file.read_bytes()
    with pytest.raises(ModelError, match="it is out"):
        Recorded(Failing(), file).complete(question("a"), {})
    assert file.read_bytes() == before
    assert [each.name for each in file.parent.iterdir()] == ["talk.json"]
    assert stat.S_ISREG(file.stat().st_mode)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "its format is 2, not 1"),
        ({"format": True}, "its format is True, not 1"),
        ({"model": 3}, "model = 3"),
        ({"model": None}, "model = None"),
        ({"recorded": "yesterday"}, "recorded = 'yesterday'"),
        ({"recorded": 0}, "recorded = 0"),
        ({"exchanges": {}}, "exchanges = {}"),
        ({"exchanges": [{"asked": "", "answer": ""}]}, "exchanges.0.messages_sha256 is missing"),
        (
            {"exchanges": [{"messages_sha256": "x", "asked": "", "answer": ""}]},
            "exchanges.0.messages_sha256 = 'x'",
        ),
        ({"exchanges": [{"messages_sha256": "0" * 64, "asked": "", "answer": 1}]}, "exchanges.0.answer = 1"),
        ({"exchanges": [{"messages_sha256": "0" * 64, "asked": "", "answer": ""}] * 2}, "stands there twice"),
        (
            {"exchanges": [{"messages_sha256": "0" * 64, "asked": "", "answer": "", "more": ""}]},
            "exchanges.0.more",
        ),
        ({"exchanges": [{"messages_sha256": "0" * 64, "asked": "", "answer": "\ud800"}]}, "hex escape"),
        ({"more": 1}, "unknown key 'more'"),
    ],
)
def test_what_is_no_transcript(change: dict[str, Any], words: str, file: Path) -> None:
    data = json.loads(file.read_text())
    del data["sha256"]
    file.write_text(json.dumps(sealed(data | change)))
    with pytest.raises(ModelError, match=r"is no transcript") as raised:
        Replay(file)
    assert words in str(raised.value)
    assert str(file) in str(raised.value)


def test_a_letter_that_was_changed(file: Path) -> None:
    file.write_text(file.read_text().replace("EIGHT GPUS", "NINE GPUS"))
    with pytest.raises(ModelError, match="changed or damaged"):
        Replay(file)


MESSAGES = st.lists(
    st.builds(Message, st.sampled_from(["system", "user", "assistant"]), st.text(max_size=5)), max_size=3
)


@given(MESSAGES, MESSAGES)
def test_digests_are_equal_where_questions_are(first: list[Message], second: list[Message]) -> None:
    assert (messages_sha256(first) == messages_sha256(second)) == (first == second)
