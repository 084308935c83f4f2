"""The report's tables as plain rows, shared by the page and the terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from neuro_aolo.report.facts import Summary, device_name
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import amount, count, derived, percent, spread, with_prefix

ACTORS = {"snn": "spiking actor", "mlp": "MLP"}
CANNOT = "cannot run it"
_PLAIN_REASONS = ("it runs no spiking networks", "it runs no dense networks")


def evaluation(summary: Summary) -> Grid:
    """Regret and violation rate of every policy on the held-out requests.

    The integer network and the MLP have a row where the summary names them, be it as null.
    """
    action = summary["constant_action"]
    constant = f"constant: {amount(action['words'])} words, {amount(action['power_w'])} W"
    nothing = derived(percent(0.0))
    rows: list[tuple[Cell, ...]] = [
        ("oracle, the exact optimum", nothing, nothing),
        _policy("MLP" if summary["actor"] == "mlp" else "spiking actor", summary),
    ]
    others = {"deployed": "spiking actor in the chip's integers", "mlp": "same-size MLP"}
    rows += [_policy(name, summary[key]) for key, name in others.items() if key in summary]
    rows.append(
        (constant, percent(summary["constant_regret"], 4), percent(summary["constant_violation_rate"]))
    )
    title = f"Policies on {count(summary['requests_evaluated'])} held-out requests"
    return Grid(title, ("policy", "regret", "violations"), rows)


def _policy(name: str, result: Mapping[str, float] | None) -> tuple[Cell, ...]:
    if result is None:
        return name, "not in this run", ""
    return name, percent(result["regret"], 4), percent(result["violation_rate"])


def lava(summary: Summary) -> Grid | None:
    """Lava against the simulator, layer by layer; None where Lava was not run."""
    result = summary["lava"]
    if not result["available"]:
        return None
    rows: list[tuple[Cell, ...]] = [
        (str(layer["name"]), *(count(layer[key]) for key in ("slots", "spikes", "mismatches")))
        for layer in result.get("layers") or []
    ]
    keys = ("spikes_compared", "spikes_emitted", "mismatches")
    rows.append(("all layers", *(count(result[key]) for key in keys)))
    columns = ("layer", "slots compared", "spikes", "mismatches")
    return Grid(f"{count(result['decisions'])} decisions on Lava", columns, rows, frozenset({len(rows) - 1}))


def quantisation(summary: Summary) -> Grid:
    """What the chip's integers cost each layer."""
    rows: list[tuple[Cell, ...]] = [
        (
            str(layer["name"]),
            amount(layer["scale"]),
            count(layer["clipped"]),
            amount(layer["max_rounding_error"], digits=3),
        )
        for layer in summary["quantisation"]
    ]
    columns = ("layer", "integer steps per unit", "weights clipped", "largest rounding error")
    return Grid("Quantisation", columns, rows)


def energy(summary: Summary, *, in_full: bool = False) -> Grid:
    """Energy of one decision: a row per device with its boundary, the spiking actor beside the MLP.

    Args:
        summary: of a run.
        in_full: whether what a total leaves out for want of a price, and why a device does not run an actor,
            stand in its row.
    """
    rows: list[tuple[Cell, ...]] = []
    for profile, actors in summary["energy_j"].items():
        entry = summary["bills"].get(profile) or {}
        bills = [bill for actor in ACTORS if (bill := entry.get(actor))]
        told = sorted({bill["boundary"] for bill in bills})
        unpriced = dict.fromkeys(text.split(" (")[0] for bill in bills for text in bill["unpriced"])
        if unpriced:
            told.append("a lower bound" + (f", without a price: {', '.join(unpriced)}" if in_full else ""))
        reasons = dict.fromkeys((entry.get("unfit") or {}).values())
        told += [reason for reason in reasons if in_full and reason not in _PLAIN_REASONS]
        name = ": ".join([device_name(summary, profile), *(["; ".join(told)] if told else [])])
        figures = [(actors or {}).get(actor) for actor in ACTORS]
        cells = [CANNOT if values is None else spread(values, "J") for values in figures]
        rows.append((name, *cells, " / ".join(dict.fromkeys(bill["evidence"] for bill in bills))))
    columns = ("device and boundary", *ACTORS.values(), "evidence")
    return Grid("Energy of one decision, nominal (low – high)", columns, rows, stacks=True)


