"""Cells of what was learnt on the cell of emissions per bit, and the row that they make."""

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
TINY = {
    "total_steps": 640,
    "num_envs": 16,
    "batch_size": 64,
    "critic_hidden": (8,),
    "evaluate_every": 40,
    "validation_requests": 2,
}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script and the modules beside it, which are found as they are when the shell runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "scripts")
        return importlib.import_module("learn_emissions")


def test_a_cell_is_trained_once_and_says_by_how_much_it_misses_its_bar(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = script.Group("tiny", "hardly learnt", "mlp", 1, TINY, most=0.05)
    made = script.cell(group, 0, tmp_path)
    assert made.keys() == script.KEYS
    told = json.loads((tmp_path / "learnt-tiny-0.json").read_text(encoding="utf-8"))
    assert told["settings"] == script.settings(group, 0)
    monkeypatch.setattr(script, "make", lambda group, seed: pytest.fail("trained again"))
    assert script.cell(group, 0, tmp_path) == made
    learnt = script.row(group, [made])
    assert not learnt.is_met
    assert f"{100 * made['figures']['regret']:.1f} %" in learnt.result
    perfect = {**made, "figures": {**made["figures"], "regret": 0.0, "delay_ratio": 1.0, "drop_rate": 0.0}}
    assert script.row(group, [perfect | {"processor_s": 300.0}]).is_met
    assert not script.row(group, [perfect | {"processor_s": 301.0}]).is_met
