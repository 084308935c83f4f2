"""A whole comparison: what was asked for is checked, the cells that are left are made, the tables written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from neuro_aolo.comparison.plan import CELLS, Plan
from neuro_aolo.comparison.table import (
    all_learners,
    check_learners,
    lines,
    plans,
    seeds_of,
    unfinished,
    write,
)
from neuro_aolo.comparison.trained import CONTROLS
from neuro_aolo.errors import AgentError, RunError
from neuro_aolo.report.learners import LearnerResults
from neuro_aolo.runs.cell import Cell, file_name
from neuro_aolo.runs.lock import locked_new
from neuro_aolo.runs.presets import PRESETS, Preset, preset_of
from neuro_aolo.systems.names import load
from neuro_aolo.systems.wording import one_of
from neuro_aolo.workers.local import Failure, make, make_here
from neuro_aolo_export.files import clear_leftovers, disk_fails

RESULTS = Path("results")


@dataclass(frozen=True)
class Wanted:
    """A comparison that was asked for, checked before anything is trained.

    Attributes:
        plans: every cell.
        left: those that are still to be made.
        folder: where cells and tables go.
    """

    plans: tuple[Plan, ...]
    left: tuple[Plan, ...]
    folder: Path

    @property
    def kept(self) -> int:
        """Cells that are finished by now."""
        return len(self.plans) - len(unfinished(self.plans, self.folder, overwrite=True))


@dataclass(frozen=True)
class Compared:
    """What a comparison came to.

    Attributes:
        scenario: its name.
        folder: where cells and tables are.
        cells: finished ones.
        trained: how many were made now.
        failed: why a cell could not be made, by its name.
        learners: of each learner the figures over its seeds, those that are infeasible last.
        decisions: what the system calls several decisions.
        files: the tables.
    """

    scenario: str
    folder: Path
    cells: tuple[Cell, ...]
    trained: int
    failed: Mapping[str, str]
    learners: tuple[LearnerResults, ...]
    decisions: str
    files: tuple[Path, ...]


def wanted(
    scenario: str,
    learners: Sequence[str] | None,
    *,
    seeds: int,
    preset: str,
    steps: int | None,
    seconds: float,
    folder: Path | None,
    overwrite: bool,
) -> Wanted:
    """The cells of a comparison, and those of them that are left.

    Raises:
        NeuroAoloError: something that was asked for is not allowed, or the folder cannot be written.
    """
    if type(seeds) is not int or seeds < 1:
        raise AgentError(f"--seeds {seeds!r} is not allowed: give a whole number of 1 or above")
    name = cast("Preset", one_of("--preset", preset, tuple(PRESETS)))
    loaded = load(scenario)
    training, popsan = preset_of(loaded.system.task(loaded.scenario).spec.learner, name)
    if steps is not None:
        training = replace(training, total_steps=steps)
    first = Plan.of(scenario, "", 0, training, popsan, seconds)
    usual = [learner for learner in all_learners(first) if learner not in CONTROLS]
    counts = seeds_of(usual if learners is None else learners, seeds)
    cells = plans(first, {name: counts[name] for name in check_learners(tuple(counts), first)})
    place = folder or RESULTS / file_name(first.scenario)
    return Wanted(tuple(cells), tuple(unfinished(cells, place, overwrite=overwrite)), place)


def made(
    asked: Wanted, jobs: int, command: str, on_end: Callable[[Plan, Failure | None], None]
) -> Compared | None:
    """Make the cells that are left, and write the tables; None where there is no cell at all.

    Args:
        asked: the comparison.
        jobs: processes; with 0 the cells are made in this one.
        command: what was typed, for the page that says where its figures come from.
        on_end: called with each cell when it is finished or has failed.

    Raises:
        RunError: another process makes cells there, or the folder cannot be written.
    """
    try:
        with locked_new(asked.folder):
            clear_leftovers(asked.folder / CELLS)
            return _made(asked, jobs, command, on_end)
    except OSError as error:
        if disk_fails(error):
            raise
        raise RunError(
            f"{asked.folder} cannot be written ({error.strerror or error}): choose a writable place for --out"
        ) from None


def _made(
    asked: Wanted, jobs: int, command: str, on_end: Callable[[Plan, Failure | None], None]
) -> Compared | None:
    if jobs:
        failures = make(asked.left, asked.folder, jobs, on_end)
    else:
        failures = make_here(asked.left, asked.folder, on_end)
    failed = {failure.cell: failure.reason for failure in failures}
    cells = [
        cell for plan in asked.plans if plan.name not in failed and (cell := plan.finished(asked.folder))
    ]
    if not cells:
        return None
    service, spec = asked.plans[0].scenario, asked.plans[0].task.spec
    learner_results = lines(cells, spec.violation_limit)
    return Compared(
        scenario=str(getattr(service, "name", file_name(service))),
        folder=asked.folder,
        cells=tuple(cells),
        trained=len(asked.left) - len(failures),
        failed=failed,
        learners=tuple(learner_results),
        decisions=f"{spec.decision}s",
        files=tuple(write(asked.folder, cells, learner_results, command, spec)),
    )


def compared(scenario: str, learners: Sequence[str] | None, *, jobs: int = 1, **settings: object) -> Compared:
    """A comparison from beginning to end; see :func:`wanted`.

    Raises:
        NeuroAoloError: something that was asked for is not allowed, or no cell could be made.
    """
    asked = wanted(scenario, learners, **settings)  # type: ignore[arg-type]
    reasons: list[str] = []

    def note(plan: Plan, failure: Failure | None) -> None:
        if failure is not None:
            reasons.append(f"{failure.cell}: {failure.reason}")

    result = made(asked, 0 if jobs == 1 else jobs, "neuro_aolo.compare", note)
    if result is None:
        raise RunError(f"no cell could be made: {reasons[0]}")
    return result
