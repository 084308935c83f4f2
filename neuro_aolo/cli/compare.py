"""The command that compares learners: ``neuro-aolo compare``."""

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from neuro_aolo.cli import names
from neuro_aolo.cli.options import JsonOption, QuietOption
from neuro_aolo.cli.output import make_folder
from neuro_aolo.cli.terminal import EXIT_FAILED, EXIT_INTERRUPTED, out, say, show
from neuro_aolo.cli.typed import completes, real, several, whole
from neuro_aolo.runs.progress import err, stage
from neuro_aolo.systems.wording import one_of

if TYPE_CHECKING:
    from neuro_aolo.comparison.plan import Plan
    from neuro_aolo.runs.config import Preset
    from neuro_aolo.workers.local import Failure

RESULTS = Path("results")


def compare(
    scenario: Annotated[
        str,
        typer.Option(
            metavar="NAME|FILE.toml",
            autocompletion=completes(names.scenarios),
            help="Scenario to compare on.",
        ),
    ] = "paper",
    seeds: Annotated[int, whole(least=1, most=10_000, help="How many seeds: 0, 1, and so on.")] = 10,
    learners: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            autocompletion=several(names.LEARNERS),
            help="Some of spiking, mlp, sac, td3, ppo, random, constant and the exact optimum, which "
            "the shipped scenarios call oracle; all if absent.",
        ),
    ] = None,
    preset: Annotated[
        str,
        typer.Option(
            metavar="tuned|paper",
            autocompletion=completes(names.PRESETS),
            help="Settings of spiking and mlp.",
        ),
    ] = "tuned",
    steps: Annotated[
        int | None, whole(least=1, help="Requests served in training by spiking and mlp.")
    ] = None,
    seconds: Annotated[
        float, real(above=0.0, metavar="S", help="Processor time of training of each of sac, td3 and ppo.")
    ] = 180.0,
    jobs: Annotated[int, whole(least=1, most=4_096, help="Cells at a time, one core each.")] = 2,
    out_dir: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where cells and tables go; results/SCENARIO if absent."),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Train cells again that are damaged or have other settings."),
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train every learner with every seed, evaluate all on the same requests, and compare.

    A finished cell is kept and not trained again: after an interrupt the same command goes on.
    """
    from neuro_aolo.comparison.table import as_data, lines, unfinished, write
    from neuro_aolo.runs.cell import file_name

    wanted = _plans(scenario, learners, seeds, preset, steps, seconds)
    service = wanted[0].scenario
    folder = out_dir or RESULTS / file_name(service)
    make_folder(folder)
    left = unfinished(wanted, folder, overwrite=overwrite)
    failures = _make(wanted, left, folder, jobs)
    failed = {failure.cell for failure in failures}
    cells = [cell for plan in wanted if plan.name not in failed and (cell := plan.finished(folder))]
    if not cells:
        raise typer.Exit(EXIT_FAILED)
    spec = wanted[0].task.spec
    learner_results = lines(cells, spec.violation_limit)
    files = write(folder, cells, learner_results, _command(), spec)
    summary = {
        "scenario": str(getattr(service, "name", file_name(service))),
        "cells": len(cells),
        "trained": len(left) - len(failures),
        "failed": {failure.cell: failure.reason for failure in failures},
        "learners": as_data(learner_results),
        "files": [str(file) for file in files],
    }

    def in_text() -> None:
        from neuro_aolo.report.learners import effort, note, results
        from neuro_aolo.report.tables import as_rich

        decisions = f"{spec.decision}s"
        out.print(as_rich(results(learner_results, decisions)))
        out.print(as_rich(effort(learner_results, decisions)))
        say(note(decisions))
        say(f"written: {', '.join(map(str, files))}")

    show(summary, as_json, in_text)
    if failures:
        raise typer.Exit(EXIT_FAILED)


def _plans(
    scenario: str, learners: str | None, seeds: int, preset: str, steps: int | None, seconds: float
) -> "list[Plan]":
    """Every cell that was asked for; what was typed is checked here, before anything is trained."""
    from neuro_aolo.comparison.plan import Plan
    from neuro_aolo.comparison.table import all_learners, check_learners, plans
    from neuro_aolo.runs.config import PRESETS

    training, popsan = PRESETS[cast("Preset", one_of("--preset", preset, tuple(PRESETS)))]
    if steps is not None:
        training = replace(training, total_steps=steps)
    first = Plan.of(scenario, "", 0, training, popsan, seconds)
    names = all_learners(first.task) if learners is None else _split(learners)
    return plans(first, check_learners(names, first.task), seeds)


def _make(wanted: "list[Plan]", left: "list[Plan]", folder: Path, jobs: int) -> "list[Failure]":
    """Make the cells that are left; an interrupt says how far it came."""
    from neuro_aolo.comparison.table import unfinished
    from neuro_aolo.workers.local import make

    try:
        with _progress(len(wanted), len(left)) as advance:
            return make(left, folder, jobs, advance)
    except KeyboardInterrupt:
        kept = len(wanted) - len(unfinished(wanted, folder, overwrite=True))
        err.print(
            f"interrupted; {folder} holds {kept} of {len(wanted)} cells: the same command goes on from there",
            highlight=False,
            soft_wrap=True,
        )
        raise typer.Exit(EXIT_INTERRUPTED) from None


def _split(names: str) -> list[str]:
    return [name.strip() for name in names.split(",") if name.strip()]


def _command() -> str:
    """The command as it was typed."""
    return shlex.join(["neuro-aolo", *sys.argv[1:]])


@contextmanager
def _progress(total: int, left: int) -> "Iterator[Callable[[Plan, Failure | None], None]]":
    """Where the cells stand; failures are said in one line in any case."""
    done = total - left
    with stage("comparing", total, "cells") as tell:
        tell(done, "")

        def advance(plan: "Plan", failure: "Failure | None") -> None:
            nonlocal done
            done += 1
            tell(done, f"last {plan.name}")
            if failure:
                line = f"failed: {failure.cell}: {failure.reason}"
                err.print(line, style="red", markup=False, highlight=False, soft_wrap=True)

        yield advance
