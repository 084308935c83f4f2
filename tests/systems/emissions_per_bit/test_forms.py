"""Every form of actions, observations and objective: limits are kept, and full reaches what reduced does."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuro_aolo.errors import ScenarioError
from neuro_aolo.systems.emissions_per_bit import rules
from neuro_aolo.systems.emissions_per_bit.accounts import costs
from neuro_aolo.systems.emissions_per_bit.actions import act, as_full, powers_w
from neuro_aolo.systems.emissions_per_bit.avoided import avoided, printed_avoided
from neuro_aolo.systems.emissions_per_bit.cell import Cell, live
from neuro_aolo.systems.emissions_per_bit.parameters import J_PER_KWH, Interface, Time
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario
from neuro_aolo.systems.emissions_per_bit.serving import clocks_of
from neuro_aolo.systems.emissions_per_bit.sourcing import Batteries
from neuro_aolo.systems.emissions_per_bit.task import EmissionsPerBitTask
from neuro_aolo.systems.task import Floats

CELLS = 5
FULL = Interface(actions="full", observations="flat")
PAPER = Interface(
    actions="full",
    observations="paper",
    objective="printed",
    battery_carbon="constant",
    denominator="capacity",
)
FORMS = {"reduced": Interface(), "full": FULL}


def task_of(**interface: object) -> EmissionsPerBitTask:
    return EmissionsPerBitTask(Cell(time=Time(slots=26), interface=Interface(**interface)))


def batteries_at(cell: Cell, rng: np.random.Generator, count: int) -> Batteries:
    energy = rng.random((count, cell.radio.servers)) * cell.storage.capacity_kwh * J_PER_KWH
    # Some are empty and some are full.
    energy = np.clip(1.4 * energy - 0.2 * energy.max(), 0.0, cell.storage.capacity_kwh * J_PER_KWH)
    return Batteries(energy, energy * rng.uniform(0.0, 900.0) / J_PER_KWH)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), hour=st.integers(0, 23), form=st.sampled_from(sorted(FORMS)))
def test_whatever_is_decided_keeps_every_limit(seed: int, hour: int, form: str) -> None:
    """Equations (8) and (13b) to (13d) under actions within and beyond their range."""
    rng = np.random.default_rng(seed)
    cell = Cell(interface=FORMS[form])
    slot, batteries = cell.slot(np.full(CELLS, hour), rng), batteries_at(cell, rng, CELLS)
    width = 39 if form == "full" else 8
    actions = np.clip(rng.normal(0.0, 1.5, (CELLS, width)), -2.0, 2.0)
    service, flows = act(cell, slot, batteries, actions)
    met = flows.direct + flows.discharged + flows.grid - flows.grid_stored
    np.testing.assert_allclose(met, service.energy_j, rtol=1e-9, atol=1e-9 * J_PER_KWH)
    from_sun = (flows.direct + flows.sun_stored).sum(axis=1)
    assert (from_sun <= slot.sun_j * (1.0 + 1e-12)).all()
    np.testing.assert_allclose(from_sun + flows.curtailed, slot.sun_j, rtol=1e-9)
    for name in ("direct", "discharged", "sun_stored", "grid_stored"):
        assert (getattr(flows, name) >= 0.0).all()
    assert (flows.grid >= -1e-9 * J_PER_KWH).all()
    assert (flows.discharged <= batteries.energy_j).all()
    after = cell.settle(slot, batteries, flows)
    unclipped = cell.storage.retention * (batteries.energy_j - flows.discharged)
    unclipped = unclipped + cell.storage.charge_efficiency * (flows.sun_stored + flows.grid_stored)
    np.testing.assert_allclose(after.batteries.energy_j, unclipped, rtol=1e-9, atol=1e-9 * J_PER_KWH)
    assert (after.batteries.energy_j >= 0.0).all()
    assert (after.batteries.energy_j <= cell.storage.capacity_kwh * J_PER_KWH).all()


def test_all_power_is_at_most_the_cell_s_and_nobody_is_left_without() -> None:
    cell, rng = Cell(interface=FULL), np.random.default_rng(0)
    shares, level = rng.random((200, 10)), rng.random(200)
    shares[:20], level[:10], level[10:20] = 0.0, 0.0, 1.0
    sent = powers_w(cell, shares, level)
    assert (sent >= 1e-4).all()
    assert (sent.sum(axis=1) <= 1.0 + 1e-12).all()
    assert sent[10:20] == pytest.approx(np.full((10, 10), 0.1), rel=1e-12)
    assert sent.sum(axis=1) == pytest.approx(0.999 * level + 0.001, rel=1e-12)


@pytest.mark.parametrize("hour", [3, 8, 12, 19])
def test_full_reaches_what_reduced_does(hour: int) -> None:
    """The same slot by the same policy in either form: bits, energy, flows, and what is stored."""
    rng = np.random.default_rng(hour)
    reduced, full = Cell(), Cell(interface=FULL)
    slot, batteries = reduced.slot(np.full(400, hour), rng), batteries_at(reduced, rng, 400)
    actions = rng.uniform(-1.2, 1.2, (1_600, 2))
    one, other = (
        (cell, *act(cell, slot, batteries, decided))
        for cell, decided in ((reduced, actions), (full, as_full(full, slot, batteries, actions)))
    )
    for name in ("bits", "energy_j", "delay_s", "drop_share"):
        np.testing.assert_allclose(getattr(other[1], name), getattr(one[1], name), rtol=1e-9, atol=1e-9)
    for name in ("direct", "discharged", "sun_stored", "grid_stored", "grid"):
        np.testing.assert_allclose(
            getattr(other[2], name), getattr(one[2], name), rtol=1e-9, atol=1e-9 * J_PER_KWH
        )
    ends = [cell.settle(slot, batteries, flows) for cell, _, flows in (one, other)]
    np.testing.assert_allclose(ends[1].source_g, ends[0].source_g, rtol=1e-9, atol=1e-9)


def test_storage_alone_computes_as_the_exact_search_does() -> None:
    """The same slot as by both numbers, where the second is the effort that costs least."""
    task, rng = task_of(actions="storage"), np.random.default_rng(4)
    assert [quantity.name for quantity in task.spec.actions] == ["storage"]
    states = task.reset(300, rng)
    slot, batteries = task.layout.slot(states, task.cell.clock), task.layout.batteries(states)
    store = rng.uniform(-1.0, 1.0, (1_200, 1))
    effort = rules.efforts(task.cell, lambda service: rules.service_g(service, 5.0), slot).reshape(-1, 1)
    assert (effort > 0.0).any()
    one = act(task.cell, slot, batteries, store)
    other = act(Cell(), slot, batteries, np.hstack([store, effort]))
    np.testing.assert_array_equal(one[0].delay_s, other[0].delay_s)
    np.testing.assert_array_equal(one[1].grid, other[1].grid)
    both = task_of().best.decide(states)
    np.testing.assert_array_equal(task.best.decide(states), both[:, :1])


def test_full_does_what_reduced_cannot() -> None:
    """Solar power of one server's own, which the pool shares out among all."""
    cell, rng = Cell(interface=FULL), np.random.default_rng(1)
    slot, batteries = cell.slot(np.full(1, 12), rng), Cell().fresh(1)
    actions = np.full((1, 39), -1.0)
    actions[0, 0] = 1.0
    _, flows = act(cell, slot, batteries, actions)
    assert flows.direct[0, 0] > 0.0
    assert (flows.direct[0, 1:] == 0.0).all()


