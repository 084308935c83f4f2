"""What regret is measured against: the optimum of the simulation, on the draws that a policy meets."""

from datetime import UTC, datetime
from functools import partial

import numpy as np
import pytest

from neuro_aolo.agent.evaluate import Requests, held_out
from neuro_aolo.systems.emissions_per_bit import rules
from neuro_aolo.systems.emissions_per_bit.bound import least_carbon
from neuro_aolo.systems.emissions_per_bit.cell import NG_PER_G, Cell, Week, live
from neuro_aolo.systems.emissions_per_bit.parameters import Time
from neuro_aolo.systems.emissions_per_bit.reference import G_PER_S, KNOWING, Best
from neuro_aolo.systems.emissions_per_bit.scenario import Scenario
from neuro_aolo.systems.emissions_per_bit.serving import clocks_of
from neuro_aolo.systems.emissions_per_bit.slots import Slot
from neuro_aolo.systems.emissions_per_bit.storage_value import StorageValue
from neuro_aolo.systems.emissions_per_bit.task import EmissionsPerBitTask
from neuro_aolo.systems.grid.trace import Trace
from neuro_aolo.systems.task import Floats, Observations, Reached, Reference


def ng_per_bit(reached: Reached) -> float:
    return float(NG_PER_G * reached.served.total_g.sum() / reached.served.units.sum())


def tally(task: EmissionsPerBitTask, reached: Reached, key: str) -> Floats:
    keys = [each.key for each in task.spec.tallies]
    assert reached.served.tallies is not None
    return reached.served.tallies[:, keys.index(key)]


def met(task: EmissionsPerBitTask, requests: Requests) -> list[Slot]:
    """The slots that a policy meets, as a rollout shows them."""
    slots = []

    class Watched(EmissionsPerBitTask):
        def observe(self, states: Floats) -> Observations:
            slots.append(self.layout.slot(states, self.cell.clock))
            return super().observe(states)

    watching = Requests(Watched(task.cell), len(requests.states), 3)
    slots.clear()
    watching.rollout(lambda seen: np.zeros((len(seen), 2)))
    return slots


@pytest.fixture(scope="module")
def task() -> EmissionsPerBitTask:
    return EmissionsPerBitTask(Cell())


@pytest.fixture(scope="module")
def requests(task: EmissionsPerBitTask) -> Requests:
    return Requests(task, 16, 3)


def by_hand(task: EmissionsPerBitTask, requests: Requests) -> tuple[list[Slot], Week]:
    """The causal optimum as the simulation has it, its mean over other draws."""
    slots, serving = met(task, requests), rules.least_effort(task.cell, G_PER_S)
    value = StorageValue.learnt(task.cell, serving, np.random.default_rng(1))
    return slots, live(task.cell, slots, serving, value.sourcing)


def test_the_reference_is_the_causal_optimum_of_the_simulation(
    task: EmissionsPerBitTask, requests: Requests
) -> None:
    reached = requests.reached
    assert reached is not None
    slots, week = by_hand(task, requests)
    assert ng_per_bit(reached) == pytest.approx(week.ng_per_bit, rel=5e-3)
    np.testing.assert_allclose(reached.served.units[:, 0], week.bits)
    np.testing.assert_allclose(tally(task, reached, "delay_s") / len(slots), week.delay_s)
    # As results/emissions_per_bit says of other weeks.
    assert ng_per_bit(reached) == pytest.approx(6.29, rel=0.04)
    assert week.delay_s.mean() == pytest.approx(0.119, rel=0.05)
    offered = tally(task, reached, "offered_bits")
    np.testing.assert_allclose(1.0 - reached.served.units[:, 0] / offered, week.drop_share, atol=1e-12)
    for key in ("source_g", "printed_g"):
        assert tally(task, reached, key).sum() == pytest.approx(getattr(week, key).sum(), rel=5e-3)
    assert tally(task, reached, "avoided").mean() / len(slots) == pytest.approx(week.avoided.mean(), rel=0.02)


