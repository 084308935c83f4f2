"""Seconds of training, on one core, until a learner is near the exact optimum: our actors and their rivals.

Each learner trains with its default settings, those of Stable-Baselines3 with the tuned ones, until a
noise-free validation shows a regret of at most 5 % with few violations, or until the limit: who is not there
in N seconds counts as N. Seconds are processor time of the training loops, their own validations included;
rivals are validated every 5 s, our actors as often as their settings say. Then it prints what one of our
rounds takes beside its matrix products alone. Run it alone on a quiet machine: ``python
scripts/bench_training.py``. It prints tables, and writes the learning curves too (``--json FILE``).
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch

from neuro_aolo.agent.checkpoint import ActorConfig, ActorSpec
from neuro_aolo.agent.diffusion import DiffusionConfig
from neuro_aolo.agent.learner import Metrics
from neuro_aolo.agent.mlp import MLPConfig
from neuro_aolo.agent.popsan import TUNED
from neuro_aolo.agent.sb3_config import Algorithm
from neuro_aolo.agent.sdrl_config import SDRLConfig
from neuro_aolo.agent.stable_baselines import SB3Metrics, stable_baselines, train_sb3
from neuro_aolo.agent.train import train_actor
from neuro_aolo.errors import NeuroAoloError
from neuro_aolo.systems.names import load
from neuro_aolo.systems.task import Task
from round_cost import ROUNDS, RoundCost, round_cost

REGRETS = (0.10, 0.05)
EVALUATE_EVERY_S = 5.0
ACTORS: dict[str, ActorConfig] = {"spiking": TUNED, "mlp": MLPConfig(), "diffusion": DiffusionConfig()}
RIVALS: tuple[Algorithm, ...] = ("td3", "sac", "ppo")
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclass(frozen=True)
class Point:
    """One noise-free validation: when it was, and what it showed."""

    seconds: float
    requests: int
    updates: int
    regret: float
    violation_rate: float


@dataclass(frozen=True)
class Mark:
    """When a learner first had a regret and few violations.

    Attributes:
        learner: which.
        regret: the regret to reach.
        trained_s: how long it was trained in all, in s of processor time.
        point: the first validation that reached it, None if none did.
    """

    learner: str
    regret: float
    trained_s: float
    point: Point | None

    @property
    def seconds(self) -> str:
        """Time to the mark, as printed."""
        return f"{self.point.seconds:,.1f}" if self.point else f"not in {self.trained_s:,.0f}"

    @property
    def counted_s(self) -> float:
        """Time to the mark; where it was not reached, all that there was."""
        return self.point.seconds if self.point else self.trained_s

    def speed(self, reference: "Mark | None") -> str:
        """How many times as fast as ``reference`` it was; a bound where one of the two did not get there."""
        if reference is None or not (self.point or reference.point):
            return "-"
        sign = "" if self.point and reference.point else "> " if self.point else "< "
        return f"{sign}{reference.counted_s / self.counted_s:,.1f}"


class Race:
    """The validations of one learner, until it has done what it should or its time is over.

    Args:
        violation_limit: share of requests in which a constraint may be broken.
        limit_s: time that a learner has, in s, measured likewise.
    """

    def __init__(self, violation_limit: float, limit_s: float) -> None:
        self.violation_limit = violation_limit
        self.limit_s = limit_s
        self.points: list[Point] = []
        self.over = False

    def add(self, point: Point) -> None:
        """Take down a validation; interrupts the training where it was the last that is needed."""
        self.points.append(point)
        if point.seconds >= self.limit_s or self.first(min(REGRETS)):
            self.over = True
            raise KeyboardInterrupt

    def first(self, regret: float) -> Point | None:
        """The first validation of at most this regret and few violations."""
        for point in self.points:
            if point.regret <= regret and point.violation_rate <= self.violation_limit:
                return point
        return None

    def marks(self, learner: str) -> list[Mark]:
        """What was reached, and when."""
        trained_s = min(self.points[-1].seconds, self.limit_s)
        return [Mark(learner, regret, trained_s, self.first(regret)) for regret in REGRETS]


def run_ours(name: str, task: Task, seed: int, race: Race) -> None:
    """Train an actor of ours in our own loop."""
    config = SDRLConfig()
    spec = ActorSpec(task.spec.observation_names, task.spec.action_names, ACTORS[name])

    began = time.process_time()

    def record(row: Metrics) -> None:
        spent_s = time.process_time() - began
        updates = max(row.requests - config.critic_starts, 0) // config.num_envs
        race.add(Point(spent_s, row.requests, updates, row.regret, row.violation_rate))

    _go_on(train_actor(task, spec.build, config, seed, on_metrics=record).interrupted, race)


def run_rival(name: Algorithm, task: Task, seed: int, race: Race) -> None:
    """Train an algorithm of Stable-Baselines3."""

    def record(row: SB3Metrics) -> None:
        race.add(Point(row.seconds, row.requests, row.updates, row.regret, row.violation_rate))

    training = train_sb3(
        name,
        task,
        race.limit_s,
        seed,
        on_metrics=record,
        evaluate_every_s=EVALUATE_EVERY_S,
    )
    _go_on(training.interrupted, race)


def _go_on(interrupted: bool, race: Race) -> None:
    """Pass an interrupt on where it came from the keyboard, and not from the race's end."""
    if interrupted and not race.over:
        raise KeyboardInterrupt


