"""Servers that do what they should not: each question ends, with one line that says what is wrong."""

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from neuro_aolo.formulate.endpoint import Endpoint
from neuro_aolo.formulate.model import MOST_ANSWER_BYTES, Message, ModelError

QUESTION = (Message("system", "Answer in JSON."), Message("user", "How are you?"))
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
KEY = "sk-0123456789abcdef"
SHORT_S = 0.6


def ok(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", *headers]
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in headers):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(data: bytes) -> Callable[[socket.socket, bytes], None]:
    """Sends this and hangs up."""
    return lambda connected, request: connected.sendall(data)


def hangs(data: bytes = b"") -> Callable[[socket.socket, bytes], None]:
    """Sends this and waits until the other side hangs up."""

    def handle(connected: socket.socket, request: bytes) -> None:
        connected.sendall(data)
        connected.recv(1)

    return handle


def drips(data: bytes, forever: bytes) -> Callable[[socket.socket, bytes], None]:
    """Sends this, and then a little every now and then as long as anybody listens."""

    def handle(connected: socket.socket, request: bytes) -> None:
        connected.sendall(data)
        while True:
            connected.sendall(forever)
            time.sleep(0.05)

    return handle


def floods(data: bytes) -> Callable[[socket.socket, bytes], None]:
    """Sends this, and then 100 MB."""

    def handle(connected: socket.socket, request: bytes) -> None:
        connected.sendall(data)
        for _ in range(100):
            connected.sendall(b"x" * 1_000_000)

    return handle


def content(text: Any, finish: str | None = "stop") -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return ok(json.dumps({"choices": [choice]}).encode())


CHUNKED = "Transfer-Encoding: chunked"
HEAD = b"HTTP/1.1 200 OK\r\n"

ENDLESS = {
    "never answers": hangs(),
    "begins a line and stops": hangs(b"HTTP/1.1 20"),
    "drips its headers": drips(HEAD, b"X-More: 1\r\n"[:1]),
    "goes on and on with 100 Continue": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "drips its body": drips(ok(b"", "Content-Length: 100000"), b" "),
    "drips a body without a length": drips(HEAD + b"\r\n", b" "),
    "drips chunks": drips(ok(b"", CHUNKED), b"1\r\n \r\n"),
    "drips the length of a chunk": drips(ok(b"", CHUNKED), b"0"),
    "promises more than it sends": hangs(ok(b"{}", "Content-Length: 50")),
}

WRONG = {
    "garbage": (says(bytes(range(256)) * 20), "does not speak HTTP"),
    "another protocol": (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "does not speak HTTP"),
    "closes at once": (says(b""), "closed the connection without an answer"),
    "closes in its headers": (says(HEAD + b"Content-"), "answers with no JSON"),
    "closes early": (says(ok(b'{"choices": [', "Content-Length: 500")), "487 bytes still to come"),
    "closes within a chunk": (says(ok(b"20\r\n{}", CHUNKED)), "still to come"),
    "a chunk of no length": (says(ok(b"zz\r\n{}\r\n", CHUNKED)), "still to come"),
    "a length that is too small": (says(ok(b'{"choices": []}', "Content-Length: 6")), "answers with no JSON"),
    "a negative length": (says(ok(b"", "Content-Length: -5")), "answers with no JSON"),
    "too many headers": (says(HEAD + b"A: b\r\n" * 500 + b"\r\n"), "does not speak HTTP"),
    "a header without an end": (floods(HEAD + b"A: "), "does not speak HTTP"),
    "HTML": (says(ok(b"<!DOCTYPE html><html>\n<h1>Router</h1></html>")), "it begins '<!DOCTYPE html>"),
    "nothing": (says(ok(b"")), "answers with no JSON"),
    "no JSON": (says(ok(b'{"choices": NaN}')), "NaN is no number"),
    "a key twice": (says(ok(b'{"a": 1, "a": 2}')), "stands there twice"),
    "invalid UTF-8": (says(ok(b'{"choices": "\xff\xfe"}')), "byte 13 is no UTF-8"),
    "deeply nested": (says(ok(b"[" * 200_000)), "nested too deeply"),
    "objects deeply nested": (says(ok(b'{"a":' * 100_000)), "nested too deeply"),
    "a number of many digits": (says(ok(b"1" * 10_000)), "answers with no JSON"),
    "100 MB": (floods(ok(b"", "Content-Length: 100000000")), "more than is read"),
    "100 MB without a length": (floods(HEAD + b"\r\n"), "more than is read"),
    "a list": (says(ok(b"[]")), "no text in its first choice"),
    "no choices": (says(ok(b'{"choices": []}')), "answers with no choices"),
    "no text": (says(content(None)), "no text in its first choice"),
    "parts": (says(content([{"type": "text", "text": "{}"}])), "no text in its first choice"),
    "cut off": (says(content('{"a": "b', "length")), "was cut off before its answer ended"),
    "filtered": (says(content("", "content_filter")), "finish_reason: 'content_filter'"),
    "a strange end": (says(content("", "x" * 10_000)), "did not end its answer"),
    "too long": (says(content("x" * (MOST_ANSWER_BYTES + 1))), "262,145 bytes, more than 262,144"),
    "half a character": (says(content("\ud800")), "half a character"),
    "500": (says(ok(b'{"error": {"message": "out\\nof it"}}', status="500 Oops")), "failed (500: out of it)"),
    "500 in HTML": (says(ok(b"<h1>" + b"sorry " * 900, status="500 Oops")), "failed (500: <h1>sorry so"),
    "500 and nothing": (says(ok(b"", status="500 Oops")), "failed (500): look at its log"),
    "500 in odd bytes": (says(ok(b"\xff\x1b[31m", status="500 Oops")), "failed (500: "),
    "404": (says(ok(b'{"error": "no model x"}', status="404 Not Found")), "model (404: no model x)"),
    "402": (says(ok(b'{"message": "pay"}', status="402 Pay")), "does not take the question (402: pay)"),
    "204": (says(ok(b"", status="204 No Content")), "does not take the question (204)"),
    "redirect to a file": (
        says(ok(b"", "Location: file:///etc/passwd", status="302 Found")),
        "sends us on to 'file:///etc/passwd' (302), where nothing is sent",
    ),
    "redirect nowhere": (says(ok(b"", status="307 There")), "sends us on to 'nowhere'"),
    "redirect at length": (says(ok(b"", f"Location: /{'x' * 9_000}", status="308 Moved")), "xxx... (308)"),
}  # fmt: skip


