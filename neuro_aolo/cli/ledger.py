"""The command that shows a run's ledger, and whether its agent pays."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from neuro_aolo.cli.terminal import (
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
from neuro_aolo.errors import RunError

if TYPE_CHECKING:
    from neuro_aolo.runs.baselines import Baselines
    from neuro_aolo.text.grid import Grid

_HEADING = 14
FORMATS = ("terminal", "markdown", "latex")


def ledger(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN", help="Folder that `train` or `run` wrote.")],
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            metavar="NAME|FILE.toml",
            help="Devices of the agent, separated by commas or the option repeated; four if absent.",
        ),
    ] = None,
    request_rate_hz: Annotated[
        float | None,
        typer.Option("--request-rate", metavar="HZ", help="Requests a second; the scenario's if absent."),
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            "--baseline",
            metavar="random|constant|mlp|WORDS,WATTS|CELL.json",
            help="What the saving is against, the option repeated for several; the first three if absent.",
        ),
    ] = None,
    dc_country: DcOption = None,
    bs_country: BsOption = None,
    dc_trace: DcTraceOption = None,
    bs_trace: BsTraceOption = None,
    fill: FillOption = None,
    style: Annotated[
        str, typer.Option("--format", metavar="terminal|markdown|latex", help="How tables are printed.")
    ] = "terminal",
    as_json: JsonOption = False,
) -> None:
    """Carbon of service and agent per request and year, and whether the agent pays; a year over traces."""
    if style not in FORMATS:
        raise RunError(f"--format {style!r} is none of {', '.join(FORMATS)}: choose one of them")

    from neuro_aolo.runs.analysis import DEFAULT_PROFILES, Analysis
    from neuro_aolo.runs.baselines import Baselines
    from neuro_aolo.runs.book import Accounts
    from neuro_aolo.runs.folder import RunFolder

    named = tuple(name for text in profile or () for name in text.split(","))
    folder = RunFolder.open(run_dir)
    scenario = placed(folder.config().scenario, dc_country, bs_country, dc_trace, bs_trace, fill)
    with busy("adding up"):
        analysis = Analysis(
            folder, profiles=named or DEFAULT_PROFILES, scenario=scenario, request_rate_hz=request_rate_hz
        )
        accounts = Accounts(analysis)
        baselines = Baselines(accounts, baseline)
        summary = {
            "scenario": scenario.name,
            "service_mg_per_request": sum(analysis.service_terms_mg.values()),
            "ledger": accounts.summary(),
            "payback": baselines.summary(),
            "unfit": accounts.unfit,
            "no_service": baselines.no_service,
            "year": a_year(baselines) if scenario.traces else None,
        }
    show(summary, as_json, lambda: _print(summary, style))


def a_year(baselines: "Baselines") -> dict[str, Any]:
    """A year over the scenario's hours, as plain data."""
    from neuro_aolo.carbon.year import year

    accounts = baselines.accounts
    found = year(accounts.analysis.config.scenario, baselines.policies, accounts.rate_hz)
    return asdict(found) | {
        "agent_kg": {
            name: asdict(account.per_year_kg(account.agent_mg))
            for name, account in accounts.by_profile.items()
        }
    }


def _boundary(device: Mapping[str, Any]) -> str:
    """What a device's figures hold, and what they do not."""
    text = f"{device['device']}: {device['boundary']}, and its making"
    if device["excluded"]:
        text += f"; outside it: {', '.join(device['excluded'])}"
    if device["lower_bound"]:
        text += f"; without a price, so that its totals are a lower bound: {', '.join(device['lower_bound'])}"
    needed = device["devices_needed"]["nominal"]
    return text + (f"; the requests take {needed:,.0f} of them" if needed > 1.0 else "")


def _narrow(grid: "Grid") -> "Grid":
    """Without the column of sources, ranges below their figures: to keep within 80 columns."""
    from neuro_aolo.text.numbers import Quantity

    kept = [index for index, column in enumerate(grid.columns) if column not in ("source", "equation")]
    rows = [
        tuple(
            replace(cell, text=cell.text.replace(" (", "\n("))
            if isinstance(cell := row[index], Quantity)
            else cell
            for index in kept
        )
        for row in grid.rows
    ]
    headings = [_halved(text) if grid.numeric(index) else text for index, text in enumerate(grid.columns)]
    columns = tuple(headings[index] for index in kept)
    return replace(grid, columns=columns, rows=rows)


def _halved(heading: str) -> str:
    """A long heading in two lines."""
    spaces = [index for index, letter in enumerate(heading) if letter == " "]
    if len(heading) <= _HEADING or not spaces:
        return heading
    middle = min(spaces, key=lambda index: abs(2 * index - len(heading)))
    return f"{heading[:middle]}\n{heading[middle + 1 :]}"


def _print(summary: Mapping[str, Any], style: str) -> None:
    from neuro_aolo.report import ledgers
    from neuro_aolo.report.answer import pays
    from neuro_aolo.report.tables import as_rich
    from neuro_aolo.report.years import year
    from neuro_aolo.text import paper_tables
    from neuro_aolo.text.numbers import plain

    grids: dict[str, Grid] = {"service": ledgers.service(summary)}
    grids |= {f"agent-{name}": ledgers.account(summary, name) for name in summary["ledger"]["devices"]}
    grids |= {"sci": ledgers.intensity(summary), "saving": ledgers.savings(summary)}
    grids |= {f"payback-{name}": ledgers.payback(summary, name) for name in ledgers.baselines(summary)}
    if summary["year"] is not None:
        grids["year"] = year(summary)
    for label, grid in grids.items():
        if style == "terminal":
            out.print(as_rich(_narrow(grid)))
        else:
            text = paper_tables.markdown(grid) if style == "markdown" else paper_tables.latex(grid, label)
            out.out(text, highlight=False)
    if style == "terminal":
        for sentence in pays(summary):
            say(plain(sentence))
        for device in summary["ledger"]["devices"].values():
            say(_boundary(device))
        for name, reason in summary["unfit"].items():
            say(f"{name} is not on the ledger: {reason}")
