"""Places to write to: refused before any work begins, where nothing could be written at its end."""

import os
from pathlib import Path

from neuro_aolo.errors import RunError

_WRITABLE = "choose a writable place for --out"


def make_folder(folder: Path) -> None:
    """Make the folder of ``--out`` where it is not there.

    Raises:
        RunError: it is a file, or cannot be made or written.
    """
    if folder.exists() and not folder.is_dir():
        raise RunError(f"--out {folder} is a file: give a folder in its place")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            f"--out {folder} cannot be made ({error.strerror}): give a folder in a writable place"
        ) from None
    check_folder(folder)


def check_folder(folder: Path) -> None:
    """Refuse a folder in which nothing can be written.

    Raises:
        RunError: it is one.
    """
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RunError(f"{folder} cannot be written (Permission denied): {_WRITABLE}")


def check_file(file: Path, option: str = "--out") -> None:
    """Refuse a file that could not be written.

    Raises:
        RunError: it is a folder, its folder is not there or cannot be written, or it is there and cannot be.
    """
    if file.is_dir() or not file.name:
        raise RunError(f"{option} {file} is a folder: give the path of a file in it")
    if not file.parent.is_dir():
        raise RunError(
            f"{option} {file} cannot be written: {file.parent} is no folder; give a path in one that is there"
        )
    if not os.access(file.parent, os.W_OK | os.X_OK):
        raise RunError(
            f"{option} {file} cannot be written (Permission denied): give a path in a writable folder"
        )
