"""How people speak of a system: other words for its parameters, places, choices and shipped scenarios.

A *cue* is words that have to stand near a figure, in any order: ``fixed power``. ``base_station`` are words
side by side, ``@gpu`` is a thing of :attr:`Phrases.things` that has to be the last one spoken of, and words
of which any one will do have a bar between them, ``draw|take``. Endings and a slip of typing aside, a word is
itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Follows = Callable[[Any, Mapping[str, Any]], Mapping[str, tuple[Any, str]]]
"""From the scenario that is extended and what was said, by dotted key, to more values and their reasons."""

Unsaid = Callable[[Any, Mapping[str, Any]], tuple[str, ...]]
"""From the same to the keys that would have to be said as well."""


@dataclass(frozen=True)
class Naming:
    """The words for one parameter.

    Attributes:
        name: the plainest, which is shown.
        cues: beside the name, what a figure of it stands near. An empty one: its unit will do.
        vague: what speaks of it without a figure, as ``decent quality``.
        never: words that make a figure one of something else where they stand nearer than a cue.
    """

    name: str
    cues: tuple[str, ...] = ()
    vague: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


def _nothing_follows(base: Any, said: Mapping[str, Any]) -> Mapping[str, tuple[Any, str]]:
    return {}


def _nothing_unsaid(base: Any, said: Mapping[str, Any]) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class Phrases:
    """The words of one system.

    Attributes:
        about: phrases that say that a description is of this system.
        hints: words that many a description of it has, and others may have, too.
        parameters: by dotted key.
        choices: by dotted key, and of each value that is a word, phrases for it.
        scenarios: by name of a shipped scenario, phrases that stand for it.
        places: by key of a country, or of a list of countries, cues of the site or sites.
        intensities: by key of a country, the dotted key of the intensity that it fixes.
        things: what figures are of, by name, in words as in cues.
        listed: names of what each figure of a list is of, as ``server``, in words as in cues.
        follows: values that follow from others where nothing is said of them, as a penalty that has to be
            above every cost.
        unsaid: keys that have to be said beside others.
    """

    about: tuple[str, ...]
    hints: tuple[str, ...] = ()
    parameters: Mapping[str, Naming] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    scenarios: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: Mapping[str, Naming] = field(default_factory=dict)
    intensities: Mapping[str, str] = field(default_factory=dict)
    things: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listed: tuple[str, ...] = ()
    follows: Follows = _nothing_follows
    unsaid: Unsaid = _nothing_unsaid
