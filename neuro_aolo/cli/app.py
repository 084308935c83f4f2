"""The command line: ``neuro-aolo``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo.cli import settings
from neuro_aolo.cli.catalogue import doctor, profiles_app, scenarios_app
from neuro_aolo.cli.compare import compare
from neuro_aolo.cli.deployment import energy, export, finetune, simulate
from neuro_aolo.cli.ledger import ledger
from neuro_aolo.cli.pareto import pareto
from neuro_aolo.cli.report import report, report_run
from neuro_aolo.cli.terminal import (
    EXIT_INTERRUPTED,
    BsOption,
    BsTraceOption,
    DcOption,
    DcTraceOption,
    FillOption,
    JsonOption,
    err,
    out,
    placed,
    progress_bar,
    run_app,
    say,
    show,
)
from neuro_aolo.errors import AgentError

if TYPE_CHECKING:
    from neuro_aolo.runs.analysis import Analysis
    from neuro_aolo.runs.folder import RunConfig, RunFolder
    from neuro_aolo.runs.training import Keeping
    from neuro_aolo.systems.aolo.scenario import Scenario

app = typer.Typer(
    name="neuro-aolo",
    help="Train a spiking actor for low-carbon wireless LLM services, run it on Lava, and add its carbon up.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(scenarios_app, name="scenarios")
app.add_typer(profiles_app, name="profiles")
app.command()(doctor)
app.command()(compare)
app.command()(pareto)
app.command()(finetune)
app.command()(export)
app.command()(simulate)
app.command()(energy)
app.command()(ledger)
app.command()(report)

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `train` or `run` wrote.")]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Run folder to make.")]
ResumeOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Go on with a run that was killed or interrupted, with its settings."),
]
PresetOption = Annotated[
    str, typer.Option(metavar="tuned|paper", help="Settings of the training and shape of the actor.")
]
ScenarioOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE.toml",
        help="Scenario by name or file; if absent `paper`, data centre in DEU, base station in FRA.",
    ),
]
SiteOption = Annotated[str, typer.Option(metavar="bs|dc", help="Whose carbon intensity the agent has.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Seed of everything drawn at random in training.")]
StepsOption = Annotated[
    int | None,
    typer.Option(min=1, help="Requests served in training, rounded up to a batch; the preset's if absent."),
]
TimeStepsOption = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="T", help="Time steps of a decision of the spiking actor; the preset's if absent."
    ),
]
SpikeWeightOption = Annotated[
    float,
    typer.Option(
        metavar="MG",
        help="What a microjoule of spikes counts as in training, in mg of carbon: above 0, spikes get fewer.",
    ),
]
SpikeProfileOption = Annotated[
    str, typer.Option(metavar="NAME|FILE.toml", help="Whose microjoules --spike-weight weighs.")
]
DeviceOption = Annotated[str, typer.Option(metavar="cpu|cuda", help="Where the networks are trained.")]
CompileOption = Annotated[
    bool,
    typer.Option("--compile", help="Compile the actor, which takes a minute or more and a C++ compiler."),
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run in --out.")]
CheckpointOption = Annotated[
    int,
    typer.Option(min=1, help="Rounds of the loop between checkpoints, rounded up to the next evaluation."),
]
TensorboardOption = Annotated[
    bool, typer.Option("--tensorboard", help="Write the learning curve for TensorBoard, too.")
]


@app.command()
def run(
    ctx: typer.Context,
    out_dir: OutOption = None,
    resume: ResumeOption = None,
    scenario: ScenarioOption = None,
    dc_country: DcOption = None,
    bs_country: BsOption = None,
    dc_trace: DcTraceOption = None,
    bs_trace: BsTraceOption = None,
    fill: FillOption = None,
    agent_site: SiteOption = "bs",
    preset: PresetOption = "tuned",
    seed: SeedOption = 0,
    steps: StepsOption = None,
    time_steps: TimeStepsOption = None,
    spike_weight: SpikeWeightOption = 0.0,
    spike_profile: SpikeProfileOption = settings.SPIKE_PROFILE,
    device: DeviceOption = "cpu",
    compiled: CompileOption = False,
    overwrite: OverwriteOption = False,
    checkpoint_every: CheckpointOption = 1,
    tensorboard: TensorboardOption = False,
    as_json: JsonOption = False,
) -> None:
    """Do the whole job: train, evaluate, export, run on Lava, price, report."""
    from neuro_aolo.agent.checkpoint import kind_of
    from neuro_aolo.runs.folder import RunFolder
    from neuro_aolo.runs.training import twin_config

    keeping = settings.keeping(checkpoint_every, tensorboard)
    if resume is not None:
        folder, config = settings.begun(ctx, resume)
        if kind_of(config.actor) != "popsan":
            raise AgentError(
                f"{resume} trains no spiking actor: go on with neuro-aolo train --resume {resume}"
            )
    else:
        service = settings.service(scenario, dc_country, bs_country, dc_trace, bs_trace, fill)
        typed = (agent_site, preset, seed, steps, device, "popsan", compiled)
        spiking = (time_steps, spike_weight, spike_profile)
        config = settings.config(service, *typed, *spiking)
        folder = RunFolder.create(settings.needed(out_dir), config, overwrite=overwrite)
    go_on = f"neuro-aolo run --resume {folder.path}"
    interrupted = not folder.is_trained and _train(folder, config, "spiking actor", keeping, go_on)
    if not interrupted:
        twin = folder.begin_twin(twin_config(config))
        interrupted = not twin.is_trained and _train(twin, twin.config(), "same-size MLP", keeping, go_on)
    report_run(folder, as_json)
    _end(interrupted, folder.path, go_on)


@app.command()
def train(
    ctx: typer.Context,
    out_dir: OutOption = None,
    resume: ResumeOption = None,
    scenario: ScenarioOption = None,
    dc_country: DcOption = None,
    bs_country: BsOption = None,
    dc_trace: DcTraceOption = None,
    bs_trace: BsTraceOption = None,
    fill: FillOption = None,
    agent_site: SiteOption = "bs",
    actor: Annotated[str, typer.Option(metavar="popsan|mlp", help="Which network decides.")] = "popsan",
    preset: PresetOption = "tuned",
    seed: SeedOption = 0,
    steps: StepsOption = None,
    time_steps: TimeStepsOption = None,
    spike_weight: SpikeWeightOption = 0.0,
    spike_profile: SpikeProfileOption = settings.SPIKE_PROFILE,
    device: DeviceOption = "cpu",
    compiled: CompileOption = False,
    overwrite: OverwriteOption = False,
    checkpoint_every: CheckpointOption = 1,
    tensorboard: TensorboardOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train an actor into a run folder."""
    from neuro_aolo.agent.checkpoint import kind_of
    from neuro_aolo.runs.folder import RunFolder

    keeping = settings.keeping(checkpoint_every, tensorboard)
    if resume is not None:
        folder, config = settings.begun(ctx, resume)
        if folder.is_trained:
            raise AgentError(
                f"{resume} is trained to its end, there is nothing to resume: "
                f"look at it with neuro-aolo evaluate {resume}"
            )
    else:
        service = settings.service(scenario, dc_country, bs_country, dc_trace, bs_trace, fill)
        typed = (agent_site, preset, seed, steps, device, actor, compiled)
        spiking = (time_steps, spike_weight, spike_profile)
        config = settings.config(service, *typed, *spiking)
        folder = RunFolder.create(settings.needed(out_dir), config, overwrite=overwrite)
    kind, path = kind_of(config.actor), folder.path
    go_on = f"neuro-aolo train --resume {path}"
    interrupted = _train(folder, config, kind, keeping, go_on)
    curve = folder.metrics()
    best = [row for row in curve if row["best"]][-1]
    result = {
        "run": str(path),
        "requests": int(curve[-1]["requests"]),
        "validation_regret": best["regret"],
        "validation_violation_rate": best["violation_rate"],
        "interrupted": interrupted,
    }
    line = (
        f"{path}: {result['requests']:,} requests, validation regret {best['regret']:.2%}, "
        f"violations {best['violation_rate']:.2%}. "
        f"Next: neuro-aolo {'report' if kind == 'popsan' else 'evaluate'} {path}"
    )
    show(result, as_json, lambda: say(line))
    _end(interrupted, path, go_on)


