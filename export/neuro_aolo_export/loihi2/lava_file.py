"""Integer layers as a lava-dl network file, and such files read back.

References:
    Lava: A software framework for neuromorphic computing, https://github.com/lava-nc/lava (archived).
    lava-dl, https://github.com/lava-nc/lava-dl (archived): slayer and netx.
"""

import io
import os
import warnings
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo_export._hdf5 import member_names, open_plain, read_dataset, read_group, read_string
from neuro_aolo_export.arrays import IntArray
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.files import unwritable, whole
from neuro_aolo_export.loihi2._lava_compat import LAVA_INSTALL, load_dense_block
from neuro_aolo_export.loihi2.integers import QuantizedGraph, QuantizedLayer

MAX_LAYERS = 64
MAX_WEIGHTS = 1 << 24
"""Most weights of a file that is read, over all layers."""

# slayer holds weights and thresholds in units of 64 integer steps, and decays in units of 4096.
_SLAYER_SCALE = 64
_DECAY_SCALE = 4096

_LAYER = {"type", "shape", "inFeatures", "outFeatures", "weight", "bias", "neuron"}
_NEURON = {"type", "iDecay", "vDecay", "vThMant", "refDelay", "gradedSpike"}


def write_network(network: QuantizedGraph | Sequence[QuantizedLayer], path: str | os.PathLike[str]) -> None:
    """Write layers with lava-dl's own classes, as a file that ``netx.hdf5.Network`` loads.

    The file is written under another name, read back, compared with the layers, and renamed: it is whole
    or not there.

    Raises:
        ExportError: Lava is missing, Lava would alter an integer, layers that do not fit together, or the
            file cannot be written.
    """
    layers = network.layers if isinstance(network, QuantizedGraph) else tuple(network)
    target = Path(path)
    require_loadable(layers)
    dense = load_dense_block()
    try:
        with whole(target) as partial:
            partial.write_bytes(_written(dense, layers))
            _check_same(layers, read_network(partial))
    except OSError as error:
        raise unwritable(target, error) from error


def read_network(path: str | os.PathLike[str]) -> tuple[QuantizedLayer, ...]:
    """The integer layers of a network file: dense ones of CUBA neurons, without delays.

    Nothing in the file that Lava would read is left out, and nothing else is read.

    Raises:
        ExportError: no such file, not such a network, an integer that no chip holds, or more than
            ``MAX_LAYERS`` layers or ``MAX_WEIGHTS`` weights.
    """
    try:
        with open_plain(path) as root:
            group = read_group(root, "layer")
            names = member_names(group, MAX_LAYERS)
            if not names or set(names) != {str(index) for index in range(len(names))}:
                raise ExportError(f"layers {', '.join(names) or '(none)'}: number them 0, 1, ...")
            layers: list[QuantizedLayer] = []
            room = MAX_WEIGHTS
            for index in range(len(names)):
                layers.append(_read_layer(read_group(group, str(index)), room))
                room -= layers[-1].weight.size
    except ExportError as error:
        reason = str(error).removeprefix(f"{path}, ").removeprefix(f"{path} ")
        raise ExportError(
            f"{path} is not a network file of dense layers ({reason}): write one with write_network()"
        ) from None
    _require_chain(layers)
    return tuple(layers)


def require_loadable(layers: Sequence[QuantizedLayer]) -> None:
    """Refuse the networks that lava-dl's loader alters or fails on.

    Lava's neuron resets to zero alone.

    ``netx`` shifts a matrix up as far as 8 bits allow, by the lowest and the highest weight, and Lava
    clips and truncates the result. Every other matrix of a :class:`QuantizedLayer` comes through whole.

    Raises:
        ExportError: no layers, layers that do not fit together, or such a matrix.
    """
    _require_chain(layers)
    for index, layer in enumerate(layers):
        if layer.reset != "zero":
            raise ExportError(
                f"layer {index} resets by subtraction, which Lava's neuron cannot: leave lava out, or train "
                "with reset to zero"
            )
        low, high = int(layer.weight.min()), int(layer.weight.max())
        if low == high == 0:
            raise ExportError(
                f"layer {index} has only zero weights, which lava-dl cannot load: "
                "set one that changes no spike, as quantize() does"
            )
        if high <= 0 and (-low).bit_count() == 1:
            raise ExportError(
                f"layer {index} has no weight above 0 and a lowest one of {low}, which lava-dl would alter: "
                "make the lowest one other than a power of two"
            )
        if high == 0 and low < -128 and (layer.weight & 1).any():
            raise ExportError(
                f"layer {index} has odd weights, none above 0 and one of {low}: in lava-dl they would all "
                "become 0; make them even, as quantize() does"
            )


