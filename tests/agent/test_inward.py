"""The step off the constraints' edge, beside what is known of it in closed form."""

import numpy as np
import pytest
from toy_tasks import Cliff

from neuro_aolo.agent.inward import SHARE, Trial, inward
from neuro_aolo.agent.known import clipped
from neuro_aolo.systems.names import load


def trial(error: np.ndarray, limit: float = 0.01) -> Trial:
    task = Cliff(violation_limit=limit)
    states = task.reset(len(error), np.random.default_rng(3))
    return Trial(task, states, states[:, :1] / 2 + error[:, None], clipped)


def test_the_shift_is_the_quantile_of_what_is_missing() -> None:
    """Slack is action - s / 2: of errors, all but the share that may be broken are made up for."""
    error = np.random.default_rng(0).uniform(-0.2, 0.2, 10_000)
    shift = inward(trial(error))
    allowed = SHARE * 0.01
    assert shift[0] == pytest.approx(np.quantile(-error, 1.0 - allowed), rel=2e-3)
    violated, _ = trial(error)(shift)
    assert 0.9 * allowed <= violated <= allowed


def test_what_keeps_the_limit_is_left_alone() -> None:
    assert inward(trial(np.full(1_000, 1e-9))) == 0.0


def test_where_no_shift_keeps_the_limit_the_fewest_violations_are_taken() -> None:
    """Half of the requests ask for more than the box has."""
    task = Cliff()
    states = np.array([[2.5, 0.0, 0.0], [0.0, 0.0, 0.0]]).repeat(50, axis=0)
    shift = inward(Trial(task, states, np.full((100, 1), -0.5), clipped))
    violated, _ = Trial(task, states, np.full((100, 1), -0.5), clipped)(shift)
    assert violated == 0.5


def test_each_action_is_shifted_on_its_own_scale() -> None:
    """On mixed the optimum is taken 1e-3 off both edges: little is needed in words, more in power."""
    scenario = load("mixed")
    task = scenario.system.task(scenario.scenario)
    states = task.reset(4_000, np.random.default_rng(1))
    optimum = task.optimum(states)
    short = Trial(task, states, optimum.actions - np.array([1e-3, 1e-2]), clipped)
    shift = inward(short)
    assert shift[0] == pytest.approx(1e-3, rel=0.02)
    assert shift[1] == pytest.approx(1e-2, rel=0.2)
    assert short(shift)[0] <= SHARE * task.spec.violation_limit
