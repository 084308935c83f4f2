"""At which firing rate spiking and dense cost the same: the energy of either over the rate, pair by pair."""

import math
import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from neuro_aolo.report.facts import device_name
from neuro_aolo.report.ledgers import short
from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw
from neuro_aolo.runs.summary.priced import PairFigures, Priced
from neuro_aolo.text.numbers import percent, significant, with_prefix

_PANEL_IN = 2.25
_COLUMNS = 40
_LEGEND_IN = 0.35


def compared(priced: Priced) -> list[PairFigures]:
    """The pairs whose energies may be divided."""
    return [pair for pair in priced.pairs if not pair.refused]


def even_plot(priced: Priced, width_in: float = WIDE_IN) -> str:
    """Energy of a decision over the firing rate, E(f) = E(0) + f / f1 (E(f1) - E(0)), beside the dense one's.

    One panel for each pair that makes a fair ratio; ``f1`` is the actor's own rate.
    """
    pairs, observed = compared(priced), priced.firing_rate or 0.0
    columns = 1 if width_in < 5 else 2
    rows = max(math.ceil(len(pairs) / columns), 1)
    height = rows * _PANEL_IN + _LEGEND_IN

    def paint(figure: Figure) -> None:
        grid = figure.subplots(rows, columns, squeeze=False)
        side = 0.62 / width_in
        figure.subplots_adjust(
            side, 0.3 / height, 1 - 0.24 / width_in, 1 - (_LEGEND_IN + 0.58) / height, 0.35, 0.85
        )
        panels = list(grid.flat)
        for axes, pair in zip(panels, pairs, strict=False):
            _panel(axes, priced, pair, observed)
        for axes in panels[len(pairs) :]:
            axes.set_axis_off()
        if pairs:
            figure.legend(
                *panels[0].get_legend_handles_labels(), loc="upper left", ncols=3, bbox_to_anchor=(0.0, 1.0)
            )
        else:
            figure.text(0.5, 0.5, "no pair makes a fair ratio", ha="center")

    verdicts = "; ".join(f"{_pair_name(priced, pair)}: {cheaper(pair)}" for pair in pairs) or "no pair"
    description = f"Energy of a decision over the firing rate, here {percent(observed)}. {verdicts}."
    return draw(f"even-{width_in * 100:.0f}", description, (width_in, height), paint)


def cheaper(pair: PairFigures) -> str:
    """At which rates spiking costs less."""
    if pair.rate is not None:
        return f"spiking costs less below {percent(pair.rate)}"
    return f"spiking {pair.wins} costs less"


def _panel(axes: Axes, priced: Priced, pair: PairFigures, observed: float) -> None:
    """The two lines of one pair, the actor as it is, and where they cross."""
    silent_j, spiking_j, dense_j = pair.silent_j, pair.spiking_j, pair.dense_j
    # A pair that is not refused has its energies.
    assert silent_j is not None
    assert spiking_j is not None
    assert dense_j is not None
    end = min(1.0, 1.3 * max(observed, pair.rate or 0.0)) or 0.1
    slope = (spiking_j - silent_j) / observed if observed else 0.0
    axes.plot([0, end], [silent_j, silent_j + slope * end], color=LIGHT["snn"], lw=1.8, label="spiking")
    axes.plot([observed], [spiking_j], "o", color=LIGHT["snn"], ms=6, mew=0, label="the actor")
    axes.axhline(dense_j, color=LIGHT["mlp"], lw=1.6, ls="--", label="dense")
    if pair.rate is not None:
        axes.plot([pair.rate], [dense_j], "D", color=LIGHT["text"], ms=5, mew=0)
    axes.set_xlim(0, end)
    most = max(silent_j + slope * end, spiking_j, dense_j)
    axes.set_ylim(0, 1.12 * most or 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(4, prune="lower"))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{significant(100 * share, 2)} %"))
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: str(with_prefix(value, "J", 2))))
    lines = [
        line for text in (_pair_name(priced, pair), cheaper(pair)) for line in textwrap.wrap(text, _COLUMNS)
    ]
    axes.set_title("\n".join(lines), color=LIGHT["muted"])


def _pair_name(priced: Priced, pair: PairFigures) -> str:
    spiking, dense = (short(device_name(priced, profile)) for profile in (pair.spiking, pair.dense))
    return spiking if pair.spiking == pair.dense else f"{spiking}, dense on {dense}"
