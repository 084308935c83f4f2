"""Files that are whole, or as they were."""

import os
from pathlib import Path

from export.errors import ExportError


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write under another name beside ``path`` and rename.

    Raises:
        ExportError: the file cannot be written.
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(data)
        partial.replace(target)
    except OSError as error:
        raise ExportError(
            f"{target} cannot be written ({error.strerror or error}): give a path in a writable folder"
        ) from None
    finally:
        partial.unlink(missing_ok=True)
