import re
from typing import Any
from xml.etree import ElementTree

import pytest

from neuro_aolo.report.evens import cheaper, compared, even_plot
from neuro_aolo.report.svg import NARROW_IN, WIDE_IN
from neuro_aolo.runs.summary.priced import Priced
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import plain

SVG = "{http://www.w3.org/2000/svg}"


def _lines(svg: str, colour: str, width: str) -> list[list[tuple[float, float]]]:
    """Points of the lines of a colour, panel by panel."""
    return [
        [(float(x), float(y)) for x, y in re.findall(r"[ML] ([-\d.]+) ([-\d.]+)", path.get("d") or "")]
        for path in ElementTree.fromstring(svg).iter(f"{SVG}path")
        if f"stroke: var(--na-{colour}," in (style := path.get("style") or "")
        and f"stroke-width: {width}" in style
        and "clip-path" in path.attrib
    ]


def _signs(svg: str, colour: str) -> list[tuple[float, float]]:
    return [
        (float(use.get("x", "nan")), float(use.get("y", "nan")))
        for use in ElementTree.fromstring(svg).iter(f"{SVG}use")
        if f"fill: var(--na-{colour}," in (use.get("style") or "")
    ]


@pytest.mark.parametrize("width", [WIDE_IN, NARROW_IN])
def test_the_lines_cross_at_the_break_even_rate(summary: Summary, width: float) -> None:
    """The diamond lies on both lines, the dot on the spiking one; the last dot is the legend's."""
    svg = even_plot(summary.priced, width)
    (_, (left, right)), (_, (flat, _)) = _lines(svg, "snn", "1.8"), _lines(svg, "mlp", "1.6")
    (diamond,) = _signs(svg, "text")
    slope = (right[1] - left[1]) / (right[0] - left[0])
    assert left[1] + slope * (diamond[0] - left[0]) == pytest.approx(diamond[1], abs=2e-2)
    assert flat[1] == pytest.approx(diamond[1], abs=2e-2)
    _, dot, _ = _signs(svg, "snn")
    assert left[1] + slope * (dot[0] - left[0]) == pytest.approx(dot[1], abs=2e-2)
    pair = compared(summary.priced)[1]
    share = (diamond[0] - left[0]) / (dot[0] - left[0])
    assert pair.rate is not None
    assert summary.priced.firing_rate is not None
    assert share == pytest.approx(pair.rate / summary.priced.firing_rate, rel=1e-3)


def test_pairs_that_make_no_ratio_have_no_panel(summary: Summary) -> None:
    assert [(pair.spiking, pair.dense) for pair in compared(summary.priced)] == [
        ("h100", "h100"),
        ("mcu_m33_u575", "mcu_m33_u575"),
    ]
    label = ElementTree.fromstring(even_plot(summary.priced)).get("aria-label") or ""
    assert "NVIDIA H100 SXM: spiking never costs less; STM32U575 microcontroller: spiking costs less" in label
    refused = summary.priced.model_copy(update={"pairs": summary.priced.pairs[1:2]})
    assert "no pair makes a fair ratio" in even_plot(refused)


@pytest.mark.parametrize(
    ("wins", "rate", "said"),
    [
        ("always", None, "spiking always costs less"),
        ("never", None, "spiking never costs less"),
        ("below", 0.0123, "spiking costs less below 1.23 %"),
    ],
)
def test_the_verdict_of_a_pair(summary: Summary, wins: str, rate: float | None, said: str) -> None:
    pair = summary.priced.pairs[0].model_copy(update={"wins": wins, "rate": rate})
    assert plain(cheaper(pair)) == said


def test_a_silent_actor_has_its_panels(data: dict[str, Any]) -> None:
    ElementTree.fromstring(even_plot(Priced.model_validate(data["priced"] | {"firing_rate": 0.0})))
