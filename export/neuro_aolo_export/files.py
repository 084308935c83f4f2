"""Files that are whole, or as they were; that are files; and nothing that a killed process left behind."""

import contextlib
import errno
import hashlib
import os
import platform
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from neuro_aolo_export.errors import ExportError

MAX_BYTES = 1 << 28
"""Largest file that is read whole: a quarter of a gibibyte."""

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
_PREFIX = "neuro-aolo-"
_HOST = hashlib.sha256(platform.node().encode()).hexdigest()[:6]
_OWNED = re.compile(r"[.-](?P<host>[0-9a-f]{6})-(?P<process>\d+)[.-]")


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write under another name beside ``path`` and rename.

    Raises:
        ExportError: the file cannot be written.
        OSError: the disk is full, or fails.
    """
    target = Path(path)
    if not target.name:
        raise ExportError(f"{target} is a folder: give the path of a file in it")
    try:
        with whole(target) as partial:
            partial.write_bytes(data)
    except OSError as error:
        raise unwritable(target, error) from None


def disk_fails(error: OSError) -> bool:
    """Whether the disk is full or fails, so that another path on it would not help."""
    return error.errno in _DISK


def unwritable(target: Path, error: OSError) -> ExportError | OSError:
    """What is raised where a file cannot be written: a full or failing disk is nobody's bad input."""
    if disk_fails(error):
        return OSError(error.errno, error.strerror, str(target))
    return ExportError(
        f"{target} cannot be written ({error.strerror or error}): give a path in a writable folder"
    )


@contextlib.contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A name of this process's own beside ``target``, which takes its place once nothing has failed.

    Raises:
        OSError: it cannot take its place.
    """
    partial = target.with_name(f".{target.name}.{_owner()}.part")
    try:
        yield partial
        partial.replace(target)
    except OSError as error:
        if error.filename is None:  # as where the disk is full
            raise OSError(error.errno, error.strerror or str(error), str(target)) from error
        raise
    finally:
        # Gone by now, or where nothing could be written in the first place.
        with contextlib.suppress(OSError):
            partial.unlink()


@contextlib.contextmanager
def temporary_folder(what: str = "", inside: str | os.PathLike[str] | None = None) -> Iterator[Path]:
    """A folder that is gone afterwards; were this process killed, :func:`clear_leftovers` removes it.

    Args:
        what: it is for, as part of its name.
        inside: the folder that it lies in, where its name is hidden; that of temporary files where None.

    Raises:
        OSError: it cannot be made.
    """
    prefix = f"{'' if inside is None else '.'}{_PREFIX}{what}-{_owner()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=inside, ignore_cleanup_errors=True) as name:
        yield Path(name)


def clear_leftovers(folder: str | os.PathLike[str] | None = None) -> None:
    """Remove from ``folder`` the partial files and temporary folders of processes that are gone.

    Those of other computers stay: whether their processes live is not known here.

    Args:
        folder: that of temporary files where None.
    """
    place = Path(tempfile.gettempdir() if folder is None else folder)
    names = [f".{_PREFIX}*", ".*.part", f"{_PREFIX}*"] if folder is not None else [f"{_PREFIX}*"]
    for file in (file for name in names for file in place.glob(name)):
        owner = _OWNED.search(file.name)
        if owner is None or owner["host"] != _HOST or _is_alive(int(owner["process"])):
            continue
        with contextlib.suppress(OSError):
            if file.is_dir() and not file.is_symlink():
                shutil.rmtree(file, ignore_errors=True)
            else:
                file.unlink()


def read_whole(path: str | os.PathLike[str], most_bytes: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file of bounded size.

    Raises:
        OSError: there is no such file, it is no regular one, or it is larger; its ``strerror`` says so.
    """
    size = regular_size(path)
    if size <= most_bytes:
        with Path(path).open("rb") as stream:
            # As much memory is set aside as is asked for.
            data = stream.read(size + 1)
            if len(data) > size:
                data += stream.read(most_bytes - size)
        if len(data) <= most_bytes:
            return data
        size = len(data)
    raise OSError(errno.EFBIG, f"it has {size:,} bytes, of which at most {most_bytes:,} are read", str(path))


def regular_size(path: str | os.PathLike[str]) -> int:
    """Bytes of a regular file: a pipe would never end, a device need not either.

    Raises:
        OSError: there is no such file, or it is no regular one.
    """
    status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "a device or a pipe"
        raise OSError(errno.EINVAL, f"it is {kind}, not a regular file", str(path))
    return status.st_size


def _owner() -> str:
    return f"{_HOST}-{os.getpid()}"


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
