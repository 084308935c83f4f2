"""One self-contained HTML page about a run: no network, no script, figures as inline SVG."""

import re
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from neuro_aolo.errors import RunError
from neuro_aolo.report import grids, plots
from neuro_aolo.report.claims import lava_sentence
from neuro_aolo.report.facts import Metrics, Summary, best_checkpoint, check, device_name, service_sum_mg
from neuro_aolo.report.limits import limits, reproduce
from neuro_aolo.report.numbers import Quantity, amount, count, finite, percent, spread
from neuro_aolo.report.svg import DARK, LIGHT, NARROW_IN, WIDE_IN
from neuro_aolo.report.tables import headline
from neuro_aolo.report.verdict import title, verdict

_LINK = re.compile(r"https://[^\s;,]+|\b10\.\d{4,9}/[^\s;,]+|\barXiv:\d{4}\.\d{4,5}")
_CONSERVED = 1e-6


def render(summary: Summary, metrics: Metrics) -> str:
    """The page of a run; the same input gives the same bytes.

    Args:
        summary: the run's ``summary.json``.
        metrics: rows of its ``metrics.csv``; may be one row, none, or hold NaN.

    Raises:
        RunError: the summary lacks keys.
    """
    check(summary)
    return _environment().get_template("report.html.jinja").render(_context(summary, metrics))


def write_report(folder: Path, summary: Summary, metrics: Metrics) -> Path:
    """Write ``report.html`` into ``folder``: whole, or not at all.

    Raises:
        RunError: the folder does not exist, or the summary lacks keys.
    """
    if not folder.is_dir():
        raise RunError(
            f"run folder {folder} does not exist; give the folder that `neuro-aolo run --out` made"
        )
    page = render(summary, metrics)
    path = folder / "report.html"
    part = folder / "report.html.part"
    try:
        part.write_text(page, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("neuro_aolo.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["linked"] = _linked
    environment.filters["cell"] = _cell
    return environment


def _context(summary: Summary, metrics: Metrics) -> dict[str, Any]:
    return {
        "style": Markup(
            resources.files("neuro_aolo.report").joinpath("templates/report.css").read_text("utf-8")
        ),
        "palette": Markup(_palette()),
        "title": title(summary),
        "summary": summary,
        "headline": headline(summary),
        "verdict": verdict(summary),
        "figures": _figures(summary, metrics),
        "best": _best(metrics),
        "encoder": _encoder(summary),
        "evaluation": grids.evaluation(summary),
        "lava": grids.lava(summary),
        "lava_sentence": lava_sentence(summary),
        "quantisation": grids.quantisation(summary),
        "energy": grids.energy(summary),
        "bills": _bills(summary),
        "ledger": grids.ledger(summary),
        "ledger_gap": _ledger_gap(summary),
        "limits": limits(summary),
        "command": reproduce(summary),
        "timings": grids.timings(summary),
        "count": count,
        "percent": percent,
        "amount": amount,
    }


def _figures(summary: Summary, metrics: Metrics) -> dict[str, Markup]:
    """Every figure twice, for wide and narrow pages; the style sheet shows one of them."""
    painters: dict[str, Callable[[float], str]] = {
        "curve": lambda width: plots.learning_curve(metrics, width),
        "spikes": lambda width: plots.spikes_per_layer(summary, width),
        "energy": lambda width: plots.energy_per_device(summary, width),
        "ledger": lambda width: plots.ledger_plot(summary, width),
    }
    return {
        name: Markup(
            f'<div class="wide">{paint(WIDE_IN)}</div>\n<div class="narrow">{paint(NARROW_IN)}</div>'
        )
        for name, paint in painters.items()
    }


def _palette() -> str:
    light, dark = (
        "".join(f"--na-{name}:{value};" for name, value in colours.items()) for colours in (LIGHT, DARK)
    )
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def _best(metrics: Metrics) -> str:
    best = best_checkpoint(metrics)
    if best is None:
        return "No checkpoint was validated."
    return (
        f"The star marks the checkpoint that was kept: {amount(best['cost'])} mg after "
        f"{count(best['requests'])} requests, with violations in {percent(best['violation_rate'])}."
    )


def _encoder(summary: Summary) -> str:
    sent = [layer["spikes_per_decision"] for layer in summary["layers"]]
    if not sum(sent):
        return "No neuron spiked in any decision: the actor does not look at its input."
    events = sum(layer["synaptic_events_per_decision"] for layer in summary["layers"])
    spikes = f"{count(sum(sent))} spikes and {count(events)} synaptic events"
    return f"A decision takes {spikes}, those of the biases included."


def _bills(summary: Summary) -> list[dict[str, Any]]:
    found = []
    for profile, bills in summary["bills"].items():
        for actor, label in grids.ACTORS.items():
            bill = (bills or {}).get(actor)
            if bill is not None:
                name = f"{device_name(summary, profile)}: {label}"
                found.append(
                    {
                        "name": name,
                        "total": spread(bill["total_j"], "J"),
                        "modelled": spread(bill["modelled_j"], "J"),
                        "calibrated": bill["modelled_j"] != _dynamic(bill),
                        "dynamic": spread(_dynamic(bill), "J"),
                        "grid": grids.bill(f"Bill of {name}", bill["lines"], bill["total_j"]),
                        **{key: bill[key] for key in ("boundary", "evidence", "unpriced", "excluded")},
                    }
                )
    return found


def _dynamic(bill: Mapping[str, Any]) -> Mapping[str, float]:
    """Energy of the device's own work; the total where it has no other part."""
    found: Mapping[str, float] = bill.get("parts_j", {}).get("dynamic", bill["total_j"])
    return found


def _ledger_gap(summary: Summary) -> str | None:
    """A note where the service's terms do not add up to the mean that the evaluation gave."""
    terms, mean = service_sum_mg(summary), summary["service_mg_per_request"]
    if not finite(mean) or abs(terms - mean) <= _CONSERVED * max(abs(terms), abs(mean)):
        return None
    return f"The terms add up to {amount(terms, 'mg', 6)}; the evaluation's mean is {amount(mean, 'mg', 6)}."


def _cell(cell: grids.Cell) -> Markup:
    """A cell; a quantity carries its full-precision value for programs that read the page.

    The wrapper keeps text and links together where a narrow page sets them beside a label.
    """
    if isinstance(cell, Quantity) and finite(cell.value):
        return Markup('<data value="{}">{}</data>').format(repr(float(cell.value)), cell.text)
    return Markup("<span>{}</span>").format(_linked(str(cell))) if str(cell) else Markup("")


def _linked(text: str) -> Markup:
    """``text`` with its DOIs, arXiv numbers and addresses as links."""
    parts, end = [], 0
    for match in _LINK.finditer(text):
        found = match.group().rstrip(".)")
        parts += [
            escape(text[end : match.start()]),
            Markup('<a href="{}">{}</a>').format(_address(found), found),
        ]
        end = match.start() + len(found)
    return Markup("").join([*parts, escape(text[end:])])


def _address(found: str) -> str:
    if found.startswith("https://"):
        return found
    if found.startswith("arXiv:"):
        return f"https://arxiv.org/abs/{found.removeprefix('arXiv:')}"
    return f"https://doi.org/{found}"
