"""Hours for which a trace has no figure."""

from pathlib import Path
from typing import Literal

import numpy as np

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.grid.trace import NDArray
from neuro_aolo.systems.wording import shown

Fill = Literal["hold", "linear"]
FILLS: tuple[Fill, ...] = ("hold", "linear")
LONGEST_GAP = 24
"""Hours in a row that are filled where nothing else is said."""

MOST_HOURS = 8_784
"""The longest gap that may be asked for: a leap year."""

_MEND = f"supply them, cut the file there, or allow up to {MOST_HOURS:,} with --longest-gap"


def checked_gap(fill: str | None, longest_gap: int | None) -> int:
    """The longest gap that is filled, in hours.

    Raises:
        ScenarioError: If either is not allowed, or there is a longest gap and nothing is filled.
    """
    if fill is not None and fill not in FILLS:
        raise ScenarioError(f"fill = {shown(fill)} is not allowed: give one of {', '.join(FILLS)}")
    if longest_gap is None:
        return LONGEST_GAP
    if type(longest_gap) is not int or not 1 <= longest_gap <= MOST_HOURS:
        raise ScenarioError(
            f"longest_gap = {shown(longest_gap)} is not allowed: give whole hours from 1 to {MOST_HOURS:,}"
        )
    if fill is None:
        raise ScenarioError(
            f'longest_gap = {longest_gap} says how many hours are filled, and none are: add fill = "hold" or '
            '"linear", or leave it out'
        )
    return longest_gap


def gap_error(path: Path, row: int, hours: int, before: str, longest_gap: int | None) -> ScenarioError:
    """What is said of hours without a sample: too many to fill, or, where nothing is filled, any."""
    lacking = f"{path}, row {row}: {hours:,} hour{'s' * (hours > 1)} without a sample before {before}"
    if longest_gap is None:
        return ScenarioError(f"{lacking}: supply them, or choose --fill hold or --fill linear")
    return ScenarioError(f"{lacking}, more than the {longest_gap:,} that are filled in a row: {_MEND}")


def filled(path: Path, means: NDArray, fill: Fill, longest_gap: int) -> NDArray:
    """Hours without a mean, filled from those around them; at either end from the nearest.

    Raises:
        ScenarioError: If more than ``longest_gap`` hours in a row have none.
    """
    hours, known = np.arange(len(means)), np.flatnonzero(~np.isnan(means))
    longest = int(np.diff(np.concatenate(([-1], known, [len(means)]))).max()) - 1
    if longest > longest_gap:
        raise ScenarioError(
            f"{path}: {longest:,} hours in a row without a figure, more than the {longest_gap:,} that are "
            f"filled: {_MEND}"
        )
    if fill == "linear":
        return np.interp(hours, known, means[known])
    return np.asarray(means[known[np.maximum(np.searchsorted(known, hours, side="right") - 1, 0)]])
