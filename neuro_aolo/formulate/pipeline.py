"""From words to a checked scenario file: choose, retrieve, fill the form, settle, load, probe."""

import time
from dataclasses import dataclass, replace
from pathlib import Path
from warnings import catch_warnings, simplefilter

import numpy as np

from neuro_aolo.errors import FormulationError, ScenarioError
from neuro_aolo.formulate.allowed import within
from neuro_aolo.formulate.asked import Asked, ask
from neuro_aolo.formulate.cards import Deck, deck_of
from neuro_aolo.formulate.choose import named_scenario
from neuro_aolo.formulate.clauses import Clauses
from neuro_aolo.formulate.form import Form, form_schema, read_form
from neuro_aolo.formulate.leftover import leftover, told
from neuro_aolo.formulate.model import Model
from neuro_aolo.formulate.numerals import numerals
from neuro_aolo.formulate.probe import probe
from neuro_aolo.formulate.prompt import corrected, messages_of
from neuro_aolo.formulate.scenario_toml import loaded_from, toml_of, with_quotes
from neuro_aolo.formulate.settle import Dropped, Settled, Value, settle
from neuro_aolo.formulate.template import fill
from neuro_aolo.formulate.totals import shared
from neuro_aolo.formulate.unsaid import left_open
from neuro_aolo.systems.names import Loaded
from neuro_aolo.systems.parameters import Section
from neuro_aolo.systems.wording import shown
from neuro_aolo.text.literal import literal_line

RETRIES = 2
MOST_SECONDS = 300.0
"""After so long no model is asked once more."""

TEMPLATE = "template"
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
        unused: words of the figures that settle no value.
    """

    asked: Asked
    form: Form
    deck: Deck
    settled: Settled
    missing: tuple[str, ...]
    warnings: tuple[str, ...]
    filled_by: str
    unused: tuple[str, ...] = ()


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
        FormulationError: the words hold nothing that can be used, their values do not fit together, or
            nothing is feasible; in one line, with the fix.
        ModelError: the model does not answer.
    """
    asked = ask(text, name, documents, deployment)
    return finished(by_template(asked) if model is None else by_model(asked, model))


def by_template(asked: Asked) -> Understood:
    """What the template reads."""
    return understood(asked, fill(asked.text, asked.deck, asked.chosen, asked.pieces), TEMPLATE)


def understood(asked: Asked, form: Form, filled_by: str) -> Understood:
    """A form's values, each grounded, converted and checked by itself.

    Raises:
        FormulationError: it extends what is no scenario of the system.
    """
    deck, warnings = _extended(asked, form)
    clauses = Clauses(asked.text)
    settled = settle(form, deck, asked.text, asked.pieces)
    said_too = {**shared(clauses, deck), **settled.values}
    settled = within(replace(settled, values=said_too), deck, asked.deployment)
    unused = leftover(form, settled, deck, asked.text)
    figures = (told(unused, clauses, deck),) if unused else ()
    whose = "" if filled_by == TEMPLATE else f"{filled_by} says: "
    said = (f"{whose}{literal_line(warning)}" for warning in form.warnings)
    return Understood(
        asked=asked,
        form=form,
        deck=deck,
        settled=settled,
        missing=left_open(form, settled, deck),
        warnings=(*figures, *warnings, *settled.warnings, *said)[:_MOST_WARNINGS],
        filled_by=filled_by,
        unused=unused,
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


def by_model(asked: Asked, model: Model) -> Understood:
    """What a language model reads; after a few answers that cannot be used, what the template does.

    A model that says again what was refused is not asked once more.

    Raises:
        ModelError: it does not answer.
    """
    began = time.monotonic()
    messages = messages_of(asked.deck, asked.cards, asked.pieces, asked.text)
    schema = form_schema(
        asked.deck.system,
        [card.key for card in asked.cards],
        list(asked.deck.scenarios),
        list(asked.deck.phrases.places),
        len(numerals(asked.text)),
    )
    reason, earlier = "", set[str]()
    for _ in range(1 + RETRIES):
        answer = model.complete(messages, schema)
        if answer in earlier:
            break
        earlier.add(answer)
        try:
            each = understood(asked, read_form(answer), model.name)
            finished(each)
            return each
        except FormulationError as error:
            reason = str(error)
            messages = corrected(messages, answer, reason)
        if time.monotonic() - began > MOST_SECONDS:
            break
    each = by_template(asked)
    warning = f"{model.name} gave no form that can be used ({reason}): this was read by the template"
    return replace(each, warnings=(warning, *each.warnings))


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
    with catch_warnings(record=True) as caught:
        simplefilter("always")
        try:
            task = loaded.system.task(loaded.scenario)
        except ScenarioError as error:
            raise FormulationError(with_quotes(str(error), settled.values)) from None
    told = tuple(str(warning.message) for warning in caught)
    probed = probe(task, np.random.default_rng(_SEED))
    if probed.feasible == 0.0:
        raise FormulationError(
            "no action tried keeps every constraint in any state: the tightest is "
            f"{probed.tightest}; loosen it"
        )
    if probed.feasible < 1.0:
        share = f"{100.0 * (1.0 - probed.feasible):.2g} %"
        return (
            *told,
            f"in {share} of the states tried no action tried keeps every constraint: the tightest is "
            f"{probed.tightest}",
        )
    return told


def _nothing_said(settled: Settled, deck: Deck) -> str:
    if settled.dropped:
        first = settled.dropped[0]
        return f"nothing that is said can be used: {first.key}, {shown(first.written)}: {first.reason}"
    own = [card.title for key, card in deck.cards.items() if not key.startswith("deployment.")]
    some = ", ".join(own[:3])
    scenarios = ", ".join(deck.scenarios)
    return f"no figure, place or scenario is said: give some, such as {some}, or name one of {scenarios}"
