"""Rows that need no training: what the paper's figures 2 and 5(a) show, and Theorem 1."""

import math

import numpy as np

from neuro_aolo.agent.statistics import Estimate
from neuro_aolo.systems.aolo.qoe import quality
from neuro_aolo.systems.aolo.request import footprint, sample_states
from neuro_aolo.text.numbers import significant
from neuro_aolo.units import MG_PER_G
from reproduction.finding import NOTHING, Finding
from reproduction.trainings import Setup
from reproduction.varied import UNKNOWN
from reproduction.verdicts import untestable

GRID = 40
STATES = 200


def figures(setup: Setup) -> list[Finding]:
    """Footprint over words and power, quality over words, and a figure of which nothing is known here."""
    least_mg, most_mg, rises = footprint_over_actions(setup)
    curve = setup.scenario.quality
    words = np.linspace(*setup.scenario.actions.words, 1000)
    scores = quality(words, curve.peak_words, curve.peak_score, curve.sharpness)
    best = int(scores.argmax())
    figures = f"{significant(least_mg, 3)} to {significant(most_mg, 4)} mg on average over states"
    shape = "rises in both everywhere" if rises else "does not rise in both everywhere"
    ends = f"{significant(scores[0], 2)} to {significant(scores[best], 2)} to {significant(scores[-1], 2)}"
    return [
        _shown("Fig. 2(a), (b): footprint over words and power", UNKNOWN, f"ours {shape}, {figures}"),
        _shown(
            "Fig. 2(a), (b): QoE over words, 100 stories",
            "rises, peaks, falls",
            f"calibrated: a curve was chosen that does, {ends} points, best at {words[best]:.0f} words",
            calibrated=True,
        ),
        _shown("Fig. 5(a)", UNKNOWN, "what it shows did not survive in the copy at hand"),
    ]


def footprint_over_actions(setup: Setup) -> tuple[float, float, bool]:
    """Least and most mean carbon over the action box, in mg, and whether it rises in words and power."""
    scenario, rng = setup.scenario, np.random.default_rng(0)
    (least_words, most_words), (least_w, most_w) = scenario.actions.words, scenario.actions.power_w
    words, powers = np.linspace(least_words, most_words, GRID), np.linspace(least_w, most_w, GRID)
    pairs = np.stack(np.meshgrid(words, powers, indexing="ij"), -1).reshape(-1, 2)
    states = sample_states(scenario, STATES, rng)
    carbon_mg = np.stack(
        [
            footprint(scenario, np.tile(state, (len(pairs), 1)), pairs[:, 0], pairs[:, 1]).total_g * MG_PER_G
            for state in states
        ]
    ).reshape(STATES, GRID, GRID)
    rises = bool((np.diff(carbon_mg, axis=1) > 0).all() and (np.diff(carbon_mg, axis=2) > 0).all())
    average = carbon_mg.mean(axis=0)
    return float(average.min()), float(average.max()), rises


def theorem(setup: Setup) -> list[Finding]:
    """Largest relative errors of the mean over fading, against 30 digits."""
    kept = setup.closed_form.finished(setup.folder)
    closed = "a closed form; (24) did not survive"
    rows = (
        ("Theorem 1: epsilon = 0, our quadrature against Tricomi's function", "tricomi", closed),
        ("Theorem 1: epsilon = 0, our table against Tricomi's function", "tricomi_table", closed),
        ("Theorem 1: epsilon = 0.01, our quadrature against mpmath's", "quadrature", closed),
        ("Theorem 1: epsilon = 0.01, our table against mpmath's quadrature", "quadrature_table", closed),
    )
    why = "(24) itself is not known here; the mean that it is of is ours to the error shown"
    return [
        Finding(
            row="theorem",
            item=item,
            unit="relative",
            paper=paper,
            ours=NOTHING if kept is None else Estimate(getattr(kept, name), math.nan, math.nan),
            seeds=0,
            verdict=untestable(why if kept else "not there"),
            of_seeds=False,
        )
        for item, name, paper in rows
    ]


def _shown(item: str, paper: str, why: str, *, calibrated: bool = False) -> Finding:
    return Finding(
        "figures", item, "mg", paper, NOTHING, 0, untestable(why), calibrated=calibrated, of_seeds=False
    )
