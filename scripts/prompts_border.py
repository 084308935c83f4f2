"""Where learning by trying beats estimating first: regret on prompts of many noises and numbers of features.

In the scenario `prompts` the length of the best answer is unknown. Our actors learn it by trying; a
regression of the score on random answers, followed by an optimiser, estimates it first. Both see one noisy
score of as many answers. Cells are kept in OUT/cells, so that a script that was interrupted goes on; the
table is printed, and written to OUT as README.md and border.csv.
``python scripts/prompts_border.py --seeds 3 --jobs 2``
"""

import argparse
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from curves.page import SMOKE, as_csv, average, in_percent, made_by, markdown, write
from neuro_aolo.comparison.plan import Plan
from neuro_aolo.comparison.table import check_learners, unfinished
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.runs.cell import Cell
from neuro_aolo.runs.presets import PRESETS
from neuro_aolo.systems.aolo.request import peak_words, sample_states
from neuro_aolo.systems.aolo.scenario import Scenario
from neuro_aolo.text.feasibility import is_infeasible
from neuro_aolo.text.numbers import plain, significant
from neuro_aolo.workers.local import make, make_here

OUT = Path("results/prompts_border")
NOISES, FEATURES = (0.0, 0.5, 1.0, 2.0), (4, 8, 16, 32)
OURS, ESTIMATES = ("mlp", "spiking"), ("ridge", "boosting", "network")
LEARNERS = ("constant", "mean-curve", *ESTIMATES, *OURS)
_STATES = 50_000


@dataclass(frozen=True)
class Setting:
    """A number of features, and the standard deviation of a score in points."""

    features: int
    noise: float

    @property
    def scenario(self) -> Scenario:
        """The shipped one with both."""
        changed = {"features": self.features, "noise_points": self.noise}
        return Scenario.load("prompts").with_values(prompts=changed)

    def plan(self, learner: str, seed: int, steps: int | None) -> Plan:
        """A cell."""
        training, popsan = PRESETS["tuned"]
        training = training if steps is None else replace(training, total_steps=steps)
        variant = f"features-{self.features}-noise-{self.noise:g}".replace(".", "-")
        return Plan(self.scenario, learner, seed, training, popsan, 1.0, variant)

    def explained(self) -> float:
        """Share of the variance of the best lengths' logarithms that a line in the features explains."""
        scenario = self.scenario
        states = sample_states(scenario, _STATES, np.random.default_rng(0))
        logs = np.log(peak_words(scenario, states))
        columns = np.column_stack([np.ones(_STATES), states[:, -self.features :]])
        rest = logs - columns @ np.linalg.lstsq(columns, logs, rcond=None)[0]
        return float(1.0 - rest.var() / logs.var())


def main() -> None:
    """Make what is missing, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder to write (default: {OUT})")
    parser.add_argument("--noises", type=float, nargs="+", default=NOISES, metavar="POINTS")
    parser.add_argument("--features", type=int, nargs="+", default=FEATURES, metavar="N")
    parser.add_argument("--full", action="store_true", help="every noise with every number of features")
    parser.add_argument("--learners", nargs="+", default=LEARNERS, metavar="NAME")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, help="answers that each may try (default: the preset's)")
    parser.add_argument("--jobs", type=int, default=1, help="processes; 0 works in this one (default: 1)")
    parser.add_argument("--overwrite", action="store_true", help="make cells of other settings anew")
    given = parser.parse_args()
    if min(given.seeds, 1) < 1 or given.jobs < 0:
        parser.exit(2, "prompts_border: --seeds must be 1 or more, --jobs 0 or more\n")
    command = shlex.join(["python", *sys.argv])
    try:
        wanted = settings(given.noises, given.features, full=given.full)
        text, rows = page(made(wanted, given), wanted)
        smoke = f"{SMOKE}\n\n" if given.steps is not None else ""
        files = {"README.md": f"{smoke}{text}\n\n{made_by(command)}\n", "border.csv": as_csv(rows)}
        print(plain(f"{smoke}{text}\n\n{write(given.out, files)}"))
    except NeuroAoloError as error:
        parser.exit(2, f"prompts_border: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "prompts_border: interrupted\n")


def settings(noises: Iterable[float], features: Iterable[int], *, full: bool) -> list[Setting]:
    """Every noise at the scenario's own number of features and the other way round, or all pairs."""
    own = Scenario.load("prompts").prompts
    assert own is not None
    noises, features = list(noises), list(features)
    if full:
        return [Setting(each, noise) for each in features for noise in noises]
    found = [Setting(own.features, noise) for noise in noises]
    return list(dict.fromkeys([*found, *(Setting(each, own.noise_points) for each in features)]))


