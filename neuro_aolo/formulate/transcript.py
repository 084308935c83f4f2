"""What was asked of a language model and what it answered, in a file: to be read, and to be replayed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from neuro_aolo.files import digest, read_sealed, sealed, write_whole
from neuro_aolo.formulate.model import MOST_ANSWER_BYTES, Message, Model, ModelError
from neuro_aolo.systems.schema import as_written
from neuro_aolo.systems.wording import shown

FORMAT = 1
"""Number of this form."""

MOST_EXCHANGES = 10_000

_KNOWN_KEYS = ConfigDict(extra="forbid")
_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Answer = Annotated[str, Field(max_length=MOST_ANSWER_BYTES)]


@dataclass(frozen=True)
class Exchange:
    """A question and its answer.

    Attributes:
        messages_sha256: digest of all messages of the question, by which it is found again.
        asked: the last message, so that people see what it was about.
        answer: as it came.
    """

    __pydantic_config__ = _KNOWN_KEYS

    messages_sha256: _Digest
    asked: str
    answer: _Answer


@dataclass(frozen=True)
class Transcript:
    """Exchanges with one model.

    Attributes:
        model: its name.
        recorded: the day on which it was begun, in UTC.
        exchanges: in order; no question stands there twice.
    """

    __pydantic_config__ = _KNOWN_KEYS

    model: str
    recorded: date
    exchanges: Annotated[tuple[Exchange, ...], Field(max_length=MOST_EXCHANGES)] = ()

    def __post_init__(self) -> None:
        if len({each.messages_sha256 for each in self.exchanges}) != len(self.exchanges):
            raise ValueError("a question stands there twice")

    def answer(self, messages: Sequence[Message]) -> str | None:
        """What was answered to exactly these messages; None where they were not asked."""
        asked = messages_sha256(messages)
        return next((each.answer for each in self.exchanges if each.messages_sha256 == asked), None)

    def save(self, file: Path) -> None:
        """Write the transcript, whole or not at all.

        Raises:
            ModelError: the file cannot be written.
        """
        data = {"format": FORMAT, **asdict(self), "recorded": self.recorded.isoformat()}
        try:
            write_whole(file, json.dumps(sealed(data), indent=2) + "\n")
        except OSError as error:
            raise ModelError(
                f"{file} cannot be written ({error.strerror or error}): give a path in a folder that has room"
            ) from None

    @classmethod
    def load(cls, file: Path) -> "Transcript":
        """Read a transcript that :meth:`save` wrote.

        Raises:
            ModelError: the file is not what it should be.
        """
        try:
            data = read_sealed(file, lambda data: False)
            if (number := data.pop("format", None)) != FORMAT or isinstance(number, bool):
                raise ValueError(f"its format is {shown(number)}, not {FORMAT}")
            return as_written(cls, data)
        except (OSError, ValueError) as error:
            reason = " ".join(str(getattr(error, "strerror", None) or error).split())[:300]
        raise ModelError(f"{file} is no transcript ({reason}): record it anew")


def messages_sha256(messages: Sequence[Message]) -> str:
    """Digest of a question; every letter of every message counts."""
    return digest(json.dumps([[each.role, each.content] for each in messages]))


@dataclass
class Recorded:
    """A :class:`~neuro_aolo.formulate.model.Model` that keeps every exchange with another.

    What was asked before is answered as before, so that a replay is what was seen.

    Attributes:
        model: who is asked.
        file: written whole after each answer.
    """

    model: Model
    file: Path
    _transcript: Transcript = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._transcript = Transcript(self.model.name, datetime.now(UTC).date())

    @property
    def name(self) -> str:
        """That of the model."""
        return self.model.name

    def complete(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """The model's answer, once the file holds it.

        Raises:
            ModelError: no answer comes, or the file cannot be written.
        """
        kept = self._transcript.answer(messages)
        if kept is not None:
            return kept
        answer = self.model.complete(messages, schema)
        # Half a character, as in an argument that is no UTF-8, would not be read again.
        asked = messages[-1].content.encode("utf-8", "replace").decode()
        exchange = Exchange(messages_sha256(messages), asked, answer)
        before = self._transcript
        self._transcript = Transcript(before.model, before.recorded, (*before.exchanges, exchange))
        self._transcript.save(self.file)
        return answer


@dataclass(frozen=True)
class Replay:
    """A :class:`~neuro_aolo.formulate.model.Model` that answers what a transcript holds, and nothing else.

    Attributes:
        file: which is read at once.

    Raises:
        ModelError: the file is no transcript.
    """

    file: Path
    _transcript: Transcript = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_transcript", Transcript.load(self.file))

    @property
    def name(self) -> str:
        """The model that answered, and when."""
        return f"{self._transcript.model}, as recorded on {self._transcript.recorded.isoformat()}"

    def complete(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """The answer that was recorded to exactly these messages.

        Raises:
            ModelError: they were not asked.
        """
        answer = self._transcript.answer(messages)
        if answer is None:
            count = len(self._transcript.exchanges)
            raise ModelError(
                f"{self.file} holds no answer to this question among its {count}: the text, or what is "
                "asked about it, changed since; record it anew"
            )
        return answer
