"""From words to a checked scenario file: choose, retrieve, fill the form, settle, load, probe."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from neuro_aolo.errors import FormulationError, ScenarioError
from neuro_aolo.formulate.allowed import within
from neuro_aolo.formulate.cards import Card, Deck, deck_of
from neuro_aolo.formulate.choose import Chosen, choose, named_scenario
from neuro_aolo.formulate.documents import Piece, read_documents
from neuro_aolo.formulate.form import Form, form_schema, read_form
from neuro_aolo.formulate.model import Model
from neuro_aolo.formulate.probe import probe
from neuro_aolo.formulate.prompt import corrected, messages_of
from neuro_aolo.formulate.retrieve import Index, best_of_parts
from neuro_aolo.formulate.scenario_toml import with_quotes, loaded_from, toml_of
from neuro_aolo.formulate.settle import Dropped, Settled, Value, settle
from neuro_aolo.formulate.template import fill
from neuro_aolo.formulate.unsaid import left_open
from neuro_aolo.systems.names import Loaded
from neuro_aolo.systems.parameters import Section
from neuro_aolo.systems.scenario_file import scenario_names
from neuro_aolo.systems.wording import shown
from neuro_aolo.text.literal import literal_line

MOST_CHARACTERS = 20_000
RETRIES = 2
MOST_SECONDS = 300.0
"""After so long no model is asked once more."""

TEMPLATE = "template"
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


@dataclass(frozen=True)
class Understood:
    """What a form says of a description, checked value by value; whether they fit together is not known yet.

    Attributes:
        asked: the description.
        form: as filled.
        deck: with the scenario that is extended.
        settled: values, and what is not taken.
        missing: keys that the words leave open.
        warnings: what a reader should know.
        filled_by: what filled the form.
    """

    asked: Asked
    form: Form
    deck: Deck
    settled: Settled
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    filled_by: str


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
        FormulationError: the words hold nothing that can be used, their values do not fit together, or nothing
            is feasible; in one line, with the fix.
        ModelError: the model does not answer.
    """
    asked = ask(text, name, documents, deployment)
    return finished(by_template(asked)) if model is None else _by_model(asked, model)


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


def by_template(asked: Asked) -> Understood:
    """What the template reads."""
    return understood(asked, fill(asked.text, asked.deck, asked.chosen, asked.pieces), TEMPLATE)


def understood(asked: Asked, form: Form, filled_by: str) -> Understood:
    """A form's values, each grounded, converted and checked by itself.

    Raises:
        FormulationError: it extends what is no scenario of the system.
    """
    deck, warnings = _extended(asked, form)
    settled = within(settle(form, deck, asked.text, asked.pieces), deck, asked.deployment)
    whose = "" if filled_by == TEMPLATE else f"{filled_by} says: "
    said = (f"{whose}{literal_line(warning)}" for warning in form.warnings)
    return Understood(
        asked=asked,
        form=form,
        deck=deck,
        settled=settled,
        missing=left_open(form, settled, deck),
        warnings=(*warnings, *settled.warnings, *said)[:_MOST_WARNINGS],
        filled_by=filled_by,
    )


def finished(each: Understood) -> Formulated:
    """The scenario file of what was understood, read back and tried.

    Raises:
        FormulationError: nothing was said, values do not fit together, or nothing is feasible.
    """
    deck, settled = each.deck, each.settled
    if not settled.values and not each.asked.chosen.named:
        raise FormulationError(_nothing_said(settled, deck))
    unsaid = deck.phrases.unsaid(
        deck.base.scenario, {key: value.value for key, value in settled.values.items()}
    )
    needed = [key for key in unsaid if key not in settled.values]
    if needed:
        raise FormulationError(f"what is said needs more: say {', '.join(needed)} as well")
    values = dict(settled.values)
    said = {key: value.value for key, value in values.items()}
    for key, (value, why) in deck.phrases.follows(deck.base.scenario, said).items():
        values.setdefault(key, Value(key, value, why, None))
    toml = toml_of(each.asked.name, deck.base.scenario.name, values, each.asked.text)
    loaded = loaded_from(toml, values)
    return Formulated(
        name=each.asked.name,
        toml=toml,
        deck=deck,
        loaded=loaded,
        values=tuple(values.values()),
        dropped=settled.dropped,
        missing=each.missing,
        warnings=(*_probed(loaded, settled), *each.warnings),
        filled_by=each.filled_by,
    )


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


def _by_model(asked: Asked, model: Model) -> Formulated:
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
            return finished(understood(asked, read_form(answer), model.name))
        except FormulationError as error:
            reason = str(error)
            messages = corrected(messages, answer, reason)
        if time.monotonic() - began > MOST_SECONDS:
            break
    formulated = finished(by_template(asked))
    warning = (
        f"{model.name} gave no form that can be used ({reason}): what stands here was read by the template"
    )
    return replace(formulated, warnings=(warning, *formulated.warnings))


def _extended(asked: Asked, form: Form) -> tuple[Deck, tuple[str, ...]]:
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
        raise FormulationError(with_quotes(str(error), settled.values)) from None
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
