"""Verdicts on the paper's figures: their words, their rules, and one function for each kind of figure.

A rule sees the paper's figure, and our mean over seeds with its interval. Figures of two learners or
settings are formed seed by seed before.
"""

from dataclasses import dataclass

from neuro_aolo.agent.statistics import Estimate
from neuro_aolo.text.numbers import finite

REPRODUCED, DIRECTION = "reproduced", "same direction"
FAILED, INCOMPARABLE = "not reproduced", "cannot be compared"
RULES = {
    REPRODUCED: "the paper's figure lies in our interval, and 0 does not; of a statement without a "
    "figure (time grows, reward peaks): our interval lies on its side of 0.",
    DIRECTION: "our interval lies on the paper's side of 0 and misses its figure, or the figure is in mg and "
    "only its sign counts; of a peak: our mean peaks between the ends, and the interval holds 0.",
    FAILED: "our interval holds 0, or lies on the other side of it; of a peak: our mean is best at an end.",
    INCOMPARABLE: "an amount in mg, which follows from values that the paper does not print and that were "
    "chosen with its figures in view; one seed, which has no interval; a seed without a request in which "
    "every constraint holds; carbon of ours where more than 1 % of the requests, the harder ones, break a "
    "constraint and are left out of it.",
}
"""What each word means."""

VIOLATIONS_ALLOWED = 0.01
"""Share of the held-out requests that our own policies may leave out of a change in carbon."""


@dataclass(frozen=True)
class Verdict:
    """One of the words of :data:`RULES`, and why, in a few more."""

    word: str
    why: str


def amount(ours: Estimate) -> Verdict:
    """On an amount in mg: there is none."""
    return Verdict(INCOMPARABLE, "mg are a calibration") if finite(ours.value) else _NOTHING_SERVED


def change(paper: float, ours: Estimate, violation_rate: float) -> Verdict:
    """On a relative change in carbon, where ours break a constraint at this rate."""
    missing = _missing(ours)
    if missing:
        return missing
    if violation_rate > VIOLATIONS_ALLOWED:
        return Verdict(INCOMPARABLE, "ours break too many constraints")
    if not _on_side(ours, paper):
        return Verdict(FAILED, _zero(ours))
    if ours.low <= paper <= ours.high:
        return Verdict(REPRODUCED, "the interval holds the paper's figure")
    return Verdict(DIRECTION, f"{'larger' if abs(ours.value) > abs(paper) else 'smaller'} than the paper's")


def ranking(paper: float, ours: Estimate) -> Verdict:
    """On a difference in mg, of which only the sign counts."""
    missing = _missing(ours)
    if missing:
        return missing
    return Verdict(DIRECTION, "the same order") if _on_side(ours, paper) else Verdict(FAILED, _zero(ours))


def growth(ours: Estimate) -> Verdict:
    """On what should grow."""
    missing = _missing(ours)
    if missing:
        return missing
    return Verdict(REPRODUCED, "it grows") if _on_side(ours, 1.0) else Verdict(FAILED, _zero(ours))


def peak(ours: Estimate) -> Verdict:
    """On a peak: ``ours`` is the gain of the best value between the ends over the better end."""
    missing = _missing(ours)
    if missing:
        return missing
    if _on_side(ours, 1.0):
        return Verdict(REPRODUCED, "better than both ends")
    return Verdict(DIRECTION, "seeds differ") if ours.value > 0.0 else Verdict(FAILED, "an end is the best")


_NOTHING_SERVED = Verdict(INCOMPARABLE, "a seed keeps all constraints in no request")


def _missing(ours: Estimate) -> Verdict | None:
    if not finite(ours.value):
        return _NOTHING_SERVED
    return None if finite(ours.low) else Verdict(INCOMPARABLE, "one seed has no interval")


def _on_side(ours: Estimate, paper: float) -> bool:
    return ours.low > 0.0 if paper > 0.0 else ours.high < 0.0


def _zero(ours: Estimate) -> str:
    return "the interval holds 0" if ours.low <= 0.0 <= ours.high else "the other way round"
