"""An export run back beside the graph that it was made of: the same input into both, what differs out.

Where both sides compute in integers, or with the same code, no spike may differ. Two float32 sides that sum
in another order may part where a potential comes within rounding of its threshold: such decisions are traced
(:mod:`neuro_aolo_export.nearby`) and counted. Any other difference fails the check.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo_export.activity import Activity
from neuro_aolo_export.arrays import SpikeArray
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import DenseGraph, SpikingGraph
from neuro_aolo_export.loihi2.integers import QuantizedGraph
from neuro_aolo_export.nearby import compare_decisions, trace_differences
from neuro_aolo_export.simulate import float_spikes, integer_spikes

TOLERANCE = 1e-5
"""Largest difference of an action in [-1, 1] that rounding explains where no spike differs."""

File = str | os.PathLike[str]


@dataclass(frozen=True)
class Comparison:
    """The integer simulator beside Lava, spike for spike.

    A slot is one neuron at one time step of one decision. Slots and spikes count the network's own
    neurons: neither encoder and always-on axon, which are input to both sides, nor the bias neurons, which
    fire by construction. A bias neuron that differs is a mismatch all the same.

    Attributes:
        decisions: decisions compared.
        slots: slots compared.
        spikes: slots in which the simulator's neuron fired.
        mismatches: slots, bias neurons' included, in which the two sides differ.
        per_layer: ``(slots, spikes, mismatches)`` of each layer.
    """

    decisions: int
    slots: int
    spikes: int
    mismatches: int
    per_layer: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class Check:
    """How a file ran when it was run back.

    Attributes:
        run_by: what ran it, or read it for our simulator to run, and its version.
        decisions: decisions compared.
        slots: slots compared (neuron x step x decision), bias neurons left out; 0 of a dense actor.
        spikes: slots in which our own simulator's neuron fired.
        mismatches: slots in which the two sides differ.
        traced: decisions that differ, each traced to a potential within float32's rounding of its threshold.
        action_difference: largest difference of an action in [-1, 1]; None without actions.
        same_spikes_difference: the same, among decisions whose output spikes are the same.
    """

    run_by: str
    decisions: int
    slots: int = 0
    spikes: int = 0
    mismatches: int = 0
    traced: int = 0
    action_difference: float | None = None
    same_spikes_difference: float | None = None


def compare_spikes(activity: Activity, theirs: Sequence[NDArray[Any]]) -> Comparison:
    """Compare the simulator's activity with the other side's spikes ``(T, B, Nl)``, layer by layer.

    Args:
        activity: of one of the simulators.
        theirs: of the same input spikes, as :func:`neuro_aolo_export.loihi2.lava.run_network` gives them.

    Raises:
        ExportError: the two sides have other shapes.
    """
    shapes = [[layer.shape for layer in side] for side in (activity.layer_spikes, theirs)]
    if shapes[0] != shapes[1]:
        raise ExportError(
            f"simulated spikes have shapes {shapes[0]}, the other side's {shapes[1]}: "
            "run both on the same input"
        )
    per_layer = [
        (own.size, int(own.sum(dtype=np.int64)), int((mine != other).sum()))
        for own, mine, other in zip(activity.own_layer_spikes, activity.layer_spikes, theirs, strict=True)
    ]
    slots, spikes, mismatches = (sum(column) for column in zip(*per_layer, strict=True))
    return Comparison(shapes[0][0][1], slots, spikes, mismatches, tuple(per_layer))


def check_lava(qgraph: QuantizedGraph, path: File, input_spikes: SpikeArray, timeout_s: float) -> Check:
    """Run a network file on Lava, beside the integer simulator.

    Args:
        qgraph: what the file was written of.
        path: the file.
        input_spikes: ``(T, B, N0)``, always-on channel included.
        timeout_s: seconds that Lava has.

    Raises:
        ExportError: a spike differs; Lava is missing, failed or took too long.
    """
    from neuro_aolo_export.loihi2.lava import lava_version, run_network

    activity = Activity.of(qgraph, input_spikes, integer_spikes(qgraph.layers, input_spikes))
    theirs = run_network(path, input_spikes, qgraph.steps, timeout_s, qgraph.layers[0].levels)
    check = _as_check(compare_spikes(activity, theirs), f"Lava ({lava_version()})")
    if qgraph.decoder is not None:
        away = np.abs(activity.actions - qgraph.decoder.decode(theirs[-1]))
        check = replace(check, action_difference=float(away.max()), same_spikes_difference=0.0)
    return _no_mismatch(path, check)


def check_nir(graph: SpikingGraph, path: File, input_spikes: SpikeArray) -> Check:
    """Read a NIR file back and run what was read, beside the graph.

    Args:
        graph: what the file was written of.
        path: the file.
        input_spikes: ``(T, B, N0)``.

    Raises:
        ExportError: the file holds another graph, or a spike differs.
    """
    from neuro_aolo_export.graph_file import graph_digest
    from neuro_aolo_export.nir.convert import read_nir

    read = read_nir(path)
    if graph_digest(read) != graph_digest(graph):
        raise _failed(path, "what is read back is another graph")
    activity = Activity.of(graph, input_spikes, float_spikes(graph.layers, input_spikes, graph.levels))
    found = compare_spikes(activity, float_spikes(read.layers, input_spikes, read.levels))
    return _no_mismatch(path, _as_check(found, _library("nir")))


def check_step(graph: SpikingGraph, path: File, input_spikes: SpikeArray) -> Check:
    """Run a step model T times on onnxruntime, beside the float simulator.

    Args:
        graph: what the file was written of.
        path: the file.
        input_spikes: ``(T, B, N0)``.

    Raises:
        ExportError: a spike differs that rounding does not explain.
    """
    from neuro_aolo_export.onnx.run import run_step

    ours = float_spikes(graph.layers, input_spikes, graph.levels)
    theirs = run_step(path, input_spikes, levels=graph.levels).spikes
    found = compare_spikes(Activity.of(graph, input_spikes, ours), theirs)
    check = _as_check(found, _library("onnxruntime"))
    alone = replace(graph, encoder=None, observations=())
    crossings = trace_differences(alone, None, (input_spikes, *ours), (input_spikes, *theirs))
    unexplained = sum(not crossing.explained for crossing in crossings)
    if unexplained:
        raise _failed(path, f"{unexplained} spikes differ that rounding does not explain")
    return replace(check, traced=_decisions_that_differ(ours, theirs))


def check_decision(graph: SpikingGraph, path: File, inputs: ArrayLike) -> Check:
    """Run a decision model that gives its spikes on onnxruntime, beside the float simulator.

    Args:
        graph: what the file was written of.
        path: the file.
        inputs: observations ``(B, D)`` in [-1, 1]; of a graph without an encoder, input spikes
            ``(T, B, N0)``.

    Raises:
        ExportError: a spike or an action differs that rounding does not explain.
    """
    from neuro_aolo_export.onnx.run import run_decision

    decided = run_decision(path, inputs)
    theirs = [decided.spikes[f"layer{index}"] for index in range(len(graph.layers))]
    encoded = np.asarray(inputs) if graph.encoder is None else graph.input_spikes(inputs)
    ours = float_spikes(graph.layers, encoded, graph.levels)
    activity = Activity.of(graph, encoded, ours)
    check = replace(
        _as_check(compare_spikes(activity, theirs), _library("onnxruntime")),
        traced=_decisions_that_differ(ours, theirs),
    )
    if graph.encoder is None or graph.decoder is None or decided.actions is None:
        observations = None if graph.encoder is None else inputs
        first = decided.spikes.get("encoder", encoded)
        crossings = trace_differences(graph, observations, (encoded, *ours), (first, *theirs))
        unexplained = sum(not crossing.explained for crossing in crossings)
    else:
        found = compare_decisions(
            graph,
            inputs,
            (activity.actions, (encoded, *ours)),
            (decided.actions, (decided.spikes["encoder"], *theirs)),
            tolerance=TOLERANCE,
        )
        # A spike without a reason is one too where it moves no action.
        strays = {crossing.decision for crossing in found.crossings if not crossing.explained}
        unexplained = max(found.unexplained, len(strays))
        check = replace(
            check,
            traced=found.differing,
            action_difference=found.largest_difference,
            same_spikes_difference=found.largest_same,
        )
    if unexplained:
        raise _failed(path, f"{unexplained} decisions differ that rounding does not explain")
    return check


def check_dense(graph: DenseGraph, path: File, observations: ArrayLike, tolerance: float | None) -> Check:
    """Run a dense model on onnxruntime, beside the graph.

    Args:
        graph: what the file was written of.
        path: the file.
        observations: ``(B, D)`` in [-1, 1].
        tolerance: largest difference of an action; None to measure it and allow any, as of int8.

    Raises:
        ExportError: an action differs by more, or is not a number.
    """
    from neuro_aolo_export.onnx.run import run_dense

    away = np.abs(run_dense(path, observations) - graph.forward(observations))
    largest = float(away.max())
    most = np.inf if tolerance is None else tolerance
    if not largest <= most:
        raise _failed(path, f"an action differs by {largest:.3g}, where at most {most:g} is allowed")
    return Check(_library("onnxruntime"), len(away), action_difference=largest)


def _as_check(found: Comparison, run_by: str) -> Check:
    return Check(run_by, found.decisions, found.slots, found.spikes, found.mismatches)


def _decisions_that_differ(ours: Sequence[SpikeArray], theirs: Sequence[SpikeArray]) -> int:
    parted = [(mine != other).any(axis=(0, 2)) for mine, other in zip(ours, theirs, strict=True)]
    return int(np.logical_or.reduce(parted).sum())


def _no_mismatch(path: File, check: Check) -> Check:
    if check.mismatches:
        raise _failed(path, f"{check.mismatches:,} of {check.slots:,} slots differ from the simulator's")
    return check


def _failed(path: File, reason: str) -> ExportError:
    return ExportError(f"{Path(path).name} failed its check: {reason}; no file was replaced")


def _library(name: str) -> str:
    from importlib.metadata import version

    return f"{name} {version(name)}"
