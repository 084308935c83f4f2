"""The command line: ``neuro-aolo``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo.catalogue import doctor, profiles_app, scenarios_app
from neuro_aolo.comparison.command import compare
from neuro_aolo.deployment.command import energy, export, finetune, simulate
from neuro_aolo.errors import AgentError
from neuro_aolo.terminal import (
    EXIT_INTERRUPTED,
    BsOption,
    BsTraceOption,
    DcOption,
    DcTraceOption,
    FillOption,
    JsonOption,
    busy,
    err,
    out,
    placed,
    progress_bar,
    run_app,
    say,
    show,
)

if TYPE_CHECKING:
    from neuro_aolo.analysis import Analysis
    from neuro_aolo.job import Keeping
    from neuro_aolo.run import AgentSite, Preset, RunConfig, RunFolder
    from neuro_aolo.service.scenario import Scenario

DEMO_COUNTRIES = {"dc": "DEU", "bs": "FRA"}
"""Countries of a run that names neither a scenario nor, for that side, a country or a trace."""

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
app.command()(finetune)
app.command()(export)
app.command()(simulate)
app.command()(energy)

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
    device: DeviceOption = "cpu",
    compiled: CompileOption = False,
    overwrite: OverwriteOption = False,
    checkpoint_every: CheckpointOption = 1,
    tensorboard: TensorboardOption = False,
    as_json: JsonOption = False,
) -> None:
    """Do the whole job: train, evaluate, export, run on Lava, price, report."""
    from neuro_aolo.agent.checkpoint import kind_of
    from neuro_aolo.job import twin_config
    from neuro_aolo.run import RunFolder

    keeping = _keeping(checkpoint_every, tensorboard)
    if resume is not None:
        folder, config = _begun(ctx, resume)
        if kind_of(config.actor) != "popsan":
            raise AgentError(
                f"{resume} trains no spiking actor: go on with neuro-aolo train --resume {resume}"
            )
    else:
        service = _service(scenario, dc_country, bs_country, dc_trace, bs_trace, fill)
        config = _config(service, agent_site, preset, seed, steps, device, "popsan", compiled)
        folder = RunFolder.create(_needed(out_dir), config, overwrite=overwrite)
    go_on = f"neuro-aolo run --resume {folder.path}"
    interrupted = not folder.is_trained and _train(folder, config, "spiking actor", keeping, go_on)
    if not interrupted:
        twin = folder.begin_twin(twin_config(config))
        interrupted = not twin.is_trained and _train(twin, twin.config(), "same-size MLP", keeping, go_on)
    _report(folder, as_json)
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
    device: DeviceOption = "cpu",
    compiled: CompileOption = False,
    overwrite: OverwriteOption = False,
    checkpoint_every: CheckpointOption = 1,
    tensorboard: TensorboardOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train an actor into a run folder."""
    from neuro_aolo.agent.checkpoint import kind_of
    from neuro_aolo.run import RunFolder

    keeping = _keeping(checkpoint_every, tensorboard)
    if resume is not None:
        folder, config = _begun(ctx, resume)
        if folder.is_trained:
            raise AgentError(
                f"{resume} is trained to its end, there is nothing to resume: "
                f"look at it with neuro-aolo evaluate {resume}"
            )
    else:
        service = _service(scenario, dc_country, bs_country, dc_trace, bs_trace, fill)
        config = _config(service, agent_site, preset, seed, steps, device, actor, compiled)
        folder = RunFolder.create(_needed(out_dir), config, overwrite=overwrite)
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
    from neuro_aolo.run import RunFolder

    trained_in = RunFolder.open(run_dir).config().scenario
    service = trained_in if scenario is None else _shifted(trained_in, scenario, run_dir)
    elsewhere = placed(service, dc_country, bs_country, dc_trace, bs_trace, fill)

    from neuro_aolo.report.tables import evaluation_table
    from neuro_aolo.summary import evaluation_summary

    summary = evaluation_summary(_analysis(run_dir, requests=requests, scenario=elsewhere))
    if scenario is not None:
        summary["trained_in"] = trained_in.name

    def in_words() -> None:
        if scenario is not None:
            say(f"{run_dir}: trained in scenario {trained_in.name}, here in scenario {service.name}")
        out.print(evaluation_table(summary))

    show(summary, as_json, in_words)


@app.command()
def report(run_dir: RunArgument, as_json: JsonOption = False) -> None:
    """Write summary.json and report.html of a run."""
    from neuro_aolo.run import RunFolder

    _report(RunFolder.open(run_dir), as_json)


def main() -> None:
    """Run the command line."""
    sys.exit(run_app(app))


def _service(
    name: str | None,
    dc_country: str | None,
    bs_country: str | None,
    dc_trace: Path | None,
    bs_trace: Path | None,
    fill: str | None,
) -> "Scenario":
    """The scenario that was asked for, in the places that were asked for."""
    from neuro_aolo.service.scenario import Scenario

    if name is None:
        if dc_country is None and dc_trace is None:
            dc_country = DEMO_COUNTRIES["dc"]
        if bs_country is None and bs_trace is None:
            bs_country = DEMO_COUNTRIES["bs"]
    return placed(Scenario.load(name or "paper"), dc_country, bs_country, dc_trace, bs_trace, fill)