def refused(endpoint: Endpoint) -> str:
    with pytest.raises(ModelError) as raised:
        endpoint.complete(QUESTION, SCHEMA)
    message = str(raised.value)
    assert len(message.splitlines()) == 1
    assert len(message) < 500
    assert KEY not in message
    return message


@pytest.mark.parametrize("what", ENDLESS)
def test_what_does_not_end_is_ended(what: str, serve) -> None:
    server = serve(ENDLESS[what])
    message = refused(Endpoint(server.url, "m", KEY, timeout_s=SHORT_S))
    assert message == (
        f"{server.url} gave no whole answer within 0.6 s: "
        "choose a faster model, or wait longer with --timeout"
    )
    # Nothing goes on behind the error: the server sees that it was hung up on.
    assert server.ended.wait(30)


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_in_one_line(what: str, serve) -> None:
    handler, words = WRONG[what]
    server = serve(handler)
    message = refused(Endpoint(server.url, "m", KEY, timeout_s=30.0))
    assert words in message
    assert server.url in message
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_takes_nothing_anywhere(status: int, serve) -> None:
    other = serve(says(content("{}")))
    server = serve(says(ok(b"", f"Location: {other.url}/v1/chat/completions", status=f"{status} There")))
    assert f"sends us on to '{other.url}" in refused(Endpoint(server.url, "m", KEY))
    assert KEY.encode() in server.requests[0]
    assert other.requests == []


@pytest.mark.parametrize("status", [401, 403])
def test_the_key_is_not_repeated(status: int, serve) -> None:
    words = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY}. Try another."}}).encode()
    server = serve(says(ok(words, status=f"{status} No")))
    message = refused(Endpoint(server.url, "m", KEY))
    assert f"({status}: Incorrect API key provided: [key]. Try another.): set NEURO_AOLO_LLM_KEY" in message
    assert KEY not in repr(Endpoint(server.url, "m", KEY))


def test_a_key_that_a_server_hands_back_is_not_in_an_answer(serve) -> None:
    assert (
        Endpoint(serve(says(content(f"I know {KEY}"))).url, "m", KEY).complete(QUESTION, SCHEMA)
        == "I know [key]"
    )


def test_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    message = refused(Endpoint(f"http://127.0.0.1:{port}", "m"))
    words = "cannot be reached (Connection refused): start the server, or correct the address"
    assert message == f"http://127.0.0.1:{port} {words}"


def test_a_name_that_nobody_has() -> None:
    # Some machines look it up for longer than others.
    message = refused(Endpoint("http://nobody.invalid/v1", "m", timeout_s=5.0))
    assert message.startswith(
        ("http://nobody.invalid cannot be", "http://nobody.invalid gave no whole answer")
    )


def test_a_connection_that_nobody_accepts() -> None:
    # Once so many wait to be accepted, the next is not even connected.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(8)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        message = refused(Endpoint(f"http://127.0.0.1:{address[1]}", "m", timeout_s=SHORT_S))
        for each in waiting:
            each.close()
    assert "gave no whole answer within 0.6 s" in message


@pytest.mark.parametrize(
    ("handler", "words"),
    [(hangs(), "gave no whole answer within 0.6 s"), (says(content("{}")), "cannot be reached ([SSL")],
)
def test_a_server_without_tls(handler: Any, words: str, serve) -> None:
    url = serve(handler).url.replace("http:", "https:")
    assert words in refused(Endpoint(url, "m", KEY, timeout_s=SHORT_S))


def test_many_at_a_time_end_each_for_itself(serve) -> None:
    urls = [serve(ENDLESS[what]).url for what in ENDLESS]
    messages: list[str] = []

    def ask(url: str) -> None:
        try:
            Endpoint(url, "m", timeout_s=SHORT_S).complete(QUESTION, SCHEMA)
        except ModelError as error:
            messages.append(str(error))

    threads = [threading.Thread(target=ask, args=(url,)) for url in itertools.chain(urls, urls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(messages) == 2 * len(urls)
    assert all("gave no whole answer" in message for message in messages)
