"""Quality of experience as a function of the answer's length.

References:
    X. Wang, H. Du, Y. Gao, D. I. Kim, "AOLO", 2025, arXiv:2503.04418, Fig. 2: scores of 100 stories of
    0-1000 words rise, peak and fall. The paper gives no formula; the curve below is this project's choice.
"""

import math

from neuro_aolo.errors import ServiceError
from neuro_aolo.systems.arrays import Array, namespace

LARGEST_WORDS, LARGEST_SCORE = 1e6, 100.0
"""Most words and points that a scenario's curve may have at its peak."""


def quality(
    words: Array, peak_words: Array, peak_score: float, sharpness: float, log_words: Array | None = None
) -> Array:
    """QoE score of an answer.

    ``Q(kappa) = Q_max ((kappa / kappa_peak) exp(1 - kappa / kappa_peak))^s``

    Args:
        words: Length ``kappa`` in words, > 0, any shape.
        peak_words: Length of the best score, in words, > 0, broadcastable.
        peak_score: Best score ``Q_max``, in points.
        sharpness: Exponent ``s``, dimensionless, > 0.
        log_words: ``ln kappa`` where it is known.

    Returns:
        Score in points, the broadcast shape.
    """
    xp = namespace(words, peak_words)
    ratio = words / peak_words
    if log_words is None:
        log_ratio = xp.log(ratio)
    else:
        log_ratio = log_words - (math.log if isinstance(peak_words, float) else xp.log)(peak_words)
    return peak_score * xp.exp(sharpness * (log_ratio + 1.0 - ratio))


def sharpness_through(words: float, score: float, peak_words: float, peak_score: float) -> float:
    """The exponent whose curve passes through ``score`` at ``words``.

    ``s = ln(score / Q_max) / ln((words / kappa_peak) exp(1 - words / kappa_peak))``

    Raises:
        ServiceError: If no positive exponent does (``score`` must lie below the peak's, at another length).
    """
    if not (0.0 < score < peak_score and words > 0.0 and peak_words > 0.0 and words != peak_words):
        raise ServiceError(
            f"no QoE curve peaking at {peak_score:g} points for {peak_words:g} words passes through "
            f"{score:g} points at {words:g} words: give a score in (0, peak), at another length > 0"
        )
    ratio = words / peak_words
    return math.log(score / peak_score) / (math.log(ratio) + 1.0 - ratio)
