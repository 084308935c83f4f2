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
    "sac": "SAC",
    "td3": "TD3",
    "ppo": "PPO",
    "optimum-table": "table of the optimum",
    "linear-cem": "linear policy by CEM",
    "regressed-mlp": "MLP taught the optimum",
    "random": "random actions",
    "constant": "best constant",
}
"""How learners are called where people read; one that is not here is called as it is."""

_NOTE = (
    "Mean, interquartile mean (IQM) and 95 % bootstrap interval of the IQM, over seeds, on the same "
    "held-out {decisions}. Carbon is over the {decisions} in which no constraint is broken: a policy that "
    "breaks many is averaged over fewer and easier ones, so read it beside the violations, and it is not "
    "available where some seed's policy serves none. Regret is over all {decisions}; a learner whose mean "
    "violation rate is above what the task allows is infeasible, has none, and comes last. SAC, TD3 and PPO "
    "have a fixed time, see the reward alone, and keep Stable-Baselines3's settings but for discount 0 and "
    "TD3's noise of 0.1; the spiking actor and the MLP have a fixed number of {decisions} and, with the "
    "preset tuned, settings that we chose and the slack of every constraint to learn from."
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
)


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
    """

    learner: str
    spreads: Mapping[str, Spread]
    requests: float
    updates: float
    violation_limit: float = math.nan
    infeasible_seeds: int = 0

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
        (learner.name, *(_cell(learner, column, "\n") for column in QUANTITIES[:3])) for learner in learners
    ]
    columns = ("learner (seeds)", *(column.title for column in QUANTITIES[:3]))
    return Grid(f"Held-out {decisions}: mean, IQM and its 95 % interval", columns, rows, stacks=True)


def effort(learners: Sequence[LearnerResults], decisions: str = "requests") -> Grid:
    """What the training of every learner took."""
    rows: list[tuple[Cell, ...]] = [
        (learner.name, _cell(learner, QUANTITIES[3], "\n"), count(learner.requests), count(learner.updates))
        for learner in learners
    ]
    columns = ("learner (seeds)", QUANTITIES[3].title, decisions, "updates")
    return Grid("Training on one core", columns, rows, stacks=True)


def markdown(learners: Sequence[LearnerResults], setting: Setting) -> str:
    """The comparison as a section of a README."""
    titles = ("learner (seeds)", *(column.title for column in QUANTITIES), setting.decisions, "updates")
    rows = [
        [
            learner.name,
            *(str(_cell(learner, column, "<br>")) for column in QUANTITIES),
            *(str(count(figure)) for figure in (learner.requests, learner.updates)),
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
    """One row per learner and quantity, with the intervals of the mean and of the IQM."""
    return [
        {
            "learner": learner.learner,
            "quantity": column.key,
            "unit": column.unit,
            "seeds": learner.spreads[column.key].seeds,
            **_flat("mean", learner.spreads[column.key].mean),
            **_flat("iqm", learner.spreads[column.key].iqm),
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
    """Mean, IQM and interval; the value alone where one seed gave it, or where all seeds gave the same.

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
    mean, iqm, low, high = (
        column.text(value) for value in (spread.mean.value, spread.iqm.value, spread.iqm.low, spread.iqm.high)
    )
    if not finite(spread.iqm.low) or mean == iqm == low == high:
        return Quantity(spread.mean.value, mean)
    parts = (f"mean{NBSP}{mean}", f"IQM{NBSP}{iqm}", f"({low}{NBSP}–{NBSP}{high})")
    return Quantity(spread.mean.value, separator.join(parts))
