"""Ridge regression on products of features and powers of a length, added up block by block."""

from typing import Any

import numpy as np

NDArray = np.ndarray[Any, np.dtype[np.float64]]
_FOLDS = 5
_DEGREE = 6
"""Of the length's logarithm: a curve that rises to a peak and falls."""
_STRENGTHS = np.geomspace(1e-7, 1e1, 17)
"""Tried, as a share of the mean square of a column."""
_BLOCK = 4096


class Ridge:
    """Least squares, held small: products of the columns ``1, x_i, x_i x_j`` and ``1, t, ..., t^6``.

    All products are never held at once: sums of their squares are, fold by fold. The strength is that of
    least squared error on folds left out.
    """

    coefficients: NDArray
    strength: float

    def fit(self, inputs: NDArray, scores: NDArray) -> "Ridge":
        """Fit scores ``(n,)`` of inputs ``(n, F + 1)``, the last the length's logarithm, all in [-1, 1]."""
        folds = [_sums(inputs[fold::_FOLDS], scores[fold::_FOLDS]) for fold in range(_FOLDS)]
        whole = [np.sum(parts, axis=0) for parts in zip(*folds, strict=True)]
        errors = np.zeros(len(_STRENGTHS))
        for gram, moment, _ in folds:
            rest = _solutions(whole[0] - gram, whole[1] - moment, _STRENGTHS)
            errors += np.einsum("ks,kl,ls->s", rest, gram, rest, optimize=True) - 2.0 * moment @ rest
        self.strength = float(_STRENGTHS[errors.argmin()])
        self.coefficients = _solutions(whole[0], whole[1], np.array([self.strength]))[:, 0]
        return self

    def predict(self, inputs: NDArray) -> NDArray:
        """Scores ``(n,)`` of inputs ``(n, F + 1)``."""
        starts = range(0, max(len(inputs), 1), _BLOCK)
        return np.concatenate([_columns(inputs[i : i + _BLOCK]) @ self.coefficients for i in starts])


def _columns(inputs: NDArray) -> NDArray:
    features = np.column_stack([np.ones(len(inputs)), inputs[:, :-1]])
    first, second = np.triu_indices(features.shape[1])
    products = features[:, first] * features[:, second]
    powers = np.polynomial.legendre.legvander(inputs[:, -1], _DEGREE)
    columns = (products[:, :, None] * powers[:, None, :]).reshape(len(inputs), -1)
    return np.asarray(columns, dtype=np.float64)


def _sums(inputs: NDArray, scores: NDArray) -> tuple[NDArray, NDArray, float]:
    """``X' X``, ``X' y`` and ``y' y``."""
    gram, moment = np.zeros(()), np.zeros(())
    for start in range(0, len(inputs), _BLOCK):
        columns, wanted = _columns(inputs[start : start + _BLOCK]), scores[start : start + _BLOCK]
        gram, moment = gram + columns.T @ columns, moment + columns.T @ wanted
    return gram, moment, float(scores @ scores)


def _solutions(gram: NDArray, moment: NDArray, strengths: NDArray) -> NDArray:
    """Coefficients ``(P, strengths)``; the first column, of a constant, is weighed as the others are."""
    values, vectors = np.linalg.eigh(gram)
    weights = strengths * np.trace(gram) / len(gram)
    shrunk = 1.0 / (np.maximum(values, 0.0)[:, None] + weights)
    found: NDArray = vectors @ (shrunk * (vectors.T @ moment)[:, None])
    return found
