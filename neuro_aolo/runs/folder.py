"""The folder of a run, which holds everything that it made."""

import csv
import io
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from math import isfinite
from pathlib import Path

from neuro_aolo.agent.actor_files import DESCRIPTION, SNAPSHOT, WEIGHTS
from neuro_aolo.agent.checkpoint import SavedActor, load_actor
from neuro_aolo.agent.learner import Metrics
from neuro_aolo.agent.snapshot import Snapshot
from neuro_aolo.errors import NeuroAoloError, RunError
from neuro_aolo.files import read_text, write_whole
from neuro_aolo.runs.config import ForeignSystemError, RunConfig
from neuro_aolo.runs.files import (
    ANSWERS,
    CONFIG,
    EMISSIONS,
    EMISSIONS_MODELLED,
    EVENTS,
    MADE,
    METRICS,
    SUMMARY,
    TWIN,
)
from neuro_aolo.runs.lock import LOCK, locked_new, tidy
from neuro_aolo.systems.system import System
from neuro_aolo_export.files import disk_fails

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,3})?")
_UNKNOWN = ("critic_loss", "training_reward", "optimal_cost", "regret")
"""Columns of the learning curve that say nan where there is nothing to say."""


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run.

    Attributes:
        path: where it lies.
        system: what is controlled, where that is no shipped system.
    """

    path: Path
    system: System | None = None

    @classmethod
    @contextmanager
    def new(cls, path: Path, config: RunConfig, *, overwrite: bool) -> Iterator["RunFolder"]:
        """A new run folder that holds ``config``, this process's own in the block.

        Args:
            path: where it goes.
            config: settings of the run.
            overwrite: whether an earlier run there gives way.

        Raises:
            RunError: the path exists and is not to be overwritten, is no run folder, cannot be written, or
                another process writes there.
        """
        text = config.to_toml()
        with ExitStack() as held:
            try:
                _refuse(path, overwrite)
                held.enter_context(locked_new(path))
                # Another process may have begun a run there in between.
                _refuse(path, overwrite)
                _remove_run(path)
                folder = cls(path, config.system)._begin(text)
            except OSError as error:
                if disk_fails(error):
                    raise
                raise RunError(
                    f"{path} cannot be written ({error.strerror}): choose a writable place for --out"
                ) from None
            yield folder

    @classmethod
    def create(cls, path: Path, config: RunConfig, *, overwrite: bool) -> "RunFolder":
        """The same, nobody's own any more.

        Raises:
            RunError: likewise.
        """
        with cls.new(path, config, overwrite=overwrite) as folder:
            return folder

    @staticmethod
    def refuse_existing(path: Path) -> None:
        """Raise RunError where ``path`` exists."""
        if _is_there(path):
            raise RunError(f"{path} exists: choose another --out")

    def begin_twin(self, config: RunConfig) -> "RunFolder":
        """The folder of the dense twin, begun with its own settings where it was not begun before."""
        return self.twin if (self.twin.path / CONFIG).is_file() else self.twin._begin(config.to_toml())

    def _begin(self, text: str) -> "RunFolder":
        self.path.mkdir(parents=True, exist_ok=True)
        write_whole(self.path / CONFIG, text)
        return self

    @classmethod
    def open(cls, path: str | Path, system: System | None = None) -> "RunFolder":
        """The folder of an earlier run.

        Args:
            path: where it lies.
            system: what is controlled, where that is no shipped system.

        Raises:
            RunError: there is no such folder, or it lacks its files.
        """
        path = Path(path)
        tidy(path)
        for name in (CONFIG, DESCRIPTION, WEIGHTS):
            if not os.path.lexists(path / name):
                what = f"has no {name}" if path.is_dir() else "is not a folder"
                raise RunError(f"{path} {what}: name a folder that `neuro-aolo train` or `run` wrote")
        return cls(path, system)

    @classmethod
    def begun(cls, path: Path) -> "RunFolder":
        """The folder of a run that may have been killed or interrupted before anything was learnt.

        Raises:
            RunError: there is no such folder, or it has no settings.
        """
        if not os.path.lexists(path / CONFIG):
            what = f"has no {CONFIG}" if path.is_dir() else "is not a folder"
            raise RunError(f"{path} {what}: name a folder that `neuro-aolo train` or `run` began")
        return cls(path)

    @property
    def is_trained(self) -> bool:
        """Whether the training has come to its end."""
        if os.path.lexists(self.snapshot_file):
            return False
        saved = self.actor()
        return saved is not None and not saved.training["interrupted"]

    def actor(self) -> SavedActor | None:
        """The best actor so far; None where there is none yet.

        Raises:
            AgentError: its files are not what they should be.
        """
        if not all(os.path.lexists(self.path / name) for name in (DESCRIPTION, WEIGHTS)):
            return None
        return load_actor(self.path)

    @property
    def snapshot_file(self) -> Path:
        """Where the training in progress is kept."""
        return self.path / SNAPSHOT

    def snapshot(self) -> Snapshot | None:
        """The training in progress; None where there is none.

        Raises:
            AgentError: the file is damaged.
        """
        return Snapshot.load(self.snapshot_file) if os.path.lexists(self.snapshot_file) else None

    @property
    def has_checkpoint(self) -> bool:
        """Whether anything that was learnt is kept."""
        return os.path.lexists(self.snapshot_file) or os.path.lexists(self.path / DESCRIPTION)

    def remove(self) -> None:
        """Remove what the run made, and the folder where nothing else is in it.

        Raises:
            RunError: a file cannot be removed.
        """
        _remove_run(self.path)
        if not any(self.path.iterdir()):
            self.path.rmdir()

    @property
    def twin(self) -> "RunFolder":
        """The folder of the dense twin."""
        return RunFolder(self.path / TWIN, self.system)

    @property
    def has_twin(self) -> bool:
        """Whether a dense twin was trained with the run."""
        return os.path.lexists(self.twin.path / DESCRIPTION)

    def config(self) -> RunConfig:
        """The settings of the run.

        Raises:
            RunError: the file is not what it should be.
        """
        file = self.path / CONFIG
        try:
            return RunConfig.from_toml(read_text(file), self.system)
        except ForeignSystemError as error:
            raise ForeignSystemError(f"{file}: {error}") from None
        except OSError as error:
            raise RunError(f"{file} cannot be read ({error.strerror}): restore it, or train again") from None
        except (NeuroAoloError, ValueError) as error:
            raise RunError(f"{file}: {error}; mend it, or train again") from None

    def write_metrics(self, rows: Sequence[Metrics]) -> None:
        """Write the learning curve, whole or not at all; without rows there is no file."""
        if rows:
            write_whole(self.path / METRICS, _to_csv(rows, header=True))
        else:
            (self.path / METRICS).unlink(missing_ok=True)

    def append_metrics(self, row: Metrics) -> None:
        """Add a row to the learning curve on disk."""
        file = self.path / METRICS
        text = _to_csv([row], header=not file.exists())
        before = file.stat().st_size if file.exists() else 0
        try:
            with file.open("a", newline="", encoding="utf-8") as stream:
                stream.write(text)
        except OSError as error:
            with suppress(OSError):
                os.truncate(file, before)
            raise OSError(error.errno, error.strerror, str(file)) from error

    def metrics(self) -> list[dict[str, float]]:
        """The learning curve; empty where there is none.

        Raises:
            RunError: it cannot be read, or a cell is not a number.
        """
        file = self.path / METRICS
        if not os.path.lexists(file):
            return []
        try:
            rows = list(csv.DictReader(io.StringIO(read_text(file))))
        except (OSError, ValueError, csv.Error) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise RunError(
                f"{file} cannot be read ({reason}): restore it, remove it, or train again"
            ) from None
        columns = [field.name for field in fields(Metrics)]
        for number, row in enumerate(rows, start=2):
            if list(row) != columns or not all(_is_number(text, name) for name, text in row.items()):
                raise RunError(
                    f"{file}, line {number}: {row} is not one number in each of {len(columns)} columns: "
                    "mend the line, remove it, or train again"
                )
        return [{key: float(value) for key, value in row.items()} for row in rows]

    def write_emissions(self, measured: str, modelled: str) -> None:
        """Write ``emissions.csv`` and ``emissions_modelled.csv``, each whole or not at all."""
        write_whole(self.path / EMISSIONS, measured)
        write_whole(self.path / EMISSIONS_MODELLED, modelled)

    def write_summary(self, text: str) -> None:
        """Write ``summary.json``, whole or not at all."""
        write_whole(self.path / SUMMARY, text)


def _to_csv(rows: Sequence[Metrics], *, header: bool) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, [field.name for field in fields(Metrics)])
    if header:
        writer.writeheader()
    for row in rows:
        writer.writerow({key: int(v) if isinstance(v, bool) else v for key, v in asdict(row).items()})
    return stream.getvalue()


def _is_number(text: str | None, column: str) -> bool:
    if text == "nan":
        return column in _UNKNOWN
    return text is not None and _NUMBER.fullmatch(text) is not None and isfinite(float(text))


def _is_there(path: Path) -> bool:
    """Whether there is anything at ``path`` but the lock of a process that was killed."""
    return path.is_symlink() or (
        path.exists() and not (path.is_dir() and [file.name for file in path.iterdir()] == [LOCK])
    )


def _refuse(path: Path, overwrite: bool) -> None:
    """Refuse a place where no run may begin."""
    if not _is_there(path):
        return
    if not overwrite:
        raise RunError(f"{path} exists: choose another --out, or add --overwrite to replace that run")
    is_empty = path.is_dir() and not {file.name for file in path.iterdir()} - {LOCK}
    if not path.is_dir() or not (is_empty or (path / CONFIG).is_file()):
        raise RunError(f"{path} exists and is no run folder: it is left as it is; choose another --out")


def _remove_run(path: Path) -> None:
    """Remove what a run made, and nothing else."""
    twin = path / TWIN
    folders = [folder for folder in (twin, path) if folder.is_dir()]
    made = [folder / name for folder in folders for name in MADE]
    made += [file for folder in folders for file in event_files(folder / EVENTS)]
    made += [file for folder in folders for file in sorted((folder / ANSWERS).glob("*-*.json"))]
    for file in made:
        if file.is_dir() or (file.exists() and not os.access(file.parent, os.W_OK)):
            raise RunError(f"{file} cannot be replaced: it is left as it is; choose another --out")
    for file in made:
        file.unlink(missing_ok=True)
    for folder in (twin / EVENTS, twin / ANSWERS, twin, path / EVENTS, path / ANSWERS):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def event_files(folder: Path) -> list[Path]:
    """TensorBoard's files in ``folder``."""
    return sorted(folder.glob("events.out.tfevents.*"))
