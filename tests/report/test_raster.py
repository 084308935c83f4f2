import re
from typing import Any
from xml.etree import ElementTree

import pytest

from neuro_aolo.report.raster import raster, runs
from neuro_aolo.report.svg import NARROW_IN, WIDE_IN
from neuro_aolo.runs.summary.deployed import Raster

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def drawn(recorded: dict[str, Any]) -> Raster:
    return Raster.model_validate(recorded["deployed"]["raster"])


def test_neighbours_that_spike_together_are_one_run() -> None:
    assert runs([[3, 0], [4, 0], [5, 0], [3, 2], [9, 0]]) == [(0, 3, 6), (0, 9, 10), (2, 3, 4)]
    assert runs([]) == []


@pytest.mark.parametrize("width", [WIDE_IN, NARROW_IN])
def test_every_spike_is_where_its_neuron_and_step_are(drawn: Raster, width: float) -> None:
    root = ElementTree.fromstring(raster(drawn, width))
    paths = [
        path.get("d") or ""
        for path in root.iter(f"{SVG}path")
        if "fill: var(--na-snn," in (path.get("style") or "") and path.get("d")
    ]
    layers = [layer for layer in drawn.layers if layer.spikes]
    assert len(paths) == len(layers)
    span = None
    for layer, path in zip(layers, paths, strict=True):
        boxes = [
            [float(value) for value in re.findall(r"[ML] ([-\d.]+) [-\d.]+", box)]
            for box in path.split("z")
            if box.strip()
        ]
        rows = runs(layer.spikes)
        assert len(boxes) == len(rows)
        for box, (_, first, last) in zip(boxes, rows, strict=True):
            each = (max(box) - min(box)) / (last - first) * layer.neurons
            span = span or each
            assert each == pytest.approx(span, rel=1e-2)


def test_the_description_tells_the_spikes(drawn: Raster) -> None:
    label = ElementTree.fromstring(raster(drawn)).get("aria-label") or ""
    assert "Spikes: encoder 6; hidden 1 6; hidden 2 5; output 0" in label


def test_a_network_of_one_neuron_and_step_is_drawn() -> None:
    layers = [
        {"name": "output", "neurons": 1, "spikes": [[0, 0]]},
        {"name": "none", "neurons": 0, "spikes": []},
    ]
    drawn = Raster.model_validate({"decision": 0, "steps": 1, "layers": layers})
    ElementTree.fromstring(raster(drawn))
