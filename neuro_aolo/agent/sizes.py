"""How large a network may be: known before anything of it is allocated."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from neuro_aolo.errors import AgentError

MOST_NEURONS = 1 << 16
"""Of a layer or a population."""
MOST_LAYERS = 64
MOST_STEPS = 10_000
"""Time steps of a decision."""
MOST_WEIGHTS = 1 << 26
"""Of a network: a quarter of a gibibyte, which is what a graph's file may hold."""
MOST_QUANTITIES = 10_000
"""Observations, and actions."""


def check_between(name: str, value: float, least: float, most: float) -> None:
    """Refuse a number outside ``least`` to ``most``, or none at all.

    Raises:
        AgentError: it is one, with the range that is allowed.
    """
    if not least <= value <= most:
        raise AgentError(f"{name} = {value} is not allowed: give {least:,} to {most:,}")


def check_settings(
    settings: Mapping[str, Any],
    counts: Sequence[tuple[str, int, int]],
    above_0: Sequence[str],
    shares: Sequence[str],
) -> None:
    """Refuse numbers of a learner's settings without a meaning.

    Args:
        settings: all of them, by name.
        counts: those that count something, with the least and the most of each.
        above_0: those that are to be above 0.
        shares: those from 0 to 1.

    Raises:
        AgentError: one is not allowed, with what is.
    """
    for name, least, most in counts:
        check_between(name, settings[name], least, most)
    for name, value in settings.items():
        if isinstance(value, float) and not 0.0 <= value < math.inf:
            raise AgentError(f"{name} = {value} is not allowed: give a finite number of 0 or above")
    for name in above_0:
        check_between(name, settings[name], 1e-12, 1e3)
    for name in shares:
        check_between(name, settings[name], 0.0, 1.0)


def check_widths(name: str, widths: Sequence[int]) -> None:
    """Refuse layers that no network has.

    Raises:
        AgentError: there are too many, or one is too narrow or too wide.
    """
    if len(widths) > MOST_LAYERS:
        raise AgentError(f"{name} has {len(widths):,} layers: give at most {MOST_LAYERS}")
    for width in widths:
        check_between(name, width, 1, MOST_NEURONS)


def check_weights(widths: Sequence[int]) -> None:
    """Refuse dense layers of so many neurons where they have too many weights together.

    Raises:
        AgentError: they have.
    """
    weights = sum(before * after for before, after in pairwise(widths))
    if weights > MOST_WEIGHTS:
        raise AgentError(
            f"a network of {' x '.join(map(str, widths))} neurons has {weights:,} weights: at most "
            f"{MOST_WEIGHTS:,} are allowed; make its populations or hidden layers smaller"
        )
