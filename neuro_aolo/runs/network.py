"""What is exported, simulated and priced: a network with inputs, of a run or of a file of one's own."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np

from neuro_aolo.agent.evaluate import Evaluation, Requests
from neuro_aolo.runs.run import Run
from neuro_aolo.systems.task import expected
from neuro_aolo.systems.wording import one_of
from neuro_aolo_export.activity import Activity
from neuro_aolo_export.arrays import FloatArray, SpikeArray, require_slots
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.file_kind import require_kind
from neuro_aolo_export.graph import DenseGraph, SpikingGraph
from neuro_aolo_export.graph_file import load_graph
from neuro_aolo_export.loihi2.integers import Movement, QuantizedGraph, with_always_on
from neuro_aolo_export.loihi2.quantize import movement, quantize
from neuro_aolo_export.reset import RESETS, Reset
from neuro_aolo_export.simulate import float_spikes, integer_spikes
from neuro_aolo_export.spike_file import load_spikes

_DENSE = "of those `energy` prices dense ones, and nothing else reads them; name a .nir or .graph file"


@dataclass(frozen=True)
class Network:
    """A spiking network and inputs to run it on.

    Attributes:
        source: the run folder or file that it comes from.
        graph: its layers, with encoder and decoder where they are known.
        input_spikes: ``(T, B, N0)``, without an always-on channel.
        observations: ``(B, D)`` in [-1, 1], which the input spikes encode; None where spikes were given.
        requests: the requests that were observed, where there are any.
        weight_bits: of the integer graph.
        reset_assumed: whether the file cannot say how its neurons reset, and nobody did.
    """

    source: Path
    graph: SpikingGraph
    input_spikes: SpikeArray
    observations: FloatArray | None = None
    requests: Requests | None = None
    weight_bits: int = 8
    reset_assumed: bool = False

    @cached_property
    def quantized(self) -> QuantizedGraph:
        """The graph in Loihi 2 integers."""
        return quantize(self.graph, self.weight_bits)

    @cached_property
    def movement(self) -> Movement | None:
        """How far the integers' spikes and actions are from the float graph's; None without observations."""
        if self.observations is None:
            return None
        return movement(self.graph, self.quantized, self.observations)

    @cached_property
    def chip_spikes(self) -> SpikeArray:
        """Input spikes of the integer graph ``(T, B, N0 + 1)``, always-on channel included."""
        return with_always_on(self.input_spikes, self.graph.levels)

    @cached_property
    def float_activity(self) -> Activity:
        """What spikes in float32."""
        spikes = float_spikes(self.graph.layers, self.input_spikes, self.graph.levels)
        return Activity.of(self.graph, self.input_spikes, spikes)

    @cached_property
    def integer_activity(self) -> Activity:
        """What spikes in the chip's integers."""
        spikes = integer_spikes(self.quantized.layers, self.chip_spikes)
        return Activity.of(self.quantized, self.chip_spikes, spikes)

    def evaluate(self, actions: FloatArray) -> Evaluation | None:
        """Regret and violations of actions ``(B, A)``; None where no request has a feasible action.

        None, too, of episodes: these are the actions of their first decisions alone.
        """
        if self.requests is None or not self.requests.feasible.any():
            return None
        if self.requests.task.spec.horizon > 1:
            return None
        kept = actions[self.requests.feasible].astype(np.float64)
        return self.requests.evaluate(lambda observations: kept)

    @property
    def decisions(self) -> int:
        """Decisions B."""
        return int(self.input_spikes.shape[1])

    @property
    def layer_names(self) -> list[str]:
        """``hidden 1``, ``hidden 2``, ..., ``output``."""
        return [*(f"hidden {index + 1}" for index in range(len(self.graph.layers) - 1)), "output"]


def of_run(run: Run, decisions: int, seed: int, weight_bits: int | None = None) -> Network:
    """The actor of a run, and decisions drawn from ``seed``.

    Raises:
        RunError: the actor is dense.
    """
    graph, task = run.spiking_graph(), run.task
    require_slots(decisions, graph.steps, graph.channels)
    observations = task.observe(task.reset(decisions, np.random.default_rng(seed)))
    spikes = graph.input_spikes(observations)
    requests = Requests(expected(task), decisions, seed)
    return Network(run.folder.path, graph, spikes, observations, requests, run.weight_bits(weight_bits))


def of_file(
    path: Path,
    input_file: Path | None,
    steps: int | None = None,
    dt_s: float | None = None,
    weight_bits: int | None = None,
    reset: str | None = None,
) -> Network:
    """A network in a graph file or a NIR file, and input spikes from a file.

    Args:
        path: a file that ends in ``.nir``, or a graph file.
        input_file: ``.npz`` file with the array ``input``, ``(decisions, steps, channels)``.
        steps: time steps of a decision; those of the file where None.
        dt_s: time step in s; that of the file where None.
        weight_bits: of the integer graph; 8 where None.
        reset: ``zero`` or ``subtract``, of a file that cannot say; ``zero`` where None.

    Raises:
        ExportError: a file is missing or wrong, or holds a network without spikes.
    """
    if input_file is None:
        raise ExportError(f"{path} comes without inputs: add --input FILE.npz with input spikes")
    read = read_network_file(path, steps, dt_s, reset)
    graph = read.graph
    if isinstance(graph, DenseGraph):
        raise ExportError(f"{path} holds a dense network, which has no spikes: give a spiking one")
    spikes = load_spikes(input_file, graph.layers[0].inputs, graph.steps, graph.levels)
    return Network(path, graph, spikes, weight_bits=weight_bits or 8, reset_assumed=read.reset_assumed)


@dataclass(frozen=True)
class NetworkFile:
    """What a NIR file or a graph file holds.

    Attributes:
        graph: the network.
        reset_assumed: whether the file cannot say how its neurons reset, and nobody did.
    """

    graph: SpikingGraph | DenseGraph
    reset_assumed: bool = False


def read_network_file(
    path: Path, steps: int | None, dt_s: float | None, reset: str | None = None
) -> NetworkFile:
    """The graph in a NIR file or a graph file.

    Raises:
        AgentError: there is no such reset.
        ExportError: the file is missing or wrong, or an argument contradicts it.
    """
    chosen = None if reset is None else cast("Reset", one_of("--reset", reset, RESETS))
    if require_kind(path, ("nir", "graph"), _DENSE) == "nir":
        from neuro_aolo_export.nir.convert import read_nir_network

        read = read_nir_network(path, steps, dt_s, chosen)
        return NetworkFile(read.graph, read.reset_assumed)
    graph = load_graph(path)
    if steps is not None and isinstance(graph, SpikingGraph) and steps != graph.steps:
        raise ExportError(f"{path} decides in {graph.steps} steps, not {steps}: leave --time-steps out")
    if dt_s is not None:
        raise ExportError(f"{path} tells its own time step: leave --dt out")
    if chosen is not None and not (isinstance(graph, SpikingGraph) and chosen == graph.reset):
        raise ExportError(f"{path} tells its own reset: leave --reset out")
    return NetworkFile(graph)
