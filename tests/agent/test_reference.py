"""Regret against a reference: whole episodes on the same draws, in what is minimised or a unit's carbon."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pytest

from neuro_aolo.agent.evaluate import Evaluation, Requests
from neuro_aolo.agent.rivals import best_constant_action
from neuro_aolo.agent.rollout import rollout
from neuro_aolo.errors import AgentError
from neuro_aolo.runs.decided import per_decision
from neuro_aolo.systems.charged import Charged, Overhead
from neuro_aolo.systems.task import (
    Entry,
    Floats,
    Hourly,
    Objective,
    Observations,
    Policy,
    Reached,
    Reference,
    Served,
    Spec,
    Tally,
    Transition,
    Unit,
)
from neuro_aolo_export.quantity import Quantity

STEPS = 3


@dataclass(frozen=True)
class Noisy:
    """Each step draws ``z``, serves ``1 + a`` bits for ``(1 + a) (2 + z)`` grams, and tallies ``z``."""

    regret_unit: str = "bit"

    @cached_property
    def spec(self) -> Spec:
        return Spec(
            observations=(Quantity("step", "1", 0.0, float(STEPS)),),
            actions=(Quantity("a", "1", -1.0, 1.0),),
            objectives=(Objective("carbon", "g", scale=2.0), Objective("delay", "s", weight=0.5)),
            entries=(Entry("all", "all", "operational", "grid", "chosen"),),
            units=(Unit("packet", "packets"), Unit("bit", "bits")),
            horizon=STEPS,
            tallies=(Tally("z", "1", "z"),),
            regret_unit=self.regret_unit,
        )

    hourly: Hourly | None = None

    def reset(self, count: int, rng: np.random.Generator) -> Floats:
        return np.zeros((count, 1))

    def observe(self, states: Floats) -> Observations:
        return (states / STEPS * 2.0 - 1.0).astype(np.float32)

    def intensity(self, states: Floats, site: str) -> Floats:
        return np.full(len(states), 100.0)

    def step(self, states: Floats, actions: Floats, rng: np.random.Generator) -> Transition:
        drawn, served = rng.random(len(states)), 1.0 + np.clip(actions[:, 0], -1.0, 1.0)
        grams = served * (2.0 + drawn)
        costs = np.stack([grams, 2.0 - served], axis=1)
        ended = states[:, 0] + 1.0 >= STEPS
        return Transition(
            next_states=states + 1.0,
            costs=costs,
            slack=np.zeros((len(states), 0)),
            reward=-self.spec.cost(costs),
            ended=ended,
            terminal=np.zeros(len(states), np.bool_),
            served=Served(
                carbon_g=grams[:, None],
                energy_j=grams[:, None],
                units=np.stack([np.ones(len(states)), served], axis=1),
                margins=np.zeros((len(states), 0)),
                tallies=drawn[:, None],
            ),
        )

    def optimum(self, states: Floats) -> Reference:
        def reach(starts: Floats, rng: np.random.Generator) -> Reached:
            return rollout(self, constant(0.0), starts, rng).reached

        return Reference("half", reach)


def constant(value: float) -> Policy:
    return lambda seen: np.full((len(seen), 1), value)


def test_a_policy_and_the_reference_meet_the_same_draws() -> None:
    requests = Requests(Noisy(), 50, 0)
    assert requests.reached is not None
    ours = requests.rollout(constant(-0.5)).reached
    assert ours.served.tallies is not None
    np.testing.assert_array_equal(ours.served.tallies, requests.reached.served.tallies)
    assert requests.evaluate(constant(0.0)).regret == 0.0


def test_regret_is_in_the_carbon_of_a_unit_where_the_task_says_so() -> None:
    """Half as much is half as dear, and each bit as dear as it was: the delay is in no bit's carbon."""
    per_bit, in_costs = Requests(Noisy(), 50, 0), Requests(Noisy(""), 50, 0)
    assert per_bit.evaluate(constant(-0.5)).regret == pytest.approx(0.0, abs=1e-12)
    found = in_costs.evaluate(constant(-0.5))
    assert found.regret == pytest.approx(found.cost / found.optimal_cost - 1.0)
    assert found.regret != pytest.approx(0.0, abs=0.05)
    assert found.optimal_cost == pytest.approx(per_bit.evaluate(constant(0.3)).optimal_cost)


def test_weights_say_what_objectives_count_as() -> None:
    """One scale of delay is worth half a scale of carbon: 1 s of delay as much as 1 g."""
    spec = Noisy().spec
    assert spec.cost(np.array([[3.0, 2.0]])) == pytest.approx([3.0 + 0.5 * 2.0 * 2.0])


def test_carbon_of_the_reference_is_that_of_a_decision() -> None:
    requests = Requests(Noisy(), 50, 0)
    rolled = requests.rollout(constant(0.0))
    np.testing.assert_allclose(requests.optimal_mg, per_decision(rolled).total_g * 1e3)
    tallied = per_decision(rolled).tallies
    assert tallied is not None
    assert rolled.served.tallies is not None
    np.testing.assert_allclose(tallied * STEPS, rolled.served.tallies)


def test_a_charged_task_keeps_reference_and_tallies() -> None:
    charged = Requests(Charged(Noisy(), Overhead("grid", 1.0)), 20, 0)
    assert charged.evaluate(constant(0.0)).regret == 0.0
    assert charged.rollout(constant(0.0)).served.tallies is not None


def test_a_constant_action_is_not_searched_where_no_state_has_an_optimum() -> None:
    with pytest.raises(AgentError, match="no decision alone has an optimum"):
        best_constant_action(Noisy(), 100)


def test_checkpoints_are_ordered_by_violations_and_then_by_cost() -> None:
    better = Evaluation(10, regret=0.5, violation_rate=0.0, cost=1.0, optimal_cost=0.9)
    others = (
        replace(better, cost=1.1, regret=0.1),
        replace(better, cost=0.5, violation_rate=0.02),
        replace(better, cost=1.05, regret=float("nan"), optimal_cost=float("nan")),
    )
    assert all(better.score(0.01) < other.score(0.01) for other in others)
    assert better.score(0.01, more_cost=0.2) > others[0].score(0.01)
