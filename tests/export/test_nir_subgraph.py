"""Subgraphs in other tools' NIR files: read in the place of the node that they are."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np
import pytest

from neuro_aolo_export.errors import ExportError
from neuro_aolo_export.graph_file import graph_digest
from neuro_aolo_export.nir._file import MAX_NODES
from neuro_aolo_export.nir.convert import read_nir

DT_S = 1e-3
RNG = np.random.default_rng(3)
FIRST, SECOND = RNG.normal(size=(4, 3)), RNG.normal(size=(2, 4))


def lif(neurons: int) -> nir.LIF:
    zero = np.zeros(neurons)
    return nir.LIF(tau=zero + 4 * DT_S, r=zero + 4, v_leak=zero, v_threshold=zero + 0.5, v_reset=zero)


def chain(*nodes: Any, edges: list[tuple[str, str]] | None = None, **named: Any) -> nir.NIRGraph:
    named = dict(zip("abcdefgh", nodes, strict=False)) | named
    return nir.NIRGraph(named, list(pairwise(named)) if edges is None else edges, type_check=False)


def ends(inputs: int, outputs: int) -> tuple[nir.Input, nir.Output]:
    return nir.Input(np.array([inputs])), nir.Output(np.array([outputs]))


def block(weight: Any) -> nir.NIRGraph:
    first, last = ends(*weight.shape[::-1])
    return chain(first, nir.Linear(weight), lif(len(weight)), last)


def read(path: Path, graph: nir.NIRGraph) -> Any:
    nir.write(path, graph)
    return read_nir(path, steps=3, dt_s=DT_S)


FLAT = chain(ends(3, 2)[0], nir.Linear(FIRST), lif(4), nir.Linear(SECOND), lif(2), ends(3, 2)[1])
NESTED = {
    "first": chain(ends(3, 2)[0], block(FIRST), nir.Linear(SECOND), lif(2), ends(3, 2)[1]),
    "last": chain(ends(3, 2)[0], nir.Linear(FIRST), lif(4), block(SECOND), ends(3, 2)[1]),
    "one after the other": chain(block(FIRST), block(SECOND)),
    "all": chain(ends(3, 2)[0], FLAT, ends(3, 2)[1]),
    "one in another": chain(chain(ends(3, 2)[0], block(FIRST), block(SECOND), ends(3, 2)[1])),
    "neurons alone": chain(
        ends(3, 2)[0],
        nir.Linear(FIRST),
        chain(ends(4, 4)[0], lif(4), ends(4, 4)[1]),
        nir.Linear(SECOND),
        lif(2),
    ),
}


@pytest.mark.parametrize("case", NESTED)
def test_a_subgraph_is_read_as_its_nodes_in_its_place(case: str, tmp_path: Path) -> None:
    flat = read(tmp_path / "flat.nir", FLAT)
    assert graph_digest(read(tmp_path / "a.nir", NESTED[case])) == graph_digest(flat)


RECURRENT = chain(
    input=ends(4, 4)[0],
    lif=lif(4),
    w_rec=nir.Linear(np.eye(4)),
    output=ends(4, 4)[1],
    edges=[("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")],
)
REFUSED = {
    "recurrent": (
        chain(ends(3, 4)[0], nir.Linear(FIRST), RECURRENT),
        "node 'c/lif' (feeds|is fed by) 'c/.*' and .* without branches or recurrent edges",
    ),
    "no output": (
        chain(chain(ends(3, 4)[0], nir.Linear(FIRST), lif(4))),
        "subgraph 'a' has 0 nodes of type Output: give it one",
    ),
    "two inputs": (
        chain(chain(ends(3, 4)[0], ends(3, 4)[0], nir.Linear(FIRST), lif(4), ends(3, 4)[1])),
        "subgraph 'a' has 2 nodes of type Input: give it one",
    ),
    "widths": (chain(block(FIRST), block(FIRST)), "node 'b/a' takes 3 values but is fed 4"),
    "a readout": (
        chain(chain(*ends(3, 3), nir.LI(np.ones(3), np.ones(3), np.zeros(3)))),
        "node 'a/c' is of type 'LI'; allowed is Input -> ",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_chain_holds_is_named_by_its_place(case: str, tmp_path: Path) -> None:
    graph, message = REFUSED[case]
    with pytest.raises(ExportError, match=message) as caught:
        read(tmp_path / "a.nir", graph)
    assert str(caught.value).startswith(f"{tmp_path / 'a.nir'}: ")
    assert "\n" not in str(caught.value)


def test_a_graph_that_holds_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.nir"
    nir.write(path, FLAT)
    with h5py.File(path, "a") as file:
        file["node/nodes/g"] = file["node"]
    with pytest.raises(ExportError, match=f"more than {MAX_NODES} nodes|letters: at most"):
        read_nir(path, steps=3, dt_s=DT_S)
