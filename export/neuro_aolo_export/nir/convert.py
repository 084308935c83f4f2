"""Spiking graphs to and from NIR, the Neuromorphic Intermediate Representation.

NIR's neurons are differential equations. Their forward Euler step of length dt,

    ``I[t] = I[t-1] + dt / tau_syn (w_in S[t] - I[t-1])``

    ``v[t] = v[t-1] + dt / tau_mem (r I[t] - v[t-1])``, a spike where ``v[t] > v_threshold``, then 0,

(or ``v[t] - v_threshold``, where the reset is by subtraction) is this package's layer where
``d_c = 1 - dt / tau_syn``, ``d_v = 1 - dt / tau_mem``, ``w_in = tau_syn / dt`` and
``r = tau_mem / dt``. A layer without a current is NIR's ``LIF``; one that, too,
forgets nothing is its ``IF``. NIR has no node for receptive fields and decoders: they, and the number of
steps, are kept in the graph's metadata, and other readers see a network from spikes to spikes. Nor can a node
say that its reset is by subtraction: that, too, is in the metadata alone.

References:
    J. E. Pedersen et al. (2024), Neuromorphic intermediate representation: a unified instruction set for
    interoperable brain-inspired computing, Nature Communications 15:8122, doi:10.1038/s41467-024-52259-9.
"""

import io
import json
import math
import os
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from neuro_aolo_export.arrays import is_positive, require
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.files import write_whole
from neuro_aolo_export.graph import (
    Encoder,
    GradedEncoder,
    PopulationDecoder,
    PopulationEncoder,
    Quantity,
    SpikingGraph,
    SpikingLayer,
)
from neuro_aolo_export.graph_file import graph_digest
from neuro_aolo_export.nir._file import DESCRIPTION, read_file
from neuro_aolo_export.nir._layers import ROUNDING, layers_of, nodes_of
from neuro_aolo_export.reset import PHRASES, Reset, require_reset

NOMINAL_DT_S = 1e-4
"""Time step that is written where a graph means none: the one that snnTorch takes every file to have."""

FORMAT = 2

_MEANING = {
    "update": "forward Euler, in the order: I[t] = I[t-1] + dt / tau_syn (w_in S[t] - I[t-1]); "
    "v[t] = v[t-1] + dt / tau_mem (r I[t] - v[t-1]); spike where v[t] > v_threshold; reset",
    "reset": "",
    "w_in": "tau_syn / dt, and r is tau_mem / dt: a step adds W s + b to I, and I to v, unscaled",
    "delays": "none: step t of every layer belongs to step t of the input",
}

_RESET = {
    "zero": "hard: v is v_reset = 0 after a spike, in the same step; I is kept; all is 0 before a decision",
    "subtract": "by subtraction, whatever v_reset is: v is v - v_threshold after a spike, in the same step; "
    "I is kept; all is 0 before a decision",
    "mixed": "as 'resets' in 'neuro_aolo' says of each layer, to v_reset = 0 or by subtraction of "
    "v_threshold, in the same step; I is kept; all is 0 before a decision",
}


@dataclass(frozen=True, eq=False)
class NirNetwork:
    """What a file holds.

    Attributes:
        graph: the network.
        reset_assumed: whether neither the file nor the caller says how its neurons reset, so that they reset
            to zero. NIR has no place for it.
    """

    graph: SpikingGraph
    reset_assumed: bool


def write_nir(graph: SpikingGraph, path: str | os.PathLike[str]) -> None:
    """Write a graph, whole or not at all; the same graph gives the same bytes.

    Raises:
        ExportError: a layer that NIR cannot hold without loss, or the file cannot be written.
    """
    import nir

    stream = io.BytesIO()
    nir.write(stream, _to_nir(graph))
    write_whole(path, stream.getvalue())


def read_nir(
    path: str | os.PathLike[str],
    steps: int | None = None,
    dt_s: float | None = None,
    reset: Reset | None = None,
) -> SpikingGraph:
    """The graph of :func:`read_nir_network`."""
    return read_nir_network(path, steps, dt_s, reset).graph


def read_nir_network(
    path: str | os.PathLike[str],
    steps: int | None = None,
    dt_s: float | None = None,
    reset: Reset | None = None,
) -> NirNetwork:
    """Read a file that :func:`write_nir` wrote, or one of your own: dense layers of LIF neurons, in a chain.

    The gain ``w_in dt / tau_syn r dt / tau_mem`` of each neuron is folded into its weights and bias.

    Args:
        path: the file.
        steps: time steps T of a decision, whatever the file says; needed where it does not.
        dt_s: time step in seconds; needed where the file does not say. NIR itself has no place for it: it is
            the one that the file's author discretised with (snnTorch: 1e-4).
        reset: of the neurons of a file that does not say; ``zero`` where None. See
            :mod:`neuro_aolo_export.reset`.

    Raises:
        ExportError: not a readable file, other nodes or connections than a chain of dense spiking layers,
            neurons that this package has not, a missing ``steps`` or ``dt_s``, a ``dt_s`` or ``reset`` that
            contradicts the file, or contents that the file's own digest denies.
    """
    if reset is not None:
        require_reset(reset)
    network = read_file(path)
    try:
        return _from_nir(network, steps, dt_s, reset)
    except ExportError as error:
        raise ExportError(f"{path}: {error}") from None


def _to_nir(graph: SpikingGraph) -> Any:
    import nir

    dt_s = NOMINAL_DT_S if graph.step_s is None else graph.step_s
    nodes = nodes_of(graph.layers, dt_s)
    edges = list(pairwise(nodes))
    return nir.NIRGraph(nodes, edges, metadata=_metadata(graph, dt_s), type_check=False)


