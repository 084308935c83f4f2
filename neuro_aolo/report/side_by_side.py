"""Several runs beside each other: one column each, and their learning curves in one picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from neuro_aolo.report.answer import listed
from neuro_aolo.report.facts import Metrics, thin_above, validations
from neuro_aolo.report.grids import CANNOT
from neuro_aolo.report.ledgers import VERDICTS, against, baseline_name, baselines, grams, rate, short
from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw, legend_above
from neuro_aolo.runs.summary.decided import PolicyFigures
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.feasibility import INFEASIBLE, regret_or_infeasible
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import amount, finite, percent, significant, spread

_COLOURS = ("snn", "mlp", "service", "training", "alert")
_LINES = ("-", "--", "-.", ":")
_HEIGHT_IN, _TITLE_IN = 2.8, 0.25


@dataclass(frozen=True)
class Told:
    """A run as a page of several tells it.

    Attributes:
        name: short, unique in the page.
        summary: its ``summary.json``.
        metrics: rows of its ``metrics.csv``.
    """

    name: str
    summary: Summary
    metrics: Metrics


def table(runs: Sequence[Told]) -> Grid:
    """One column a run: scenario, regret, violations, carbon, spikes, energies, and whether it pays.

    Runs whose actor is infeasible come last.
    """
    runs = in_order(runs)
    summaries = [run.summary for run in runs]
    constants = [summary.decided.constant for summary in summaries]
    rows: list[tuple[Cell, ...]] = [
        ("scenario", *(summary.wording.title for summary in summaries)),
        ("seed", *(str(summary.run.seed) for summary in summaries)),
        *_time_steps(summaries),
        ("regret", *(_regret(summary.decided) for summary in summaries)),
        ("violations", *(percent(summary.decided.violation_rate) for summary in summaries)),
        (
            "regret of the best constant",
            *("" if constant is None else _regret(constant) for constant in constants),
        ),
        *_best_rules(summaries),
        (
            "service's carbon",
            *(amount(summary.decided.service_mg_per_decision, "mg") for summary in summaries),
        ),
        *_firing_rates(summaries),
        ("devices decide at", *(rate(summary) for summary in summaries)),
        *_energies(summaries),
        *_carbon(summaries),
        *_pays(summaries),
    ]
    return Grid(
        f"One column a run; energy and carbon per {_decision(runs)}",
        ("", *(run.name for run in runs)),
        rows,
        stacks=True,
    )


def in_order(runs: Sequence[Told]) -> list[Told]:
    """The runs as they were given, but for those whose actor is infeasible, which come last."""
    return sorted(runs, key=lambda run: run.summary.decided.feasible is False)


def _regret(policy: PolicyFigures) -> Cell:
    return regret_or_infeasible(policy.regret, policy.violation_rate, policy.violation_limit)


def _decision(runs: Sequence[Told]) -> str:
    """What all the systems call a decision."""
    names = {run.summary.wording.decision for run in runs}
    return names.pop() if len(names) == 1 else "decision"


def decisions(runs: Sequence[Told]) -> str:
    """What they call several."""
    return f"{_decision(runs)}s"


def _time_steps(summaries: Sequence[Summary]) -> list[tuple[Cell, ...]]:
    steps = ["" if (figures := run.deployed) is None else str(figures.time_steps) for run in summaries]
    return [("time steps", *steps)] if any(steps) else []


def _best_rules(summaries: Sequence[Summary]) -> list[tuple[Cell, ...]]:
    """Of the rules of each system the one nearest to the optimum; nothing where no system has any."""
    cells: list[Cell] = []
    for summary in summaries:
        rules = summary.decided.rules.items()
        told = {name: rule for name, rule in rules if finite(rule.regret) and rule.feasible is not False}
        best = min(told, key=lambda name: told[name].regret, default="")
        cells.append(f"{percent(told[best].regret)} ({best})" if best else "")
    return [("regret of the best rule", *cells)] if any(cells) else []


def _firing_rates(summaries: Sequence[Summary]) -> list[tuple[Cell, ...]]:
    rates = [None if (figures := run.deployed) is None else figures.firing_rate for run in summaries]
    cells = ["" if rate is None else percent(rate) for rate in rates]
    return [("firing rate", *cells)] if any(cells) else []


def _energies(summaries: Sequence[Summary]) -> list[tuple[Cell, ...]]:
    devices = [summary.priced.devices for summary in summaries]
    rows: list[tuple[Cell, ...]] = []
    for profile in dict.fromkeys(profile for priced in devices for profile in priced):
        name = next(short(priced[profile].name) for priced in devices if profile in priced)
        bills = [
            priced[profile].bill(summary.run.kind) if profile in priced else None
            for summary, priced in zip(summaries, devices, strict=True)
        ]
        cells = [CANNOT if bill is None else spread(bill.total_j, "J") for bill in bills]
        rows.append((f"decision, {name}", *cells))
    return rows


def _carbon(summaries: Sequence[Summary]) -> list[tuple[Cell, ...]]:
    ledgers = [summary.ledger.provisioned.accounts for summary in summaries]
    rows: list[tuple[Cell, ...]] = []
    for profile in dict.fromkeys(profile for accounts in ledgers for profile in accounts):
        name = next(short(accounts[profile].device) for accounts in ledgers if profile in accounts)
        cells = [grams(accounts[profile].agent_mg) if profile in accounts else CANNOT for accounts in ledgers]
        rows.append((f"agent's carbon provisioned, {name}", *cells))
    return rows


def _pays(summaries: Sequence[Summary]) -> list[tuple[Cell, ...]]:
    names = dict.fromkeys(name for summary in summaries for name in baselines(summary))
    return [
        (f"pays against {baseline_name(name, name)}?", *(_verdicts(summary, name) for summary in summaries))
        for name in names
    ]


def _verdicts(summary: Summary, baseline: str) -> str:
    pairs = against(summary, baseline)
    accounts = summary.ledger.provisioned.accounts
    clauses = []
    for verdict, does in VERDICTS.items():
        where = [
            short(accounts[profile].device) for profile, pair in pairs.items() if pair.verdict == verdict
        ]
        if verdict == "never" and len(where) == len(pairs) > 1:
            clauses.append("pays on no device")
        elif where:
            everywhere = len(where) == len(pairs) > 1
            clauses.append(f"{does} on {'every device' if everywhere else listed(where)}")
    verdicts = "; ".join(clauses) or "not compared"
    return f"{verdicts} ({INFEASIBLE})" if clauses and summary.decided.feasible is False else verdicts


def curves(runs: Sequence[Told], width_in: float = WIDE_IN) -> str:
    """Validation regret of every run over the decisions served, thin where it breaks constraints too often.

    That is more often than its task allows, or than 1 % where that was not kept. A regret of 0 or less, which
    only a policy that breaks constraints has, leaves a gap.
    """
    served = f"{decisions(runs)} served in training"

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        axes.set_yscale("log")
        for index, run in enumerate(runs):
            _paint(axes, run, _COLOURS[index % len(_COLOURS)], _LINES[index // len(_COLOURS) % len(_LINES)])
        axes.set_title("validation regret", color=LIGHT["muted"])
        axes.set_xlabel(served)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{significant(100 * share, 1)} %"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(axis="y", which="minor", length=0.0)
        above_in = legend_above(axes, columns=3)
        height = _HEIGHT_IN + above_in
        figure.set_size_inches(width_in, height)
        top = 1 - (above_in + _TITLE_IN) / height
        figure.subplots_adjust(0.62 / width_in, 0.45 / height, 1 - 0.25 / width_in, top)

    ends = "; ".join(map(_end, runs))
    description = f"Validation regret over the {served}, logarithmic. At the end: {ends}."
    return draw(f"curves-{width_in * 100:.0f}", description, (width_in, _HEIGHT_IN), paint)


def _end(run: Told) -> str:
    rows = [row for row in validations(run.metrics) if finite(row.regret)]
    if not rows:
        return f"{run.name} without a validation"
    limit = run.summary.decided.violation_limit
    return f"{run.name} {regret_or_infeasible(rows[-1].regret, rows[-1].violation_rate, limit)}"


def _paint(axes: Axes, run: Told, colour: str, line: str) -> None:
    curve = validations(run.metrics)
    served = np.array([row.requests for row in curve], dtype=np.float64)
    regret = np.array([row.regret for row in curve], dtype=np.float64)
    violations = np.array([row.violation_rate for row in curve], dtype=np.float64)
    shown = np.where(regret > 0.0, regret, np.nan)
    kept = np.where(violations <= thin_above(run.summary.decided), shown, np.nan)
    is_last = run.summary.decided.feasible is False
    thin, thick = (f"{run.name}, {INFEASIBLE}", None) if is_last else (None, run.name)
    alone = "o" if len(curve) == 1 else None  # A line needs two points.
    axes.plot(served, shown, color=LIGHT[colour], lw=0.8, ls=line, alpha=0.7, label=thin, marker=alone, ms=3)
    axes.plot(served, kept, color=LIGHT[colour], lw=1.9, ls=line, label=thick, marker=alone, ms=5)
