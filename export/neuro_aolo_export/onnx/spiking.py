"""ONNX of a spiking actor: one step with its states, and the whole decision.

The neuron is written with the equations of :class:`neuro_aolo_export.graph.SpikingLayer`, in float32. A
runtime sums ``W o`` in an order of its own, so a potential may differ in its last bits from another's, and a
neuron whose potential comes that near to its threshold may differ too: :mod:`neuro_aolo_export.nearby` tells
these.

References:
    ONNX, Open Neural Network Exchange, operator set 18, https://onnx.ai/onnx/operators/.
    X. Wang et al. (2025), AOLO, arXiv:2503.04418, equations (26)-(33).
"""

import os
from collections.abc import Sequence

import numpy as np

from neuro_aolo_export.graph import (
    Encoder,
    GradedEncoder,
    PopulationDecoder,
    PopulationEncoder,
    SpikingGraph,
    SpikingLayer,
)
from neuro_aolo_export.onnx._model import Nodes, batch_of, element, steps_of, value, write_model
from neuro_aolo_export.onnx._physical import actions_out, observations_in, require_physical

_STATES = ("current", "voltage")


def write_step(graph: SpikingGraph, path: str | os.PathLike[str]) -> None:
    """Write one time step of the layers: all state is fed in and comes out, none stays in the model.

    Inputs, float32: ``input_spikes`` ``(B, N0)``, of the encoder or of another source, and for each layer l
    the states ``layer{l}_current`` and ``layer{l}_voltage`` ``(B, Nl)``, zeros before a decision.
    Outputs, float32 ``(B, Nl)``: ``layer{l}_spikes``, ``layer{l}_next_current`` and
    ``layer{l}_next_voltage``; the last layer's spikes are the network's.

    Raises:
        ExportError: the file cannot be written.
    """
    nodes = Nodes()
    spikes = "input_spikes"
    carried = "0 or 1" if graph.levels == 1 else f"whole numbers, 0 to {graph.levels}"
    inputs = [value(spikes, np.float32, batch_of(graph.layers[0].inputs), carried)]
    outputs = []
    for index, layer in enumerate(graph.layers):
        name, shape = f"layer{index}", batch_of(layer.neurons)
        _neuron(nodes, name, layer, _drive(nodes, name, layer, spikes))
        spikes = f"{name}_spikes"
        inputs += [value(f"{name}_{state}", np.float32, shape) for state in _STATES]
        results = ("spikes", *(f"next_{state}" for state in _STATES))
        outputs += [value(f"{name}_{result}", np.float32, shape) for result in results]
    text = "One time step of a spiking network; every state is zero at rest."
    write_model(path, graph, nodes, inputs, outputs, kind="step", text=text)


def write_decision(
    graph: SpikingGraph, path: str | os.PathLike[str], *, physical: bool = False, spikes: bool = False
) -> None:
    """Write the whole decision: every call starts from neurons at rest and runs all T steps.

    Input ``observations`` ``(B, D)`` and output ``actions`` ``(B, A)``, float32 in [-1, 1]. Layers alone,
    without an encoder, take ``input_spikes`` ``(T, B, N0)`` float32 instead; without a decoder there are
    no actions, and the last layer's spikes come out.

    Args:
        graph: the network.
        path: file to write.
        physical: take and give float64 in the units of the graph's quantities, normalised and scaled
            inside as :mod:`neuro_aolo_export.quantity` does.
        spikes: also give ``encoder_spikes`` and every layer's ``layer{l}_spikes``, ``(T, B, N)`` uint8.

    Raises:
        ExportError: ``physical`` of a graph that does not tell its quantities; the file cannot be written.
    """
    if physical:
        require_physical(graph)
    nodes = Nodes()
    trains: dict[str, tuple[str, int]] = {}
    if graph.encoder is None:
        train = "input_spikes"
        given = value(train, np.float32, steps_of(graph.steps, graph.layers[0].inputs), "0 or 1")
    else:
        given, normalised = observations_in(nodes, graph, physical)
        train = _encode(nodes, graph.encoder, normalised, graph.steps)
        trains["encoder_spikes"] = (train, graph.encoder.neurons)
    for index, layer in enumerate(graph.layers):
        train = _layer(nodes, f"layer{index}", layer, train)
        trains[f"layer{index}_spikes"] = (train, layer.neurons)
    outputs = []
    if graph.decoder is not None:
        actions = _decode(nodes, graph.decoder, train, graph.steps)
        outputs.append(actions_out(nodes, graph, actions, physical))
    for name, (source, neurons) in trains.items():
        if spikes or (graph.decoder is None and source == train):
            nodes.op("Cast", [source], name, to=element(np.uint8))
            outputs.append(value(name, np.uint8, steps_of(graph.steps, neurons), "0 or 1"))
    text = f"A whole decision of {graph.steps} time steps, from neurons at rest."
    facts = {"physical": physical}
    write_model(path, graph, nodes, [given], outputs, kind="decision", text=text, facts=facts)


