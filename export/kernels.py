"""The simulators' inner loops, compiled: one layer, one encoder, a batch of decisions each.

A spike adds its column of W to the inputs of the next layer, and a silent input costs nothing: work goes with
spikes. A layer's input is known for all T steps before the layer runs, so layers run one after the other.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array

_array: Any = make_array
_variable: Any = cgutils.alloca_once_value
_Function = TypeVar("_Function", bound=Callable[..., Any])

WIDTH = 96
"""Neurons whose sums stay in vector registers together; tables are filled up to a multiple."""
LANES = 32
"""Of which so many are one vector of the compiler's."""

_LIMIT = 1 << 23
_INDEX = np.uintp


def _compiled(function: _Function) -> _Function:
    """The function compiled on its first call, kept on disk where there is a folder that can be written."""
    njit: Any = numba.njit
    options = {"nogil": True, "error_model": "numpy"}
    try:
        compiled: _Function = njit(cache=True, **options)(function)
    except RuntimeError:
        # Neither the package's folder nor the user's can be written: compile again in each process.
        compiled = njit(**options)(function)
    return compiled


def _rows_added(
    context: Any, table: Any, block: Any, rows: Any, listed: Any, count: Any, sums: Any, place: Any
) -> Any:
    """Add the rows ``table[block, rows[listed : listed + count]]`` to ``sums[place]``, one after the other.

    ``table`` is ``(blocks, inputs, WIDTH)``, ``sums`` ``(places, WIDTH)``, ``rows`` flat; all contiguous. The
    running sum stays in vector registers from the first row to the last, where a loop over arrays would load
    and store it for every row.
    """
    signature = types.void(table, block, rows, listed, count, sums, place)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        source, target = (context.get_data_type(kinds[index].dtype) for index in (0, 5))
        source_bytes, target_bytes = (kinds[index].dtype.bitwidth // 8 for index in (0, 5))
        tables, lists, places = (_array(kinds[i])(context, builder, args[i]) for i in (0, 2, 5))
        width = ir.Constant(args[1].type, WIDTH)
        offsets = [ir.Constant(args[1].type, LANES * part) for part in range(WIDTH // LANES)]

        def vectors(data: Any, row: Any, element: Any) -> list[Any]:
            start = builder.gep(data, [builder.mul(row, width)])
            vector = ir.VectorType(element, LANES).as_pointer()
            return [builder.bitcast(builder.gep(start, [offset]), vector) for offset in offsets]

        def grown(sum_: Any, row: Any) -> Any:
            if isinstance(kinds[5].dtype, types.Float):
                return builder.fadd(sum_, row)
            return builder.add(sum_, builder.sext(row, sum_.type))

        first = builder.mul(args[1], builder.extract_value(tables.shape, 1))
        chosen = builder.gep(lists.data, [args[3]])
        kept = vectors(places.data, args[6], target)
        running = [_variable(builder, builder.load(place, align=target_bytes)) for place in kept]
        with cgutils.for_range(builder, args[4]) as loop:
            number = builder.add(
                first, builder.zext(builder.load(builder.gep(chosen, [loop.index])), args[1].type)
            )
            for sum_, place in zip(running, vectors(tables.data, number, source), strict=True):
                row = builder.load(place, align=source_bytes)
                builder.store(grown(builder.load(sum_), row), sum_)
        for sum_, place in zip(running, kept, strict=True):
            builder.store(builder.load(sum_), place, align=target_bytes)
        return context.get_dummy_value()

    return signature, generate


_add_rows: Any = intrinsic(_rows_added)


def _step_float(
    total: Any,
    current: Any,
    potential: Any,
    bias: Any,
    unit: Any,
    keep_current: Any,
    keep_voltage: Any,
    threshold: Any,
    fired: Any,
) -> None:
    """Equations (29)-(31) in float32."""
    rest = potential.dtype.type(0)
    for n in range(current.shape[0]):
        held = rest if potential[n] > threshold else potential[n]
        c = keep_current * current[n] + total[n]
        v = keep_voltage * held + c
        current[n] = c
        potential[n] = v
        fired[n] = v > threshold


def _step_whole(
    total: Any,
    current: Any,
    potential: Any,
    bias: Any,
    unit: Any,
    keep_current: Any,
    keep_voltage: Any,
    threshold: Any,
    fired: Any,
) -> None:
    """The chip's step where no current wraps and no potential clips."""
    rest = potential.dtype.type(0)
    for n in range(current.shape[0]):
        held = rest if potential[n] > threshold else potential[n]
        u = np.trunc(keep_current * current[n]) + unit * bias.dtype.type(total[n])
        v = np.trunc(keep_voltage * held) + u + bias[n]
        current[n] = u
        potential[n] = v
        fired[n] = v > threshold


def _step_anywhere(
    total: Any,
    current: Any,
    potential: Any,
    bias: Any,
    unit: Any,
    keep_current: Any,
    keep_voltage: Any,
    threshold: Any,
    fired: Any,
) -> None:
    """The chip's step: the current wraps, the potential clips."""
    rest = potential.dtype.type(0)
    limit = potential.dtype.type(_LIMIT)
    for n in range(current.shape[0]):
        held = rest if potential[n] > threshold else potential[n]
        u = np.trunc(keep_current * current[n]) + unit * bias.dtype.type(total[n])
        u -= limit * (bias.dtype.type(u > limit) - bias.dtype.type(u <= -limit)) * 2
        v = np.trunc(keep_voltage * held) + u + bias[n]
        v = min(max(v, 1 - limit), limit - 1)
        current[n] = u
        potential[n] = v
        fired[n] = v > threshold


def _step(
    total: Any,
    current: Any,
    potential: Any,
    bias: Any,
    unit: Any,
    keep_current: Any,
    keep_voltage: Any,
    threshold: Any,
    fired: Any,
) -> None:
    """One step of all neurons: which one, the types of sums and states tell :func:`_chosen_step`."""


@overload(_step)
def _chosen_step(
    total: Any,
    current: Any,
    potential: Any,
    bias: Any,
    unit: Any,
    keep_current: Any,
    keep_voltage: Any,
    threshold: Any,
    fired: Any,
) -> Callable[..., None]:
    if isinstance(total.dtype, types.Float):
        return _step_float
    return _step_whole if current.dtype == types.float32 else _step_anywhere


@_compiled
def encode(
    observations: Any, mean: Any, std: Any, threshold: Any, spikes: Any, start: int, stop: int
) -> None:
    """Equations (26) and (27): spikes ``(B, T, at least D K)`` of decisions ``start`` to ``stop``.

    Float32 but for the exponential, which is evaluated in float64 and rounded: the very spikes of
    :meth:`export.population.PopulationEncoder.encode`. Channels after the encoder's are always on.
    """
    inputs, population = mean.shape
    neurons = inputs * population
    stimulus = np.empty(neurons, np.float32)
    voltage = np.empty(neurons, np.float32)
    for b in range(start, stop):
        for i in range(inputs):
            for k in range(population):
                distance = (observations[b, i] - mean[i, k]) / std[i, k]
                exponent = np.float32(-0.5) * (distance * distance)
                stimulus[i * population + k] = np.float32(np.exp(np.float64(exponent)))
        voltage[:] = 0
        for t in range(spikes.shape[1]):
            for n in range(neurons):
                charged = voltage[n] + stimulus[n]
                fired = charged > threshold
                voltage[n] = charged - threshold if fired else charged
                spikes[b, t, n] = fired
            for n in range(neurons, spikes.shape[2]):
                spikes[b, t, n] = 1


@_compiled
def run_layer(
    inputs: Any,
    table: Any,
    bias: Any,
    always: Any,
    constants: Any,
    spikes: Any,
    currents: Any,
    potentials: Any,
    start: int,
    stop: int,
) -> None:
    """Spikes of one layer at all steps of decisions ``start`` to ``stop``, from rest.

    Args:
        inputs: ``(B, T, in)`` uint8, 0 or 1: what a decision needs lies together.
        table: W transposed, ``(blocks, in, WIDTH)``, neurons beyond the last filled up with zeros.
        bias: what every step adds to the potential, ``(out,)``, in the states' type.
        always: what every step's input sums start from, ``(blocks, WIDTH)``, in the sums' type.
        constants: in the states' type: what one unit of the sums is worth in the current, the shares of
            current and potential that are kept per step, and the threshold.
        spikes: output ``(B, T, out)`` uint8.
        currents: output ``(B, T, out)``, or of no decisions where none is wanted.
        potentials: the same, of the potential before it is reset.
        start: first decision.
        stop: the decision after the last.
    """
    _, steps, channels = inputs.shape
    blocks = table.shape[0]
    neurons = spikes.shape[2]
    traced = currents.shape[0] > 0
    unit, keep_current, keep_voltage, threshold = constants[0], constants[1], constants[2], constants[3]
    seen = np.empty(channels, np.uint8)
    active = np.empty(channels + 1, np.uint32)
    rows = np.empty(steps * (channels + 1), np.uint32)
    counts = np.empty(steps, np.intp)
    sums = np.empty((steps * blocks, WIDTH), always.dtype)
    current = np.empty_like(bias)
    potential = np.empty_like(bias)
    for b in range(start, stop):
        _list_spikes(inputs, b, seen, active, rows, counts)
        for block in range(blocks):
            for t in range(steps):
                place = t * blocks + block
                for n in range(WIDTH):
                    sums[place, n] = always[block, n]
                _add_rows(table, block, rows, t * (channels + 1), counts[t], sums, place)
        current[:] = 0
        potential[:] = 0
        flat = sums.reshape(-1)
        for t in range(steps):
            first = t * blocks * WIDTH
            _step(
                flat[first : first + neurons],
                current,
                potential,
                bias,
                unit,
                keep_current,
                keep_voltage,
                threshold,
                spikes[b, t],
            )
            if traced:
                currents[b, t] = current
                potentials[b, t] = potential


@_compiled
def _list_spikes(inputs: Any, b: int, seen: Any, active: Any, rows: Any, counts: Any) -> None:
    """The spiking channels of each step of decision ``b``, in their order: ``counts[t]`` of them in row t.

    Channels that are silent throughout are left out first. An entry is written whether it counts or not, and
    kept by moving on, as a branch would be mispredicted; two steps at a time leave the processor no pause.
    """
    _, steps, channels = inputs.shape
    seen[:] = 0
    for t in range(steps):
        for n in range(channels):
            seen[n] |= inputs[b, t, n]
    most = _INDEX(0)
    for n in range(channels):
        active[most] = n
        most += _INDEX(seen[n])
    for t in range(0, steps, 2):
        later = min(t + 1, steps - 1)
        first, second = _INDEX(t * (channels + 1)), _INDEX(later * (channels + 1))
        place, place_later = first, second
        for k in range(most):
            n = active[k]
            rows[place] = n
            rows[place_later] = n
            place += _INDEX(inputs[b, t, n])
            place_later += _INDEX(inputs[b, later, n])
        counts[t], counts[later] = place - first, place_later - second
