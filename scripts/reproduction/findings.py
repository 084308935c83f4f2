"""The rows of the table: what the paper prints, what ours come to, and the verdicts.

References:
    X. Wang, H. Du, Y. Gao, D. I. Kim (2025), AOLO: analysis and optimization for low-carbon oriented wireless
    large language model services, arXiv:2503.04418, section VI.
"""

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import torch

from neuro_aolo.agent.checkpoint import ActorSpec
from neuro_aolo.agent.statistics import Estimate, spread
from neuro_aolo.runs.cell import Cell
from neuro_aolo.systems.task import Floats
from neuro_aolo.text.numbers import count, percent
from reproduction.trainings import Setup, cells, in_figures, opening, printed, rival, swept, tuned
from reproduction.verdicts import Verdict, amount, change, growth, peak, ranking

CARBON_MG = 18.43
REDUCTIONS = (
    ("sac", "SAC (section VI-B)", 0.1942),
    ("sac", "SAC (abstract)", 0.1877),
    ("ppo", "PPO", 0.2408),
    ("random", "random", 0.3630),
)
REWARDS_MG = {"outage": {"SDRL": -63.19, "SAC": -50.30}, "non-outage": {"SDRL": -85.91, "SAC": -57.17}}
HIDDEN_MG = {256: 18.43, 16: 23.41}
HIDDEN_CHANGE = 0.2702

DECISIONS = 100


@dataclass(frozen=True)
class Finding:
    """One row of the table.

    Attributes:
        row: one of ``ROWS``.
        item: what it is about.
        unit: of the figures: ``mg``, or ``1`` for a share.
        paper: the paper's figure, or its statement where it prints none.
        ours: our mean over seeds and its interval.
        seeds: how many.
        verdict: of the rules.
        violation_rate: our mean share of held-out requests in which a constraint is broken; NaN where the
            figure is not about held-out requests.
    """

    row: str
    item: str
    unit: str
    paper: float | str
    ours: Estimate
    seeds: int
    verdict: Verdict
    violation_rate: float = math.nan


@dataclass(frozen=True)
class Variation:
    """What one value of a sweep came to.

    Attributes:
        sweep: its row.
        value: of the setting.
        figures: means over seeds and their intervals: reward_mg, carbon_mg, regret and violation_rate on the
            held-out requests, seconds of training.
        decision_s: wall time of one decision in PyTorch on one core.
    """

    sweep: str
    value: str
    figures: Mapping[str, Estimate]
    decision_s: float


def reproduced(setup: Setup) -> tuple[list[Finding], list[Variation]]:
    """All rows that were asked for, and the sweeps behind them."""
    findings, variations = list[Finding](), list[Variation]()
    for row in setup.rows:
        if row == "carbon":
            findings += carbon(setup)
        elif row == "reduction":
            findings += reduction(setup)
        elif row == "reward":
            findings += reward(setup)
        else:
            of = {
                value: cells(setup, partial(swept, setup, row, value), setup.sweep_seeds)
                for value in setup.sweeps[row].values
            }
            findings += hidden(setup, of) if row == "hidden" else swept_reward(setup, row, of)
            findings += time_grows(setup, of) if row == "timesteps" else []
            variations += [variation(setup, row, value, found) for value, found in of.items()]
    return findings, variations


def carbon(setup: Setup) -> list[Finding]:
    """Mean carbon of a request that keeps every constraint."""
    findings = []
    for preset, plan in (("population", tuned), ("paper", printed)):
        of = cells(setup, partial(plan, setup), setup.seeds)
        ours = _mean(_values(of, "carbon_mg"))
        verdict = amount(ours)
        findings.append(
            Finding(
                row="carbon",
                item=f"carbon of SDRL, preset {preset}",
                unit="mg",
                paper=CARBON_MG,
                ours=ours,
                seeds=setup.seeds,
                verdict=Verdict(verdict.word, f"{verdict.why}; regret {_percent(of, 'regret')}"),
                violation_rate=_violations(of),
            )
        )
    return findings


def reduction(setup: Setup) -> list[Finding]:
    """Carbon saved against each rival, ``1 - C / C_rival``."""
    findings = []
    for preset, plan in (("population", tuned), ("paper", printed)):
        of = cells(setup, partial(plan, setup), setup.seeds)
        for learner, name, paper in REDUCTIONS:
            theirs = cells(setup, partial(rival, setup, learner), setup.seeds)
            ours = _mean(1.0 - _values(of, "carbon_mg") / _values(theirs, "carbon_mg"))
            verdict = change(paper, ours, _violations(of))
            broken = f"rival's violations {_percent(theirs, 'violation_rate')}"
            findings.append(
                Finding(
                    row="reduction",
                    item=f"reduction against {name}, preset {preset}",
                    unit="1",
                    paper=paper,
                    ours=ours,
                    seeds=setup.seeds,
                    verdict=Verdict(verdict.word, f"{verdict.why}; {broken}"),
                    violation_rate=_violations(of),
                )
            )
    return findings


