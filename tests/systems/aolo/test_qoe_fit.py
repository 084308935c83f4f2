from pathlib import Path

import numpy as np
import pytest

from neuro_aolo.errors import ScenarioError, ServiceError
from neuro_aolo.systems.aolo.qoe import quality, sharpness_through
from neuro_aolo.systems.aolo.qoe_fit import fit_quality, read_scores
from neuro_aolo.systems.aolo.scenario import Scenario

CASE = Path(__file__).parents[4] / "shared" / "cases" / "11-qoe-likert-floor" / "scores.csv"
WORDS = np.array([20.0, 60.0, 100.0, 150.0, 200.0, 260.0, 320.0, 400.0, 500.0, 650.0, 800.0])


def test_a_curve_is_recovered_from_its_own_scores(tmp_path):
    scores = quality(WORDS, 210.0, 9.1, 0.8)
    path = tmp_path / "scores.csv"
    path.write_text("words,score\n" + "".join(f"{w},{q}\n" for w, q in zip(WORDS, scores, strict=True)))
    fit = fit_quality(*read_scores(path))
    assert (fit.peak_words, fit.peak_score, fit.sharpness) == pytest.approx((210.0, 9.1, 0.8), rel=1e-6)
    assert fit.rms < 1e-6


def test_residuals_are_least_squares_of_noisy_scores():
    rng = np.random.default_rng(0)
    words = np.tile(WORDS, 40)
    scores = np.maximum(quality(words, 260.0, 8.3, 1.34) + rng.normal(0.0, 0.4, words.size), 0.0)
    fit = fit_quality(words, scores)
    assert (fit.peak_words, fit.peak_score, fit.sharpness) == pytest.approx((260.0, 8.3, 1.34), rel=0.03)
    assert fit.rms == pytest.approx(0.4, rel=0.1)
    np.testing.assert_allclose(
        fit.residuals, scores - quality(words, fit.peak_words, fit.peak_score, fit.sharpness), atol=1e-12
    )
    for factors in ((1.01, 1.0, 1.0), (0.99, 1.0, 1.0), (1.0, 1.01, 1.0), (1.0, 0.99, 1.0), (1.0, 1.0, 1.03)):
        other = quality(
            words, fit.peak_words * factors[0], fit.peak_score * factors[1], fit.sharpness * factors[2]
        )
        assert ((scores - other) ** 2).mean() > fit.rms**2


def test_a_fit_is_saved_into_a_scenario(tmp_path):
    fit = fit_quality(WORDS, quality(WORDS, 210.0, 9.1, 0.8))
    scenario = fit.into(Scenario.load("paper"), "scores.csv")
    path = tmp_path / "mine.toml"
    path.write_text(scenario.to_toml())
    saved = Scenario.load(path)
    assert saved.quality.peak_words == pytest.approx(210.0, rel=1e-6)
    assert saved.sources["quality.sharpness"] == "scores.csv"
    with pytest.raises(ScenarioError, match="threshold = 7 is never reached"):
        fit_quality(WORDS, quality(WORDS, 210.0, 6.0, 0.8)).into(Scenario.load("paper"))
    with pytest.raises(ScenarioError, match="draws kappa_peak_words per request"):
        fit.into(Scenario.load("mixed"))


def test_scores_that_bottom_out_are_fitted_as_well():
    # Of a scale from 1 to 5, whose tail lies at 1: the linear fit of the logarithms has no peak there.
    words = np.array([20.0, 50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 600.0, 800.0])
    for scores in (
        np.array([3.5, 4.6, 4.2, 3.2, 2.4, 1.3, 1.0, 1.0, 1.0]),
        np.maximum(np.round(quality(words, 60.0, 5.0, 0.8)), 1.0),
        np.maximum(np.round(quality(words, 300.0, 5.0, 4.0)), 1.0),
    ):
        fit = fit_quality(words, scores)
        assert 20.0 < fit.peak_words < 800.0
        # No curve of a fine lattice is closer.
        peaks, exponents = np.meshgrid(np.geomspace(20.0, 800.0, 300), np.geomspace(0.02, 50.0, 300))
        curves = quality(words, peaks[..., None], 1.0, exponents[..., None])
        best = (curves @ scores) / (curves**2).sum(axis=-1)
        errors = ((scores - best[..., None] * curves) ** 2).mean(axis=-1)
        assert fit.rms**2 <= errors.min() * (1.0 + 1e-9)


