"""Which system and shipped scenario a description is of, by the words that people use for them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from neuro_aolo.formulate.cards import speaking
from neuro_aolo.formulate.clauses import Clauses
from neuro_aolo.formulate.grounding import plainly
from neuro_aolo.systems.phrases import Phrases
from neuro_aolo.systems.scenario_file import scenario_names

_OWN, _SCENARIO, _ENOUGH = 2, 3, 2
_CALLED = ("scenario", "the scenario", "extend", "extends", "extending", "start from", "based on", "preset")


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
    clauses, known = Clauses(text), speaking()
    weights = {
        name: _weight(clauses, phrases)
        + _SCENARIO * (named_scenario(text, name, phrases.scenarios) is not None)
        for name, phrases in known.items()
    }
    system = max(weights, key=lambda name: weights[name])
    named = named_scenario(text, system, known[system].scenarios)
    return Chosen(system, named or scenario_names(system)[0], weights[system] >= _ENOUGH, named is not None)


def named_scenario(text: str, system: str, phrases: Mapping[str, tuple[str, ...]]) -> str | None:
    """The scenario of a system that a text names by the longest of its names or other words for it."""
    tokens = plainly(text)
    lengths = {
        name: max(
            (
                len(phrase)
                for phrase in (*_own_names(name), *phrases.get(name, ()))
                if stands_in(phrase, tokens)
            ),
            default=0,
        )
        for name in scenario_names(system)
    }
    best = max(lengths, key=lambda name: lengths[name])
    return best if lengths[best] else None


def _own_names(name: str) -> tuple[str, ...]:
    """How a scenario is called by its name: one that is a usual word only with what says that it is meant."""
    calls = (*(f"{before} {name}" for before in _CALLED), f"{name} scenario", f"{name} preset")
    return (name, *calls) if "-" in name else calls


def stands_in(phrase: str, tokens: str) -> bool:
    """Whether a phrase stands in a plain text as words of its own, a plural's ending aside."""
    return re.search(rf"(?<!\w){re.escape(plainly(phrase))}(?:s|es)?(?!\w)", tokens) is not None


def _weight(clauses: Clauses, phrases: Phrases) -> int:
    """Phrases of the system that stand there: one of its own counts as several that others may have, too."""
    own = sum(_OWN * len(phrase.split()) for phrase in phrases.about if clauses.places_of(phrase))
    return own + sum(bool(clauses.places_of(hint)) for hint in phrases.hints)
