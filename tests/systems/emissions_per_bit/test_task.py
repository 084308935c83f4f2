"""The cell as a task: what the simulation says, and no draw that depends on what is decided."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.emissions_per_bit import rules
from neuro_aolo.systems.emissions_per_bit.accounts import ENTRIES
from neuro_aolo.systems.emissions_per_bit.cell import NG_PER_G, Cell, live
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH, Demand, Time
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario
from neuro_aolo.systems.emissions_per_bit.serving import Clocks, clocks_of, computing_j
from neuro_aolo.systems.emissions_per_bit.task import EmissionsPerBitTask
from neuro_aolo.systems.grid.countries import country_intensity_g_per_kwh
from neuro_aolo.systems.grid.trace import Trace
from neuro_aolo.systems.scenario_file import ScenarioFile
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
    slots = [task.layout.slot(each, task.cell.clock) for each in states[:-1]]
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
    start = datetime(2023, 3, 1, 22, tzinfo=UTC)
    trace = Trace(start=start, g_per_kwh=tuple(float(hour) for hour in range(105)))
    scenario = Scenario(name="mine", time=Time(slots=2)).with_traces(trace)
    # Two hours before the first midnight and seven after the last are left out.
    assert scenario.clock == pytest.approx(np.arange(2.0, 98.0))
    task = EmissionsPerBitTask(scenario)
    rng = np.random.default_rng(4)
    states = task.reset(200, rng)
    assert set(task.layout.hours(states)) == {0, 24, 48, 72}
    assert task.intensity(states, "grid") == pytest.approx(task.layout.hours(states) + 2.0)
    following = task.step(states, np.zeros((800, 2)), rng).next_states
    np.testing.assert_array_equal(task.layout.hours(following), task.layout.hours(states) + 1)


def test_a_scenario_survives_its_file_and_its_grid_can_be_replaced(tmp_path: Path) -> None:
    mine = Scenario(name="mine").with_values(storage={"capacity_kwh": 4.0})
    file = ScenarioFile(tmp_path / "mine.toml", "emissions_per_bit", {}, {})
    plain = tomllib.loads(mine.to_toml())
    assert plain.pop("system") == "emissions_per_bit"
    assert Scenario.of(replace(file, data=plain)) == mine
    again = Scenario.of(replace(file, data=plain))
    # What both have derived from their parameters takes no part.
    assert (again.clock == mine.clock).all()
    assert again == mine
    assert hash(again.storage) == hash(mine.storage)
    german = mine.with_countries(grid="DE")
    assert german.grid_country == "DEU"
    assert german.clock == pytest.approx(np.full(24, country_intensity_g_per_kwh("DEU")))
    assert Scenario.of(replace(file, data={"name": "x", "grid_country": "DEU"})).clock[0] == german.clock[0]
    with pytest.raises(ScenarioError, match="holds no whole day"):
        mine.with_traces(Trace(start=datetime(2023, 3, 1, 5, tzinfo=UTC), g_per_kwh=(1.0,) * 30))
    for wrong, said in (
        ({"storage": {"capacity": 4.0}}, "did you mean 'capacity_kwh'"),
        ({"storage": {"retention": 1.5}}, "storage.retention = 1.5 is not allowed"),
        ({"compute": {"gpu_clock_ghz": [12.0, 10.0]}}, "gpu_clock_ghz = \\[12, 10\\] falls"),
        ({"sources": {"storage.x": "y"}}, "which is no parameter"),
    ):
        with pytest.raises(ScenarioError, match=said):
            mine.with_values(**wrong)


def test_shaping_takes_nothing_from_a_week_and_gives_it_no_reward(task: EmissionsPerBitTask) -> None:
    """Discounted over a week it is what the batteries gained, whatever was done in between.

    What serving all from the grid with the least clocks emits is taken off, whatever was done, too.
    """
    actions = np.random.default_rng(5).uniform(-1.0, 1.0, (4 * CELLS, 2))
    states, transitions = lived(task, actions)
    discount = task.spec.objectives[0].discount
    carbon = [each.served.total_g for each in transitions]
    stored = [task.layout.batteries(each).carbon_g.sum(axis=1) for each in states]
    worth = 0.75 * task.cell.clock.mean() / 3.6e6
    held = [task.layout.batteries(each).energy_j.sum(axis=1) for each in states]
    shaped = sum(discount**t * each.costs[:, 0] for t, each in enumerate(transitions))
    # Of what is lost the charge is found from the bits: it is no part of any potential.
    lost = [_lost_g(task, before, actions) for before in states[:-1]]
    plain = sum(discount**t * (carbon[t] + stored[t + 1] - stored[t] + lost[t]) for t in range(len(carbon)))
    end = len(carbon)
    alone = sum(discount**t * _alone_g(task, before) for t, before in enumerate(states[:-1]))
    assert shaped == pytest.approx(plain - alone - worth * (discount**end * held[end] - held[0]), rel=1e-9)


def _alone_g(task: EmissionsPerBitTask, states: Floats) -> Floats:
    cell, slot = task.cell, task.layout.slot(states, task.cell.clock)
    slowest = np.full((CELLS, 4), cell.compute.gpu_clock_ghz[0])
    clocks = Clocks(np.full((CELLS, 4), 2.5), slowest, np.zeros((CELLS, 4)))
    offered = cell.serve(slot, clocks).offered_bits
    computing = computing_j(cell.compute, slot.work.flop_per_bit * offered, clocks)
    sent = cell.radio.transmit_power_w * cell.time.slot_s
    return slot.grid_g_per_kwh / J_PER_KWH * (computing.sum(axis=1) + sent)


def _lost_g(task: EmissionsPerBitTask, states: Floats, actions: Floats) -> Floats:
    effort = np.maximum(actions.reshape(CELLS, 4, 2)[..., 1], 0.0)
    service = task.cell.serve(task.layout.slot(states, task.cell.clock), clocks_of(task.cell.compute, effort))
    return rules.LOST_G * (1.0 - service.bits / service.offered_bits).sum(axis=1)


def test_no_preference_lets_packets_drop() -> None:
    """Where the slowest clocks lose packets, carbon alone asks for faster ones."""
    busy = EmissionsPerBitTask(Cell(demand=Demand(packets_per_s=(28.0, 28.0)), time=Time(slots=1)))
    states = busy.reset(200, np.random.default_rng(0))
    slow, fast = (
        busy.step(states, np.tile([0.0, effort], (800, 1)), np.random.default_rng(1)) for effort in (0.0, 1.0)
    )
    slot, compute = busy.layout.slot(states, busy.cell.clock), busy.cell.compute
    dropping = busy.cell.serve(slot, clocks_of(compute, np.zeros((200, 4)))).drop_share > 0.05
    assert dropping.sum() > 50
    assert slow.agent_costs is not None
    assert fast.agent_costs is not None
    assert (fast.agent_costs[dropping, 0] < slow.agent_costs[dropping, 0]).all()
    np.testing.assert_allclose(fast.reward, -busy.spec.cost(fast.costs))


def test_the_ledger_s_lines_add_up(task: EmissionsPerBitTask) -> None:
    _, transitions = lived(task, np.tile([[0.3, 0.2], [-1.0, 0.2]], (2 * CELLS, 1)))
    carbon = np.sum([each.served.carbon_g for each in transitions], axis=0)
    assert carbon.shape == (CELLS, len(ENTRIES))
    assert (carbon > 0.0).all()
