"""Policies to be compared with: random actions, and the best constant one."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import differential_evolution
from scipy.stats import qmc

from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Flags, Floats, Observations, Optimum, Policy, Task, Transition
from neuro_aolo.systems.task import expected as with_expected_costs

SEARCH_SEED = 31_415
"""Entropy of the requests that the search sees: apart from the held-out ones."""

SEARCH_REQUESTS = 100_000
"""Requests to search on: 100 of them are a violation rate of 0.1 %, known to a tenth of itself."""

_PROBED = 500
"""Requests that a cost is known from: the action errs by their scatter, its cost by the square of that."""

_SCREENED = 16_384
_SCREENING_REQUESTS = 4, 32
"""Requests that all actions spread over the box are tried on, and then the best eighth of them."""

_POPULATION = 32
_NEARBY = 16
_SPREAD = 0.05
_INFEASIBLE = 1e3
_TOLERANCE = 1e-8
"""Spread of the last actions' regrets: small beside the least regret, 3e-6 in AOLO's own setting."""

_SIGMAS = 4.0
"""Standard deviations by which a first guess may exceed the limit on the few requests that it sees: the best
action may be unlucky there, and what that one violates is to be among what the guess violates."""


@dataclass(frozen=True)
class ConstantAction:
    """One action for every request.

    Attributes:
        action: in [-1, 1], shape ``(A,)``.
        violation_rate: on the requests that it was searched on.
        feasible: whether it keeps the violation limit there; if not, no constant action was found that
            does, and this is the one of fewest violations.
    """

    action: Floats
    violation_rate: float
    feasible: bool

    def policy(self) -> Policy:
        """The policy that ignores its observations."""

        def decide(observations: Observations) -> Floats:
            return np.tile(self.action, (len(observations), 1))

        return decide


def random_policy(actions: int, seed: int, horizon: int = 1) -> Policy:
    """Uniform actions in [-1, 1], drawn anew for each request.

    Args:
        actions: numbers of an action.
        seed: of the draws.
        horizon: decisions of an episode: of several the next one is drawn after the last, where a policy of
            requests that stand alone decides the same batch alike each time.
    """
    episode = np.random.default_rng(seed) if horizon > 1 else None

    def decide(observations: Observations) -> Floats:
        rng = episode or np.random.default_rng(seed)
        return rng.uniform(-1.0, 1.0, (len(observations), actions))

    return decide


def best_constant_action(
    task: Task,
    requests: int = SEARCH_REQUESTS,
    violation_limit: float | None = None,
    seed: np.random.SeedSequence | int = SEARCH_SEED,
) -> ConstantAction:
    """Search for the constant action of least regret within a violation rate.

    To know a violation rate of 0.1 % takes many requests, to know a cost few. So violations are counted on
    the requests that matter: a few, and all that an action near the limit violates. What is found there is
    tried on every request; the requests that it violates are added and the search repeated until it keeps
    the limit on all. Each search is by differential evolution, the first from the best of many actions
    spread over the box, so that a small feasible set is not missed.

    Args:
        task: the task; where costs are drawn, the search is told what they are expected to be.
        requests: how many requests to search on.
        violation_limit: share of them in which a constraint may be broken; the task's own where None.
        seed: of the requests and of the search.

    Returns:
        The best action; where none is found that keeps the limit, the one of fewest violations.

    Raises:
        AgentError: none of the requests has a feasible action, or no state alone has an optimum.

    References:
        R. Storn, K. Price (1997), Differential evolution, J. Global Optimization 11:341-359,
        doi:10.1023/A:1008202821328.
    """
    task = with_expected_costs(task)
    limit = task.spec.violation_limit if violation_limit is None else violation_limit
    rng = np.random.default_rng(seed)
    drawn = task.reset(requests, rng)
    population = _screened(task, drawn, rng)
    states = _with_feasible_action(task, drawn, population[0])
    if not len(states):
        raise AgentError(f"none of {requests} requests has a feasible action: draw more, or change the task")
    allowed = limit * len(states)
    watched = np.arange(len(states)) < _PROBED
    expected = limit * watched.sum()
    guessed = min(expected + _SIGMAS * np.sqrt(expected) + 1.0, allowed)
    action = _search(task, states, watched, guessed, population, rng)
    violated = _violated(task, states, action)
    keeps = violated[watched].sum() <= guessed
    while keeps:
        watched |= violated
        nearby = np.clip(action + rng.normal(0.0, _SPREAD, (_NEARBY, len(action))), -1.0, 1.0)
        action = _search(task, states, watched, allowed, np.vstack((action, nearby)), rng)
        violated = _violated(task, states, action)
        if violated.sum() <= allowed:
            break
        keeps = violated[watched].sum() <= allowed
    return ConstantAction(action, float(violated.mean()), bool(violated.sum() <= allowed))


def _with_feasible_action(task: Task, states: Floats, action: Floats) -> Floats:
    """The states that have a feasible action: those that ``action`` serves, and the optimum some others."""
    kept = ~_violated(task, states, action)
    kept[~kept] = _optimum(task, states[~kept]).feasible
    return states[kept]


def _search(
    task: Task,
    states: Floats,
    watched: Flags,
    allowed: float,
    population: Floats,
    rng: np.random.Generator,
) -> Floats:
    """The action of least cost on the first requests with at most ``allowed`` violations on those watched."""
    rows = np.flatnonzero(watched)
    probed = min(_PROBED, len(rows))
    optimum = _optimum(task, states[:probed])
    optimal, scale = optimum.cost.mean(), optimum.scale.mean()

    def scores(actions: Floats) -> Floats:
        outcome = _serve(task, states[rows], actions.T)
        violations = outcome.violated.reshape(-1, len(rows)).sum(axis=1)
        cost = task.spec.cost(outcome.costs)
        regret = (cost.reshape(-1, len(rows))[:, :probed].mean(axis=1) - optimal) / scale
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


def _violated(task: Task, states: Floats, action: Floats) -> Flags:
    """Which of the requests ``action`` violates."""
    return _serve(task, states, action[None]).violated


def _screened(task: Task, drawn: Floats, rng: np.random.Generator) -> Floats:
    """A first population, best first: of many actions spread over the box, and as many drawn at random."""
    head = drawn[:_PROBED]
    feasible = head[_optimum(task, head).feasible]
    states = feasible if len(feasible) else head
    size = len(task.spec.actions)
    inside = qmc.scale(qmc.Sobol(size, rng=rng).random(_SCREENED), -np.ones(size), np.ones(size))
    spread = np.vstack((inside, _on_faces(inside[: _SCREENED // 16])))
    few, more = _SCREENING_REQUESTS
    spread = _ranked(task, states[:few], spread)[: len(spread) // 8]
    best = _ranked(task, states[:more], spread)[: _POPULATION // 2]
    return np.vstack((best, rng.uniform(-1.0, 1.0, (_POPULATION - len(best), size))))


def _ranked(task: Task, states: Floats, actions: Floats) -> Floats:
    """``actions`` ``(K, A)``, those of fewest violations first, and of these the cheapest."""
    outcome = _serve(task, states, actions)
    violated, cost = (
        values.reshape(len(actions), -1).mean(axis=1)
        for values in (outcome.violated, task.spec.cost(outcome.costs))
    )
    return np.asarray(actions[np.lexsort((cost, violated))])


def _on_faces(actions: Floats) -> Floats:
    """Copies of ``actions`` ``(K, A)`` on every face of the box, which no draw hits: ``(2 A K, A)``."""
    faces = [(side, end) for side in range(actions.shape[1]) for end in (-1.0, 1.0)]
    moved = np.tile(actions, (len(faces), 1, 1))
    for copy, (side, end) in zip(moved, faces, strict=True):
        copy[:, side] = end
    return moved.reshape(-1, actions.shape[1])


def _optimum(task: Task, states: Floats) -> Optimum:
    found = task.optimum(states)
    if not isinstance(found, Optimum):
        raise AgentError(
            f"no {task.spec.decision} alone has an optimum that a search for the best constant action could "
            "go by: leave that policy out"
        )
    return found


def _serve(task: Task, states: Floats, actions: Floats) -> Transition:
    """Outcome of each of ``actions`` ``(K, A)`` on each of ``states`` ``(n, S)``: ``(K * n,)``."""
    repeated = np.repeat(actions, len(states) * task.spec.agents, axis=0)
    # The next states are not used: any generator serves.
    return task.step(np.tile(states, (len(actions), 1)), repeated, np.random.default_rng(0))
