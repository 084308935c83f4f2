"""Figures of a description that settle nothing, in its own words, so that none is passed over in silence."""

import math
import re
from collections.abc import Iterator, Sequence

from neuro_aolo.formulate.cards import Deck
from neuro_aolo.formulate.clauses import Clauses
from neuro_aolo.formulate.figures import Figure, every_figure, is_counted
from neuro_aolo.formulate.form import Form, Said
from neuro_aolo.formulate.matching import SMALL
from neuro_aolo.formulate.numerals import Numeral, numerals
from neuro_aolo.formulate.settle import Settled
from neuro_aolo.formulate.totals import ALL, count_figures, shared_figures
from neuro_aolo.text.literal import literal_line

_NOUN = re.compile(r"(?:[ \t]+[A-Z][\w-]*){0,3}[ \t]+([A-Za-z][\w-]*)")
_BEFORE = re.compile(r"(?:[^\s,.;:()]+[ ]+){0,2}\Z")
_KEYS = 3


def leftover(form: Form, settled: Settled, deck: Deck, text: str) -> tuple[str, ...]:
    """The words of every figure of which no value is made and nothing else is said.

    Args:
        form: what was said.
        settled: what of it was taken.
        deck: of the system.
        text: the description.
    """
    clauses = Clauses(text)
    used = {number.start for said in form.values for number in _numbers_of(said, text)}
    used |= {figure.start for figure in _counts(clauses, settled, deck)}
    used |= {figure.start for figure in shared_figures(clauses, deck) if _is_shared(settled)}
    values = {number.value for number in numerals(text) if number.start in used}
    unused = []
    for figure, parts in every_figure(text):
        again = ALL.search(text, max(figure.start - 12, 0), figure.start) and figure.numbers[0] in values
        if not again and any(number.start not in used for number in parts):
            unused.append(literal_line(_phrase(figure, text)))
    return tuple(dict.fromkeys(unused))


def told(unused: Sequence[str], clauses: Clauses, deck: Deck) -> str:
    """A sentence about figures that settle nothing, with what would settle a count of things."""
    quoted = ", ".join(f'"{each}"' for each in unused)
    line = f"no value is made of {quoted}"
    counts = [literal_line(_phrase(figure, clauses.text)) for figure in count_figures(clauses, deck)]
    lists = [key for key, card in deck.cards.items() if card.kind == "list"]
    if any(each in unused for each in counts) and lists:
        some = ", ".join(lists[:_KEYS]) + (", ..." if len(lists) > _KEYS else "")
        line += f"; say one figure for each {deck.phrases.listed[0]}: {some}"
    return line


def _numbers_of(said: Said, text: str) -> Iterator[Numeral]:
    """The numbers of a text that a value was made of: those in its quote, or all that are the same."""
    values = [number.value for number in numerals(said.value)]
    pattern = r"\s+".join(map(re.escape, said.quote.split()))
    spans = [found.span() for found in re.finditer(pattern, text, re.IGNORECASE)] if pattern else []
    for start, end in spans or [(0, len(text))]:
        within = [number for number in numerals(text) if start <= number.start and number.end <= end]
        for value in reversed(values):
            same = [each for each in within if math.isclose(each.value, value, rel_tol=1e-9)]
            yield from same[-1:] if spans else same
            within = [each for each in within if each not in same[-1:]]


def _counts(clauses: Clauses, settled: Settled, deck: Deck) -> Iterator[Figure]:
    """Counts of things of which a list was made."""
    lengths = {len(each.value) for each in settled.values.values() if isinstance(each.value, list)}
    yield from (figure for figure in count_figures(clauses, deck) if figure.numbers[0] in lengths)


def _is_shared(settled: Settled) -> bool:
    return any(value.evidence is None for value in settled.values.values())


def _phrase(figure: Figure, text: str) -> str:
    """A figure with the noun behind it, or else the two words before it."""
    own = text[figure.start : figure.end]
    if is_counted(figure.unit):
        return own
    noun = None if figure.unit else _NOUN.match(text, figure.end)
    if noun and noun[1].lower() not in SMALL:
        return text[figure.start : noun.end()]
    before = _BEFORE.search(text[max(figure.start - 40, 0) : figure.start])
    return f"{before[0] if before else ''}{own}"
