"""One array of an .npz file: nothing is unpacked before its header has said that it may be."""

import lzma
import math
import os
import tokenize
import zipfile
import zlib
from typing import IO

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.file_kind import described
from neuro_aolo_export.files import regular_size

MAX_BYTES = 1 << 28
"""Largest array that is read: a quarter of a gibibyte."""

MAX_FILE_BYTES = 1 << 32
"""Largest file that is opened: of arrays beside the one that is read."""

_NO_ARRAY = (
    OSError,
    KeyError,
    ValueError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
    # NumPy's parser of a header lets these through.
    SyntaxError,
    tokenize.TokenError,
)


def load_array(path: str | os.PathLike[str], name: str, what: str, wanted: str) -> NDArray[np.generic]:
    """An array of numbers.

    Args:
        path: the file.
        name: of the array.
        what: the file holds, for the reader of an error.
        wanted: the array's shape, likewise.

    Raises:
        ExportError: no such file, not an .npz file, too large, or without such an array of numbers.
    """
    try:
        size = regular_size(path)
        if size > MAX_FILE_BYTES:
            raise ValueError(f"it has {size:,} bytes, of which at most {MAX_FILE_BYTES:,} are read")
        with zipfile.ZipFile(path) as archive:
            return _read(archive, f"{name}.npy")
    except _NO_ARRAY as error:
        reason = _other_file(path, error) or " ".join(_reason(error).split())[:200]
        raise ExportError(
            f"{path} is no file of {what} ({reason}): give an .npz file with an array '{name}' {wanted}"
        ) from None


def _other_file(path: str | os.PathLike[str], error: Exception) -> str | None:
    """What the file is, where it is no archive at all."""
    return described(path) if isinstance(error, zipfile.BadZipFile) else None


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    # As a KeyError's text its message would be in quotes.
    return str(error.args[0]) if isinstance(error, KeyError) else str(error)


def _read(archive: zipfile.ZipFile, name: str) -> NDArray[np.generic]:
    """One array of numbers; nothing is unpacked before its header has said that it may be."""
    with archive.open(name) as stream:
        shape, columns_first, dtype = _header(stream)
        size = math.prod(shape) * dtype.itemsize
        if dtype.kind not in "buif":
            raise ValueError(f"{name} holds {dtype}, not numbers")
        if size > MAX_BYTES:
            raise ValueError(f"{name} claims {size:,} bytes of numbers; at most {MAX_BYTES:,} are read")
        data = stream.read(size)
        if len(data) != size or stream.read(1):
            raise ValueError(f"{name} does not hold the {size:,} bytes that its header claims")
    array = np.frombuffer(data, dtype)
    return array.reshape(shape, order="F" if columns_first else "C")


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    version = np.lib.format.read_magic(stream)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"its format is {version}, not 1.0 or 2.0")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, columns_first, dtype = read(stream)
    if any(side < 0 for side in shape):
        raise ValueError(f"its header has shape {shape}")
    return shape, columns_first, dtype
