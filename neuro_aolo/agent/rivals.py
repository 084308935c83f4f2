"""Policies to be compared with: the best constant action."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import differential_evolution
from scipy.stats import qmc

from neuro_aolo.agent.evaluate import Evaluation, Policy, Requests
from neuro_aolo.agent.task import Flags, Floats, Observations, Task, Transition
from neuro_aolo.errors import AgentError

SEARCH_SEED = 31_415
"""Entropy of the requests that the search sees: apart from the held-out ones."""

SEARCH_REQUESTS = 100_000
"""Requests to search on: 100 of them are a violation rate of 0.1 %, known to a tenth of itself."""

VIOLATION_LIMIT = 0.001
"""Share of requests in which a constant action may break a constraint."""

_PROBED = 2_000
_SCREENED = 16_384
_SCREENING_REQUESTS = 32
_POPULATION = 32
_SPREAD = 0.05
_INFEASIBLE = 1e3
_TOLERANCE = 1e-8
"""Spread of the last actions' regrets: small beside the least regret, 3e-6 in AOLO's own setting."""

_BEYOND = 4.0
"""How many times the limit a first guess may violate: then what the best action violates is among it."""


@dataclass(frozen=True)
class ConstantAction:
    """One action for every request.

    Attributes:
        action: in [-1, 1], shape ``(A,)``.
        training: how it did on the requests that it was searched on.
        feasible: whether it keeps the violation limit there; if not, no constant action was found that
            does, and this is the one of fewest violations.
    """

    action: Floats
    training: Evaluation
    feasible: bool

    def policy(self) -> Policy:
        """The policy that ignores its observations."""

        def decide(observations: Observations) -> Floats:
            return np.tile(self.action, (len(observations), 1))

        return decide


def best_constant_action(
    task: Task, requests: int = SEARCH_REQUESTS, violation_limit: float = VIOLATION_LIMIT
) -> ConstantAction:
    """Search for the constant action of least regret within a violation rate.

    To know a violation rate of 0.1 % takes many requests, to know a cost few. So violations are counted on
    the requests that matter: a few, and all that an action near the limit violates. What is found there is
    tried on every request; the requests that it violates are added and the search repeated until it keeps
    the limit on all. Each search is by differential evolution, the first from the best of many actions
    spread over the box, so that a small feasible set is not missed.

    Args:
        task: the task.
        requests: how many requests to search on.
        violation_limit: share of them in which a constraint may be broken.

    Returns:
        The best action; where none is found that keeps the limit, the one of fewest violations.

    Raises:
        AgentError: none of the requests has a feasible action.

    References:
        R. Storn, K. Price (1997), Differential evolution, J. Global Optimization 11:341-359,
        doi:10.1023/A:1008202821328.
    """
    sample = Requests(task, requests, SEARCH_SEED)
    if not len(sample.states):
        raise AgentError(f"none of {requests} requests has a feasible action: draw more, or change the task")
    rng = np.random.default_rng(SEARCH_SEED)
    watched = np.arange(len(sample.states)) < _PROBED
    allowed = violation_limit * len(watched)
    guessed = min(_BEYOND * violation_limit * watched.sum(), allowed)
    action = _search(sample, watched, guessed, _screened(sample, rng), rng)
    violated = _violated(sample, action)
    while violated[watched].sum() <= allowed:
        watched |= violated
        nearby = np.clip(action + rng.normal(0.0, _SPREAD, (_POPULATION, len(action))), -1.0, 1.0)
        action = _search(sample, watched, allowed, np.vstack((action, nearby)), rng)
        violated = _violated(sample, action)
        if violated.sum() <= allowed:
            break
    found = sample.evaluate(lambda observations: np.tile(action, (len(observations), 1)))
    return ConstantAction(action, found, bool(violated.sum() <= allowed))


def _search(
    sample: Requests,
    watched: Flags,
    allowed: float,
    population: Floats,
    rng: np.random.Generator,
) -> Floats:
    """The action of least cost on the first requests with at most ``allowed`` violations on those watched."""
    rows = np.flatnonzero(watched)
    probed = min(_PROBED, len(rows))
    optimal, scale = sample.optimal_cost[:probed].mean(), sample.scale[:probed].mean()

    def scores(actions: Floats) -> Floats:
        outcome = _serve(sample, sample.states[rows], actions.T)
        violations = outcome.violated.reshape(-1, len(rows)).sum(axis=1)
        regret = (outcome.cost.reshape(-1, len(rows))[:, :probed].mean(axis=1) - optimal) / scale
        excess = (violations - allowed) / len(rows)
        return np.asarray(np.where(excess > 0.0, _INFEASIBLE * (1.0 + excess), regret))

    result = differential_evolution(
        scores,
        bounds=[(-1.0, 1.0)] * population.shape[1],
        init=population,
        rng=rng,
        maxiter=200,
        tol=0.0,
        atol=_TOLERANCE,
        polish=False,
        vectorized=True,
        updating="deferred",
    )
    return np.asarray(result.x, dtype=np.float64)


def _violated(sample: Requests, action: Floats) -> Flags:
    """Which of all requests ``action`` violates."""
    return _serve(sample, sample.states, action[None]).violated


def _screened(sample: Requests, rng: np.random.Generator) -> Floats:
    """A first population: the best of many actions spread over the box, and as many drawn at random."""
    size = len(sample.task.action_names)
    inside = qmc.scale(qmc.Sobol(size, rng=rng).random(_SCREENED), -np.ones(size), np.ones(size))
    spread = np.vstack((inside, _on_faces(inside[: _SCREENED // 16])))
    outcome = _serve(sample, sample.states[:_SCREENING_REQUESTS], spread)
    violated, cost = (
        values.reshape(len(spread), -1).mean(axis=1) for values in (outcome.violated, outcome.cost)
    )
    best = np.lexsort((cost, violated))[: _POPULATION // 2]
    return np.vstack((spread[best], rng.uniform(-1.0, 1.0, (_POPULATION - len(best), size))))


def _on_faces(actions: Floats) -> Floats:
    """Copies of ``actions`` ``(K, A)`` on every face of the box, which no draw hits: ``(2 A K, A)``."""
    faces = [(side, end) for side in range(actions.shape[1]) for end in (-1.0, 1.0)]
    moved = np.tile(actions, (len(faces), 1, 1))
    for copy, (side, end) in zip(moved, faces, strict=True):
        copy[:, side] = end
    return moved.reshape(-1, actions.shape[1])


def _serve(sample: Requests, states: Floats, actions: Floats) -> Transition:
    """Outcome of each of ``actions`` ``(K, A)`` on each of ``states`` ``(n, S)``: ``(K * n,)``."""
    repeated = np.repeat(actions, len(states), axis=0)
    # The next states are not used: any generator serves.
    return sample.task.step(np.tile(states, (len(actions), 1)), repeated, np.random.default_rng(0))
