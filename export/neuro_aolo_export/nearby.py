"""Two float implementations of one network, spike for spike, and why they part where they do.

Float sums depend on their order, so two right implementations differ in the last bits of a potential, and
in a spike where the potential comes that near to its threshold; all that follows from that spike may differ
too. Here every difference that nothing before it causes is found and its potential recomputed in float64:
it is explained if its distance from the threshold is within what float32 may lose.

The bound is a running error analysis: each operation loses at most u = 2^-24 of its result, and a sum of n
terms in any order n u of their magnitudes. That is the worst case: an actor with 256 neurons a layer has
bounds of 1e-4, at a threshold of 0.5, and met distances of 1e-7 (PyTorch beside onnxruntime). A potential
that is wrong for another reason is seldom within them.

References:
    N. J. Higham (2002), Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM, sections 3.1, 3.3 and
    4.2, doi:10.1137/1.9780898718027.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuro_aolo_export.arrays import FloatArray, SpikeArray, as_observations, require
from neuro_aolo_export.graph import PopulationEncoder, SpikingGraph, SpikingLayer

_UNIT = 2.0**-24
# Roundings of a neuron's step beside the sum: products, sums and constants of either way to write it
# (Norse's v + (1 - d_v)(i - v) has the most).
_ROUNDINGS = 4
# Of A = exp(-((s - mu) / sigma)^2 / 2): the exponent's relative error, and the exponential's own.
_EXPONENT_ROUNDINGS = 6
_EXPONENTIAL_ROUNDINGS = 4
_ENCODER = -1


@dataclass(frozen=True, order=True)
class Crossing:
    """A spike that one implementation has and the other has not, without a difference before it.

    Attributes:
        decision: index in the batch.
        layer: index of the layer; -1 for the encoder.
        step: time step, from 0.
        neuron: index in the layer.
        distance: |v - V_th| in float64.
        bound: what two float32 computations of v may lose together.
    """

    decision: int
    layer: int
    step: int
    neuron: int
    distance: float
    bound: float

    @property
    def explained(self) -> bool:
        """Rounding alone can tell the two apart."""
        return self.distance <= self.bound


@dataclass(frozen=True)
class Agreement:
    """Two implementations on the same decisions.

    Attributes:
        decisions: decisions compared.
        slots: neurons times steps times decisions compared, the encoder's included.
        differing: decisions in which a spike differs.
        exceptions: decisions whose actions differ by more than the tolerance.
        largest_difference: largest difference of an action.
        largest_same: the same, among decisions with the same output spikes.
        crossings: where the spikes of the differing decisions part.
        unexplained: exceptions whose spikes part nowhere, or somewhere out of rounding's reach.
    """

    decisions: int
    slots: int
    differing: int
    exceptions: int
    largest_difference: float
    largest_same: float
    crossings: tuple[Crossing, ...]
    unexplained: int


def compare_decisions(
    graph: SpikingGraph,
    observations: ArrayLike,
    first: tuple[NDArray[np.floating], Sequence[SpikeArray]],
    second: tuple[NDArray[np.floating], Sequence[SpikeArray]],
    *,
    tolerance: float = 1e-5,
) -> Agreement:
    """Compare two implementations of the graph on observations ``(B, D)``.

    Args:
        graph: the network, with an encoder and a decoder.
        observations: what both were given, in [-1, 1].
        first: actions ``(B, A)`` of one, and its spikes ``(T, B, N)``: the encoder's, then each layer's.
        second: of the other.
        tolerance: difference of an action that is no exception.

    Raises:
        ExportError: shapes do not fit the graph or each other.
    """
    crossings = trace_differences(graph, observations, first[1], second[1])
    require(
        first[0].shape == second[0].shape and len(first[0]) == first[1][0].shape[1],
        f"actions have shapes {first[0].shape} and {second[0].shape}: give both, of the same decisions",
    )
    away = np.abs(np.asarray(first[0], np.float64) - second[0]).max(axis=1, initial=0.0)
    parted = _parted(first[1], second[1])
    same_output = ~_parted(first[1][-1:], second[1][-1:])
    without_cause = ~parted
    without_cause[[crossing.decision for crossing in crossings if not crossing.explained]] = True
    exceptions = ~(away <= tolerance)
    return Agreement(
        decisions=len(away),
        slots=sum(train.size for train in first[1]),
        differing=int(parted.sum()),
        exceptions=int(exceptions.sum()),
        largest_difference=float(away.max(initial=0.0)),
        largest_same=float(away[same_output].max(initial=0.0)),
        crossings=crossings,
        unexplained=int((exceptions & without_cause).sum()),
    )


def trace_differences(
    graph: SpikingGraph,
    observations: ArrayLike | None,
    first: Sequence[SpikeArray],
    second: Sequence[SpikeArray],
) -> tuple[Crossing, ...]:
    """Where two implementations part, first in causal order, in every differing decision.

    A spike hangs on the spikes of the layer before, up to its own step, and on its own neuron's earlier
    ones. A difference none of these has is a cause; all others may follow from one.

    Args:
        graph: the network.
        observations: ``(B, D)`` in [-1, 1]; None where the graph has no encoder.
        first: spikes of one implementation, ``(T, B, N)``: the encoder's, or the input's where there is
            none, then each layer's.
        second: of the other.

    Raises:
        ExportError: shapes do not fit the graph or each other, or input spikes differ.
    """
    _require_shapes(graph, first, second)
    decisions = np.flatnonzero(_parted(first, second))
    ours = [train[:, decisions] for train in first]
    differs = [one != train[:, decisions] for one, train in zip(ours, second, strict=True)]
    found: list[Crossing] = []
    if not isinstance(graph.encoder, PopulationEncoder):
        # What is graded is rounded alike by both: no rounding explains another number.
        require(not differs[0].any(), "the two were given other input spikes: give both the same")
    else:
        batch = _observations(graph, observations, first[0].shape[1])[decisions]
        for place, step, neuron in _causes(differs[0], None):
            fired = ours[0][:step, place, neuron]
            away = _encoder_distance(graph.encoder, batch[place], fired, neuron)
            found.append(Crossing(int(decisions[place]), _ENCODER, step, neuron, *away))
    for index, layer in enumerate(graph.layers):
        for place, step, neuron in _causes(differs[index + 1], differs[index]):
            arriving, fired = ours[index][: step + 1, place], ours[index + 1][:step, place, neuron]
            away = _layer_distance(layer, neuron, arriving, fired)
            found.append(Crossing(int(decisions[place]), index, step, neuron, *away))
    return tuple(sorted(found))


def _observations(graph: SpikingGraph, observations: ArrayLike | None, decisions: int) -> FloatArray:
    require(observations is not None, "the network has an encoder: give the observations too")
    batch = as_observations(() if observations is None else observations, graph.input_size)
    require(
        len(batch) == decisions,
        f"{len(batch)} observations for spikes of {decisions} decisions: make them equal",
    )
    return batch


def _require_shapes(graph: SpikingGraph, first: Sequence[SpikeArray], second: Sequence[SpikeArray]) -> None:
    sizes = [graph.layers[0].inputs, *(layer.neurons for layer in graph.layers)]
    batch = first[0].shape[1] if first and first[0].ndim == 3 else 0
    wanted = [(graph.steps, batch, size) for size in sizes]
    for spikes in (first, second):
        shapes = [train.shape for train in spikes]
        require(shapes == wanted, f"spikes have shapes {shapes}: the graph's are {wanted}; run it on both")


def _parted(first: Sequence[SpikeArray], second: Sequence[SpikeArray]) -> NDArray[np.bool_]:
    """``(B,)``: the decisions in which any spike differs."""
    differs = [(one != other).any(axis=(0, 2)) for one, other in zip(first, second, strict=True)]
    parted: NDArray[np.bool_] = np.logical_or.reduce(differs)
    return parted


def _causes(differs: NDArray[np.bool_], before: NDArray[np.bool_] | None) -> list[tuple[int, int, int]]:
    """``(decision, step, neuron)`` of differences ``(T, B, N)`` that none of those before them causes."""
    # A neuron's first difference alone: the later ones may follow from it.
    cause = differs & (np.cumsum(differs, axis=0, dtype=np.uint16) == 1)
    if before is not None:
        cause &= ~np.logical_or.accumulate(before.any(axis=2), axis=0)[:, :, None]
    return [(int(b), int(t), int(n)) for t, b, n in np.argwhere(cause)]


def _layer_distance(
    layer: SpikingLayer, neuron: int, arriving: SpikeArray, fired: SpikeArray
) -> tuple[float, float]:
    """|v - V_th| at the last of the steps ``(t + 1, N0)`` that arrive, and its bound.

    ``fired`` ``(t,)`` is when the neuron fired before.
    """
    weight, bias = layer.weight[neuron].astype(np.float64), float(layer.bias[neuron])
    c = c_error = v = v_error = 0.0
    for step, spikes in enumerate(arriving):
        # A graded spike adds its number of weights.
        heard = (weight * spikes)[spikes > 0]
        if step and fired[step - 1]:
            if layer.reset == "subtract":
                v -= layer.threshold
                v_error += _UNIT * abs(v)
            else:
                v = v_error = 0.0
        summed = np.abs(heard).sum() + abs(bias)
        kept = layer.current_decay * c
        c = kept + float(heard.sum()) + bias
        rounded = _ROUNDINGS * (abs(kept) + abs(c)) + (len(heard) + 1) * summed
        c_error = layer.current_decay * c_error + _UNIT * rounded
        before = v
        v = layer.voltage_decay * v + c
        v_error = layer.voltage_decay * v_error + c_error
        v_error += _UNIT * _ROUNDINGS * (abs(before) + abs(c) + abs(v))
    return abs(v - layer.threshold), 2.0 * float(v_error)


def _encoder_distance(
    encoder: PopulationEncoder, observation: FloatArray, fired: SpikeArray, neuron: int
) -> tuple[float, float]:
    """|v - V_enc| one step after the steps ``(t,)`` in which the neuron fired or not, and its bound."""
    which, place = divmod(neuron, encoder.mean.shape[1])
    mean, std = float(encoder.mean[which, place]), float(encoder.std[which, place])
    exponent = -0.5 * ((float(observation[which]) - mean) / std) ** 2
    stimulus = np.exp(exponent)
    threshold = float(np.float32(encoder.threshold))
    relative = _EXPONENT_ROUNDINGS * abs(exponent) + _EXPONENTIAL_ROUNDINGS
    v = v_error = 0.0
    for spike in (*fired, 0):
        v += stimulus
        v_error += _UNIT * (relative * stimulus + v + threshold)
        if spike:
            v -= threshold
    return abs(v - threshold), 2.0 * float(v_error)
