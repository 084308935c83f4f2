"""Rates, times, quality and the powers that matter of one image-generation task: one pure function each.

Arguments are numbers or arrays that broadcast. The case is described in words alone in arXiv:2404.18077; the
equations are this project's, in the form of AOLO's (arXiv:2503.04418), quality in that of AGOD.

References:
    H. Du et al. (2024), Diffusion-based reinforcement learning for edge-enabled AI-generated content services
    (AGOD), IEEE Transactions on Mobile Computing.
    R. M. Corless et al. (1996), On the Lambert W function, Adv. Comput. Math. 5:329-359.
"""

import numpy as np
from scipy.special import lambertw

from neuro_aolo.systems.task import Floats
from neuro_aolo.units import J_PER_KWH

BIT_PER_MBIT = 1e6
INWARD = 1e-12
"""Relative step off a constraint's edge, so that rounding leaves the decision on the right side."""

_LARGEST_EXPONENT = 1000.0


def quality(
    steps: Floats, start_steps: Floats, start_quality: Floats, full_steps: Floats, full_quality: Floats
) -> Floats:
    """Quality of an image, dimensionless: flat, then linear in the denoising steps, then flat again.

    ``Q(z) = A_y + (B_y - A_y) (z - A_x) / (B_x - A_x)`` between ``A_x`` and ``B_x``, ``A_y`` below, ``B_y``
    above: the shape of AGOD's reward.

    Args:
        steps: ``z``.
        start_steps: ``A_x``, of the server's model.
        start_quality: ``A_y``.
        full_steps: ``B_x``, above ``A_x``.
        full_quality: ``B_y``, above ``A_y``.
    """
    share = np.clip((steps - start_steps) / (full_steps - start_steps), 0.0, 1.0)
    return np.asarray(start_quality + (full_quality - start_quality) * share)


def least_steps(
    wanted: Floats, start_steps: Floats, start_quality: Floats, full_steps: Floats, full_quality: Floats
) -> Floats:
    """The fewest steps whose quality is ``wanted``: the inverse of :func:`quality`.

    0 where the model starts good enough, infinite where it never gets so far.
    """
    share = (wanted - start_quality) / (full_quality - start_quality)
    steps = (start_steps + share * (full_steps - start_steps)) * (1.0 + INWARD)
    return np.where(share <= 0.0, 0.0, np.where(share > 1.0, np.inf, steps))


def upload_s(mbit: Floats, power_w: Floats, gain: Floats, *, noise_w: float, bandwidth_hz: float) -> Floats:
    """Time to upload in s: ``D / (B log2(1 + p g / N))``.

    Args:
        mbit: ``D``, in Mbit.
        power_w: ``p``, in W, > 0.
        gain: ``g`` of the channel, > 0.
        noise_w: ``N``, in W.
        bandwidth_hz: ``B``, in Hz.
    """
    return np.asarray(mbit * BIT_PER_MBIT / (bandwidth_hz * np.log2(1.0 + power_w * gain / noise_w)))


def power_in_time(
    mbit: Floats, time_s: Floats, gain: Floats, *, noise_w: float, bandwidth_hz: float
) -> Floats:
    """The least power in W that uploads within a time: ``(2^(D / (B t)) - 1) N / g``; infinite for t <= 0."""
    some = np.maximum(time_s, 1e-300)
    exponent = np.minimum(mbit * BIT_PER_MBIT / (bandwidth_hz * some), _LARGEST_EXPONENT)
    power = (np.exp2(exponent) - 1.0) * noise_w / gain * (1.0 + INWARD)
    return np.where(time_s <= 0.0, np.inf, power)


def thriftiest_power(fixed_w: Floats, gain: Floats, *, noise_w: float) -> Floats:
    """The power in W at which an upload emits least, time being no object.

    Least of ``(P + p) / log2(1 + p g / N)``, in closed form by Lambert's W: with ``u = 1 + p g / N``,
    ``u (ln u - 1) = P g / N - 1``, so that ``u = exp(1 + W((P g / N - 1) / e))``.

    Args:
        fixed_w: ``P``, what is drawn, or counts as drawn, beside it for as long as the upload takes; infinite
            where the power itself emits nothing.
        gain: ``g``.
        noise_w: ``N``, in W.
    """
    scaled = np.minimum(fixed_w * gain / noise_w, 1e300)
    root = np.asarray(lambertw(np.maximum((scaled - 1.0) / np.e, -1.0 / np.e)).real)
    return np.asarray(np.expm1(1.0 + root) * noise_w / gain)


def operational_g(energy_j: Floats, intensity_g_per_kwh: Floats) -> Floats:
    """Carbon in g of energy in J at an intensity in g/kWh."""
    return np.asarray(energy_j * intensity_g_per_kwh / J_PER_KWH)
