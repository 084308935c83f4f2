"""A form and a deck of cards to values: each grounded, converted, and kept once; what is not is listed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from neuro_aolo.errors import ScenarioError
from neuro_aolo.formulate.cards import Card, Deck, is_list
from neuro_aolo.formulate.clauses import Clauses, stem
from neuro_aolo.formulate.documents import Piece
from neuro_aolo.formulate.form import Form, Place, Said
from neuro_aolo.formulate.grounding import Evidence, UngroundedError, evidence_of, grounded, plainly
from neuro_aolo.formulate.nations import code_of
from neuro_aolo.formulate.reading import NoValueError, value_of
from neuro_aolo.systems.grid.countries import country_intensity_g_per_kwh
from neuro_aolo.systems.wording import shown


@dataclass(frozen=True)
class Value:
    """A value of a scenario file.

    Attributes:
        key: dotted.
        value: in the parameter's own unit, as the file holds it.
        written: number and unit as written.
        evidence: where it was said; None where it follows from others.
    """

    key: str
    value: Any
    written: str
    evidence: Evidence | None


Problem = Literal["unfounded", "unit", "contradiction", "out-of-range", "unknown"]
"""Nobody said it; it is no value of the parameter; two are said; it is not allowed; there is no parameter."""


@dataclass(frozen=True)
class Dropped:
    """What was said and is not taken.

    Attributes:
        key: of the parameter; empty where there is none.
        written: as written.
        problem: why not, in a word.
        reason: why not.
    """

    key: str
    written: str
    problem: Problem
    reason: str


@dataclass(frozen=True)
class Settled:
    """What a form comes to.

    Attributes:
        values: by key.
        dropped: what is not taken.
        warnings: what a reader should know.
    """

    values: Mapping[str, Value]
    dropped: tuple[Dropped, ...]
    warnings: tuple[str, ...] = ()


def settle(form: Form, deck: Deck, text: str, pieces: Sequence[Piece] = ()) -> Settled:
    """The values that a form says.

    Args:
        form: as a model or the template filled it.
        deck: of the system, with the scenario that is extended.
        text: the reader's own words.
        pieces: of documents, that may say a figure of what the words name.
    """
    offers: list[Value | Dropped] = [
        *(_figure(said, deck, text, pieces) for said in form.values),
        *_places(form.countries, deck, text),
    ]
    dropped = [offer for offer in offers if isinstance(offer, Dropped)]
    values: dict[str, Value] = {}
    for key, rivals in _by_key(offer for offer in offers if isinstance(offer, Value)).items():
        own = [value for value in rivals if value.evidence and not value.evidence.document] or rivals
        if any(value.value != own[0].value for value in own):
            every = " and ".join(dict.fromkeys(shown(value.written) for value in own))
            dropped.append(
                Dropped(key, own[0].written, "contradiction", f"said in several ways, {every}: say which")
            )
        else:
            values[key] = own[0]
    return _one_intensity(Settled(values, tuple(dropped)), deck.phrases.intensities)


def usual(deck: Deck, key: str) -> Any:
    """The value of a parameter in the scenario that is extended; None where it has none."""
    value = deck.base.scenario
    for part in key.split("."):
        value = getattr(value, part, None)
    return value


def names(card: Card, text: str) -> bool:
    """Whether the words of a text name a parameter: all words of its name, or of a cue, stand there."""
    stems = {word.stem for word in Clauses(text).tokens}
    return any(
        all(
            any(stem(each) in stems for each in re.split(r"[|_]", part))
            for part in cue.replace("@", "").split()
        )
        for cue in (card.title, *card.naming.vague, *card.naming.cues)
        if cue
    )


def _figure(said: Said, deck: Deck, text: str, pieces: Sequence[Piece]) -> Value | Dropped:
    written = f"{said.value} {said.unit}".strip()
    card = deck.cards.get(said.key)
    if card is None:
        reason = f"{shown(said.key)} is no parameter" if said.key else "no parameter is of this"
        return Dropped("", written if said.key else said.quote, "unknown", reason)
    try:
        evidence = grounded(said, text, pieces)
        if evidence.document and not names(card, text):
            raise UngroundedError(f"{evidence.document} says it, the description does not ask for it")
        return Value(card.key, value_of(card, said, usual(deck, card.key)), written, evidence)
    except UngroundedError as error:
        return Dropped(card.key, written, "unfounded", str(error))
    except NoValueError as error:
        return Dropped(card.key, written, "unit", str(error))


def _places(places: Sequence[Place], deck: Deck, text: str) -> Iterator[Value | Dropped]:
    rows: dict[str, list[Value]] = {}
    for place in places:
        if place.site not in deck.phrases.places:
            yield Dropped(place.site, place.country, "unknown", "no such site")
            continue
        try:
            evidence = evidence_of(place.quote, text)
            if plainly(place.country) not in plainly(place.quote):
                raise UngroundedError("the country is not in the words that are quoted")
            code = code_of(place.country)
            country_intensity_g_per_kwh(code)
            rows.setdefault(place.site, []).append(Value(place.site, code, place.country, evidence))
        except (UngroundedError, ScenarioError) as error:
            yield Dropped(place.site, place.country, "unfounded", str(error))
    for site, values in rows.items():
        if is_list(deck, site):
            yield _row(values)
        else:
            yield from values


def _row(values: Sequence[Value]) -> Value:
    """Countries of several sites, in the order in which they are named."""
    first, written = values[0], ", ".join(value.written for value in values)
    assert first.evidence is not None
    return replace(first, value=[value.value for value in values], written=written)


def _by_key(values: Iterator[Value]) -> dict[str, list[Value]]:
    grouped: dict[str, list[Value]] = {}
    for value in values:
        grouped.setdefault(value.key, []).append(value)
    return grouped


def _one_intensity(settled: Settled, intensities: Mapping[str, str]) -> Settled:
    """Without the country of a site whose carbon intensity is said as a figure."""
    values, warnings = dict(settled.values), list(settled.warnings)
    for place, intensity in intensities.items():
        if place in values and intensity in values:
            country = values.pop(place)
            warnings.append(
                f"{country.written} is named for {place}, and {values[intensity].written} is said: the "
                "figure stands, the country is left out"
            )
    return Settled(values, settled.dropped, tuple(warnings))