def reward(setup: Setup) -> list[Finding]:
    """Mean reward of the first requests of a training, and who has the higher one."""
    findings = []
    for strategy, paper in REWARDS_MG.items():
        found = {learner: _opened(setup, strategy, learner) for learner in paper}
        for learner, rewards_mg in found.items():
            ours = _mean(rewards_mg)
            item = f"reward of the first {count(setup.opening_requests)} steps, {strategy}, {learner}"
            findings.append(Finding("reward", item, "mg", paper[learner], ours, setup.seeds, amount(ours)))
        less, ours = paper["SDRL"] - paper["SAC"], _mean(found["SDRL"] - found["SAC"])
        item = f"the same, {strategy}, SDRL less SAC"
        findings.append(Finding("reward", item, "mg", less, ours, setup.seeds, ranking(less, ours)))
    return findings


def hidden(setup: Setup, of: Mapping[Any, Sequence[Cell]]) -> list[Finding]:
    """Carbon of a large and of a small network."""
    findings, seeds = [], setup.sweep_seeds
    for size, paper_mg in HIDDEN_MG.items():
        ours, broken = _mean(_values(of[size, size], "carbon_mg")), _violations(of[size, size])
        item = f"carbon with 2 x {size} hidden neurons"
        findings.append(Finding("hidden", item, "mg", paper_mg, ours, seeds, amount(ours), broken))
    more = _mean(_values(of[16, 16], "carbon_mg") / _values(of[256, 256], "carbon_mg") - 1.0)
    item, broken = "carbon, from 2 x 256 to 2 x 16", max(_violations(of[size, size]) for size in HIDDEN_MG)
    verdict = change(HIDDEN_CHANGE, more, broken)
    return [*findings, Finding("hidden", item, "1", HIDDEN_CHANGE, more, seeds, verdict, broken)]


def swept_reward(setup: Setup, row: str, of: Mapping[Any, Sequence[Cell]]) -> list[Finding]:
    """Whether the held-out reward peaks between the ends of a sweep."""
    values = list(of)
    rewards_mg = np.stack([_rewards_mg(setup, found) for found in of.values()])
    best = 1 + int(rewards_mg[1:-1].mean(axis=1).argmax())
    end = max((0, len(values) - 1), key=lambda index: float(rewards_mg[index].mean()))
    ours = _mean(rewards_mg[best] - rewards_mg[end])
    verdict = peak(ours)
    pair = f"{in_figures(values[best])} against {in_figures(values[end])}"
    return [
        Finding(
            row=row,
            item=f"reward over {setup.sweeps[row].title}: gain between the ends",
            unit="mg",
            paper="peaks between the ends",
            ours=ours,
            seeds=setup.sweep_seeds,
            verdict=Verdict(verdict.word, f"{verdict.why}; {pair}"),
            violation_rate=_violations(of[values[best]]),
        )
    ]


def time_grows(setup: Setup, of: Mapping[Any, Sequence[Cell]]) -> list[Finding]:
    """Whether a training takes longer with more time steps."""
    first, *_, last = of
    more = _mean(_values(of[last], "seconds") / _values(of[first], "seconds") - 1.0)
    item = f"seconds of training, from T = {first} to {last}"
    return [Finding("timesteps", item, "1", "grow", more, setup.sweep_seeds, growth(more))]


def variation(setup: Setup, row: str, value: Any, of: Sequence[Cell]) -> Variation:
    """What one value of a sweep came to."""
    names = ("carbon_mg", "regret", "violation_rate", "seconds")
    figures = {"reward_mg": _rewards_mg(setup, of), **{name: _values(of, name) for name in names}}
    controlled, popsan = setup.task.spec, swept(setup, row, value, 0).popsan
    spec = ActorSpec(controlled.observation_names, controlled.action_names, popsan)
    return Variation(
        sweep=row,
        value=in_figures(value),
        figures={name: _mean(found) for name, found in figures.items()},
        decision_s=decision_s(spec),
    )


@cache
def decision_s(spec: ActorSpec) -> float:
    """Median wall time of one decision, in s; what the weights are does not matter to it."""
    actor = spec.build(torch.Generator())
    observation, times_s = torch.zeros(1, len(spec.observation_names)), []
    with torch.inference_mode():
        for _ in range(DECISIONS):
            began = time.perf_counter()
            actor(observation)
            times_s.append(time.perf_counter() - began)
    return statistics.median(times_s)


def _opened(setup: Setup, strategy: str, learner: str) -> Floats:
    """Rewards at the start of training, one per seed."""
    found = [opening(setup, strategy, learner, seed).finished(setup.folder) for seed in range(setup.seeds)]
    return np.array([opened.reward_mg for opened in found if opened is not None])


def _rewards_mg(setup: Setup, of: Sequence[Cell]) -> Floats:
    """Mean reward (36), one per seed: of what is served its carbon, of what is not the penalty."""
    broken = _values(of, "violation_rate")
    served_mg = np.nan_to_num(_values(of, "carbon_mg")) * (1.0 - broken)
    return -(served_mg + broken * setup.scenario.limits.penalty_mg)


def _values(of: Sequence[Cell], name: str) -> Floats:
    return np.array([getattr(cell, name) for cell in of])


def _mean(values: Floats) -> Estimate:
    return spread(values).mean


def _violations(of: Sequence[Cell]) -> float:
    return float(_values(of, "violation_rate").mean())


def _percent(of: Sequence[Cell], name: str) -> str:
    return str(percent(float(_values(of, name).mean())))
