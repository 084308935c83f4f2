"""The command line: ``neuro-aolo``."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from typer.exceptions import TyperException

from neuro_aolo.errors import AgentError, NeuroAoloError

if TYPE_CHECKING:
    from neuro_aolo.agent.sdrl import Metrics
    from neuro_aolo.analysis import Analysis
    from neuro_aolo.run import RunConfig, RunFolder

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

DEMO_COUNTRIES = ("DEU", "FRA")
"""Data centre and base station of a run that names neither a scenario nor countries."""

app = typer.Typer(
    name="neuro-aolo",
    help="Train a spiking actor for low-carbon wireless LLM services, run it on Lava, and add its carbon up.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
scenarios_app = typer.Typer(invoke_without_command=True, help="The services that can be controlled.")
profiles_app = typer.Typer(invoke_without_command=True, help="The devices that a decision can be priced on.")
app.add_typer(scenarios_app, name="scenarios")
app.add_typer(profiles_app, name="profiles")

out = Console()
err = Console(stderr=True)

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `train` or `run` wrote.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
ScenarioOption = Annotated[
    str | None, typer.Option(metavar="NAME|FILE.toml", help="Scenario by name or file; `paper` if absent.")
]
DcOption = Annotated[
    str | None,
    typer.Option(
        metavar="ISO3",
        help="Country of the data centre; without it and --scenario DEU, else as the scenario says.",
    ),
]
BsOption = Annotated[
    str | None, typer.Option(metavar="ISO3", help="Country of the base station. FRA likewise.")
]
SiteOption = Annotated[str, typer.Option(metavar="bs|dc", help="Whose carbon intensity the agent has.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Seed of everything drawn at random in training.")]
StepsOption = Annotated[
    int | None, typer.Option(min=1, help="Requests served in training, rounded up to a batch of 256.")
]
OutOption = Annotated[Path, typer.Option(metavar="DIR", help="Run folder to make.")]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace an earlier run in --out.")]
DeviceOption = Annotated[str, typer.Option(metavar="cpu|cuda", help="Where the networks are trained.")]
ProfileOption = Annotated[
    list[str] | None,
    typer.Option("--profile", metavar="NAME|FILE.toml", help="Only this device; can be repeated."),
]


@app.command()
def run(
    out_dir: Annotated[Path, typer.Option("--out", metavar="DIR", help="Run folder to make.")],
    scenario: ScenarioOption = None,
    dc_country: DcOption = None,
    bs_country: BsOption = None,
    agent_site: SiteOption = "bs",
    seed: SeedOption = 0,
    steps: StepsOption = None,
    device: DeviceOption = "cpu",
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Do the whole job: train, evaluate, export, run on Lava, price, report."""
    config = _config(scenario, dc_country, bs_country, agent_site, seed, steps, device, "popsan")
    from neuro_aolo.job import twin_config
    from neuro_aolo.run import RunFolder

    folder = RunFolder.create(out_dir, config, overwrite=overwrite)
    interrupted = _train(folder, config, "spiking actor")
    if not interrupted:
        twin = RunFolder.create(folder.twin.path, twin_config(config), overwrite=overwrite)
        interrupted = _train(twin, twin_config(config), "same-size MLP")
    _report(folder, as_json)
    _end(interrupted, out_dir)


@app.command()
def train(
    out_dir: Annotated[Path, typer.Option("--out", metavar="DIR", help="Run folder to make.")],
    scenario: ScenarioOption = None,
    dc_country: DcOption = None,
    bs_country: BsOption = None,
    agent_site: SiteOption = "bs",
    actor: Annotated[str, typer.Option(metavar="popsan|mlp", help="Which network decides.")] = "popsan",
    seed: SeedOption = 0,
    steps: StepsOption = None,
    device: DeviceOption = "cpu",
    overwrite: OverwriteOption = False,
    as_json: JsonOption = False,
) -> None:
    """Train an actor into a run folder."""
    config = _config(scenario, dc_country, bs_country, agent_site, seed, steps, device, actor)
    from neuro_aolo.run import RunFolder

    folder = RunFolder.create(out_dir, config, overwrite=overwrite)
    interrupted = _train(folder, config, actor)
    best = [row for row in folder.metrics() if row["best"]][-1]
    result = {
        "run": str(out_dir),
        "requests": folder.metrics()[-1]["requests"],
        "validation_regret": best["regret"],
        "validation_violation_rate": best["violation_rate"],
        "interrupted": interrupted,
    }
    _show(
        result,
        as_json,
        lambda: out.print(
            f"{out_dir}: {result['requests']:,.0f} requests, validation regret {best['regret']:.2%}, "
            f"violations {best['violation_rate']:.2%}. Next: neuro-aolo report {out_dir}"
        ),
    )
    _end(interrupted, out_dir)


