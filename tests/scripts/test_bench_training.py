"""The benchmark of training: its marks, and one short run of the script."""

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.systems.aolo.task import AoloTask

SCRIPT = Path(__file__).parents[2] / "scripts" / "bench_training.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPT.parent)
        return importlib.import_module("bench_training")


def test_a_mark_is_the_first_validation_with_few_violations(bench: ModuleType) -> None:
    race = bench.Race(violation_limit=0.01, limit_s=100.0)
    race.add(bench.Point(1.0, 10, 1, regret=0.04, violation_rate=0.02))
    race.add(bench.Point(2.0, 20, 2, regret=0.10, violation_rate=0.01))
    race.add(bench.Point(3.0, 30, 3, regret=0.08, violation_rate=0.0))
    with pytest.raises(KeyboardInterrupt):
        race.add(bench.Point(4.0, 40, 4, regret=0.05, violation_rate=0.01))
    assert [mark.point.seconds for mark in race.marks("mlp")] == [2.0, 4.0]


def test_a_race_ends_at_its_limit(bench: ModuleType) -> None:
    race = bench.Race(violation_limit=0.01, limit_s=100.0)
    with pytest.raises(KeyboardInterrupt):
        race.add(bench.Point(100.5, 10, 1, regret=0.2, violation_rate=0.0))
    assert [mark.seconds for mark in race.marks("td3")] == ["not in 100", "not in 100"]
    assert [mark.counted_s for mark in race.marks("td3")] == [100.0, 100.0]


def test_speeds_are_bounds_where_one_did_not_get_there(bench: ModuleType) -> None:
    def mark(seconds: float | None) -> object:
        point = None if seconds is None else bench.Point(seconds, 10, 1, 0.05, 0.0)
        return bench.Mark("x", 0.05, 900.0, point)

    assert mark(10.0).speed(mark(500.0)) == "50.0"
    assert mark(10.0).speed(mark(None)) == "> 90.0"
    assert mark(None).speed(mark(90.0)) == "< 0.1"
    assert mark(None).speed(mark(None)) == mark(1.0).speed(None) == "-"


def run(bench: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> None:
    """The script as the shell runs it, in this process: with one thread it need not start over."""
    for name, value in bench.ONE_THREAD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["bench_training", *map(str, arguments)])
    bench.main()


def test_a_short_run_prints_its_table_and_writes_its_curves(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    pytest.importorskip("stable_baselines3")
    file = tmp_path / "found.json"
    run(bench, monkeypatch, "--learners", "mlp", "td3", "--limit", "1", "--rounds", "2", "--json", file)
    _, header, *rows, titles, cost = capsys.readouterr().out.splitlines()
    assert header.split() == ["learner", "regret", "seconds", "requests", "updates", "x", "rival"]
    assert [row.split()[:3] for row in rows] == [
        [learner, "<=", regret] for learner in ("mlp", "td3") for regret in ("10%", "5%")
    ]
    found = json.loads(file.read_text())
    assert found["settings"] == {
        "scenario": "paper",
        "seed": 0,
        "limit": 1.0,
        "violation_limit": 0.01,
        "rounds": 2,
        "learners": ["mlp", "td3"],
    }
    assert len(found["marks"]) == 4
    assert titles.split() == ["a", "round", "ms", "products", "their", "ms", "times"]
    assert cost.split()[0] == "mlp"
    assert found["rounds"]["mlp"]["products_s"] < found["rounds"]["mlp"]["round_s"]
    assert all(found["curves"][learner][-1]["seconds"] >= 1.0 for learner in ("mlp", "td3"))


def test_the_products_of_a_round_are_those_of_its_networks(bench: ModuleType) -> None:
    """Of dense networks of two hidden layers: each layer forwards, its weights' and its inputs' gradient."""
    task = AoloTask(Scenario.load("paper"))
    config = SDRLConfig(num_envs=4, batch_size=8, critic_hidden=(16, 16))
    cost = bench.round_cost(task, MLPConfig(hidden=(16, 16)), config, rounds=1)
    serving, critic, through_critic = 3, 3 + 3 + 2, 3 + 3
    assert cost.products == serving + critic + (3 + through_critic + 3 + 2)
    assert 0.0 < cost.products_s < cost.round_s


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--limit", "0"), "--limit 0 is not allowed: give seconds above 0\n"),
        (("--scenario", "nowhere"), "bench_training: unknown scenario 'nowhere': name one of"),
    ],
)
def test_what_cannot_be_run_is_told_in_one_line(
    bench: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: tuple[str, ...],
    said: str,
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(bench, monkeypatch, *given)
    assert said in capsys.readouterr().err
