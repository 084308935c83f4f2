"""Learners beside each other: the same scenario, held-out decisions and seeds for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuro_aolo.api import shown
from neuro_aolo.api.errors import check_whole, speaks_python
from neuro_aolo.text.grid import Grid

if TYPE_CHECKING:
    import pandas as pd

    from neuro_aolo.report.learners import LearnerResults


@dataclass(frozen=True)
class Comparison:
    """What a comparison of learners came to.

    Attributes:
        scenario: its name.
        folder: where its cells and tables are kept.
        cells: how many were finished.
        failed: why a cell could not be made, by its name.
        learners: of each learner the figures over its seeds, those that are infeasible last.
        decisions: what the system calls several decisions.
    """

    scenario: str
    folder: Path
    cells: int
    failed: Mapping[str, str]
    learners: "tuple[LearnerResults, ...]" = field(repr=False)
    decisions: str = field(default="decisions", repr=False)

    def to_dict(self) -> dict[str, Any]:
        """The figures as plain data, by learner."""
        from neuro_aolo.comparison.table import as_data

        return {
            "scenario": self.scenario,
            "folder": str(self.folder),
            "cells": self.cells,
            "failed": dict(self.failed),
            "learners": as_data(self.learners),
        }

    def to_dataframe(self) -> "pd.DataFrame":
        """A row for each learner and quantity: mean, interquartile mean, median and their intervals."""
        from neuro_aolo.report.learners import summary_rows

        return shown.frame(summary_rows(self.learners))

    def _grids(self) -> list[Grid]:
        from neuro_aolo.report.learners import effort, results

        return [results(self.learners, self.decisions), effort(self.learners, self.decisions)]

    def _repr_html_(self) -> str:
        return shown.html(self._grids())

    def __str__(self) -> str:
        return shown.text(self._grids())


@speaks_python
def compare(
    scenario: "str | Path" = "paper",
    learners: "Sequence[str] | None" = None,
    *,
    seeds: int = 3,
    steps: int | None = None,
    seconds: float = 180.0,
    preset: str = "tuned",
    out: "str | Path | None" = None,
    jobs: int = 1,
    overwrite: bool = False,
) -> Comparison:
    """Train every learner with every seed, evaluate all on the same decisions, and compare.

    A finished cell is kept in ``out`` and not made again.

    Args:
        scenario: a name or a ``.toml`` file.
        learners: some of ``spiking``, ``mlp``, ``diffusion``, ``sac``, ``td3``, ``ppo``, ``optimum-table``,
            ``linear-cem``, ``regressed-mlp``, ``random``, ``constant``, the system's rules and the exact
            optimum, which AOLO calls ``oracle``; all that the task allows where None. ``sac:1`` has one seed,
            whatever ``seeds`` says.
        seeds: how many: 0, 1, and so on.
        steps: decisions served in training by ``spiking``, ``mlp`` and ``diffusion``; the preset's where
            None.
        seconds: processor time of training of each of ``sac``, ``td3`` and ``ppo``.
        preset: ``tuned``, ``population`` or ``paper``: settings of these three.
        out: where cells and tables go; ``results/SCENARIO`` where None.
        jobs: cells at a time. With 1 they are made in this process; with more in processes of their own, for
            which a script must keep its calls under ``if __name__ == "__main__":``.
        overwrite: whether cells that are damaged or have other settings are made again.

    Raises:
        NeuroAoloError: an argument is not allowed, or no cell could be made.

    Example:
        >>> import neuro_aolo as na
        >>> found = na.compare("paper", ["constant", "random"], seeds=1, out="beside")
        >>> found.cells, found.failed
        (2, {})
    """
    from neuro_aolo.comparison.compared import compared

    check_whole("steps", steps)
    check_whole("jobs", jobs)
    result = compared(
        str(scenario),
        learners,
        seeds=seeds,
        preset=preset,
        steps=steps,
        seconds=seconds,
        folder=None if out is None else Path(out),
        jobs=jobs,
        overwrite=overwrite,
    )
    return Comparison(
        result.scenario,
        result.folder,
        len(result.cells),
        result.failed,
        result.learners,
        result.decisions,
    )
