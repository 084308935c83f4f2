"""The form filled without any model, by units and nearest words: the same for the same text every time."""

import re
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from neuro_aolo.errors import FormulationError
from neuro_aolo.formulate.cards import Card, Deck
from neuro_aolo.formulate.choose import Chosen
from neuro_aolo.formulate.clauses import Clauses, alike, stem
from neuro_aolo.formulate.deployed import PROFILE, is_of_agent
from neuro_aolo.formulate.documents import Piece
from neuro_aolo.formulate.figures import Figure, figures_of
from neuro_aolo.formulate.form import Form, Said
from neuro_aolo.formulate.grounding import plainly
from neuro_aolo.formulate.matching import Match, Matcher
from neuro_aolo.formulate.sites import is_open, open_places, places_of
from neuro_aolo.formulate.totals import ALL, counts_of, is_total
from neuro_aolo.formulate.units import RATE

_ENOUGH = 0.42
_CLOSE = 0.75
_LONGEST_QUOTE = 380
_DEMAND = re.compile(
    r"\b(?:at most|at least|no more than|not more than|no less than|under|below|above|within"
    r"|max(?:imum)?|min(?:imum)?|must|should|limit(?:ed)? (?:to|of)|up to|less than|more than"
    r"|budget of)\s+(?:\w+\s+)?\Z",
    re.IGNORECASE,
)
_OF_WHAT = re.compile(r"(?:\s+of)?\s+[a-z][\w-]+", re.IGNORECASE)


def fill(text: str, deck: Deck, chosen: Chosen, pieces: Sequence[Piece] = ()) -> Form:
    """The form of a description.

    Args:
        text: the description.
        deck: of its system.
        chosen: the system and the scenario that it names.
        pieces: of documents, that may say a figure of what the words name without one.

    Raises:
        FormulationError: it says more than a form holds.
    """
    try:
        return _filled(text, deck, chosen, pieces)
    except ValidationError:
        raise FormulationError("the description says more than a scenario can hold: shorten it") from None


def _filled(text: str, deck: Deck, chosen: Chosen, pieces: Sequence[Piece]) -> Form:
    clauses = Clauses(text)
    matcher = Matcher(deck, clauses)
    said = [*_figures(clauses, deck, matcher), *_choices(clauses, deck)]
    places = tuple(places_of(clauses, deck, counts_of(clauses, deck)))
    missing = (*_open(clauses, deck, {each.key for each in said}), *open_places(clauses, deck, places))
    said += _of_documents(deck, missing, pieces)
    return Form(
        system=deck.system,
        extends=chosen.extends,
        values=tuple(said),
        countries=places,
        missing=missing,
        warnings=(),
    )


def _figures(clauses: Clauses, deck: Deck, matcher: Matcher) -> Iterator[Said]:
    figures = figures_of(clauses)
    counts = counts_of(clauses, deck)
    figures = tuple(figure for figure in figures if not _counts_all(figure, clauses.text))
    matches: list[Match] = []
    inherited = ""
    for figure in figures:
        matches += matcher.matches(figure, inherited)
        inherited = figure.unit or inherited
    taken: dict[str, list[Match]] = {}
    used: set[Figure] = set()
    for match in sorted(matches, key=lambda match: (-match.score, match.figure.start)):
        if match.score < _ENOUGH or match.figure in used:
            continue
        rivals = taken.setdefault(match.card.key, [])
        if rivals and not _says_it_too(match, rivals[0], clauses):
            continue
        rivals.append(match)
        used.add(match.figure)
    for rivals in taken.values():
        yield from _said(rivals, clauses, figures, counts)
    for figure in figures:
        if figure in used:
            continue
        demanded = _DEMAND.search(clauses.text, max(figure.start - 30, 0), figure.start) is not None
        if not demanded and figure.form == "one":
            continue
        other = max(matcher.matches(figure, any_form=True), key=lambda match: match.score, default=None)
        if other is not None and other.score >= _ENOUGH and other.card.key not in taken:
            # A range where one number is needed, or one end of a range: it settles nothing.
            yield _one(other, clauses.text, figures)
        elif demanded and (figure.unit or figure.after):
            end = _OF_WHAT.match(clauses.text, figure.end)
            quote = clauses.text[figure.start : end.end() if end else figure.end]
            yield Said(key="", value=figure.value, unit=figure.unit, quote=quote[:_LONGEST_QUOTE])


def _counts_all(figure: Figure, text: str) -> bool:
    """Whether a number says how many there are of what is spoken of already: all five, the two."""
    return (
        not figure.unit
        and figure.form == "one"
        and figure.numbers[0].is_integer()
        and ALL.search(text, max(figure.start - 12, 0), figure.start) is not None
    )


def _says_it_too(match: Match, first: Match, clauses: Clauses) -> bool:
    """Whether a figure is one more of a parameter that has one, and not a bystander."""
    if match.card.kind == "list" and match.figure.form == first.figure.form == "one":
        return clauses.sentence_at(match.figure.start) == clauses.sentence_at(first.figure.start)
    return match.near and match.score >= _CLOSE * first.score