def _require_chain(layers: Sequence[QuantizedLayer]) -> None:
    if not layers:
        raise ExportError("a network of no layers: give at least one")
    for index, (layer, following) in enumerate(pairwise(layers)):
        if layer.neurons != following.inputs:
            raise ExportError(
                f"layer {index} has {layer.neurons} neurons and layer {index + 1} {following.inputs} inputs: "
                "make them equal"
            )


def _written(dense: Any, layers: Sequence[QuantizedLayer]) -> bytes:
    """The file, made in memory: HDF5 does not survive a disk that is full."""
    import h5py
    import torch

    # The blocks draw initial weights, which are replaced: the caller's generator is left as it was.
    stream = io.BytesIO()
    with torch.random.fork_rng(devices=[]), torch.no_grad(), h5py.File(stream, "w") as file:
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
            # slayer's own quantiser knows even weights only, and a bias only as part of a normalisation.
            group["weight"][...] = layer.weight
            group.create_dataset("bias", data=layer.bias_mant)
    return stream.getvalue()


def _read_layer(group: Any, max_weights: int) -> QuantizedLayer:
    neuron = read_group(group, "neuron")
    for members, known in ((group, _LAYER), (neuron, _NEURON)):
        unknown = set(member_names(members, 32)) - known
        if unknown:
            raise ExportError(f"{members.name} has {', '.join(sorted(unknown))}, which is not supported")
    kinds = (read_string(group, "type"), read_string(neuron, "type"))
    if kinds != ("dense", "CUBA"):
        raise ExportError(f"{group.name} is {kinds[0]} with {kinds[1]} neurons, not dense with CUBA")
    for name, supported in (("refDelay", 1), ("gradedSpike", 0)):
        if name in neuron and _integer(neuron, name) != supported:
            raise ExportError(f"{neuron.name}/{name} is other than {supported}, which is not supported")
    weight = _integers(group, "weight", max_weights)
    bias = _integers(group, "bias", len(weight)) if "bias" in group else np.zeros(len(weight), dtype=np.int32)
    shape = read_dataset(group, "shape", 8)
    if weight.ndim != 2 or int(np.prod(shape)) != len(weight):
        raise ExportError(f"{group.name} has weight {weight.shape} and shape {shape.tolist()}")
    return QuantizedLayer(
        weight,
        bias,
        current_decay=_integer(neuron, "iDecay"),
        voltage_decay=_integer(neuron, "vDecay"),
        threshold_mant=_integer(neuron, "vThMant"),
    )


def _integers(group: Any, name: str, max_elements: int) -> IntArray:
    values = read_dataset(group, name, max_elements)
    if values.ndim == 0 or not np.array_equal(values, np.rint(values)) or np.any(np.abs(values) > 1 << 30):
        raise ExportError(f"{group.name}/{name} is not an array of integers")
    return values.astype(np.int32)


def _integer(group: Any, name: str) -> int:
    value = read_dataset(group, name, 1)
    if value.ndim != 0 or not abs(value) <= 1 << 30 or value != np.rint(value):
        raise ExportError(f"{group.name}/{name} is not an integer")
    return int(value)


def _check_same(wanted: Sequence[QuantizedLayer], written: Sequence[QuantizedLayer]) -> None:
    scalars = ("current_decay", "voltage_decay", "threshold_mant")
    for index, (a, b) in enumerate(zip(wanted, written, strict=True)):
        same = np.array_equal(a.weight, b.weight) and np.array_equal(a.bias_mant, b.bias_mant)
        if not same or any(getattr(a, name) != getattr(b, name) for name in scalars):
            raise ExportError(
                f"lava-dl did not write layer {index} as it was given: install it with  {LAVA_INSTALL}"
            )
