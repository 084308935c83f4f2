"""How often the search for cards finds the right one."""

import re
from collections.abc import Sequence

from formulation.labels import Label
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.formulate.asked import cards_for
from neuro_aolo.formulate.cards import deck_of
from neuro_aolo.formulate.retrieve import Index

_FIRST = 3
_CUT = re.compile(r"[.;!?:\n](?=\s|$)|,(?=\s+[A-Za-z(])")


def card_recall(labels: Sequence[Label]) -> tuple[str, str]:
    """Of all values that have a card: among the first three for their clause; among those in a prompt."""
    first = prompted = whole = 0
    for label in labels:
        if not label.system:
            continue
        deck = deck_of(label.extends, Deployment)
        cards = list(deck.cards.values())
        index = Index(card.text for card in cards)
        in_prompt = {card.key for card in cards_for(deck, label.text)}
        for key in label.values:
            if key not in deck.cards:
                continue
            best = index.best(clause(label.text, label.spans[key]), _FIRST)
            whole += 1
            first += key in {cards[each].key for each in best}
            prompted += key in in_prompt
    return tuple(f"{part / whole:.3f} ({part} of {whole})" if whole else "none" for part in (first, prompted))  # type: ignore[return-value]


def clause(text: str, span: str) -> str:
    """The part of a text around a span, between commas and the like."""
    start = text.index(span)
    before = max((found.end() for found in _CUT.finditer(text[:start])), default=0)
    after = _CUT.search(text, start + len(span))
    return text[before : after.start() if after else len(text)]
