"""The commands that train an actor and look at its decisions: ``run``, ``train``, ``evaluate``."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo import interrupt
from neuro_aolo.cli import names
from neuro_aolo.cli.options import (
    JsonOption,
    PlaceOptions,
    QuietOption,
    RunArgument,
    TrainOptions,
    takes,
)
from neuro_aolo.cli.report import report_run
from neuro_aolo.cli.terminal import EXIT_FAILED, out, say, show, validation
from neuro_aolo.cli.typed import completes, whole
from neuro_aolo.errors import AgentError
from neuro_aolo.runs.progress import err, remark, stage, told

if TYPE_CHECKING:
    from neuro_aolo.runs.config import RunConfig
    from neuro_aolo.runs.folder import RunFolder
    from neuro_aolo.runs.training import Keeping
    from neuro_aolo.systems.task import Spec

_BESIDE_RESUME = ("resume", "checkpoint_every", "tensorboard", "as_json", "quiet")


@takes(TrainOptions)
def run(
    ctx: typer.Context, options: TrainOptions, as_json: JsonOption = False, quiet: QuietOption = False
) -> None:
    """Do the whole job: train, evaluate, export, run on Lava, price, report."""
    from neuro_aolo.agent.checkpoint import kind_of
    from neuro_aolo.runs.training import twin_config

    keeping = _keeping(options)
    with _begun(ctx, options, None) as (folder, config):
        if kind_of(config.actor) != "popsan":
            raise AgentError(
                f"{folder.path} trains no spiking actor: go on with neuro-aolo train --resume {folder.path}"
            )
        go_on = f"neuro-aolo run --resume {folder.path}"
        interrupted = not folder.is_trained and _train(folder, config, "spiking actor", keeping, go_on)
        if not interrupted:
            twin = folder.begin_twin(twin_config(config))
            interrupted = not twin.is_trained and _train(twin, twin.config(), "dense twin", keeping, go_on)
        failed = not interrupted and _export(folder)
        report_run(folder.path, as_json)
        _end(interrupted, folder.path, go_on)
        if failed:
            raise typer.Exit(EXIT_FAILED)


@takes(TrainOptions)
def train(
    ctx: typer.Context,
    options: TrainOptions,
    actor: Annotated[
        str | None,
        typer.Option(
            metavar="popsan|mlp|diffusion",
            autocompletion=completes(names.ACTORS),
            help="Which network decides; popsan, a spiking one, if absent.",
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train an actor into a run folder."""
    from neuro_aolo.agent.checkpoint import kind_of
    from neuro_aolo.text.feasibility import is_feasible

    keeping = _keeping(options)
    with _begun(ctx, options, actor) as (folder, config):
        if options.resume is not None and folder.is_trained:
            raise AgentError(
                f"{options.resume} is trained to its end, there is nothing to resume: "
                f"look at it with neuro-aolo evaluate {options.resume}"
            )
        path = folder.path
        go_on = f"neuro-aolo train --resume {path}"
        interrupted = _train(folder, config, kind_of(config.actor), keeping, go_on)
        curve = folder.metrics()
        best, limit = [row for row in curve if row["best"]][-1], _spec(config).violation_limit
        result = {
            "run": str(path),
            "requests": int(curve[-1]["requests"]),
            "validation_regret": best["regret"],
            "validation_violation_rate": best["violation_rate"],
            "violation_limit": limit,
            "feasible": is_feasible(best["violation_rate"], limit),
            "interrupted": interrupted,
        }
        validated = validation(best["regret"], best["violation_rate"], limit)
        served = f"{result['requests']:,} {_decisions(config)}"
        line = f"{path}: {served}, {validated}. Next: neuro-aolo report {path}"
        show(result, as_json, lambda: say(line))
        _end(interrupted, path, go_on)


