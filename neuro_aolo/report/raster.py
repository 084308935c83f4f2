"""Every spike of one decision, layer by layer: a column for each neuron, a row for each time step."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw
from neuro_aolo.runs.summary.deployed import Raster, RasterLayer
from neuro_aolo.text.numbers import count, percent

_STEP_IN = 0.075
_HEADING_IN = 0.3
_AXIS_IN = 0.42
_FILLED = 0.78
"""Share of a step's height that a spike takes."""


def raster(drawn: Raster, width_in: float = WIDE_IN) -> str:
    """The spikes of one held-out decision in the chip's integers."""
    layers, steps = drawn.layers, drawn.steps
    strip = max(_STEP_IN * steps, 0.3)
    height = len(layers) * (_HEADING_IN + strip) + _AXIS_IN

    def paint(figure: Figure) -> None:
        left, right = 0.3 / width_in, 1 - 0.1 / width_in
        for index, layer in enumerate(layers, start=1):
            bottom = height - index * (_HEADING_IN + strip)
            axes = figure.add_axes((left, bottom / height, right - left, strip / height))
            _strip(axes, layer, steps)
            if index == len(layers):
                axes.set_xlabel("neurons of the layer, one column each")

    spikes = "; ".join(f"{layer.name} {count(len(layer.spikes))}" for layer in layers)
    description = (
        f"Spikes of one decision over {steps} time steps, a column a neuron and a row a step. Spikes: "
        f"{spikes}."
    )
    return draw(f"raster-{width_in * 100:.0f}", description, (width_in, height), paint)


def _strip(axes: Axes, layer: RasterLayer, steps: int) -> None:
    neurons, spikes = layer.neurons, layer.spikes
    axes.set_xlim(0, max(neurons, 1))
    axes.set_ylim(steps, 0)
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([0.5, steps - 0.5] if steps > 1 else [0.5], ["1", str(steps)][: min(steps, 2)])
    axes.spines["left"].set_visible(False)
    axes.axhspan(0, steps, color=LIGHT["grid"], alpha=0.35, lw=0)
    axes.add_patch(PathPatch(_outline(spikes), facecolor=LIGHT["snn"], lw=0))
    slots = neurons * steps
    share = f" ({percent(len(spikes) / slots, 2)})" if slots else ""
    axes.set_title(
        f"{layer.name}: {count(neurons)} neurons, {count(len(spikes))} spikes{share}",
        color=LIGHT["muted"],
        pad=3,
    )


def _outline(spikes: Sequence[Sequence[int]]) -> Path:
    """Rectangles of the spikes as one path: neurons beside each other that spike together are one."""
    corners: list[tuple[float, float]] = []
    for step, first, last in runs(spikes):
        low, high = step + 0.5 * (1 - _FILLED), step + 0.5 * (1 + _FILLED)
        corners += [(first, low), (last, low), (last, high), (first, high), (first, low)]
    if not corners:
        return Path(np.zeros((0, 2)))
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY] * (len(corners) // 5)
    return Path(corners, codes)


def runs(spikes: Sequence[Sequence[int]]) -> list[tuple[int, int, int]]:
    """Step, first neuron and the one after the last of each unbroken row of spikes."""
    rows: list[tuple[int, int, int]] = []
    for step, neuron in sorted((step, neuron) for neuron, step in spikes):
        if rows and rows[-1][0] == step and rows[-1][2] == neuron:
            rows[-1] = (step, rows[-1][1], neuron + 1)
        else:
            rows.append((step, neuron, neuron + 1))
    return rows