@app.command()
def evaluate(
    run_dir: RunArgument,
    requests: Annotated[int, typer.Option(min=1, help="Held-out requests to decide.")] = 20_000,
    as_json: JsonOption = False,
) -> None:
    """Regret against the oracle and violations on held-out requests."""
    from neuro_aolo.report.tables import evaluation_table

    summary = _analysis(run_dir, requests=requests).evaluation_summary()
    _show(summary, as_json, lambda: out.print(evaluation_table(summary)))


@app.command()
def export(
    run_dir: RunArgument,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Network file; RUN/actor.net if absent.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Quantise the actor to Loihi 2 integers and write it as a lava-dl network file."""
    from neuro_aolo.run import NETWORK

    analysis = _analysis(run_dir)
    path = file or run_dir / NETWORK
    analysis.write_network(path)
    shapes = [list(layer.weight.shape) for layer in analysis.quantized.layers]
    clipped = sum(report.clipped for report in analysis.quantized.report)
    result = {"file": str(path), "layers": shapes, "clipped": clipped, "time_steps": analysis.quantized.steps}
    sizes = "-".join(str(n) for n in [shapes[0][1], *(shape[0] for shape in shapes)])
    _show(
        result,
        as_json,
        lambda: out.print(
            f"{path}: {sizes} (always-on axons included), {clipped} weights clipped", soft_wrap=True
        ),
    )


@app.command()
def simulate(run_dir: RunArgument, as_json: JsonOption = False) -> None:
    """Run the integer actor in our simulator and on Lava, spike for spike."""
    from neuro_aolo.report.tables import lava_table

    summary = _analysis(run_dir).simulation_summary()
    _show(summary, as_json, lambda: out.print(lava_table(summary)))


@app.command()
def energy(run_dir: RunArgument, profile: ProfileOption = None, as_json: JsonOption = False) -> None:
    """Joules per decision on each device, the spiking actor beside the MLP."""
    from neuro_aolo.report.tables import energy_table

    summary = _analysis(run_dir, profiles=tuple(profile or ())).energy_summary()
    _show(summary, as_json, lambda: out.print(energy_table(summary)))


@app.command()
def report(run_dir: RunArgument, as_json: JsonOption = False) -> None:
    """Write summary.json and report.html of a run."""
    from neuro_aolo.run import RunFolder

    _report(RunFolder.open(run_dir), as_json)


@scenarios_app.callback()
def scenarios(context: typer.Context) -> None:
    """List the shipped scenarios."""
    if context.invoked_subcommand is None:
        from neuro_aolo.service.scenario import Scenario, scenario_names

        for name in scenario_names():
            out.print(f"[bold]{name}[/bold]  {Scenario.load(name).description}")


@scenarios_app.command("show")
def show_scenario(name: Annotated[str, typer.Argument(metavar="NAME|FILE.toml")]) -> None:
    """Print a scenario, resolved, as TOML."""
    from neuro_aolo.service.scenario import Scenario

    out.print(Scenario.load(name).to_toml(), markup=False, highlight=False, soft_wrap=True)


@profiles_app.callback()
def profiles(context: typer.Context) -> None:
    """List the shipped hardware profiles."""
    if context.invoked_subcommand is None:
        from hardware_profiles.profile import load_profile, profile_names

        table = Table("profile", "device", "runs", "scope", "boundary")
        for name in profile_names():
            device = load_profile(name)
            table.add_row(name, device.name, ", ".join(device.executes), device.scope, device.boundary)
        out.print(table)


@profiles_app.command("show")
def show_profile(name: Annotated[str, typer.Argument(metavar="NAME|FILE.toml")]) -> None:
    """Print a hardware profile with the source of each figure."""
    from hardware_profiles.profile import load_profile

    data = load_profile(name).model_dump(mode="json", by_alias=True, exclude_none=True)
    out.print_json(data=data)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """What is installed, what is missing, and the command that mends it."""
    from export.lava import LAVA_INSTALL, lava_version

    def installed(name: str) -> str | None:
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    rows: list[dict[str, Any]] = [
        {"part": name, "version": installed(name), "fix": f"pip install {name}"}
        for name in ("neuro-aolo", "torch", "norse", "numpy", "scipy", "gymnasium", "codecarbon")
    ]
    rows.append({"part": "lava-dl on lava-nc (optional)", "version": lava_version(), "fix": LAVA_INSTALL})
    missing = [row for row in rows if row["version"] is None and "optional" not in row["part"]]

    def show() -> None:
        for row in rows:
            state = row["version"] or f"missing; mend it with:  {row['fix']}"
            out.print(f"{row['part']:<30} {state}", highlight=False, soft_wrap=True, markup=False)
        gpu = _gpu() or "none: training runs on the CPU"
        out.print(f"{'CUDA GPU (optional)':<30} {gpu}", highlight=False)

    _show({"parts": rows, "gpu": _gpu()}, as_json, show)
    if missing:
        raise typer.Exit(EXIT_FAILED)


def main() -> None:
    """Run the command line; bad input ends with one line on standard error."""
    from export.errors import ExportError
    from hardware_profiles.profile import ProfileError

    try:
        code = app(standalone_mode=False)
    except (NeuroAoloError, ExportError, ProfileError) as error:
        code = _fail(str(error))
    except TyperException as error:
        # Without a message there was no command, and the help has been printed already.
        code = _fail(_usage(error)) if str(error) else EXIT_BAD_INPUT
    except (KeyboardInterrupt, typer.Abort):
        code = EXIT_INTERRUPTED
    sys.exit(code or 0)


def _usage(error: TyperException) -> str:
    """What is wrong with an option, the value that was typed included."""
    message: str = getattr(error, "format_message", error.__str__)()
    options = getattr(getattr(error, "param", None), "opts", [])
    words = [word for argument in sys.argv for word in argument.split("=", 1)]
    typed = [value for option, value in pairwise(words) if option in options]
    given = f" (given: {typed[-1]!r})" if typed else ""
    return f"{message}{given}; see neuro-aolo --help"


def _fail(message: str) -> int:
    line = " ".join(message.split())
    err.print(f"error: {line}", style="red", markup=False, highlight=False, soft_wrap=True)
    return EXIT_BAD_INPUT


def _gpu() -> str | None:
    try:
        import torch
    except ImportError:
        return None
    return torch.cuda.get_device_name() if torch.cuda.is_available() else None


def _config(
    scenario: str | None,
    dc_country: str | None,
    bs_country: str | None,
    agent_site: str,
    seed: int,
    steps: int | None,
    device: str,
    actor: str,
) -> "RunConfig":
    """The settings of a run; everything that was typed is checked here, before anything is written."""
    from neuro_aolo.service.scenario import Scenario

    if scenario is None:
        dc_country, bs_country = dc_country or DEMO_COUNTRIES[0], bs_country or DEMO_COUNTRIES[1]
    service = Scenario.load(scenario or "paper").with_countries(dc_country, bs_country)
    if agent_site not in ("bs", "dc"):
        raise AgentError(f"--agent-site {agent_site!r} is neither bs nor dc: choose one of them")
    if actor not in ("popsan", "mlp"):
        raise AgentError(f"--actor {actor!r} is neither popsan nor mlp: choose one of them")

    from neuro_aolo.agent.aolo import AoloTask
    from neuro_aolo.agent.mlp import MLPConfig
    from neuro_aolo.agent.popsan import PopSANConfig
    from neuro_aolo.agent.sdrl import SDRLConfig
    from neuro_aolo.job import check_device
    from neuro_aolo.run import AgentSite, RunConfig

    check_device(device)
    AoloTask(service)
    training = SDRLConfig() if steps is None else SDRLConfig(total_steps=steps)
    site: AgentSite = agent_site  # type: ignore[assignment]
    network = PopSANConfig() if actor == "popsan" else MLPConfig()
    return RunConfig(service, network, training, seed, device, site)


def _train(folder: "RunFolder", config: "RunConfig", what: str) -> bool:
    from neuro_aolo.job import train as train_into

    with _progress(f"training the {what}", config.training.updates * config.training.num_envs) as advance:
        return train_into(folder, config, advance)


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[["Metrics"], None]]:
    """A progress bar on standard error where that is a terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} requests, regret {task.fields[regret]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=total, regret="-")

        def advance(row: "Metrics") -> None:
            regret = f"{row.regret:.1%}, violations {row.violation_rate:.1%}"
            progress.update(task, completed=row.requests, regret=regret)

        yield advance


