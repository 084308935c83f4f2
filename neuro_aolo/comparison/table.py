"""A comparison: the same scenario, requests and seeds for every learner, cell by cell.

Nothing here prints: the command line shows what comes out.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np

from neuro_aolo.agent.fitted import FITTED, applicable
from neuro_aolo.agent.stable_baselines import stable_baselines
from neuro_aolo.agent.statistics import spread
from neuro_aolo.comparison.plan import CELLS, LEARNERS, Plan
from neuro_aolo.comparison.trained import BASELINES, CONTROLS
from neuro_aolo.errors import AgentError, RunError
from neuro_aolo.files import write_whole
from neuro_aolo.report.curves import Curve, learning_curves
from neuro_aolo.report.learners import (
    QUANTITIES,
    LearnerResults,
    Setting,
    in_order,
    markdown,
    summary_rows,
)
from neuro_aolo.runs.cell import Cell
from neuro_aolo.systems.rivals import scikit_learn
from neuro_aolo.systems.task import Optimum, Spec
from neuro_aolo.systems.wording import one_of
from neuro_aolo.text.feasibility import is_feasible, is_infeasible
from neuro_aolo.text.literal import csv_row
from neuro_aolo.workers.local import W
from neuro_aolo_export.files import disk_fails

CELLS_TABLE, SUMMARY_TABLE, SUMMARY_PAGE, CURVES = "cells.csv", "summary.csv", "summary.md", "curves.svg"

_NO_COLUMNS = ("settings", "curve", "versions", "graph_sha256")
_COLUMNS = [field.name for field in fields(Cell) if field.name not in _NO_COLUMNS]


def check_learners(names: Sequence[str], plan: Plan) -> tuple[str, ...]:
    """The learners that were asked for, each once.

    Args:
        names: of them.
        plan: any of the comparison.

    Raises:
        AgentError: one is unknown, none is given, or a library that it needs is missing.
    """
    known = all_learners(plan)
    if not names:
        raise AgentError(f"no learner is given: choose among {', '.join(known)}")
    names = [one_of("--learners", name, known) for name in names]
    if set(names) & set(BASELINES):
        stable_baselines()
    if set(names) & set(plan.estimators):
        scikit_learn()
    return tuple(dict.fromkeys(names))


def all_learners(plan: Plan) -> tuple[str, ...]:
    """Every learner of a plan's task, rules and estimators of its system, and the optimum by its name there.

    Controls take decisions that stand alone, one that draws what actions name needs such actions,
    Stable-Baselines3 takes tasks of one agent, the best constant action is searched by the optimum of each
    decision, and a table or a network that is taught it needs its actions.
    """
    task = plan.task
    fitted = applicable(task)
    known = task.optimum(task.reset(1, np.random.default_rng(0)))
    left_out = {
        *(BASELINES if task.spec.agents > 1 else ()),
        *(() if isinstance(known, Optimum) else ("constant",)),
        *(name for name in FITTED if name not in fitted),
        *(() if task.spec.learner == "sdrl" and task.spec.horizon == 1 else CONTROLS),
        *(() if task.spec.choice else ("categorical",)),
    }
    own = (*(name for name in LEARNERS if name not in left_out), *plan.rules, *plan.estimators)
    return own if known is None else (*own, task.spec.optimum)


def seeds_of(asked: Sequence[str], seeds: int) -> dict[str, int]:
    """How many seeds each learner has, of names as they were asked for: ``sac:1`` has one, ``sac`` ``seeds``.

    Raises:
        AgentError: it is no whole number of 1 or above.
    """
    counts = {}
    for name in asked:
        learner, apart, count = name.partition(":")
        counts[learner] = int(count) if apart and count.isdecimal() else 0 if apart else seeds
        if counts[learner] < 1:
            raise AgentError(f"learner {name!r}: give NAME:SEEDS with a whole number of 1 or above, or NAME")
    return counts


def plans(first: Plan, seeds: Mapping[str, int]) -> list[Plan]:
    """Every cell, seed by seed, so that a comparison that ends early has compared all learners.

    Args:
        first: one of them: the others have its settings.
        seeds: how many of each learner: 0, 1, and so on.
    """
    return [
        replace(first, learner=learner, seed=seed)
        for seed in range(max(seeds.values()))
        for learner, count in seeds.items()
        if seed < count
    ]


def unfinished(wanted: Sequence[W], folder: Path, *, overwrite: bool) -> list[W]:
    """The cells that are still to be made.

    Args:
        wanted: all of them.
        folder: of the comparison.
        overwrite: whether cells that are damaged or have other settings are made again.

    Raises:
        RunError: there are such cells and they are not to be overwritten, or the folder cannot be written.
    """
    try:
        (folder / CELLS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if disk_fails(error):
            raise
        raise RunError(
            f"{folder} cannot be written ({error.strerror}): choose a writable place for --out"
        ) from None
    left = []
    for plan in wanted:
        try:
            if plan.finished(folder) is None:
                left.append(plan)
        except RunError:
            if not overwrite:
                raise
            left.append(plan)
    return left


def lines(cells: Sequence[Cell], violation_limit: float) -> list[LearnerResults]:
    """One line per learner: what its seeds come to; learners that are infeasible come last.

    Args:
        cells: of the comparison.
        violation_limit: share of decisions in which a policy may break a constraint.
    """
    learners = []
    for learner in dict.fromkeys(cell.learner for cell in cells):
        own = [cell for cell in cells if cell.learner == learner]
        learners.append(
            LearnerResults(
                learner=learner,
                spreads={
                    quantity.key: spread(np.array([_figure(cell, quantity.key) for cell in own]))
                    for quantity in QUANTITIES
                },
                requests=float(np.mean([cell.requests for cell in own])),
                updates=float(np.mean([cell.updates for cell in own])),
                validation_requests=float(np.mean([cell.validated for cell in own])),
                violation_limit=violation_limit,
                infeasible_seeds=sum(is_infeasible(cell.violation_rate, violation_limit) for cell in own),
            )
        )
    return in_order(learners)


def write(
    folder: Path, cells: Sequence[Cell], learners: Sequence[LearnerResults], command: str, spec: Spec
) -> list[Path]:
    """Write the tables, the page and the learning curves of a comparison.

    Args:
        folder: of the comparison.
        cells: that are finished.
        learners: what they come to.
        command: that made them.
        spec: of their task.

    Returns:
        The files.
    """
    curves = [_curve(cell) for cell in cells if cell.curve]
    flat = [line for line in learners if line.learner in ("constant", "random")]
    limit = spec.violation_limit
    setting = Setting(cells[0].scenario, command, _versions(cells), f"{spec.decision}s")
    texts = {
        CELLS_TABLE: _table([_row(cell, limit) for cell in cells]),
        SUMMARY_TABLE: _table(summary_rows(learners)),
        SUMMARY_PAGE: markdown(learners, setting),
        **({CURVES: learning_curves(curves, flat, limit, setting.decisions)} if curves else {}),
    }
    for name, text in texts.items():
        write_whole(folder / name, text)
    return [folder / name for name in texts]


def _curve(cell: Cell) -> Curve:
    """The validations of a cell: over requests, theirs included, and over seconds of the processor."""
    points = cell.curve
    seconds = [point.seconds if point.processor_s is None else point.processor_s for point in points]
    each = cell.validated / len(points)
    return Curve(
        cell.learner,
        requests=np.array([point.requests for point in points]) + each * np.arange(1, len(points) + 1),
        seconds=np.array(seconds),
        regret=np.array([point.regret for point in points]),
        violation_rate=np.array([point.violation_rate for point in points]),
    )


def _figure(cell: Cell, key: str) -> float:
    return cell.processor if key == "processor_s" else float(getattr(cell, key))


def _row(cell: Cell, violation_limit: float) -> dict[str, object]:
    return {
        **{name: getattr(cell, name) for name in _COLUMNS},
        "processor_s": cell.processor,
        "validation_requests": cell.validated,
        "violation_limit": violation_limit,
        "feasible": is_feasible(cell.violation_rate, violation_limit),
    }


def _table(rows: Sequence[dict[str, object]]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(csv_row, rows))
    return stream.getvalue()


def _versions(cells: Sequence[Cell]) -> dict[str, str]:
    """Versions of every cell; several where they differ."""
    names = dict.fromkeys(name for cell in cells for name in cell.versions)
    return {
        name: " / ".join(sorted({cell.versions[name] for cell in cells if name in cell.versions}))
        for name in names
    }


def as_data(learners: Sequence[LearnerResults]) -> dict[str, object]:
    """The lines as plain data, by learner."""
    return {
        line.learner: {
            **{key: {**asdict(value), "interval": value.method} for key, value in line.spreads.items()},
            "requests": line.requests,
            "validation_requests": line.validation_requests,
            "updates": line.updates,
            "violation_limit": line.violation_limit,
            "infeasible_seeds": line.infeasible_seeds,
            "feasible": line.feasible,
        }
        for line in learners
    }
