"""Rows of Table II and of section VI-B: rewards of the strategies, carbon, and what is saved against rivals.

References:
    X. Wang, H. Du, Y. Gao, D. I. Kim (2025), AOLO: analysis and optimization for low-carbon oriented wireless
    large language model services, arXiv:2503.04418, section VI.
"""

from functools import partial

import numpy as np

from neuro_aolo.agent.evaluate import held_out
from neuro_aolo.agent.rivals import random_policy
from neuro_aolo.systems.aolo.task import AoloTask
from neuro_aolo.systems.task import Floats
from neuro_aolo.text.numbers import count
from reproduction.finding import Cells, Finding, in_percent, mean, paired, values, violations
from reproduction.trainings import (
    OPENERS,
    STRATEGIES,
    Setup,
    cells,
    opening,
    populations,
    printed,
    rival,
    shipped_cells,
)
from reproduction.verdicts import Verdict, amount, figure, order, untestable

CARBON_MG = 18.43
REDUCTIONS = (
    ("sac", "SAC (section VI-B)", 0.1942),
    ("sac", "SAC (abstract)", 0.1877),
    ("ppo", "PPO", 0.2408),
    ("random", "random", 0.3630),
)
REWARDS_MG = {"outage": {"SDRL": -63.19, "SAC": -50.30}, "non-outage": {"SDRL": -85.91, "SAC": -57.17}}


def presets(setup: Setup) -> dict[str, Cells]:
    """Cells of SDRL by preset: the paper's settings, and two of ours."""
    return {
        "paper": cells(setup, partial(printed, setup), setup.seeds),
        "population": cells(setup, partial(populations, setup), setup.seeds),
        "tuned": shipped_cells(setup),
    }


def strategies(setup: Setup) -> list[Finding]:
    """Mean reward of the first requests of a training: who has the higher one, with which strategy."""
    found = {
        (strategy, learner): _opened(setup, strategy, learner)
        for strategy in STRATEGIES
        for learner in OPENERS
    }
    first = f"reward of the first {count(setup.opening_requests)} steps"
    findings = []
    for learner in OPENERS:
        paper = REWARDS_MG["outage"][learner] - REWARDS_MG["non-outage"][learner]
        ours = _less(found["outage", learner], found["non-outage", learner])
        verdict = order(paper, mean(ours), len(ours))
        item = f"Table II: {first}, {learner}, outage less non-outage"
        findings.append(Finding("strategies", item, "mg", paper, mean(ours), len(ours), verdict))
    for strategy in STRATEGIES:
        paper = REWARDS_MG[strategy]["SDRL"] - REWARDS_MG[strategy]["SAC"]
        ours = _less(found[strategy, "SDRL"], found[strategy, "SAC"])
        verdict = order(paper, mean(ours), len(ours))
        item = f"Table II: the same, {strategy}, SDRL less SAC"
        findings.append(Finding("strategies", item, "mg", paper, mean(ours), len(ours), verdict))
    for (strategy, learner), rewards in found.items():
        ours = np.array([*rewards.values()])
        item, paper = f"Table II: {first}, {strategy}, {learner}", REWARDS_MG[strategy][learner]
        verdict = amount(mean(ours)) if len(ours) else untestable("mg follow from the calibration")
        findings.append(Finding("strategies", item, "mg", paper, mean(ours), len(ours), verdict))
    return findings


def at_stake(setup: Setup) -> str:
    """What the strategies can differ in at all: of uniformly random actions, and of the optimum, in mg."""
    random_mg, optimal_mg = [], []
    for strategy in STRATEGIES:
        task = AoloTask(opening(setup, strategy, "SDRL", 0).scenario)
        requests = held_out(task)
        rolled = requests.rollout(random_policy(len(task.spec.actions), 0, task.spec.horizon))
        penalty_mg = setup.scenario.limits.penalty_mg
        random_mg.append(float(-np.where(rolled.broken > 0, penalty_mg, rolled.cost).mean()))
        optimal_mg.append(float(-requests.optimal_cost.mean()))
    differences = [of[0] - of[1] for of in (random_mg, optimal_mg)]
    return (
        "What the equations alone say of outage less non-outage, over the 20,000 held-out requests: "
        f"{differences[0]:.2g} mg of reward for the same uniformly random actions, and "
        f"{differences[1]:.2g} mg for the optimum of each request. The strategies differ in the radio alone, "
        "which is 0.004 % of a request's carbon at the paper's parameters."
    )


def carbon(setup: Setup) -> list[Finding]:
    """Mean carbon of a request that keeps every constraint."""
    findings = []
    for preset, of in presets(setup).items():
        ours = mean(values(of, "carbon_mg"))
        verdict = amount(ours, f"calibrated; regret {in_percent(of, 'regret')}")
        if not of:
            verdict = untestable("calibrated")
        item, broken = f"carbon of SDRL, preset {preset}", violations(of)
        findings.append(
            Finding("carbon", item, "mg", CARBON_MG, ours, len(of), verdict, broken, calibrated=True)
        )
    return findings


def reduction(setup: Setup) -> list[Finding]:
    """Carbon saved against each rival, ``1 - C / C_rival``, seed by seed."""
    findings = []
    for preset, own in presets(setup).items():
        for learner, name, paper in REDUCTIONS:
            of, theirs = paired(own, cells(setup, partial(rival, setup, learner), setup.seeds))
            ours = mean(1.0 - values(of, "carbon_mg") / values(theirs, "carbon_mg"))
            broken, calibrated = violations(of), learner == "random"
            verdict = figure(paper, ours, len(of), broken)
            if calibrated:
                verdict = untestable("calibrated: the carbon of random actions is the paper's by our choices")
            if theirs:
                told = f"rival's violations {in_percent(theirs, 'violation_rate')}"
                verdict = Verdict(verdict.word, f"{verdict.why}; {told}")
            item = f"reduction against {name}, preset {preset}"
            findings.append(
                Finding("reduction", item, "1", paper, ours, len(of), verdict, broken, calibrated=calibrated)
            )
    return findings


def _opened(setup: Setup, strategy: str, learner: str) -> dict[int, float]:
    """Rewards at the start of training, by seed."""
    found = {seed: opening(setup, strategy, learner, seed) for seed in range(setup.seeds)}
    kept = {seed: planned.finished(setup.folder) for seed, planned in found.items()}
    return {seed: opened.reward_mg for seed, opened in kept.items() if opened is not None}


def _less(first: dict[int, float], second: dict[int, float]) -> Floats:
    return np.array([first[seed] - second[seed] for seed in first if seed in second])
