"""What every command shares: consoles, exit codes, options, errors in one line, progress bars."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from typer.exceptions import TyperException

from neuro_aolo.errors import NeuroAoloError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from neuro_aolo.agent.sdrl import Metrics
    from neuro_aolo.systems.aolo.scenario import Scenario

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

out = Console()
err = Console(stderr=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
DcOption = Annotated[str | None, typer.Option(metavar="ISO3", help="Country of the data centre, as DEU.")]
BsOption = Annotated[str | None, typer.Option(metavar="ISO3", help="Country of the base station, as FRA.")]
DcTraceOption = Annotated[
    Path | None, typer.Option(metavar="FILE.csv", help="Hourly carbon intensity at the data centre.")
]
BsTraceOption = Annotated[
    Path | None, typer.Option(metavar="FILE.csv", help="Hourly carbon intensity at the base station.")
]
FillOption = Annotated[
    str | None, typer.Option(metavar="hold|linear", help="Fill hours that a trace lacks; refused without.")
]


def placed(
    service: "Scenario",
    dc_country: str | None,
    bs_country: str | None,
    dc_trace: Path | None = None,
    bs_trace: Path | None = None,
    fill: str | None = None,
) -> "Scenario":
    """``service`` with the countries' and traces' carbon intensities.

    Raises:
        ScenarioError: an unknown country, a trace that cannot be used, or both for one side.
    """
    from neuro_aolo.errors import ScenarioError
    from neuro_aolo.systems.grid.trace_csv import read_trace

    for side, country, trace in (("dc", dc_country, dc_trace), ("bs", bs_country, bs_trace)):
        if country is not None and trace is not None:
            raise ScenarioError(
                f"--{side}-country {country} and --{side}-trace {trace} both give one intensity: choose one"
            )
    if fill and not (dc_trace or bs_trace):
        raise ScenarioError(f"--fill {fill} fills a trace, and none is given: add --dc-trace or --bs-trace")
    traces = [read_trace(path, fill) if path else None for path in (dc_trace, bs_trace)]  # type: ignore[arg-type]
    return service.with_countries(dc_country, bs_country).with_traces(*traces)


def run_app(app: typer.Typer) -> int:
    """Run ``app``; bad input ends with one line on standard error.

    Returns:
        The exit code.
    """
    from hardware_profiles.profile import ProfileError
    from neuro_aolo_export.errors import ExportError

    try:
        return app(standalone_mode=False) or 0
    except (NeuroAoloError, ExportError, ProfileError) as error:
        return _fail(str(error))
    except TyperException as error:
        # Without a message there was no command, and the help has been printed already.
        return _fail(_usage(error)) if str(error) else EXIT_BAD_INPUT
    except (KeyboardInterrupt, typer.Abort):
        err.print("interrupted")
        return EXIT_INTERRUPTED
    except (OSError, MemoryError, UnicodeError, RecursionError) as error:
        _fail(f"{type(error).__name__}: {error}: check the files and the space that this needs")
        return EXIT_FAILED


def show(data: dict[str, Any], as_json: bool, in_words: Callable[[], None]) -> None:
    """Print ``data`` as one JSON object, or call ``in_words`` to print it for people."""
    if as_json:
        from neuro_aolo.files import to_json

        sys.stdout.write(to_json(data) + "\n")
    else:
        in_words()


def say(line: str) -> None:
    """Print a line as it is: no markup, no wrapping."""
    out.print(line, markup=False, highlight=False, soft_wrap=True)


def busy(what: str) -> "AbstractContextManager[object]":
    """A spinner on standard error where that is a terminal."""
    return err.status(what) if err.is_terminal else nullcontext()


@contextmanager
def progress_bar(what: str, total: int) -> "Iterator[Callable[[Metrics], None]]":
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
