"""Mean rates over Rayleigh-like fading, equation (5), of users who share a band.

    R_u = B log2(1 + p_u g_u / (g_u (P - p_u) + N0 B)),  P = sum_u p_u,  g_u = h_u^2,  h_u ~ N(0, sigma_u^2)

As the interference comes through the same channel, a rate is the difference of two terms of one form, and its
mean is B [F(sigma^2 P / N0 B) - F(sigma^2 (P - p_u) / N0 B)] with F(a) = E log2(1 + a chi^2_1).

References:
    C. Kurisummoottil Thomas et al. (2025), arXiv:2509.02395, equation (5).
"""

from functools import cache

import numpy as np

from neuro_aolo.systems.emissions_per_bit.parameters import Radio
from neuro_aolo.systems.task import Floats

_LEAST, _MOST, _POINTS = 1e-4, 200.0, 2048
_FURTHEST, _NODES = 12.0, 400
"""Standard deviations of a channel that are integrated over, and at how many Gauss-Legendre nodes."""


def mean_spectral_efficiency(snr: Floats) -> Floats:
    """F of a mean signal-to-noise ratio, in bit/s/Hz: of any shape, within 1e-3 from 1e-4 to 200.

    Below, F is proportional to the ratio; above, it grows with the logarithm.
    """
    efficiency, rises = _table()
    # The points are equally far apart in the logarithm, so that the place of a ratio needs no search.
    places = np.log(np.clip(snr, _LEAST, _MOST) / _LEAST) * ((_POINTS - 1) / np.log(_MOST / _LEAST))
    below = np.minimum(places.astype(np.intp), _POINTS - 2)
    value = efficiency[below] + rises[below] * (places - below)
    return np.asarray(value * np.minimum(snr / _LEAST, 1.0) + np.log2(np.maximum(snr / _MOST, 1.0)))


def mean_rates(radio: Radio, channel_variance: Floats, powers_w: Floats) -> Floats:
    """Mean rate of each user in bit/s.

    Args:
        radio: of the cell.
        channel_variance: sigma^2 of each user, ``(N, U)``.
        powers_w: sent to each, ``(N, U)``.
    """
    total = powers_w.sum(axis=1, keepdims=True)
    per_w = channel_variance / radio.noise_w
    with_signal = mean_spectral_efficiency(per_w * total)
    return radio.bandwidth_hz * (with_signal - mean_spectral_efficiency(per_w * (total - powers_w)))


@cache
def _table() -> tuple[Floats, Floats]:
    """F at each of the ratios, and how much it rises to the next."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    deviations = 0.5 * _FURTHEST * (nodes + 1.0)
    weights = _FURTHEST * weights * np.exp(-0.5 * deviations**2) / np.sqrt(2.0 * np.pi)
    log_snr = np.linspace(np.log(_LEAST), np.log(_MOST), _POINTS)
    gains = deviations**2
    efficiency = np.array([weights @ np.log2(1.0 + snr * gains) for snr in np.exp(log_snr)])
    return efficiency, np.diff(efficiency)
