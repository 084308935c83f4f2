"""Which rivals a task allows, and what they took."""

import pytest
from toy_tasks import Cliff, Tanks

from neuro_aolo.agent import fitted
from neuro_aolo.agent.cem import CEMConfig
from neuro_aolo.agent.fitted import FITTED, applicable, fit, refusal, settings
from neuro_aolo.agent.inward import REQUESTS
from neuro_aolo.agent.regressed import RegressionConfig
from neuro_aolo.agent.tabulated import TableConfig
from neuro_aolo.systems.names import load

SMALL = {
    "optimum-table": TableConfig(entries=9),
    "linear-cem": CEMConfig(generations=3, population=8, elites=2, decisions=16),
    "regressed-mlp": RegressionConfig(hidden=(4,), requests=500, epochs=2),
}


def test_a_task_allows_what_it_tells_enough_for() -> None:
    assert applicable(Cliff()) == FITTED
    # Episodes have no optimum of a state alone.
    assert applicable(Tanks()) == ("linear-cem",)
    loaded = load("emissions-per-bit")
    cell = loaded.system.task(loaded.scenario)
    assert applicable(cell) == ("linear-cem",)
    assert "no slot alone has an optimum" in str(refusal("regressed-mlp", cell))


@pytest.mark.parametrize(
    ("name", "requests", "updates"),
    [
        ("optimum-table", 9 + 20_000 + REQUESTS, 0),
        ("linear-cem", 3 * 8 * 16 + REQUESTS, 3),
        ("regressed-mlp", 500 + REQUESTS, 4),
    ],
)
def test_what_a_fit_takes_is_counted(
    name: str, requests: int, updates: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitted, "_SETTINGS", SMALL)
    task = Cliff(violation_limit=0.01)
    made = fit(name, task, seed=1)
    assert (made.requests, made.updates) == (requests, updates)
    assert made.seconds > 0.0
    assert (made.network is not None) is (name == "regressed-mlp")
    assert made.policy(task.observe(task.reset(7, fitted.np.random.default_rng(0)))).shape == (7, 1)
    assert settings(name)["shift_share"] == 0.6
