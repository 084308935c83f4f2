"""Files that other tools write, by ``scripts/foreign_networks.py``, against counts made by hand."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from neuro_aolo.runs.priced_network import DenseWork, price_network

SCRIPT = Path(__file__).parents[2] / "scripts" / "foreign_networks.py"
FILES = Path(__file__).parent / "onnx_files"
NEEDED = ("onnxscript", "sklearn", "skl2onnx", "stable_baselines3")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]

COUNTED = {
    "torch_dynamo": (4 * 24 + 24 * 12 + 12 * 2, 24 + 12 + 2),
    "torch_script_double": (4 * 24 + 24 * 12 + 12 * 2, 24 + 12 + 2),
    "torch_script_activations": (5 * 8 + 13 * 8 * 8, 14 * 8),
    "sb3_ppo": (3 * 64 + 64 * 64 + 64 * 1, 64 + 64),
    "sb3_ppo_discrete": (4 * 64 + 64 * 64 + 64 * 2, 64 + 64),
    "sb3_sac": (3 * 32 + 32 * 32 + 32 * 1, 32 + 32 + 1),
    "sklearn_regressor": (4 * 16 + 16 * 8 + 8 * 1, 16 + 8),
    "sklearn_regressor_double": (4 * 10 + 10 * 2, 10),
    "sklearn_classifier_2": (4 * 12 + 12 * 6 + 6 * 1, 12 + 6 + 1),
    "sklearn_classifier_3": (4 * 12 + 12 * 6 + 6 * 3, 12 + 6 + 3),
}
"""Multiply-accumulates and activations of each file; of two nets in one file, the policy's."""


def priced(folder: Path, name: str) -> DenseWork:
    """The file's work, its bill on a microcontroller being its multiply-accumulates at 1,240 pJ each."""
    path = folder / f"{name}.onnx"
    macs, _ = COUNTED[name]
    output = str(onnx.load(path, load_external_data=False).graph.output[0].name)
    width = 3 if name in ("sb3_ppo", "sb3_sac") else 5 if name == "torch_script_activations" else 4
    inputs = np.random.default_rng(0).normal(size=(64, width))
    found = price_network(path, inputs, profiles=["mcu_m33_u575"], twin="mlp-fp32", output=output)
    bill = found.priced.devices["mcu_m33_u575"].dense
    assert bill is not None
    assert bill.total_j.nominal == pytest.approx(macs * 1_240e-12)
    assert isinstance(found.work, DenseWork)
    assert found.work.checked is not None
    assert found.work.checked.difference < 1e-6
    return found.work


@pytest.mark.parametrize("name", COUNTED)
def test_a_file_of_another_tool_takes_what_was_counted_by_hand(name: str) -> None:
    work = priced(FILES, name)
    assert (work.macs, work.activations) == COUNTED[name]


def test_every_file_is_counted() -> None:
    assert {path.stem for path in FILES.glob("*.onnx")} == set(COUNTED)


@pytest.mark.skipif(
    bool(MISSING),
    reason=f"not installed: {', '.join(MISSING)}; make interop",
)
@pytest.mark.slow
def test_files_made_anew_are_priced_the_same(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", SCRIPT, tmp_path]
    made = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert made.returncode == 0, made.stderr[-2_000:]
    for name, counted in COUNTED.items():
        work = priced(tmp_path, name)
        assert (work.macs, work.activations) == counted
