"""The report's tables of decisions, spikes and energies as plain rows, for the page and the terminal."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from neuro_aolo.report.facts import device_name, knows_optimum
from neuro_aolo.report.naming import TWIN, actor_name
from neuro_aolo.runs.summary.decided import Decided, PolicyFigures
from neuro_aolo.runs.summary.deployed import Deployed, Lava
from neuro_aolo.runs.summary.part import ActorKind
from neuro_aolo.runs.summary.priced import BillFigures, Device, Priced
from neuro_aolo.runs.summary.run import RunFacts
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.runs.summary.wording import Wording
from neuro_aolo.text.feasibility import INFEASIBLE, beside_limit
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import Quantity, amount, count, derived, finite, percent, spread, with_prefix

CANNOT = "cannot run it"


def policies(summary: Summary) -> Grid:
    """Regret and violation rate of every policy; of a spiking actor also in integers, and of its twin."""
    others: dict[str, PolicyFigures | None] = {}
    if summary.run.kind == "spiking":
        others[f"{actor_name(summary.run)} in the chip's integers"] = summary.deployed
    if summary.run.kind == "spiking" or summary.twin is not None:
        others["dense twin"] = summary.twin
    return evaluation(summary.run, summary.wording, summary.decided, others)


def evaluation(
    run: RunFacts,
    wording: Wording,
    decided: Decided,
    others: Mapping[str, PolicyFigures | None] | None = None,
) -> Grid:
    """Regret and violation rate on the held-out decisions; the cost where no optimum is known.

    Policies that are infeasible come last, without a regret. Where nothing can be broken, nothing is said of
    violations.

    Args:
        run: whose actor it is.
        wording: of its system.
        decided: by the actor, by the best constant action and by rules.
        others: further policies by name; None where the run has none.
    """
    nothing = derived(percent(0.0))
    heading, merit = _merit(wording, decided)
    broken = ("violations",) if decided.constrained or not heading else ()
    rows: list[tuple[Cell, ...]] = []
    if finite(decided.optimum_mg_per_decision):
        name = wording.optimum + (", the exact optimum" if wording.exact else "")
        rows.append((name, *([nothing] if heading else []), *([nothing] if broken else [])))
    policies: dict[str, PolicyFigures | None] = {actor_name(run): decided, **(others or {})}
    if decided.constant is not None:
        policies[f"constant: {wording.constant}"] = decided.constant
    policies |= {f"rule: {name}": rule for name, rule in decided.rules.items()}
    ordered = sorted(policies.items(), key=_is_infeasible)
    rows += [_policy(name, figures, merit)[: 1 + len(heading) + len(broken)] for name, figures in ordered]
    title = f"Policies on {count(decided.decisions)} held-out {wording.starts}"
    return Grid(title, ("policy", *heading, *broken), rows)


def _merit(
    wording: Wording, decided: Decided
) -> tuple[tuple[str, ...], Callable[[PolicyFigures], Quantity] | None]:
    """The heading of what policies are compared by, and how it is told: nothing where it is not known."""
    if knows_optimum(decided):
        return ("regret",), _regret
    if finite(decided.cost_per_decision):
        return (f"cost per {wording.decision}, {wording.cost_unit}",), _cost
    return (), None


def _is_infeasible(policy: tuple[str, PolicyFigures | None]) -> bool:
    return policy[1] is not None and policy[1].feasible is False


def _policy(
    name: str, figures: PolicyFigures | None, merit: Callable[[PolicyFigures], Quantity] | None
) -> tuple[Cell, ...]:
    if figures is None:
        return name, "not in this run", *([""] if merit else [])
    if figures.feasible is False:
        broken = beside_limit(figures.violation_rate, figures.violation_limit)
        rate = Quantity(figures.violation_rate, broken if merit else f"{INFEASIBLE}: {broken}")
        return name, *([INFEASIBLE] if merit else []), rate
    return name, *([merit(figures)] if merit else []), percent(figures.violation_rate)


def _regret(figures: PolicyFigures) -> Quantity:
    return percent(figures.regret, 4)


def _cost(figures: PolicyFigures) -> Quantity:
    return amount(figures.cost_per_decision)


def lava(figures: Lava) -> Grid | None:
    """Lava against the simulator, layer by layer; None where Lava was not run."""
    if not figures.available:
        return None
    rows: list[tuple[Cell, ...]] = [
        (layer.name, count(layer.slots), count(layer.spikes), count(layer.mismatches))
        for layer in figures.layers
    ]
    sums = count(figures.spikes_compared), count(figures.spikes_emitted), count(figures.mismatches)
    rows.append(("all layers", *sums))
    columns = ("layer", "slots compared", "spikes", "mismatches")
    return Grid(f"{count(figures.decisions)} decisions on Lava", columns, rows, frozenset({len(rows) - 1}))


def quantisation(deployed: Deployed) -> Grid:
    """What the chip's integers cost each layer."""
    rows: list[tuple[Cell, ...]] = [
        (layer.name, amount(layer.scale), count(layer.clipped), amount(layer.max_rounding_error, digits=3))
        for layer in deployed.quantisation
    ]
    columns = ("layer", "integer steps per unit", "weights clipped", "largest rounding error")
    return Grid("Quantisation", columns, rows)


