"""A description with all that is used to make a scenario of it: system, cards, pieces of documents."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neuro_aolo.errors import FormulationError
from neuro_aolo.formulate.cards import Card, Deck, deck_of
from neuro_aolo.formulate.choose import Chosen, choose
from neuro_aolo.formulate.documents import Piece, read_documents
from neuro_aolo.formulate.numerals import numerals
from neuro_aolo.formulate.retrieve import Index, best_of_parts
from neuro_aolo.systems.parameters import Section
from neuro_aolo.systems.scenario_file import scenario_names
from neuro_aolo.systems.wording import shown

MOST_CHARACTERS, MOST_NUMBERS = 20_000, 300
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
CARDS, OF_EACH_SENTENCE, PIECES = 16, 3, 4


@dataclass(frozen=True)
class Asked:
    """A description with all that is used to make a scenario of it.

    Attributes:
        text: the description.
        name: of the scenario.
        chosen: the system and scenario that it names.
        deck: of the system.
        cards: parameters that it may speak of.
        pieces: of documents that are near to it.
        deployment: what the table ``[deployment]`` of a scenario file holds.
    """

    text: str
    name: str
    chosen: Chosen
    deck: Deck
    cards: tuple[Card, ...]
    pieces: tuple[Piece, ...]
    deployment: type[Section] | None


def ask(
    text: str,
    name: str = "formulated",
    documents: Path | None = None,
    deployment: type[Section] | None = None,
) -> Asked:
    """A description with its system, cards and pieces.

    Raises:
        FormulationError: it is empty, too long, or of no system that is known; or a document cannot be read.
    """
    text = _checked(text)
    pieces = () if documents is None else read_documents(documents)
    chosen = choose(text)
    if not chosen.sure:
        raise FormulationError(
            f"no word says what is controlled: say so, or name one of {', '.join(scenario_names())}"
        )
    deck = deck_of(chosen.extends, deployment)
    return Asked(
        text, name[:100] or "formulated", chosen, deck, cards_for(deck, text), _near(pieces, text), deployment
    )


def cards_for(deck: Deck, text: str, most: int = CARDS, of_each: int = OF_EACH_SENTENCE) -> tuple[Card, ...]:
    """The cards that a text speaks of, the nearest first."""
    cards = tuple(deck.cards.values())
    index = Index(card.text for card in cards)
    return tuple(cards[each] for each in best_of_parts(index, text, of_each, most))


def _near(pieces: Sequence[Piece], text: str) -> tuple[Piece, ...]:
    index = Index(piece.text for piece in pieces)
    return tuple(pieces[each] for each in best_of_parts(index, text, 1, PIECES)) if pieces else ()


def _checked(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise FormulationError(
            f"the description has {len(text):,} characters, of {MOST_CHARACTERS:,} at most: shorten it, or "
            "put what it quotes into a folder for --docs"
        )
    control = _CONTROL.search(text)
    if control is not None:
        raise FormulationError(
            f"the description holds the control character {control[0]!r}: write it as plain text"
        )
    if not text.strip():
        raise FormulationError("the description is empty: say in words what is controlled, with its figures")
    if (count := len(numerals(text))) > MOST_NUMBERS:
        raise FormulationError(
            f"the description holds {count} numbers, of {MOST_NUMBERS} at most: shorten it"
        )
    if not any(sign.isalpha() for sign in text):
        raise FormulationError(f"{shown(text)} holds no word: say what the figures are of")
    return text
