import numpy as np
import pytest

from neuro_aolo.errors import ScenarioError, ServiceError
from neuro_aolo.systems.aolo.qoe import quality, sharpness_through
from neuro_aolo.systems.aolo.qoe_fit import fit_quality, read_scores
from neuro_aolo.systems.aolo.scenario import Scenario

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
