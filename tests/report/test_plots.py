import math
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from neuro_aolo.report import plots
from neuro_aolo.report.facts import validations
from neuro_aolo.report.learning import learning_curve
from neuro_aolo.report.svg import NARROW_IN, WIDE_IN
from neuro_aolo.runs.summary.summary import Summary

SVG = "{http://www.w3.org/2000/svg}"
Data = dict[str, Any]


def _typed(data: Data) -> Summary:
    return Summary.of(data, "summary.json")


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
    devices = summary.priced.devices.values()
    nominal = [device.spiking.total_j.nominal for device in devices if device.spiking]
    assert len(nominal) == len(devices)
    positions = _marks(svg, "snn")
    slope, offset = np.polyfit(np.log10(nominal), positions, 1)
    assert slope * np.log10(nominal) + offset == pytest.approx(np.array(positions), abs=1e-3)
    dense = [device.dense.total_j.nominal for device in devices if device.dense]
    assert _marks(svg, "mlp") == pytest.approx(list(slope * np.log10(dense) + offset), abs=1e-3)


def test_ledger_terms_lie_where_their_logarithm_says(summary: Summary) -> None:
    svg = plots.ledger_plot(summary)
    terms = np.log10([line.mg.nominal for line in summary.ledger.provisioned.service])
    slope, offset = np.polyfit(terms, _marks(svg, "service"), 1)
    accounts = summary.ledger.provisioned.accounts.values()
    work = [
        math.log10(line.mg.nominal)
        for account in accounts
        for line in account.lines
        if line.part in ("dynamic", "host")
    ]
    assert _marks(svg, "snn") == pytest.approx([slope * value + offset for value in work], abs=1e-3)
    static = [
        math.log10(line.mg.nominal) for account in accounts for line in account.lines if line.part == "static"
    ]
    assert _marks(svg, "alert") == pytest.approx([slope * value + offset for value in static], abs=1e-3)
    assert len(_marks(svg, "training")) == 1


def test_bars_are_as_long_as_their_spikes(summary: Summary) -> None:
    assert summary.deployed is not None
    root = _parsed(plots.spikes_per_layer(summary.deployed))
    lengths = []
    for path in root.iter(f"{SVG}path"):
        if "fill: var(--na-snn," in (path.get("style") or ""):
            x = [float(pair[0]) for pair in re.findall(r"[ML] ([\d.]+) ([\d.]+)", path.get("d") or "")]
            lengths.append(max(x) - min(x))
    spikes = [layer.spikes_per_decision for layer in summary.deployed.layers]
    assert np.array(lengths) / max(lengths) == pytest.approx(np.array(spikes) / max(spikes), abs=1e-4)


def test_descriptions_tell_the_figures(summary: Summary, metrics: list[dict[str, float]]) -> None:
    curve = _parsed(learning_curve(summary, validations(metrics))).get("aria-label") or ""
    assert "Best checkpoint: 39.52 mg after 16,128 requests" in curve
    energy = _parsed(plots.energy_per_device(summary)).get("aria-label") or ""
    assert "Intel Loihi 1, dynamic energy of the chip: spiking actor 9.49" in energy
    assert "MLP cannot run it" in energy


def _no_spikes(data: Data) -> None:
    for layer in data["deployed"]["layers"]:
        layer |= {"spikes_per_decision": 0.0, "firing_rate": 0.0, "synaptic_events_per_decision": 0.0}


def _no_energy(data: Data) -> None:
    for device in data["priced"]["devices"].values():
        device |= {"spiking": None, "dense": None}
    for figures in data["ledger"]["boundaries"].values():
        figures["accounts"] = {}


def _zeros(data: Data) -> None:
    zero = dict.fromkeys(("low", "nominal", "high"), 0.0)
    provisioned = data["ledger"]["boundaries"]["provisioned"]
    accounts = provisioned["accounts"].values()
    for line in (*provisioned["service"], *(line for account in accounts for line in account["lines"])):
        line["mg"] = zero
    chip = data["priced"]["devices"]["h100"]
    chip["spiking"]["total_j"] = chip["dense"]["total_j"] = zero
    data["priced"]["devices"] = {"chip": chip}


@pytest.mark.parametrize("change", [_no_spikes, _no_energy, _zeros])
@pytest.mark.parametrize("width", [WIDE_IN, NARROW_IN])
def test_degenerate_runs_are_drawn(data: Data, change: Callable[[Data], None], width: float) -> None:
    change(data)
    summary = _typed(data)
    assert summary.deployed is not None
    _parsed(plots.spikes_per_layer(summary.deployed, width))
    _parsed(plots.energy_per_device(summary, width))
    _parsed(plots.ledger_plot(summary, width))


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
def test_short_and_broken_curves_are_drawn(summary: Summary, rows: list[dict[str, float]], said: str) -> None:
    assert said in (_parsed(learning_curve(summary, validations(rows))).get("aria-label") or "")


def test_names_are_text_and_never_mathematics(data: Data) -> None:
    data["priced"]["devices"]["h100"]["name"] = '<i>$\\frac{1}{$ & "x"'
    labels = "".join(_parsed(plots.energy_per_device(_typed(data))).itertext())
    assert '<i>$\\frac{1}{$ & "x"' in labels


def test_the_same_figure_has_the_same_bytes(summary: Summary, metrics: list[dict[str, float]]) -> None:
    curve = validations(metrics)
    assert learning_curve(summary, curve) == learning_curve(summary, curve)
    assert plots.ledger_plot(summary) == plots.ledger_plot(summary)
