"""Policies to be compared with: the best constant action."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import differential_evolution

from neuro_aolo.agent.evaluate import Evaluation, Policy, Requests
from neuro_aolo.agent.task import Floats, Observations, Task

SEARCH_SEED = 31_415
"""Entropy of the requests that the search sees: apart from the held-out ones."""


@dataclass(frozen=True)
class ConstantAction:
    """One action for every request.

    Attributes:
        action: in [-1, 1], shape ``(A,)``.
        training: how it did on the requests that it was searched on.
    """

    action: Floats
    training: Evaluation

    def policy(self) -> Policy:
        """The policy that ignores its observations."""

        def decide(observations: Observations) -> Floats:
            return np.tile(self.action, (len(observations), 1))

        return decide


def best_constant_action(task: Task, requests: int = 2_000, violation_limit: float = 0.001) -> ConstantAction:
    """Search for the constant action of least regret within a violation rate.

    Differential evolution on ``requests`` requests of their own. Where no constant action keeps the
    limit, the one of fewest violations comes back, and its evaluation says so.

    References:
        R. Storn, K. Price (1997), Differential evolution, J. Global Optimization 11:341-359,
        doi:10.1023/A:1008202821328.
    """
    sample = Requests(task, requests, SEARCH_SEED)
    size = len(task.action_names)

    def score(action: Floats) -> float:
        excess, regret = _evaluate(sample, action).score(violation_limit)
        return 1e3 * (1.0 + excess) if excess > 0 else regret

    result = differential_evolution(
        score,
        bounds=[(-1.0, 1.0)] * size,
        rng=np.random.default_rng(SEARCH_SEED),
        popsize=15,
        maxiter=150,
        tol=0.0,
        atol=1e-7,
        polish=False,
    )
    action = np.asarray(result.x, dtype=np.float64)
    return ConstantAction(action, _evaluate(sample, action))


def _evaluate(sample: Requests, action: Floats) -> Evaluation:
    return sample.evaluate(lambda observations: np.tile(action, (len(observations), 1)))
