"""Files that are files, of bounded size, and the TOML in them."""

import errno
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

MAX_BYTES = 1 << 20
"""Largest file that is read."""


_MOST_PARTS = 100
"""Of a key: the parser's time goes with their square."""


def parse(text: str) -> dict[str, Any]:
    """What TOML holds.

    Raises:
        ValueError: it is none, or one that the parser would take for ever for, or give up on.
    """
    if any(piece.count(".") > _MOST_PARTS for piece in re.split(r"[=,{}\n]", text)):
        raise ValueError(f"a dotted key of more than {_MOST_PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


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