def test_a_fit_does_not_depend_on_the_unit_of_the_scores_or_their_order():
    rng = np.random.default_rng(1)
    words = np.tile(WORDS, 5)
    scores = np.clip(np.round(quality(words, 120.0, 5.0, 1.0) + rng.normal(0.0, 0.5, words.size)), 1.0, 5.0)
    fit, order = fit_quality(words, scores), rng.permutation(words.size)
    other = fit_quality(words[order], 10.0 * scores[order])
    assert other.peak_score == pytest.approx(10.0 * fit.peak_score, rel=1e-5)
    assert (other.peak_words, other.sharpness) == pytest.approx((fit.peak_words, fit.sharpness), rel=1e-4)


@pytest.mark.skipif(not CASE.is_file(), reason="the cases are not beside this checkout")
def test_the_fit_of_a_case_from_elsewhere():
    fit = fit_quality(*read_scores(CASE))
    assert (fit.peak_score, fit.peak_words) == pytest.approx((4.4537, 58.29), rel=1e-4)
    assert (fit.sharpness, fit.rms) == pytest.approx((0.4892, 0.440), rel=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "words;score\n20;1,5\n50;3,25\n100;5\n",
        "words\tscore\n20\t1,5\n50\t3,25\n100\t5\n",
        "words,score\n20,1.5\n50,3.25\n100,5\n",
        '"words","score"\r\n"20","1.5"\r\n"5e1","3.25"\r\n"+100.","5"\r\n',
    ],
)
def test_scores_are_read_with_a_decimal_point_or_comma(text, tmp_path):
    (tmp_path / "scores.csv").write_text(text)
    words, scores = read_scores(tmp_path / "scores.csv")
    assert (words.tolist(), scores.tolist()) == ([20.0, 50.0, 100.0], [1.5, 3.25, 5.0])


@pytest.mark.parametrize("scores", [np.full(11, 3.0), np.zeros(11), np.array([5.0, 4.0, 3.0] + [1.0] * 8)])
def test_scores_without_a_peak_are_refused(scores):
    with pytest.raises(ScenarioError, match="do not rise to a peak and fall"):
        fit_quality(WORDS, scores)


def test_scores_that_determine_no_curve_are_refused():
    with pytest.raises(ScenarioError, match="3 different lengths"):
        fit_quality(np.array([1.0, 2.0, 3.0, 3.0]), np.ones(4))
    with pytest.raises(ScenarioError, match="both sides of the peak"):
        fit_quality(WORDS, WORDS / 100.0)
    with pytest.raises(ScenarioError, match="do not rise to a peak and fall"):
        fit_quality(WORDS, 8.0 / WORDS)
    with pytest.raises(ScenarioError, match="do not rise to a peak and fall"):
        fit_quality(WORDS, np.exp(WORDS / 100.0))


def test_curve_peaks_where_it_says_and_passes_through_a_given_score():
    sharpness = sharpness_through(150.0, 7.0, 260.0, 8.3)
    assert quality(150.0, 260.0, 8.3, sharpness) == pytest.approx(7.0, rel=1e-14)
    grid = np.linspace(1.0, 1000.0, 9991)
    assert grid[quality(grid, 260.0, 8.3, sharpness).argmax()] == pytest.approx(260.0, abs=0.1)
    for words, score in ((260.0, 7.0), (150.0, 8.3), (150.0, 0.0), (-1.0, 7.0)):
        with pytest.raises(ServiceError, match="no QoE curve"):
            sharpness_through(words, score, 260.0, 8.3)
