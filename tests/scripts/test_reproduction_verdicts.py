"""Verdicts on the paper's figures, of figures made by hand."""

import importlib
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from neuro_aolo.agent.statistics import Estimate

SCRIPTS = Path(__file__).parents[2] / "scripts"
ONE_SEED = Estimate(0.2, math.nan, math.nan)
NOTHING = Estimate(math.nan, math.nan, math.nan)


@pytest.fixture(scope="module")
def parts() -> dict[str, ModuleType]:
    """The modules beside the script, which are found as they are when the shell runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(SCRIPTS)
        files = sorted((SCRIPTS / "reproduction").glob("[a-z]*.py"))
        return {file.stem: importlib.import_module(f"reproduction.{file.stem}") for file in files}


@pytest.mark.parametrize(
    ("ours", "word"),
    [
        (Estimate(0.20, 0.15, 0.25), "reproduced"),
        # The interval holds the paper's figure and not 0, but is wider than the effect.
        (Estimate(0.15, 0.02, 0.25), "too close to call"),
        (Estimate(0.10, -0.02, 0.25), "too close to call"),
        (Estimate(0.05, 0.02, 0.10), "not reproduced"),
        (Estimate(0.40, 0.30, 0.50), "not reproduced"),
        (Estimate(0.01, -0.03, 0.10), "not reproduced"),
        (Estimate(-0.05, -0.14, 0.05), "not reproduced"),
        (Estimate(-0.10, -0.14, -0.05), "refuted"),
        (Estimate(0.006, 0.003, 0.010), "refuted"),
        (Estimate(0.0, -0.01, 0.01), "refuted"),
        (NOTHING, "not testable"),
    ],
)
def test_a_change_is_judged_by_its_interval(parts, ours: Estimate, word: str) -> None:
    figure, mirrored = parts["verdicts"].figure, Estimate(-ours.value, -ours.high, -ours.low)
    assert figure(0.1942, ours, 5, 0.01).word == figure(-0.1942, mirrored, 5, 0.01).word == word
    # Of a policy that breaks more, carbon is over the easier requests.
    assert figure(0.1942, ours, 5, 0.011).word == "not testable"


@pytest.mark.parametrize("ours", [Estimate(0.2, 0.19, 0.21), Estimate(-0.2, -0.21, -0.19), ONE_SEED])
@pytest.mark.parametrize("seeds", range(5))
def test_too_few_seeds_neither_reproduce_nor_refute(parts, ours: Estimate, seeds: int) -> None:
    verdicts = parts["verdicts"]
    for judged in (
        verdicts.figure(0.2, ours, seeds),
        verdicts.order(0.2, ours, seeds),
        verdicts.statement(ours, seeds),
    ):
        assert judged.word == "too close to call"
        assert judged.why.startswith(f"{seeds} of 5 seeds")
    assert "the other way round" in verdicts.order(0.2, Estimate(-0.2, -0.21, -0.19), 4).why


@pytest.mark.parametrize(
    ("ours", "word"),
    [
        (Estimate(3.0, 2.0, 4.0), "reproduced"),
        # What the earlier rule called a peak: clear of 0, by less than its interval is wide.
        (Estimate(0.002981, 8.5e-6, 0.00772), "too close to call"),
        (Estimate(3.0, -0.1, 4.0), "too close to call"),
        (Estimate(-0.004, -0.008, -0.001), "too close to call"),
        (Estimate(-0.5, -0.6, -0.4), "refuted"),
    ],
)
def test_statements_without_a_figure_are_judged_by_their_side(parts, ours: Estimate, word: str) -> None:
    assert parts["verdicts"].statement(ours, 5).word == word


def test_a_difference_in_mg_counts_by_its_sign_and_a_tenth_of_its_size(parts) -> None:
    order = parts["verdicts"].order
    assert order(-12.89, Estimate(-18.0, -19.0, -17.0), 5).word == "reproduced"
    assert order(-12.89, Estimate(-12.89, -30.0, 1.0), 5).word == "too close to call"
    assert order(-12.89, Estimate(5.0, 4.0, 6.0), 5).word == "refuted"
    assert order(22.72, Estimate(0.1, -0.2, 0.3), 5).why == "less than a tenth of the paper's"


def test_an_amount_in_mg_has_no_verdict(parts) -> None:
    verdicts = parts["verdicts"]
    assert verdicts.amount(Estimate(18.43, 18.4, 18.5)).word == "not testable"
    words = {
        verdicts.figure(0.2, Estimate(value, value - width, value + width), 5).word
        for value in (-0.3, 0.0, 0.2, 0.3)
        for width in (0.01, 0.2)
    }
    assert words | {"not testable"} == set(verdicts.RULES)


def test_no_seed_both_proposes_and_confirms_a_peak(parts) -> None:
    gains = parts["varied"].peak_gains
    clear = np.array([[-24.0, -26.0], [-20.0, -21.0], [-19.0, -19.5], [-20.0, -20.5]])
    assert gains(clear).tolist() == [1.0, 1.0]
    # Without a peak the best of many is below its own mean where others chose it.
    noise = np.random.default_rng(3).standard_normal((6, 2000))
    means = noise.mean(axis=1)
    assert abs(gains(noise).mean() - (means[1:-1].max() - max(means[0], means[-1]))) < 0.1
    scattered = [gains(np.random.default_rng(seed).standard_normal((6, 5))).mean() for seed in range(400)]
    assert abs(np.mean(scattered)) < 4 * np.std(scattered) / 20
    assert gains(clear[:, :1]).size == 0
