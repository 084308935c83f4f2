"""The table of the optimum: exact where an entry is, or within a line, and refused where it cannot be."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from toy_tasks import Cliff

from neuro_aolo.agent.evaluate import Requests
from neuro_aolo.agent.tabulated import TableConfig, points_per_axis, tabulate
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.names import load
from neuro_aolo.systems.task import Floats, Optimum, Spec
from neuro_aolo_export.quantity import Quantity, physical


def test_entries_are_the_optimum_itself() -> None:
    loaded = load("paper")
    task = loaded.system.task(loaded.scenario)
    table, requests = tabulate(task, np.random.default_rng(0), TableConfig(entries=4_000))
    assert table.entries == 15**3
    assert requests == 15**3 + 20_000
    # Carbon intensity moves neither the words nor the power of the optimum: such an axis has one entry.
    assert [len(axis) for axis in table.axes] == [15, 15, 15, 1, 1]
    rng = np.random.default_rng(1)
    entries = np.stack([rng.choice(axis, 300) for axis in table.axes], axis=1)
    optimum = task.optimum(physical(task.spec.observations, entries))
    found = table.interpolated(entries.astype(np.float32))[optimum.feasible]
    np.testing.assert_allclose(found, optimum.actions[optimum.feasible], atol=3e-4)


def test_a_linear_optimum_needs_no_more_than_three_points() -> None:
    task = Cliff(violation_limit=0.01)
    table, _ = tabulate(task, np.random.default_rng(0), TableConfig(entries=3))
    assert [len(axis) for axis in table.axes] == [3, 1, 1]
    evaluated = Requests(task, 5_000, 9).evaluate(table.policy())
    assert 0.0 <= evaluated.regret < 1e-6
    assert evaluated.violation_rate <= 0.01


@pytest.mark.parametrize(("name", "most"), [("mixed", 1e-3), ("speech", 5e-3)])
def test_a_small_table_is_near_the_optimum(name: str, most: float) -> None:
    loaded = load(name)
    task = loaded.system.task(loaded.scenario)
    table, _ = tabulate(task, np.random.default_rng(0), TableConfig(entries=10_000))
    evaluated = Requests(task, 4_000, 7).evaluate(table.policy())
    assert 0.0 <= evaluated.regret < most
    assert evaluated.violation_rate <= task.spec.violation_limit


@dataclass(frozen=True)
class Wide(Cliff):
    """A cliff of which the best action is the mean of many observations."""

    width: int = 12

    @cached_property
    def spec(self) -> Spec:
        names = [Quantity(f"s{index}", "1", -1.0, 1.0) for index in range(self.width)]
        return Spec(**(vars(Cliff().spec) | {"observations": tuple(names)}))

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        return rng.uniform(-1.0, 1.0, (count, self.width))

    def optimum(self, states: Floats) -> Optimum:
        cost = 2.0 + states.mean(axis=1)
        return Optimum(cost, cost, np.ones(len(states), np.bool_), states.mean(axis=1, keepdims=True))


@dataclass(frozen=True)
class Hidden(Cliff):
    """A cliff of which not all is seen."""

    def observe(self, states: Floats) -> np.ndarray:
        return np.tanh(states).astype(np.float32)


@dataclass(frozen=True)
class Untold(Cliff):
    """A cliff that keeps the actions of its optimum to itself."""

    def optimum(self, states: Floats) -> Optimum:
        known = super().optimum(states)
        return Optimum(known.cost, known.scale, known.feasible)


@pytest.mark.parametrize(
    ("task", "why"),
    [
        (Wide(), r"a table over 12 observations has fewer than 3 points an axis within 300,000 entries"),
        (Hidden(), "a state here is more than what is observed"),
        (Untold(), "no decision alone has an optimum whose actions are known"),
    ],
)
def test_what_cannot_be_tabulated_is_refused_in_one_line(task: Cliff, why: str) -> None:
    with pytest.raises(AgentError, match=why) as refused:
        points_per_axis(task)
    assert "\n" not in str(refused.value)


def test_eleven_observations_just_fit() -> None:
    assert points_per_axis(Wide(width=11)) == (3,) * 11
