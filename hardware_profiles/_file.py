"""Files that are files, and of bounded size."""

import errno
import stat
from pathlib import Path

MAX_BYTES = 1 << 20
"""Largest file that is read."""


def read_regular(path: Path) -> bytes:
    """The bytes of a regular file: a pipe would never end, a device need not either.

    Raises:
        OSError: there is no such file, it is no regular one, or it is larger; its ``strerror`` says so.
    """
    status = path.stat()
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        raise OSError(errno.EINVAL, "it is a device or a pipe, not a regular file")
    if status.st_size > MAX_BYTES:
        raise OSError(
            errno.EFBIG, f"it has {status.st_size:,} bytes, of which at most {MAX_BYTES:,} are read"
        )
    with path.open("rb") as stream:
        return stream.read(MAX_BYTES)
