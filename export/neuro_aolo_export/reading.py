"""A dense network put together operator by operator, as another format or a traced module tells it.

What is computed of a row h of numbers is kept as ``f(s (W h) + t)``, entry by entry: first an affine map,
then a function. A constant that is added or multiplied joins the map. Files spell an activation in many ways
(GELU is five operators or one), so f is told by its values: it is the activation that it equals on a grid, up
to a scale and a shift, which join the map of the next layer. :func:`difference` runs what was read beside its
source.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from neuro_aolo_export.activations import Activation
from neuro_aolo_export.arrays import as_observations, require
from neuro_aolo_export.dense import DenseGraph, DenseLayer
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.recognise import Floats, Function, recognise

MOST_INPUTS = 1 << 22
"""Of a network: an image of 1,000 x 1,000 colours has three million."""


@dataclass(frozen=True, eq=False)
class Affine:
    """``scale (W h) + shift`` of the output h of finished layers.

    Attributes:
        layers: finished ones.
        weight: W ``(n, m)`` of the layer at work; None where h itself is scaled and shifted.
        scale: ``(n,)``.
        shift: ``(n,)``.
        folded: operators that joined a layer's weights and are none of its own.
        waiting: those that the next layer takes up, if there is one.
        lacks_bias: whether what is added next is the bias of the layer at work.
    """

    layers: tuple[DenseLayer, ...]
    weight: Floats | None
    scale: Floats
    shift: Floats
    folded: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    lacks_bias: bool = False


@dataclass(frozen=True, eq=False)
class Row:
    """What has been computed of a row of inputs so far.

    Attributes:
        base: its affine part; rows of the same object may be combined entry by entry.
        function: of each entry; None for none.
        operators: that the function is made of, as people read them.
    """

    base: Affine
    function: Function | None = None
    operators: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Numbers in the row."""
        return len(self.base.scale)

    def of(self, x: Floats) -> Floats:
        """The function's values."""
        return x if self.function is None else self.function(x)


