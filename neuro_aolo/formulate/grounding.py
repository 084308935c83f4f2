"""Whether what a form says was said: quotes in the reader's words or documents, numbers in the quotes."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from neuro_aolo.formulate.documents import Piece
from neuro_aolo.formulate.form import Said
from neuro_aolo.formulate.numerals import numerals

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
_QUOTES = {**dict.fromkeys(map(ord, "‘’"), "'"), **dict.fromkeys(map(ord, "“”"), '"')}


class UngroundedError(ValueError):
    """What nobody said: a quote or a number that stands nowhere."""


@dataclass(frozen=True)
class Evidence:
    """Where something was said.

    Attributes:
        quote: the words.
        document: name of the piece; empty where they are the reader's own.
    """

    quote: str
    document: str = ""


def evidence_of(quote: str, text: str, pieces: Sequence[Piece] = ()) -> Evidence:
    """Where a quote stands: in the text, else in one of the pieces.

    Raises:
        UngroundedError: nowhere.
    """
    tokens = " ".join(quote.split())
    if not plainly(tokens):
        raise UngroundedError("nothing is quoted")
    if plainly(tokens) in plainly(text):
        return Evidence(tokens)
    for piece in pieces:
        if plainly(tokens) in plainly(piece.text):
            return Evidence(tokens, piece.name)
    raise UngroundedError("the words that are quoted stand nowhere")


def grounded(said: Said, text: str, pieces: Sequence[Piece] = ()) -> Evidence:
    """Where a figure was said.

    Raises:
        UngroundedError: its quote stands nowhere, or one of its numbers is not in the quote.
    """
    evidence = evidence_of(said.quote, text, pieces)
    quoted = [number.value for number in numerals(evidence.quote)]
    for number in numerals(said.value):
        if not any(math.isclose(number.value, other, rel_tol=1e-9) for other in quoted):
            raise UngroundedError(f"the number {number.value:g} is not in the words that are quoted")
    return evidence


def plainly(text: str) -> str:
    """A text as it is compared: one kind of spaces, dashes and quotation marks, no capitals."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).translate(_QUOTES)
    return " ".join(plain.casefold().split())
