"""Random integer networks: real Lava beside the simulator and the written equations, bit for bit."""

import contextlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neuro_aolo_export.arrays import SpikeArray
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.loihi2.integers import QuantizedLayer
from neuro_aolo_export.loihi2.lava import LAVA_INSTALL, LayerTrace, lava_version, trace_network, write_network
from neuro_aolo_export.loihi2.lava_file import require_loadable
from neuro_aolo_export.simulate import integer_spikes

pytestmark = pytest.mark.skipif(lava_version() is None, reason=f"Lava is not installed: {LAVA_INSTALL}")

Integers = NDArray[np.int64]
LIMIT = 1 << 23


DECAYS = ((1, 4096), (0, 4095))


def random_weights(rng: np.random.Generator, outputs: int, inputs: int) -> Integers:
    """A matrix of any sign mode, dense or sparse, odd where its one sign allows it."""
    mode = rng.choice(["mixed", "excitatory", "inhibitory"])
    size = int(2 ** rng.integers(1, 8))
    if mode == "mixed":
        weight = 2 * rng.integers(-size, size, (outputs, inputs))
    else:
        weight = rng.integers(0, 2 * size, (outputs, inputs)) & rng.choice([-1, -2])
        weight = -weight if mode == "inhibitory" else weight
    if rng.random() < 0.5:
        return weight * (rng.random(weight.shape) < rng.uniform(0.2, 1.0))
    return np.where(weight == 0, -2 if mode != "excitatory" else 2, weight)


