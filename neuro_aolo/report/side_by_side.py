"""Several runs beside each other: one column each, and their learning curves in one picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from neuro_aolo.report.answer import listed
from neuro_aolo.report.facts import Metrics, Summary, device_name
from neuro_aolo.report.grids import CANNOT
from neuro_aolo.report.ledgers import VERDICTS, against, baselines, grams, rate, short
from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw
from neuro_aolo.report.verdict import title
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import amount, finite, percent, significant, spread

_COLOURS = ("snn", "mlp", "service", "training", "alert")
_LINES = ("-", "--", "-.", ":")
_VIOLATING = 0.01
_HEIGHT_IN = 2.8
_LEGEND_LINE_IN = 0.2


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
    """One column a run: scenario, regret, violations, carbon, spikes, energies, and whether it pays."""
    summaries = [run.summary for run in runs]
    rows: list[tuple[Cell, ...]] = [
        ("scenario", *(title(summary) for summary in summaries)),
        ("seed", *(str(summary["seed"]) for summary in summaries)),
        ("time steps", *(str(summary["time_steps"]) for summary in summaries)),
        ("regret", *(percent(summary["regret"]) for summary in summaries)),
        ("violations", *(percent(summary["violation_rate"]) for summary in summaries)),
        ("regret of the best constant", *(percent(summary["constant_regret"]) for summary in summaries)),
        ("service's carbon", *(amount(s["service_mg_per_request"], "mg") for s in summaries)),
        ("firing rate", *(percent(summary["firing_rate"]) for summary in summaries)),
        ("devices decide at", *(rate(summary) for summary in summaries)),
        *_energies(summaries),
        *_carbon(summaries),
        *_pays(summaries),
    ]
    return Grid(
        "One column a run; energy and carbon per request",
        ("", *(run.name for run in runs)),
        rows,
        stacks=True,
    )


def _energies(summaries: Sequence[Summary]) -> list[tuple[Cell, ...]]:
    profiles = dict.fromkeys(profile for summary in summaries for profile in summary["energy_j"])
    rows: list[tuple[Cell, ...]] = []
    for profile in profiles:
        named = next(summary for summary in summaries if profile in summary["energy_j"])
        energies = [(summary["energy_j"].get(profile) or {}).get("snn") for summary in summaries]
        cells = [CANNOT if energy is None else spread(energy, "J") for energy in energies]
        name = short({"device": device_name(named, profile)})
        rows.append((f"decision, {name}", *cells))
    return rows


def _carbon(summaries: Sequence[Summary]) -> list[tuple[Cell, ...]]:
    books = [summary["ledger"]["devices"] for summary in summaries]
    rows: list[tuple[Cell, ...]] = []
    for profile in dict.fromkeys(profile for book in books for profile in book):
        name = next(short(book[profile]) for book in books if profile in book)
        cells = [grams(book[profile]["agent_mg"]) if profile in book else CANNOT for book in books]
        rows.append((f"agent's carbon, {name}", *cells))
    return rows


def _pays(summaries: Sequence[Summary]) -> list[tuple[Cell, ...]]:
    names = dict.fromkeys(name for summary in summaries for name in baselines(summary))
    return [
        (f"pays against {_called(name)}?", *(_verdicts(summary, name) for summary in summaries))
        for name in names
    ]


def _called(baseline: str) -> str:
    """A baseline without the figures that differ from run to run."""
    words = {"random": "random actions", "constant": "the best constant action", "mlp": "the same-size MLP"}
    return words.get(baseline, baseline)


def _verdicts(summary: Summary, baseline: str) -> str:
    pairs = against(summary, baseline)
    devices = summary["ledger"]["devices"]
    told = []
    for verdict, words in VERDICTS.items():
        where = [short(devices[profile]) for profile, pair in pairs.items() if pair["verdict"] == verdict]
        if verdict == "never" and len(where) == len(pairs) > 1:
            told.append("pays on no device")
        elif where:
            everywhere = len(where) == len(pairs) > 1
            told.append(f"{words} on {'every device' if everywhere else listed(where)}")
    return "; ".join(told) or "not compared"


def curves(runs: Sequence[Told], width_in: float = WIDE_IN) -> str:
    """Validation regret of every run over the requests served, thin where more than 1 % break a constraint.

    A regret of 0 or less, which only a policy that breaks constraints has, leaves a gap.
    """
    columns = 1 if width_in < 5 else 3
    legend_in = _LEGEND_LINE_IN * -(-len(runs) // columns) + 0.3
    height = _HEIGHT_IN + legend_in

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot()
        side = 0.62 / width_in
        figure.subplots_adjust(side, 0.45 / height, 1 - 0.25 / width_in, 1 - legend_in / height)
        axes.set_yscale("log")
        for index, run in enumerate(runs):
            _paint(axes, run, _COLOURS[index % len(_COLOURS)], _LINES[index // len(_COLOURS) % len(_LINES)])
        axes.set_title("validation regret", color=LIGHT["muted"])
        axes.set_xlabel("requests served in training")
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{significant(100 * share, 1)} %"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(axis="y", which="minor", length=0.0)
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.0 + 0.22 / (_HEIGHT_IN - 0.45)),
            ncols=columns,
            handlelength=1.8,
        )

    ends = [[row for row in run.metrics if finite(row.get("regret"))] for run in runs]
    told = "; ".join(
        f"{run.name} {percent(rows[-1]['regret']) if rows else 'without a validation'}"
        for run, rows in zip(runs, ends, strict=True)
    )
    description = f"Validation regret over the requests served in training, logarithmic. At the end: {told}."
    return draw(f"curves-{width_in * 100:.0f}", description, (width_in, height), paint)


def _paint(axes: Axes, run: Told, colour: str, line: str) -> None:
    requests, regret, violations = (
        np.array([row[key] if finite(row.get(key)) else np.nan for row in run.metrics], dtype=np.float64)
        for key in ("requests", "regret", "violation_rate")
    )
    shown = np.where(regret > 0.0, regret, np.nan)
    kept = np.where(violations <= _VIOLATING, shown, np.nan)
    axes.plot(requests, shown, color=LIGHT[colour], lw=0.8, ls=line, alpha=0.7)
    axes.plot(requests, kept, color=LIGHT[colour], lw=1.9, ls=line, label=run.name)
