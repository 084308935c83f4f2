"""Second stage: a spiking actor in the chip's integers: its decisions, its spikes, and Lava beside it."""

from dataclasses import asdict, dataclass

import numpy as np

from neuro_aolo.agent.evaluate import Evaluation
from neuro_aolo.pricing.count import SpikingCounts, count_spiking
from neuro_aolo.runs.decided import HeldOut, decide_rows
from neuro_aolo.runs.files import NETWORK
from neuro_aolo.runs.run import Run
from neuro_aolo.runs.summary.deployed import (
    Deployed,
    Lava,
    LavaLayer,
    LayerFigures,
    LayerQuantisation,
    Raster,
    RasterLayer,
)
from neuro_aolo.systems.task import Floats, Observations
from neuro_aolo_export.activity import Activity
from neuro_aolo_export.arrays import SpikeArray
from neuro_aolo_export.loihi2.integers import QuantizedGraph
from neuro_aolo_export.loihi2.lava import LAVA_INSTALL, lava_version, run_network, write_network
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.simulate import simulate_integer
from neuro_aolo_export.verify import compare_spikes

COUNTED_DECISIONS = 2_048
"""Held-out decisions whose recorded activity is counted and priced."""

LAVA_DECISIONS = 128
"""Held-out decisions that Lava makes too."""

_CHUNK = 2_048


@dataclass(frozen=True)
class OnChip:
    """A spiking actor in the chip's integers.

    Attributes:
        run: the run.
        graph: in Loihi 2 integers.
        weight_bits: of the graph.
        activity: recorded spikes over the first held-out decisions.
        counts: operations of one decision.
    """

    run: Run
    graph: QuantizedGraph
    weight_bits: int
    activity: Activity
    counts: SpikingCounts

    @property
    def layer_names(self) -> list[str]:
        """``encoder``, ``hidden 1``, ..., ``output``."""
        hidden = len(self.graph.layers) - 1
        return ["encoder", *(f"hidden {index + 1}" for index in range(hidden)), "output"]


def deploy(held_out: HeldOut, bits: int | None = None) -> OnChip:
    """The spiking actor of a run on the chip.

    Raises:
        RunError: the actor is dense.
    """
    run = held_out.run
    weight_bits = run.weight_bits(bits)
    graph = quantize(run.spiking_graph(), weight_bits)
    activity = simulate_integer(graph, held_out.seen[:COUNTED_DECISIONS])
    return OnChip(run, graph, weight_bits, activity, count_spiking(graph, activity))


def evaluate_on_chip(held_out: HeldOut, chip: OnChip) -> Evaluation:
    """How the integer graph does: what a chip would decide."""

    def decide(observations: Observations) -> Floats:
        parts = decide_rows(observations, _CHUNK)
        return np.concatenate([simulate_integer(chip.graph, part).actions for part in parts]).astype(
            np.float64
        )

    with chip.run.timed("simulate"):
        return held_out.requests.evaluate(decide, held_out.deciding_mg(chip.run))


def beside_lava(held_out: HeldOut, chip: OnChip) -> Lava:
    """The integer simulator beside Lava on the same spikes; writes ``actor.net`` on the way.

    Without Lava nothing is written, and the answer says so.
    """
    installed = lava_version()
    if installed is None:
        return Lava(
            available=False,
            version=None,
            decisions=None,
            spikes_compared=None,
            spikes_emitted=None,
            mismatches=None,
            reason=f"Lava is not installed, so no {NETWORK} was written; install it with  {LAVA_INSTALL}",
        )
    path = chip.run.folder.path / NETWORK
    with chip.run.timed("lava"):
        write_network(chip.graph, path)
        activity = simulate_integer(chip.graph, held_out.seen[:LAVA_DECISIONS])
        spikes = run_network(
            path, activity.input_spikes, steps=chip.graph.steps, levels=chip.graph.layers[0].levels
        )
    result = compare_spikes(activity, spikes)
    return Lava(
        available=True,
        version=installed,
        decisions=result.decisions,
        spikes_compared=result.slots,
        spikes_emitted=result.spikes,
        mismatches=result.mismatches,
        layers=tuple(
            LavaLayer(name=name, slots=slots, spikes=fired, mismatches=mismatches)
            for name, (slots, fired, mismatches) in zip(chip.layer_names[1:], result.per_layer, strict=True)
        ),
    )


def deployed_figures(held_out: HeldOut, chip: OnChip, *, drawn: bool = True) -> Deployed:
    """The stage as a summary holds it.

    Args:
        held_out: what is decided.
        chip: the actor in integers.
        drawn: whether the spikes of a decision are told, to be drawn.
    """
    evaluation = evaluate_on_chip(held_out, chip)
    return Deployed(
        regret=evaluation.regret,
        violation_rate=evaluation.violation_rate,
        violation_limit=held_out.run.task.spec.violation_limit,
        cost_per_decision=evaluation.cost,
        firing_rate=chip.counts.firing_rate,
        time_steps=chip.graph.steps,
        layers=_layers(chip),
        quantisation=tuple(
            LayerQuantisation(name=name, **asdict(report))
            for name, report in zip(chip.layer_names[1:], chip.graph.report, strict=True)
        ),
        lava=beside_lava(held_out, chip),
        raster=raster(chip) if drawn else None,
    )


def _layers(chip: OnChip) -> tuple[LayerFigures, ...]:
    """The encoder and every layer: the network's own spikes, and all synaptic events."""
    own = own_spikes(chip.activity)
    events = (0.0, *chip.counts.synaptic_events)
    return tuple(
        LayerFigures(
            name=name,
            neurons=spikes.shape[-1],
            spikes_per_decision=float(spikes.mean() * spikes.shape[-1] * chip.graph.steps),
            firing_rate=float(spikes.mean()),
            synaptic_events_per_decision=received,
        )
        for name, spikes, received in zip(chip.layer_names, own, events, strict=True)
    )


def raster(chip: OnChip, decision: int = 0) -> Raster:
    """Every spike of one of the counted decisions; always-on channels are left out."""
    return Raster(
        decision=decision,
        steps=chip.graph.steps,
        layers=tuple(
            RasterLayer(
                name=name,
                neurons=spikes.shape[-1],
                spikes=tuple((int(neuron), int(step)) for neuron, step in np.argwhere(spikes[:, decision].T)),
            )
            for name, spikes in zip(chip.layer_names, own_spikes(chip.activity), strict=True)
        ),
    )


def own_spikes(activity: Activity) -> tuple[SpikeArray, ...]:
    """The network's own spikes, 0 or 1 whatever they carry: of its input, then of each layer."""
    return np.minimum(activity.own_input_spikes, 1), *activity.own_layer_spikes
