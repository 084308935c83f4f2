import math
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from neuro_aolo.report import plots
from neuro_aolo.report.svg import NARROW_IN, WIDE_IN

SVG = "{http://www.w3.org/2000/svg}"
Summary = dict[str, Any]


def _parsed(svg: str) -> ElementTree.Element:
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert not re.search(r'[ "]-?(nan|inf)[ "]', svg, re.IGNORECASE)
    return root


def _marks(svg: str, colour: str) -> list[float]:
    """Horizontal positions of the signs of a colour, from top to bottom."""
    uses = [
        (float(use.get("y", "nan")), float(use.get("x", "nan")))
        for use in _parsed(svg).iter(f"{SVG}use")
        if f"fill: var(--na-{colour}," in (use.get("style") or "")
    ]
    return [x for _, x in sorted(uses)]


@pytest.mark.parametrize("width", [WIDE_IN, NARROW_IN])
def test_energies_lie_where_their_logarithm_says(summary: Summary, width: float) -> None:
    svg = plots.energy_per_device(summary, width)
    nominal = [actors["snn"]["nominal"] for actors in summary["energy_j"].values()]
    positions = _marks(svg, "snn")
    slope, offset = np.polyfit(np.log10(nominal), positions, 1)
    assert slope * np.log10(nominal) + offset == pytest.approx(np.array(positions), abs=1e-3)
    dense = [actors["mlp"]["nominal"] for actors in summary["energy_j"].values() if actors["mlp"]]
    assert _marks(svg, "mlp") == pytest.approx(list(slope * np.log10(dense) + offset), abs=1e-3)


def test_ledger_terms_lie_where_their_logarithm_says(summary: Summary) -> None:
    svg = plots.ledger_plot(summary)
    terms = np.log10(list(summary["service_terms_mg"].values()))
    slope, offset = np.polyfit(terms, _marks(svg, "service"), 1)
    devices = summary["ledger"]["devices"].values()
    work = [
        math.log10(line["mg"]["nominal"])
        for device in devices
        for line in device["lines"]
        if line["part"] in ("dynamic", "host")
    ]
    assert _marks(svg, "snn") == pytest.approx([slope * value + offset for value in work], abs=1e-3)
    static = [
        math.log10(line["mg"]["nominal"])
        for device in devices
        for line in device["lines"]
        if line["part"] == "static"
    ]
    assert _marks(svg, "alert") == pytest.approx([slope * value + offset for value in static], abs=1e-3)
    assert len(_marks(svg, "training")) == 1


def test_bars_are_as_long_as_their_spikes(summary: Summary) -> None:
    root = _parsed(plots.spikes_per_layer(summary))
    lengths = []
    for path in root.iter(f"{SVG}path"):
        if "fill: var(--na-snn," in (path.get("style") or ""):
            x = [float(pair[0]) for pair in re.findall(r"[ML] ([\d.]+) ([\d.]+)", path.get("d") or "")]
            lengths.append(max(x) - min(x))
    spikes = [layer["spikes_per_decision"] for layer in summary["layers"]]
    assert np.array(lengths) / max(lengths) == pytest.approx(np.array(spikes) / max(spikes), abs=1e-4)


def test_descriptions_tell_the_figures(summary: Summary, metrics: list[dict[str, float]]) -> None:
    curve = _parsed(plots.learning_curve(metrics)).get("aria-label") or ""
    assert "Best checkpoint: 39.52 mg after 16,128 requests" in curve
    energy = _parsed(plots.energy_per_device(summary)).get("aria-label") or ""
    assert "Intel Loihi 1, dynamic energy of the chip: spiking actor 9.49" in energy
    assert "MLP cannot run it" in energy


def _no_spikes(summary: Summary) -> Summary:
    keys = ("spikes_per_decision", "firing_rate", "synaptic_events_per_decision")
    return summary | {"layers": [layer | dict.fromkeys(keys, 0.0) for layer in summary["layers"]]}


def _no_energy(summary: Summary) -> Summary:
    nothing = {"snn": None, "mlp": None}
    return summary | {
        "energy_j": {profile: nothing for profile in summary["energy_j"]},
        "ledger": summary["ledger"] | {"devices": {}},
    }


def _zeros(summary: Summary) -> Summary:
    zero = dict.fromkeys(("low", "nominal", "high"), 0.0)
    ledger = summary["ledger"] | {"service": [line | {"mg": zero} for line in summary["ledger"]["service"]]}
    for device in ledger["devices"].values():
        device["lines"] = [line | {"mg": zero} for line in device["lines"]]
    return summary | {"energy_j": {"chip": {"snn": zero, "mlp": zero}}, "ledger": ledger}


@pytest.mark.parametrize("change", [_no_spikes, _no_energy, _zeros])
@pytest.mark.parametrize("width", [WIDE_IN, NARROW_IN])
def test_degenerate_runs_are_drawn(
    summary: Summary, change: Callable[[Summary], Summary], width: float
) -> None:
    for plot in (plots.spikes_per_layer, plots.energy_per_device, plots.ledger_plot):
        _parsed(plot(change(summary), width))


NAN = math.nan
ROW = {"requests": 256.0, "cost": 40.0, "optimal_cost": 33.0, "violation_rate": 0.2, "best": 1.0}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no validation was recorded"),
        ([ROW], "Learning curve of 1 validations"),
        ([ROW, ROW | {"requests": 512.0, "cost": NAN, "violation_rate": NAN, "best": 0.0}], "1 validations"),
        ([dict.fromkeys(ROW, NAN)], "no validation was recorded"),
    ],
)
def test_short_and_broken_curves_are_drawn(rows: list[dict[str, float]], said: str) -> None:
    assert said in (_parsed(plots.learning_curve(rows)).get("aria-label") or "")


def test_names_are_text_and_never_mathematics(summary: Summary) -> None:
    summary["bills"]["h100"]["device"] = '<i>$\\frac{1}{$ & "x"'
    labels = "".join(_parsed(plots.energy_per_device(summary)).itertext())
    assert '<i>$\\frac{1}{$ & "x"' in labels


def test_the_same_figure_has_the_same_bytes(summary: Summary, metrics: list[dict[str, float]]) -> None:
    assert plots.learning_curve(metrics) == plots.learning_curve(metrics)
    assert plots.ledger_plot(summary) == plots.ledger_plot(summary)
