"""The answer to what a run is for: how close, at what cost, does it pay, and what matters.

Every sentence is computed from the summary.
"""

from collections.abc import Mapping, Sequence

from neuro_aolo.report import footing
from neuro_aolo.report.facts import of_service
from neuro_aolo.report.ledgers import against, baselines, grams, rate, short, static_times
from neuro_aolo.report.naming import actor_name
from neuro_aolo.report.verdict import Finding, constraints, optimality
from neuro_aolo.runs.summary.ledger import AccountFigures, BoundaryFigures, LedgerPart, PaybackFigures
from neuro_aolo.runs.summary.part import Boundary
from neuro_aolo.runs.summary.run import RunFacts
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.runs.summary.wording import Wording
from neuro_aolo.text.numbers import amount, percent, significant, with_prefix

NEGLIGIBLE = 1e-6
"""Share of the service's energy below which an agent's own work is taken to change nothing."""

_SMALL_KINDS = ("neuromorphic-digital", "neuromorphic-mixed", "mcu")
_WITHIN = {"provisioned": "Provisioned", "work": "By work alone"}
_FEW = 4
_MANY = 0.01


def answer(summary: Summary) -> list[Finding]:
    """Six topics of a few sentences each; one that nothing can be said of is left out."""
    findings = [
        Finding("How close", (" ".join(filter(None, (optimality(summary), constraints(summary)))),)),
        Finding("What it costs", (" ".join(cost(summary)),)),
        Finding("Does it pay", (" ".join(pays(summary)),)),
        Finding("What matters", (" ".join(own_work(summary)),)),
        Finding("Always on", (" ".join(static_power(summary)),)),
        Finding("How sure the energies are", (" ".join(sureness(summary)),)),
    ]
    return [finding for finding in findings if any(finding.sentences)]


def nowhere(run: RunFacts) -> str:
    """What is said where no device runs the actor."""
    return f"no device here runs the {actor_name(run)}"


def cost(part: LedgerPart) -> list[str]:
    """What the agent emits beside the service, where that is least and where it is most."""
    work, standing, decision = part.ledger.work, part.ledger.provisioned, part.wording.decision
    order = sorted(standing.accounts, key=lambda profile: standing.accounts[profile].agent_mg.nominal)
    accounts = [standing.accounts[profile] for profile in order]
    service_mg = standing.service_mg.nominal
    if not accounts:
        emits = f"The service emits {amount(work.service_mg.nominal, 'mg')} CO₂e per {decision} by its work"
        return [f"{emits}; {nowhere(part.run)}, so the agent has no carbon figure."]
    ends = order[:1] + order[1:][-1:]
    costs = " to ".join(
        f"{grams(standing.accounts[name].agent_mg)} on {short(standing.accounts[name].device)}"
        for name in ends
    )
    emits = (
        f"Always on at {rate(part)}, with its making and its training, the agent emits {costs} per {decision}"
    )
    if service_mg:
        emits += f": {_shares(standing, ends)} of the {amount(service_mg, 'mg')} CO₂e of a service that is "
        emits += "always on, too"
    sentences = [f"{emits}."]
    if service_mg and work.service_mg.nominal:
        sentences.append(
            f"Counting work alone, of both, it is {_shares(work, ends)} of "
            f"{amount(work.service_mg.nominal, 'mg')}."
        )
    if bounds := [short(account.device) for account in accounts if account.lower_bound]:
        figures = "figure" if len(bounds) == 1 else "figures"
        sentences.append(f"Work without a price makes the {figures} of {listed(bounds)} a lower bound.")
    return sentences


def _shares(figures: BoundaryFigures, profiles: Sequence[str]) -> str:
    """The agent on some devices as a share of the service within the same boundary."""
    return " to ".join(
        str(percent(of_service(figures, figures.accounts[profile].agent_mg.nominal))) for profile in profiles
    )


def pays(part: LedgerPart) -> list[str]:
    """Against which baselines, and on which devices, the agent saves more than it emits."""
    if not part.payback:
        return [f"There is nothing to pay back: {nowhere(part.run)}."]
    sentences: list[str] = []
    never: dict[Boundary, list[str]] = {"provisioned": [], "work": []}
    for baseline in baselines(part):
        pairs = against(part, baseline) or against(part, baseline, "work")
        if all(pair.verdict == "never" for pair in pairs.values()):
            first = next(iter(pairs.values()))
            never[first.boundary].append(first.title)
        else:
            sentences.append(_pays_against(part, pairs))
    sentences += [
        f"{_WITHIN[boundary]}, it pays on no device against {', nor against '.join(titles)}."
        for boundary, titles in never.items()
        if titles
    ]
    if part.no_service:
        against_them = ", and against ".join(part.no_service)
        sentences.append(
            f"Against {against_them} nothing is said: in no {part.wording.decision} do both keep every "
            "constraint."
        )
    return sentences


