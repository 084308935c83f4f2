"""Harmless oddities of shape in other tools' NIR files, and parameters that are none."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
import pytest

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph_file import graph_digest
from neuro_aolo_export.nir.convert import read_nir

DT_S = 1e-3
WEIGHT = np.arange(1, 13, dtype=np.float64).reshape(4, 3) / 16
BIAS = np.arange(4, dtype=np.float64) / 8
OF_LIF = {"tau": 4 * DT_S, "r": 4.0, "v_leak": 0.0, "v_threshold": 0.5, "v_reset": 0.0}
OF_CUBA = {"tau_syn": 2 * DT_S, "tau_mem": 4 * DT_S, "r": 4.0, "w_in": 2.0, "v_leak": 0.0}
OF_CUBA |= {"v_threshold": 0.5, "v_reset": 0.0}
KINDS: dict[str, tuple[Any, dict[str, float]]] = {
    "LIF": (nir.LIF, OF_LIF),
    "CubaLIF": (nir.CubaLIF, OF_CUBA),
    "IF": (nir.IF, {"r": 1 / DT_S, "v_threshold": 0.5, "v_reset": 0.0}),
}


def write(path: Path, kind: str = "LIF", **fields: Any) -> Path:
    """Four neurons behind three inputs; ``fields`` replace datasets by ``node__field``."""
    make, values = KINDS[kind]
    nodes: dict[str, Any] = {"input": nir.Input(np.array([3])), "w": nir.Affine(WEIGHT, BIAS)}
    nodes |= {"n": make(**{name: np.full(4, value) for name, value in values.items()})}
    nodes |= {"output": nir.Output(np.array([4]))}
    nir.write(path, nir.NIRGraph(nodes, list(pairwise(nodes))))
    with h5py.File(path, "a") as file:
        for place, value in fields.items():
            name = f"node/nodes/{place.replace('__', '/')}"
            del file[name]
            file[name] = value
    return path


def read(path: Path) -> Any:
    return read_nir(path, steps=3, dt_s=DT_S)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "shape", [(), (1,), (1, 1), (1, 4), (1, 1, 4), (4, 1), (4, 1, 1), (1, 4, 1)], ids=str
)
def test_parameters_are_spread_over_the_layer(kind: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    fields = {f"n__{name}": np.full(shape, value) for name, value in KINDS[kind][1].items()}
    plain = read(write(tmp_path / "plain.nir", kind))
    assert graph_digest(read(write(tmp_path / "a.nir", kind, **fields))) == graph_digest(plain)
    # Some of one width and some of another go together, too.
    for name, value in KINDS[kind][1].items():
        mixed = write(tmp_path / "b.nir", kind, **{f"n__{name}": np.full(shape, value)})
        assert graph_digest(read(mixed)) == graph_digest(plain)


@pytest.mark.parametrize(
    "fields",
    [
        {"input__shape": np.array([1])},
        {"output__shape": np.array([1])},
        {"input__shape": np.array([1]), "output__shape": np.array([1])},
        {"input__shape": np.array([1, 3])},
        {"input__shape": np.array([3, 1])},
        {"output__shape": np.array([1, 1, 4])},
        {"output__shape": np.array([2, 2])},
        {"output__shape": np.array([4.0])},
        {"w__weight": WEIGHT[None]},
        {"w__weight": WEIGHT[None, None].astype(np.float32)},
        {"w__bias": BIAS[None]},
        {"w__bias": BIAS[:, None]},
        {"w__bias": BIAS.astype(np.float16)},
        {"w__weight": WEIGHT[None], "w__bias": BIAS[None], "n__tau": np.array([4 * DT_S])},
    ],
    ids=lambda fields: ",".join(f"{name}{np.shape(value)}" for name, value in fields.items()),
)
def test_axes_of_one_and_ends_of_size_1_add_nothing(fields: dict[str, Any], tmp_path: Path) -> None:
    plain = read(write(tmp_path / "plain.nir"))
    assert graph_digest(read(write(tmp_path / "a.nir", **fields))) == graph_digest(plain)


def test_one_bias_for_all_is_added_to_each(tmp_path: Path) -> None:
    layer = read(write(tmp_path / "a.nir", w__bias=np.array([0.25]))).layers[0]
    assert layer.bias.tolist() == [0.25] * 4


def test_ends_without_a_shape_declare_nothing(tmp_path: Path) -> None:
    plain, path = read(write(tmp_path / "plain.nir")), write(tmp_path / "a.nir")
    with h5py.File(path, "a") as file:
        del file["node/nodes/input/shape"], file["node/nodes/output/shape"]
    assert graph_digest(read(path)) == graph_digest(plain)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_gains_of_few_bits_are_multiplied_in_full(dtype: type, tmp_path: Path) -> None:
    values = {"w_in": dtype(3.3), "r": dtype(2.7), "tau_syn": dtype(7.1e-3), "tau_mem": dtype(9.3e-3)}
    fields: dict[str, Any] = {f"n__{name}": np.full(4, value) for name, value in values.items()}
    weight = read(write(tmp_path / "a.nir", "CubaLIF", **fields)).layers[0].weight
    exact = {name: float(value) for name, value in values.items()}
    gain = exact["w_in"] * exact["r"] * (DT_S / exact["tau_syn"]) * (DT_S / exact["tau_mem"])
    np.testing.assert_allclose(weight, WEIGHT * gain, rtol=2e-7)


INF, NAN = np.inf, np.nan
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "LIF without a leak": (
        "LIF",
        {"n__tau": np.full(4, INF), "n__r": np.full(4, INF)},
        "LIF node 'n': tau is infinite; a LIF without a leak, as snnTorch writes beta = 1, is NIR's IF with "
        "r = 1 / dt: write that",
    ),
    "the same, one for all": ("LIF", {"n__tau": np.array(INF)}, "is NIR's IF with r = 1 / dt"),
    "some without a leak": ("LIF", {"n__tau": np.array([1, 1, 1, INF])}, "is NIR's IF with r = 1 / dt"),
    "CubaLIF without a leak": (
        "CubaLIF",
        {"n__tau_mem": np.full(4, INF), "n__r": np.full(4, INF)},
        "CubaLIF node 'n': tau_mem is infinite; a CubaLIF without a leak",
    ),
    "a current for good": (
        "CubaLIF",
        {"n__tau_syn": np.full(4, INF), "n__w_in": np.full(4, INF)},
        "CubaLIF node 'n': tau_syn is infinite; a current that is kept for good",
    ),
    "tau of 0": ("LIF", {"n__tau": np.zeros(4)}, "LIF node 'n': tau is 0 s: a time constant is above 0"),
    "tau below 0": (
        "LIF",
        {"n__tau": np.full(4, -1e-3)},
        "LIF node 'n': tau is -0.001 s: a time constant is",
    ),
    "tau minus infinity": ("LIF", {"n__tau": np.full(4, -INF)}, "LIF node 'n': tau holds infinity"),
    "tau no number": ("LIF", {"n__tau": np.full(4, NAN)}, "LIF node 'n': tau holds NaN"),
    "tau_syn of 0": ("CubaLIF", {"n__tau_syn": np.zeros(4)}, "CubaLIF node 'n': tau_syn is 0 s"),
    "r infinite": ("IF", {"n__r": np.full(4, INF)}, "IF node 'n': r holds infinity"),
    "r no number": ("IF", {"n__r": np.array([1, NAN, 1, 1])}, "IF node 'n': r holds NaN"),
    "threshold infinite": ("IF", {"n__v_threshold": np.full(4, INF)}, "v_threshold holds infinity"),
    "leak no number": ("LIF", {"n__v_leak": np.full(4, NAN)}, "v_leak holds NaN"),
    "reset elsewhere": ("LIF", {"n__v_reset": np.full(4, -0.1)}, "node 'n': v_reset is -0.1; only 0"),
    "leak elsewhere": ("LIF", {"n__v_leak": np.array([0.2])}, "node 'n': v_leak is 0.2; only 0 is supported"),
    "weight no number": ("LIF", {"w__weight": np.full((4, 3), NAN)}, "w/weight: NaN or infinity"),
    "bias infinite": ("LIF", {"w__bias": np.full(4, INF)}, "w/bias: NaN or infinity"),
    "shapes": ("LIF", {"n__tau": np.full(3, 1.0)}, r"parameters of shapes \(3,\), \(4,\); make them one"),
    "weight of a row alone": ("LIF", {"w__weight": WEIGHT[0]}, r"node 'w': weight has shape \(3,\); give"),
    "weight twice": ("LIF", {"w__weight": np.stack([WEIGHT, WEIGHT])}, r"weight has shape \(2, 4, 3\)"),
    "bias of another width": ("LIF", {"w__bias": np.ones(3)}, r"bias \(3,\) does not fit"),
    "input of another width": (
        "LIF",
        {"input__shape": np.array([5])},
        "node 'w' takes 3 values but is fed 5",
    ),
    "output of another width": (
        "LIF",
        {"output__shape": np.array([5])},
        "'output' takes 5 values but is fed 4",
    ),
    "output of 0": ("LIF", {"output__shape": np.array([0])}, "node 'output' declares shape"),
    "output below 0": ("LIF", {"output__shape": np.array([-2, -2])}, "node 'output' declares shape"),
    "output beyond numbers": ("LIF", {"output__shape": np.full(3, 1e300)}, "node 'output' declares shape"),
    "complex": ("LIF", {"n__tau": np.full(4, 1 + 1j)}, "n/tau: not real numbers"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_parameter_is_named_by_its_node(case: str, tmp_path: Path) -> None:
    kind, fields, message = REFUSED[case]
    path = write(tmp_path / "a.nir", kind, **fields)
    with pytest.raises(ExportError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_an_if_is_the_lif_that_leaks_nothing(tmp_path: Path) -> None:
    """What the refusal of an infinite time constant proposes is read, with the weights as they are."""
    layer = read(write(tmp_path / "a.nir", "IF")).layers[0]
    assert (layer.current_decay, layer.voltage_decay, layer.threshold) == (0.0, 1.0, 0.5)
    np.testing.assert_array_equal(layer.weight, WEIGHT.astype(np.float32))
