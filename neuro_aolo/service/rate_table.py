"""The mean inverse rate at speed: a Chebyshev table in (ln m, ln mean SNR), one per outage probability."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from neuro_aolo.errors import ServiceError
from neuro_aolo.service.arrays import Array, float64, is_torch, namespace
from neuro_aolo.service.channel import bounded_part, check_fading, inverse_moment, mean_inverse_rate

ACCURACY = 1e-8
"""Relative error, on a grid off the nodes, at which a table's degrees stop growing."""

_CHUNK = 2048
_MAX_TERMS = 80
_NumPy = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class RateTable:
    """Mean of ``1/log2(1+gamma)`` above the outage threshold, equation (14), as a smooth table.

    ``E[1/log2(1+g)] = ln 2 (A(m) / snr_mean + H(m, snr_mean))``: ``ln A`` (:func:`inverse_moment`) is a
    Chebyshev series in ``ln m``, ``ln H`` (:func:`bounded_part`) a product series in ``ln m`` and ``ln
    snr_mean``. Where the outage probability is 0, ``A = m / (m-1)`` needs no series.

    Attributes:
        outage: Outage probability ``epsilon``.
        m_range: Nakagami shapes that the table covers.
        snr_range: Mean SNRs that the table covers.
        coefficients: ``(1 + J, I)``: row 0 is the series of ``ln A``, row ``1 + j`` multiplies ``T_j(ln
            snr_mean)``.
    """

    outage: float
    m_range: tuple[float, float]
    snr_range: tuple[float, float]
    coefficients: _NumPy

    def __call__(self, m: Array, snr_mean: Array) -> Array:
        """Mean inverse spectral efficiency in s Hz / bit.

        Args:
            m: Nakagami shape ``(n,)``.
            snr_mean: Mean SNR ``P Omega / sigma^2`` ``(n,)``, dimensionless.

        Returns:
            ``(n,)`` in float64, differentiable in both arguments where they are torch tensors. Requests
            outside the table are computed by quadrature: exact, slower, and without a gradient in ``m``.

        Raises:
            ServiceError: If an argument is outside the domain of :func:`mean_inverse_rate`.
        """
        like = m if is_torch(m) else snr_mean
        m, mean = float64(m, like), float64(snr_mean, like)
        if self._covers(m, mean):
            return self._inside(m, mean)
        check_fading(m, mean, self.outage)
        xp = namespace(like)
        low, high = self.m_range, self.snr_range
        inside = (m >= low[0]) & (m <= low[1]) & (mean >= high[0]) & (mean <= high[1])
        table = self._inside(xp.clip(m, *low), xp.clip(mean, *high))
        exact = mean_inverse_rate(m.detach() if is_torch(m) else m, mean, self.outage)
        return xp.where(inside, table, exact)

    def _covers(self, m: Array, mean: Array) -> bool:
        if math.prod(m.shape) == 0:
            return True
        low, high = self.m_range, self.snr_range
        return bool(
            (m.min() >= low[0]) & (m.max() <= low[1]) & (mean.min() >= high[0]) & (mean.max() <= high[1])
        )

    def _inside(self, m: Array, mean: Array) -> Array:
        if is_torch(m) or m.shape[0] <= _CHUNK:
            return self._block(m, mean)
        result = np.empty(m.shape[0])
        for start in range(0, m.shape[0], _CHUNK):
            rows = slice(start, start + _CHUNK)
            result[rows] = self._block(m[rows], mean[rows])
        return result

    def _block(self, m: Array, mean: Array) -> Array:
        xp = namespace(m)
        rows, terms = self.coefficients.shape
        shape_basis = chebyshev(_unit(xp.log(m), self.m_range), terms)
        series = float64(self.coefficients, m) @ shape_basis
        snr_basis = chebyshev(_unit(xp.log(mean), self.snr_range), rows - 1)
        bounded = xp.exp(xp.einsum("jn,jn->n", series[1:], snr_basis))
        moment = m / (m - 1.0) if self.outage == 0.0 else xp.exp(series[0])
        return math.log(2.0) * (moment / mean + bounded)


def chebyshev(x: Array, terms: int) -> Array:
    """Chebyshev polynomials ``T_0 .. T_(terms-1)`` at ``x`` ``(n,)`` in [-1, 1], as ``(terms, n)``.

    Built by doubling, ``T_(k+j) = 2 T_k T_j - T_(k-j)``, so that few array operations serve many terms.
    """
    xp = namespace(x)
    basis = xp.stack((0.0 * x + 1.0, x))
    while basis.shape[0] < terms:
        k = min(basis.shape[0] - 1, terms - basis.shape[0])
        top = basis.shape[0] - 1
        mirrored = xp.flip(basis[top - k : top], (0,))
        basis = xp.concatenate((basis, 2.0 * basis[top] * basis[1 : k + 1] - mirrored))
    return basis[:terms]


