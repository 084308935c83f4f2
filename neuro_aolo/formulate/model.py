"""What a language model is to this package: messages in, JSON text out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from neuro_aolo.errors import NeuroAoloError

MODEL_TIMEOUT_S = 120.0
"""Seconds that a model may take for one answer."""

MOST_ANSWER_BYTES = 1 << 18
"""Longest answer that is read."""


class ModelError(NeuroAoloError, ValueError):
    """A language model cannot be reached, or gives no answer that can be read."""


@dataclass(frozen=True)
class Message:
    """What one side says.

    Attributes:
        role: whose it is.
        content: plain text.
    """

    role: Literal["system", "user", "assistant"]
    content: str


class Model(Protocol):
    """A language model, near or far, or its recorded answers."""

    @property
    def name(self) -> str:
        """What people read: the model, and where it runs."""
        ...

    def complete(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
        """The answer to a conversation, as text that is to be JSON of a schema.

        It is not trusted: who asks parses it and checks it against the schema. It takes bounded time
        (:data:`MODEL_TIMEOUT_S` unless told otherwise) and is of bounded size (:data:`MOST_ANSWER_BYTES`).

        Args:
            messages: in order; the last is the user's.
            schema: a JSON schema, for a model that can be held to one.

        Raises:
            ModelError: no answer comes, in one line that says what to do.
        """
        ...
