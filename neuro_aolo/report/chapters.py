"""Sections that a system adds to the page of a run: its tables as rows, its courses as small multiples."""

from collections.abc import Callable
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw, legend_above
from neuro_aolo.systems.chapter import Chapter, Charts, Line, Numbers, Panel, Table
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import amount, derived

_STYLES = (("snn", "-"), ("service", "--"), ("mlp", ":"), ("training", "-."))
"""Colour and line of those who have a name, in their order."""

_PANEL_IN, _GAP_IN, _BELOW_IN = 0.72, 0.36, 0.5
_DIGITS = 3


def section(chapter: Chapter, both_widths: Callable[[Callable[[float], str]], Markup]) -> dict[str, Any]:
    """What the template of a run needs of a chapter."""
    charts, table = chapter.charts, chapter.table
    return {
        "key": chapter.key,
        "heading": chapter.heading,
        "text": chapter.text,
        "caption": "" if charts is None else f"{charts.title}.",
        "drawing": None if charts is None else both_widths(lambda width: courses(chapter.key, charts, width)),
        "table": None if table is None else grid(table),
    }


def grid(table: Table) -> Grid:
    """A system's table as rows of cells."""
    rows: list[tuple[Cell, ...]] = [
        (row.name, *(amount(value, digits=_DIGITS) for value in row.values)) for row in table.rows
    ]
    return Grid(table.title, table.columns, rows, stacks=True)


def extremes(charts: Charts) -> Grid:
    """The least, the mean and the most of each course, for who cannot see it drawn."""
    rows: list[tuple[Cell, ...]] = []
    for panel in charts.panels:
        for line in panel.lines:
            values = _values(line.values)
            known = values[np.isfinite(values)]
            name = f"{panel.title}: {line.name}" if line.name else panel.title
            ends = (known.min(), known.mean(), known.max()) if known.size else (None, None, None)
            rows.append((name, *(derived(amount(each, digits=_DIGITS)) for each in ends)))
    return Grid(charts.title, ("course", "least", "mean", "most"), rows)


def courses(name: str, charts: Charts, width_in: float = WIDE_IN) -> str:
    """Panels above each other on one axis.

    Args:
        name: of the drawing, unique in a page.
        charts: what is drawn.
        width_in: width of the figure in inches.
    """
    names = list(dict.fromkeys(line.name for panel in charts.panels for line in panel.lines if line.name))
    styles = {each: _STYLES[index % len(_STYLES)] for index, each in enumerate(names)}
    panels = len(charts.panels)

    def paint(figure: Figure) -> None:
        frames = list(figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0])
        for axes, panel in zip(frames, charts.panels, strict=True):
            _paint(axes, panel, charts.step, styles)
        frames[-1].set_xlabel(charts.axis)
        frames[-1].xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True))
        most = max((len(line.values) for panel in charts.panels for line in panel.lines), default=0)
        frames[-1].set_xlim(0.0, max(most, 1) * charts.step)
        named = max(frames, key=lambda axes: len(axes.get_legend_handles_labels()[0]))
        above_in = legend_above(named, columns=4) if names else 0.0
        height = above_in + (_GAP_IN + _PANEL_IN) * panels + _BELOW_IN
        figure.set_size_inches(width_in, height)
        figure.subplots_adjust(
            0.5 / width_in,
            _BELOW_IN / height,
            1.0 - 0.12 / width_in,
            1.0 - (above_in + _GAP_IN) / height,
            hspace=_GAP_IN / _PANEL_IN,
        )

    said = "; ".join(f"{row[0]} {row[1]} to {row[3]}, mean {row[2]}" for row in extremes(charts).rows)
    height_in = (_GAP_IN + _PANEL_IN) * panels + _BELOW_IN
    return draw(f"{name}-{width_in * 100:.0f}", f"{charts.title}: {said}.", (width_in, height_in), paint)


def _paint(axes: Axes, panel: Panel, step: float, styles: dict[str, tuple[str, str]]) -> None:
    axes.set_title(panel.title, color=LIGHT["muted"])
    axes.yaxis.set_major_locator(MaxNLocator(3))
    for line in panel.lines:
        _draw_line(axes, line, step, *styles.get(line.name, ("text", "-")))
    values = np.concatenate([_values(line.values) for line in panel.lines] or [np.zeros(0)])
    known = values[np.isfinite(values)]
    if known.size and known.min() >= 0.0:
        axes.set_ylim(0.0, 1.08 * float(known.max()) or 1.0)


def _draw_line(axes: Axes, line: Line, step: float, colour: str, style: str) -> None:
    """A course as stairs, the last value as wide as the others."""
    values = _values(line.values)
    held = np.append(values, values[-1:])
    axes.plot(
        step * np.arange(len(held)),
        held,
        style,
        color=LIGHT[colour],
        lw=1.2,
        drawstyle="steps-post",
        label=line.name or None,
    )


def _values(numbers: Numbers) -> NDArray[np.float64]:
    """What is not known as NaN, which leaves a gap."""
    return np.array([np.nan if value is None else value for value in numbers], dtype=np.float64)
