"""A command in a process group of its own, that never outlives its time or its caller."""

import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from neuro_aolo_export.errors import ExportError

_GRACE_S = 2.0
_GLANCE_S = 0.1
_LONGEST_SOCKET = 103
"""Bytes that the name of a Unix socket may have on every system."""
_SOCKET_BYTES = len("/pymp-xxxxxxxx/listener-xxxxxxxx")


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
    process = start_bounded(command, folder=folder, environment=environment)
    try:
        status = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        raise ExportError(
            f"{label} did not end within {timeout_s:g} s and was killed{last_words(folder)}: "
            "give it fewer decisions or a longer time-out"
        ) from None
    finally:
        end_group(process)
    if status != 0:
        raise ExportError(f"{label} failed with exit status {status}{last_words(folder)}")


def start_bounded(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], answers: bool = False
) -> "subprocess.Popen[bytes]":
    """Start a command in a process group of its own; :func:`end_group` must follow.

    Args:
        command: program and arguments.
        folder: working directory; standard error is kept there as ``stderr``.
        environment: its environment variables; what it keeps in temporary files goes into ``folder``.
        answers: whether standard output is kept, for :func:`exchange`, or dropped.
    """
    with (folder / "stderr").open("wb") as err:
        return subprocess.Popen(
            command,
            cwd=folder,
            env={**environment, **_own_temporary(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if answers else subprocess.DEVNULL,
            stderr=err,
            start_new_session=True,
            bufsize=0,
        )


def _own_temporary(folder: Path) -> dict[str, str]:
    """Where a killed process leaves its temporary files, as its sockets: in the folder that goes with it."""
    name = str(folder.resolve())
    return {"TMPDIR": name} if len(os.fsencode(name)) + _SOCKET_BYTES <= _LONGEST_SOCKET else {}


def exchange(
    process: "subprocess.Popen[bytes]", request: bytes, answer_bytes: int, timeout_s: float
) -> bytes:
    """Write a request to a process and read an answer of known length.

    Raises:
        TimeoutError: it did not take ``request`` or did not answer within ``timeout_s``.
        EOFError: it has ended.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    source, sink = process.stdout.fileno(), process.stdin.fileno()
    os.set_blocking(sink, False)
    deadline = time.monotonic() + timeout_s
    answer = bytearray()
    while request or len(answer) < answer_bytes:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        poll = select.poll()
        poll.register(source, select.POLLIN)
        if request:
            poll.register(sink, select.POLLOUT)
        ready = {number for number, _ in poll.poll(1e3 * min(left_s, _GLANCE_S))}
        # What it started may hold its pipes open after it.
        if not ready and process.poll() is not None:
            raise EOFError
        try:
            if sink in ready:
                request = request[os.write(sink, request) :]
        except BrokenPipeError:
            raise EOFError from None
        if source in ready:
            piece = os.read(source, answer_bytes - len(answer))
            if not piece:
                raise EOFError
            answer += piece
    return bytes(answer)


def end_with_parent(size: int = 1, receive: Callable[[bytes], None] | None = None) -> None:
    """In the child: end the whole process group once the caller is gone, however it went.

    Args:
        size: bytes of a request.
        receive: takes each request that comes on standard input, in a thread of its own.
    """

    def watch() -> None:
        with open(0, "rb", closefd=False) as requests:
            while len(request := requests.read(size)) == size:
                if receive is not None:
                    receive(request)
        os.killpg(0, signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """End the process and all that it started, whatever state they are in."""
    # Terminated first, where it did not end well: the tracker of shared memory outlives that signal,
    # and removes what the others left behind.
    if process.returncode != 0 and _signal_group(process, signal.SIGTERM):
        deadline = time.monotonic() + _GRACE_S
        while time.monotonic() < deadline and _signal_group(process, 0):
            process.poll()
            time.sleep(0.01)
    _signal_group(process, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> bool:
    """Signal the group (0: only look); False where it has no member left."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return False
    return True


def last_words(folder: Path) -> str:
    """The last line that a command wrote to standard error, in parentheses; nothing where there is none."""
    text = (folder / "stderr").read_text(errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f" ({lines[-1]})" if lines else ""