def test_both_forms_face_the_same_weeks() -> None:
    weeks = []
    for interface in (Interface(), FULL):
        task, rng = (
            EmissionsPerBitTask(Cell(time=Time(slots=26), interface=interface)),
            np.random.default_rng(4),
        )
        states, width = task.reset(CELLS, rng), len(task.spec.actions)
        seen = [states[:, 8:]]
        for _ in range(26):
            actions = np.full((CELLS * task.spec.agents, width), 0.3)
            states = task.step(states, actions, rng).next_states
            seen.append(states[:, 8:])
        weeks.append(np.array(seen))
    np.testing.assert_array_equal(*weeks)


def lived(task: EmissionsPerBitTask, seed: int = 2, slots: int = 20) -> tuple[list[Floats], list[Floats]]:
    """States of an episode by random actions, and the costs of each slot."""
    rng, draws = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    states, found = [task.reset(CELLS, rng)], []
    for _ in range(slots):
        actions = draws.uniform(-1.0, 1.0, (CELLS * task.spec.agents, len(task.spec.actions)))
        transition = task.step(states[-1], actions, rng)
        assert transition.agent_costs is not None
        assert transition.agent_costs.shape == (CELLS, task.spec.agents, 3)
        np.testing.assert_allclose(
            transition.agent_costs.sum(axis=1), transition.costs, rtol=1e-9, atol=1e-12
        )
        states.append(transition.next_states)
        found.append(transition.costs)
    return states, found


