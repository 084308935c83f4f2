"""How far the actor keeps each constraint over the held-out decisions: a picture and a table."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw
from neuro_aolo.runs.summary.decided import Margin
from neuro_aolo.runs.summary.summary import Summary
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import NBSP, Quantity, finite, percent, significant, with_prefix

_ROW_IN = 0.46
_AXIS_IN = 0.5
_UNITS = {"-": "", "point": f"{NBSP}points"}
_FARTHEST = -1.0
"""Where the axis ends on the left: a constraint broken by more than its limit is drawn there."""


def table(summary: Summary) -> Grid:
    """Limit, share broken and quantiles of the slack of each constraint."""
    rows: list[tuple[Cell, ...]] = [
        (
            margin.title,
            _amount(margin.limit, margin.unit),
            percent(margin.broken),
            *(_amount(margin.quantiles[q], margin.unit) for q in ("0.001", "0.05", "0.5", "0.95")),
        )
        for margin in summary.decided.margins
    ]
    columns = ("constraint", "limit", "broken in", "slack: least 0.1 %", "5 %", "median", "95 %")
    return Grid("Slack of the actor; below 0 the constraint is broken", columns, rows, stacks=True)


def margins_plot(summary: Summary, width_in: float = WIDE_IN) -> str:
    """Slack of each constraint as a share of its limit: median, 5 to 95 % and 0.1 to 99.9 %."""
    margins = summary.decided.margins
    height = _ROW_IN * max(len(margins), 1) + _AXIS_IN

    def paint(figure: Figure) -> None:
        side = 0.2 / width_in
        axes = figure.add_axes((side, 0.45 / height, 1 - 2 * side, 1 - _AXIS_IN / height))
        axes.set_ylim(max(len(margins), 1), 0)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlim(*_span([_shares(margin) for margin in margins]))
        for index, margin in enumerate(margins):
            _paint(axes, index, margin, short=width_in < 5)
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{significant(100 * share, 2)} %"))
        axes.set_xlabel("slack, % of the limit")

    slacks = "; ".join(
        f"{margin.title} {_slack(margin)}, least {_amount(margin.quantiles['0.001'], margin.unit)}"
        for margin in margins
    )
    description = (
        f"Slack of each constraint over the held-out {summary.wording.decisions}, as a share of its limit. "
        f"{slacks}."
    )
    return draw(f"margins-{width_in * 100:.0f}", description, (width_in, height), paint)


def _paint(axes: Axes, index: int, margin: Margin, *, short: bool) -> None:
    shares, y = _shares(margin), index + 0.72
    axes.plot([0.0, 0.0], [y - 0.2, y + 0.2], color=LIGHT["alert"], lw=1.6)
    colour = LIGHT["alert"] if margin.broken else LIGHT["snn"]
    across = axes.get_yaxis_transform()
    axes.text(0, index + 0.32, margin.title, transform=across, va="center")
    axes.text(1, index + 0.32, _slack(margin, short=short), transform=across, va="center", ha="right")
    for low, high, thick in (("0.001", "0.999", 1.6), ("0.05", "0.95", 5.0)):
        if low in shares and high in shares:
            axes.plot([shares[low], shares[high]], [y, y], color=colour, lw=thick, alpha=0.55)
    if "0.5" in shares:
        axes.plot([shares["0.5"]], [y], "o", color=colour, ms=5, mew=0, clip_on=False)


def _shares(margin: Margin) -> dict[str, float]:
    """Quantiles over the limit, none below the end of the axis; a time without end is there."""
    limit = abs(margin.limit) or 1.0
    return {
        name: max(slack / limit, _FARTHEST) if finite(slack) else _FARTHEST
        for name, slack in margin.quantiles.items()
    }


def _span(shares: list[dict[str, float]]) -> tuple[float, float]:
    values = [value for quantiles in shares for value in quantiles.values()] or [1.0]
    low, high = min(min(values), 0.0), max(max(values), 0.0)
    room = 0.04 * (high - low or 1.0)
    return low - room, high + room


def _slack(margin: Margin, *, short: bool = False) -> str:
    """Median and share broken; of the two the one that says more where there is room for one."""
    median = f"median {_amount(margin.quantiles['0.5'], margin.unit)}"
    broken = f"broken in {percent(margin.broken)}"
    if short:
        return broken if margin.broken else median
    return f"{median}, {broken}"


def _amount(value: float | None, unit: str) -> Quantity:
    if value is None:
        return Quantity(float("nan"), "without end")
    if unit == "s":
        return with_prefix(value, "s")
    return Quantity(value, significant(value) + _UNITS.get(unit, f"{NBSP}{unit}"))
