"""One process at a time writes into a folder; a second one is told who does."""

import contextlib
import os
import platform
import shlex
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from neuro_aolo.errors import RunError
from neuro_aolo.files import from_json, read_text, to_json
from neuro_aolo.interrupt import begun
from neuro_aolo_export.files import clear_leftovers

LOCK = ".neuro-aolo.lock"
_MOST_BYTES = 1 << 16
_WAIT_S = 1.0
"""As long as another process may look whether anything is left over."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from writing into ``folder``, which is there; within a process it can be nested.

    The lock is the operating system's: that of a process that was killed is gone with it. What such a
    process left behind in the folder is removed.

    Raises:
        RunError: another process writes there; it is named.
        OSError: no lock can be made there.
    """
    file = folder.resolve() / LOCK
    lock = FileLock(file, timeout=_WAIT_S, is_singleton=True)
    try:
        lock.acquire()
    except Timeout:
        raise RunError(
            f"{folder} is being written by {_holder(file)}: wait until it ends, or choose another --out"
        ) from None
    try:
        with begun():
            if lock.lock_counter == 1:
                file.write_text(to_json(_this_process()), encoding="utf-8")
                clear_leftovers(folder)
            yield
    finally:
        if lock.lock_counter == 1:
            # Whoever opened it meanwhile sees that it has no name any more, and makes another.
            with contextlib.suppress(OSError):
                file.unlink()
        lock.release()


@contextlib.contextmanager
def locked_new(folder: Path) -> Iterator[None]:
    """The same of a folder that may not be there yet: it is made, and goes where nothing comes into it.

    Raises:
        RunError: another process writes there.
        OSError: it cannot be made.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with locked(folder):
            yield
    finally:
        with contextlib.suppress(OSError):
            for each in missing:
                each.rmdir()


def tidy(folder: Path) -> None:
    """Remove what a process that was killed left behind in ``folder``, its lock included."""
    if (folder / LOCK).exists():
        with contextlib.suppress(RunError, OSError), locked(folder):
            return
    clear_leftovers(folder)


def _this_process() -> dict[str, object]:
    return {
        "process": os.getpid(),
        "host": platform.node(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "since": datetime.now().astimezone().isoformat(timespec="seconds"),
    }


def _holder(file: Path) -> str:
    try:
        holder = from_json(read_text(file, _MOST_BYTES))
        command = " ".join(str(holder["command"]).split())[:120]
        return f"process {holder['process']} on {holder['host']} ({command}, since {holder['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
