"""A command in a process group of its own, that never outlives its time or its caller."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from export.errors import ExportError

_GRACE_S = 2.0


def run_bounded(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], timeout_s: float, label: str
) -> None:
    """Run a command to its end, and take its whole process group down whatever happens.

    Args:
        command: program and arguments.
        folder: working directory; standard error is kept there as ``stderr``, standard output dropped.
        environment: its environment variables.
        timeout_s: seconds that it may take.
        label: what it is, for the error.

    Raises:
        ExportError: it failed or took too long; the last line of its standard error says why.
    """
    log = folder / "stderr"
    with log.open("wb") as err:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=err,
            start_new_session=True,
        )
    try:
        status = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        raise ExportError(
            f"{label} did not end within {timeout_s:g} s and was killed{_cause(log)}: "
            "give it fewer decisions or a longer time-out"
        ) from None
    finally:
        _end_group(process)
    if status != 0:
        raise ExportError(f"{label} failed with exit status {status}{_cause(log)}")


def end_with_parent() -> None:
    """In the child: end the whole process group once the caller is gone, however it went."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        os.killpg(0, signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    # Terminated first, where it did not end well: the tracker of shared memory outlives that signal,
    # and removes what the others left behind.
    if process.returncode != 0 and _signal_group(process, signal.SIGTERM):
        deadline = time.monotonic() + _GRACE_S
        while time.monotonic() < deadline and _signal_group(process, 0):
            process.poll()
            time.sleep(0.01)
    _signal_group(process, signal.SIGKILL)
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> bool:
    """Signal the group (0: only look); False where it has no member left."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    return True


def _cause(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return f" ({lines[-1]})" if lines else ""
