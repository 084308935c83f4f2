"""A language model behind an OpenAI-compatible server, as llama.cpp, vLLM and Ollama have one.

Nothing that comes from the server is trusted: it is bounded in time and bytes, and its words are cut short
where an error shows them. A redirect is refused, so that the key goes to no other host; no error shows it.
"""

import http.client
import json
import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from neuro_aolo.files import from_json
from neuro_aolo.formulate.address import KEY_VARIABLE, chat_address, server_of
from neuro_aolo.formulate.model import MODEL_TIMEOUT_S, MOST_ANSWER_BYTES, Message, ModelError
from neuro_aolo.formulate.post import Reply, TooLongError, post
from neuro_aolo.systems.wording import shown

MOST_TOKENS = 2048
"""Of an answer: a small model that repeats itself would go on to the end of its context."""

_MOST_REPLY_BYTES = 8 * MOST_ANSWER_BYTES
"""An answer as JSON in JSON, with what stands around it."""

_TRIES = 3
_PAUSE_S = 0.5
_PASSES = (429, 502, 503, 504)
"""Too many requests, or a server that is not up yet: asked again after a pause."""
_NOT_UNDERSTOOD = (400, 422, 501)
"""A form of the question that the server does not know: asked in the next one."""
_MOST_SHOWN = 200
_SHORTEST_KEY = 8
"""What is shorter is a word, such as the ``none`` of servers that ask for no key."""


