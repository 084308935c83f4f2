"""How people speak of a system: other words for its parameters, places, choices and shipped scenarios."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


Follows = Callable[[Any, Mapping[str, Any]], Mapping[str, tuple[Any, str]]]
"""From the scenario that is extended and what was said, by dotted key, to further values and why they are so."""


def _nothing(base: Any, said: Mapping[str, Any]) -> Mapping[str, tuple[Any, str]]:
    return {}


@dataclass(frozen=True)
class Phrases:
    """The words of one system.

    Attributes:
        about: words and phrases by which a description is known to be of this system.
        parameters: by dotted key, names of a parameter, the plainest first: it is shown.
        choices: by dotted key, and of each value that is a word, other words for it.
        scenarios: by name of a shipped scenario, words that stand for it.
        places: by key of a country, or of a list of countries, names of the site or sites.
        intensities: by key of a country, the dotted key of the intensity that it fixes.
        asked: dotted keys that a description should say something of: where it does not, that is told.
        follows: values that follow from others where nothing is said of them, as a penalty that has to be
            above every cost.
    """

    about: tuple[str, ...]
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    scenarios: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    intensities: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    follows: Follows = _nothing
