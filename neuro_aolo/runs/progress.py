"""Where long work stands: a bar or a spinner in a terminal, elsewhere a plain line every ten seconds."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, TextIO

from neuro_aolo.text.console import LiteralConsole
from neuro_aolo.text.feasibility import INFEASIBLE, is_infeasible
from neuro_aolo.text.literal import literal, literal_line

if TYPE_CHECKING:
    from neuro_aolo.agent.learner import Metrics

EVERY_S = 10.0
"""From one line to the next."""

Advance = Callable[[int, str], None]
"""Takes what is done so far, and what else is told of it."""

err = LiteralConsole(stderr=True)
_QUIET: ContextVar[bool] = ContextVar("quiet", default=False)


def be_quiet(asked: bool) -> bool:
    """From here on say nothing of what is going on, where that was asked for."""
    if asked:
        _QUIET.set(True)
    return asked


def speak() -> None:
    """Say again what is going on: one command that was quiet is over."""
    _QUIET.set(False)


def remark(line: str) -> None:
    """Say a line on standard error, unless the command is to be quiet."""
    if not _QUIET.get():
        err.print(line, markup=False, highlight=False, soft_wrap=True)


def told(row: "Metrics", violation_limit: float) -> str:
    """What a row of a learning curve says, in a few words.

    Args:
        row: of it.
        violation_limit: share of decisions in which a constraint may be broken.
    """
    regret = f"regret {row.regret:.1%}, " if isfinite(row.regret) else ""
    if is_infeasible(row.violation_rate, violation_limit):
        regret = f"{INFEASIBLE}, "
    return f"{regret}violations {row.violation_rate:.1%}"


@dataclass
class Stage:
    """A stage of a command as it stands.

    Attributes:
        what: is being done.
        began_s: when, by the clock that the other times are of.
        total: how much there is to do; None where nobody counts.
        unit: what is counted, as ``requests``.
        done: how much of it is done.
        told: what else is known.
        marks: when how much was done: the first time that it was told, and the last.
    """

    what: str
    began_s: float
    total: int | None = None
    unit: str = ""
    done: int = 0
    told: str = ""
    marks: list[tuple[float, int]] = field(default_factory=list)

    def advance(self, done: int, told: str, now_s: float) -> None:
        """Note how much is done."""
        self.done, self.told = done, told
        self.marks = [*self.marks[:1], (now_s, done)]

    def begun(self) -> str:
        """The first line, of a stage whose work is counted."""
        return f"[00:00] {self.what}, {self.total:,} {self.unit}"

    def line(self, now_s: float) -> str:
        """A line on the way."""
        parts = []
        if self.total and self.done:
            parts = [f"{self.done:,} of {self.total:,} {self.unit} ({min(self.done / self.total, 1.0):.0%})"]
        left_s = self.left_s(now_s)
        parts += [
            part for part in (self.told, "" if left_s is None else f"about {span(left_s)} left") if part
        ]
        # People write a percent sign after a space.
        said = ", ".join(parts).replace("%", " %") or "under way"
        return f"[{clock_text(now_s - self.began_s)}] {self.what}: {said}"

    def ended(self, now_s: float) -> str:
        """The last line."""
        whole = self.total is None or self.done >= self.total
        count = "" if not self.total else f"{self.done:,} {self.unit}"
        parts = [part for part in ("done" if whole else "ended after", count) if part]
        said = ", ".join(parts) if whole else ", ".join(filter(None, (" ".join(parts), self.told)))
        return f"[{clock_text(now_s - self.began_s)}] {self.what}: {said.replace('%', ' %')}"

    def left_s(self, now_s: float) -> float | None:
        """Seconds that are probably left, at the pace since it was first told how much is done."""
        if not self.total or len(self.marks) < 2:
            return None
        (first_s, first), (last_s, last) = self.marks
        if last <= first or last >= self.total:
            return None
        return max((last_s - first_s) / (last - first) * (self.total - last) - (now_s - last_s), 0.0)


def clock_text(seconds: float) -> str:
    """``01:20``, or ``2:03:07`` from an hour on."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute:02d}:{second:02d}"


def span(seconds: float) -> str:
    """A time that is not known to the second: ``35 s``, ``1 min 20 s``, ``12 min``, ``2 h 10 min``."""
    if seconds < 57.5:
        return f"{max(5 * round(seconds / 5), 5)} s"
    if seconds < 595.0:
        minutes, second = divmod(10 * round(seconds / 10), 60)
        return f"{minutes} min {second} s" if second else f"{minutes} min"
    hours, minute = divmod(round(seconds / 60), 60)
    return f"{hours} h {minute} min" if hours else f"{minute} min"


@contextmanager
def stage(what: str, total: int | None = None, unit: str = "") -> Iterator[Advance]:
    """Say where a stage stands, on standard error; nothing where the command is to be quiet.

    Args:
        what: is being done.
        total: how much there is to do; None where nobody counts.
        unit: what is counted.
    """
    if _QUIET.get():
        yield lambda done, told: None
    elif not _in_terminal():
        with lines(Stage(what, time.monotonic(), total, unit), every_s=EVERY_S) as advance:
            yield advance
    elif total is None:
        from rich.text import Text

        with err.status(Text(literal_line(what))):
            yield lambda done, told: None
    else:
        with _bar(what, total, unit) as advance:
            yield advance


@contextmanager
def lines(
    stage: Stage,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
    every_s: float = EVERY_S,
) -> Iterator[Advance]:
    """Plain lines: one every so often, and one at the end where nothing went wrong.

    Where the work is counted there is one at the beginning, too; other stages say nothing before the first
    line is due, and nothing at all where they are done by then.

    Args:
        stage: what is told.
        stream: where it is written; standard error as it is now where None.
        clock: what time it is, in s.
        every_s: from one line to the next.
    """
    out, ended, lock = stream or sys.stderr, threading.Event(), threading.Lock()
    spoke = threading.Event()

    def write(line: str) -> None:
        # Whoever read it may be gone: the work goes on all the same.
        spoke.set()
        try:
            out.write(f"{literal(line)}\n")
            out.flush()
        except (OSError, ValueError):
            ended.set()

    def tick() -> None:
        while not ended.wait(every_s):
            with lock:
                if not ended.is_set():
                    write(stage.line(clock()))

    def advance(done: int, told: str) -> None:
        with lock:
            stage.advance(done, told, clock())

    if stage.total:
        write(stage.begun())
    threading.Thread(target=tick, daemon=True).start()
    try:
        yield advance
    finally:
        with lock:
            ended.set()
    if spoke.is_set():
        write(stage.ended(clock()))


def _in_terminal() -> bool:
    """Whether standard error is a terminal; the cell of a notebook is none, though it looks like one."""
    return sys.stderr.isatty() and not err.is_dumb_terminal and "JPY_PARENT_PID" not in os.environ


@contextmanager
def _bar(what: str, total: int, unit: str) -> Iterator[Advance]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn(
            "{task.completed:,.0f} of {task.total:,.0f} {task.fields[unit]}{task.fields[told]}", markup=False
        ),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(what, total=total, unit=unit, told="")

        def advance(done: int, told: str) -> None:
            progress.update(task, completed=done, told=f", {literal_line(told)}" if told else "")

        yield advance
