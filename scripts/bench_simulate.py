"""Microseconds per decision, on one core, of our simulators and of what else runs the same spiking actor.

Decisions are a trained actor's (``--run FOLDER``), or those of an untrained one of the preset's shape. Our
integer simulator and Lava run the chip's integers, all others the float network. ``batch 1`` is one whole
call, from observation to action; Lava's long run has no batch, and is timed as the difference of two lengths.
Ratios are of equal batches alone, Lava's against a decision of ours alone: it has nothing like our batches.
snnTorch wants an environment of its own: name its Python with ``--peer-python``. Run it alone on a quiet
machine: ``python scripts/bench_simulate.py --run demo``. It prints a table, or JSON (``--json``).
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from neuro_aolo.agent.evaluate import held_out
from neuro_aolo.agent.popsan import PopSAN
from neuro_aolo.errors import NeuroAoloError, RunError
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.presets import preset_of
from neuro_aolo.runs.run import Run
from neuro_aolo.systems.names import load
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import SpikingGraph
from neuro_aolo_export.loihi2.integers import QuantizedGraph
from neuro_aolo_export.loihi2.lava import run_network
from neuro_aolo_export.loihi2.lava_file import write_network
from neuro_aolo_export.loihi2.lava_session import LavaSession
from neuro_aolo_export.loihi2.quantize import quantize
from neuro_aolo_export.onnx.spiking import write_decision
from neuro_aolo_export.simulate import simulate_float, simulate_integer

BATCHES = (1, 256, 4096)
LAVA_DECISIONS = (20, 420)
SESSION_DECISIONS = 50
PEER_TIMEOUT_S = 600.0
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}

SNNTORCH = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np, snntorch, torch
torch.set_num_threads(1)
parts, seconds = np.load(sys.argv[1]), float(sys.argv[2])
steps, batches, spikes = int(parts["steps"]), parts["batches"].tolist(), torch.from_numpy(parts["spikes"])
layers = []
for i in range(int(parts["layers"])):
    weight, bias = torch.from_numpy(parts[f"weight{i}"]), torch.from_numpy(parts[f"bias{i}"])
    alpha, beta, threshold = parts[f"neuron{i}"].tolist()
    neuron = snntorch.Synaptic(alpha=alpha, beta=beta, threshold=threshold, reset_mechanism="zero")
    layers.append((weight, bias, neuron))
def decide(size):
    states = [neuron.init_synaptic() for _, _, neuron in layers]
    for t in range(steps):
        fired = spikes[t, :size]
        for i, (weight, bias, neuron) in enumerate(layers):
            drive = torch.nn.functional.linear(fired, weight, bias)
            fired, *states[i] = neuron(drive, *states[i])
    return fired
result = {}
with torch.no_grad():
    for size in batches:
        decide(size)
        best, spent, calls = float("inf"), 0.0, 0
        while calls < 3 or spent < seconds:
            start = time.perf_counter()
            decide(size)
            elapsed = time.perf_counter() - start
            best, spent, calls = min(best, elapsed), spent + elapsed, calls + 1
        result[size] = 1e6 * best / size
print(json.dumps({"version": snntorch.__version__, "us": result}))
"""


@dataclass(frozen=True)
class Speed:
    """One line of the table: microseconds per decision by batch size, or why there are none."""

    what: str
    us: dict[int, float]
    note: str = ""


@dataclass(frozen=True)
class Subject:
    """The actor that everything runs: as a network, and as its two graphs; and what it decides on."""

    name: str
    network: PopSAN
    graph: SpikingGraph
    qgraph: QuantizedGraph
    observations: NDArray[np.float32]


def subject(run: Path | None) -> Subject:
    """The trained actor of a run folder on its held-out requests, or an untrained one on the paper's.

    Raises:
        NeuroAoloError: no such run, or its actor does not spike.
    """
    if run is None:
        loaded = load("paper")
        task = loaded.system.task(loaded.scenario)
        sizes = len(task.spec.observations), len(task.spec.actions)
        shape = preset_of("sdrl", "population")[1]
        network: Any = shape.build(*sizes, torch.Generator().manual_seed(0)).eval()
    else:
        trained = Run.open(RunFolder.open(run))
        task, network = trained.task, trained.saved.network
        if not isinstance(network, PopSAN):
            raise RunError(f"{run} holds a dense actor, which has no spikes: name a run of --actor popsan")
    graph = network.graph()
    observations = np.ascontiguousarray(held_out(task).observations, dtype=np.float32)
    name = "an untrained actor" if run is None else f"the actor of {run}"
    return Subject(name, network, graph, quantize(graph), observations)


def fastest(call: Callable[[], object], seconds: float) -> float:
    """Shortest time of one call, in s, over at least three calls and ``seconds``."""
    call()
    best, spent, calls = np.inf, 0.0, 0
    while calls < 3 or spent < seconds:
        start = time.perf_counter()
        call()
        elapsed = time.perf_counter() - start
        best, spent, calls = min(best, elapsed), spent + elapsed, calls + 1
    return best


