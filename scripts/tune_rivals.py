"""A small tuning of Stable-Baselines3's SAC, TD3 and PPO: at most eight settings an algorithm, one seed.

    python scripts/tune_rivals.py --scenario mixed --seconds 120 --jobs 2

Each setting is trained for so many seconds of processor time with a seed that no comparison has, and its best
checkpoint decides requests that nothing else sees: neither those of the training nor the held-out ones. The
best setting is the one of least regret among those that keep the violation limit there, else of fewest
violations. Finished cells are kept below results/tuning, so that the same command goes on after an interrupt;
the table of all that are there is written beside them. What is best goes into ``TUNED`` of
neuro_aolo/agent/sb3_config.py by hand.
"""

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

from curves.page import as_csv, made_by, markdown, write
from neuro_aolo.agent.evaluate import Requests
from neuro_aolo.agent.sb3_config import Algorithm, SB3Config
from neuro_aolo.agent.stable_baselines import stable_baselines, train_sb3
from neuro_aolo.carbon.deployment import Deployment
from neuro_aolo.comparison.plan import CELLS, PACKAGES
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.files import to_json
from neuro_aolo.runs.cell import Cell, Point, check_settings, file_name, scenario_sha256
from neuro_aolo.runs.versions import present
from neuro_aolo.systems.names import Loaded, load
from neuro_aolo.text.feasibility import INFEASIBLE, is_infeasible
from neuro_aolo.text.numbers import count, percent, significant
from neuro_aolo.workers.local import Failure, make, make_here

ROOT = Path(__file__).parent.parent
SEED = 1_000
"""Of every training: beyond those of a comparison."""
REQUESTS = 20_000
REQUESTS_SEED = 27_182
"""Of the requests that settings are judged on."""

_TD3 = {"penalty_weight": 10.0}
_PPO = {
    "penalty_weight": 10.0,
    "rounds": 32,
    "passes": 10,
    "hidden": (64, 64),
    "exploration": 0.5,
    "exploration_end": 0.02,
}
_SAC = {"penalty_weight": 10.0, "batch_size": 128, "exploration": 0.1, "exploration_end": 1e-4}
SETTINGS: Mapping[Algorithm, Mapping[str, SB3Config]] = {
    "td3": {
        "batches of 128": SB3Config(**_TD3, batch_size=128),
        "batches of 64": SB3Config(**_TD3, batch_size=64),
        "batches of 256": SB3Config(**_TD3, batch_size=256),
        "small networks": SB3Config(**_TD3, batch_size=128, hidden=(64, 64)),
        "large steps": SB3Config(**_TD3, batch_size=64, lr=3e-3, lr_end=3e-5),
        "actor at every update": SB3Config(**_TD3, batch_size=64, policy_delay=1, exploration=0.5),
        "long memory": SB3Config(**_TD3, batch_size=128, buffer_size=1_000_000),
        "the task's reward": SB3Config(**_TD3, batch_size=128, objective="reward"),
    },
    "sac": {
        "batches of 128": SB3Config(**_SAC),
        "batches of 64": SB3Config(**_SAC | {"batch_size": 64}),
        "batches of 256": SB3Config(**_SAC | {"batch_size": 256}),
        "small networks": SB3Config(**_SAC, hidden=(64, 64)),
        "large steps": SB3Config(**_SAC | {"batch_size": 64}, lr=3e-3, lr_end=3e-5),
        "less entropy": SB3Config(**_SAC | {"exploration": 0.01, "exploration_end": 1e-5}),
        "more entropy": SB3Config(**_SAC | {"exploration": 1.0, "exploration_end": 1e-3}),
        "the task's reward": SB3Config(**_SAC, objective="reward"),
    },
    "ppo": {
        "2,048 requests": SB3Config(**_PPO),
        "512 requests": SB3Config(**_PPO | {"rounds": 8, "batch_size": 128}),
        "8,192 requests": SB3Config(**_PPO | {"rounds": 128, "batch_size": 512}),
        "large networks": SB3Config(**_PPO | {"hidden": (256, 256)}),
        "large steps": SB3Config(**_PPO, lr=3e-3, lr_end=3e-5),
        "less noise": SB3Config(**_PPO | {"exploration": 0.2, "exploration_end": 0.01}),
        "more noise at the end": SB3Config(**_PPO | {"exploration_end": 0.05}),
        "the task's reward": SB3Config(**_PPO, objective="reward"),
    },
}
"""What is tried: around settings of a batched training with falling steps, one thing at a time."""


