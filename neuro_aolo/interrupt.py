"""Ctrl-C while a command is still importing its parts: one line and exit code 130.

An exception will not do there: compiled modules turn a KeyboardInterrupt in their start into other errors, or
lose it.
"""

import os
import signal
import sys
from types import FrameType

EXIT_CODE = 130


def starts_a_command() -> bool:
    """Whether this process is the command line, by its script or by ``python -m``; its workers are not."""
    script = sys.argv[0]
    if script == "-m":  # the name that it has until its module is found
        return "neuro_aolo" in sys.orig_argv
    return script.endswith(("neuro-aolo", "neuro-aolo.exe")) and script in sys.orig_argv


def ends_at_once() -> None:
    """From here on an interrupt ends the process; nothing has been begun that would have to be put away."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raises() -> None:
    """From here on an interrupt is a KeyboardInterrupt again, as it is elsewhere."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def say() -> None:
    """The one line."""
    sys.stderr.write("interrupted\n")


def _end(number: int, frame: FrameType | None) -> None:
    say()
    sys.stderr.flush()
    os._exit(EXIT_CODE)
