"""Spiking layers as nodes of NIR, and a chain of nodes as spiking layers."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.arrays import require
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import SpikingLayer
from neuro_aolo_export.nir._file import ALLOWED, MAX_NODES
from neuro_aolo_export.nir._parameters import spread
from neuro_aolo_export.nir._parameters import width as declared_width

ROUNDING = 4 * float(np.finfo(np.float32).eps)
"""How far a gain or decay may be off that comes of parameters in float32."""

_Nodes = dict[str, Any]
_DECAYS = ("current_decay", "voltage_decay")


def nodes_of(layers: Sequence[SpikingLayer], dt_s: float) -> _Nodes:
    """Nodes in the order of the chain, from ``input`` to ``output``; parameters in float64, at layer width.

    Raises:
        ExportError: a decay that a time constant cannot hold without loss, or too many layers.
    """
    import nir

    most = (MAX_NODES - 2) // 2
    require(len(layers) <= most, f"{len(layers)} layers: a NIR file holds at most {most} here")
    nodes: _Nodes = {"input": nir.Input(input_type=np.array([layers[0].inputs]))}
    for index, layer in enumerate(layers):
        _require_lossless(layer, index, dt_s)
        nodes[f"layer{index}_weights"] = nir.Affine(weight=np.array(layer.weight), bias=np.array(layer.bias))
        nodes[f"layer{index}_neurons"] = _neurons(layer, dt_s)
    nodes["output"] = nir.Output(output_type=np.array([layers[-1].neurons]))
    return nodes


def layers_of(nodes: _Nodes, edges: Sequence[tuple[str, str]], dt_s: float) -> tuple[SpikingLayer, ...]:
    """Layers in the order in which the edges join the nodes.

    Raises:
        ExportError: other than a chain, or neurons that :class:`SpikingLayer` is not.
    """
    chain = _chain(list(nodes), edges)
    _require_widths(nodes, chain)
    layers = tuple(_layers(nodes, chain, dt_s))
    require(len(layers) > 0, f"there is no spiking layer: allowed is {ALLOWED}")
    return layers


def _require_lossless(layer: SpikingLayer, index: int, dt_s: float) -> None:
    for name in _DECAYS:
        decay = getattr(layer, name)
        integrates = name == "voltage_decay" and layer.current_decay == 0.0
        held = integrates if decay == 1.0 else float(np.float32(1.0 - dt_s / (dt_s / (1.0 - decay)))) == decay
        require(
            held,
            f"layer {index} has {name} {decay:.9g}, which NIR's time constant dt / (1 - {name}) cannot hold: "
            "give 0, or from 1e-6 to 0.9999999 (a voltage_decay of 1 only beside a current_decay of 0)",
        )


def _neurons(layer: SpikingLayer, dt_s: float) -> Any:
    import nir

    def wide(value: float) -> NDArray[np.float64]:
        return np.full(layer.neurons, value)

    threshold, zero = wide(layer.threshold), wide(0.0)
    if layer.voltage_decay == 1.0:
        return nir.IF(r=wide(1.0 / dt_s), v_threshold=threshold, v_reset=zero)
    mem = 1.0 / (1.0 - layer.voltage_decay)
    rest = {"r": wide(mem), "v_leak": zero, "v_threshold": threshold, "v_reset": zero}
    if layer.current_decay == 0.0:
        return nir.LIF(tau=wide(dt_s * mem), **rest)
    syn = 1.0 / (1.0 - layer.current_decay)
    return nir.CubaLIF(tau_syn=wide(dt_s * syn), tau_mem=wide(dt_s * mem), w_in=wide(syn), **rest)


def _chain(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[str]:
    """Every node once, from the one that none feeds to the one that feeds none."""
    after: dict[str, str] = {}
    before: dict[str, str] = {}
    for source, target in edges:
        missing = [name for name in (source, target) if name not in names]
        if missing:
            raise ExportError(
                f"an edge joins node {missing[0][:64]!r}, which is not there: take the edge out"
            )
        if after.get(source) == target:
            raise ExportError(f"the edge from node {source!r} to {target!r} stands twice: give it once")
        if source == target:
            raise ExportError(f"node {source!r} feeds itself: allowed is {ALLOWED}, without recurrent edges")
        if source in after:
            raise ExportError(
                f"node {source!r} feeds {after[source]!r} and {target!r}: "
                f"allowed is {ALLOWED}, without branches or recurrent edges"
            )
        if target in before:
            raise ExportError(
                f"node {target!r} is fed by {before[target]!r} and {source!r}: "
                f"allowed is {ALLOWED}, without branches or recurrent edges"
            )
        after[source], before[target] = target, source
    first = [name for name in names if name not in before]
    if not first:
        raise ExportError(f"every node is in a cycle, {list(names)[:1]} too: allowed is {ALLOWED}")
    chain = max((_from(start, after) for start in first), key=len)
    for name in names:
        if name not in chain:
            raise ExportError(
                f"node {name!r} is not joined to {chain[0]!r}, or in a cycle: join it by an edge or take it "
                f"out; allowed is {ALLOWED}"
            )
    return chain


def _from(start: str, after: dict[str, str]) -> list[str]:
    """The chain from a node that none feeds: one edge in and one out at most, so no way into a cycle."""
    chain = [start]
    while chain[-1] in after:
        chain.append(after[chain[-1]])
    return chain


def _require_widths(nodes: _Nodes, chain: Sequence[str]) -> None:
    """What Input, Flatten and Output declare is as wide as the layers beside them."""
    import nir

    width: int | None = None
    takes: int | None
    gives: int | None
    for name in chain:
        node = nodes[name]
        if isinstance(node, nir.Affine | nir.Linear):
            require(
                node.weight.ndim == 2 and node.weight.size > 0,
                f"node {name!r}: weight has shape {node.weight.shape}; give (outputs, inputs)",
            )
            takes, gives = node.weight.shape[1], node.weight.shape[0]
        elif isinstance(node, nir.Input | nir.Flatten | nir.Output):
            shape = node.input_type["input"]
            takes = None if shape is None else declared_width(repr(name), shape)
            gives = width if takes is None else takes
        else:
            continue
        require(
            width is None or takes is None or takes == width,
            f"node {name!r} takes {takes} values but is fed {width}: make them equal",
        )
        width = gives


def _layers(nodes: _Nodes, chain: Sequence[str], dt_s: float) -> Iterator[SpikingLayer]:
    """One layer per pair of weights and neurons."""
    import nir

    weights: str | None = None
    for place, name in enumerate(chain):
        node = nodes[name]
        if isinstance(node, nir.Affine | nir.Linear) and weights is None:
            weights = name
        elif isinstance(node, nir.CubaLIF | nir.LIF | nir.IF) and weights is not None:
            yield _layer(nodes[weights], weights, node, name, dt_s)
            weights = None
        elif not (
            isinstance(node, nir.Flatten)
            or (isinstance(node, nir.Input) and place == 0)
            or (isinstance(node, nir.Output) and place == len(chain) - 1 and weights is None)
        ):
            where = f"after {chain[place - 1]!r}" if place else "first"
            raise ExportError(
                f"node {name!r}, of type {type(node).__name__}, comes {where}: allowed is {ALLOWED}"
            )
    require(weights is None, f"node {weights!r} feeds no neurons: allowed is {ALLOWED}")


def _layer(linear: Any, linear_name: str, neurons: Any, name: str, dt_s: float) -> SpikingLayer:
    import nir

    weight = np.asarray(linear.weight, dtype=np.float64)
    bias = np.asarray(getattr(linear, "bias", np.zeros(len(weight))), dtype=np.float64)
    bias = np.broadcast_to(bias.ravel(), weight.shape[:1]) if bias.size == 1 else bias
    require(
        bias.shape == weight.shape[:1],
        f"node {linear_name!r}: bias {bias.shape} does not fit weight {weight.shape}; give one entry per row",
    )
    for field in ("v_leak", "v_reset"):
        require(
            not np.any(getattr(neurons, field, 0.0)),
            f"node {name!r}: {field} is {spread(getattr(neurons, field, 0.0))}; only 0 is supported: "
            "train and write it with 0",
        )
    current_decay, voltage_decay = 0.0, 1.0
    gain = np.asarray(neurons.r, dtype=np.float64)
    if isinstance(neurons, nir.IF):
        gain = gain * dt_s
    elif isinstance(neurons, nir.LIF):
        voltage_decay, step = _decay(neurons, name, "tau", dt_s)
        gain = gain * step
    else:
        current_decay, step_syn = _decay(neurons, name, "tau_syn", dt_s)
        voltage_decay, step_mem = _decay(neurons, name, "tau_mem", dt_s)
        with np.errstate(over="ignore"):
            gain = (np.asarray(neurons.w_in, dtype=np.float64) * step_syn) * (gain * step_mem)
    gain = np.where(np.abs(gain - 1.0) <= ROUNDING, 1.0, gain)
    require(
        gain.size == 1 or gain.shape == bias.shape,
        f"node {name!r} has parameters of shape {gain.shape} but is fed {len(bias)} values by "
        f"{linear_name!r}: make them equal",
    )
    threshold = _uniform(neurons, name, "v_threshold")
    gain = np.broadcast_to(gain.ravel(), bias.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        single = (weight * gain[:, None]).astype(np.float32), (bias * gain).astype(np.float32)
    require(
        all(bool(np.isfinite(array).all()) for array in single),
        f"nodes {linear_name!r} and {name!r}: weight and bias times the gain, of r and time constants "
        f"({spread(gain)}), are beyond float32: give smaller ones",
    )
    try:
        return SpikingLayer(*single, current_decay, voltage_decay, threshold)
    except ExportError as error:
        raise ExportError(f"nodes {linear_name!r} and {name!r}: {error}") from None


def _decay(neurons: Any, name: str, field: str, dt_s: float) -> tuple[float, float]:
    """The share that a state keeps in a step of forward Euler, ``1 - dt / tau``, and ``dt / tau``."""
    tau_s = _uniform(neurons, name, field)
    require(
        tau_s > 0.0 and dt_s / tau_s <= 1.0 + ROUNDING,
        f"node {name!r}: {field} is {tau_s:g} s, less than a time step of {dt_s:g} s; "
        "give a longer time constant or a shorter step",
    )
    return max(1.0 - dt_s / tau_s, 0.0), dt_s / tau_s


def _uniform(neurons: Any, name: str, field: str) -> float:
    values = np.asarray(getattr(neurons, field), dtype=np.float64)
    require(
        values.size > 0 and bool((values == values.flat[0]).all()),
        f"node {name!r}: {field} is {spread(values)}; a layer has one value for all its neurons: "
        "make them equal, or split the layer",
    )
    return float(values.flat[0])
