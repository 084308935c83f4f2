"""What the deployment commands say: plain data for ``--json``, and the same as tables."""

from collections.abc import Mapping
from typing import Any

from neuro_aolo.runs.network import Network
from neuro_aolo.runs.priced_network import DenseWork, PricedNetwork
from neuro_aolo.runs.simulation import ClosedLoop, Simulation
from neuro_aolo.systems.task import Spec
from neuro_aolo.text.feasibility import infeasible, is_feasible, is_infeasible
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import amount, count, percent, plain
from neuro_aolo_export.activity import Activity
from neuro_aolo_export.graph_file import graph_digest
from neuro_aolo_export.reset import PHRASES
from neuro_aolo_export.verify import Check

Data = dict[str, Any]


def checks_grid(checks: Mapping[str, Check], where: str) -> Grid:
    """Each file, what ran it, and what differed; short, to keep within 80 columns."""
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            check.run_by.split()[0],
            count(check.slots),
            count(check.mismatches),
            count(check.traced),
            "" if check.action_difference is None else amount(check.action_difference, digits=2),
        )
        for name, check in checks.items()
    ]
    columns = ("file", "run by", "slots", "differ", "traced", "error")
    return Grid(f"Written to {where}, each run back first", columns, rows)


CHECKS_NOTE = (
    "slots: neuron x step x decision compared; traced: decisions that differ because a potential came within "
    "float32's rounding of its threshold, any other difference fails; error: largest difference of an action."
)

NIR_RESET_NOTE = (
    "actor.nir says so in its metadata, which this program reads back: NIR's nodes have no place for it, and "
    "other readers take their own."
)


def quantisation_sentence(quantisation: Data) -> str:
    """What rounding to the chip's integers did, in a line."""
    clipped = sum(layer["clipped"] for layer in quantisation["layers"])
    said = f"Integers of {quantisation['weight_bits']} bits: {clipped:,} weights clipped"
    moved = quantisation["movement"]
    if moved is None:
        return f"{said}."
    slots = ", ".join(f"{share:.2%}" for share in moved["slots"])
    return (
        f"{said}; over {moved['decisions']:,} decisions {slots} of the layers' slots moved, and actions by "
        f"{moved['mean_action']:.2g} on average, {moved['max_action']:.2g} at most."
    )


def reset_sentence(reset: str, assumed: bool) -> str | None:
    """What was assumed of the reset, or what it is where it is not the usual one; None where it is."""
    if assumed:
        return (
            "reset to 0 assumed, as a NIR file cannot say: a network trained with reset by subtraction, the "
            "default of snnTorch and sinabs, spikes otherwise; --reset subtract runs it so."
        )
    if reset == "zero":
        return None
    return (
        f"reset {PHRASES[reset]}: a spike takes the threshold off before the next leak, as in sinabs' "
        "SingleSpike; snnTorch's default takes it off after the leak, which is another network."
    )


def simulated(network: Network, simulation: Simulation) -> Data:
    """What a backend made of the network's inputs."""
    activity = simulation.activity
    evaluation = network.evaluate(activity.actions)
    limit = None if network.requests is None else network.requests.task.spec.violation_limit
    return {
        "source": str(network.source),
        "graph_sha256": graph_digest(network.graph),
        "backend": simulation.backend,
        "decisions": network.decisions,
        "time_steps": network.graph.steps,
        "weight_bits": network.weight_bits if activity.always_on else None,
        "reset": network.graph.reset,
        "reset_assumed": network.reset_assumed,
        "layers": _layers(network, activity),
        "regret": evaluation.regret if evaluation else None,
        "violation_rate": evaluation.violation_rate if evaluation else None,
        "violation_limit": limit,
        "feasible": is_feasible(evaluation.violation_rate, limit) if evaluation else None,
        "requests_evaluated": evaluation.requests if evaluation else 0,
        "seconds": simulation.seconds,
        "us_per_decision": 1e6 * simulation.seconds / network.decisions,
    }