def made(wanted: Sequence[Setting], given: argparse.Namespace) -> dict[tuple[Setting, str], list[Cell]]:
    """The cells of each setting and learner, made where they are missing; those that failed are left out."""
    check_learners(given.learners, wanted[0].plan("", 0, given.steps))
    cells = {
        (setting, learner): [setting.plan(learner, seed, given.steps) for seed in range(given.seeds)]
        for setting in wanted
        for learner in given.learners
    }
    # Seed by seed, so that one that ends early has compared all.
    plans = [plan for of_seed in zip(*cells.values(), strict=True) for plan in of_seed]
    left = unfinished(plans, given.out, overwrite=given.overwrite)

    def told(plan: Plan, failure: object) -> None:
        print(f"{plan.name}: {failure or 'made'}", file=sys.stderr, flush=True)

    if given.jobs:
        make(left, given.out, given.jobs, told)
    else:
        make_here(left, given.out, told)
    return {
        key: [cell for plan in each if (cell := plan.finished(given.out)) is not None]
        for key, each in cells.items()
    }


def page(
    cells: dict[tuple[Setting, str], list[Cell]], wanted: Sequence[Setting]
) -> tuple[str, list[dict[str, object]]]:
    """The table and what it says, and the same as rows."""
    learners = list(dict.fromkeys(learner for _, learner in cells))
    table, rows, verdicts = [], [], []
    for setting in wanted:
        own = {learner: cells[setting, learner] for learner in learners}
        line = setting.explained()
        table.append(
            [f"{setting.features}", f"{setting.noise:g}", significant(line), *map(_regret, own.values())]
        )
        verdicts.append(f"- {_named(setting)}: {_verdict(own)}")
        for learner, found in own.items():
            for cell in found:
                figures = {
                    "regret": cell.regret,
                    "violation_rate": cell.violation_rate,
                    "seconds": cell.seconds,
                }
                of = {"features": setting.features, "noise_points": setting.noise, "line_explains": line}
                rows.append(
                    {**of, "learner": learner, "seed": cell.seed, "requests": cell.requests, **figures}
                )
    titles = ["features", "noise of a score, points", "explained by a line", *learners]
    text = (
        "Regret in percent of the optimum's carbon, mean over seeds with its 95 % interval; ! marks learners "
        "that break more than they may.\n\n"
        f"{markdown(titles, table)}\n\n" + "\n".join(verdicts)
    )
    return text, rows


def _regret(cells: Sequence[Cell]) -> str:
    if not cells:
        return "failed"
    limit = Scenario.load("prompts").limits.violation_rate
    broken = any(is_infeasible(cell.violation_rate, limit) for cell in cells)
    return in_percent(average([cell.regret for cell in cells])) + (" !" if broken else "")


def _named(setting: Setting) -> str:
    return f"{setting.features} features, noise of {setting.noise:g} points"


def _verdict(own: dict[str, list[Cell]]) -> str:
    """Which of ours and of the estimates is best, and by how much."""
    means = {
        learner: float(np.mean([cell.regret for cell in found])) for learner, found in own.items() if found
    }
    ours, others = (sorted(set(names) & set(means), key=means.__getitem__) for names in (OURS, ESTIMATES))
    if not ours or not others:
        return "nothing to compare"
    mine, theirs = means[ours[0]], means[others[0]]
    wins = "estimating" if theirs <= mine else "trying"
    percent = [f"{name} {significant(100 * means[name])} %" for name in (others[0], ours[0])]
    return f"{wins} wins: {', '.join(percent)}"


if __name__ == "__main__":
    main()
