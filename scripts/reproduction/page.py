"""The table as people read it: in the terminal, as Markdown and CSV, and a figure for each sweep."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np
from matplotlib.figure import Figure

from curves.page import as_csv, made_by, markdown
from neuro_aolo.agent.statistics import Estimate
from neuro_aolo.files import write_whole
from neuro_aolo.report.svg import LIGHT, WIDE_IN, draw, standalone
from neuro_aolo.text.grid import Grid
from neuro_aolo.text.numbers import MISSING, NBSP, finite, percent, plain, significant
from reproduction.finding import Finding
from reproduction.trainings import Setup
from reproduction.varied import Variation
from reproduction.verdicts import RULES, SEEDS

SMOKE = "SMOKE RUN, trained for seconds with one seed: its figures mean nothing."
NOTES = (
    "Figures are means over seeds with their range, from 10 seeds on with the 95 % percentile bootstrap "
    "interval. The range of five seeds holds the true median in 15 of 16 cases; that their mean is "
    "further from 0 than the range is wide happens by chance, where there is no effect and seeds scatter "
    "normally, in one of 180. Of two learners or settings the difference is taken seed by seed.",
    "† was put there by our calibration: carbon ranges, PUE, QoE curve and epsilon, which the paper does "
    "not print, were chosen so that 18.43 mg and the 36.30 % against random actions come out. That they "
    "do says nothing of the paper.",
    "Carbon is over the held-out requests in which every constraint holds, as in the paper: a policy that "
    "breaks many is averaged over fewer and easier ones, so read it beside the violations.",
    "A reduction is 1 - carbon / carbon of the rival. SAC and PPO are Stable-Baselines3's, with the "
    "processor time (75 s unless `--seconds` says otherwise) and the settings of `compare`. Preset paper "
    "has the paper's settings as far as they are printed; population has the paper's network and tuned a "
    "smaller one, both with a training of ours. The cells of tuned are those of results/paper, and so are "
    "the rivals' where it has them.",
    "The reward of the first steps is that of training, exploration included: of SDRL with the preset "
    "paper, whose first tenth of a training is random, and of SAC with the same discount as SDRL. "
    "Non-outage is epsilon = 0.",
    "A sweep changes one setting of the preset population. The values on which verdicts rest have five "
    "seeds, the others three. They were chosen when three seeds were known: the ends, what the presets have "
    "between them, and the best number of time steps of those seeds. Which value is the best between the "
    "ends, and which end is the better, is chosen for each seed by the other seeds. Broken is the share of "
    "held-out requests in which a constraint is.",
    "Times are of short trainings measured alone on the machine: one at a time, a load average of at most "
    "1.25 at the start and the end, at least 95 % of a core. The time that the kept trainings took is "
    "compared nowhere.",
)
FINDINGS = ("", "seeds", "paper", "ours", "violations", "verdict")
VARIATIONS = {
    "reward_mg": ("reward, mg", "mg"),
    "carbon_mg": ("carbon, mg", "mg"),
    "regret": ("regret, %", "1"),
    "violation_rate": ("broken, %", "1"),
}


def grids(setup: Setup, findings: Sequence[Finding], variations: Sequence[Variation]) -> list[Grid]:
    """The tables for the terminal."""
    rows = [tuple(_finding(finding, "\n")) for finding in findings]
    found = [Grid("The paper beside ours, with intervals over seeds", FINDINGS, [*rows], stacks=True)]
    for row, of in _by_sweep(variations).items():
        lines = [tuple(_variation(one, "\n")) for one in of]
        found.append(Grid(setup.sweeps[row].title, _titles(), [*lines], stacks=True))
    return found


def write(
    setup: Setup,
    findings: Sequence[Finding],
    variations: Sequence[Variation],
    notes: Sequence[str],
    command: str,
) -> list[str]:
    """Write tables, page and figures; where they are."""
    texts = {
        "reproduction.md": page(setup, findings, variations, notes, command),
        "reproduction.csv": as_csv([_flat_finding(setup, finding) for finding in findings]),
        "sweeps.csv": as_csv(
            [
                {"sweep": one.sweep, "setting": one.value, "seeds": one.seeds, "quantity": name, **asdict(of)}
                for one in variations
                for name, of in one.figures.items()
            ]
        ),
    }
    for row, of in _by_sweep(variations).items():
        shown = [one for one in of if one.seeds]
        if shown:
            texts[f"{row}.svg"] = figure(row, setup.sweeps[row].title, shown)
    setup.folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_whole(setup.folder / name, text)
    return [str(setup.folder / name) for name in texts]


def page(
    setup: Setup,
    findings: Sequence[Finding],
    variations: Sequence[Variation],
    notes: Sequence[str],
    command: str,
) -> str:
    """All of it as Markdown."""
    parts = ["# AOLO's printed results beside ours"]
    if setup.quick:
        parts.append(f"**{SMOKE}**")
    parts += [
        tally(findings),
        "What the words mean, here, with our reconstruction of what the paper does not print; the first that "
        f"holds is taken, and nothing is refuted or reproduced on fewer than {SEEDS} seeds:",
        "\n".join(f"- **{word}**: {rule}" for word, rule in RULES.items()),
        markdown(FINDINGS, [_finding(finding, " ") for finding in findings]),
        *NOTES,
        *notes,
    ]
    for row, of in _by_sweep(variations).items():
        title = setup.sweeps[row].title
        parts.append(f"## {title[0].upper()}{title[1:]}")
        parts.append(markdown(_titles(), [_variation(one, " ") for one in of]))
        if any(one.seeds for one in of):
            parts.append(f"![held-out reward over {title}]({row}.svg)")
    parts.append(made_by(command))
    return "\n\n".join(parts) + "\n"


def tally(findings: Sequence[Finding]) -> str:
    """How many rows have each verdict, uncomfortable ones first."""
    words = ["refuted", "not reproduced", "too close to call", "reproduced", "not testable"]
    told = [(word, sum(finding.verdict.word == word for finding in findings)) for word in words]
    early = sum(0 < finding.seeds < SEEDS and finding.verdict.word != "not testable" for finding in findings)
    waiting = f"; {early} of the rows wait for seeds" if early else ""
    return f"Of {len(findings)} rows: {', '.join(f'{count} {word}' for word, count in told)}{waiting}."


def figure(row: str, title: str, variations: Sequence[Variation]) -> str:
    """A sweep as an SVG file: held-out reward over the setting."""
    places, labels = np.arange(len(variations)), [one.value for one in variations]

    def paint(drawing: Figure) -> None:
        axes = drawing.subplots()
        means, low, high = np.array([[*asdict(one.figures["reward_mg"]).values()] for one in variations]).T
        ends = np.nan_to_num([means - low, high - means])
        axes.errorbar(places, means, ends, fmt="o-", color=LIGHT["snn"], capsize=3)
        axes.set_xticks(places, labels)
        axes.set_xlabel(title)
        axes.set_title("held-out reward, mg", color=LIGHT["muted"])
        axes.yaxis.set_major_formatter("{x:g}")
        drawing.subplots_adjust(0.09, 0.2, 0.985, 0.88)

    told = "; ".join(
        f"{one.value}: {plain(_between(one.figures['reward_mg'], 'mg', ' '))}" for one in variations
    )
    description = f"Mean held-out reward and interval over seeds, by {title}: {told}."
    element = draw(f"sweep-{row}", description, (WIDE_IN, 2.8), paint)
    return standalone(element)


def _finding(finding: Finding, separator: str) -> list[str]:
    """Cells under :data:`FINDINGS`."""
    paper, broken = finding.paper, finding.violation_rate
    if not isinstance(paper, str):
        paper = f"{_figure(paper, finding.unit)}{NBSP}{_SIGNS[finding.unit]}"
    return [
        finding.item + ("†" if finding.calibrated else ""),
        _seeds(finding.seeds, SEEDS) if finding.of_seeds else "",
        paper,
        _between(finding.ours, finding.unit, separator) if finite(finding.ours.value) else "",
        str(percent(broken)) if finite(broken) else "",
        f"{finding.verdict.word}: {finding.verdict.why}",
    ]


def _seeds(count: int, of: int) -> str:
    return str(count) if count >= of else f"{count} of {of}"


def _titles() -> tuple[str, ...]:
    return ("", "seeds", *(title for title, _ in VARIATIONS.values()))


def _variation(one: Variation, separator: str) -> list[str]:
    """Cells under the titles of a sweep."""
    figures = [
        _between(one.figures[name], unit, separator, bare=True) for name, (_, unit) in VARIATIONS.items()
    ]
    return [one.value, _seeds(one.seeds, one.of_seeds), *figures]


def _between(ours: Estimate, unit: str, separator: str, *, bare: bool = False) -> str:
    """A mean and its interval; the mean alone where one seed gave it, or where all gave the same."""
    if not finite(ours.value):
        return "none" if bare else MISSING
    value, low, high = (_figure(figure, unit) for figure in (ours.value, ours.low, ours.high))
    text = value if bare or not _SIGNS[unit] else f"{value}{NBSP}{_SIGNS[unit]}"
    if not finite(ours.low) or value == low == high:
        return text
    return f"{text}{separator}({low}{NBSP}–{NBSP}{high})"


_SIGNS = {"1": "%", "mg": "mg", "relative": ""}


def _figure(value: float, unit: str) -> str:
    if unit == "relative":
        return significant(value, 2)
    return str(percent(value, 4)).split(NBSP)[0] if unit == "1" else significant(value, 4)


def _flat_finding(setup: Setup, finding: Finding) -> dict[str, object]:
    return {
        "row": finding.row,
        "item": finding.item,
        "unit": finding.unit,
        "paper": finding.paper,
        **asdict(finding.ours),
        "interval": finding.interval if finding.of_seeds else "none",
        "seeds": finding.seeds,
        "violation_rate": finding.violation_rate,
        "calibrated": finding.calibrated,
        "verdict": finding.verdict.word,
        "why": finding.verdict.why,
        "smoke_run": setup.quick,
    }


def _by_sweep(variations: Sequence[Variation]) -> Mapping[str, list[Variation]]:
    sweeps = dict.fromkeys(one.sweep for one in variations)
    return {sweep: [one for one in variations if one.sweep == sweep] for sweep in sweeps}
