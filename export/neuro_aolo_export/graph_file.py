"""Graphs on disk: safetensors with one JSON description, and a digest that names the contents everywhere.

References:
    safetensors, https://github.com/huggingface/safetensors.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.file_kind import described
from neuro_aolo_export.files import regular_size, write_whole
from neuro_aolo_export.graph import (
    Denoising,
    DenseGraph,
    DenseLayer,
    Encoder,
    GradedEncoder,
    PopulationDecoder,
    PopulationEncoder,
    Quantity,
    SpikingGraph,
    SpikingLayer,
)

FORMAT = 3
"""Number of this form, of dense graphs with several passes. 2 has graded spikes, and 1, of 0.1, population
coding alone: what needs no more is written so still."""
_GRADED = 2
MAX_BYTES = 1 << 28
"""Largest file that is read: a quarter of a gibibyte, 67 million weights."""

_KEY = "neuro_aolo_graph"
_RESET = {
    "zero": "hard, to 0; before each decision too",
    "subtract": "a spike takes the threshold off, before the next leak; to 0 before each decision",
    "mixed": "as each layer says, or hard, to 0; to 0 before each decision",
}
_DENOISING = ("shift", "noise", "signal", "estimate", "kept")
_Arrays = dict[str, NDArray[Any]]


def graph_digest(graph: SpikingGraph | DenseGraph) -> str:
    """SHA-256 of all that the graph holds, in hexadecimal: equal exactly where the graphs are."""
    return _digest(*_parts(graph))


def save_graph(graph: SpikingGraph | DenseGraph, path: str | os.PathLike[str]) -> None:
    """Write a graph, whole or not at all; the same graph gives the same bytes.

    Raises:
        ExportError: the file cannot be written.
    """
    from safetensors.numpy import save

    description, arrays = _parts(graph)
    text = json.dumps({"sha256": _digest(description, arrays), **description}, sort_keys=True)
    write_whole(path, save(arrays, metadata={_KEY: text}))


def load_graph(path: str | os.PathLike[str]) -> SpikingGraph | DenseGraph:
    """Read a graph that :func:`save_graph` wrote.

    Raises:
        ExportError: no such file, not a graph, too large, or its contents are not what its digest says.
    """
    from safetensors import SafetensorError, safe_open

    try:
        size = regular_size(path)
        if size > MAX_BYTES:
            raise ExportError(
                f"{path} has {size:,} bytes: a graph file has at most {MAX_BYTES:,}; export it again"
            )
        with safe_open(path, framework="np") as file:
            description = json.loads((file.metadata() or {})[_KEY])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if not isinstance(description, dict):
            raise TypeError("its description is no object")
        said = description.pop("sha256")
        for name, array in arrays.items():
            if array.dtype != np.float32:
                raise TypeError(f"{name} is {array.dtype}, not float32")
        if said != _digest(description, arrays):
            raise ExportError(
                f"{path} is not what its digest {str(said)[:16]} says, so it was changed or damaged: "
                "export it again"
            )
        return _graph(description, arrays)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        if isinstance(error, ExportError) and str(path) in str(error):
            raise
        reason = described(path) or " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ExportError(
            f"{path} is no graph file ({reason}): name an actor.graph that `neuro-aolo export` wrote"
        ) from None


def _parts(graph: SpikingGraph | DenseGraph) -> tuple[dict[str, Any], _Arrays]:
    arrays: _Arrays = {}
    layers: Sequence[SpikingLayer | DenseLayer] = graph.layers
    for index, layer in enumerate(layers):
        arrays |= {f"layers.{index}.weight": layer.weight, f"layers.{index}.bias": layer.bias}
    description: dict[str, Any] = {
        "format": 1,
        "observations": [asdict(quantity) for quantity in graph.observations],
        "actions": [asdict(quantity) for quantity in graph.actions],
    }
    if isinstance(graph, DenseGraph):
        description |= {"kind": "dense", "layers": [_activation(layer) for layer in graph.layers]}
        if graph.denoising is not None:
            description |= {"format": FORMAT, "denoising": {"reach": graph.denoising.reach}}
            arrays |= {f"denoising.{name}": getattr(graph.denoising, name) for name in _DENOISING}
        return description, arrays
    scalars = ("current_decay", "voltage_decay", "threshold")
    description |= {
        "kind": "spiking",
        "layers": [
            {name: getattr(layer, name) for name in scalars} | _reset(layer) for layer in graph.layers
        ],
        "steps": graph.steps,
        "step_s": graph.step_s,
        "reset": _RESET[graph.reset],
        "encoder": None,
        "decoder": None,
    }
    if isinstance(graph.encoder, GradedEncoder):
        description |= {"format": _GRADED, "encoder": asdict(graph.encoder)}
    elif graph.encoder is not None:
        description["encoder"] = {"threshold": graph.encoder.threshold}
        arrays |= {"encoder.mean": graph.encoder.mean, "encoder.std": graph.encoder.std}
    if graph.decoder is not None:
        description["decoder"] = {}
        if graph.decoder.shared:
            description |= {"format": _GRADED, "decoder": {"shared": True}}
        arrays |= {"decoder.weight": graph.decoder.weight, "decoder.bias": graph.decoder.bias}
    return description, arrays


def _reset(layer: SpikingLayer) -> dict[str, Any]:
    """Nothing where it is to zero: so did all graphs, and their digests stand."""
    return {} if layer.reset == "zero" else {"reset": layer.reset}


def _activation(layer: DenseLayer) -> dict[str, Any]:
    return {"activation": layer.activation} | ({} if layer.alpha is None else {"alpha": layer.alpha})


def _digest(description: Mapping[str, Any], arrays: _Arrays) -> str:
    digest = hashlib.sha256(json.dumps(description, sort_keys=True).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"\n{name} {array.dtype} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _graph(description: dict[str, Any], arrays: _Arrays) -> SpikingGraph | DenseGraph:
    if description["format"] not in (1, _GRADED, FORMAT):
        raise ValueError(f"format {description['format']}, not {FORMAT}")
    kind = description["kind"]
    if kind not in ("spiking", "dense"):
        raise ValueError(f"kind {kind!r} is neither spiking nor dense")
    quantities = {
        name: tuple(Quantity(**item) for item in description[name]) for name in ("observations", "actions")
    }
    described = enumerate(description["layers"])
    pairs = [
        (arrays.pop(f"layers.{index}.weight"), arrays.pop(f"layers.{index}.bias"), values)
        for index, values in described
    ]
    if kind == "dense":
        graph: SpikingGraph | DenseGraph = DenseGraph(
            tuple(DenseLayer(weight, bias, **values) for weight, bias, values in pairs),
            **quantities,
            denoising=_denoising(description.get("denoising"), arrays),
        )
    else:
        decoder = None
        if description["decoder"] is not None:
            weight, bias = arrays.pop("decoder.weight"), arrays.pop("decoder.bias")
            decoder = PopulationDecoder(weight, bias, **description["decoder"])
        graph = SpikingGraph(
            _encoder(description["encoder"], arrays),
            tuple(SpikingLayer(weight, bias, **values) for weight, bias, values in pairs),
            decoder,
            steps=description["steps"],
            step_s=description["step_s"],
            **quantities,
        )
    if arrays:
        raise ValueError(f"unknown arrays {', '.join(sorted(arrays))}")
    return graph


def _denoising(description: dict[str, Any] | None, arrays: _Arrays) -> Denoising | None:
    if description is None:
        return None
    shift, noise, signal, estimate, kept = (arrays.pop(f"denoising.{name}") for name in _DENOISING)
    return Denoising(shift, noise, signal, estimate, kept, **description)


def _encoder(description: dict[str, Any] | None, arrays: _Arrays) -> Encoder | None:
    if description is None:
        return None
    if "levels" in description:
        return GradedEncoder(**description)
    return PopulationEncoder(arrays.pop("encoder.mean"), arrays.pop("encoder.std"), **description)