def _drive(nodes: Nodes, name: str, layer: SpikingLayer, spikes: str) -> str:
    """``W o_prev + b``, of one step or of all."""
    weight = nodes.constant(f"{name}_weight", np.ascontiguousarray(layer.weight.T))
    product = nodes.op("MatMul", [spikes, weight], f"{name}_product")
    return nodes.op("Add", [product, nodes.constant(f"{name}_bias", layer.bias)], f"{name}_drive")


def _neuron(nodes: Nodes, name: str, layer: SpikingLayer, drive: str) -> None:
    """Equations (29)-(31): the next ``{name}_current`` and ``{name}_voltage``, and ``{name}_spikes``."""
    for constant in ("current_decay", "voltage_decay", "threshold"):
        nodes.constant(f"{name}_{constant}", np.float32(getattr(layer, constant)))
    kept = nodes.op("Mul", [f"{name}_current", f"{name}_current_decay"], f"{name}_kept_current")
    current = nodes.op("Add", [kept, drive], f"{name}_next_current")
    kept = nodes.op("Mul", [f"{name}_voltage", f"{name}_voltage_decay"], f"{name}_kept_voltage")
    voltage = nodes.op("Add", [kept, current], f"{name}_potential")
    fired = nodes.op("Greater", [voltage, f"{name}_threshold"], f"{name}_fired")
    if layer.reset == "subtract":
        left = nodes.op("Sub", [voltage, f"{name}_threshold"], f"{name}_left")
    else:
        left = nodes.constant(f"{name}_rest", np.float32(0))
    nodes.op("Where", [fired, left, voltage], f"{name}_next_voltage")
    nodes.op("Cast", [fired], f"{name}_spikes", to=element(np.float32))


def _layer(nodes: Nodes, name: str, layer: SpikingLayer, spikes: str) -> str:
    """A layer over all steps: one product for all of them, then a scan of its neurons."""
    drive = _drive(nodes, name, layer, spikes)
    body = Nodes()
    _neuron(body, f"{name}_step", layer, f"{name}_step_drive")
    return _scan(nodes, body, name, _STATES, drive, layer.neurons, _zeros(nodes, name, drive, start=1))


def _encode(nodes: Nodes, encoder: Encoder, observations: str, steps: int) -> str:
    """Spikes of all steps, in the arithmetic of the encoder itself."""
    if isinstance(encoder, GradedEncoder):
        return _graded(nodes, encoder, observations, steps)
    return _populations(nodes, encoder, observations, steps)


def _graded(nodes: Nodes, encoder: GradedEncoder, observations: str, steps: int) -> str:
    """Whole numbers, the same at every step."""
    one = nodes.constant("encoder_one", np.float32(1))
    least = nodes.constant("encoder_least", np.float32(-1))
    clipped = nodes.op("Clip", [observations, least, one], "encoder_clipped")
    raised = nodes.op("Add", [clipped, one], "encoder_raised")
    per_unit = nodes.constant("encoder_per_unit", np.float32(encoder.levels / 2))
    scaled = nodes.op("Mul", [raised, per_unit], "encoder_scaled")
    carried = nodes.op("Round", [scaled], "encoder_carried")
    shape = nodes.constant("encoder_steps", np.array([steps, 1, 1]))
    return nodes.op("Expand", [carried, shape], "encoder_train")