def test_flat_observations_are_the_servers_side_by_side() -> None:
    alone, flat = task_of(), task_of(actions="full", observations="flat")
    states, _ = lived(flat)
    by_server = alone.observe(states[-1]).reshape(CELLS, 4, 12)
    seen = flat.observe(states[-1])
    assert seen.shape == (CELLS, 40)
    assert flat.spec.agents == 1
    np.testing.assert_array_equal(seen[:, :24], by_server[..., :6].reshape(CELLS, 24))
    np.testing.assert_array_equal(seen[:, 24:30], by_server[:, 0, 6:])
    variance = flat.layout.slot(states[-1], flat.cell.clock).work.channel_variance
    assert seen[:, 30:] == pytest.approx((variance - 1.0) / 0.2, abs=1e-6)
    assert flat.spec.observation_names[:2] == ("battery_kwh_1", "battery_g_per_kwh_1")


def test_the_paper_sees_the_carbon_of_the_last_slot_and_the_channels() -> None:
    for counted in ("tracked", "constant"):
        task = task_of(actions="full", observations="paper", battery_carbon=counted)
        rng = np.random.default_rng(0)
        states = task.reset(CELLS, rng)
        first = task.observe(states)
        assert first.shape == (CELLS, 14) == (CELLS, len(task.spec.observations))
        assert (first[:, :4] == -1.0).all()
        decided = task.decide(states, rng.uniform(-1.0, 1.0, (CELLS, 39)))
        after = task.follow(states, decided, rng).next_states
        grams = decided.sourced.carbon_g if counted == "tracked" else decided.sourced.printed_g
        np.testing.assert_array_equal(task.layout.last_g(after), grams)
        high = task.spec.observations[0].high
        expected = np.clip(2.0 * grams / high - 1.0, -1.0, 1.0)
        assert task.observe(after)[:, :4] == pytest.approx(expected, abs=1e-6)
        assert (grams < high).mean() > 0.9


@pytest.mark.parametrize(
    "form", [{}, {"actions": "full", "observations": "flat"}, {"actions": "full", "observations": "paper"}]
)
def test_a_forecast_is_the_grid_as_it_will_be(form: dict[str, str]) -> None:
    task = task_of(forecast_hours=3, **form)
    states, _ = lived(task, slots=22)
    names = task.spec.observation_names
    assert names[-1] == "grid_g_per_kwh_in_3_h"
    ahead = task.observe(states[-1])[:, -3:].reshape(CELLS, -1, 3)[:, 0]
    clock, mean = task.cell.clock, task.cell.clock.mean()
    coming = [clock[(22 + hour) % 24] for hour in (1, 2, 3)]
    assert ahead == pytest.approx(np.tile(3.0 * (np.array(coming) / mean - 1.0), (CELLS, 1)), abs=1e-6)
    assert len(names) == len(task_of(**form).spec.observation_names) + 3


def test_constant_factors_count_as_the_paper_prints_them() -> None:
    """The same actions: only what is counted differs, and the ledger counts what the objective does."""
    tracked, constant = task_of(), task_of(battery_carbon="constant")
    rng = np.random.default_rng(6)
    states, actions = tracked.reset(CELLS, rng), np.tile([-1.0, 0.2], (4 * CELLS, 1))
    one, other = (task.step(states, actions, np.random.default_rng(0)) for task in (tracked, constant))
    np.testing.assert_array_equal(one.next_states, other.next_states)
    np.testing.assert_array_equal(one.costs[:, 1:], other.costs[:, 1:])
    assert other.costs[:, 0] == pytest.approx(other.served.total_g - _alone_g(constant, states), rel=1e-9)
    discharged = one.served.carbon_g[:, 2] / (41.0 / J_PER_KWH)
    assert other.served.carbon_g[:, 2] == pytest.approx(301.0 / J_PER_KWH * discharged, rel=1e-9)
    assert "tracked" in tracked.spec.entries[2].source
    assert "tracked" not in constant.spec.entries[2].source


def _alone_g(task: EmissionsPerBitTask, states: Floats) -> Floats:
    """Of serving all from the grid with the least clocks."""
    slot = task.layout.slot(states, task.cell.clock)
    service = task.cell.serve(slot, clocks_of(task.cell.compute, np.zeros((len(states), 4))))
    assert service.drop_share.max() == 0.0
    return slot.grid_g_per_kwh / J_PER_KWH * service.energy_j.sum(axis=1)


