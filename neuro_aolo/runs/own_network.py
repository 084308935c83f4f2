"""A network of one's own: a file, a PyTorch module or a graph, read and checked, with what it decides on."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo.errors import AgentError
from neuro_aolo.runs.network import read_network_file
from neuro_aolo_export.arrays import as_numbers
from neuro_aolo_export.dense import DenseGraph
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.file_kind import KINDS, require_kind
from neuro_aolo_export.graph import SpikingGraph
from neuro_aolo_export.npz_file import load_array
from neuro_aolo_export.spike_file import INPUT

if TYPE_CHECKING:
    from torch import nn

Inputs = NDArray[np.generic]

DRAWN, SEED = 64, 0
"""Inputs of a dense network that comes without any: what it costs does not depend on them, its check does."""


@dataclass(frozen=True)
class Checked:
    """A reading that was run beside what was read.

    Attributes:
        inputs: decisions that both sides computed.
        drawn: whether they were drawn from a normal distribution for want of others.
        run_by: what ran the other side.
        difference: largest difference of an output.
    """

    inputs: int
    drawn: bool
    run_by: Literal["onnxruntime", "PyTorch"]
    difference: float


@dataclass(frozen=True)
class OwnNetwork:
    """A graph, and how it was come by.

    Attributes:
        source: the file, or the module's class; None of a graph.
        graph: what it is.
        inputs: what it decides on, the decisions first; None of a dense graph that came alone.
        folded: operators that joined the weights of a layer.
        left_out: operators behind the last layer.
        output: which output of an ONNX file was read.
        checked: how the reading was checked; None where nothing was read but a graph.
        reset_assumed: whether a file cannot say how its neurons reset, and nobody did.
    """

    source: str | None
    graph: SpikingGraph | DenseGraph
    inputs: Inputs | None
    folded: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    output: str | None = None
    checked: Checked | None = None
    reset_assumed: bool = False


def read_own(
    network: "str | Path | nn.Module | DenseGraph | SpikingGraph",
    inputs: ArrayLike | str | Path | None,
    output: str | None,
    steps: int | None,
    dt_s: float | None,
    reset: str | None = None,
) -> OwnNetwork:
    """Read a network; the arguments are those of :func:`neuro_aolo.runs.priced_network.price_network`.

    Raises:
        ExportError: a file or module that is not a network with a price, or inputs that do not fit.
        AgentError: arguments that do not go with the network.
    """
    if isinstance(network, str | Path):
        path = Path(network)
        if KINDS.get(path.suffix.lower()) in ("nir", "graph"):
            _refuse(path, {"--output": output})
        if require_kind(path, ("onnx", "nir", "graph")) == "onnx":
            _refuse(path, {"--time-steps": steps, "--dt": dt_s, "--reset": reset})
            return _read_onnx(path, inputs, output)
        _refuse(path, {"--output": output})
        read = read_network_file(path, steps, dt_s, reset)
        given = _array(inputs, f"{path}")
        return OwnNetwork(str(path), read.graph, given, reset_assumed=read.reset_assumed)
    _refuse(type(network).__name__, {"output": output, "steps": steps, "dt_s": dt_s, "reset": reset})
    if isinstance(network, SpikingGraph | DenseGraph):
        return OwnNetwork(None, network, _array(inputs, "the graph"))
    return _read_module(network, inputs)


def _read_onnx(path: Path, inputs: ArrayLike | str | Path | None, output: str | None) -> OwnNetwork:
    from neuro_aolo_export.onnx.read_dense import read_dense

    given = _array(inputs, f"{path}")
    found = read_dense(path, output, None if given is None or given.ndim != 2 else given.shape[1])
    given, drawn = numbers(given, found.graph.input_size, f"{path}")
    checked = Checked(len(given), drawn, "onnxruntime", found.check(given))
    left_out = (*found.layers.rescaling, *found.left_out)
    return OwnNetwork(str(path), found.graph, given, found.layers.folded, left_out, found.output, checked)


def _read_module(module: "nn.Module", inputs: ArrayLike | str | Path | None) -> OwnNetwork:
    from torch import nn

    from neuro_aolo.agent.traced import read_module

    name = type(module).__name__
    if not isinstance(module, nn.Module):
        raise AgentError(f"a {name} is no network: give a file, a graph, or a PyTorch module")
    given = _array(inputs, name)
    ours = getattr(module, "graph", None)
    if callable(ours):
        graph = ours()
        if isinstance(graph, SpikingGraph | DenseGraph):
            return OwnNetwork(name, graph, given)
    if given is None:
        raise ExportError(f"{name} comes without inputs: give an array (decisions, numbers) that it takes")
    if given.ndim == 2:  # Of another shape an operator is probably what does not fit: it is named first.
        numbers(given, given.shape[-1], name)
    layers, difference = read_module(module, given)
    checked = Checked(len(given), False, "PyTorch", difference)
    return OwnNetwork(
        name, DenseGraph(layers.layers), given, layers.folded, layers.rescaling, checked=checked
    )


def numbers(given: Inputs | None, width: int, what: str) -> tuple[Inputs, bool]:
    """Inputs ``(B, width)`` of a dense network, and whether they were drawn."""
    if given is None:
        return np.random.default_rng(SEED).standard_normal((DRAWN, width)), True
    if given.ndim != 2 or given.shape[1] != width or len(given) == 0:
        raise ExportError(f"inputs for {what} have shape {given.shape}: give (decisions, {width})")
    if not np.isfinite(given).all():
        raise ExportError(f"inputs for {what} hold NaN or infinity: every entry must be finite")
    return given, False


def _array(inputs: ArrayLike | str | Path | None, what: str) -> Inputs | None:
    """The array that inputs are, or that lies in their file."""
    if inputs is None:
        return None
    if isinstance(inputs, str | Path):
        wanted = f"of what {what} decides on, the decisions first"
        return load_array(inputs, INPUT, "inputs", wanted)
    return as_numbers(inputs, "inputs")


def _refuse(network: object, given: dict[str, object]) -> None:
    for option, value in given.items():
        if value is not None:
            raise AgentError(f"{option} {value} does not go with {network}: leave it out")
