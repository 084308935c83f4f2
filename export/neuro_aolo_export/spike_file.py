"""Spikes on disk: an .npz file with ``input``, ``layer0``, ``layer1``, ... and ``action``.

``input`` is ``(N, T, n_in)`` and ``layerK`` ``(N, T, n)``, uint8, of N decisions of T steps: column t of
every layer belongs to column t of the input. Always-on channels and bias neurons are left out. ``action`` is
``(N, n_act)``, float32, where the network has a decoder.
"""

import io
import os

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.activity import Activity
from neuro_aolo_export.arrays import SpikeArray
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.files import write_whole
from neuro_aolo_export.npz_file import load_array

INPUT = "input"


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


def load_spikes(
    path: str | os.PathLike[str], channels: int, steps: int | None = None, levels: int = 1
) -> SpikeArray:
    """Input spikes ``(T, B, N0)`` of the array ``input`` ``(B, T, N0)`` of an .npz file.

    Args:
        path: a file that :func:`save_activity` wrote, or one of your own.
        channels: input channels N0 of the network.
        steps: time steps T of a decision; any where None.
        levels: largest number that a spike carries: 1 of binary ones.

    Raises:
        ExportError: no such file, not an .npz file, too large, without ``input``, of another shape, or with
            values other than whole numbers up to ``levels``.
    """
    wanted = f"(decisions, {'steps' if steps is None else steps}, {channels})"
    array = load_array(path, INPUT, "spikes", wanted)
    return as_input_spikes(array, f"'{INPUT}' of {path}", channels, steps, levels)


def as_input_spikes(
    array: NDArray[np.generic], named: str, channels: int, steps: int | None = None, levels: int = 1
) -> SpikeArray:
    """Input spikes ``(T, B, N0)`` of an array ``(B, T, N0)``; ``named`` is what an error calls it.

    Raises:
        ExportError: another shape, or values other than whole numbers up to ``levels``.
    """
    wanted = f"(decisions, {'steps' if steps is None else steps}, {channels})"
    if array.ndim != 3 or array.shape[2] != channels or array.shape[1] != (steps or array.shape[1]):
        raise ExportError(f"{named} has shape {array.shape}: give {wanted}")
    if array.size == 0:
        raise ExportError(f"{named} has shape {array.shape}: give at least one decision and step")
    with np.errstate(invalid="ignore"):
        bits: SpikeArray = array.astype(np.uint8)
    if bits.max() > levels or not np.array_equal(bits, array):
        if levels > 1:
            raise ExportError(f"{named} holds values other than whole numbers from 0 to {levels}: give these")
        raise ExportError(f"{named} holds values other than 0 and 1: give one bit per slot")
    return np.ascontiguousarray(bits.transpose(1, 0, 2))