def _metadata(graph: SpikingGraph, dt_s: float) -> dict[str, Any]:
    encoder, decoder = graph.encoder, graph.decoder
    description = {
        "format": FORMAT if graph.levels > 1 or (decoder is not None and decoder.shared) else 1,
        "sha256": graph_digest(graph),
        "steps": graph.steps,
        "step_s": graph.step_s,
        "encoder": None if encoder is None else _scalars(encoder),
        "decoder": None if decoder is None else {"shared": True} if decoder.shared else {},
        "observations": [asdict(quantity) for quantity in graph.observations],
        "actions": [asdict(quantity) for quantity in graph.actions],
    }
    if graph.reset != "zero":
        description["resets"] = [layer.reset for layer in graph.layers]
    metadata: dict[str, Any] = {"dt": dt_s, "steps": graph.steps, **_MEANING, "reset": _RESET[graph.reset]}
    if isinstance(encoder, PopulationEncoder):
        metadata |= {"encoder_mean": np.array(encoder.mean), "encoder_std": np.array(encoder.std)}
    if decoder is not None:
        metadata |= {"decoder_weight": np.array(decoder.weight), "decoder_bias": np.array(decoder.bias)}
    if isinstance(encoder, GradedEncoder):
        metadata["input"] = f"graded: whole numbers, 0 to {encoder.levels}, the same at every step"
    return metadata | {DESCRIPTION: json.dumps(description, sort_keys=True)}


def _scalars(encoder: Encoder) -> dict[str, Any]:
    return asdict(encoder) if isinstance(encoder, GradedEncoder) else {"threshold": encoder.threshold}


def _encoder(said: dict[str, Any] | None, metadata: dict[str, Any]) -> Encoder | None:
    if said is None:
        return None
    if "levels" in said:
        return GradedEncoder(**said)
    return PopulationEncoder(metadata["encoder_mean"], metadata["encoder_std"], **said)


def _from_nir(network: Any, steps: int | None, dt_s: float | None, reset: Reset | None) -> NirNetwork:
    dt_s = _time_step(network.metadata, dt_s)
    layers = layers_of(network.nodes, network.edges, dt_s)
    if DESCRIPTION in network.metadata:
        graph = _described(network.metadata, layers)
        require(
            reset in (None, graph.reset),
            f"its neurons reset {PHRASES[graph.reset]}, as its metadata says, so not as reset '{reset}': "
            "leave reset (--reset) out",
        )
        return NirNetwork(graph if steps is None else replace(graph, steps=steps), reset_assumed=False)
    if steps is None:
        raise ExportError(
            "the file does not say how many time steps a decision takes: give steps (--time-steps)"
        )
    graph = SpikingGraph(None, layers, None, steps, step_s=dt_s)
    return NirNetwork(graph if reset is None else graph.with_reset(reset), reset_assumed=reset is None)


def _time_step(metadata: dict[str, Any], dt_s: float | None) -> float:
    said = metadata.get("dt", dt_s)
    if said is None:
        raise ExportError(
            "the file does not say which time step its time constants are for: give dt_s (--dt) in "
            f"seconds ({NOMINAL_DT_S:g} for a file of snnTorch)"
        )
    values = np.asarray(said, dtype=np.float64).ravel()
    require(
        len(values) == 1 and is_positive(values[0]),
        f"time step {', '.join(f'{value:g}' for value in values[:4])}: give one, in seconds, above 0",
    )
    require(
        dt_s is None or math.isclose(float(values[0]), dt_s, rel_tol=ROUNDING),
        f"dt_s {dt_s} is not the {values[0]:g} s that the file says: leave dt_s (--dt) out",
    )
    return float(values[0])


def _described(metadata: dict[str, Any], layers: tuple[SpikingLayer, ...]) -> SpikingGraph:
    """The graph that was written, from its layers and the metadata.

    Raises:
        ExportError: no description of ours, or the graph is not the one that its digest names.
    """
    try:
        said = json.loads(metadata[DESCRIPTION])
        graph, digest = _assembled(said, metadata, layers), str(said["sha256"])
    except ExportError:
        raise
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ExportError(
            f"its metadata '{DESCRIPTION}' is damaged ({reason}): export it again, or take that key out"
        ) from None
    if graph_digest(graph) != digest:
        raise ExportError(
            f"the network is not what its digest {digest[:16]!r} says, so it was changed or damaged: "
            f"export it again, or take '{DESCRIPTION}' out of the metadata"
        )
    return graph


def _assembled(
    said: dict[str, Any], metadata: dict[str, Any], layers: tuple[SpikingLayer, ...]
) -> SpikingGraph:
    if said["format"] not in (1, FORMAT):
        raise ValueError(f"format {said['format']}, not {FORMAT}")
    if type(said["steps"]) is not int or type(said["step_s"]) not in (int, float, type(None)):
        raise TypeError(f"steps {said['steps']!r:.40}, step_s {said['step_s']!r:.40}")
    if "resets" in said:
        layers = tuple(
            replace(layer, reset=reset) for layer, reset in zip(layers, said["resets"], strict=True)
        )
    decoder = None
    if said["decoder"] is not None:
        decoder = PopulationDecoder(metadata["decoder_weight"], metadata["decoder_bias"], **said["decoder"])
    return SpikingGraph(
        _encoder(said["encoder"], metadata),
        layers,
        decoder,
        steps=said["steps"],
        step_s=said["step_s"],
        observations=tuple(Quantity(**item) for item in said["observations"]),
        actions=tuple(Quantity(**item) for item in said["actions"]),
    )