@app.command()
def evaluate(
    run_dir: RunArgument,
    requests: Annotated[int, typer.Option(min=1, help="Held-out requests to decide.")] = 20_000,
    scenario: Annotated[
        str | None,
        typer.Option(metavar="NAME|FILE.toml", help="Another scenario of the same state; its own if absent."),
    ] = None,
    dc_country: DcOption = None,
    bs_country: BsOption = None,
    dc_trace: DcTraceOption = None,
    bs_trace: BsTraceOption = None,
    fill: FillOption = None,
    as_json: JsonOption = False,
) -> None:
    """Regret against the oracle and violations on held-out requests, there or elsewhere."""
    from neuro_aolo.runs.folder import RunFolder

    trained_in = RunFolder.open(run_dir).config().scenario
    service = trained_in if scenario is None else settings.shifted(trained_in, scenario, run_dir)
    elsewhere = placed(service, dc_country, bs_country, dc_trace, bs_trace, fill)

    from neuro_aolo.report.tables import evaluation_table
    from neuro_aolo.runs.summary import evaluation_summary

    summary = evaluation_summary(_analysis(run_dir, requests=requests, scenario=elsewhere))
    if scenario is not None:
        summary["trained_in"] = trained_in.name

    def in_words() -> None:
        if scenario is not None:
            say(f"{run_dir}: trained in scenario {trained_in.name}, here in scenario {service.name}")
        out.print(evaluation_table(summary))

    show(summary, as_json, in_words)


def main() -> None:
    """Run the command line."""
    sys.exit(run_app(app))


def _train(folder: "RunFolder", config: "RunConfig", what: str, keeping: "Keeping", go_on: str) -> bool:
    """Train; ``go_on`` is the command that an interrupt before the first update is answered with."""
    try:
        from neuro_aolo.runs.training import train as train_into

        total = config.training.rounds * config.training.num_envs
        with progress_bar(f"training the {what}", total) as advance:
            return train_into(folder, config, advance, keeping)
    except KeyboardInterrupt:
        _say_interrupted(f"interrupted before it went on learning. Go on with: {go_on}")
        raise typer.Exit(EXIT_INTERRUPTED) from None


def _analysis(
    run_dir: Path,
    requests: int | None = None,
    scenario: "Scenario | None" = None,
) -> "Analysis":
    from neuro_aolo.agent.evaluate import HELD_OUT_REQUESTS
    from neuro_aolo.runs.analysis import Analysis
    from neuro_aolo.runs.folder import RunFolder

    return Analysis(RunFolder.open(run_dir), requests or HELD_OUT_REQUESTS, scenario=scenario)


def _end(interrupted: bool, folder: Path, go_on: str) -> None:
    if interrupted:
        _say_interrupted(f"interrupted; {folder} holds the best actor so far. Go on with: {go_on}")
        raise typer.Exit(EXIT_INTERRUPTED)


def _say_interrupted(line: str) -> None:
    err.print(line, markup=False, highlight=False, soft_wrap=True)
