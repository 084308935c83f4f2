"""Learning curve, spikes, energies and ledger, each a pure function to one inline ``<svg>``."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from neuro_aolo.report.dots import Group, Row, dot_plot
from neuro_aolo.report.facts import Metrics, Summary, best_checkpoint, device_name
from neuro_aolo.report.ledgers import grams
from neuro_aolo.report.svg import LIGHT, WIDE_IN, bare, draw
from neuro_aolo.text.numbers import amount, count, finite, percent, spread, with_prefix
from neuro_aolo.units import MG_PER_G

_ACTORS = (("snn", "spiking actor", "o"), ("mlp", "MLP", "D"))
_PARTS = {
    "dynamic": "own work",
    "host": "encoder, decoder",
    "static": "static power",
    "embodied": "making",
    "host embodied": "making of the host",
    "training": "share of a request",
}
_CARBON = {
    "service": ("service", "s"),
    "dynamic": ("snn", "o"),
    "host": ("snn", "v"),
    "static": ("alert", "^"),
    "embodied": ("mlp", "D"),
    "host embodied": ("mlp", "d"),
    "training": ("training", "P"),
}
"""Colour and sign of each part of the ledger."""
_BAR_IN = 0.44
_VIOLATING = 0.01
"""Violation rate above which the learning curve is drawn thin: its cost is not one that may be had."""


def learning_curve(metrics: Metrics, width_in: float = WIDE_IN) -> str:
    """Validation cost against the oracle's over the requests served, and the violations below it.

    The line is thin where more than 1 % of the requests break a constraint.

    Args:
        metrics: rows of ``metrics.csv``; rows with NaN leave a gap.
        width_in: width of the figure in inches.
    """
    requests, cost, optimum, violations = (
        _column(metrics, key) for key in ("requests", "cost", "optimal_cost", "violation_rate")
    )
    best = best_checkpoint(metrics)

    def paint(figure: Figure) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.4, 1.0))
        figure.subplots_adjust(0.36 / width_in + 0.03, 0.13, 1 - 0.25 / width_in, 0.86, hspace=0.32)
        single = np.isfinite(cost).sum() < 2
        upper.plot(
            requests, optimum, "s" if single else "--", color=LIGHT["service"], lw=1.4, ms=5, label="oracle"
        )
        upper.plot(requests, cost, color=LIGHT["snn"], lw=0.8, alpha=0.7)
        kept = np.where(violations <= _VIOLATING, cost, np.nan)
        upper.plot(
            requests,
            kept,
            "o-",
            color=LIGHT["snn"],
            lw=1.8,
            ms=5 if single else 3,
            mew=0,
            label="spiking actor",
        )
        lower.plot(requests, 100 * violations, "o" if single else "-", color=LIGHT["alert"], lw=1.4)
        if best is not None:
            upper.plot(
                [best["requests"]],
                [best["cost"]],
                "*",
                color=LIGHT["text"],
                ms=10,
                mew=0,
                label="checkpoint kept" if width_in > 5 else "kept",
            )
            for axes in (upper, lower):
                axes.axvline(best["requests"], color=LIGHT["muted"], lw=0.8, ls=":")
        _label_curves(upper, lower, violations)

    return draw(f"curve{_tag(width_in)}", _describe_curve(metrics), (width_in, 3.6), paint)


def spikes_per_layer(summary: Summary, width_in: float = WIDE_IN) -> str:
    """Spikes that each layer sends and synaptic events that it receives, per decision."""
    layers = summary["layers"]
    sent = [
        (
            f"{layer['name']} ({count(layer['neurons'])})",
            layer["spikes_per_decision"],
            f"{count(layer['spikes_per_decision'])} · {percent(layer['firing_rate'])}",
        )
        for layer in layers
    ]
    received = [
        (
            str(layer["name"]),
            layer["synaptic_events_per_decision"],
            str(count(layer["synaptic_events_per_decision"])),
        )
        for layer in layers[1:]
    ]
    stacked = width_in < 5
    bars = len(sent) + len(received) if stacked else len(sent)
    height = _BAR_IN * bars + (0.8 if stacked else 0.45)

    def paint(figure: Figure) -> None:
        ratios = (len(sent), max(len(received), 1))
        shape: dict[str, Any] = {"nrows": 2, "height_ratios": ratios} if stacked else {"ncols": 2}
        left, right = figure.subplots(**shape)
        side = 0.08 / width_in
        figure.subplots_adjust(side, 0.02, 1 - side, 1 - 0.32 / height, wspace=0.1, hspace=0.25)
        _bars(left, "spikes sent · firing rate", sent, "snn", len(sent))
        _bars(right, "synaptic events received", received, "service", len(received) if stacked else len(sent))

    told = "; ".join(f"{label}: {text}" for label, _, text in sent)
    heard = "; ".join(f"{label}: {text}" for label, _, text in received)
    description = f"Per decision. Spikes sent and firing rate: {told}. Synaptic events received: {heard}."
    return draw(f"spikes{_tag(width_in)}", description, (width_in, height), paint)


def energy_per_device(summary: Summary, width_in: float = WIDE_IN) -> str:
    """Energy of one decision by device, low to high, the spiking actor beside the MLP."""
    groups = [_device_group(summary, profile) for profile in summary["energy_j"]]
    told = "; ".join(
        f"{group.heading}, {group.note}: " + ", ".join(f"{row.label} {row.text}" for row in group.rows)
        for group in groups
    )
    description = f"Energy of one decision on a logarithmic axis. {told}."
    return dot_plot(f"energy{_tag(width_in)}", description, groups, _axis("J"), width_in)


def ledger_plot(summary: Summary, width_in: float = WIDE_IN) -> str:
    """Carbon of one request: the service's terms, the agent's lines on each device, its training."""
    book = summary["ledger"]
    groups = [Group("Service", "", [_carbon_row(line, line["name"]) for line in book["service"]])]
    training: list[Row] = []
    for device in book["devices"].values():
        pairs = [(line["part"], _carbon_row(line, _PARTS[line["part"]])) for line in device["lines"]]
        training = [row for part, row in pairs if part == "training"]
        note = f"{grams(device['agent_mg'])} in all{', a lower bound' if device['lower_bound'] else ''}"
        groups.append(
            Group(f"Agent on {device['device']}", note, [row for part, row in pairs if part != "training"])
        )
    if not book["devices"]:
        groups.append(Group("Agent", "no device here runs the spiking actor", []))
    if training:
        groups.append(Group("Training of the agent", "counted in each of the sums above", training))
    told = "; ".join(f"{group.heading}: {row.label} {row.text}" for group in groups for row in group.rows)
    description = f"Carbon of one request on a logarithmic axis, CO₂e. {told}."
    return dot_plot(f"ledger{_tag(width_in)}", description, groups, _axis("g"), width_in)


def _carbon_row(line: Mapping[str, Any], label: str) -> Row:
    colour, marker = _CARBON[line["part"]]
    return Row(label, str(grams(line["mg"])), _in_grams(line["mg"]), colour, marker)


def _device_group(summary: Summary, profile: str) -> Group:
    energy, bills = summary["energy_j"][profile] or {}, summary["bills"].get(profile) or {}
    rows = []
    for actor, label, marker in _ACTORS:
        values = energy.get(actor)
        text = "cannot run it" if values is None else str(spread(values, "J"))
        rows.append(Row(label, text, values, actor, marker))
    boundaries = {bill["boundary"] for actor, _, _ in _ACTORS if (bill := bills.get(actor))}
    return Group(device_name(summary, profile), "; ".join(sorted(boundaries)), rows)


def _in_grams(carbon_mg: Mapping[str, float]) -> dict[str, float]:
    return {bound: mg / MG_PER_G for bound, mg in carbon_mg.items()}


def _axis(unit: str) -> Callable[[float], str]:
    return lambda value: str(with_prefix(value, unit, digits=1))


def _tag(width_in: float) -> str:
    return f"-{width_in * 100:.0f}"


def _column(metrics: Metrics, key: str) -> NDArray[np.float64]:
    values = [row.get(key) for row in metrics]
    return np.array([value if finite(value) else np.nan for value in values], dtype=np.float64)


def _label_curves(upper: Axes, lower: Axes, violations: NDArray[np.float64]) -> None:
    upper.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.1), ncols=3, handlelength=1.4, columnspacing=1.0)
    upper.set_title("validation cost, mg per request", color=LIGHT["muted"])
    lower.set_title("requests that break a constraint, %", color=LIGHT["muted"])
    lower.set_xlabel("requests served in training")
    most = np.nanmax(100 * violations) if np.isfinite(violations).any() else 0.0
    lower.set_ylim(-0.04 * max(most, 1.0), 1.1 * max(most, 1.0))
    lower.set_xlim(left=0)
    lower.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    lower.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if not np.isfinite(violations).any():
        upper.text(0.5, 0.5, "no validation was recorded", transform=upper.transAxes, ha="center")


def _describe_curve(metrics: Metrics) -> str:
    rows = [row for row in metrics if finite(row.get("cost"))]
    if not rows:
        return "Learning curve: no validation was recorded."
    first, last, best = rows[0], rows[-1], best_checkpoint(metrics)
    text = (
        f"Learning curve of {len(rows)} validations: cost {amount(first['cost'])} mg per request after "
        f"{count(first['requests'])} requests, {amount(last['cost'])} mg after {count(last['requests'])}; "
        f"the oracle's {amount(last['optimal_cost'])} mg."
    )
    if best is None:
        return text
    return f"{text} Best checkpoint: {amount(best['cost'])} mg after {count(best['requests'])} requests."


def _bars(axes: Axes, title: str, rows: Sequence[tuple[str, float, str]], colour: str, slots: int) -> None:
    bare(axes)
    most = max([value for _, value, _ in rows if finite(value)], default=0.0)
    axes.set_xlim(0, most or 1.0)
    axes.set_ylim(max(slots, 1), 0)
    axes.set_title(title, color=LIGHT["muted"])
    across = axes.get_yaxis_transform()
    for index, (label, value, text) in enumerate(rows):
        axes.text(0, index + 0.3, label, transform=across, va="center")
        axes.text(1, index + 0.3, text, transform=across, va="center", ha="right")
        axes.barh([index + 0.7], [most or 1.0], 0.2, color=LIGHT["grid"])
        axes.barh([index + 0.7], [value if finite(value) else 0.0], 0.2, color=LIGHT[colour])
