"""Learning curves of several learners over several seeds, as one SVG file."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from numpy.typing import NDArray

from neuro_aolo.report.learners import NAMES, LearnerResults
from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw, legend_above, standalone
from neuro_aolo.text.feasibility import INFEASIBLE, infeasible, is_infeasible, regret_or_infeasible
from neuro_aolo.text.numbers import count, finite, percent, significant

Values = NDArray[np.float64]

_COLOURS = {
    **{"spiking": "snn", "mlp": "mlp", "diffusion": "diffusion"},
    **{"sac": "service", "td3": "training", "ppo": "alert"},
}
_FLAT = {"constant": "--", "random": ":"}
_PLACES = 300
_HEIGHT_IN, _TITLE_IN = 3.3, 0.25


@dataclass(frozen=True)
class Curve:
    """The validations of one training, in order; every array has shape ``(n,)``.

    Attributes:
        learner: its name in files.
        requests: until then, those of the validations included.
        seconds: of the processor until then; of wall time where an older cell has no other.
        regret: on the validation requests.
        violation_rate: on the same.
    """

    learner: str
    requests: Values
    seconds: Values
    regret: Values
    violation_rate: Values


def learning_curves(
    curves: Sequence[Curve],
    flat: Sequence[LearnerResults],
    violation_limit: float,
    decisions: str = "requests",
) -> str:
    """Validation regret over requests, and over seconds of training: median over seeds, and their range.

    Between two validations a seed has the regret of the last one, and after its end that of its end. A line
    is thin where the median of the violation rates is above the limit: such a regret may not be had. One of 0
    or less, which only a policy that breaks constraints has, leaves a gap on the logarithmic axis.

    Args:
        curves: one per learner and seed.
        flat: what does not learn; its held-out regret is drawn as a level, thin and without a figure where it
            is infeasible.
        violation_limit: share of requests in which a policy may break a constraint.
        decisions: what the system calls requests.
    """
    learners = list(dict.fromkeys(curve.learner for curve in curves))
    of = {name: [curve for curve in curves if curve.learner == name] for name in learners}
    drawn = {
        along: {name: _middle(own, along) for name, own in of.items()} for along in ("requests", "seconds")
    }

    def paint(figure: Figure) -> None:
        panels = figure.subplots(1, 2, sharey=True)
        for axes, (along, middles) in zip(panels, drawn.items(), strict=True):
            _panel(axes, middles, flat, violation_limit)
            last = max(float(middle.along[-1]) for middle in middles.values())
            if along == "requests":
                axes.set_xscale("log")
                # One validation alone has a place, too.
                axes.set_xlim(0.9 * min(float(middle.along[0]) for middle in middles.values()), 1.1 * last)
                axes.set_xlabel(f"{decisions}, those of validations included")
            else:
                axes.set_xlim(0.0, last)
                axes.set_xlabel("seconds of training on one core")
        first = panels[0]
        first.set_yscale("log")
        # A level far below every curve would flatten them: it has its place in the legend only.
        first.set_ylim(bottom=_decade_below(list(drawn["seconds"].values())))
        first.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{significant(100 * share, 1)} %"))
        first.yaxis.set_minor_formatter(NullFormatter())
        for axes in panels:
            axes.tick_params(axis="y", which="minor", length=0.0)
        first.set_title("validation regret, median and range over seeds", color=LIGHT["muted"], loc="left")
        above_in = legend_above(first, columns=4)
        height = _HEIGHT_IN + above_in
        figure.set_size_inches(WIDE_IN, height)
        above = 1.0 - (above_in + _TITLE_IN) / height
        figure.subplots_adjust(0.1, 0.45 / height, 0.985, above, wspace=0.08)

    ends = "; ".join(
        f"{NAMES.get(name, name)} {_end(middle, of[name], violation_limit, decisions)}"
        for name, middle in drawn["seconds"].items()
    )
    levels = "; ".join(f"{NAMES.get(line.learner, line.learner)} {_flat_regret(line)}" for line in flat)
    description = f"Validation regret over {decisions} and over seconds, logarithmic. At the end: {ends}."
    description += f" Without learning: {levels}." if levels else ""
    return standalone(draw("curves", description, (WIDE_IN, _HEIGHT_IN), paint))


def _panel(
    axes: Axes,
    middles: Mapping[str, "_Middle"],
    flat: Sequence[LearnerResults],
    violation_limit: float,
) -> None:
    """Regret of every learner along requests or seconds."""
    for name, middle in middles.items():
        _paint(axes, name, middle, violation_limit)
    for line in flat:
        _level(axes, line)


def _flat_regret(line: LearnerResults) -> str:
    regret = line.spreads["regret"].middle.value
    return str(regret_or_infeasible(regret, line.violation_rate, line.violation_limit))


def _level(axes: Axes, line: LearnerResults) -> None:
    """The regret of what does not learn."""
    regret = line.spreads["regret"].middle.value
    if not finite(regret) or regret <= 0.0:
        return
    name = NAMES.get(line.learner, line.learner)
    style, label, width = _FLAT.get(line.learner, "-."), f"{name} {percent(regret)}", 1.2
    if line.feasible is False:
        label, width = f"{name}, {INFEASIBLE}", 0.6
    axes.axhline(regret, color=LIGHT["text"], lw=width, ls=style, label=label)


@dataclass(frozen=True)
class _Middle:
    """Median and range of the regret, and the median violation rate, at the same places for every seed."""

    along: Values
    median: Values
    low: Values
    high: Values
    violation_rate: Values


def _middle(curves: Sequence[Curve], along: str) -> _Middle:
    own: list[Values] = [getattr(curve, along) for curve in curves]
    first, last = max(float(places[0]) for places in own), max(float(places[-1]) for places in own)
    spaced = np.geomspace if along == "requests" and first > 0.0 else np.linspace
    places = np.unique(np.append(spaced(first, last, _PLACES), [first, last]))
    rows = [np.searchsorted(of, places, side="right") - 1 for of in own]
    regret = np.stack([curve.regret[row] for curve, row in zip(curves, rows, strict=True)])
    violations = np.stack([curve.violation_rate[row] for curve, row in zip(curves, rows, strict=True)])
    return _Middle(
        places,
        median=np.median(regret, axis=0),
        low=regret.min(axis=0),
        high=regret.max(axis=0),
        violation_rate=np.median(violations, axis=0),
    )


def _paint(axes: Axes, name: str, middle: _Middle, violation_limit: float) -> None:
    colour, label = LIGHT[_COLOURS.get(name, "muted")], NAMES.get(name, name)
    ends_infeasible = is_infeasible(float(middle.violation_rate[-1]), violation_limit)
    if ends_infeasible:
        label = f"{label}, {INFEASIBLE}"
    median = np.where(middle.median > 0.0, middle.median, np.nan)
    shown = middle.high > 0.0
    # What lies below the axis has no place on it: the range begins at the least positive median.
    least = np.nanmin(median) if np.isfinite(median).any() else 1.0
    low = np.where(middle.low > 0.0, middle.low, least)
    axes.fill_between(
        middle.along, low, middle.high, where=shown, color=colour, alpha=0.16, lw=0.0, step="post"
    )
    thin, thick = (label, None) if ends_infeasible else (None, label)
    axes.plot(middle.along, median, color=colour, lw=0.8, alpha=0.7, drawstyle="steps-post", label=thin)
    kept = np.where(middle.violation_rate <= violation_limit, median, np.nan)
    marker = "o" if len(middle.along) == 1 else ""
    axes.plot(
        middle.along, kept, marker=marker, color=colour, lw=1.9, drawstyle="steps-post", label=thick, ms=5
    )


def _decade_below(drawn: Sequence[_Middle]) -> float | None:
    """The power of ten below every positive median; None where there is none."""
    positive = [middle.median[middle.median > 0.0] for middle in drawn]
    least = min((float(values.min()) for values in positive if values.size), default=None)
    return None if least is None else float(10.0 ** math.floor(math.log10(least)))


def _end(middle: _Middle, of: Sequence[Curve], violation_limit: float, decisions: str) -> str:
    median, violations = float(middle.median[-1]), float(middle.violation_rate[-1])
    requests = max(float(curve.requests[-1]) for curve in of)
    after = f"after {math.ceil(middle.along[-1])} s and {count(requests)} {decisions}"
    if is_infeasible(violations, violation_limit):
        return f"{infeasible(violations, violation_limit)} {after}"
    return f"{percent(median)} with {percent(violations)} violations {after}"
