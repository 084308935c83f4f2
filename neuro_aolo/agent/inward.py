"""A step off the edge of the constraints: what imitates an optimum errs to either side of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from neuro_aolo.systems.task import Floats, Task

Squash = Callable[[Floats], Floats]
"""From what a policy computes to actions in [-1, 1], element by element."""

REQUESTS = 50_000
"""Requests that a step is searched on: 50 of them are a violation rate of 0.1 %."""

SHARE = 0.6
"""Of the violation limit that may be used up there, as by checkpoints."""

_LENGTHS = np.geomspace(1e-7, 2.0, 32)
"""Of a component of the shift, tried in both directions."""
_PASSES = 4
_PART, _STRICTER = 5, 0.5
"""A first search sees so many times fewer requests, and half of the limit, which it knows less well."""
_HALVINGS = 20
"""Of a component on a logarithmic scale, between the largest length tried and 1e-9 of it."""


@dataclass(frozen=True)
class Trial:
    """Decisions to be shifted, on requests that each stand alone.

    Attributes:
        task: whose.
        states: of the requests, ``(n, S)``.
        computed: before it is squashed, ``(n * agents, A)``.
        squash: to actions.
    """

    task: Task
    states: Floats
    computed: Floats
    squash: Squash

    def __call__(self, shift: Floats) -> tuple[float, float]:
        """Violation rate and mean cost with ``shift`` ``(A,)`` added to what is computed."""
        # The next states are not used: any generator serves.
        actions = self.squash(self.computed + shift)
        outcome = self.task.step(self.states, actions, np.random.default_rng(0))
        return float(outcome.violated.mean()), float(self.task.spec.cost(outcome.costs).mean())

    def part(self, times: int) -> "Trial":
        """The same on so many times fewer requests."""
        few, agents = -(-len(self.states) // times), self.task.spec.agents
        return replace(self, states=self.states[:few], computed=self.computed[: few * agents])

    def merit(self, shift: Floats, limit: float) -> tuple[float, float]:
        """Sort key: violations beyond ``limit``, then cost; smaller is better."""
        violated, cost = self(shift)
        return max(violated - limit, 0.0), cost


def inward(trial: Trial, share: float = SHARE) -> Floats:
    """The shift ``(A,)`` that keeps a share of the violation limit, as small as can be.

    Component by component the length of either sign is taken that violates least, or costs least of those
    that keep the limit, in turn until the limit is kept. Then each component, the dearest first, is made as
    small as the limit allows by halving. Nothing is shifted where the limit is kept anyway; where no shift is
    found that keeps it, the one of fewest violations is taken.

    Args:
        trial: the decisions.
        share: of the task's violation limit.
    """
    limit = share * trial.task.spec.violation_limit
    shift = np.zeros(trial.computed.shape[1])
    if trial(shift)[0] <= limit:
        return shift
    shift = _searched(trial, _searched(trial.part(_PART), shift, limit * _STRICTER), limit)
    if trial(shift)[0] > limit:
        return shift
    without = [trial(_with(shift, axis, 0.0))[1] for axis in range(len(shift))]
    for axis in np.argsort(without):
        shift = _shortened(trial, shift, int(axis), limit)
    return shift


def _searched(trial: Trial, shift: Floats, limit: float) -> Floats:
    """Component by component, in turn until ``limit`` is kept."""
    for _ in range(_PASSES):
        if trial(shift)[0] <= limit:
            break
        for axis in range(len(shift)):
            tried = [_with(shift, axis, value) for value in (shift[axis], 0.0, *_LENGTHS, *-_LENGTHS)]
            shift = min(tried, key=lambda each: trial.merit(each, limit))
    return shift


def _shortened(trial: Trial, shift: Floats, axis: int, limit: float) -> Floats:
    """With the component of ``axis`` as near to 0 as keeps ``limit``."""
    if trial(_with(shift, axis, 0.0))[0] <= limit:
        return _with(shift, axis, 0.0)
    low, high = 1e-9 * shift[axis], shift[axis]
    for _ in range(_HALVINGS):
        middle = np.sign(high) * np.sqrt(low * high)
        if trial(_with(shift, axis, middle))[0] <= limit:
            high = middle
        else:
            low = middle
    return _with(shift, axis, high)


def _with(shift: Floats, axis: int, value: float) -> Floats:
    changed = shift.copy()
    changed[axis] = value
    return changed