LEARNERS: dict[str, Callable[[Task, int, Race], None]] = {
    **{name: partial(run_ours, name) for name in ACTORS},
    **{name: partial(run_rival, name) for name in RIVALS},
}


def table(marks: list[Mark]) -> str:
    """Rows of text: learner, regret, seconds, requests, updates, and the speed against the fastest rival."""
    rows = [f"{'learner':<10} {'regret':>8} {'seconds':>12} {'requests':>12} {'updates':>10} {'x rival':>10}"]
    for mark in marks:
        rivals = [m for m in marks if m.learner in RIVALS and m.regret == mark.regret]
        reference = min(rivals, key=lambda rival: (rival.point is None, rival.counted_s), default=None)
        counts = (f"{mark.point.requests:,}", f"{mark.point.updates:,}") if mark.point else ("-", "-")
        rows.append(
            f"{mark.learner:<10} {f'<= {mark.regret:.0%}':>8} {mark.seconds:>12} {counts[0]:>12} "
            f"{counts[1]:>10} {mark.speed(reference):>10}"
        )
    return "\n".join(rows)


def rounds_table(costs: dict[str, RoundCost]) -> str:
    """Rows of text: processor time of a round, and of its matrix products alone."""
    rows = [f"{'a round':<10} {'ms':>8} {'products':>10} {'their ms':>10} {'times':>8}"]
    for name, cost in costs.items():
        rows.append(
            f"{name:<10} {1e3 * cost.round_s:>8.2f} {cost.products:>10} {1e3 * cost.products_s:>10.2f} "
            f"{cost.times:>8.1f}"
        )
    return "\n".join(rows)


def main() -> None:
    """Train, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", default="paper", help="name or .toml file (default: paper)")
    parser.add_argument("--seed", type=int, default=0, help="seed of every training (default: 0)")
    parser.add_argument(
        "--limit",
        type=float,
        default=120.0,
        help="seconds each learner has, over which steps and noise of rivals fall (default: 120)",
    )
    parser.add_argument(
        "--violation-limit", type=float, default=0.01, help="share of violations allowed (default: 0.01)"
    )
    parser.add_argument(
        "--learners", nargs="+", choices=LEARNERS, default=list(LEARNERS), help="default: all"
    )
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help=f"rounds that are measured (default: {ROUNDS})"
    )
    parser.add_argument("--json", type=Path, help="file to write marks and learning curves to")
    arguments = parser.parse_args()
    if not 0.0 < arguments.limit < math.inf:
        parser.error(f"--limit {arguments.limit:g} is not allowed: give seconds above 0")
    if arguments.rounds < 1:
        parser.error(f"--rounds {arguments.rounds} is not allowed: give 1 or more")
    if arguments.seed < 0:
        parser.error(f"--seed {arguments.seed} is not allowed: give 0 or more")
    if arguments.json and not arguments.json.parent.is_dir():
        parser.error(f"--json {arguments.json} cannot be written: make the folder {arguments.json.parent}")
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        # NumPy's linear algebra takes every core that it finds when it is imported: start over with one.
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)
    torch.set_num_threads(1)
    try:
        bench(arguments)
    except NeuroAoloError as error:
        parser.exit(2, f"bench_training: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "bench_training: interrupted\n")


def bench(arguments: argparse.Namespace) -> None:
    """Let the learners run one after another."""
    if set(arguments.learners) & set(RIVALS):
        # A missing library is told before the first training, not after.
        stable_baselines()
    loaded = load(arguments.scenario)
    task = loaded.system.task(loaded.scenario)
    races = {}
    for learner in arguments.learners:
        races[learner] = Race(arguments.violation_limit, arguments.limit)
        LEARNERS[learner](task, arguments.seed, races[learner])
        found = ", ".join(f"{mark.regret:.0%} {mark.seconds} s" for mark in races[learner].marks(learner))
        print(f"{learner}: regret {found}", file=sys.stderr, flush=True)
    marks = [mark for learner, race in races.items() for mark in race.marks(learner)]
    print(
        f"{loaded.scenario.name}, seed {arguments.seed}, one core; at most "
        f"{arguments.violation_limit:.1%} of violations; processor time, 'not in N' counts as N"
    )
    print(table(marks))
    costs = {
        name: round_cost(task, actor, SDRLConfig(), arguments.rounds)
        for name, actor in ACTORS.items()
        if name in arguments.learners
    }
    if costs:
        print(rounds_table(costs))
    if arguments.json:
        settings = {name: value for name, value in vars(arguments).items() if name != "json"}
        curves = {learner: [asdict(point) for point in race.points] for learner, race in races.items()}
        everything = {
            "settings": settings,
            "marks": [asdict(mark) for mark in marks],
            "rounds": {name: asdict(cost) for name, cost in costs.items()},
            "curves": curves,
        }
        arguments.json.write_text(json.dumps(everything, indent=2) + "\n")


if __name__ == "__main__":
    main()
