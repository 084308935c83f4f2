"""What every command shares: consoles, exit codes, options, errors in one line, progress bars."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from math import isfinite, nan
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from typer.exceptions import TyperException

from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.text.feasibility import INFEASIBLE, infeasible, is_infeasible
from neuro_aolo.text.numbers import percent, plain

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from neuro_aolo.agent.learner import Metrics

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

out = Console()
err = Console(stderr=True)


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


def show(data: dict[str, Any], as_json: bool, in_text: Callable[[], None], system: str | None = None) -> None:
    """Print ``data`` as one JSON object, or call ``in_text`` to print it for people.

    Args:
        data: what is told.
        as_json: whether it is printed as JSON.
        in_text: prints it for people.
        system: name of the one whose keys of earlier versions are printed beside today's.
    """
    if as_json:
        from neuro_aolo.files import to_json

        sys.stdout.write(to_json(with_old_keys(data, system)) + "\n")
    else:
        in_text()


def with_old_keys(data: dict[str, Any], system: str | None) -> dict[str, Any]:
    """``data`` with the keys that it had in earlier versions, where the system knows them, beside today's."""
    from neuro_aolo.systems.names import system as system_of

    old_keys = None if system is None else getattr(system_of(system), "old_keys", None)
    return data if old_keys is None else merged(data, old_keys(data))


def merged(data: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """``data`` with what ``old`` holds beside it; where both have a key, that of ``data`` stands."""
    result = dict(data)
    for key, value in old.items():
        if key not in result:
            result[key] = value
        else:
            result[key] = _beside(result[key], value)
    return result


def _beside(now: Any, old: Any) -> Any:
    if isinstance(now, Mapping) and isinstance(old, Mapping):
        return merged(now, old)
    if isinstance(now, list | tuple) and isinstance(old, list | tuple) and len(now) == len(old):
        return [_beside(*pair) for pair in zip(now, old, strict=True)]
    return now


def say(line: str) -> None:
    """Print a line as it is: no markup, no wrapping."""
    out.print(line, markup=False, highlight=False, soft_wrap=True)


def busy(what: str) -> "AbstractContextManager[object]":
    """A spinner on standard error where that is a terminal."""
    return err.status(what) if err.is_terminal else nullcontext()


def validation(regret: float, violation_rate: float, violation_limit: float) -> str:
    """What the best checkpoint of a training comes to on the validation decisions."""
    if is_infeasible(violation_rate, violation_limit):
        return f"in validation {plain(infeasible(violation_rate, violation_limit))}"
    told = f"validation regret {percent(regret)}, " if isfinite(regret) else ""
    return plain(f"{told}violations {percent(violation_rate)}")


@contextmanager
def progress_bar(
    what: str, total: int, decisions: str = "requests", violation_limit: float = nan
) -> "Iterator[Callable[[Metrics], None]]":
    """A progress bar on standard error where that is a terminal.

    Args:
        what: is done.
        total: decisions to serve.
        decisions: what it counts.
        violation_limit: share of them in which a constraint may be broken.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} {task.fields[decisions]}, {task.fields[told]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as progress:
        task = progress.add_task(what, total=total, decisions=decisions, told="regret -")

        def advance(row: "Metrics") -> None:
            regret = f"regret {row.regret:.1%}, " if isfinite(row.regret) else ""
            if is_infeasible(row.violation_rate, violation_limit):
                regret = f"{INFEASIBLE}, "
            told = f"{regret}violations {row.violation_rate:.1%}"
            progress.update(task, completed=row.requests, told=told)

        yield advance


def _usage(error: TyperException) -> str:
    """What is wrong with an option, the value that was typed included."""
    message: str = getattr(error, "format_message", error.__str__)()
    options = getattr(getattr(error, "param", None), "opts", [])
    arguments = [part for argument in sys.argv for part in argument.split("=", 1)]
    typed = [value for option, value in pairwise(arguments) if option in options]
    given = f" (given: {typed[-1]!r})" if typed else ""
    return f"{message}{given}; see neuro-aolo --help"


def _fail(message: str) -> int:
    line = " ".join(message.split())
    err.print(f"error: {line}", style="red", markup=False, highlight=False, soft_wrap=True)
    return EXIT_BAD_INPUT
