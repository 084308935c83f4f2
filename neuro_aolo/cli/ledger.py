"""The command that shows a run's ledger, and whether its agent pays."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from neuro_aolo.cli import names
from neuro_aolo.cli.options import JsonOption, PlaceOptions, QuietOption, RunArgument, takes
from neuro_aolo.cli.terminal import out, say, show
from neuro_aolo.cli.typed import completes, real, several, whole
from neuro_aolo.errors import RunError
from neuro_aolo.runs.progress import stage
from neuro_aolo.systems.wording import one_of

if TYPE_CHECKING:
    from neuro_aolo.runs.summary.ledger import AccountFigures, LedgerPart
    from neuro_aolo.text.grid import Grid

_HEADING = 14
FORMATS = names.STYLES


@takes(PlaceOptions)
def ledger(
    run_dir: RunArgument,
    options: PlaceOptions,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            "--profile",
            metavar="NAME|FILE.toml",
            autocompletion=several(names.profiles),
            help="Devices of the agent, separated by commas or the option repeated; four if absent.",
        ),
    ] = None,
    request_rate_hz: Annotated[
        float | None,
        real("--request-rate", metavar="HZ", help="Requests a second; the run's if absent."),
    ] = None,
    baseline: Annotated[
        list[str] | None,
        typer.Option(
            "--baseline",
            metavar="random|constant|mlp|rule|RULE|NUMBER,...|CELL.json",
            autocompletion=completes(names.BASELINES),
            help="What the saving is against, the option repeated for several; the first four if absent. "
            "rule is the best of the system's own, which have names, too; numbers are a constant action.",
        ),
    ] = None,
    trainings: Annotated[
        int | None,
        whole(
            least=1,
            most=10**6,
            help="Trainings to count, those that were thrown away included; the run's, 1 if it says none.",
        ),
    ] = None,
    training_country: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="Country where they ran; the run's, priced as the agent's site is if it says none.",
        ),
    ] = None,
    style: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="terminal|markdown|latex",
            autocompletion=completes(names.STYLES),
            help="How tables are printed.",
        ),
    ] = "terminal",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Carbon of service and agent per request and year, and whether the agent pays; a year over traces."""
    style = one_of("--format", style, FORMATS, RunError)

    from neuro_aolo.runs.answers import ledger as accounts_of
    from neuro_aolo.runs.defaults import PROFILES

    named = tuple(name for text in profile or () for name in text.split(","))
    with stage("adding up"):
        part = accounts_of(
            run_dir,
            profiles=named or PROFILES,
            request_rate_hz=request_rate_hz,
            baselines=baseline,
            trainings=trainings,
            training_country=training_country,
            places=options.places(),
        )
    show(part.to_dict(), as_json, lambda: _print(part, style), part.run.system)


def _boundary(account: "AccountFigures", decisions: str) -> str:
    """What a device's figures hold, and what they do not."""
    text = f"{account.device}: {account.boundary}, and its making"
    if account.excluded:
        text += f"; outside it: {', '.join(account.excluded)}"
    if account.lower_bound:
        text += f"; without a price, so that its totals are a lower bound: {', '.join(account.lower_bound)}"
    needed = account.devices_needed.nominal
    return text + (f"; the {decisions} take {needed:,.0f} of them" if needed > 1.0 else "")


def _narrow(grid: "Grid") -> "Grid":
    """Without the column of sources, ranges below their figures: to keep within 80 columns."""
    from neuro_aolo.text.numbers import Quantity

    kept = [index for index in range(len(grid.columns)) if index != grid.references]
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
    return replace(grid, columns=columns, rows=rows, references=None)


def _halved(heading: str) -> str:
    """A long heading in two lines."""
    spaces = [index for index, letter in enumerate(heading) if letter == " "]
    if len(heading) <= _HEADING or not spaces:
        return heading
    middle = min(spaces, key=lambda index: abs(2 * index - len(heading)))
    return f"{heading[:middle]}\n{heading[middle + 1 :]}"


def _print(part: "LedgerPart", style: str) -> None:
    from neuro_aolo.report import ledgers
    from neuro_aolo.report.answer import pays
    from neuro_aolo.report.electricity import electricity
    from neuro_aolo.report.tables import as_rich
    from neuro_aolo.report.years import year
    from neuro_aolo.runs.traces import trace_notes
    from neuro_aolo.text import paper_tables
    from neuro_aolo.text.numbers import plain

    grids: dict[str, Grid | None] = {"service": ledgers.service(part)}
    grids |= {f"agent-{name}": ledgers.account(part, name) for name in part.ledger.provisioned.accounts}
    grids |= {"sci": ledgers.intensity(part), "saving": ledgers.savings(part)}
    grids |= {f"payback-{name}": ledgers.payback(part, name) for name in ledgers.baselines(part)}
    grids |= {"payback-work": ledgers.by_work(part), "electricity": electricity(part), "year": year(part)}
    for label, grid in grids.items():
        if grid is None or not grid.rows:
            continue
        if style == "terminal":
            out.print(as_rich(_narrow(grid)))
        else:
            text = paper_tables.markdown(grid) if style == "markdown" else paper_tables.latex(grid, label)
            out.out(text, highlight=False)
    if style == "terminal":
        say(ledgers.boundaries(part))
        for sentence in pays(part):
            say(plain(sentence))
        for account in part.ledger.provisioned.accounts.values():
            say(_boundary(account, part.wording.decisions))
        for difference in part.ledger.unlike_making:
            say(plain(f"Unlike figures: {difference}"))
        for name, reason in part.unfit.items():
            say(f"{name} is not on the ledger: {reason}")
        for note in trace_notes(part.run.traces):
            say(note)