@dataclass(frozen=True, eq=False)
class ReadLayers:
    """A dense network, read.

    Attributes:
        layers: in order.
        scale: of its outputs ``(A,)``, which no later layer takes up; ones where there is none.
        shift: likewise, zeros where there is none.
        folded: operators that joined a layer's weights.
        rescaling: those that scale and shift the outputs.
    """

    layers: tuple[DenseLayer, ...]
    scale: Floats
    shift: Floats
    folded: tuple[str, ...]
    rescaling: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, and outputs of each layer."""
        return (self.layers[0].inputs, *(layer.neurons for layer in self.layers))


def inputs(width: int) -> Row:
    """The row of a network's inputs.

    Raises:
        ExportError: there are more than any network has.
    """
    if width > MOST_INPUTS:
        raise ExportError(f"{width:,} inputs: a network has at most {MOST_INPUTS:,}; give another file")
    return Row(Affine((), None, np.ones(width), np.zeros(width)))


def linear(row: Row, weight: Floats, bias: Floats | None) -> Row:
    """``W row + b`` of weight ``(n, m)`` and bias ``(n,)``.

    Raises:
        ExportError: shapes that do not fit, or a function before it that is no activation of a layer.
    """
    require(
        weight.ndim == 2 and weight.shape[1] == row.width,
        f"its weights {weight.shape} do not take {row.width} numbers a decision",
    )
    before = _closed(row)
    shift = weight @ before.shift
    if bias is not None:
        require(bias.size in (1, len(weight)), f"its bias has {bias.size} entries, not {len(weight)}")
        shift = shift + bias.reshape(-1)
    # Behind a finished layer h is scaled before W, so that the products stay as many.
    return Row(
        Affine(
            before.layers,
            weight * before.scale,
            np.ones(len(weight)),
            shift,
            before.folded + before.waiting,
            lacks_bias=bias is None,
        )
    )


def scaled(row: Row, scale: Floats, shift: Floats, operator: str) -> Row:
    """``scale row + shift``, each ``(n,)`` or ``(1,)``; it joins the weights of a layer.

    Raises:
        ExportError: as of :func:`linear`.
    """
    joined = _joined(row)
    base = joined.base if joined.function is None else _closed(joined)
    own = base.lacks_bias and bool((scale == 1.0).all())
    return Row(_mapped(base, scale, shift, () if own else (operator,)))


def combined(rows: Sequence[Row], function: Callable[..., Floats], operator: str) -> Row:
    """A function of one row, or of several that were computed of the same sums, entry by entry.

    Raises:
        ExportError: they were not.
    """
    first = rows[0]
    require(
        all(row.base is first.base for row in rows),
        "it joins two paths of the network, and only a chain of layers has a price here",
    )
    before = dict.fromkeys(name for row in rows for name in row.operators)
    return Row(first.base, lambda x: np.asarray(function(*(row.of(x) for row in rows))), (*before, operator))


def over_rows(row: Row, activation: Activation) -> Row:
    """``softmax`` or ``log_softmax``, which end a layer.

    Raises:
        ExportError: there is no layer right before it.
    """
    joined = _joined(row)
    require(
        joined.function is None and joined.base.weight is not None,
        f"{activation} has a price right behind a layer's sum alone",
    )
    return Row(_end(joined.base, activation, None))


def finished(row: Row) -> ReadLayers:
    """The network whose outputs the row is.

    Raises:
        ExportError: it has no layer, or as of :func:`linear`.
    """
    base = _closed(row)
    require(len(base.layers) > 0, "there is no layer of Gemm or MatMul before it")
    return ReadLayers(base.layers, base.scale, base.shift, base.folded, base.waiting)


def difference(layers: ReadLayers, inputs: ArrayLike, theirs: Function, source: str, run_by: str) -> float:
    """Largest difference between what was read and what it was read of, on the same inputs.

    As much is allowed as float32 rounds: 2e-5 of the largest output, and 16 times what our own outputs move
    between float32 and float64.

    Args:
        layers: what was read.
        inputs: ``(B, D)``.
        theirs: outputs ``(B, A)`` of inputs.
        source: what it was read of.
        run_by: what runs it.

    Raises:
        ExportError: they differ by more, or are not finite; inputs of another shape, or not finite.
    """
    given = as_observations(inputs, layers.layers[0].inputs)
    require(len(given) > 0, "there are no inputs: give at least one decision")
    exact = np.asarray(inputs, np.float64)
    expected = theirs(exact)
    with np.errstate(all="ignore"):
        graph = DenseGraph(layers.layers)
        ours = graph.forward(given).astype(np.float64) * layers.scale + layers.shift
        for layer in layers.layers:
            exact = layer.forward(exact)  # type: ignore[arg-type, assignment]
        rounding = np.abs(exact * layers.scale + layers.shift - ours)
        require(
            expected.shape == ours.shape,
            f"{source} was wrongly read: {run_by} gives outputs of shape {expected.shape}, not {ours.shape}; "
            "please report it",
        )
        away = float(np.abs(expected - ours).max())
    require(
        bool(np.isfinite(expected).all() and np.isfinite(ours).all()),
        f"{source} gives outputs that are not finite: give inputs in the range that it was trained on",
    )
    most = 2e-5 * float(np.abs(expected).max()) + 16.0 * float(rounding.max())
    require(
        away <= most,
        f"{source} was wrongly read: outputs differ from {run_by}'s by {away:.3g}, where rounding explains "
        f"{most:.3g}; please report it",
    )
    return away


def _closed(row: Row) -> Affine:
    """The affine map behind the last layer, which is finished."""
    joined = _joined(row)
    base = joined.base
    if joined.function is None:
        return base if base.weight is None else _end(base, "identity", None)
    found = recognise(joined.function, joined.operators)
    require(
        base.weight is not None,
        f"{joined.operators[-1]} is an activation without a layer of its own before it",
    )
    ended = _end(base, found.name, found.alpha)
    if (found.scale, found.shift) == (1.0, 0.0):
        return ended
    return _mapped(ended, found.scale, found.shift, joined.operators[-1:])


def _joined(row: Row) -> Row:
    """The row with a function that is affine taken into its map."""
    if row.function is None:
        return row
    try:
        found = recognise(row.function, row.operators)
    except ExportError:
        return row
    if found.name != "identity":
        return row
    own = row.base.lacks_bias and found.scale == 1.0
    return Row(_mapped(row.base, found.scale, found.shift, () if own else row.operators))


def _mapped(base: Affine, scale: Floats | float, shift: Floats | float, operators: tuple[str, ...]) -> Affine:
    return replace(
        base,
        scale=base.scale * scale,
        shift=base.shift * scale + shift,
        folded=base.folded + (() if base.weight is None else operators),
        waiting=base.waiting + (operators if base.weight is None else ()),
        lacks_bias=False,
    )


def _end(base: Affine, activation: Activation, alpha: float | None) -> Affine:
    assert base.weight is not None
    with np.errstate(over="ignore"):  # The layer refuses what is not finite.
        weight = (base.weight * base.scale[:, None]).astype(np.float32)
        bias = base.shift.astype(np.float32)
    layer = DenseLayer(weight, bias, activation, alpha)
    size = layer.neurons
    return Affine((*base.layers, layer), None, np.ones(size), np.zeros(size), base.folded)
