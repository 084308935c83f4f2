"""NeuroBench's counts of operations beside ours, on one spiking actor and one dense actor.

NeuroBench counts with its own models, hooks and metrics in an environment of its own, where
neurobench_counter.py runs it. Every difference is split into the reasons for it, each counted by us: where
something is left over, the exit status is 1. To make the environment, about 1 GB (NeuroBench's metrics need
none of the data sets and audio libraries that it asks for)::

    python3 -m venv nb && nb/bin/pip install torch==2.13.0 snntorch numpy tqdm
    nb/bin/pip install --no-deps neurobench

``python scripts/check_neurobench.py --peer-python nb/bin/python`` takes untrained actors with a tenth of
their weights pruned. ``--run RUN`` takes a run's actor, and its MLP where there is one, on requests of its
scenario. Without ``--peer-python`` a throw-away environment is made.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from neuro_aolo.errors import NeuroAoloError, RunError
from neuro_aolo.pricing.count import SpikingCounts, count_dense, count_spiking
from neuro_aolo_export.activity import Activity
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import (
    DenseGraph,
    DenseLayer,
    PopulationDecoder,
    PopulationEncoder,
    SpikingGraph,
    SpikingLayer,
)
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.simulate import float_states, simulate_float, simulate_integer

COUNTER = Path(__file__).with_name("neurobench_counter.py")
INSTALL = (("torch==2.13.0", "snntorch", "numpy", "tqdm"), ("--no-deps", "neurobench"))
TIMEOUT_S = 1800
DECISIONS = 200
STEPS = 8
SPIKING_SIZES, DENSE_SIZES = (50, 256, 256, 80), (5, 256, 256, 2)
PRUNED = 0.1
# NeuroBench adds up a layer's operations of one step and batch in float32.
FLOAT32_EXACT = 1 << 24
# Rounding errors of a few hundred float32 additions, in units of the threshold or of an activation.
ROUNDING = 1e-5
# NeuroBench rounds the sparsity of connections to four decimals.
FOUR_DECIMALS = 0.500001e-4

Array = np.ndarray


class FailedError(Exception):
    """NeuroBench could not be installed, or did not run."""


@dataclass(frozen=True)
class Reason:
    """A part of a difference.

    Attributes:
        amount: by how much NeuroBench's figure is above ours because of it.
        text: why.
    """

    amount: float
    text: str


@dataclass(frozen=True)
class Row:
    """One quantity, per decision, in both counts.

    Attributes:
        what: the quantity, and what NeuroBench calls it.
        ours: our figure.
        theirs: NeuroBench's.
        reasons: what the difference is made of.
        tolerance: what may be left of it, beyond float64's rounding.
    """

    what: str
    ours: float
    theirs: float
    reasons: tuple[Reason, ...] = ()
    tolerance: float = 0.0

    @property
    def unexplained(self) -> float:
        """What is left of the difference."""
        left = self.theirs - self.ours - sum(reason.amount for reason in self.reasons)
        scale = max(abs(self.theirs), abs(self.ours))
        return 0.0 if abs(left) <= self.tolerance + 1e-9 * scale else left

    def __str__(self) -> str:
        """A line, and one for each reason."""
        difference = 0.0 if not self.reasons and not self.unexplained else self.theirs - self.ours
        lines = [f"{self.what:<58} {_figure(self.ours)} {_figure(self.theirs)} {_figure(difference)}"]
        lines += [f"    {reason.amount:+,.6g} {reason.text}" for reason in self.reasons if reason.amount]
        if self.unexplained:
            lines.append(f"    {self.unexplained:+,.6g} UNEXPLAINED")
        return "\n".join(lines)


def _figure(value: float) -> str:
    if 0 < abs(value) < 1e-4:
        return f"{value:>13.1e}"
    return f"{value:>13,.4f}" if value % 1 else f"{value:>13,.0f}"


@dataclass(frozen=True, eq=False)
class Found:
    """What NeuroBench counted, and the activity that it saw.

    Attributes:
        metrics: its results, one per network.
        outputs: of the layers of a whole network, ``(T, B, n)`` or ``(B, n)``.
        potentials: of spiking layers, after the reset.
        versions: of the libraries.
    """

    metrics: list[dict[str, Any]]
    outputs: list[Array]
    potentials: list[Array]
    versions: Mapping[str, str]

    def operations(self, index: int = 0) -> dict[str, float]:
        """Effective_MACs, Effective_ACs and Dense, per decision."""
        found: dict[str, float] = self.metrics[index]["SynapticOperations"]
        return found


@dataclass(frozen=True)
class Peer:
    """NeuroBench in its environment.

    Attributes:
        python: its Python.
        folder: where networks and results are passed on.
    """

    python: Path
    folder: Path

    def count(self, kind: str, arrays: Mapping[str, Array], batch: int) -> Found:
        """NeuroBench's counts of a network, ``batch`` decisions at a time.

        Raises:
            FailedError: it did not run.
        """
        given, out = self.folder / "network.npz", self.folder / "out.npz"
        np.savez(given, **arrays)
        told = json.loads(
            _call([str(self.python), str(COUNTER), kind, str(given), str(batch), str(out)]).splitlines()[-1]
        )
        with np.load(out) as saved:
            outputs, potentials = (
                [saved[name] for name in saved.files if name.startswith(part)]
                for part in ("output", "potential")
            )
        return Found(told["metrics"], outputs, potentials, told["versions"])


def environment(folder: Path) -> Path:
    """Python of a new environment with NeuroBench.

    Raises:
        FailedError: something could not be installed.
    """
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    for packages in INSTALL:
        _call([str(python), "-m", "pip", "install", "-q", *packages])
    return python


def _call(command: list[str]) -> str:
    """Standard output of a command; its last line of standard error, where it fails."""
    try:
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
        )
    except OSError as error:
        raise FailedError(f"{command[0]} cannot be run ({error.strerror}): name a Python") from None
    except subprocess.TimeoutExpired:
        raise FailedError(f"{command[0]} took more than {TIMEOUT_S} s") from None
    if ran.returncode:
        lines = [line.strip() for line in ran.stderr.splitlines() if line.strip()]
        raise FailedError(lines[-1] if lines else f"exit status {ran.returncode}")
    return ran.stdout


def untrained(decisions: int) -> tuple[SpikingGraph, DenseGraph | None, Array]:
    """Random actors and observations.

    Spiking weights have few binary places, so that the order of a sum moves no spike.
    """
    rng = np.random.default_rng(0)

    def weights(inputs: int, outputs: int, places: int) -> Array:
        drawn = np.round(rng.uniform(-1, 1, (outputs, inputs)) * 2 / inputs**0.5 * places) / places
        return drawn * (rng.random(drawn.shape) >= PRUNED)

    spiking = tuple(
        SpikingLayer(
            weights(*size, 256), np.round(rng.uniform(-0.1, 0.1, size[1]) * 256) / 256, 0.5, 0.75, 0.53
        )
        for size in pairwise(SPIKING_SIZES)
    )
    ends = ["relu"] * (len(DENSE_SIZES) - 2) + ["tanh"]
    dense = tuple(
        DenseLayer(weights(*size, 1 << 20), rng.uniform(-0.1, 0.1, size[1]), end)
        for size, end in zip(pairwise(DENSE_SIZES), ends, strict=True)
    )
    means = np.tile(np.linspace(-1, 1, 10), (DENSE_SIZES[0], 1))
    encoder = PopulationEncoder(means, np.full(means.shape, 0.15**0.5))
    actions = DENSE_SIZES[-1]
    decoder = PopulationDecoder(np.ones((actions, SPIKING_SIZES[-1] // actions)), np.zeros(actions))
    observations = np.random.default_rng(1).uniform(-1, 1, (decisions, DENSE_SIZES[0])).astype(np.float32)
    return SpikingGraph(encoder, spiking, decoder, STEPS), DenseGraph(dense), observations


def of_run(path: Path, decisions: int) -> tuple[SpikingGraph, DenseGraph | None, Array]:
    """The actors of a run, and observations of requests of its scenario.

    Raises:
        NeuroAoloError: it is no run folder, or its actor has no spikes.
    """
    from neuro_aolo.runs.folder import RunFolder
    from neuro_aolo.runs.run import Run

    run = Run.open(RunFolder.open(path))
    if not isinstance(run.graph, SpikingGraph):
        raise RunError(f"{path} holds a dense actor, which has no spikes: name a run of --actor popsan")
    dense = run.twin.graph if run.twin else None
    assert dense is None or isinstance(dense, DenseGraph)
    states = run.task.reset(decisions, np.random.default_rng(1))
    return run.graph, dense, run.task.observe(states)


def batch_of(weights: Sequence[Array], decisions: int) -> int:
    """Decisions at a time, so few that NeuroBench's float32 sums are exact."""
    return max(1, min(decisions, FLOAT32_EXACT // max(weight.size for weight in weights)))


def unchanged(potentials: Sequence[Array], spikes: Sequence[Array]) -> tuple[float, float]:
    """Slots after the first step in which a potential ``(T, B, n)`` ends as it began, per decision.

    Returns:
        Those of neurons that fired, and had fired in the step before; and all others.
    """
    decisions = spikes[0].shape[1]
    same = [potential[1:] == potential[:-1] for potential in potentials]
    twice = [(layer[1:] > 0) & (layer[:-1] > 0) for layer in spikes]
    pairs = list(zip(same, twice, strict=True))
    refired, others = (
        sum(int(np.count_nonzero(kept & chosen)) for kept, chosen in part) / decisions
        for part in (pairs, [(kept, ~again) for kept, again in pairs])
    )
    return refired, others


def farthest_from_threshold(graph: SpikingGraph, activity: Activity, others: Sequence[Array]) -> float:
    """How far from its threshold a neuron was when its spike was the first of its decision to differ.

    A potential within rounding errors of the threshold may fire in one order of summation and not in
    another; whatever differs later in the decision follows from that.

    Args:
        graph: the network.
        activity: our spikes.
        others: the other's spikes per layer ``(T, B, n)``.

    Returns:
        The largest distance over all decisions, in units of the threshold; 0 where no spike differs.
    """
    states = float_states(graph.layers, activity.input_spikes)
    farthest = 0.0
    for decision in range(activity.input_spikes.shape[1]):
        differing = [
            ours[:, decision] != theirs[:, decision]
            for ours, theirs in zip(activity.layer_spikes, others, strict=True)
        ]
        firsts = [
            (int(layer.any(axis=1).argmax()), index) for index, layer in enumerate(differing) if layer.any()
        ]
        if firsts:
            step, index = min(firsts)
            threshold = graph.layers[index].threshold
            charged = states[index].charged[step, decision, differing[index][step]]
            farthest = max(farthest, float(np.abs(charged / threshold - 1.0).max()))
    return farthest


def layer_rows(name: str, events: Sequence[float], found: Found) -> list[Row]:
    """Synaptic events of layers that were counted one by one, on the spikes of our simulator."""
    return [
        Row(
            f"{name} {index + 1}: synaptic events / Effective_ACs",
            ours,
            found.operations(index)["Effective_ACs"],
        )
        for index, ours in enumerate(events)
    ]


def spiking_rows(graph: SpikingGraph, activity: Activity, found: Found) -> list[Row]:
    """The whole spiking network, with snnTorch's neurons in NeuroBench."""
    ours = count_spiking(graph, activity)
    synapses = int(np.sum(ours.synapses))
    theirs = [layer.astype(np.uint8) for layer in found.outputs]
    seen = count_spiking(graph, replace(activity, layer_spikes=tuple(theirs)))
    operations, metrics = found.operations(), found.metrics[0]
    weights = sum(layer.weight.size for layer in graph.layers)
    refired, others = unchanged(found.potentials, found.outputs)
    return [
        Row(
            "all layers: synaptic events / Effective_ACs",
            sum(ours.synaptic_events),
            operations["Effective_ACs"],
            moved(graph, activity, theirs, sum(seen.synaptic_events) - sum(ours.synaptic_events)),
        ),
        Row("all layers: multiply-accumulates / Effective_MACs", 0, operations["Effective_MACs"]),
        Row(
            "all layers: synapses x steps / Dense",
            ours.steps * synapses,
            operations["Dense"],
            (Reason(ours.steps * (weights - synapses), "weights of 0: no synapses to us"),),
        ),
        Row(
            "neuron updates / membrane updates",
            ours.neuron_updates,
            metrics["MembraneUpdates"],
            (
                Reason(-refired, "fired twice running: from 0 to 0, which is no update to NeuroBench"),
                Reason(-others, "other potentials that ended a step as they began it"),
            ),
        ),
        Row(
            "silent share of the slots / activation sparsity",
            1 - ours.firing_rate,
            metrics["ActivationSparsity"],
            moved(graph, activity, theirs, ours.firing_rate - seen.firing_rate),
        ),
        Row(
            "share of weights that are 0 / connection sparsity",
            1 - synapses / weights,
            metrics["ConnectionSparsity"],
            tolerance=FOUR_DECIMALS,
        ),
    ]


def moved(
    graph: SpikingGraph, activity: Activity, others: Sequence[Array], amount: float
) -> tuple[Reason, ...]:
    """The other's spikes as a reason, where no more than rounding tells them from ours."""
    pairs = list(zip(activity.layer_spikes, others, strict=True))
    differing = sum(int(np.count_nonzero(ours != theirs)) for ours, theirs in pairs)
    distance = farthest_from_threshold(graph, activity, others)
    if not differing or distance > ROUNDING:
        return ()
    slots = sum(ours.size for ours, _ in pairs)
    text = (
        f"{differing:,} of {slots:,} spikes differ: sums in another order, {distance:.0e} off the threshold"
    )
    return (Reason(amount, text),)


@dataclass(frozen=True)
class Products:
    """What a dense layer's weights times its inputs come to, per decision.

    Attributes:
        silent: products with an input of 0.
        pruned: other products, with a weight of 0.
        by_value: products without a 0, in batches whose inputs are 0, 1 and -1 only.
        others: the remaining products.
    """

    silent: float
    pruned: float
    by_value: float
    others: float

    @classmethod
    def of(cls, weight: Array, inputs: Array, batch: int) -> "Products":
        """Count those of inputs ``(B, in)``, which NeuroBench takes ``batch`` at a time."""
        decisions, (neurons, fan_in) = len(inputs), weight.shape
        active = np.count_nonzero(inputs)
        by_value = others = 0
        for start in range(0, decisions, batch):
            part = inputs[start : start + batch]
            full = int(np.count_nonzero(part, axis=0) @ np.count_nonzero(weight, axis=0))
            if np.isin(part, (-1, 0, 1)).all():
                by_value += full
            else:
                others += full
        silent = neurons * (decisions * fan_in - active)
        pruned = neurons * active - by_value - others
        return cls(silent / decisions, pruned / decisions, by_value / decisions, others / decisions)


def dense_rows(graph: DenseGraph, observations: Array, found: Found, batch: int) -> list[Row]:
    """The whole dense network, layer inputs as NeuroBench saw them."""
    ours, operations, metrics = count_dense(graph), found.operations(), found.metrics[0]
    inputs = [observations, *found.outputs[:-1]]
    products = [
        Products.of(layer.weight, given, batch) for layer, given in zip(graph.layers, inputs, strict=True)
    ]
    silent, pruned, by_value = (
        sum(getattr(product, name) for product in products) for name in ("silent", "pruned", "by_value")
    )
    hidden = np.concatenate([layer.ravel() for layer in found.outputs[:-1]] or [np.empty(0)])
    zeros = sum(int(np.count_nonzero(layer.weight == 0)) for layer in graph.layers)
    return [
        Row(
            "multiply-accumulates / Effective_MACs",
            ours.macs,
            operations["Effective_MACs"],
            (
                Reason(-silent, "an input of 0, which a dense kernel multiplies all the same"),
                Reason(-pruned, "a weight of 0, likewise"),
                Reason(-by_value, "inputs of 0, 1 and -1 only: accumulates to NeuroBench"),
            ),
        ),
        Row(
            "accumulates / Effective_ACs",
            0,
            operations["Effective_ACs"],
            (Reason(by_value, "inputs of 0, 1 and -1 only: spikes to NeuroBench"),),
        ),
        Row("multiply-accumulates / Dense", ours.macs, operations["Dense"]),
        Row("stored parameters / parameter count", ours.weights, metrics["ParameterCount"]),
        Row(
            "share of ReLUs at 0 / activation sparsity",
            float(np.mean(hidden == 0)) if hidden.size else 0.0,
            metrics["ActivationSparsity"],
        ),
        Row(
            "share of weights that are 0 / connection sparsity",
            zeros / ours.macs,
            metrics["ConnectionSparsity"],
            tolerance=FOUR_DECIMALS,
        ),
        Row(
            "largest difference of an action",
            0,
            float(np.abs(graph.forward(observations) - found.outputs[-1]).max()),
            tolerance=ROUNDING,
        ),
    ]


def count_on_spikes(
    peer: Peer, name: str, weights: Sequence[Array], activity: Activity, counts: SpikingCounts
) -> list[Row]:
    """Every layer alone in NeuroBench, on the very spikes of our simulator."""
    spikes = [activity.input_spikes, *activity.layer_spikes[:-1]]
    arrays = {f"weight{index}": weight for index, weight in enumerate(weights)}
    arrays |= {f"input{index}": given for index, given in enumerate(spikes)}
    found = peer.count("layers", arrays, batch_of(weights, spikes[0].shape[1]))
    return layer_rows(name, counts.synaptic_events, found)


def check_spiking(peer: Peer, graph: SpikingGraph, observations: Array) -> tuple[list[Row], Found]:
    """All rows of a spiking actor, in floats and in the chip's integers, and the whole float network."""
    activity = simulate_float(graph, observations)
    weights = [layer.weight for layer in graph.layers]
    rows = count_on_spikes(peer, "layer", weights, activity, count_spiking(graph, activity))
    arrays: dict[str, Array] = {"input": activity.input_spikes}
    for index, layer in enumerate(graph.layers):
        constants = (layer.current_decay, layer.voltage_decay, layer.threshold)
        arrays |= {f"weight{index}": layer.weight, f"bias{index}": layer.bias}
        arrays[f"neuron{index}"] = np.array(constants, np.float32)
    found = peer.count("spiking", arrays, batch_of(weights, len(observations)))
    rows += spiking_rows(graph, activity, found)
    integers = quantize(graph)
    on_chip = simulate_integer(integers, observations)
    weights = [layer.weight for layer in integers.layers]
    rows += count_on_spikes(peer, "integers, layer", weights, on_chip, count_spiking(integers, on_chip))
    return rows, found


def check_dense(peer: Peer, graph: DenseGraph, observations: Array) -> list[Row]:
    """All rows of a dense actor."""
    arrays: dict[str, Array] = {"input": observations}
    for index, layer in enumerate(graph.layers):
        arrays |= {f"weight{index}": layer.weight, f"bias{index}": layer.bias}
    batch = batch_of([layer.weight for layer in graph.layers], len(observations))
    return dense_rows(graph, observations, peer.count("dense", arrays, batch), batch)


def unseen(graph: SpikingGraph, activity: Activity) -> str:
    """What we count and NeuroBench does not look at."""
    counts = count_spiking(graph, activity)
    neurons = counts.neuron_updates // counts.steps
    return (
        "Outside NeuroBench's network, and ours to count: "
        f"{counts.encoder_exps:,} exponentials and {counts.encoder_updates:,} updates of the encoder, "
        f"{counts.decoder_macs:,} multiply-accumulates and {counts.decoder_tanhs:,} tanh of the decoder.\n"
        "Biases of the float graph are synaptic operations in neither count: to us they are part of "
        f"{neurons:,} neuron updates per step.\n"
        "In the chip's integers they are spikes of always-on channels, and operations in both counts."
    )


def table(title: str, rows: Sequence[Row]) -> str:
    """Rows under a title."""
    return "\n".join([f"{title:<58} {'ours':>13} {'NeuroBench':>13} {'difference':>13}", *map(str, rows)])


def main() -> None:
    """Read the arguments, count on both sides and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--peer-python", type=Path, metavar="PATH", help="a Python that has NeuroBench")
    parser.add_argument("--run", type=Path, metavar="RUN", help="a run folder (default: untrained actors)")
    parser.add_argument("--decisions", type=int, default=DECISIONS, help=f"default: {DECISIONS}")
    arguments = parser.parse_args()
    if arguments.decisions < 1:
        parser.error(f"--decisions {arguments.decisions} is not allowed: give 1 or more")
    try:
        if arguments.run:
            spiking, dense, observations = of_run(arguments.run, arguments.decisions)
        else:
            spiking, dense, observations = untrained(arguments.decisions)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            peer = Peer(arguments.peer_python or environment(folder / "venv"), folder)
            rows, found = check_spiking(peer, spiking, observations)
            told = ", ".join(map(" ".join, found.versions.items()))
            print(f"{told}; {len(observations):,} decisions of {spiking.steps} steps; figures per decision\n")
            print(table("Spiking actor", rows), "", sep="\n")
            if dense:
                corner = np.sign(observations[:1]) + (observations[:1] == 0)
                of_requests = check_dense(peer, dense, observations)
                at_corner = check_dense(peer, dense, corner)[:2]
                print(table("Dense actor", of_requests), "", sep="\n")
                print(table("Dense actor, one observation of 1 and -1 only", at_corner), "", sep="\n")
                rows += of_requests + at_corner
        print(unseen(spiking, simulate_float(spiking, observations)))
    except (FailedError, NeuroAoloError, ExportError) as error:
        parser.exit(2, f"check_neurobench: {error}\n")
    left = sum(bool(row.unexplained) for row in rows)
    print(f"\n{len(rows)} figures compared, {left} with an unexplained difference")
    sys.exit(left > 0)


if __name__ == "__main__":
    main()
