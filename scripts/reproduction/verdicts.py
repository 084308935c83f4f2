"""Verdicts on the paper's figures: their words, their rules, and one function for each kind of claim.

A rule sees the paper's figure, our mean over seeds and the interval of it, and how many seeds there are.
Figures of two learners, strategies or settings are formed seed by seed before. Nothing is judged on fewer
than five seeds: neither that something is reproduced nor that it is refuted.
"""

from dataclasses import dataclass

from neuro_aolo.agent.statistics import Estimate
from neuro_aolo.text.numbers import finite

REPRODUCED, NOT_REPRODUCED, REFUTED = "reproduced", "not reproduced", "refuted"
TOO_CLOSE, NOT_TESTABLE = "too close to call", "not testable"

SEEDS = 5
"""Fewer seeds than these judge nothing."""
VIOLATIONS_ALLOWED = 0.01
"""Share of the held-out requests that our own policies may leave out of a change in carbon."""
SMALL = 0.1
"""Share of the paper's figure below which an effect is another one."""

RULES = {
    NOT_TESTABLE: "what was put there by our calibration (marked †); amounts in mg, which follow from it; "
    "carbon of ours where more than 1 % of the requests, the harder ones, break a constraint and are left "
    "out of it; times that were not measured alone on the machine; and what the paper shows is not known "
    "here.",
    REFUTED: "our mean lies on the other side of 0, further from it than its interval is wide; or all of the "
    "interval is below a tenth of the paper's figure.",
    NOT_REPRODUCED: "the interval leaves out the paper's figure, where that can be compared.",
    REPRODUCED: "our mean lies on the paper's side of 0, further from 0 than its interval is wide. Of a "
    "figure in mg the sign alone is compared.",
    TOO_CLOSE: f"none of these, or fewer than {SEEDS} seeds.",
}
"""What each word means, here: with our reconstruction of what the paper does not print. The first that holds
is taken."""


@dataclass(frozen=True)
class Verdict:
    """One of the words of :data:`RULES`, and why, in a few more."""

    word: str
    why: str


def untestable(why: str) -> Verdict:
    """On what nothing of ours can speak for or against."""
    return Verdict(NOT_TESTABLE, why)


def amount(ours: Estimate, why: str = "mg follow from the calibration") -> Verdict:
    """On an amount in mg: there is none."""
    return untestable(why if finite(ours.value) else _NOTHING_SERVED)


def figure(paper: float, ours: Estimate, seeds: int, violation_rate: float = 0.0) -> Verdict:
    """On a figure that can be compared, of policies of ours that break a constraint at this rate."""
    if finite(ours.value) and violation_rate > VIOLATIONS_ALLOWED:
        return untestable("ours break too many constraints")
    missed = not ours.low <= paper <= ours.high
    return _with_seeds(
        ours,
        seeds,
        _refuted(paper, ours)
        or (Verdict(NOT_REPRODUCED, _missed(paper, ours)) if missed else None)
        or _reproduced(ours, "the interval holds the paper's figure"),
    )


def order(paper: float, ours: Estimate, seeds: int) -> Verdict:
    """On a difference in mg, of which only the sign, and a tenth of the size, count."""
    reproduced = _reproduced(ours, "the same order; sizes in mg are not compared")
    return _with_seeds(ours, seeds, _refuted(paper, ours) or reproduced)


def statement(ours: Estimate, seeds: int) -> Verdict:
    """On a statement without a figure, which says that ``ours`` is above 0."""
    return _with_seeds(ours, seeds, _refuted(0.0, ours) or _reproduced(ours, "clear of 0"))


_NOTHING_SERVED = "a seed keeps all constraints in no request"


def _with_seeds(ours: Estimate, seeds: int, verdict: Verdict) -> Verdict:
    """The verdict where there are seeds enough for one, else what it would say of those that are there."""
    if not seeds:
        return Verdict(TOO_CLOSE, f"0 of {SEEDS} seeds")
    if not finite(ours.value):
        return untestable(_NOTHING_SERVED)
    if seeds >= SEEDS:
        return verdict
    # One seed has no interval, which every rule needs.
    so_far = f"; so far {verdict.why}" if finite(ours.low) else ""
    return Verdict(TOO_CLOSE, f"{seeds} of {SEEDS} seeds{so_far}")


def _refuted(paper: float, ours: Estimate) -> Verdict | None:
    if _clear(ours) and not _same_side(paper, ours.value):
        return Verdict(REFUTED, "the other way round")
    furthest = ours.high if paper >= 0.0 else -ours.low
    if paper and furthest < SMALL * abs(paper):
        return Verdict(REFUTED, "less than a tenth of the paper's")
    return None


def _reproduced(ours: Estimate, why: str) -> Verdict:
    """For what is on the paper's side, or too close to 0 to lie on either."""
    if _clear(ours):
        return Verdict(REPRODUCED, why)
    return Verdict(TOO_CLOSE, "the interval is wider than the effect")


def _clear(ours: Estimate) -> bool:
    return abs(ours.value) > ours.high - ours.low


def _same_side(paper: float, value: float) -> bool:
    return value > 0.0 if paper >= 0.0 else value < 0.0


def _missed(paper: float, ours: Estimate) -> str:
    if ours.low <= 0.0 <= ours.high:
        return "the interval holds 0 and not the paper's figure"
    if not _same_side(paper, ours.value):
        return "on the other side of 0"
    return f"{'larger' if abs(ours.value) > abs(paper) else 'smaller'} than the paper's"
