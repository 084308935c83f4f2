"""The passes of a dense actor that refines its action, one after the other in one ONNX graph."""

from collections.abc import Callable, Sequence

import numpy as np

from neuro_aolo_export.arrays import FloatArray
from neuro_aolo_export.dense import Denoising, DenseGraph, DenseLayer
from neuro_aolo_export.onnx._activation import write_activation
from neuro_aolo_export.onnx._model import Nodes

Product = Callable[[str, str], str]
"""Writes a layer's sum: of the name that it has in the graph, and of its input's."""


def parts_of(graph: DenseGraph) -> list[tuple[str, DenseLayer]]:
    """The layers by name, the first one in two: what it makes of an observation, and of an action so far."""
    first, *others = graph.layers
    of_observation, of_action = np.hsplit(first.weight, [graph.input_size])
    return [
        ("layer0_seen", DenseLayer(of_observation, first.bias, "identity")),
        ("layer0_moved", DenseLayer(of_action, np.zeros_like(first.bias), "identity")),
        *((f"layer{index}", layer) for index, layer in enumerate(others, start=1)),
    ]


def taken_by(graph: DenseGraph, observations: FloatArray) -> list[FloatArray]:
    """What each of :func:`parts_of` takes on these observations ``(B, D)``, over all passes."""
    passes = [taken for taken, _ in graph.denoised(observations)]
    return [observations, *map(np.concatenate, zip(*passes, strict=True))]


def write_passes(nodes: Nodes, graph: DenseGraph, source: str, products: Sequence[Product]) -> str:
    """The name of the action ``(B, A)`` of the observation ``source``.

    Args:
        nodes: of the model.
        graph: the network.
        source: name of its observations in [-1, 1].
        products: of :func:`parts_of`.
    """
    denoising, (first, *others) = graph.denoising, graph.layers
    assert denoising is not None
    of_observation, of_action, *hidden = products
    seen = of_observation("layer0_seen", source)
    x = ""
    for index in reversed(range(denoising.passes)):
        name = f"pass{index + 1}"
        shift = nodes.constant(f"{name}_shift", denoising.shift[index])
        total = nodes.op("Add", [seen, shift], f"{name}_shifted")
        if x:
            total = nodes.op("Add", [total, of_action(f"{name}_layer0", x)], f"{name}_layer0_total")
        eps = write_activation(nodes, f"{name}_layer0", first, total)
        for number, (layer, product) in enumerate(zip(others, hidden, strict=True), start=1):
            eps = write_activation(
                nodes, f"{name}_layer{number}", layer, product(f"{name}_layer{number}", eps)
            )
        x = _stepped(nodes, name, denoising, index, x, eps)
    ended = nodes.op("Clip", [x, *_ends(nodes)], "passes_ended")
    if not denoising.reach:
        return ended
    reach = nodes.constant("passes_reach", np.float32(denoising.reach))
    return nodes.op("Tanh", [nodes.op("Mul", [ended, reach], "passes_reached")], "passes_action")


def _stepped(nodes: Nodes, name: str, denoising: Denoising, index: int, x: str, eps: str) -> str:
    """x_{i-1} of x_i, which is 0 where it has no name, as :meth:`Denoising.step` computes it."""

    def number(what: str, sign: int = 1) -> str:
        return nodes.constant(f"{name}_{what}", np.float32(sign * getattr(denoising, what)[index]))

    if x:
        noise = nodes.op("Mul", [eps, number("noise")], f"{name}_noise_seen")
        clean = nodes.op("Sub", [x, noise], f"{name}_clean")
    else:
        clean = nodes.op("Mul", [eps, number("noise", -1)], f"{name}_clean")
    guess = nodes.op("Div", [clean, number("signal")], f"{name}_guess")
    guess = nodes.op("Clip", [guess, *_ends(nodes)], f"{name}_guess_clipped")
    after = nodes.op("Mul", [guess, number("estimate")], f"{name}_estimated")
    if not x:
        return after
    kept = nodes.op("Mul", [x, number("kept")], f"{name}_action_kept")
    return nodes.op("Add", [after, kept], f"{name}_action")


def _ends(nodes: Nodes) -> list[str]:
    return [nodes.constant(f"passes_{end}", np.float32(at)) for end, at in (("least", -1.0), ("most", 1.0))]
