"""The command that compares learners: ``neuro-aolo compare``."""

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo import interrupt
from neuro_aolo.cli import names
from neuro_aolo.cli.options import JsonOption, QuietOption
from neuro_aolo.cli.output import make_folder
from neuro_aolo.cli.terminal import EXIT_FAILED, out, say, show
from neuro_aolo.cli.typed import completes, real, several, whole
from neuro_aolo.runs.progress import err, stage

if TYPE_CHECKING:
    from neuro_aolo.comparison.compared import Compared, Wanted
    from neuro_aolo.comparison.plan import Plan
    from neuro_aolo.workers.local import Failure


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
            metavar="NAME[:SEEDS],...",
            autocompletion=several(names.LEARNERS),
            help="Some of spiking, mlp, diffusion, sac, td3, ppo, optimum-table, linear-cem, regressed-mlp, "
            "random, constant, the system's rules and estimators and the exact optimum, which AOLO calls "
            "oracle; all of these if absent. Also best-of (a search under the MLP's critics) and "
            "categorical (an MLP that draws what it names). sac:1 has one seed, whatever --seeds says.",
        ),
    ] = None,
    preset: Annotated[
        str,
        typer.Option(
            metavar="tuned|population|paper",
            autocompletion=completes(names.PRESETS),
            help="Settings of spiking, mlp and diffusion.",
        ),
    ] = "tuned",
    steps: Annotated[
        int | None, whole(least=1, help="Requests served in training by spiking, mlp and diffusion.")
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
    from neuro_aolo.comparison.compared import wanted
    from neuro_aolo.comparison.table import as_data

    if out_dir is not None and out_dir.exists():
        make_folder(out_dir)
    asked = wanted(
        scenario,
        None if learners is None else _split(learners),
        seeds=seeds,
        preset=preset,
        steps=steps,
        seconds=seconds,
        folder=out_dir,
        overwrite=overwrite,
    )
    result = _make(asked, jobs)
    if result is None:
        raise typer.Exit(EXIT_FAILED)
    summary = {
        "scenario": result.scenario,
        "cells": len(result.cells),
        "trained": result.trained,
        "failed": dict(result.failed),
        "learners": as_data(result.learners),
        "files": [str(file) for file in result.files],
    }

    def in_text() -> None:
        from neuro_aolo.report.learners import effort, note, results
        from neuro_aolo.report.tables import as_rich

        out.print(as_rich(results(result.learners, result.decisions)))
        out.print(as_rich(effort(result.learners, result.decisions)))
        say(note(result.decisions))
        say(f"written: {', '.join(map(str, result.files))}")

    show(summary, as_json, in_text)
    if result.failed:
        raise typer.Exit(EXIT_FAILED)


def _make(asked: "Wanted", jobs: int) -> "Compared | None":
    """Make the cells that are left; an interrupt says how far it came."""
    from neuro_aolo.comparison.compared import made

    try:
        with _progress(len(asked.plans), len(asked.left)) as advance:
            return made(asked, jobs, _command(), advance)
    except KeyboardInterrupt:
        err.print(
            f"{interrupt.word()}; {asked.folder} holds {asked.kept} of {len(asked.plans)} cells: the same "
            "command goes on from there",
            highlight=False,
            soft_wrap=True,
        )
        raise typer.Exit(interrupt.exit_code()) from None


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
                err.print(line, style="red", highlight=False, soft_wrap=True)

        yield advance
