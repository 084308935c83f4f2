"""A PyTorch module of linear layers and activations as a graph, whatever its ``forward`` looks like.

References:
    J. Reed et al. (2022), torch.fx: practical program capture and transformation for deep learning in Python,
    MLSys, arXiv:2112.08429.
"""

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, fx, nn

from neuro_aolo_export import reading
from neuro_aolo_export.activations import Activation, activate
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.reading import ReadLayers, Row
from neuro_aolo_export.recognise import Floats

_OF_SPIKES = ("norse", "snntorch", "spikingjelly", "sinabs", "bindsnet", "lava", "rockpool", "spyx")
_MODULES: dict[type[nn.Module], Activation] = {
    nn.ReLU: "relu",
    nn.ReLU6: "relu6",
    nn.SELU: "selu",
    nn.SiLU: "silu",
    nn.Hardswish: "hard_swish",
    nn.Mish: "mish",
    nn.Sigmoid: "sigmoid",
    nn.Hardsigmoid: "hard_sigmoid",
    nn.Tanh: "tanh",
}
_FUNCTIONS: dict[str, Activation] = {
    "relu": "relu",
    "relu_": "relu",
    "relu6": "relu6",
    "selu": "selu",
    "silu": "silu",
    "hardswish": "hard_swish",
    "mish": "mish",
    "sigmoid": "sigmoid",
    "hardsigmoid": "hard_sigmoid",
    "tanh": "tanh",
}
_SAME_ROW = {"flatten", "reshape", "view", "squeeze", "contiguous", "detach", "clone", "float", "dropout"}
_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "div": operator.truediv,
}
_OF_SIZES = {"size", "dim", "getattr", "getitem"}
_ONLY = "only linear layers and activations are"
_FIX = "export it to ONNX, and give that file, if it is a dense network all the same"


class _Sizes:
    """A shape, which reshaping takes."""


def read_module(module: nn.Module, inputs: ArrayLike) -> tuple[ReadLayers, float]:
    """The layers of a module, and how far their outputs are from its own.

    Args:
        module: takes ``(B, D)`` and gives ``(B, A)``; it is read in evaluation mode.
        inputs: ``(B, D)``.

    Raises:
        ExportError: an operator that has no price, a spiking module, or outputs that differ.
    """
    name = type(module).__name__
    spiking = [part for part in module.modules() if _library(part) in _OF_SPIKES]
    if spiking:
        # The last of them is a layer, and no container.
        raise ExportError(
            f"{name} holds {type(spiking[-1]).__name__} of {_library(spiking[-1])}, a spiking layer: export "
            "it as NIR, and give the .nir file with input spikes"
        )
    given = np.asarray(inputs, np.float64)
    was_training = module.training
    module.eval()
    try:
        row = _row(module, given.shape[-1] if given.ndim else 0)
        if given.ndim != 2:
            raise ExportError(f"inputs have shape {given.shape}: give (decisions, numbers)")
        layers = reading.finished(row)

        def run(x: Floats) -> Floats:
            weight = next(module.parameters())
            with torch.no_grad():
                told = module(torch.as_tensor(x, dtype=weight.dtype, device=weight.device))
            return np.asarray(told.numpy(force=True), np.float64).reshape(len(x), -1)

        return layers, reading.difference(layers, given, run, name, "PyTorch")
    except ExportError as error:
        raise ExportError(f"{name}: {error}") from None
    finally:
        module.train(was_training)


def _library(part: nn.Module) -> str:
    return type(part).__module__.split(".")[0]


