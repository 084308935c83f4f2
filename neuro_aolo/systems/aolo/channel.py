"""Nakagami-m fading: the received SNR's density, distribution, outage, and mean inverse rate.

The SNR ``gamma = P h^2 / sigma^2`` of an amplitude ``h ~ Nakagami(m, Omega)`` is Gamma distributed with
shape ``m`` and mean ``P Omega / sigma^2``. Everything here depends on ``m`` and on that mean, ``snr_mean``
(dimensionless).

References:
    M. Nakagami, "The m-Distribution: A General Formula of Intensity Distribution of Rapid Fading", 1960.
    X. Wang, H. Du, Y. Gao, D. I. Kim, "AOLO: Analysis and Optimization For Low-Carbon Oriented Wireless Large
    Language Model Services", 2025, arXiv:2503.04418. Equation numbers are this paper's.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import special

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.arrays import Array, detached, float64, is_torch, namespace

MAX_OUTAGE = 0.5
"""Largest outage threshold that the series for the inverse moment is meant for."""

_TAIL = 1e-17
_NODES = 64
_SMALL_SNR = 0.05
_GREGORY = (1 / 2, -1 / 12, 1 / 24, -19 / 720, 3 / 160, -863 / 60480, 275 / 24192, -33953 / 3628800)
_LOG_GAMMA_TAYLOR = (-np.euler_gamma, math.pi**2 / 12, -1.2020569031595942 / 3, math.pi**4 / 360)

_NumPy = np.ndarray[Any, np.dtype[np.float64]]


def snr_density(snr: Array, m: Array, snr_mean: Array) -> Array:
    """Probability density of the SNR.

    Equation (1): ``f(gamma) = beta^m gamma^(m-1) exp(-beta gamma) / Gamma(m)``, ``beta = m / snr_mean``.

    Args:
        snr: SNR ``gamma``, dimensionless, > 0, any shape.
        m: Nakagami shape, >= 0.5, broadcastable with ``snr``.
        snr_mean: Mean SNR ``P Omega / sigma^2``, > 0, broadcastable.

    Returns:
        Density per unit of SNR, the broadcast shape.
    """
    xp = namespace(snr, m, snr_mean)
    gammaln = xp.special.gammaln if is_torch(snr, m, snr_mean) else special.gammaln
    like = next((a for a in (snr, m, snr_mean) if is_torch(a)), None)
    g, m, mean = float64(snr, like), float64(m, like), float64(snr_mean, like)
    x = m * g / mean
    return xp.exp(m * xp.log(x) - x - gammaln(m)) / g


def outage_probability(snr: Array, m: Array, snr_mean: Array) -> Array:
    """Probability that the SNR falls below ``snr``: equations (2) and (12).

    ``F(gamma) = 1 - Gamma(m, beta gamma) / Gamma(m)``; arguments as in :func:`snr_density`, ``snr >= 0``.
    """
    like = next((a for a in (snr, m, snr_mean) if is_torch(a)), None)
    g, m, mean = float64(snr, like), float64(m, like), float64(snr_mean, like)
    if like is None:
        return special.gammainc(m, m * g / mean)
    return namespace(like).special.gammainc(m, m * g / mean)


def outage_threshold(m: Array, snr_mean: Array, outage: float) -> Array:
    """SNR threshold of an outage probability, equation (13): ``gamma_th = F^-1(outage)``; 0 where it is 0.

    Args:
        m: Nakagami shape, >= 0.5, any shape.
        snr_mean: Mean SNR, > 0, broadcastable with ``m``.
        outage: Outage probability ``epsilon`` in [0, 0.5].

    Returns:
        Threshold SNR, dimensionless, the broadcast shape; differentiable in ``snr_mean`` alone.

    Raises:
        ServiceError: If ``outage`` is outside [0, 0.5].
    """
    _check_outage(outage)
    like = m if is_torch(m) else snr_mean
    unit = float64(special.gammaincinv(detached(m), outage), like)
    return unit * float64(snr_mean, like) / float64(m, like)


def mean_inverse_rate(m: Array, snr_mean: Array, outage: float, resend: bool = False) -> Array:
    """Mean of ``1 / log2(1 + gamma)`` over the SNR above the outage threshold, by exact quadrature.

    The integral of equation (14), not renormalised, up to its factor ``kappa delta / B``: what an outage
    drops costs nothing. With ``resend`` it is sent again until it arrives. In an outage, which the station
    learns of afterwards, it sends at the least rate that it has, ``log2(1 + gamma_th)``, in vain; with
    ``outage / (1 - outage)`` such attempts on average the mean time on air is that of

    ``(integral + outage / log2(1 + gamma_th)) / (1 - outage)``.

    Each node ``P / log2(1 + P q)`` rises in the power as before. The integral is split as
    ``1/ln(1+g) = 1/g + h(g)``: the first part has a closed form (:func:`inverse_moment`), the second is
    bounded and integrated by 64-node Gauss-Legendre in ``ln g`` between the 1e-17 tails; relative error
    below 1e-9 for ``m`` in [0.5, 12] and ``snr_mean`` in [0.01, 600].

    Args:
        m: Nakagami shape, >= 0.5; > 1 where ``outage`` is 0. Any shape. For a gradient in ``m``, use
            :class:`neuro_aolo.systems.aolo.rate_table.RateTable`.
        snr_mean: Mean SNR ``P Omega / sigma^2``, > 0, broadcastable with ``m``.
        outage: Outage probability ``epsilon`` in [0, 0.5]; 0 is the non-outage strategy.
        resend: Whether what an outage drops is sent again.

    Returns:
        Mean inverse spectral efficiency in s Hz / bit, the broadcast shape.

    Raises:
        ServiceError: If an argument is outside its domain, or the mean diverges (``m <= 1`` without outage).
    """
    check_fading(m, snr_mean, outage)
    like = m if is_torch(m) else snr_mean
    if is_torch(m) and m.requires_grad:
        raise ServiceError(
            "m requires a gradient, which the quadrature does not give: use RateTable, or m.detach()"
        )
    mean = float64(snr_mean, like)
    moment = float64(inverse_moment(detached(m), outage, resend), like)
    return math.log(2.0) * (moment / mean + bounded_part(m, mean, outage, resend))


def inverse_moment(m: _NumPy, outage: float, resend: bool = False) -> _NumPy:
    """``E[1/g; g > threshold]`` of a unit-mean SNR: ``m Gamma(m-1, x) / Gamma(m)``.

    ``x`` is ``m`` times the threshold, ``Gamma(m, x) / Gamma(m) = 1 - outage``. Continued to ``m <= 1``
    by the series of the incomplete gamma function; ``m / (m-1)`` where ``outage`` is 0.

    Args:
        m: Nakagami shape, any shape, inside the domain of :func:`mean_inverse_rate`.
        outage: Outage probability ``epsilon`` in [0, 0.5].
        resend: Whether what an outage drops is sent again: with the term of the threshold, renormalised.

    Returns:
        The moment, dimensionless, shape of ``m``.
    """
    m = np.asarray(m, dtype=np.float64)
    if outage == 0.0:
        return np.asarray(m / (m - 1.0))
    x = special.gammaincinv(m, outage)
    a = m - 1.0
    above = np.where(a > 0.0, a, 1.0)
    below = np.where(a < 0.0, a, -0.25)
    tail = np.where(
        a > 0.0, special.gammaincc(above, x) / above, _upper_gamma_series(below, x) / special.gamma(m)
    )
    moment = np.asarray(m * np.where(a == 0.0, special.exp1(x), tail))
    return np.asarray((moment + outage * m / x) / (1.0 - outage)) if resend else moment


def bounded_part(m: Array, snr_mean: Array, outage: float, resend: bool = False) -> Array:
    """``E[1/ln(1+g) - 1/g; g > threshold]``: the part of the mean inverse rate that is never singular.

    Args:
        m: Nakagami shape, > 0, any shape; no gradient flows through it.
        snr_mean: Mean SNR, > 0, broadcastable with ``m``.
        outage: Outage probability ``epsilon`` in [0, 0.5].
        resend: As of :func:`inverse_moment`.

    Returns:
        Value in (0, 0.5], the broadcast shape.
    """
    like = m if is_torch(m) else snr_mean
    xp = namespace(like)
    shape = detached(m)[..., None]
    low = np.log(special.gammaincinv(shape, max(outage, _TAIL)))
    high = np.log(special.gammainccinv(shape, _TAIL))
    nodes, weights = _legendre()
    log_x = (low + high) / 2 + (high - low) / 2 * nodes
    x = np.exp(log_x)
    density = (high - low) / 2 * weights * np.exp(shape * log_x - x - special.gammaln(shape))
    scale = float64(snr_mean, like)[..., None] / float64(shape, like)
    bounded = xp.sum(float64(density, like) * _bounded_kernel(scale * float64(x, like)), -1)
    if not resend:
        return bounded
    lost = _bounded_kernel(outage_threshold(detached(m), snr_mean, outage))
    return (bounded + outage * lost) / (1.0 - outage)


def check_fading(m: Array, snr_mean: Array, outage: float) -> None:
    """Refuse channel arguments outside the model's domain.

    Raises:
        ServiceError: If ``m < 0.5``, ``snr_mean <= 0`` or not finite, ``outage`` outside [0, 0.5], or the
            mean inverse rate diverges.
    """
    _check_outage(outage)
    shape, mean = detached(m), detached(snr_mean)
    if not (shape.size and mean.size):
        return
    if not (shape.min() >= 0.5 and np.isfinite(shape.max())):
        raise ServiceError(f"Nakagami m = {shape.min():g} is not allowed: it must be finite and at least 0.5")
    if not (mean.min() > 0.0 and np.isfinite(mean.max())):
        raise ServiceError(
            f"mean SNR = {mean.min():g} is not allowed: transmit power and Omega must be positive"
        )
    if outage == 0.0 and shape.min() <= 1.0:
        raise ServiceError(
            f"Nakagami m = {shape.min():g} with outage probability 0: the mean transmission time diverges "
            "for m <= 1; set an outage probability above 0 or keep m above 1"
        )


def _check_outage(outage: float) -> None:
    if not 0.0 <= outage <= MAX_OUTAGE:
        raise ServiceError(
            f"outage probability = {outage:g} is not allowed: it must lie in [0, {MAX_OUTAGE:g}]"
        )


def _bounded_kernel(g: Array) -> Array:
    """``1/ln(1+g) - 1/g``; near 0 by Gregory's series, where the difference would cancel."""
    xp = namespace(g)
    near = g < _SMALL_SNR
    small = xp.where(near, g, 0.0 * g)
    large = xp.where(near, 0.0 * g + 1.0, g)
    series = 0.0 * g
    for coefficient in reversed(_GREGORY):
        series = series * small + coefficient
    return xp.where(near, series, 1.0 / xp.log1p(large) - 1.0 / large)


def _upper_gamma_series(a: _NumPy, x: _NumPy) -> _NumPy:
    """``Gamma(a, x)`` for ``-0.5 <= a < 0``, ``x`` of order one or less; no cancellation at ``a -> 0``."""
    log_gamma = np.where(
        np.abs(a) < 1e-3, np.polyval((*_LOG_GAMMA_TAYLOR[::-1], 0.0), a), special.gammaln(1.0 + a)
    )
    series, term = np.zeros_like(a * x), np.ones_like(a * x)
    for k in range(1, 30):
        term = term * (-x) / k
        series = series + term / (a + k)
    power = a * np.log(x)
    return np.asarray((np.expm1(log_gamma) - np.expm1(power)) / a - np.exp(power) * series)


@lru_cache(maxsize=1)
def _legendre() -> tuple[_NumPy, _NumPy]:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights
