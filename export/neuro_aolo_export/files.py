"""Files that are whole, or as they were; and that are files."""

import contextlib
import os
import stat
from pathlib import Path

from neuro_aolo_export.errors import ExportError


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write under another name beside ``path`` and rename.

    Raises:
        ExportError: the file cannot be written.
    """
    target = Path(path)
    if not target.name:
        raise ExportError(f"{target} is a folder: give the path of a file in it")
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(data)
        partial.replace(target)
    except OSError as error:
        raise ExportError(
            f"{target} cannot be written ({error.strerror or error}): give a path in a writable folder"
        ) from None
    finally:
        # Gone by now, or where nothing could be written in the first place.
        with contextlib.suppress(OSError):
            partial.unlink()


def regular_size(path: str | os.PathLike[str]) -> int:
    """Bytes of a regular file: a pipe would never end, a device need not either.

    Raises:
        OSError: there is no such file, or it is no regular one.
    """
    status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError("not a regular file")
    return status.st_size
