"""Commands in sessions of their own, what they are to end with, and what they must not leave behind."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neuro_aolo.runs.files import ANSWERS, CONFIG, METRICS, TWIN, WEIGHTS
from neuro_aolo.runs.lock import LOCK

DESCRIPTION = "actor.json"
ROOT = Path(__file__).parents[2]
MOST_S = 300.0
"""No command here takes as long by itself."""

_OF_OTHERS = ("torchinductor_", ".ses")
"""What torch and onnxruntime keep in the folder of temporary files from one process to the next."""

TINY = """[training]
num_envs = 16
batch_size = 16
critic_hidden = [8]
learning_starts = 64
actor_starts = 128
validation_requests = 200
evaluate_every = 5
[actor]
hidden = [8]
"""
TRAINED = (CONFIG, DESCRIPTION, WEIGHTS, METRICS)
"""What nothing but a training may change."""


@dataclass
class Place:
    """A folder for one knock: what commands work on, their temporary files, and what they say.

    Attributes:
        path: the folder.
        inside: what the commands work on, in it.
        started: the commands that were started here.
    """

    path: Path
    inside: str = "out"
    started: list["Started"] = field(default_factory=list)

    @property
    def out(self) -> Path:
        """What the commands work on."""
        return self.path / self.inside

    @property
    def temporary(self) -> Path:
        """TMPDIR of the commands."""
        return self.path / "tmp"

    def start(self, *command: str, limit: Callable[[], None] | None = None) -> "Started":
        """Start a command; ``{out}`` in it is the folder to work on."""
        self.temporary.mkdir(exist_ok=True)
        words = [word.replace("{out}", str(self.out)) for word in command]
        number = len(self.started)
        out, err = (self.path / f"{number}.{name}" for name in ("out", "err"))
        path = os.pathsep.join((str(ROOT), str(ROOT / "export")))
        environment = os.environ | {"TMPDIR": str(self.temporary), "PYTHONPATH": path, "COLUMNS": "200"}
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", "neuro_aolo", *words],
                cwd=self.path,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
                preexec_fn=limit,
            )
        started = Started(process, out, err, time.monotonic())
        self.started.append(started)
        return started

    def run(self, *command: str, limit: Callable[[], None] | None = None) -> "Started":
        """Start a command and wait for its end."""
        started = self.start(*command, limit=limit)
        started.end()
        return started

    def left_over(self) -> list[str]:
        """What commands that have ended should have put away."""
        deadline = time.monotonic() + 5.0
        sessions = {started.process.pid for started in self.started}
        while alive := [pid for pid, session in _sessions() if session in sessions]:
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        temporary = self.temporary.iterdir() if self.temporary.is_dir() else ()
        files = [*_hidden(self.out), *(file for file in temporary if not file.name.startswith(_OF_OTHERS))]
        return [f"left over: {file.relative_to(self.path)}" for file in sorted(files)] + [
            f"left over: process {pid} of a session that ended" for pid in alive
        ]


@dataclass
class Started:
    """A command that was started.

    Attributes:
        process: its own.
        out: file of its standard output.
        err: file of its standard error.
        began: when, by the monotonic clock.
    """

    process: "subprocess.Popen[bytes]"
    out: Path
    err: Path
    began: float

    @property
    def code(self) -> int:
        """Its exit code, negative of a signal."""
        return int(self.process.wait())

    def end(self, within_s: float = MOST_S) -> int:
        """Wait for its end; one that takes too long is killed with all that it started."""
        try:
            return self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.code

    def kill(self) -> None:
        """End it with all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def lines(self) -> list[str]:
        """What it said on standard error, without the lines on how far it was."""
        text = self.err.read_text("utf-8", "replace")
        return [line for line in text.splitlines() if line.strip() and not line.startswith("[")]

    def wait_for(self, reached: Callable[[], bool]) -> bool:
        """Wait until something is so, or the command has ended; whether it is so."""
        while self.process.poll() is None and time.monotonic() - self.began < MOST_S:
            if reached():
                return True
            time.sleep(0.005)
        return reached()

    def works(self) -> bool:
        """Whether it has said that its work begins."""
        return b"[" in self.err.read_bytes()

    def refusal(self, codes: tuple[int, ...]) -> list[str]:
        """What is wrong where it should have ended with one of ``codes`` and one clear line."""
        lines = self.lines()
        wrong = [] if self.code in codes else [f"exit code {self.code}, not {' or '.join(map(str, codes))}"]
        if len(lines) != 1 or "Traceback" in "".join(lines):
            wrong.append(f"{len(lines)} lines on standard error: {' / '.join(lines)[:300]}")
        return wrong


