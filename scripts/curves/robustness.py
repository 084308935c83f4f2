"""The curve of robustness as people read it: a table, a file for a spreadsheet, and a figure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from curves.page import SMOKE, as_csv, average, in_percent, made_by, markdown, write
from neuro_aolo.agent.statistics import Estimate
from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw, standalone
from neuro_aolo.text.numbers import plain


@dataclass(frozen=True)
class Point:
    """One chip under one fault, over the held-out requests."""

    kind: str
    strength: float
    draw: int
    regret: float
    violation_rate: float


def report(scenario: str, points: Sequence[Point], folder: Path, command: str, *, smoke: bool) -> str:
    """Write table, CSV and figure; the table and where they are, for the terminal."""
    name = "".join(letter if letter.isalnum() else "_" for letter in scenario)
    parts = [
        f"# Regret under faults: {scenario}",
        *([f"**{SMOKE}**"] if smoke else []),
        _table(points),
        _NOTE,
    ]
    tables = "\n\n".join(parts)
    page = "\n\n".join([tables, f"![regret under faults]({name}.svg)", made_by(command)])
    rows = [{"scenario": scenario, **asdict(point), "smoke_run": smoke} for point in points]
    texts = {f"{name}.md": page + "\n", f"{name}.csv": as_csv(rows), f"{name}.svg": figure(scenario, points)}
    return plain(f"{tables}\n\n{write(folder, texts)}")


_NOTE = (
    "Held-out regret and violations in percent, means over chips with their 95 % percentile bootstrap "
    "interval, of fewer than 10 with their range. Weight noise is normal, its standard deviation a share of "
    "a layer's largest weight; a spike is lost at each hop, and a neuron stuck, with the probability named. "
    "Bias neurons and the always-on axon do not fail."
)


def _table(points: Sequence[Point]) -> str:
    rows = []
    for kind in dict.fromkeys(point.kind for point in points):
        for strength, regret, violations in _curve(points, kind):
            rows.append([kind, f"{strength:g}", in_percent(regret), in_percent(violations)])
    return markdown(("fault", "strength", "regret, %", "violations, %"), rows)


def _curve(points: Sequence[Point], kind: str) -> list[tuple[float, Estimate, Estimate]]:
    """Strength, regret and violation rate of a kind of fault, in rising order."""
    of = [point for point in points if point.kind == kind]
    found = []
    for strength in dict.fromkeys(point.strength for point in of):
        chips = [point for point in of if point.strength == strength]
        regret, broken = ([getattr(chip, name) for chip in chips] for name in ("regret", "violation_rate"))
        found.append((strength, average(regret), average(broken)))
    return found


def figure(scenario: str, points: Sequence[Point]) -> str:
    """Mean regret and violations over the strength, a panel for each kind of fault, as an SVG file."""
    kinds = list(dict.fromkeys(point.kind for point in points))
    curves = {kind: _curve(points, kind) for kind in kinds}

    def paint(drawing: Figure) -> None:
        panels = drawing.subplots(2, (len(kinds) + 1) // 2, squeeze=False, sharey=True).ravel()
        drawing.subplots_adjust(0.08, 0.1, 0.985, 0.84, wspace=0.2, hspace=0.5)
        for axes, kind in zip(panels, kinds, strict=False):
            places = np.arange(len(curves[kind]))
            for column, label, colour, style in _LINES:
                found = [entry[column] for entry in curves[kind]]
                means, low, high = (
                    100 * np.array([getattr(one, name) for one in found]) for name in ("value", "low", "high")
                )
                ends = np.nan_to_num([means - low, high - means])
                axes.errorbar(
                    places, means, ends, fmt=style, color=LIGHT[colour], capsize=3, ms=4, label=label
                )
            axes.set_xticks(places, [f"{strength:g}" for strength, _, _ in curves[kind]])
            axes.set_title(kind, color=LIGHT["muted"])
        # Linear up to 1 %, where a working chip is: the worst ones would flatten the others.
        panels[0].set_yscale("symlog", linthresh=1.0)
        panels[0].set_yticks(_TICKS, [f"{tick:g}" for tick in _TICKS], minor=False)
        shown = [100 * value for point in points for value in (point.regret, point.violation_rate)]
        panels[0].set_ylim(min(-0.1, 1.2 * min(shown)), max(1.0, 1.2 * max(shown)))
        drawing.legend(*panels[0].get_legend_handles_labels(), loc="upper left", ncols=2)

    told = "; ".join(
        f"{kind} {strength:g}: {in_percent(regret)}"
        for kind, curve in curves.items()
        for strength, regret, _ in curve
    )
    description = f"Scenario {scenario}, held-out regret in percent under faults. {told}."
    return standalone(draw("robustness", description, (WIDE_IN, 4.6), paint))


_TICKS = (-10.0, -1.0, 0.0, 0.5, 1.0, 10.0, 100.0)
_LINES = ((1, "regret, %", "snn", "o-"), (2, "requests that break a constraint, %", "alert", "D--"))
