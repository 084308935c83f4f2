"""Which parameter a figure is of: by its unit, its form, and how near the parameter's words stand."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from neuro_aolo.formulate.cards import Card, Deck
from neuro_aolo.formulate.clauses import Clauses, Word, stem
from neuro_aolo.formulate.figures import Figure
from neuro_aolo.formulate.units import RATE, UnitError, convert

_FAR = 14.0
_BY_UNIT = 0.3
_BOUND = 12
_BESIDE_NOUN = 0.5
_ACROSS_SENTENCES = 12.0
_FORMS = {
    "number": ("one",),
    "whole": ("one",),
    "range": ("range",),
    "component": ("one", "range"),
    "list": ("list", "one", "range"),
    "choice": (),
}
_BESIDE = re.compile(
    r"\s+(at|of|in|for|on|per|by)\s+(?:the|a|an|our|its|each|every|one|that)?\s*", re.IGNORECASE
)
_STOP = re.compile(r"[,;:]")
_SUBJECT = re.compile(
    r";(?=\s*[a-z])|,\s*(?:(?:and|but|while|whereas|with)\s+)?(?:an?|the|our|its?|they|their|this|these|we)\b",
    re.IGNORECASE,
)
SMALL = frozenset(
    re.findall(
        r"\w+",
        """
    and or with by on in at of for to is are was be per each it that which from so but please only all not
    while when if then after a the our its an over
