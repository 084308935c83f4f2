"""The table as people read it: in the terminal, as Markdown and CSV, and a figure for each sweep."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

import numpy as np
from matplotlib.figure import Figure

from neuro_aolo.agent.statistics import Estimate
from neuro_aolo.comparison.plan import PACKAGES
from neuro_aolo.files import write_whole
from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw, standalone
from neuro_aolo.runs.versions import present
from neuro_aolo.text.grid import Grid
from neuro_aolo.text.numbers import MISSING, NBSP, finite, percent, plain, significant
from reproduction.findings import Finding, Variation
from reproduction.trainings import Setup
from reproduction.verdicts import RULES

SMOKE = "SMOKE RUN, trained for seconds with one seed: its figures mean nothing."
NOTES = (
    "Figures are means over seeds with their range, from 10 seeds on with the 95 % percentile bootstrap "
    "interval; the range holds the true median in one of two cases of two seeds, in three of four of three. "
    "A peak is sought and tested on the same seeds: "
    "where there is none, one in ten is called reproduced, and half have the same direction.",
    "Carbon is over the held-out requests in which every constraint holds, as in the paper: a policy that "
    "breaks many is averaged over fewer and easier ones, so read it beside the violations.",
    "A reduction is 1 - carbon / carbon of the rival; SAC and PPO are Stable-Baselines3's, trained for a "
    "fixed time on one core with settings that were not tuned. The reward of the first steps is that of "
    "training, "
    "exploration included: of SDRL with the preset paper, whose first tenth of a training is random, and of "
    "SAC with the same discount as SDRL. Non-outage is epsilon = 0.",
    "A sweep changes one setting of the preset population. Its gain is the held-out reward of the best value "
    "between the ends less that of the better end, best and better by the mean over seeds. Broken is the "
    "share of held-out requests in which a constraint is, train the time of a training and decide that of "
    "one decision, on one core.",
)
FINDINGS = ("item (seeds)", "paper", "ours", "violations", "verdict")
VARIATIONS = {
    "reward_mg": ("reward, mg", "mg"),
    "carbon_mg": ("carbon, mg", "mg"),
    "regret": ("regret, %", "1"),
    "violation_rate": ("broken, %", "1"),
    "seconds": ("train, s", "s"),
}


def grids(setup: Setup, findings: Sequence[Finding], variations: Sequence[Variation]) -> list[Grid]:
    """The tables for the terminal."""
    rows = [tuple(_finding(finding, "\n")) for finding in findings]
    found = [Grid("The paper beside ours, with intervals over seeds", FINDINGS, [*rows], stacks=True)]
    for row, of in _by_sweep(variations).items():
        lines = [tuple(_variation(one, "\n")) for one in of]
        title = f"{setup.sweeps[row].title} (seeds: {setup.sweep_seeds})"
        found.append(Grid(title, _titles(), [*lines], stacks=True))
    return found


def write(
    setup: Setup, findings: Sequence[Finding], variations: Sequence[Variation], command: str
) -> list[str]:
    """Write tables, page and figures; where they are."""
    texts = {
        "reproduction.md": page(setup, findings, variations, command),
        "reproduction.csv": _csv(_flat_finding(setup, finding) for finding in findings),
    }
    if variations:
        texts["sweeps.csv"] = _csv(
            {"sweep": one.sweep, "setting": one.value, "quantity": name, **asdict(estimate)}
            for one in variations
            for name, estimate in _quantities(one).items()
        )
    for row, of in _by_sweep(variations).items():
        texts[f"{row}.svg"] = figure(row, setup.sweeps[row].title, of)
    for name, text in texts.items():
        write_whole(setup.folder / name, text)
    return [str(setup.folder / name) for name in texts]


def page(setup: Setup, findings: Sequence[Finding], variations: Sequence[Variation], command: str) -> str:
    """The tables as Markdown, the rules first."""
    parts = ["# AOLO's printed results beside ours", *([f"**{SMOKE}**"] if setup.quick else [])]
    parts.append("What the verdicts mean, fixed before the first training:")
    parts.append("\n".join(f"- **{word}**: {rule}" for word, rule in RULES.items()))
    parts.append(_markdown(FINDINGS, [_finding(finding, " ") for finding in findings]))
    parts += NOTES
    for row, of in _by_sweep(variations).items():
        title = setup.sweeps[row].title
        parts.append(f"## {title[0].upper()}{title[1:]} (seeds: {setup.sweep_seeds})")
        parts.append(_markdown(_titles(), [_variation(one, " ") for one in of]))
        parts.append(f"![reward and time over {title}]({row}.svg)")
    parts.append(f"Made by `{command}` with {', '.join(map(' '.join, present(PACKAGES).items()))}.")
    return "\n\n".join(parts) + "\n"


def figure(row: str, title: str, variations: Sequence[Variation]) -> str:
    """A sweep as an SVG file: held-out reward and time of training over the setting."""
    places, labels = np.arange(len(variations)), [one.value for one in variations]
    shown = (("reward_mg", "held-out reward, mg", "snn"), ("seconds", "seconds of training", "training"))

    def paint(drawing: Figure) -> None:
        for axes, (name, heading, colour) in zip(drawing.subplots(1, 2), shown, strict=True):
            means, low, high = np.array([list(asdict(one.figures[name]).values()) for one in variations]).T
            ends = np.nan_to_num([means - low, high - means])
            axes.errorbar(places, means, ends, fmt="o-", color=LIGHT[colour], capsize=3)
            axes.set_xticks(places, labels)
            axes.set_xlabel(title)
            axes.set_title(heading, color=LIGHT["muted"])
            axes.yaxis.set_major_formatter("{x:g}")
        drawing.subplots_adjust(0.09, 0.2, 0.985, 0.88, wspace=0.25)

    told = "; ".join(
        f"{one.value}: {plain(_between(one.figures['reward_mg'], 'mg', ' '))}" for one in variations
    )
    description = f"Mean held-out reward and interval over seeds, by {title}: {told}."
    element = draw(f"sweep-{row}", description, (WIDE_IN, 2.8), paint)
    return standalone(element)


def _finding(finding: Finding, separator: str) -> list[str]:
    """Cells under :data:`FINDINGS`."""
    paper, broken = finding.paper, finding.violation_rate
    return [
        f"{finding.item} ({finding.seeds})",
        paper if isinstance(paper, str) else f"{_figure(paper, finding.unit)}{NBSP}{_SIGNS[finding.unit]}",
        _between(finding.ours, finding.unit, separator),
        str(percent(broken)) if finite(broken) else "",
        f"{finding.verdict.word}: {finding.verdict.why}",
    ]


def _titles() -> tuple[str, ...]:
    return ("", *(title for title, _ in VARIATIONS.values()), "decide, ms")


def _variation(one: Variation, separator: str) -> list[str]:
    """Cells under the titles of a sweep."""
    figures = [
        _between(one.figures[name], unit, separator, bare=True) for name, (_, unit) in VARIATIONS.items()
    ]
    return [one.value, *figures, significant(1e3 * one.decision_s)]


def _between(ours: Estimate, unit: str, separator: str, *, bare: bool = False) -> str:
    """A mean and its interval; the mean alone where one seed gave it, or where all gave the same."""
    if not finite(ours.value):
        return "none" if bare else MISSING
    value, low, high = (_figure(figure, unit) for figure in (ours.value, ours.low, ours.high))
    text = value if bare else f"{value}{NBSP}{_SIGNS[unit]}"
    if not finite(ours.low) or value == low == high:
        return text
    return f"{text}{separator}({low}{NBSP}–{NBSP}{high})"


_SIGNS = {"1": "%", "mg": "mg", "s": "s"}


def _figure(value: float, unit: str) -> str:
    return str(percent(value, 4)).split(NBSP)[0] if unit == "1" else significant(value, 4)


def _flat_finding(setup: Setup, finding: Finding) -> dict[str, object]:
    return {
        "row": finding.row,
        "item": finding.item,
        "unit": finding.unit,
        "paper": finding.paper,
        **asdict(finding.ours),
        "seeds": finding.seeds,
        "violation_rate": finding.violation_rate,
        "verdict": finding.verdict.word,
        "why": finding.verdict.why,
        "smoke_run": setup.quick,
    }


def _quantities(one: Variation) -> dict[str, Estimate]:
    return {**one.figures, "decision_s": Estimate(one.decision_s, np.nan, np.nan)}


def _by_sweep(variations: Sequence[Variation]) -> dict[str, list[Variation]]:
    sweeps = dict.fromkeys(one.sweep for one in variations)
    return {sweep: [one for one in variations if one.sweep == sweep] for sweep in sweeps}


def _markdown(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    table = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in table)


def _csv(rows: Iterable[Mapping[str, object]]) -> str:
    found, stream = list(rows), io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(found[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return stream.getvalue()
