"""The function from a prompt's features to the length at which its answer scores best."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuro_aolo.systems.arrays import Array, float64, namespace

NDArray = np.ndarray[Any, np.dtype[np.float64]]
_STEEPNESS = math.sqrt(2.0 / math.pi)
"""Of the squashing: that of the normal distribution's function, so that what is normal spreads evenly."""


@dataclass(frozen=True, eq=False)
class Peaks:
    """A network of one hidden layer of sines, squashed into a range of lengths.

    ``z = b + v u + a sin(W u + p)`` on the scaled features ``u = (x - centre) / scale``, and
    ``ln kappa_peak`` runs from the logarithm of the least length to that of the largest as
    ``(1 + tanh(sqrt(2 / pi) z)) / 2`` does from 0 to 1.

    Attributes:
        slopes: ``v`` ``(F,)``.
        weights: ``W`` ``(H, F)``.
        phases: ``p`` ``(H,)``.
        outputs: ``a`` ``(H,)``.
        offset: ``b``.
        centre, scale: of the features, ``(F,)``.
        ends: least and largest length, in words.
    """

    slopes: NDArray
    weights: NDArray
    phases: NDArray
    outputs: NDArray
    offset: float
    centre: NDArray
    scale: NDArray
    ends: tuple[float, float]

    def words(self, features: Array) -> Array:
        """Best lengths ``(n,)``, in words, of features ``(F, n)``, NumPy or torch."""
        return self.squashed(self.depth(features), self.ends)[0]

    @staticmethod
    def squashed(depth: Array, ends: tuple[float, float]) -> tuple[Array, Array]:
        """Best lengths of ``z``, in words, and how steeply their logarithms rise in it."""
        xp = namespace(depth)
        low, high = (math.log(end) for end in ends)
        bent = xp.tanh(_STEEPNESS * depth)
        steep = 0.5 * (high - low) * _STEEPNESS * (1.0 - bent * bent)
        return xp.exp(low + (high - low) * (0.5 + 0.5 * bent)), steep

    def depth(self, features: Array) -> Array:
        """``z`` ``(n,)`` of features ``(F, n)``."""
        xp, like = namespace(features), features
        scaled = (features - float64(self.centre[:, None], like)) / float64(self.scale[:, None], like)
        hidden = xp.sin(float64(self.weights, like) @ scaled + float64(self.phases[:, None], like))
        return self.offset + float64(self.slopes, like) @ scaled + float64(self.outputs, like) @ hidden


def random_layer(
    features: int, hidden: int, bend: float, rng: np.random.Generator
) -> tuple[NDArray, NDArray]:
    """Weights ``(H, F)`` and phases ``(H,)``, for features of variance 1.

    The sines' arguments then have a standard deviation of ``bend``: with many units the network is a draw
    from the Gaussian process whose kernel falls as ``exp(-bend^2 d^2 / 2)`` with the root mean square
    distance ``d``.

    References:
        A. Rahimi, B. Recht (2007), Random features for large-scale kernel machines, NeurIPS 20.
    """
    weights = rng.normal(0.0, bend / math.sqrt(features), (hidden, features))
    return weights, rng.uniform(0.0, 2.0 * math.pi, hidden)


def random_peaks(features: int, hidden: int, bend: float, seed: int, ends: tuple[float, float]) -> Peaks:
    """A random network for features uniform in [-1, 1], whose ``z`` has mean 0 and variance 1 over them."""
    rng = np.random.default_rng(seed)
    weights, phases = random_layer(features, hidden, bend, rng)
    outputs = rng.standard_normal(hidden)
    scale = np.full(features, 1.0 / math.sqrt(3.0))
    mean, covariance = _moments(weights / scale, phases)
    outputs /= math.sqrt(outputs @ covariance @ outputs)
    slopes, centre = np.zeros(features), np.zeros(features)
    return Peaks(slopes, weights, phases, outputs, -float(outputs @ mean), centre, scale, ends)


def _moments(weights: NDArray, phases: NDArray) -> tuple[NDArray, NDArray]:
    """Mean ``(H,)`` and covariance ``(H, H)`` of ``sin(W x + p)`` for ``x`` uniform in [-1, 1], exactly.

    ``E[cos(w x + p)] = cos(p) prod_k sin(w_k) / w_k``, and the product of two sines is half the difference of
    two such cosines.
    """

    def mean_cos(argument: NDArray, phase: NDArray) -> NDArray:
        return np.asarray(np.cos(phase) * np.sinc(argument / math.pi).prod(axis=-1))

    mean = mean_cos(weights, phases - math.pi / 2.0)
    apart = mean_cos(weights[:, None] - weights, phases[:, None] - phases)
    together = mean_cos(weights[:, None] + weights, phases[:, None] + phases)
    return mean, 0.5 * (apart - together) - np.outer(mean, mean)
