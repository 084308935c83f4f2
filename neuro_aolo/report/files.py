"""Where pages go: refused early where they cannot be written, and written whole."""

from pathlib import Path

from neuro_aolo.errors import RunError
from neuro_aolo.files import write_whole


def check_page(path: Path) -> None:
    """Refuse a place where no page can be written.

    Raises:
        RunError: its folder does not exist, or ``path`` is a folder.
    """
    if path.is_dir() or not path.parent.is_dir():
        reason = "is a folder" if path.is_dir() else f"lies in {path.parent}, which does not exist"
        raise RunError(f"{path} {reason}: give --out the path of a file in a folder that exists")


def write_page(path: Path, page: str) -> Path:
    """Write a page to ``path``: whole, or not at all.

    Raises:
        RunError: its folder does not exist, or ``path`` is a folder.
    """
    check_page(path)
    write_whole(path, page)
    return path
