"""What a comparison of learners says: tables for the terminal, for a README and for a spreadsheet."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from neuro_aolo.agent.statistics import Estimate, Spread
from neuro_aolo.text.feasibility import infeasible, is_feasible
from neuro_aolo.text.grid import Cell, Grid
from neuro_aolo.text.literal import in_backticks
from neuro_aolo.text.numbers import NBSP, Quantity, count, finite, percent, significant
from neuro_aolo.text.paper_tables import markdown_rows

NAMES = {
    "spiking": "spiking actor",
    "mlp": "MLP, same loop",
    "diffusion": "diffusion, same loop",
    "best-of": "best of candidates",
    "categorical": "MLP that draws",
    "sac": "SAC",
    "td3": "TD3",
    "ppo": "PPO",
    "optimum-table": "table of the optimum",
    "linear-cem": "linear policy by CEM",
    "regressed-mlp": "MLP taught the optimum",
    "random": "random actions",
    "constant": "best constant",
    "ridge": "score by ridge",
    "boosting": "score by trees",
    "network": "score by network",
}
"""How learners are called where people read; one that is not here is called as it is."""

_NOTE = (
    "Over seeds, on the same held-out {decisions}. In brackets the interval with its n: of fewer than 10 "
    "seeds their range, from the least to the most, with the median (of five it holds that of all trainings "
    "in 94 of 100 cases); from 10 on the 95 % percentile bootstrap interval of the interquartile mean (IQM). "
    "Carbon is over the {decisions} in which no constraint is broken: a policy that "
    "breaks many is averaged over fewer and easier ones, so read it beside the violations, and it is not "
    "available where some seed's policy serves none. Regret is over all {decisions}; a learner whose mean "
    "violation rate is above what the task allows is infeasible, has none, and comes last. SAC, TD3 and PPO "
    "of Stable-Baselines3 have a fixed processor time, and of eight settings each the best on mixed; they "
    "are told of costs and of the slack of every constraint as the spiking actor, the MLP and the diffusion "
    "actor are, in one reward, and their checkpoints are chosen by the same rule. These three have a fixed "
    "number of {decisions} and, with the preset tuned, settings that we chose. In brackets behind the "
    "{decisions} served are those of the validations. Time is wall time of our own learners, else processor "
    "time."
)


def note(decisions: str = "requests") -> str:
    """How the figures of a comparison are to be read, where decisions are called ``decisions``."""
    return _NOTE.format(decisions=decisions)


@dataclass(frozen=True)
class Column:
    """A quantity of a comparison.

    Attributes:
        key: its name in files.
        title: its name where people read, with the unit of ``text``.
        unit: of the value in files.
        text: a value as people read it.
    """

    key: str
    title: str
    unit: str
    text: Callable[[float], str]


def _in_percent(share: float) -> str:
    return str(percent(share)).removesuffix(f"{NBSP}%")


QUANTITIES = (
    Column("carbon_mg", "carbon, mg", "mg", lambda mg: significant(mg, 5)),
    Column("regret", "regret, %", "1", _in_percent),
    Column("violation_rate", "violations, %", "1", _in_percent),
    Column("seconds", "time, s", "s", significant),
    Column("processor_s", "processor, s", "s", significant),
)
_SERVICE, _TIMES = QUANTITIES[:3], QUANTITIES[3:]


@dataclass(frozen=True)
class LearnerResults:
    """A learner in a comparison.

    Attributes:
        learner: its name in files.
        spreads: each of :data:`QUANTITIES` over the seeds.
        requests: mean of the requests served in training.
        updates: mean of the batches learnt from.
        violation_limit: share of decisions in which a policy may break a constraint; NaN where unknown.
        infeasible_seeds: seeds whose policy breaks one more often.
        validation_requests: mean of the requests of all validations.
    """

    learner: str
    spreads: Mapping[str, Spread]
    requests: float
    updates: float
    violation_limit: float = math.nan
    infeasible_seeds: int = 0
    validation_requests: float = 0.0

    @property
    def violation_rate(self) -> float:
        """Mean over the seeds: that of a policy of any of them."""
        return self.spreads["violation_rate"].mean.value

    @property
    def feasible(self) -> bool | None:
        """Whether that is within the limit; None where it is unknown."""
        return is_feasible(self.violation_rate, self.violation_limit)

    @property
    def name(self) -> str:
        """The learner where people read, with the number of its seeds."""
        seeds = self.spreads["regret"].seeds
        return f"{NAMES.get(self.learner, self.learner)} ({seeds})"


@dataclass(frozen=True)
class Setting:
    """What was compared on, and how to do it again; ``decisions`` is what the system calls them."""

    scenario: str
    command: str
    versions: Mapping[str, str]
    decisions: str = "requests"


def results(learners: Sequence[LearnerResults], decisions: str = "requests") -> Grid:
    """Carbon, regret and violations of every learner."""
    rows: list[tuple[Cell, ...]] = [
        (learner.name, *(_cell(learner, column, "\n") for column in _SERVICE)) for learner in learners
    ]
    columns = ("learner (seeds)", *(column.title for column in _SERVICE))
    title = f"Held-out {decisions}: mean, and {intervals(learners)}"
    return Grid(title, columns, rows, stacks=True, narrow_names=True)


def effort(learners: Sequence[LearnerResults], decisions: str = "requests") -> Grid:
    """What the training of every learner took."""
    rows: list[tuple[Cell, ...]] = [
        (
            learner.name,
            *(_cell(learner, column, "\n") for column in _TIMES),
            _served(learner),
            count(learner.updates),
        )
        for learner in learners
    ]
    columns = (
        "learner (seeds)",
        *(column.title for column in _TIMES),
        f"{decisions} (+ validation)",
        "updates",
    )
    return Grid("Training on one core", columns, rows, stacks=True, narrow_names=True)


def markdown(learners: Sequence[LearnerResults], setting: Setting) -> str:
    """The comparison as a section of a README."""
    titles = (
        "learner (seeds)",
        *(column.title for column in QUANTITIES),
        f"{setting.decisions} (+ validation)",
        "updates",
    )
    rows = [
        [
            learner.name,
            *(str(_cell(learner, column, "<br>")) for column in QUANTITIES),
            str(_served(learner)),
            str(count(learner.updates)),
        ]
        for learner in learners
    ]
    versions = ", ".join(f"{part} {number}" for part, number in setting.versions.items())
    return "\n".join(
        [
            f"## Learners compared on {in_backticks(setting.scenario)}",
            "",
            *markdown_rows(titles, rows, range(1, len(titles))),
            "",
            note(setting.decisions),
            "",
            f"Made by {in_backticks(setting.command)} with {versions}.",
            "",
        ]
    )


def summary_rows(learners: Sequence[LearnerResults]) -> list[dict[str, object]]:
    """One row per learner and quantity, with the intervals of mean, IQM and median and their method."""
    return [
        {
            "learner": learner.learner,
            "quantity": column.key,
            "unit": column.unit,
            "seeds": learner.spreads[column.key].seeds,
            **_flat("mean", learner.spreads[column.key].mean),
            **_flat("iqm", learner.spreads[column.key].iqm),
            **_flat("median", learner.spreads[column.key].median),
            "interval": learner.spreads[column.key].method,
            "violation_limit": learner.violation_limit,
            "infeasible_seeds": learner.infeasible_seeds,
            "feasible": learner.feasible,
        }
        for learner in learners
        for column in QUANTITIES
    ]


def _flat(name: str, estimate: Estimate) -> dict[str, float]:
    return {name if key == "value" else f"{name}_{key}": value for key, value in asdict(estimate).items()}


def in_order(learners: Sequence[LearnerResults]) -> list[LearnerResults]:
    """The learners in their order, but for those that are infeasible, which come last."""
    return sorted(learners, key=lambda learner: learner.feasible is False)


def _cell(learner: LearnerResults, column: Column, separator: str) -> Cell:
    """Mean, middle and interval; the value alone where one seed gave it, or where all seeds gave the same.

    In place of a regret that breaking constraints made, that; beside one that some seeds' did, how many.
    """
    spread = learner.spreads[column.key]
    if column.key != "regret" or not learner.infeasible_seeds:
        return _spread_cell(spread, column, separator)
    seeds = f"{learner.infeasible_seeds} of {spread.seeds} seeds"
    if learner.feasible is False:
        told = infeasible(learner.violation_rate, learner.violation_limit)
        return told if spread.seeds == 1 else f"{told}, {seeds}"
    known = _spread_cell(spread, column, separator)
    return Quantity(known.value, f"{known}{separator}{seeds} infeasible")


def _spread_cell(spread: Spread, column: Column, separator: str) -> Quantity:
    of = spread.middle
    mean, middle, low, high = (column.text(value) for value in (spread.mean.value, of.value, of.low, of.high))
    if not finite(of.low) or mean == middle == low == high:
        return Quantity(spread.mean.value, mean)
    name = f"{spread.middle_name}{NBSP}{middle}"
    parts = (f"mean{NBSP}{mean}", name, f"({low}{NBSP}–{NBSP}{high} of{NBSP}{spread.seeds})")
    return Quantity(spread.mean.value, separator.join(parts))


def _served(learner: LearnerResults) -> Quantity:
    """Decisions served in training, and those of its validations behind them."""
    served = count(learner.requests)
    if not learner.validation_requests:
        return served
    return Quantity(served.value, f"{served} (+{NBSP}{count(learner.validation_requests)})")


def intervals(learners: Sequence[LearnerResults]) -> str:
    """Which intervals a table shows, and how they are made, in a few words."""
    spreads = [learner.spreads["regret"] for learner in learners if learner.spreads["regret"].seeds > 1]
    told = {spread.middle_name: spread.method for spread in spreads}
    return " or ".join(f"{name} with {made}" for name, made in told.items()) or "one seed"
