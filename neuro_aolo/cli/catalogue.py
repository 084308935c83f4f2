"""Commands about what there is: scenarios and hardware profiles."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo.cli import names
from neuro_aolo.cli.help import examples
from neuro_aolo.cli.options import JsonOption, PlaceOptions, QuietOption, takes
from neuro_aolo.cli.scenario_files import fit_scenario, scenario_from_llm
from neuro_aolo.cli.terminal import out, say, show
from neuro_aolo.cli.typed import completes, whole
from neuro_aolo.runs.progress import stage

if TYPE_CHECKING:
    from rich.table import Table

CHECK_SEED = 0
ScenarioArgument = Annotated[
    str, typer.Argument(metavar="NAME|FILE.toml", autocompletion=completes(names.scenarios))
]
ProfileArgument = Annotated[
    str, typer.Argument(metavar="NAME|FILE.toml", autocompletion=completes(names.profiles))
]
scenarios_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    epilog=examples("neuro-aolo scenarios list", "neuro-aolo scenarios show paper"),
)
profiles_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    epilog=examples("neuro-aolo profiles list", "neuro-aolo profiles show loihi2"),
)


@scenarios_app.callback()
def scenarios(context: typer.Context, as_json: JsonOption = False) -> None:
    """The services that can be controlled; without a command they are listed."""
    if context.invoked_subcommand is None:
        list_scenarios(as_json)


@scenarios_app.command("list", epilog=examples("neuro-aolo scenarios list --json"))
def list_scenarios(as_json: JsonOption = False) -> None:
    """List the shipped scenarios."""
    from rich.text import Text

    from neuro_aolo.systems.names import load
    from neuro_aolo.systems.scenario_file import scenario_names

    summary = [
        {"name": name, "description": getattr(load(name).scenario, "description", "")}
        for name in scenario_names()
    ]

    def in_text() -> None:
        for row in summary:
            out.print(Text(row["name"], style="bold").append(f"  {row['description']}", style="not bold"))

    show({"scenarios": summary}, as_json, in_text)


@scenarios_app.command("show", epilog=examples("neuro-aolo scenarios show paper"))
def show_scenario(name: ScenarioArgument, as_json: JsonOption = False) -> None:
    """Every parameter of a scenario: value, unit, default, allowed range, source."""
    from rich.text import Text

    from neuro_aolo.carbon.deployment import Deployment
    from neuro_aolo.systems.describe import describe
    from neuro_aolo.systems.names import load

    loaded = load(name)
    scenario = loaded.scenario
    rows = [asdict(row) for row in describe(scenario, Deployment.of(loaded.deployment, loaded.where))]
    summary = {
        "name": getattr(scenario, "name", name),
        "system": loaded.name,
        "description": getattr(scenario, "description", ""),
        "parameters": rows,
    }

    def in_text() -> None:
        out.print(Text(f"{summary['name']}: {summary['description']}"))
        out.print(_parameters(rows))

    show(summary, as_json, in_text)


def _parameters(rows: list[dict[str, str]]) -> "Table":
    """Parameters by section; the source of each below its value."""
    from rich.table import Column, Table
    from rich.text import Text

    table = Table(
        Column("parameter", no_wrap=True),
        Column("value, default, source", ratio=1),
        Column("allowed", no_wrap=True),
        box=None,
        padding=(0, 2, 0, 0),
    )
    last = ""
    for row in rows:
        section, _, name = row["key"].partition(".")
        if section != last:
            table.add_row(Text(section, style="bold"))
        last = section
        unit = "" if row["unit"] == "-" else f" {row['unit']}"
        default = "default" if row["value"] == row["default"] else f"default {row['default']}"
        value = Text(f"{row['value']}{unit} ({default})").append(f"\n{row['source']}", style="dim")
        if row["range"]:
            value = value.append(f"\nrange {row['range']}", style="dim")
        table.add_row(f"  {name}", value, row["allowed"])
    return table


@scenarios_app.command(
    "check", epilog=examples("neuro-aolo scenarios check mixed --country dc=POL --requests 1e4")
)
@takes(PlaceOptions)
def check_scenario(
    name: ScenarioArgument,
    options: PlaceOptions,
    requests: Annotated[
        int, whole(least=1, most=10_000_000, help="Requests to draw and to search on.")
    ] = 100_000,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """What a scenario asks of a policy: its optimum, random actions, rules, the best constant action."""
    import numpy as np

    from neuro_aolo.carbon.deployment import Deployment
    from neuro_aolo.cli.unlearnt import unlearnt
    from neuro_aolo.systems.names import load, offered

    loaded = load(name)
    Deployment.of(loaded.deployment, loaded.where)
    scenario = options.places().put(loaded.system, loaded.scenario)

    from neuro_aolo.runs.traces import trace_facts, trace_notes

    with stage("drawing requests, solving them, searching the best constant action"):
        own, rows = offered(loaded.system, "examine")(scenario, np.random.default_rng(CHECK_SEED), requests)
        rules = loaded.system.policies(scenario)
        constant, constant_rows = unlearnt(loaded.system.task(scenario), rules, requests)
    traces = trace_facts(scenario)
    summary = {
        "scenario": getattr(scenario, "name", name),
        "traces": {site: trace.to_dict() for site, trace in traces.items()},
        **own,
        **constant,
    }

    def in_text() -> None:
        for label, text in (*rows, *constant_rows):
            say(f"{label:<40}{text}")
        for note in trace_notes(traces):
            say(note)

    show(summary, as_json, in_text)


scenarios_app.command("fit", epilog=examples("neuro-aolo scenarios fit scores.csv --out mine.toml"))(
    fit_scenario
)
scenarios_app.command(
    "from-llm", epilog=examples("neuro-aolo scenarios from-llm Llama-3.1-8B --out llama.toml")
)(scenario_from_llm)


@profiles_app.callback()
def profiles(context: typer.Context, as_json: JsonOption = False) -> None:
    """The devices that a decision can be priced on; without a command they are listed."""
    if context.invoked_subcommand is None:
        list_profiles(as_json)


@profiles_app.command("list", epilog=examples("neuro-aolo profiles list --json"))
def list_profiles(as_json: JsonOption = False) -> None:
    """List the shipped hardware profiles."""
    from rich.table import Column, Table

    from hardware_profiles.profile import load_profile, profile_names

    devices = [load_profile(name) for name in profile_names()]
    keys = ("id", "name", "executes", "scope", "boundary")
    summary = [{key: getattr(device, key) for key in keys} for device in devices]

    def in_text() -> None:
        table = Table(Column("profile", no_wrap=True), "device", "runs", "scope", "boundary")
        for device in devices:
            runs = ", ".join(device.executes) or "neither"
            table.add_row(device.id, device.name, runs, device.scope, device.boundary)
        out.print(table)

    show({"profiles": summary}, as_json, in_text)


@profiles_app.command("show", epilog=examples("neuro-aolo profiles show loihi2"))
def show_profile(name: ProfileArgument) -> None:
    """A hardware profile with the source of each figure, as JSON."""
    from hardware_profiles.profile import load_profile

    show(load_profile(name).model_dump(mode="json", by_alias=True, exclude_none=True), True, lambda: None)
