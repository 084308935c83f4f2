"""Ranges of a scenario's parameters: how far each may be off, and the scenarios at their ends."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from pydantic import Field

from neuro_aolo.systems.parameters import Bound, Section

S = TypeVar("S")
Ends = Bound | tuple[Bound, ...]


class ParameterRange(Section):
    """How far a parameter may be off: an end to either side of its value, and where these come from.

    Attributes:
        low: least value; of a list one figure for each of its own.
        high: largest, likewise.
        source: what says so.
    """

    low: Ends
    high: Ends
    source: str = Field(min_length=1)

    def holds(self, value: Any) -> bool:
        """Whether a value lies within, figure by figure; of anything but numbers it does not."""
        if isinstance(value, bool) or not isinstance(value, int | float | tuple):
            return False
        low, each, high = (np.atleast_1d(np.array(part)) for part in (self.low, value, self.high))
        return low.shape == each.shape == high.shape and bool(((low <= each) & (each <= high)).all())


def without_outdated_ranges(base: dict[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """A scenario's keys ``base`` without the range of a parameter to which ``data`` gives another value."""

    def changed(key: str) -> bool:
        section, _, name = key.partition(".")
        old, new = base.get(section), data.get(section)
        if not isinstance(new, Mapping) or name not in new:
            return False
        return not isinstance(old, Mapping) or new[name] != old.get(name)

    ranges = base.get("ranges")
    if not isinstance(ranges, Mapping):
        return base
    kept = {key: each for key, each in ranges.items() if not changed(key)}
    return base if len(kept) == len(ranges) else {**base, "ranges": kept}


def corners(scenario: S, emitted: Callable[[S], float]) -> tuple[S, S] | None:
    """The scenario with every range at the end at which less is emitted, and with every one at the other.

    What is emitted rises or falls with each parameter, so that all of it lies between the two.

    Args:
        scenario: with a table ``ranges`` and ``with_values``.
        emitted: of a scenario, in any unit.

    Returns:
        None where no parameter has a range.
    """
    ranges: Mapping[str, ParameterRange] = getattr(scenario, "ranges", None) or {}
    if not ranges:
        return None
    greener: dict[str, dict[str, Any]] = {}
    dirtier: dict[str, dict[str, Any]] = {}
    for key, given in ranges.items():
        section, _, name = key.partition(".")
        at = {end: emitted(_with(scenario, {section: {name: end}})) for end in (given.low, given.high)}
        ends = sorted(at, key=at.__getitem__)
        greener.setdefault(section, {})[name] = ends[0]
        dirtier.setdefault(section, {})[name] = ends[-1]
    return _with(scenario, greener), _with(scenario, dirtier)


def _with(scenario: S, values: Mapping[str, Mapping[str, Any]]) -> S:
    changed: S = scenario.with_values(**values)  # type: ignore[attr-defined]
    return changed
