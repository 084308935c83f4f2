"""Whether a policy keeps the constraints often enough, decided in one place, and how that is said.

A policy is infeasible where the share of decisions in which it breaks a constraint is above the share that
the task allows. The share is an estimate on a sample of decisions, and the rule is the plain comparison.
The regret of an infeasible policy is no merit: breaking constraints is what made it small.
"""

from neuro_aolo.text.grid import Cell
from neuro_aolo.text.numbers import finite, percent

INFEASIBLE = "infeasible"

_MOST_DIGITS = 9


def is_infeasible(violation_rate: float | None, violation_limit: float | None) -> bool:
    """Whether the rate is above the limit; not where one of them is unknown.

    Args:
        violation_rate: share of decisions in which a constraint is broken.
        violation_limit: share in which one may be broken.
    """
    return finite(violation_rate) and finite(violation_limit) and violation_rate > violation_limit


def is_feasible(violation_rate: float | None, violation_limit: float | None) -> bool | None:
    """Whether the rate is within the limit; None where one of them is unknown."""
    if not (finite(violation_rate) and finite(violation_limit)):
        return None
    return violation_rate <= violation_limit


def beside_limit(violation_rate: float, violation_limit: float, of: str = "") -> str:
    """A rate above its limit, as ``0.12 % (limit 0.1 %)``, with digits enough to tell them apart.

    Args:
        violation_rate: share of decisions in which a constraint is broken.
        violation_limit: share in which one may be broken.
        of: what the share is of, as ``of requests``.
    """
    shown = next(
        (
            (rate, limit)
            for digits in range(3, _MOST_DIGITS)
            if str(rate := percent(violation_rate, digits)) != str(limit := percent(violation_limit, digits))
        ),
        (percent(violation_rate), percent(violation_limit)),
    )
    return f"{' '.join(filter(None, (str(shown[0]), of)))} (limit {shown[1]})"


def infeasible(violation_rate: float, violation_limit: float, of: str = "") -> str:
    """What stands in place of a regret: ``infeasible: breaks a constraint in 100 % (limit 0.1 %)``."""
    return f"{INFEASIBLE}: breaks a constraint in {beside_limit(violation_rate, violation_limit, of)}"


def rule(violation_limit: float) -> str:
    """What is called infeasible, in a sentence."""
    return (
        f"Infeasible: breaks a constraint in more than the {percent(violation_limit)} that the task allows; "
        "the rate is an estimate, compared with the limit as it is."
    )


def regret_or_infeasible(
    regret: float, violation_rate: float, violation_limit: float, digits: int = 3
) -> Cell:
    """A regret as people read it; of an infeasible policy, why there is none to read."""
    if is_infeasible(violation_rate, violation_limit):
        return infeasible(violation_rate, violation_limit)
    return percent(regret, digits)