def _said(
    rivals: Sequence[Match], clauses: Clauses, figures: Sequence[Figure], counts: Sequence[int]
) -> Iterator[Said]:
    first = rivals[0]
    if first.card.kind != "list":
        yield from (_one(match, clauses.text, figures) for match in rivals)
        return
    in_order = sorted(rivals, key=lambda match: match.figure.start)
    if len(rivals) > 1:
        yield _joined(in_order, clauses.text)
        return
    one = _one(first, clauses.text, figures)
    if first.figure.form != "one":
        yield one
        return
    if len(set(counts)) == 1 and not is_total(first.figure, clauses.text):
        yield replace_value(one, ", ".join([one.value] * counts[0]))


def replace_value(said: Said, value: str) -> Said:
    """The same with another value."""
    return said.model_copy(update={"value": value})


def _one(match: Match, text: str, figures: Sequence[Figure]) -> Said:
    figure = match.figure
    start, end = figure.start, figure.end
    if match.unit != figure.unit:
        start = max(
            (other.start for other in figures if other.start < start and other.unit == match.unit),
            default=start,
        )
    start, end = _widened(text, start, end)
    value = f"every {figure.value}" if figure.every and match.card.unit == RATE else figure.value
    return Said(key=match.card.key, value=value, unit=match.unit, quote=text[start:end])


def _joined(matches: Sequence[Match], text: str) -> Said:
    start, end = _widened(text, matches[0].figure.start, matches[-1].figure.end)
    value = ", ".join(match.figure.value for match in matches)
    return Said(key=matches[0].card.key, value=value, unit=matches[0].unit, quote=text[start:end])


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    """A few words before a figure, so that its quote says what it is of."""
    before = re.search(r"(?:[^\s,.;:()]+[ ]+){0,3}\Z", text[max(start - 40, 0) : start])
    wider = start - len(before[0]) if before else start
    return (wider if end - wider <= _LONGEST_QUOTE else start), min(end, start + _LONGEST_QUOTE)


def _choices(clauses: Clauses, deck: Deck) -> Iterator[Said]:
    for card in deck.cards.values():
        for value, quote in _chosen(card, clauses):
            if not card.key.endswith(PROFILE) or is_of_agent(card.key, value, clauses, quote):
                yield Said(key=card.key, value=value, unit="", quote=quote)


def _chosen(card: Card, clauses: Clauses) -> Iterator[tuple[str, str]]:
    """Naming of a choice that the text says, each with its quote."""
    hits: dict[str, str] = {}
    for value, others in card.choices.items():
        named = (*others, *(() if others else (value,)), f"{card.title} {value}", f"{value} {card.title}")
        for phrase in sorted(named, key=len, reverse=True):
            quote = _quoted(phrase, clauses)
            if quote and value not in hits:
                hits[value] = quote
    for value, quote in hits.items():
        if not any(quote != other and quote in other for other in hits.values()):
            yield value, quote


def _quoted(phrase: str, clauses: Clauses) -> str:
    """The words of a text that are a phrase, small differences of signs aside."""
    pattern = r"[\W_]{1,3}(?:is |are |of |by |at |as |to )?".join(
        map(re.escape, re.split(r"[\W_]+", plainly(phrase)))
    )
    for found in re.finditer(rf"(?<!\w){pattern}s?(?!\w)", clauses.text, re.IGNORECASE):
        if not clauses.is_quoted(found.start()) and not clauses.is_denied(found.start()):
            return found[0]
    return ""


def _open(clauses: Clauses, deck: Deck, said: set[str]) -> Iterator[str]:
    """Keys of what the text speaks of without a figure."""
    for card in deck.cards.values():
        if any(_quoted(phrase, clauses) for phrase in card.naming.vague if phrase[0] != "?"):
            yield card.key
    for sentence in range(clauses.sentences):
        if not is_open(clauses.sentence(sentence)):
            continue
        named = {
            card.key: _named(card, clauses, sentence) for card in deck.cards.values() if card.key not in said
        }
        most = max(named.values(), default=0)
        yield from (key for key, count in named.items() if count == most > 0)


def _named(card: Card, clauses: Clauses, sentence: int) -> int:
    """By how many words a sentence names a parameter: all of its name, or one that stands for it."""
    stems = [token.stem for token in clauses.tokens if token.sentence == sentence]
    name = [stem(part) for part in card.cues[0].split()]
    if all(any(alike(each, part) for each in stems) for part in name):
        return len(name)
    one = [stem(phrase[1:]) for phrase in card.naming.vague if phrase.startswith("?")]
    return int(any(alike(each, part) for part in one for each in stems))


def _of_documents(deck: Deck, missing: Sequence[str], pieces: Sequence[Piece]) -> Iterator[Said]:
    """Figures of documents for what the words name and leave open."""
    for piece in pieces:
        clauses = Clauses(piece.text)
        for said in _figures(clauses, deck, Matcher(deck, clauses)):
            if said.key in missing:
                yield said
