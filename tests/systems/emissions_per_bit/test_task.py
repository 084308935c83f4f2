"""The cell as a task: what the simulation says, and no draw that depends on what is decided."""

from functools import partial

import numpy as np
import pytest

from neuro_aolo.systems.emissions_per_bit import rules
from neuro_aolo.systems.emissions_per_bit.cell import NG_PER_G, Cell, live
from neuro_aolo.systems.emissions_per_bit.parameters import Grid, Time
from neuro_aolo.systems.emissions_per_bit.serving import clocks_of
from neuro_aolo.systems.emissions_per_bit.task import ENTRIES, EmissionsPerBitTask
from neuro_aolo.systems.task import Floats, Transition

CELLS = 6
WEEK = Cell(time=Time(slots=30))


@pytest.fixture(scope="module")
def task() -> EmissionsPerBitTask:
    return EmissionsPerBitTask(WEEK)


def lived(task: EmissionsPerBitTask, actions: Floats, seed: int = 3) -> tuple[list[Floats], list[Transition]]:
    rng = np.random.default_rng(seed)
    states, transitions = [task.reset(CELLS, rng)], []
    for _ in range(task.cell.time.slots):
        transitions.append(task.step(states[-1], actions, rng))
        states.append(transitions[-1].next_states)
    return states, transitions


def test_a_constant_policy_is_its_rule(task: EmissionsPerBitTask) -> None:
    """Always discharging, with least effort, is the rule that stores the surplus."""
    actions = np.tile([-1.0, -1.0], (4 * CELLS, 1))
    states, transitions = lived(task, actions)
    slots = [task.layout.slot(each, task.cell.grid) for each in states[:-1]]
    effort = np.zeros((CELLS, 4))
    week = live(
        task.cell,
        slots,
        lambda slot: task.cell.serve(slot, clocks_of(task.cell.compute, effort)),
        partial(rules.store_surplus, task.cell),
    )
    grams = sum(each.served.total_g for each in transitions)
    bits = sum(each.served.units[:, 0] for each in transitions)
    assert NG_PER_G * np.sum(grams) / np.sum(bits) == pytest.approx(week.ng_per_bit, rel=1e-12)
    assert sum(each.served.energy_j[:, 0] for each in transitions) == pytest.approx(week.energy_j, rel=1e-12)


def test_what_is_drawn_does_not_depend_on_what_is_decided(task: EmissionsPerBitTask) -> None:
    rng = np.random.default_rng(0)
    first, _ = lived(task, np.tile([-1.0, -1.0], (4 * CELLS, 1)))
    second, _ = lived(task, rng.uniform(-1.0, 1.0, (4 * CELLS, 2)))
    drawn = slice(2 * task.layout.servers, None)
    np.testing.assert_array_equal(np.array(first)[..., drawn], np.array(second)[..., drawn])
    assert not np.array_equal(first[-1], second[-1])


def test_an_episode_is_cut_and_never_over(task: EmissionsPerBitTask) -> None:
    _, transitions = lived(task, np.zeros((4 * CELLS, 2)))
    ended = np.array([each.ended for each in transitions])
    assert ended[-1].all()
    assert not ended[:-1].any()
    assert not any(each.terminal.any() for each in transitions)


def test_each_server_s_costs_are_of_its_own_decision(task: EmissionsPerBitTask) -> None:
    rng = np.random.default_rng(1)
    states = task.reset(CELLS, rng)
    actions = rng.uniform(-1.0, 1.0, (CELLS, 4, 2))
    other = actions.copy()
    other[:, 2] = rng.uniform(-1.0, 1.0, (CELLS, 2))
    costs = [task.step(states, each.reshape(-1, 2), np.random.default_rng(9)) for each in (actions, other)]
    for each in costs:
        assert each.agent_costs is not None
        assert each.agent_costs.sum(axis=1) == pytest.approx(each.costs, rel=1e-12)
    one, two = (each.agent_costs for each in costs)
    assert one is not None
    assert two is not None
    # At night there is no sun to share, so energy and delay of the others stay what they are.
    np.testing.assert_array_equal(np.delete(one, 2, axis=1)[..., 1:], np.delete(two, 2, axis=1)[..., 1:])


def test_observations_are_bounded_and_say_what_they_are(task: EmissionsPerBitTask) -> None:
    rng = np.random.default_rng(2)
    states = task.reset(500, rng)
    for _ in range(5):
        states = task.step(states, rng.uniform(-1.0, 1.0, (2_000, 2)), rng).next_states
    seen = task.observe(states)
    names = [quantity.name for quantity in task.spec.observations]
    assert seen.shape == (2_000, len(names)) == (2_000, 12)
    assert seen.dtype == np.float32
    assert np.abs(seen).max() <= 1.0
    batteries = task.layout.batteries(states)
    column = seen[:, names.index("battery_kwh")].reshape(500, 4)
    assert column == pytest.approx(2.0 * batteries.energy_j / 7.2e6 - 1.0, abs=1e-6)
    users = seen[:, names.index("users")].reshape(500, 4)[0]
    assert users[0] == users[1] > users[2] == users[3]


def test_a_week_begins_at_any_midnight_of_a_longer_clock() -> None:
    hours = tuple(float(hour) for hour in range(96))
    task = EmissionsPerBitTask(Cell(grid=Grid(trace_g_per_kwh=hours), time=Time(slots=2)))
    rng = np.random.default_rng(4)
    states = task.reset(200, rng)
    assert set(task.layout.hours(states)) == {0, 24, 48, 72}
    assert task.intensity(states, "grid") == pytest.approx(task.layout.hours(states).astype(float))
    following = task.step(states, np.zeros((800, 2)), rng).next_states
    np.testing.assert_array_equal(task.layout.hours(following), task.layout.hours(states) + 1)


def test_shaping_takes_nothing_from_a_week_and_gives_it_no_reward(task: EmissionsPerBitTask) -> None:
    """Discounted over a week it is what the batteries gained, whatever was done in between."""
    actions = np.random.default_rng(5).uniform(-1.0, 1.0, (4 * CELLS, 2))
    states, transitions = lived(task, actions)
    discount = task.spec.objectives[0].discount
    carbon = [each.served.total_g for each in transitions]
    stored = [task.layout.batteries(each).carbon_g.sum(axis=1) for each in states]
    worth = 0.75 * task.cell.grid.clock.mean() / 3.6e6
    held = [task.layout.batteries(each).energy_j.sum(axis=1) for each in states]
    shaped = sum(discount**t * each.costs[:, 0] for t, each in enumerate(transitions))
    plain = sum(discount**t * (carbon[t] + stored[t + 1] - stored[t]) for t in range(len(carbon)))
    end = len(carbon)
    assert shaped == pytest.approx(plain - worth * (discount**end * held[end] - held[0]), rel=1e-9)


def test_the_ledger_s_lines_add_up(task: EmissionsPerBitTask) -> None:
    _, transitions = lived(task, np.tile([[0.3, 0.2], [-1.0, 0.2]], (2 * CELLS, 1)))
    carbon = np.sum([each.served.carbon_g for each in transitions], axis=0)
    assert carbon.shape == (CELLS, len(ENTRIES))
    assert (carbon > 0.0).all()
