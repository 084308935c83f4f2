"""Rows of the sweeps: what a smaller or deeper network costs, where rewards peak, and how times grow."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from neuro_aolo.agent.statistics import Estimate
from neuro_aolo.systems.task import Floats
from reproduction.finding import Cells, Finding, mean, paired, values, violations
from reproduction.timing import Timed
from reproduction.trainings import Setup, cells, swept, timing
from reproduction.verdicts import Verdict, amount, figure, statement, untestable

HIDDEN_MG = {256: 18.43, 16: 23.41}
HIDDEN_CHANGE = 0.2702
UNKNOWN = "not known here"


@dataclass(frozen=True)
class Variation:
    """What one value of a sweep came to.

    Attributes:
        sweep: its row.
        value: of the setting.
        seeds: how many are there.
        of_seeds: how many it is to have.
        figures: means over seeds and their intervals: reward_mg, carbon_mg, regret and violation_rate on the
            held-out requests.
    """

    sweep: str
    value: str
    seeds: int
    of_seeds: int
    figures: Mapping[str, Estimate]


def swept_cells(setup: Setup, row: str) -> dict[Any, Cells]:
    """The cells of a sweep, by value."""
    return {
        value: cells(setup, partial(swept, setup, row, value), setup.seeds)
        for value in setup.sweeps[row].values
    }


def variations(setup: Setup, row: str) -> list[Variation]:
    """What each value of a sweep came to."""
    found = []
    for value, of in swept_cells(setup, row).items():
        figures = {name: mean(values(of, name)) for name in ("carbon_mg", "regret", "violation_rate")}
        figures = {"reward_mg": mean(_rewards_mg(setup, of)), **figures}
        label, wanted = setup.sweeps[row].label(value), setup.seeds_of(row, value)
        found.append(Variation(row, label, len(of), wanted, figures))
    return found


def hidden(setup: Setup) -> list[Finding]:
    """Carbon of a large and of a small network, and of a larger one than the paper's."""
    of, findings = swept_cells(setup, "hidden"), []
    for size, paper_mg in HIDDEN_MG.items():
        own = of[size, size]
        ours, broken = mean(values(own, "carbon_mg")), violations(own)
        verdict, item = amount(ours) if own else untestable("not there"), f"Fig. 6: carbon with 2 x {size}"
        findings.append(
            Finding("hidden", item, "mg", paper_mg, ours, len(own), verdict, broken, calibrated=size == 256)
        )
    more, seeds, broken = _more_carbon(of[16, 16], of[256, 256])
    verdict = figure(HIDDEN_CHANGE, more, seeds, broken)
    item = "Fig. 6: carbon, from 2 x 256 to 2 x 16"
    findings.append(Finding("hidden", item, "1", HIDDEN_CHANGE, more, seeds, verdict, broken))
    larger = [value for value in of if value[0] > 256]
    for value in larger:
        item = f"Fig. 6: carbon, from 2 x 256 to 2 x {value[0]}"
        findings.append(_unknown("hidden", item, of[value], of[256, 256]))
    return findings


def depth(setup: Setup) -> list[Finding]:
    """Carbon of fewer and of more hidden layers."""
    of = swept_cells(setup, "depth")
    own = of[256, 256]
    return [
        _unknown("depth", f"Fig. 6: carbon, from 2 x 256 to {len(value)} x 256", found, own)
        for value, found in of.items()
        if value != (256, 256)
    ]


def peak(setup: Setup, row: str) -> list[Finding]:
    """Whether the held-out reward peaks between the ends of a sweep, by the values that have all seeds.

    Which value between the ends is the best, and which end the better one, is chosen for each seed by the
    others, so that no seed both proposes a peak and confirms it.
    """
    sweep = setup.sweeps[row]
    of = {value: found for value, found in swept_cells(setup, row).items() if value in sweep.judged}
    common = paired(*of.values())
    rewards_mg = np.stack([_rewards_mg(setup, found) for found in common])
    gains_mg = peak_gains(rewards_mg)
    verdict = statement(mean(gains_mg), len(gains_mg))
    told = ", ".join(map(sweep.label, of))
    return [
        Finding(
            row=row,
            item=f"reward over {sweep.title}: gain between the ends",
            unit="mg",
            paper="peaks between the ends",
            ours=mean(gains_mg),
            seeds=len(gains_mg),
            verdict=Verdict(verdict.word, f"{verdict.why}; of {told}"),
            violation_rate=max(violations(found) for found in common),
        )
    ]


def peak_gains(rewards: Floats) -> Floats:
    """Gain of the best value between the ends over the better end, seed by seed.

    Args:
        rewards: ``(values, seeds)``, values in rising order.

    Returns:
        ``(seeds,)``: of each seed the reward of what the other seeds' means call best; none of one seed.
    """
    count = rewards.shape[1]
    gains = []
    for seed in range(count if count > 1 else 0):
        others = np.delete(rewards, seed, axis=1).mean(axis=1)
        middle = 1 + int(others[1:-1].argmax())
        end = 0 if others[0] >= others[-1] else len(others) - 1
        gains.append(rewards[middle, seed] - rewards[end, seed])
    return np.array(gains, dtype=np.float64)


def times(setup: Setup) -> list[Finding]:
    """Whether a training, and a decision, take longer with more time steps, measured alone."""
    first, *_, last = setup.sweeps["timesteps"].judged
    kept = {steps: _timed(setup, steps) for steps in (first, last)}
    seeds = [seed for seed in kept[first] if seed in kept[last]]
    findings = []
    for name, what in (("update_s", "a training"), ("decision_s", "a decision")):
        more = [getattr(kept[last][seed], name) / getattr(kept[first][seed], name) - 1.0 for seed in seeds]
        ours = mean(np.array(more))
        verdict = statement(ours, len(more)) if more else untestable("not measured alone")
        item = f"time of {what}, from T = {first} to {last}"
        findings.append(Finding("time", item, "1", "grows", ours, len(more), verdict))
    return findings


def _timed(setup: Setup, steps: int) -> dict[int, Timed]:
    found = {seed: timing(setup, steps, seed).finished(setup.folder) for seed in range(setup.seeds)}
    return {seed: timed for seed, timed in found.items() if timed is not None}


def _more_carbon(of: Cells, own: Cells) -> tuple[Estimate, int, float]:
    """Carbon above that of ``own``, how many seeds both have, and the larger rate of violations."""
    of, own = paired(of, own)
    more = mean(values(of, "carbon_mg") / values(own, "carbon_mg") - 1.0)
    return more, len(of), max(violations(of), violations(own))


def _unknown(row: str, item: str, of: Cells, own: Cells) -> Finding:
    """A change in carbon of which the paper's figure is not known."""
    more, seeds, broken = _more_carbon(of, own)
    return Finding(
        row, item, "1", UNKNOWN, more, seeds, untestable("the paper's figure is not known here"), broken
    )


def _rewards_mg(setup: Setup, of: Cells) -> Floats:
    """Mean reward (36), one per seed: of what is served its carbon, of what is not the penalty."""
    broken = values(of, "violation_rate")
    served_mg = np.nan_to_num(values(of, "carbon_mg")) * (1.0 - broken)
    return np.asarray(-(served_mg + broken * setup.scenario.limits.penalty_mg), dtype=np.float64)
