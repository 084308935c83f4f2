"""Spikes on disk: an .npz file with ``input``, ``layer0``, ``layer1``, ... and ``action``.

``input`` is ``(N, T, n_in)`` and ``layerK`` ``(N, T, n)``, uint8, of N decisions of T steps: column t of
every layer belongs to column t of the input. Always-on channels and bias neurons are left out. ``action`` is
``(N, n_act)``, float32, where the network has a decoder.
"""

import io
import math
import os
import tokenize
import zipfile
import zlib
from typing import IO

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.activity import Activity
from neuro_aolo_export.arrays import SpikeArray
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.files import regular_size, write_whole

MAX_BYTES = 1 << 28
"""Largest array that is read: a quarter of a gibibyte."""

INPUT = "input"
_NOT_SPIKES = (
    OSError,
    KeyError,
    ValueError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
    # NumPy's parser of a header lets these through.
    SyntaxError,
    tokenize.TokenError,
)


def save_activity(activity: Activity, path: str | os.PathLike[str]) -> None:
    """Write spikes and actions, whole or not at all.

    Args:
        activity: of one of the simulators.
        path: file to write.

    Raises:
        ExportError: the file cannot be written.
    """
    arrays: dict[str, NDArray[np.generic]] = {INPUT: activity.own_input_spikes.transpose(1, 0, 2)}
    for index, spikes in enumerate(activity.own_layer_spikes):
        arrays[f"layer{index}"] = spikes.transpose(1, 0, 2)
    if activity.actions.shape[1]:
        arrays["action"] = activity.actions
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    write_whole(path, stream.getvalue())


def load_spikes(path: str | os.PathLike[str], channels: int, steps: int | None = None) -> SpikeArray:
    """Input spikes ``(T, B, N0)`` of the array ``input`` ``(B, T, N0)`` of an .npz file.

    Args:
        path: a file that :func:`save_activity` wrote, or one of your own.
        channels: input channels N0 of the network.
        steps: time steps T of a decision; any where None.

    Raises:
        ExportError: no such file, not an .npz file, too large, without ``input``, of another shape, or with
            values other than 0 and 1.
    """
    wanted = f"(decisions, {'steps' if steps is None else steps}, {channels})"
    try:
        regular_size(path)
        with zipfile.ZipFile(path) as archive:
            array = _read(archive, f"{INPUT}.npy")
    except _NOT_SPIKES as error:
        reason = " ".join(_reason(error).split())[:200]
        raise ExportError(
            f"{path} is no file of spikes ({reason}): give an .npz file with an array '{INPUT}' {wanted}"
        ) from None
    if array.ndim != 3 or array.shape[2] != channels or array.shape[1] != (steps or array.shape[1]):
        raise ExportError(f"'{INPUT}' of {path} has shape {array.shape}: give {wanted}")
    if array.size == 0:
        raise ExportError(f"'{INPUT}' of {path} has shape {array.shape}: give at least one decision and step")
    with np.errstate(invalid="ignore"):
        bits: SpikeArray = array.astype(np.uint8)
    if bits.max() > 1 or not np.array_equal(bits, array):
        raise ExportError(f"'{INPUT}' of {path} holds values other than 0 and 1: give one bit per slot")
    return np.ascontiguousarray(bits.transpose(1, 0, 2))


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
