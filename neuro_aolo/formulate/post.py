"""One POST over HTTP that ends: bounded in time as a whole, bounded in bytes, and sent to one host alone."""

import contextlib
import http.client
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

_CHUNK_BYTES = 1 << 16
_OF_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
"""What is sent here goes through no proxy."""


@dataclass(frozen=True)
class Reply:
    """What a server sent back.

    Attributes:
        status: of HTTP, whatever it is.
        headers: by their names in small letters.
        body: all of it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class TooLongError(OSError):
    """The reply has more bytes than are read."""


def post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float, most_bytes: int) -> Reply:
    """Send ``body`` and read the reply; a redirect is a reply like any other, and is not followed.

    A timeout of a socket begins anew with every byte, and looking up a name has none. So the exchange runs in
    a thread that is waited for no longer than ``timeout_s``; then its socket is shut, which ends it.

    Args:
        url: of ``http`` or ``https``.
        body: what is sent.
        headers: sent beside it.
        timeout_s: for all of it, from the look-up of the name to the last byte.
        most_bytes: of the reply's body.

    Raises:
        TimeoutError: it takes longer.
        TooLongError: the reply is longer.
        OSError: the server cannot be reached, or goes away.
        http.client.HTTPException: what it sends is not HTTP.
        ValueError: nothing can be sent to such an address.
    """
    exchange = _Exchange(
        urllib.request.Request(url, body, dict(headers), method="POST"), timeout_s, most_bytes
    )
    exchange.start()
    exchange.join(timeout_s)
    if exchange.is_alive():
        exchange.shut()
        raise TimeoutError(f"no whole answer within {timeout_s:g} s")
    if exchange.error is not None:
        raise exchange.error
    assert exchange.reply is not None
    return exchange.reply


class _Exchange(threading.Thread):
    """A request and its reply, or the error that came instead.

    Attributes:
        reply: once the thread has ended.
        error: likewise.
    """

    def __init__(self, request: urllib.request.Request, timeout_s: float, most_bytes: int) -> None:
        super().__init__(daemon=True)
        self.reply: Reply | None = None
        self.error: Exception | None = None
        self._request = request
        self._timeout_s = timeout_s
        self._ends = time.monotonic() + timeout_s
        self._most_bytes = most_bytes
        self._sockets: list[socket.socket] = []

    def run(self) -> None:
        """The exchange; called by the thread."""
        try:
            self.reply = self._exchange()
        except urllib.error.URLError as error:
            self.error = error.reason if isinstance(error.reason, OSError) else error
        except Exception as error:
            self.error = error

    def shut(self) -> None:
        """Let what is waited for on the network end."""
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _exchange(self) -> Reply:
        with self._opener().open(self._request, timeout=self._timeout_s) as response:
            parts, size = [], 0
            while part := response.read1(_CHUNK_BYTES):
                self._check_time()
                size += len(part)
                if size > self._most_bytes:
                    raise TooLongError(f"more than {self._most_bytes:,} bytes")
                parts.append(part)
            # Without a length a body ends where the connection does; with one, it may have ended too early.
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status, headers, b"".join(parts))

    def _opener(self) -> urllib.request.OpenerDirector:
        """Of HTTP alone: no redirects, no files, no cookies, and no opinion on what a status means."""
        kept = self._kept

        class Plain(http.client.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                kept(self.sock)

        class Secure(http.client.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                kept(self.sock)

        class PlainHandler(urllib.request.HTTPHandler):
            def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
                return self.do_open(Plain, request)

        class SecureHandler(urllib.request.HTTPSHandler):
            def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
                return self.do_open(Secure, request)

        opener = urllib.request.OpenerDirector()
        opener.add_handler(PlainHandler())
        opener.add_handler(SecureHandler())
        if urlsplit(self._request.full_url).hostname not in _OF_THIS_MACHINE:
            opener.add_handler(urllib.request.ProxyHandler())
        return opener

    def _kept(self, connected: socket.socket) -> None:
        """Remember a socket, so that it can be shut; one that was connected too late is not used."""
        self._sockets.append(connected)
        self._check_time()

    def _check_time(self) -> None:
        if time.monotonic() > self._ends:
            raise TimeoutError(f"no whole answer within {self._timeout_s:g} s")
