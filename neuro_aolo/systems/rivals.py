"""Rivals of what learns by trying: estimate what answers come to, then choose the best by the estimate."""

from collections.abc import Callable
from types import ModuleType

from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Policy

Estimator = Callable[[int, int], Policy]
"""Logs so many random decisions, drawn from a seed, fits what came back, and gives the policy by the fit."""


def scikit_learn() -> ModuleType:
    """The library that estimators are fitted with.

    Raises:
        AgentError: it is not installed.
    """
    try:
        import sklearn
    except ImportError as error:
        reason = " ".join(str(error).split())[:200]
        raise AgentError(
            f"scikit-learn cannot be imported ({reason}): run python -m pip install 'neuro-aolo[rivals]'"
        ) from error
    found: ModuleType = sklearn
    return found
