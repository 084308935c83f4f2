"""Types that are no real numbers, and numbers that are none, are refused where they come in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neuro_aolo as na
from neuro_aolo.errors import NetworkError
from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph import DenseGraph, DenseLayer, SpikingGraph, SpikingLayer
from neuro_aolo_export.simulate import float_spikes
from neuro_aolo_export.spike_file import as_input_spikes, load_spikes

LAYER = SpikingLayer([[1.0, 2.0]], [0.0], 0.5, 0.75, 0.5)
NO_NUMBERS: dict[str, Any] = {
    "complex": np.array([[1 + 1j, 2.0]]),
    "text": np.array([["1", "2"]]),
    "objects": np.array([[1.0, None]], dtype=object),
    "huge": [[10**400, 1]],
    "ragged": [[1.0, 2.0], [3.0]],
    "dates": np.array([["2026-01-01", "2026-01-02"]], dtype="datetime64[D]"),
}
NUMBERS = {
    kind: np.array([[1, 2]], dtype=kind) for kind in ("f2", "f4", "f8", "i1", "u8", "?", ">f4", "longdouble")
}


@pytest.mark.parametrize("case", NO_NUMBERS)
def test_what_is_no_array_of_real_numbers_is_refused(case: str) -> None:
    given = NO_NUMBERS[case]
    for take in (
        lambda: SpikingLayer(given, [0.0], 0.5, 0.75, 0.5),
        lambda: DenseLayer(given, [0.0], "relu"),
        lambda: DenseGraph((DenseLayer([[1.0, 2.0]], [0.0], "relu"),)).forward(given),
        lambda: float_spikes([LAYER], given),
    ):
        with pytest.raises(ExportError, match="not an array of numbers") as refused:
            take()
        assert "\n" not in str(refused.value)
    graph = DenseGraph((DenseLayer([[1.0, 2.0]], [0.0], "relu"),))
    with pytest.raises(NetworkError, match="not an array of numbers"):
        na.energy(graph, given, profiles="mcu_m33_u575")


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_type_of_real_numbers_is_taken(kind: str) -> None:
    layer = SpikingLayer(NUMBERS[kind], [0.0], 0.5, 0.75, 0.5)
    assert layer.weight.tolist() == [[1.0, 1.0 if kind == "?" else 2.0]]
    assert layer.weight.dtype == np.float32


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39, -1e300])
@pytest.mark.parametrize("field", ["weight", "bias", "current_decay", "voltage_decay", "threshold"])
def test_a_layer_of_other_than_finite_numbers_says_where(field: str, value: float) -> None:
    fields: dict[str, Any] = {"weight": [[1.0]], "bias": [0.0], "current_decay": 0.5, "voltage_decay": 0.75}
    fields["threshold"] = 0.5
    fields[field] = np.full_like(np.asarray(fields[field], np.float64), value)
    if field not in ("weight", "bias"):
        fields[field] = value
    with pytest.raises(ExportError, match=field):
        SpikingLayer(**fields)


@pytest.mark.parametrize("value", [np.nan, np.inf, 2.0, -1.0, 0.5, 256.0, 257])
def test_spikes_are_0_or_1_in_every_type(value: float, tmp_path: Path) -> None:
    given = np.zeros((1, 3, 2))
    given[0, 1, 1] = value
    with pytest.raises(ExportError, match="values other than 0 and 1"):
        as_input_spikes(given, "given", 2)
    with pytest.raises(ExportError, match="values other than 0 and 1"):
        float_spikes([LAYER], given.swapaxes(0, 1))
    np.savez(tmp_path / "x.npz", input=given)
    with pytest.raises(ExportError, match=r"x\.npz holds values other than 0 and 1"):
        load_spikes(tmp_path / "x.npz", 2, 3)


@pytest.mark.parametrize("dtype", ["c8", "O", "U3", "M8[s]", "V2", [("a", "f4")]], ids=str)
def test_files_of_arrays_hold_real_numbers(dtype: Any, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", input=np.zeros((1, 3, 2), dtype=dtype))
    with pytest.raises(ExportError, match=r"holds .*, not numbers"):
        load_spikes(tmp_path / "x.npz", 2, 3)


@pytest.mark.parametrize("make", [np.float16, np.float32, np.int64, bool])
def test_spikes_of_any_type_of_numbers_are_taken(make: Callable[..., Any], tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", input=np.ones((1, 3, 2), dtype=make))
    assert load_spikes(tmp_path / "x.npz", 2, 3).sum() == 6


@pytest.mark.parametrize("alpha", [float("nan"), float("inf"), 1e39, "0.1", None])
def test_a_slope_that_float32_cannot_hold_is_refused(alpha: Any) -> None:
    with pytest.raises(ExportError, match="leaky_relu: give a finite number"):
        DenseLayer([[1.0]], [0.0], "leaky_relu", alpha)


def test_a_graph_says_which_of_its_numbers_is_none() -> None:
    for step_s in (float("nan"), float("inf"), 0.0, -1.0):
        with pytest.raises(ExportError, match=f"step_s {step_s}: give seconds above 0"):
            SpikingGraph(None, (LAYER,), None, 4, step_s)
