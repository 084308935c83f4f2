"""How many things of a list there are, and what all of them have together."""

import re

from neuro_aolo.formulate.cards import Deck
from neuro_aolo.formulate.clauses import Clauses
from neuro_aolo.formulate.figures import Figure, figures_of
from neuro_aolo.formulate.matching import Matcher
from neuro_aolo.formulate.settle import Value

ALL = re.compile(r"\b(?:all|the|these|those|both|other)\s+\Z", re.IGNORECASE)
_MOST = 64
_TOTAL = re.compile(r"(?:\s+\w+)?\s+(?:in all|in total|all together|altogether|overall)\b", re.IGNORECASE)
_TOTAL_BEFORE = re.compile(r"\b(?:in all|in total|altogether|total of|totalling|sum of)\s+\Z", re.IGNORECASE)


def is_total(figure: Figure, text: str) -> bool:
    """Whether a figure is of all things together: 12 users in all."""
    return (
        _TOTAL.match(text, figure.end) is not None
        or _TOTAL_BEFORE.search(text, max(figure.start - 16, 0), figure.start) is not None
    )


def count_figures(clauses: Clauses, deck: Deck) -> tuple[Figure, ...]:
    """The figures that say how many of the things of a list there are."""
    places = [place.place for word in deck.phrases.listed for place in clauses.places_of(word)]
    counts = []
    for figure in figures_of(clauses):
        own = [word.place for word in clauses.tokens if figure.start <= word.start < figure.end]
        near = any(0.0 <= place - own[-1] <= 3.0 for place in places) if own else False
        near = near or ALL.search(clauses.text, max(figure.start - 12, 0), figure.start) is not None
        inside = figure.unit.lower().rstrip("s") in deck.phrases.listed
        if (
            figure.form == "one"
            and (near or inside)
            and 1 < figure.numbers[0] <= _MOST
            and figure.numbers[0] % 1 == 0
        ):
            counts.append(figure)
    return tuple(counts)


def counts_of(clauses: Clauses, deck: Deck) -> list[int]:
    """How many of the things of a list there are, as far as the text says."""
    return [int(figure.numbers[0]) for figure in count_figures(clauses, deck)]


def shared(clauses: Clauses, deck: Deck) -> dict[str, Value]:
    """What each thing has where the text says what all have together and how many there are, evenly."""
    counts = set(counts_of(clauses, deck))
    totals = [
        figure for figure in figures_of(clauses) if figure.form == "one" and is_total(figure, clauses.text)
    ]
    if len(counts) != 1 or len(totals) != 1:
        return {}
    count, total = counts.pop(), totals[0]
    matches = [each for each in Matcher(deck, clauses).matches(total) if each.card.kind == "list"]
    best = max(matches, key=lambda each: each.score, default=None)
    each, rest = divmod(total.numbers[0], count)
    if best is None or rest or not total.unit or not each:
        return {}
    why = f"chosen: {total.numbers[0]:g} {total.unit} in all, the same number for each of {count}"
    return {best.card.key: Value(best.card.key, [int(each)] * count, why, None)}


def shared_figures(clauses: Clauses, deck: Deck) -> tuple[Figure, ...]:
    """The figures that :func:`shared` makes values of."""
    if not shared(clauses, deck):
        return ()
    totals = (figure for figure in figures_of(clauses) if is_total(figure, clauses.text))
    return (*totals, *count_figures(clauses, deck))