def _shifted(trained_in: "Scenario", name: str, run_dir: Path) -> "Scenario":
    """Another scenario as the actor of a run meets it: the actor keeps the ranges that it learnt to read.

    Raises:
        ScenarioError: the other scenario has another state or another action box, or leaves those ranges.
    """
    from neuro_aolo.errors import ScenarioError
    from neuro_aolo.service.scenario import Scenario

    other = Scenario.load(name)
    own, others = trained_in.state_names, other.state_names
    if own != others:
        raise ScenarioError(
            f"scenario {other.name!r} has {len(others)} observations ({', '.join(others)}), the actor of "
            f"{run_dir} has {len(own)} ({', '.join(own)}): choose a scenario with the same, or train in it"
        )
    if other.actions != trained_in.actions:
        raise ScenarioError(
            f"scenario {other.name!r} has another action box than the actor of {run_dir} was trained for "
            f"({other.actions}, not {trained_in.actions}): choose one with the same, or train in it"
        )
    ranges = {key: {"observe": list(getattr(trained_in.state, key).observe)} for key in own}
    return other.with_values(state=ranges)


def _needed(out_dir: Path | None) -> Path:
    if out_dir is None:
        raise AgentError(
            "there is no folder to train into: add --out DIR, or --resume DIR to go on with a run"
        )
    return out_dir


def _keeping(checkpoint_every: int, tensorboard: bool) -> "Keeping":
    from neuro_aolo.event_log import check_tensorboard
    from neuro_aolo.job import Keeping

    if tensorboard:
        check_tensorboard()
    return Keeping(checkpoint_every, tensorboard)


_BESIDE_RESUME = ("resume", "checkpoint_every", "tensorboard", "as_json")


def _begun(ctx: typer.Context, path: Path) -> "tuple[RunFolder, RunConfig]":
    """A run that was begun, and its settings; options that would change them are refused."""
    from neuro_aolo.job import check_compiler, check_device
    from neuro_aolo.run import RunFolder

    for parameter in ctx.command.params:
        source = ctx.get_parameter_source(parameter.name or "")
        if parameter.name not in _BESIDE_RESUME and source is not None and source.name == "COMMANDLINE":
            raise AgentError(
                f"{parameter.opts[0]} cannot be given with --resume: {path} goes on with its own settings; "
                "leave it out"
            )
    folder = RunFolder.begun(path)
    config = folder.config()
    check_device(config.device)
    if config.compiled:
        check_compiler()
    return folder, config


def _config(
    service: "Scenario",
    agent_site: str,
    preset: str,
    seed: int,
    steps: int | None,
    device: str,
    actor: str,
    compiled: bool,
) -> "RunConfig":
    """The settings of a run; what was typed is checked here, before anything is written."""
    if agent_site not in ("bs", "dc"):
        raise AgentError(f"--agent-site {agent_site!r} is neither bs nor dc: choose one of them")
    if actor not in ("popsan", "mlp"):
        raise AgentError(f"--actor {actor!r} is neither popsan nor mlp: choose one of them")
    if preset not in ("tuned", "paper"):
        raise AgentError(f"--preset {preset!r} is neither tuned nor paper: choose one of them")

    from dataclasses import replace

    from neuro_aolo.agent.aolo import AoloTask
    from neuro_aolo.agent.mlp import MLPConfig
    from neuro_aolo.job import check_compiler, check_device
    from neuro_aolo.run import PRESETS, RunConfig

    check_device(device)
    if compiled:
        check_compiler()
    AoloTask(service)
    name: Preset = preset  # type: ignore[assignment]
    training, popsan = PRESETS[name]
    if steps is not None:
        training = replace(training, total_steps=steps)
    network = popsan if actor == "popsan" else MLPConfig()
    site: AgentSite = agent_site  # type: ignore[assignment]
    return RunConfig(service, network, training, seed, device, site, name, compiled)


def _train(folder: "RunFolder", config: "RunConfig", what: str, keeping: "Keeping", go_on: str) -> bool:
    """Train; ``go_on`` is the command that an interrupt before the first update is answered with."""
    try:
        from neuro_aolo.job import train as train_into

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
    from neuro_aolo.analysis import Analysis
    from neuro_aolo.run import RunFolder

    return Analysis(RunFolder.open(run_dir), requests or HELD_OUT_REQUESTS, scenario=scenario)


def _report(folder: "RunFolder", as_json: bool) -> None:
    """Analyse the run, write summary.json and report.html, and show the summary."""
    from neuro_aolo.report.html import write_report
    from neuro_aolo.report.tables import print_summary
    from neuro_aolo.summary import full_summary

    with busy("evaluating, exporting, simulating, pricing"):
        curve = folder.metrics()
        summary = full_summary(_analysis(folder.path))
        folder.write_summary(summary)
        page = write_report(folder.path, summary, curve)

    def in_words() -> None:
        print_summary(summary, out)
        say(f"report: {page}")

    show(summary, as_json, in_words)


def _end(interrupted: bool, folder: Path, go_on: str) -> None:
    if interrupted:
        _say_interrupted(f"interrupted; {folder} holds the best actor so far. Go on with: {go_on}")
        raise typer.Exit(EXIT_INTERRUPTED)


def _say_interrupted(line: str) -> None:
    err.print(line, markup=False, highlight=False, soft_wrap=True)
