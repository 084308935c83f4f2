"""ONNX of a dense actor: in float32, and in 8-bit integers.

The integer file is in QDQ form: every product is written in float between a DequantizeLinear and a
QuantizeLinear, of which a runtime makes an integer one (onnxruntime: QGemm). With scales s and zero point z::

    w ~ s_w[i] q_w            8 bits in +-127, one scale per output neuron i
    x ~ s_x (q_x - z_x)       uint8, one scale per layer, from the range met while calibrating
    b ~ s_x s_w[i] q_b        int32, so that it adds to the product's sum as it is

Weights lie in the file as uint8, q_w + 128 with zero point 128: the same numbers as int8. x86 processors
without VNNI multiply uint8 by int8 in pairs whose 16-bit sums saturate, and onnxruntime lets them (measured
on a random actor: errors of 0.3 in the action instead of 0.05); uint8 by uint8 is exact on all.

References:
    onnxruntime, Quantize ONNX models,
    https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html, on U8S8 and saturation.
    B. Jacob et al. (2018), Quantization and training of neural networks for efficient integer-arithmetic-only
    inference, CVPR, pages 2704-2713, doi:10.1109/CVPR.2018.00286.
    ONNX, Open Neural Network Exchange, operator set 18, https://onnx.ai/onnx/operators/.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo_export.arrays import FloatArray, as_observations, require
from neuro_aolo_export.graph import DenseGraph, DenseLayer
from neuro_aolo_export.onnx._activation import write_activation
from neuro_aolo_export.onnx._model import Nodes, write_model
from neuro_aolo_export.onnx._passes import Product, parts_of, taken_by, write_passes
from neuro_aolo_export.onnx._physical import actions_out, observations_in, require_physical

_WEIGHT_MAX = 127
_ACTIVATION_MAX = 255
_BIAS_MAX = 2**31 - 1
_ZERO = 128
_LEAST_SCALE = float(np.finfo(np.float32).tiny)


def write_dense(graph: DenseGraph, path: str | os.PathLike[str], *, physical: bool = False) -> None:
    """Write the actor in float32: ``observations`` ``(B, D)`` to ``actions`` ``(B, A)``, both in [-1, 1].

    Args:
        graph: the network.
        path: file to write.
        physical: take and give float64 in the units of the graph's quantities.

    Raises:
        ExportError: ``physical`` of a graph that does not tell its quantities; the file cannot be written.
    """
    if physical:
        require_physical(graph)
    nodes = Nodes()
    given, source = observations_in(nodes, graph, physical)
    products = [_float_product(nodes, name, layer) for name, layer in _parts(graph)]
    outputs = [actions_out(nodes, graph, _decided(nodes, graph, source, products), physical)]
    text, facts = f"A dense actor in float32{_in_passes(graph)}.", {"physical": physical, **_passes(graph)}
    write_model(path, graph, nodes, [given], outputs, kind="dense", text=text, facts=facts)


def write_dense_int8(
    graph: DenseGraph,
    path: str | os.PathLike[str],
    calibration_observations: ArrayLike,
    *,
    physical: bool = False,
) -> None:
    """Write the actor in 8-bit integers, with the inputs and outputs of :func:`write_dense`.

    The last layer's sum is not quantised again: its activation and the action are float.

    Args:
        graph: the network.
        path: file to write.
        calibration_observations: ``(B, D)`` in [-1, 1], as they will be met: a layer's input is quantised
            over the range that they make it take, and clipped beyond.
        physical: take and give float64 in the units of the graph's quantities.

    Raises:
        ExportError: no calibration observations, or of another shape; otherwise as :func:`write_dense`.
    """
    if physical:
        require_physical(graph)
    met = as_observations(calibration_observations, graph.input_size)
    require(len(met) > 0, "no calibration observations: give some of those that the actor will meet")
    nodes = Nodes()
    given, source = observations_in(nodes, graph, physical)
    products = [
        _integer_product(nodes, name, layer, taken)
        for (name, layer), taken in zip(_parts(graph), _taken(graph, met), strict=True)
    ]
    outputs = [actions_out(nodes, graph, _decided(nodes, graph, source, products), physical)]
    text = f"A dense actor in 8-bit integers, QDQ form{_in_passes(graph)}."
    facts = {"physical": physical, "calibration_decisions": len(met), **_passes(graph)}
    write_model(path, graph, nodes, [given], outputs, kind="dense_int8", text=text, facts=facts)


@dataclass(frozen=True)
class ActivationScale:
    """``x ~ scale (q - zero)``, q uint8.

    Attributes:
        scale: float32, above 0.
        zero: q of 0, which is exact: a silent neuron stays silent.
    """

    scale: np.float32
    zero: np.uint8


def activation_scale(met: FloatArray) -> ActivationScale:
    """The scale of activations whose smallest and largest value lie in ``met``.

    Raises:
        ExportError: they are not finite.
    """
    low, high = min(float(met.min()), 0.0), max(float(met.max()), 0.0)
    require(
        bool(np.isfinite(high - low)),
        f"activations range from {low:g} to {high:g}: give weights and observations that keep them finite",
    )
    scale = np.float32((high - low) / _ACTIVATION_MAX)
    if scale < _LEAST_SCALE:
        return ActivationScale(np.float32(1.0), np.uint8(0))
    return ActivationScale(scale, np.uint8(np.clip(np.rint(-low / scale), 0, _ACTIVATION_MAX)))


@dataclass(frozen=True, eq=False)
class IntegerLayer:
    """A dense layer in integers; see the module for what they stand for.

    Attributes:
        weight: ``(out, in)`` int8, in +-127.
        bias: ``(out,)`` int32.
        scale: s_w ``(out,)`` float32.
    """

    weight: NDArray[np.int8]
    bias: NDArray[np.int32]
    scale: FloatArray


def quantize_layer(layer: DenseLayer, input_scale: np.float32) -> IntegerLayer:
    """The layer in integers, for inputs of one scale.

    A row's scale is its largest weight over 127, or more where its bias would leave int32.
    """
    for_weight = np.abs(layer.weight).max(axis=1).astype(np.float64) / _WEIGHT_MAX
    # Half of int32 for the bias leaves the other for the sum that it adds to.
    for_bias = np.abs(layer.bias).astype(np.float64) / (float(input_scale) * (_BIAS_MAX / 2))
    scale = np.maximum(for_weight, for_bias).astype(np.float32)
    # A row of zeros, or next to them: every weight is stored as 0.
    scale[scale * min(1.0, float(input_scale)) < _LEAST_SCALE] = 1.0
    weight = np.clip(np.rint(layer.weight / scale[:, None]), -_WEIGHT_MAX, _WEIGHT_MAX)
    bias = np.rint(layer.bias.astype(np.float64) / (input_scale * scale))
    return IntegerLayer(weight.astype(np.int8), bias.astype(np.int32), scale)


def _parts(graph: DenseGraph) -> list[tuple[str, DenseLayer]]:
    """What has weights of its own, by name."""
    if graph.denoising is not None:
        return parts_of(graph)
    return [(f"layer{index}", layer) for index, layer in enumerate(graph.layers)]


def _taken(graph: DenseGraph, observations: FloatArray) -> list[FloatArray]:
    """What each of these takes."""
    if graph.denoising is not None:
        return taken_by(graph, observations)
    taken = [observations]
    for layer in graph.layers[:-1]:
        taken.append(layer.forward(taken[-1]))
    return taken


def _decided(nodes: Nodes, graph: DenseGraph, source: str, products: Sequence[Product]) -> str:
    """The name of the action."""
    if graph.denoising is not None:
        return write_passes(nodes, graph, source, products)
    for index, (layer, product) in enumerate(zip(graph.layers, products, strict=True)):
        source = write_activation(nodes, f"layer{index}", layer, product(f"layer{index}", source))
    return source


def _in_passes(graph: DenseGraph) -> str:
    return "" if graph.denoising is None else f", {graph.passes} passes of denoising one after the other"


def _passes(graph: DenseGraph) -> dict[str, object]:
    return {} if graph.denoising is None else {"passes": graph.passes}


def _float_product(nodes: Nodes, name: str, layer: DenseLayer) -> Product:
    weight = nodes.constant(f"{name}_weight", layer.weight)
    bias = nodes.constant(f"{name}_bias", layer.bias)
    return lambda at, source: _sum(nodes, at, source, weight, bias)


def _integer_product(nodes: Nodes, name: str, layer: DenseLayer, taken: FloatArray) -> Product:
    """The product in integers, its input quantised over the range that ``taken`` has."""
    scale = activation_scale(taken)
    quantized = quantize_layer(layer, scale.scale)
    stored = (quantized.weight + np.int16(_ZERO)).astype(np.uint8)
    weight = _stored(nodes, f"{name}_weight", stored, quantized.scale, _ZERO)
    bias = _stored(nodes, f"{name}_bias", quantized.bias, scale.scale * quantized.scale, 0)
    return lambda at, source: _sum(nodes, at, _quantized(nodes, at, source, scale), weight, bias)


def _sum(nodes: Nodes, name: str, source: str, weight: str, bias: str) -> str:
    return nodes.op("Gemm", [source, weight, bias], f"{name}_sum", transB=1)


def _quantized(nodes: Nodes, name: str, source: str, scale: ActivationScale) -> str:
    """``source`` through uint8 and back."""
    by = [nodes.constant(f"{name}_scale", scale.scale), nodes.constant(f"{name}_zero", scale.zero)]
    stored = nodes.op("QuantizeLinear", [source, *by], f"{name}_quantized")
    return nodes.op("DequantizeLinear", [stored, *by], f"{name}_input")


def _stored(nodes: Nodes, name: str, integers: NDArray[np.integer[Any]], scale: FloatArray, zero: int) -> str:
    """``scale (integers - zero)``, row by row."""
    parts = {"integers": integers, "scale": scale, "zero": np.full(len(scale), zero, integers.dtype)}
    by = [nodes.constant(f"{name}_{part}", array) for part, array in parts.items()]
    return nodes.op("DequantizeLinear", by, name, axis=0)
