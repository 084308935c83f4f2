"""Nothing that was started outlives its time, its failure or its caller."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.loihi2._bounded import end_group, exchange, run_bounded, start_bounded

# A child that will not be told, with a grandchild of the same mind.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
open(f"{os.getpid()}.pid", "w").close()
time.sleep(60)
"""


def _run(code: str, folder: Path, timeout_s: float = 20.0) -> None:
    run_bounded(
        [sys.executable, "-c", code],
        folder=folder,
        environment=os.environ,
        timeout_s=timeout_s,
        label="the child",
    )


def _running(pid: int) -> bool:
    try:
        # A zombie has ended; nobody has asked for its status yet.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _all_end(pids: list[int]) -> bool:
    deadline = time.monotonic() + 10
    while any(_running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(_running(pid) for pid in pids)


def _pids(folder: Path, count: int) -> list[int]:
    deadline = time.monotonic() + 20
    while len(found := list(folder.glob("*.pid"))) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(found) == count
    return [int(path.stem) for path in found]


def test_success_says_nothing(tmp_path: Path) -> None:
    _run("print('to nobody')", tmp_path)


def test_temporary_files_go_into_the_folder(tmp_path: Path) -> None:
    code = "import sys, tempfile; sys.stderr.write(tempfile.gettempdir())"
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        _run(code, Path(short))
        assert (Path(short) / "stderr").read_text() == str(Path(short).resolve())
    # A socket's name has little room: beyond it they stay where they were.
    long = tmp_path / ("x" * 100)
    long.mkdir()
    _run(code, long)
    assert (long / "stderr").read_text() == tempfile.gettempdir()


def test_failure_is_told_by_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"the child failed with exit status 1 \(KeyError: 'cause'\)"):
        _run("raise KeyError('cause')", tmp_path)


def test_time_out_ends_the_whole_group(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"the child did not end within 2\.5 s and was killed"):
        _run(STUBBORN, tmp_path, timeout_s=2.5)
    assert _all_end(_pids(tmp_path, 2))


def test_child_ends_when_its_caller_is_killed(tmp_path: Path) -> None:
    child = (
        "import os, time; from neuro_aolo_export.loihi2._bounded import end_with_parent; end_with_parent(); "
        "os.fork(); open(f'{os.getpid()}.pid', 'w').close(); time.sleep(60)"
    )
    caller = (
        "import os, sys; from pathlib import Path; "
        "from neuro_aolo_export.loihi2._bounded import run_bounded; "
        f"run_bounded([sys.executable, '-W', 'ignore', '-c', {child!r}], folder=Path({str(tmp_path)!r}), "
        "environment=os.environ, timeout_s=60, label='the child')"
    )
    with subprocess.Popen([sys.executable, "-c", caller]) as process:
        pids = _pids(tmp_path, 2)
        process.send_signal(signal.SIGKILL)
    assert _all_end(pids)


# Answers each request of 3 bytes with the same, twice.
ECHO = """
import os
from neuro_aolo_export.loihi2._bounded import end_with_parent
from queue import SimpleQueue
queue = SimpleQueue()
end_with_parent(3, queue.put)
while True:
    os.write(1, 2 * queue.get())
"""


@contextmanager
def _answering(code: str, folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    process = start_bounded(
        [sys.executable, "-W", "ignore", "-c", code], folder=folder, environment=os.environ, answers=True
    )
    try:
        yield process
    finally:
        end_group(process)


def test_requests_are_answered_in_turn_and_the_last_one_too_late(tmp_path: Path) -> None:
    with _answering(ECHO, tmp_path) as process:
        assert exchange(process, b"abc", 6, 20) == b"abcabc"
        assert exchange(process, b"defghi", 12, 20) == b"defdefghighi"
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            exchange(process, b"ab", 1, 0.3)
        assert 0.3 <= time.monotonic() - began < 5
    assert _all_end([process.pid])


def test_a_request_that_nobody_takes_does_not_block(tmp_path: Path) -> None:
    with _answering("import time; time.sleep(60)", tmp_path) as process, pytest.raises(TimeoutError):
        exchange(process, bytes(1 << 22), 1, 0.5)


def test_an_end_is_noticed_though_a_grandchild_holds_the_pipes(tmp_path: Path) -> None:
    code = "import os, time\nif os.fork(): os._exit(3)\ntime.sleep(60)"
    with _answering(code, tmp_path) as process:
        began = time.monotonic()
        with pytest.raises(EOFError):
            exchange(process, b"", 1, 30)
        assert time.monotonic() - began < 10
