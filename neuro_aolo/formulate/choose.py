"""Which system and shipped scenario a description is of, by the words that people use for them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from neuro_aolo.formulate.cards import speaking
from neuro_aolo.formulate.grounding import plainly
from neuro_aolo.systems.phrases import Phrases
from neuro_aolo.systems.scenario_file import scenario_names


_OWN, _ENOUGH = 2, 2


@dataclass(frozen=True)
class Chosen:
    """A system and a scenario of it.

    Attributes:
        system: name of the system.
        extends: name of the scenario.
        sure: whether a word of the description says the system.
        named: whether one says the scenario.
    """

    system: str
    extends: str
    sure: bool
    named: bool


def choose(text: str) -> Chosen:
    """The system whose words a text has most of, and its scenario that the text names, else its first."""
    words, known = plainly(text), speaking()
    weights = {name: _weight(words, phrases) for name, phrases in known.items()}
    system = max(weights, key=lambda name: weights[name])
    named = named_scenario(text, system, known[system].scenarios)
    return Chosen(system, named or scenario_names(system)[0], weights[system] >= _ENOUGH, named is not None)


def named_scenario(text: str, system: str, phrases: Mapping[str, tuple[str, ...]]) -> str | None:
    """The scenario of a system that a text names by the longest of its names or other words for it."""
    words = plainly(text)
    lengths = {
        name: max((len(phrase) for phrase in (name, *phrases.get(name, ())) if stands_in(phrase, words)), default=0)
        for name in scenario_names(system)
    }
    best = max(lengths, key=lambda name: lengths[name])
    return best if lengths[best] else None


def stands_in(phrase: str, words: str) -> bool:
    """Whether a phrase stands in a plain text as words of its own, a plural's ending aside."""
    return re.search(rf"(?<!\w){re.escape(plainly(phrase))}(?:s|es)?(?!\w)", words) is not None


def _weight(words: str, phrases: Phrases) -> int:
    """Phrases of the system that stand there: one of its own counts as several that others may have, too."""
    own = sum(_OWN * len(phrase.split()) for phrase in phrases.about if stands_in(phrase, words))
    return own + sum(stands_in(hint, words) for hint in phrases.hints)
