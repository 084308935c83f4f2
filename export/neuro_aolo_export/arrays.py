"""Array types of the graphs, and the checks that every graph shares."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo_export.errors import ExportError

FloatArray = NDArray[np.float32]
SpikeArray = NDArray[np.uint8]
IntArray = NDArray[np.int32]

MAX_STEPS = 1_000_000
"""Most time steps of a decision."""

MAX_SLOTS = 1 << 32
"""Most neurons times time steps times decisions that are run at once: one byte each, and more in between."""


def freeze(owner: object, name: str, ndim: int) -> None:
    """Replace a field by a finite, read-only float32 copy with ``ndim`` dimensions."""
    label = f"{type(owner).__name__}.{name}"
    array = _as_float32(getattr(owner, name), label).copy()
    if array.ndim != ndim or array.size == 0:
        raise ExportError(f"{label} has shape {array.shape}: give a non-empty array of {ndim} dimension(s)")
    if not np.isfinite(array).all():
        raise ExportError(
            f"{label} holds NaN or infinity: every entry must be finite; check the training run"
        )
    array.setflags(write=False)
    object.__setattr__(owner, name, array)


def is_positive(value: float) -> bool:
    """Above zero and finite, as a float32 too."""
    with np.errstate(over="ignore"):
        single = np.float32(value)
    return bool(np.isfinite(single) and single > 0)


def require(condition: bool, message: str) -> None:
    """Raise ExportError with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ExportError(message)


def require_steps(steps: object) -> int:
    """The time steps of a decision.

    Raises:
        ExportError: no whole number, or too few or many of them.
    """
    count = int(steps) if isinstance(steps, int | np.integer) and not isinstance(steps, bool) else 0
    require(
        1 <= count <= MAX_STEPS,
        f"{str(steps)[:40]} time steps: give at least 1 and at most {MAX_STEPS:,}, a whole number",
    )
    return count


def require_slots(decisions: int, steps: int, neurons: int) -> None:
    """Refuse a run that would not fit in memory, before anything is made for it."""
    slots = decisions * steps * neurons
    require(
        slots <= MAX_SLOTS,
        f"{decisions:,} decisions of {steps:,} steps of {neurons:,} channels and neurons are {slots:,} "
        f"slots, and at most {MAX_SLOTS:,} are run at once: give fewer decisions or steps",
    )


def require_bias(weight: FloatArray, bias: FloatArray) -> None:
    """Check that there is one bias per row of weights."""
    require(
        bias.shape == weight.shape[:1],
        f"bias {bias.shape} does not fit weight {weight.shape}: give one entry per row",
    )


def as_observations(observations: ArrayLike, size: int) -> FloatArray:
    """Observations as float32 ``(B, size)``.

    Raises:
        ExportError: another shape, or an entry that is not finite.
    """
    batch = as_rows(observations, size)
    require_finite(bool(np.isfinite(batch).all()))
    return batch


def as_rows(observations: ArrayLike, size: int) -> FloatArray:
    """:func:`as_observations` where somebody else finds out whether they are finite.

    Raises:
        ExportError: another shape.
    """
    # One decision takes microseconds: nothing is done here that only an error needs.
    batch = _as_float32(observations, "observations")
    if batch.ndim != 2 or batch.shape[1] != size:
        raise ExportError(f"observations have shape {batch.shape}: give (decisions, {size})")
    return batch


def require_finite(finite: bool) -> None:
    """Raise ExportError unless all observations are ``finite``."""
    require(finite, "observations hold NaN or infinity: every entry must be finite")


def as_spikes(spikes: NDArray[Any], channels: int, levels: int = 1) -> SpikeArray:
    """Spikes as uint8 ``(T, B, channels)``.

    Args:
        spikes: given.
        channels: that they are to have.
        levels: largest number that one carries, up to 255: 1 of binary spikes.

    Raises:
        ExportError: another shape, or values other than whole numbers from 0 to ``levels``.
    """
    given = as_numbers(spikes, "spikes")
    if given.ndim != 3 or given.shape[2] != channels or len(given) == 0:
        raise ExportError(f"spikes have shape {given.shape}: give (steps, decisions, {channels})")
    require_slots(given.shape[1], given.shape[0], channels)
    with np.errstate(invalid="ignore"):
        bits: SpikeArray = given.astype(np.uint8)
    if bits.max(initial=0) > levels or (given.dtype != np.uint8 and not np.array_equal(bits, given)):
        if levels > 1:
            raise ExportError(
                f"graded spikes hold values other than whole numbers from 0 to {levels}: give these"
            )
        raise ExportError("spikes hold values other than 0 and 1: give one bit per channel and step")
    return bits


def writable(array: NDArray[Any]) -> Any:
    """The array as the compiled functions know it: other layouts would be compiled anew."""
    return array if array.flags.carray else array.copy(order="C")


def _as_float32(values: ArrayLike, label: str) -> FloatArray:
    if isinstance(values, np.ndarray) and values.dtype == np.float32:
        return values
    given = as_numbers(values, label)
    with np.errstate(over="ignore"):
        return given.astype(np.float32)


def as_numbers(values: ArrayLike, label: str) -> NDArray[Any]:
    """Real numbers or booleans, as they are: text, objects and complex numbers would be converted unseen.

    Raises:
        ExportError: no array of those.
    """
    try:
        given = np.asarray(values)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise ExportError(
            f"{label}: not an array of numbers ({' '.join(str(error).split())[:160]}); give one"
        ) from error
    require(
        given.dtype.kind in "buif",
        f"{label}: not an array of numbers (but of {given.dtype}); give one of real numbers",
    )
    return given
