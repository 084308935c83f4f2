"""Spikes, energies and ledger, each a pure function to one inline ``<svg>``."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neuro_aolo.report.answer import nowhere
from neuro_aolo.report.dots import Dot, Group, dot_plot
from neuro_aolo.report.grids import CANNOT
from neuro_aolo.report.ledgers import grams
from neuro_aolo.report.naming import priced_actors
from neuro_aolo.report.svg import LIGHT, WIDE_IN, bare, draw
from neuro_aolo.runs.summary.deployed import Deployed
from neuro_aolo.runs.summary.ledger import LedgerLineFigures, LedgerPart
from neuro_aolo.runs.summary.part import ActorKind, Span
from neuro_aolo.runs.summary.priced import Device
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.numbers import count, finite, percent, spread, with_prefix
from neuro_aolo.units import MG_PER_G

_ACTORS = {"spiking": ("snn", "o"), "dense": ("mlp", "D")}
"""Colour and sign of each kind of actor."""

_PARTS = {
    "dynamic": "own work",
    "host": "encoder, decoder",
    "static": "static power",
    "embodied": "making",
    "host embodied": "making of the host",
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


def spikes_per_layer(deployed: Deployed, width_in: float = WIDE_IN) -> str:
    """Spikes that each layer sends and synaptic events that it receives, per decision."""
    layers = deployed.layers
    sent = [
        (
            f"{layer.name} ({count(layer.neurons)})",
            layer.spikes_per_decision,
            f"{count(layer.spikes_per_decision)} · {percent(layer.firing_rate)}",
        )
        for layer in layers
    ]
    received = [
        (layer.name, layer.synaptic_events_per_decision, str(count(layer.synaptic_events_per_decision)))
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

    spikes = "; ".join(f"{label}: {text}" for label, _, text in sent)
    events = "; ".join(f"{label}: {text}" for label, _, text in received)
    description = f"Per decision. Spikes sent and firing rate: {spikes}. Synaptic events received: {events}."
    return draw(f"spikes{_tag(width_in)}", description, (width_in, height), paint)


def energy_per_device(summary: Summary, width_in: float = WIDE_IN) -> str:
    """Energy of one decision by device, low to high, a spiking actor beside the MLP."""
    actors = priced_actors(summary.run)
    groups = [_device_group(device, actors) for device in summary.priced.devices.values()]
    energies = "; ".join(
        f"{group.heading}, {group.note}: " + ", ".join(f"{dot.label} {dot.text}" for dot in group.dots)
        for group in groups
    )
    description = f"Energy of one decision on a logarithmic axis. {energies}."
    return dot_plot(f"energy{_tag(width_in)}", description, groups, _axis("J"), width_in)


def ledger_plot(part: LedgerPart, width_in: float = WIDE_IN) -> str:
    """Carbon of one decision: the service's terms, the agent's lines on each device, its training."""
    ledger, wording = part.ledger, part.wording
    groups = [Group("Service", "", [_carbon_dot(line, line.name) for line in ledger.provisioned.service])]
    training: list[Dot] = []
    for account in ledger.provisioned.accounts.values():
        dots = [_carbon_dot(line, _PARTS[line.part]) for line in account.lines if line.part in _PARTS]
        share = f"share of {wording.a_decision}"
        training = [_carbon_dot(line, share) for line in account.lines if line.part == "training"]
        note = f"{grams(account.agent_mg)} in all{', a lower bound' if account.lower_bound else ''}"
        groups.append(Group(f"Agent on {account.device}", note, dots))
    if not ledger.provisioned.accounts:
        groups.append(Group("Agent", nowhere(part.run), []))
    if training:
        groups.append(Group("Training of the agent", "counted in each of the sums above", training))
    lines = "; ".join(f"{group.heading}: {dot.label} {dot.text}" for group in groups for dot in group.dots)
    description = f"Carbon of one {wording.decision} provisioned, on a logarithmic axis, CO₂e. {lines}."
    return dot_plot(f"ledger{_tag(width_in)}", description, groups, _axis("g"), width_in)


def _carbon_dot(line: LedgerLineFigures, label: str) -> Dot:
    colour, marker = _CARBON[line.part]
    return Dot(label, str(grams(line.mg)), _in_grams(line.mg), colour, marker)


def _device_group(device: Device, actors: Mapping[ActorKind, str]) -> Group:
    bills = {kind: device.bill(kind) for kind in actors}
    dots = []
    for kind, bill in bills.items():
        text = CANNOT if bill is None else str(spread(bill.total_j, "J"))
        dots.append(Dot(actors[kind], text, None if bill is None else bill.total_j, *_ACTORS[kind]))
    boundaries = {bill.boundary for bill in bills.values() if bill is not None}
    return Group(device.name, "; ".join(sorted(boundaries)), dots)


def _in_grams(mg: Span) -> Span:
    return Span(low=mg.low / MG_PER_G, nominal=mg.nominal / MG_PER_G, high=mg.high / MG_PER_G)


def _axis(unit: str) -> Callable[[float], str]:
    return lambda value: str(with_prefix(value, unit, digits=1))


def _tag(width_in: float) -> str:
    return f"-{width_in * 100:.0f}"


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
