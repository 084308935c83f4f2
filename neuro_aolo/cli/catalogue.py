"""Commands about what there is: scenarios, hardware profiles, and the installation."""

from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table
from rich.text import Text

from neuro_aolo.cli.terminal import (
    EXIT_FAILED,
    BsOption,
    BsTraceOption,
    DcOption,
    DcTraceOption,
    FillOption,
    JsonOption,
    busy,
    out,
    placed,
    say,
    show,
)

CHECK_SEED = 0
ADAPTATION_REGRET = 0.1
"""Regret of the best constant action from which a scenario is said to need adaptation."""

_PARTS = ("neuro-aolo", "torch", "norse", "numpy", "scipy", "gymnasium", "codecarbon")

ScenarioArgument = Annotated[str, typer.Argument(metavar="NAME|FILE.toml")]

scenarios_app = typer.Typer(invoke_without_command=True, help="The services that can be controlled.")
profiles_app = typer.Typer(invoke_without_command=True, help="The devices that a decision can be priced on.")


@scenarios_app.callback()
def scenarios(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the shipped scenarios."""
    if context.invoked_subcommand is not None:
        return
    from neuro_aolo.systems.aolo.scenario import Scenario
    from neuro_aolo.systems.scenario_file import scenario_names

    summary = [{"name": name, "description": Scenario.load(name).description} for name in scenario_names()]

    def in_words() -> None:
        for row in summary:
            out.print(Text(row["name"], style="bold").append(f"  {row['description']}", style="not bold"))

    show({"scenarios": summary}, as_json, in_words)


@scenarios_app.command("show")
def show_scenario(name: ScenarioArgument, as_json: JsonOption = False) -> None:
    """Every parameter of a scenario: value, unit, default, allowed range, source."""
    from neuro_aolo.systems.aolo.scenario import Scenario
    from neuro_aolo.systems.describe import describe

    scenario = Scenario.load(name)
    rows = [asdict(row) for row in describe(scenario)]
    summary = {"name": scenario.name, "description": scenario.description, "parameters": rows}

    def in_words() -> None:
        out.print(Text(f"{scenario.name}: {scenario.description}"))
        out.print(_parameters(rows))

    show(summary, as_json, in_words)


def _parameters(rows: list[dict[str, str]]) -> Table:
    """Parameters by section; the source of each below its value."""
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
        value = Text(f"{row['value']}{unit} ({default})")
        table.add_row(f"  {name}", value.append(f"\n{row['source']}", style="dim"), row["allowed"])
    return table


@scenarios_app.command("check")
def check_scenario(
    name: ScenarioArgument,
    requests: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="Requests to draw and to search on.")
    ] = 100_000,
    dc_country: DcOption = None,
    bs_country: BsOption = None,
    dc_trace: DcTraceOption = None,
    bs_trace: BsTraceOption = None,
    fill: FillOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a scenario asks of a policy: its optimum, random actions, the best constant one."""
    import numpy as np

    from neuro_aolo.systems.aolo.check import check
    from neuro_aolo.systems.aolo.scenario import Scenario

    scenario = placed(Scenario.load(name), dc_country, bs_country, dc_trace, bs_trace, fill)

    from neuro_aolo.agent.evaluate import held_out
    from neuro_aolo.agent.rivals import best_constant_action
    from neuro_aolo.systems.aolo.task import AoloTask

    with busy("drawing requests, solving them, searching the best constant action"):
        found = check(scenario, np.random.default_rng(CHECK_SEED), requests)
        task = AoloTask(scenario)
        constant = best_constant_action(task, requests)
        result = held_out(task).evaluate(constant.policy())
        words, power_w = task.physical(constant.action)
    summary = {
        "scenario": scenario.name,
        **asdict(found),
        "constant_feasible": constant.feasible,
        "constant_regret": result.regret,
        "constant_violation_rate": result.violation_rate,
        "constant_violation_limit": task.violation_limit,
        "constant_action": {"words": words, "power_w": power_w},
        "needs_adaptation": not constant.feasible or result.regret >= ADAPTATION_REGRET,
    }
    priced = scenario.quality.price_mg_per_point > 0.0
    show(summary, as_json, lambda: _say_check(summary, priced))


def _say_check(found: dict[str, Any], priced: bool) -> None:
    words, power = found["words"], found["power_w"]
    mean_mg, error_mg = found["oracle_carbon_mg"], found["oracle_carbon_stderr_mg"]
    rows = [
        ("requests with a feasible action", f"{_percent(found['feasible_share'])} of {found['requests']:,}"),
        ("oracle, carbon per request", f"{mean_mg:.5g} mg CO2e, standard error {error_mg:.2g}"),
        *([("oracle, carbon less quality's price", f"{found['oracle_cost_mg']:.5g} mg")] if priced else []),
        ("oracle, words (5th to 95th percentile)", f"{words[1]:.4g} ({words[0]:.4g} to {words[2]:.4g})"),
        ("oracle, power (5th to 95th percentile)", f"{power[1]:.3g} W ({power[0]:.3g} to {power[2]:.3g})"),
        *((f"oracle, {part.replace('_', ', ')}", _percent(share)) for part, share in found["shares"].items()),
        ("random actions, feasible", _percent(found["random_feasible_share"])),
        ("random actions, carbon of those", f"{found['random_carbon_mg']:.5g} mg"),
        *_constant_rows(found),
        ("needs adaptation", "yes" if found["needs_adaptation"] else "no"),
    ]
    for label, text in rows:
        say(f"{label:<40}{text}")


def _constant_rows(found: dict[str, Any]) -> list[tuple[str, str]]:
    action, violations = found["constant_action"], _percent(found["constant_violation_rate"])
    at = f"{action['words']:.6g} words, {action['power_w']:.4g} W"
    result = (
        "  on held-out requests",
        f"regret {_percent(found['constant_regret'])}, violations {violations}",
    )
    if found["constant_feasible"]:
        return [("best constant action", at), result]
    limit = _percent(found["constant_violation_limit"])
    none = f"infeasible: none found keeps violations to {limit}"
    return [("best constant action", none), ("constant action of fewest violations", at), result]


def _percent(share: float) -> str:
    return f"{100.0 * share:.4g} %"


@scenarios_app.command("fit")
def fit_scenario(
    scores: Annotated[Path, typer.Argument(metavar="SCORES.csv", help="Columns `words` and `score`.")],
    file: Annotated[Path, typer.Option("--out", metavar="FILE.toml", help="Scenario file to write.")],
    scenario: Annotated[str, typer.Option(metavar="NAME|FILE.toml", help="Scenario to put it in.")] = "paper",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing --out.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fit the QoE curve to your own scores and save it as a scenario."""
    from neuro_aolo.errors import ScenarioError
    from neuro_aolo.files import write_whole
    from neuro_aolo.systems.aolo.qoe_fit import fit_file
    from neuro_aolo.systems.aolo.scenario import Scenario

    if file.is_dir() or (file.exists() and not overwrite):
        raise ScenarioError(f"{file} exists: choose another --out, or add --overwrite to replace it")
    if file.suffix != ".toml":
        raise ScenarioError(f"--out {file} would not be found as a scenario: give it the ending .toml")
    fit = fit_file(scores)
    fitted = fit.into(Scenario.load(scenario), f"fitted to {scores.name}")
    try:
        write_whole(file, fitted.model_copy(update={"name": file.stem}).to_toml())
    except OSError as error:
        raise ScenarioError(
            f"{file} cannot be written ({error.strerror}): choose a writable place for --out"
        ) from None
    summary = {
        "file": str(file),
        "peak_score": fit.peak_score,
        "peak_words": fit.peak_words,
        "sharpness": fit.sharpness,
        "rms": fit.rms,
        "residuals": fit.residuals.tolist(),
    }

    def in_words() -> None:
        say(
            f"{file}: best score {fit.peak_score:.3g} at {fit.peak_words:.0f} words, "
            f"sharpness {fit.sharpness:.3g}; residuals of {fit.rms:.2g} points (root mean square), "
            f"{abs(fit.residuals).max():.2g} at most"
        )

    show(summary, as_json, in_words)


@profiles_app.callback()
def profiles(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the shipped hardware profiles."""
    if context.invoked_subcommand is not None:
        return
    from hardware_profiles.profile import load_profile, profile_names

    devices = [load_profile(name) for name in profile_names()]
    keys = ("id", "name", "executes", "scope", "boundary")
    summary = [{key: getattr(device, key) for key in keys} for device in devices]

    def in_words() -> None:
        table = Table(Column("profile", no_wrap=True), "device", "runs", "scope", "boundary")
        for device in devices:
            runs = ", ".join(device.executes) or "neither"
            table.add_row(device.id, device.name, runs, device.scope, device.boundary)
        out.print(table)

    show({"profiles": summary}, as_json, in_words)


@profiles_app.command("show")
def show_profile(name: ScenarioArgument) -> None:
    """A hardware profile with the source of each figure, as JSON."""
    from hardware_profiles.profile import load_profile

    show(load_profile(name).model_dump(mode="json", by_alias=True, exclude_none=True), True, lambda: None)


def doctor(as_json: JsonOption = False) -> None:
    """What is installed, what is missing, and the command that mends it."""
    from neuro_aolo_export.loihi2.lava import LAVA_INSTALL, lava_version

    rows: list[dict[str, Any]] = [
        {"part": name, "version": _installed(name), "fix": f"pip install {name}"} for name in _PARTS
    ]
    missing = [row for row in rows if row["version"] is None]
    rows.append({"part": "lava-nc and lava-dl (optional)", "version": lava_version(), "fix": LAVA_INSTALL})
    gpu = _gpu()

    def in_words() -> None:
        for row in rows:
            say(f"{row['part']:<32}{row['version'] or 'missing; mend it with:  ' + row['fix']}")
        say(f"{'CUDA GPU (optional)':<32}{gpu or 'none: training runs on the CPU'}")

    show({"parts": rows, "gpu": gpu}, as_json, in_words)
    if missing:
        raise typer.Exit(EXIT_FAILED)


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _gpu() -> str | None:
    try:
        import torch
    except ImportError:
        return None
    return torch.cuda.get_device_name() if torch.cuda.is_available() else None
