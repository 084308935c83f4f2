"""A text as words, clauses and sentences, with what others are quoted to say and what is denied marked."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from neuro_aolo.formulate.grounding import plainly

_WORD = re.compile(r"[^\W_]+(?:['’]\w+)?")
_SENTENCE = re.compile(
    r"(?:(?<=[a-z)\]\"”'0-9%])[.!?](?=\s+[^a-z\s]|\s*$)|[!?](?=\s)|\n\s*\n|\n(?=\s*[-*•]))"
)
_QUOTED = re.compile(r'"[^"\n]{0,2000}"|“[^”]{0,2000}”|«[^»]{0,2000}»')
_QUOTED_FROM = 4
_ENDINGS = (
    *(("ies", "y"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss")),
    *(("ing", ""), ("ted", "t"), ("ed", ""), ("s", "")),
)
_IRREGULAR = {
    **{"kept": "keep", "sent": "send", "built": "build", "made": "make", "taken": "take", "took": "take"},
    **{"drew": "draw", "drawn": "draw", "held": "hold", "lost": "lose", "stood": "stand"},
    **{"boxes": "box", "lives": "live", "gave": "give", "given": "give", "chose": "choose"},
}
_LONG = 6
_DENIED = re.compile(
    r"(?:\bnot\b(?! (?:more|less|above|below|over|under|exceed))|n['’]t\b|\bno longer\b|\binstead of\b"
    r"|\brather than\b|\bused to be\b|\bformerly\b|\bpreviously\b)",
    re.IGNORECASE,
)
_TURN = re.compile(r"[.;:!?,]\s|\b(?:but|now|only|rather)\b", re.IGNORECASE)
_REACH = 45


def stem(word: str) -> str:
    """A word in lower case without a usual ending."""
    word = word.lower().split("'")[0].split("’")[0]
    if word in _IRREGULAR:
        return _without_e(_IRREGULAR[word])
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return _without_e(f"{word.removesuffix(ending)}{instead}")
    return _without_e(word)


@lru_cache(maxsize=100_000)
def alike(one: str, other: str) -> bool:
    """Whether two words are the same, a slip of typing in a long one aside."""
    if one == other:
        return True
    if min(len(one), len(other)) < _LONG or abs(len(one) - len(other)) > 1 or one[0] != other[0]:
        return False
    start = next((index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return True
    rests = ((1, 1), (1, 0), (0, 1))
    swapped = (
        one[start : start + 2] == other[start : start + 2][::-1] and one[start + 2 :] == other[start + 2 :]
    )
    return swapped or any(one[start + a :] == other[start + b :] for a, b in rests)


def _without_e(word: str) -> str:
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


@dataclass(frozen=True)
class Word:
    """A word of a text.

    Attributes:
        stem: of it.
        start: where it begins.
        end: where it is over.
        place: among the words, counted with what separates clauses.
        last: place of the last, where several words side by side are meant.
        sentence: which it is in.
    """

    stem: str
    start: int
    end: int
    place: float
    last: float
    sentence: int


class Clauses:
    """A text that is looked up by place.

    Args:
        text: as somebody wrote it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._places: dict[str, list[Word]] = {}

    @cached_property
    def quoted(self) -> tuple[tuple[int, int], ...]:
        """Where others are quoted: more than a few words between quotation marks."""
        spans = (found.span() for found in _QUOTED.finditer(self.text))
        return tuple(span for span in spans if len(_WORD.findall(self.text[slice(*span)])) >= _QUOTED_FROM)

    @cached_property
    def tokens(self) -> tuple[Word, ...]:
        """All words that are not in quotations of others."""
        tokens, place, last, sentence = [], 0.0, 0, 0
        for found in _WORD.finditer(self.text):
            between = self.text[last : found.start()]
            sentence += len(_SENTENCE.findall(self.text[max(last - 1, 0) : found.start() + 1]))
            place += 1.0 + 2.0 * between.count(",") + 4.0 * between.count(";") + 1.0 * between.count("(")
            place += 1.0 * between.count(")")
            last = found.end()
            if not self.is_quoted(found.start()):
                tokens.append(Word(stem(found[0]), found.start(), found.end(), place, place, sentence))
        return tuple(tokens)

    def is_quoted(self, place: int) -> bool:
        """Whether a place lies in what others are quoted to say."""
        index = bisect_right(self.quoted, (place, len(self.text)))
        return index > 0 and place < self.quoted[index - 1][1]

    def is_denied(self, place: int) -> bool:
        """Whether what stands at a place is denied right before: not 2 kWh, instead of 2 kWh."""
        before = self.text[max(place - _REACH, 0) : place]
        denials = list(_DENIED.finditer(before))
        return bool(denials) and _TURN.search(before, denials[-1].end()) is None

    def sentence_at(self, place: int) -> int:
        """The sentence of a place."""
        index = bisect_right(self._starts, place)
        return self.tokens[index - 1].sentence if index else 0

    def span(self, start: int, end: int) -> tuple[float, float]:
        """Places of the first and the last word between two ends."""
        first, last = bisect_left(self._starts, start), bisect_left(self._starts, end) - 1
        return (self.tokens[first].place, self.tokens[last].place) if first <= last else (0.0, 0.0)

    @cached_property
    def _starts(self) -> list[int]:
        return [token.start for token in self.tokens]

    @property
    def sentences(self) -> int:
        """How many sentences there are."""
        return self.tokens[-1].sentence + 1 if self.tokens else 0

    def sentence(self, number: int) -> str:
        """A sentence as text, from its first word to its last."""
        own = [word for word in self.tokens if word.sentence == number]
        return self.text[own[0].start : own[-1].end] if own else ""

    def places_of(self, phrase: str) -> list[Word]:
        """Where words side by side stand, as ``base_station``: the first word of each, in order."""
        if phrase not in self._places:
            self._places[phrase] = list(self._search(phrase))
        return self._places[phrase]

    def around(self, phrase: str, start: int, end: int) -> list[Word]:
        """Of :meth:`places_of`, the last one before a span, the first one in it, and the first behind it."""
        places = self.places_of(phrase)
        first = bisect_left(places, start, key=lambda word: word.start)
        behind = bisect_left(places, end, key=lambda word: word.start)
        return [*places[max(first - 1, 0) : first], *places[first : first + 1], *places[behind : behind + 1]]

    def _search(self, phrase: str) -> Iterator[Word]:
        parts = [stem(part) for part in re.split(r"[^\w]|_", plainly(phrase)) if part]
        for index in range(len(self.tokens) - len(parts) + 1 if parts else 0):
            own = self.tokens[index : index + len(parts)]
            if all(alike(token.stem, part) for token, part in zip(own, parts, strict=True)):
                yield replace(own[0], end=own[-1].end, last=own[-1].place)
