"""Computing a large batch in blocks whose intermediates stay in the processor's cache."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

NDArray = np.ndarray[Any, np.dtype[np.float64]]
T = TypeVar("T")
BLOCK = 8192
"""Requests in a block: enough to hide the cost of calling NumPy, few enough for the cache."""


def in_blocks(compute: Callable[[slice], T], n: int) -> T:
    """Result of ``compute`` over ``n`` rows, block by block.

    Args:
        compute: Gives the result of some rows: an array ``(rows,)`` of float64 or bool, or a dataclass or
            dictionary of such, nested as it likes.
        n: Number of rows.
    """
    if n <= BLOCK:
        return compute(slice(0, n))
    whole: T | None = None
    for start in range(0, n, BLOCK):
        rows = slice(start, start + BLOCK)
        part = compute(rows)
        if whole is None:
            # One allocation for all: faulting in the pages of many arrays costs as much as the computation.
            whole = _emptied(part, iter(np.empty((_arrays(part), n))))
        _write(whole, rows, part)
    assert whole is not None
    return whole


def _emptied(part: Any, rows: Iterator[NDArray]) -> Any:
    """The form of ``part`` with longer arrays, taken from ``rows``."""
    if isinstance(part, np.ndarray):
        row = next(rows)
        return row if part.dtype == np.float64 else row.view(np.bool_)[: row.size]
    if isinstance(part, dict):
        return {key: _emptied(value, rows) for key, value in part.items()}
    return type(part)(*(_emptied(getattr(part, field.name), rows) for field in fields(part)))


def _arrays(part: Any) -> int:
    """How many arrays ``part`` holds."""
    if isinstance(part, np.ndarray):
        return 1
    values = (
        part.values() if isinstance(part, dict) else [getattr(part, field.name) for field in fields(part)]
    )
    return sum(map(_arrays, values))


def _write(whole: Any, rows: slice, part: Any) -> None:
    """Copy ``part`` into ``rows`` of ``whole``, array by array."""
    if isinstance(part, np.ndarray):
        whole[rows] = part
    elif isinstance(part, dict):
        for key, value in part.items():
            _write(whole[key], rows, value)
    else:
        for field in fields(part):
            _write(getattr(whole, field.name), rows, getattr(part, field.name))