def _analysis(run_dir: Path, requests: int | None = None, profiles: tuple[str, ...] = ()) -> "Analysis":
    from neuro_aolo.agent.evaluate import HELD_OUT_REQUESTS
    from neuro_aolo.analysis import Analysis
    from neuro_aolo.run import RunFolder

    return Analysis(RunFolder.open(run_dir), requests or HELD_OUT_REQUESTS, profiles)


def _report(folder: "RunFolder", as_json: bool) -> None:
    """Analyse the run, write summary.json and report.html, and show the summary."""
    from neuro_aolo.report.html import write_report
    from neuro_aolo.report.tables import print_summary

    with err.status("evaluating, exporting, simulating, pricing") if err.is_terminal else _quietly():
        summary = _analysis(folder.path).summary()
        folder.write_summary(summary)
        page = write_report(folder.path, summary, folder.metrics())

    def show() -> None:
        print_summary(summary, out)
        out.print(f"report: {page}", highlight=False, soft_wrap=True)

    _show(summary, as_json, show)


@contextmanager
def _quietly() -> Iterator[None]:
    yield


def _show(data: dict[str, Any], as_json: bool, show: Callable[[], None]) -> None:
    if as_json:
        from neuro_aolo.run import to_json

        sys.stdout.write(to_json(data) + "\n")
    else:
        show()


def _end(interrupted: bool, folder: Path) -> None:
    if interrupted:
        err.print(f"interrupted; {folder} holds the best actor so far", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_INTERRUPTED)
