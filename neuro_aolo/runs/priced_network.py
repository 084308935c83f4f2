"""What a decision of a network of one's own costs: of a file, of a PyTorch module, or of a graph."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from hardware_profiles.profile import Profile, load_profile, profile_names
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.errors import AgentError
from neuro_aolo.pricing.bill import Conditions
from neuro_aolo.pricing.count import count_dense, count_spiking, layer_macs
from neuro_aolo.pricing.profiler import Profiler, load_conditions
from neuro_aolo.runs.defaults import OF_DEPLOYMENT
from neuro_aolo.runs.network import Network
from neuro_aolo.runs.own_network import Checked, OwnNetwork, numbers, read_own
from neuro_aolo.runs.priced import profiled
from neuro_aolo.runs.summary.part import ActorKind
from neuro_aolo.runs.summary.priced import Priced
from neuro_aolo_export.arrays import FloatArray, SpikeArray, as_observations
from neuro_aolo_export.dense import DenseGraph
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import SpikingGraph
from neuro_aolo_export.graph_file import graph_digest
from neuro_aolo_export.spike_file import INPUT, as_input_spikes

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class LayerCounts:
    """A layer of a network.

    Attributes:
        inputs: that it takes.
        neurons: outputs, or spiking neurons.
        activation: of its outputs; ``spike`` of spiking neurons.
        work: multiply-accumulates of a dense layer, and synaptic events of a spiking one, a decision.
    """

    inputs: int
    neurons: int
    activation: str
    work: float


@dataclass(frozen=True)
class DenseWork:
    """What a decision of a dense network takes.

    Attributes:
        macs: multiply-accumulates.
        weights: parameters read, biases included: those stored, and of several passes anew in each.
        activations: evaluations of activation functions.
        folded: operators of a file that joined the weights and cost nothing.
        left_out: operators behind the last layer, which have no price.
        output: which output of a file was read; None where it is no file of several.
        checked: how the reading was checked; None where nothing was read but a graph.
        passes: through the layers.
    """

    macs: int
    weights: int
    activations: int
    folded: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    output: str | None = None
    checked: Checked | None = None
    passes: int = 1


@dataclass(frozen=True)
class SpikingWork:
    """What a decision of a spiking network takes, in the mean over its inputs.

    Attributes:
        steps: time steps.
        synaptic_events: spikes arriving through weights that are not zero.
        firing_rate: share of the slots of neurons that spike.
        reset: ``zero``, ``subtract`` or ``mixed``: what a spike does to a neuron's potential.
        reset_assumed: whether a file cannot say so, and nobody did.
    """

    steps: int
    synaptic_events: float
    firing_rate: float
    reset: str = "zero"
    reset_assumed: bool = False


@dataclass(frozen=True)
class PricedNetwork:
    """A network, what a decision takes, and what it costs on each device.

    Attributes:
        source: the file, or the module's class; None of a graph.
        kind: spiking or dense.
        graph_sha256: digest of the graph that was priced.
        decisions: inputs that it was run on.
        layers: in order.
        work: of a decision.
        priced: on each device.
    """

    source: str | None
    kind: ActorKind
    graph_sha256: str
    decisions: int
    layers: tuple[LayerCounts, ...]
    work: DenseWork | SpikingWork
    priced: Priced

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, and neurons of each layer."""
        return (self.layers[0].inputs, *(layer.neurons for layer in self.layers))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as JSON holds it."""
        work = "macs" if self.kind == "dense" else "synaptic_events"
        return {
            "source": self.source,
            "kind": self.kind,
            "graph_sha256": self.graph_sha256,
            "decisions": self.decisions,
            "layers": [
                {
                    "inputs": layer.inputs,
                    "neurons": layer.neurons,
                    "activation": layer.activation,
                    work: layer.work,
                }
                for layer in self.layers
            ],
            **asdict(self.work),
            "firing_rate": self.priced.firing_rate,
            "priced": self.priced.to_dict(),
        }


def price_network(
    network: "str | Path | nn.Module | DenseGraph | SpikingGraph",
    inputs: ArrayLike | str | Path | None = None,
    *,
    profiles: Sequence[str] | None = None,
    request_rate_hz: float | None = None,
    twin: str = "mlp-int8",
    host: str | None = OF_DEPLOYMENT,
    weight_bits: int | None = None,
    output: str | None = None,
    steps: int | None = None,
    dt_s: float | None = None,
    reset: str | None = None,
) -> PricedNetwork:
    """Price a decision of any network on devices.

    Args:
        network: a file that ends in ``.onnx`` or ``.nir``, a graph file, a PyTorch module of linear layers
            and activations, an actor of ours, or a graph.
        inputs: what it decides on: an array, or an .npz file with the array ``input``. Of a dense network
            ``(decisions, numbers)``; where None they are drawn for the check, but for a module. Of a spiking
            one spikes ``(decisions, steps, channels)``, or, where it has an encoder, observations
            ``(decisions, numbers)`` in [-1, 1].
        profiles: devices, by name or file; all where None.
        request_rate_hz: decisions a second of devices that are always on; on for each alone where None.
        twin: ``mlp-int8`` or ``mlp-fp32``: in which numbers a dense network is deployed.
        host: profile of the device that encodes and decodes for a chip that cannot; none where None, and the
            usual one where it is :data:`~neuro_aolo.runs.priced.OF_DEPLOYMENT`.
        weight_bits: of a spiking network's integers; 8 where None.
        output: which output of an ONNX file is the network's, where several are.
        steps: time steps of a decision, of a NIR file that tells none.
        dt_s: time step in s, likewise.
        reset: ``zero`` or ``subtract``, of a NIR file, which cannot say; ``zero`` where None.

    Raises:
        ExportError: a file or module that is not a network with a price, or inputs that do not fit.
        ProfileError: an unknown profile.
        AgentError: conditions that cannot be, or arguments that do not go with the network.
    """
    usual = Deployment().host_profile if host == OF_DEPLOYMENT else host
    conditions = load_conditions(usual, request_rate_hz, twin)
    devices = {device.id: device for device in map(load_profile, profiles or profile_names())}
    read = read_own(network, inputs, output, steps, dt_s, reset)
    if isinstance(read.graph, SpikingGraph):
        return _spiking(read, read.graph, devices, replace(conditions, spiking_bits=weight_bits or 8))
    if weight_bits is not None:
        raise AgentError(
            f"--weight-bits {weight_bits} is for a spiking network, and {read.source or 'this'} is a dense "
            "one: leave it out; --twin says in which numbers it is deployed"
        )
    return _dense(read, read.graph, devices, conditions)


def _dense(
    read: OwnNetwork, graph: DenseGraph, devices: dict[str, Profile], conditions: Conditions
) -> PricedNetwork:
    if read.inputs is not None and read.checked is None:
        numbers(read.inputs, graph.input_size, read.source or "the graph")
    counts = count_dense(graph)
    layers = [
        LayerCounts(layer.inputs, layer.neurons, layer.activation, products)
        for layer, products in zip(graph.layers, layer_macs(graph), strict=True)
    ]
    return PricedNetwork(
        source=read.source,
        kind="dense",
        graph_sha256=graph_digest(graph),
        decisions=0 if read.inputs is None else len(read.inputs),
        layers=tuple(layers),
        work=DenseWork(
            macs=counts.macs,
            weights=counts.weights,
            activations=counts.activations,
            folded=read.folded,
            left_out=read.left_out,
            output=read.output,
            checked=read.checked,
            passes=graph.passes,
        ),
        priced=profiled(Profiler(None, counts, devices, conditions), {}),
    )


def _spiking(
    read: OwnNetwork, graph: SpikingGraph, devices: dict[str, Profile], conditions: Conditions
) -> PricedNetwork:
    spikes, observations = _spikes(read, graph)
    source = read.source or "the graph"
    network = Network(Path(source), graph, spikes, observations, weight_bits=conditions.spiking_bits)
    counts = count_spiking(network.quantized, network.integer_activity)
    layers = [
        LayerCounts(layer.inputs, layer.neurons, "spike", events)
        for layer, events in zip(graph.layers, counts.synaptic_events, strict=True)
    ]
    return PricedNetwork(
        source=read.source,
        kind="spiking",
        graph_sha256=graph_digest(graph),
        decisions=network.decisions,
        layers=tuple(layers),
        work=SpikingWork(
            graph.steps,
            sum(counts.synaptic_events),
            counts.firing_rate,
            graph.reset,
            read.reset_assumed,
        ),
        priced=profiled(Profiler(counts, None, devices, conditions), {}),
    )


def _spikes(read: OwnNetwork, graph: SpikingGraph) -> tuple[SpikeArray, FloatArray | None]:
    """Input spikes ``(T, B, N0)``, and the observations that they encode where those were given."""
    given, channels = read.inputs, graph.layers[0].inputs
    if given is None:
        raise ExportError(
            f"{read.source or 'the graph'} comes without inputs: add --input FILE.npz with input spikes"
        )
    named = f"'{INPUT}' of {read.source or 'the graph'}"
    if given.ndim != 2 or graph.encoder is None:
        return as_input_spikes(given, named, channels, graph.steps, graph.levels), None
    observations = as_observations(given, graph.input_size)
    if not (len(observations) and np.abs(observations).max() <= 1.0):
        raise ExportError(f"observations for {read.source or 'the graph'}: give one or more, each in [-1, 1]")
    return graph.input_spikes(observations), observations
