"""Regret against the energy and the firing rate of a decision, run by run, as one SVG file and a table."""

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw, standalone
from neuro_aolo.text.feasibility import INFEASIBLE, beside_limit, infeasible, is_feasible
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.numbers import Quantity, percent, significant, with_prefix

YAN_RATE = 0.057
"""Firing rate below which a spiking network can win at T = 5: Z. Yan et al. (2026), IEEE TCAD,
doi:10.1109/tcad.2026.3718799."""
YAN_STEPS = 5

_HEIGHT_IN = 3.4


@dataclass(frozen=True)
class Point:
    """One run, in the chip's integers.

    Attributes:
        run: its folder.
        seed: of its training.
        time_steps: T.
        spike_weight: what a microjoule of spikes counted as in training.
        regret: on held-out requests.
        violation_rate: on the same.
        firing_rate: of hidden and output neurons.
        input_spikes: of the encoder, a decision.
        synaptic_events: a decision.
        dynamic_j: energy of the device's own work, nominal.
        low_j: its least.
        high_j: its most.
        total_j: with host and static power, nominal.
        on_front: whether no other run that keeps the constraints is better in regret and dynamic energy.
        violation_limit: share of decisions in which a policy may break a constraint; NaN where unknown.
    """

    run: str
    seed: int
    time_steps: int
    spike_weight: float
    regret: float
    violation_rate: float
    firing_rate: float
    input_spikes: float
    synaptic_events: float
    dynamic_j: float
    low_j: float
    high_j: float
    total_j: float
    on_front: bool = False
    violation_limit: float = math.nan

    @property
    def feasible(self) -> bool | None:
        """Whether the violation rate is within the limit; None where that is unknown."""
        return is_feasible(self.violation_rate, self.violation_limit)

    @property
    def told_regret(self) -> str:
        """The regret in words; why there is none where the policy is infeasible."""
        if self.feasible is False:
            return infeasible(self.violation_rate, self.violation_limit)
        return f"regret {percent(self.regret)}"

    def row(self) -> dict[str, object]:
        """Plain data, as files hold it."""
        return {**asdict(self), "feasible": self.feasible}

    @property
    def below_yan(self) -> bool:
        """Whether Yan et al.'s condition holds, which is about T = 5."""
        return self.time_steps == YAN_STEPS and self.firing_rate <= YAN_RATE


def table(points: Sequence[Point], profile: str) -> Grid:
    """A row a run, named by what its folder has not in common with the others'; infeasible runs come last."""
    shared = _shared([point.run for point in points])
    rows: list[tuple[Cell, ...]] = [
        (
            point.run.removeprefix(shared) + (" *" if point.on_front else ""),
            str(point.time_steps),
            f"{point.spike_weight:g}",
            INFEASIBLE if point.feasible is False else percent(point.regret),
            _broken(point),
            percent(point.firing_rate),
            with_prefix(point.dynamic_j, "J"),
            with_prefix(point.total_j, "J"),
        )
        for point in in_order(points)
    ]
    columns = ("run", "T", "weight", "regret", "broken", "rate", "dynamic", "total")
    title = f"Regret against energy of a decision on {profile}, in the chip's integers; * on the front"
    return Grid(f"{title}; all runs begin with {shared}" if shared else title, columns, rows)


def in_order(points: Sequence[Point]) -> list[Point]:
    """The runs in their order, but for those that are infeasible, which come last."""
    return sorted(points, key=lambda point: point.feasible is False)


def _broken(point: Point) -> Quantity:
    if point.feasible is False:
        return Quantity(point.violation_rate, beside_limit(point.violation_rate, point.violation_limit))
    return percent(point.violation_rate)


def _shared(runs: Sequence[str]) -> str:
    """What all names begin with, up to the end of a word; nothing where there is one alone."""
    first, last = min(runs), max(runs)
    pairs = enumerate(zip(first, last, strict=False))
    end = next((index for index, (one, other) in pairs if one != other), 0)
    return re.sub(r"[^/_-]+$", "", first[:end])


def front_plot(points: Sequence[Point], profile: str) -> str:
    """Regret against dynamic energy and against the firing rate; Yan et al.'s condition is a line.

    Squares were trained without a weight on spikes. Filled points are on the front, hollow ones are not; a
    cross is infeasible: it breaks constraints too often.
    """

    def paint(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, sharey=True)
        figure.subplots_adjust(0.09, 0.16, 0.985, 0.86, 0.08)
        _scatter(left, points, [point.dynamic_j for point in points])
        left.xaxis.set_major_locator(MaxNLocator(5))
        left.xaxis.set_major_formatter(FuncFormatter(lambda value, _: str(with_prefix(value, "J", 2))))
        left.set_xlabel(f"dynamic energy of a decision on {profile}")
        left.set_title(
            f"regret; squares: no weight on spikes; crosses: infeasible; T = {YAN_STEPS}",
            color=LIGHT["muted"],
        )
        left.set_xlim(0.0, 1.12 * max(point.dynamic_j for point in points))
        left.set_ylim(bottom=0.0)
        left.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{significant(100 * share, 2)} %"))
        _scatter(right, points, [point.firing_rate for point in points])
        right.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{significant(100 * share, 2)} %"))
        right.set_xlabel("firing rate of a step")
        right.axvline(YAN_RATE, color=LIGHT["alert"], lw=1.0, ls="--")
        right.set_title(f"{percent(YAN_RATE)}: Yan et al., T = {YAN_STEPS}", color=LIGHT["alert"])
        right.set_xlim(0.0, 1.12 * max(YAN_RATE, *(point.firing_rate for point in points)))

    runs = "; ".join(
        f"{point.run}: {point.told_regret}, {with_prefix(point.dynamic_j, 'J')}, "
        f"rate {percent(point.firing_rate)}"
        for point in points
    )
    description = f"Regret against dynamic energy on {profile} and against the firing rate. {runs}."
    return standalone(draw("pareto", description, (WIDE_IN, _HEIGHT_IN), paint))


def _scatter(axes: Axes, points: Sequence[Point], across: Sequence[float]) -> None:
    for point, x in zip(points, across, strict=True):
        keeps = point.feasible is not False
        colour = LIGHT["snn"] if keeps else LIGHT["alert"]
        face = colour if point.on_front else "none"
        marker = ("o" if point.spike_weight else "s") if keeps else "x"
        axes.plot([x], [point.regret], marker, color=colour, mfc=face, ms=6, zorder=3)
        if point.time_steps != YAN_STEPS:
            label = f"T = {point.time_steps}"
            axes.annotate(label, (x, point.regret), xytext=(6, 4), textcoords="offset points", fontsize=7)
