"""A row of the table, and what rows are worked out from: figures seed by seed, of cells of the same seed."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neuro_aolo.agent.statistics import Estimate, method, spread
from neuro_aolo.runs.cell import Cell
from neuro_aolo.systems.task import Floats
from neuro_aolo.text.numbers import percent
from reproduction.verdicts import Verdict

Cells = Mapping[int, Cell]
"""Finished cells by seed."""


@dataclass(frozen=True)
class Finding:
    """One row of the table.

    Attributes:
        row: what it belongs to.
        item: what it is about.
        unit: of the figures: ``mg``, ``1`` for a share, or ``relative`` for a relative error.
        paper: the paper's figure, or its statement where it prints none.
        ours: our mean over seeds and its interval.
        seeds: how many; 0 where nothing is drawn or trained, or nothing is there yet.
        verdict: of the rules.
        violation_rate: our mean share of held-out requests in which a constraint is broken; NaN where the
            figure is not about held-out requests.
        calibrated: whether our calibration put the figure there.
        of_seeds: whether the figure is a mean over seeds.
    """

    row: str
    item: str
    unit: str
    paper: float | str
    ours: Estimate
    seeds: int
    verdict: Verdict
    violation_rate: float = math.nan
    calibrated: bool = False
    of_seeds: bool = True

    @property
    def interval(self) -> str:
        """How the interval is made."""
        return method(self.seeds)


def mean(values: Floats) -> Estimate:
    """The mean of one value per seed, with its interval."""
    return spread(values).mean if len(values) else NOTHING


NOTHING = Estimate(math.nan, math.nan, math.nan)


def values(of: Cells, name: str) -> Floats:
    """A field of each cell."""
    return np.array([getattr(cell, name) for cell in of.values()])


def paired(*of: Cells) -> list[Cells]:
    """The same cells without seeds that one of them lacks, in the same order."""
    seeds = sorted(set.intersection(*(set(each) for each in of)))
    return [{seed: each[seed] for seed in seeds} for each in of]


def violations(of: Cells) -> float:
    """Mean share of held-out requests in which a constraint is broken; NaN of no cell."""
    return float(values(of, "violation_rate").mean()) if of else math.nan


def in_percent(of: Cells, name: str) -> str:
    """The mean of a field, in percent."""
    return str(percent(float(values(of, name).mean()))) if of else "not there"
