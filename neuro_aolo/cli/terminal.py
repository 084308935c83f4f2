"""What every command shares: consoles, exit codes, output for people and programs, errors in one line."""

import sys
from collections.abc import Callable, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

import typer
from typer.exceptions import TyperException

from neuro_aolo import interrupt
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.runs.progress import err, speak
from neuro_aolo.systems.wording import closest
from neuro_aolo.text.console import LiteralConsole
from neuro_aolo.text.feasibility import infeasible, is_infeasible
from neuro_aolo.text.literal import literal, literal_line
from neuro_aolo.text.numbers import percent, plain

PROGRAM = "neuro-aolo"

EXIT_FAILED = 1
EXIT_BAD_INPUT = 2

out = LiteralConsole()


def run_app(app: typer.Typer) -> int:
    """Run ``app``; bad input ends with one line on standard error.

    Returns:
        The exit code.
    """
    speak()
    if not _has_working_folder():
        return _fail("the working folder is gone: change into one that is there, as with cd")
    try:
        return app(prog_name=PROGRAM, standalone_mode=False) or 0
    except SystemExit:
        raise
    except TyperException as error:
        return _fail(_usage(error))
    except _on_purpose() as error:
        return _fail(str(error))
    except typer.Abort:
        err.print(interrupt.word())
        return interrupt.exit_code()
    except (OSError, MemoryError, UnicodeError, RecursionError) as error:
        _fail(f"{type(error).__name__}: {error}: check the files and the space that this needs")
        return EXIT_FAILED
    finally:
        speak()


def _has_working_folder() -> bool:
    """Whether this process still has one; libraries end it in words of their own where it was removed."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return False
    return True


def _on_purpose() -> tuple[type[Exception], ...]:
    """Every error that is raised for the reader; their packages are imported only where one was raised."""
    from hardware_profiles.profile import ProfileError
    from neuro_aolo_export.errors import ExportError

    return NeuroAoloError, ExportError, ProfileError


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
    out.print(literal(line), highlight=False, soft_wrap=True)


def validation(regret: float, violation_rate: float, violation_limit: float) -> str:
    """What the best checkpoint of a training comes to on the validation decisions."""
    if is_infeasible(violation_rate, violation_limit):
        return f"in validation {plain(infeasible(violation_rate, violation_limit))}"
    told = f"validation regret {percent(regret)}, " if isfinite(regret) else ""
    return plain(f"{told}violations {percent(violation_rate)}")


def _usage(error: TyperException) -> str:
    """What is wrong with what was typed, what was probably meant, and where the rest is told."""
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", PROGRAM)
    return f"{_wrong(error)}; see {command} --help"


def _wrong(error: TyperException) -> str:
    message: str = getattr(error, "format_message", error.__str__)().rstrip(".")
    unknown, options = getattr(error, "option_name", None), getattr(error, "possibilities", None)
    if unknown and options is not None:
        meant = f": did you mean {' or '.join(options)}?" if options else ""
        return f"no such option {unknown}{meant}"
    if message.startswith("No such command "):
        typed = message.removeprefix("No such command ").partition(".")[0]
        known = getattr(getattr(getattr(error, "ctx", None), "command", None), "commands", ())
        close = closest(typed.strip("'"), known)
        return f"no such command {typed}{f': did you mean {close!r}?' if close else ''}"
    parameter = getattr(error, "param", None)
    if isinstance(error, typer.BadParameter) and parameter is not None and error.message:
        name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.human_readable_name
        return f"{name} {error.message}"
    return f"{message[:1].lower()}{message[1:]}"


def _fail(message: str) -> int:
    err.print(f"error: {literal_line(message)}", style="red", highlight=False, soft_wrap=True)
    return EXIT_BAD_INPUT