def _pays_against(part: LedgerPart, pairs: Mapping[str, PaybackFigures]) -> str:
    accounts = part.ledger.provisioned.accounts
    names = {profile: short(accounts[profile].device) for profile in pairs}
    by_verdict = {
        verdict: [profile for profile, pair in pairs.items() if pair.verdict == verdict]
        for verdict in ("pays", "never", "undecided")
    }
    clauses = []
    if paid := by_verdict["pays"]:
        where = "every device" if len(paid) == len(pairs) > 1 else listed([names[name] for name in paid])
        after = _after([(names[name], pairs[name]) for name in paid], part.wording)
        clauses.append(f"it pays on {where}{after}")
    if lost := by_verdict["never"]:
        clauses.append(f"it never pays on {listed([names[name] for name in lost])}")
    if open_ := by_verdict["undecided"]:
        clauses.append(f"on {listed([names[name] for name in open_])} it is undecided within the ranges")
    first = next(iter(pairs.values()))
    return f"{_WITHIN[first.boundary]}, against {_served(first, part.wording)} {'; '.join(clauses)}."


def _served(pair: PaybackFigures, wording: Wording) -> str:
    """A baseline's title, and in how many decisions it keeps every constraint where it breaks many."""
    title, broken = pair.title, pair.baseline_violation_rate
    known_by_kind = pair.baseline in ("constant", "rule") or pair.baseline.endswith(".json")
    apposed = known_by_kind or (pair.baseline == "mlp" and pair.baseline_agent_mg is None)
    if broken > _MANY:
        return f"{title}, where every constraint is kept ({percent(1.0 - broken)} of {wording.decisions}),"
    return f"{title}," if apposed else title


def _after(pairs: Sequence[tuple[str, PaybackFigures]], wording: Wording) -> str:
    """After how many decisions training and hardware are paid back, at the least and at the most."""
    known = [(pair.payback_decisions.nominal, name) for name, pair in pairs if pair.payback_decisions]
    paid = sorted((decisions, name) for decisions, name in known if decisions is not None)
    if not paid:
        return ""
    (least, first), (most, last) = paid[0], paid[-1]
    after = f", after {significant(least)} {wording.decisions}"
    return after if len(paid) == 1 else f"{after} on {first} to {significant(most)} on {last}"


def own_work(summary: Summary) -> list[str]:
    """Whether the agent's own work is small beside the service's, where small devices run it."""
    within, devices = summary.ledger.work, summary.priced.devices
    # Cooling is in the service's energy.
    service_j, pue = within.service_energy_j, summary.ledger.pue
    works = sorted(
        (work.nominal * pue / service_j, short(account.device), work.high * pue)
        for profile, account in within.accounts.items()
        if service_j
        and profile in devices
        and devices[profile].kind in _SMALL_KINDS
        and (work := account.energy_j.get("dynamic"))
    )
    if not works:
        return []
    limit, energy = significant(NEGLIGIBLE, 1), with_prefix(service_j, "J")
    below = [(share, name) for share, name, _ in works if share < NEGLIGIBLE]
    above = [f"{significant(share)} of it on {name}" for share, name, _ in works if share >= NEGLIGIBLE]
    own = "the agent's own work (its dynamic energy, at nominal prices)"
    what = f"{own} takes less than {limit} of the {energy} of the service's work"
    if not below:
        return [f"On no neuromorphic chip and no microcontroller here {what}: it takes {listed(above)}."]
    high_j = max(joules for share, _, joules in works if share < NEGLIGIBLE)
    small = (
        f"On {listed([name for _, name in below])} {what}, {significant(below[-1][0])} at most, and "
        f"{significant(high_j / service_j)} at high prices: of its work only better decisions matter there."
    )
    return [small, f"It takes {listed(above)}."] if above else [small]


def static_power(part: LedgerPart) -> list[str]:
    """What static power does to a device that waits for the next decision."""
    known = [
        (times, account)
        for account in part.ledger.provisioned.accounts.values()
        if (times := static_times(account)) is not None
    ]
    if not known:
        return []
    ranked = sorted(known, key=lambda pair: pair[0], reverse=True)
    shown = ranked if len(ranked) <= _FEW else [ranked[0], ranked[-1]]
    of_what = [" the energy of the agent's own work", *[""] * (len(shown) - 1)]
    takes = [
        f"{significant(times)} times{what} on {short(account.device)} ({_static_share(part, account)})"
        for what, (times, account) in zip(of_what, shown, strict=True)
    ]
    ends = " to ".join(takes) if len(ranked) > _FEW else listed(takes)
    return [f"Between decisions, at {rate(part)}, static power takes {ends}."]


def sureness(summary: Summary) -> list[str]:
    """What the energy of one decision rests on, device by device."""
    told = footing.energies(summary.priced, summary.run.kind)
    if not told:
        return []
    first = "Of the energy of one decision, on for it alone:"
    return [first, *told]


def _static_share(part: LedgerPart, account: AccountFigures) -> str:
    mg = next(line.mg for line in account.lines if line.part == "static")
    share = of_service(part.ledger.provisioned, mg.nominal)
    return f"{grams(mg)}" if share is None else f"{percent(share)} of the service provisioned"


def listed(items: Sequence[str]) -> str:
    """Items as a list in a sentence."""
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1])))
