"""Stable-Baselines3's algorithms under our own protocol, a few seconds each."""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from neuro_aolo.agent.evaluate import held_out
from neuro_aolo.agent.sb3_config import TUNED
from neuro_aolo.agent.stable_baselines import SB3Metrics, SB3Training, stable_baselines, train_sb3
from neuro_aolo.errors import AgentError
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.task import AoloTask

SECONDS = 2.0


@pytest.fixture(scope="module")
def task() -> AoloTask:
    pytest.importorskip("stable_baselines3")
    return AoloTask(Scenario.load("paper"))


@pytest.fixture(scope="module", params=["sac", "td3", "ppo"])
def trained(request: pytest.FixtureRequest, task: AoloTask) -> tuple[str, SB3Training, float, int]:
    """An algorithm, its training, the wall time around it, and PyTorch's threads after it."""
    usual = torch.get_num_threads()
    torch.set_num_threads(2)
    began = time.perf_counter()
    result = train_sb3(request.param, task, SECONDS, seed=0, evaluate_every_s=0.4)
    elapsed_s, threads = time.perf_counter() - began, torch.get_num_threads()
    torch.set_num_threads(usual)
    return request.param, result, elapsed_s, threads


def test_nothing_is_left_among_the_temporary_files(task: AoloTask, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    train_sb3("td3", task, 0.2, seed=0, evaluate_every_s=0.1)
    assert list(tmp_path.glob("SB3*")) == []


def test_the_training_ends_in_time(trained) -> None:
    _, result, elapsed_s, threads = trained
    # An update of PPO takes a second or two, more on a busy machine.
    assert SECONDS <= result.seconds < SECONDS + 8.0
    assert result.seconds < elapsed_s
    assert not result.interrupted
    assert threads == 2


def test_updates_are_those_of_the_library(trained) -> None:
    name, result, *_ = trained
    config = TUNED[name]
    rounds = result.requests // config.num_envs
    if name == "ppo":
        # So many passes, in batches, over what so many rounds served; the last round ends the training.
        batches = config.rounds * config.num_envs // config.batch_size
        assert result.updates == (rounds - 1) // config.rounds * config.passes * batches
    else:
        # As often as there are rounds beyond the random ones, the last aside.
        random = config.learning_starts // config.num_envs
        assert result.updates == max(rounds - 1 - random, 0) // config.rounds * config.passes


def test_the_curve_grows_and_its_best_row_is_kept(trained, task: AoloTask) -> None:
    _, result, *_ = trained
    assert len(result.curve) >= 2
    for before, after in zip(result.curve, result.curve[1:], strict=False):
        assert before.requests < after.requests
        assert before.updates <= after.updates
        assert before.seconds < after.seconds
    assert (result.curve[-1].requests, result.curve[-1].updates) == (result.requests, result.updates)
    limit = TUNED[trained[0]].checkpoint_share * task.spec.violation_limit
    scores = [(max(row.violation_rate - limit, 0.0), row.cost) for row in result.curve]
    assert result.best.score(limit) == min(scores)
    assert [row.best for row in result.curve] == [
        score < min(scores[:i], default=(np.inf, 0.0)) for i, score in enumerate(scores)
    ]


def test_the_policy_is_deterministic_and_is_the_best_checkpoint(trained, task: AoloTask) -> None:
    _, result, *_ = trained
    requests = held_out(task, 4_000)
    actions = result.policy(requests.observations)
    assert actions.shape == (len(requests.states), 2)
    assert actions.dtype == np.float64
    assert np.abs(actions).max() <= 1.0
    assert np.array_equal(actions, result.policy(requests.observations))
    one = result.policy(requests.observations[:1])
    assert one == pytest.approx(actions[:1], abs=1e-6)
    assert requests.evaluate(result.policy).cost == pytest.approx(result.best.cost, rel=0.15)


def test_an_interrupt_leaves_the_best_so_far(task: AoloTask) -> None:
    rows: list[SB3Metrics] = []

    def interrupt(row: SB3Metrics) -> None:
        rows.append(row)
        raise KeyboardInterrupt

    result = train_sb3("td3", task, 60.0, seed=0, on_metrics=interrupt, evaluate_every_s=0.5)
    assert result.interrupted
    assert result.seconds < 5.0
    assert result.curve == rows
    assert result.best.regret == rows[0].regret


def test_the_seed_decides_what_is_drawn(task: AoloTask) -> None:
    def first(seed: int) -> float:
        def interrupt(row: SB3Metrics) -> None:
            raise KeyboardInterrupt

        # So soon that nothing has been learnt: the first weights and the validation requests.
        return train_sb3("sac", task, 1.0, seed, interrupt, evaluate_every_s=1e-9).best.cost

    assert first(3) == first(3)
    assert first(3) != first(4)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"name": "dqn"}, "baseline 'dqn' is unknown: choose one of sac, td3, ppo"),
        ({"seconds": 0.0}, "seconds = 0 is not allowed: give a finite time above 0"),
        ({"seconds": float("inf")}, "seconds = inf is not allowed: give a finite time above 0"),
    ],
)
def test_settings_without_a_meaning_are_refused(settings: dict[str, object], said: str) -> None:
    given = {"name": "sac", "task": AoloTask(Scenario.load("paper")), "seconds": 1.0, "seed": 0} | settings
    with pytest.raises(AgentError, match=f"^{said}$"):
        train_sb3(**given)


def test_a_missing_library_is_told_in_one_line_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    # Python's own way to say that a module is not to be found.
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    with pytest.raises(AgentError, match=r'run python -m pip install "stable-baselines3>=2\.7"$') as told:
        stable_baselines()
    assert "\n" not in str(told.value)
