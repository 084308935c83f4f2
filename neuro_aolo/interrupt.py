"""Signals that end a command: Ctrl-C, SIGTERM (``docker stop``, Slurm) and SIGHUP (a closed terminal).

Each ends it with one line and exit code 128 + its number, and what the command had begun is put away first.
While a compiled module is being imported an exception would be turned into another error, or lost: where
nothing has been begun a signal ends the process then, and else it waits until the import has ended; a second
one ends the process at once.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

EXIT_CODE = 130
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

_AGAIN_S = 0.05
_IMPORTS = "<frozen importlib._bootstrap>"

_last = int(signal.SIGINT)
_is_waiting = False
_begun = 0


def starts_a_command() -> bool:
    """Whether this process is the command line, by its script or by ``python -m``; its workers are not."""
    script = sys.argv[0]
    if script == "-m":  # the name that it has until its module is found
        return "neuro_aolo" in sys.orig_argv
    return script.endswith(("neuro-aolo", "neuro-aolo.exe")) and script in sys.orig_argv


def ends_at_once() -> None:
    """From here on a signal ends the process; nothing has been begun that would have to be put away.

    A signal that is ignored, as ``nohup`` ignores SIGHUP, still is.
    """
    for number in SIGNALS:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _end)


def raises() -> None:
    """From here on a signal is a KeyboardInterrupt."""
    for number in SIGNALS:
        if signal.getsignal(number) is _end:
            signal.signal(number, _raise)


@contextlib.contextmanager
def begun() -> Iterator[None]:
    """In the block there is something to be put away."""
    global _begun
    _begun += 1
    try:
        yield
    finally:
        _begun -= 1


def over() -> None:
    """From here on a signal does nothing: the command has done what it was to do."""
    for number in SIGNALS:
        if signal.getsignal(number) in (_end, _raise):
            signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def put_off(*, only_once: bool = False) -> Iterator[None]:
    """A signal waits until the block has ended: what it does is not lost to impatience.

    Args:
        only_once: whether a signal that arrives meanwhile says nothing new, and is dropped.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    waiting: list[int] = []
    before = {
        number: signal.signal(number, lambda number, frame: waiting.append(number)) for number in SIGNALS
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
    if waiting and not only_once:
        signal.raise_signal(waiting[0])


def exit_code() -> int:
    """Of a command that a signal ended."""
    return 128 + _last


def word() -> str:
    """What happened, as a line begins that says it."""
    return "interrupted" if _last == signal.SIGINT else f"interrupted by {signal.Signals(_last).name}"


def say() -> None:
    """The one line."""
    sys.stderr.write(f"{word()}\n")


def _end(number: int, frame: FrameType | None) -> None:
    global _last
    _last = number
    with contextlib.suppress(OSError, ValueError):  # of a terminal that is gone
        say()
        sys.stderr.flush()
    os._exit(exit_code())


def _raise(number: int, frame: FrameType | None) -> None:
    global _last, _is_waiting
    if _imports(frame):
        if _is_waiting or not _begun:
            _end(number, frame)
        _is_waiting = True
        threading.Thread(target=_send_again, args=(number, _AGAIN_S), daemon=True).start()
        return
    _is_waiting, _last = False, number
    raise KeyboardInterrupt


def _send_again(number: int, after_s: float) -> None:
    global _is_waiting
    threading.Event().wait(after_s)
    _is_waiting = False
    os.kill(os.getpid(), number)


def _imports(frame: FrameType | None) -> bool:
    """Whether the frame runs inside an import."""
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTS:
            return True
        frame = frame.f_back
    return False
