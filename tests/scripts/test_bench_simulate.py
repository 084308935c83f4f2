"""The benchmark of the simulators: its arithmetic, and one run too short to measure anything."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from neuro_aolo.errors import RunError
from neuro_aolo_export.simulate import float_spikes

SCRIPT = Path(__file__).parents[2] / "scripts" / "bench_simulate.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_simulate", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run(bench: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    """The script as the shell runs it, in this process: with one thread it need not start over."""
    for name, value in bench.ONE_THREAD.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["bench_simulate", *arguments])
    threads = torch.get_num_threads()
    try:
        bench.main()
    finally:
        torch.set_num_threads(threads)


def test_a_short_run_prints_every_line(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(bench, monkeypatch, "--batches", "1", "3", "--seconds", "0", "--no-lava", "--json")
    told = json.loads(capsys.readouterr().out)
    lines = {speed["what"].split()[0]: speed for speed in told["speeds"]}
    assert list(lines) == ["ours,", "PopSAN", "Norse", "onnxruntime", "snnTorch,"]
    for name in ("ours,", "PopSAN", "Norse", "onnxruntime"):
        assert list(lines[name]["us"]) == ["1", "3"]
    # It is in no environment of ours: the line says what to do.
    assert lines["snnTorch,"]["us"] or "--peer-python" in lines["snnTorch,"]["note"]
    assert "T = 8" in told["on"]


def test_the_table_tells_how_many_times_ours(bench: ModuleType) -> None:
    ours = bench.Speed("ours, integers", {1: 20.0, 4096: 4.0})
    lava = bench.Speed("Lava, one long run", {1: 8000.0})
    online = bench.Speed("Lava, online", {1: 30000.0})
    missing = bench.Speed("snnTorch", {}, "not measured")
    rows = bench.table([ours, lava, missing]).splitlines()
    assert rows[2].split()[-4:] == ["8,000.0", "400.0", "-", "-"]
    assert rows[3].split() == ["snnTorch", "not", "measured"]
    assert bench.against_lava([ours, lava, online]) == [
        "Lava, one long run: a decision takes 400 times ours alone (batch 1).",
        "Lava, online: a decision takes 1,500 times ours alone (batch 1).",
    ]


def test_a_decision_of_lava_is_set_against_no_batch_of_ours(bench: ModuleType) -> None:
    batched = bench.Speed("ours, integers", {256: 5.0, 4096: 4.0})
    lava = bench.Speed("Lava, one long run", {1: 8000.0})
    assert bench.against_lava([batched, lava]) == []
    assert bench.table([batched, lava]).splitlines()[2].split()[-4:] == ["-", "-", "-", "-"]


def test_what_is_timed_of_norse_computes_the_same_rates(bench: ModuleType) -> None:
    on = bench.subject(None)
    some = on.observations[:40]
    counts = bench.norse_cells(on.graph)(some).numpy()
    ours = float_spikes(on.graph.layers, on.graph.input_spikes(some))[-1].sum(axis=0)
    # Norse scales the membrane and sums in another order: a spike at the threshold may differ.
    assert np.mean(counts == ours) > 0.999


@pytest.mark.parametrize(
    ("arguments", "wanted"), [(("--batches", "0"), "give 1 or more"), (("--run", "nowhere"), "nowhere")]
)
def test_a_wrong_argument_is_one_line(
    bench: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    wanted: str,
) -> None:
    with pytest.raises(SystemExit, match="2"):
        run(bench, monkeypatch, *arguments)
    assert wanted in capsys.readouterr().err.splitlines()[-1]


def test_a_run_without_spikes_is_refused(bench: ModuleType, small_run: Path) -> None:
    with pytest.raises(RunError, match="holds a dense actor, which has no spikes"):
        bench.subject(small_run / "mlp")
