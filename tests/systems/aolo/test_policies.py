"""Rules of the service: what arithmetic alone comes to, on requests that its numbers were not taken from."""

import numpy as np
import pytest

from neuro_aolo.agent.evaluate import Requests
from neuro_aolo.systems.aolo.admissible import words_interval
from neuro_aolo.systems.aolo.request import to_physical
from neuro_aolo.systems.aolo.system import policies, task
from neuro_aolo.systems.names import load


@pytest.mark.parametrize(
    ("name", "shortest", "log_linear"),
    [
        ("paper", 2e-5, 2e-5),
        ("mixed", 2e-5, 2e-5),
        ("onprem", 5e-4, 5e-5),
        # There power has to follow the channel, and quality has a price.
        ("speech", 0.2, 5e-4),
        ("grid", 0.2, 5e-4),
    ],
)
def test_rules_come_close_to_the_optimum(name: str, shortest: float, log_linear: float) -> None:
    scenario = load(name).scenario
    controlled = task(scenario)
    requests = Requests(controlled, 4_000, 7)
    rules = policies(scenario)
    for rule, most in (("shortest-answer", shortest), ("log-linear", log_linear)):
        evaluated = requests.evaluate(rules[rule])
        assert 0.0 <= evaluated.regret < most, rule
        assert evaluated.violation_rate <= 1.5 * controlled.spec.violation_limit, rule


def test_the_shortest_answer_is_that_at_one_power() -> None:
    scenario = load("mixed").scenario
    controlled = task(scenario)
    states = controlled.reset(200, np.random.default_rng(0))
    actions = policies(scenario)["shortest-answer"](controlled.observe(states))
    words, power_w = to_physical(scenario, actions)
    np.testing.assert_allclose(words, words_interval(scenario, states)[0], rtol=2e-5)
    assert np.ptp(power_w) < 1e-9
