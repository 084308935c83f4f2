import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from neuro_aolo.report.side_by_side import Told, curves, table
from neuro_aolo.report.svg import NARROW_IN, WIDE_IN

SVG = "{http://www.w3.org/2000/svg}"


def _told(run: Told, name: str, regrets: list[float], violations: float = 0.0) -> Told:
    rows = [
        {"requests": 256.0 * step, "regret": regret, "violation_rate": violations}
        for step, regret in enumerate(regrets, start=1)
    ]
    return replace(run, name=name, metrics=rows)


def _heights(svg: str, colour: str) -> list[float]:
    """Heights of the thick line of a colour."""
    for path in ElementTree.fromstring(svg).iter(f"{SVG}path"):
        style = path.get("style") or ""
        if f"stroke: var(--na-{colour}," in style and "width: 1.9" in style and "clip-path" in path.attrib:
            return [float(y) for _, y in re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", path.get("d") or "")]
    return []


@pytest.mark.parametrize("width", [WIDE_IN, NARROW_IN])
def test_curves_lie_where_their_logarithm_says(two_runs: list[Told], width: float) -> None:
    first = _told(two_runs[0], "first", [1.0, 0.1, 0.01, 0.001])
    second = _told(two_runs[1], "second", [0.1, 0.1])
    svg = curves([first, second], width)
    falls = np.diff(_heights(svg, "snn"))
    assert falls == pytest.approx(np.full(3, falls[0]), rel=1e-3)
    assert _heights(svg, "mlp")[0] == pytest.approx(_heights(svg, "snn")[1], abs=2e-3)
    label = ElementTree.fromstring(svg).get("aria-label") or ""
    assert "At the end: first 0.1\xa0%; second 10\xa0%." in label


def test_a_regret_of_zero_is_a_gap_and_violations_make_the_line_thin(two_runs: list[Told]) -> None:
    gap = _told(two_runs[0], "gap", [0.1, -0.2, 0.1])
    broken = _told(two_runs[1], "broken", [0.1, 0.1], violations=0.02)
    svg = curves([gap, broken, _told(two_runs[0], "none", [])])
    assert not re.search(r'[ "]-?(nan|inf)[ "]', svg, re.IGNORECASE)
    # Matplotlib leaves a mark without extent where there is no line.
    assert len(set(_heights(svg, "mlp"))) <= 1
    assert "none without a validation" in (ElementTree.fromstring(svg).get("aria-label") or "")


@pytest.mark.parametrize("width", [WIDE_IN, NARROW_IN])
def test_many_runs_are_told_apart(two_runs: list[Told], width: float) -> None:
    runs = [_told(two_runs[0], f"run {n}", [0.1, 0.1 / n]) for n in range(1, 12)]
    svg = curves(runs, width)
    text = "".join(ElementTree.fromstring(svg).itertext())
    assert all(run.name in text for run in runs)
    styles = {
        (re.findall(r"--na-(\w+)", style)[0], "".join(re.findall(r"dasharray: ([^;]+)", style)))
        for path in ElementTree.fromstring(svg).iter(f"{SVG}path")
        if "width: 1.9" in (style := path.get("style") or "")
    }
    assert len(styles) == len(runs)
    assert len(table(runs).columns) == 1 + len(runs)
