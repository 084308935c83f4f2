"""What the page of one run shows: its figures as inline SVG, its tables and its sentences."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from markupsafe import Markup

from neuro_aolo.report import assumed, evens, footing, grids, ledgers, margins, plots
from neuro_aolo.report.answer import answer, nowhere
from neuro_aolo.report.chapters import section
from neuro_aolo.report.claims import energy_sentences, lava_sentence
from neuro_aolo.report.electricity import electricity
from neuro_aolo.report.facts import (
    Metrics,
    Validation,
    best_checkpoint,
    knows_optimum,
    thin_above,
    validations,
)
from neuro_aolo.report.learning import learning_curve
from neuro_aolo.report.limits import limits, reproduce
from neuro_aolo.report.naming import priced_actors, ships
from neuro_aolo.report.opening import opening
from neuro_aolo.report.raster import raster
from neuro_aolo.report.svg import NARROW_IN, WIDE_IN, under
from neuro_aolo.report.tables import headline
from neuro_aolo.report.verdict import verdict
from neuro_aolo.runs.summary.decided import Decided
from neuro_aolo.runs.summary.deployed import Deployed
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.feasibility import infeasible, is_infeasible, rule
from neuro_aolo.text.numbers import amount, count, finite, percent, spread

_CONSERVED = 1e-6
_SECTIONS = {
    "answer": "Answer",
    "carbon": "Carbon",
    "pays": "Does it pay",
    "energy": "Energy",
    "spikes": "Spikes",
    "learning": "Learning",
    "decisions": "Constraints",
    "even": "Break-even",
    "lava": "Chip and formats",
    "formats": "Formats",
    "assumptions": "Assumptions",
    "limits": "Limits",
    "reproduce": "Reproduce",
}
"""Sections of a page in their order, by id, as its contents name them."""


def content(summary: Summary, metrics: Metrics, prefix: str = "") -> dict[str, Any]:
    """What the template of a run needs.

    Args:
        summary: of the run.
        metrics: rows of its ``metrics.csv``.
        prefix: of every id, unique in a page.
    """
    curve = validations(metrics)
    return {
        "prefix": prefix,
        "title": summary.wording.title,
        "summary": summary,
        "ships": ships(summary.run),
        "known": knows_optimum(summary.decided),
        "contents": _contents(summary),
        "opening": opening(summary),
        "headline": headline(summary),
        "answer": answer(summary),
        "chapters": [section(chapter, partial(both_widths, prefix=prefix)) for chapter in summary.chapters],
        "verdict": verdict(summary),
        "figures": _figures(summary, curve, prefix),
        "curve_caption": _curve_caption(summary, curve),
        "evaluation": grids.policies(summary),
        "constrained": bool(summary.decided.margins),
        "rule": _rule(summary.decided),
        "margins": margins.table(summary),
        "exports": assumed.exports(summary),
        "energy": grids.energy(summary.priced, priced_actors(summary.run)),
        "energy_sentences": energy_sentences(summary.priced),
        "electricity": electricity(summary),
        "bills": _bills(summary),
        "limits": limits(summary),
        "command": reproduce(summary),
        "versions": assumed.made_with(summary),
        "grades": assumed.grades(summary),
        "assumptions": assumed.assumptions(summary),
        "timings": grids.timings(summary),
        **_ledger(summary),
        **(_on_chip(summary, summary.deployed) if summary.deployed is not None else {}),
    }


def _rule(decided: Decided) -> str:
    """What is called infeasible; nothing where nothing can be broken."""
    return rule(decided.violation_limit) if decided.constrained and finite(decided.violation_limit) else ""


def _contents(summary: Summary) -> dict[str, str]:
    """The sections that a run has, the system's own after the answer.

    Those about spikes and chips are of spiking actors alone.
    """
    left_out = {"spikes", "even", "lava"} if summary.deployed is None else {"formats"}
    if not summary.exports:
        left_out.add("formats")
    own = {chapter.key: chapter.heading for chapter in summary.chapters}
    names = _SECTIONS if summary.decided.margins else _SECTIONS | {"decisions": "Decisions"}
    first, *rest = (name for name in _SECTIONS if name not in left_out)
    return {first: names[first]} | own | {name: names[name] for name in rest}


def _on_chip(summary: Summary, deployed: Deployed) -> dict[str, Any]:
    return {
        "encoder": _encoder(deployed),
        "lava": grids.lava(deployed.lava),
        "lava_sentence": lava_sentence(deployed.lava),
        "quantisation": grids.quantisation(deployed),
        "refused": grids.refused_ratios(summary.priced),
    }


def _ledger(summary: Summary) -> dict[str, Any]:
    ledger = summary.ledger
    names = [ledger.unit_names[unit] for unit in ledger.units_per_decision]
    numbers = map(amount, ledger.units_per_decision.values())
    return {
        "service": ledgers.service(summary),
        "devices": ledgers.devices(summary),
        "always_on": ledgers.always_on(summary),
        "intensity": ledgers.intensity(summary),
        "ledger_gap": _ledger_gap(summary),
        "boundaries": ledgers.boundaries(summary),
        "ranges": _ranges(summary),
        "unit_names": _either([summary.wording.decisions, *names]),
        "units": ", ".join(f"{number} {name}" for number, name in zip(numbers, names, strict=True)),
        "accounts": [
            {
                "grid": ledgers.account(summary, profile),
                "lower_bound": account.lower_bound,
                "boundary": account.boundary,
            }
            for profile, account in ledger.provisioned.accounts.items()
        ],
        "savings": ledgers.savings(summary),
        "by_work": ledgers.by_work(summary),
        "payback": [ledgers.payback(summary, baseline) for baseline in ledgers.baselines(summary)],
        "nowhere": nowhere(summary.run),
    }


def both_widths(paint: Callable[[float], str], prefix: str = "") -> Markup:
    """A figure twice, for wide and narrow pages; the style sheet shows one of them."""
    drawn = [under(paint(width), prefix) for width in (WIDE_IN, NARROW_IN)]
    return Markup(f'<div class="wide">{drawn[0]}</div>\n<div class="narrow">{drawn[1]}</div>')


def _figures(summary: Summary, curve: Sequence[Validation], prefix: str) -> dict[str, Markup]:
    painters: dict[str, Callable[[float], str]] = {
        "ledger": lambda width: plots.ledger_plot(summary, width),
        "energy": lambda width: plots.energy_per_device(summary, width),
        "curve": lambda width: learning_curve(summary, curve, width),
    }
    if summary.decided.margins:
        painters["margins"] = lambda width: margins.margins_plot(summary, width)
    if (deployed := summary.deployed) is not None:
        painters["spikes"] = lambda width: plots.spikes_per_layer(deployed, width)
        painters["even"] = lambda width: evens.even_plot(summary.priced, width)
        if (drawn := deployed.raster) is not None:
            painters["raster"] = lambda width: raster(drawn, width)
    return {name: both_widths(paint, prefix) for name, paint in painters.items()}


def _curve_caption(summary: Summary, curve: Sequence[Validation]) -> str:
    wording = summary.wording
    drawn = f"Noise-free cost on validation {wording.starts} of their own"
    best = " ".join(filter(None, (_best(summary, curve), wording.cost)))
    limit = percent(thin_above(summary.decided))
    thin = f"line is thin where more than {limit} of the {wording.decisions} break"
    if not finite(summary.decided.optimum_mg_per_decision):
        return f"{drawn}. {best} The {thin} a constraint."
    if not wording.exact:
        return f"{drawn}, beside what the {wording.optimum} costs. {best} The {thin} a constraint."
    return (
        f"{drawn}, against the exact optimum of the same {wording.decisions}. {best} A cost below the "
        f"{wording.optimum}'s is possible only by breaking constraints: the {thin} one."
    )


def _best(summary: Summary, curve: Sequence[Validation]) -> str:
    best, wording = best_checkpoint(curve), summary.wording
    if best is None:
        return "No checkpoint was validated."
    limit, violations = summary.decided.violation_limit, f"with violations in {percent(best.violation_rate)}"
    if is_infeasible(best.violation_rate, limit):
        violations = infeasible(best.violation_rate, limit)
    return (
        f"The star marks the checkpoint that was kept: {amount(best.cost)} {wording.cost_unit} after "
        f"{count(best.requests)} {wording.decisions}, {violations}."
    )


def _encoder(deployed: Deployed) -> str:
    spikes = sum(layer.spikes_per_decision for layer in deployed.layers)
    if not spikes:
        return "No neuron spiked in any decision: the actor does not look at its input."
    events = sum(layer.synaptic_events_per_decision for layer in deployed.layers)
    takes = f"{count(spikes)} spikes and {count(events)} synaptic events"
    return f"A decision takes {takes}, those of the biases included."


def _bills(summary: Summary) -> list[dict[str, Any]]:
    return [
        {
            "modelled": spread(bill.modelled_j, "J"),
            "calibrated": bill.modelled_j != bill.dynamic_j,
            "dynamic": spread(bill.dynamic_j, "J"),
            "grid": grids.bill(f"Bill of {name}", bill),
            "boundary": bill.boundary,
            "evidence": bill.evidence,
            "footing": footing.rests_on(bill),
            "unpriced": bill.unpriced,
            "covered": bill.covered,
            "excluded": bill.excluded,
        }
        for name, bill in grids.bills(summary.priced, priced_actors(summary.run))
    ]


def _ranges(summary: Summary) -> str:
    """What low and high ends of the ledger's figures are."""
    lines = summary.ledger.provisioned.service
    if all(line.mg.low == line.mg.high for line in lines):
        return "Low and high are those of the devices' prices; the scenario's parameters have no ranges."
    return "Low and high are those of the devices' prices and of the scenario's parameters."


def _ledger_gap(summary: Summary) -> str | None:
    """A note where the service's terms do not add up to the mean that the evaluation gave."""
    terms_mg = math.fsum(line.mg.nominal for line in summary.ledger.work.service)
    mean_mg = summary.decided.service_mg_per_decision
    if not finite(mean_mg) or abs(terms_mg - mean_mg) <= _CONSERVED * max(abs(terms_mg), abs(mean_mg)):
        return None
    return (
        f"The terms add up to {amount(terms_mg, 'mg', 6)}; the evaluation's mean is "
        f"{amount(mean_mg, 'mg', 6)}."
    )


def _either(names: Sequence[str]) -> str:
    """Names as alternatives in a sentence."""
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
