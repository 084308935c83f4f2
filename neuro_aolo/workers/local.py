"""Processes that make the cells of a comparison: one thread each, every cell kept once it is finished."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol, TypeVar

import torch

from neuro_aolo.errors import NeuroAoloError

_ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


class Made(Protocol):
    """What came of a cell."""

    def save(self, file: Path) -> None:
        """Write it, whole or not at all."""
        ...


class Work(Protocol):
    """A cell to be made; :class:`neuro_aolo.comparison.cell.Plan` is one."""

    @property
    def name(self) -> str:
        """What it is called, apart from all others."""
        ...

    def file(self, folder: Path) -> Path:
        """Where it is kept in the folder of its comparison."""
        ...

    def finished(self, folder: Path) -> Made | None:
        """What was kept, if anything."""
        ...

    def make(self) -> Made:
        """Make it."""
        ...


W = TypeVar("W", bound=Work)


@dataclass(frozen=True)
class Failure:
    """A cell that could not be made, and why, in one line."""

    cell: str
    reason: str


def make(
    wanted: Sequence[W], folder: Path, jobs: int, on_end: Callable[[W, Failure | None], None]
) -> list[Failure]:
    """Make cells, ``jobs`` at a time; a cell that fails does not keep the others from being made.

    An interrupt from the keyboard ends it at once: finished cells are on disk, those under way are lost.

    Args:
        wanted: the cells.
        folder: of the comparison, where each is written when it is finished.
        jobs: processes, of one thread each.
        on_end: called with each cell when it is finished or has failed.
    """
    waiting, busy, failures = deque(wanted), dict[Connection, tuple[_Worker, W]](), list[Failure]()
    idle: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < jobs:
                worker = idle.pop() if idle else _Worker.start()
                plan = waiting.popleft()
                worker.pipe.send((plan, folder))
                busy[worker.pipe] = worker, plan
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                worker, plan = busy.pop(pipe)
                failure = worker.answer(plan)
                if failure is not None:
                    failures.append(failure)
                if worker.process.is_alive():
                    idle.append(worker)
                else:
                    worker.end()
                on_end(plan, failure)
    finally:
        for worker in [*idle, *(worker for worker, _ in busy.values())]:
            worker.end()
    return failures


def make_here(
    wanted: Sequence[W], folder: Path, on_end: Callable[[W, Failure | None], None]
) -> list[Failure]:
    """The same, one after the other in this process."""
    failures = []
    for plan in wanted:
        reason = _make(plan, folder)
        failure = None if reason is None else Failure(plan.name, reason)
        if failure is not None:
            failures.append(failure)
        on_end(plan, failure)
    return failures


@dataclass(frozen=True)
class _Worker:
    """A process that makes one cell after another."""

    process: BaseProcess
    pipe: Connection

    @classmethod
    def start(cls) -> "_Worker":
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs,), daemon=True)
        with _inherited():
            process.start()
        # With this end open here too, a worker that is killed would go unnoticed.
        theirs.close()
        return cls(process, ours)

    def answer(self, plan: Work) -> Failure | None:
        """What became of the cell."""
        try:
            reason = self.pipe.recv()
        except (EOFError, ConnectionResetError):  # the latter where it ended before it read the cell
            self.process.join()
            reason = f"its process ended with exit code {self.process.exitcode}: check the memory it needs"
        return None if reason is None else Failure(plan.name, reason)

    def end(self) -> None:
        self.process.terminate()
        self.process.join()
        self.pipe.close()


@contextmanager
def _inherited() -> Iterator[None]:
    """What a process that starts now inherits: one thread, and deafness to what ends its parent.

    Ctrl-C and a closed terminal reach every process; the parent ends its workers itself.
    """
    environment = dict(os.environ)
    os.environ.update(_ONE_THREAD)
    main = threading.current_thread() is threading.main_thread()
    deaf_to = [getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)]
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in deaf_to} if main else {}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        for name in _ONE_THREAD:
            os.environ.pop(name)
        os.environ.update(environment)


def _work(pipe: Connection) -> None:
    """Make the cells that come through ``pipe``; answer with None, or the reason of a failure."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            plan, folder = pipe.recv()
            pipe.send(_make(plan, folder))


def _end_with_parent() -> None:
    """End this process where the one that asked is gone, as when it was killed: nobody else would."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _make(plan: Work, folder: Path) -> str | None:
    """Make a cell and keep it; the reason in one line where that fails."""
    try:
        plan.make().save(plan.file(folder))
    except NeuroAoloError as error:
        return _line(str(error))
    except Exception as error:
        # Whatever it is, the other cells are made: the error's own words say what to mend in this one.
        return _line(f"{type(error).__name__}: {error}")
    return None


def _line(text: str) -> str:
    return " ".join(text.split())[:500]
