"""Signals that end a command: real processes, stopped as soon as a module is there or work has begun."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(sys.executable).with_name("neuro-aolo")
STARTS = [["-m", "neuro_aolo"], *([[str(SCRIPT)]] if SCRIPT.is_file() else [])]
TRIES = 5


def interrupted_after(
    module: str, start: list[str], number: signal.Signals = signal.SIGINT
) -> tuple[int, list[str]]:
    """Exit code and what was said after ``module``, the command being interrupted then."""
    command = [sys.executable, "-X", "importtime", *start, "scenarios"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.endswith(f" {module}\n"):
                process.send_signal(number)
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


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_other_signals_end_it_as_ctrl_c_does(number: signal.Signals, code: int) -> None:
    results = []
    for _ in range(TRIES):
        results.append(interrupted_after("numpy", ["-m", "neuro_aolo"], number))
        if results[-1] == (code, [f"interrupted by {number.name}\n"]):
            return
    pytest.fail(f"{TRIES} tries ended with {results}")


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "interrupted by SIGTERM"),
        (signal.SIGHUP, 129, "interrupted by SIGHUP"),
    ],
)
def test_a_training_that_is_told_to_end_keeps_what_it_learnt(
    tmp_path: Path, number: signal.Signals, code: int, word: str
) -> None:
    path = tmp_path / "run"
    command = [sys.executable, "-m", "neuro_aolo", "train", "--actor", "mlp", "--out", str(path), "--quiet"]
    # A session of its own, where no shell has told it to ignore anything.
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while process.poll() is None and not (path / "actor.json").exists():
            time.sleep(0.01)
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said.count("\n")) == (code, 1), said
    assert said.startswith(
        f"{word}; {path} holds the best actor so far. Go on with: neuro-aolo train --resume"
    )
    expected = ["actor.json", "actor.safetensors", "config.toml", "metrics.csv", "training.safetensors"]
    assert sorted(file.name for file in path.iterdir()) == expected


def in_a_process(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, start_new_session=True
    )


HANDLED = (
    "import os, signal; from neuro_aolo import interrupt; interrupt.ends_at_once(); interrupt.raises()\n"
)


def test_a_signal_waits_until_what_is_learnt_is_saved() -> None:
    done = in_a_process(
        HANDLED + "try:\n"
        "    with interrupt.put_off():\n"
        "        os.kill(os.getpid(), signal.SIGTERM); print('saved')\n"
        "except KeyboardInterrupt: print(interrupt.word(), interrupt.exit_code())\n"
        "with interrupt.put_off(only_once=True): os.kill(os.getpid(), signal.SIGINT)\n"
        "interrupt.over(); os.kill(os.getpid(), signal.SIGHUP); print('done')"
    )
    assert (done.returncode, done.stdout) == (0, "saved\ninterrupted by SIGTERM 143\ndone\n"), done.stderr


@pytest.mark.parametrize("is_begun", [False, True])
def test_a_signal_within_an_import(tmp_path: Path, is_begun: bool) -> None:
    """What an import would swallow waits for its end, or ends all where nothing was begun."""
    (tmp_path / "swallows.py").write_text(
        "import os, signal, time\n"
        "try:\n    os.kill(os.getpid(), signal.SIGTERM); time.sleep(0.2)\n"
        "except BaseException as error: raise ImportError('numpy failed') from error\n"
        "print('imported', flush=True)\n"
    )
    done = in_a_process(
        f"import sys, time; sys.path.insert(0, {str(tmp_path)!r})\n" + HANDLED + "try:\n"
        "    with interrupt.begun():\n"
        "        import swallows; time.sleep(5); print('lost')\n"
        "except KeyboardInterrupt: print('raised')"
        if is_begun
        else f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n" + HANDLED + "import swallows"
    )
    expected = (0, "imported\nraised\n", "") if is_begun else (143, "", "interrupted by SIGTERM\n")
    assert (done.returncode, done.stdout, done.stderr) == expected
