"""Which site of a system a country is of: the one whose words stand nearest."""

import re
from collections.abc import Iterator, Sequence

from neuro_aolo.formulate.cards import Deck, is_list
from neuro_aolo.formulate.clauses import Clauses, Word
from neuro_aolo.formulate.form import Place
from neuro_aolo.formulate.nations import VAGUE, Nation, nations

_GOING_ON = re.compile(r"(?:[\s,/&]|\b(?:and|or|then|one|each|in|the|another|also|finally)\b)*")
_NOT_KNOWN = re.compile(
    r"\b(?:undecided|not (?:yet )?(?:decided|known|fixed|clear|sure)|open|unknown|unclear|tbd|no idea|pending"
    r"|yet|to be (?:decided|determined|seen)|look (?:\w+ ){0,3}up|still|later|depends"
    r"|(?:don['’]t|do not|cannot|can['’]t) (?:know|say|tell)"
    r"|(?:will|have to|need to|must) (?:send|count|measure|ask|check|decide|find|be (?:decided|bought))"
    r")\b|['’]ll (?:send|count|measure|ask|check|decide|find)\b",
    re.IGNORECASE,
)
_WHERE = re.compile(r"\b(?:where|country|countries|located|location|place)\b", re.IGNORECASE)
_LONGEST = 380
_ANYWHERE = 60.0


def is_open(sentence: str) -> bool:
    """Whether a sentence says that something is not known yet."""
    return _NOT_KNOWN.search(sentence) is not None


def places_of(clauses: Clauses, deck: Deck, counts: Sequence[int] = ()) -> Iterator[Place]:
    """The sites of a system that a text puts into countries.

    Args:
        clauses: of the text.
        deck: of the system.
        counts: how many of the things of a list there are; one country is then that of all.
    """
    stated = nations(clauses)
    if not stated:
        return
    rows: dict[str, list[Nation]] = {}
    for row in _rows(stated, clauses.text):
        site = _site(row, clauses, deck)
        if is_list(deck, site):
            # Of several sentences about many sites, the one that names most of them says where they are.
            rows[site] = max(rows.get(site, []), row, key=len)
        elif site:
            rows[site] = [*rows.get(site, []), *row]
    for site, row in rows.items():
        if is_list(deck, site) and len(row) == 1:
            row = row * counts[0] if len(set(counts)) == 1 else []
        for nation in row:
            yield Place(site=site, country=nation.written, quote=_quote(clauses.text, nation))


def open_places(clauses: Clauses, deck: Deck, placed: Sequence[Place]) -> Iterator[str]:
    """Sites of which a text says that they are somewhere, and not where."""
    said = {place.site for place in placed}
    for phrase in VAGUE:
        for word in clauses.places_of(phrase):
            site = _site([Nation(phrase, "", word.start, word.end)], clauses, deck)
            if site and site not in said:
                said.add(site)
                yield site
    for sentence in map(clauses.sentence, range(clauses.sentences)):
        if is_open(sentence) and (where := _WHERE.search(sentence)):
            start = clauses.text.index(sentence)
            nowhere = Nation(where[0], "", start + where.start(), start + where.end())
            site = _site([nowhere], clauses, deck)
            if site and site not in said:
                said.add(site)
                yield site


def _rows(stated: Sequence[Nation], text: str) -> list[list[Nation]]:
    """Countries in a row, with nothing but commas and small words between, as one."""
    rows: list[list[Nation]] = []
    for nation in stated:
        between = text[rows[-1][-1].end : nation.start] if rows else None
        if between is not None and _GOING_ON.fullmatch(between):
            rows[-1].append(nation)
        else:
            rows.append([nation])
    return rows


def _site(row: Sequence[Nation], clauses: Clauses, deck: Deck) -> str:
    distances = {
        key: min(
            (
                _distance(row, word, clauses)
                for cue in (tokens.name, *tokens.cues)
                if cue
                for part in cue.split()[:1]
                for each in part.split("|")
                for word in clauses.places_of(each)
            ),
            default=_ANYWHERE if "" in tokens.cues else float("inf"),
        )
        for key, tokens in deck.phrases.places.items()
    }
    key = min(distances, key=lambda each: distances[each], default="")
    return key if key and distances[key] <= _ANYWHERE else ""


def _distance(row: Sequence[Nation], word: Word, clauses: Clauses) -> float:
    own = [each for each in clauses.tokens if row[0].start <= each.start < row[-1].end]
    if not own:
        return float("inf")
    sentences = own[0].sentence - word.sentence
    if sentences < 0 or sentences > 2:
        return float("inf")
    if word.start < row[0].start:
        return max(own[0].place - word.place - 1.0, 0.0) + 8.0 * sentences
    return max(word.place - own[-1].place, 0.0) * 1.2


def _quote(text: str, nation: Nation) -> str:
    start = max(text.rfind(" ", 0, max(nation.start - 24, 0)) + 1, 0)
    return text[max(start, nation.end - _LONGEST) : nation.end]
