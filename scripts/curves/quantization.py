"""The curve of quantisation as people read it: a table, a file for a spreadsheet, and a figure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from matplotlib.figure import Figure

from curves.page import SMOKE, as_csv, average, in_percent, made_by, markdown, write
from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw, standalone
from neuro_aolo.text.numbers import plain

GOAL = 0.002
"""Regret by which integers of 8 bits may differ from the float control."""

FLOAT, CONTROL, ROUNDED, FINETUNED = "float", "control", "rounded", "finetuned"
NAMES = {
    FLOAT: "float, as trained",
    CONTROL: "float, fine-tuned",
    ROUNDED: "integers, rounded",
    FINETUNED: "integers, fine-tuned",
}
_COLOURS = {FLOAT: "muted", CONTROL: "service", ROUNDED: "mlp", FINETUNED: "snn"}
_STYLES = {FLOAT: ":", CONTROL: "--", ROUNDED: "D-", FINETUNED: "o-"}


@dataclass(frozen=True)
class Point:
    """One policy of one run; ``bits`` is None of a float one, ``validation_regret`` where none was tuned."""

    scenario: str
    run: str
    policy: str
    bits: int | None
    regret: float
    violation_rate: float
    validation_regret: float | None
    seconds: float | None


def report(points: Sequence[Point], folder: Path, command: str, *, smoke: bool) -> str:
    """Write table, CSV and figure; the table and where they are, for the terminal."""
    scenarios = list(dict.fromkeys(point.scenario for point in points))
    bits = sorted({point.bits for point in points if point.bits is not None})
    parts = ["# Regret against the bits of a weight", *([f"**{SMOKE}**"] if smoke else [])]
    for scenario in scenarios:
        of = [point for point in points if point.scenario == scenario]
        runs = len({point.run for point in of})
        parts.append(f"## {scenario} (runs: {runs})")
        parts.append(_table(of, bits))
        parts.append(_verdict(of))
    tables = "\n\n".join(part for part in parts if part)
    page = "\n\n".join([tables, _NOTE, "![regret against bits](quantization.svg)", made_by(command)])
    texts = {
        "quantization.md": page + "\n",
        "quantization.csv": as_csv([{**asdict(point), "smoke_run": smoke} for point in points]),
        "quantization.svg": figure(points, bits),
    }
    return plain(f"{tables}\n\n{write(folder, texts)}")


_NOTE = (
    "Held-out regret in percent, violations in brackets behind it: means over runs, of several with their "
    "range, from 10 on with their 95 % percentile bootstrap interval. The gap is what the fine-tuned "
    "integers have more than the float control, run by run, in percentage points."
)


def _table(points: Sequence[Point], bits: Sequence[int]) -> str:
    titles = ("bits", *NAMES.values(), "gap")
    return markdown(titles, [_row(points, of) for of in bits])


def _row(points: Sequence[Point], bits: int) -> list[str]:
    cells = [str(bits)]
    for policy in NAMES:
        of = _select(points, policy, bits)
        violations = average([point.violation_rate for point in of]).value
        cells.append(f"{in_percent(average([point.regret for point in of]))} [{100 * violations:.2g}]")
    return [*cells, in_percent(average(_gaps(points, bits)))]


def _select(points: Sequence[Point], policy: str, bits: int) -> list[Point]:
    return [point for point in points if point.policy == policy and point.bits in (bits, None)]


def _gaps(points: Sequence[Point], bits: int) -> list[float]:
    """Regret of the fine-tuned integers less the float control's, run by run."""
    control = {point.run: point.regret for point in _select(points, CONTROL, bits)}
    return [point.regret - control[point.run] for point in _select(points, FINETUNED, bits)]


def _verdict(points: Sequence[Point]) -> str:
    """Whether integers of 8 bits are as near to the control as they should be; empty without 8 bits."""
    gaps = _gaps(points, 8)
    if not gaps:
        return ""
    widest = max(abs(gap) for gap in gaps)
    return (
        f"At 8 bits the fine-tuned integers are within {100 * widest:.3f} percentage points of the float "
        f"control in every run: {'within' if widest <= GOAL else 'beyond'} the goal of {100 * GOAL:g}."
    )


def figure(points: Sequence[Point], bits: Sequence[int]) -> str:
    """Mean regret of each policy over the bits, one panel a scenario, as an SVG file."""
    scenarios = list(dict.fromkeys(point.scenario for point in points))
    told = []

    def paint(drawing: Figure) -> None:
        panels = drawing.subplots(1, len(scenarios), squeeze=False)[0]
        drawing.subplots_adjust(0.09, 0.18, 0.985, 0.72, wspace=0.25)
        for axes, scenario in zip(panels, scenarios, strict=True):
            of = [point for point in points if point.scenario == scenario]
            for policy, name in NAMES.items():
                found = [average([point.regret for point in _select(of, policy, b)]) for b in bits]
                means = [100 * one.value for one in found]
                axes.plot(bits, means, _STYLES[policy], color=LIGHT[_COLOURS[policy]], ms=5, label=name)
            axes.set_title(f"{scenario}: regret, %", color=LIGHT["muted"])
            axes.set_xlabel("bits of a weight")
            axes.set_xticks(bits)
            axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        drawing.legend(*panels[0].get_legend_handles_labels(), loc="upper left", ncols=2)

    for scenario in scenarios:
        of = [point for point in points if point.scenario == scenario]
        told += [
            f"{scenario}, {b} bits: "
            + ", ".join(
                f"{name} {in_percent(average([point.regret for point in _select(of, policy, b)]))}"
                for policy, name in NAMES.items()
            )
            for b in bits
        ]
    description = f"Held-out regret in percent. {'; '.join(told)}."
    return standalone(draw("quantization", description, (WIDE_IN, 3.2), paint))
