"""One changed file handed to its reader, and what must not happen then."""

import contextlib
import os
import random
import resource
import shutil
import signal
import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from fuzzing.loaders import ON_PURPOSE, Loader
from fuzzing.mutations import mutated
from fuzzing.plain import fingerprint, not_numbers, plain

MOST_SECONDS = 5.0
MOST_BYTES = 1 << 30
"""Memory beyond what the process had before."""

_ROOM = 2 << 30
"""Address space beyond that, after which memory is refused: the machine is to survive."""

FAULTS = ("traceback", "message", "hang", "memory", "nan", "digest")
"""Another error than those on purpose; one of several lines, or that does not name the file; no answer in
time; too much memory; a number taken that is none; a change that a digest should have shown."""

IN_ITS_PLACE = ("pipe", "endless", "folder", "loop", "missing")
"""What lies where the file should, as the first inputs of every reader."""


@dataclass(frozen=True)
class Outcome:
    """What became of one input.

    Attributes:
        answer: ``refused``, ``unchanged`` or ``changed``, or empty where it did not come to that.
        fault: one of :data:`FAULTS`, or empty.
        detail: what was said.
    """

    answer: str
    fault: str = ""
    detail: str = ""


class _TooLongError(BaseException):
    """No reader catches it."""


@dataclass
class Bench:
    """A reader with its files in a folder of this process.

    Attributes:
        loader: the reader.
        seeds: folder of all seeds.
        scratch: where files are changed.
        folders: own copy of each seed's folder, and the file in it.
        originals: bytes of the seeds.
        known: fingerprints of what the seeds hold.
    """

    loader: Loader
    seeds: Path
    scratch: Path
    folders: list[tuple[Path, Path]] = field(default_factory=list)
    originals: list[bytes] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for index, (folder, pattern) in enumerate(self.loader.seeds):
            own = self.scratch / self.loader.name / str(index)
            shutil.copytree(self.seeds / folder, own)
            file = next(iter(own.glob(pattern)))
            self.folders.append((own, file))
            self.originals.append(file.read_bytes())

    def learn(self) -> None:
        """Read every seed as it is."""
        for _, file in self.folders:
            value = self.loader.read(file)
            if value is None:
                raise RuntimeError(f"{self.loader.name} does not take its own {file.name}")
            self.known.add(fingerprint(plain(value)))

    def input(self, seed: int, index: int) -> tuple[Path, Path, bytes]:
        """Put input ``index`` in place: the folder, the file, and its bytes."""
        rng = random.Random(f"{seed} {self.loader.name} {index}")
        which = rng.randrange(len(self.folders))
        folder, file = self.folders[which]
        _clear(file)
        if index < len(IN_ITS_PLACE):
            _place(IN_ITS_PLACE[index], file)
            return folder, file, b""
        same = [
            data
            for (_, other), data in zip(self.folders, self.originals, strict=True)
            if other.suffix == file.suffix
        ]
        data = mutated(rng, [self.originals[which], *same], self.loader.form)
        if self.loader.seal is not None and rng.random() < 0.5:
            # What cannot be sealed any more, or was never to be, stays as it is.
            with contextlib.suppress(Exception):
                data = self.loader.seal(data)
        file.write_bytes(data)
        return folder, file, data

    def examine(self, seed: int, index: int) -> Outcome:
        """What the reader makes of input ``index``."""
        folder, file, data = self.input(seed, index)
        value, began, before = None, time.monotonic(), _memory_begins()
        try:
            with _bounded(), warnings.catch_warnings():
                warnings.simplefilter("error")
                warnings.filterwarnings("ignore", category=DeprecationWarning)
                warnings.filterwarnings("ignore", category=ResourceWarning)
                value = self.loader.read(file)
        except ON_PURPOSE as error:
            outcome = _refusal(str(error), folder, file)
        except _TooLongError:
            outcome = Outcome("", "hang", traceback.format_exc(limit=-3))
        except MemoryError:
            outcome = Outcome("", "memory", traceback.format_exc(limit=-3))
        except BaseException as error:
            outcome = Outcome(
                "", "traceback", f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=-4)}"
            )
        else:
            outcome = Outcome("refused") if value is None else self._answer(value, data)
        if not outcome.fault and time.monotonic() - began > MOST_SECONDS:
            outcome = Outcome(outcome.answer, "hang", f"{time.monotonic() - began:.1f} s")
        used = _memory_peak() - before
        if not outcome.fault and used > MOST_BYTES:
            outcome = Outcome(outcome.answer, "memory", f"{used >> 20:,} MiB")
        return outcome

    def _answer(self, value: Any, data: bytes) -> Outcome:
        read = plain(value)
        digest = fingerprint(read)
        answer = "unchanged" if digest in self.known else "changed"
        if answer == "unchanged":
            return Outcome(answer)
        sealed = self.loader.seal is not None and _is_sealed(self.loader, data)
        older = self.loader.reads_older and b"sha256" not in data
        if self.loader.has_digest and not sealed and not older:
            return Outcome(answer, "digest", str(read)[:300])
        nan, infinite = not_numbers(read)
        # In JSON what is not a number is null.
        allowed = data.count(b"null") if self.loader.form == "json" else 0
        if (infinite and self.loader.odd != "any") or (nan > allowed and not self.loader.odd):
            return Outcome(answer, "nan", f"{nan} NaN, {infinite} infinities in {str(read)[:300]}")
        return Outcome(answer)


def _is_sealed(loader: Loader, data: bytes) -> bool:
    """Whether the digest is right for these bytes, so that the change cannot be known."""
    assert loader.seal is not None
    try:
        return loader.seal(data) == loader.seal(loader.seal(data)) and loader.seal(data) == data
    except Exception:
        return False


def _refusal(text: str, folder: Path, file: Path) -> Outcome:
    if len(text.splitlines()) != 1:
        return Outcome("refused", "message", f"{len(text.splitlines())} lines: {text!r:.300}")
    if file.name not in text and str(folder) not in text:
        return Outcome("refused", "message", f"does not name the file: {text[:300]}")
    return Outcome("refused")


def _clear(file: Path) -> None:
    if file.is_dir() and not file.is_symlink():
        file.rmdir()
    else:
        file.unlink(missing_ok=True)


def _place(what: str, file: Path) -> None:
    if what == "pipe":
        os.mkfifo(file)
    elif what == "endless":
        file.symlink_to("/dev/zero")
    elif what == "folder":
        file.mkdir()
    elif what == "loop":
        file.symlink_to(file.name)


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """An alarm after the time that a reader has, and an end to the memory that there is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = status("VmSize") + _ROOM
    previous = signal.signal(signal.SIGALRM, _alarm)
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        resource.setrlimit(
            resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
        )
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, previous)


def _alarm(number: int, frame: FrameType | None) -> None:
    raise _TooLongError


def _memory_begins() -> int:
    """Bytes in use; the peak is counted anew from here where the system allows."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _memory_peak()


def _memory_peak() -> int:
    return status("VmHWM")


def status(name: str) -> int:
    """Bytes of a kind of memory of this process, as ``VmSize``."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) << 10
    raise RuntimeError(f"/proc/self/status has no {name}: run this on Linux")
