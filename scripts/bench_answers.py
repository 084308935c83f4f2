"""How long a stranger waits: importing the package, ``--version``, and each question asked of a run twice.

Processor time and wall time of whole commands, measured in one run on one machine; the second answer of each
command has to be the first one to the digit, and a changed file of the run has to be answered anew.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

QUESTIONS = ("evaluate", "energy", "ledger", "report")


@dataclass(frozen=True)
class Took:
    """What a command took, in seconds, and what it printed."""

    processor_s: float
    wall_s: float
    printed: str


def took(*command: str) -> Took:
    """Run a command whole."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Took(processor_s, wall_s, done.stdout)


def least(times: int, *command: str) -> Took:
    """The quickest of several runs."""
    return min((took(*command) for _ in range(times)), key=lambda each: each.processor_s)


def main() -> None:
    """Print the table; the exit code is 1 where a second answer differs from the first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="folder of a finished run; a copy of it is asked")
    parser.add_argument("--times", type=int, default=3, help="runs of the quick commands (default: 3)")
    arguments = parser.parse_args()
    program = [sys.executable, "-m", "neuro_aolo"]
    rows = [
        ("python -c pass", least(arguments.times, sys.executable, "-c", "pass")),
        ("python -c 'import neuro_aolo'", least(arguments.times, sys.executable, "-c", "import neuro_aolo")),
        ("neuro-aolo --version", least(arguments.times, *program, "--version")),
        ("neuro-aolo --help", least(arguments.times, *program, "--help")),
    ]
    print(f"{os.cpu_count()} cores; processor time and wall time in s")
    for name, each in rows:
        print(f"{name:<34}{each.processor_s:8.2f}{each.wall_s:8.2f}")
    print(f"\n{'':<12}{'first':>16}{'second':>16}{'ratio':>8}{'same':>6}{'after a change':>18}")
    differs = False
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        shutil.copytree(arguments.run, run)
        shutil.rmtree(run / "answers", ignore_errors=True)
        firsts = {question: took(*program, question, str(run)) for question in QUESTIONS}
        seconds = {question: least(arguments.times, *program, question, str(run)) for question in QUESTIONS}
        # A space at the end changes nothing but the file.
        (run / "actor.json").write_text((run / "actor.json").read_text() + " ")
        for question in QUESTIONS:
            first, second = firsts[question], seconds[question]
            again = took(*program, question, str(run))
            same = first.printed == second.printed
            differs = differs or not same
            ratio = first.processor_s / second.processor_s
            print(
                f"{question:<12}{first.processor_s:8.2f}{first.wall_s:8.2f}{second.processor_s:8.2f}"
                f"{second.wall_s:8.2f}{ratio:8.1f}{'yes' if same else 'NO':>6}"
                f"{again.processor_s:10.2f}{again.wall_s:8.2f}"
            )
    sys.exit(differs)


if __name__ == "__main__":
    main()