def _populations(nodes: Nodes, encoder: PopulationEncoder, observations: str, steps: int) -> str:
    """Equations (26) and (27)."""
    last = nodes.constant("encoder_last_axis", np.array([2]))
    each = nodes.op("Unsqueeze", [observations, last], "encoder_observations")
    away = nodes.op("Sub", [each, nodes.constant("encoder_mean", encoder.mean)], "encoder_away")
    widths = nodes.op("Div", [away, nodes.constant("encoder_std", encoder.std)], "encoder_widths")
    square = nodes.op("Mul", [widths, widths], "encoder_square")
    half = nodes.constant("encoder_minus_half", np.float32(-0.5))
    exponent = nodes.op("Mul", [square, half], "encoder_exponent")
    # The exponential alone in float64: a float32 one is the runtime's own approximation.
    double = nodes.op("Cast", [exponent], "encoder_exponent_double", to=element(np.float64))
    field = nodes.op("Exp", [double], "encoder_field_double")
    single = nodes.op("Cast", [field], "encoder_field", to=element(np.float32))
    stimulus = nodes.op("Flatten", [single], "encoder_stimulus", axis=1)
    shape = nodes.constant("encoder_steps", np.array([steps, 1, 1]))
    drive = nodes.op("Expand", [stimulus, shape], "encoder_drive")
    body = Nodes()
    threshold = body.constant("encoder_step_threshold", np.float32(encoder.threshold))
    voltage = body.op("Add", ["encoder_step_voltage", "encoder_step_drive"], "encoder_step_potential")
    fired = body.op("Greater", [voltage, threshold], "encoder_step_fired")
    spikes = body.op("Cast", [fired], "encoder_step_spikes", to=element(np.float32))
    taken = body.op("Mul", [spikes, threshold], "encoder_step_taken")
    body.op("Sub", [voltage, taken], "encoder_step_next_voltage")
    zeros = _zeros(nodes, "encoder", stimulus, start=0)
    return _scan(nodes, body, "encoder", ("voltage",), drive, encoder.neurons, zeros)


def _decode(nodes: Nodes, decoder: PopulationDecoder, spikes: str, steps: int) -> str:
    """Equations (32) and (33)."""
    counts = nodes.op(
        "ReduceSum", [spikes, nodes.constant("steps_axis", np.array([0]))], "counts", keepdims=0
    )
    rates = nodes.op("Div", [counts, nodes.constant("steps", np.float32(steps))], "rates")
    # 0 keeps the dimension as it is: the number of decisions.
    populations = (1, decoder.weight.shape[1]) if decoder.shared else decoder.weight.shape
    shape = nodes.constant("populations", np.array([0, *populations]))
    apart = nodes.op("Reshape", [rates, shape], "population_rates")
    weighted = nodes.op("Mul", [apart, nodes.constant("decoder_weight", decoder.weight)], "weighted_rates")
    axis = nodes.constant("population_axis", np.array([2]))
    total = nodes.op("ReduceSum", [weighted, axis], "decoder_sum", keepdims=0)
    biased = nodes.op("Add", [total, nodes.constant("decoder_bias", decoder.bias)], "decoder_drive")
    return nodes.op("Tanh", [biased], "normalised_actions")


def _zeros(nodes: Nodes, name: str, like: str, *, start: int) -> str:
    """Zeros of the shape of ``like``, its first ``start`` dimensions left out."""
    shape = nodes.op("Shape", [like], f"{name}_shape", start=start)
    return nodes.op("ConstantOfShape", [shape], f"{name}_rest")


def _scan(
    nodes: Nodes, body: Nodes, name: str, states: Sequence[str], drive: str, neurons: int, rest: str
) -> str:
    """Run ``body`` over the steps of ``drive`` ``(T, B, N)`` from rest; the spikes ``(T, B, N)``."""
    from onnx import helper

    shape = batch_of(neurons)
    inputs = [value(f"{name}_step_{x}", np.float32, shape) for x in (*states, "drive")]
    results = [*(f"next_{state}" for state in states), "spikes"]
    outputs = [value(f"{name}_step_{x}", np.float32, shape) for x in results]
    step = helper.make_graph(body.nodes, f"{name}_step", inputs, outputs, body.initializers())
    finals = [f"{name}_final_{state}" for state in states]
    train = f"{name}_train"
    scan = helper.make_node(
        "Scan",
        [*(rest for _ in states), drive],
        [*finals, train],
        name=f"{name}_scan",
        body=step,
        num_scan_inputs=1,
    )
    nodes.nodes.append(scan)
    return train
