"""The scale of a layer's integers: a search for the threshold at which its weights are rounded best.

Only the ratio of weights to threshold matters, for spikes are binary, and a threshold is an integer: so the
candidates are integers too, each of them a scale. A larger one resolves small weights finer, and clips large
ones.
"""

import numpy as np
from numpy.typing import NDArray

from neuro_aolo_export.loihi2.integers import WEIGHT_MIN

Floats = NDArray[np.float64]

_BELOW, _ABOVE = 8, 16
"""How far from the largest threshold that clips nothing others are tried, as factors."""
_PER_E_FOLD = 1024
"""Candidates are at most 1/1024 apart at first: beside the right one, no weight of up to 128 steps is off by
more than an eighth of one."""
_LARGEST, _SAMPLED = 256, 2048
_BEST, _EXACT = 8, 16
_CHUNK = 256
_NOTHING = 1e-12
"""Share of the weights' mean square below which an error is float32's own rounding."""


def best_threshold(axons: Floats, threshold: float, step: int, limit: int) -> int:
    """The integer threshold of least rounding error, ``sum_ij (W_int / scale - W)_ij^2``.

    Some thousand candidates are judged by the largest weights and a sample of the others, and the best of
    them by all weights. Where several are without error, as with weights that lie on a grid already, it is
    the largest.

    Args:
        axons: weights and biases ``(out, in + 1)``, in units of the membrane potential, not all 0.
        threshold: V_th of the float layer; the scale is the integer threshold over it.
        step: distance of neighbouring integer weights.
        limit: the largest integer threshold that the chip allows.
    """
    values = axons.ravel()
    unclipped = -(WEIGHT_MIN + step) * threshold / float(np.abs(values).max())
    start = int(min(max(unclipped, 1.0), limit))
    candidates = _spaced(max(1, start // _BELOW), min(limit, start * _ABOVE))
    sample = _sample(values)
    best = candidates[np.argsort(_errors(candidates, *sample, threshold, step), kind="stable")[:_BEST]]
    near = np.unique(np.concatenate([_around(int(one)) for one in best]).clip(1, limit))
    best = near[np.argsort(_errors(near, *sample, threshold, step), kind="stable")[:_EXACT]]
    final = np.unique(np.append(best, start))
    alike = np.ones_like(values)
    exact = np.concatenate(
        [_errors(final[i : i + 1], values, alike, threshold, step) for i in range(len(final))]
    )
    exact[exact <= _NOTHING * float(values @ values)] = 0.0
    return int(final[exact == exact.min()].max())


def _spaced(low: int, high: int) -> NDArray[np.int64]:
    """Integers from ``low`` to ``high`` at about equal ratios."""
    count = int(np.log(high / low) * _PER_E_FOLD) + 2
    return np.unique(np.geomspace(low, high, count).round().astype(np.int64))


def _around(candidate: int) -> NDArray[np.int64]:
    """The integers that :func:`_spaced` left out beside a candidate."""
    reach = candidate // _PER_E_FOLD + 1
    return np.arange(candidate - reach, candidate + reach + 1)


def _sample(values: Floats) -> tuple[Floats, Floats]:
    """The largest values, which may be clipped, and every k-th of the others, which stand for k each."""
    order = np.argsort(-np.abs(values), kind="stable")
    largest, others = order[:_LARGEST], order[_LARGEST:]
    stride = max(1, len(others) // _SAMPLED)
    taken = others[::stride]
    share = np.repeat([1.0, stride], [len(largest), len(taken)])
    return values[np.concatenate([largest, taken])], share


def _errors(
    candidates: NDArray[np.int64], values: Floats, weights: Floats, threshold: float, step: int
) -> Floats:
    """The weighted sum of squared errors of each candidate, in squared units of the membrane potential."""
    low, high = WEIGHT_MIN / step, -WEIGHT_MIN / step - 1
    found = []
    for start in range(0, len(candidates), _CHUNK):
        per_unit = candidates[start : start + _CHUNK, None] / (threshold * step)
        steps = per_unit * values
        error = np.rint(steps).clip(low, high) - steps
        error *= error
        found.append(error @ weights / per_unit[:, 0] ** 2)
    return np.concatenate(found)