def batched(
    what: str,
    decide: Callable[[NDArray[np.float32]], object],
    on: Subject,
    batches: tuple[int, ...],
    seconds: float,
) -> Speed:
    """A line of calls on observations ``(B, D)``."""
    us = {}
    for size in batches:
        some = on.observations[:size]
        us[size] = 1e6 * fastest(lambda some=some: decide(some), seconds) / size  # type: ignore[misc]
    return Speed(what, us)


def norse_cells(graph: SpikingGraph) -> Callable[[NDArray[np.float32]], object]:
    """The layers as Norse's own LIF cells, stepped one after the other; our encoder before them."""
    from norse.torch import LIFCell, LIFParameters

    layers = []
    for layer in graph.layers:
        parameters = LIFParameters(
            tau_syn_inv=torch.tensor(1.0 - layer.current_decay),
            tau_mem_inv=torch.tensor(1.0 - layer.voltage_decay),
            v_leak=torch.tensor(0.0),
            v_reset=torch.tensor(0.0),
            v_th=torch.tensor(layer.threshold * (1.0 - layer.voltage_decay)),
        )
        weight, bias = torch.from_numpy(layer.weight.copy()), torch.from_numpy(layer.bias.copy())
        layers.append((weight, bias, LIFCell(parameters, dt=1.0)))

    def decide(observations: NDArray[np.float32]) -> object:
        states: list[Any] = [None] * len(layers)
        rate: Any = 0.0
        with torch.no_grad():
            for spikes in torch.from_numpy(graph.input_spikes(observations)).float():
                for index, (weight, bias, cell) in enumerate(layers):
                    spikes, states[index] = cell(
                        torch.nn.functional.linear(spikes, weight, bias), states[index]
                    )
                rate = rate + spikes
        return rate

    return decide


def without_gradients(network: PopSAN) -> Callable[[NDArray[np.float32]], object]:
    """The actor as it is evaluated in training."""

    def decide(observations: NDArray[np.float32]) -> object:
        with torch.no_grad():
            return network(torch.from_numpy(observations))

    return decide


