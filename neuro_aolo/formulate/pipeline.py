"""From words to a checked scenario file: choose, retrieve, fill the form, settle, load, probe."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo.errors import FormulationError, ScenarioError
from neuro_aolo.formulate.cards import Card, Deck, deck_of
from neuro_aolo.formulate.choose import Chosen, choose, named_scenario
from neuro_aolo.formulate.documents import Piece, read_documents
from neuro_aolo.formulate.form import Form, form_schema, read_form
from neuro_aolo.formulate.model import Model
from neuro_aolo.formulate.probe import probe
from neuro_aolo.formulate.prompt import corrected, messages_of
from neuro_aolo.formulate.retrieve import Index, best_of_parts
from neuro_aolo.formulate.scenario_toml import in_words, loaded_from, toml_of
from neuro_aolo.formulate.settle import Dropped, Settled, Value, settle
from neuro_aolo.formulate.template import fill
from neuro_aolo.formulate.unsaid import left_open
from neuro_aolo.systems.names import Loaded
from neuro_aolo.systems.parameters import Section
from neuro_aolo.systems.wording import shown
from neuro_aolo.text.literal import literal_line

MOST_CHARACTERS = 20_000
RETRIES = 2
MOST_SECONDS = 300.0
"""After so long no model is asked once more."""

CARDS, OF_EACH_SENTENCE, PIECES = 16, 3, 4
_SEED = 0
_MOST_WARNINGS = 8


@dataclass(frozen=True)
class Formulated:
    """A scenario file, and where each of its figures comes from.

    Attributes:
        name: of the scenario.
        toml: the file's text.
        deck: of its system: the cards say what is meant by a key.
        loaded: the scenario, as the file gives it.
        values: what was said, and what follows from it.
        dropped: what was said and is not taken, and why.
        missing: keys that the words leave open.
        warnings: what a reader should know, a sentence each.
        filled_by: what filled the form: ``template``, or a model's name.
    """

    name: str
    toml: str
    deck: Deck
    loaded: Loaded
    values: tuple[Value, ...]
    dropped: tuple[Dropped, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    filled_by: str


@dataclass(frozen=True)
class _Asked:
    """A description with all that is used to make a scenario of it."""

    text: str
    name: str
    chosen: Chosen
    deck: Deck
    cards: tuple[Card, ...]
    pieces: tuple[Piece, ...]
    deployment: type[Section] | None


def formulate(
    text: str,
    *,
    name: str = "formulated",
    model: Model | None = None,
    documents: Path | None = None,
    deployment: type[Section] | None = None,
) -> Formulated:
    """A scenario of a description in words; nothing is written and nothing is trained.

    Args:
        text: the description.
        name: of the scenario.
        model: that fills the form; the template where None.
        documents: folder of texts that may say figures which the description names.
        deployment: what the table ``[deployment]`` of a scenario file holds.

    Raises:
        FormulationError: the words hold nothing that can be used, a value is not allowed, or nothing is
            feasible; in one line, with the fix.
        ModelError: the model does not answer.
    """
    text = _checked(text)
    pieces = () if documents is None else read_documents(documents)
    chosen = choose(text)
    deck = deck_of(chosen.extends, deployment)
    asked = _Asked(text, name[:100] or "formulated", chosen, deck, _cards(deck, text), _near(pieces, text), deployment)
    if model is None:
        return _finished(asked, fill(text, deck, chosen, asked.pieces), "template")
    return _by_model(asked, model)


def cards_for(deck: Deck, text: str, most: int = CARDS, of_each: int = OF_EACH_SENTENCE) -> tuple[Card, ...]:
    """The cards that a text speaks of, the nearest first."""
    cards = tuple(deck.cards.values())
    index = Index(card.text for card in cards)
    return tuple(cards[each] for each in best_of_parts(index, text, of_each, most))


_cards = cards_for


def _near(pieces: Sequence[Piece], text: str) -> tuple[Piece, ...]:
    index = Index(piece.text for piece in pieces)
    return tuple(pieces[each] for each in best_of_parts(index, text, 1, PIECES)) if pieces else ()


def _checked(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise FormulationError(
            f"the description has {len(text):,} characters, of {MOST_CHARACTERS:,} at most: shorten it, or put "
            "what it quotes into a folder for --docs"
        )
    if "\x00" in text or literal_line(text) == "":
        what = "holds a NUL character" if "\x00" in text else "is empty"
        raise FormulationError(f"the description {what}: say in words what is controlled, with its figures")
    if not any(sign.isalpha() for sign in text):
        raise FormulationError(f"{shown(text)} holds no word: say what the figures are of")
    return text


def _by_model(asked: _Asked, model: Model) -> Formulated:
    began = time.monotonic()
    messages = messages_of(asked.deck, asked.cards, asked.pieces, asked.text)
    schema = form_schema(
        asked.deck.system,
        [card.key for card in asked.cards],
        list(asked.deck.scenarios),
        list(asked.deck.phrases.places),
    )
    reason = ""
    for _ in range(1 + RETRIES):
        answer = model.complete(messages, schema)
        try:
            return _finished(asked, read_form(answer), model.name)
        except FormulationError as error:
            reason = str(error)
            messages = corrected(messages, answer, reason)
        if time.monotonic() - began > MOST_SECONDS:
            break
    by_template = _finished(asked, fill(asked.text, asked.deck, asked.chosen, asked.pieces), "template")
    warning = f"{model.name} gave no form that can be used ({reason}): what stands here was read by the template"
    return replace(by_template, warnings=(warning, *by_template.warnings))


def _finished(asked: _Asked, form: Form, filled_by: str) -> Formulated:
    """The scenario of a form, checked to the end.

    Raises:
        FormulationError: it is none.
    """
    deck, warnings = _extended(asked, form)
    settled = settle(form, deck, asked.text, asked.pieces)
    if not settled.values and not asked.chosen.named:
        raise FormulationError(_nothing_said(settled, deck))
    values = dict(settled.values)
    said = {key: value.value for key, value in values.items()}
    for key, (value, why) in deck.phrases.follows(deck.base.scenario, said).items():
        values[key] = Value(key, value, why, None)
    toml = toml_of(asked.name, deck.base.scenario.name, values, asked.text)
    loaded = loaded_from(toml, values)
    warnings += _probed(loaded, settled)
    if not asked.chosen.sure:
        warnings += (f"no word says what is controlled: {deck.system} was taken",)
    return Formulated(
        name=asked.name,
        toml=toml,
        deck=deck,
        loaded=loaded,
        values=tuple(values.values()),
        dropped=settled.dropped,
        missing=left_open(form, settled, deck, asked.text),
        warnings=(*warnings, *settled.warnings, *_said_by_the_form(form, filled_by))[:_MOST_WARNINGS],
        filled_by=filled_by,
    )


def _extended(asked: _Asked, form: Form) -> tuple[Deck, tuple[str, ...]]:
    """The deck of the scenario that a form extends, where the words name it, else of the chosen one."""
    own = asked.deck.base.scenario.name
    if form.extends == own:
        return asked.deck, ()
    if form.system != asked.deck.system or form.extends not in asked.deck.scenarios:
        raise FormulationError(
            f"extends = {shown(form.extends)} is no scenario of {asked.deck.system}: name one of "
            f"{', '.join(asked.deck.scenarios)}"
        )
    phrases = {form.extends: asked.deck.phrases.scenarios.get(form.extends, ())}
    if named_scenario(asked.text, asked.deck.system, phrases) != form.extends:
        return asked.deck, (f"nothing in the words names the scenario {form.extends!r}: {own!r} is extended",)
    return deck_of(form.extends, asked.deployment), ()


def _probed(loaded: Loaded, settled: Settled) -> tuple[str, ...]:
    """A warning where some states have no action that keeps every constraint.

    Raises:
        FormulationError: none has.
    """
    try:
        task = loaded.system.task(loaded.scenario)
    except ScenarioError as error:
        raise FormulationError(in_words(str(error), settled.values)) from None
    probed = probe(task, np.random.default_rng(_SEED))
    if probed.feasible == 0.0:
        raise FormulationError(
            f"no action tried keeps every constraint in any state: the tightest is {probed.tightest}; loosen it"
        )
    if probed.feasible < 1.0:
        share = f"{100.0 * (1.0 - probed.feasible):.2g} %"
        return (
            f"in {share} of the states tried no action tried keeps every constraint: the tightest is "
            f"{probed.tightest}",
        )
    return ()


def _nothing_said(settled: Settled, deck: Deck) -> str:
    if settled.dropped:
        first = settled.dropped[0]
        return f"nothing that is said can be used: {first.key}, {shown(first.written)}: {first.reason}"
    some = ", ".join(card.title for card in list(deck.cards.values())[:3])
    return f"no figure, place or scenario is said: give some, such as {some}, or name one of {', '.join(deck.scenarios)}"


def _said_by_the_form(form: Form, filled_by: str) -> tuple[str, ...]:
    whose = "" if filled_by == "template" else f"{filled_by} says: "
    return tuple(f"{whose}{literal_line(warning)}" for warning in form.warnings)


