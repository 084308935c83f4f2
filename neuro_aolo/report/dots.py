"""A dot plot on a logarithmic axis: one row per amount, its label and figures beside or above its mark."""

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory

from neuro_aolo.report.svg import FONT_PT, LIGHT, draw
from neuro_aolo.text.numbers import Bounded, finite

_LINE_IN = 0.17
_GAP_IN = 0.1
_HEADING_GAP_IN = 0.04
_TICK_IN = 0.8
_CHARACTERS_PER_IN = 14.5


@dataclass(frozen=True)
class Dot:
    """One amount: a range, or None where there is none to draw.

    Attributes:
        label: what it is.
        text: its figures, or why there are none.
        values: low, nominal and high.
        colour: name of one of the page's colours.
        marker: matplotlib's sign, so that colour does not carry the meaning alone.
    """

    label: str
    text: str
    values: Bounded | None
    colour: str
    marker: str = "o"


@dataclass(frozen=True)
class Group:
    """Dots under one heading, which may be compared with each other."""

    heading: str
    note: str
    dots: Sequence[Dot]


@dataclass(frozen=True)
class _Layout:
    """Where things stand, in inches; on a narrow page the text goes above the marks.

    Attributes:
        width: of the figure.
        left: where the axis begins.
        right: where it ends, from the figure's right edge.
        above: whether labels stand above their marks.
    """

    width: float
    left: float
    right: float
    above: bool

    @classmethod
    def of(cls, width: float) -> "_Layout":
        return cls(width, 0.25, 0.25, True) if width < 5 else cls(width, 2.0, 1.75, False)

    def head(self, group: Group) -> list[tuple[str, str, str]]:
        """Lines of the heading and the note, with weight and colour; bold letters are wider."""
        columns = _CHARACTERS_PER_IN * (self.width - 0.1)
        heading = [(line, "bold", "text") for line in textwrap.wrap(group.heading, int(0.85 * columns))]
        return heading + [(line, "normal", "muted") for line in textwrap.wrap(group.note, int(columns))]

    def label(self, dot: Dot) -> list[str]:
        """Lines of a dot's label; above its mark it shares the line with the figures."""
        room = self.width - 0.1 - (len(dot.text) + 2) / _CHARACTERS_PER_IN if self.above else self.left - 0.15
        return textwrap.wrap(dot.label, int(_CHARACTERS_PER_IN * room))

    def height(self, dot: Dot) -> float:
        """Height of its row: its label, its mark where that needs a line of its own, and a gap."""
        lines = len(self.label(dot)) + (1 if self.above and dot.values else 0)
        return lines * _LINE_IN + _GAP_IN

    def group_height(self, group: Group) -> float:
        """Height of a group with the gap below it."""
        return (
            len(self.head(group)) * _LINE_IN
            + sum(map(self.height, group.dots))
            + _HEADING_GAP_IN
            + 1.5 * _GAP_IN
        )


def dot_plot(
    name: str, description: str, groups: Sequence[Group], axis: Callable[[float], str], width_in: float
) -> str:
    """Draw ``groups`` below each other on one logarithmic axis whose ticks read ``axis(value)``."""
    layout = _Layout.of(width_in)
    height = sum(map(layout.group_height, groups)) + _GAP_IN
    full = height + 0.3

    def paint(figure: Figure) -> None:
        span = 1 - (layout.left + layout.right) / width_in
        axes = figure.add_axes((layout.left / width_in, 0.28 / full, span, height / full))
        axes.set_ylim(height, 0.0)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        _scale(axes, _decades(groups), axis, span * width_in)
        top = _GAP_IN
        for group in groups:
            _paint_group(axes, group, top, layout)
            top += layout.group_height(group)

    return draw(name, description, (width_in, full), paint)


def _decades(groups: Sequence[Group]) -> tuple[int, int] | None:
    """The decades that hold every positive value; None where there is none."""
    ranges = [dot.values for group in groups for dot in group.dots if dot.values is not None]
    values = [value for each in ranges for value in (each.low, each.nominal, each.high)]
    positive = [value for value in values if finite(value) and value > 0]
    if not positive:
        return None
    low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    return low, max(high, low + 1)


def _scale(axes: Axes, decades: tuple[int, int] | None, axis: Callable[[float], str], span_in: float) -> None:
    if decades is None:
        axes.set_xticks([])
        return
    low, high = decades
    axes.set_xscale("log")
    axes.set_xlim(10.0**low, 10.0**high)
    step = math.ceil((high - low) * _TICK_IN / span_in)
    ticks = [10.0**decade for decade in range(low, high + 1, step)]
    axes.set_xticks(ticks, [axis(tick) for tick in ticks])
    axes.minorticks_off()


def _paint_group(axes: Axes, group: Group, top: float, layout: _Layout) -> None:
    figure = axes.get_figure()
    assert figure is not None
    across = blended_transform_factory(figure.transFigure, axes.transData)
    edge = 0.05 / layout.width
    y = top + 0.5 * _LINE_IN
    for text, weight, colour in layout.head(group):
        axes.text(edge, y, text, transform=across, va="center", weight=weight, color=LIGHT[colour])
        y += _LINE_IN
    y += _HEADING_GAP_IN
    for dot in group.dots:
        lines = layout.label(dot)
        middle = y + 0.5 * (len(lines) - 1) * _LINE_IN
        for index, line in enumerate(lines):
            axes.text(edge, y + index * _LINE_IN, line, transform=across, va="center", color=LIGHT["muted"])
        figures_y = y if layout.above else middle
        axes.text(1 - edge, figures_y, dot.text, transform=across, va="center", ha="right")
        if dot.values is not None:
            _paint_mark(axes, dot, dot.values, y + len(lines) * _LINE_IN if layout.above else middle)
        y += layout.height(dot)


def _paint_mark(axes: Axes, dot: Dot, values: Bounded, y: float) -> None:
    """The nominal value as a sign on the line from low to high; zero has no place on a logarithmic axis."""
    edge = axes.get_xlim()[0]
    low, nominal, high = values.low, values.nominal, values.high
    colour = LIGHT[dot.colour]
    if high > low:
        axes.plot([max(low, edge), high], [y, y], color=colour, lw=3.0, alpha=0.45, solid_capstyle="butt")
    if nominal > 0:
        axes.plot([nominal], [y], dot.marker, color=colour, ms=0.7 * FONT_PT, mew=0.0, clip_on=False)