def random_layer(rng: np.random.Generator, outputs: int, inputs: int) -> QuantizedLayer:
    """Any weights that lava-dl does not alter, any decays, threshold and biases."""
    threshold = int(2 ** rng.uniform(0, 17)) - 1 if rng.random() < 0.8 else int(rng.choice([0, 131071]))
    reach = int(rng.choice([1, 200, 4096]))
    bias = rng.integers(-reach, reach, outputs)
    # Some neurons fire without any input, so that the layers behind see spikes.
    bias[rng.random(outputs) < 0.3] = min(threshold // 3 + 1, 4095)
    current, voltage = (int(rng.choice([low, high, rng.integers(low, high + 1)])) for low, high in DECAYS)
    while True:
        layer = QuantizedLayer(random_weights(rng, outputs, inputs), bias, current, voltage, threshold)
        with contextlib.suppress(ExportError):
            require_loadable([layer])
            return layer


def random_network(rng: np.random.Generator, depth: int | None = None) -> tuple[QuantizedLayer, ...]:
    """One to four layers; a wide input drives currents past 2^23 and potentials to their limit."""
    depth = depth or int(rng.integers(1, 5))
    sizes = [int(rng.choice([3, 12, 700])), *rng.integers(1, 14, depth).tolist()]
    return tuple(random_layer(rng, outputs, inputs) for inputs, outputs in pairwise(sizes))


def kept(state: Integers, decay: int) -> Integers:
    """What a decay leaves of a state, rounded to zero."""
    return np.sign(state) * (np.abs(state) * (4096 - decay) // 4096)


def by_the_equations(layer: QuantizedLayer, spikes: SpikeArray) -> LayerTrace:
    """The update of a Loihi 2 core as it is written down."""
    steps, batch, _ = spikes.shape
    fired, currents, voltages = (np.zeros((steps, batch, layer.neurons), dtype=np.int64) for _ in range(3))
    u, v = (np.zeros((batch, layer.neurons), dtype=np.int64) for _ in range(2))
    for step in range(steps):
        u = kept(u, layer.current_decay) + 64 * (spikes[step].astype(np.int64) @ layer.weight.T)
        u = np.where(u > LIMIT, u - 2 * LIMIT, np.where(u <= -LIMIT, u + 2 * LIMIT, u))
        v = np.clip(kept(v, layer.voltage_decay) + u + 64 * layer.bias_mant, 1 - LIMIT, LIMIT - 1)
        fired[step] = v > 64 * layer.threshold_mant
        v = np.where(fired[step], 0, v)
        currents[step], voltages[step] = u, v
    return LayerTrace(fired.astype(np.uint8), currents.astype(np.int32), voltages.astype(np.int32))


def compare_all(layers: Sequence[QuantizedLayer], inputs: SpikeArray, folder: Path) -> NDArray[np.int64]:
    """Slots, spikes, potentials at their limit and currents wrapped; any difference fails."""
    write_network(layers, folder / "network.net")
    traced = trace_network(folder / "network.net", inputs, len(inputs), timeout_s=300.0)
    counts = np.zeros(4, dtype=np.int64)
    arriving = inputs
    for layer, trace, spikes in zip(layers, traced, integer_spikes(layers, inputs), strict=True):
        wanted = by_the_equations(layer, arriving)
        np.testing.assert_array_equal(trace.spikes, wanted.spikes)
        np.testing.assert_array_equal(trace.current, wanted.current)
        np.testing.assert_array_equal(trace.voltage, wanted.voltage)
        np.testing.assert_array_equal(trace.spikes, spikes)
        drive = 64 * (arriving.astype(np.int64) @ layer.weight.T)[1:]
        events = (
            trace.spikes < 2,
            trace.spikes > 0,
            np.abs(trace.voltage) == LIMIT - 1,
            trace.current[1:] != kept(trace.current[:-1].astype(np.int64), layer.current_decay) + drive,
        )
        counts += [int(np.count_nonzero(event)) for event in events]
        arriving = spikes
    return counts


def random_inputs(rng: np.random.Generator, channels: int) -> SpikeArray:
    shape = (int(rng.integers(1, 9)), int(rng.integers(1, 4)))
    rate = rng.choice([0.1, 0.5, 0.95])
    return (rng.random((*shape, channels)) < rate).astype(np.uint8)


def test_every_sign_mode_runs_as_given(tmp_path: Path) -> None:
    matrices: list[list[list[int]]] = [
        [[255, 3, 1], [0, 7, 9], [1, 0, 0]],
        [[128, 64, 0], [0, 1, 0], [64, 0, 0]],
        [[-255, -3, -1], [-5, -7, -9], [-1, -2, -1]],
        [[-3, 0, -1], [0, -127, 0], [-1, -1, -1]],
        [[-254, 0, -2], [-200, 0, 0], [-128, -2, -4]],
        [[-256, 254, 2], [0, 0, 2], [-2, 2, -4]],
        [[-2, 2, 2], [4, 0, 2], [2, 2, -2]],
        [[-254, -254, -254], [-254, -254, -254], [-254, -254, -254]],
        [[2, 2, 2], [2, 2, 2], [2, 2, 2]],
    ]
    # Different biases make the neurons fire in turn, whatever comes in.
    bias = np.array([300, 420, 700])
    layers = [QuantizedLayer(np.array(matrix), bias, 2048, 1024, 900) for matrix in matrices]
    inputs = (np.random.default_rng(4).random((9, 1, 3)) < 0.5).astype(np.uint8)
    slots, spikes, *_ = compare_all(layers, inputs, tmp_path)
    assert slots == 9 * 3 * len(layers)
    assert spikes > slots / 20


def test_a_few_random_networks_agree_with_lava(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    total = np.zeros(4, dtype=np.int64)
    for depth in (1, 3):
        layers = random_network(rng, depth)
        total += compare_all(layers, random_inputs(rng, layers[0].inputs), tmp_path)
    assert (total[:2] > 10).all()


@pytest.mark.slow
def test_a_hundred_random_networks_agree_with_lava(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(2026)
    total = np.zeros(4, dtype=np.int64)
    for _ in range(100):
        layers = random_network(rng)
        total += compare_all(layers, random_inputs(rng, layers[0].inputs), tmp_path)
    slots, spikes, clipped, wrapped = total.tolist()
    with capsys.disabled():
        print(
            f"\n100 networks: {slots:,} slots, {spikes:,} spikes, {2 * slots:,} states, "
            f"{clipped:,} potentials at their limit, {wrapped:,} currents wrapped, 0 mismatches"
        )
    assert slots > 10_000
    assert spikes > 1_000
    assert clipped > 0
    assert wrapped > 0