@dataclass(frozen=True)
class Trial:
    """A setting of an algorithm, to be tried on a scenario.

    Attributes:
        scenario: its name or file.
        algorithm: which.
        setting: one of :data:`SETTINGS`.
        seconds: processor time of the training.
    """

    scenario: str
    algorithm: Algorithm
    setting: str
    seconds: float

    @cached_property
    def loaded(self) -> Loaded:
        """The scenario."""
        return load(self.scenario)

    @property
    def config(self) -> SB3Config:
        """The settings."""
        return SETTINGS[self.algorithm][self.setting]

    @property
    def name(self) -> str:
        """Scenario, algorithm and setting, as a file is called."""
        words = "".join(letter for letter in self.setting if letter.isalnum() or letter == " ")
        return f"{file_name(self.loaded.scenario)}-{self.algorithm}-{words.replace(' ', '-')}"

    def file(self, folder: Path) -> Path:
        """Where the cell lies."""
        return folder / CELLS / f"{self.name}.json"

    @cached_property
    def settings(self) -> dict[str, Any]:
        """All that the result depends on, as JSON gives it back."""
        settings = {
            "scenario_sha256": scenario_sha256(self.loaded.scenario, Deployment()),
            "setting": self.setting,
            "seconds": self.seconds,
            "requests": REQUESTS,
            "requests_seed": REQUESTS_SEED,
            **asdict(self.config),
        }
        resolved: dict[str, Any] = json.loads(to_json(settings))
        return resolved

    def finished(self, folder: Path) -> Cell | None:
        """The cell as it was left; None where it is still to be made.

        Raises:
            RunError: it is damaged, or of other settings.
        """
        file = self.file(folder)
        if not file.exists():
            return None
        cell = Cell.load(file)
        check_settings(file, cell.settings, self.settings)
        return cell

    def make(self) -> Cell:
        """Train, and judge."""
        task = self.loaded.system.task(self.loaded.scenario)
        trained = train_sb3(self.algorithm, task, self.seconds, SEED, config=self.config)
        judged = Requests(task, task.spec.starts(REQUESTS), REQUESTS_SEED).evaluate(trained.policy)
        return Cell(
            scenario=str(getattr(self.loaded.scenario, "name", self.name)),
            learner=self.algorithm,
            seed=SEED,
            settings=self.settings,
            regret=judged.regret,
            violation_rate=judged.violation_rate,
            cost_mg=judged.cost,
            carbon_mg=math.nan,
            requests=trained.requests,
            updates=trained.updates,
            seconds=trained.seconds,
            curve=tuple(
                Point(row.seconds, row.requests, row.regret, row.violation_rate) for row in trained.curve
            ),
            versions=present(PACKAGES),
        )


def best_of(cells: Sequence[Cell], violation_limit: float) -> Cell:
    """The cell of least regret within the limit, else of fewest violations."""
    return min(cells, key=lambda cell: (max(cell.violation_rate - violation_limit, 0.0), cell.regret))


def rows(cells: Sequence[Cell], violation_limit: float) -> list[dict[str, object]]:
    """One row a cell, as a spreadsheet takes it."""
    best = {name: best_of([c for c in cells if c.learner == name], violation_limit) for name in _names(cells)}
    return [
        {
            "algorithm": cell.learner,
            "setting": cell.settings["setting"],
            "regret": cell.regret,
            "violation_rate": cell.violation_rate,
            "feasible": not is_infeasible(cell.violation_rate, violation_limit),
            "best": cell is best[cell.learner],
            "requests": cell.requests,
            "updates": cell.updates,
            "seconds": cell.seconds,
        }
        for cell in cells
    ]


def page(cells: Sequence[Cell], violation_limit: float, command: str) -> str:
    """The table as people read it, and which settings are best."""
    titles = ("algorithm", "setting", "regret", "violations", "requests", "updates", "processor, s")
    lines = []
    for row, cell in zip(rows(cells, violation_limit), cells, strict=True):
        mark = "**" if row["best"] else ""
        regret = str(percent(cell.regret)) if row["feasible"] else f"{INFEASIBLE} ({percent(cell.regret)})"
        figures = (count(cell.requests), count(cell.updates), significant(cell.seconds))
        lines.append(
            [cell.learner, f"{mark}{row['setting']}{mark}", regret, str(percent(cell.violation_rate))]
            + [str(figure) for figure in figures]
        )
    return "\n".join(
        [
            f"## Settings of Stable-Baselines3 tried on `{cells[0].scenario}`",
            "",
            markdown(titles, lines),
            "",
            f"One seed, on {REQUESTS:,} requests that no comparison sees; the best setting of each algorithm "
            "is bold. Settings that a line does not name are those of the first line of its algorithm.",
            "",
            made_by(command),
            "",
        ]
    )


def _names(cells: Sequence[Cell]) -> list[str]:
    return list(dict.fromkeys(cell.learner for cell in cells))


def main() -> int:
    """Try what is left, and write the table of all that is there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scenario", default="mixed", help="name or .toml file (default: mixed)")
    parser.add_argument("--seconds", type=float, default=120.0, help="of each training (default: 120)")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    parser.add_argument(
        "--algorithms", nargs="+", choices=get_args(Algorithm), default=list(SETTINGS), help="default: all"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "tuning")
    typed = parser.parse_args()
    if not 0.0 < typed.seconds < math.inf or typed.jobs < 1:
        parser.error(f"--seconds {typed.seconds:g} --jobs {typed.jobs} is not allowed: give numbers above 0")
    stable_baselines()
    return tune(typed)


def tune(typed: argparse.Namespace) -> int:
    """The work of :func:`main`; 1 where a training failed."""
    trials = [
        Trial(typed.scenario, algorithm, setting, typed.seconds)
        for algorithm in SETTINGS
        for setting in SETTINGS[algorithm]
    ]
    left = [
        trial for trial in trials if trial.algorithm in typed.algorithms and not trial.finished(typed.out)
    ]

    def told(trial: Trial, failure: Failure | None) -> None:
        cell = None if failure else trial.finished(typed.out)
        said = f"{percent(cell.regret)}, {percent(cell.violation_rate)} violations" if cell else failure
        print(f"{trial.algorithm}, {trial.setting}: {said}", file=sys.stderr, flush=True)

    if typed.jobs == 1:
        failures = make_here(left, typed.out, told)
    else:
        failures = make(left, typed.out, typed.jobs, told)
    cells = [cell for trial in trials if (cell := trial.finished(typed.out))]
    if cells:
        task = trials[0].loaded.system.task(trials[0].loaded.scenario)
        limit, name = task.spec.violation_limit, file_name(trials[0].loaded.scenario)
        command = f"python scripts/tune_rivals.py --scenario {typed.scenario} --seconds {typed.seconds:g}"
        table = page(cells, limit, command)
        print(table)
        print(write(typed.out, {f"{name}.md": table, f"{name}.csv": as_csv(rows(cells, limit))}))
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except NeuroAoloError as error:
        sys.exit(f"error: {error}")