@dataclass(frozen=True)
class Endpoint:
    """A :class:`~neuro_aolo.formulate.model.Model` at an address.

    Attributes:
        url: of the server, of its ``/v1``, or of its ``/chat/completions``.
        model: its name there.
        key: sent as a bearer token; None where the server asks for none.
        timeout_s: for one answer, every try included.
        most_tokens: asked for as the longest answer.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    timeout_s: float = MODEL_TIMEOUT_S
    most_tokens: int = MOST_TOKENS

    def __post_init__(self) -> None:
        server_of(self.url)
        if not (math.isfinite(self.timeout_s) and 0.0 < self.timeout_s <= threading.TIMEOUT_MAX):
            raise ModelError(f"a timeout of {self.timeout_s!r} s: give a number above 0")
        if self.key is not None and not (self.key.isascii() and self.key.isprintable() and self.key.strip()):
            raise ModelError(f"the key in {KEY_VARIABLE} is empty or holds what no header may: copy it anew")

    @property
    def name(self) -> str:
        """The model, and the server's address without what may be private in it."""
        return f"{self.model} at {self._server}"

    def complete(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """What :meth:`~neuro_aolo.formulate.model.Model.complete` says.

        The server is asked to keep to the schema in each form that servers take, until it takes one; the last
        form asks for nothing but an answer.

        Raises:
            ModelError: no answer comes, in one line that says what to do.
        """
        ends = time.monotonic() + self.timeout_s
        first: Reply | None = None
        for form in _forms(schema, self.most_tokens):
            reply = self._asked(
                {"model": self.model, "messages": [asdict(each) for each in messages]} | form, ends
            )
            if reply.status not in _NOT_UNDERSTOOD:
                break
            first = first or reply
        else:
            # What the server says of the question as it should be asked is worth more than of the last form.
            reply = first or reply
        return self._answered(reply)

    def _asked(self, question: Mapping[str, Any], ends: float) -> Reply:
        """The reply to a question, asked again where the server says that it is busy."""
        for left in reversed(range(_TRIES)):
            reply = self._posted(json.dumps(question).encode(), ends)
            pause_s = _pause_s(reply) * (_TRIES - left)
            if reply.status not in _PASSES or not left or time.monotonic() + pause_s >= ends:
                break
            time.sleep(pause_s)
        return reply

    def _posted(self, body: bytes, ends: float) -> Reply:
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "neuro-aolo",
        }
        if self.key is not None:
            headers["Authorization"] = f"Bearer {self.key}"
        try:
            return post(
                chat_address(self.url), body, headers, max(ends - time.monotonic(), 1e-3), _MOST_REPLY_BYTES
            )
        except TimeoutError:
            reason = (
                f"gave no whole answer within {self.timeout_s:g} s: "
                "choose a faster model, or wait longer with --timeout"
            )
        except TooLongError as error:
            reason = f"answers with {error}, more than is read: choose a model that keeps to a schema"
        except http.client.IncompleteRead as error:
            reason = f"closed the connection with {error.expected or 'some'} bytes still to come: ask again"
        except http.client.RemoteDisconnected:
            reason = "closed the connection without an answer: look at its log"
        except http.client.HTTPException as error:
            said = self._short(str(error) or type(error).__name__)
            reason = f"does not speak HTTP ({said}): correct the address"
        except (OSError, ValueError) as error:
            said = self._short(str(getattr(error, "strerror", None) or error))
            reason = f"cannot be reached ({said}): start the server, or correct the address"
        raise ModelError(f"{self._server} {reason}")

    def _answered(self, reply: Reply) -> str:
        """The text of an answer.

        Raises:
            ModelError: there is none, it was cut off, or it is too long.
        """
        if reply.status != 200:
            raise ModelError(f"{self._server} {self._refusal(reply)}")
        text = self._text(reply)
        try:
            data = from_json(text)
        except ValueError as error:
            reason = f"{self._short(str(error))}; it begins {self._short(text, 40)!r}"
            raise ModelError(f"{self._server} answers with no JSON ({reason}): correct the address") from None
        match data:
            case {"choices": [{"message": {"content": str(content)}} as choice, *_]}:
                ended = choice.get("finish_reason")
            case {"choices": []}:
                raise ModelError(f"{self._server} answers with no choices: look at its log")
            case _:
                kept = self._short(text)
                raise ModelError(
                    f"{self._server} answers with no text in its first choice ({kept}): try another model"
                )
        if ended == "length":
            raise ModelError(
                f"{self.name} was cut off before its answer ended (finish_reason: length; it "
                f"may have {self.most_tokens} tokens): give it a larger context, or choose another model"
            )
        if ended not in ("stop", None):
            raise ModelError(
                f"{self.name} did not end its answer (finish_reason: {shown(ended)}): try another model"
            )
        try:
            size = len(content.encode())
        except UnicodeEncodeError:
            raise ModelError(f"{self.name} answers with half a character: ask again") from None
        if size > MOST_ANSWER_BYTES:
            raise ModelError(
                f"{self.name} answers with {size:,} bytes, more than {MOST_ANSWER_BYTES:,}: ask for less"
            )
        return content

    def _refusal(self, reply: Reply) -> str:
        """What a status other than 200 says, in the server's words cut short."""
        status, said = reply.status, self._said(reply)
        match status:
            case 401 | 403:
                return f"does not let us in ({status}{said}): set {KEY_VARIABLE} to a key that it takes"
            case 404:
                return f"knows no such address or model ({status}{said}): correct one of them"
            case _ if 300 <= status < 400:
                to = shown(self._redacted(reply.headers.get("location", "nowhere")))
                return f"sends us on to {to} ({status}), where nothing is sent: give the address that answers"
            case _ if status in _PASSES:
                return f"is too busy, or not up yet ({status}{said}): ask again later"
            case _ if status >= 500:
                return f"failed ({status}{said}): look at its log"
            case _:
                return f"does not take the question ({status}{said}): try another model or server"

    def _said(self, reply: Reply) -> str:
        """The server's words on an error, after a colon; empty where it has none."""
        text = reply.body.decode("utf-8", "replace")
        try:
            data = from_json(text)
        except ValueError:
            data = None
        match data:
            case {"error": {"message": str(message)}} | {"error": str(message)} | {"message": str(message)}:
                text = message
        message = self._short(self._redacted(text))
        return f": {message}" if message else ""

    def _text(self, reply: Reply) -> str:
        try:
            return self._redacted(reply.body.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ModelError(
                f"{self._server} answers with no text (byte {error.start} is no UTF-8): correct the address"
            ) from None

    def _redacted(self, text: str) -> str:
        """Without the key, which some servers repeat where they refuse it."""
        return text.replace(self.key, "[key]") if self.key and len(self.key) >= _SHORTEST_KEY else text

    def _short(self, text: str, most: int = _MOST_SHOWN) -> str:
        line = " ".join(text[: 4 * most].split())
        return line if len(line) <= most else f"{line[: most - 3]}..."

    @property
    def _server(self) -> str:
        return server_of(self.url)


def _forms(schema: Mapping[str, Any], most_tokens: int) -> Iterator[dict[str, Any]]:
    """How a server is asked to keep to a schema, the most usual form first.

    OpenAI's own is a ``json_schema`` with a name, which llama.cpp, vLLM and Ollama take. Relatives of
    llama.cpp take a schema beside ``json_object``, others that word alone. The last form asks for an answer
    and nothing else, for those that refuse even a temperature.
    """
    plain = {"temperature": 0, "max_tokens": most_tokens, "stream": False}
    named = {"name": "answer", "schema": schema, "strict": True}
    yield plain | {"response_format": {"type": "json_schema", "json_schema": named}}
    yield plain | {"response_format": {"type": "json_object", "schema": schema}}
    yield plain | {"response_format": {"type": "json_object"}}
    yield {}


def _pause_s(reply: Reply) -> float:
    """Seconds until the server may be asked again; what it asks for itself, where that is a number."""
    asked = reply.headers.get("retry-after", "")
    return float(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else _PAUSE_S