@lru_cache(maxsize=32)
def rate_table(outage: float, m_range: tuple[float, float], snr_range: tuple[float, float]) -> RateTable:
    """Build the table of one outage probability, growing its degrees until it is accurate to 1e-8.

    Args:
        outage: Outage probability ``epsilon`` in [0, 0.5].
        m_range: Smallest and largest Nakagami shape; the smallest above 1 where ``outage`` is 0.
        snr_range: Smallest and largest mean SNR ``P Omega / sigma^2``.

    Raises:
        ServiceError: If a range is outside the channel's domain, or so wide that no series of 80 terms
            covers it.
    """
    check_fading(np.array(m_range), np.array(snr_range), outage)
    m_range, snr_range = _widened(m_range), _widened(snr_range)
    moment = _fit_moment(outage, m_range) if outage > 0.0 else np.zeros(1)
    bounded = _fit_bounded(outage, m_range, snr_range)
    coefficients = np.zeros((1 + bounded.shape[0], max(moment.size, bounded.shape[1])))
    coefficients[0, : moment.size] = moment
    coefficients[1:, : bounded.shape[1]] = bounded
    return RateTable(outage, m_range, snr_range, coefficients)


def _fit_moment(outage: float, m_range: tuple[float, float]) -> _NumPy:
    check = np.linspace(-1.0, 1.0, 301)
    wanted = np.log(inverse_moment(_physical(check, m_range), outage))
    for terms in range(8, _MAX_TERMS + 1, 2):
        nodes = _nodes(terms)
        values = np.log(inverse_moment(_physical(nodes, m_range), outage))
        series = _transform(terms) @ values
        if np.abs(series @ chebyshev(check, terms) - wanted).max() < ACCURACY:
            return np.asarray(series)
    raise _too_wide(m_range, None, outage)


def _fit_bounded(outage: float, m_range: tuple[float, float], snr_range: tuple[float, float]) -> _NumPy:
    """``(J, I)`` coefficients of ``ln bounded_part`` in ``T_j(ln snr_mean) T_i(ln m)``."""
    check = np.linspace(-1.0, 1.0, 41)
    wanted = _log_bounded(check, check, outage, m_range, snr_range)
    for terms in range(8, _MAX_TERMS // 2, 2):
        shape_terms, snr_terms = terms, 2 * terms + 4
        values = _log_bounded(_nodes(shape_terms), _nodes(snr_terms), outage, m_range, snr_range)
        series = _transform(snr_terms) @ values.T @ _transform(shape_terms).T
        approximation = chebyshev(check, shape_terms).T @ series.T @ chebyshev(check, snr_terms)
        if np.abs(approximation - wanted).max() < ACCURACY:
            return np.asarray(series)
    raise _too_wide(m_range, snr_range, outage)


def _log_bounded(
    shape_x: _NumPy,
    snr_x: _NumPy,
    outage: float,
    m_range: tuple[float, float],
    snr_range: tuple[float, float],
) -> _NumPy:
    m, mean = np.meshgrid(_physical(shape_x, m_range), _physical(snr_x, snr_range), indexing="ij")
    return np.asarray(np.log(bounded_part(m, mean, outage)))


def _nodes(terms: int) -> _NumPy:
    return np.cos((np.arange(terms) + 0.5) * np.pi / terms)


def _transform(terms: int) -> _NumPy:
    """Matrix from values at the Chebyshev nodes to coefficients, by discrete orthogonality."""
    matrix = chebyshev(_nodes(terms), terms) * (2.0 / terms)
    matrix[0] /= 2.0
    return np.asarray(matrix)


def _unit(log_value: Array, bounds: tuple[float, float]) -> Array:
    low, high = math.log(bounds[0]), math.log(bounds[1])
    return (log_value - low) * (2.0 / (high - low)) - 1.0


def _physical(x: _NumPy, bounds: tuple[float, float]) -> _NumPy:
    low, high = math.log(bounds[0]), math.log(bounds[1])
    return np.exp(low + (high - low) * (x + 1.0) / 2.0)


def _widened(bounds: tuple[float, float]) -> tuple[float, float]:
    """A range of no width gets a little, so that a fixed channel has a table too."""
    low, high = bounds
    return (low, high) if high > low * (1.0 + 1e-6) else (low, low * 1.01)


def _too_wide(
    m_range: tuple[float, float], snr_range: tuple[float, float] | None, outage: float
) -> ServiceError:
    snr = "" if snr_range is None else f" and mean SNR in [{snr_range[0]:g}, {snr_range[1]:g}]"
    return ServiceError(
        f"no table of {_MAX_TERMS} terms covers m in [{m_range[0]:g}, {m_range[1]:g}]{snr} at outage "
        f"{outage:g}: narrow the ranges or raise the outage probability"
    )
