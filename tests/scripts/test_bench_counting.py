"""The benchmark of counting: its arithmetic, what it refuses, and a run too short to measure anything."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import PopSANConfig

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        return importlib.import_module("bench_counting")


def run(bench: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> None:
    """The script as the shell runs it, in this process: with one thread it need not start over."""
    for name, value in bench.ONE_THREAD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["bench_counting", *map(str, arguments)])
    bench.main()


def test_what_counting_adds_is_the_median_of_each_repeats_own_ratio(bench: ModuleType) -> None:
    # A repeat that a busy machine made ten times as slow has the same ratio.
    cost = bench.Cost(1_000, (1.0, 1.0, 10.0, 1.0, 1.0), (0.04, 0.05, 0.5, 0.06, 0.9))
    assert cost.added == pytest.approx((0.05, 0.05, 0.06))
    row = bench.table([cost]).splitlines()[1].split()
    assert row == ["1,000", "5", "1,000.00", "60.000", "5.0%", "5.0%", "-", "6.0%"]


def test_the_verdict_names_the_batches(bench: ModuleType) -> None:
    one = bench.Cost(1, (1.0,), (2.0,))
    many = bench.Cost(2_048, (1.0,), (0.04,))
    told = "In the median counting adds "
    assert bench.verdict([many]) == told + "4% in batches of 2,048."
    assert bench.verdict([one]) == told + "200% to a decision alone: nowhere below 10%."
    assert bench.verdict([one, many]) == told + (
        "200% to a decision alone, 4% in batches of 2,048: below 10% in batches of 2,048 only."
    )


def test_a_short_run_prints_a_row_per_batch(
    bench: ModuleType,
    untrained: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = untrained(tmp_path / "actor", PopSANConfig(hidden=(16, 16)))
    run(bench, monkeypatch, folder, "--seconds", "0", "--batches", "1", "3")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("paper, T = 5, a firing rate of ")
    assert [line.split()[:2] for line in lines[2:4]] == [["1", "5"], ["3", "5"]]
    assert str(tmp_path) not in "".join(lines)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "no RUN: name a run folder"),
        (("nowhere",), "nowhere"),
        (("x", "--batches", "0"), "--batches 0 is not allowed: give 1 or more"),
        (("x", "--seconds", "nan"), "--seconds nan is not allowed: give 0 or more"),
    ],
)
def test_bad_input_is_one_line(
    bench: ModuleType,
    arguments: tuple[str, ...],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as exit_:
        run(bench, monkeypatch, *arguments)
    error = capsys.readouterr().err
    assert exit_.value.code == 2
    assert told in error
    assert error.startswith("bench_counting: ")
    assert error.count("\n") == 1


def test_an_actor_without_spikes_is_refused(
    bench: ModuleType,
    untrained: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = untrained(tmp_path / "mlp", MLPConfig((8,)))
    with pytest.raises(SystemExit):
        run(bench, monkeypatch, folder)
    assert "has no spikes: name a run of --actor popsan" in capsys.readouterr().err