def test_capacity_is_what_the_radio_could_have_sent() -> None:
    delivered, capacity = task_of(), task_of(denominator="capacity")
    rng = np.random.default_rng(7)
    states, actions = delivered.reset(400, rng), np.zeros((1_600, 2))
    one, other = (task.step(states, actions, np.random.default_rng(0)) for task in (delivered, capacity))
    assert (other.served.units > one.served.units).all()
    # Ten users at the mean rate of equal powers, for an hour.
    assert other.served.units.mean() == pytest.approx(10 * 0.517e6 * 3_600, rel=5e-3)


def test_the_servers_parts_of_s_add_up_to_it() -> None:
    rng = np.random.default_rng(8)
    grid, energy, bits = (
        rng.uniform(20.0, 600.0, 300),
        rng.uniform(0.1, 1.0, (300, 4)),
        rng.random((300, 4)) + 0.1,
    )
    alone = grid[:, None] / J_PER_KWH * energy
    carbon = alone * rng.uniform(0.0, 1.6, (300, 4))
    x = carbon.sum(axis=1) / alone.sum(axis=1)
    parts = avoided(grid, energy, carbon)
    assert parts.sum(axis=1) == pytest.approx(np.sign(1.0 - x) * (1.0 - x) ** 2, rel=1e-9, abs=1e-12)
    ratios = (carbon / bits).sum(axis=1) / (alone.sum(axis=1) / bits.sum(axis=1))
    assert printed_avoided(grid, energy, carbon, bits).sum(axis=1) == pytest.approx(
        (1.0 - ratios) ** 2, rel=1e-9
    )
    # All from the grid: nothing is avoided, and the print calls it (M - 1)^2 where servers are equal.
    assert avoided(grid, energy, alone) == pytest.approx(np.zeros((300, 4)), abs=1e-12)
    equal = np.full((300, 4), 0.5)
    same = printed_avoided(grid, equal, grid[:, None] / J_PER_KWH * equal, np.full((300, 4), 2.0))
    assert same.sum(axis=1) == pytest.approx(np.full(300, 9.0))
    clean = np.zeros(300)
    assert (avoided(clean, energy, carbon) == 0.0).all()
    assert (printed_avoided(clean, energy, carbon, bits) == 0.0).all()


def test_avoided_is_the_objective_with_its_sign_turned() -> None:
    task = task_of(objective="avoided")
    rng = np.random.default_rng(9)
    states = task.reset(CELLS, rng)
    # At midnight with idle batteries all is from the grid: what is left is the charge for lost packets.
    decided = task.decide(states, np.zeros((4 * CELLS, 2)))
    assert decided.costs[..., 0] == pytest.approx(0.5 * decided.service.drop_share, abs=1e-12)
    _, later = lived(task)
    assert min(float(each[:, 0].min()) for each in later) < -0.01
    assert min(float(each[:, 0].min()) for each in later) >= -1.0
    assert task.spec.objectives[0].per_mg == 0.0


def test_a_share_of_renewable_energy_can_be_the_objective() -> None:
    """Its states follow what came from the sun, and costs and figures tell it as the simulation does."""
    task = task_of(objective="renewable")
    cell = task.cell
    states = task.reset(CELLS, np.random.default_rng(9))
    slots, rng = [task.layout.slot(states, cell.clock)], np.random.default_rng(4)
    batteries, totals = cell.fresh(CELLS), np.zeros(2)
    for _ in range(cell.time.slots):
        actions = rng.uniform(-1.0, 1.0, (4 * CELLS, 2))
        service, flows = act(cell, slots[-1], batteries, actions)
        sourced = cell.settle(slots[-1], batteries, flows)
        batteries = sourced.batteries
        decided = task.decide(states, actions)
        np.testing.assert_array_equal(decided.sourced.renewable_j, sourced.renewable_j)
        transition = task.follow(states, decided, rng)
        assert sourced.renewable_j is not None
        used = sourced.renewable_j.sum(axis=1)
        lost = 2.0 * service.drop_share.mean(axis=1)
        np.testing.assert_allclose(
            transition.costs[:, 0], lost - used / service.energy_j.sum(axis=1), atol=1e-12
        )
        assert transition.served.tallies is not None
        assert task.spec.tallies[-1].key == "renewable_j"
        np.testing.assert_allclose(transition.served.tallies[:, -1], used)
        totals += used.sum(), service.energy_j.sum()
        states = transition.next_states
        slots.append(task.layout.slot(states, cell.clock))
    assert 0.0 < totals[0] / totals[1] < 1.0
    assert task.spec.objectives[0].name == "renewable share"
    np.testing.assert_array_equal(task.layout.batteries(states).sun_j, batteries.sun_j)


