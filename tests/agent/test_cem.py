"""The linear policy by the cross-entropy method, beside the best line and the best constant action."""

from dataclasses import replace

import numpy as np
import pytest
from toy_tasks import Cliff, Tanks

from neuro_aolo.agent.cem import CEMConfig, search_linear
from neuro_aolo.agent.evaluate import Requests
from neuro_aolo.agent.rivals import best_constant_action
from neuro_aolo.systems.names import load

FEW = CEMConfig(generations=60, population=48, elites=8, decisions=512)


def test_a_linear_optimum_is_found() -> None:
    task = Cliff(violation_limit=0.01)
    found, tried = search_linear(task, np.random.default_rng(0), replace(FEW, generations=150))
    assert tried == 150 * 48 * 512
    assert found.weight[:, 0] == pytest.approx([0.5, 0.0, 0.0], abs=0.02)
    evaluated = Requests(task, 5_000, 9).evaluate(found.policy())
    assert 0.0 <= evaluated.regret < 0.02
    assert evaluated.violation_rate <= 0.01
    # Of all constant actions the best costs 2.5, the optimum 2 on average.
    assert evaluated.cost < 2.05


def test_it_beats_the_best_constant_on_mixed_and_is_seeded() -> None:
    loaded = load("mixed")
    task = loaded.system.task(loaded.scenario)
    requests = Requests(task, 4_000, 7)
    found, _ = search_linear(task, np.random.default_rng(5), FEW)
    again, _ = search_linear(task, np.random.default_rng(5), FEW)
    np.testing.assert_array_equal(found.weight, again.weight)
    line, constant = (
        requests.evaluate(each.policy()) for each in (found, best_constant_action(task, 10_000))
    )
    limit = task.spec.violation_limit
    assert line.violation_rate <= 1.5 * limit
    assert 0.0 <= line.regret < 0.1
    # There no constant action keeps the limit at all.
    assert constant.violation_rate > 20 * limit


def test_episodes_are_lived_to_their_end() -> None:
    """Looking no further than its own step, a policy of constant pumping costs more."""
    task = Tanks()
    few = replace(FEW, decisions=60, episode_generations=25)
    found, tried = search_linear(task, np.random.default_rng(0), few)
    assert tried == 25 * 48 * 12 * task.spec.horizon
    requests = Requests(task, 200, 3)
    lived = requests.evaluate(found.policy()).cost
    assert lived < requests.evaluate(lambda seen: np.zeros((len(seen), len(task.spec.actions)))).cost
