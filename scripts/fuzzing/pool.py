"""Processes that examine inputs, and an eye on them: one that hangs or dies costs one input, not the fuzz."""

import multiprocessing
import os
import shutil
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from fuzzing.examine import MOST_SECONDS, Bench, Outcome
from fuzzing.loaders import Loader

_CHUNK = 100
_GRACE_S = 5.0
"""Beyond the alarm of the process itself, which compiled code may not heed."""

Task = tuple[Loader, int, int]
"""A reader, and the inputs from the first to before the second."""


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    scratch: Path
    task: Task
    heard: float
    is_ready: bool = False


def examined(
    wanted: Sequence[tuple[Loader, int]], seeds: Path, scratch: Path, seed: int, jobs: int
) -> Iterator[tuple[Loader, int, Outcome]]:
    """Every reader with as many inputs as are wanted of it.

    Args:
        wanted: readers and how many inputs each.
        seeds: folder of :func:`fuzzing.seeds.make_seeds`.
        scratch: folder for changed files.
        seed: of everything drawn.
        jobs: processes.

    Yields:
        The reader, the number of the input, and what became of it.
    """
    waiting = deque(
        (loader, first, min(first + _CHUNK, count))
        for loader, count in wanted
        for first in range(0, count, _CHUNK)
    )
    workers: list[_Worker] = []
    try:
        while waiting or workers:
            while waiting and len(workers) < jobs:
                workers.append(_started(waiting.popleft(), seeds, scratch, seed))
            wait([worker.pipe for worker in workers], timeout=1.0)
            for worker in list(workers):
                loader, first, end = worker.task
                ended = False
                try:
                    while worker.pipe.poll():
                        outcome = worker.pipe.recv()
                        worker.heard, worker.is_ready = time.monotonic(), True
                        if outcome is not None:
                            yield loader, first, outcome
                            first += 1
                            worker.task = loader, first, end
                except (EOFError, ConnectionResetError):
                    ended = True
                    worker.process.join()
                if ended and not worker.is_ready:
                    raise RuntimeError(f"{loader.name} does not read its own files: see Bench.learn")
                late = time.monotonic() - worker.heard > MOST_SECONDS + _GRACE_S
                if not (ended or late or first == end):
                    continue
                _end(worker)
                workers.remove(worker)
                if first < end:
                    said = "no answer, in compiled code" if late else f"ended with {worker.process.exitcode}"
                    yield loader, first, Outcome("", "hang" if late else "traceback", said)
                    if first + 1 < end:
                        waiting.appendleft((loader, first + 1, end))
    finally:
        for worker in workers:
            _end(worker)


def _started(task: Task, seeds: Path, scratch: Path, seed: int) -> _Worker:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    own = scratch / f"{task[0].name}-{task[1]}"
    process = context.Process(target=_work, args=(theirs, task, seeds, own, seed), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours, own, task, time.monotonic())


def _end(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join()
    worker.pipe.close()
    shutil.rmtree(worker.scratch, ignore_errors=True)


def _work(pipe: Connection, task: Task, seeds: Path, scratch: Path, seed: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silence = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # What libraries print of damage would be thousands of lines.
        os.dup2(silence, stream)
    loader, first, end = task
    bench = Bench(loader, seeds, scratch)
    bench.learn()
    pipe.send(None)
    for index in range(first, end):
        pipe.send(bench.examine(seed, index))
