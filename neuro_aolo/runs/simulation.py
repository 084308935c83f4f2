"""A network run on one of four backends, with faults, or in turn with its environment."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import numpy as np

from neuro_aolo.agent.as_env import TaskEnv
from neuro_aolo.errors import AgentError
from neuro_aolo.runs.network import Network
from neuro_aolo.systems.task import Task
from neuro_aolo.systems.wording import one_of
from neuro_aolo_export.activity import Activity
from neuro_aolo_export.arrays import SpikeArray
from neuro_aolo_export.files import temporary_folder
from neuro_aolo_export.loihi2.faults import Fault, faulty_activity
from neuro_aolo_export.loihi2.lava import LavaSession, run_network, write_network
from neuro_aolo_export.onnx.run import run_step
from neuro_aolo_export.onnx.spiking import write_step
from neuro_aolo_export.simulate import float_spikes, integer_spikes
from neuro_aolo_export.spike_file import save_activity

Backend = Literal["float", "loihi2", "lava", "onnx"]
BACKENDS: tuple[Backend, ...] = ("float", "loihi2", "lava", "onnx")

_LAVA_START_S = 60.0
_LAVA_STEP_S = 0.02
"""Ten times what a step takes on an idle core."""


@dataclass(frozen=True)
class Simulation:
    """What a backend made of a network's inputs.

    Attributes:
        backend: which.
        activity: spikes and actions.
        seconds: wall time, the start of Lava or onnxruntime included.
    """

    backend: Backend
    activity: Activity
    seconds: float

    def save(self, path: Path) -> None:
        """Write input, spikes of every layer and actions as an .npz file.

        Raises:
            ExportError: the file cannot be written.
        """
        save_activity(self.activity, path)


def chosen_backend(name: str) -> Backend:
    """The backend of that name.

    Raises:
        AgentError: there is none.
    """
    return cast("Backend", one_of("--backend", name, BACKENDS))


def run(network: Network, backend: Backend, fault: Fault | None = None, seed: int = 0) -> Simulation:
    """Run all decisions of ``network``.

    Args:
        network: what is run.
        backend: on which.
        fault: what is wrong with the chip, on the backend ``loihi2``.
        seed: of what the fault hits.

    Raises:
        ExportError: Lava or onnxruntime is missing, failed or took too long.
    """
    if backend in ("float", "loihi2"):
        # Compiled, or loaded from the cache, before the clock starts.
        first = network.chip_spikes[:, :1], network.input_spikes[:, :1]
        integer_spikes(network.quantized.layers, first[0])
        float_spikes(network.graph.layers, first[1], network.graph.levels)
    began = time.perf_counter()
    if fault is not None:
        activity = _with_fault(network, fault, np.random.default_rng(seed))
    elif backend == "float":
        activity = network.float_activity
    elif backend == "loihi2":
        activity = network.integer_activity
    elif backend == "lava":
        activity = Activity.of(network.quantized, network.chip_spikes, _on_lava(network))
    else:
        activity = Activity.of(network.graph, network.input_spikes, _on_onnx(network))
    return Simulation(backend, activity, time.perf_counter() - began)


def lava_timeout_s(steps: int) -> float:
    """Seconds that Lava has for a run of so many steps."""
    return _LAVA_START_S + _LAVA_STEP_S * steps


def _with_fault(network: Network, fault: Fault, rng: np.random.Generator) -> Activity:
    if network.observations is None:
        raise AgentError(
            f"--fault {fault} needs observations to decide, and {network.source} has none: name a RUN"
        )
    return faulty_activity(network.quantized, network.observations, fault, rng)


def _on_lava(network: Network) -> tuple[SpikeArray, ...]:
    steps = network.graph.steps
    with temporary_folder() as folder:
        file = folder / "actor.net"
        write_network(network.quantized, file)
        timeout_s = lava_timeout_s(steps * network.decisions)
        return run_network(file, network.chip_spikes, steps, timeout_s, network.graph.levels)


def _on_onnx(network: Network) -> tuple[SpikeArray, ...]:
    with temporary_folder() as folder:
        file = folder / "actor_step.onnx"
        write_step(network.graph, file)
        return run_step(file, network.input_spikes, levels=network.graph.levels).spikes


@dataclass(frozen=True)
class ClosedLoop:
    """Decisions made in turn: the environment, the encoder, the Lava graph, the decoder, and round again.

    Attributes:
        decisions: how many.
        reward: mean reward of a decision, in the unit of the task's cost.
        violation_rate: share of requests in which a constraint was broken.
        slots: neurons x steps x decisions compared with the simulator, bias neurons included.
        mismatches: slots in which Lava and the simulator differ.
        median_s: median time of one decision on Lava.
        p95_s: its 95th percentile.
    """

    decisions: int
    reward: float
    violation_rate: float
    slots: int
    mismatches: int
    median_s: float
    p95_s: float


def closed_loop(network: Network, task: Task, decisions: int, seed: int) -> ClosedLoop:
    """Let Lava make ``decisions`` decisions of a task, one at a time.

    Raises:
        ExportError: Lava is missing, failed or took too long.
    """
    qgraph = network.quantized
    env = TaskEnv(task)
    observation, _ = env.reset(seed=seed)
    rewards, violated, times_s = [], [], []
    slots = mismatches = 0
    with LavaSession(qgraph) as session:
        for _ in range(decisions):
            inputs = qgraph.input_spikes(observation[None])
            began = time.perf_counter()
            spikes = session.decide(inputs[:, 0])
            times_s.append(time.perf_counter() - began)
            for mine, other in zip(integer_spikes(qgraph.layers, inputs), spikes, strict=True):
                slots += other.size
                mismatches += int((mine[:, 0] != other).sum())
            action = Activity.of(qgraph, inputs, [layer[:, None] for layer in spikes]).actions[0]
            observation, reward, terminal, cut, info = env.step(action)
            rewards.append(reward)
            violated.append(info["violated"])
            if terminal or (cut and task.spec.horizon > 1):
                observation, _ = env.reset()
    median_s, p95_s = np.quantile(times_s, [0.5, 0.95])
    return ClosedLoop(
        decisions=decisions,
        reward=float(np.mean(rewards)),
        violation_rate=float(np.mean(violated)),
        slots=slots,
        mismatches=mismatches,
        median_s=float(median_s),
        p95_s=float(p95_s),
    )