""",
    )
)


@dataclass(frozen=True)
class Match:
    """A figure as one of a parameter.

    Attributes:
        score: how well it fits.
        card: the parameter.
        figure: in the text.
        unit: that it is read with: its own, or the one of the figure before.
        near: whether a word of the parameter stands right beside it.
    """

    score: float
    card: Card
    figure: Figure
    unit: str
    near: bool


class Matcher:
    """The words of one system in one text.

    Args:
        deck: of the system.
        clauses: of the text.
    """

    def __init__(self, deck: Deck, clauses: Clauses) -> None:
        self._deck, self._clauses = deck, clauses
        self._of: dict[Figure, str] = {}

    def matches(self, figure: Figure, inherited: str = "", any_form: bool = False) -> Iterator[Match]:
        """Every parameter that a figure may be of.

        Args:
            figure: in the text.
            inherited: unit of the figure before.
            any_form: whether a range may be of what is one number, and one number of what is a range.
        """
        for card in self._deck.cards.values():
            if figure.form not in _FORMS[card.kind] and not (any_form and card.kind != "choice"):
                continue
            for unit in dict.fromkeys((figure.unit, *([inherited] if not figure.unit and inherited else []))):
                values = _converted(card, figure, unit)
                if values is None or (unit != figure.unit and card.unit == "-"):
                    continue
                score, near = self._score(card, figure)
                if unit != figure.unit:
                    score *= 0.8
                if figure.every:
                    score *= 1.1
                if (not unit and card.unit != "-") or (card.kind == "component" and figure.form == "one"):
                    score *= 0.95
                if not all(card.least <= value <= card.most for value in values):
                    score *= 0.5
                if score > 0.0:
                    yield Match(score, card, figure, unit, near)
                break

    def thing_of(self, figure: Figure) -> str:
        """The name of the thing that a figure is most likely of; empty where none is spoken of."""
        if figure not in self._of:
            self._of[figure] = self._nearest_thing(figure)
        return self._of[figure]

    def _nearest_thing(self, figure: Figure) -> str:
        distances = {
            name: min(
                (self._of_thing(figure, word) for phrase in phrases for word in self._around(phrase, figure)),
                default=math.inf,
            )
            for name, phrases in self._deck.phrases.things.items()
        }
        name = min(distances, key=lambda each: distances[each], default="")
        return name if name and distances[name] < 4 * _FAR else ""

    def _of_thing(self, figure: Figure, word: Word) -> float:
        """The distance of a thing: what a preposition binds, 300 W at the base station, is nearest."""
        text = self._clauses.text
        beside = _BESIDE.match(text, figure.end)
        if (
            beside
            and 0 <= word.start - beside.end() <= _BOUND
            and word.sentence == self._clauses.sentence_at(figure.start)
            and "," not in text[beside.end() : word.start]
        ):
            return 1.5 if beside[1].lower() in ("in", "on") else 0.5
        return self._distance(figure, word, across=True)

    def _around(self, phrase: str, figure: Figure) -> list[Word]:
        return self._clauses.around(phrase, figure.start, figure.end)

    def _score(self, card: Card, figure: Figure) -> tuple[float, bool]:
        best, near = 0.0, False
        for cue in (self._with_things(card.cues[0]), *card.cues[1:]):
            found = self._of_cue(cue, card, figure)
            if found is not None and found[0] > best:
                best, near = found
        return best, near

    def _with_things(self, name: str) -> str:
        """The name of a parameter as a cue: a thing in it has to be the one that is spoken of."""
        return " ".join(
            f"@{self._named[stem(word)]}" if stem(word) in self._named else word for word in name.split()
        )

    @cached_property
    def _named(self) -> Mapping[str, str]:
        things = self._deck.phrases.things
        return {stem(phrase): name for name, phrases in things.items() for phrase in phrases}

    def _of_cue(self, cue: str, card: Card, figure: Figure) -> tuple[float, bool] | None:
        """How well a cue fits, and whether it stands right beside the figure; None where it does not."""
        total, count, nearest = 0.0, 0, math.inf
        bonus = 0.0
        for part in cue.split():
            if part.startswith("@"):
                if self.thing_of(figure) not in part[1:].split("|"):
                    return None
                bonus += 0.25
                continue
            distances = [
                self._distance(figure, place, False)
                for word in part.split("|")
                for place in self._around(word, figure)
            ]
            distance = min(distances, default=math.inf)
            if distance > _FAR:
                return None
            nearest = min(nearest, distance)
            total, count = total + 1.0 / (1.0 + distance / 4.0), count + 1
        if not self._may_be(card, figure, nearest, count) or self._of_else(card, figure) < nearest:
            return None
        if count == 0 and cue and not self._in_clause(figure):
            return None
        tokens = 0.0 if count == 0 else total / count + 0.15 * (count - 1)
        if not cue:
            tokens = _BY_UNIT
        return 0.2 + bonus + tokens, nearest <= 3.0

    def _of_else(self, card: Card, figure: Figure) -> float:
        """How near a word in the figure's clause stands that makes it one of something else."""
        places = (
            place
            for phrase in card.naming.never
            for word in phrase.split("|")
            for place in self._around(word, figure)
            if not _STOP.search(self._between(figure, place))
        )
        return min((self._distance(figure, place, False) for place in places), default=math.inf)

    def _in_clause(self, figure: Figure) -> bool:
        """Whether the thing that a figure is of stands in its clause, and no other subject between."""
        sentence = self._clauses.sentence_at(figure.start)
        return any(
            word.sentence == sentence and not _SUBJECT.search(self._between(figure, word))
            for phrase in self._deck.phrases.things.get(self.thing_of(figure), ())
            for word in self._around(phrase, figure)
        )

    def _between(self, figure: Figure, word: Word) -> str:
        return self._clauses.text[min(word.end, figure.end) : max(word.start, figure.start)]

    def _may_be(self, card: Card, figure: Figure, nearest: float, count: int) -> bool:
        """Whether a figure without a unit stands near enough to a word, and counts no other thing."""
        if figure.unit:
            return True
        if count == 0 or nearest > 9.0:
            return False
        after = figure.after.lower()
        if not after or after in SMALL or any(after.startswith(word[:4]) for word in _plain_parts(card)):
            return True
        return nearest <= _BESIDE_NOUN

    def _distance(self, figure: Figure, word: Word, across: bool) -> float:
        """Words between a figure and another word; more where it stands behind; infinite across sentences."""
        sentence = self._clauses.sentence_at(figure.start)
        places = self._clauses.span(figure.start, figure.end)
        if figure.start <= word.start < figure.end:
            return 0.0
        if word.sentence != sentence:
            if not across or word.start > figure.start:
                return math.inf
            return _ACROSS_SENTENCES * (sentence - word.sentence) + max(places[0] - word.last, 0.0) / 4.0
        if word.start < figure.start:
            distance = max(places[0] - word.last - 1.0, 0.0)
        else:
            distance = max(word.place - places[1], 0.0) * 1.2 + 0.4
        return min(distance, _ACROSS_SENTENCES - 1.0) if across else distance


def _plain_parts(card: Card) -> set[str]:
    return {word.lower() for cue in card.cues for word in re.findall(r"[A-Za-z]{3,}", cue)}


def _converted(card: Card, figure: Figure, unit: str) -> list[float] | None:
    if figure.every:
        return _rate(card, figure)
    try:
        return [convert(number, unit, card.unit) for number in figure.numbers]
    except UnitError:
        return None


def _rate(card: Card, figure: Figure) -> list[float] | None:
    """What comes every so often, as how often it comes; a time all the same where the parameter is one."""
    for unit in (RATE, card.unit):
        try:
            values = [
                convert(number, figure.unit, "s" if unit == RATE else unit) for number in figure.numbers
            ]
        except UnitError:
            continue
        if unit == card.unit == RATE:
            return [1.0 / value for value in values if value > 0.0] or None
        if unit == card.unit:
            return values
    return None
