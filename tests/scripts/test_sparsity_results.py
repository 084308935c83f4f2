"""The script that sets sparser actors beside others, seed by seed: its arithmetic, and untrained actors."""

import csv
import dataclasses
import importlib
import math
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from scipy import stats

from neuro_aolo.agent.popsan import PopSANConfig
from neuro_aolo.agent.sparsity import SpikeToll
from neuro_aolo.pricing.bill import Bill
from neuro_aolo.runs.decided import hold_out
from neuro_aolo.runs.deployed import deploy
from neuro_aolo.runs.folder import RunFolder
from neuro_aolo.runs.priced import Pricing, price_run
from neuro_aolo.runs.run import Run

SCRIPTS = Path(__file__).parents[2] / "scripts"
WEIGHT = 0.02
TOLL = SpikeToll("loihi2", 6e-5, 8.4e-5, WEIGHT + 6e-8)
"""The weight that was typed, and the carbon of the spikes' energy on top of it."""


@pytest.fixture(scope="module")
def parts() -> dict[str, ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        return {name: importlib.import_module(name) for name in ("curves.sparsity", "sparsity_results")}


@pytest.fixture(scope="module")
def tables(parts: dict[str, ModuleType]) -> ModuleType:
    return parts["curves.sparsity"]


@pytest.fixture(scope="module")
def make(tables: ModuleType) -> Callable[..., Any]:
    """A run of made-up figures on one device."""

    def run(seed: int, weight: float, rate: float, regret: float, total_j: float = 4e-6) -> Any:
        device = tables.Device("mcu_m33_u575", total_j, 1e-6, total_j, 9e-6, "mcu_m33_u575", 0.25)
        name = f"s{seed}-w{weight:g}"
        return tables.Sparse(name, seed, 5, weight, rate, 80.0, 6e4, regret, 0.002, (device,))

    return run


def test_the_interval_is_students(tables: ModuleType) -> None:
    values = [0.02, 0.03, 0.07, 0.04]
    found = tables.of_seeds(values)
    low, high = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (found.value, found.low, found.high) == pytest.approx((0.04, low, high))
    alone = tables.of_seeds([0.5])
    assert alone.value == 0.5
    assert math.isnan(alone.low)


def test_the_mean_ratio_is_geometric(tables: ModuleType) -> None:
    found = tables.ratio_of_seeds([0.25, 4.0])
    assert found.value == pytest.approx(1.0)
    assert found.low * found.high == pytest.approx(1.0)
    assert found.low > 0.0


def test_runs_are_paired_by_seed(tables: ModuleType, make: Callable[..., Any]) -> None:
    runs = [make(1, 0.0, 0.12, 0.05), make(0, 0.0, 0.11, 0.04), make(0, 0.1, 0.05, 0.045)]
    pairs = tables.paired([*runs, make(7, 0.1, 0.05, 0.05)], 5, 0.1)
    assert [(before.run, after.run) for before, after in pairs] == [("s0-w0", "s0-w0.1")]
    assert tables.paired(runs, 3, 0.1) == []


def test_differences_are_taken_seed_by_seed(tables: ModuleType, make: Callable[..., Any]) -> None:
    pairs = [
        (make(seed, 0.0, 0.12, 0.04 + 0.01 * seed), make(seed, 0.1, 0.05, 0.045 + 0.01 * seed))
        for seed in range(3)
    ]
    row = next(line for line in tables.quantities(pairs).splitlines() if "regret" in line)
    # The seeds differ by points, each pair by half of one.
    assert row.split(" | ")[1].startswith("5.00 (")
    assert row.split(" | ")[3].removesuffix(" |") == "0.500"


@pytest.mark.parametrize(
    ("rates", "more", "told"),
    [
        ((0.05, 0.05, 0.05), (0.005, 0.004, 0.006), "**met** in the mean: "),
        ((0.05, 0.05, 0.07), (0.005, 0.004, 0.006), "**met** in the mean, though an interval reaches beyond"),
        ((0.02, 0.02, 0.02), (0.002, 0.002, 0.3), "**missed** in the mean: "),
        ((0.05,), (0.005,), "**met** in the mean (one seed): "),
    ],
)
def test_the_bar(
    tables: ModuleType,
    make: Callable[..., Any],
    rates: tuple[float, ...],
    more: tuple[float, ...],
    told: str,
) -> None:
    pairs = [
        (make(seed, 0.0, 0.12, 0.04), make(seed, 0.1, rate, 0.04 + extra))
        for seed, (rate, extra) in enumerate(zip(rates, more, strict=True))
    ]
    verdict = tables.verdict(pairs, 0.005)
    assert told in verdict
    kept = sum(rate <= 0.057 and extra <= 0.01 for rate, extra in zip(rates, more, strict=True))
    assert f"{kept} of {len(pairs)} seeds keep both; {len(pairs)} of {len(pairs)} keep within" in verdict
    other_steps = [tuple(dataclasses.replace(run, steps=3) for run in pair) for pair in pairs]
    assert tables.verdict(other_steps, 0.005) == ""


def test_a_bill_says_before_and_after(tables: ModuleType, make: Callable[..., Any]) -> None:
    pairs = [
        (make(seed, 0.0, 0.12, 0.04, 4e-6), make(seed, 0.1, 0.05, 0.04, joules))
        for seed, joules in enumerate((1e-6, 3e-6))
    ]
    cells = tables.bills(pairs).splitlines()[-1].strip("| ").split(" | ")
    assert cells[0] == "`mcu_m33_u575`"
    assert cells[1].replace("\xa0", " ") == "4.00 µJ → 2.00 µJ"
    assert cells[2].startswith("0.433 (")
    assert cells[5].replace("\xa0", " ") == "25 % → 25 %"


def test_untrained_actors_of_two_seeds(
    parts: dict[str, ModuleType],
    untrained: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    actor = PopSANConfig(hidden=(16, 16))
    runs = [
        untrained(tmp_path / f"s{seed}-w{weight:g}", actor, seed, toll, spike_weight=weight)
        for seed in range(2)
        for toll, weight in ((None, 0.0), (TOLL, WEIGHT))
    ]
    options = ["--out", str(tmp_path / "out"), "--requests", "200"]
    monkeypatch.setattr(sys, "argv", ["sparsity_results", *map(str, runs), *options])
    parts["sparsity_results"].main()
    said = capsys.readouterr().out
    assert "## T = 5, weight 0.02 beside none (seeds 0, 1)" in said
    with (tmp_path / "out" / "paper" / "devices.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["profile"] == "loihi2"]
    assert [(row["seed"], row["spike_weight"]) for row in rows] == [
        ("0", "0.0"),
        ("1", "0.0"),
        ("0", "0.02"),
        ("1", "0.02"),
    ]
    run = Run.open(RunFolder.open(runs[0]))
    bill = price_run(run, deploy(hold_out(run, 200)), Pricing(("loihi2",))).profiler.spiking["loihi2"]
    assert isinstance(bill, Bill)
    assert float(rows[0]["dynamic_j"]) == bill.dynamic_j.nominal
    assert float(rows[0]["total_j"]) == bill.total_j.nominal
    assert rows[0]["dense_on"] == "mcu_m33_u575"


@pytest.mark.parametrize(
    ("interrupted", "told"),
    [
        (False, "have the same seed, T and weight: leave one of them out"),
        (True, "was interrupted after 0 requests: let `neuro-aolo train --resume` finish it"),
    ],
)
def test_runs_that_cannot_be_set_beside_each_other(
    parts: dict[str, ModuleType],
    untrained: Callable[..., Path],
    interrupted: bool,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    actor = PopSANConfig(hidden=(8,))
    runs = [untrained(tmp_path / name, actor, interrupted=name == "b" and interrupted) for name in "ab"]
    monkeypatch.setattr(sys, "argv", ["sparsity_results", *map(str, runs), "--requests", "100"])
    with pytest.raises(SystemExit) as exit_:
        parts["sparsity_results"].main()
    error = capsys.readouterr().err.splitlines()[-1]
    assert exit_.value.code == 2
    assert told in error
