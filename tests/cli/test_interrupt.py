"""Ctrl-C while a command is still importing: real processes, stopped as soon as a module is there."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(sys.executable).with_name("neuro-aolo")
STARTS = [["-m", "neuro_aolo"], *([[str(SCRIPT)]] if SCRIPT.is_file() else [])]
TRIES = 5


def interrupted_after(module: str, start: list[str]) -> tuple[int, list[str]]:
    """Exit code and what was said after ``module``, the command being interrupted then."""
    command = [sys.executable, "-X", "importtime", *start, "scenarios"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.endswith(f" {module}\n"):
                process.send_signal(signal.SIGINT)
                break
        said = [line for line in process.stderr if not line.startswith("import time:")]
    return process.returncode, said


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start[0].rpartition("/")[2])
@pytest.mark.parametrize("module", ["numpy._core", "numpy", "rich.console", "typer"])
def test_an_interrupt_while_importing_is_one_line(start: list[str], module: str) -> None:
    # The signal may come after the imports where this process has to wait for its turn: then again.
    results = []
    for _ in range(TRIES):
        results.append(interrupted_after(module, start))
        assert not any("Traceback" in line for line in results[-1][1]), results[-1]
        if results[-1] == (130, ["interrupted\n"]):
            return
    pytest.fail(f"{TRIES} tries ended with {results}")


@pytest.mark.parametrize("name", ["/usr/bin/neuro-aolo", "-m", "train.py"])
def test_an_interrupt_stays_the_caller_s_where_no_command_starts(name: str) -> None:
    """A script of one's own, and a worker, which is told the name of the command that it works for."""
    code = (
        f"import signal, sys; sys.argv[0] = {name!r}; import neuro_aolo\n"
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_an_ignored_interrupt_stays_ignored() -> None:
    """As below nohup and in the background of a script."""
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from neuro_aolo import interrupt; interrupt.ends_at_once(); interrupt.raises()\n"
        "print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