def test_what_is_remembered_and_followed_have_columns_of_their_own() -> None:
    interface = Interface(actions="full", observations="paper", objective="renewable")
    task = EmissionsPerBitTask(Cell(interface=interface))
    rng = np.random.default_rng(0)
    states = task.reset(CELLS, rng)
    for _ in range(9):
        decided = task.decide(states, rng.uniform(-1.0, 1.0, (CELLS, 39)))
        states = task.follow(states, decided, rng).next_states
    np.testing.assert_array_equal(task.layout.last_g(states), decided.sourced.carbon_g)
    np.testing.assert_array_equal(task.layout.batteries(states).sun_j, decided.sourced.batteries.sun_j)
    np.testing.assert_array_equal(
        task.layout.slot(states, task.cell.clock).hours, np.full(CELLS, 9, dtype=np.int64)
    )


def test_the_printed_objective_warns_and_prefers_the_grid() -> None:
    with pytest.warns(UserWarning, match="rewards use of the grid"):
        task = task_of(objective="printed")
    cell, seen = task.cell, {}
    slots = cell.weeks(4, np.random.default_rng(3))
    serving = rules.least_effort(cell, 5.0)
    for name in ("grid_only", "store_surplus"):
        batteries, total = cell.fresh(4), 0.0
        for slot in slots:
            service = serving(slot)
            flows = getattr(rules, name)(cell, slot, batteries, service)
            sourced = cell.settle(slot, batteries, flows)
            total += float(costs(cell, slot, batteries, service, sourced)[..., 0].sum())
            batteries = sourced.batteries
        seen[name] = total / 4 / len(slots)
        week = live(cell, slots, serving, partial(getattr(rules, name), cell))
        assert -seen[name] == pytest.approx(week.printed_s.mean(), rel=1e-9)
    assert seen["grid_only"] < seen["store_surplus"]


@pytest.mark.parametrize(
    ("interface", "said"),
    [
        (
            {"actions": "full"},
            'actions = "full" are of the whole cell, observations = "server" are not: use flat',
        ),
        ({"observations": "flat"}, "are of each server"),
        ({"observations": "paper"}, "use server observations"),
        ({"actions": "some"}, "interface.actions = 'some' is not allowed"),
        ({"forecast_hours": -1}, "interface.forecast_hours = -1 is not allowed"),
        ({"forcast_hours": 1}, "did you mean 'forecast_hours'"),
    ],
)
def test_forms_that_make_no_sense_are_refused_in_one_line(interface: dict[str, object], said: str) -> None:
    with pytest.raises(ScenarioError, match=said) as raised:
        Scenario(name="mine").with_values(interface=interface)
    assert "\n" not in str(raised.value)


def test_clocks_that_leave_no_choice_are_refused_in_the_full_form() -> None:
    full = {"actions": "full", "observations": "flat"}
    with pytest.raises(ScenarioError, match=r"compute.gpu_clock_ghz = \[11, 11\] leaves no choice"):
        Scenario(name="mine").with_values(interface=full, compute={"gpu_clock_ghz": [11.0, 11.0]})


def test_the_shipped_forms_load_and_survive_their_files(tmp_path: Path) -> None:
    full = Scenario.load("emissions-per-bit-full")
    assert full.interface == FULL
    paper = Scenario.load("emissions-per-bit-paper")
    assert paper.interface == PAPER
    assert (paper.clock == 400.0).all()
    assert paper.slot(np.arange(3), np.random.default_rng(0)).sun_j == pytest.approx(np.full(3, J_PER_KWH))
    with pytest.warns(UserWarning, match="rewards use of the grid"):
        task = EmissionsPerBitTask(paper)
    assert len(task.spec.observations) == 14
    for scenario in (full, paper):
        saved = tmp_path / f"{scenario.name}.toml"
        saved.write_text(scenario.to_toml(), encoding="utf-8")
        assert Scenario.load(saved) == scenario
    with pytest.raises(ScenarioError, match="'speech' is of the system 'aolo'"):
        Scenario.load("speech")