def contests(summary: Summary) -> Grid:
    """Spiking against dense: of each device that runs the spiking actor, the pair that says most."""
    rows: list[tuple[Cell, ...]] = []
    for profile, bill in _spiking_bills(summary):
        pair = _nearest(summary, profile)
        latency = bill["latency_s"]
        time = with_prefix(latency["nominal"], "s", 2) if latency else ""
        told: tuple[Cell, ...] = (percent(bill["static_share"]), time)
        if pair is None or pair["refused"]:
            rows.append((profile, *told, "no ratio", "", ""))
            continue
        rate: Cell = percent(pair["rate"]) if pair["rate"] is not None else str(pair["wins"])
        against = "itself" if pair["dense"] == profile else str(pair["dense"])
        rows.append((profile, *told, against, percent(pair["probability"]), rate))
    columns = ("on", "static", "time", "MLP on", "P(less)", "even at")
    return Grid(f"Spiking against dense, firing rate {percent(summary['firing_rate'])}", columns, rows)


def refused_ratios(summary: Summary) -> list[str]:
    """Which devices have no ratio, and why."""
    told: dict[str, list[str]] = {}
    for profile, _ in _spiking_bills(summary):
        pair = _nearest(summary, profile)
        if pair is None or pair["refused"]:
            reason = pair["refused"] if pair else "the MLP has no bill on it nor on its host here"
            told.setdefault(reason.replace(profile, "it"), []).append(profile)
    return [f"No ratio for {', '.join(profiles)}: {reason}." for reason, profiles in told.items()]


def too_slow(summary: Summary) -> list[str]:
    """Which devices may not keep up with the requests, and how long a decision takes there."""
    wanted = (summary.get("conditions") or {}).get("request_rate_hz")
    told = []
    bills = [
        (f"{profile}{whose}", bill)
        for actor, whose in (("snn", ""), ("mlp", ", with the MLP,"))
        for profile, pair in summary["bills"].items()
        if (bill := (pair or {}).get(actor)) is not None
    ]
    for name, bill in bills:
        rate = bill["highest_rate_hz"]
        if wanted is None or rate is None or rate["low"] >= wanted:
            continue
        how = "cannot" if rate["high"] < wanted else "may not"
        told.append(
            f"{name} {how} keep up with {wanted:g} decisions a second: one takes "
            f"{spread(bill['latency_s'], 's')}."
        )
    return told


def _spiking_bills(summary: Summary) -> list[tuple[str, Mapping[str, Any]]]:
    bills = summary["bills"].items()
    return [(profile, bill) for profile, pair in bills if (bill := (pair or {}).get("snn")) is not None]


def _nearest(summary: Summary, profile: str) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = (summary.get("nearest_pairs") or {}).get(profile)
    return found


def conditions(summary: Summary) -> Grid:
    """Published conditions under which a spiking network can win, beside what was counted."""
    rows: list[tuple[Cell, ...]] = []
    for condition in summary["published_conditions"]:
        is_rate = condition["key"] == "firing_rate"
        low, high, seen = (
            percent(condition[key]) if is_rate else amount(condition[key])
            for key in ("low", "high", "observed")
        )
        bound = str(low) if condition["low"] == condition["high"] else f"{low} to {high}"
        rows.append((condition["source"], condition["quantity"], bound, seen, condition["verdict"]))
    columns = ("published by", "quantity", "must be below", "here", "condition")
    return Grid("Published conditions; they contradict each other", columns, rows)


def bill(title: str, lines: Sequence[Mapping[str, Any]], total_j: Mapping[str, float]) -> Grid:
    """The lines of one bill and their sum."""
    rows: list[tuple[Cell, ...]] = [
        (str(line["name"]), count(line["count"]), spread(line["energy_j"], "J"), str(line["source"]))
        for line in lines
    ]
    rows.append(("total", "", spread(total_j, "J"), ""))
    columns = ("work", "count", "energy", "source of the price")
    return Grid(title, columns, rows, frozenset({len(rows) - 1}), stacks=True)


def timings(summary: Summary) -> Grid:
    """How long each stage of the run took."""
    stages = (summary.get("timings_s") or {}).items()
    return Grid("Timings of this run", ("stage", "time"), [(name, amount(s, "s", 3)) for name, s in stages])