def energy(priced: Priced, actors: Mapping[ActorKind, str], *, in_full: bool = False) -> Grid:
    """Energy of one decision: a row per device with its boundary, the actors beside each other.

    Args:
        priced: what decisions cost.
        actors: those that have a column, and their names.
        in_full: whether what a total leaves out for want of a price, and why a device does not run an actor,
            stand in its row.
    """
    rows: list[tuple[Cell, ...]] = []
    for device in priced.devices.values():
        bills = {kind: device.bill(kind) for kind in actors}
        known = [bill for bill in bills.values() if bill is not None]
        name = ": ".join(filter(None, (device.name, "; ".join(_about(device, known, actors, in_full)))))
        cells = [CANNOT if bill is None else spread(bill.total_j, "J") for bill in bills.values()]
        rows.append((name, *cells, " / ".join(dict.fromkeys(bill.evidence for bill in known))))
    columns = ("device and boundary", *actors.values(), "evidence")
    copies = priced.conditions.copies
    what = "decision" if copies == 1 else f"evaluation of the network, of {copies} that a decision takes"
    return Grid(f"Energy of one {what}, nominal (low – high)", columns, rows, stacks=True)


def _about(
    device: Device, bills: Sequence[BillFigures], actors: Mapping[ActorKind, str], in_full: bool
) -> Iterator[str]:
    """Boundaries of a device's bills, what they lack, and why it does not run an actor."""
    yield from sorted({bill.boundary for bill in bills})
    if unpriced := dict.fromkeys(text.split(" (")[0] for bill in bills for text in bill.unpriced):
        yield "a lower bound" + (f", without a price: {', '.join(unpriced)}" if in_full else "")
    if in_full:
        yield from dict.fromkeys(reason for kind, reason in device.unfit.items() if reason and kind in actors)


def nearest_pairs(priced: Priced) -> Grid:
    """Spiking against dense: of each device that runs the spiking actor, the pair that says most."""
    rows: list[tuple[Cell, ...]] = []
    for profile, bill in _bills(priced, "spiking"):
        pair = priced.nearest.get(profile)
        time = with_prefix(bill.latency_s.nominal, "s", 2) if bill.latency_s else ""
        own: tuple[Cell, ...] = (percent(bill.static_share), time)
        if pair is None or pair.refused:
            rows.append((profile, *own, "no ratio", "", ""))
            continue
        rate: Cell = percent(pair.rate) if pair.rate is not None else pair.wins
        against = "itself" if pair.dense == profile else pair.dense
        rows.append((profile, *own, against, percent(pair.probability), rate))
    columns = ("on", "static", "time", f"{TWIN} on", "P(less)", "even at")
    return Grid(f"Spiking against dense, firing rate {percent(priced.firing_rate)}", columns, rows)


def refused_ratios(priced: Priced) -> list[str]:
    """Which devices have no ratio, and why."""
    refused: dict[str, list[str]] = {}
    for profile, _ in _bills(priced, "spiking"):
        pair = priced.nearest.get(profile)
        if pair is None or pair.refused:
            reason = pair.refused if pair else f"the {TWIN} has no bill on it nor on its host here"
            refused.setdefault(reason.replace(profile, "it"), []).append(profile)
    return [f"No ratio for {', '.join(profiles)}: {reason}." for reason, profiles in refused.items()]


def too_slow(priced: Priced) -> list[str]:
    """Which devices may not keep up with the decisions, and how long a decision takes there."""
    wanted = priced.conditions.request_rate_hz
    twin = "" if priced.firing_rate is None else f", with the {TWIN},"
    bills = [
        *_bills(priced, "spiking"),
        *((f"{profile}{twin}", bill) for profile, bill in _bills(priced, "dense")),
    ]
    sentences = []
    for name, bill in bills:
        rate = bill.highest_rate_hz
        if wanted is None or rate is None or rate.low >= wanted:
            continue
        how = "cannot" if rate.high < wanted else "may not"
        sentences.append(
            f"{name} {how} keep up with {wanted:g} decisions a second: one takes "
            f"{spread(bill.latency_s, 's')}."
        )
    return sentences


def _bills(priced: Priced, kind: ActorKind) -> list[tuple[str, BillFigures]]:
    devices = priced.devices.items()
    return [(profile, bill) for profile, device in devices if (bill := device.bill(kind)) is not None]


def conditions(priced: Priced) -> Grid:
    """Published conditions under which a spiking network can win, beside what was counted."""
    rows: list[tuple[Cell, ...]] = []
    for condition in priced.published:
        low, high, here = (
            percent(value) if condition.key == "firing_rate" else amount(value)
            for value in (condition.low, condition.high, condition.observed)
        )
        bound = str(low) if condition.low == condition.high else f"{low} to {high}"
        rows.append((condition.source, condition.quantity, bound, here, condition.verdict))
    columns = ("published by", "quantity", "must be below", "here", "condition")
    return Grid("Published conditions; they contradict each other", columns, rows)


def bill(title: str, figures: BillFigures) -> Grid:
    """The lines of one bill and their sum."""
    rows: list[tuple[Cell, ...]] = [
        (line.name, count(line.count), spread(line.energy_j, "J"), line.evidence, line.source)
        for line in figures.lines
    ]
    rows.append(("total", "", spread(figures.total_j, "J"), figures.evidence, ""))
    columns = ("work", "count", "energy", "weakest evidence", "source of the price")
    return Grid(title, columns, rows, frozenset({len(rows) - 1}), stacks=True)


def bills(priced: Priced, actors: Mapping[ActorKind, str]) -> Iterator[tuple[str, BillFigures]]:
    """Every bill, after the names of its device and its actor."""
    for profile, device in priced.devices.items():
        for kind, actor in actors.items():
            if (figures := device.bill(kind)) is not None:
                yield f"{device_name(priced, profile)}: {actor}", figures


def timings(summary: Summary) -> Grid:
    """How long each stage of the run took."""
    rows: list[tuple[Cell, ...]] = [
        (stage, amount(time_s, "s", 3)) for stage, time_s in summary.timings_s.items()
    ]
    return Grid("Timings of this run", ("stage", "time"), rows)
