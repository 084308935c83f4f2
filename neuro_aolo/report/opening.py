"""What a reader sees first: what was controlled and by what, what speaks against it, and three figures."""

from dataclasses import dataclass

from neuro_aolo.report.against import against_it
from neuro_aolo.report.answer import listed, nowhere
from neuro_aolo.report.facts import knows_optimum
from neuro_aolo.report.ledgers import against, baseline_name, baselines, grams, short
from neuro_aolo.runs.summary.ledger import LedgerPart
from neuro_aolo.runs.summary.run import RunFacts
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.feasibility import INFEASIBLE, beside_limit
from neuro_aolo.text.numbers import amount, count, finite, percent


@dataclass(frozen=True)
class Card:
    """One figure to be shown large.

    Attributes:
        label: what it answers.
        value: in a few words.
        note: what it means, in a sentence or two.
        alert: whether it says that the actor is of no use.
    """

    label: str
    value: str
    note: str
    alert: bool = False


@dataclass(frozen=True)
class Opening:
    """The first screen.

    Attributes:
        sentence: what was controlled, and by what.
        against: what speaks against the actor, most serious first; may be empty.
        cards: how close it is, what it costs, whether it pays.
    """

    sentence: str
    against: tuple[str, ...]
    cards: tuple[Card, Card, Card]


def opening(summary: Summary) -> Opening:
    """The first screen of a run, on the page and in the terminal."""
    cards = _close(summary), _cost(summary), _pays(summary)
    return Opening(controlled(summary), tuple(against_it(summary)), cards)


def controlled(part: LedgerPart) -> str:
    """What was controlled, and by what."""
    run, wording = part.run, part.wording
    decided = wording.controls or f"each {wording.decision} ({wording.title})"
    neurons = _neurons(run)
    return f"A {run.kind} network{f' ({neurons})' if neurons else ''} decided {decided}."


def _neurons(run: RunFacts) -> str:
    """How many neurons it has, and what sets them apart."""
    sizes = [str(neurons) for neurons in run.hidden]
    many = f"{len(sizes)} × {sizes[0]}" if len(sizes) > 1 and len(set(sizes)) == 1 else listed(sizes or [""])
    hidden = f"{many} hidden neurons" if sizes else ""
    if run.kind == "dense":
        return hidden
    return f"{hidden or 'neurons'} that send each other brief pulses"


def _close(summary: Summary) -> Card:
    decided, wording = summary.decided, summary.wording
    label = "How close to the optimum"
    sample = f"{count(decided.decisions)} held-out {wording.starts}"
    if decided.feasible is False:
        broken = beside_limit(decided.violation_rate, decided.violation_limit, f"of {sample}")
        note = f"It breaks a constraint in {broken}. They were not trained on; the share is an estimate."
        return Card(label, INFEASIBLE, note, alert=True)
    broken = f"A constraint is broken in {percent(decided.violation_rate)}"
    if decided.feasible is None:
        broken = broken if finite(decided.violation_rate) else "Whether a constraint is broken is not known"
    else:
        broken += f" (limit {percent(decided.violation_limit)})"
    broken = f" {broken}." if decided.margins or decided.violation_rate > 0.0 else ""
    emits = f"{amount(decided.service_mg_per_decision)} mg CO₂e per {wording.decision}"
    if not knows_optimum(decided):
        if not finite(decided.cost_per_decision):
            return Card(label, "not known", f"Nobody knows the optimum here. On {sample}: {emits}.{broken}")
        value = f"{amount(decided.cost_per_decision)} {wording.cost_unit}".strip()
        also = f": {emits}" if decided.terms else ""
        note = f"Mean on {sample}{also}; nobody knows the optimum here.{broken}"
        return Card(f"Cost per {wording.decision}", value, note)
    if not finite(decided.regret):
        return Card(label, "no figure", f"On {sample}: {emits}.{broken}")
    value = f"{percent(abs(decided.regret))} {'above' if decided.regret >= 0 else 'below'}"
    note = f"Regret: {wording.merit} beyond the {wording.optimum}'s, on {sample} (not trained on).{broken}"
    return Card(label, value, note)


def _cost(summary: Summary) -> Card:
    label = "Agent's cost beside the service"
    ledger, decision = summary.ledger, summary.wording.decision
    standing = ledger.provisioned
    accounts = sorted(standing.accounts.values(), key=lambda account: account.agent_mg.nominal)
    if not accounts:
        return Card(label, "no figure", f"{nowhere(summary.run)[:1].upper()}{nowhere(summary.run)[1:]}.")
    ends = accounts[:1] + accounts[1:][-1:]
    service_mg = standing.service_mg.nominal
    if service_mg:
        figures = [str(percent(account.agent_mg.nominal / service_mg, 2)) for account in ends]
        of = f"Of the service's {amount(service_mg)} mg CO₂e per {decision}"
    else:
        figures = [str(grams(account.agent_mg)).split(" (")[0] for account in ends]
        of = f"CO₂e per {decision}; the service emits none"
    where = [short(account.device) for account in ends]
    note = f"{of}: {' to '.join(where)}, both provisioned: always on, with making and training."
    return Card(label, " – ".join(dict.fromkeys(figures)), note)


def _pays(summary: Summary) -> Card:
    label = "Does it pay, and against what"
    if not summary.payback:
        return Card(label, "no figure", f"There is nothing to pay back: {nowhere(summary.run)}.")
    found = {baseline: _verdict(summary, baseline) for baseline in baselines(summary)}
    more = len(summary.no_service)
    others = f"{more} {'other' if more == 1 else 'others'}"
    untold = f"Not comparable with {others}." if more else ""
    if not found:
        decision = summary.wording.decision
        note = f"In no {decision} do both the agent and what it is set against keep every constraint."
        return Card(label, "nothing to compare", note)
    pays, some, open_, never = (
        [name for name, verdict in found.items() if verdict == wanted]
        for wanted in ("pays", "some", "undecided", "never")
    )
    clauses = [
        f"{how} {listed([_title(summary, name) for name in names])}"
        for how, names in (
            ("on no device against", never),
            ("on some against", some),
            ("on every one against", pays),
        )
        if names
    ]
    undecided = f"undecided against {listed([_title(summary, name) for name in open_])}" if open_ else ""
    saves = f"provisioned, it saves more carbon than it emits {', '.join(clauses)}" if clauses else ""
    note = "; ".join(filter(None, (saves, undecided)))
    note = f"{note[:1].upper()}{note[1:]}."
    if len(pays) == len(found):
        value = "yes"
    elif len(never) == len(found):
        value = "no"
    elif pays:
        value = f"against {len(pays)} of {len(found)}"
    else:
        value = "on some devices" if some else "undecided"
    return Card(label, value, f"{note} {untold}".strip())


def _verdict(summary: Summary, baseline: str) -> str:
    """What all devices say of one baseline: ``pays``, ``never`` or ``undecided``; ``some`` where some pay."""
    verdicts = {pair.verdict for pair in against(summary, baseline).values()}
    if len(verdicts) == 1:
        return verdicts.pop()
    return "some" if "pays" in verdicts else "undecided"


def _title(summary: Summary, baseline: str) -> str:
    return baseline_name(baseline, next(iter(against(summary, baseline).values())).title)
