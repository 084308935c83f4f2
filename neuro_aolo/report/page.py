"""What the page of one run shows: its figures as inline SVG, its tables and its sentences."""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from neuro_aolo.report import assumed, evens, grids, ledgers, margins, plots
from neuro_aolo.report.answer import answer
from neuro_aolo.report.claims import energy_sentences, lava_sentence
from neuro_aolo.report.facts import Metrics, Summary, best_checkpoint, device_name, service_sum_mg
from neuro_aolo.report.limits import limits, reproduce
from neuro_aolo.report.raster import raster
from neuro_aolo.report.svg import NARROW_IN, WIDE_IN, under
from neuro_aolo.report.tables import headline
from neuro_aolo.report.verdict import title, verdict
from neuro_aolo.text.numbers import amount, count, finite, percent, spread

_CONSERVED = 1e-6


def content(summary: Summary, metrics: Metrics, prefix: str = "") -> dict[str, Any]:
    """What the template of a run needs.

    Args:
        summary: the run's ``summary.json``.
        metrics: rows of its ``metrics.csv``.
        prefix: of every id, unique in a page.
    """
    return {
        "prefix": prefix,
        "title": title(summary),
        "summary": summary,
        "headline": headline(summary),
        "answer": answer(summary),
        "verdict": verdict(summary),
        "figures": _figures(summary, metrics, prefix),
        "best": _best(metrics),
        "encoder": _encoder(summary),
        "evaluation": grids.evaluation(summary),
        "margins": margins.table(summary),
        "lava": grids.lava(summary),
        "lava_sentence": lava_sentence(summary),
        "quantisation": grids.quantisation(summary),
        "exports": assumed.exports(summary),
        "energy": grids.energy(summary),
        "energy_sentences": energy_sentences(summary),
        "refused": grids.refused_ratios(summary),
        "bills": _bills(summary),
        "limits": limits(summary),
        "command": reproduce(summary),
        "versions": assumed.versions(summary),
        "grades": assumed.grades(summary),
        "assumptions": assumed.assumptions(summary),
        "timings": grids.timings(summary),
        **_ledger(summary),
    }


def _ledger(summary: Summary) -> dict[str, Any]:
    devices = summary["ledger"]["devices"]
    return {
        "service": ledgers.service(summary),
        "devices": ledgers.devices(summary),
        "always_on": ledgers.always_on(summary),
        "intensity": ledgers.intensity(summary),
        "ledger_gap": _ledger_gap(summary),
        "accounts": [
            {
                "name": device["device"],
                "grid": ledgers.account(summary, profile),
                "total": ledgers.grams(device["agent_mg"]),
                "lower_bound": device["lower_bound"],
                "boundary": device["boundary"],
            }
            for profile, device in devices.items()
        ],
        "savings": ledgers.savings(summary),
        "payback": [ledgers.payback(summary, baseline) for baseline in ledgers.baselines(summary)],
    }


def both_widths(paint: Callable[[float], str], prefix: str = "") -> Markup:
    """A figure twice, for wide and narrow pages; the style sheet shows one of them."""
    drawn = [under(paint(width), prefix) for width in (WIDE_IN, NARROW_IN)]
    return Markup(f'<div class="wide">{drawn[0]}</div>\n<div class="narrow">{drawn[1]}</div>')


def _figures(summary: Summary, metrics: Metrics, prefix: str) -> dict[str, Markup]:
    painters: dict[str, Callable[[float], str]] = {
        "ledger": lambda width: plots.ledger_plot(summary, width),
        "energy": lambda width: plots.energy_per_device(summary, width),
        "spikes": lambda width: plots.spikes_per_layer(summary, width),
        "raster": lambda width: raster(summary, width),
        "curve": lambda width: plots.learning_curve(metrics, width),
        "margins": lambda width: margins.margins_plot(summary, width),
        "even": lambda width: evens.even_plot(summary, width),
    }
    return {name: both_widths(paint, prefix) for name, paint in painters.items()}


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