@takes(PlaceOptions)
def evaluate(
    run_dir: RunArgument,
    options: PlaceOptions,
    requests: Annotated[
        int | None,
        whole(least=1, most=10_000_000, help="Held-out requests to decide; 20,000 if absent."),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.toml",
            autocompletion=completes(names.scenarios),
            help="Another scenario of the same state; its own if absent.",
        ),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Regret against the exact optimum and violations on held-out requests, there or elsewhere."""
    from neuro_aolo.report.tables import evaluation_table, print_rule
    from neuro_aolo.runs.answers import evaluate as evaluated
    from neuro_aolo.runs.traces import factor_notes, trace_notes

    with stage("evaluating"):
        answer = evaluated(run_dir, requests=requests, scenario=scenario, places=options.places())

    def in_text() -> None:
        if answer.trained_in:
            say(f"{run_dir}: trained in scenario {answer.trained_in}, here in scenario {answer.scenario}")
        out.print(evaluation_table(answer.run, answer.wording, answer.decided))
        print_rule(answer.decided, out)
        for line in answer.wording.figures:
            say(line)
        for note in (*factor_notes(answer.wording.factors), *trace_notes(answer.run.traces)):
            say(note)

    show(answer.to_dict(), as_json, in_text, answer.run.system)


def _keeping(options: TrainOptions) -> "Keeping":
    """What is kept of a training on the way."""
    from neuro_aolo.runs.event_log import check_tensorboard
    from neuro_aolo.runs.training import Keeping

    if options.tensorboard:
        check_tensorboard()
    return Keeping(options.checkpoint_every, options.tensorboard)


@contextmanager
def _begun(
    ctx: typer.Context, options: TrainOptions, actor: str | None
) -> "Iterator[tuple[RunFolder, RunConfig]]":
    """The folder to train into, this process's own, and its settings: of a run that goes on, or a new one."""
    from neuro_aolo.runs.folder import RunFolder
    from neuro_aolo.runs.lock import locked
    from neuro_aolo.runs.traces import trace_facts, trace_notes

    if options.resume is None:
        config = options.training(actor).config()
        for note in trace_notes(trace_facts(config.scenario)):
            remark(note)
        with RunFolder.new(options.needed_out(), config, overwrite=options.overwrite) as folder:
            yield folder, config
        return
    _refuse_beside_resume(ctx, options.resume)
    folder = RunFolder.begun(options.resume)
    with locked(folder.path):
        yield folder, _goes_on(folder)


def _refuse_beside_resume(ctx: typer.Context, path: Path) -> None:
    """Refuse options that would change the settings of a run that goes on."""
    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(parameter.name or "")
        if parameter.name not in _BESIDE_RESUME and source is not None and source.name == "COMMANDLINE":
            raise AgentError(
                f"{parameter.opts[0]} cannot be given with --resume: {path} goes on with its own settings; "
                "leave it out"
            )


def _goes_on(folder: "RunFolder") -> "RunConfig":
    """The settings of a run that goes on, as far as this machine can."""
    from neuro_aolo.runs.options import check_compiler, chosen_device

    config = folder.config()
    folder.snapshot()
    chosen_device(config.device)
    if config.compiled:
        check_compiler()
    return config


def _train(folder: "RunFolder", config: "RunConfig", what: str, keeping: "Keeping", go_on: str) -> bool:
    """Train; ``go_on`` is the command that an interrupt before the first update is answered with."""
    try:
        from neuro_aolo.runs.training import train_into

        total = config.training.rounds * config.training.num_envs
        limit = _spec(config).violation_limit
        with stage(f"training the {what}", total, _decisions(config)) as advance:
            return train_into(folder, config, lambda row: advance(row.requests, told(row, limit)), keeping)
    except KeyboardInterrupt:
        _say_interrupted(f"{interrupt.word()} before it went on learning. Go on with: {go_on}")
        raise typer.Exit(interrupt.exit_code()) from None


def _export(folder: "RunFolder") -> bool:
    """Write a run's actors in every format that is installed; whether one of them failed, in a line each."""
    from neuro_aolo.errors import NeuroAoloError
    from neuro_aolo.runs.exports import chosen_formats, export_run
    from neuro_aolo.runs.run import Run
    from neuro_aolo_export.errors import ExportError

    # The report runs the actor on Lava, and writes that file itself.
    formats = [name for name in chosen_formats(None)[0] if name != "lava"]
    opened, failed = Run.open(folder), False
    with stage("exporting, and running every file back", len(formats), "formats") as advance:
        for done, name in enumerate(formats, start=1):
            try:
                export_run(opened, (name,), folder.path)
            except (NeuroAoloError, ExportError) as error:
                failed = True
                line = f"not exported to {name}: {' '.join(str(error).split())}"
                err.print(line, style="red", highlight=False, soft_wrap=True)
            advance(done, f"last {name}")
    return failed


def _decisions(config: "RunConfig") -> str:
    """What the system calls several decisions."""
    return f"{_spec(config).decision}s"


def _spec(config: "RunConfig") -> "Spec":
    return config.system.task(config.scenario).spec


def _end(interrupted: bool, folder: Path, go_on: str) -> None:
    if interrupted:
        _say_interrupted(f"{interrupt.word()}; {folder} holds the best actor so far. Go on with: {go_on}")
        raise typer.Exit(interrupt.exit_code())


def _say_interrupted(line: str) -> None:
    err.print(line, highlight=False, soft_wrap=True)