def _sessions() -> Iterator[tuple[int, int]]:
    """Every process that runs, and its session."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                state, _, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
                if state != "Z":
                    yield int(folder.name), int(session)


def _hidden(folder: Path) -> list[Path]:
    """Partial files, hidden folders and locks."""
    return [file for file in folder.rglob("*") if file.name.startswith(".") or file.name.endswith(".part")]


def is_locked(folder: Path) -> bool:
    """Whether a command has put its name on the folder."""
    with suppress(OSError):
        return (folder / LOCK).stat().st_size > 0
    return False


def digests(folder: Path) -> dict[str, str]:
    """Of every file in a folder, by its path there."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def without_times(data: Any) -> Any:
    """JSON without what a clock or a meter gave."""
    times = {"seconds", "timings_s", "us_per_decision", "median_s", "p95_s", "sha256", "versions"}
    if isinstance(data, dict):
        return {key: without_times(item) for key, item in data.items() if key not in times}
    return [without_times(item) for item in data] if isinstance(data, list) else data


def read_json(file: Path) -> Any:
    """The same of a file."""
    return without_times(json.loads(file.read_text("utf-8")))


@dataclass(frozen=True)
class Base:
    """What undisturbed commands came to, which those that are knocked about are compared with.

    Attributes:
        path: folder of the runs ``train``, ``run``, ``begun`` and of the comparison ``compare``.
        seconds: that commands took.
        same: exported files whose bytes the network alone decides.
        ledger: of the run, as JSON.
    """

    path: Path
    seconds: Mapping[str, float]
    same: Mapping[str, str]
    ledger: Any

    def copy(self, name: str, place: Place) -> None:
        """One of its folders as what ``place`` works on; nothing that was asked of it before."""
        shutil.copytree(self.path / name, place.out)
        shutil.rmtree(place.out / ANSWERS, ignore_errors=True)

    def other_weights(self, name: str, folder: Path) -> list[str]:
        """What is wrong where the actors in a folder are not those of an undisturbed training."""
        files = [WEIGHTS, f"{TWIN}/{WEIGHTS}"] if name == "run" else [WEIGHTS]
        theirs = {file: _bytes(folder / file) for file in files}
        wrong = [file for file in files if theirs[file] != _bytes(self.path / name / file)]
        return [f"{file} differs from an undisturbed training" for file in wrong]

    def other_exports(self, folder: Path) -> list[str]:
        """What is wrong where exported files are not those of an undisturbed export."""
        found = digests(folder)
        return [f"{name} differs" for name, digest in self.same.items() if found.get(name) != digest]


def _bytes(file: Path) -> bytes:
    return file.read_bytes() if file.is_file() else b""


TRAIN = ("train", "--out", "{out}", "--config", "../tiny.toml", "--steps", "3000")
RUN = ("run", "--out", "{out}", "--config", "../tiny.toml", "--steps", "600")
COMPARE = (
    *("compare", "--out", "{out}", "--learners", "random,mlp,spiking", "--seeds", "1", "--steps", "300"),
    *("--jobs", "2"),
)
COMMANDS: dict[str, tuple[str, ...]] = {
    "train": TRAIN,
    "run": RUN,
    "compare": COMPARE,
    "export": ("export", "{out}"),
    "ledger": ("ledger", "{out}", "--json"),
    "report": ("report", "{out}"),
}


def undisturbed(root: Path) -> Base:
    """Run every command once; the export twice, to see which files it always writes alike."""
    (root / "tiny.toml").write_text(TINY)
    seconds, base = {}, root / "base"
    base.mkdir()
    for name, command in COMMANDS.items():
        place = Place(root / f"undisturbed-{name}")
        place.path.mkdir()
        if name in ("export", "ledger", "report"):
            shutil.copytree(base / "run", place.out)
            shutil.rmtree(place.out / ANSWERS, ignore_errors=True)
        started = place.run(*command)
        if started.code:
            raise SystemExit(f"{name} undisturbed: exit code {started.code}: {' / '.join(started.lines())}")
        seconds[name] = time.monotonic() - started.began
        if name in ("train", "run", "compare"):
            shutil.move(place.out, base / name)
    exported, first = digests(root / "undisturbed-export" / "out"), digests(base / "run")
    same = {name: first[name] for name in first if Path(name).suffix in (".graph", ".net", ".nir", ".onnx")}
    same = {name: digest for name, digest in same.items() if exported[name] == digest}
    ledger = read_json(root / "undisturbed-ledger" / "0.out")
    _begin(root, base)
    return Base(base, seconds, same, ledger)


def _begin(root: Path, base: Path) -> None:
    """A training that was interrupted."""
    place = Place(root / "undisturbed-begun")
    place.path.mkdir()
    started = place.start(*TRAIN)
    started.wait_for(lambda: (place.out / "training.safetensors").exists())
    started.process.send_signal(signal.SIGINT)
    started.end()
    if not (place.out / "training.safetensors").exists():
        raise SystemExit(f"a training could not be interrupted: {' / '.join(started.lines())}")
    shutil.move(place.out, base / "begun")


@contextmanager
def place_in(root: Path, name: str) -> Iterator[Place]:
    """A place that is gone afterwards, with all that still runs in it."""
    place = Place(root / name)
    place.path.mkdir()
    try:
        yield place
    finally:
        for started in place.started:
            started.kill()
        shutil.rmtree(place.path, ignore_errors=True)