def _row(module: nn.Module, width: int) -> Row:
    try:
        graph = fx.Tracer().trace(module)
    except Exception as error:  # whatever a module's forward raises of proxies
        reason = " ".join(str(error).split())[:160]
        raise ExportError(f"its forward cannot be traced ({reason}): {_FIX}") from None
    values: dict[fx.Node, Any] = {}
    for node in graph.nodes:
        arguments = fx.node.map_arg(node.args, lambda each: values[each])
        named = fx.node.map_arg(node.kwargs, lambda each: values[each])
        if node.op == "placeholder":
            if any(isinstance(value, Row) for value in values.values()):
                values[node] = node.args[0] if node.args else None
                continue
            values[node] = reading.inputs(width)
        elif node.op == "get_attr":
            values[node] = _attribute(module, str(node.target))
        elif node.op == "output":
            result = arguments[0]
            if not isinstance(result, Row):
                raise ExportError(
                    f"it gives a {type(result).__name__}, not one tensor: wrap the part that decides"
                )
            return result
        else:
            values[node] = _applied(module, node, arguments, named)
    raise ExportError("its forward gives nothing")


def _attribute(module: nn.Module, path: str) -> Any:
    found = operator.attrgetter(path)(module)
    return found.detach().cpu().double().numpy() if isinstance(found, Tensor) else found


def _applied(module: nn.Module, node: fx.Node, arguments: Any, named: Mapping[str, Any]) -> Any:
    """What an operator makes of rows and constants."""
    if node.op == "call_module":
        part = module.get_submodule(str(node.target))
        told = f"{type(part).__name__} ({node.target})"
        return _of_module(part, told, arguments[0])
    target = (
        node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))
    )
    told = f"{target} ({node.name})"
    first = arguments[0] if arguments else named.get("input")
    if target == "linear" and isinstance(first, Row):
        weight, bias = (
            named.get(name, arguments[index] if len(arguments) > index else None)
            for index, name in ((1, "weight"), (2, "bias"))
        )
        return reading.linear(first, weight, bias)
    if target in _ARITHMETIC and not (set(named) - {"input", "other"}):
        pair = [*arguments, *named.values()]
        return _sum_or_product(target, pair, told)
    if isinstance(first, np.ndarray) and (target == "t" or list(arguments[1:]) == ["T"]):
        return first.T
    if target in _OF_SIZES and isinstance(first, Row | _Sizes):
        return _Sizes()
    if not isinstance(first, Row):
        raise ExportError(f"{told} is not priced: {_ONLY}; {_FIX}")
    if target in ("matmul", "mm") and isinstance(arguments[1], np.ndarray):
        return reading.linear(first, arguments[1].T, None)
    if target in _SAME_ROW:
        return first
    if target in ("softmax", "log_softmax"):
        kind: Activation = "softmax" if target == "softmax" else "log_softmax"
        return _over_rows(first, kind, named.get("dim", arguments[1] if len(arguments) > 1 else None), told)
    function = _function(target, arguments[1:], named)
    if function is None:
        raise ExportError(f"{told} is not priced: {_ONLY}; {_FIX}")
    return reading.combined([first], function, told)


def _of_module(part: nn.Module, told: str, row: Any) -> Row:
    if not isinstance(row, Row):
        raise ExportError(f"{told} is not given a row of numbers: {_FIX}")
    if isinstance(part, nn.Linear):
        weight, bias = (
            None if tensor is None else tensor.detach().cpu().double().numpy()
            for tensor in (part.weight, part.bias)
        )
        assert weight is not None
        return reading.linear(row, weight, bias)
    if isinstance(part, nn.Flatten | nn.Identity | nn.Dropout | nn.AlphaDropout):
        return row
    if isinstance(part, nn.Softmax | nn.LogSoftmax):
        return _over_rows(row, "softmax" if isinstance(part, nn.Softmax) else "log_softmax", part.dim, told)
    if isinstance(part, nn.BatchNorm1d) and part.running_mean is not None and part.running_var is not None:
        mean, variance = (each.double().cpu().numpy() for each in (part.running_mean, part.running_var))
        scale = 1.0 / np.sqrt(variance + part.eps)
        shift = -mean * scale
        if part.affine:
            gain, offset = (each.detach().double().cpu().numpy() for each in (part.weight, part.bias))
            scale, shift = scale * gain, shift * gain + offset
        return reading.scaled(row, scale, shift, told)
    function = _module_function(part)
    if function is None:
        raise ExportError(f"{told} is not priced: {_ONLY}; {_FIX}")
    return reading.combined([row], function, told)


