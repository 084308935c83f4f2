"""Loops over arrays, compiled on their first call."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function, **options: Any) -> _Function:
    """The function compiled on its first call, kept on disk where there is a folder that can be written.

    Args:
        function: of arrays and numbers.
        **options: of ``numba.njit``, beside those that all have.
    """
    njit: Any = numba.njit
    options = {"nogil": True, "error_model": "numpy", **options}
    try:
        made: _Function = njit(cache=True, **options)(function)
    except RuntimeError:
        # Neither the package's folder nor the user's can be written: compile again in each process.
        made = njit(**options)(function)
    return made