def _layers(network: Network, activity: Activity) -> list[Data]:
    """The network's own channels and neurons, always-on channel and bias neurons left out.

    A graded spike counts once, whatever it carries.
    """
    names = ["input", *network.layer_names]
    own = (activity.own_input_spikes > 0, *activity.own_layer_spikes)
    return [
        {
            "name": name,
            "neurons": spikes.shape[-1],
            "spikes_per_decision": float(spikes.sum(dtype="int64")) / spikes.shape[1],
            "firing_rate": float(spikes.mean()),
        }
        for name, spikes in zip(names, own, strict=True)
    ]


def simulation_grid(summary: Data) -> Grid:
    """Spikes of every layer."""
    rows: list[tuple[Cell, ...]] = [
        (
            layer["name"],
            count(layer["neurons"]),
            amount(layer["spikes_per_decision"], digits=4),
            percent(layer["firing_rate"]),
        )
        for layer in summary["layers"]
    ]
    title = f"{summary['decisions']:,} decisions of {summary['time_steps']} steps on {summary['backend']}"
    return Grid(title, ("layer", "neurons", "spikes per decision", "firing rate"), rows)


def simulation_sentence(summary: Data) -> str:
    """Regret and time in a line."""
    start = ", its start included" if summary["backend"] in ("lava", "onnx") else ""
    time_us = f"{summary['us_per_decision']:,.1f} us per decision{start}"
    if summary["regret"] is None:
        return f"{time_us}."
    broken, limit = summary["violation_rate"], summary["violation_limit"]
    does = f"Regret {summary['regret']:.3%}, violations {broken:.2%}"
    if is_infeasible(broken, limit):
        does = plain(infeasible(broken, limit)).capitalize()
    return f"{does} over {summary['requests_evaluated']:,} requests with a feasible action; {time_us}."


def loop_sentence(loop: ClosedLoop, spec: Spec) -> str:
    """The closed loop in a line."""
    return (
        f"{loop.decisions:,} {spec.decision}s in turn on Lava: mean reward {loop.reward:.4g} "
        f"{spec.objectives[0].unit}, violations {loop.violation_rate:.2%}; {loop.mismatches:,} of "
        f"{loop.slots:,} slots differ from the simulator's; one decision takes {1e3 * loop.median_s:.1f} ms "
        f"(95 %: {1e3 * loop.p95_s:.1f} ms)."
    )


def network_sentences(network: PricedNetwork) -> list[str]:
    """What a network is, what a decision takes, and how its reading was checked."""
    sizes = "-".join(map(str, network.sizes))
    name = network.source or "the graph"
    work = network.work
    if not isinstance(work, DenseWork):
        reset = reset_sentence(work.reset, work.reset_assumed)
        return [
            f"{name}: spiking network {sizes}, {work.steps} steps; {work.synaptic_events:,.0f} synaptic "
            f"events a decision in the mean of {network.decisions:,}, "
            f"firing rate {percent(work.firing_rate)}.",
            *([reset] if reset else []),
        ]
    read = f", output {work.output}" if work.output else ""
    activations = ", ".join(layer.activation for layer in network.layers)
    bits = network.priced.conditions.dense_bits
    passes = f", {work.passes} passes" if work.passes > 1 else ""
    said = [
        f"{name}{read}: dense network {sizes} ({activations}){passes}, priced with weights of {bits} bits.",
        f"{work.macs:,} multiply-accumulates, {work.weights:,} weights and biases, {work.activations:,} "
        "activations a decision.",
    ]
    if work.checked is not None:
        drawn = " drawn" if work.checked.drawn else ""
        said.append(
            f"checked: {work.checked.inputs:,}{drawn} inputs, largest difference "
            f"{work.checked.difference:.2g} of {work.checked.run_by}'s outputs."
        )
    if work.folded:
        said.append(f"folded into the weights, at no cost of their own: {'; '.join(work.folded)}.")
    if work.left_out:
        said.append(f"behind the last layer, not priced: {'; '.join(work.left_out)}.")
    return said