def test_the_reference_s_own_decisions_have_no_regret(task: EmissionsPerBitTask, requests: Requests) -> None:
    """The policy that does in the task what the reference does: what it sees is not enough, its state is."""
    best, states = Best(task.cell), []

    class Watched(EmissionsPerBitTask):
        def observe(self, states_: Floats) -> Observations:
            states.append(states_)
            return super().observe(states_)

    watched = Requests(Watched(task.cell), 16, 3)

    def decide(seen: Observations) -> Floats:
        slot = task.layout.slot(states[-1], task.cell.clock)
        batteries = task.layout.batteries(states[-1])
        services = [
            task.cell.serve(slot, clocks_of(task.cell.compute, np.full((16, 4), effort)))
            for effort in rules.EFFORTS
        ]
        served = best.serving(slot)
        effort = np.zeros((16, 4))
        for level, service in zip(rules.EFFORTS, services, strict=True):
            effort = np.where(np.isclose(service.energy_j, served.energy_j, rtol=1e-12), level, effort)
        store = np.repeat(best.storage_value.store(slot, batteries, served), 4)
        return np.column_stack([store, effort.ravel()])

    found = watched.evaluate(decide)
    assert found.regret == pytest.approx(0.0, abs=1e-9)
    assert found.cost == pytest.approx(found.optimal_cost, rel=1e-9)
    assert found.optimal_cost == pytest.approx(float(requests.optimal_cost.mean()), rel=1e-12)


def test_the_bound_is_below_the_optimum_and_that_below_a_rule(
    task: EmissionsPerBitTask, requests: Requests
) -> None:
    slots, serving = met(task, requests), rules.least_effort(task.cell, G_PER_S)
    loads = np.stack([serving(slot).energy_j for slot in slots])
    grams = sum(
        least_carbon(
            task.cell.storage,
            task.cell.sun,
            loads[:, week],
            np.array([slot.sun_j[week] for slot in slots]),
            np.array([slot.grid_g_per_kwh[week] for slot in slots]),
        ).carbon_g
        for week in range(3)
    )
    reached = requests.reached
    assert reached is not None
    stored = live(task.cell, slots, serving, partial(rules.store_surplus, task.cell))
    optimum_g = reached.served.total_g[:3].sum()
    assert grams < optimum_g < 1.12 * grams
    assert optimum_g < stored.carbon_g[:3].sum()
    assert (requests.optimal_mg > 0.0).all()


def test_on_a_real_trace_the_reference_knows_the_future() -> None:
    rng = np.random.default_rng(0)
    hours = 300.0 + 150.0 * np.sin(np.arange(24 * 9) / 4.0) + rng.uniform(-50.0, 50.0, 24 * 9)
    trace = Trace(source="x.csv", start=datetime(2023, 3, 1, tzinfo=UTC), g_per_kwh=tuple(hours))
    scenario = Scenario(name="mine", time=Time(slots=72)).with_traces(trace)
    task = EmissionsPerBitTask(scenario)
    requests = held_out(task, 4)
    assert requests.reference is not None
    assert requests.reference.name == task.spec.optimum == KNOWING
    reached = requests.reached
    assert reached is not None
    slots = [task.layout.slot(requests.states, task.cell.clock)]
    again = np.random.default_rng()
    again.bit_generator.state = requests._rng.bit_generator.state
    for _ in range(71):
        slots.append(task.cell.slot((slots[-1].hours + 1) % (24 * 9), again))
    loads = np.stack([rules.least_effort(task.cell, G_PER_S)(slot).energy_j for slot in slots])
    for week in range(4):
        bound = least_carbon(
            task.cell.storage,
            task.cell.sun,
            loads[:, week],
            np.array([slot.sun_j[week] for slot in slots]),
            np.array([slot.grid_g_per_kwh[week] for slot in slots]),
        )
        # What is left in the batteries at the end, if anything, is in the bound and in no hour's carbon.
        assert reached.served.total_g[week] == pytest.approx(bound.carbon_g, rel=2e-3)
    # Not even the rule that stores the surplus with the same effort comes below it.
    serving = rules.least_effort(task.cell, G_PER_S)
    stored = live(task.cell, slots, serving, partial(rules.store_surplus, task.cell))
    assert reached.served.total_g.sum() < stored.carbon_g.sum()
    assert requests.evaluate(lambda seen: np.tile([-1.0, 0.2], (len(seen), 1))).regret > 0.0


def test_a_reference_is_reached_once_and_on_a_copy_of_the_draws(task: EmissionsPerBitTask) -> None:
    calls = []
    reach = Best(task.cell).reach

    class Counted(EmissionsPerBitTask):
        def optimum(self, states: Floats) -> Reference:
            def counted(starts: Floats, rng: np.random.Generator) -> Reached:
                calls.append(len(starts))
                return reach(starts, rng)

            return Reference("causal optimum", counted)

    requests = Requests(Counted(Cell(time=Time(slots=2))), 3, 0)
    assert calls == []
    policy = lambda seen: np.zeros((len(seen), 2))  # noqa: E731
    first, second = requests.evaluate(policy), requests.evaluate(policy)
    assert first == second
    assert calls == [3]