def _module_function(part: nn.Module) -> Callable[[Floats], Floats] | None:
    named = _MODULES.get(type(part))
    if named is not None:
        return lambda x: activate(named, x)
    if isinstance(part, nn.LeakyReLU):
        return lambda x: activate("leaky_relu", x, part.negative_slope)
    if isinstance(part, nn.ELU):
        return lambda x: activate("elu", x, part.alpha)
    if isinstance(part, nn.GELU):
        return lambda x: activate("gelu" if part.approximate == "none" else "gelu_tanh", x)
    if isinstance(part, nn.Softplus):
        return lambda x: activate("softplus", part.beta * x) / part.beta
    if isinstance(part, nn.Hardtanh):
        return lambda x: np.clip(x, part.min_val, part.max_val)
    if isinstance(part, nn.PReLU) and part.num_parameters == 1:
        slope = float(part.weight.detach())
        return lambda x: activate("leaky_relu", x, slope)
    return None


def _function(target: str, rest: Any, named: Mapping[str, Any]) -> Callable[[Floats], Floats] | None:
    def option(index: int, name: str, usual: Any) -> Any:
        return named.get(name, rest[index] if len(rest) > index else usual)

    if target in _FUNCTIONS:
        return lambda x: activate(_FUNCTIONS[target], x)
    if target == "gelu":
        return lambda x: activate("gelu_tanh" if option(0, "approximate", "none") == "tanh" else "gelu", x)
    if target == "leaky_relu":
        return lambda x: activate("leaky_relu", x, option(0, "negative_slope", 0.01))
    if target == "elu":
        return lambda x: activate("elu", x, option(0, "alpha", 1.0))
    if target == "softplus":
        beta = option(0, "beta", 1.0)
        return lambda x: activate("softplus", beta * x) / beta
    if target in ("clamp", "clip", "hardtanh"):
        ends, usual = (("min_val", "max_val"), 1.0) if target == "hardtanh" else (("min", "max"), math.inf)
        least, most = option(0, ends[0], None), option(1, ends[1], None)
        return lambda x: np.clip(x, -usual if least is None else least, usual if most is None else most)
    return None


def _sum_or_product(target: str, pair: list[Any], told: str) -> Row:
    """Rows of the same sums, or a row and a constant, added or multiplied."""
    rows = [each for each in pair if isinstance(each, Row)]
    if len(pair) != 2 or not rows:
        raise ExportError(f"{told} is not priced: {_ONLY}; {_FIX}")
    compute = _ARITHMETIC[target]
    first, second = pair
    if len(rows) == 2:
        return reading.combined(rows, compute, told)
    constant = np.asarray(second if isinstance(first, Row) else first, np.float64)
    if constant.size == 1:
        number = float(constant.reshape(()))
        return reading.combined(
            rows, lambda x: compute(x, number) if isinstance(first, Row) else compute(number, x), told
        )
    row = rows[0]
    if constant.size != row.width or (target in ("truediv", "div") and not isinstance(first, Row)):
        raise ExportError(f"{told} has a constant of shape {constant.shape}, which no layer takes up: {_FIX}")
    at_0 = compute(0.0, constant) if isinstance(first, Row) else compute(constant, 0.0)
    at_1 = compute(1.0, constant) if isinstance(first, Row) else compute(constant, 1.0)
    return reading.scaled(row, (at_1 - at_0).reshape(-1), at_0.reshape(-1), told)


def _over_rows(row: Row, name: Activation, dim: int | None, told: str) -> Row:
    if dim not in (-1, 1):
        raise ExportError(f"{told} is over dimension {dim}, and a decision's numbers are dimension 1: {_FIX}")
    return reading.over_rows(row, name)
