"""Questions as servers take them, answers as they give them, and addresses as people type them."""

import json
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuro_aolo.formulate.endpoint import Endpoint
from neuro_aolo.formulate.model import Message, ModelError
from neuro_aolo.formulate.post import Reply

QUESTION = (Message("system", "Answer in JSON."), Message("user", "Wie geht’s?"))
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
HEAD = "HTTP/1.1 {} Status\r\nContent-Length: {}\r\n{}\r\n"


def reply(status: int, body: str, headers: str = "") -> bytes:
    return HEAD.format(status, len(body.encode()), headers).encode() + body.encode()


def answer(text: str) -> str:
    return json.dumps({"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})


def in_turn(*replies: bytes) -> Any:
    """Sends these to the connections that come, the last again and again."""
    left = list(replies)

    def handle(connected: socket.socket, request: bytes) -> None:
        connected.sendall(left.pop(0) if len(left) > 1 else left[0])

    return handle


def test_what_is_sent(serve) -> None:
    server = serve(in_turn(reply(200, answer('{"a": "ü"}'))))
    assert Endpoint(f"{server.url}/", "small", "none").complete(QUESTION, SCHEMA) == '{"a": "ü"}'
    head = server.requests[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert head[0] == "POST /v1/chat/completions HTTP/1.1"
    assert "Authorization: Bearer none" in head
    assert server.questions == [
        {
            "model": "small",
            "messages": [
                {"role": "system", "content": "Answer in JSON."},
                {"role": "user", "content": "Wie geht’s?"},
            ],
            "temperature": 0,
            "max_tokens": 2048,
            "stream": False,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
            },
        }
    ]
    server = serve(in_turn(reply(200, answer("{}"))))
    Endpoint(server.url, "small").complete(QUESTION, SCHEMA)
    assert b"authorization" not in server.requests[0].lower()


@pytest.mark.parametrize(
    ("given_path", "path"),
    [
        ("", "/v1/chat/completions"),
        ("/v1", "/v1/chat/completions"),
        ("/v1/", "/v1/chat/completions"),
        ("/api/v1", "/api/v1/chat/completions"),
        ("/openai", "/openai/v1/chat/completions"),
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/gpt?api-version=1#top", "/gpt/v1/chat/completions?api-version=1"),
    ],
)
def test_addresses_as_people_give_them(given_path: str, path: str, serve) -> None:
    server = serve(in_turn(reply(200, answer("{}"))))
    Endpoint(server.url + given_path, "m").complete(QUESTION, SCHEMA)
    assert server.requests[0].startswith(f"POST {path} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "begins with neither http:// nor https://"),
        ("ftp://127.0.0.1", "begins with neither http:// nor https://"),
        ("data:,x", "begins with neither http:// nor https://"),
        ("127.0.0.1:8080", "begins with neither http:// nor https://"),
        ("", "begins with neither http:// nor https://"),
        ("http://", "names no server"),
        ("http:///v1", "names no server"),
        ("http://:80", "names no server"),
        ("http://host:0", "names no server"),
        ("http://host:99999", "is none (Port out of range 0-65535)"),
        ("http://[::1", "is none (Invalid IPv6 URL)"),
        ("http://host/a b", "holds a space"),
        ("http://host\n.other", "holds a space"),
        ("http://höst", "holds a space or a letter that none may"),
        ("http://me:secret@host", "holds a user or a password"),
        (None, "is no text"),
    ],
)
def test_addresses_that_are_none(url: Any, words: str) -> None:
    with pytest.raises(ModelError) as raised:
        Endpoint(url, "m")
    assert words in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("key", ["", " ", "a\nX-Other: b", "ключ"])
def test_keys_that_no_header_may_hold(key: str) -> None:
    with pytest.raises(ModelError, match="the key in NEURO_AOLO_LLM_KEY") as raised:
        Endpoint("http://host", "m", key)
    assert "Other" not in str(raised.value)


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, float("nan"), float("inf"), 1e300])
def test_timeouts_that_are_none(timeout_s: float) -> None:
    with pytest.raises(ModelError, match="give a number above 0"):
        Endpoint("http://host", "m", timeout_s=timeout_s)


def test_what_is_shown_of_an_address() -> None:
    endpoint = Endpoint("https://models.example:444/v1?code=secret", "big", "sk-secret")
    assert endpoint.name == "big at https://models.example:444"
    assert "sk-secret" not in repr(endpoint)


NO_SCHEMA = reply(400, '{"error": {"message": "response_format is not supported"}}')


@pytest.mark.parametrize("refused", range(4))
def test_servers_that_know_fewer_forms(refused: int, serve) -> None:
    server = serve(in_turn(*[NO_SCHEMA] * refused, reply(200, answer("{}"))))
    assert Endpoint(server.url, "m").complete(QUESTION, SCHEMA) == "{}"
    forms = [
        {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True}},
        {"type": "json_object", "schema": SCHEMA},
        {"type": "json_object"},
        None,
    ]
    assert [question.get("response_format") for question in server.questions] == forms[: refused + 1]


def test_a_question_that_no_form_helps(serve) -> None:
    server = serve(in_turn(reply(400, '{"error": {"message": "too long"}}'), NO_SCHEMA))
    with pytest.raises(ModelError, match=r"does not take the question \(400: too long\)"):
        Endpoint(server.url, "m").complete(QUESTION, SCHEMA)
    assert len(server.requests) == 4


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_server_that_is_busy_is_asked_again(status: int, serve) -> None:
    server = serve(in_turn(reply(status, "busy", "Retry-After: 0\r\n"), reply(200, answer("{}"))))
    assert Endpoint(server.url, "m").complete(QUESTION, SCHEMA) == "{}"
    assert server.questions[0] == server.questions[1]


def test_a_server_that_stays_busy(serve) -> None:
    server = serve(in_turn(reply(503, '{"error": {"message": "Loading model"}}', "Retry-After: 0\r\n")))
    with pytest.raises(ModelError, match=r"too busy, or not up yet \(503: Loading model\): ask again later"):
        Endpoint(server.url, "m").complete(QUESTION, SCHEMA)
    assert len(server.requests) == 3


def test_nobody_waits_longer_than_there_is_time(serve) -> None:
    server = serve(in_turn(reply(429, "", "Retry-After: 3600\r\n")))
    with pytest.raises(ModelError, match=r"\(429\)"):
        Endpoint(server.url, "m", timeout_s=30.0).complete(QUESTION, SCHEMA)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 404, 500])
def test_what_would_come_again_is_not_asked_again(status: int, serve) -> None:
    server = serve(in_turn(reply(status, "")))
    with pytest.raises(ModelError, match=str(status)):
        Endpoint(server.url, "m").complete(QUESTION, SCHEMA)
    assert len(server.requests) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)
CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "choices": JSON
        | st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "message": JSON | st.fixed_dictionaries({"content": JSON}),
                    "finish_reason": JSON | st.sampled_from(["stop", "length", None]),
                },
            ),
            max_size=2,
        ),
        "error": JSON,
    },
)


@given(st.integers(200, 599), CHOICES | JSON | st.binary(max_size=50), st.text(max_size=20))
def test_any_reply_is_a_text_or_one_line(status: int, body: Any, location: str) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    text, message = None, ""
    try:
        text = Endpoint("http://host", "m", "sk-0123456789")._answered(
            Reply(status, {"location": location}, data)
        )
    except ModelError as error:
        message = str(error)
    assert len(message.splitlines()) == (text is None)
    if text is not None:
        assert status == 200
        assert text == body["choices"][0]["message"]["content"]
