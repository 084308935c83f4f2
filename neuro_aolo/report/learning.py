"""The learning curve of a run."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from neuro_aolo.report.facts import Validation, best_checkpoint, thin_above
from neuro_aolo.report.naming import actor_name
from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.runs.summary.wording import Wording
from neuro_aolo.text.feasibility import infeasible, is_infeasible
from neuro_aolo.text.numbers import amount, count, finite


def learning_curve(summary: Summary, curve: Sequence[Validation], width_in: float = WIDE_IN) -> str:
    """Validation cost against the optimum's over the decisions served, and the violations below it.

    The line is thin, with crosses, where more decisions break a constraint than the task allows; where the
    limit was not kept, thin alone from 1 % on.

    Args:
        summary: of the run.
        curve: its validations; rows with NaN leave a gap.
        width_in: width of the figure in inches.
    """
    served = np.array([row.requests for row in curve], dtype=np.float64)
    cost = np.array([row.cost for row in curve], dtype=np.float64)
    optimum = np.array([row.optimal_cost for row in curve], dtype=np.float64)
    violations = np.array([row.violation_rate for row in curve], dtype=np.float64)
    best, wording, limit = best_checkpoint(curve), summary.wording, summary.decided.violation_limit
    nobody_knows = np.isfinite(cost).any() and not np.isfinite(optimum).any()

    def paint(figure: Figure) -> None:
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.4, 1.0))
        figure.subplots_adjust(0.36 / width_in + 0.03, 0.13, 1 - 0.25 / width_in, 0.86, hspace=0.32)
        single = np.isfinite(cost).sum() < 2
        if not nobody_knows:
            line = "s" if single else "--"
            upper.plot(served, optimum, line, color=LIGHT["service"], lw=1.4, ms=5, label=wording.optimum)
        upper.plot(served, cost, color=LIGHT["snn"], lw=0.8, alpha=0.7)
        kept = np.where(violations <= thin_above(summary.decided), cost, np.nan)
        broken = np.where(violations > limit, cost, np.nan)
        if np.isfinite(broken).any():
            upper.plot(served, broken, "x", color=LIGHT["alert"], ms=3.5, mew=0.9, label="infeasible")
        upper.plot(
            served,
            kept,
            "o-",
            color=LIGHT["snn"],
            lw=1.8,
            ms=5 if single else 3,
            mew=0,
            label=actor_name(summary.run),
        )
        lower.plot(served, 100 * violations, "o" if single else "-", color=LIGHT["alert"], lw=1.4)
        if best is not None:
            upper.plot(
                [best.requests],
                [best.cost],
                "*",
                color=LIGHT["alert" if is_infeasible(best.violation_rate, limit) else "text"],
                ms=10,
                mew=0,
                label="checkpoint kept" if width_in > 5 else "kept",
            )
            for axes in (upper, lower):
                axes.axvline(best.requests, color=LIGHT["muted"], lw=0.8, ls=":")
        _label(upper, lower, wording, violations)

    return draw(f"curve-{width_in * 100:.0f}", _describe(wording, curve, limit), (width_in, 3.6), paint)


def _label(upper: Axes, lower: Axes, wording: Wording, violations: NDArray[np.float64]) -> None:
    figure = upper.get_figure(root=True)
    assert figure is not None
    # A long name of the optimum leaves less room between the others.
    for handle, space, pad in ((1.4, 1.0, 0.8), (0.9, 0.6, 0.4)):
        legend = upper.legend(
            loc="lower left",
            bbox_to_anchor=(-0.02, 1.1),
            ncols=4,
            handlelength=handle,
            columnspacing=space,
            handletextpad=pad,
        )
        if legend.get_window_extent().x1 <= figure.bbox.x1:
            break
    upper.set_title(f"validation cost, {wording.cost_unit} per {wording.decision}", color=LIGHT["muted"])
    lower.set_title(f"{wording.decisions} that break a constraint, %", color=LIGHT["muted"])
    lower.set_xlabel(f"{wording.decisions} served in training")
    most = np.nanmax(100 * violations) if np.isfinite(violations).any() else 0.0
    lower.set_ylim(-0.04 * max(most, 1.0), 1.1 * max(most, 1.0))
    lower.set_xlim(left=0)
    lower.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    lower.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if not np.isfinite(violations).any():
        upper.text(0.5, 0.5, "no validation was recorded", transform=upper.transAxes, ha="center")


def _describe(wording: Wording, curve: Sequence[Validation], limit: float) -> str:
    rows = [row for row in curve if finite(row.cost)]
    if not rows:
        return "Learning curve: no validation was recorded."
    first, last, best = rows[0], rows[-1], best_checkpoint(curve)
    unit, decisions = wording.cost_unit, wording.decisions
    text = (
        f"Learning curve of {len(rows)} validations: cost {amount(first.cost)} {unit} per {wording.decision} "
        f"after {count(first.requests)} {decisions}, {amount(last.cost)} {unit} after {count(last.requests)}"
    )
    if finite(last.optimal_cost):
        text += f"; the {wording.optimum}'s {amount(last.optimal_cost)} {unit}"
    if best is None:
        return f"{text}."
    text += f". Best checkpoint: {amount(best.cost)} {unit} after {count(best.requests)} {decisions}"
    if is_infeasible(best.violation_rate, limit):
        text += f", {infeasible(best.violation_rate, limit)}"
    return f"{text}."
