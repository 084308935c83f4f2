"""The network that is taught the optimum."""

import numpy as np
import pytest
from toy_tasks import Cliff

from neuro_aolo.agent.evaluate import Requests, noise_free
from neuro_aolo.agent.regressed import RegressionConfig, regress
from neuro_aolo.systems.names import load

FEW = RegressionConfig(requests=40_000, epochs=30)


def test_a_small_network_is_within_five_percent_on_paper() -> None:
    loaded = load("paper")
    task = loaded.system.task(loaded.scenario)
    network, updates = regress(task, np.random.default_rng(0), FEW)
    assert updates == 30 * -(-40_000 // 256)
    evaluated = Requests(task, 4_000, 7).evaluate(noise_free(network))
    assert 0.0 <= evaluated.regret < 0.05
    assert evaluated.violation_rate <= 1.5 * task.spec.violation_limit


def test_its_graph_decides_as_it_does_shift_included() -> None:
    task = Cliff(violation_limit=0.01)
    few = RegressionConfig(hidden=(8,), requests=2_000, epochs=5)
    network, _ = regress(task, np.random.default_rng(2), few)
    again, _ = regress(task, np.random.default_rng(2), few)
    seen = task.observe(task.reset(50, np.random.default_rng(0)))
    decided = noise_free(network)(seen)
    np.testing.assert_array_equal(decided, noise_free(again)(seen))
    first, last = network.graph().layers
    hidden = np.maximum(seen @ first.weight.T + first.bias, 0.0)
    assert decided == pytest.approx(np.tanh(hidden @ last.weight.T + last.bias), abs=1e-5)
    assert Requests(task, 4_000, 7).evaluate(noise_free(network)).violation_rate <= 0.01
