"""The optimum's actions in a table over what is observed, interpolated between its entries."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.ndimage import distance_transform_edt

from neuro_aolo.agent.known import clipped, kept_inside, solved
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.task import Floats, Observations, Policy, Task
from neuro_aolo_export.quantity import physical

_PROBED = 500
_SEEN = 20_000
"""Requests that tell which observations the optimum heeds, and between which values they lie."""
_BEYOND = 1e-3
"""Part of that range by which the table reaches beyond it."""
_LEAST_POINTS = 3
_HEEDED = 1e-9


@dataclass(frozen=True)
class TableConfig:
    """Settings of a table.

    Attributes:
        entries: points of the grid at most; each axis that the optimum heeds has equally many.
    """

    entries: int = 300_000


@dataclass(frozen=True)
class Table:
    """A table, and the shift of its actions off the constraints' edge.

    Attributes:
        axes: values of each observation in [-1, 1]; one where the optimum does not heed it.
        actions: of the optimum, ``(..., A)``.
        shift: that is added, ``(A,)``.
        entries: points of the grid.
    """

    axes: tuple[Floats, ...]
    actions: Floats
    shift: Floats

    @property
    def entries(self) -> int:
        """Points of the grid."""
        return int(np.prod([len(axis) for axis in self.axes]))

    def interpolated(self, observations: Observations) -> Floats:
        """Multilinear between the entries, ``(n, A)``; outside of them as on their edge."""
        wide = [index for index, axis in enumerate(self.axes) if len(axis) > 1]
        if not wide:
            return np.tile(self.actions.reshape(1, -1), (len(observations), 1))
        axes = [self.axes[index] for index in wide]
        values = self.actions.reshape(*(len(axis) for axis in axes), -1)
        seen = np.stack(
            [np.clip(observations[:, index], self.axes[index][0], self.axes[index][-1]) for index in wide],
            axis=1,
        )
        return np.asarray(RegularGridInterpolator(axes, values)(seen.astype(np.float64)))

    def policy(self) -> Policy:
        """What it decides."""

        def decide(observations: Observations) -> Floats:
            return clipped(self.interpolated(observations) + self.shift)

        return decide


def points_per_axis(task: Task, config: TableConfig = TableConfig()) -> tuple[int, ...]:
    """Points on the axis of each observation: one where the optimum does not heed it.

    Raises:
        AgentError: the optimum's actions are not known, a state is more than what is observed, or there are
            too many observations for a table.
    """
    states = task.reset(_PROBED, np.random.default_rng(0))
    seen = task.observe(states).astype(np.float64)
    if task.spec.agents > 1 or not _is_seen(task, states, seen):
        raise AgentError("a state here is more than what is observed, so that no table decides on it alone")
    heeded = _heeded(task, states)
    count = int(heeded.sum())
    points = int(config.entries ** (1.0 / count) + 1e-9) if count else 1
    if count and points < _LEAST_POINTS:
        raise AgentError(
            f"a table over {count} observations has fewer than {_LEAST_POINTS} points an axis within "
            f"{config.entries:,} entries: leave optimum-table out"
        )
    return tuple(points if each else 1 for each in heeded)


def tabulate(task: Task, rng: np.random.Generator, config: TableConfig = TableConfig()) -> tuple[Table, int]:
    """The table of a task, and how many requests were solved and served for it.

    Entries without a feasible action have that of the nearest entry that has one.

    Raises:
        AgentError: there can be none, see :func:`points_per_axis`.
    """
    points = points_per_axis(task, config)
    drawn = task.observe(task.reset(_SEEN, rng))
    axes = tuple(_axis(column, many) for column, many in zip(drawn.T, points, strict=True))
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    optimum = solved(task, physical(task.spec.observations, grid.reshape(-1, len(axes))))
    assert optimum.actions is not None
    actions = optimum.actions.reshape(*points, -1)
    feasible = optimum.feasible.reshape(points)
    if not feasible.any():
        raise AgentError("no entry of the table has a feasible action: change the task")
    table = Table(axes, _filled(actions, feasible), np.zeros(actions.shape[-1]))
    shift = kept_inside(task, table.interpolated, clipped, rng)
    return Table(axes, table.actions, shift), table.entries + _SEEN


def _is_seen(task: Task, states: Floats, seen: Floats) -> bool:
    """Whether a state is the physical values of what is observed of it."""
    if seen.shape != states.shape:
        return False
    again = task.observe(physical(task.spec.observations, seen))
    return bool(np.allclose(again, seen, atol=1e-5))


def _heeded(task: Task, states: Floats) -> NDArray[np.bool_]:
    """Which columns of the states the optimum's actions depend on: those that move it when they are mixed."""
    before = solved(task, states)
    rng = np.random.default_rng(0)
    heeded = []
    for column in range(states.shape[1]):
        mixed = states.copy()
        mixed[:, column] = rng.permutation(mixed[:, column])
        after = solved(task, mixed)
        both = before.feasible & after.feasible
        assert before.actions is not None
        assert after.actions is not None
        moved = np.abs(after.actions[both] - before.actions[both]).max(initial=0.0) > _HEEDED
        heeded.append(bool(moved) or bool((before.feasible != after.feasible).any()))
    return np.array(heeded, np.bool_)


def _axis(column: Observations, points: int) -> Floats:
    low, high = float(column.min()), float(column.max())
    if points == 1 or low == high:
        return np.array([0.5 * (low + high)] if points == 1 else np.linspace(-1.0, 1.0, points))
    beyond = _BEYOND * (high - low)
    return np.linspace(max(low - beyond, -1.0), min(high + beyond, 1.0), points)


def _filled(actions: Floats, feasible: NDArray[np.bool_]) -> Floats:
    """With the action of the nearest feasible entry where there is none."""
    if feasible.all():
        return actions
    nearest = distance_transform_edt(~feasible, return_distances=False, return_indices=True)
    return np.asarray(actions[tuple(nearest)])
