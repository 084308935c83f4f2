"""What follows from a frozen graph alone: made once, and kept as long as the graph is."""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

_Owner = TypeVar("_Owner")
_Made = TypeVar("_Made")
_made: WeakKeyDictionary[Any, dict[int, Any]] = WeakKeyDictionary()


def prepared(owner: _Owner, steps: int, make: Callable[[_Owner, int], _Made]) -> _Made:
    """What ``make`` makes of a frozen ``owner`` and its steps, made once and kept as long as the owner."""
    kept = _made.get(owner)
    if kept is None:
        kept = _made.setdefault(owner, {})
    if steps not in kept:
        kept[steps] = make(owner, steps)
    made: _Made = kept[steps]
    return made
