"""The mean inverse rate at speed: a polynomial table in the fading shape and the mean SNR, one per outage."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.aolo.channel import bounded_part, check_fading, inverse_moment, mean_inverse_rate
from neuro_aolo.systems.arrays import Array, float64, is_torch, namespace
from neuro_aolo.systems.blocks import in_blocks

ACCURACY = 1e-8
"""Relative error, on a grid off the nodes, that a table keeps."""

CELL_ACCURACY = 1e-7
"""The same of a table with ``resend``, which spans a cell from the mast to its edge: nine decades of SNR."""

_MAX_TERMS = 40
_SNR_KNEE = 4.0
_NumPy = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, eq=False)
class RateTable:
    """Mean of ``1/log2(1+gamma)`` above the outage threshold, equation (14), as a smooth table.

    With ``resend`` it is the mean with what an outage drops sent again, of the same form.

    ``E[1/log2(1+g)] = ln 2 (A(m) / snr_mean + H(m, snr_mean))``: ``ln A`` (:func:`inverse_moment`) is a
    polynomial in ``x``, ``H`` (:func:`bounded_part`) one in ``x`` and ``y``. Few terms suffice in
    ``x = m^(-1/2)`` and ``y = ln(1 + 4 snr_mean)``, each mapped onto [-1, 1]. Where the outage probability is
    0, ``A = m / (m-1)``.

    Attributes:
        outage: Outage probability ``epsilon``.
        m_range: Nakagami shapes that the table covers.
        snr_range: Mean SNRs that the table covers.
        coefficients: ``(1 + J, I)``, of ``x^i``: row 0 gives ``ln A``, row ``1 + j`` the factor of ``y^j``.
        resend: Whether what an outage drops is sent again.
    """

    outage: float
    m_range: tuple[float, float]
    snr_range: tuple[float, float]
    coefficients: _NumPy
    resend: bool = False

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
        exact = mean_inverse_rate(m.detach() if is_torch(m) else m, mean, self.outage, self.resend)
        return xp.where(inside, table, exact)

    def _covers(self, m: Array, mean: Array) -> bool:
        if math.prod(m.shape) == 0:
            return True
        (low_m, high_m), (low, high) = self.m_range, self.snr_range
        return bool((m.min() >= low_m) & (m.max() <= high_m) & (mean.min() >= low) & (mean.max() <= high))

    def _inside(self, m: Array, mean: Array) -> Array:
        if is_torch(m):
            return self._block(m, mean)
        return in_blocks(lambda rows: self._block(m[rows], mean[rows]), m.shape[0])

    def _block(self, m: Array, mean: Array) -> Array:
        xp = namespace(m)
        x = _unit(1.0 / xp.sqrt(m), _ends(_shape_coordinate, self.m_range))
        y = _unit(xp.log1p(_SNR_KNEE * mean), _ends(_snr_coordinate, self.snr_range))
        series = float64(self.coefficients, m) @ _powers(x, self.coefficients.shape[1])
        bounded = _horner(series[1:], y)
        moment = m / (m - 1.0) if self.outage == 0.0 else xp.exp(series[0])
        return math.log(2.0) * (moment / mean + bounded)


@lru_cache(maxsize=32)
def rate_table(
    outage: float, m_range: tuple[float, float], snr_range: tuple[float, float], resend: bool = False
) -> RateTable:
    """Build the table of one outage probability, with as many terms as its accuracy takes.

    Args:
        outage: Outage probability ``epsilon`` in [0, 0.5].
        m_range: Smallest and largest Nakagami shape; the smallest above 1 where ``outage`` is 0.
        snr_range: Smallest and largest mean SNR ``P Omega / sigma^2``.
        resend: Whether what an outage drops is sent again.

    Raises:
        ServiceError: If a range is outside the channel's domain, or so wide that 40 terms do not cover it.
    """
    check_fading(np.array(m_range), np.array(snr_range), outage)
    m_range, snr_range = _widened(m_range), _widened(snr_range)
    check = np.linspace(-1.0, 1.0, 61)
    m, mean = _grid(check, check, m_range, snr_range)
    exact = mean_inverse_rate(m, mean, outage, resend)
    moment, bounded = _series(outage, m_range, snr_range, resend)
    for accuracy in (ACCURACY, ACCURACY / 10.0, ACCURACY / 100.0):
        coefficients = _truncated(moment, bounded, accuracy)
        table = RateTable(outage, m_range, snr_range, coefficients, resend)
        error = np.abs(table(m.ravel(), mean.ravel()) / exact.ravel() - 1.0).max()
        if error < (CELL_ACCURACY if resend else ACCURACY):
            return table
    raise ServiceError(
        f"no table of {_MAX_TERMS} terms covers m in [{m_range[0]:g}, {m_range[1]:g}] and mean SNR in "
        f"[{snr_range[0]:g}, {snr_range[1]:g}] at outage {outage:g}: narrow the ranges or raise the outage"
    )


def _series(
    outage: float, m_range: tuple[float, float], snr_range: tuple[float, float], resend: bool
) -> tuple[_NumPy, _NumPy]:
    """Chebyshev coefficients of ``ln A`` ``(I,)`` and of ``H`` ``(J, I)`` at the largest degrees."""
    nodes = chebyshev.chebpts1(_MAX_TERMS)
    values_to_series = np.linalg.inv(chebyshev.chebvander(nodes, _MAX_TERMS - 1))
    m, mean = _grid(nodes, nodes, m_range, snr_range)
    log_moment = np.log(inverse_moment(m[:, 0], outage, resend)) if outage > 0.0 else np.zeros(_MAX_TERMS)
    by_snr = values_to_series @ bounded_part(m, mean, outage, resend).T
    return values_to_series @ log_moment, by_snr @ values_to_series.T


def _truncated(moment: _NumPy, bounded: _NumPy, accuracy: float) -> _NumPy:
    """The table's coefficients in powers, without the last Chebyshev terms, of sum less than ``accuracy``.

    Powers cost fewer operations than Chebyshev polynomials. Series that converge this fast lose little by the
    change of basis; :func:`rate_table` checks the result.
    """
    size = np.abs(bounded)
    shape_terms = max(_needed(size.sum(axis=0), accuracy), _needed(np.abs(moment), accuracy))
    bounded = bounded[: _needed(size.sum(axis=1), accuracy), :shape_terms]
    by_shape = np.vstack((moment[:shape_terms], _to_powers(bounded.shape[0]) @ bounded))
    return np.ascontiguousarray(by_shape @ _to_powers(shape_terms).T)


def _needed(size: _NumPy, accuracy: float) -> int:
    """How many leading terms leave less than ``accuracy`` in the rest; at least 2."""
    tails = size[::-1].cumsum()[::-1]
    return max(2, int((tails > accuracy).sum()))


def _to_powers(terms: int) -> _NumPy:
    """Matrix from Chebyshev coefficients to coefficients of powers, ``(terms, terms)``."""
    columns = [np.pad(chebyshev.cheb2poly(unit), (0, terms))[:terms] for unit in np.eye(terms)]
    return np.stack(columns, axis=1)


def _powers(x: Array, terms: int) -> Array:
    """``x^0 .. x^(terms-1)`` of ``x`` ``(n,)``, as ``(terms, n)``."""
    if is_torch(x):
        rows = [namespace(x).ones_like(x), x]
        while len(rows) < terms:
            rows.append(rows[-1] * x)
        return namespace(x).stack(rows)
    powers = np.empty((terms, x.shape[0]))
    powers[0], powers[1] = 1.0, x
    for i in range(2, terms):
        np.multiply(powers[i - 1], x, out=powers[i])
    return powers


def _horner(coefficients: Array, y: Array) -> Array:
    """Polynomial in ``y`` ``(n,)`` of ``coefficients`` ``(J, n)``, lowest first; NumPy ones are used up."""
    value = coefficients[-1]
    if is_torch(y):
        for term in reversed(coefficients[:-1].unbind()):
            value = namespace(y).addcmul(term, value, y)
        return value
    for term in coefficients[-2::-1]:
        value *= y
        value += term
    return value


def _shape_coordinate(m: float) -> float:
    return 1.0 / math.sqrt(m)


def _snr_coordinate(snr_mean: float) -> float:
    return math.log1p(_SNR_KNEE * snr_mean)


def _ends(coordinate: Callable[[float], float], bounds: tuple[float, float]) -> tuple[float, float]:
    return coordinate(bounds[0]), coordinate(bounds[1])


def _unit(value: Array, ends: tuple[float, float]) -> Array:
    """Affine map of ``ends`` onto [-1, 1]."""
    first, last = ends
    return value * (2.0 / (last - first)) - (last + first) / (last - first)


def _grid(
    x: _NumPy, y: _NumPy, m_range: tuple[float, float], snr_range: tuple[float, float]
) -> tuple[_NumPy, _NumPy]:
    """Shapes and mean SNRs of coordinates in [-1, 1], each ``(len(x), len(y))``, kept inside the ranges."""
    first, last = _ends(_shape_coordinate, m_range)
    m = np.clip((first + (last - first) * (x + 1.0) / 2.0) ** -2.0, *m_range)
    low, high = _ends(_snr_coordinate, snr_range)
    mean = np.clip(np.expm1(low + (high - low) * (y + 1.0) / 2.0) / _SNR_KNEE, *snr_range)
    shapes, means = np.meshgrid(m, mean, indexing="ij")
    return shapes, means


def _widened(bounds: tuple[float, float]) -> tuple[float, float]:
    """A range of no width gets a little, so that a fixed channel has a table too."""
    low, high = bounds
    return (low, high) if high > low * (1.0 + 1e-6) else (low, low * 1.01)
