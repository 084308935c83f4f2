"""The simulators' inner loops, compiled: encoder, layers and decoder, each over a batch of decisions.

A spike adds its column of W to the inputs of the next layer, and a silent input costs nothing: work goes with
spikes. A layer's input is known for all T steps before the layer runs, so layers run one after the other.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export._neuron import step
from neuro_aolo_export._rows import WIDTH, add_rows
from neuro_aolo_export.compiled import compiled

# Decisions that pass a layer before the next one runs: their spikes stay in the processor's cache.
_CHUNK = 32
_INDEX = np.uintp
_BYTE_MAX = 255


@compiled
def encode(observations: Any, mean: Any, std: Any, threshold: Any, spikes: Any) -> bool:
    """Equations (26) and (27): spikes ``(B, T, at least D K)``; whether every observation is finite.

    Float32 but for the exponential, which is evaluated in float64 and rounded: the very spikes of
    :meth:`neuro_aolo_export.population.PopulationEncoder.encode`. Channels after the encoder's are always on.
    """
    inputs, population = mean.shape
    neurons = inputs * population
    stimulus = np.empty(neurons, np.float32)
    voltage = np.empty(neurons, np.float32)
    for b in range(len(spikes)):
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
    finite: bool = np.isfinite(observations).all()
    return finite


@compiled
def decode(spikes: Any, weight: Any, bias: Any, shared: bool, actions: Any) -> None:
    """Equations (32) and (33) before tanh, in float32: ``(B, A)`` of spikes ``(B, T, neurons)``.

    Each action reads ``K`` neurons of its own, or all of them the same.
    """
    batch, steps, neurons = spikes.shape
    population = weight.shape[1]
    counts = np.empty(neurons, np.int32)
    for b in range(batch):
        counts[:] = 0
        for t in range(steps):
            for n in range(neurons):
                counts[n] += spikes[b, t, n]
        for a in range(len(bias)):
            total = np.float32(0)
            first = 0 if shared else a * population
            for k in range(population):
                rate = np.float32(counts[first + k]) / np.float32(steps)
                total += weight[a, k] * rate
            actions[b, a] = total + bias[a]


@compiled
def count_spikes(spikes: Any) -> NDArray[np.int64]:
    """How often each channel spiked at each step, ``(T, N)``, of spikes ``(B, T, N)`` uint8, 0 or 1."""
    batch, steps, channels = spikes.shape
    slots = spikes.reshape(batch, steps * channels)
    total = np.zeros(steps * channels, np.int64)
    some = np.empty(steps * channels, np.uint8)
    # A byte holds the sum of 255 decisions.
    for start in range(0, batch, _BYTE_MAX):
        some[:] = 0
        for b in range(start, min(start + _BYTE_MAX, batch)):
            for n in range(len(some)):
                some[n] += slots[b, n]
        for n in range(len(some)):
            total[n] += some[n]
    return total.reshape(steps, channels)


@compiled
def run_network(
    inputs: Any,
    sizes: Any,
    tables: Any,
    biases: Any,
    always: Any,
    constants: Any,
    spikes: Any,
    currents: Any,
    potentials: Any,
) -> None:
    """Spikes of every layer at all steps of a batch of decisions, each from rest.

    What the layers have of a kind is one flat array, layer after layer.

    Args:
        inputs: ``(B, T, in)`` uint8, 0 or 1: what a decision needs lies together.
        sizes: channels of the input, then neurons of each layer.
        tables: W transposed, ``(blocks, in, WIDTH)``, neurons beyond the last filled up with zeros; bytes
            as :func:`neuro_aolo_export._rows.packed` lays them out.
        biases: what every step adds to the potential, ``(out,)``, in the states' type.
        always: what every step's input sums start from, ``(blocks, WIDTH)``, in the sums' type.
        constants: of each layer, in the states' type: what one unit of the sums is worth in the current, the
            shares of current and potential that are kept per step, the threshold, and whether a spike takes
            it off the potential (1) or all of that (0).
        spikes: output, ``(B, T, out)`` uint8 of each layer.
        currents: output, ``(B, T, out)`` of each layer, or nothing where none is wanted.
        potentials: the same, of the potential before it is reset.
    """
    batch, steps, _ = inputs.shape
    widest = max(sizes)
    most = -(-widest // WIDTH)
    seen = np.empty(widest, np.uint8)
    active = np.empty(widest + 1, np.uint32)
    rows = np.empty(steps * (widest + 1), np.uint32)
    counts = np.empty(steps, np.intp)
    sums = np.empty((steps * most, WIDTH), always.dtype)
    current = np.empty(widest, biases.dtype)
    potential = np.empty(widest, biases.dtype)
    for start in range(0, batch, _CHUNK):
        stop = min(start + _CHUNK, batch)
        arriving = inputs
        before, at_table, at_block, at_neuron = inputs.shape[2], 0, 0, 0
        for layer in range(len(sizes) - 1):
            neurons = sizes[layer + 1]
            blocks = -(-neurons // WIDTH)
            here = slice(batch * steps * at_neuron, batch * steps * (at_neuron + neurons))
            leaving = spikes[here].reshape(batch, steps, neurons)
            # An array of nothing stays one.
            traced = currents[here].reshape(-1, neurons), potentials[here].reshape(-1, neurons)
            until = at_table + blocks * before * WIDTH
            _run_layer(
                arriving,
                tables[at_table:until].reshape(blocks, before, WIDTH),
                biases[at_neuron : at_neuron + neurons],
                always[at_block * WIDTH : (at_block + blocks) * WIDTH],
                constants[layer],
                leaving,
                traced,
                (seen[:before], active, rows, counts, sums, current[:neurons], potential[:neurons]),
                start,
                stop,
            )
            arriving = leaving
            before, at_table = neurons, until
            at_block, at_neuron = at_block + blocks, at_neuron + neurons


@compiled
def _run_layer(
    inputs: Any,
    table: Any,
    bias: Any,
    always: Any,
    constants: Any,
    spikes: Any,
    traced: Any,
    scratch: Any,
    start: int,
    stop: int,
) -> None:
    """One layer of :func:`run_network`, for decisions ``start`` to ``stop``."""
    _, steps, channels = inputs.shape
    blocks, neurons = table.shape[0], spikes.shape[2]
    unit, keep_current, keep_voltage, threshold = constants[0], constants[1], constants[2], constants[3]
    subtracts = constants[4] != 0
    currents, potentials = traced
    seen, active, rows, counts, sums, current, potential = scratch
    flat = sums.reshape(-1)
    for b in range(start, stop):
        _list_spikes(inputs, b, seen, active, rows, counts)
        for block in range(blocks):
            for t in range(steps):
                place = t * blocks + block
                for n in range(WIDTH):
                    sums[place, n] = always[block * WIDTH + n]
                add_rows(table, block, rows, t * (channels + 1), counts[t], sums, place)
        current[:] = 0
        potential[:] = 0
        for t in range(steps):
            first = t * blocks * WIDTH
            step(
                flat[first : first + neurons],
                current,
                potential,
                bias,
                unit,
                keep_current,
                keep_voltage,
                threshold,
                subtracts,
                spikes[b, t],
            )
            if len(currents) > 0:
                currents[b * steps + t] = current
                potentials[b * steps + t] = potential


@compiled
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
