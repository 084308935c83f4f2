"""Graded spikes, bit by bit: a spike that carries 5 is one of weight 1 and one of weight 4."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.arrays import SpikeArray


def in_bits(spikes: SpikeArray, levels: int) -> SpikeArray:
    """Graded spikes ``(T, B, N)`` as binary ones, a channel for each bit, the lowest first."""
    bits = levels.bit_length()
    if bits == 1:
        return spikes
    apart = (spikes[..., None] >> np.arange(bits, dtype=np.uint8)) & np.uint8(1)
    flat: SpikeArray = apart.reshape(*spikes.shape[:2], -1)
    return flat


def of_bits(weight: NDArray[Any], levels: int) -> NDArray[Any]:
    """W ``(out, in)`` of graded spikes, for the channels of :func:`in_bits`; powers of two are exact."""
    bits = levels.bit_length()
    worth = np.left_shift(1, np.arange(bits)).astype(weight.dtype)
    apart: NDArray[Any] = (weight[:, :, None] * worth).reshape(len(weight), -1)
    return apart