def onnx_speed(on: Subject, batches: tuple[int, ...], seconds: float, folder: Path) -> Speed:
    """The whole decision as an ONNX model, on one thread."""
    import onnxruntime

    file = folder / "actor_decision.onnx"
    write_decision(on.graph, file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def decide(observations: NDArray[np.float32]) -> object:
        return session.run(["actions"], {"observations": observations})

    return batched(f"onnxruntime {onnxruntime.__version__}, whole decision", decide, on, batches, seconds)


def snntorch_speed(on: Subject, batches: tuple[int, ...], seconds: float, python: str, folder: Path) -> Speed:
    """Synaptic neurons of snnTorch, stepped; without encoder and decoder, in another Python."""
    what = "snnTorch, eager (layers alone)"
    parts: dict[str, Any] = {"steps": on.graph.steps, "layers": len(on.graph.layers), "batches": batches}
    parts["spikes"] = on.graph.input_spikes(on.observations[: max(batches)]).astype(np.float32)
    for index, layer in enumerate(on.graph.layers):
        parts[f"weight{index}"], parts[f"bias{index}"] = layer.weight, layer.bias
        parts[f"neuron{index}"] = np.array([layer.current_decay, layer.voltage_decay, layer.threshold])
    np.savez(folder / "parts.npz", **parts)
    command = [python, "-c", SNNTORCH, str(folder / "parts.npz"), str(seconds)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PEER_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Speed(what, {}, f"{python} did not do it ({error})")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Speed(
            what, {}, f"{python}: {last}; name a Python that has snntorch and numpy with --peer-python"
        )
    told = json.loads(done.stdout.splitlines()[-1])
    return Speed(
        f"snnTorch {told['version']}, eager (layers alone)",
        {int(size): us for size, us in told["us"].items()},
    )


def lava_long_run(on: Subject, decisions: tuple[int, int], folder: Path) -> Speed:
    """Back-to-back decisions on Lava, its start taken out."""
    file = folder / "actor.net"
    write_network(on.qgraph, file)
    spikes = on.qgraph.input_spikes(on.observations[: max(decisions)])
    taken = []
    for count in decisions:
        start = time.perf_counter()
        run_network(file, spikes[:, :count], on.qgraph.steps, timeout_s=PEER_TIMEOUT_S)
        taken.append(time.perf_counter() - start)
    what, difference = "Lava, one long run", taken[1] - taken[0]
    if difference <= 0.0:
        return Speed(what, {}, "not measured: its start varied by more; raise --lava-decisions")
    return Speed(what, {1: 1e6 * difference / (decisions[1] - decisions[0])})


def lava_online(on: Subject, decisions: int) -> Speed:
    """One decision at a time on Lava, in the median."""
    taken = []
    with LavaSession(on.qgraph) as session:
        session.act(on.observations[0])
        for observation in on.observations[:decisions]:
            start = time.perf_counter()
            session.act(observation)
            taken.append(time.perf_counter() - start)
    return Speed("Lava, online", {1: 1e6 * float(np.median(taken))})


def speeds(arguments: argparse.Namespace, on: Subject, folder: Path) -> Iterator[Speed]:
    """Every line of the table, ours first."""
    batches, seconds = tuple(arguments.batches), arguments.seconds
    yield batched("ours, integers", lambda x: simulate_integer(on.qgraph, x), on, batches, seconds)
    yield batched("ours, float", lambda x: simulate_float(on.graph, x), on, batches, seconds)
    yield batched("PopSAN (Norse's step, stacked)", without_gradients(on.network), on, batches, seconds)
    yield batched("Norse LIFCell, eager", norse_cells(on.graph), on, batches, seconds)
    peers: list[tuple[str, Callable[[], Speed]]] = [
        ("onnxruntime", lambda: onnx_speed(on, batches, seconds, folder)),
        ("snnTorch", lambda: snntorch_speed(on, batches, seconds, arguments.peer_python, folder)),
    ]
    if not arguments.no_lava:
        peers.append(
            ("Lava, one long run", lambda: lava_long_run(on, tuple(arguments.lava_decisions), folder))
        )
        peers.append(("Lava, online", lambda: lava_online(on, arguments.session_decisions)))
    for what, measure in peers:
        try:
            yield measure()
        except (ImportError, ExportError) as error:
            yield Speed(what, {}, f"not measured: {' '.join(str(error).split())}")


def rates(on: Subject) -> str:
    """What the speeds rest on: how much spikes, in words."""
    activity = simulate_integer(on.qgraph, on.observations[:1024])
    decisions = activity.input_spikes.shape[1]
    parts = (activity.own_input_spikes, *activity.own_layer_spikes)
    told = ", ".join(f"{part.sum() / decisions:,.0f} of {part.shape[2]} neurons" for part in parts)
    return f"{on.name}: T = {on.graph.steps}; spikes per decision, encoder first: {told}"


def table(found: list[Speed]) -> str:
    """Rows of text: microseconds per decision, and how many times those of our integers in the same batch."""
    batches = list(found[0].us)
    heads = "".join(f"{f'batch {size}':>13} {'x':>8}" for size in batches)
    rows = [f"{'us per decision, one core':<44}{heads}"]
    for speed in found:
        if not speed.us:
            rows.append(f"{speed.what:<44}{speed.note:>15}")
            continue
        cells = [
            f"{speed.us[size]:>13,.1f} {speed.us[size] / found[0].us[size]:>8,.1f}"
            if size in speed.us
            else f"{'-':>13} {'-':>8}"
            for size in batches
        ]
        rows.append(f"{speed.what:<44}{''.join(cells)}")
    return "\n".join(rows)


def against_lava(found: list[Speed]) -> list[str]:
    """Lava beside our integers, one decision at a time on both sides; nothing where ours has none alone."""
    alone = found[0].us.get(1)
    return [
        f"{speed.what}: a decision takes {speed.us[1] / alone:,.0f} times ours alone (batch 1)."
        for speed in found
        if speed.what.startswith("Lava") and 1 in speed.us and alone
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, help="run folder of the actor (default: an untrained one)")
    parser.add_argument("--batches", type=int, nargs="+", default=list(BATCHES), help="default: 1 256 4096")
    parser.add_argument("--seconds", type=float, default=2.0, help="time spent on each figure (default: 2)")
    parser.add_argument("--peer-python", default=sys.executable, help="a Python that has snnTorch")
    parser.add_argument("--no-lava", action="store_true", help="leave Lava out")
    parser.add_argument(
        "--lava-decisions",
        type=int,
        nargs=2,
        default=list(LAVA_DECISIONS),
        help="lengths of the two long runs (default: 20 420)",
    )
    parser.add_argument(
        "--session-decisions", type=int, default=SESSION_DECISIONS, help="decisions online (default: 50)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON alone")
    arguments = parser.parse_args()
    if min(arguments.batches) < 1:
        parser.error(f"--batches {min(arguments.batches)} is not allowed: give 1 or more")
    if not 0 < arguments.lava_decisions[0] < arguments.lava_decisions[1] or arguments.session_decisions < 1:
        parser.error("--lava-decisions wants two rising numbers above 0, --session-decisions one")
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # Linear algebra takes every core that it finds when it is imported: start over with one.
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    torch.set_num_threads(1)
    try:
        bench(arguments)
    except (NeuroAoloError, ExportError) as error:
        parser.exit(2, f"bench_simulate: {error}\n")


def bench(arguments: argparse.Namespace) -> None:
    """Measure everything, and print it."""
    on = subject(arguments.run)
    most = max(*arguments.batches, *arguments.lava_decisions, arguments.session_decisions)
    if most > len(on.observations):
        raise ExportError(f"{most} decisions: there are {len(on.observations)} held-out requests; give fewer")
    with tempfile.TemporaryDirectory(prefix="neuro-aolo-bench-") as name:
        found = list(speeds(arguments, on, Path(name)))
    if arguments.json:
        print(json.dumps({"on": rates(on), "speeds": [asdict(speed) for speed in found]}, indent=2))
        return
    print(rates(on))
    print(table(found))
    print("\n".join(against_lava(found)))


if __name__ == "__main__":
    main()
