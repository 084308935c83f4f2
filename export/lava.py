"""An integer graph as a lava-dl network file, and that file run on Lava's process graph.

Lava runs in a process of its own, started fresh as ``python -m export.lava``: it forks one process per
part of the network, and hangs instead of ending when one of them fails.

References:
    Lava: A software framework for neuromorphic computing, https://github.com/lava-nc/lava (archived).
    lava-dl, https://github.com/lava-nc/lava-dl (archived): slayer and netx.
"""

import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export._bounded import end_with_parent, run_bounded
from export._lava_compat import LAVA_INSTALL, lava_version, load_dense_block, load_runtime, require_lava
from export.arrays import SpikeArray, as_spikes
from export.errors import ExportError
from export.integers import QuantizedGraph, QuantizedLayer

__all__ = ["LAVA_INSTALL", "lava_version", "read_network", "run_network", "write_network"]

# slayer holds weights and thresholds in units of 64 integer steps, and decays in units of 4096.
_SLAYER_SCALE = 64
_DECAY_SCALE = 4096


def write_network(qgraph: QuantizedGraph, path: str | os.PathLike[str]) -> None:
    """Write the layers with lava-dl's own classes, as a file that ``netx.hdf5.Network`` loads.

    The file is written under another name, read back, compared with the graph, and renamed: it is whole
    or not there.

    Raises:
        ExportError: Lava is missing, Lava would alter an integer, or the file cannot be written.
    """
    target = Path(path)
    _check_loadable(qgraph.layers)
    dense = load_dense_block()
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        _write_layers(dense, qgraph.layers, partial)
        _check_same(qgraph.layers, read_network(partial))
        partial.replace(target)
    except OSError as error:
        raise ExportError(
            f"{target} cannot be written ({error.strerror or error}): give a path in a writable folder"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def read_network(path: str | os.PathLike[str]) -> tuple[QuantizedLayer, ...]:
    """The integer layers of a network file.

    Raises:
        ExportError: no such file, not a network of dense CUBA layers, or an integer that no chip holds.
    """
    try:
        import h5py
    except ImportError as error:
        raise ExportError(f"h5py is not installed: install it with  {LAVA_INSTALL}") from error
    try:
        with h5py.File(path, "r") as file:
            return tuple(_read_layer(file["layer"][str(index)]) for index in range(len(file["layer"])))
    except (OSError, KeyError) as error:
        raise ExportError(
            f"{path} is not a network file of dense layers ({error}): write one with write_network()"
        ) from error


def run_network(
    path: str | os.PathLike[str], input_spikes: NDArray[Any], steps: int, timeout_s: float = 120.0
) -> tuple[SpikeArray, ...]:
    """Run a network file on Lava's fixed-point CPU models, one decision after the other.

    All neurons are put to rest between decisions. The step of delay that each layer adds is taken out.

    Args:
        path: a file written by :func:`write_network`.
        input_spikes: ``(T, B, N0)``, 0 or 1, always-on channel included.
        steps: time steps T of one decision.
        timeout_s: seconds for everything, start of the process included.

    Returns:
        Spikes ``(T, B, Nl)`` of every layer, uint8.

    Raises:
        ExportError: Lava is missing, the file or the spikes do not fit, or Lava failed or took too long.
    """
    require_lava()
    file = Path(path).resolve()
    layers = read_network(file)
    _check_loadable(layers)
    inputs = as_spikes(input_spikes, layers[0].inputs)
    if len(inputs) != steps or inputs.shape[1] == 0:
        raise ExportError(
            f"input spikes have shape {inputs.shape}: "
            f"give ({steps}, decisions, {layers[0].inputs}) with at least one decision"
        )
    with tempfile.TemporaryDirectory(prefix="neuro-aolo-lava-") as name:
        folder = Path(name)
        np.savez(folder / "input.npz", spikes=inputs)
        command = [sys.executable, "-W", "ignore", "-m", "export.lava", str(file), str(folder)]
        run_bounded(
            command, folder=folder, environment=_environment(), timeout_s=timeout_s, label=f"Lava on {path}"
        )
        with np.load(folder / "output.npz", allow_pickle=False) as output:
            return tuple(output[f"layer_{index}"] for index in range(len(layers)))


def _environment() -> dict[str, str]:
    package_parent = str(Path(__file__).resolve().parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    # Ten processes each take their turn: threads inside them would only get in each other's way.
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = package_parent if not inherited else os.pathsep.join((package_parent, inherited))
    return {**os.environ, **single, "PYTHONPATH": path}


def _check_loadable(layers: Sequence[QuantizedLayer]) -> None:
    """Refuse the matrices that lava-dl's loader alters or fails on."""
    for index, layer in enumerate(layers):
        low, high = int(layer.weight.min()), int(layer.weight.max())
        if low == high == 0:
            raise ExportError(
                f"layer {index} has only zero weights, which lava-dl cannot load: "
                "set one that changes no spike, as quantize() does"
            )
        if high == 0 and low < -128 and (layer.weight & 1).any():
            raise ExportError(
                f"layer {index} has odd weights, none above 0 and one of {low}: in lava-dl they would all "
                "become 0; make them even, as quantize() does"
            )


def _write_layers(dense: Any, layers: Sequence[QuantizedLayer], path: Path) -> None:
    import h5py
    import torch

    # The blocks draw initial weights, which are replaced: the caller's generator is left as it was.
    with torch.random.fork_rng(devices=[]), torch.no_grad(), h5py.File(path, "w") as file:
        for index, layer in enumerate(layers):
            neuron = {
                "threshold": layer.threshold_mant / _SLAYER_SCALE,
                "current_decay": layer.current_decay / _DECAY_SCALE,
                "voltage_decay": layer.voltage_decay / _DECAY_SCALE,
                "requires_grad": False,
            }
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                block = dense(neuron, layer.inputs, layer.neurons, weight_scale=1, weight_norm=False)
            weight = torch.from_numpy(layer.weight / np.float32(_SLAYER_SCALE))
            block.synapse.weight.copy_(weight.reshape(block.synapse.weight.shape))
            # Known only after a forward pass otherwise.
            block.neuron.shape = torch.Size([layer.neurons])
            group = file.create_group(f"layer/{index}")
            block.export_hdf5(group)
            # slayer writes a bias only as part of a normalisation.
            group.create_dataset("bias", data=layer.bias_mant)


def _read_layer(group: Any) -> QuantizedLayer:
    if group["type"][0] != b"dense" or group["neuron/type"][()] != b"CUBA":
        raise KeyError("a layer is not dense with CUBA neurons")
    weight = group["weight"][()]
    bias = group["bias"][()] if "bias" in group else np.zeros(len(weight))
    decays = (int(group["neuron/iDecay"][()]), int(group["neuron/vDecay"][()]))
    if not (np.array_equal(weight, np.rint(weight)) and np.array_equal(bias, np.rint(bias))):
        raise KeyError("a weight or a bias is not an integer")
    threshold = int(group["neuron/vThMant"][()])
    return QuantizedLayer(weight.astype(np.int64), bias.astype(np.int64), *decays, threshold)


def _check_same(wanted: Sequence[QuantizedLayer], written: Sequence[QuantizedLayer]) -> None:
    scalars = ("current_decay", "voltage_decay", "threshold_mant")
    for index, (a, b) in enumerate(zip(wanted, written, strict=True)):
        same = np.array_equal(a.weight, b.weight) and np.array_equal(a.bias_mant, b.bias_mant)
        if not same or any(getattr(a, name) != getattr(b, name) for name in scalars):
            raise ExportError(
                f"lava-dl did not write layer {index} as it was given: install it with  {LAVA_INSTALL}"
            )


def _run_here(file: Path, folder: Path) -> None:
    """Run the network in this process: ``input.npz`` of the folder to its ``output.npz``."""
    lava = load_runtime()
    with np.load(folder / "input.npz", allow_pickle=False) as stored:
        inputs: SpikeArray = stored["spikes"]
    steps, batch, channels = inputs.shape
    # Input sent at step n reaches layer l at step n + l + 1: hence the offset, and the steps at the end.
    network = lava.network(str(file), reset_interval=steps, reset_offset=1)
    depth = len(network.layers)
    total = steps * batch + depth
    data = np.zeros((channels, total), dtype=np.int32)
    data[:, : steps * batch] = inputs.transpose(2, 1, 0).reshape(channels, steps * batch)
    lava.source(data=data).s_out.connect(network.inp)
    records = [folder / f"layer_{index}" for index in range(depth)]
    for layer, record in zip(network.layers, records, strict=True):
        sink = lava.sink(shape=layer.out.shape, buffer=1)
        lava.record(sink, record, total)
        layer.out.connect(sink.a_in)
    try:
        network.run(condition=lava.steps(num_steps=total), run_cfg=lava.config)
    finally:
        network.stop()
    spikes: dict[str, Any] = {}
    for index, record in enumerate(records):
        rows = np.fromfile(record, dtype=np.uint8).reshape(total, -1)[index + 1 : index + 1 + steps * batch]
        spikes[record.name] = rows.reshape(batch, steps, -1).transpose(1, 0, 2)
    np.savez(folder / "output.npz", **spikes)


def _main() -> None:
    end_with_parent()
    _run_here(Path(sys.argv[1]), Path(sys.argv[2]))


if __name__ == "__main__":
    _main()
