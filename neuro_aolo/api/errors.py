"""Errors as Python says them: all of one family, with arguments in the place of a command's options."""

import functools
import re
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from hardware_profiles.profile import ProfileError
from neuro_aolo.errors import AgentError, NetworkError, NeuroAoloError
from neuro_aolo_export.errors import ExportError

P = ParamSpec("P")
R = TypeVar("R")

_FLAGS = ("overwrite",)
_ARGUMENTS = {
    "baseline": "baselines",
    "input": "inputs",
    "profile": "profiles",
    "request-rate": "request_rate_hz",
    "set": "settings",
}
"""Arguments that are not called as their options are."""

_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]*)")


def speaks_python(function: Callable[P, R]) -> Callable[P, R]:
    """Let a public function raise :class:`NeuroAoloError` alone, and name arguments in its message."""

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except NeuroAoloError as error:
            raise type(error)(in_python(str(error))) from None
        except (ExportError, ProfileError) as error:
            raise NetworkError(in_python(str(error))) from None

    return call


def in_python(text: str) -> str:
    """A message with arguments in the place of options: ``overwrite=True`` for ``--overwrite``."""

    def argument(match: re.Match[str]) -> str:
        option = match.group(1)
        name = _ARGUMENTS.get(option, option.replace("-", "_"))
        return f"{name}=True" if option in _FLAGS else name

    return _OPTION.sub(argument, text)


def check_whole(name: str, value: object, least: int = 1) -> None:
    """Refuse what is no whole number of at least so much; None stands for the usual.

    Raises:
        AgentError: it is none.
    """
    if value is None or (type(value) is int and value >= least):
        return
    raise AgentError(f"{name} = {value!r} is not allowed: give a whole number of {least} or above")
